"""The rows of a delimited text file in batches of bounded size, each with its line number and raw text.

Python's own `csv` in strict mode is used because it knows, row by row, which lines it has taken: a row that
cannot be read is put aside with its text, and reading goes on behind it.
"""

import csv
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from pathlib import Path

from catalog.reading_files.shapes import BadRow, Batch, Dialect, Fault, Note
from policies.refusals import Invalid

MAX_LINE = 16 << 20
MAX_FIELD = 4 << 20
MAX_RAW = 20_000
"""Characters of a refused row that are kept beside its reason; the original file keeps the rest."""

BATCH_CELLS = 400_000
BATCH_CHARACTERS = 8 << 20


class CsvRows:
    """An open delimited file: `heading` first, then `batches()` once; `blank` counts the empty lines."""

    def __init__(self, path: Path, encoding: str, dialect: Dialect) -> None:
        csv.field_size_limit(MAX_FIELD)
        self._file = path.open(encoding=encoding, newline="")
        self._taken: list[str] = []
        self._reader = csv.reader(self._lines(), delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)
        self.blank = 0
        self.workbook = False
        self.digits_lost = 0
        self.quoted: Collection[str] = ()
        self.notes: Sequence[Note] = ()
        try:
            self.heading: Sequence[str] = self._heading()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def batches(self) -> Iterator[Batch]:
        """Read on to the end of the file; an unclosed quotation mark raises Invalid with its line."""
        more = True
        while more:
            batch = Batch(len(self.heading))
            more = self._fill(batch)
            yield batch

    def _fill(self, batch: Batch) -> bool:
        """Put the next rows into the batch; False at the end of the file."""
        width, taken, reader = batch.width, self._taken, self._reader
        lines, raws, cells, bad = batch.lines, batch.raws, batch.cells, batch.bad
        fits, characters, line = batch_size(width), 0, reader.line_num + 1
        while len(lines) + len(bad) < fits and characters < BATCH_CHARACTERS:
            try:
                for fields in reader:
                    raw = taken[0] if len(taken) == 1 else "".join(taken)
                    taken.clear()
                    characters += len(raw)
                    if not any(fields):
                        self.blank += 1
                    elif len(fields) == width:
                        lines.append(line)
                        raws.append(raw)
                        cells.extend(fields)
                    else:
                        bad.append(bad_row(line, raw, Fault(None, "file.row-width")))
                    line = reader.line_num + 1
                    if len(lines) + len(bad) >= fits or characters >= BATCH_CHARACTERS:
                        return True
            except csv.Error as error:
                bad.append(self._unreadable(line, error))
                line = reader.line_num + 1
            else:
                return False
        return True

    def _lines(self) -> Iterator[str]:
        for line in iter(partial(self._file.readline, MAX_LINE), ""):
            if len(line) == MAX_LINE:
                raise Invalid("file.line-too-long", line=self._reader.line_num + 1, limit=MAX_LINE)
            self._taken.append(line)
            yield line

    def _heading(self) -> list[str]:
        line = 1
        try:
            for fields in self._reader:
                text = "".join(self._taken)
                self._taken.clear()
                if any(field.strip() for field in fields) and not _separator_hint(text):
                    return fields
                line = self._reader.line_num + 1
        except csv.Error as error:
            self._unreadable(line, error)
            raise Invalid("file.heading-quotes", line=line) from error
        raise Invalid("file.heading-missing")

    def _unreadable(self, line: int, error: csv.Error) -> BadRow:
        """Put the row aside that the reader stumbled over, unless it swallowed what follows it."""
        if "unexpected end" in str(error):
            raise Invalid("file.quote-unclosed", line=line) from error
        if "field larger" in str(error):
            raise Invalid("file.field-too-long", line=line, limit=MAX_FIELD) from error
        raw = "".join(self._taken)
        self._taken.clear()
        return bad_row(line, raw, Fault(None, "file.row-quotes"))


def _separator_hint(text: str) -> bool:
    return len(text.strip()) <= 5 and text.lower().startswith("sep=")


def batch_size(width: int) -> int:
    """How many rows of so many columns are held at once."""
    return max(1, BATCH_CELLS // max(1, width))


def bad_row(line: int, raw: str, *faults: Fault) -> BadRow:
    """Put a row aside, its text cut to MAX_RAW characters and freed of its line end."""
    return BadRow(line, raw.rstrip("\r\n")[:MAX_RAW], faults)
