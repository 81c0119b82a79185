"""Importing: other portals' listings taken over as harvested entries, however often, without doubling any."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.orm import Session

from catalog import changes
from catalog.mapping.listing import Listing
from catalog.mapping.portal_words import Portal
from catalog.models import Entry
from policies import calendars, identifiers
from policies import vocabulary as v
from policies.refusals import Invalid, Refusal
from tenancy.models import Tenant
from tenancy.numbers import next_number
from tenancy.types import new_id
from tenancy.work import Work

BATCH = 500


@dataclass(frozen=True)
class Imported:
    """What a batch came to: how many entries are new, changed, as they were; what was refused, and why."""

    created: int
    updated: int
    unchanged: int
    refused: tuple[tuple[Listing, Refusal], ...]


def import_records(work: Work, tenant: Tenant, portal: Portal, records: Iterable[Listing]) -> Imported:
    """Take over a portal's listings into the care of a tenant, each known again by portal and identifier.

    An entry that was suspended or withdrawn here stays so; what the portal no longer lists is left as it is,
    because a batch need not be the whole catalogue. One audit line tells of the batch.
    """
    work.demand("entry.register", _Place(tenant))
    taken, refused = _sift(portal, records)
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    listings = iter(taken)
    while batch := list(islice(listings, BATCH)):
        for what, number in _take_over(work, tenant, portal, batch).items():
            counts[what] += number
    shown = [[listing.external_id, refusal.code] for listing, refusal in refused]
    work.record("entries.harvested", tenant, portal=portal.value, refused=shown, **counts)
    return Imported(**counts, refused=tuple(refused))


class _Place:
    """What permissions know of the place that harvested entries are about to be registered in."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant

    def facts(self) -> Mapping[str, Any]:
        """A harvested entry that does not exist yet, in its tenant."""
        return {"type": "Entry", "id": "new", "path": self.tenant.path, "origin": v.Origin.HARVESTED.value}


def _sift(portal: Portal, records: Iterable[Listing]) -> tuple[list[Listing], list[tuple[Listing, Refusal]]]:
    taken, refused = dict[str, Listing](), list[tuple[Listing, Refusal]]()
    for listing in records:
        fault = _fault(portal, listing)
        if fault is None and listing.external_id in taken:
            fault = Invalid("harvest.repeated", external_id=listing.external_id)
        if fault is None:
            taken[listing.external_id] = listing
        else:
            refused.append((listing, fault))
    return list(taken.values()), refused


def _fault(portal: Portal, listing: Listing) -> Refusal | None:
    if listing.source_key != portal.value:
        return Invalid("harvest.portal", found=listing.source_key, portal=portal)
    values = _values(listing) | {"external_id": listing.external_id}
    for name, value in values.items():
        kind = Entry.__table__.columns[name].type
        limit = kind.length if type(kind) is String else None
        if limit and isinstance(value, str) and len(value) > limit:
            return Invalid("harvest.too-long", field=name, name=name, limit=limit)
    return None


def _take_over(work: Work, tenant: Tenant, portal: Portal, batch: Sequence[Listing]) -> dict[str, int]:
    known = _known(work.session, portal, [one.external_id for one in batch])
    created, updated = list[Entry](), list[Entry]()
    for listing in batch:
        values, entry = _values(listing), known.get(listing.external_id)
        if entry is None:
            created.append(_entry(work, tenant, listing, values))
        elif any(getattr(entry, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(entry, name, value)
            updated.append(entry)
    work.session.add_all(created)
    changes.note_all(work, created, "entry.harvested")
    changes.note_all(work, updated, "entry.harvest-changed")
    made, changed = len(created), len(updated)
    return {"created": made, "updated": changed, "unchanged": len(batch) - made - changed}


def _known(session: Session, portal: Portal, external_ids: Sequence[str]) -> dict[str | None, Entry]:
    query = select(Entry).where(Entry.origin_portal == portal.value, Entry.external_id.in_(external_ids))
    return {entry.external_id: entry for entry in session.scalars(query)}


def _entry(work: Work, tenant: Tenant, listing: Listing, values: Mapping[str, Any]) -> Entry:
    category = _category(listing)
    return Entry(
        id=new_id(),
        code=identifiers.resource_code(category, next_number(work.session, f"code:{category}")),
        category_code=category,
        origin=v.Origin.HARVESTED,
        origin_portal=listing.source_key,
        external_id=listing.external_id,
        tenant=tenant,
        tenant_id=tenant.id,
        source_tenant=tenant,
        source_tenant_id=tenant.id,
        author_id=work.actor.id,
        state=v.EntryState.PUBLISHED,
        open_state=v.OpenState.OPEN,
        catalogue_class=v.CatalogueClass.DEPARTMENTAL,
        object_flags=0,
        use_scenes=[],
        related_codes=[],
        national_grade=v.NationalGrade.GENERAL,
        share_type=v.ShareType.SHARE_UNCOND,
        collect_state=v.CollectState.NONE,
        items=[],
        created_at=work.now,
        changed_at=work.now,
        **values,
    )


def _category(listing: Listing) -> str:
    """Classification part of the code: the sub-item 900 holds what other portals list, nothing of ours."""
    theme = int(listing.themes[0]) if listing.themes else 99
    return f"{v.CatalogueClass.DEPARTMENTAL.value}{theme:02d}900"


def _values(listing: Listing) -> dict[str, Any]:
    """What a listing says of its entry.

    Where the portal doesn't say how its data are opened they are taken as open after login, which is how
    these portals hand out what they list; its own words stand beside. Its count of rows is kept as words too,
    because ours are measured.
    """
    region = listing.region_code or v.Region.HUZHOU.value
    in_county = region[4:] != "00"
    return {
        "title": listing.title,
        "abstract": listing.abstract,
        "publisher_name": listing.provider,
        "origin_url": listing.source_url,
        "origin_text": _own_words(listing),
        "themes": [theme.value for theme in listing.themes],
        "tags": list(listing.tags),
        "formats": [one.value for one in listing.formats],
        "region_code": region,
        "industry": listing.industry.value if listing.industry else None,
        "licence": listing.licence,
        "time_from": listing.time_from,
        "time_to": listing.time_to,
        "granularity": listing.granularity,
        "resources": [one.kept() for one in listing.resources],
        "data_range": v.DataRange.COUNTY if in_county else v.DataRange.WHOLE_CITY,
        "collection_kind": v.CollectionKind.API if v.Format.API in listing.formats else v.CollectionKind.FILE,
        "update_cycle": listing.update_cycle or v.UpdateCycle.IRREGULAR,
        "security_level": listing.security_level or v.SecurityLevel.L1,
        "open_type": listing.open_type or v.OpenType.OPEN_UNCOND,
        "open_tier": listing.open_tier or v.OpenTier.T1,
        "open_condition": listing.open_condition,
        "contact_phone": listing.contact or "",
        "published_at": _midnight(listing.published),
        "data_updated_at": _midnight(listing.updated),
    }


def _own_words(listing: Listing) -> str:
    """What the portal says in its own words, under its own headings, one line each."""
    return "\n".join(f"{heading}：{text}" for heading, text in listing.words)


def _midnight(day: date | None) -> datetime | None:
    """The beginning of a day in Shanghai."""
    return datetime.combine(day, time(), calendars.SHANGHAI) if day else None
