"""Where the rows of delimited text lie, found over whole blocks of bytes at once, and their cells as Arrow columns.

This holds only for text whose quotation marks are all in order: each opens at the beginning of a field, closes at
its end, or is doubled inside. Then whether a byte is inside quotation marks is told by the marks before it being
odd or even, and Arrow's parser and Python's strict one agree. The grid ends before the first row of which this
cannot be said; that row is for the exact reader.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

from catalog.reading_files.shapes import BadRow, Dialect, Fault, bad_row

MAX_FIELD = 4 << 20
MOST_LINES = 1_000_000
SWALLOWED = 50
"""A row over more lines than this is looked at twice: an unclosed quotation mark may have swallowed others."""
LF, CR = 10, 13
MARK = "\ufeff".encode()

Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of some bytes: where each begins and ends (line end included), its first line, and its cells.

    `lines` are counted from 0 and have one more number than there are rows; `quoting` says whether the marks mean
    anything at all; `end` is where the rows stop, `cause` why they stop before the bytes do: "open" for a last
    row that is not closed, "marks" for one that only the exact reader can judge.
    """

    octets: npt.NDArray[np.uint8]
    starts: Places
    ends: Places
    lines: Places
    widths: Places
    bare: Places
    quotes: Places
    quoting: bool
    cause: str | None

    @property
    def end(self) -> int:
        """How many bytes the rows take."""
        return int(self.ends[-1]) if len(self.ends) else 0


def lay(content: bytes, dialect: Dialect) -> Grid:
    """Lay the grid over bytes that begin with a row and end with a line."""
    octets = np.frombuffer(content, np.uint8)
    delimiter, quote = ord(dialect.delimiter), ord(dialect.quote)
    delimiters = octets == delimiter
    line_ends = _line_ends(octets, content)
    if len(line_ends) > MOST_LINES:
        return lay(content[: line_ends[MOST_LINES - 1]], dialect)
    marks = np.flatnonzero(octets == quote) if dialect.quote.encode() in content else np.empty(0, np.int64)
    quoting, cause, limit = False, None, len(content)
    ends, lines = line_ends, np.arange(1, len(line_ends) + 1)
    if len(marks):
        before = octets[marks - 1]
        before[:1] = LF if marks[0] == 0 else before[:1]
        opening = (before == delimiter) | (before == LF) | (before == CR)
        quoting = bool(opening.any())
    if quoting:
        limit = _first_misplaced(octets, marks, opening | (before == quote), delimiter, quote)
        cause = "marks" if limit < len(content) else "open" if len(marks) % 2 else None
        inside = np.bitwise_xor.accumulate(octets == quote)
        delimiters &= ~inside
        outside = ~inside[line_ends - 1] & (line_ends <= limit)
        ends, lines = line_ends[outside], lines[outside]
    starts = np.concatenate(([0], ends[:-1])) if len(ends) else ends
    lines = np.concatenate(([0], lines))
    odd = np.flatnonzero((ends - starts > MAX_FIELD) | (np.diff(lines) > SWALLOWED))
    if len(odd):
        cause, kept = "marks", int(odd[0])
        starts, ends, lines = starts[:kept], ends[:kept], lines[: kept + 1]
    cells = _per_row(np.flatnonzero(delimiters), ends)
    bare = ends - starts - _terminators(octets, starts, ends) - cells
    quotes = _per_row(marks, ends) if quoting else np.zeros(len(ends), np.int64)
    return Grid(octets, starts, ends, lines, cells + 1, bare, quotes, quoting, cause)


def _line_ends(octets: npt.NDArray[np.uint8], content: bytes) -> Places:
    """The places behind LF, CR and CR LF, and behind the last byte."""
    found = octets == LF
    if b"\r" in content:
        carriage = octets == CR
        carriage[:-1] &= ~found[1:]
        found |= carriage
    ends = np.flatnonzero(found) + 1
    return np.append(ends, len(content)) if not content.endswith((b"\n", b"\r")) and content else ends


def _first_misplaced(octets: npt.NDArray[np.uint8], marks: Places, preceded: Mask, delimiter: int, quote: int) -> int:
    """The place of the first mark that neither opens a field, nor ends one, nor is doubled; else the end."""
    closing = marks[1::2]
    behind = octets[np.minimum(closing + 1, len(octets) - 1)]
    followed = (behind == delimiter) | (behind == LF) | (behind == CR) | (behind == quote)
    followed |= closing + 1 == len(octets)
    wrong = np.concatenate((marks[0::2][~preceded[0::2]], closing[~followed]))
    return int(wrong.min()) if len(wrong) else len(octets)


