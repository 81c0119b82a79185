"""Counts of facets: by the index, or of entries that are in hand.

A facet counts what ticking a value would give, so its own ticks don't narrow it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import compress

import tantivy

from catalog.search_asking import Asked, Hits
from catalog.search_documents import FACETS, JOINT, OPEN_ENDED, SETS, counted, valued
from catalog.search_values import number

ALL_VALUES = 60_000
"""As many values as any facet will have."""

Ticks = Mapping[str, tuple[str, ...]]
Counts = dict[str, list[tuple[str, int]]]
Number = float | None
"""What a column of numbers holds for an entry: always a whole number, or nothing."""


def by_index(asked: Asked, parts: Sequence[tantivy.Query], names: Collection[str], most: int) -> Counts:
    """The values of some facets among the entries that the parts ask for, all counted in one go.

    Of an open-ended facet the most frequent are told, as many as `most`; of any other all.
    """
    if not names:
        return {}
    sizes = {name: most if name in OPEN_ENDED else ALL_VALUES for name in names}
    wish = {name: {"terms": {"field": counted(name), "size": size}} for name, size in sizes.items()}
    answer = asked.searcher.aggregate(asked.matching(parts), wish)
    found = {name: {one["key"]: one["doc_count"] for one in answer[name]["buckets"]} for name in names}
    return {name: _told(asked, name, numbers, most) for name, numbers in found.items()}


def in_hand(asked: Asked, hits: Hits, ticks: Ticks, most: int) -> tuple[Hits, Counts]:
    """Those of the hits that have a ticked value of each facet, in their order, and the counts of all facets."""
    given = list(hits.first)
    columns = {name: asked.searcher.fast_field_values(counted(name), given) for name in FACETS}
    fits = {name: _fitting(asked, name, columns[name], ticked) for name, ticked in ticks.items() if ticked}
    fitting = _every(len(given), fits.values())
    found: Counts = {}
    for name, column in columns.items():
        rows = _every(len(given), (fit for other, fit in fits.items() if other != name)) if name in fits else fitting
        found[name] = _told(asked, name, Counter(compress(column, rows)), most)
    kept = tuple(compress(given, fitting))
    return Hits(len(kept), kept), found


def _fitting(asked: Asked, name: str, column: Sequence[Number], ticked: Collection[str]) -> list[bool]:
    """For each entry whether it has one of the ticked values of a facet."""
    wanted = set(map(number, ticked))
    if name in SETS:
        wanted = {one for one, joint in _texts(asked, name, set(column)).items() if set(_singles(joint)) & set(ticked)}
    return [one in wanted for one in column]


def _every(length: int, conditions: Iterable[Sequence[bool]]) -> list[bool]:
    columns = list(conditions)
    return [all(row) for row in zip(*columns, strict=True)] if columns else [True] * length


def _told(asked: Asked, name: str, numbers: Mapping[Number, int], most: int) -> list[tuple[str, int]]:
    """The values that numbers stand for, the most frequent first; those of sets one by one."""
    texts = _texts(asked, name, numbers)
    pairs = ((text, numbers[one]) for one, text in texts.items())
    # Counts first, so that no key has to be worked out for each of thousands.
    ordered = sorted((-count, value) for value, count in (_apart(pairs) if name in SETS else pairs))
    return [(value, -count) for count, value in (ordered[:most] if name in OPEN_ENDED else ordered)]


def _texts(asked: Asked, name: str, numbers: Iterable[Number]) -> dict[int, str]:
    known = [int(one) for one in numbers if one is not None]
    return dict(zip(known, asked.values.texts(asked.searcher, valued(name), known), strict=True))


def _apart(sets: Iterable[tuple[str, int]]) -> Iterable[tuple[str, int]]:
    """The counts of single values from those of the sets that entries have."""
    found = Counter[str]()
    for joint, count in sets:
        for value in _singles(joint):
            found[value] += count
    return found.items()


def _singles(joint: str) -> list[str]:
    return joint.split(JOINT) if joint else []
