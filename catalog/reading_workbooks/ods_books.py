"""OpenDocument spreadsheets, read as a stream: rows and cells that are said to be repeated stay bounded."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from catalog.reading_workbooks.cells import (
    ERROR,
    FORMULA_EMPTY,
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_ROWS,
    Flags,
    Row,
    Sheet,
    WorkbookError,
    address,
)
from catalog.reading_workbooks.xml_parts import PIECE, Walk, check_prologs, local, refuse_doctype, texts

CONTENT, META, MANIFEST = "content.xml", "meta.xml", "META-INF/manifest.xml"
MOST_SPACES = 1_000
NUMBERS = {"float", "percentage", "currency"}
APART = {"annotation", "tracked-changes", "shapes", "table-source"}
"""What stands in a cell or sheet and is not its content; text in them is passed over."""


class OdsBook:
    """An open document; each reading of a sheet walks through the content anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._flags: dict[str, Flags] = {}
        self._sheets: list[Sheet] | None = None
        with ZipFile(path) as archive:
            check_prologs(archive)
            names = archive.namelist()
            if CONTENT not in names:
                raise WorkbookError("file.workbook-broken")
            if MANIFEST in names and b"encryption-data" in archive.read(MANIFEST):
                raise WorkbookError("file.archive-encrypted")

    def sheets(self) -> Sequence[Sheet]:
        """The tables of the document; a hidden one is told by its style."""
        if self._sheets is None:
            self._sheets = self._tables()
        return self._sheets

    def _tables(self) -> list[Sheet]:
        found: list[tuple[str, str]] = []
        hidden: set[str] = set()
        style, depth = "", 0

        def start(tag: str, attributes: Mapping[str, str]) -> None:
            nonlocal style, depth
            here = {local(key): value for key, value in attributes.items()}
            if tag == "style":
                style = here.get("name", "")
            elif tag == "table-properties" and here.get("display") == "false":
                hidden.add(style)
            elif tag == "table":
                depth += 1
                if depth == 1:
                    found.append((here.get("name", ""), here.get("style-name", "")))

        def end(tag: str) -> None:
            nonlocal depth
            depth -= tag == "table"

        with ZipFile(self._path) as archive:
            Walk(start, end).through(archive, CONTENT)
        return [Sheet(name, shape not in hidden) for name, shape in found]

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of a table that hold something, as far as they are walked through."""
        walk = _TableWalk(name)
        self._flags[name] = walk.flags
        with ZipFile(self._path) as archive, archive.open(CONTENT) as stream:
            try:
                while not walk.over and (piece := stream.read(PIECE)):
                    walk.parser.Parse(piece, False)
                    yield from walk.taken()
                if not walk.over:
                    walk.parser.Parse(b"", True)
                    yield from walk.taken()
            except (expat.ExpatError, BadZipFile, EOFError, ValueError) as error:
                raise WorkbookError("file.workbook-broken") from error

    def flags(self, name: str, first: int) -> Flags:
        """What the last walk through the table met, from row `first` on."""
        met, kept = self._flags.get(name, Flags()), Flags()
        for place, code in met.cells:
            if int("".join(character for character in place if character.isdecimal())) >= first:
                kept.add(code, place)
        surplus = sum(met.counts.values()) - len(met.cells)
        if surplus > 0:
            kept.counts[met.cells[-1][1]] += surplus
        return kept

    def properties(self) -> dict[str, str]:
        """Title, subject, keywords, author and user-defined fields."""
        with ZipFile(self._path) as archive:
            return texts(archive, META, "name") if META in archive.namelist() else {}


class _TableWalk:
    """One table as expat meets it: full rows pile up in it until they are taken."""

    def __init__(self, name: str) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = refuse_doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.over = False
        self.flags = Flags()
        self._name = name
        self._depth = self._apart = self._number = self._budget = self._paragraphs = 0
        self._inside = self._paragraph = False
        self._ready: list[tuple[Row, int]] = []
        self._row: list[object] = []
        self._merges: list[tuple[int, int, int]] = []
        self._blanks = 0
        self._times = 1
        self._cell: Mapping[str, str] = {}
        self._said: list[str] = []

    def taken(self) -> Iterator[Row]:
        """The rows that have piled up; a repeated one as often as it is repeated."""
        for row, times in self._ready:
            for more in range(times):
                yield Row(row.number + more, row.cells, row.merges if times == 1 else ())
        self._ready.clear()

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        tag = local(tag)
        if tag == "table":
            self._depth += 1
            named = next((value for key, value in attributes.items() if local(key) == "name"), "")
            self._inside = self._inside or (self._depth == 1 and named == self._name)
            return
        if not self._inside or self._depth > 1:
            return
        if tag in APART:
            self._apart += 1
        elif self._apart:
            return
        elif tag == "table-row":
            here = {local(key): value for key, value in attributes.items()}
            self._row, self._merges, self._blanks = [], [], 0
            self._times = _count(here.get("number-rows-repeated"))
            self._number += 1
        elif tag in {"table-cell", "covered-table-cell"}:
            self._cell = {local(key): value for key, value in attributes.items()}
            self._said, self._paragraphs = [], 0
        elif tag == "p":
            self._paragraph = True
            self._paragraphs += 1
            if self._paragraphs > 1:
                self._said.append("\n")
        elif tag in {"s", "tab", "line-break"} and self._paragraph:
            spaces = min(_count(next((v for k, v in attributes.items() if local(k) == "c"), "1")), MOST_SPACES)
            self._said.append({"s": " " * spaces, "tab": "\t", "line-break": "\n"}[tag])

    def _text(self, data: str) -> None:
        if self._paragraph and not self._apart and self._depth == 1:
            self._said.append(data)

    def _end(self, tag: str) -> None:
        tag = local(tag)
        if tag == "table":
            self._depth -= 1
            if self._depth == 0 and self._inside:
                self._inside, self.over = False, True
        elif not self._inside or self._depth > 1:
            return
        elif tag in APART:
            self._apart -= 1
        elif self._apart:
            return
        elif tag == "p":
            self._paragraph = False
        elif tag in {"table-cell", "covered-table-cell"}:
            self._end_cell(covered=tag.startswith("covered"))
        elif tag == "table-row":
            self._end_row()

    def _end_cell(self, *, covered: bool) -> None:
        times = _count(self._cell.get("number-columns-repeated"))
        value = "" if covered else _value(self._cell, "".join(self._said))
        column = len(self._row) + self._blanks
        if not covered:
            self._flag(value, column)
        if value == "":
            self._blanks += times
            return
        if column + times > MOST_COLUMNS:
            raise WorkbookError("file.workbook-too-large")
        self._row.extend([""] * self._blanks)
        self._row.extend([value] * times)
        self._blanks = 0
        down, right = (_count(self._cell.get(f"number-{which}-spanned")) for which in ("rows", "columns"))
        if down > 1 or right > 1:
            bottom, last = min(self._number + down - 1, MOST_ROWS), min(column + right, MOST_COLUMNS) - 1
            self._merges.append((column, bottom, last))

    def _flag(self, value: object, column: int) -> None:
        """LibreOffice writes the error of a formula as its text, with the type of its value left open or text."""
        said = "".join(self._said)
        if said.startswith(("#", "Err:")) and self._cell.get("formula"):
            self.flags.add(ERROR, address(self._number, column))
        elif self._cell.get("formula") and value == "" and self._cell.get("value-type") != "string":
            self.flags.add(FORMULA_EMPTY, address(self._number, column))

    def _end_row(self) -> None:
        if self._row:
            self._budget += len(self._row) * self._times
            if self._budget > MOST_CELLS or self._number + self._times > MOST_ROWS + 1:
                raise WorkbookError("file.workbook-too-large")
            self._ready.append((Row(self._number, self._row, tuple(self._merges)), self._times))
        self._number += self._times - 1


def _count(said: str | None) -> int:
    """A repetition as it is written; what is no number counts once."""
    return max(1, int(said)) if said and said.isascii() and said.isdigit() and len(said) < 10 else 1


def _value(cell: Mapping[str, str], said: str) -> object:
    """The value of a cell: what is typed by its attribute, everything else by its text."""
    kind = cell.get("value-type", "")
    if kind in NUMBERS:
        return _number(cell.get("value", ""), said)
    if kind == "boolean":
        return cell.get("boolean-value") == "true"
    if kind == "date":
        return _moment(cell.get("date-value", ""), said)
    if kind == "time" and not said:
        return cell.get("time-value", "")
    if cell.get("formula") and said.startswith(("#", "Err:")):
        return ""
    return said


def _number(written: str, said: str) -> object:
    try:
        return float(written)
    except ValueError:
        return said


def _moment(written: str, said: str) -> object:
    """A date, or a moment if it has a time of day other than midnight."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return said or written
    midnight = (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)
    return moment.date() if midnight else moment.replace(tzinfo=None)
