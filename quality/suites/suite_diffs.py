"""What differs between two suites, rule by rule and field by field. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from quality.rules.rules import Rule

SILENT = frozenset({"rule_id", "origin", "why_zh", "why_en"})
"""Fields of a rule that say nothing about what it demands."""


@dataclass(frozen=True)
class Difference:
    """A field of a rule or one of its parameters (`parameters.min`) before and after."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """A rule that was added, dropped or changed; `kind` says which."""

    kind: str
    before: Rule | None
    after: Rule | None
    differences: tuple[Difference, ...] = ()

    @property
    def rule(self) -> Rule:
        """The rule as it stands, or stood last."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - a change has one side at least
        return found


def diff(before: Sequence[Rule], after: Sequence[Rule]) -> tuple[Change, ...]:
    """Added and changed rules in the order of the new suite, then the dropped ones."""
    old, new = {rule.rule_id: rule for rule in before}, {rule.rule_id: rule for rule in after}
    found = []
    for rule_id, rule in new.items():
        if rule_id not in old:
            found.append(Change("added", None, rule))
        elif differences := differences_of(old[rule_id], rule):
            found.append(Change("changed", old[rule_id], rule, differences))
    found += [Change("dropped", rule, None) for rule_id, rule in old.items() if rule_id not in new]
    return tuple(found)


def differences_of(before: Rule, after: Rule) -> tuple[Difference, ...]:
    """The fields and parameters in which two rules differ, but for those that demand nothing."""
    names = [one.name for one in fields(Rule) if one.name not in SILENT | {"parameters"}]
    found = [
        Difference(name, getattr(before, name), getattr(after, name))
        for name in names
        if getattr(before, name) != getattr(after, name)
    ]
    given = dict.fromkeys([*before.parameters, *after.parameters])
    return (
        *found,
        *(
            Difference(f"parameters.{name}", before.parameters.get(name), after.parameters.get(name))
            for name in given
            if _text(before.parameters.get(name)) != _text(after.parameters.get(name))
        ),
    )


def reordered(before: Sequence[Rule], after: Sequence[Rule]) -> bool:
    """Whether the rules that both have stand in another order."""
    old, new = [rule.rule_id for rule in before], [rule.rule_id for rule in after]
    return [one for one in old if one in set(new)] != [one for one in new if one in set(old)]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