def _per_row(places: Places, ends: Places) -> Places:
    """How many of these places lie in each row."""
    counts: Places = np.diff(np.searchsorted(places, ends), prepend=0)
    return counts


def _terminators(octets: npt.NDArray[np.uint8], starts: Places, ends: Places) -> Places:
    """How many bytes the line end of each row has: 2, 1, or 0 at the end of the file."""
    if not len(ends):
        return ends
    last, line_feed = octets[ends - 1], octets[ends - 1] == LF
    pair = line_feed & (ends - starts > 1) & (octets[ends - 2] == CR)
    lengths: Places = (line_feed | (last == CR)).astype(np.int64) + pair
    return lengths


@dataclass(frozen=True, slots=True)
class GridBatch:
    """Rows of one grid as Arrow columns of text; where a row stood, and its text, are looked up when asked for."""

    content: bytes
    grid: Grid
    first: int
    rows: Places
    columns: Sequence[pa.Array]
    bad: list[BadRow]
    blank: int

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, position: int) -> pa.Array:
        """The cells of a column, as text."""
        return self.columns[position]

    def origin(self, row: int) -> tuple[int, str]:
        """The line (from 1) and the text of a row."""
        return _origin(self.content, self.grid, self.first, int(self.rows[row]))


def _origin(content: bytes, grid: Grid, first: int, row: int) -> tuple[int, str]:
    return first + int(grid.lines[row]), content[grid.starts[row] : grid.ends[row]].decode()


def fill(content: bytes, grid: Grid, dialect: Dialect, width: int, first: int, foreign: dict[int, str]) -> GridBatch:
    """The rows of a grid that have this width, as columns; the others with their reasons, blank ones counted."""
    blank = grid.bare == 0
    for row in np.flatnonzero((grid.bare == grid.quotes) & (grid.quotes > 0)).tolist():
        raw = _origin(content, grid, first, row)[1]
        blank[row] = not any(next(csv.reader([raw], delimiter=dialect.delimiter, quotechar=dialect.quote)))
    faults: dict[int, Fault] = {}
    if (uneven := ~blank & (grid.widths != width)).any():
        faults |= dict.fromkeys(np.flatnonzero(uneven).tolist(), Fault(None, "file.row-width"))
    for line, name in foreign.items():
        row = int(np.searchsorted(grid.lines, line - first, "right")) - 1
        if row < len(blank) and (row not in faults or faults[row].code == "file.row-width"):
            faults[row] = Fault(None, "file.row-encoding", name)
    if b"\0" in content:
        nuls = np.searchsorted(grid.ends, np.flatnonzero(grid.octets[: grid.end] == 0), "right")
        faults |= dict.fromkeys(nuls.tolist(), Fault(None, "file.row-nul"))
    good = ~blank
    good[list(faults)] = False
    bad = [bad_row(*_origin(content, grid, first, row), faults[row]) for row in sorted(faults)]
    kept = content[: grid.end]
    if not good.all():
        kept = grid.octets[: grid.end][np.repeat(good, grid.ends - grid.starts)].tobytes()
    rows = np.flatnonzero(good)
    columns = _columns(kept, dialect if grid.quoting else None, dialect.delimiter, width, len(rows))
    return GridBatch(content, grid, first, rows, columns, bad, int(blank.sum()))


def _columns(content: bytes, quoted: Dialect | None, delimiter: str, width: int, rows: int) -> list[pa.Array]:
    """The cells of bytes that hold nothing but rows of this width."""
    if not rows:
        return [pa.array([], pa.string())] * width
    names = [str(position) for position in range(width)]
    marked = content.startswith(MARK)
    if marked:  # Arrow would take the mark of the first cell for the mark of a file
        content = b"x" + delimiter.encode() * (width - 1) + b"\n" + content
    table = arrow_csv.read_csv(
        pa.BufferReader(content),
        arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(content) + 1),
        arrow_csv.ParseOptions(
            delimiter=delimiter, quote_char=quoted.quote if quoted else False, newlines_in_values=bool(quoted)
        ),
        arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), check_utf8=False),
    )
    table = table.slice(1) if marked else table
    if table.num_rows != rows:
        raise RuntimeError(f"{rows} rows in the grid, {table.num_rows} found by Arrow")
    return [column.chunk(0) if column.num_chunks == 1 else column.combine_chunks() for column in table.columns]
