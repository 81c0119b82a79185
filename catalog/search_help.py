"""What to offer somebody who is typing, or who found nothing: words that go on, and the text that was meant.

Everything is taken from entries that the actor may see, or counted among them before it is shown. Nothing is
compared with the whole vocabulary: what sounds alike or nearly alike is found by its sound in the index.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial

import tantivy
from sqlalchemy.orm import Session

from catalog import search_queries as queries
from catalog import words
from catalog.models import Entry
from catalog.search_asking import Asked, Sort, ask
from catalog.search_index import Index
from tenancy.actors import Actor

MOST_CANDIDATES = 24
"""Words that are counted for a suggestion, the most frequent of all first."""
MOST_TITLES = 40
LONGEST = 8
"""Characters of a text that is corrected; a longer one is a question, and to read it less strictly helps better."""
MOST_LETTERS = 32
"""Of pinyin that is corrected."""
MANY_LETTERS = 12
"""Of pinyin, among which two may be wrong."""
FEWEST_LETTERS = 4
"""Of pinyin: with fewer, one wrong letter could make it anything."""
SAME_SOUND, NEAR_SOUND, OTHER = 0.4, 0.7, 1.0
TWO = 2


@dataclass(frozen=True)
class Suggestions:
    """What somebody may be about to type: texts that go on from what stands there, and entries."""

    words: tuple[str, ...]
    entries: tuple[Entry, ...]


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
    """Words and entries that go on from what was typed so far, in Chinese, pinyin or initials.

    The last word typed is gone on with, among the entries that hold the words before it.
    """
    typed = queries.typed(index.schema, prefix)
    if typed is None:
        return Suggestions((), ())
    asked = ask(index, session, actor, now, scope)
    parts = words.of_query(prefix)
    text = words.clean(prefix[: words.MOST_TEXT]).strip()
    before = text[: text.rfind(parts[-1])] if parts[-1] in text else ""
    found = dict.fromkeys(_going_on(asked, text, (), limit) if before and words.is_han(text) else ())
    found |= dict.fromkeys(before + one for one in _going_on(asked, parts[-1], tuple(parts[:-1]), limit))
    entries = asked.read(asked.page([typed], Sort.RELEVANCE, 0, limit)[1])
    return Suggestions(tuple(one for one in found if one != text)[:limit], tuple(entries))


def corrected(asked: Asked, text: str) -> str | None:
    """The nearest text that finds something: as a whole, else word by word; None if there is none."""
    typed = words.clean(text[: words.MOST_TEXT]).strip()
    if len(typed) > LONGEST and not words.is_latin("".join(typed.split())):
        return None
    if all(len(one) > 1 and asked.count([queries.word(asked.schema, one)]) for one in words.of_query(typed)):
        # Words that all stand somewhere are spelled right; only no entry has them together.
        return None
    for attempt in (_nearest, _word_by_word):
        better = attempt(asked, typed)
        query = queries.typed(asked.schema, better) if better and better != typed else None
        if query is not None and asked.count([query]):
            return better
    return None


def _going_on(asked: Asked, beginning: str, context: tuple[str, ...], limit: int) -> list[str]:
    """Words that begin so, the most frequent first, among the entries that hold the words of the context."""
    around = [queries.word(asked.schema, one) for one in context]
    counts: dict[str, int] = {}
    for name, start in _places(beginning):
        candidates = [term for term, _ in asked.searcher.terms_with_prefix(name, start, None, MOST_CANDIDATES)]
        for term in candidates:
            query = queries.with_value(asked.schema, name, [term])
            count = asked.once(("term", name, term, context), partial(asked.count, [query, *around]))
            counts[term] = max(count, counts.get(term, 0))
        if len(candidates) == MOST_CANDIDATES and sum(map(bool, counts.values())) < limit:
            # Most of them belong to entries that aren't his to know of: then his own are gathered one by one.
            mine = asked.searcher.terms_with_prefix(name, start, asked.matching(around), MOST_CANDIDATES)
            counts |= dict(mine)
    ordered = sorted((-count, term.partition("=")[2] or term) for term, count in counts.items() if count)
    return [word for word in dict.fromkeys(word for _, word in ordered) if word != beginning][:limit]


def _places(beginning: str) -> list[tuple[str, str]]:
    """The fields whose terms begin so: words as they sound, by their initials, or as they are written."""
    if not words.is_latin(beginning):
        return [("title", beginning)]
    heard = words.as_heard(beginning)
    return [("vocabulary", heard), *([("short", heard)] if len(heard) > 1 else []), ("title", beginning)]


def _word_by_word(asked: Asked, typed: str) -> str | None:
    better = typed
    for word in words.of_query(typed):
        if not asked.count([queries.word(asked.schema, word)]):
            better = better.replace(word, _nearest(asked, word) or word)
    return better


def _nearest(asked: Asked, text: str) -> str | None:
    """The text nearest to this one that stands in some title or tag; None if none is near enough."""
    han = words.is_han(text)
    letters = words.as_heard("".join(text.split())) if not han else words.sound(text)
    if not words.is_latin(letters) or (han and len(text) < TWO) or len(text) > MOST_LETTERS:
        return None
    compare = partial(_costs, words.spelled(text)[0]) if han else partial(_costs_of_letters, letters)
    for query in _near(asked, text if han else "", letters):
        found = Counter[str]()
        costs: dict[str, float] = {}
        for title in asked.titles([query], MOST_TITLES):
            for window, cost in compare(title):
                found[window] += 1
                costs[window] = cost
        if found:
            return min(found, key=lambda one: (costs[one], -found[one], one))
    return None


def _near(asked: Asked, text: str, letters: str) -> Iterator[tantivy.Query]:
    """Entries where the text may stand, those first that hold something of just its sound."""
    letters = letters[: words.LONGEST_SOUND]
    sounds = ["pinyin", *(["inside"] if FEWEST_LETTERS <= len(letters) <= words.LONGEST_INSIDE else [])]
    yield queries.any_of([queries.begins(asked.schema, name, letters) for name in sounds])
    if len(text) > TWO:
        yield queries.any_of([queries.with_value(asked.schema, "title_pairs", [pair]) for pair in words.pairs(text)])
    if len(letters) >= FEWEST_LETTERS:
        yield queries.any_of([queries.begins(asked.schema, name, letters, wrong=1) for name in sounds])


def _costs(wanted: Sequence[tuple[str, str]], title: str) -> Iterator[tuple[str, float]]:
    """Parts of a title as long as the text, with how far they are from it, if that is near enough."""
    for run in words.spelled(title):
        for start in range(len(run) - len(wanted) + 1):
            window = run[start : start + len(wanted)]
            costs = [_cost(one, other) for one, other in zip(wanted, window, strict=True)]
            wrong = [cost for cost in costs if cost > SAME_SOUND]
            # Of two characters a wrong one must at least sound nearly right; more of them tell what is meant.
            if any(costs) and len(wrong) < TWO and (len(costs) > TWO or OTHER not in wrong):
                yield "".join(char for char, _ in window), sum(costs)


def _cost(one: tuple[str, str], other: tuple[str, str]) -> float:
    if one[0] == other[0]:
        return 0.0
    if one[1] == other[1]:
        return SAME_SOUND
    return NEAR_SOUND if distance(one[1], other[1]) == 1 else OTHER


def _costs_of_letters(letters: str, title: str) -> Iterator[tuple[str, float]]:
    """Parts of a title whose pinyin is the letters but for one of them, or two of many."""
    allowed = 1 if len(letters) < MANY_LETTERS else TWO
    for run in words.spelled(title):
        for start in range(len(run)):
            sound = ""
            for end in range(start, len(run)):
                sound += run[end][1]
                if len(sound) > len(letters) + allowed:
                    break
                if len(sound) >= len(letters) - allowed and (wrong := distance(letters, sound)) <= allowed:
                    yield "".join(char for char, _ in run[start : end + 1]), float(wrong)


@lru_cache(16_384)  # the syllables of Chinese are few
def distance(one: str, other: str) -> int:
    """How many letters are put in, left out, changed or swapped with their neighbour between one and the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        following = [place]
        for at, there in enumerate(other, 1):
            cost = min(row[at] + 1, following[at - 1] + 1, row[at - 1] + (letter != there))
            if before and at > 1 and letter == other[at - 2] and one[place - 2] == there:
                cost = min(cost, before[at - 2] + 1)
            following.append(cost)
        before, row = row, following
    return row[-1]
