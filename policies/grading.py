"""How good a table is: rule results become scores of the six GB/T 36344 dimensions, a total, a grade and a
verdict."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from policies.cards import CardRules
from policies.refusals import Refused
from policies.vocabulary import Dimension, Grade, Severity, Verdict

FULL = Decimal(100)
STEP = Decimal("0.0001")


@dataclass(frozen=True)
class GateTerms:
    """What a version must keep to go live and stay live: the least total; `hard` names severities and dimensions
    in which no rule may fail; after `grace_days` working days of failing the data are taken offline, after
    `late_days` of being late as well (None: lateness never does)."""

    bar: Decimal
    hard: frozenset[str] = frozenset({Severity.CRITICAL.value})
    grace_days: int = 0
    late_days: int | None = None

    def stricter(self, other: "GateTerms") -> "GateTerms":
        """What satisfies both."""
        late = [one for one in (self.late_days, other.late_days) if one is not None]
        return GateTerms(
            max(self.bar, other.bar),
            self.hard | other.hard,
            min(self.grace_days, other.grace_days),
            min(late) if late else None,
        )


@dataclass(frozen=True)
class QualityRules:
    """What is good enough: weights of the dimensions, least total of each grade (best first), bar for
    release, how much older than its update cycle data may be (a factor), the gates by open tier and sharing
    attribute, whether rules under a waiver count in the score."""

    weights: Mapping[Dimension, Decimal]
    cutoffs: Mapping[Grade, Decimal]
    bar: Decimal
    tolerance: Decimal
    cards: CardRules
    gates: Mapping[str, GateTerms] = field(default_factory=dict)
    waived_count: bool = True

    def terms(self, *kinds: str) -> GateTerms:
        """The gate of data that are open and shared in these ways; of nothing known, the strictest there is."""
        found = [self.gates[kind] for kind in kinds if kind in self.gates] or list(self.gates.values())
        if not found:
            return GateTerms(self.bar)
        chosen = found[0]
        for other in found[1:]:
            chosen = chosen.stricter(other)
        return chosen


@dataclass(frozen=True)
class RuleResult:
    """The outcome of one rule: `unexpected` of `evaluated` elements were bad; both None when it judges the
    whole table.

    `lower_is_better` marks indicators that the standard states as a share of bad elements (duplicates, dirty
    values).
    """

    rule_id: str
    dimension: Dimension
    weight: Decimal
    severity: Severity
    evaluated: int | None
    unexpected: int | None
    success: bool
    lower_is_better: bool = False


@dataclass(frozen=True)
class Scorecard:
    """Scores from 0 to 100, None where no rule measured anything; `vetoes` say why the grade is E whatever
    the total."""

    dimensions: Mapping[Dimension, Decimal | None]
    total: Decimal | None
    grade: Grade | None
    vetoes: tuple[Refused, ...] = ()


@dataclass(frozen=True)
class Gate:
    """Whether a version may go live, with every reason against it."""

    verdict: Verdict
    reasons: tuple[Refused, ...] = ()


@dataclass(frozen=True)
class Gain:
    """What mending one rule would bring: points of the total, and the elements that are bad now (None: the table as
    a whole)."""

    rule_id: str
    points: Decimal
    unexpected: int | None


def rule_score(result: RuleResult) -> Decimal | None:
    """(1 - bad / evaluated) x 100; 100 or 0 for a rule without counts; None when a rule that held found
    nothing to judge."""
    if result.evaluated is None or result.unexpected is None:
        return FULL if result.success else Decimal(0)
    if result.evaluated == 0:
        return None if result.success else Decimal(0)
    return FULL * (1 - Decimal(min(result.unexpected, result.evaluated)) / result.evaluated)


def indicator(result: RuleResult) -> Decimal | None:
    """The figure X as the standard states it: the score, or for a lower-is-better rule its complement to
    100."""
    score = rule_score(result)
    if score is None or not result.lower_is_better:
        return score
    return FULL - score


def dimension_scores(results: Iterable[RuleResult]) -> dict[Dimension, Decimal | None]:
    """The weighted mean of the rules of each dimension, rounded down to four decimals; None without a rule
    that measured."""
    kept = [(result, score) for result in results if (score := rule_score(result)) is not None]
    return {
        dimension: weighted_mean([(score, result.weight) for result, score in kept if result.dimension == dimension])
        for dimension in Dimension
    }


def total_score(dimensions: Mapping[Dimension, Decimal | None], rules: QualityRules) -> Decimal | None:
    """The mean of the dimensions as shown, weighted; a dimension that is None drops out of the
    denominator."""
    return weighted_mean(
        [
            (score, rules.weights.get(dimension, Decimal(0)))
            for dimension, score in dimensions.items()
            if score is not None
        ]
    )


def gains(results: Sequence[RuleResult], rules: QualityRules) -> tuple[Gain, ...]:
    """Every rule that costs points with what the total would gain if it scored 100, the greatest gain first.

    Both totals are rounded as shown, so that the mended table really shows what was promised. Rules that measured
    nothing cost nothing; the gains of two rules of one dimension need not add up to the gain of both.
    """
    scored = [(result, score) for result in results if (score := rule_score(result)) is not None]
    now = total_score(dimension_scores(results), rules)
    found = []
    for result, score in scored:
        if now is None or score == FULL:
            continue
        mended = [_mended(one) if one is result else one for one, _score in scored]
        after = total_score(dimension_scores(mended), rules) or now
        found.append(Gain(result.rule_id, after - now, result.unexpected))
    return tuple(sorted(found, key=lambda one: (-one.points, one.rule_id)))


def _mended(result: RuleResult) -> RuleResult:
    return replace(result, evaluated=None, unexpected=None, success=True)


def weighted_mean(pairs: Sequence[tuple[Decimal, Decimal]]) -> Decimal | None:
    """The mean of (score, weight) pairs rounded down to four decimals; None when there is no weight."""
    weight = sum((Decimal(w) for _, w in pairs), Decimal(0))
    if not weight:
        return None
    return (sum((score * Decimal(w) for score, w in pairs), Decimal(0)) / weight).quantize(STEP, ROUND_FLOOR)


def vetoes(*, rows: int | None, probe_ok: bool = True, level_breach: bool = False) -> tuple[Refused, ...]:
    """The reasons for which a table is graded E whatever its total; `rows` None means that rows do not
    apply."""
    found = []
    if rows == 0:
        found.append(Refused("grading.no-rows"))
    if not probe_ok:
        found.append(Refused("grading.probe-failed"))
    if level_breach:
        found.append(Refused("grading.level-breach"))
    return tuple(found)


def grade(total: Decimal | None, rules: QualityRules, against: Sequence[Refused] = ()) -> Grade | None:
    """The grade of a total, E under a veto, None when nothing was measured."""
    if against:
        return Grade.E
    if total is None:
        return None
    reached = (grade for grade, least in rules.cutoffs.items() if total >= least)
    return next(reached, Grade.E)


def score(
    results: Sequence[RuleResult],
    rules: QualityRules,
    *,
    rows: int | None,
    probe_ok: bool = True,
    level_breach: bool = False,
) -> Scorecard:
    """The whole scorecard of one run."""
    dimensions = dimension_scores(results)
    total = total_score(dimensions, rules)
    against = vetoes(rows=rows, probe_ok=probe_ok, level_breach=level_breach)
    return Scorecard(dimensions, total, grade(total, rules, against), against)


def scored(results: Iterable[RuleResult], rules: QualityRules, waived: Collection[str] = ()) -> list[RuleResult]:
    """The results that count in the score: those of waived rules do unless the rules in force say otherwise."""
    return [one for one in results if rules.waived_count or one.rule_id not in waived]


def gate(
    results: Iterable[RuleResult],
    total: Decimal | None,
    rows: int | None,
    rules: QualityRules,
    terms: GateTerms | None = None,
    waived: Collection[str] = (),
) -> Gate:
    """Whether a version may go live: rows were loaded, no hard rule failed but waived ones, and the total reaches
    the bar.

    Without `terms` the general bar and the critical rules decide. A version on which no rule measured anything
    fails too: nothing shows that it is good enough.
    """
    terms = terms or GateTerms(rules.bar)
    reasons = list(vetoes(rows=rows))
    kept = [one for one in results if not one.success and one.rule_id not in waived]
    critical = tuple(one.rule_id for one in kept if one.severity == Severity.CRITICAL)
    if critical and Severity.CRITICAL in terms.hard:
        reasons.append(Refused("grading.critical-failed", rules=critical))
    hard = tuple(
        one.rule_id
        for one in kept
        if one.rule_id not in critical and terms.hard & {one.severity.value, one.dimension.value}
    )
    if hard:
        reasons.append(Refused("grading.hard-failed", rules=hard))
    if total is None:
        reasons.append(Refused("grading.not-measured"))
    elif total < terms.bar:
        reasons.append(Refused("grading.below-bar", total=total, bar=terms.bar))
    return Gate(Verdict.FAIL if reasons else Verdict.PASS, tuple(reasons))


def timely(updated_at: datetime | None, max_age: timedelta | None, now: datetime, tolerance: Decimal) -> bool:
    """Whether the last update is recent enough for its cycle; a cycle without a greatest age is always
    kept."""
    if updated_at is None:
        return False
    return max_age is None or now - updated_at <= max_age * float(tolerance)


def updates_due(window: timedelta, max_age: timedelta | None) -> int:
    """How many updates a cycle owes within a window, whole ones only; 0 for a cycle without a greatest
    age."""
    return window // max_age if max_age else 0
