"""From our rules to an ordinary suite of Great Expectations: one expectation a rule, matched by
`meta["rule_id"]`.

Columns are given by their aliases, so that a suite never holds a real name as SQL. A rule that can't be meant
for this table gets a `RuleError` here, before anything runs.
"""

import datetime as dt
import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

from quality.engines import engine_findings, engine_references
from quality.engines import engine_gx as gx
from quality.engines.engine_checks import ExpectColumnValuesToHaveValidCheckDigits
from quality.engines.engine_subjects import Subject, Table, demand, typed
from quality.engines.engine_tables import day_number
from quality.rules import patterns
from quality.rules.rules import Rule, RuleError

__all__ = ["Table", "expectation"]

_ORDERED = {"integer", "number", "date", "datetime"}


def expectation(rule: Rule, table: Table) -> gx.Expectation:
    """The expectation which is meant by a rule, for a table; raises RuleError with a reason."""
    columns = [table.column(name) for name in rule.columns] if rule.kind != "columns_match" else []
    given = {"meta": {"rule_id": rule.rule_id, "dimension": rule.dimension}, "severity": rule.severity}
    on = Subject(rule, table, columns, {**given, **_condition(rule, table)})
    return _BUILDERS[rule.kind](on)


def _condition(rule: Rule, table: Table) -> dict[str, Any]:
    when = rule.parameters.get("when")
    if not when:
        return {}
    column = table.column(when["column"])
    values, named = typed(when["values"], column), gx.Column(column.alias)
    if column.sort in {"boolean", "date", "datetime"}:
        # the library takes only texts and numbers in a set
        return {"row_condition": reduce(operator.or_, [named == value for value in values])}
    return {"row_condition": named.is_in(values)}


def _map(name: str, *sorts: str, **fixed: Any) -> Callable[[Subject], gx.Expectation]:
    """A builder of a row rule over one column whose sort must be among `sorts`, if any are given."""

    def build(on: Subject) -> gx.Expectation:
        demand(on.columns[0], *sorts)
        return gx.expect(name, column=on.columns[0].alias, mostly=on.rule.mostly, **fixed, **on.given)

    return build


def _row_count(on: Subject) -> gx.Expectation:
    low, high = on.rule.parameters.get("min"), on.rule.parameters.get("max")
    return gx.expect("TableRowCountToBeBetween", min_value=low, max_value=high, **on.given)


def _columns_match(on: Subject) -> gx.Expectation:
    # a column which isn't there keeps a name that no alias can have
    names = [on.table.columns[name].alias if name in on.table.columns else f"?{name}" for name in on.rule.columns]
    exact = bool(on.rule.parameters.get("exact", True))
    return gx.expect("TableColumnsToMatchSet", column_set=names, exact_match=exact, **on.given)


def _together(on: Subject) -> gx.Expectation:
    missing = "all_values_are_missing" if on.rule.kind == "unique_together" else "never"
    whole = on.rule.kind == "no_duplicate_rows"
    columns = list(on.table.columns.values()) if whole else on.columns
    if len(columns) == 1:
        return gx.expect("ColumnValuesToBeUnique", column=columns[0].alias, mostly=on.rule.mostly, **on.given)
    names = [column.alias for column in columns]
    return gx.expect(
        "CompoundColumnsToBeUnique",
        column_list=names,
        ignore_row_if=missing,
        mostly=on.rule.mostly,
        **on.given,
    )


def _pattern(on: Subject) -> gx.Expectation:
    demand(on.columns[0], "text")
    known = patterns.PATTERNS.get(on.rule.parameters.get("pattern", ""))
    regex = known.regex if known else on.rule.parameters["regex"]
    make = "ColumnValuesToMatchRegex"
    if on.rule.kind == "lacks_pattern":
        make = "ColumnValuesToNotMatchRegex"
    return gx.expect(make, column=on.columns[0].alias, regex=regex, mostly=on.rule.mostly, **on.given)


def _check(on: Subject) -> gx.Expectation:
    demand(on.columns[0], "text")
    scheme = on.rule.parameters["scheme"]
    last = day_number(on.table.day()) if scheme == "citizen_id" else 0
    return ExpectColumnValuesToHaveValidCheckDigits(
        column=on.columns[0].alias, scheme=scheme, not_after=last, mostly=on.rule.mostly, **on.given
    )


def _set(on: Subject) -> gx.Expectation:
    make = "ColumnValuesToBeInSet"
    if on.rule.kind == "not_in_set":
        make = "ColumnValuesToNotBeInSet"
    values = typed(on.rule.parameters["values"], on.columns[0])
    return gx.expect(make, column=on.columns[0].alias, value_set=values, mostly=on.rule.mostly, **on.given)


def _between(on: Subject) -> gx.Expectation:
    column = on.columns[0]
    demand(column, *_ORDERED)
    low, high, strict = bounds(on)
    if low is not None and high is not None and low > high:
        raise RuleError("bounds-crossed", column.name)
    return gx.expect(
        "ColumnValuesToBeBetween",
        column=column.alias,
        min_value=low,
        max_value=high,
        strict_min=bool(on.rule.parameters.get("strict_min", False)),
        strict_max=strict,
        mostly=on.rule.mostly,
        **on.given,
    )


