"""How a rate is defined and computed: versioned definitions over facts, readings that name every row they
count."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Literal, TypeVar

from policies.calendars import local_date
from policies.indicator_facts import (
    DEMAND_PREDICATES,
    ENTRY_PREDICATES,
    DemandFacts,
    EntryFacts,
    Moment,
)
from policies.terms import speaks_english

Subject = Literal["entry", "demand"]
Period = Literal["year", "12months", "all"]
Row = TypeVar("Row", EntryFacts, DemandFacts)
STEP = Decimal("0.0001")
LEAP_DAY = 29


@dataclass(frozen=True)
class Target:
    """What was to be reached by the end of a year, in per cent."""

    year: int
    value: Decimal
    basis: str


@dataclass(frozen=True)
class Definition:
    """One version of an indicator (口径).

    The numerator is counted within the denominator, the denominator within the population: entries of the
    base set, or demands accepted in the period, each source or need once when `dedupe` is set. Weights name
    the fact that is summed; empty, rows are counted.
    """

    code: str
    version: int
    zh: str
    en: str
    formula_zh: str
    formula_en: str
    exclusions_zh: str
    exclusions_en: str
    unit_zh: str
    unit_en: str
    subject: Subject
    denominator: tuple[str, ...]
    numerator: tuple[str, ...]
    effective_from: date
    basis: str
    approved_by: str
    denominator_weight: str = ""
    numerator_weight: str = ""
    dedupe: bool = False
    period: Period = "all"
    tolerance: Decimal = Decimal(1)
    least_grade: str = ""
    beside: tuple[str, ...] = ()
    parent: str = ""
    headline: bool = False
    targets: tuple[Target, ...] = ()

    def label(self, language: str) -> str:
        """The name in the reader's language."""
        return self.en if speaks_english(language) else self.zh

    def formula(self, language: str) -> str:
        """The formula in words, in the reader's language."""
        return self.formula_en if speaks_english(language) else self.formula_zh


@dataclass(frozen=True)
class Reading:
    """The value of a definition at a moment with its evidence: per cent with four decimals, None for an empty
    denominator.

    `weights` gives for item-level readings what each row of the denominator adds to (numerator, denominator);
    `beside` lists the rows that are reported next to the value, such as lawful refusals.
    """

    code: str
    version: int
    numerator_ids: tuple[str, ...]
    denominator_ids: tuple[str, ...]
    numerator: int
    denominator: int
    value: Decimal | None
    weights: Mapping[str, tuple[int, int]]
    beside: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Standing:
    """How a reading compares with a target: `over` when the target's year has ended, `met` None without a
    value."""

    target: Target
    over: bool
    met: bool | None


def effective(definitions: Iterable[Definition], code: str, on: date) -> Definition:
    """The version of an indicator that holds on a date, the latest that has become effective; KeyError if
    there is none."""
    versions = [d for d in definitions if d.code == code and d.effective_from <= on]
    if not versions:
        raise KeyError(f"no version of {code} is effective on {on}")
    return max(versions, key=lambda d: (d.effective_from, d.version))


def compute(
    definition: Definition,
    entries: Iterable[EntryFacts],
    demands: Iterable[DemandFacts],
    as_of: datetime,
    scope: str | None = None,
) -> Reading:
    """The reading of a definition over facts as they stood at `as_of` (aware), for a tenant and all below it,
    or for all."""
    at = Moment(as_of, _since(definition.period, local_date(as_of)), definition.tolerance, definition.least_grade)
    if definition.subject == "entry":
        within = [entry for entry in entries if scope is None or scope in entry.path]
        return _read(definition, within, at, ENTRY_PREDICATES, "base", _each_source_once)
    meant = [demand for demand in demands if scope is None or scope in demand.path]
    return _read(definition, meant, at, DEMAND_PREDICATES, "accepted", _each_need_once)


