"""Words for the search index: Chinese text in one normal form, cut into words, pairs and sounds."""

import re
import unicodedata
from functools import lru_cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import opencc

from catalog import numerals
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
LONGEST_SOUND = 24
LONGEST_INSIDE = 12
SHORTEST_INSIDE = 4
"""Letters from which on typed pinyin is looked for inside words too: an, for one, is in too many."""
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
_JOINTS = re.compile(r"(?<=[a-z0-9])[-/_.·](?=[a-z0-9])")
_MIXED = re.compile(r"[a-z][a-z0-9]*(?:[-/_.·][a-z0-9]+)+")
_APART = re.compile(r"(?<=[a-z])(?=[0-9]{3})")
_SYLLABLE = r"(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxzcsryw])?[aeiouv]{1,4}(?:ng?|r)?)"
_SPACED_PINYIN = re.compile(rf"\b{_SYLLABLE}+(?:[ '’]+{_SYLLABLE}+)+\b")


@lru_cache(4096)  # a title is asked for in several forms, one after the other
def clean(text: str) -> str:
    """The form that documents and queries share: NFKC, simplified characters, lower case, no controls."""
    folded = unicodedata.normalize("NFKC", _CONTROL.sub(" ", text))
    # Keyboards without ü write v for it.
    return str(_SIMPLIFIED.convert(folded)).lower().replace("ü", "v")


def readings(text: str) -> tuple[str, ...]:
    """A clean text and its other ways of writing: numbers in digits, PM2.5 as pm25, gb/t36344 as gbt 36344."""
    joined = _MIXED.sub(lambda found: _JOINTS.sub("", found[0]), text)
    return tuple(dict.fromkeys((text, numerals.in_digits(text), joined, _APART.sub(" ", joined))))


@lru_cache(16_384)  # names of publishers, tags and items are said again and again
def of_document(text: str) -> tuple[str, ...]:
    """Every word of a text, long ones and the shorter ones inside them, in order; then those of its other readings."""
    first, *others = (_searched(reading) for reading in readings(clean(text)))
    return (*first, *(word for word in dict.fromkeys(chain(*others)) if word not in first))


def of_query(text: str) -> list[str]:
    """The words of a query, each once, without those that say nothing if others are left."""
    return _telling(clean(text[:MOST_TEXT]))


def of_query_readings(text: str) -> list[list[str]]:
    """The words of a query in each way in which it may be read; pinyin typed with spaces is read without, too."""
    typed = clean(text[:MOST_TEXT])
    joined = _SPACED_PINYIN.sub(lambda found: "".join(_LETTERS.findall(found[0])), typed)
    found = dict.fromkeys(tuple(_telling(reading)) for reading in (*readings(typed), joined))
    return [list(words) for words in found if words]


@lru_cache(16_384)
def pairs(text: str) -> tuple[str, ...]:
    """Neighbouring characters of each run of Chinese: these find a part of a word, however it was cut."""
    return tuple(first + second for run in _HAN.findall(clean(text)) for first, second in pairwise(run))


def characters(text: str) -> list[str]:
    """Each Chinese character of a text, once."""
    return list(dict.fromkeys("".join(_HAN.findall(clean(text)))))


def sound(word: str) -> str:
    """A word in pinyin without tones or gaps: xuexiao for 学校; letters and digits stay, the rest goes."""
    return "".join(syllables(word))


def initials(word: str) -> str:
    """The first letters of a word's syllables: xx for 学校."""
    return "".join(one[0] for one in syllables(word))


def spoken(text: str) -> str:
    """A whole text in pinyin, by which titles are put in order."""
    return "".join(one for part in _heard(text) for one in part)


@lru_cache(16_384)
def tails(text: str) -> tuple[tuple[str, str], ...]:
    """Pinyin and initials of a text from each of its words on, so that typing may begin at any word."""
    parts = _heard(text)
    found = []
    for start in range(len(parts)):
        rest = [one for part in parts[start : start + LONGEST_SOUND] for one in part]
        found.append(("".join(rest)[:LONGEST_SOUND], "".join(one[0] for one in rest)[:LONGEST_SOUND]))
    return tuple(found)


@lru_cache(16_384)
def inside(text: str) -> tuple[str, ...]:
    """Pinyin of a text from each syllable on that doesn't begin a word."""
    heard = [(place > 0, one) for part in _heard(text) for place, one in enumerate(part)]
    rests = (heard[start : start + LONGEST_INSIDE] for start, (within, _) in enumerate(heard) if within)
    return tuple("".join(one for _, one in rest)[:LONGEST_INSIDE] for rest in rests)


@lru_cache(4096)
def spelled(text: str) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The runs of Chinese in a text, character by character with the sound of each."""
    runs = []
    for run in _HAN.findall(clean(text)):
        cut = [(word, syllables(word)) for word in rjieba.cut(run)]
        runs.append(tuple(pair for word, heard in cut for pair in zip(word, heard, strict=False)))
    return tuple(runs)


def is_han(word: str) -> bool:
    """Whether a word is written in Chinese characters throughout."""
    return _HAN.fullmatch(word) is not None


def is_latin(word: str) -> bool:
    """Whether a word consists of ASCII letters and digits, and so may be pinyin."""
    return _LETTERS.fullmatch(word) is not None


def _is_word(word: str) -> bool:
    return _ALPHANUMERIC.search(word) is not None


def _searched(text: str) -> list[str]:
    return [word[:LONGEST_WORD] for word in rjieba.cut_for_search(text) if _is_word(word)]


def _telling(text: str) -> list[str]:
    found = dict.fromkeys(word[:LONGEST_WORD] for word in rjieba.cut(text) if _is_word(word))
    telling = [word for word in found if word not in STOP_WORDS]
    return (telling or list(found))[:MOST_WORDS]


@lru_cache(4096)
def _heard(text: str) -> tuple[tuple[str, ...], ...]:
    """The syllables of each word of a text."""
    heard = (syllables(word) for word in rjieba.cut(clean(text)) if _is_word(word))
    return tuple(one for one in heard if one)


@lru_cache(65_536)  # the words of a catalogue are few, finding their sound is slow
def syllables(word: str) -> tuple[str, ...]:
    """The syllables of a word, with u for ü: what is typed is heard alike, whichever letter was used for it."""
    heard = (_LETTERS.findall(one.lower()) for one in pypinyin.lazy_pinyin(word))
    parts = tuple(one for parts in heard for one in parts)
    return tuple(one.replace("v", "u") for one in parts) if is_han(word) else parts


def as_heard(typed: str) -> str:
    """Typed letters as the sounds of Chinese words are kept."""
    return typed.replace("v", "u")
