"""The figures of a body's scorecard from its datasets and issues, pure.

A figure has a numerator and a denominator, so that it can be added up by hand from the rows behind it; whatever was
not measured drops out of both, because it is no fault.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from policies.grading import updates_due
from policies.quality_terms import Dimension, Grade

STEP = Decimal("0.0001")
HUNDRED = Decimal(100)
SHORTEST = timedelta(days=1)
"""A cycle shorter than a day owes one update a day: else an hourly dataset would outweigh a whole department."""
PER_CENT = ("pass_rate", "punctuality", "closure")
MEANS = ("quality", *(one.value for one in Dimension))
COUNTS = ("datasets", "open", "overdue", "mean_days")
CODES = ("datasets", *MEANS, "pass_rate", "punctuality", "open", "overdue", "closure", "mean_days")


@dataclass(frozen=True)
class Updates:
    """How many updates a dataset owed and how many of these it made; those beyond what it owed do not count."""

    due: int
    made: int


@dataclass(frozen=True)
class DatasetFacts:
    """One dataset on a scorecard: its live version's score, grade and dimensions, its updates."""

    id: str
    score: Decimal | None
    grade: Grade | None
    dimensions: Mapping[str, Decimal | None]
    updates: Updates


@dataclass(frozen=True)
class IssueFacts:
    """What a body's issues come to: open and overdue ones now, confirmed, closed and mended ones so far, and the
    working days from confirmation to mending which the mended ones took together."""

    open: int
    overdue: int
    confirmed: int
    closed: int
    mended: int
    days: Decimal


@dataclass(frozen=True)
class Figure:
    """One figure: None as value means that nothing was measured. Rates are in per cent, scores from 0 to 100."""

    code: str
    value: Decimal | None
    numerator: Decimal
    denominator: Decimal

    def to_json(self) -> dict[str, str | None]:
        """The figure as JSON values that lose no digit."""
        return {
            "value": None if self.value is None else str(self.value),
            "numerator": str(self.numerator),
            "denominator": str(self.denominator),
        }

    @classmethod
    def from_json(cls, code: str, row: Mapping[str, str | None]) -> "Figure":
        """The figure of stored values."""
        value = row["value"]
        return cls(
            code,
            None if value is None else Decimal(value),
            Decimal(row["numerator"] or 0),
            Decimal(row["denominator"] or 0),
        )


def updates(deliveries: Sequence[datetime], cycle: timedelta | None, window: timedelta, as_of: datetime) -> Updates:
    """The updates of one dataset within a window that ends at `as_of`.

    `deliveries` are the instants at which versions went live. The window begins at the first of them if that is
    later; this first one is no update. A cycle of None owes nothing.
    """
    known = sorted(one for one in deliveries if one <= as_of)
    if not known or cycle is None:
        return Updates(0, 0)
    start = max(as_of - window, known[0])
    due = updates_due(as_of - start, max(cycle, SHORTEST))
    return Updates(due, min(due, sum(one > start for one in known)))


def figures(datasets: Sequence[DatasetFacts], issues: IssueFacts | None = None) -> dict[str, Figure]:
    """Every figure by its code, in the order of CODES; those of issues only where issues are given."""
    found = [Figure("datasets", Decimal(len(datasets)), Decimal(len(datasets)), Decimal(1))]
    found.append(_mean("quality", [one.score for one in datasets]))
    found += [_mean(code, [one.dimensions.get(code) for one in datasets]) for code in MEANS[1:]]
    graded = [one.grade for one in datasets if one.grade is not None]
    found.append(_rate("pass_rate", sum(one is not Grade.E for one in graded), len(graded)))
    found.append(_rate("punctuality", sum(x.updates.made for x in datasets), sum(x.updates.due for x in datasets)))
    if issues is not None:
        found += [
            Figure("open", Decimal(issues.open), Decimal(issues.open), Decimal(1)),
            Figure("overdue", Decimal(issues.overdue), Decimal(issues.overdue), Decimal(1)),
            _rate("closure", issues.closed, issues.confirmed),
            _quotient("mean_days", issues.days, Decimal(issues.mended)),
        ]
    return {one.code: one for one in found}


def _mean(code: str, values: Iterable[Decimal | None]) -> Figure:
    known = [one for one in values if one is not None]
    return _quotient(code, sum(known, Decimal(0)), Decimal(len(known)))


def _rate(code: str, part: int, whole: int) -> Figure:
    value = _down(HUNDRED * part / whole) if whole else None
    return Figure(code, value, Decimal(part), Decimal(whole))


def _quotient(code: str, part: Decimal, whole: Decimal) -> Figure:
    return Figure(code, _down(part / whole) if whole else None, part, whole)


def _down(value: Decimal) -> Decimal:
    """Rounded down to four decimals, as all scores are."""
    return value.quantize(STEP, ROUND_FLOOR)
