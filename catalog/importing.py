"""Importing: other platforms' listings taken over as harvested entries, however often, without doubling any.

An entry is known again by its source and the identifier it has there. What changed is written with its change, what
did not is not touched; what a source lists no more is archived, and comes back when it is listed again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Row, String, select
from sqlalchemy.orm import Session

from catalog import harvested
from catalog.harvest_models import HarvestSource
from catalog.harvested import Fresh, Keeping, News
from catalog.mapping.listing import Listing
from catalog.models import Entry
from catalog.reading import LIVE
from policies import calendars
from policies import vocabulary as v
from policies.refusals import Invalid, Refusal
from tenancy.actors import SYSTEM
from tenancy.models import Tenant
from tenancy.work import Work

WRITTEN = (
    *("title", "title_en", "abstract", "publisher_name", "origin_url", "origin_text", "themes", "tags", "formats"),
    *(
        "region_code",
        "data_range",
        "industry",
        "time_from",
        "time_to",
        "granularity",
        "collection_kind",
        "update_cycle",
    ),
    *("security_level", "open_type", "open_tier", "open_condition", "licence", "contact_phone", "resources"),
    *("published_at", "data_updated_at"),
)
"""The columns of an entry that say what its source says."""
STANDING = (Entry.id, Entry.external_id, Entry.state, Entry.archived_at)
CALLED = {"publisher_name": "provider", "origin_url": "source_url", "contact_phone": "contact"}
LIMITS = tuple(
    (name, CALLED.get(name, name), kind.length)
    for name in (*WRITTEN, "external_id")
    if type(kind := Entry.__table__.columns[name].type) is String and kind.length
)
"""The texts for which an entry has limited room: column, field of a listing, characters."""
TITLE_AT_LEAST = 2

Faulty = tuple[Listing, Refusal]


@dataclass(frozen=True)
class Imported:
    """What listings came to: how many entries are new, changed, as they were; what was refused, and why."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: tuple[Faulty, ...] = ()


@dataclass
class Seen:
    """The listings of one reading so far, by identifier, each with a mark of what it says."""

    marks: dict[str, int] = field(default_factory=dict)

    def sift(self, listings: Iterable[Listing]) -> tuple[list[Listing], Imported]:
        """The listings that can be taken, and the account of the others.

        One that says word for word what one before it said is left out as unchanged; one that says something else
        under the same identifier is refused.
        """
        taken, again, refused = list[Listing](), 0, list[Faulty]()
        for one in listings:
            mark, before = hash(one), self.marks.get(one.external_id)
            if before == mark:
                again += 1
                continue
            fault = _fault(one) if before is None else Invalid("harvest.repeated", external_id=one.external_id)
            self.marks.setdefault(one.external_id, mark)
            if fault is None:
                taken.append(one)
            else:
                refused.append((one, fault))
        return taken, Imported(unchanged=again, refused=tuple(refused))


def import_records(work: Work, source: HarvestSource, listings: Iterable[Listing]) -> Imported:
    """Take over a source's listings into the care of its tenant; they need not be the whole catalogue.

    An entry that was suspended or withdrawn here stays so; one that was archived comes back. One audit line tells
    of what was written.
    """
    taken, sifted = Seen().sift(listings)
    return together(take(work, source, taken), sifted)


def take(work: Work, source: HarvestSource, taken: Sequence[Listing]) -> Imported:
    """The same with listings that were sifted already."""
    tenant = source.tenant
    work.demand("entry.register", _Place(tenant))
    fresh, changed = _compare(work.session, source, taken)
    harvested.create(work, Keeping(tenant, source.key, SYSTEM.id), fresh)
    query = select(Entry).where(Entry.id.in_([entry_id for entry_id, _ in changed]))
    found = {one.id: one for one in work.session.scalars(query)}
    harvested.change(work, [(found[entry_id], new) for entry_id, new in changed])
    created, updated = len(fresh), len(changed)
    if created or updated:
        work.record("entries.harvested", source, source=source.key, created=created, updated=updated)
    return Imported(created, updated, len(taken) - created - updated)


def foresee(session: Session, source: HarvestSource, listings: Iterable[Listing]) -> Imported:
    """What taking over these listings would come to; nothing is written."""
    taken, sifted = Seen().sift(listings)
    fresh, changed = _compare(session, source, taken)
    return together(Imported(len(fresh), len(changed), len(taken) - len(fresh) - len(changed)), sifted)


def together(found: Imported, sifted: Imported) -> Imported:
    """What listings came to, with those that were sifted out."""
    return Imported(found.created, found.updated, found.unchanged + sifted.unchanged, sifted.refused)


