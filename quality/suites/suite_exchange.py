"""Suites as ordinary JSON of Great Expectations 1.x, and back; pure, the library itself is not needed.

Each rule becomes an expectation under real column names, so that the file runs wherever Great Expectations does.
`meta.tiaoxi.rule` keeps our rule whole. A rule for which the library has no expectation of its own (a check digit, the
time of the last update) is kept beside the list, or stands in it as the nearest that the library can say; bounds that
move with the day are those of the day of export. On the way back our rule counts as long as the expectation still says
what was written; where somebody changed it, the change counts.
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from policies.refusals import Invalid
from quality.rules import parameter_texts, patterns, rule_checks
from quality.rules.rules import Rule, RuleError
from quality.suites import suite_import
from quality.suites.suite_import import TYPE_NAMES, Read

GX_VERSION = "1.24.1"
FORMAT = 1
MOST_KB = 2_000


def dump(name: str, rules: Sequence[Rule], today: dt.date) -> str:
    """A suite as JSON text; `today` fills the bounds that move with the day."""
    return json.dumps(suite_of(name, rules, today), ensure_ascii=False, indent=1) + "\n"


def suite_of(name: str, rules: Sequence[Rule], today: dt.date) -> dict[str, Any]:
    """A suite as `ExpectationSuite(**suite)` takes it."""
    written = [(rule, expectation_of(rule, today)) for rule in rules]
    ours = {
        "format": FORMAT,
        "as_of": today.isoformat(),
        "order": [rule.rule_id for rule in rules],
        "others": [rule.to_json() for rule, expectation in written if expectation is None],
    }
    return {
        "name": name,
        "expectations": [
            {
                **expectation,
                "severity": rule.severity,
                "meta": {
                    "rule_id": rule.rule_id,
                    "dimension": rule.dimension,
                    "indicator": rule.indicator,
                    "tiaoxi": {"rule": rule.to_json()},
                },
            }
            for rule, expectation in written
            if expectation is not None
        ],
        "meta": {"great_expectations_version": GX_VERSION, "tiaoxi": ours},
    }


def load(text: str | bytes) -> Read:
    """The rules of a JSON text; whatever is wrong is told with the path of the field, and then there are no rules."""
    if len(text) > MOST_KB * 1000:
        return Read((), (Invalid("suite.too-large", field="", limit=MOST_KB),))
    try:
        suite = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Read((), (Invalid("suite.not-json", field="", detail=str(error)[:200]),))
    if not isinstance(suite, dict) or not isinstance(suite.get("expectations"), list):
        return Read((), (Invalid("suite.no-suite", field="expectations"),))
    try:
        return _load(suite)
    except RecursionError:
        return Read((), (Invalid("suite.not-json", field="", detail="nested too deeply"),))


def _load(suite: Mapping[str, Any]) -> Read:
    ours = _ours(suite)
    rules: list[Rule] = []
    wrong: list[Invalid] = []
    for number, expectation in enumerate(suite["expectations"]):
        path = f"expectations[{number}]"
        try:
            rules.append(_rule(expectation, path, ours, {rule.rule_id for rule in rules}))
        except Invalid as refusal:
            wrong.append(refusal)
    for number, row in enumerate(ours.get("others") or ()):
        try:
            rules.append(_whole(row))
        except RuleError as error:
            wrong.append(rule_checks.problem_of(error, f"meta.tiaoxi.others[{number}]"))
    wrong += [
        Invalid("suite.rule-wrong", field=f"rule {rule_id}", id=rule_id, problem=problem)
        for rule_id, problem in rule_checks.problems(rules).items()
    ]
    if wrong:
        return Read((), tuple(wrong))
    places = {one: place for place, one in enumerate(_texts(ours.get("order")))}
    rules.sort(key=lambda rule: places.get(rule.rule_id, len(places)))
    return suite_import.checked(rules)


def _ours(suite: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = suite.get("meta")
    ours = meta.get("tiaoxi") if isinstance(meta, dict) else None
    if not isinstance(ours, dict):
        return {}
    return {**ours, "others": ours["others"] if isinstance(ours.get("others"), list) else []}


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _whole(row: object) -> Rule:
    if not isinstance(row, dict):
        raise RuleError("field-missing")
    try:
        return Rule.from_json(row)
    except (TypeError, ValueError, AttributeError) as error:
        if isinstance(error, RuleError):
            raise
        raise RuleError("parameter-wrong", str(error)[:100]) from error


def _rule(expectation: object, path: str, ours: Mapping[str, Any], taken: set[str]) -> Rule:
    """Our rule where the expectation still says it; else what the expectation says, with what only we know of it."""
    meta = expectation.get("meta") if isinstance(expectation, dict) else None
    kept = meta.get("tiaoxi") if isinstance(meta, dict) else None
    if not isinstance(expectation, dict) or not isinstance(kept, dict) or "rule" not in kept:
        return suite_import.rule_of(expectation, path, taken)
    try:
        rule = _whole(kept["rule"])
    except RuleError as error:
        raise rule_checks.problem_of(error, f"{path}.meta.tiaoxi.rule") from error
    severity = str(expectation.get("severity") or rule.severity)
    if _says(expectation, rule, ours):
        found = rule
    else:
        read = suite_import.rule_of(expectation, path, taken)
        same = read.kind == rule.kind
        found = replace(
            read,
            rule_id=rule.rule_id,
            weight=rule.weight,
            why_zh=rule.why_zh,
            why_en=rule.why_en,
            dimension=rule.dimension if same else read.dimension,
            indicator=rule.indicator if same else read.indicator,
        )
    try:
        return replace(found, severity=severity) if severity != found.severity else found
    except RuleError as error:
        raise rule_checks.problem_of(error, f"{path}.severity") from error


def _says(expectation: Mapping[str, Any], rule: Rule, ours: Mapping[str, Any]) -> bool:
    try:
        today = dt.date.fromisoformat(str(ours.get("as_of")))
    except ValueError:
        return False
    written = expectation_of(rule, today)
    said = {name: value for name, value in (expectation.get("kwargs") or {}).items() if value is not None}
    return (
        written is not None and written["type"] == expectation.get("type") and _plain(written["kwargs"]) == _plain(said)
    )


def _plain(kwargs: Mapping[str, Any]) -> str:
    kept = {name: value for name, value in kwargs.items() if name not in suite_import.HARMLESS}
    if kept.get("mostly") == 1:
        del kept["mostly"]
    return json.dumps(kept, sort_keys=True, default=str)


def expectation_of(rule: Rule, today: dt.date) -> dict[str, Any] | None:
    """The expectation nearest to a rule, with its keyword arguments as JSON; None where the library has none."""
    write = _WRITE.get(rule.kind)
    if write is None or rule.parameters.get("days") == parameter_texts.CYCLE:
        return None
    kind, kwargs = write(rule, today)
    if rule.mostly < 1 and kind not in suite_import.OF_TABLE:
        kwargs["mostly"] = rule.mostly
    if when := rule.parameters.get("when"):
        values = when["values"]
        kwargs["row_condition"] = {
            "type": "comparison",
            "column": {"name": when["column"]},
            "operator": "IN",
            "parameter": list(values),
        }
    return {"type": kind, "kwargs": {name: value for name, value in kwargs.items() if value is not None}}


def _column(kind: str, **renamed: str) -> Callable[[Rule, dt.date], tuple[str, dict[str, Any]]]:
    """A writer for rules over one column; `renamed` gives our name of a parameter by the library's."""

    def write(rule: Rule, today: dt.date) -> tuple[str, dict[str, Any]]:
        found = {theirs: _bound(rule.parameters.get(our), today) for theirs, our in renamed.items()}
        return kind, {"column": rule.columns[0], **found}

    return write


