"""A quality rule as a form made from its kind; a wrong entry comes back as typed, with its error beside the field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from catalog.models import Item
from open_portal import forms_entry
from policies import vocabulary as v
from policies.refusals import Invalid
from quality.rules import parameter_names, parameter_texts, patterns, rule_checks
from quality.rules.kinds import KINDS, TYPES, Kind
from quality.rules.rules import Rule, RuleError

WHY = 500


@dataclass(frozen=True)
class Field:
    """A parameter as a field: `look` is text, area, switch or choice."""

    name: str
    label: str
    hint: str
    look: str
    needed: bool
    choices: Sequence[tuple[str, str]] = ()


@dataclass
class RuleForm:
    """What was typed, by field, and what is wrong with it."""

    kind: Kind
    columns: list[str]
    typed: dict[str, str]
    rule_id: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def many(self) -> bool:
        """Whether the columns are boxes to tick instead of one or two lists."""
        return self.kind.columns[1] > 2

    @property
    def slots(self) -> range:
        """The lists of columns, where there are not many."""
        return range(0 if self.many else self.kind.columns[1])

    def column(self, slot: int) -> str:
        """The column chosen in one of the lists."""
        return self.columns[slot] if slot < len(self.columns) else ""


def language() -> str:
    """The reader's language."""
    return str(get_locale())


def kind_name(kind: Kind) -> str:
    """A kind by its name in words."""
    return kind.en if language().startswith("en") else kind.zh


def fields_of(kind: Kind) -> list[Field]:
    """The parameters of a kind as fields, needed ones marked."""
    return [_field(kind, name) for name in parameter_names.names_of(kind.code)]


def _field(kind: Kind, name: str) -> Field:
    said, chosen = parameter_names.wording(name), language()
    english = chosen.startswith("en")
    choices: list[tuple[str, str]] = []
    if name == "pattern":
        choices = [(one.code, one.en if english else one.zh) for one in patterns.PATTERNS.values()]
    elif name == "scheme":
        forms = [one for one in patterns.PATTERNS.values() if one.digits]
        choices = [(str(one.digits), one.en if english else one.zh) for one in forms]
    elif name == "type":
        choices = [(code, names[1] if english else names[0]) for code, names in TYPES.items()]
    sort = parameter_texts.sort_of(name)
    look = "choice" if choices else {"switch": "switch", "list": "area", "any": "area"}.get(sort, "text")
    return Field(name, said.label(chosen), said.hint(chosen), look, name in kind.required, choices)


def blank(kind: Kind) -> RuleForm:
    """The form of a new rule."""
    typed = {"severity": v.Severity.WARNING.value, "weight": "1", "mostly": "100", "dimension": kind.dimension}
    return RuleForm(kind, [], typed)


def of_rule(rule: Rule) -> RuleForm:
    """The form of a rule as it stands."""
    typed = {f"p.{name}": parameter_texts.shown(name, value) for name, value in rule.parameters.items()}
    when = rule.parameters.get("when")
    if when:
        typed["when-column"] = when["column"]
        typed["when-values"] = parameter_texts.shown("values", when["values"])
    typed |= {
        "severity": rule.severity,
        "dimension": rule.dimension,
        "weight": f"{rule.weight:g}",
        "mostly": f"{rule.mostly * 100:.10g}",
        "why": rule.why_en if language().startswith("en") else rule.why_zh,
    }
    return RuleForm(KINDS[rule.kind], list(rule.columns), typed, rule.rule_id)


def typed_form(kind: Kind, sent: "MultiDict[str, str]", rule_id: str = "") -> RuleForm:
    """The form as somebody sent it."""
    form = RuleForm(kind, [], {name: value.replace("\r\n", "\n") for name, value in sent.items()}, rule_id)
    form.columns = sent.getlist("columns") if form.many else [sent.get(f"column-{slot}", "") for slot in form.slots]
    return form


def columns_of(items: Sequence[Item], chosen: Sequence[str]) -> list[tuple[str, str]]:
    """The columns to choose from: the data items, and what a rule names although it is none."""
    listed = [
        (item.name, item.title if item.title in {"", item.name} else f"{item.title} ({item.name})") for item in items
    ]
    known = {name for name, _label in listed}
    return [(name, label or name) for name, label in listed] + [
        (one, one) for one in chosen if one and one not in known
    ]