def bounds(on: Subject) -> tuple[Any, Any, bool]:
    """(lowest, highest, highest excluded) in the type of the column; a day as the highest instant means the
    whole of that day."""
    low, high = (_bound(on.rule.parameters.get(name), on) for name in ("min", "max"))
    strict = bool(on.rule.parameters.get("strict_max", False))
    sort = on.columns[0].sort
    if sort == "datetime":
        if isinstance(high, dt.date) and not isinstance(high, dt.datetime):
            high, strict = high if strict else high + dt.timedelta(days=1), True
        low, high = (_instant(bound) for bound in (low, high))
    elif sort == "date":
        low, high = (bound.date() if isinstance(bound, dt.datetime) else bound for bound in (low, high))
    return low, high, strict


def _instant(bound: Any) -> Any:
    plain = isinstance(bound, dt.date) and not isinstance(bound, dt.datetime)
    return dt.datetime(bound.year, bound.month, bound.day) if plain else bound  # noqa: DTZ001


def _bound(value: Any, on: Subject) -> Any:
    """A bound as the rule gives it: nothing, a number for numbers, an ISO day or instant, or today moved by
    days."""
    column = on.columns[0]
    if value is None:
        return None
    if column.sort in {"integer", "number"}:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RuleError("bound-type", f"{column.name}: {value}")
        if float(value) != value:
            # the library keeps bounds as floats; beyond 2**53 not every integer is one
            raise RuleError("bound-type", f"{column.name}: {value}")
        return value
    if isinstance(value, Mapping) and value.get("parameter") == "today":
        return on.table.day() + dt.timedelta(days=float(value.get("days", 0)))
    try:
        text = str(value)
        return dt.date.fromisoformat(text) if len(text) == 10 else dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise RuleError("bound-type", f"{column.name}: {value}") from error


def _length(on: Subject) -> gx.Expectation:
    demand(on.columns[0], "text")
    return gx.expect(
        "ColumnValueLengthsToBeBetween",
        column=on.columns[0].alias,
        min_value=on.rule.parameters.get("min"),
        max_value=on.rule.parameters.get("max"),
        mostly=on.rule.mostly,
        **on.given,
    )


def _type(on: Subject) -> gx.Expectation:
    names = on.table.type_names(on.rule.parameters["type"])
    return gx.expect("ColumnValuesToBeInTypeList", column=on.columns[0].alias, type_list=names, **on.given)


def _mean(on: Subject) -> gx.Expectation:
    demand(on.columns[0], "integer", "number")
    low, high = on.rule.parameters.get("min"), on.rule.parameters.get("max")
    return gx.expect("ColumnMeanToBeBetween", column=on.columns[0].alias, min_value=low, max_value=high, **on.given)


def _order(on: Subject) -> gx.Expectation:
    first, second = on.columns
    numeric = {"integer", "number"}
    if first.sort != second.sort and {first.sort, second.sort} != numeric:
        raise RuleError("column-type", f"{first.name}, {second.name}")
    demand(first, *_ORDERED)
    return gx.expect(
        "ColumnPairValuesAToBeGreaterThanB",
        column_A=second.alias,
        column_B=first.alias,
        or_equal=not on.rule.parameters.get("strict", False),
        ignore_row_if="either_value_is_missing",
        mostly=on.rule.mostly,
        **on.given,
    )


def _equal(on: Subject) -> gx.Expectation:
    first, second = on.columns
    return gx.expect(
        "ColumnPairValuesToBeEqual",
        column_A=first.alias,
        column_B=second.alias,
        ignore_row_if="either_value_is_missing",
        mostly=on.rule.mostly,
        **on.given,
    )


def _newest(on: Subject) -> gx.Expectation:
    demand(on.columns[0], "date", "datetime")
    oldest = on.table.day() - dt.timedelta(days=on.table.days(on.rule))
    low = _instant(oldest) if on.columns[0].sort == "datetime" else oldest
    return gx.expect("ColumnMaxToBeBetween", column=on.columns[0].alias, min_value=low, **on.given)


_BUILDERS: dict[str, Callable[[Subject], gx.Expectation]] = {
    "row_count": _row_count,
    "columns_match": _columns_match,
    "not_null": _map("ColumnValuesToNotBeNull"),
    "not_blank": _map("ColumnValuesToNotMatchRegex", "text", regex=patterns.BLANK),
    "unique": _map("ColumnValuesToBeUnique"),
    "unique_together": _together,
    "no_duplicate_rows": _together,
    "matches_pattern": _pattern,
    "lacks_pattern": _pattern,
    "not_in_set": _set,
    "check_digits": _check,
    "in_set": _set,
    "between": _between,
    "length": _length,
    "type": _type,
    "mean": _mean,
    "in_order": _order,
    "equal": _equal,
    "newest": _newest,
    **engine_references.BUILDERS,
    **engine_findings.BUILDERS,
}
