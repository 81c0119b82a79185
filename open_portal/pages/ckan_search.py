"""The query dialect of CKAN clients as conditions on entries: field:value, ranges, AND, OR, NOT, brackets.

Pure reading of text into a small tree, then SQL from a fixed list of fields; a field that isn't on the list
matches nothing, as with an index that has no such field.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, false, func, not_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from catalog.models import Entry
from tenancy.models import Tenant

MOST_TOKENS = 400
MOST_NESTED = 20
TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[()])|(?P<word>[+-]?(?:[A-Za-z_][\w.]*:)?(?:"(?:[^"\\]|\\.)*"|[\[{][^\]}]*[\]}]|[^\s()"]+)))"""
)
FIELD = re.compile(r"(?P<sign>[+-]?)(?:(?P<field>[A-Za-z_][\w.]*|\*):)?(?P<value>.*)", re.DOTALL)
RANGE = re.compile(r"[\[{]\s*(\S+)\s+TO\s+(\S+)\s*[\]}]")


class QueryError(ValueError):
    """A query that can't be read; the message says where."""


@dataclass(frozen=True)
class Asked:
    """A query read: the condition on entries, and the bare words that the index is to be asked for."""

    condition: ColumnElement[bool]
    words: str


def parse(text: str) -> Asked:
    """Read a query; QueryError for unbalanced parentheses or one without end."""
    tokens = list(_tokens(text))
    if len(tokens) > MOST_TOKENS:
        raise QueryError("the query is too long")
    reader = _Reader(tokens)
    condition = reader.either()
    if reader.rest():
        raise QueryError(f"unexpected {reader.rest()[0]!r}")
    return Asked(condition, " ".join(reader.words))


def _tokens(text: str) -> Iterator[str]:
    place = 0
    text = text.strip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise QueryError(f"cannot read {text[place : place + 40]!r}")
        place = match.end()
        yield match["mark"] or match["word"]


class _Reader:
    """Reads tokens by descent: either … or …, all of …, one of these."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.place = 0
        self.words: list[str] = []
        self.depth = 0

    def rest(self) -> list[str]:
        """What was not read yet."""
        return self.tokens[self.place :]

    def either(self) -> ColumnElement[bool]:
        """Parts of which one must hold."""
        parts = [self.all()]
        while self._take("OR", "||"):
            parts.append(self.all())
        return or_(*parts) if len(parts) > 1 else parts[0]

    def all(self) -> ColumnElement[bool]:
        """Parts which must all hold."""
        parts: list[ColumnElement[bool]] = []
        while self.rest() and self.rest()[0] not in {")", "OR", "||"}:
            if not self._take("AND", "&&"):
                parts.append(self._one())
        return and_(true(), *parts)

    def _one(self) -> ColumnElement[bool]:
        negated = False
        while self._take("NOT", "!", "-", "+"):
            negated ^= self.tokens[self.place - 1] != "+"
        if not self.rest():
            return true()
        condition = self._single()
        return not_(condition) if negated else condition

    def _single(self) -> ColumnElement[bool]:
        part = self.rest()[0]
        self.place += 1
        if part == "(":
            self.depth += 1
            if self.depth > MOST_NESTED:
                raise QueryError("the query is nested too deeply")
            inner = self.either()
            self.depth -= 1
            if not self._take(")"):
                raise QueryError("a parenthesis is not closed")
            return inner
        return self._term(part)

    def _term(self, token: str) -> ColumnElement[bool]:
        match = FIELD.fullmatch(token)
        if match is None or match["field"] is None:
            word = _bare(token.lstrip("+"))
            if word not in {"*", ""}:
                self.words.append(word)
            return true()
        value = match["value"]
        if not value and self.rest()[:1] == ["("]:
            return self._several(match["field"], match["sign"])
        condition = on(match["field"], value)
        return not_(condition) if match["sign"] == "-" else condition

    def _several(self, field: str, sign: str) -> ColumnElement[bool]:
        """field:(a OR b)."""
        self.place += 1
        parts: list[ColumnElement[bool]] = []
        every = False
        while not self._take(")"):
            if not self.rest():
                raise QueryError("a parenthesis is not closed")
            if self._take("AND", "&&"):
                every = True
            elif not self._take("OR", "||"):
                parts.append(on(field, self.rest()[0]))
                self.place += 1
        condition = and_(true(), *parts) if every else or_(false(), *parts)
        return not_(condition) if sign == "-" else condition

    def _take(self, *marks: str) -> bool:
        if self.rest() and self.rest()[0] in marks:
            self.place += 1
            return True
        return False


def on(field: str, value: str) -> ColumnElement[bool]:
    """One field's condition."""
    span = RANGE.fullmatch(value)
    bare = _bare(value)
    if field in MOMENTS:
        return _moments(MOMENTS[field], span, bare)
    if field == "*" or bare == "*" or (span and span.groups() == ("*", "*")):
        return true() if field == "*" or field in FIELDS else false()
    test = FIELDS.get(field)
    return test(bare) if test and not span else false()


