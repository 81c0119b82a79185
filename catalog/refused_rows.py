"""Refused rows as they are kept (JSON lines), read back one by one and written as a table for people."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from catalog.exports import FORMULA, PLAIN_NUMBER

Fault = Mapping[str, Any]
Words = Callable[[Fault], str]
"""Says a fault {"column", "code", "value"} in the reader's language."""
BATCH = 500


def first(lines: Iterable[bytes], count: int) -> list[dict[str, Any]]:
    """The first rows: {"line", "raw", "faults": [{"column", "code", "value"}]}."""
    return [json.loads(line) for line in islice(lines, count)]


def csv_pieces(lines: Iterable[bytes], heading: Sequence[str], words: Words) -> Iterator[bytes]:
    """All rows as CSV that opens in a spreadsheet: line, reasons, values at fault, the row as it came.

    It begins with a byte order mark, and no cell is one that a spreadsheet would run as a formula.
    """
    yield b"\xef\xbb\xbf" + _written([heading])
    rows = iter(lines)
    while batch := list(islice(rows, BATCH)):
        yield _written([_cells(json.loads(line), words) for line in batch])


def harmless(text: str) -> str:
    """A text that no spreadsheet runs: an apostrophe before what looks like a formula and is no number."""
    return f"'{text}" if re.match(FORMULA, text) and not re.match(PLAIN_NUMBER, text) else text


def _cells(row: Mapping[str, Any], words: Words) -> list[str]:
    faults = row["faults"]
    values = "; ".join(str(one["value"]) for one in faults if one.get("value") is not None)
    return [str(row["line"]), "; ".join(words(one) for one in faults), values, str(row["raw"])]


def _written(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8", "replace")
