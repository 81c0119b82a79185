"""The query dialect of CKAN clients as conditions on entries: field:value, ranges, AND, OR, NOT, brackets.

Pure reading of text into a tree from a fixed list of fields; a field that isn't on the list matches nothing, as with
an index that has no such field.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from catalog.mapping.ckan import STATES
from catalog.search_conditions import (
    ALWAYS,
    NEVER,
    Any,
    Begins,
    Between,
    Condition,
    Every,
    Has,
    Holds,
    Not,
    Some,
)
from open_portal.pages.ckan.ckan_moments import MomentError, moment

MOST_TOKENS = 400
MOST_NESTED = 20
TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[()])|(?P<word>[+!-]?(?:[A-Za-z_][\w.-]*:)?(?:"(?:[^"\\]|\\.)*"|[\[{][^\]}]*[\]}]|[^\s()"]+)))"""
)
FIELD = re.compile(r"(?P<sign>[+!-]?)(?:(?P<field>[A-Za-z_][\w.-]*|\*):)?(?P<value>.*)", re.DOTALL)
RANGE = re.compile(r"[\[{]\s*(\S+)\s+TO\s+(\S+)\s*[\]}]")
WEIGHT = re.compile(r"(?<=[\w\"*])[\^~][\d.]*$")

Bodies = Callable[[str], str | None]
"""Gives the id of the body that a client names by key or id; None where there is no such body."""


class QueryError(ValueError):
    """A query that can't be read; the message says where."""


def parse(text: str, bodies: Bodies, now: datetime) -> Condition:
    """Read a query; QueryError for unbalanced parentheses or one without end."""
    tokens = list(_tokens(text))
    if len(tokens) > MOST_TOKENS:
        raise QueryError("the query is too long")
    reader = _Reader(tokens, _Fields(bodies, now))
    condition = reader.either()
    if reader.rest():
        raise QueryError(f"unexpected {reader.rest()[0]!r}")
    return condition


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

    def __init__(self, tokens: list[str], fields: "_Fields") -> None:
        self.tokens = tokens
        self.fields = fields
        self.place = 0
        self.depth = 0

    def rest(self) -> list[str]:
        """What was not read yet."""
        return self.tokens[self.place :]

    def either(self) -> Condition:
        """Parts of which one must hold."""
        parts = [self.all()]
        while self._take("OR", "||"):
            parts.append(self.all())
        return Some(tuple(parts)) if len(parts) > 1 else parts[0]

    def all(self) -> Condition:
        """Parts which must all hold; words that stand together are asked for together."""
        parts: list[Condition] = []
        while self._peek() not in {"", ")", "OR", "||"}:
            if not self._take("AND", "&&"):
                parts.append(self._one())
        words = " ".join(one.text for one in parts if isinstance(one, Holds) and one.field is None)
        others = [one for one in parts if not (isinstance(one, Holds) and one.field is None) and one != ALWAYS]
        found = [*([Holds(words)] if words else []), *others]
        return found[0] if len(found) == 1 else Every(tuple(found))

    def _one(self) -> Condition:
        negated = False
        while self._take("NOT", "!", "-", "+"):
            negated ^= self.tokens[self.place - 1] != "+"
        if not self._peek():
            return ALWAYS
        condition = self._single()
        return Not(condition) if negated else condition

    def _single(self) -> Condition:
        part = self.tokens[self.place]
        self.place += 1
        if part != "(":
            return self._term(part)
        self.depth += 1
        if self.depth > MOST_NESTED:
            raise QueryError("the query is nested too deeply")
        inner = self.either()
        self.depth -= 1
        if not self._take(")"):
            raise QueryError("a parenthesis is not closed")
        return inner

    def _term(self, token: str) -> Condition:
        match = FIELD.fullmatch(token)
        sign = match["sign"] if match else ""
        if match is None or match["field"] is None:
            word = _bare(match["value"] if match else token)
            condition: Condition = ALWAYS if word in {"*", ""} else Holds(word)
        elif not match["value"] and self._peek() == "(":
            condition = self._several(match["field"])
        else:
            condition = self.fields.on(match["field"], match["value"])
        return Not(condition) if sign in {"-", "!"} else condition

    def _several(self, field: str) -> Condition:
        """field:(a OR b)."""
        self.place += 1
        parts: list[Condition] = []
        every = False
        while not self._take(")"):
            if not self._peek():
                raise QueryError("a parenthesis is not closed")
            if self._take("AND", "&&"):
                every = True
            elif not self._take("OR", "||"):
                parts.append(self.fields.on(field, self._peek()))
                self.place += 1
        return Every(tuple(parts)) if every else Some(tuple(parts))

    def _peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _take(self, *marks: str) -> bool:
        if self._peek() in marks and self._peek():
            self.place += 1
            return True
        return False


