"""Search by words, sounds and facets, which never shows, counts or suggests what the actor may not know of.

Three guards stand one behind the other. A process takes in all changes before it answers, and what it could
not take in (another process is writing) is left out of the question. Every question is filtered by the
actor's labels inside the index, so that counts and suggestions are his; the tree of tenants is asked from the
database instead of being copied into the index, where a move would make it wrong. And every hit is read again
under `readable`; if one is not there, the answer is thrown away and asked again without it.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum
from functools import partial
from typing import TypeVar

import tantivy
from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload, selectinload

from catalog import reading, words
from catalog import search_queries as queries
from catalog.models import Entry
from catalog.reading import Purpose
from catalog.search_documents import ENTRY, FACETS, JOINT, SETS, counted
from catalog.search_index import Differences, Index, catch_up, current, lag, rebuild, verify
from catalog.search_views import View
from catalog.synonyms import Synonyms
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
MOST_VALUES = 5000
MOST_CANDIDATES = 3000
FEW = 5

Answer = TypeVar("Answer")


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
    view: View
    allowed: tantivy.Query
    synonyms: Synonyms
    known_by: Hashable
    """What the actor may know of, by which answers of this state are known again."""

    @property
    def searcher(self) -> tantivy.Searcher:
        """This state of the index."""
        return self.view.searcher

    def matching(self, parts: Iterable[tantivy.Query]) -> tantivy.Query:
        """What the parts ask for, among what the actor may know of."""
        return queries.all_of([self.allowed, *parts])

    def count(self, parts: Iterable[tantivy.Query]) -> int:
        """How many entries there are."""
        return int(self.searcher.search(self.matching(parts), 1).count)  # type: ignore[attr-defined]

    def page(self, parts: Iterable[tantivy.Query], order: Sort, first: int, limit: int) -> tuple[int, list[str]]:
        """How many entries there are, and the ids of some in an order, from the first (counted from 0) on."""
        parts = list(parts)
        if first and first >= (total := self.count(parts)):
            # The index would make room for everything before the page, though there is nothing.
            return total, []
        found = self.searcher.search(
            self.matching(parts),
            limit,
            offset=first,
            order_by_field=None if order is Sort.RELEVANCE else f"by_{order.value}",
            order=tantivy.Order.Asc if order is Sort.TITLE else tantivy.Order.Desc,
        )
        ids = [str(self.searcher.doc(address).get_first("id")) for _, address in found.hits]
        return int(found.count), ids  # type: ignore[attr-defined]

    def once(self, question: Hashable, work_out: Callable[[], Answer]) -> Answer:
        """The answer to a question, worked out if nobody who may know as much has asked it of this state."""
        return self.view.answers.once((self.known_by, question), work_out)

    def terms(self, name: str, prefix: str) -> list[tuple[str, int]]:
        """Words of a field that begin so, each with the number of entries that hold it."""
        return self.searcher.terms_with_prefix(name, prefix, self.allowed, MOST_CANDIDATES)

    def read(self, ids: Sequence[str]) -> list[Entry]:
        """The entries with these ids that the actor may see now, in this order."""
        seen = reading.readable(self.actor, Purpose.SEE, self.now)
        query = select(Entry).where(Entry.id.in_(ids), seen)
        # Joined to every row, the bodies of a page would take longer than all else; the source is mostly the owner.
        query = query.options(selectinload(Entry.tenant), lazyload(Entry.source_tenant))
        rows = {entry.id: entry for entry in self.session.scalars(query)}
        return [rows[one] for one in ids if one in rows]


def find(index: Index, session: Session, actor: Actor, now: datetime, query: Query) -> Found:
    """Answer a question for an actor. Any text has an answer; a facet that doesn't exist raises Invalid."""
    for name in query.facets:
        if name not in FACETS:
            raise Invalid("search.unknown-facet", field=name, name=name)
    hidden: frozenset[str] = frozenset()
    for _ in range(ROUNDS):
        asked = _ask(index, session, actor, now, query.scope, hidden)
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
    asked = _ask(index, session, actor, now, scope)
    last = words.of_query(prefix)[-1]
    terms = asked.terms("vocabulary" if words.is_latin(last) else "title", last)
    counted = sorted((-count, term.partition("=")[2] or term) for term, count in terms if count)
    found = dict.fromkeys(word for _, word in counted if word != last)
    entries = asked.read(asked.page([typed], Sort.RELEVANCE, 0, limit)[1])
    return Suggestions(tuple(found)[:limit], tuple(entries))


