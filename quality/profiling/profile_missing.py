"""Which columns are empty together, and which columns taken together tell every row from all others.

Both are asked as further figures of statements that read the whole table anyway.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from quality.engines.engine_tables import Column, Scan

MOST = 14
"""So many columns with gaps are looked at together; there are at most two to this power patterns of gaps."""
PATTERNS = 12
_PAIRS = 12
_KEYS = 2


@dataclass(frozen=True)
class Together:
    """Two columns with gaps: rows where both are empty, the correlation (phi) of being empty, and the share of rows
    with a gap in either that have both (Jaccard)."""

    first: str
    second: str
    both: int
    phi: float
    jaccard: float


@dataclass(frozen=True)
class Gaps:
    """Columns with gaps, the patterns of gaps (which of the columns are empty, in how many rows), and pairs that are
    empty together more often than chance would have it."""

    columns: tuple[str, ...] = ()
    patterns: tuple[tuple[tuple[str, ...], int], ...] = ()
    together: tuple[Together, ...] = ()

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Gaps":
        """The stored form back."""
        return cls(
            tuple(kept["columns"]),
            tuple((tuple(names), rows) for names, rows in kept["patterns"]),
            tuple(Together(**one) for one in kept["together"]),
        )


def with_gaps(columns: Sequence[Column], nulls: Mapping[str, int], rows: int) -> list[Column]:
    """The columns worth asking about: neither full nor empty, those with most gaps first."""
    found = [column for column in columns if 0 < nulls[column.alias] < rows]
    return sorted(found, key=lambda column: (-nulls[column.alias], column.alias))[:MOST]


def asked(columns: Sequence[Column]) -> str | None:
    """The patterns of gaps as an aggregate; None where nothing can be empty together."""
    if len(columns) < 2:
        return None
    bits = " + ".join(f"({column.alias} IS NULL)::INTEGER * {1 << at}" for at, column in enumerate(columns))
    return f"histogram({bits})"


def read(columns: Sequence[Column], counted: Mapping[int, int], rows: int) -> Gaps:
    """What the counted patterns say."""
    names = [column.name for column in columns]
    patterns = [(_named(names, mask), count) for mask, count in counted.items() if mask]
    patterns.sort(key=lambda one: (-one[1], one[0]))
    nulls = [sum(count for mask, count in counted.items() if mask >> at & 1) for at in range(len(names))]
    found = []
    for first, second in combinations(range(len(names)), 2):
        both = sum(count for mask, count in counted.items() if mask >> first & 1 and mask >> second & 1)
        phi = _phi(both, nulls[first], nulls[second], rows)
        if phi >= 0.3:
            either = nulls[first] + nulls[second] - both
            found.append(Together(names[first], names[second], both, round(phi, 4), round(both / either, 4)))
    found.sort(key=lambda one: (-one.phi, one.first, one.second))
    return Gaps(tuple(names), tuple(patterns[:PATTERNS]), tuple(found[:PATTERNS]))


def _named(names: Sequence[str], mask: int) -> tuple[str, ...]:
    return tuple(name for at, name in enumerate(names) if mask >> at & 1)


def _phi(both: int, first: int, second: int, rows: int) -> float:
    spread = first * (rows - first) * second * (rows - second)
    return (rows * both - first * second) / math.sqrt(spread) if spread else 0.0


def likely_keys(
    scan: Scan, columns: Sequence[Column], distinct: Mapping[str, int], sampled: int
) -> list[tuple[Column, Column]]:
    """Pairs of full columns which tell all rows of the sample apart and may do so for the table, likeliest first."""
    pairs = [
        pair for pair in combinations(columns, 2) if distinct[pair[0].alias] * distinct[pair[1].alias] >= scan.rows
    ]
    pairs.sort(key=lambda pair: -min(distinct[pair[0].alias], distinct[pair[1].alias]))
    pairs = pairs[:_PAIRS]
    if not pairs or sampled < 2:
        return []
    asked_ = ", ".join(f"count(DISTINCT hash({first.alias}, {second.alias}))" for first, second in pairs)
    (counts,) = scan.query(f"SELECT {asked_} FROM sample")
    return [pair for pair, count in zip(pairs, counts, strict=True) if count == sampled][:_KEYS]
