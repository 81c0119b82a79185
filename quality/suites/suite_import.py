"""Expectations written by anybody, as our rules; what has no counterpart is refused with its place and a remedy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.refusals import Invalid
from quality.rules import patterns, rule_checks
from quality.rules.rules import Rule, RuleError

OF_TABLE = frozenset({
    "expect_table_row_count_to_be_between",
    "expect_table_row_count_to_equal",
    "expect_table_columns_to_match_set",
    "expect_column_values_to_be_of_type",
    "expect_column_values_to_be_in_type_list",
    "expect_column_mean_to_be_between",
    "expect_column_max_to_be_between",
})  # fmt: skip
"""Expectations about the table as a whole, which take no `mostly`."""
HARMLESS = frozenset({"batch_id", "result_format", "catch_exceptions", "condition_parser", "windows", "description"})
"""Arguments that change nothing about what is demanded."""
TYPE_NAMES = {
    "text": ("str", "string", "object", "VARCHAR", "TEXT", "STRING", "StringType"),
    "integer": ("int64", "int", "Int64", "BIGINT", "INTEGER", "LongType", "IntegerType"),
    "number": ("float64", "float", "DOUBLE", "Double", "DECIMAL", "int64", "BIGINT", "DoubleType", "LongType"),
    "date": ("date", "DATE", "date32[day][pyarrow]", "DateType"),
    "datetime": ("datetime64[ns]", "datetime64[us]", "datetime64", "Timestamp", "TIMESTAMP", "TimestampType"),
    "boolean": ("bool", "boolean", "BOOLEAN", "BooleanType"),
}
"""How the engines of Great Expectations call our types."""

_TOLD = 6


@dataclass(frozen=True)
class Read:
    """The rules of a file, or everything that is wrong with it, each with its place as `field`."""

    rules: tuple[Rule, ...]
    problems: tuple[Invalid, ...] = ()


@dataclass(frozen=True)
class _Found:
    """An expectation while it is read."""

    path: str
    type: str
    kwargs: Mapping[str, Any]

    def wrong(self, name: str) -> Invalid:
        value = str(self.kwargs.get(name))[:80]
        return Invalid("suite.kwarg-wrong", field=f"{self.path}.kwargs.{name}", type=self.type, name=name, value=value)

    def text(self, name: str) -> str:
        value = self.kwargs.get(name)
        if not isinstance(value, str) or not value:
            raise self.wrong(name)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.kwargs.get(name)
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise self.wrong(name)
        return tuple(value)

    def values(self, name: str) -> list[Any]:
        value = self.kwargs.get(name)
        if not isinstance(value, list) or not all(isinstance(one, str | int | float | bool) for one in value):
            raise self.wrong(name)
        return value

    def bounds(self) -> dict[str, Any]:
        given = {"min": self.kwargs.get("min_value"), "max": self.kwargs.get("max_value")}
        for name, value in given.items():
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float | str)):
                raise self.wrong(f"{name}_value")
        return {name: value for name, value in given.items() if value is not None}


Parts = tuple[str, tuple[str, ...], dict[str, Any]]


def checked(rules: Sequence[Rule]) -> Read:
    """The rules as read, unless they can't stand together."""
    try:
        rule_checks.demand_sound(rules)
    except Invalid as refusal:
        return Read((), (refusal,))
    return Read(tuple(rules))


def rule_of(expectation: object, path: str, taken: set[str]) -> Rule:
    """An expectation as a rule with an id that is not taken; Invalid with the path of the field at fault."""
    found = _found(expectation, path)
    reader = _READERS.get(found.type)
    if reader is None:
        raise Invalid("suite.expectation-unknown", field=f"{path}.type", type=found.type, remedy=_nearest(found.type))
    allowed, read = reader
    for name in found.kwargs:
        if name not in allowed | HARMLESS | {"mostly", "row_condition", "column"}:
            field = f"{path}.kwargs.{name}"
            raise Invalid("suite.kwarg-unknown", field=field, type=found.type, name=name)
    kind, columns, parameters = read(found)
    condition = _condition(found)
    if condition:
        parameters["when"] = condition
    return _made(expectation, found, kind, columns, parameters, taken)