def standing(definition: Definition, reading: Reading, on: date) -> Standing | None:
    """How the reading stands against the next target, or the last one when all target years are over; None
    without any.

    Compared exactly, not by the rounded value.
    """
    if not definition.targets:
        return None
    ordered = sorted(definition.targets, key=lambda target: target.year)
    target = next((t for t in ordered if t.year >= on.year), ordered[-1])
    met = 100 * reading.numerator >= target.value * reading.denominator if reading.denominator else None
    return Standing(target, over=target.year < on.year, met=met)


def _since(period: Period, today: date) -> date:
    """The last day before the period that ends today."""
    if period == "all":
        return date.min
    if period == "year":
        return date(today.year - 1, 12, 31)
    day = today.day - 1 if (today.month, today.day) == (2, LEAP_DAY) else today.day
    return date(today.year - 1, today.month, day)


def _read(
    definition: Definition,
    rows: Sequence[Row],
    at: Moment,
    predicates: Mapping[str, Callable[[Row, Moment], bool]],
    counted: str,
    once: Callable[[Iterable[Row]], list[Row]],
) -> Reading:
    """Read an indicator of entries or of demands: which of them count at all, and how each is kept once."""
    base = [row for row in rows if predicates[counted](row, at)]
    if definition.dedupe:
        base = once(base)

    def holds(row: Row, names: Sequence[str]) -> bool:
        return all(predicates[name](row, at) for name in names)

    below = [row for row in base if holds(row, definition.denominator)]
    above = {row.id for row in below if holds(row, definition.numerator)}
    beside = {name: _ids(row for row in base if holds(row, [name])) for name in definition.beside}
    return _reading(definition, below, above, beside)


def _reading(
    definition: Definition,
    below: Sequence[EntryFacts] | Sequence[DemandFacts],
    above: set[str],
    beside: dict[str, tuple[str, ...]],
) -> Reading:
    pairs: dict[str, tuple[int, int]] = {}
    for row in below:
        whole = _weight(row, definition.denominator_weight)
        part = min(_weight(row, definition.numerator_weight), whole) if row.id in above else 0
        pairs[row.id] = (part, whole)
    numerator = sum(part for part, _ in pairs.values())
    denominator = sum(whole for _, whole in pairs.values())
    value = None
    if denominator:
        value = (100 * Decimal(numerator) / Decimal(denominator)).quantize(STEP, ROUND_HALF_UP)
    weighted = bool(definition.denominator_weight)
    return Reading(
        code=definition.code,
        version=definition.version,
        numerator_ids=tuple(sorted(above)),
        denominator_ids=_ids(below),
        numerator=numerator,
        denominator=denominator,
        value=value,
        weights=MappingProxyType(dict(sorted(pairs.items())) if weighted else {}),
        beside=MappingProxyType(beside),
    )


def _weight(row: EntryFacts | DemandFacts, name: str) -> int:
    return int(getattr(row, name)) if name else 1


def _ids(rows: Iterable[EntryFacts] | Iterable[DemandFacts]) -> tuple[str, ...]:
    return tuple(sorted(row.id for row in rows))


def _each_source_once(entries: Iterable[EntryFacts]) -> list[EntryFacts]:
    """One entry for the same items of the same source unit: the unit's own, else the one registered furthest
    down.

    Entries whose source or items are unknown are all kept.
    """
    best: dict[tuple[str, str], EntryFacts] = {}
    kept = []
    for entry in sorted(entries, key=lambda e: (e.tenant_id != e.source_org_id, -len(e.path), e.id)):
        if entry.source_org_id and entry.item_set:
            best.setdefault((entry.source_org_id, entry.item_set), entry)
        else:
            kept.append(entry)
    return [*best.values(), *kept]


def _each_need_once(demands: Iterable[DemandFacts]) -> list[DemandFacts]:
    """One demand for the same need, the one accepted last: its state is how the need stands."""
    last: dict[str, DemandFacts] = {}
    for demand in sorted(demands, key=lambda d: (d.accepted_on or date.min, d.id)):
        last[demand.dedupe or f"id:{demand.id}"] = demand
    return list(last.values())
