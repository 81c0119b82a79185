"""Which column tells which other: what rows of one group agree on, so that a row which differs is an error.

A column A tells a column B if two rows with the same A nearly always have the same B, far more often than any two
rows. Errors scatter: they are single, each of its own kind, spread over all groups. What is no error clumps: several
rows of a group share the other value, some groups are mixed and the rest pure, or all exceptions have a trait in
common. Such pairs of columns are left alone.

Where several sources tell of the same things, each once, a thing's column tells all that they should agree on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from quality.profiling.coded import Coded, Codes
from quality.profiling.likeness import distance, is_slip_of

_GROUPS = 5
_FEWEST_OF_GROUP = 3
_COVERED = 0.3
_LIFT = 0.4
_LIFT_OF_SWAPS = 0.75
_LIFT_OF_SOURCES = 0.6
_LIFT_OF_FILLED = 0.3
_UNLIKE = 0.06
_CLUMPED = 0.35
_PURER = 0.2
_WITNESSES = 3
_LOOKED_AT = 400
_TRAIT_ROWS = 4
_EMPTY = 0.1


Flags = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Dependency:
    """`told` follows from each of `witnesses`. `differing` of `rows` rows in `groups` groups say otherwise.

    `needed` witnesses must speak against a value that is usual in another group; `share` of a group make its usual
    value. `filled` is about missing values only: they are missing where others of the group have one.
    """

    witnesses: tuple[str, ...]
    told: str
    needed: int
    share: float
    groups: int
    rows: int
    differing: int
    lift: float
    filled: bool = False


@dataclass(frozen=True)
class _Pair:
    """Two columns counted together; only groups of three rows or more are looked at."""

    witness: Coded
    told: Coded
    both: Codes
    group: Codes
    value: Codes
    rows: Codes
    totals: Codes
    best: Codes
    usual: Codes
    lift: float

    @property
    def groups(self) -> int:
        return int((self.totals >= _FEWEST_OF_GROUP).sum())

    @cached_property
    def minor(self) -> Flags:
        """Combinations which differ from the clear usual value of their group."""
        large = self.totals[self.group] >= _FEWEST_OF_GROUP
        differing: Flags = large & (self.value != self.usual[self.group])
        return differing

    @property
    def differing(self) -> int:
        return int(self.rows[self.minor].sum())

    @property
    def seen(self) -> int:
        return int(self.totals[self.totals >= _FEWEST_OF_GROUP].sum())


def find(columns: Sequence[Coded]) -> tuple[Dependency, ...]:
    """The dependencies of a table, the surest first."""
    witnesses = [column for column in columns if _may_witness(column)]
    told = [column for column in columns if 2 <= len(column.values) <= 0.8 * max(1, column.filled)]
    found = []
    for column in told:
        pairs = [_pair(witness, column) for witness in witnesses if witness is not column]
        lawful = [pair for pair in pairs if pair is not None and _is_lawful(pair, columns)]
        if lawful:
            best = sorted(lawful, key=lambda pair: -pair.lift)
            found += [_of_pairs(best), *_gaps(best[0])]
    settled = {one.told for one in found if len(one.witnesses) > 1 and not one.filled}
    sources = _of_sources(columns, witnesses, [column for column in told if column.name not in settled])
    again = {one.told for one in sources if not one.filled}
    found = [*(one for one in found if one.told not in again or one.filled), *sources]
    only = {(one.witnesses, one.told, one.filled): one for one in found}
    return tuple(sorted(only.values(), key=lambda one: -one.lift))


def _may_witness(column: Coded) -> bool:
    """Does it name things in groups: few enough values, several rows to many of them?"""
    if column.column.sort not in {"text", "integer", "date", "datetime"} or column.filled < 20:
        return False
    large = column.counts >= _FEWEST_OF_GROUP
    return int(large.sum()) >= _GROUPS and int(column.counts[large].sum()) >= _COVERED * column.filled


def _pair(witness: Coded, told: Coded) -> _Pair | None:
    """Two columns counted together, or None when they have too little in common."""
    ok = (witness.codes >= 0) & (told.codes >= 0)
    one, other = witness.codes[ok], told.codes[ok]
    if len(one) < 20:
        return None
    width = len(told.values)
    both, rows = np.unique(one * width + other, return_counts=True)
    group, value = both // width, both % width
    totals = np.bincount(group, rows, minlength=len(witness.values)).astype(np.int64)
    large = totals >= _FEWEST_OF_GROUP
    if int(large.sum()) < _GROUPS or totals[large].sum() < _COVERED * len(one):
        return None
    again = np.bincount(group, rows * (rows - 1), minlength=len(totals))[large] / (totals[large] - 1)
    same = float(again.sum() / totals[large].sum())
    counts = np.bincount(other)
    chance = float((counts * (counts - 1.0)).sum() / (len(other) * (len(other) - 1.0)))
    lift = (same - chance) / (1 - chance) if chance < 1 else 0.0
    if lift < _LIFT_OF_FILLED:
        return None
    best = np.zeros(len(totals), np.int64)
    np.maximum.at(best, group, rows)
    usual = np.full(len(totals), -1, np.int64)
    order = np.argsort(rows, kind="stable")
    usual[group[order]] = value[order]
    return _Pair(witness, told, both, group, value, rows, totals, best, usual, lift)


def _is_lawful(pair: _Pair, columns: Sequence[Coded]) -> bool:
    """Are the rows that differ errors, as far as the way they lie can tell?"""
    if pair.lift < _LIFT:
        return False
    differing, alike = pair.differing, _alike(pair)
    unlike = differing - int(pair.rows[alike].sum())
    if unlike > max(1, _UNLIKE * pair.seen):
        return False
    if pair.lift < _LIFT_OF_SWAPS and unlike > 0.5 * differing:
        return False
    odd = pair.minor & ~alike
    if unlike > 2 and pair.rows[odd & (pair.rows >= 2)].sum() > _CLUMPED * unlike:
        return False
    large = pair.totals >= _FEWEST_OF_GROUP
    unsettled = large & (pair.best * 2 <= pair.totals)
    if unsettled.sum() > 0.05 * large.sum():
        return False
    pure = float((pair.best == pair.totals)[large].mean())
    expected = float(((1 - differing / max(1, pair.seen)) ** pair.totals[large]).mean())
    return pure <= expected + _PURER and not _have_trait(pair, columns)


def _alike(pair: _Pair) -> Flags:
    """Which of the differing combinations are slips of what the group usually says."""
    found = np.zeros(len(pair.rows), bool)
    if pair.told.column.sort != "text":
        return found
    for at in np.flatnonzero(pair.minor)[:_LOOKED_AT]:
        usual = str(pair.told.values[pair.usual[pair.group[at]]])
        value = str(pair.told.values[pair.value[at]])
        found[at] = is_slip_of(value, usual) or (1 < len(usual) < 4 and distance(value, usual, 1) == 1)
    return found


def _have_trait(pair: _Pair, columns: Sequence[Coded]) -> bool:
    """Do the differing rows share a value of a third column which marks rows of another law?"""
    width = len(pair.told.values)
    ok = (pair.witness.codes >= 0) & (pair.told.codes >= 0)
    key = np.where(ok, pair.witness.codes * width + pair.told.codes, -1)
    differing = np.isin(key, pair.both[pair.minor])
    total = int(differing.sum())
    if total < _TRAIT_ROWS:
        return False
    for column in columns:
        if column is pair.told or column is pair.witness or len(column.values) > 0.5 * column.filled:
            continue
        inside = np.bincount(column.codes[differing & (column.codes >= 0)], minlength=len(column.values))
        marks = (inside >= max(_TRAIT_ROWS, 0.15 * total)) & (inside >= 0.4 * column.counts)
        if marks.any():
            return True
    return False


def _gaps(pair: _Pair) -> Iterator[Dependency]:
    """Values that a few rows lack, though their group tells them."""
    told = pair.told
    empty = len(told.codes) - told.filled
    if pair.lift >= _LIFT_OF_SWAPS and 0 < empty <= _EMPTY * len(told.codes):
        given = (pair.groups, pair.seen, empty, round(pair.lift, 4))
        yield Dependency((pair.witness.name,), told.name, 1, 0.5, *given, filled=True)


def _of_pairs(pairs: Sequence[_Pair]) -> Dependency:
    """One dependency with the best witnesses of a column."""
    strong = [pair for pair in pairs if pair.lift >= _LIFT_OF_SWAPS]
    chosen = (strong or list(pairs))[:_WITNESSES]
    first = chosen[0]
    return Dependency(
        tuple(pair.witness.name for pair in chosen),
        first.told.name,
        needed=2 if strong else _WITNESSES + 1,
        share=0.6,
        groups=first.groups,
        rows=first.seen,
        differing=first.differing,
        lift=round(first.lift, 4),
    )


# -- several sources telling of the same things


def _of_sources(columns: Sequence[Coded], witnesses: Sequence[Coded], told: Sequence[Coded]) -> tuple[Dependency, ...]:
    """What sources should agree on: a column names the source, another the thing, and no source tells of it twice."""
    for thing, source in _tables_of_sources(columns, witnesses):
        found = [one for column in told if column not in (thing, source) for one in _agreed(thing, column)]
        if found:
            return tuple(found)
    return ()


def _tables_of_sources(columns: Sequence[Coded], witnesses: Sequence[Coded]) -> Iterator[tuple[Coded, Coded]]:
    for source in columns:
        few = 3 <= len(source.values) <= 200 and source.column.sort == "text"
        if not few or source.filled < len(source.codes):
            continue
        for thing in witnesses:
            if thing is source or thing.column.sort != "text" or len(thing.values) < _GROUPS:
                continue
            ok = (thing.codes >= 0) & (source.codes >= 0)
            pairs = thing.codes[ok] * len(source.values) + source.codes[ok]
            dense = len(pairs) >= 0.2 * len(thing.values) * len(source.values)
            once = len(np.unique(pairs)) >= 0.995 * len(pairs)
            if dense and once and len(pairs) >= 5 * len(thing.values) and len(thing.values) > len(source.values):
                yield thing, source


def _agreed(thing: Coded, column: Coded) -> Iterator[Dependency]:
    pair = _pair(thing, column)
    if pair is None:
        return
    given = (pair.groups, pair.seen, pair.differing, round(pair.lift, 4))
    if pair.lift >= _LIFT_OF_SOURCES:
        yield Dependency((thing.name,), column.name, 1, 0.5, *given)
    if column.filled < len(column.codes):
        empty = len(column.codes) - column.filled
        yield Dependency((thing.name,), column.name, 1, 0.3, pair.groups, pair.seen, empty, given[3], filled=True)
