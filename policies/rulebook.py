"""The rules in force: read from TOML once, checked wholly, frozen, and known by a hash that decisions
keep."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from policies import disclosure, procedure_files, rule_files
from policies.calendars import Calendar
from policies.deadlines import AfterSupplement, Limit
from policies.disclosure import Thresholds
from policies.grading import QualityRules
from policies.indicators import Definition
from policies.procedures import Procedure
from policies.rule_tables import RulebookError, Table

__all__ = [
    "Difference",
    "Limit",
    "Rulebook",
    "RulebookError",
    "changed",
    "differences",
    "enacted",
    "in_force",
    "load",
    "put_in_force",
]

FOLDER = Path(__file__).parent / "rules"


@dataclass(frozen=True)
class Difference:
    """One value in which two rulebooks differ: file, key, and what stands there (None: nothing)."""

    file: str
    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Rulebook:
    """All rules that are data. `hash` is the SHA-256 of the canonical JSON of `files`; `indicators` go by
    `CODE@version`."""

    hash: str
    files: Mapping[str, dict[str, Any]]
    limits: Mapping[str, Limit]
    after_supplement: AfterSupplement
    warn: tuple[int, ...]
    procedures: Mapping[str, Procedure]
    calendar: Calendar
    quality: QualityRules
    disclosure: Mapping[str, Thresholds]
    indicators: Mapping[str, Definition]


def load(overlay: Path | None = None) -> Rulebook:
    """The packaged rules with the overlay folder's entries in place of those of the same name.

    Raises RulebookError naming file and key for anything unknown, missing, of a wrong kind or leading
    nowhere.
    """
    files = rule_files.read_folder(FOLDER)
    if overlay is not None:
        files = rule_files.overlaid(files, rule_files.read_overlay(overlay))
    return _read(files)


def changed(book: Rulebook, changes: Iterable[tuple[str, str]]) -> Rulebook:
    """A rulebook with changes laid over it, one after the other, each a file name with its TOML text.

    Raises RulebookError as `load` does.
    """
    files = dict(book.files)
    for name, text in changes:
        files = rule_files.overlaid(files, {name: rule_files.parse(name, text)})
    return _read(files)


def differences(before: Rulebook, after: Rulebook) -> tuple[Difference, ...]:
    """Every value that one rulebook has and the other has not, or has differently."""
    old, new = dict(_values(before.files)), dict(_values(after.files))
    return tuple(
        Difference(file, key, old.get((file, key)), new.get((file, key)))
        for file, key in sorted(old.keys() | new.keys())
        if old.get((file, key)) != new.get((file, key))
    )


def _values(files: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for file, content in files.items():
        for key, value in _leaves(content, ""):
            yield (file, key), value


def _leaves(value: object, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(part, f"{at}.{key}" if at else key)
    elif isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
        for number, part in enumerate(value, 1):
            yield from _leaves(part, f"{at}[{number}]")
    else:
        yield at, _canonical(value)


def _read(files: dict[str, dict[str, Any]]) -> Rulebook:
    tables = {name: Table(name, content) for name, content in files.items()}
    limits, after_supplement, warn = rule_files.limits(tables["limits.toml"])
    procedures = [procedure_files.procedure(t, limits) for name, t in tables.items() if name.startswith("procedures/")]
    years = [rule_files.calendar_year(t) for name, t in tables.items() if name.startswith("calendars/")]
    return Rulebook(
        hash=hashlib.sha256(_canonical(files).encode()).hexdigest(),
        files=MappingProxyType(files),
        limits=limits,
        after_supplement=after_supplement,
        warn=warn,
        procedures=MappingProxyType({procedure.kind: procedure for procedure in procedures}),
        calendar=Calendar(MappingProxyType({year.year: year for year in years})),
        quality=rule_files.quality(tables["quality.toml"]),
        disclosure=MappingProxyType(disclosure.thresholds(tables["disclosure.toml"])),
        indicators=rule_files.indicators(tables["indicators.toml"]),
    )


def _canonical(files: object) -> str:
    # Only dates are no JSON values; their ISO form is unambiguous.
    return json.dumps(files, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


@cache
def _packaged() -> Rulebook:
    return load()


_CURRENT: dict[str, Rulebook] = {}


def in_force() -> Rulebook:
    """The rulebook this process decides by: the one put in force with what was enacted, else the packaged one."""
    return _CURRENT.get("book") or _packaged()


def put_in_force(book: Rulebook) -> None:
    """Let this process decide by `book` from now on."""
    _CURRENT["base"] = _CURRENT["book"] = book


def enacted(changes: Iterable[tuple[str, str]]) -> None:
    """Let this process decide by the rulebook last put in force with these changes laid over it."""
    _CURRENT["book"] = changed(_CURRENT.get("base") or _packaged(), changes)