def read(form: RuleForm, before: Rule | None, taken: Sequence[str], columns: Sequence[str]) -> Rule | None:
    """The rule that was typed; None when something is wrong, which then stands in `errors`."""
    values = {**_parameters(form), **_measures(form)}
    if form.errors:
        return None
    chosen = [one for one in form.columns if one]
    why = form.typed.get("why", "").strip()[:WHY]
    english = language().startswith("en")
    try:
        rule = Rule(
            rule_id=before.rule_id if before else _new_id(form.kind, chosen, taken),
            kind=form.kind.code,
            columns=tuple(chosen),
            indicator=before.indicator if before and before.dimension == values["dimension"] else "",
            origin="steward",
            why_zh=before.why_zh if before and english else why,
            why_en=why if english or before is None else before.why_en,
            **values,
        )
    except RuleError as error:
        form.errors[_place(form, error)] = rule_checks.problem_of(error).text(language())
        return None
    for problem in rule_checks.problems([rule], columns).values():
        form.errors["p.regex" if problem.field == "regex" else "columns"] = problem.text(language())
    return None if form.errors else rule


def _parameters(form: RuleForm) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in fields_of(form.kind):
        typed = form.typed.get(f"p.{one.name}", "")
        if one.look == "switch":
            if typed:
                found[one.name] = True
            elif one.name == "exact":
                found[one.name] = False
        elif typed.strip():
            try:
                found[one.name] = parameter_texts.read(one.name, typed)
            except RuleError as error:
                form.errors[f"p.{one.name}"] = rule_checks.problem_of(error).text(language())
    if column := form.typed.get("when-column", ""):
        try:
            values = parameter_texts.read("values", form.typed.get("when-values", ""))
            found["when"] = {"column": column, "values": values}
        except RuleError:
            form.errors["when-values"] = _("Give the values for which the rule counts, one a line.")
    return {"parameters": found}


def _measures(form: RuleForm) -> dict[str, Any]:
    """Dimension, severity, weight and share as typed."""
    found: dict[str, Any] = {}
    for name, terms in (("dimension", v.Dimension), ("severity", v.Severity)):
        said = form.typed.get(name, "")
        if said not in {one.value for one in terms}:
            form.errors[name] = Invalid("general.choice", value=said[:40]).text(language())
        found[name] = said
    found["weight"], found["mostly"] = number(form.typed.get("weight", "")), share(form.typed.get("mostly", ""))
    if found["weight"] is None or not 0 <= found["weight"] <= 1000:
        form.errors["weight"] = _("Give a weight from 0 to 1000.")
    if not 0 < found["mostly"] <= 1:
        form.errors["mostly"] = _("Give a share above 0 and up to 100 per cent.")
    return found


def number(typed: str) -> float | None:
    """A typed number; None where it is none."""
    try:
        return float(typed.strip())
    except ValueError:
        return None


def share(typed: str) -> float:
    """A typed percentage as a share; 0 where it is none."""
    found = number(typed.strip().rstrip("%％"))
    return round(found / 100, 12) if found is not None and 0 < found <= 100 else 0.0


def _new_id(kind: Kind, columns: Sequence[str], taken: Sequence[str]) -> str:
    base, count = ":".join([kind.code, "+".join(columns[:8])]), 1
    rule_id = base
    while rule_id in taken:
        count += 1
        rule_id = f"{base}#{count}"
    return rule_id


def _place(form: RuleForm, error: RuleError) -> str:
    """The field in which a rule's fault lies."""
    names = [one.name for one in fields_of(form.kind)]
    if error.reason == "parameter-wrong":
        name = error.detail.rpartition(": ")[2]
        return "when-values" if name == "when" else f"p.{name}"
    if error.reason == "parameter-missing":
        empty = [name for name in names if not form.typed.get(f"p.{name}", "").strip()]
        needed = [name for name in empty if name in form.kind.required]
        return f"p.{next(iter([*needed, *empty]), '')}"
    if error.reason == "bounds-crossed":
        return "p.min"
    return {"weight-wrong": "weight", "mostly-wrong": "mostly"}.get(error.reason, "columns")


def problems(form: RuleForm) -> list[tuple[str, str]]:
    """(id of the field, text) of everything wrong, for the box on top."""
    return [(anchor(form, name), text) for name, text in form.errors.items()]


def anchor(form: RuleForm, name: str) -> str:
    """The id of a field's element."""
    if name == "columns":
        return "columns-0" if form.many else "column-0"
    return name.replace(".", "-")


def measures() -> dict[str, list[tuple[str, str]]]:
    """What dimension and severity offer."""
    return {
        name: [(one.value, forms_entry.named(one)) for one in terms]
        for name, terms in (("dimension", v.Dimension), ("severity", v.Severity))
    }


def grouped_kinds() -> Mapping[str, list[Kind]]:
    """The kinds by dimension, in the order of the standard."""
    found: dict[str, list[Kind]] = {one.value: [] for one in v.Dimension}
    for kind in KINDS.values():
        found[kind.dimension].append(kind)
    return {name: kinds for name, kinds in found.items() if kinds}
