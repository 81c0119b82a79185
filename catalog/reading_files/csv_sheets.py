"""A delimited file that was a sheet once: titles, headings of several levels, totals and notes, as its layout says.

Rows are read as in any delimited file, whole blocks at once; only those that look odd are judged one by one.
"""

import csv
import io
import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from catalog.reading_files import cell_words, heading_rows, layouts, text_lines
from catalog.reading_files.csv_rows import CsvRows, is_separator_hint
from catalog.reading_files.csv_window import Lines
from catalog.reading_files.heading_rows import GridRow
from catalog.reading_files.shapes import BadRow, Dialect, Fault, Layout, Note, Rows, SetAside, bad_row
from policies.refusals import Invalid

MOST_ASIDE = 10_000
FEW = 2
LABELS = 3
ODD = cell_words.HINT.pattern


def begins_at_once(layout: Layout) -> bool:
    """Whether the layout says no more than that the first row is the heading and all others are data."""
    bounds = (layout.heading, layout.first in {None, 2}, layout.last, layout.set_aside)
    return bounds == ((1, 1), True, None, False)


class CsvSheetRows:
    """An open delimited file with a layout: `heading` first, then `batches()` once; numbers are those of lines."""

    def __init__(
        self, path: Path, encoding: str, dialect: Dialect, layout: Layout, *, block: int = text_lines.BLOCK
    ) -> None:
        self.blank = 0
        self.workbook = False
        self.digits_lost = 0
        self.quoted: Collection[str] = ()
        self.flags: Sequence[tuple[str, str]] = ()
        self.set_aside: list[SetAside] = []
        self._layout, self._dialect = layout, dialect
        self._rows = _Below(path, encoding, dialect, layout, block=block)
        try:
            self._batches = self._rows.batches()
            self._ahead = list(itertools.islice(self._batches, 1))
            self.heading: Sequence[str] = self._named()
        except BaseException:
            self.close()
            raise

    def _named(self) -> list[str]:
        """Set aside what stands above the data, and give the names of the columns that are kept."""
        heading = [row for row, code in self._rows.above if not code]
        aside = [(row, code) for row, code in self._rows.above if code]
        self.set_aside += [_aside(row, code) for row, code in aside]
        top = self._layout.heading[0]
        self._known = layouts.known_rows(heading, [row for row, _ in aside if row.number < top])
        names = self._rows.heading
        self._columns = [column for column, name in enumerate(names) if name or self._is_used(column)]
        self._strays = dict.fromkeys(set(range(len(names))).difference(self._columns), 0)
        return [names[column] for column in self._columns]

    def _is_used(self, column: int) -> bool:
        """Whether most of the first rows have something in a column; then it wants a name."""
        first = [_filled(batch.column(column)) for batch in self._ahead]
        return any(2 * (pc.sum(filled).as_py() or 0) > len(filled) for filled in first)

    @property
    def notes(self) -> list[Note]:
        """What is worth telling of the rows read so far."""
        empty = [heading_rows.letters(column) for column, rows in sorted(self._strays.items()) if not rows]
        dropped = [Note("file.note-columns-dropped", {"columns": empty})] if empty else []
        return [*self._rows.notes, *dropped]

    def close(self) -> None:
        """Close the file."""
        self._rows.close()

    def batches(self) -> Iterator[Rows]:
        """The rows of data; a row with a filled cell under no heading is put aside."""
        for batch in itertools.chain(self._ahead, self._batches):
            self.blank = self._rows.blank
            bad = [row for row in batch.bad if not self._is_aside(row)]
            out = self._set_aside(batch) if self._layout.set_aside or self._layout.last else set()
            if self._strays:
                stray = [_filled(batch.column(column)) for column in self._strays]
                for column, filled in zip(self._strays, stray, strict=True):
                    self._strays[column] += pc.sum(filled).as_py() or 0
                for place in pc.indices_nonzero(reduce(pc.or_, stray)).to_pylist():
                    if place not in out:
                        bad.append(bad_row(*batch.origin(place), Fault(None, "file.row-width")))
                        out.add(place)
            left = [place for place in range(len(batch)) if place not in out]
            kept = pa.array(left, pa.int64()) if out else None
            self.set_aside.sort(key=lambda aside: aside.line)
            yield _Part(batch, self._columns, kept, bad)

    def _set_aside(self, batch: Rows) -> set[int]:
        """Put the rows aside that are no data; their places."""
        out = set()
        for place in self._odd(batch):
            line, raw = batch.origin(place)
            row = GridRow(line, next(self._cut(raw), []))
            code = self._code(row)
            if code and len(self.set_aside) < MOST_ASIDE:
                self.set_aside.append(_aside(row, code))
                out.add(place)
        return out

    def _odd(self, batch: Rows) -> list[int]:
        """The places of the rows worth a look: few cells, a hint of a total in the first ones, or beyond the last."""
        if not len(batch):
            return []
        width = len(self._rows.heading)
        columns = [batch.column(column) for column in range(width)]
        filled = reduce(pc.add, [_filled(column).cast(pa.int32()) for column in columns])
        odd = [pc.less_equal(filled, FEW)]
        odd += [pc.match_substring_regex(column, ODD, ignore_case=True) for column in columns[:LABELS]]
        starts = pa.array({row[0] for row in self._known if row}, pa.string())
        odd.append(pc.is_in(columns[0], value_set=starts))
        if self._layout.last is not None and batch.origin(len(batch) - 1)[0] > self._layout.last:
            return list(range(len(batch)))
        found: list[int] = pc.indices_nonzero(reduce(pc.or_, odd)).to_pylist()
        return found

    def _code(self, row: GridRow) -> str | None:
        if self._layout.last is not None and row.number > self._layout.last:
            return layouts.aside_code(row, len(self._rows.heading)) or layouts.NOTE
        if not self._layout.set_aside:
            return None
        return self._known.get(tuple(row.cells)) or layouts.aside_code(row, len(self._rows.heading))

    def _is_aside(self, row: BadRow) -> bool:
        """Put a row of another width aside if it is a note or a total, as in files that no spreadsheet has written."""
        if row.faults[0].code != "file.row-width" or len(self.set_aside) >= MOST_ASIDE:
            return False
        cut = GridRow(row.line, next(self._cut(row.raw), []))
        code = self._code(cut)
        if code:
            self.set_aside.append(_aside(cut, code))
        return code is not None

    def _cut(self, raw: str) -> Iterator[list[str]]:
        lines = io.StringIO(raw, newline="")
        return csv.reader(lines, delimiter=self._dialect.delimiter, quotechar=self._dialect.quote)


