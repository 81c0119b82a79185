"""Templates of rules: which rules a table of a certain kind should keep, and which of its columns each is about.

A rule of a template names its columns by what fits an item: a part of its name or title, `=` with the whole of it, `@`
with a property (primary, required, coded, text, number, date, all), `element:` with the data element it follows; `!`
before a part keeps an item out. Applying a template tells for every rule what becomes of it, or why nothing does; it
changes nothing by itself.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from policies import vocabulary as v
from policies.refusals import Invalid, Refused
from policies.rule_tables import RulebookError, Table
from quality.rules.kinds import KINDS
from quality.rules.rules import SEVERITIES, Rule, RuleError

FOLDER = Path(__file__).parent.parent / "templates"
GROUPS = {
    "C": "text", "M": "text", "N": "number", "Y": "number", "B": "number", "F": "number", "I": "number",
    "D": "date", "T": "date", "L": "boolean", "G": "other",
}  # fmt: skip
"""What the types of items come down to for a template."""
PROPERTIES = {
    "@primary": ("主键", "a primary key"),
    "@required": ("必填的信息项", "a required item"),
    "@coded": ("有代码表的信息项", "an item with a code list"),
    "@text": ("文本型信息项", "an item of text"),
    "@number": ("数值型信息项", "an item of numbers"),
    "@date": ("日期型信息项", "an item of days"),
    "@all": ("信息项", "any item"),
}
"""The properties of items for which a template may look, in Chinese and English."""
MANY_A_COLUMN = frozenset({"lacks_pattern", "between", "in_order", "equal", "not_in_set"})
"""Kinds of which several rules about the same columns make sense."""
CODES = "@codes"
"""A list of values that is the code list of the item."""
ORIGIN = "template"


@dataclass(frozen=True)
class Field:
    """A column as a template sees it: what the catalogue says of the item."""

    name: str
    title: str = ""
    type: str = ""
    is_primary: bool = False
    nullable: bool = True
    codes: tuple[str, ...] = ()
    element: str = ""


@dataclass(frozen=True)
class TemplateRule:
    """A rule of a template. `columns` holds one list of hints a column; `each` makes one rule for every item that
    fits, otherwise all that fit make one rule."""

    kind: str
    columns: tuple[tuple[str, ...], ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    types: tuple[str, ...] = ()
    severity: str = "warning"
    weight: float = 1.0
    mostly: float = 1.0
    dimension: str = ""
    each: bool = True
    zh: str = ""
    en: str = ""

    def to_json(self) -> dict[str, Any]:
        """The rule as a row keeps it."""
        return {
            "kind": self.kind,
            "columns": [list(slot) for slot in self.columns],
            "parameters": dict(self.parameters),
            "types": list(self.types),
            "severity": self.severity,
            "weight": str(self.weight),
            "mostly": str(self.mostly),
            "dimension": self.dimension,
            "each": self.each,
            "zh": self.zh,
            "en": self.en,
        }


@dataclass(frozen=True)
class Sought:
    """What a rule of a template looks for, in words."""

    hints: tuple[str, ...]

    def label(self, language: str) -> str:
        """The hints in the reader's language."""
        english = language.startswith("en")
        told = [PROPERTIES[hint][english] if hint in PROPERTIES else hint.lstrip("=") for hint in self.hints]
        return (", " if english else "、").join(one for one in told if not one.startswith(("!", "element:")))


@dataclass(frozen=True)
class Template:
    """A template with its name in both languages, the themes it is meant for and the rule it follows."""

    code: str
    zh: str
    en: str
    rules: tuple[TemplateRule, ...]
    themes: tuple[str, ...] = ()
    basis: str = ""
    basis_en: str = ""

    def label(self, language: str) -> str:
        """The template's name in the reader's language."""
        return self.en if language.startswith("en") else self.zh


@dataclass(frozen=True)
class Outcome:
    """What becomes of a rule of a template: a rule for the suite, or the reason why there is none."""

    template: TemplateRule
    rule: Rule | None = None
    reason: Refused | None = None


@cache
def shipped() -> Mapping[str, Template]:
    """The templates that come with the platform, by code."""
    found = {}
    for path in sorted(FOLDER.glob("*.toml")):
        table = Table(path.name, tomllib.loads(path.read_text(encoding="utf-8")))
        found[path.stem] = _template(path.stem, table)
    return found


def _template(code: str, table: Table) -> Template:
    found = Template(
        code=code,
        zh=table.text("zh"),
        en=table.text("en"),
        themes=table.codes("themes", {one.value for one in v.Theme}, ()),
        basis=table.text("basis", ""),
        basis_en=table.text("basis_en", ""),
        rules=tuple(rule_of(one) for one in table.tables("rule")),
    )
    table.done()
    return found


def rule_of(table: Table) -> TemplateRule:
    """A rule of a template from a table of a file or a stored row; RulebookError names what is wrong."""
    kind = table.code("kind", tuple(KINDS))
    slots = table.rows("columns", ())
    found = TemplateRule(
        kind=kind,
        columns=slots,
        parameters=table.values("parameters"),
        types=table.codes("types", set(GROUPS.values()), ()),
        severity=table.code("severity", SEVERITIES, "warning"),
        weight=float(table.number("weight", "1")),
        mostly=float(table.number("mostly", "1")),
        dimension=table.text("dimension", ""),
        each=table.flag("each", default=True),
        zh=table.text("zh", ""),
        en=table.text("en", ""),
    )
    table.done()
    fewest, most = KINDS[kind].columns
    if not (len(slots) == fewest if most < 3 else len(slots) <= most):
        raise table.refuse("columns", f"{fewest}")
    return found


