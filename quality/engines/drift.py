"""How far a column has moved away from the version before: the population stability index, and the bins it needs.

Pure. PSI = sum over the bins of (q - p) x ln(q / p), where p is the bin's share of the rows before and q its share
now; a share under `LEAST` counts as `LEAST`, so that an empty bin is heavy but not infinite. Missing values are a
bin of their own, and so is everything that no other bin holds. By custom up to 0.1 is steady, above 0.25 is another
population. Numbers and days are binned by the edges kept in the profile of the version before, with too small
neighbours put together; texts with few values by these values.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEAST = 0.0001
LIMIT = 0.25
FEWEST = 100
"""Rows on either side under which chance alone moves the index too far for it to say anything."""
_EDGED = 0.05
_NAMED = 0.01
_LONGEST = 199
"""A profile cuts values after 200 characters."""


@dataclass(frozen=True)
class Bins:
    """The bins of a column: upper edges, each included, or else values as text; then the rest, then the missing ones.

    `shares` are those of the version before, in that order.
    """

    sort: str
    edges: tuple[Any, ...]
    values: tuple[str, ...]
    shares: tuple[float, ...]


def bins(column: Mapping[str, Any], rows: int) -> Bins | None:
    """The bins by a column's profile in a table of some rows; None when the profile holds too little to compare."""
    if rows < FEWEST:
        return None
    nulls, sort = int(column["nulls"]), str(column["sort"])
    if column.get("histogram") and sort not in {"text", "boolean"}:
        edges, counts = _merged(column["histogram"], rows)
        return Bins(sort, edges, (), tuple(count / rows for count in (*counts, nulls))) if edges else None
    longest = (column.get("lengths") or (0, 0, 0))[2]
    if not column.get("top_exact") or sort not in {"text", "boolean", "integer"} or longest > _LONGEST:
        return None
    named = [(str(value), int(count)) for value, count in column["top"] if count >= rows * _NAMED]
    rest = rows - nulls - sum(count for _, count in named)
    if not named:
        return None
    shares = tuple(count / rows for count in (*(count for _, count in named), max(0, rest), nulls))
    return Bins(sort, (), tuple(value for value, _ in named), shares)


def _merged(histogram: Sequence[Sequence[Any]], rows: int) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """Neighbours put together until each holds enough; the last count is that beyond the last edge."""
    edges: list[Any] = []
    counts: list[int] = []
    held = 0
    for edge, count in histogram:
        held += int(count)
        if edge is not None and held >= rows * _EDGED:
            edges.append(edge)
            counts.append(held)
            held = 0
    return tuple(edges), (*counts, held)


def shares(counts: Sequence[int]) -> list[float]:
    """Counts as shares, none of them less than `LEAST`."""
    total = sum(counts)
    return [max(count / total, LEAST) if total else LEAST for count in counts]


def index(before: Sequence[float], counts: Sequence[int]) -> float:
    """The population stability index of the rows counted now against the shares before."""
    pairs = zip(before, shares(counts), strict=True)
    return sum((now - old) * math.log(now / old) for old, now in ((max(p, LEAST), q) for p, q in pairs))
