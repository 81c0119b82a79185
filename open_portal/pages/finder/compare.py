"""Up to three datasets side by side: what they share and where they differ."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from catalog import reading, versions
from catalog.models import Entry, Version
from catalog.search import Query
from open_portal import language
from open_portal.pages import dataset_words as words
from open_portal.pages.finder import finder
from open_portal.pages.finder.finder_asked import LONGEST_TEXT, written
from open_portal.pages.record import record
from open_portal.requests import actor, now, scope, session
from policies import vocabulary as v
from policies.refusals import NotFound

MOST = 3
MOST_CODES = 12
LETTERS = "ABC"
OFFERED = 6
NAMED = 40
"""Data items named in one cell; how many more there are is said."""


@dataclass(frozen=True)
class Side:
    """One of the datasets compared, with what of it the reader may see."""

    letter: str
    entry: Entry
    version: Version | None
    items: dict[str, v.ItemType]
    """The type of each item by the name it is shown under."""


Saying = tuple[str, Callable[[Side], str]]
"""A property by its name, and how a dataset says it; empty for nothing."""


@dataclass(frozen=True)
class Row:
    """One property: its name and what each dataset says, with a mark where they differ; `none` stands for nothing."""

    label: str
    cells: list[str]
    differs: bool
    none: str


def page_of(codes: Sequence[str], text: str) -> dict[str, Any]:
    """The comparison of the datasets with these codes, and what was left out of it and why."""
    wanted = list(dict.fromkeys(one.strip().replace("/", "-") for one in codes if one.strip()))[:MOST_CODES]
    entries, missing = _found(wanted)
    surplus, entries = entries[MOST:], entries[:MOST]
    sides = [_side(letter, entry) for letter, entry in zip(LETTERS, entries, strict=False)]
    kept = [words.slug(one) for one in entries]
    return {
        "sides": [_head(side, kept) for side in sides],
        "groups": [(title, rows) for title, rows in _groups(sides) if rows] if sides else [],
        "shared": _shared(sides),
        "missing": missing,
        "surplus": [words.title(one) for one in surplus],
        "most": MOST,
        "kept": kept,
        "text": text[:LONGEST_TEXT].strip(),
        "offers": _offers(text[:LONGEST_TEXT].strip(), kept) if len(kept) < MOST else None,
    }


def _found(codes: list[str]) -> tuple[list[Entry], list[str]]:
    """The entries the reader may know of, in the order asked, and the codes without any, hidden or not."""
    found: dict[str, Entry] = {}
    missing = []
    for code in codes:
        try:
            entry = reading.find(session(), code, actor(), now())
        except NotFound:
            missing.append(code)
        else:
            found.setdefault(entry.id, entry)
    return list(found.values()), missing


def _side(letter: str, entry: Entry) -> Side:
    inside = reading.access(session(), entry, actor(), now()).rule == "own-tenant"
    items = {words.label(item): item.type for item in record.visible_items(entry, inside=inside)}
    return Side(letter, entry, versions.live(session(), entry), items)


def _head(side: Side, kept: list[str]) -> dict[str, Any]:
    own = words.slug(side.entry)
    return {
        "letter": side.letter,
        "title": words.title(side.entry),
        "href": words.address(side.entry),
        "entry": side.entry,
        "remove_href": address([one for one in kept if one != own]),
    }


def address(codes: Sequence[str]) -> str:
    """Where these codes are compared."""
    return written(url_for("datasets.compare"), [("code", one) for one in codes])


def _groups(sides: list[Side]) -> list[tuple[str, list[Row]]]:
    return [
        (_("Overview"), [*_rows(sides, _prose(), told=False), *_rows(sides, _overview())]),
        (_("Coverage and extent"), _rows(sides, _extent())),
        (_("Quality"), _rows(sides, _quality(), none=_("No score"))),
        (_("Data items"), _item_rows(sides)),
    ]


def _rows(sides: list[Side], asked: list[Saying], *, told: bool = True, none: str = "") -> list[Row]:
    """A row for each property of which at least one dataset says something; `told`: whether differences are marked."""
    found = []
    for label, say in asked:
        cells = [say(side) for side in sides]
        if any(cells):
            found.append(Row(label, cells, told and len(set(cells)) > 1, none or _("Not stated")))
    return found


def _prose() -> list[Saying]:
    return [(_("Abstract"), lambda one: words.abstract(one.entry))]


def _overview() -> list[Saying]:
    return [
        (_("Publisher"), lambda one: words.publisher(one.entry)),
        (_("Open type"), lambda one: language.term(one.entry.open_type)),
        (_("Open tier"), lambda one: language.term(one.entry.open_tier)),
        (_("Licence"), lambda one: language.term(one.entry.licence)),
        (_("Conditions"), lambda one: one.entry.open_condition),
        (_("Themes"), lambda one: words.together(language.term(code, "Theme") for code in one.entry.themes)),
        (_("Where it comes from"), _origin),
    ]


def _origin(side: Side) -> str:
    own = side.entry.origin is v.Origin.OWN
    return language.term(side.entry.origin) if own else words.portal(side.entry)


def _extent() -> list[Saying]:
    return [
        (_("Place"), lambda one: words.region(one.entry.region_code)),
        (_("Time"), lambda one: words.span(one.entry)),
        (_("Granularity"), lambda one: one.entry.granularity),
        (_("Update cycle"), lambda one: language.term(one.entry.update_cycle)),
        (_("Last update"), lambda one: language.date(one.entry.data_updated_at)),
        (_("Formats"), lambda one: words.together(words.formats(one.entry))),
        (_("Rows"), lambda one: "" if one.entry.rows is None else language.number(one.entry.rows)),
        (_("Downloads"), lambda one: language.number(one.entry.downloads) if one.entry.origin is v.Origin.OWN else ""),
    ]


def _quality() -> list[Saying]:
    def scored(dimension: v.Dimension) -> Callable[[Side], str]:
        return lambda one: _score(((one.version.dimensions if one.version else None) or {}).get(dimension.value))

    return [
        (_("Grade and score"), _grade),
        *((language.term(one), scored(one)) for one in v.Dimension),
    ]


def _grade(side: Side) -> str:
    if not side.entry.grade or side.entry.score is None:
        return ""
    return str(
        _("%(grade)s · %(score)s points", grade=side.entry.grade, score=language.number(round(side.entry.score, 1)))
    )


def _score(value: float | None) -> str:
    return "" if value is None else language.number(round(value, 1))


def _item_rows(sides: list[Side]) -> list[Row]:
    """How many items each has, and those that not all of them have."""
    if not any(side.items for side in sides):
        return []
    counts = [language.number(len(side.items)) for side in sides]
    found = [Row(_("Number of data items"), counts, len(set(counts)) > 1, "")]
    common = _common(sides)
    apart = [_listed([name for name in side.items if name not in common]) for side in sides]
    if len(sides) > 1 and any(apart):
        found.append(Row(_("Not in all of them"), apart, differs=True, none=_("None")))
    return found


def _common(sides: list[Side]) -> list[str]:
    """Names of items that every dataset has, in the order of the first."""
    return [name for name in sides[0].items if all(name in side.items for side in sides)] if sides else []


def _listed(names: list[str]) -> str:
    text = words.together(names[:NAMED])
    return text if len(names) <= NAMED else str(_("%(names)s and %(num)d more", names=text, num=len(names) - NAMED))


def _shared(sides: list[Side]) -> list[dict[str, Any]] | None:
    """The items all have, each with its types where these differ; none where there is nothing to compare."""
    if len(sides) < 2 or not all(side.items for side in sides):
        return None
    found = []
    for name in _common(sides):
        types = [side.items[name] for side in sides]
        apart = [f"{side.letter} {language.term(one)}" for side, one in zip(sides, types, strict=True)]
        found.append({"name": name, "types": words.together(apart) if len(set(types)) > 1 else ""})
    return found


def _offers(text: str, kept: list[str]) -> list[dict[str, str]]:
    """Datasets found by words, each with the address that takes it into the comparison."""
    if not text:
        return []
    found = finder.ask(Query(text, scope=scope(), per_page=OFFERED + MOST)).entries
    return [
        {"title": words.title(one), "note": words.publisher(one), "href": address([*kept, words.slug(one)])}
        for one in found
        if words.slug(one) not in kept
    ][:OFFERED]