def read_rows(rows: Sequence[Mapping[str, Any]]) -> tuple[TemplateRule, ...]:
    """The rules of a stored template."""
    try:
        return tuple(rule_of(Table("suite_template", row, f"rule[{number}]")) for number, row in enumerate(rows, 1))
    except RulebookError as error:
        raise Invalid("rule.refused", reason="template", detail=str(error)) from error


def of_rules(rules: Sequence[Rule], fields: Sequence[Field]) -> tuple[TemplateRule, ...]:
    """A template made of a suite: each column is sought by the title it has here, or by its name."""
    titles = {one.name: one.title or one.name for one in fields}
    whole = {"columns_match": (("@all",),)}
    return tuple(
        TemplateRule(
            kind=rule.kind,
            columns=whole.get(rule.kind, tuple((f"={titles.get(name, name)}",) for name in rule.columns)),
            parameters=dict(rule.parameters),
            severity=rule.severity,
            weight=rule.weight,
            mostly=rule.mostly,
            dimension=rule.dimension,
            each=rule.kind != "columns_match",
            zh=rule.why_zh,
            en=rule.why_en,
        )
        for rule in rules
        if "when" not in rule.parameters
    )


def apply(template: Template, fields: Sequence[Field], present: Sequence[Rule]) -> tuple[Outcome, ...]:
    """What a template would add to a suite, rule by rule, for a table of these columns."""
    outcomes: list[Outcome] = []
    rules = list(present)
    for one in template.rules:
        for outcome in _outcomes(template, one, fields, rules):
            outcomes.append(outcome)
            if outcome.rule is not None:
                rules.append(outcome.rule)
    return tuple(outcomes)


def _outcomes(
    template: Template, one: TemplateRule, fields: Sequence[Field], present: Sequence[Rule]
) -> Iterator[Outcome]:
    found = [[item for item in fields if fits(item, slot)] for slot in one.columns]
    if any(not items for items in found):
        sought = one.columns[[bool(items) for items in found].index(False)]
        yield Outcome(one, reason=Refused("template.no-column", hints=Sought(sought)))
        return
    right = [[item for item in items if not one.types or GROUPS.get(item.type) in one.types] for items in found]
    for items, slot in zip(found, right, strict=True):
        if not slot:
            yield Outcome(one, reason=Refused("template.wrong-type", name=items[0].name))
            return
    for chosen in _chosen(one, right):
        yield _outcome(template, one, chosen, present)


def _chosen(one: TemplateRule, found: Sequence[Sequence[Field]]) -> list[tuple[Field, ...]]:
    """The columns of each rule to be made."""
    if not found:
        return [()]
    if len(found) == 1:
        return [(item,) for item in found[0]] if one.each else [tuple(found[0])]
    first = found[0][0]
    others = [next((item for item in items if item is not first), items[0]) for items in found[1:]]
    return [(first, *others)]


def _outcome(template: Template, one: TemplateRule, chosen: Sequence[Field], present: Sequence[Rule]) -> Outcome:
    names = tuple(item.name for item in chosen)
    parameters = dict(one.parameters)
    if parameters.get("values") == CODES:
        if not chosen[0].codes:
            return Outcome(one, reason=Refused("template.no-codes", name=names[0]))
        parameters["values"] = list(chosen[0].codes)
    kind = "unique" if one.kind == "unique_together" and len(names) == 1 else one.kind
    for rule in present:
        same = rule.kind == kind and rule.columns == names
        if same and (kind not in MANY_A_COLUMN or rule.parameters == parameters):
            return Outcome(one, reason=Refused("template.already-there", id=rule.rule_id))
    try:
        rule = Rule(
            _new_id(kind, names, present),
            kind,
            names,
            parameters,
            dimension=one.dimension,
            severity=one.severity,
            weight=one.weight,
            mostly=one.mostly,
            origin=ORIGIN,
            why_zh=one.zh or template.zh,
            why_en=one.en or template.en,
        )
    except RuleError as error:
        return Outcome(one, reason=Refused("rule.refused", reason=error.reason, detail=error.detail))
    return Outcome(one, rule)


def _new_id(kind: str, names: Sequence[str], present: Sequence[Rule]) -> str:
    taken, count = {rule.rule_id for rule in present}, 1
    base = rule_id = ":".join([kind, "+".join(names[:8])])
    while rule_id in taken:
        count += 1
        rule_id = f"{base}#{count}"
    return rule_id


def fits(item: Field, hints: Sequence[str]) -> bool:
    """Whether an item is one that the hints mean."""
    said = [one.casefold() for one in (item.name, item.title) if one]
    shut = [hint[1:].casefold() for hint in hints if hint.startswith("!")]
    if any(part in one for part in shut for one in said):
        return False
    return any(_meant(item, hint.casefold(), said) for hint in hints if not hint.startswith("!"))


def _meant(item: Field, hint: str, said: Sequence[str]) -> bool:
    if hint.startswith("@"):
        return {
            "@all": True,
            "@primary": item.is_primary,
            "@required": item.is_primary or not item.nullable,
            "@coded": bool(item.codes),
        }.get(hint, f"@{GROUPS.get(item.type)}" == hint)
    if hint.startswith("="):
        return hint[1:] in said
    if hint.startswith("element:"):
        return item.element.casefold() == hint.removeprefix("element:")
    return any(hint in one for one in said)
