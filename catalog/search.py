"""Search by words, sounds and facets, which never shows, counts or suggests what the actor may not know of.

Three guards stand one behind the other. A process takes in all changes before it answers, and what it could
not take in (another process is writing) is left out of the question. Every question is filtered by the
actor's labels inside the index, so that counts and suggestions are his; the tree of tenants is asked from the
database instead of being copied into the index, where a move would make it wrong. And every hit is read again
under `readable`; if one is not there, the answer is thrown away and asked again without it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum

import tantivy
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import reading, words
from catalog import search_queries as queries
from catalog.models import Entry
from catalog.reading import Purpose
from catalog.search_documents import ENTRY, FACETS
from catalog.search_index import Differences, Index, catch_up, current, lag, rebuild, verify
from policies.refusals import Invalid
from tenancy.actors import Actor
from tenancy.models import TenantAncestor

__all__ = [
    "FACETS",
    "Differences",
    "Found",
    "Index",
    "Query",
    "Sort",
    "Suggestions",
    "catch_up",
    "find",
    "lag",
    "rebuild",
    "suggest",
    "verify",
]

ROUNDS = 4
MOST_PER_PAGE = 1000
MOST_VALUES = 2000
MOST_CANDIDATES = 3000
FEW = 5


class Sort(StrEnum):
    """The order of the answer; downloads are those at the entry's last change."""

    RELEVANCE = "relevance"
    UPDATED = "updated"
    SCORE = "score"
    DOWNLOADS = "downloads"
    TITLE = "title"


@dataclass(frozen=True)
class Query:
    """What is asked: text as typed, values ticked for each facet, and the tenant whose part is searched.

    A place is a division code and stands for all that lies in the division. A time is asked from a day to a day,
    either of which may be missing; what tells no time of its own then isn't found.
    """

    text: str = ""
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scope: str | None = None
    sort: Sort = Sort.RELEVANCE
    page: int = 1
    per_page: int = 20
    place: str | None = None
    time_from: date | None = None
    time_to: date | None = None


@dataclass(frozen=True)
class Found:
    """The answer: how many, one page of them, and each facet's values with counts, the most frequent first.

    A facet counts what ticking a value would give, so its own ticks don't narrow it. Where nothing was found,
    `corrected` is the nearest text that finds something and `suggestions` are entries with some of the words.
    """

    total: int
    entries: list[Entry]
    facets: Mapping[str, list[tuple[str, int]]]
    suggestions: tuple[Entry, ...] = ()
    corrected: str | None = None


