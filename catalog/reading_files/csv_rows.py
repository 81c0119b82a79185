"""The rows of a delimited text file in batches of bounded size, each with its line number and raw text.

What is right is what Python's own `csv` says in strict mode: it knows, row by row, which lines it has taken, so a
row that cannot be read is put aside with its text, and reading goes on behind it. Blocks whose quotation marks
are in order are cut by `csv_grid` instead, with the same result in a tenth of the time.
"""

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from catalog.reading_files import csv_grid, text_blocks, text_lines
from catalog.reading_files.csv_grid import Grid
from catalog.reading_files.csv_window import EndlessError, Lines, Window
from catalog.reading_files.shapes import BadRow, Batch, Dialect, Fault, Note, Rows, SetAside, bad_row
from policies.refusals import Invalid

BATCH_CELLS = 400_000
BATCH_CHARACTERS = 8 << 20
EXACT = 1 << 15
"""Bytes the exact reader is given at first where the grid ends; twice as many each time it is needed again."""
FIRST = 1 << 16
"""Bytes of the first batch: enough to tell most forms that a column does not have, and cheap to ask for all."""

SCOPE = 2 * text_lines.BLOCK
SWALLOWED_SEEN = 200
SHORT = 20
"""An unclosed row of so few lines at the end of the file is refused as it is."""
SHOWN = 5