def _found(expectation: object, path: str) -> _Found:
    if not isinstance(expectation, dict) or not isinstance(expectation.get("type"), str):
        raise Invalid("suite.entry-wrong", field=path)
    kwargs = expectation.get("kwargs")
    if not isinstance(kwargs, dict):
        raise Invalid("suite.entry-wrong", field=f"{path}.kwargs")
    given = {name: value for name, value in kwargs.items() if value is not None}
    return _Found(path, expectation["type"], given)


def _made(
    expectation: object, found: _Found, kind: str, columns: tuple[str, ...], parameters: dict[str, Any], taken: set[str]
) -> Rule:
    assert isinstance(expectation, dict)  # noqa: S101 - _found has looked
    mostly = found.kwargs.get("mostly", 1.0)
    if isinstance(mostly, bool) or not isinstance(mostly, int | float):
        raise found.wrong("mostly")
    notes = expectation.get("description") or expectation.get("notes")
    said = notes if isinstance(notes, str) else ""
    base = ":".join([kind, "+".join(columns[:8])])
    number, rule_id = 1, base
    while rule_id in taken:
        number += 1
        rule_id = f"{base}#{number}"
    try:
        # The library takes a missing severity for the gravest.
        severity = str(expectation.get("severity") or "critical")
        return Rule(
            rule_id, kind, columns, parameters, severity=severity, mostly=float(mostly), why_zh=said, why_en=said
        )
    except RuleError as error:
        field = {"severity-unknown": "severity", "mostly-wrong": "kwargs.mostly"}.get(error.reason, "kwargs")
        raise rule_checks.problem_of(error, f"{found.path}.{field}") from error


def _condition(found: _Found) -> dict[str, Any] | None:
    given = found.kwargs.get("row_condition")
    if given is None:
        return None
    column = given.get("column") if isinstance(given, dict) else None
    name = column.get("name") if isinstance(column, dict) else column
    if isinstance(given, dict) and isinstance(name, str):
        value = given.get("parameter")
        if given.get("operator") == "IN" and isinstance(value, list) and value:
            return {"column": name, "values": value}
        if given.get("operator") == "==" and isinstance(value, str | int | float):
            return {"column": name, "values": [value]}
    raise Invalid("suite.condition-wrong", field=f"{found.path}.kwargs.row_condition")


def _nearest(wanted: str) -> str:
    """The known expectations that share most words with an unknown one."""
    words = set(wanted.split("_"))
    ranked = sorted(_READERS, key=lambda known: (-len(words & set(known.split("_"))), known))
    return ", ".join(ranked[:_TOLD])


def _one(kind: str, **renamed: str) -> Callable[[_Found], Parts]:
    return lambda found: (
        kind,
        (found.text("column"),),
        {ours: found.values(theirs) for theirs, ours in renamed.items()},
    )


def _bounded(kind: str) -> Callable[[_Found], Parts]:
    def read(found: _Found) -> Parts:
        strict = {name: True for name in ("strict_min", "strict_max") if found.kwargs.get(name)}
        if strict and kind != "between":
            raise found.wrong(next(iter(strict)))
        return kind, (found.text("column"),), {**found.bounds(), **strict}

    return read


def _rows(found: _Found) -> Parts:
    if found.type.endswith("_equal"):
        value = found.kwargs.get("value")
        if isinstance(value, bool) or not isinstance(value, int):
            raise found.wrong("value")
        return "row_count", (), {"min": value, "max": value}
    return "row_count", (), found.bounds()


def _equal_length(found: _Found) -> Parts:
    value = found.kwargs.get("value")
    if isinstance(value, bool) or not isinstance(value, int):
        raise found.wrong("value")
    return "length", (found.text("column"),), {"min": value, "max": value}


