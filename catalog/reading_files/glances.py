"""A file at first sight: its first rows, its sheets, what it says of itself, and where its table seems to lie."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from catalog.reading_files import encodings, kinds, layouts, text_blocks
from catalog.reading_files.csv_rows import is_separator_hint
from catalog.reading_files.heading_rows import GridRow
from catalog.reading_files.layouts import Proposal
from catalog.reading_files.shapes import FileKind, Glance, GlanceRow, Layout, Note, SheetGlance
from catalog.reading_files.workbook_process import KINDS, WorkbookProcess
from policies.refusals import Invalid

HEAD, TAIL = 60, 20
MOST_COLUMNS = 2_100
"""Columns that are looked at; a table of more is refused when it is read."""
LONGEST_LINE = 4 << 20
END_BYTES = 1 << 16
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class _Seen:
    """One sheet of a workbook as the child has sent it."""

    name: str
    visible: bool
    rows: int
    head: Sequence[GridRow]
    tail: Sequence[GridRow]


def glance(path: Path, filename: str, sheet: str | None = None) -> Glance:
    """Look at a file that is in no container, and propose how to read it; raises Invalid if it is no table at all.

    `sheet` is the sheet of a workbook to propose a layout for, if the file has it; else the first visible one that
    has content is taken.
    """
    kind = kinds.inspect(path, filename)
    if kind.kind in KINDS:
        return _workbook(path, kind, sheet)
    if kind.dialect is not None and kind.encoding is not None:
        head = _cut(path, kind)
        tail = _end_of(path, kind) if len(head) == HEAD else []
        proposal = layouts.propose(head, tail)
        rows = _shown(head, tail, proposal)
        return Glance(
            kind, proposal.layout, proposal.plain, rows, heads={"": _texts(head + tail)}, notes=proposal.notes
        )
    heads = {"": tuple(_lines(path, kind.encoding))} if kind.encoding is not None else {}
    return Glance(kind, Layout(), plain=True, rows=(), heads=heads)


def _workbook(path: Path, kind: FileKind, wanted: str | None) -> Glance:
    sheets, properties = _look(path, kind.kind)
    visible = [sheet for sheet in sheets if sheet.visible]
    filled = [sheet for sheet in visible if sheet.rows]
    if not visible:
        raise Invalid("file.workbook-empty")
    chosen = next((sheet for sheet in sheets if sheet.name == wanted), (filled or visible)[0])
    proposal = layouts.propose(chosen.head, chosen.tail)
    notes = list(proposal.notes)
    if len(filled) > 1:
        notes.append(Note("file.note-sheets", {"names": [sheet.name for sheet in filled]}))
    hidden = [sheet.name for sheet in sheets if sheet.rows and not sheet.visible]
    if hidden:
        notes.append(Note("file.note-hidden-sheets", {"names": hidden}))
    alone = len(filled) <= 1 and chosen in [*filled, visible[0]]
    return Glance(
        kind,
        replace(proposal.layout, sheet=None if alone else chosen.name),
        proposal.plain and not notes,
        _shown(chosen.head, chosen.tail, proposal),
        tuple(SheetGlance(sheet.name, sheet.visible, sheet.rows) for sheet in sheets),
        {sheet.name: _texts([*sheet.head, *sheet.tail]) for sheet in sheets},
        properties,
        tuple(notes),
    )


def _look(path: Path, kind: str) -> tuple[list[_Seen], dict[str, str]]:
    """Every sheet, and the properties of the document."""
    sheets, properties = [], {}
    with closing(WorkbookProcess(path, kind, "glance", str(HEAD), str(TAIL))) as process:
        for message in process.messages():
            if "properties" in message:
                properties = message["properties"]
            else:
                head, tail = (_grid(message[part]) for part in ("head", "tail"))
                sheets.append(_Seen(message["sheet"], message["visible"], message["rows"], head, tail))
    return sheets, properties


def _grid(rows: Sequence[Any]) -> list[GridRow]:
    return [
        GridRow(number, tuple(cells[:MOST_COLUMNS]), tuple((left, bottom, right) for left, bottom, right in merges))
        for number, cells, merges in rows
    ]


def _shown(head: Sequence[GridRow], tail: Sequence[GridRow], proposal: Proposal) -> tuple[GlanceRow, ...]:
    """The first rows with their roles, and of the last ones those that are no data."""
    roles = proposal.roles
    last = [row for row in tail if roles.get(row.number, "data") != "data"]
    return tuple(
        GlanceRow(row.number, tuple(row.cells), roles.get(row.number, "data"), tuple(row.merges))
        for row in [*head, *last]
    )


def _texts(rows: Sequence[GridRow]) -> tuple[str, ...]:
    """Rows as text, with a tab between cells, so that a title can be told from a row of values."""
    return tuple("\t".join(" ".join(cell.split()) for cell in row.cells if cell.strip()) for row in rows)


def _cut(path: Path, kind: FileKind) -> list[GridRow]:
    """The first filled rows of a delimited file under their line numbers; a row that cannot be cut ends the look."""
    return _rows_of(_text_lines(path, kind.encoding or ""), kind, 0, HEAD)


def _text_lines(path: Path, codec: str) -> Iterator[str]:
    """The lines of a text file in any encoding that is read, one cut where it is too long to be looked at."""
    with closing(text_blocks.read(path, codec)) as blocks:
        for block in blocks:
            for line in io.StringIO(block.content.decode(errors="replace"), newline=""):
                yield line[:LONGEST_LINE]


def _rows_of(lines: Iterator[str], kind: FileKind, before: int, most: int) -> list[GridRow]:
    if kind.dialect is None:
        return []
    reader = csv.reader(lines, delimiter=kind.dialect.delimiter, quotechar=kind.dialect.quote)
    rows: list[GridRow] = []
    line = before + 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells) and not is_separator_hint(kind.dialect.delimiter.join(cells)):
                rows.append(GridRow(line, tuple(cell[:1_000] for cell in cells[:MOST_COLUMNS])))
            line = before + reader.line_num + 1
            if len(rows) == most:
                break
    except csv.Error:
        return rows
    return rows


def _end_of(path: Path, kind: FileKind) -> list[GridRow]:
    """The last rows of a delimited file, as far as its end can be read by itself."""
    if kind.encoding is None or kind.dialect is None or kind.encoding in encodings.WIDE:
        return []
    mark = b"\r" if kind.dialect.line_end == "\r" else b"\n"
    start = max(0, path.stat().st_size - END_BYTES)
    with path.open("rb") as file:
        before = sum(file.read(min(CHUNK, start - at)).count(mark) for at in range(0, start, CHUNK))
        content = file.read(END_BYTES)
    if start:
        _, _, content = content.partition(mark)
        before += 1
    lines = content.decode(kind.encoding, "replace").splitlines(keepends=True)
    return [row for row in _rows_of(iter(lines), kind, before, END_BYTES) if row.number > HEAD][-TAIL:]


def _lines(path: Path, codec: str) -> Iterator[str]:
    """The beginning of a text file that is no table of cells; its lines may be of any length."""
    with path.open(encoding=codec, errors="replace") as file:
        for _ in range(HEAD):
            if not (line := file.readline(CHUNK)):
                return
            yield line.rstrip("\r\n")
