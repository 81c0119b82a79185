"""Values and words written wrongly: rare ones a slip away from frequent ones of the same column.

What a column shows of itself decides how far it is believed: where frequent values, too, lie one slip apart (class A
and class B, Hall and Hill), nearness proves nothing.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quality.profiling.coded import Coded
from quality.profiling.likeness import MEANING, Neighbours, distance, is_form_of, is_slip_of

MOST_VALUES = 20_000
_TIMES = 5
_OFTEN = 4
_KIN = 0.1
_SHOWN = 2_000
_SHORT = 40
_SYSTEM = 4
_COMPARISONS = 1_000_000
_LIST = 60
_WORD = re.compile("[A-Za-z]+")
_WORD_LENGTH = 5
_WORD_TIMES = 10


@dataclass(frozen=True)
class Slips:
    """Wrong values (or words) of a column, each with what is meant; `rows` hold one of them."""

    column: str
    meant: Mapping[str, str]
    rows: int
    words: bool
    sure: bool


def find(columns: Sequence[Coded]) -> tuple[Slips, ...]:
    """Misspelt values and words of the text columns of a table."""
    texts = [column for column in columns if column.column.sort == "text" and len(column.values) <= MOST_VALUES]
    everywhere = _words_of_table(texts)
    found = []
    for column in texts:
        values = _values(column)
        if values:
            found.append(values)
        words = _words(column, everywhere, values.meant if values else {})
        if words:
            found.append(words)
    return tuple(found)


# -- whole values


def _values(column: Coded) -> Slips | None:
    """Rare values a slip away from a value at least so many times as frequent."""
    counted = column.counted
    often = [(value, rows) for value, rows in counted if rows >= _OFTEN]
    if not often or len(often) == len(counted) or column.filled < 20:
        return None
    closed = _is_closed(counted, column.filled)
    rare, rarest = max(5, 0.01 * column.filled), max(3, 0.005 * column.filled)
    times, near = dict(counted), Neighbours((value for value, _ in often), len(counted))
    meant: dict[str, str] = {}
    for value, rows in counted:
        if rows * _TIMES > often[0][1] or rows > rare:
            continue
        for other in sorted(near.of(value), key=lambda one: -times[one]):
            if times[other] < max(_OFTEN, rows * _TIMES):
                break
            if is_slip_of(value, other) or (closed and rows <= rarest and _is_short_slip(value, other)):
                meant[value] = other
                break
    meant = _without_systems(meant)
    if not meant or _kinship({value: rows for value, rows in counted if value not in meant}) > _KIN:
        return None
    rows = sum(times[value] for value in meant)
    return Slips(column.name, meant, rows, words=False, sure=True)


def _kinship(values: Mapping[str, int]) -> float:
    """How many values are one slip from others that are about as frequent: such values are just alike."""
    some = dict(list(values.items())[:_SHOWN])
    near = Neighbours((value for value in some if len(value) <= _SHORT), len(some) + _COMPARISONS)
    alike = sum(
        any(
            some[other] < rows * _TIMES
            and rows < some[other] * _TIMES
            and is_slip_of(value, other)
            and distance(value, other, 1) == 1
            for other in near.of(value)
        )
        for value, rows in some.items()
    )
    return alike / len(some) if len(some) >= 3 else 0.0


def _without_systems(meant: Mapping[str, str]) -> dict[str, str]:
    """Leaves out what differs in the same way from several values: that is another kind of value and no slip."""
    ways = Counter(_way(value, other) for value, other in meant.items())
    return {value: other for value, other in meant.items() if ways[_way(value, other)] < _SYSTEM}


def _way(value: str, meant: str) -> tuple[int, str, str]:
    """Where the first difference is, and the letters there."""
    at = next((at for at, (one, other) in enumerate(zip(value, meant, strict=False)) if one != other), len(meant))
    return at, value[at : at + 1], meant[at : at + 1]


def _is_closed(counted: Sequence[tuple[str, int]], filled: int) -> bool:
    """Do a few values make up most of the column, none of them a slip away from another?"""
    often = [rows for _, rows in counted if rows >= max(_OFTEN, 0.1 * counted[0][1])]
    if len(often) > _LIST or sum(often) < 0.6 * filled:
        return False
    values = [value for value, _ in counted[: len(often)]]
    return not any(_is_short_slip(one, other) for one in values for other in values if one != other)


def _is_short_slip(value: str, meant: str) -> bool:
    """One slip in a word of a short list, short words too, unless it looks like another of its kind."""
    if not any(letter.isalpha() for letter in meant) or (set(value) ^ set(meant)) & MEANING or not meant.isascii():
        return False
    if _shape(value) == _shape(meant):
        swapped = sorted(value) == sorted(meant)
        return len(meant) >= 3 and swapped and distance(value, meant, 1) == 1
    return distance(value, meant, 1) == 1 and not is_form_of(value, meant)


def _shape(text: str) -> str:
    return "".join("9" if one.isdigit() else "A" if one.isupper() else "a" if one.isalpha() else one for one in text)


# -- words within values


def _words_of_table(columns: Sequence[Coded]) -> Counter[str]:
    """How many rows hold a word, whatever its case, over all columns."""
    found: Counter[str] = Counter()
    for column in columns:
        for value, rows in column.counted[:MOST_VALUES]:
            for word in {word.casefold() for word in _WORD.findall(value)}:
                found[word] += rows
    return found


def _words(column: Coded, everywhere: Counter[str], known: Mapping[str, str]) -> Slips | None:
    """Words seen once or twice, a slip away from a word of the same column that is far more frequent."""
    rows: Counter[str] = Counter()
    written: dict[str, Counter[str]] = {}
    for value, times in column.counted:
        if value in known:
            continue
        for word in set(_WORD.findall(value)):
            rows[word.casefold()] += times
            written.setdefault(word.casefold(), Counter())[word] += times
    if len(column.values) < 5 or not rows:
        return None
    often = [word for word, times in rows.items() if times >= _OFTEN and len(word) >= _WORD_LENGTH - 1]
    near = Neighbours(often)
    meant: dict[str, str] = {}
    touched = 0
    kin = _word_kinship(often, near)
    for word, times in rows.items():
        if everywhere[word] > 2 or len(word) < _WORD_LENGTH - 1:
            continue
        likely = [other for other in near.of(word) if rows[other] >= _WORD_TIMES * times and _is_word_slip(word, other)]
        if likely:
            best = max(likely, key=lambda one: rows[one])
            for spelt in written[word]:
                meant[spelt] = written[best].most_common(1)[0][0]
            touched += times
    if not meant or kin > _KIN:
        return None
    rare = sum(len(word) >= _WORD_LENGTH - 1 and everywhere[word] <= 2 for word in rows)
    return Slips(column.name, meant, touched, words=True, sure=len(meant) >= 3 * kin * rare)


def _word_kinship(often: Sequence[str], near: Neighbours) -> float:
    some = often[:300]
    if len(some) < 3:
        return 0.0
    return sum(any(_is_word_slip(word, other) for other in near.of(word)) for word in some) / len(some)


def _is_word_slip(word: str, meant: str) -> bool:
    """One slip in a word of five letters or more, but neither at its first letter only nor at its end only."""
    if max(len(word), len(meant)) < _WORD_LENGTH or is_form_of(word, meant) or distance(word, meant, 1) != 1:
        return False
    if len(word) == len(meant):
        return word[1:] != meant[1:] and (word[:-1] != meant[:-1] or len(word) > 2 * _WORD_LENGTH - 3)
    return len(meant) > _WORD_LENGTH or (len(word) > len(meant) == _WORD_LENGTH)
