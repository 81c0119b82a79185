"""Words for the search index: Chinese text in one normal form, cut into words, pairs and sounds."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import opencc

from policies.later import Later

if TYPE_CHECKING:
    import pypinyin
    import rjieba
else:
    # Their dictionaries take a third of the time in which a web process starts.
    pypinyin, rjieba = Later("pypinyin"), Later("rjieba")

MOST_TEXT = 200
"""Characters of a query that are looked at; whoever pastes more gets an answer all the same."""
MOST_WORDS = 16
LONGEST_WORD = 64
LONGEST_SOUND = 32
STOP_WORDS = frozenset("的地得了和与及或等在是有为对中") | {
    "the",
    "a",
    "an",
    "of",
    "and",
    "or",
    "in",
    "for",
    "to",
}

_SIMPLIFIED = opencc.OpenCC("t2s")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_ALPHANUMERIC = re.compile(r"[^\W_]")
_LETTERS = re.compile(r"[a-z0-9]+")


@lru_cache(1024)  # a title is asked for in several forms, one after the other
def clean(text: str) -> str:
    """The form that documents and queries share: NFKC, simplified characters, lower case, no controls."""
    folded = unicodedata.normalize("NFKC", _CONTROL.sub(" ", text))
    return str(_SIMPLIFIED.convert(folded)).lower()


def of_document(text: str) -> list[str]:
    """Every word of a text, long ones and the shorter ones inside them, in order."""
    return [word[:LONGEST_WORD] for word in rjieba.cut_for_search(clean(text)) if _is_word(word)]


def of_query(text: str) -> list[str]:
    """The words of a query, each once, without those that say nothing if others are left."""
    found = dict.fromkeys(word[:LONGEST_WORD] for word in rjieba.cut(clean(text[:MOST_TEXT])) if _is_word(word))
    telling = [word for word in found if word not in STOP_WORDS]
    return (telling or list(found))[:MOST_WORDS]


def pairs(text: str) -> list[str]:
    """Neighbouring characters of each run of Chinese: these find a part of a word, however it was cut."""
    return [first + second for run in _HAN.findall(clean(text)) for first, second in pairwise(run)]


def characters(text: str) -> list[str]:
    """Each Chinese character of a text, once."""
    return list(dict.fromkeys("".join(_HAN.findall(clean(text)))))


def sound(word: str) -> str:
    """A word in pinyin without tones or gaps: xuexiao for 学校; letters and digits stay, the rest goes."""
    return "".join(_syllables(word))


def spoken(text: str) -> str:
    """A whole text in pinyin, by which titles are put in order."""
    return "".join(sound(word) for word in rjieba.cut(clean(text)) if _is_word(word))


def tails(text: str) -> Iterator[tuple[str, str]]:
    """Pinyin and initials of a text from each of its words on, so that typing may begin at any word."""
    heard = (_syllables(word) for word in rjieba.cut(clean(text)) if _is_word(word))
    parts = [syllables for syllables in heard if syllables]
    for start in range(len(parts)):
        rest = [one for part in parts[start : start + LONGEST_SOUND] for one in part]
        yield "".join(rest)[:LONGEST_SOUND], "".join(one[0] for one in rest)[:LONGEST_SOUND]


def is_han(word: str) -> bool:
    """Whether a word is written in Chinese characters throughout."""
    return _HAN.fullmatch(word) is not None


def is_latin(word: str) -> bool:
    """Whether a word consists of ASCII letters and digits, and so may be pinyin."""
    return _LETTERS.fullmatch(word) is not None


def _is_word(word: str) -> bool:
    return _ALPHANUMERIC.search(word) is not None


@lru_cache(65_536)  # the words of a catalogue are few, finding their sound is slow
def _syllables(word: str) -> tuple[str, ...]:
    heard = (_LETTERS.findall(one.lower()) for one in pypinyin.lazy_pinyin(word))
    return tuple(one for parts in heard for one in parts)
