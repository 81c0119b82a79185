"""The Metadata Quality Assessment of data.europa.eu: 405 points over 23 metrics in five dimensions, pure.

points of a metric = share of the entries that meet it x its weight. An entry about which a metric cannot be known
drops out of that metric's share; a metric known of no entry drops out of the points and of the points to be had.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from policies.quality_terms import MqaDimension, MqaMetric, MqaRating

STEP = Decimal("0.01")
FULL = sum(one.weight for one in MqaMetric)
FLOORS = {MqaRating.EXCELLENT: 351, MqaRating.GOOD: 221, MqaRating.SUFFICIENT: 121, MqaRating.BAD: 0}
"""The least points of each rating, the best first."""

Facts = Mapping[MqaMetric, bool | None]
"""What of the metrics is true of one entry; None where the platform cannot know."""


@dataclass(frozen=True)
class Share:
    """One metric over some entries: how many meet it, of how many it is known, and the points this gives."""

    metric: MqaMetric
    met: int
    known: int
    points: Decimal


@dataclass(frozen=True)
class Assessment:
    """The points of some entries. `possible` is 405 less the weight of metrics known of no entry; the rating is that
    of the points in proportion to it, None without any entry."""

    entries: int
    shares: tuple[Share, ...]
    dimensions: Mapping[MqaDimension, Decimal]
    total: Decimal
    possible: int
    rating: MqaRating | None


def assess(population: Sequence[Facts]) -> Assessment:
    """The points of some entries together; of one entry alone they are its own points."""
    return tally(len(population), lambda metric: _counted(population, metric))


def tally(entries: int, counted: Callable[[MqaMetric], tuple[int, int]]) -> Assessment:
    """The points from counts: `counted` gives for a metric how many entries meet it, and of how many it is known."""
    shares = tuple(_share(metric, *counted(metric)) for metric in MqaMetric)
    parts = {
        dimension: sum((one.points for one in shares if one.metric.dimension == dimension), Decimal(0))
        for dimension in MqaDimension
    }
    total = sum(parts.values(), Decimal(0))
    possible = sum(one.metric.weight for one in shares if one.known)
    return Assessment(entries, shares, parts, total, possible, rating(total, possible))


def rating(total: Decimal, possible: int) -> MqaRating | None:
    """The rating of some points out of those to be had; rounded down to whole points of 405."""
    if not possible:
        return None
    whole = int((total * FULL / possible).to_integral_value(ROUND_FLOOR))
    return next(one for one, least in FLOORS.items() if whole >= least)


def missing(facts: Facts) -> tuple[MqaMetric, ...]:
    """What an entry lacks, that with the most points first."""
    return tuple(sorted((one for one in MqaMetric if facts.get(one) is False), key=lambda one: -one.weight))


def _counted(population: Sequence[Facts], metric: MqaMetric) -> tuple[int, int]:
    values = [facts.get(metric) for facts in population]
    return values.count(True), len(values) - values.count(None)


def _share(metric: MqaMetric, met: int, known: int) -> Share:
    points = (Decimal(metric.weight) * met / known).quantize(STEP, ROUND_FLOOR) if known else Decimal(0)
    return Share(metric, met, known, points)
