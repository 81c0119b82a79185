"""Which delimiter, quotation mark and line end a delimited text file uses."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from catalog.reading_files.shapes import Dialect

DELIMITERS = ",\t;|"
SAMPLE = 1 << 16
PROSE_LINES, PROSE_BLANK, PROSE_BYTES, PROSE_ALIKE = 200, 0.08, 30, 0.5


def sniff(path: Path, encoding: str) -> Dialect:
    """Choose the delimiter under which most rows of the first 64 Ki characters have the same, largest width.

    A file without any delimiter is a table of one column. Excel's first line "sep=;" is obeyed.
    """
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        sample = file.read(SAMPLE)
        whole = not file.read(1)
    lines = io.StringIO(sample, newline="").readlines()
    if len(lines) > 1 and not whole:
        lines.pop()
    quote = _quote(lines)
    return Dialect(_declared(lines) or _delimiter(lines, quote), quote, _line_end(lines))


def is_prose(start: str, dialect: Dialect) -> bool:
    """Whether the beginning of a text is paragraphs: long lines with blank ones between, cut alike by no delimiter."""
    lines = start.splitlines()[:PROSE_LINES]
    filled = [line for line in lines if line.strip()]
    blank = len(lines) - len(filled)
    if (
        blank < 2
        or blank < PROSE_BLANK * len(lines)
        or sum(len(line.encode()) for line in filled) < PROSE_BYTES * len(filled)
    ):
        return False
    return _score(filled, dialect.delimiter, dialect.quote)[0] < PROSE_ALIKE


def _declared(lines: list[str]) -> str | None:
    first = lines[0].strip("\r\n") if lines else ""
    hinted = len(first) == 5 and first.lower().startswith("sep=") and first[4] in DELIMITERS
    return first[4] if hinted else None


def _quote(lines: list[str]) -> str:
    """The single quotation mark only where it alone encloses fields; else the double one of RFC 4180."""
    text = "".join(lines)
    enclosing = sum(text.count(f"'{mark}'") for mark in DELIMITERS)
    return "'" if '"' not in text and enclosing >= len(lines) and text.lstrip().startswith("'") else '"'


def _delimiter(lines: list[str], quote: str) -> str:
    scores = {mark: _score(lines, mark, quote) for mark in DELIMITERS}
    best = max(scores, key=lambda mark: scores[mark])
    return best if scores[best] > (0.0, 0) else ","


def _score(lines: Iterable[str], delimiter: str, quote: str) -> tuple[float, int]:
    """(share of rows as wide as the heading row, that width); (0, 0) if the heading row is not cut at all."""
    widths: Counter[int] = Counter()
    first = 0
    try:
        for row in csv.reader(lines, delimiter=delimiter, quotechar=quote):
            if row:
                first = first or len(row)
                widths[len(row)] += 1
    except csv.Error:
        return (0.0, 0)
    if first < 2:
        return (0.0, 0)
    return (round(widths[first] / widths.total(), 1), first)


def _line_end(lines: Iterable[str]) -> str:
    ends = Counter("\r\n" if line.endswith("\r\n") else line[-1] for line in lines if line[-1] in "\r\n")
    return ends.most_common(1)[0][0] if ends else "\n"
