"""Scores of a stored run, rule by rule and item by item, and what mending each rule would gain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.models import Version
from policies import grading, rulebook
from policies import vocabulary as v
from policies.grading import Gain, RuleResult
from quality.models import Run
from quality.rules.rules import Rule, RuleError


@dataclass(frozen=True)
class Outcome:
    """One rule of a run with what was counted. `result` is None when the rule could not be evaluated; `samples` are
    (row from 1, value) and for those alone who may read the rule's columns."""

    rule: Rule
    result: RuleResult | None
    samples: tuple[tuple[int, object], ...]

    @property
    def score(self) -> Decimal | None:
        """From 0 to 100; None when nothing was measured."""
        return grading.rule_score(self.result) if self.result else None


def last_runs(session: Session, version_ids: Iterable[str]) -> Mapping[str, Run]:
    """The newest run of each version."""
    newest = (
        select(Run.version_id, func.max(Run.at).label("at"))
        .where(Run.version_id.in_(list(version_ids)), Run.state == v.RunState.DONE)
        .group_by(Run.version_id)
        .subquery()
    )
    query = (
        select(Run)
        .join(newest, (Run.version_id == newest.c.version_id) & (Run.at == newest.c.at))
        .where(Run.state == v.RunState.DONE)
    )
    return {run.version_id: run for run in session.scalars(query)}


def outcomes(run: Run) -> list[Outcome]:
    """Every rule of a run that can still be read, in the order of its suite."""
    found = {one["rule_id"]: one for one in run.results}
    made = []
    for stored in run.suite.rules:
        try:
            rule = Rule.from_json(stored)
        except RuleError:
            continue
        if rule.rule_id in found:
            made.append(_outcome(rule, found[rule.rule_id]))
    return made


def gains(found: Sequence[Outcome]) -> Mapping[str, Gain]:
    """What mending each rule that costs points would gain, the most first."""
    results = [one.result for one in found if one.result]
    return {one.rule_id: one for one in grading.gains(results, rulebook.in_force().quality)}


def item_scores(found: Sequence[Outcome]) -> Mapping[str, Decimal | None]:
    """The score of each item: the weighted mean of the rules that name it, rounded down."""
    names = dict.fromkeys(name for one in found for name in one.rule.columns)
    return {
        name: grading.weighted_mean(
            [
                (one.score, one.result.weight)
                for one in found
                if name in one.rule.columns and one.result and one.score is not None
            ]
        )
        for name in names
    }


def trends(session: Session, entry_ids: Iterable[str], as_of: datetime) -> Mapping[str, list[float]]:
    """The scores of each entry's published versions, oldest first."""
    query = (
        select(Version.entry_id, Version.score)
        .where(
            Version.entry_id.in_(list(entry_ids)),
            Version.published_at <= as_of,
            Version.score.is_not(None),
        )
        .order_by(Version.number)
    )
    found: dict[str, list[float]] = {}
    for entry_id, score in session.execute(query):
        found.setdefault(entry_id, []).append(float(score or 0))
    return found


def _outcome(rule: Rule, row: Mapping[str, object]) -> Outcome:
    if row.get("error") is not None:
        return Outcome(rule, None, ())
    evaluated, unexpected = row.get("evaluated"), row.get("unexpected")
    result = RuleResult(
        rule_id=rule.rule_id,
        dimension=v.Dimension(rule.dimension),
        weight=Decimal(str(rule.weight)),
        severity=v.Severity(rule.severity),
        evaluated=evaluated if isinstance(evaluated, int) else None,
        unexpected=unexpected if isinstance(unexpected, int) else None,
        success=bool(row.get("success")),
    )
    samples = row.get("samples") or ()
    assert isinstance(samples, Sequence)  # noqa: S101 - a run keeps its samples as a list
    return Outcome(rule, result, tuple((one[0], one[1]) for one in samples))
