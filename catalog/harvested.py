"""Harvested entries: the one way of writing what another platform says, whether it was read there or sent by it.

An entry that its platform lists no more is archived, and comes back when it is listed again; one that was suspended
or withdrawn here stays so.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert

from catalog import changes
from catalog.models import Entry
from catalog.reading import LIVE
from policies import identifiers
from policies import vocabulary as v
from tenancy.models import Tenant
from tenancy.numbers import next_numbers
from tenancy.types import new_id
from tenancy.work import Work

News = dict[str, Any]
"""What is new about an entry, by column."""


@dataclass(frozen=True)
class Keeping:
    """In whose care harvested entries stand: the tenant, the key of the platform of origin, and who writes them."""

    tenant: Tenant
    portal: str
    author_id: str


@dataclass(frozen=True)
class Fresh:
    """What a platform says of data that have no entry yet: the identifier it has there, and values by column."""

    external_id: str
    values: Mapping[str, Any]


def create(work: Work, keeping: Keeping, fresh: Sequence[Fresh]) -> list[str]:
    """New entries, published at once because they were reviewed where they come from; their ids in the same order."""
    wanted = Counter(category_of(one.values["themes"]) for one in fresh)
    numbers = {one: iter(next_numbers(work.session, f"code:{one}", count)) for one, count in sorted(wanted.items())}
    rows = [_row(work, keeping, one, next(numbers[category_of(one.values["themes"])])) for one in fresh]
    if rows:
        # Past the unit of work of the mapper, which would take most of the time of a hundred thousand.
        work.session.execute(insert(Entry), rows)
        changes.note_new(work, rows, keeping.tenant, "entry.harvested")
    return [row["id"] for row in rows]


def news(known: Any, values: Mapping[str, Any]) -> News:
    """What values say that an entry, or a row with its columns, doesn't; an archived one comes back besides."""
    new = {name: value for name, value in values.items() if getattr(known, name) != value}
    if known.archived_at is not None and known.state is v.EntryState.WITHDRAWN:
        new |= {"state": v.EntryState.PUBLISHED, "archived_at": None}
    return new


def change(work: Work, changed: Sequence[tuple[Entry, News]]) -> None:
    """Write what is new about entries."""
    back, other = list[Entry](), list[Entry]()
    for entry, new in changed:
        for name, value in new.items():
            setattr(entry, name, value)
        (back if "archived_at" in new else other).append(entry)
    changes.note_all(work, other, "entry.harvest-changed")
    changes.note_all(work, back, "entry.harvest-returned")


def archive(work: Work, entries: Collection[Entry]) -> None:
    """Take entries out of the catalogue that their platform lists no more; one that was suspended comes not back."""
    for entry in entries:
        entry.archived_at = work.now if entry.state in LIVE else None
        entry.state = v.EntryState.WITHDRAWN
    changes.note_all(work, list(entries), "entry.archived")


def category_of(themes: Sequence[str]) -> str:
    """Classification part of the code: the sub-item 900 holds what other portals list, nothing of ours."""
    return f"{v.CatalogueClass.DEPARTMENTAL.value}{int(themes[0]) if themes else 99:02d}900"


def range_of(region_code: str) -> v.DataRange:
    """Whether data of a place cover the whole city or a part of it."""
    return v.DataRange.COUNTY if region_code[4:6] not in ("", "00") else v.DataRange.WHOLE_CITY


def kind_of(formats: Collection[str]) -> v.CollectionKind:
    """How data in these formats are handed over: called, or as files."""
    return v.CollectionKind.API if v.Format.API.value in formats else v.CollectionKind.FILE


def _row(work: Work, keeping: Keeping, fresh: Fresh, number: int) -> dict[str, Any]:
    """The columns of a new entry."""
    category = category_of(fresh.values["themes"])
    return {
        "id": new_id(),
        "code": identifiers.resource_code(category, number),
        "category_code": category,
        "origin": v.Origin.HARVESTED,
        "origin_portal": keeping.portal,
        "external_id": fresh.external_id,
        "tenant_id": keeping.tenant.id,
        "source_tenant_id": keeping.tenant.id,
        "author_id": keeping.author_id,
        "state": v.EntryState.PUBLISHED,
        "open_state": v.OpenState.OPEN,
        "catalogue_class": v.CatalogueClass.DEPARTMENTAL,
        "object_flags": 0,
        "use_scenes": [],
        "related_codes": [],
        "national_grade": v.NationalGrade.GENERAL,
        "share_type": v.ShareType.SHARE_UNCOND,
        "collect_state": v.CollectState.NONE,
        "created_at": work.now,
        "changed_at": work.now,
        "published_at": work.now,
        "version": 1,
        **fresh.values,
    }
