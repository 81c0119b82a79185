"""Search by words, sounds and facets, which never shows, counts or suggests what the actor may not know of.

Three guards stand one behind the other. A process takes in all changes before it answers, and what it could
not take in (another process is writing) is left out of the question. Every question is filtered by the
actor's labels inside the index, so that counts and suggestions are his; the tree of tenants is asked from the
database instead of being copied into the index, where a move would make it wrong. And every hit is read again
under `readable`; if one is not there, the answer is thrown away and asked again without it.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial

import tantivy
from sqlalchemy.orm import Session

from catalog import search_counts as counts
from catalog import search_help, words
from catalog import search_queries as queries
from catalog.models import Entry
from catalog.search_asking import Asked, Hits, Sort, ask
from catalog.search_counts import ALL_VALUES
from catalog.search_documents import FACETS
from catalog.search_help import Suggestions, suggest
from catalog.search_index import Differences, Index, catch_up, lag, rebuild, verify
from policies.refusals import Invalid
from tenancy.actors import Actor

__all__ = [
    "ALL_VALUES",
    "FACETS",
    "MOST_VALUES",
    "Differences",
    "Found",
    "Index",
    "Query",
    "Sort",
    "Suggestions",
    "among",
    "catch_up",
    "find",
    "lag",
    "rebuild",
    "suggest",
    "verify",
]

ROUNDS = 4
MOST_PER_PAGE = 1000
MOST_VALUES = 200
MOST_IN_HAND = 1000
"""If a text finds no more entries, they are looked through one by one; the index is asked just once."""
FEW = 5
MOST_MEANT = 2


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
    most_values: int = MOST_VALUES
    """Of publishers and granularities as many are told, the most frequent; of any other facet all values."""


@dataclass(frozen=True)
class Found:
    """The answer: how many, one page of them, and each facet's values with counts, the most frequent first.

    Where few entries or none have every word, those with most of the words come after them, and `partly` says so.
    A facet counts what ticking a value would give, so its own ticks don't narrow it. Where no entry has every
    word, `corrected` is the nearest text that finds something; where nothing was found, `suggestions` are entries with
    some of the words.
    """

    total: int
    entries: list[Entry]
    facets: Mapping[str, list[tuple[str, int]]]
    suggestions: tuple[Entry, ...] = ()
    corrected: str | None = None
    partly: bool = False


def find(index: Index, session: Session, actor: Actor, now: datetime, query: Query) -> Found:
    """Answer a question for an actor. Any text has an answer; a facet that doesn't exist raises Invalid."""
    for name in query.facets:
        if name not in FACETS:
            raise Invalid("search.unknown-facet", field=name, name=name)
    hidden: frozenset[str] = frozenset()
    for _ in range(ROUNDS):
        asked = ask(index, session, actor, now, query.scope, hidden)
        found, gone = _answer(asked, query)
        if not gone:
            break
        hidden |= gone
    return found


def among(index: Index, session: Session, actor: Actor, now: datetime, query: Query, ids: Sequence[str]) -> list[Entry]:
    """Which of some entries a question finds, every word of it taken seriously, the newest first; for an actor."""
    asked = ask(index, session, actor, now, query.scope)
    meant = _readings(asked, query.text)[:1] or ([tantivy.Query.empty_query()] if query.text.strip() else [])
    ticked = [*_limits(asked, query), *queries.chosen(asked.schema, query.facets)]
    parts = [*meant, *ticked, queries.with_value(asked.schema, "id", ids)]
    return asked.read(asked.page(parts, Sort.UPDATED, 0, max(len(ids), 1))[1])


def _answer(asked: Asked, query: Query) -> tuple[Found, frozenset[str]]:
    """An answer, and the ids in it that turned out not to be readable; they are in no list and no total."""
    meant = _meant(asked, query.text)
    limits = _limits(asked, query)
    typed = (query.text, asked.synonyms.state, query.place, query.time_from, query.time_to)
    question = _Question([*meant.wanted, *limits], typed, query.facets)
    hits = None if limits else meant.hits
    if hits and hits.whole:
        hits, facets = counts.in_hand(asked, hits, query.facets, query.most_values)
    else:
        hits = None if any(query.facets.values()) else hits
        facets = _count_facets(asked, question, query.most_values)
    total, ids = _page(asked, query, question, hits)
    read = asked.read(ids)
    gone = frozenset(ids) - {entry.id for entry in read}
    return _help_out(asked, query, meant, Found(total - len(gone), read, facets, partly=meant.partly)), gone


def _page(asked: Asked, query: Query, question: "_Question", hits: Hits | None) -> tuple[int, list[str]]:
    """How many entries there are, and the ids of those on the page; `hits` are the best if they are known already."""
    limit = min(max(query.per_page, 1), MOST_PER_PAGE)
    first = (max(query.page, 1) - 1) * limit
    order = query.sort
    if order is Sort.RELEVANCE and not query.text.strip():
        order = Sort.UPDATED
    if hits and order is Sort.RELEVANCE and (hits.whole or first + limit <= len(hits.first)):
        return hits.total, asked.ids(hits.first[first : first + limit])
    known = (question.key(), order, first, limit)
    return asked.once(known, lambda: asked.page(question.parts(asked), order, first, limit))


