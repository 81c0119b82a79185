"""Numbers that can't be meant: far beyond all others of their column, on the scale on which the column lies.

A heavy tail is no error, so a number must lie far out both as it is and, where all are positive, as its logarithm,
and behind a gap. In a column of one or a few values nearly everywhere, numbers that scatter to both sides of them are
errors; numbers to one side only are counts, or amounts which are mostly nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from quality.profiling.coded import Coded

_FEWEST = 30
_FEW = 5
_USUAL = 0.05
_COVERED = 0.7
_MODE = 0.65
_SINGLE = 0.02
_APART = 0.05
_BOTH_SIDES = 0.2
_FAR = 7.0
_FAR_HEAVY = 16.0
_EVEN = 2.1
_GAP = 0.5
_FEW_BEYOND = 3
_MOST = 0.05

Numbers = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Range:
    """From `low` to `high` all but `rows` of `filled` numbers lie, None where nothing lies beyond; `few` tells a column
    of a few values."""

    column: str
    low: float | None
    high: float | None
    rows: int
    filled: int
    few: bool


def find(columns: Sequence[Coded]) -> tuple[Range, ...]:
    """The ranges of the number columns which hold something far beyond."""
    numeric = [column for column in columns if column.column.sort in {"integer", "number"}]
    found = (_of(column) for column in numeric if column.filled >= _FEWEST)
    return tuple(one for one in found if one is not None)


def _of(column: Coded) -> Range | None:
    values = np.array([float(value) for value in column.values], np.float64)
    order = np.argsort(values)
    return _of_few(column.name, values[order], column.counts[order]) or _of_many(
        column.name, values[order], column.counts[order]
    )


def _of_few(name: str, values: Numbers, counts: "np.ndarray[Any, np.dtype[np.int64]]") -> Range | None:
    """A column of one or a few values, with single others on both sides."""
    filled = int(counts.sum())
    usual = counts >= _USUAL * filled
    if not 1 <= int(usual.sum()) <= _FEW or counts[usual].sum() < _COVERED * filled or counts.max() < _MODE * filled:
        return None
    low, high = float(values[usual].min()), float(values[usual].max())
    below, above = int(counts[values < low].sum()), int(counts[values > high].sum())
    single = counts[~usual].max(initial=0) <= max(3, _SINGLE * filled)
    apart = np.abs(values - values[counts.argmax()])[(values < low) | (values > high)]
    if len(apart) and np.median(apart) < _APART * abs(values[counts.argmax()]):
        return None
    if low <= 0 <= high or not single or below + above < 4 or min(below, above) < _BOTH_SIDES * (below + above):
        return None
    return Range(name, low, high, below + above, filled, few=True)


def _of_many(name: str, values: Numbers, counts: "np.ndarray[Any, np.dtype[np.int64]]") -> Range | None:
    """A column of many values, with a few far beyond the others on the scale where these lie evenly."""
    filled = int(counts.sum())
    if len(values) < 10 or _is_code(values):
        return None
    low, high = _fences(values, counts)
    if values[0] >= 0 and values[-1] > 0:
        shift = float(values[values > 0][0]) if values[0] == 0 else 0.0
        below, above = _fences(np.log(values + shift), counts)
        low, high = min(low, float(np.exp(below)) - shift), max(high, float(np.exp(min(above, 700.0))) - shift)
    inside = (values >= low) & (values <= high)
    rows = int(counts[~inside].sum())
    if not rows or rows > max(1, _MOST * filled) or not inside.any():
        return None
    least, most = float(values[inside].min()), float(values[inside].max())
    gap = _GAP * (most - least)
    beyond = (values < least - gap) | (values > most + gap)
    rows = int(counts[beyond].sum())
    if not rows or _is_cluster(values[values > most + gap] - most) or _is_cluster(least - values[values < least - gap]):
        return None
    return Range(
        name,
        least - gap if values[0] < least - gap else None,
        most + gap if values[-1] > most + gap else None,
        rows,
        filled,
        few=False,
    )


def _is_cluster(distances: Numbers) -> bool:
    """Several numbers which lie nearer to each other than to all the rest are another group of things."""
    return len(distances) >= _FEW_BEYOND and float(distances.max() - distances.min()) < float(distances.min())


def _is_code(values: Numbers) -> bool:
    """Whole numbers of three digits or more, all of the same length, name something instead of measuring it."""
    if (values < 100).any() or (values != np.floor(values)).any():
        return False
    digits = np.floor(np.log10(values))
    return bool((digits == digits[0]).all())


def _fences(values: Numbers, counts: "np.ndarray[Any, np.dtype[np.int64]]") -> tuple[float, float]:
    """So many times the distance of the quartiles to either side of the median, more where the tail is heavy.

    A tail is heavy where the outer tenth begins further out than that of a normal distribution would; there is no
    fence where the quartile is the median.
    """
    reached = np.cumsum(counts) / counts.sum()
    places = np.minimum(np.searchsorted(reached, (0.1, 0.25, 0.5, 0.75, 0.9)), len(values) - 1)
    outer, lower, middle, upper, most = (float(value) for value in values[places])
    low, high = -np.inf, np.inf
    if middle > lower:
        even = middle - outer <= _EVEN * (middle - lower)
        low = middle - (_FAR if even else _FAR_HEAVY) * (middle - lower)
    if upper > middle:
        even = most - middle <= _EVEN * (upper - middle)
        high = middle + (_FAR if even else _FAR_HEAVY) * (upper - middle)
    return float(low), float(high)
