"""The rows of JSON lines, of a list of records, and of GeoJSON features, with the union of keys as heading."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from catalog.reading_files.csv_rows import BATCH_CHARACTERS, bad_row, batch_size
from catalog.reading_files.shapes import Batch, Fault, Note
from policies.refusals import Invalid

MOST_BYTES = 256 << 20
"""A document that is not in lines has to be read whole."""
GEOMETRY = "geometry"


class JsonRows:
    """An open file of records: `heading` first, then `batches()` once; numbers are lines, or records from 1."""

    def __init__(self, path: Path, encoding: str, *, lines: bool) -> None:
        self.blank, self.workbook, self.digits_lost = 0, False, 0
        self.quoted: Collection[str] = ()
        self.notes: Sequence[Note] = ()
        self._path, self._encoding, self._lines = path, encoding, lines
        if not lines and path.stat().st_size > MOST_BYTES:
            raise Invalid("file.too-large", limit=f"{MOST_BYTES >> 20} MB")
        self._whole = None if lines else _records(_parse(path.read_text(encoding)))
        names: dict[str, None] = {}
        for _, record, _ in self._read():
            if isinstance(record, Mapping):
                names.update(dict.fromkeys(record))
        if not names:
            raise Invalid("file.no-records")
        self.heading: Sequence[str] = list(names)

    def close(self) -> None:
        """Nothing is kept open."""

    def batches(self) -> Iterator[Batch]:
        """All records; what is no object is put aside with its line."""
        width = len(self.heading)
        batch, characters = Batch(width), 0
        for number, record, raw in self._read():
            characters += len(raw)
            if isinstance(record, Mapping):
                batch.lines.append(number)
                batch.raws.append(raw)
                batch.cells.extend(_cell(record.get(name)) for name in self.heading)
            else:
                batch.bad.append(bad_row(number, raw, Fault(None, "file.not-a-record")))
            if len(batch) + len(batch.bad) >= batch_size(width) or characters >= BATCH_CHARACTERS:
                yield batch
                batch, characters = Batch(width), 0
        yield batch

    def _read(self) -> Iterator[tuple[int, Any, str]]:
        if self._whole is not None:
            for number, record in enumerate(self._whole, 1):
                yield number, record, json.dumps(record, ensure_ascii=False)
            return
        with self._path.open(encoding=self._encoding) as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    yield number, _flat(json.loads(line)), line.rstrip("\r\n")
                except (ValueError, RecursionError):
                    yield number, None, line.rstrip("\r\n")


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("file.json-broken", why=str(error)[:200]) from error


def _records(document: Any) -> list[Any]:
    """The list of records: the document itself, its features, or its only list."""
    if isinstance(document, list):
        return [_flat(one) for one in document]
    if isinstance(document, Mapping):
        lists = [value for value in document.values() if isinstance(value, list)]
        found = document.get("features", lists[0] if len(lists) == 1 else None)
        if isinstance(found, list):
            return [_flat(one) for one in found]
    raise Invalid("file.no-records")


def _flat(record: Any) -> Any:
    """A GeoJSON feature as a flat record: its properties, and its geometry as text."""
    if (
        isinstance(record, Mapping)
        and record.get("type") == "Feature"
        and isinstance(record.get("properties"), Mapping)
    ):
        return {**record["properties"], GEOMETRY: record.get(GEOMETRY)}
    return record


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
