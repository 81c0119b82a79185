"""Stored tables handed out as files: streams of bytes in bounded memory, and the name they are saved under.

CSV comes in two kinds. The one for people opens in a spreadsheet: a byte order mark, and text that a
spreadsheet would run as a formula gets an apostrophe, unless it is a plain number. The one for machines is
exactly the data.
"""

from __future__ import annotations

import json
import math
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

from catalog.filters import EVERY_ROW, Filter
from catalog.tables import Scan, TableStore
from policies.later import Later
from policies.refusals import Refused

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv as pacsv
    import pyarrow.parquet as pq
    import xlsxwriter
else:
    pa, pc, pacsv = Later("pyarrow"), Later("pyarrow.compute"), Later("pyarrow.csv")
    pq, xlsxwriter = Later("pyarrow.parquet"), Later("xlsxwriter")

PIECE = 1 << 18
XLSX_ROWS = 1_048_575
XLSX_CELL = 32_767
EXACT = 10**15
FIRST_DAY = date(1900, 3, 1)
"""Before it spreadsheets count a day that never was."""

Guard: TypeAlias = "Callable[[pa.Array], pa.Array]"
FORMULA = r"^[=+\-@\t\r\n]"
PLAIN_NUMBER = r"^[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"


class ExportFormat(StrEnum):
    """The formats a table is handed out in."""

    CSV = "csv"
    CSV_PLAIN = "csv-plain"
    JSON = "json"
    JSONL = "jsonl"
    XLSX = "xlsx"
    PARQUET = "parquet"

    @property
    def extension(self) -> str:
        """The ending of the file's name, without a dot."""
        return "csv" if self is ExportFormat.CSV_PLAIN else self.value

    @property
    def media_type(self) -> str:
        """The Content-Type."""
        return MEDIA_TYPES[self]


MEDIA_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.CSV_PLAIN: "text/csv; charset=utf-8",
    ExportFormat.JSON: "application/json",
    ExportFormat.JSONL: "application/x-ndjson",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
}


def stream(
    tables: TableStore,
    path: Path,
    wanted: ExportFormat,
    *,
    columns: Sequence[str] | None = None,
    where: Filter = EVERY_ROW,
) -> Iterator[bytes]:
    """The rows that pass the filter as a file of this format.

    Unknown columns raise Invalid at once; a table that XLSX cannot hold raises Refused before the first byte.
    """
    scan = tables.scan(path, columns=columns, where=where)
    if wanted is ExportFormat.XLSX and (rows := tables.count(path, where)) > XLSX_ROWS:
        raise Refused("file.export-too-many-rows", rows=rows, limit=XLSX_ROWS)
    return WRITERS[wanted](scan)


def content_disposition(name: str, extension: str) -> str:
    """The Content-Disposition of a download (RFC 6266): an ASCII name beside the true one."""
    safe = "".join(" " if _unsafe(character) else character for character in name)
    base = " ".join(safe.split()).strip(". ")[:80].strip(". ") or "data"
    ascii_ = unicodedata.normalize("NFKD", base).encode("ascii", "ignore").decode()
    ascii_ = re.sub(r"[^A-Za-z0-9._-]+", "_", ascii_).strip("._-") or "data"
    full = quote(f"{base}.{extension}", safe="")
    return f"attachment; filename=\"{ascii_}.{extension}\"; filename*=UTF-8''{full}"


def _unsafe(character: str) -> bool:
    """Path separators, characters no file system takes, and invisible ones that disguise the ending."""
    return character in '/\\:*?"<>|%' or unicodedata.category(character) in {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Zl",
        "Zp",
    }


def _csv_for_people(scan: Scan) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf"
    yield from _csv(scan, _harmless, "\r\n")


def _csv_plain(scan: Scan) -> Iterator[bytes]:
    yield from _csv(scan, lambda texts: texts, "\n")


def _csv(scan: Scan, guard: Guard, end: str) -> Iterator[bytes]:
    names = guard(pa.array(scan.schema.names, pa.string())).to_pylist()
    yield _csv_rows([pa.array([name], pa.string()) for name in names], end)
    for batch in scan.batches:
        if batch.num_rows:
            yield _csv_rows([_written(column, guard) for column in batch.columns], end)


def _csv_rows(columns: list[pa.Array], end: str) -> bytes:
    table = pa.table(columns, [str(position) for position in range(len(columns))])
    out = BytesIO()
    pacsv.write_csv(table, out, pacsv.WriteOptions(include_header=False, quoting_style="needed", eol=end))
    return out.getvalue()


