"""Questions to the index, built from what somebody typed and ticked term by term; no syntax is parsed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import tantivy
from tantivy import FieldType, Occur, Query

from catalog import search_documents as documents
from catalog import words
from catalog.synonyms import NONE, Synonyms
from policies.vocabulary import Origin

FEW = 8
ENOUGH = 5
"""An answer with fewer entries is filled up with those that hold most of the words."""
SYNONYM = 0.4
"""What a synonym counts beside the word itself."""
_WEIGHTS = {"title": 6.0, "tags": 3.0, "items": 1.5, "publisher": 1.5, "text": 1.0}
_WHOLE_TITLE_PIECE, _WHOLE_PIECE = 8.0, 0.5
_OWN = 5.0
"""What an entry of our own counts more: its data are here, of another platform's there is the description alone."""
_ALL_WORDS = 50.0
"""Puts entries with all words before those with most; more than words add up to."""
_TELLING_LITTLE = frozenset(
    "信息,数据,名单,名录,目录,清单,列表,一览表,情况,统计,查询,公示,怎么,怎样,怎么样,哪里,哪些,什么,如何,可以,有没有,"  # noqa: SIM905
    "没有,最近,几年,每天,列入,被列入".split(",")
)
"""Words of questions and of titles in general: they add weight, but nothing is left out for want of them."""

Heard = Mapping[str, Sequence[str]]
"""For words in pinyin the Chinese words that sound so."""
NOTHING: Heard = {}


def ours_first(schema: tantivy.Schema, text: Query) -> Query:
    """The same entries, with our own before those of other platforms where both fit about as well."""
    own = Query.const_score_query(Query.term_query(schema, "origin", Origin.OWN.value, index_option="basic"), _OWN)
    return Query.boolean_query([(Occur.Must, text), (Occur.Should, own)])


def typed(schema: tantivy.Schema, text: str, synonyms: Synonyms = NONE) -> Query | None:
    """Entries that hold every word of a text, or have it as their code; None for a text without a word."""
    found = ways(schema, text, synonyms)
    return found[0] if found else None


