"""From the outcomes of a run to what `policies.grading` judges."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from policies import grading
from policies.vocabulary import Dimension, Severity
from quality.rules import Rule

_WHOLE_TABLE = {"row_count", "columns_match", "type", "mean", "newest", "updated_within"}
_LOWER_IS_BETTER = {"0303", "0305"}


class Outcome(Protocol):
    """What is read of a `quality.expectations.RuleOutcome`, which is too heavy to import here."""

    @property
    def rule_id(self) -> str: ...
    @property
    def evaluated(self) -> int: ...
    @property
    def unexpected(self) -> int: ...
    @property
    def success(self) -> bool: ...
    @property
    def error(self) -> str | None: ...


def rule_results(rules: Sequence[Rule], outcomes: Iterable[Outcome]) -> tuple[grading.RuleResult, ...]:
    """The results that count; a rule which could not be evaluated measured nothing and is left out."""
    by_id = {rule.rule_id: rule for rule in rules}
    return tuple(_result(by_id[outcome.rule_id], outcome) for outcome in outcomes if outcome.error is None)


def _result(rule: Rule, outcome: Outcome) -> grading.RuleResult:
    whole = rule.kind in _WHOLE_TABLE
    return grading.RuleResult(
        rule_id=rule.rule_id,
        dimension=Dimension[rule.dimension.upper()],
        weight=Decimal(str(rule.weight)),
        severity=Severity[rule.severity.upper()],
        evaluated=None if whole else outcome.evaluated,
        unexpected=None if whole else outcome.unexpected,
        success=outcome.success,
        lower_is_better=rule.indicator in _LOWER_IS_BETTER,
    )