def _bound(value: Any, today: dt.date) -> Any:
    if isinstance(value, Mapping) and value.get("parameter") == "today":
        return (today + dt.timedelta(days=float(value.get("days", 0)))).isoformat()
    return value


def _table(kind: str, **renamed: str) -> Callable[[Rule, dt.date], tuple[str, dict[str, Any]]]:
    return lambda rule, _today: (kind, {theirs: rule.parameters.get(our) for theirs, our in renamed.items()})


def _pattern(rule: Rule, _today: dt.date) -> tuple[str, dict[str, Any]]:
    known = patterns.PATTERNS.get(rule.parameters.get("pattern", ""))
    kind = "expect_column_values_to_match_regex"
    return kind, {"column": rule.columns[0], "regex": known.regex if known else rule.parameters["regex"]}


def _digits(rule: Rule, _today: dt.date) -> tuple[str, dict[str, Any]]:
    """The form of such a number is what the library can check of it."""
    form = next(one for one in patterns.PATTERNS.values() if one.digits == rule.parameters["scheme"])
    return "expect_column_values_to_match_regex", {"column": rule.columns[0], "regex": form.regex}


def _between(rule: Rule, today: dt.date) -> tuple[str, dict[str, Any]]:
    kind, kwargs = _column("expect_column_values_to_be_between", min_value="min", max_value="max")(rule, today)
    strict = {name: True for name in ("strict_min", "strict_max") if rule.parameters.get(name)}
    return kind, {**kwargs, **strict}


