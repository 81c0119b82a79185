"""What items have of the standards: the link to an element or list, what could be linked, and how far it has come.

Figures are counted over own entries that were not deleted or withdrawn, as they stand now.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from catalog import changes, code_matching, standards
from catalog.code_matching import Known, Match
from catalog.models import Entry, Item, Version
from catalog.reading import access
from catalog.standard_models import Code, DataElement
from policies import vocabulary as v
from policies.calendars import local_date
from policies.refusals import Invalid, Refused
from tenancy.actors import Actor
from tenancy.models import TenantAncestor
from tenancy.work import Work

FEW_VALUES = 50
"""A column with at most so many different values, each in more than one row on the mean, should have a code list."""
CODED = frozenset({"text", "integer", "boolean"})
GONE = (v.EntryState.DELETED, v.EntryState.WITHDRAWN)


@dataclass(frozen=True)
class Deviation:
    """A value that is not in the item's code list: how many rows hold it, and what it seems to mean."""

    value: str
    rows: int
    match: Match
    meaning: str = ""


@dataclass(frozen=True)
class Standing:
    """An item against the standards: its element, its list by name, whether it should have one, its deviations.

    `checked` are the rows whose values were looked at; None where no profile says anything. `whole` tells that the
    profile knows every value, not only the frequent ones.
    """

    entry: Entry
    item: Item
    element: DataElement | None
    list_name: str | None
    few_values: bool
    checked: int | None = None
    deviations: tuple[Deviation, ...] = ()
    whole: bool = False

    @property
    def deviating(self) -> int:
        """Rows whose value is not in the list."""
        return sum(one.rows for one in self.deviations)

    @property
    def needs_list(self) -> bool:
        """Whether few values are seen and no list says which."""
        return self.few_values and self.list_name is None


@dataclass
class Coverage:
    """A unit's figures: items, items with an element; items of few values, those of them with a list; deviations."""

    tenant_id: str
    items: int = 0
    with_element: int = 0
    few: int = 0
    few_with_list: int = 0
    with_list: int = 0
    deviating_items: int = 0
    deviating_rows: int = 0
    checked_rows: int = 0
    standings: list[Standing] = field(default_factory=list)

    def add(self, one: Standing) -> None:
        """Count an item in."""
        self.items += 1
        self.with_element += one.element is not None
        self.few += one.few_values
        self.few_with_list += one.few_values and one.list_name is not None
        self.with_list += one.list_name is not None
        self.deviating_items += bool(one.deviations)
        self.deviating_rows += one.deviating
        self.checked_rows += one.checked or 0 if one.list_name else 0
        self.standings.append(one)


def link(work: Work, entry: Entry, links: Mapping[str, tuple[str | None, str | None]]) -> int:
    """Say which element and which list items follow; also for a published entry, whose items stay what they are.

    `links` maps an item's name to (element, list). Gives how many items changed. Raises Invalid for unknown names.
    """
    work.demand("entry.edit", entry)
    if entry.state in GONE:
        raise Refused("entry.wrong-state", state=entry.state)
    items = {item.name: item for item in entry.items}
    for name in links:
        if name not in items:
            raise Invalid("standard.unknown-item", field=name, name=name)
    changed = 0
    for name, (element, code_list) in links.items():
        item = items[name]
        if (item.element, item.code_list) != (element or None, code_list or None):
            item.element, item.code_list = element or None, code_list or None
            changed += 1
    standards.demand_known(work.session, list(items.values()), local_date(work.now))
    if changed:
        work.record("entry.items-linked", entry, code=entry.code, items=changed)
        changes.note(work, entry, "entry.items-linked")
    return changed


def suggestions(session: Session, entry: Entry, on: date) -> dict[str, DataElement]:
    """For items without an element: the one whose name or title is the item's own."""
    known: dict[str, DataElement] = {}
    for row in standards.all_in_force(session, DataElement, on):
        for said in (row.name, row.zh, row.en):
            known.setdefault(_plain(said), row)
    found = {}
    for item in entry.items:
        names = [_plain(said) for said in (item.name, item.title, item.title_en) if said]
        chosen = next((known[name] for name in names if name in known), None)
        if item.element is None and chosen is not None:
            found[item.name] = chosen
    return found