class _Below(CsvRows):
    """The rows below a heading that need not be the first row; `above` are those over them, with codes if set aside."""

    def __init__(self, path: Path, encoding: str, dialect: Dialect, layout: Layout, *, block: int) -> None:
        self._layout = layout
        self.above: list[tuple[GridRow, str | None]] = []
        super().__init__(path, encoding, dialect, block=block)

    def _heading(self) -> list[str]:
        top, bottom = self._layout.heading
        lines, width = Lines(self._window), 0
        try:
            for fields in self._reader(lines):
                if lines.first >= (self._layout.first or bottom + 1):
                    width = len(fields)
                    break
                if not any(field.strip() for field in fields):
                    self.blank += 1
                elif not is_separator_hint(lines.raw):
                    self.above.append(self._placed(GridRow(lines.first, fields)))
                lines.done()
        except csv.Error as error:
            raise Invalid("file.heading-quotes", line=lines.first) from error
        self._window.cut(lines.start, lines.first - self._window.line)
        heading = [row for row, code in self.above if code is None]
        if not heading and (top or not width):
            raise Invalid("file.heading-missing")
        if not heading:
            return [f"列{place}" for place in range(1, width + 1)]
        return heading_rows.joined(heading, max(len(row.cells) for row in heading))

    def _placed(self, row: GridRow) -> tuple[GridRow, str | None]:
        top, bottom = self._layout.heading
        if top <= row.number <= bottom:
            return row, None
        return row, layouts.lead_code(row) if row.number < top else layouts.NUMBERING


@dataclass(frozen=True, slots=True)
class _Part:
    """Some columns, and some rows, of others (None: all of them)."""

    rows: Rows
    columns: Sequence[int]
    kept: pa.Array | None
    bad: list[BadRow] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows) if self.kept is None else len(self.kept)

    def column(self, position: int) -> pa.Array:
        """The cells of a column of the good rows, as text."""
        column = self.rows.column(self.columns[position])
        return column if self.kept is None else column.take(self.kept)

    def origin(self, row: int) -> tuple[int, str]:
        """The line (from 1) and the raw text of a good row."""
        return self.rows.origin(row if self.kept is None else self.kept[row].as_py())


def _filled(column: pa.Array) -> pa.Array:
    return pc.fill_null(pc.not_equal(column, ""), False)


def _aside(row: GridRow, code: str) -> SetAside:
    return SetAside(row.number, " ".join(cell.strip() for cell in row.cells if cell.strip())[:1_000], code)
