"""The rule files: which there are, how an overlay replaces what is packaged, and what each of them says."""

import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast

from policies.calendars import CalendarYear, Holiday
from policies.cards import Bar, CardRules
from policies.deadlines import AfterSupplement, Limit, Unit
from policies.grading import GateTerms, QualityRules
from policies.indicator_facts import DEMAND_PREDICATES, DEMAND_WEIGHTS, ENTRY_PREDICATES, ENTRY_WEIGHTS
from policies.indicators import Definition, Period, Subject, Target
from policies.rule_tables import RulebookError, Table
from policies.vocabulary import Dimension, Grade, OpenTier, Severity, ShareType

CODE = r"[A-Z][A-Z0-9_]*"
FILES = ("limits.toml", "quality.toml", "disclosure.toml", "indicators.toml")
FOLDERS = ("procedures", "calendars")
NESTED = ("limits", "gates")
"""Keys whose table an overlay replaces entry by entry; every other key is replaced as a whole."""


def read_folder(folder: Path) -> dict[str, dict[str, Any]]:
    """The rule files of a folder by their relative names, as plain values; other kinds of files are left
    alone."""
    paths = [folder / name for name in FILES if (folder / name).is_file()]
    for name in FOLDERS:
        paths += sorted((folder / name).glob("*.toml"))
    return {path.relative_to(folder).as_posix(): _read(path) for path in paths}


def read_overlay(folder: Path) -> dict[str, dict[str, Any]]:
    """The rule files of an overlay, where a file of an unknown name stops: it would have no effect."""
    found = read_folder(folder)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in found and not path.name.startswith("."):
            raise RulebookError("rules.unknown-file", file=name)
    return found


def parse(name: str, text: str) -> dict[str, Any]:
    """The plain values of a rule file's text; RulebookError where there is no file of this name or it is no TOML."""
    folder, _, stem = name.rpartition("/")
    if name not in FILES and not (folder in FOLDERS and re.fullmatch(r"[A-Z][A-Z0-9_-]{0,40}\.toml", stem)):
        raise RulebookError("rules.unknown-file", file=name)
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise RulebookError("rules.unreadable", file=name, detail=error) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RulebookError("rules.unreadable", file=path.name, detail=error) from error