def _ask(
    index: Index,
    session: Session,
    actor: Actor,
    now: datetime,
    scope: str | None,
    hidden: frozenset[str] = frozenset(),
) -> _Asked:
    """The newest state of the index, and what of it the actor may know of."""
    view, behind = current(index, session)
    schema, left_out = index.schema, behind | hidden
    labels: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    if actor.kind == "system":
        needed = [queries.with_value(schema, "kind", [ENTRY])]
    else:
        labels = tuple(sorted(one for one in reading.labels(actor) if not one.startswith("tenant:")))
        # A label that no entry bears would only make every question longer.
        borne = [one for one in labels if view.searcher.doc_freq("labels", one)]
        either = [queries.with_value(schema, "labels", borne)] if borne else []
        if actor.staff_of:
            below = _below(session, actor.staff_of)
            either.append(queries.with_value(schema, "owner", below))
        needed = [queries.any_of(either)]
    within = _below(session, [scope]) if scope else None
    if within is not None:
        needed.append(queries.with_value(schema, "owner", within))
    unwanted = queries.with_value(schema, "id", left_out) if left_out else None
    allowed = queries.weightless(queries.all_of(needed, unwanted))
    known_by = (actor.kind == "system", labels, below, within, left_out)
    return _Asked(session, actor, now, schema, view, allowed, index.synonyms(session), known_by)


def _answer(asked: _Asked, query: Query) -> tuple[Found, frozenset[str]]:
    """An answer, and the ids in it that turned out not to be readable; they are in no list and no total."""
    text = queries.typed(asked.schema, query.text, asked.synonyms)
    if text is None and query.text.strip():
        text = tantivy.Query.empty_query()
    wanted = [*([text] if text else []), *_limits(asked, query)]
    question = _Question(
        wanted, (query.text, asked.synonyms.state, query.place, query.time_from, query.time_to), query.facets
    )
    limit = min(max(query.per_page, 1), MOST_PER_PAGE)
    first = (max(query.page, 1) - 1) * limit
    order = Sort.UPDATED if query.sort is Sort.RELEVANCE and text is None else query.sort
    total, ids = asked.once(
        (question.key(), order, first, limit), lambda: asked.page(question.parts(asked), order, first, limit)
    )
    entries = asked.read(ids)
    gone = frozenset(ids) - {entry.id for entry in entries}
    return Found(total - len(gone), entries, _count_facets(asked, question)), gone


@dataclass(frozen=True)
class _Question:
    """What is wanted beside the ticks, by which words it is known again, and the ticks."""

    wanted: Sequence[tantivy.Query]
    words: Hashable
    facets: Mapping[str, tuple[str, ...]]

    def key(self, but: str = "") -> Hashable:
        """By what the question is known again, leaving out the ticks of one facet."""
        return self.words, frozenset((name, values) for name, values in self.facets.items() if values and name != but)

    def parts(self, asked: _Asked, but: str = "") -> list[tantivy.Query]:
        """The question to the index, leaving out the ticks of one facet."""
        return [*self.wanted, *map(queries.weightless, queries.chosen(asked.schema, self.facets, but))]


def _count_facets(asked: _Asked, question: _Question) -> dict[str, list[tuple[str, int]]]:
    """Each facet's values; those of one that isn't ticked are all counted in one go."""
    ticked = [name for name in FACETS if question.facets.get(name)]
    found: dict[str, list[tuple[str, int]]] = {}
    for but in ["", *ticked]:
        names = (but,) if but else tuple(name for name in FACETS if name not in ticked)
        found |= asked.once((question.key(but), names), partial(_count, asked, question, but, names))
    return {name: list(found[name]) for name in FACETS}


def _count(asked: _Asked, question: _Question, but: str, names: tuple[str, ...]) -> dict[str, list[tuple[str, int]]]:
    if not names:
        return {}
    wish = {name: {"terms": {"field": counted(name), "size": MOST_VALUES}} for name in names}
    answer = asked.searcher.aggregate(asked.matching(question.parts(asked, but)), wish)
    found = {}
    for name in names:
        pairs = map(_bucket, answer[name]["buckets"])
        found[name] = sorted(_single(pairs) if name in SETS else pairs, key=_most_first)
    return found


def _single(sets: Iterable[tuple[str, int]]) -> Iterable[tuple[str, int]]:
    """The counts of single values from those of the sets that entries have."""
    found: Counter[str] = Counter()
    for joint, count in sets:
        for value in joint.split(JOINT) if joint else ():
            found[value] += count
    return found.items()


def _bucket(one: Mapping[str, object]) -> tuple[str, int]:
    return str(one["key"]), int(str(one["doc_count"]))


def _most_first(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


def _limits(asked: _Asked, query: Query) -> list[tantivy.Query]:
    """The place and the time asked for."""
    place = queries.inside(asked.schema, query.place)
    span = queries.during(asked.schema, query.time_from, query.time_to)
    return [queries.weightless(one) for one in (*place, *span)]


def _below(session: Session, tenant_ids: Iterable[str]) -> tuple[str, ...]:
    query = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id.in_(tenant_ids))
    return tuple(sorted(session.scalars(query.distinct())))


def _help_out(asked: _Asked, query: Query, found: Found) -> Found:
    """What to offer where nothing was found."""
    ticked = [*_limits(asked, query), *queries.chosen(asked.schema, query.facets)]
    _, near = asked.page([queries.loosely(asked.schema, query.text), *ticked], Sort.RELEVANCE, 0, FEW)
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
