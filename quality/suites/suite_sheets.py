"""Suites as a sheet, one row a rule, and back without loss; what is wrong is told by cell."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from policies.refusals import Invalid
from quality.rules import parameter_names, parameter_texts, rule_checks
from quality.rules.kinds import KINDS
from quality.rules.rules import Rule, RuleError, sentence
from quality.suites.suite_import import Read

SHEET = "rules"
PARAMETER = "parameters."
NEEDED = ("rule_id", "kind", "columns")
FIELDS: Mapping[str, tuple[str, str]] = {
    "rule_id": ("规则编号", "Rule id"),
    "sentence": ("规则内容(仅供阅读)", "Sentence (to read only)"),
    "kind": ("规则类型", "Kind"),
    "columns": ("字段", "Columns"),
    "dimension": ("质量维度", "Dimension"),
    "indicator": ("指标", "Indicator"),
    "severity": ("严重程度", "Severity"),
    "weight": ("权重", "Weight"),
    "mostly": ("应满足的比例", "Share of rows"),
    "origin": ("来源", "Origin"),
    "why_zh": ("依据(中文)", "Reason in Chinese"),
    "why_en": ("依据(英文)", "Reason in English"),
}
BEFORE = ("rule_id", "sentence", "kind", "columns")
CELL = 32_767
"""Characters that a cell of a workbook holds."""


def rows_of(rules: Sequence[Rule], language: str = "zh") -> list[list[str]]:
    """The sheet as texts, its heading first; Invalid for a rule too large for a cell."""
    others = {name for rule in rules for name in rule.parameters} - set(parameter_names.all_names())
    names = [*parameter_names.all_names(), *sorted(others)]
    codes = [*BEFORE, *(PARAMETER + name for name in names), *(one for one in FIELDS if one not in BEFORE)]
    rows = [[_heading(code, language) for code in codes]]
    for rule in rules:
        cells = [_cell(rule, code, language) for code in codes]
        if any(len(cell) > CELL for cell in cells):
            raise Invalid("suite.cell-too-long", id=rule.rule_id)
        rows.append(cells)
    return rows


def kinds_table(language: str = "zh") -> list[list[str]]:
    """What may be written as a kind: its code, name, number of columns, parameters; a heading first."""
    zh = not language.startswith("en")
    heading = ["规则类型 kind", "名称", "字段数", "参数"] if zh else ["kind", "Name", "Columns", "Parameters"]
    rows = [heading]
    for kind in KINDS.values():
        fewest, most = kind.columns
        count = str(fewest) if fewest == most else f"≥ {fewest}"
        rows.append([kind.code, kind.zh if zh else kind.en, count, ", ".join(parameter_names.names_of(kind.code))])
    return rows


def _heading(code: str, language: str) -> str:
    if code.startswith(PARAMETER):
        return f"{parameter_names.wording(code.removeprefix(PARAMETER)).label(language)} {code}"
    return f"{FIELDS[code][1 if language.startswith('en') else 0]} {code}"


def _cell(rule: Rule, code: str, language: str) -> str:
    if code.startswith(PARAMETER):
        name = code.removeprefix(PARAMETER)
        return parameter_texts.shown(name, rule.parameters[name]) if name in rule.parameters else ""
    if code == "sentence":
        said = sentence(rule, language)
        return parameter_texts.UNSAFE.sub(" ", said)[:500]
    if code == "columns":
        return parameter_texts.shown("values", list(rule.columns)) if rule.columns else ""
    value = getattr(rule, code)
    if isinstance(value, float | int):
        return parameter_texts.shown("days", value)
    return parameter_texts.text_of(value) if value else ""


def read(rows: Iterable[tuple[int, Sequence[str]]]) -> Read:
    """The rules of a sheet given as (row number, texts); `field` of a problem is the cell's name, such as C7."""
    lines = iter(rows)
    top = next(lines, None)
    if top is None:
        return Read((), (Invalid("suite.sheet-empty", field="A1"),))
    codes, wrong = _codes(*top)
    rules: list[Rule] = []
    for number, cells in [] if wrong else lines:
        given = {code: cell for code, cell in zip(codes, cells, strict=False) if cell != "" and code != "sentence"}
        if not given:
            continue
        if len(rules) + len(wrong) > rule_checks.MOST_RULES:
            wrong.append(Invalid("suite.too-many", field=f"A{number}", limit=rule_checks.MOST_RULES, count=number - 1))
            break
        try:
            rules.append(_rule(given, number, codes))
        except Invalid as refusal:
            wrong.append(refusal)
    if not rules and not wrong:
        wrong.append(Invalid("suite.sheet-empty", field="A2"))
    return Read((), tuple(wrong)) if wrong else Read(tuple(rules))