def standings(session: Session, entries: Sequence[Entry], on: date) -> list[Standing]:
    """Every item of entries against the standards and the newest profile."""
    items = [item for entry in entries for item in entry.items]
    elements = standards.elements_of(session, items, on)
    names = {name for item in items if (name := standards.list_of(item, elements))}
    codes = standards.codes_of(session, {name.partition("#")[0] for name in names}, on)
    profiles = _profiles(session, [entry.id for entry in entries])
    return [
        _standing(entry, item, elements, codes, profiles.get(entry.id, {})) for entry in entries for item in entry.items
    ]


def coverage(session: Session, entries: Sequence[Entry], on: date) -> list[Coverage]:
    """The figures of each unit that owns any of the entries."""
    found: dict[str, Coverage] = {}
    for one in standings(session, entries, on):
        found.setdefault(one.entry.tenant_id, Coverage(one.entry.tenant_id)).add(one)
    return list(found.values())


def counted(tenant_ids: Collection[str]) -> ColumnElement[bool]:
    """Own entries of tenants and of those below them that count, as a condition."""
    below = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id.in_(tenant_ids))
    return Entry.tenant_id.in_(below) & (Entry.origin == v.Origin.OWN) & Entry.state.not_in(GONE)


def may_see_values(session: Session, one: Standing, actor: Actor, now: datetime) -> bool:
    """Whether somebody may read the rows in which an item's values stand."""
    inside = bool(actor.staff_of.intersection(one.entry.tenant.path))
    return inside or one.item.name in access(session, one.entry, actor, now).items


def _standing(
    entry: Entry,
    item: Item,
    elements: Mapping[str, DataElement],
    codes: Mapping[str, Sequence[Code]],
    profile: Mapping[str, Any],
) -> Standing:
    element, name = elements.get(item.element or ""), standards.list_of(item, elements)
    column = next((one for one in profile.get("columns", ()) if one["name"] == item.name), None)
    few = column is not None and _is_few(column, int(profile["rows"]))
    stem, _mark, form = (name or "").partition("#")
    if column is None or stem not in codes:
        return Standing(entry, item, element, name, few)
    top = [(str(value), int(rows)) for value, rows in column.get("top", ())]
    known = [Known(_form(code, form), code.zh, code.en) for code in codes[stem]]
    guesses = code_matching.match(_with_values(known, codes[stem], form), [value for value, _rows in top])
    meanings = {one.value: one.zh for one in known}
    found = tuple(
        Deviation(value, rows, guesses[value], meanings.get(guesses[value].value or "", ""))
        for value, rows in top
        if value in guesses and value.strip()
    )
    return Standing(
        entry, item, element, name, few, sum(rows for _value, rows in top), found, bool(column.get("top_exact"))
    )


def _with_values(known: list[Known], codes: Sequence[Code], form: str) -> list[Known]:
    """Where names are expected, a code's value is one of the words by which it is recognised."""
    if not form:
        return known
    return [Known(one.value, one.zh, code.value) for one, code in zip(known, codes, strict=True)]


def _form(code: Code, form: str) -> str:
    return {"zh": code.zh, "en": code.en or code.zh}.get(form, code.value)


def _is_few(column: Mapping[str, Any], rows: int) -> bool:
    """Few values and each of them more than once on the mean, so that they mean kinds, not things."""
    distinct = int(column.get("distinct") or 0)
    coded = column.get("sort") in CODED and bool(column.get("top_exact"))
    return coded and 1 < distinct <= FEW_VALUES and rows >= 2 * distinct


def _profiles(session: Session, entry_ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """The newest profile of each entry."""
    query = select(Version.entry_id, Version.profile).where(
        Version.entry_id.in_(list(entry_ids)), Version.table_id.is_not(None)
    )
    rows = session.execute(query.order_by(Version.number))
    return {entry_id: profile for entry_id, profile in rows if profile and profile.get("columns")}


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
