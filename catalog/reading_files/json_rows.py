"""The rows of JSON lines, of a list of records or of lists, and of GeoJSON features, wherever a document has them.

The file is read twice: once to find the records and the union of their keys, once to give the rows. Neither
walk holds more than one record. A column that has text in quotation marks stays text, whatever its digits: the
file itself says that they are no number.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog.reading_files import forms, headings, json_text, records
from catalog.reading_files.csv_rows import BATCH_CHARACTERS, batch_size
from catalog.reading_files.json_text import Number, Reader, Scanner
from catalog.reading_files.shapes import Batch, Fault, Note, SetAside, bad_row
from policies.refusals import Invalid

DEEPEST = 4
"""Wrappers around the records at most: {"result": {"data": {"records": […]}}} has three."""

KNOWN = ("features", "records", "rows", "items", "list", "data", "results", "result", "content")
"""Which of several lists holds the records: the first of these names that is there."""

HEADINGS = ("columns", "fields", "headers", "header")
DESCRIBING = ("type",)
"""Plain members beside the records that say nothing of their own."""

MOST_NAMES = 10_000
ROW = (dict, list)


@dataclass(slots=True)
class _Found:
    """A list met in the document: whether it holds objects or lists, and its elements if they are plain."""

    rows: int = 0
    first: Any = None
    plain: list[Any] = field(default_factory=list)


class JsonRows:
    """An open file of records: `heading` first, then `batches()` once; numbers are lines, or records from 1.

    `nested` is "text" or "columns", as in a Layout.
    """

    def __init__(self, path: Path, encoding: str, *, lines: bool, nested: str = "text") -> None:
        self.blank, self.workbook, self.digits_lost = 0, False, 0
        self._path, self._encoding, self._lines, self._columns = path, encoding, lines, nested == "columns"
        self._reader = Reader()
        self._where: tuple[str, ...] | None = None
        self._listed = False
        self._constants = self._skipped = 0
        self._notes: list[Note] = []
        quoted: set[str] = set()
        self.heading: Sequence[str] = self._survey(quoted)
        self.quoted: Collection[str] = {name.strip() for name in quoted}
        self.set_aside: Sequence[SetAside] = ()
        self.flags: Sequence[tuple[str, str]] = ()

    def close(self) -> None:
        """Nothing is kept open."""

    @property
    def notes(self) -> Sequence[Note]:
        """What is worth telling once all rows are read."""
        lost = [Note("file.note-not-finite", {"cells": self._constants})] if self._constants else []
        return [*self._notes, *lost]

    def batches(self) -> Iterator[Batch]:
        """All records; what is no record, or would lose something as one, is put aside with its line."""
        width = len(self.heading)
        batch, characters, self.blank, self._constants = Batch(width), 0, 0, 0
        for number, record, raw in self._records():
            characters += len(raw)
            self._constants += self._reader.constants
            cells = record if isinstance(record, Fault) else self._cells(record, raw)
            if isinstance(cells, Fault):
                batch.bad.append(bad_row(number, raw, cells))
            else:
                batch.lines.append(number)
                batch.raws.append(raw)
                batch.cells.extend(cells)
            if len(batch) + len(batch.bad) >= batch_size(width) or characters >= BATCH_CHARACTERS:
                yield batch
                batch, characters = Batch(width), 0
        yield batch

    def _cells(self, record: Any, raw: str) -> list[str] | Fault:
        if isinstance(record, Mapping):
            values = [record.get(name) for name in self.heading]
        elif isinstance(record, list) and len(record) == len(self.heading):
            values = record
        else:
            return Fault(None, "file.row-width" if isinstance(record, list) else "file.not-a-record")
        try:
            cells = [json_text.cell(value) for value in values]
            if "\\u" in raw:
                "".join(cells).encode()
        except RecursionError:
            return Fault(None, "file.json-too-deep")
        except UnicodeEncodeError:
            return Fault(None, "file.row-characters")
        return cells

    def _survey(self, quoted: set[str]) -> list[str]:
        """The union of the keys in the order in which they come; quoted text is noted by column."""
        self._notes.clear()
        if not self._lines:
            with self._path.open(encoding=self._encoding) as file:
                heading = self._find(Scanner(file, self._reader))
            if heading is not None:
                self._quoted_lists(heading, quoted)
                return heading
        names: dict[str, None] = {}
        for _, record, _ in self._records():
            if isinstance(record, Mapping):
                names.update(dict.fromkeys(record))
                quoted.update(name for name, value in record.items() if _is_text(value))
            if len(names) > MOST_NAMES:
                raise Invalid("file.too-many-columns", columns=len(names), limit=headings.MAX_COLUMNS)
        if not names:
            raise Invalid("file.no-records")
        return _encodable(list(names))

    def _quoted_lists(self, heading: Sequence[str], quoted: set[str]) -> None:
        for _, record, _ in self._records():
            if isinstance(record, list):
                quoted.update(name for name, value in zip(heading, record, strict=False) if _is_text(value))

    # -- the document

    def _find(self, scanner: Scanner) -> list[str] | None:
        """Settle where the records are; give the heading if they are lists under one."""
        found: dict[tuple[str, ...], _Found] = {}
        plain = self._walk(scanner, (), found)
        scanner.end()
        lists = {where: one for where, one in found.items() if one.rows}
        if not lists and plain and not any(where[-1] in KNOWN for where in found):
            return None
        if not lists:
            raise Invalid("file.no-records")
        self._where = _best(lists)
        if left := [name for name in plain if name not in DESCRIBING]:
            self._notes.append(Note("file.note-wrapper", {"names": left[:10]}))
        first = lists[self._where].first
        if not isinstance(first, list):
            return None
        self._listed = True
        beside = [found[(*self._where[:-1], name)].plain for name in HEADINGS if (*self._where[:-1], name) in found]
        given = next((names for names in beside if len(names) == len(first)), None)
        self._skipped = 0 if given else 1
        return _encodable([json_text.cell(name) for name in given or first])

    def _walk(self, scanner: Scanner, where: tuple[str, ...], found: dict[tuple[str, ...], _Found]) -> list[str]:
        """Note every list of the document, not too deep; give the names of its plain members."""
        plain: list[str] = []
        if scanner.next() == "[":
            one = found[where] = _Found()
            for _ in scanner.items():
                value, _ = scanner.value()
                if isinstance(value, ROW) and value:
                    one.rows += 1
                    one.first = value if one.rows == 1 else one.first
                elif len(one.plain) < headings.MAX_COLUMNS:
                    one.plain.append(value)
        elif scanner.next() == "{" and len(where) < DEEPEST:
            for name in scanner.members():
                if name == "crs" and not where:
                    self._say_crs(scanner.value()[0])
                else:
                    plain += self._walk(scanner, (*where, name), found)
        else:
            value, _ = scanner.value()
            plain = ["/".join(where)] if where and not isinstance(value, ROW) else []
        return plain

    def _say_crs(self, value: Any) -> None:
        named = value.get("properties", {}) if isinstance(value, Mapping) else {}
        name = named.get("name") if isinstance(named, Mapping) else None
        self._notes.append(Note("file.note-crs", {"crs": json_text.cell(name or value)[:200]}))

    def _elements(self, scanner: Scanner, where: tuple[str, ...]) -> Iterator[tuple[Any, str]]:
        """The elements of the list with the records, all else passed over."""
        if where == self._where:
            for _ in scanner.items():
                self._reader.forget()
                yield scanner.value()
        elif self._where is not None and where == self._where[: len(where)]:
            for name in scanner.members():
                yield from self._elements(scanner, (*where, name))
        else:
            scanner.value()

    # -- the records

    def _records(self) -> Iterator[tuple[int, Any, str]]:
        """Number, record or the fault it has, and its text."""
        with self._path.open(encoding=self._encoding) as file:
            if self._lines:
                yield from self._in_lines(iter(lambda: file.readline(json_text.MOST), ""))
                return
            scanner = Scanner(file, self._reader)
            if self._where is None:
                self._reader.forget()
                value, raw = scanner.value()
                yield 1, self._record(value), raw
                return
            for number, (value, raw) in enumerate(self._elements(scanner, ()), 1):
                if not (self._listed and number <= self._skipped):
                    yield number, self._record(value), raw

    def _in_lines(self, lines: Iterator[str]) -> Iterator[tuple[int, Any, str]]:
        for number, line in enumerate(lines, 1):
            if len(line) == json_text.MOST:
                raise Invalid("file.line-too-long", line=number, limit=json_text.MOST)
            raw = line.rstrip("\r\n")
            if not raw.strip():
                self.blank += 1
                continue
            self._reader.forget()
            try:
                yield number, self._record(self._reader.decode(line)), raw
            except ValueError:
                yield number, Fault(None, "file.not-a-record"), raw
            except RecursionError:
                yield number, Fault(None, "file.json-too-deep"), raw

    def _record(self, value: Any) -> Any:
        """The value as a flat record or a list of cells; a Fault if something in it would be lost."""
        if self._reader.doubled is not None:
            return Fault(self._reader.doubled[:200], "file.row-doubled-key")
        if self._listed:
            return value
        try:
            record = records.flat(value, columns=self._columns)
        except ValueError as error:
            return Fault(str(error)[:200], "file.row-doubled-key")
        except RecursionError:
            return Fault(None, "file.json-too-deep")
        return Fault(None, "file.not-a-record") if record is None else record


def _best(lists: Mapping[tuple[str, ...], _Found]) -> tuple[str, ...]:
    """The list with the records: the only one, or the one with a known name that is least deep."""
    if len(lists) == 1:
        return next(iter(lists))
    named = [where for where in lists if where and where[-1] in KNOWN]
    if not named:
        raise Invalid("file.json-several-lists", names=["/".join(where) for where in lists][:10])
    return min(named, key=lambda where: (KNOWN.index(where[-1]), len(where)))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Number) and value.strip().lower() not in forms.NULL_TOKENS


def _encodable(names: list[str]) -> list[str]:
    for position, name in enumerate(names, 1):
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise Invalid("file.heading-unusable", position=position) from error
    return names
