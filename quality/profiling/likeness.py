"""How much alike two texts are: the slips of a hand at a keyboard against words that are just different.

Pure. A slip is a letter left out, put in, put for another, or two neighbours changed about.
"""

import unicodedata
from collections.abc import Iterable, Iterator

MEANING = frozenset("不非未无没已可男女东南西北上下左右大中小正负甲乙丙丁一二三四五六七八九十百")
"""Letters which make another word of the same word: what differs by one of them is no slip."""

_SHORT = 40
_COMPARISONS = 100_000


def distance(one: str, other: str, most: int) -> int:
    """Slips between two texts; anything above `most` comes as `most` + 1."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    start, end = 0, 0
    shortest = min(len(one), len(other))
    while start < shortest and one[start] == other[start]:
        start += 1
    while end < shortest - start and one[-1 - end] == other[-1 - end]:
        end += 1
    return min(_measured(one[start : len(one) - end], other[start : len(other) - end], most), most + 1)


def _measured(one: str, other: str, most: int) -> int:
    if not one or not other:
        return len(one) + len(other)
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        above, row_before = row, before
        row = [at, *([0] * len(other))]
        for to, against in enumerate(other, 1):
            row[to] = min(above[to] + 1, row[to - 1] + 1, above[to - 1] + (letter != against))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == against:
                row[to] = min(row[to], row_before[to - 2] + 1)
        before = above
        if min(row) > most:
            return most + 1
    return row[-1]


def allowed(length: int) -> int:
    """How many slips a text of some length may hold and still be the same."""
    return 1 if length < 12 else min(8, length // 12 + 1)


def is_slip_of(value: str, meant: str) -> bool:
    """Is the first text the second with slips, and no other word of its own right?

    Other digits make another code (letters in the place of digits don't), one of `MEANING` another word, an ending
    another form of the word; what only differs in case, space and punctuation is another way to write it.
    """
    if value == meant or max(len(value), len(meant)) < 4:
        return False
    most = allowed(max(len(value), len(meant)))
    if abs(len(value) - len(meant)) > most or not _same_digits(value, meant):
        return False
    if (set(value) ^ set(meant)) & MEANING or bare(value) == bare(meant):
        return False
    longest = max(len(value), len(meant))
    if not (value.isascii() and meant.isascii()) and (longest < 6 or value[-1] != meant[-1]):
        return False
    if longest < 6 and len(value) == len(meant) and sorted(value) != sorted(meant) and _sorts(value) == _sorts(meant):
        return False
    return not is_form_of(value, meant) and distance(value, meant, most) <= most and _word_by_word(value, meant)


def _sorts(text: str) -> str:
    return "".join("9" if one.isdigit() else "A" if one.isupper() else "a" if one.isalpha() else one for one in text)


def _word_by_word(value: str, meant: str) -> bool:
    """Is no single word so different that it is another one, as east and west are?"""
    first, second = value.split(), meant.split()
    if len(first) < 2 or len(first) != len(second):
        return True
    pairs = ((one, other) for one, other in zip(first, second, strict=True) if one != other)
    return all(
        distance(one, other, max(1, len(other) // 3)) <= max(1, len(other) // 3) and len(other) > 1
        for one, other in pairs
    )


def bare(text: str) -> str:
    """The letters and digits of a text, whatever their case and width."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def is_form_of(one: str, other: str) -> bool:
    """Do two words differ only at their end, as a singular and its plural do, or only in the case of letters?"""
    first, second = sorted((one.casefold(), other.casefold()), key=len)
    return first == second or (second.startswith(first) and second[len(first) :] in _ENDINGS)


_ENDINGS = frozenset(("s", "es", "d", "ed", "r", "er", "e", "y", "ly", "n", "al", "a", "i", "ii", "."))


def _same_digits(value: str, meant: str) -> bool:
    """Has the value the same digits, or something else in the place of some?"""
    if _digits(value) == _digits(meant):
        return True
    return len(value) == len(meant) and not any(
        one.isdigit() for one, other in zip(value, meant, strict=True) if one != other
    )


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def shortened(text: str) -> Iterator[str]:
    """The text, and it without each one of its letters: two texts one slip apart share one of these."""
    yield text
    for at in range(len(text)):
        yield text[:at] + text[at + 1 :]


class Neighbours:
    """Texts to be found again by what they resemble: one slip apart, or several in long texts.

    Long texts are compared one by one, which is only done if no more than so many comparisons come of `asked`
    questions.
    """

    def __init__(self, texts: Iterable[str], asked: int = 1) -> None:
        self._near: dict[str, list[str]] = {}
        self._long: list[str] = []
        for text in texts:
            if len(text) <= _SHORT:
                for key in set(shortened(text)):
                    self._near.setdefault(key, []).append(text)
            if allowed(len(text)) > 1:
                self._long.append(text)
        if len(self._long) * asked > _COMPARISONS:
            self._long = []

    def of(self, text: str) -> Iterator[str]:
        """The texts which may be the same as this one but for slips, in the order they were given first."""
        seen = set()
        for key in set(shortened(text)) if len(text) <= _SHORT + 1 else ():
            for near in self._near.get(key, ()):
                if near not in seen:
                    seen.add(near)
                    yield near
        for near in self._long:
            if near not in seen and abs(len(near) - len(text)) <= allowed(max(len(near), len(text))):
                yield near