def _codes(number: int, cells: Sequence[str]) -> tuple[list[str], list[Invalid]]:
    codes = [(cell.split() or [""])[-1] for cell in cells]
    wrong = [
        Invalid("suite.sheet-heading", field=cell_name(number, place), name=cells[place])
        for place, code in enumerate(codes)
        if code and code not in FIELDS and not (code.startswith(PARAMETER) and code != PARAMETER)
    ]
    wrong += [Invalid("suite.sheet-missing", field=f"A{number}", name=one) for one in NEEDED if one not in codes]
    return codes, wrong


def cell_name(number: int, place: int) -> str:
    """A cell as spreadsheets call it: row from 1, column from 0."""
    letters, left = "", place + 1
    while left:
        left, rest = divmod(left - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{number}"


def _rule(given: Mapping[str, str], number: int, codes: Sequence[str]) -> Rule:
    def at(code: str) -> str:
        return cell_name(number, codes.index(code) if code in codes else 0)

    values: dict[str, Any] = {"parameters": {}}
    for code, text in given.items():
        try:
            if code.startswith(PARAMETER):
                name = code.removeprefix(PARAMETER)
                values["parameters"][name] = parameter_texts.read(name, text)
            else:
                values[code] = _READ.get(code, parameter_texts.read_text)(text)
        except RuleError as error:
            raise rule_checks.problem_of(error, at(code)) from error
        except ValueError as error:
            raise Invalid("rule.parameter-wrong", field=at(code), detail=text[:80]) from error
    try:
        rule = Rule(**{"rule_id": "", "kind": "", **values})
    except RuleError as error:
        raise rule_checks.problem_of(error, at(_culprit(error))) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise Invalid("rule.parameter-wrong", field=at("kind"), detail=str(error)[:80]) from error
    for problem in rule_checks.problems([rule]).values():
        field = at(f"{PARAMETER}regex")
        raise Invalid("suite.rule-wrong", field=field, id=rule.rule_id, problem=problem)
    return rule


_CULPRITS = {
    "id-missing": "rule_id",
    "kind-unknown": "kind",
    "columns-wrong": "columns",
    "columns-repeated": "columns",
    "dimension-unknown": "dimension",
    "severity-unknown": "severity",
    "weight-wrong": "weight",
    "mostly-wrong": "mostly",
    "bounds-crossed": f"{PARAMETER}min",
}


def _culprit(error: RuleError) -> str:
    """The column in which the fault lies."""
    if error.reason == "parameter-wrong":
        return PARAMETER + error.detail.rpartition(": ")[2]
    return _CULPRITS.get(error.reason, "kind")


def _share(text: str) -> float:
    stripped = text.strip()
    if stripped[-1:] in {"%", "％"}:
        return round(float(stripped[:-1]) / 100, 6)
    return float(stripped)


def _kind(text: str) -> str:
    """A kind by its code or its name in either language."""
    said = text.strip()
    return next((kind.code for kind in KINDS.values() if said in {kind.code, kind.zh, kind.en}), said)


_READ: Mapping[str, Callable[[str], Any]] = {
    "kind": _kind,
    "columns": lambda text: parameter_texts.read("values", text),
    "weight": float,
    "mostly": _share,
}