@dataclass(frozen=True)
class _Meant:
    """The reading of a text that is taken, what it finds, and what every word finds; nothing is wanted of no text."""

    wanted: Sequence[tantivy.Query] = ()
    hits: Hits | None = None
    every: Hits | None = None

    @property
    def partly(self) -> bool:
        """Whether less than every word is asked for."""
        return self.hits is not self.every


def _meant(asked: Asked, text: str) -> _Meant:
    """The strictest reading of a text that finds enough.

    It is chosen from all that the actor may know of, whatever is ticked, so that ticks don't change the reading.
    """
    if not text.strip():
        return _Meant()
    every, *fewer = _readings(asked, text) or [tantivy.Query.empty_query()]
    best, most = every, _hits(asked, text, 0, every)
    strict = most
    for place, reading in enumerate(fewer, 1):
        if most.total >= queries.ENOUGH:
            break
        # Those with every word stay before the others.
        wanted = queries.before(every, reading) if strict.total else reading
        hits = _hits(asked, text, place, wanted)
        best, most = (wanted, hits) if hits.total > most.total else (best, most)
    return _Meant([queries.ours_first(asked.schema, best)], most, strict)


def _readings(asked: Asked, text: str) -> list[tantivy.Query]:
    return queries.ways(asked.schema, text, asked.synonyms, _heard(asked, text))


def _hits(asked: Asked, text: str, place: int, reading: tantivy.Query) -> Hits:
    """What one of the readings of a text finds; the strictest is in place 0."""
    known = ("reading", text, asked.synonyms.state, place)
    return asked.once(known, lambda: asked.best([queries.ours_first(asked.schema, reading)], MOST_IN_HAND))


def _heard(asked: Asked, text: str) -> dict[str, tuple[str, ...]]:
    """For each word that may be pinyin the most frequent words of the catalogue that sound so."""
    typed = dict.fromkeys(word for reading in words.of_query_readings(text) for word in reading)
    sounds = {word: words.as_heard(word) for word in typed if words.is_latin(word) and word.isalpha()}
    # Counted among what he may know of: a word of hidden entries must not push out one of his own.
    return {
        one: asked.once(("heard", sound), partial(asked.sounding, sound, MOST_MEANT)) for one, sound in sounds.items()
    }


@dataclass(frozen=True)
class _Question:
    """What is wanted beside the ticks, by which words it is known again, and the ticks."""

    wanted: Sequence[tantivy.Query]
    words: Hashable
    facets: Mapping[str, tuple[str, ...]]

    def key(self, but: str = "") -> Hashable:
        """By what the question is known again, leaving out the ticks of one facet."""
        return self.words, frozenset((name, values) for name, values in self.facets.items() if values and name != but)

    def parts(self, asked: Asked, but: str = "") -> list[tantivy.Query]:
        """The question to the index, leaving out the ticks of one facet."""
        return [*self.wanted, *map(queries.weightless, queries.chosen(asked.schema, self.facets, but))]


def _count_facets(asked: Asked, question: _Question, most: int) -> counts.Counts:
    """Each facet's values; those of one that isn't ticked are all counted in one go."""
    ticked = [name for name in FACETS if question.facets.get(name)]
    found: counts.Counts = {}
    for but in ["", *ticked]:
        names = (but,) if but else tuple(name for name in FACETS if name not in ticked)
        count = partial(counts.by_index, asked, question.parts(asked, but), names, most)
        found |= asked.once((question.key(but), names, most), count)
    return {name: list(found[name]) for name in FACETS}


def _limits(asked: Asked, query: Query) -> list[tantivy.Query]:
    """The place and the time asked for."""
    place = queries.inside(asked.schema, query.place)
    span = queries.during(asked.schema, query.time_from, query.time_to)
    return [queries.weightless(one) for one in (*place, *span)]


def _help_out(asked: Asked, query: Query, meant: _Meant, found: Found) -> Found:
    """What to offer where no entry has every word, or nothing was found at all."""
    if meant.every is None or (found.total and not meant.partly):
        return found
    # A text that finds something without the ticks is as it was meant.
    lost = meant.every.total == 0
    known = ("corrected", query.text, asked.synonyms.state)
    better = asked.once(known, lambda: search_help.corrected(asked, query.text)) if lost else None
    if found.total:
        return replace(found, corrected=better)
    ticked = [*_limits(asked, query), *queries.chosen(asked.schema, query.facets)]
    near = asked.page([queries.loosely(asked.schema, query.text), *ticked], Sort.RELEVANCE, 0, FEW)[1]
    return replace(found, suggestions=tuple(asked.read(near)), corrected=better)