def _written(column: pa.Array, guard: Guard) -> pa.Array:
    """The column as text, ISO 8601 dates, seconds without a needless fraction."""
    if pa.types.is_string(column.type):
        return guard(column)
    if pa.types.is_timestamp(column.type):
        return pc.replace_substring_regex(column.cast(pa.string()), r"\.0+$", "")
    return column.cast(pa.string())


def _harmless(texts: pa.Array) -> pa.Array:
    """Texts that no spreadsheet runs: an apostrophe before what looks like a formula and is no number."""
    suspect = pc.match_substring_regex(texts, FORMULA)
    number = pc.match_substring_regex(texts, PLAIN_NUMBER)
    return pc.if_else(pc.and_not(suspect, number), pc.binary_join_element_wise("'", texts, ""), texts)


def _json_lines(scan: Scan) -> Iterator[bytes]:
    for batch in scan.batches:
        yield "".join(line + "\n" for line in _objects(batch)).encode()


def _json(scan: Scan) -> Iterator[bytes]:
    yield b"["
    between = "\n"
    for batch in scan.batches:
        if batch.num_rows:
            yield (between + ",\n".join(_objects(batch))).encode()
            between = ",\n"
    yield b"\n]\n"


def _objects(batch: pa.RecordBatch) -> Iterator[str]:
    for row in batch.to_pylist():
        yield json.dumps({name: _json_value(value) for name, value in row.items()}, ensure_ascii=False)


def _json_value(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _xlsx(scan: Scan) -> Iterator[bytes]:
    """A workbook can only be sent when it is whole; it grows in a temporary file, row by row."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.xlsx"
        _write_workbook(scan, path, folder)
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


WORKBOOK = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def _write_workbook(scan: Scan, path: Path, folder: str) -> None:
    names = scan.schema.names
    with xlsxwriter.Workbook(str(path), {**WORKBOOK, "tmpdir": folder}) as book:
        sheet = book.add_worksheet()
        formats = _Formats(
            book.add_format({"num_format": "yyyy-mm-dd"}),
            book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        )
        for position, name in enumerate(names):
            sheet.write_string(0, position, name[:XLSX_CELL])
        row = 0
        for batch in scan.batches:
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                row += 1
                for position, value in enumerate(values):
                    if not _write_cell(sheet, row, position, value, formats):
                        raise Refused("file.export-cell-too-long", column=names[position], limit=XLSX_CELL)


@dataclass(frozen=True, slots=True)
class _Formats:
    """How days and moments look in a workbook."""

    day: Any
    moment: Any


def _write_cell(sheet: Any, row: int, position: int, value: object, formats: _Formats) -> bool:
    """Write one cell in its own type, what a spreadsheet would distort as text; False if it does not fit."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return True
    if isinstance(value, bool):
        sheet.write_boolean(row, position, value)
    elif isinstance(value, (int, float)) and abs(value) < EXACT:
        sheet.write_number(row, position, value)
    elif isinstance(value, datetime) and value.date() >= FIRST_DAY:
        sheet.write_datetime(row, position, value, formats.moment)
    elif isinstance(value, date) and not isinstance(value, datetime) and value >= FIRST_DAY:
        sheet.write_datetime(row, position, value, formats.day)
    else:
        text = str(value)
        if len(text) > XLSX_CELL:
            return False
        sheet.write_string(row, position, text)
    return True


def _parquet(scan: Scan) -> Iterator[bytes]:
    drain = _Drain()
    with pq.ParquetWriter(pa.PythonFile(drain, "w"), scan.schema, compression="zstd") as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in scan.batches:
            waiting.append(batch)
            if sum(part.nbytes for part in waiting) >= PARQUET_GROUP:
                writer.write_table(pa.Table.from_batches(waiting, scan.schema))
                waiting = []
                yield drain.taken()
        writer.write_table(pa.Table.from_batches(waiting, scan.schema))
    yield drain.taken()


PARQUET_GROUP = 16 << 20


class _Drain:
    """A file that is only ever written to at its end, emptied again and again."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._length = 0

    def write(self, piece: bytes) -> int:
        """Take in a piece."""
        self._pieces.append(bytes(piece))
        self._length += len(piece)
        return len(piece)

    def tell(self) -> int:
        """How much was written since the beginning."""
        return self._length

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing to let go of."""

    def taken(self) -> bytes:
        """What came in since the last call."""
        piece, self._pieces = b"".join(self._pieces), []
        return piece


WRITERS: dict[ExportFormat, Callable[[Scan], Iterator[bytes]]] = {
    ExportFormat.CSV: _csv_for_people,
    ExportFormat.CSV_PLAIN: _csv_plain,
    ExportFormat.JSON: _json,
    ExportFormat.JSONL: _json_lines,
    ExportFormat.XLSX: _xlsx,
    ExportFormat.PARQUET: _parquet,
}