def _columns(found: _Found) -> Parts:
    return "columns_match", found.texts("column_set"), {"exact": bool(found.kwargs.get("exact_match", True))}


def _regex(found: _Found) -> Parts:
    regex = found.text("regex")
    known = next((form.code for form in patterns.PATTERNS.values() if form.regex == regex), None)
    return "matches_pattern", (found.text("column"),), {"pattern": known} if known else {"regex": regex}


def _not_regex(found: _Found) -> Parts:
    regex = found.text("regex")
    if regex == patterns.BLANK:
        return "not_blank", (found.text("column"),), {}
    return "lacks_pattern", (found.text("column"),), {"regex": regex}


def _compound(found: _Found) -> Parts:
    if found.kwargs.get("ignore_row_if", "all_values_are_missing") != "all_values_are_missing":
        raise found.wrong("ignore_row_if")
    return "unique_together", found.texts("column_list"), {}


def _pair(found: _Found) -> Parts:
    # The library's own default counts rows of which one value is missing.
    if found.kwargs.get("ignore_row_if", "both_values_are_missing") != "either_value_is_missing":
        raise found.wrong("ignore_row_if")
    first, second = found.text("column_A"), found.text("column_B")
    if found.type == "expect_column_pair_values_to_be_equal":
        return "equal", (first, second), {}
    return "in_order", (second, first), {} if found.kwargs.get("or_equal") else {"strict": True}


def _type(found: _Found) -> Parts:
    if found.type.endswith("of_type"):
        names, argument = {found.text("type_")}, "type_"
    else:
        names, argument = set(found.texts("type_list")), "type_list"
    fitting = [code for code, known in TYPE_NAMES.items() if names <= set(known)]
    if not fitting:
        raise found.wrong(argument)
    # A whole number is a number too: the narrower type is meant when both fit.
    return "type", (found.text("column"),), {"type": fitting[0]}


_BOUNDS = frozenset({"min_value", "max_value", "strict_min", "strict_max"})
_PAIR = frozenset({"column_A", "column_B", "or_equal", "ignore_row_if"})
_READERS: Mapping[str, tuple[frozenset[str], Callable[[_Found], Parts]]] = {
    "expect_table_row_count_to_be_between": (frozenset({"min_value", "max_value"}), _rows),
    "expect_table_row_count_to_equal": (frozenset({"value"}), _rows),
    "expect_table_columns_to_match_set": (frozenset({"column_set", "exact_match"}), _columns),
    "expect_column_values_to_not_be_null": (frozenset(), _one("not_null")),
    "expect_column_values_to_be_unique": (frozenset(), _one("unique")),
    "expect_compound_columns_to_be_unique": (frozenset({"column_list", "ignore_row_if"}), _compound),
    "expect_column_values_to_match_regex": (frozenset({"regex"}), _regex),
    "expect_column_values_to_not_match_regex": (frozenset({"regex"}), _not_regex),
    "expect_column_values_to_be_in_set": (frozenset({"value_set"}), _one("in_set", value_set="values")),
    "expect_column_values_to_not_be_in_set": (frozenset({"value_set"}), _one("not_in_set", value_set="values")),
    "expect_column_values_to_be_between": (_BOUNDS, _bounded("between")),
    "expect_column_value_lengths_to_be_between": (_BOUNDS, _bounded("length")),
    "expect_column_value_lengths_to_equal": (frozenset({"value"}), _equal_length),
    "expect_column_values_to_be_of_type": (frozenset({"type_"}), _type),
    "expect_column_values_to_be_in_type_list": (frozenset({"type_list"}), _type),
    "expect_column_mean_to_be_between": (_BOUNDS, _bounded("mean")),
    "expect_column_pair_values_a_to_be_greater_than_b": (_PAIR, _pair),
    "expect_column_pair_values_to_be_equal": (_PAIR - {"or_equal"}, _pair),
}