def ways(schema: tantivy.Schema, text: str, synonyms: Synonyms = NONE, heard: Heard = NOTHING) -> list[Query]:
    """What a text asks for, read ever less strictly: every telling word, all but one, half of them, any.

    The text may be written in several ways (numbers, pinyin with gaps); the best counts. Empty for a text without
    a word.
    """
    written = [_clauses(schema, parts, synonyms, heard) for parts in words.of_query_readings(text)]
    if not written:
        return []
    every = _best([Query.boolean_query([*clauses]) for clauses in written])
    code = Query.term_query(schema, "code", words.clean(text).strip().replace("-", "/"), index_option="basic")
    found = [any_of([Query.boost_query(code, 50.0), every])]
    needed = [(Occur.Should, one) for must, one in written[0] if must is Occur.Must]
    extra = [clause for clause in written[0] if clause[0] is Occur.Should]
    fewer = sorted({len(needed) - 1, -(-len(needed) // 2), 1} - {0, len(needed)}, reverse=True)
    some = [Query.boolean_query(needed, least) for least in fewer]
    return found + [Query.boolean_query([(Occur.Must, one), *extra]) for one in some]


def before(first: Query, others: Query) -> Query:
    """What the others ask for, and before all else those entries for which the first asks."""
    return Query.boolean_query([(Occur.Must, others), (Occur.Should, Query.const_score_query(first, _ALL_WORDS))])


def _clauses(schema: tantivy.Schema, parts: list[str], synonyms: Synonyms, heard: Heard) -> list[tuple[Occur, Query]]:
    """Each word, or for words on the list of synonyms the best of their equals; what tells little only adds weight."""
    needed = _telling(parts)
    clauses = []
    for span, equals in synonyms.parted(parts):
        own = all_of([_as_meant(schema, part, heard.get(part, ())) for part in span])
        others = [all_of([word(schema, part) for part in words.of_query(one)]) for one in equals]
        found = _best([own, *(Query.boost_query(one, SYNONYM) for one in others)])
        clauses.append((Occur.Must if equals or span[0] in needed else Occur.Should, found))
    return clauses


def _telling(parts: list[str]) -> list[str]:
    """The words that matter: no single character beside longer words, lest a particle spoil a question, no "data"."""
    longer = [part for part in parts if len(part) > 1] or parts
    return [part for part in longer if part not in _TELLING_LITTLE] or longer


def _as_meant(schema: tantivy.Schema, part: str, meant: Sequence[str]) -> Query:
    return any_of([word(schema, part), *(word(schema, one) for one in meant)])


def _best(queries: list[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.disjunction_max_query(queries)


def loosely(schema: tantivy.Schema, text: str) -> Query:
    """Entries that hold any word of a text that matters."""
    return any_of([word(schema, part) for part in _telling(words.of_query(text))])


def word(schema: tantivy.Schema, part: str) -> Query:
    """Entries that hold one word: in some field, as part of a longer word, or by its sound."""
    found = [
        Query.boost_query(Query.term_query(schema, field, part, index_option="freq"), weight)
        for field, weight in _WEIGHTS.items()
    ]
    if words.is_latin(part) and len(part) > 1:
        heard = words.as_heard(part)[: words.LONGEST_SOUND]
        prefixes = [("pinyin", heard, 3.0), ("initials", heard, 2.0), ("title_letters", part, 2.0)]
        prefixes.append(("item_letters", part, 1.0))
        if words.SHORTEST_INSIDE <= len(heard) <= words.LONGEST_INSIDE:
            prefixes.append(("inside", heard, 0.5))
        for field, beginning, weight in prefixes:
            found.append(Query.boost_query(begins(schema, field, beginning), weight))
    if words.is_han(part):
        found += _pieces(schema, part)
    return any_of(found)


def _pieces(schema: tantivy.Schema, part: str) -> list[Query]:
    if len(part) == 1:
        return [Query.boost_query(Query.term_query(schema, "characters", part), 2.0)]
    pairs: list[str | tuple[int, str]] = list(words.pairs(part))
    fields = {"title_pairs": _WHOLE_TITLE_PIECE, "other_pairs": _WHOLE_PIECE}
    if len(pairs) == 1:
        return [Query.boost_query(Query.term_query(schema, name, pairs[0]), weight) for name, weight in fields.items()]
    return [Query.boost_query(Query.phrase_query(schema, name, pairs), weight) for name, weight in fields.items()]


def inside_field(schema: tantivy.Schema, field: str, part: str) -> Query:
    """Entries that hold one word in a field; in the title as part of a longer word too."""
    found = [Query.term_query(schema, field, part, index_option="freq")]
    if field == "title" and words.is_han(part):
        found += _pieces(schema, part)[:1]
    return any_of(found)


def begins(schema: tantivy.Schema, field: str, beginning: str, *, wrong: int = 0) -> Query:
    """Entries with a term in a field that begins so, but for some wrong letters if wanted."""
    # Even with none it is quicker than a regular expression, which takes longer to compile than the search takes.
    return Query.fuzzy_term_query(schema, field, beginning, distance=wrong, prefix=True)


def with_value(schema: tantivy.Schema, field: str, values: Iterable[str]) -> Query:
    """Entries that have one of some values in a field."""
    wanted = sorted(set(values))
    if len(wanted) > FEW:
        return Query.term_set_query(schema, field, wanted)
    # Few terms are skipped through as the rest of a question demands; a set is gathered whole beforehand.
    return any_of([Query.term_query(schema, field, one, index_option="basic") for one in wanted])


def chosen(schema: tantivy.Schema, facets: Mapping[str, tuple[str, ...]], but: str = "") -> list[Query]:
    """What was ticked: one of the values of each facet, leaving out the facet named."""
    return [with_value(schema, name, values) for name, values in facets.items() if values and name != but]


def inside(schema: tantivy.Schema, place: str | None) -> list[Query]:
    """Entries of a division and of every division in it; no condition without one."""
    return [with_value(schema, "place", [place])] if place else []


def during(schema: tantivy.Schema, first: date | None, last: date | None) -> list[Query]:
    """Entries that tell a time of which some day lies between two days; no condition without either of them."""
    if first and last and first > last:
        return [Query.empty_query()]
    begins, ends = documents.SPAN
    found = []
    if last or first:
        until = documents.day_number(last) if last else documents.ALWAYS[1]
        found.append(Query.range_query(schema, begins, FieldType.Integer, None, until))
    if first:
        since = documents.day_number(first)
        found.append(Query.range_query(schema, ends, FieldType.Integer, since, None))
    return found


def any_of(queries: list[Query]) -> Query:
    """Entries that meet one of the queries, or none at all if there are no queries."""
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Should, one) for one in queries]) if queries else Query.empty_query()


def all_of(needed: Iterable[Query], unwanted: Query | None = None) -> Query:
    """Entries that meet every one of the queries and not the unwanted one."""
    clauses = [(Occur.Must, one) for one in needed]
    if unwanted is None and len(clauses) == 1:
        return clauses[0][1]
    return Query.boolean_query(clauses if unwanted is None else [*clauses, (Occur.MustNot, unwanted)])


def weightless(query: Query) -> Query:
    """A query that chooses without changing the order."""
    return Query.const_score_query(query, 0.0)
