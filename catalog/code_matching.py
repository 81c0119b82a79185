"""Which code of a list a value probably means: pure guesses, each with how it was made, for a steward to confirm.

Order of belief: the code itself in another form (leading zeros, full width), one of its names, a known synonym, and at
last the place of the value among the values observed, where these are as many as the list's own.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from policies.vocabulary import DeviationKind

SYNONYMS: tuple[frozenset[str], ...] = (
    frozenset({"男", "男性", "男士", "男人", "male", "m", "man", "boy", "nan"}),
    frozenset({"女", "女性", "女士", "女人", "female", "f", "woman", "girl", "nv"}),
    frozenset({"是", "有", "真", "对", "已", "yes", "y", "true", "t", "√", "✓"}),
    frozenset({"否", "无", "假", "错", "未", "no", "n", "false", "f", "×", "✗"}),
    frozenset({"未知", "不详", "未知的性别", "unknown", "不明"}),
    frozenset({"未说明", "未填", "未说明的性别", "notstated", "未填写"}),
)
ENDINGS = ("族", "市", "县", "区", "省", "性")
PLACED = 12
"""Values are matched by their place only among so few."""


@dataclass(frozen=True, slots=True)
class Known:
    """A code as matching needs it."""

    value: str
    zh: str
    en: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What an observed value seems to be: the code's value, if one was found, and how."""

    value: str | None
    kind: DeviationKind


def match(codes: Sequence[Known], observed: Iterable[str]) -> dict[str, Match]:
    """A guess for each value that is no code of the list as it stands."""
    own = {code.value for code in codes}
    strange = [value for value in dict.fromkeys(observed) if value not in own]
    found = {value: _single(codes, value) for value in strange}
    left = [value for value in strange if found[value].value is None]
    if left == strange and not own.intersection(observed):
        found |= _placed(codes, left)
    return found


def translation(matches: Mapping[str, Match]) -> dict[str, str]:
    """The mapping that a steward may take over: everything that was found."""
    return {value: one.value for value, one in matches.items() if one.value is not None}


def _single(codes: Sequence[Known], value: str) -> Match:
    plain = _plain(value)
    tests = {
        DeviationKind.FORM: [code.value for code in codes if _number(code.value) == _number(value)],
        DeviationKind.LABEL: [code.value for code in codes if plain in {_plain(code.zh), _plain(code.en)} - {""}],
        DeviationKind.SYNONYM: [code.value for code in codes if _alike(plain, code)],
    }
    for kind, fitting in tests.items():
        if len(fitting) == 1:
            return Match(fitting[0], kind)
    return Match(None, DeviationKind.UNKNOWN)


def _alike(plain: str, code: Known) -> bool:
    names = {_plain(code.zh), _plain(code.en)} - {""}
    if any(plain in group and names & group for group in SYNONYMS):
        return True
    return any(plain + ending in names or plain.removesuffix(ending) in names for ending in ENDINGS if plain)


def _placed(codes: Sequence[Known], values: Sequence[str]) -> dict[str, Match]:
    """By order, where the values are running numbers and as many as the codes that mean something definite."""
    definite = [code for code in codes if not any(_plain(code.zh) in group for group in SYNONYMS[4:])]
    numbers = sorted(values, key=_number)
    running = all(value.isdecimal() for value in values) and len({int(one) for one in values}) == len(values)
    if not running or not 1 < len(values) == len(definite) <= PLACED:
        return {}
    return {value: Match(code.value, DeviationKind.POSITION) for value, code in zip(numbers, definite, strict=True)}


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _number(text: str) -> str:
    """A code without what does not tell it apart: width, blanks, leading zeros, a fraction of nought."""
    plain = _plain(text).removesuffix(".0")
    return plain.lstrip("0") or plain[-1:] if plain.isdecimal() else plain
