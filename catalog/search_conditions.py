"""Conditions on entries as a small tree, for whoever asks the index in a language of fields instead of by ticking.

A tree is pure: it knows no index and no SQL. `compiled` makes it the index's own, term by term.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import tantivy
from tantivy import FieldType, Occur, Query

from catalog import search_queries as queries
from catalog import words
from catalog.search_documents import micros

BOUND = 2**62


@dataclass(frozen=True)
class Every:
    """All parts hold; without parts, what holds of every entry."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True)
class Some:
    """One of the parts holds; without parts, what holds of no entry."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: "Condition"


@dataclass(frozen=True)
class Has:
    """A field has one of some values, exactly."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Begins:
    """A field's value begins with a text of letters, digits, slashes and hyphens; anything else begins nothing."""

    field: str
    text: str


@dataclass(frozen=True)
class Any:
    """A field has any value at all."""

    field: str


@dataclass(frozen=True)
class Between:
    """An instant lies between two others, both counted in; None leaves a side open."""

    field: str
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True)
class Holds:
    """Words as somebody typed them, in the whole entry or in one field."""

    text: str
    field: str | None = None


Condition: TypeAlias = Every | Some | Not | Has | Begins | Any | Between | Holds
ALWAYS = Every()
NEVER = Some()


def weighs(condition: Condition) -> bool:
    """Whether a condition says how well an entry fits, and not only whether."""
    if isinstance(condition, Every | Some):
        return any(weighs(one) for one in condition.parts)
    return isinstance(condition, Holds) and bool(condition.text.strip())


def compiled(schema: tantivy.Schema, condition: Condition) -> Query:
    """A condition as a question to the index."""
    make = _MAKERS[type(condition)]
    return make(schema, condition)


def _every(schema: tantivy.Schema, condition: Every) -> Query:
    parts = [compiled(schema, one) for one in condition.parts]
    return queries.all_of(parts) if parts else queries.weightless(Query.all_query())


def _some(schema: tantivy.Schema, condition: Some) -> Query:
    return queries.any_of([compiled(schema, one) for one in condition.parts])


def _not(schema: tantivy.Schema, condition: Not) -> Query:
    everything = queries.weightless(Query.all_query())
    return Query.boolean_query([(Occur.Must, everything), (Occur.MustNot, compiled(schema, condition.part))])


def _has(schema: tantivy.Schema, condition: Has) -> Query:
    return queries.weightless(queries.with_value(schema, condition.field, condition.values))


def _begins(schema: tantivy.Schema, condition: Begins) -> Query:
    kept = condition.text
    if not kept.isascii() or not kept.replace("/", "").replace("-", "").isalnum():
        return Query.empty_query()
    return queries.weightless(Query.regex_query(schema, condition.field, f"{kept}.*"))


def _any(_schema: tantivy.Schema, condition: Any) -> Query:
    return queries.weightless(Query.exists_query(condition.field))


def _between(schema: tantivy.Schema, condition: Between) -> Query:
    low = micros(condition.first) if condition.first else -BOUND
    high = micros(condition.last) if condition.last else BOUND
    return queries.weightless(Query.range_query(schema, condition.field, FieldType.Integer, low, high))


def _holds(schema: tantivy.Schema, condition: Holds) -> Query:
    if condition.field is None:
        found = queries.typed(schema, condition.text)
        return Query.empty_query() if found is None else found
    parts = words.of_query(condition.text)
    return queries.all_of(queries.inside_field(schema, condition.field, part) for part in parts)


_MAKERS: Mapping[type, Callable[..., Query]] = {
    Every: _every,
    Some: _some,
    Not: _not,
    Has: _has,
    Begins: _begins,
    Any: _any,
    Between: _between,
    Holds: _holds,
}