def listed(session: Session, source: HarvestSource) -> Sequence[Row[str, str | None, str, str | None]]:
    """Id, identifier at the source, title and address of every entry that the source is taken to list."""
    query = select(Entry.id, Entry.external_id, Entry.title, Entry.origin_url)
    return session.execute(query.where(Entry.origin_portal == source.key, Entry.state.in_(LIVE))).all()


def archive(work: Work, source: HarvestSource, ids: Collection[str]) -> int:
    """Take entries that their source lists no more out of the catalogue; how many there were left to take out."""
    work.demand("harvest.run", source)
    query = select(Entry).where(Entry.id.in_(ids), Entry.origin_portal == source.key, Entry.state.in_(LIVE))
    gone = work.session.scalars(query).all()
    harvested.archive(work, gone)
    if gone:
        codes = [entry.code for entry in gone]
        work.record("entries.archived", source, source=source.key, reason="not-listed-any-more", codes=codes)
    return len(gone)


class _Place:
    """What permissions know of the place in which harvested entries are registered."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant

    def facts(self) -> Mapping[str, Any]:
        """A harvested entry in its tenant."""
        return {"type": "Entry", "id": "new", "path": self.tenant.path, "origin": v.Origin.HARVESTED.value}


def _fault(listing: Listing) -> Refusal | None:
    """What keeps a listing out of our tables; the reader of its catalogue has judged the rest."""
    if len(listing.title) < TITLE_AT_LEAST:
        return Invalid("harvest.title", field="title")
    for name, field_, limit in LIMITS:
        if len(getattr(listing, field_) or "") > limit:
            return Invalid("harvest.too-long", field=name, name=name, limit=limit)
    return None


def _compare(
    session: Session, source: HarvestSource, listings: Sequence[Listing]
) -> tuple[list[Fresh], list[tuple[str, News]]]:
    """The listings that have no entry yet, and the ids of entries of which others say something new, with what."""
    wanted = {one.external_id: one for one in listings}
    query = select(*STANDING, *(getattr(Entry, name) for name in WRITTEN))
    query = query.where(Entry.origin_portal == source.key, Entry.external_id.in_(wanted))
    known = {row.external_id: row for row in session.execute(query)}
    fresh, changed = list[Fresh](), list[tuple[str, News]]()
    for one in listings:
        values, row = _values(source, one), known.get(one.external_id)
        if row is None:
            fresh.append(Fresh(one.external_id, values))
        elif new := harvested.news(row, values):
            changed.append((row.id, new))
    return fresh, changed


def _values(source: HarvestSource, listing: Listing) -> dict[str, Any]:
    """What a listing says of its entry; the source stands in for a publisher and a place that it doesn't name."""
    values = _said(listing)
    values["publisher_name"] = values["publisher_name"] or source.zh
    values["region_code"] = values["region_code"] or source.region_code
    return values | {"data_range": harvested.range_of(values["region_code"])}


def _said(listing: Listing) -> dict[str, Any]:
    """What a listing says in the terms of an entry.

    Where the source doesn't say how its data are opened they are taken as open after login, which is how these
    portals hand out what they list; its own words stand beside. Its count of rows is kept as words too, because
    ours are measured.
    """
    formats = [one.value for one in listing.formats]
    return {
        "title": listing.title,
        "title_en": listing.title_en,
        "abstract": listing.abstract,
        "publisher_name": listing.provider,
        "origin_url": listing.source_url,
        "origin_text": "\n".join(f"{heading}：{text}" for heading, text in listing.words if heading and text),
        "themes": [theme.value for theme in listing.themes],
        "tags": list(listing.tags),
        "formats": formats,
        "region_code": listing.region_code,
        "industry": listing.industry.value if listing.industry else None,
        "time_from": listing.time_from,
        "time_to": listing.time_to,
        "granularity": listing.granularity,
        "collection_kind": harvested.kind_of(formats),
        "update_cycle": listing.update_cycle or v.UpdateCycle.IRREGULAR,
        "security_level": listing.security_level or v.SecurityLevel.L1,
        "open_type": listing.open_type or v.OpenType.OPEN_UNCOND,
        "open_tier": listing.open_tier or v.OpenTier.T1,
        "open_condition": listing.open_condition,
        "licence": listing.licence,
        "contact_phone": listing.contact or "",
        "resources": [one.kept() for one in listing.resources],
        "published_at": _midnight(listing.published),
        "data_updated_at": _midnight(listing.updated),
    }


def _midnight(day: date | None) -> datetime | None:
    """The beginning of a day in Shanghai."""
    return datetime.combine(day, time(), calendars.SHANGHAI) if day else None
