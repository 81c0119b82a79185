"""Suites in words: where a version comes from, and what a change of rules changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask_babel import gettext as _

from open_portal import forms_rules
from open_portal.language import number, term
from open_portal.pages.desk.desk_frame import language
from policies import vocabulary as v
from quality.models import Suite
from quality.rules import parameter_names, parameter_texts, rules
from quality.rules.kinds import KINDS
from quality.rules.rules import Rule
from quality.suites import suites
from quality.suites.suite_diffs import Change, Difference

__all__ = ["changes", "difference", "kind_name", "language", "origin", "sentence", "summary"]

SHOWN = 120


def origin(suite: Suite) -> str:
    """Where a version of a suite comes from."""
    texts = {
        suites.PROPOSED: _("proposed from the data"),
        suites.STEWARD: _("edited"),
        suites.RESTORED: _("version %(number)s restored", number=suite.note or ""),
        suites.IMPORTED: _("imported from %(file)s", file=suite.note or ""),
        suites.TEMPLATE: _("template applied: %(name)s", name=suite.note or ""),
    }
    return str(texts.get(suite.origin, suite.origin))


def kind_name(code: str) -> str:
    """A kind of rule by its name in words."""
    return forms_rules.kind_name(KINDS[code])


def sentence(rule: Rule, titles: Mapping[str, str]) -> str:
    """A rule as a sentence without its share, which stands beside it."""
    return rules.sentence(replace(rule, mostly=1.0), language(), titles)


def changes(found: Iterable[Change], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Changes as lines: the kind, the sentence, and each difference in words."""
    kinds = {"added": _("Added"), "changed": _("Changed"), "dropped": _("Dropped")}
    return [
        {
            "kind": one.kind,
            "label": kinds[one.kind],
            "sentence": sentence(one.rule, titles),
            "rule": one.rule,
            "words": [difference(each, titles) for each in one.differences],
        }
        for one in found
    ]


def difference(one: Difference, titles: Mapping[str, str]) -> str:
    """A difference in words, such as “Severity: Warning → Critical”."""
    between = "：" if language().startswith("zh") else ": "
    return f"{_label(one.name)}{between}{_value(one, one.before, titles)} → {_value(one, one.after, titles)}"


def _label(name: str) -> str:
    if name.startswith("parameters."):
        return parameter_names.wording(name.partition(".")[2]).label(language())
    labels = {
        "kind": _("Kind of rule"),
        "columns": _("Fields"),
        "dimension": _("Dimension"),
        "indicator": _("Indicator"),
        "severity": _("Severity"),
        "weight": _("Weight"),
        "mostly": _("Share of rows"),
    }
    return str(labels.get(name, name))


def _value(one: Difference, value: Any, titles: Mapping[str, str]) -> str:
    if value is None:
        return str(_("none"))
    if one.name.startswith("parameters."):
        text = parameter_texts.shown(one.name.partition(".")[2], value).replace("\n", "、")
        return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    shown = {
        "kind": lambda: kind_name(value),
        "columns": lambda: "、".join(titles.get(name, name) for name in value),
        "dimension": lambda: term(v.Dimension(value)),
        "severity": lambda: term(v.Severity(value)),
        "weight": lambda: f"{value:g}",
        "mostly": lambda: f"{value * 100:.10g}%",
    }
    return str(shown[one.name]()) if one.name in shown else str(value)


def summary(found: Sequence[Change]) -> str:
    """How many rules were added, changed and dropped, in one line."""
    counts = {kind: sum(one.kind == kind for one in found) for kind in ("added", "changed", "dropped")}
    if not found:
        return str(_("no rule changed"))
    return str(
        _(
            "%(added)s added, %(changed)s changed, %(dropped)s dropped",
            **{kind: number(count) for kind, count in counts.items()},
        )
    )