def _bare(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return re.sub(r"\\(.)", r"\1", value)


def _moments(column: InstrumentedAttribute[Any], span: re.Match[str] | None, bare: str) -> ColumnElement[bool]:
    if span is None:
        return true() if bare == "*" else column == _moment(bare)
    low, high = span.groups()
    parts = [] if low == "*" else [column >= _moment(low)]
    parts += [] if high == "*" else [column <= _moment(high)]
    return and_(true(), *parts)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.strip('"').replace("Z", "+00:00"))
    except ValueError as error:
        raise QueryError(f"{text!r} is no date") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def listed(column: InstrumentedAttribute[list[str]], value: str) -> ColumnElement[bool]:
    """Whether a JSON list holds a text: compared as both databases store it."""
    return cast(column, Text).contains(json.dumps(value), autoescape=True)


def in_organisation(name: str) -> ColumnElement[bool]:
    """Whether an entry belongs to a body, named by key or id."""
    return Entry.tenant_id.in_(select(Tenant.id).where(or_(Tenant.key == name, Tenant.id == name)))


def in_group(name: str) -> ColumnElement[bool]:
    """Whether an entry belongs to a theme, named as groups are."""
    return listed(Entry.themes, name.removeprefix("theme-"))


def by_name(name: str) -> ColumnElement[bool]:
    """The entry with a name, or none."""
    return or_(func.lower(Entry.code) == name.replace("-", "/").lower(), Entry.id == name)


FIELDS: dict[str, Callable[[str], ColumnElement[bool]]] = {
    "id": by_name,
    "name": by_name,
    "title": lambda value: Entry.title.contains(value, autoescape=True),
    "notes": lambda value: Entry.abstract.contains(value, autoescape=True),
    "organization": in_organisation,
    "owner_org": in_organisation,
    "groups": in_group,
    "tags": lambda value: listed(Entry.tags, value),
    "res_format": lambda value: listed(Entry.formats, value.lower()),
    "license_id": lambda value: cast(Entry.licence, Text) == value,
    "type": lambda value: true() if value == "dataset" else false(),
    "dataset_type": lambda value: true() if value == "dataset" else false(),
    "state": lambda value: true() if value == "active" else false(),
    "capacity": lambda value: true() if value == "public" else false(),
    "private": lambda value: true() if value == "false" else false(),
    "extras_tier": lambda value: cast(Entry.open_tier, Text) == value,
    "extras_region": lambda value: Entry.region_code == value,
    "extras_origin": lambda value: cast(Entry.origin, Text) == value,
    "extras_update_cycle": lambda value: cast(Entry.update_cycle, Text) == value,
}
MOMENTS: dict[str, InstrumentedAttribute[Any]] = {
    "metadata_modified": Entry.changed_at,
    "metadata_created": Entry.created_at,
}
SORTS: dict[str, InstrumentedAttribute[Any]] = {
    "id": Entry.id,
    "name": Entry.code,
    "title": Entry.title,
    "title_string": Entry.title,
    "metadata_modified": Entry.changed_at,
    "metadata_created": Entry.created_at,
    "views_recent": Entry.downloads,
}


def ordering(text: str) -> list[ColumnElement[Any]]:
    """The order asked for, made total by the id; score, which the index alone knows, is left out."""
    found: list[ColumnElement[Any]] = []
    for part in text.split(","):
        name, _, direction = part.strip().partition(" ")
        if name in SORTS:
            column = SORTS[name]
            found.append(column.desc() if direction.strip().lower() == "desc" else column.asc())
        elif name not in {"", "score"}:
            raise QueryError(f"cannot sort by {name!r}")
    return [*found, Entry.id.asc()]