class _Fields:
    """What each field of a client means for an entry."""

    def __init__(self, bodies: Bodies, now: datetime) -> None:
        self._bodies = bodies
        self._now = now

    def on(self, field: str, value: str) -> Condition:
        """One field's condition."""
        span, bare = RANGE.fullmatch(value), _bare(WEIGHT.sub("", value))
        if field == "*":
            return ALWAYS
        if field in INSTANTS:
            return self._instants(INSTANTS[field], span, bare)
        whole = bare == "*" or (span is not None and span.groups() == ("*", "*"))
        if field in {"organization", "owner_org"}:
            return ALWAYS if whole else self._body(bare)
        if field in FIXED:
            return ALWAYS if whole or bare.lower() in FIXED[field] else NEVER
        if field not in FIELDS or (span and not whole):
            return NEVER
        return PRESENT.get(field, ALWAYS) if whole else FIELDS[field](bare)

    def _body(self, name: str) -> Condition:
        found = self._bodies(name)
        return Has("owner", (found,)) if found else NEVER

    def _instants(self, field: str, span: re.Match[str] | None, bare: str) -> Condition:
        low, high = span.groups() if span else (bare, bare)
        try:
            first = None if low == "*" else moment(low.strip('"'), self._now)
            last = None if high == "*" else moment(high.strip('"'), self._now)
        except MomentError as error:
            raise QueryError(str(error)) from error
        return Between(field, first, last)


def _bare(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return re.sub(r"\\(.)", r"\1", value)


def _named(value: str) -> Condition:
    """An entry by its name or id, or by how its name begins."""
    if value.endswith("*"):
        return Begins("code", value[:-1].replace("-", "/").lower())
    return Some((Has("code", (value.replace("-", "/").lower(),)), Has("id", (value,))))


def _words_in(field: str) -> Callable[[str], Condition]:
    return lambda value: Holds(value.strip("*"), field)


def _exactly(field: str, change: Callable[[str], str] = str) -> Callable[[str], Condition]:
    return lambda value: Has(field, (change(value),))


PUBLIC = Has("labels", ("open",))
"""What everybody may know of."""
FIELDS: Mapping[str, Callable[[str], Condition]] = {
    "id": _named,
    "name": _named,
    "title": _words_in("title"),
    "notes": _words_in("text"),
    "text": Holds,
    "state": lambda value: Has("state", tuple(STATES.get(value, ()))),
    "capacity": lambda value: PUBLIC if value == "public" else Not(PUBLIC),
    "private": lambda value: Not(PUBLIC) if value == "true" else PUBLIC,
    "groups": _exactly("theme", lambda value: value.removeprefix("theme-")),
    "tags": _exactly("tag"),
    "res_format": _exactly("format", str.lower),
    "license_id": _exactly("licence", lambda value: "UNSTATED" if value == "notspecified" else value),
    **{
        f"{prefix}{name}": _exactly(field)
        for prefix in ("", "extras_")
        for name, field in (
            ("access_level", "tier"),
            ("tier", "tier"),
            ("region_code", "region"),
            ("region", "region"),
            ("update_cycle", "update_cycle"),
            ("origin", "origin"),
            ("origin_portal", "portal"),
            ("identifier", "code"),
            ("themes", "theme"),
        )
    },
}
"""What clients may ask for by field; the names with `extras_` are those of the extras we write."""
FIXED: Mapping[str, frozenset[str]] = {
    "type": frozenset({"dataset"}),
    "dataset_type": frozenset({"dataset"}),
    "entity_type": frozenset({"package"}),
    "site_id": frozenset({"default"}),
}
"""Fields that have the same value everywhere."""
PRESENT: Mapping[str, Condition] = {"tags": Any("tag"), "groups": Any("theme"), "res_format": Any("format")}
"""Fields that an entry may leave empty."""
INSTANTS: Mapping[str, str] = {"metadata_modified": "changed", "metadata_created": "created"}
SORTS: Mapping[str, str] = {
    "id": "by_id",
    "name": "by_code",
    "title": "by_title",
    "title_string": "by_title",
    "metadata_modified": "by_changed",
    "metadata_created": "by_created",
    "views_recent": "by_downloads",
    "views_total": "by_downloads",
    "score": "",
}


def ordering(text: str) -> tuple[str, bool]:
    """The first order asked for, and whether it descends; the id makes every order total."""
    found: list[tuple[str, bool]] = []
    for part in text.split(","):
        name, _, direction = part.strip().partition(" ")
        if not name:
            continue
        if name not in SORTS or direction.strip().lower() not in {"", "asc", "desc"}:
            raise QueryError(f"cannot sort by {part.strip()[:40]!r}")
        found.append((SORTS[name], direction.strip().lower() == "desc"))
    return found[0] if found else ("", True)