@dataclass(frozen=True)
class Suggestions:
    """What somebody may be about to type: words of the catalogue and entries."""

    words: tuple[str, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class _Asked:
    """One state of the index as one actor may know it, and the session in which he reads."""

    session: Session
    actor: Actor
    now: datetime
    schema: tantivy.Schema
    searcher: tantivy.Searcher
    allowed: tantivy.Query

    def matching(self, parts: Iterable[tantivy.Query]) -> tantivy.Query:
        """What the parts ask for, among what the actor may know of."""
        return queries.all_of([self.allowed, *parts])

    def count(self, parts: Iterable[tantivy.Query]) -> int:
        """How many entries there are."""
        return int(self.searcher.search(self.matching(parts), 1).count)  # type: ignore[attr-defined]

    def ids(self, parts: Iterable[tantivy.Query], order: Sort, first: int, limit: int) -> list[str]:
        """Their ids in an order, from the first (counted from 0) on."""
        hits = self.searcher.search(
            self.matching(parts),
            limit,
            count=False,
            offset=first,
            order_by_field=None if order is Sort.RELEVANCE else f"by_{order.value}",
            order=tantivy.Order.Asc if order is Sort.TITLE else tantivy.Order.Desc,
        ).hits
        return [str(self.searcher.doc(address).get_first("id")) for _, address in hits]

    def terms(self, name: str, prefix: str) -> list[tuple[str, int]]:
        """Words of a field that begin so, each with the number of entries that hold it."""
        return self.searcher.terms_with_prefix(name, prefix, self.allowed, MOST_CANDIDATES)

    def read(self, ids: Sequence[str]) -> list[Entry]:
        """The entries with these ids that the actor may see now, in this order."""
        seen = reading.readable(self.actor, Purpose.SEE, self.now)
        rows = {entry.id: entry for entry in self.session.scalars(select(Entry).where(Entry.id.in_(ids), seen))}
        return [rows[one] for one in ids if one in rows]


def find(index: Index, session: Session, actor: Actor, now: datetime, query: Query) -> Found:
    """Answer a question for an actor. Any text has an answer; a facet that doesn't exist raises Invalid."""
    for name in query.facets:
        if name not in FACETS:
            raise Invalid("search.unknown-facet", field=name, name=name)
    hidden: frozenset[str] = frozenset()
    for _ in range(ROUNDS):
        asked = _Asked(session, actor, now, *_ask(index, session, actor, query.scope, hidden))
        found, gone = _answer(asked, query)
        if not gone:
            break
        hidden |= gone
    return _help_out(asked, query, found) if found.total == 0 and query.text.strip() else found


def suggest(
    index: Index,
    session: Session,
    actor: Actor,
    now: datetime,
    prefix: str,
    *,
    scope: str | None = None,
    limit: int = 8,
) -> Suggestions:
    """Words and entries that go on from what was typed so far, in Chinese, pinyin or initials."""
    typed = queries.typed(index.schema, prefix)
    if typed is None:
        return Suggestions((), ())
    asked = _Asked(session, actor, now, *_ask(index, session, actor, scope, frozenset()))
    last = words.of_query(prefix)[-1]
    terms = asked.terms("vocabulary" if words.is_latin(last) else "title", last)
    counted = sorted((-count, term.partition("=")[2] or term) for term, count in terms if count)
    found = dict.fromkeys(word for _, word in counted if word != last)
    entries = asked.read(asked.ids([typed], Sort.RELEVANCE, 0, limit))
    return Suggestions(tuple(found)[:limit], tuple(entries))


def _ask(
    index: Index, session: Session, actor: Actor, scope: str | None, hidden: frozenset[str]
) -> tuple[tantivy.Schema, tantivy.Searcher, tantivy.Query]:
    """The newest state of the index, and what of it the actor may know of."""
    view, behind = current(index, session)
    schema = index.schema
    needed = [queries.with_value(schema, "kind", [ENTRY])]
    if actor.kind != "system":
        labels = [label for label in reading.labels(actor) if not label.startswith("tenant:")]
        either = [queries.with_value(schema, "labels", labels)]
        if actor.staff_of:
            either.append(queries.with_value(schema, "owner", _below(session, actor.staff_of)))
        needed.append(queries.any_of(either))
    if scope:
        needed.append(queries.with_value(schema, "owner", _below(session, [scope])))
    left_out = behind | hidden
    unwanted = queries.with_value(schema, "id", left_out) if left_out else None
    return schema, view.searcher, queries.weightless(queries.all_of(needed, unwanted))


def _answer(asked: _Asked, query: Query) -> tuple[Found, frozenset[str]]:
    """An answer, and the ids in it that turned out not to be readable; they are in no list and no total."""
    text = queries.typed(asked.schema, query.text)
    if text is None and query.text.strip():
        text = tantivy.Query.empty_query()
    wanted = [*([text] if text else []), *_limits(asked, query)]
    ticked = [*wanted, *map(queries.weightless, queries.chosen(asked.schema, query.facets))]
    total = asked.count(ticked)
    limit = min(max(query.per_page, 1), MOST_PER_PAGE)
    first = (max(query.page, 1) - 1) * limit
    order = Sort.UPDATED if query.sort is Sort.RELEVANCE and text is None else query.sort
    ids = asked.ids(ticked, order, first, limit) if first < total else []
    entries = asked.read(ids)
    gone = frozenset(ids) - {entry.id for entry in entries}
    return Found(total - len(gone), entries, _count_facets(asked, wanted, query.facets)), gone


def _count_facets(
    asked: _Asked, wanted: Sequence[tantivy.Query], facets: Mapping[str, tuple[str, ...]]
) -> dict[str, list[tuple[str, int]]]:
    ticked = [name for name in FACETS if facets.get(name)]
    found: dict[str, list[tuple[str, int]]] = {}
    for but in ["", *ticked]:
        names = [but] if but else [name for name in FACETS if name not in ticked]
        parts = [*wanted, *queries.chosen(asked.schema, facets, but)]
        wish = {name: {"terms": {"field": name, "size": MOST_VALUES}} for name in names}
        for name, counted in asked.searcher.aggregate(asked.matching(parts), wish).items():
            buckets = ((str(one["key"]), int(one["doc_count"])) for one in counted["buckets"])
            found[name] = sorted(buckets, key=lambda pair: (-pair[1], pair[0]))
    return {name: found[name] for name in FACETS}


def _limits(asked: _Asked, query: Query) -> list[tantivy.Query]:
    """The place and the time asked for."""
    place = queries.inside(asked.schema, query.place)
    span = queries.during(asked.schema, query.time_from, query.time_to)
    return [queries.weightless(one) for one in (*place, *span)]


def _below(session: Session, tenant_ids: Iterable[str]) -> list[str]:
    query = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id.in_(tenant_ids))
    return list(session.scalars(query.distinct()))


def _help_out(asked: _Asked, query: Query, found: Found) -> Found:
    """What to offer where nothing was found."""
    ticked = [*_limits(asked, query), *queries.chosen(asked.schema, query.facets)]
    near = asked.ids([queries.loosely(asked.schema, query.text), *ticked], Sort.RELEVANCE, 0, FEW)
    return replace(found, suggestions=tuple(asked.read(near)), corrected=_correct(asked, query.text))


def _correct(asked: _Asked, text: str) -> str | None:
    """The text with each word that finds nothing replaced by the nearest that does; None if that won't do."""
    better = words.clean(text[: words.MOST_TEXT]).strip()
    for word in words.of_query(text):
        if not asked.count([queries.word(asked.schema, word)]):
            better = better.replace(word, _nearest(asked, word))
    query = queries.typed(asked.schema, better)
    if query is None or better == words.clean(text).strip() or not asked.count([query]):
        return None
    return better


def _nearest(asked: _Asked, word: str) -> str:
    """The most frequent word of the catalogue that sounds the same or nearly so; else the word itself."""
    sound = words.sound(word)
    if not sound:
        return word
    heard: dict[str, tuple[int, str]] = {}
    for term, count in asked.terms("vocabulary", sound[0]):
        spoken, _, written = term.partition("=")
        heard[spoken] = max(heard.get(spoken, (0, "")), (count, written))
    likely = get_close_matches(sound, list(heard), n=1, cutoff=0.7)
    return heard[likely[0]][1] if likely else word
