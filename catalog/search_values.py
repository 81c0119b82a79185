"""Numbers that stand for the values of facets: a column of numbers is counted many times as fast as one of texts.

A column of texts would look each value up in the dictionary of each segment, for every question anew; that was most of
the time of an answer where bodies are many. A number is always that of the same text, so what a process has met once
it knows for every commit.
"""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

import tantivy

BITS = 60
"""Of a number; two of a million texts share one with a chance of less than one in a million."""


@lru_cache(65_536)
def number(text: str) -> int:
    """The number that stands for a text."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> (64 - BITS)


class Values:
    """The texts for which numbers stand, as far as one process has met them; threads share it."""

    def __init__(self) -> None:
        self._known = {number(""): ""}

    def texts(self, searcher: tantivy.Searcher, field: str, numbers: Iterable[int]) -> list[str]:
        """What the numbers stand for, by the texts that the index holds in a field; KeyError if it holds none such."""
        wanted = list(numbers)
        if not self._known.keys() >= set(wanted):
            self._known.update((number(text), text) for text, _ in searcher.terms_with_prefix(field, ""))
        return [self._known[one] for one in wanted]
