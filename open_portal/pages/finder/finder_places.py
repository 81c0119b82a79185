"""The divisions that a search can be narrowed to, each with all that lies in it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from catalog.search_documents import surrounding
from open_portal.pages import dataset_words as words

HOME = ("330500", "330000")
"""Divisions that come before all others of their level: this city and its province."""
DEEPEST = 6
"""Digits of the smallest division offered; smaller ones are inside it."""
MOST = 400


@dataclass(frozen=True)
class Place:
    """A division to choose: its code, its name, how many divisions it lies in, how many entries are in it."""

    code: str
    name: str
    depth: int
    count: int
    chosen: bool = False


def choices(counted: Iterable[tuple[str, int]], chosen: str) -> list[Place]:
    """The divisions with entries, each after the one it lies in, from the entries of each division alone.

    The one chosen is there even without entries. Empty where there is nothing to choose between.
    """
    totals: Counter[str] = Counter()
    above: dict[str, list[str]] = {}
    for code, count in counted:
        line = [one for one in surrounding(code) if len(one) <= DEEPEST]
        for depth, one in enumerate(line):
            totals[one] += count
            above.setdefault(one, line[:depth])
    if chosen and chosen not in totals:
        totals[chosen] = 0
        above[chosen] = [one for one in surrounding(chosen)[:-1] if one in totals]
    if len(totals) < 2 and not chosen:
        return []
    names = {code: words.region(code) for code in totals}
    ordered = sorted(totals, key=lambda code: [_rank(one) for one in (*above[code], code)])
    return [Place(one, names[one], len(above[one]), totals[one], one == chosen) for one in ordered[:MOST]]


def _rank(code: str) -> tuple[bool, str]:
    return code not in HOME, code
