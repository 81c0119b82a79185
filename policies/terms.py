"""The two shapes every enumeration is made of: a code that carries its Chinese and English label."""

from enum import StrEnum
from typing import Self


def speaks_english(language: str) -> bool:
    """Whether a language tag ("en", "en_GB", "zh_Hans_CN") asks for English; all others get Chinese."""
    return language.lower().startswith("en")


class Term(StrEnum):
    """A stored code with a Chinese and an English label.

    Members are declared as ``CODE = "CODE", "中文", "English"``; the code is what database and API hold.
    """

    zh: str
    en: str

    def __new__(cls, code: str, zh: str = "", en: str = "") -> Self:
        """Make the member a plain string that knows its two labels."""
        return cls._labelled(code, zh, en)

    @classmethod
    def _labelled(cls, code: str, zh: str, en: str) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.zh = zh
        member.en = en
        return member

    def label(self, language: str) -> str:
        """The label in the language of the reader ("zh", "en" or a tag such as "zh_Hans_CN")."""
        return self.en if speaks_english(language) else self.zh


class Ranked(Term):
    """A term whose members have an order, the one they are declared in: the first is the least.

    Comparison takes members and raw codes of the same enumeration; any other string raises ValueError,
    because the alphabet says nothing about rank.
    """

    @property
    def rank(self) -> int:
        """The place in the order, 0 for the least."""
        return self._rank_of(self.value)

    def _rank_of(self, other: str) -> int:
        codes: list[str] = [member.value for member in type(self)]
        return codes.index(other)

    def __lt__(self, other: str) -> bool:
        return self.rank < self._rank_of(other)

    def __le__(self, other: str) -> bool:
        return self.rank <= self._rank_of(other)

    def __gt__(self, other: str) -> bool:
        return self.rank > self._rank_of(other)

    def __ge__(self, other: str) -> bool:
        return self.rank >= self._rank_of(other)
