"""Data standards as they hold on a day: elements and code lists found, searched, and what of them items refer to.

A version holds from `starts_on` until the day before `ends_on`; the days decide, whatever its state says meanwhile, so
that a version agreed on today can begin next month. An item names an element or a list, never a version of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol, TypeVar

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from catalog.models import Entry, Item
from catalog.standard_models import Code, CodeList, DataElement
from policies import vocabulary as v
from policies.refusals import Invalid, NotFound
from policies.vocabulary import StandardState

Standard = DataElement | CodeList
Row = TypeVar("Row", bound=Standard)
AGREED = (StandardState.IN_FORCE, StandardState.SUPERSEDED, StandardState.RETIRED)
WAITING = (StandardState.DRAFT, StandardState.IN_REVIEW)
FORMS = ("zh", "en")
"""An item may hold the names of codes instead of their values: then its list is called `list#zh` or `list#en`."""


def holds(kind: type[Row], on: date) -> ColumnElement[bool]:
    """Whether a version holds on a day, as a condition."""
    return and_(kind.state.in_(AGREED), kind.starts_on <= on, or_(kind.ends_on.is_(None), kind.ends_on > on))


def all_in_force(session: Session, kind: type[Row], on: date, text: str = "") -> list[Row]:
    """The versions that hold on a day, those only whose name or title holds the text, by name."""
    query = select(kind).where(holds(kind, on), *_said(kind, text)).order_by(kind.name)
    return list(session.scalars(query))


def listed(session: Session, kind: type[Row], on: date, text: str = "") -> list[Row]:
    """One row of each name: the version that holds on the day, else its newest one; by name."""
    query = select(kind).where(*_said(kind, text)).order_by(kind.name, kind.number)
    chosen: dict[str, Row] = {}
    for row in session.scalars(query):
        if row.name not in chosen or not is_in_force(chosen[row.name], on) or is_in_force(row, on):
            chosen[row.name] = row
    return list(chosen.values())


def is_in_force(row: Standard, on: date) -> bool:
    """Whether a version holds on a day."""
    begun = row.starts_on is not None and row.starts_on <= on
    return row.state in AGREED and begun and (row.ends_on is None or row.ends_on > on)


def in_force(session: Session, kind: type[Row], name: str, on: date) -> Row | None:
    """The version of a name that holds on a day, if one does."""
    return session.scalars(select(kind).where(kind.name == name, holds(kind, on))).first()


def every_version(session: Session, kind: type[Row], name: str, *, locked: bool = False) -> list[Row]:
    """The versions of a name, newest first, locked until the end of the transaction if wanted."""
    query = select(kind).where(kind.name == name).order_by(kind.number.desc())
    return list(session.scalars(query.with_for_update(of=kind) if locked else query))


def versions_of(session: Session, kind: type[Row], name: str) -> list[Row]:
    """Every version of a name, newest first; NotFound if there is none."""
    found = every_version(session, kind, name)
    if not found:
        raise NotFound("general.not-found")
    return found


def code_lists(session: Session, names: Iterable[str], on: date) -> dict[str, list[str]]:
    """The values that each list admits on a day, by the name it was asked for under; unknown lists are left out.

    A name with `#zh` or `#en` behind it gives the Chinese or English names of the codes instead of their values.
    """
    wanted = {name: name.partition("#")[::2] for name in names}
    found = codes_of(session, {plain for plain, _form in wanted.values()}, on)
    return {
        name: list(dict.fromkeys(_written(code, form) for code in found[plain]))
        for name, (plain, form) in wanted.items()
        if plain in found
    }


def codes_of(session: Session, names: Iterable[str], on: date) -> dict[str, list[Code]]:
    """The codes of lists that hold on a day, in their order."""
    query = select(CodeList).where(CodeList.name.in_(sorted(set(names))), holds(CodeList, on))
    return {row.name: [code for code in row.codes if is_valid(code, on)] for row in session.scalars(query)}


def is_valid(code: Code, on: date) -> bool:
    """Whether a code of a list in force holds on a day; its last day counts."""
    return (code.valid_from or on) <= on <= (code.valid_until or on)


def _written(code: Code, form: str) -> str:
    return {"zh": code.zh, "en": code.en or code.zh}.get(form, code.value)


class Referring(Protocol):
    """Whatever refers to an element or list by name."""

    @property
    def element(self) -> str | None:
        """The name of an element."""

    @property
    def code_list(self) -> str | None:
        """The name of a list."""


def demand_known(session: Session, items: Sequence[Referring], on: date) -> None:
    """Raise Invalid where an item refers to an element or list of which no version holds on the day."""
    elements = {one.element for one in items if one.element}
    lists = {one.code_list for one in items if one.code_list}
    known = set(session.scalars(select(DataElement.name).where(DataElement.name.in_(elements), holds(DataElement, on))))
    for name in sorted(elements - known):
        raise Invalid("standard.unknown-element", field="element", name=name)
    demand_lists(session, lists, on)


def demand_lists(session: Session, names: Iterable[str], on: date) -> None:
    """Raise Invalid where no version of a list holds on the day, or a name asks for a form that there is not."""
    wanted = set(names)
    plain = {name.partition("#")[0] for name in wanted}
    known = set(session.scalars(select(CodeList.name).where(CodeList.name.in_(plain), holds(CodeList, on))))
    for name in sorted(wanted):
        stem, mark, form = name.partition("#")
        if stem not in known or (mark and form not in FORMS):
            raise Invalid("standard.unknown-list", field="code_list", name=name)


def list_of(item: Item, elements: Mapping[str, DataElement]) -> str | None:
    """The code list of an item: its own, else that of its element."""
    element = elements.get(item.element or "")
    return item.code_list or (element.code_list if element else None)


def elements_of(session: Session, items: Iterable[Item], on: date) -> dict[str, DataElement]:
    """The elements that items refer to, by name, as they hold on a day."""
    names = {item.element for item in items if item.element}
    query = select(DataElement).where(DataElement.name.in_(names), holds(DataElement, on))
    return {row.name: row for row in session.scalars(query)}


def lists_for(session: Session, items: Iterable[Item], on: date) -> dict[str, list[str]]:
    """The values that each item's code list admits on a day, by the name of the item."""
    rows = list(items)
    elements = elements_of(session, rows, on)
    named = {item.name: name for item in rows if (name := list_of(item, elements))}
    values = code_lists(session, named.values(), on)
    return {item: values[name] for item, name in named.items() if name in values}


