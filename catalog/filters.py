"""The one filter grammar: `column:operator:value` in an address becomes a checked condition, that bound SQL.

In the column part a colon or backslash is written with a backslash before it, so are a comma or backslash in
the list of `in`; every other value stands as it is, to its end. Conditions hold together (and). Text compares
by code point and case. Empty cells: `ne` lets them through, being the opposite of `eq`; everything else but
`null` leaves them out.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from catalog.reading_files.shapes import ColumnType
from policies.refusals import Invalid

Value: TypeAlias = str | int | float | bool | date | datetime

MAX_CONDITIONS = 20
MAX_ORDERS = 5
MAX_CHOICES = 200
MAX_VALUE = 1_000
INTEGER_BOUND = 2**63


class Op(StrEnum):
    """The operators."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    IN = "in"
    CONTAINS = "contains"
    STARTS = "starts"
    NULL = "null"
    NOTNULL = "notnull"


COMPARISONS = {
    Op.EQ: "{column} = ?",
    Op.NE: "{column} IS DISTINCT FROM ?",
    Op.LT: "{column} < ?",
    Op.LE: "{column} <= ?",
    Op.GT: "{column} > ?",
    Op.GE: "{column} >= ?",
    Op.CONTAINS: "contains({column}, ?)",
    Op.STARTS: "starts_with({column}, ?)",
    Op.NULL: "{column} IS NULL",
    Op.NOTNULL: "{column} IS NOT NULL",
}
BARE = {Op.NULL, Op.NOTNULL}
TEXT_ONLY = {Op.CONTAINS, Op.STARTS}
BOOLEANS = {"true": True, "1": True, "是": True, "false": False, "0": False, "否": False}
ORDERING = {Op.LT, Op.LE, Op.GT, Op.GE}


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of a column, its values already of the column's type."""

    column: str
    op: Op
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Somewhere:
    """A text that stands in at least one of some columns, whatever their type and whether small or capital."""

    columns: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that must all hold; none lets every row through."""

    conditions: tuple[Condition, ...] = ()
    texts: tuple[Somewhere, ...] = ()


EVERY_ROW = Filter()


@dataclass(frozen=True, slots=True)
class Order:
    """Sort by a column; empty cells come last either way."""

    column: str
    descending: bool = False


def parse(params: Sequence[str], columns: Mapping[str, ColumnType]) -> Filter:
    """Read the repeated `filter` parameters of an address against a table's columns, or raise Invalid."""
    if len(params) > MAX_CONDITIONS:
        raise Invalid("filter.too-many", limit=MAX_CONDITIONS)
    return Filter(tuple(_condition(param, columns) for param in params))


def render(wanted: Filter) -> tuple[str, ...]:
    """The parameters that `parse` would read back as this filter."""
    return tuple(_rendered(condition) for condition in wanted.conditions)


def compile_sql(wanted: Filter, reference: Callable[[str], str]) -> tuple[str, list[Value]]:
    """A WHERE condition with its bound values; `reference` gives the SQL name of a column."""
    tests: list[str] = []
    bound: list[Value] = []
    for condition in wanted.conditions:
        column = reference(condition.column)
        if condition.op is Op.IN:
            marks = ", ".join("?" * len(condition.values))
            tests.append(f"{column} IN ({marks})")
        else:
            tests.append(COMPARISONS[condition.op].format(column=column))
        bound.extend(condition.values)
    for text in wanted.texts:
        places = [f"contains(lower(CAST({reference(name)} AS VARCHAR)), lower(?))" for name in text.columns]
        tests.append(f"({' OR '.join(places) or 'false'})")
        bound.extend([text.text] * len(places))
    return " AND ".join(tests) or "true", bound


def _condition(param: str, columns: Mapping[str, ColumnType]) -> Condition:
    match = re.fullmatch(r"((?:[^:\\]|\\[:\\])*):([A-Za-z]*)(?::(.*))?", param, re.DOTALL)
    if match is None:
        raise Invalid("filter.malformed", text=param[:200])
    name, word, text = _unescaped(match[1]), match[2].lower(), match[3]
    if name not in columns:
        raise Invalid("filter.unknown-column", column=name[:200])
    if word not in set(Op):
        raise Invalid("filter.unknown-operator", op=word[:20], known=[op.value for op in Op])
    op, type_ = Op(word), columns[name]
    if (op in TEXT_ONLY and type_ is not ColumnType.TEXT) or (op in ORDERING and type_ is ColumnType.BOOLEAN):
        raise Invalid("filter.operator-unfit", column=name, op=op.value)
    return Condition(name, op, _values(op, text, name, type_))


