"""The rules in force: read from TOML once, checked wholly, frozen, and known by a hash that decisions
keep."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from policies import procedure_files, rule_files
from policies.calendars import Calendar
from policies.deadlines import AfterSupplement, Limit
from policies.grading import QualityRules
from policies.indicators import Definition
from policies.procedures import Procedure
from policies.rule_tables import RulebookError, Table

__all__ = ["Limit", "Rulebook", "RulebookError", "in_force", "load", "put_in_force"]

FOLDER = Path(__file__).parent / "rules"


@dataclass(frozen=True)
class Rulebook:
    """All rules that are data. `hash` is the SHA-256 of their canonical JSON; `indicators` go by
    `CODE@version`."""

    hash: str
    limits: Mapping[str, Limit]
    after_supplement: AfterSupplement
    warn: tuple[int, ...]
    procedures: Mapping[str, Procedure]
    calendar: Calendar
    quality: QualityRules
    indicators: Mapping[str, Definition]


def load(overlay: Path | None = None) -> Rulebook:
    """The packaged rules with the overlay folder's entries in place of those of the same name.

    Raises RulebookError naming file and key for anything unknown, missing, of a wrong kind or leading
    nowhere.
    """
    files = rule_files.read_folder(FOLDER)
    if overlay is not None:
        files = rule_files.overlaid(files, rule_files.read_overlay(overlay))
    tables = {name: Table(name, content) for name, content in files.items()}
    limits, after_supplement, warn = rule_files.limits(tables["limits.toml"])
    procedures = [procedure_files.procedure(t, limits) for name, t in tables.items() if name.startswith("procedures/")]
    years = [rule_files.calendar_year(t) for name, t in tables.items() if name.startswith("calendars/")]
    return Rulebook(
        hash=hashlib.sha256(_canonical(files).encode()).hexdigest(),
        limits=limits,
        after_supplement=after_supplement,
        warn=warn,
        procedures=MappingProxyType({procedure.kind: procedure for procedure in procedures}),
        calendar=Calendar(MappingProxyType({year.year: year for year in years})),
        quality=rule_files.quality(tables["quality.toml"]),
        indicators=rule_files.indicators(tables["indicators.toml"]),
    )


def _canonical(files: Mapping[str, object]) -> str:
    # Only dates are no JSON values; their ISO form is unambiguous.
    return json.dumps(files, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


@cache
def _packaged() -> Rulebook:
    return load()


_CURRENT: dict[str, Rulebook] = {}


def in_force() -> Rulebook:
    """The rulebook this process decides by: the one put in force, else the packaged one."""
    return _CURRENT.get("book") or _packaged()


def put_in_force(book: Rulebook) -> None:
    """Let this process decide by `book` from now on."""
    _CURRENT["book"] = book