def overlaid(
    packaged: Mapping[str, dict[str, Any]], overlay: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The effective files: a procedure or a calendar year of the overlay replaces the packaged one as a
    whole, in the other files each entry replaces the entry of its name, so that a basis never stands beside a
    figure it does not carry."""
    merged = dict(packaged)
    for file, content in overlay.items():
        if file not in FILES:
            merged[file] = content
            continue
        base = dict(packaged.get(file, {}))
        for key, value in content.items():
            nested = key in NESTED and isinstance(value, dict)
            base[key] = {**base.get(key, {}), **value} if nested else value
        merged[file] = base
    return merged


def limits(table: Table) -> tuple[Mapping[str, Limit], AfterSupplement, tuple[int, ...]]:
    """`limits.toml`: the limits, what happens after a supplement, the shares of a term at which to warn."""
    rule = table.code("after_supplement", ("resume", "restart"))
    warn = table.wholes("warn", 1)
    found = table.each("limits", CODE, _limit)
    table.done()
    return MappingProxyType(found), cast("AfterSupplement", rule), warn


def _limit(code: str, table: Table) -> Limit:
    limit = Limit(
        code=code,
        days=table.whole("days", 0),
        unit=cast("Unit", table.code("unit", ("workday", "day"))),
        basis=table.text("basis"),
        confidence=table.code("confidence", ("H", "M", "L")),
        zh=table.text("zh"),
        en=table.text("en"),
        basis_en=table.text("basis_en"),
    )
    table.done()
    return limit


def calendar_year(table: Table) -> CalendarYear:
    """`calendars/CN-YYYY.toml`: the days off, the weekend days worked, and whether the year's notice is
    out."""
    year = table.whole("year", 1992)
    holidays = tuple(_holiday(part) for part in table.tables("off"))
    on = table.days("on")
    found = CalendarYear(
        year=year,
        off=frozenset().union(*(holiday.days() for holiday in holidays)),
        on=frozenset(on),
        notice=table.flag("notice", default=None),
        basis=table.text("basis"),
        holidays=holidays,
    )
    if table.file != f"calendars/CN-{year}.toml":
        raise table.refuse("year", f"calendars/CN-{year}.toml")
    if any(day.year != year for day in found.off | found.on):
        raise table.refuse("off", f"{year}")
    if any(day.weekday() < 5 for day in on) or found.on & found.off:
        raise table.refuse("on", "weekend days that are not off")
    table.done()
    return found


def _holiday(table: Table) -> Holiday:
    holiday = Holiday(table.text("zh"), table.text("en"), table.day("first"), table.day("last"))
    if holiday.last < holiday.first:
        raise table.refuse("last", "last >= first")
    table.done()
    return holiday


def quality(table: Table) -> QualityRules:
    """`quality.toml`: weights of all dimensions, cut-offs of the grades best first, bar, tolerance and cards."""
    weights, cutoffs = table.table("weights"), table.table("cutoffs")
    rules = QualityRules(
        weights=MappingProxyType({dimension: weights.number(dimension) for dimension in Dimension}),
        cutoffs=MappingProxyType({grade: cutoffs.number(grade) for grade in Grade if grade != Grade.E}),
        bar=table.number("bar"),
        tolerance=table.number("tolerance"),
        cards=_cards(table.table("cards")),
        gates=MappingProxyType(table.each("gates", CODE, _gate)),
        waived_count=table.flag("waived_count", default=True),
    )
    if not any(rules.weights.values()):
        raise table.refuse("weights", "a weight above 0")
    falling = sorted(rules.cutoffs.values(), reverse=True)
    if list(rules.cutoffs.values()) != falling or len(set(falling)) != len(falling):
        raise table.refuse("cutoffs", "A > B > C > D")
    for part in (weights, cutoffs, table):
        part.done()
    return rules


def _cards(table: Table) -> CardRules:
    """The bars of the cards; those of the red one lie no higher than those of the yellow one."""
    red, yellow = _bar(table.table("red")), _bar(table.table("yellow"))
    rules = CardRules(
        red=red,
        yellow=yellow,
        whitelist=frozenset(table.texts("whitelist", ())),
        window=timedelta(days=table.whole("window_days", 1)),
    )
    if red.timeliness > yellow.timeliness or red.quality > yellow.quality:
        raise table.refuse("red", "red <= yellow")
    table.done()
    return rules


def _bar(table: Table) -> Bar:
    join = table.code("join", ("and", "or"))
    bar = Bar(cast("Literal['and', 'or']", join), table.number("timeliness"), table.number("quality"))
    table.done()
    return bar


def _gate(code: str, table: Table) -> GateTerms:
    if code not in {*OpenTier, *ShareType}:
        raise table.refuse(code, " | ".join([*OpenTier, *ShareType]))
    terms = GateTerms(
        bar=table.number("bar"),
        hard=frozenset(table.codes("hard", {*Severity, *Dimension})),
        grace_days=table.whole("grace_days", 0),
        late_days=table.whole("late_days", 0) if table.has("late_days") else None,
    )
    table.done()
    return terms


def indicators(table: Table) -> Mapping[str, Definition]:
    """`indicators.toml`: the definitions by `CODE@version`."""
    found = {key: _definition(key, part) for key, part in table.entries(CODE + r"@[1-9][0-9]*")}
    codes = {definition.code for definition in found.values()}
    for key, definition in found.items():
        if definition.parent and definition.parent not in codes:
            raise table.unknown(f"{key}.parent", definition.parent)
    table.done()
    return MappingProxyType(found)


def _definition(key: str, table: Table) -> Definition:
    code, _, version = key.partition("@")
    subject = table.code("subject", ("entry", "demand"))
    entry = subject == "entry"
    predicates: Collection[str] = ENTRY_PREDICATES if entry else DEMAND_PREDICATES
    weights = ENTRY_WEIGHTS if entry else DEMAND_WEIGHTS
    definition = Definition(
        code=code,
        version=int(version),
        zh=table.text("zh"),
        en=table.text("en"),
        formula_zh=table.text("formula_zh"),
        formula_en=table.text("formula_en"),
        exclusions_zh=table.text("exclusions_zh"),
        exclusions_en=table.text("exclusions_en"),
        unit_zh=table.text("unit_zh"),
        unit_en=table.text("unit_en"),
        subject=cast("Subject", subject),
        denominator=table.codes("denominator", predicates),
        numerator=table.codes("numerator", predicates),
        effective_from=table.day("effective_from"),
        basis=table.text("basis"),
        approved_by=table.text("approved_by"),
        denominator_weight=table.code("denominator_weight", weights, ""),
        numerator_weight=table.code("numerator_weight", weights, ""),
        dedupe=table.flag("dedupe"),
        period=cast("Period", table.code("period", ("year", "12months", "all"), "all")),
        tolerance=table.number("tolerance", "1"),
        least_grade=table.code("least_grade", tuple(Grade), ""),
        beside=table.codes("beside", predicates, ()),
        parent=table.text("parent", ""),
        headline=table.flag("headline"),
        targets=tuple(_target(part) for part in table.tables("targets", ())),
    )
    if bool(definition.numerator_weight) != bool(definition.denominator_weight):
        raise table.refuse("numerator_weight", "numerator_weight + denominator_weight")
    table.done()
    return definition


def _target(table: Table) -> Target:
    target = Target(table.whole("year", 2000), table.number("value"), table.text("basis"))
    table.done()
    return target