def _newest(rule: Rule, today: dt.date) -> tuple[str, dict[str, Any]]:
    oldest = today - dt.timedelta(days=float(rule.parameters["days"]))
    return "expect_column_max_to_be_between", {"column": rule.columns[0], "min_value": oldest.isoformat()}


def _together(rule: Rule, _today: dt.date) -> tuple[str, dict[str, Any]]:
    kwargs = {"column_list": list(rule.columns), "ignore_row_if": "all_values_are_missing"}
    return "expect_compound_columns_to_be_unique", kwargs


def _order(rule: Rule, _today: dt.date) -> tuple[str, dict[str, Any]]:
    first, second = rule.columns
    return "expect_column_pair_values_a_to_be_greater_than_b", {
        "column_A": second,
        "column_B": first,
        "or_equal": not rule.parameters.get("strict", False),
        "ignore_row_if": "either_value_is_missing",
    }


def _equal(rule: Rule, _today: dt.date) -> tuple[str, dict[str, Any]]:
    first, second = rule.columns
    kwargs = {"column_A": first, "column_B": second, "ignore_row_if": "either_value_is_missing"}
    return "expect_column_pair_values_to_be_equal", kwargs


def _blank(rule: Rule, _today: dt.date) -> tuple[str, dict[str, Any]]:
    return "expect_column_values_to_not_match_regex", {"column": rule.columns[0], "regex": patterns.BLANK}


def _match_set(rule: Rule, _today: dt.date) -> tuple[str, dict[str, Any]]:
    kwargs = {"column_set": list(rule.columns), "exact_match": bool(rule.parameters.get("exact", True))}
    return "expect_table_columns_to_match_set", kwargs


def _type(rule: Rule, _today: dt.date) -> tuple[str, dict[str, Any]]:
    names = list(TYPE_NAMES[rule.parameters["type"]])
    return "expect_column_values_to_be_in_type_list", {"column": rule.columns[0], "type_list": names}


_WRITE: Mapping[str, Callable[[Rule, dt.date], tuple[str, dict[str, Any]]]] = {
    "row_count": _table("expect_table_row_count_to_be_between", min_value="min", max_value="max"),
    "columns_match": _match_set,
    "not_null": _column("expect_column_values_to_not_be_null"),
    "not_blank": _blank,
    "unique": _column("expect_column_values_to_be_unique"),
    "unique_together": _together,
    "matches_pattern": _pattern,
    "lacks_pattern": _column("expect_column_values_to_not_match_regex", regex="regex"),
    "not_in_set": _column("expect_column_values_to_not_be_in_set", value_set="values"),
    "check_digits": _digits,
    "in_set": _column("expect_column_values_to_be_in_set", value_set="values"),
    "between": _between,
    "length": _column("expect_column_value_lengths_to_be_between", min_value="min", max_value="max"),
    "type": _type,
    "mean": _column("expect_column_mean_to_be_between", min_value="min", max_value="max"),
    "in_order": _order,
    "equal": _equal,
    "newest": _newest,
}
