"""Builders of the expectations which look beyond the table: other tables, central code lists, the version before."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from quality.engines import drift, engine_divisions, engine_drift, engine_relations
from quality.engines import engine_gx as gx
from quality.engines.division_codes import EVER
from quality.engines.engine_keys import KeySource, Reference
from quality.engines.engine_subjects import Subject, demand, typed
from quality.engines.engine_tables import day_number
from quality.rules.rules import NotApplicableError, Rule, RuleError

_TOLERANCE = 0.005
"""Half a cent: what rounding to two places can do to a sum."""


def asked(rules: Sequence[Rule], parameters: Mapping[str, Any]) -> list[KeySource]:
    """The keys of other tables that rules ask for, of those the run's `references` know.

    A reference is a Parquet file, or the keys themselves; for `same_as` (key, value) pairs.
    """
    known: Mapping[str, Any] = parameters.get("references") or {}
    found = {}
    for rule in rules:
        source = known.get(rule.parameters.get("of", ""))
        if source is not None:
            columns = (_item(rule), *([rule.parameters["value"]] if rule.kind == "same_as" else []))
            source = Path(source) if isinstance(source, str | Path) else source
            found[_name(rule)] = KeySource(_name(rule), source, columns)
    return list(found.values())


def _name(rule: Rule) -> str:
    """What the keys are called: two values said of the same keys are two references."""
    return " ".join([rule.parameters["of"], *([rule.parameters["value"]] if rule.kind == "same_as" else [])])


def _item(rule: Rule) -> str:
    return str(rule.parameters["of"].partition(".")[2])


def _reference(on: Subject) -> Reference:
    found = on.table.references.get(_name(on.rule))
    if found is None:
        raise NotApplicableError("references")
    if found.problem:
        raise RuleError("reference-unreadable", found.problem)
    return found


def _common(one: str, other: str, name: str) -> str:
    """The sort as which two columns are compared: numbers as numbers, everything else as text."""
    numbers = {"integer", "number"}
    if {one, other} <= numbers:
        return "number" if "number" in {one, other} else "integer"
    if {one, other} <= {"text", "integer", "date"}:
        return "text"
    raise RuleError("column-type", f"{name}: {one}, {other}")


def _refers(on: Subject) -> gx.Expectation:
    column, reference = on.columns[0], _reference(on)
    return engine_relations.ExpectColumnValuesToBeReferred(
        column=column.alias,
        reference=reference.table,
        sort=_common(column.sort, reference.sorts[0], column.name),
        mostly=on.rule.mostly,
        **on.given,
    )


def _same(on: Subject) -> gx.Expectation:
    (key, value), reference = on.columns, _reference(on)
    return engine_relations.ExpectColumnPairValuesToBeSameElsewhere(
        column_A=key.alias,
        column_B=value.alias,
        reference=reference.table,
        sort=_common(key.sort, reference.sorts[0], key.name),
        value_sort=_common(value.sort, reference.sorts[1], value.name),
        mostly=on.rule.mostly,
        **on.given,
    )


def _code_list(on: Subject) -> gx.Expectation:
    values = on.table.known("code_lists").get(on.rule.parameters["list"])
    if values is None:
        raise NotApplicableError("code_lists")
    return gx.expect(
        "ColumnValuesToBeInSet",
        column=on.columns[0].alias,
        value_set=typed(list(values), on.columns[0]),
        mostly=on.rule.mostly,
        **on.given,
    )


def _division(on: Subject) -> gx.Expectation:
    demand(on.columns[0], "text")
    if len(on.columns) > 1:
        demand(on.columns[1], "date", "datetime")
        return engine_divisions.ExpectColumnPairValuesToBeDivisionCodes(
            column_A=on.columns[0].alias, column_B=on.columns[1].alias, mostly=on.rule.mostly, **on.given
        )
    when = on.rule.parameters.get("on", "today")
    day = EVER if when == "ever" else day_number(on.table.day() if when == "today" else dt.date.fromisoformat(when))
    return engine_divisions.ExpectColumnValuesToBeDivisionCodes(
        column=on.columns[0].alias, day=day, mostly=on.rule.mostly, **on.given
    )


def _sums(on: Subject) -> gx.Expectation:
    for column in on.columns:
        demand(column, "integer", "number")
    return engine_relations.ExpectMulticolumnToSumToLast(
        column_list=[column.alias for column in on.columns],
        tolerance=float(on.rule.parameters.get("tolerance", _TOLERANCE)),
        ignore_row_if="any_value_is_missing",
        mostly=on.rule.mostly,
        **on.given,
    )


def _any_filled(on: Subject) -> gx.Expectation:
    return engine_relations.ExpectMulticolumnToBeFilledSomewhere(
        column_list=[column.alias for column in on.columns],
        texts=[column.alias for column in on.columns if column.sort == "text"],
        mostly=on.rule.mostly,
        **on.given,
    )


def _steady(on: Subject) -> gx.Expectation:
    column, before = on.columns[0], on.table.known("previous")
    profiled = {one["name"]: one for one in (before.get("profile") or {}).get("columns", ())}.get(column.name)
    if profiled is None or profiled["sort"] != column.sort or on.table.rows < drift.FEWEST:
        raise NotApplicableError("previous")
    found = drift.bins(profiled, before["rows"])
    if found is None:
        raise NotApplicableError("previous")
    return engine_drift.ExpectColumnToBeSteady(
        column=column.alias,
        sort=found.sort,
        edges=list(found.edges),
        values=list(found.values),
        shares=list(found.shares),
        max_value=float(on.rule.parameters["limit"]),
        **on.given,
    )


def _implied(on: Subject) -> gx.Expectation:
    values = typed(on.rule.parameters["values"], on.columns[0])
    given = {"column": on.columns[0].alias, "value_set": values, "mostly": on.rule.mostly}
    return gx.expect("ColumnValuesToBeInSet", **given, **on.given)


BUILDERS: dict[str, Callable[[Subject], gx.Expectation]] = {
    "refers_to": _refers,
    "same_as": _same,
    "code_list": _code_list,
    "division_code": _division,
    "sums_to": _sums,
    "any_filled": _any_filled,
    "steady": _steady,
    "implied": _implied,
}