def uses(session: Session, name: str, kind: type[Row]) -> list[Item]:
    """Items of own entries that refer to an element or list by name."""
    column = Item.element if kind is DataElement else Item.code_list
    named = or_(column == name, column.startswith(f"{name}#", autoescape=True))
    query = select(Item).join(Entry, Entry.id == Item.entry_id).where(named, Entry.state != v.EntryState.DELETED)
    return list(session.scalars(query.order_by(Entry.code, Item.position)))


def use_counts(session: Session, kind: type[Row]) -> dict[str, int]:
    """How many items of own entries refer to each element or list, by name; one statement whatever their number."""
    column = Item.element if kind is DataElement else Item.code_list
    query = select(column, func.count()).join(Entry, Entry.id == Item.entry_id)
    query = query.where(column.is_not(None), Entry.state != v.EntryState.DELETED).group_by(column)
    counts: dict[str, int] = {}
    for name, count in session.execute(query):
        plain = str(name).partition("#")[0]
        counts[plain] = counts.get(plain, 0) + count
    return counts


def count_elements(session: Session, name: str, on: date) -> int:
    """How many elements in force take their values from a list."""
    named = or_(DataElement.code_list == name, DataElement.code_list.startswith(f"{name}#", autoescape=True))
    return session.scalar(select(func.count()).select_from(DataElement).where(holds(DataElement, on), named)) or 0


def _said(kind: type[Row], text: str) -> list[ColumnElement[bool]]:
    columns = (kind.name, kind.zh, kind.en, kind.source)
    return [or_(*(column.icontains(text, autoescape=True) for column in columns))] if text else []