def _values(op: Op, text: str | None, name: str, type_: ColumnType) -> tuple[Value, ...]:
    if op in BARE:
        if text:
            raise Invalid("filter.value-surplus", op=op.value)
        return ()
    if text is None:
        raise Invalid("filter.malformed", text=f"{name}:{op.value}"[:200])
    parts = _split(text) if op is Op.IN else [text]
    if len(parts) > MAX_CHOICES:
        raise Invalid("filter.too-many", limit=MAX_CHOICES)
    return tuple(_value(part, name, type_) for part in parts)


def _value(text: str, name: str, type_: ColumnType) -> Value:
    if len(text) > MAX_VALUE:
        raise Invalid("filter.too-long", limit=MAX_VALUE)
    try:
        return READERS[type_](text)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"filter.value-unfit-{type_.value}", column=name, value=text[:200]) from error


def _text(text: str) -> str:
    text.encode()  # lone surrogates are no text
    if "\0" in text:
        raise ValueError
    return text


def _integer(text: str) -> int:
    if not re.fullmatch(r"\s*[+-]?[0-9]{1,19}\s*", text, re.ASCII):
        raise ValueError
    number = int(text)
    if not -INTEGER_BOUND <= number < INTEGER_BOUND:
        raise ValueError
    return number


def _decimal(text: str) -> float:
    if not text.isascii() or "_" in text:
        raise ValueError
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in BOOLEANS:
        raise ValueError
    return BOOLEANS[word]


def _date(text: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text.strip(), re.ASCII):
        raise ValueError
    return date.fromisoformat(text.strip())


def _datetime(text: str) -> datetime:
    """Beijing wall-clock time, as datetimes are stored; a zone would say something else."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]{2,15})?", text.strip(), re.ASCII):
        raise ValueError
    return datetime.fromisoformat(text.strip())


READERS: Mapping[ColumnType, Callable[[str], Value]] = {
    ColumnType.TEXT: _text,
    ColumnType.INTEGER: _integer,
    ColumnType.DECIMAL: _decimal,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.DATE: _date,
    ColumnType.DATETIME: _datetime,
}


def _split(text: str) -> list[str]:
    return [_unescaped(part) for part in re.findall(r"(?:^|,)((?:[^,\\]|\\.?)*)", text, re.DOTALL)]


def _unescaped(text: str) -> str:
    return re.sub(r"\\([:,\\])", r"\1", text)


def _escaped(text: str, marks: str) -> str:
    return re.sub(f"([{re.escape(marks)}])", r"\\\1", text)


def _rendered(condition: Condition) -> str:
    words = [_word(value) for value in condition.values]
    if condition.op is Op.IN:
        words = [",".join(_escaped(word, ",\\") for word in words)]
    return ":".join([_escaped(condition.column, ":\\"), condition.op.value, *words])


def _word(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def parse_order(params: Sequence[str], columns: Mapping[str, ColumnType]) -> tuple[Order, ...]:
    """Read the `order` parameters: `column`, `column:asc` or `column:desc`, escaped as in filters."""
    if len(params) > MAX_ORDERS:
        raise Invalid("filter.too-many", limit=MAX_ORDERS)
    found = []
    for param in params:
        match = re.fullmatch(r"((?:[^:\\]|\\[:\\])*)(?::(asc|desc))?", param, re.DOTALL)
        if match is None:
            raise Invalid("filter.order-malformed", text=param[:200])
        name = _unescaped(match[1])
        if name not in columns:
            raise Invalid("filter.unknown-column", column=name[:200])
        found.append(Order(name, descending=match[2] == "desc"))
    return tuple(found)


def columns_used(wanted: Filter) -> Iterable[str]:
    """The columns a filter looks at: someone who may not see a column may not filter by it either."""
    return {condition.column for condition in wanted.conditions}
