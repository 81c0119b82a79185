"""The columns of a table as small whole numbers, so that how they hang together is counted by numpy.

A table of more than so many cells is looked at in a few stretches of neighbouring rows, spread over all of it: rows
about one thing often stand together, and single rows drawn at random would tear them apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from quality.engines.engine_tables import ROW, SOURCE, Column, Scan

MOST_ROWS = 100_000
MOST_CELLS = 2_000_000
MOST_COLUMNS = 60
_STRETCHES = 10

Codes = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Coded:
    """One column: the code of each row (-1 where it is empty), and by code the value and its rows.

    Text of nothing but spaces is empty.
    """

    column: Column
    codes: Codes
    values: Sequence[Any]

    @property
    def name(self) -> str:
        """The column's own name."""
        return self.column.name

    @cached_property
    def counts(self) -> Codes:
        """Rows by code."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))

    @cached_property
    def filled(self) -> int:
        """Rows that have a value."""
        return int(self.counts.sum())

    @cached_property
    def counted(self) -> list[tuple[str, int]]:
        """The values as text with their rows, the frequent ones first."""
        order = np.argsort(-self.counts, kind="stable")
        return [(str(self.values[code]), int(self.counts[code])) for code in order]


def load(scan: Scan) -> list[Coded]:
    """The columns of a table, or of stretches of it, that can be looked at."""
    columns = [column for column in scan.columns if column.sort != "other"][:MOST_COLUMNS]
    if not columns or not scan.rows:
        return []
    most = min(MOST_ROWS, MOST_CELLS // len(columns))
    shown = ", ".join(_filled(column) for column in columns)
    sql = f"SELECT {shown} FROM {SOURCE}{_stretches(scan.rows, most)} ORDER BY {ROW}"
    batches = list(scan.stream(sql, most))
    if not batches:
        return []
    return [_coded(column, [batch.column(at) for batch in batches]) for at, column in enumerate(columns)]


def _filled(column: Column) -> str:
    if column.sort != "text":
        return column.alias
    return f"CASE WHEN length(trim({column.alias})) = 0 THEN NULL ELSE {column.alias} END AS {column.alias}"


def _stretches(rows: int, most: int) -> str:
    if rows <= most:
        return ""
    step, length = rows // _STRETCHES, most // _STRETCHES
    ranges = [f"{ROW} BETWEEN {at * step} AND {at * step + length - 1}" for at in range(_STRETCHES)]
    return f" WHERE {' OR '.join(ranges)}"


def _coded(column: Column, parts: Sequence[pa.Array]) -> Coded:
    encoded = pa.concat_arrays(parts).dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return Coded(column, codes, encoded.dictionary.to_pylist())