class CsvRows:
    """An open delimited file: `heading` first, then `batches()` once; `blank` counts the empty lines."""

    def __init__(self, path: Path, encoding: str, dialect: Dialect, *, block: int = text_lines.BLOCK) -> None:
        csv.field_size_limit(csv_grid.MAX_FIELD)
        self._blocks = text_blocks.read(path, encoding, block)
        self._window = Window(self._blocks)
        self._dialect = dialect
        self._foreign: Counter[str] = Counter()
        self._foreign_lines: list[int] = []
        self.blank = 0
        self.heading_line = 1
        self.workbook = False
        self.digits_lost = 0
        self.quoted: Collection[str] = ()
        self.set_aside: Sequence[SetAside] = ()
        self.flags: Sequence[tuple[str, str]] = ()
        try:
            self.heading: Sequence[str] = self._heading()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._blocks.close()

    @property
    def notes(self) -> list[Note]:
        """What is worth telling of the rows read so far: lines in another encoding."""
        if not self._foreign:
            return []
        rows, encodings = self._foreign.total(), sorted(self._foreign)
        return [Note("file.note-mixed-encodings", {"rows": rows, "encodings": encodings, "lines": self._foreign_lines})]

    def batches(self) -> Iterator[Rows]:
        """Read on to the end of the file; a quotation mark that is closed nowhere raises Invalid with its line."""
        window, dialect, width = self._window, self._dialect, len(self.heading)
        scope, effort = FIRST, EXACT
        while window.content or window.grow():
            head = window.head(scope)
            grid = self._grid(head)
            if grid.end:
                batch = csv_grid.fill(head, grid, dialect, width, window.line, window.foreign)
                self.blank += batch.blank
                window.cut(grid.end, int(grid.lines[-1]))
                scope = max(EXACT, grid.end) if grid.cause == "marks" else min(scope * 4, SCOPE)
                effort = max(EXACT, effort // 2) if grid.end > effort else effort
                yield self._seen(batch)
            elif grid.cause == "open" and (len(head) < len(window.content) or self._may_close()):
                scope *= 2
            else:
                yield self._seen(self._exact(effort))
                effort = min(effort * 2, text_lines.BLOCK)

    def _grid(self, head: bytes) -> Grid:
        """The rows that can be cut at once."""
        return csv_grid.lay(head, self._dialect)

    def _may_close(self) -> bool:
        """Is there more to come in which an open quotation mark may be closed?"""
        return len(self._window.content) <= csv_grid.MAX_FIELD and self._window.grow()

    def _seen(self, rows: Rows) -> Rows:
        for row in rows.bad:
            if row.faults[0].code == "file.row-encoding":
                self._foreign[row.faults[0].value or ""] += 1
                if len(self._foreign_lines) < SHOWN:
                    self._foreign_lines.append(row.line)
        return rows

    def _exact(self, effort: int) -> Batch:
        """Read at least so many bytes as Python does, or to the end of the file."""
        lines, batch = Lines(self._window), Batch(len(self.heading))
        reader = self._reader(lines)
        fits = batch_size(batch.width)
        while lines.start < effort and len(batch.lines) + len(batch.bad) < fits:
            try:
                for fields in reader:
                    self._take(batch, lines, fields)
                    if lines.start >= effort or len(batch.lines) + len(batch.bad) >= fits:
                        break
                else:
                    break
            except csv.Error as error:
                batch.bad.append(self._astray(lines, error))
                lines.done()
        self._window.cut(lines.start, lines.first - self._window.line)
        return batch

    def _take(self, batch: Batch, lines: Lines, fields: list[str]) -> None:
        """Put a row into the batch, or aside, or pass over it."""
        if lines.line - lines.first > csv_grid.SWALLOWED and self._has_swallowed(lines):
            batch.bad.append(bad_row(lines.first, lines.back(), Fault(None, "file.row-quote-unclosed")))
        elif "\0" in (raw := lines.raw):
            batch.bad.append(bad_row(lines.first, raw, Fault(None, "file.row-nul")))
        elif (other := self._window.other_encoding(lines.first, lines.line)) is not None:
            batch.bad.append(bad_row(lines.first, raw, Fault(None, "file.row-encoding", other)))
        elif not any(fields):
            self.blank += 1
        elif len(fields) != batch.width:
            batch.bad.append(bad_row(lines.first, raw, Fault(None, "file.row-width")))
        else:
            batch.lines.append(lines.first)
            batch.raws.append(raw)
            batch.cells.extend(fields)
        lines.done()

    def _astray(self, lines: Lines, error: csv.Error) -> BadRow:
        """Put the row aside that the reader stumbled over; where a mark was left open, only its first line.

        That is so if the next line is a row by itself. Reading goes on behind what is put aside.
        """
        taken, first, raw = lines.line - lines.first, lines.first, lines.raw
        if taken > 1 and self._stands_alone(raw):
            return bad_row(first, lines.back(), Fault(None, "file.row-quote-unclosed"))
        if "field larger" in str(error):
            raise Invalid("file.field-too-long", line=first, limit=csv_grid.MAX_FIELD) from error
        if isinstance(error, EndlessError) or (self._window.ended and "unexpected end" in str(error)):
            if taken > SHORT or isinstance(error, EndlessError):
                raise Invalid("file.quote-unclosed", line=first) from error
            return bad_row(first, raw, Fault(None, "file.row-quote-unclosed"))
        return bad_row(first, raw, Fault(None, "file.row-quotes"))

    def _stands_alone(self, raw: str) -> bool:
        """Is the second of these lines a whole row of more than one cell?"""
        return self._is_row(_lines_of(raw)[1])

    def _has_swallowed(self, lines: Lines) -> bool:
        """Are nearly all lines within this row rows themselves?"""
        inner = _lines_of(lines.raw)[1:-1][:SWALLOWED_SEEN]
        return sum(1 for line in inner if self._is_row(line)) >= 0.9 * len(inner)

    def _is_row(self, line: str) -> bool:
        grid = csv_grid.lay(line.encode(), self._dialect)
        orderly = grid.cause is None and (grid.quoting or self._dialect.quote not in line)
        return orderly and bool(grid.widths[0] == len(self.heading) > 1 and grid.bare[0])

    def _reader(self, lines: Lines) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self._dialect.delimiter, quotechar=self._dialect.quote, strict=True)

    def _heading(self) -> list[str]:
        """The first line with anything in it, Excel's hint aside."""
        lines = Lines(self._window)
        try:
            for fields in self._reader(lines):
                if any(field.strip() for field in fields) and not is_separator_hint(lines.raw):
                    self.heading_line = lines.first
                    self._window.cut(lines.at, lines.line - self._window.line)
                    return fields
                lines.done()
        except csv.Error as error:
            raise Invalid("file.heading-quotes", line=lines.first) from error
        raise Invalid("file.heading-missing")


def _lines_of(raw: str) -> list[str]:
    """The lines of a text as files have them, which `str.splitlines` cuts at many other characters too."""
    return list(io.StringIO(raw, newline=""))


def is_separator_hint(text: str) -> bool:
    """Excel's line "sep=;", which says how to cut the others."""
    return len(text.strip()) <= 5 and text.lower().startswith("sep=")


def batch_size(width: int) -> int:
    """How many rows of so many columns are held at once."""
    return max(1, BATCH_CELLS // max(1, width))
