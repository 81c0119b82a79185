"""Why something is not done: one family of exceptions, each with a reason in Chinese and English."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Protocol, Self, runtime_checkable

from policies.terms import speaks_english

FOLDER = Path(__file__).parent / "reasons"


class ReasonsError(ValueError):
    """A reason file is malformed, or a refusal has an unknown code or lacks a parameter."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code with its two texts and the names of the {parameters} both of them use."""

    code: str
    zh: str
    en: str
    params: frozenset[str]


@runtime_checkable
class _Labelled(Protocol):
    def label(self, language: str) -> str: ...


def load(folder: Path) -> Mapping[str, Reason]:
    """Read every ``*.toml`` of a folder: tables ``["area.reason"]`` with exactly the keys ``zh`` and ``en``.

    Raises ReasonsError naming file and code for a code given twice, a missing, empty or surplus text, and for
    texts whose {parameters} differ between the languages.
    """
    found: dict[str, Reason] = {}
    for path in sorted(folder.glob("*.toml")):
        for code, texts in _tables(path).items():
            if code in found:
                raise ReasonsError(f"{path.name}: {code} is given twice")
            found[code] = _reason(path.name, code, texts)
    return MappingProxyType(found)


def _tables(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ReasonsError(f"{path.name}: {error}") from error


def _reason(file: str, code: str, texts: object) -> Reason:
    if not isinstance(texts, dict) or set(texts) != {"zh", "en"}:
        raise ReasonsError(f'{file}: {code} needs exactly zh and en; is the code quoted, as in ["{code}"]?')
    zh, en = texts["zh"], texts["en"]
    if not (isinstance(zh, str) and isinstance(en, str) and zh.strip() and en.strip()):
        raise ReasonsError(f"{file}: {code} has an empty text")
    params = _placeholders(zh)
    if params != _placeholders(en):
        raise ReasonsError(f"{file}: {code} names different parameters in zh and en")
    return Reason(code, zh, en, params)


def _placeholders(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@cache
def reasons() -> Mapping[str, Reason]:
    """All reasons of the package by code, read once."""
    return load(FOLDER)


class Refusal(Exception):  # noqa: N818  a refusal is an answer, not an error
    """Something asked for is not done, for a reason its asker may read in Chinese or English.

    ``code`` names the reason, ``params`` fill its {placeholders}; a parameter that is a term or a refusal
    is shown in the reader's language, a collection of them as a list. ``fields`` holds one refusal for each
    field of a form at fault. An unknown code or a missing parameter raises ReasonsError at once: that is a
    mistake of ours, not the user's.
    """

    def __init__(self, code: str, /, fields: Mapping[str, "Refusal"] | None = None, **params: object) -> None:
        reason = reasons().get(code)
        if reason is None:
            raise ReasonsError(f"no reason is called {code}")
        if missing := reason.params - params.keys():
            raise ReasonsError(f"{code} needs {', '.join(sorted(missing))}")
        super().__init__(code)
        self.code = code
        self.params: Mapping[str, object] = MappingProxyType(params)
        self.fields: Mapping[str, Refusal] = MappingProxyType(dict(fields or {}))
        self._reason = reason

    @property
    def field(self) -> str | None:
        """The field of the form this refusal belongs to (its ``field`` parameter), if it belongs to one."""
        name = self.params.get("field")
        return None if name is None else str(name)

    def text(self, language: str) -> str:
        """The reason in the language of the reader ("zh", "en" or a tag such as "zh_Hans_CN")."""
        template = self._reason.en if speaks_english(language) else self._reason.zh
        shown = {name: _shown(self.params[name], language) for name in self._reason.params}
        return template.format_map(shown)

    def __str__(self) -> str:
        return self.text("zh")

    def __reduce__(self) -> tuple[object, ...]:
        """Let a refusal travel between processes with its parameters and fields."""
        return _again, (type(self), self.code, dict(self.fields), dict(self.params))

    @classmethod
    def gathered(cls, refusals: Iterable["Refusal"]) -> Self:
        """One refusal that holds many under their fields; two of one field stand there as one text.

        Those that belong to no field are kept under the empty name, so that none is lost.
        """
        by_field: dict[str, list[Refusal]] = {}
        for refusal in refusals:
            by_field.setdefault(refusal.field or "", []).append(refusal)
        return cls("general.invalid", {name: _one(found) for name, found in by_field.items()})


class Forbidden(Refusal):
    """The actor may not do this."""


class NotFound(Refusal):
    """There is no such thing, or none the actor may know of."""


class Stale(Refusal):
    """Somebody else changed the thing in the meantime."""


class Refused(Refusal):
    """The rules do not allow this in the present state of the thing."""


class Invalid(Refusal):
    """What was given does not meet the rules; ``fields`` says where."""


def _again(kind: type[Refusal], code: str, fields: Mapping[str, Refusal], params: Mapping[str, object]) -> Refusal:
    return kind(code, fields, **params)


def _one(found: list[Refusal]) -> Refusal:
    if len(found) == 1:
        return found[0]
    return type(found[0])("general.several", reasons=found, field=found[0].field)


def _shown(value: object, language: str) -> str:
    if isinstance(value, Refusal):
        return value.text(language)
    if isinstance(value, _Labelled):
        return value.label(language)
    if isinstance(value, (list, tuple, set, frozenset)):
        parts = [_shown(part, language) for part in value]
        parts = sorted(parts) if isinstance(value, (set, frozenset)) else parts
        return (", " if speaks_english(language) else "、").join(parts)
    return str(value)
