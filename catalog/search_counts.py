"""Counts of facets: by the index, or of entries that are in hand.

A facet counts what ticking a value would give, so its own ticks don't narrow it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import compress

import tantivy

from catalog.search_asking import Asked
from catalog.search_documents import FACETS, JOINT, SETS, counted, valued

ALL_VALUES = 60_000
"""As many values as any facet will have."""

Ticks = Mapping[str, tuple[str, ...]]
Counts = dict[str, list[tuple[str, int]]]


def by_index(asked: Asked, parts: Sequence[tantivy.Query], names: Collection[str], most: int) -> Counts:
    """The most frequent values of some facets among the entries that the parts ask for; all counted in one go."""
    if not names:
        return {}
    # Sets are many for few values, so that none may be left out.
    sizes = {name: ALL_VALUES if name in SETS else most for name in names}
    wish = {name: {"terms": {"field": counted(name), "size": size}} for name, size in sizes.items()}
    answer = asked.searcher.aggregate(asked.matching(parts), wish)
    found = {name: {one["key"]: one["doc_count"] for one in answer[name]["buckets"]} for name in names}
    return {
        name: _told(name, zip(_texts(asked, name, of), of.values(), strict=True), most) for name, of in found.items()
    }


def in_hand(
    asked: Asked, entries: Sequence[tantivy.DocAddress], ticks: Ticks, most: int
) -> tuple[list[tantivy.DocAddress], Counts]:
    """Those of some entries that have a ticked value of each facet, in their order, and the counts of all facets."""
    given = list(entries)
    columns = {name: _column(asked, name, given) for name in FACETS}
    fits = {name: _fitting(name, columns[name], ticked) for name, ticked in ticks.items() if ticked}
    fitting = _every(len(given), fits.values())
    found: Counts = {}
    for name, column in columns.items():
        rows = _every(len(given), (fit for other, fit in fits.items() if other != name)) if name in fits else fitting
        found[name] = _told(name, Counter(compress(column, rows)).items(), most)
    return list(compress(given, fitting)), found


def _column(asked: Asked, name: str, entries: list[tantivy.DocAddress]) -> list[str | None]:
    """What is counted of a facet, entry by entry; None where an entry has no value."""
    numbers = asked.searcher.fast_field_values(counted(name), entries)
    told = [int(one) for one in set(numbers) if one is not None]
    return list(map(dict(zip(told, _texts(asked, name, told), strict=True)).get, numbers))  # type: ignore[arg-type]


def _texts(asked: Asked, name: str, numbers: Iterable[int]) -> list[str]:
    return asked.values.texts(asked.searcher, valued(name), numbers)


def _fitting(name: str, column: Sequence[str | None], ticked: Collection[str]) -> list[bool]:
    """For each entry whether it has one of the ticked values of a facet."""
    wanted = {one for one in set(column) if one is not None and not set(_singles(name, one)).isdisjoint(ticked)}
    return [one in wanted for one in column]


def _every(length: int, conditions: Iterable[Sequence[bool]]) -> list[bool]:
    columns = list(conditions)
    return [all(row) for row in zip(*columns, strict=True)] if columns else [True] * length


def _told(name: str, found: Iterable[tuple[str | None, int]], most: int) -> list[tuple[str, int]]:
    """The values, the most frequent first; those of sets one by one."""
    single = Counter[str]()
    for text, count in found:
        for value in _singles(name, text) if text is not None else ():
            single[value] += count
    # Numbers first, so that no key has to be worked out for each of thousands.
    ordered = sorted((-count, value) for value, count in single.items())
    return [(value, -count) for count, value in ordered[:most]]


def _singles(name: str, text: str) -> Sequence[str]:
    if name not in SETS:
        return (text,)
    return text.split(JOINT) if text else ()
