"""Search by words, sounds and facets, which never shows, counts or suggests what the actor may not know of.

Three guards stand one behind the other. A process takes in all changes before it answers, and what it could
not take in (another process is writing) is left out of the question. Every question is filtered by the
actor's labels inside the index, so that counts and suggestions are his; the tree of tenants is asked from the
database instead of being copied into the index, where a move would make it wrong. And every hit is read again
under `readable`; if one is not there, the answer is thrown away and asked again without it.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial

import tantivy
from sqlalchemy.orm import Session

from catalog import search_help, words
from catalog import search_queries as queries
from catalog.models import Entry
from catalog.search_asking import Asked, Sort, ask
from catalog.search_documents import FACETS, JOINT, SETS, counted
from catalog.search_help import Suggestions, suggest
from catalog.search_index import Differences, Index, catch_up, lag, rebuild, verify
from policies.refusals import Invalid
from tenancy.actors import Actor

__all__ = [
    "FACETS",
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
MOST_VALUES = 5000
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
    return _help_out(asked, query, found) if query.text.strip() else found


def among(index: Index, session: Session, actor: Actor, now: datetime, query: Query, ids: Sequence[str]) -> list[Entry]:
    """Which of some entries a question finds, every word of it taken seriously, the newest first; for an actor."""
    asked = ask(index, session, actor, now, query.scope)
    meant = _readings(asked, query.text)[:1] or ([tantivy.Query.empty_query()] if query.text.strip() else [])
    ticked = [*_limits(asked, query), *queries.chosen(asked.schema, query.facets)]
    parts = [*meant, *ticked, queries.with_value(asked.schema, "id", ids)]
    return asked.read(asked.page(parts, Sort.UPDATED, 0, max(len(ids), 1))[1])


def _answer(asked: Asked, query: Query) -> tuple[Found, frozenset[str]]:
    """An answer, and the ids in it that turned out not to be readable; they are in no list and no total."""
    text, partly = _meant(asked, query.text)
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
    return Found(total - len(gone), entries, _count_facets(asked, question), partly=partly), gone


def _meant(asked: Asked, text: str) -> tuple[tantivy.Query | None, bool]:
    """The strictest reading of a text that finds enough, and whether it asks for less than every word.

    It is chosen from all that the actor may know of, whatever is ticked, so that ticks don't change the reading.
    """
    readings = _readings(asked, text)
    if not readings:
        return tantivy.Query.empty_query() if text.strip() else None, False
    best, most = 0, 0
    for place in range(len(readings) if len(readings) > 1 else 0):
        count = _count_reading(asked, text, place, readings[place])
        best, most = (place, count) if count > most else (best, most)
        if most >= queries.ENOUGH:
            break
    return queries.ours_first(asked.schema, readings[best]), best > 0


def _readings(asked: Asked, text: str) -> list[tantivy.Query]:
    return queries.ways(asked.schema, text, asked.synonyms, _heard(asked, text))


def _count_reading(asked: Asked, text: str, place: int, reading: tantivy.Query) -> int:
    """How many entries one of the readings of a text finds; the strictest is in place 0."""
    known = ("reading", text, asked.synonyms.state, place)
    return asked.once(known, lambda: asked.count([queries.weightless(reading)]))


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


def _count_facets(asked: Asked, question: _Question) -> dict[str, list[tuple[str, int]]]:
    """Each facet's values; those of one that isn't ticked are all counted in one go."""
    ticked = [name for name in FACETS if question.facets.get(name)]
    found: dict[str, list[tuple[str, int]]] = {}
    for but in ["", *ticked]:
        names = (but,) if but else tuple(name for name in FACETS if name not in ticked)
        found |= asked.once((question.key(but), names), partial(_count, asked, question, but, names))
    return {name: list(found[name]) for name in FACETS}


def _count(asked: Asked, question: _Question, but: str, names: tuple[str, ...]) -> dict[str, list[tuple[str, int]]]:
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


def _limits(asked: Asked, query: Query) -> list[tantivy.Query]:
    """The place and the time asked for."""
    place = queries.inside(asked.schema, query.place)
    span = queries.during(asked.schema, query.time_from, query.time_to)
    return [queries.weightless(one) for one in (*place, *span)]


def _help_out(asked: Asked, query: Query, found: Found) -> Found:
    """What to offer where no entry has every word, or nothing was found at all."""
    if found.total and not found.partly:
        return found
    readings = _readings(asked, query.text)
    # A text that finds something without the ticks is as it was meant.
    lost = not readings or _count_reading(asked, query.text, 0, readings[0]) == 0
    known = ("corrected", query.text, asked.synonyms.state)
    better = asked.once(known, lambda: search_help.corrected(asked, query.text)) if lost else None
    if found.total:
        return replace(found, corrected=better)
    ticked = [*_limits(asked, query), *queries.chosen(asked.schema, query.facets)]
    _, near = asked.page([queries.loosely(asked.schema, query.text), *ticked], Sort.RELEVANCE, 0, FEW)
    return replace(found, suggestions=tuple(asked.read(near)), corrected=better)
