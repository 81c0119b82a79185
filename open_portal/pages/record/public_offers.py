"""What other platforms are told of an entry's data: files for everyone, or the page that leads on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import reading
from catalog.mapping import offers
from catalog.mapping.offers import Listed, Offer
from catalog.models import Entry, Version
from catalog.reading import Purpose
from open_portal.pages import dataset_words as words
from open_portal.requests import now, session
from policies import vocabulary as v
from tenancy.actors import ANONYMOUS

FORMS = (v.Format.CSV, v.Format.JSON, v.Format.XLSX, v.Format.PARQUET)


@dataclass(frozen=True)
class Ways:
    """What offers are made of beside the entries, so that they can be made when the request is over: the instant,
    the address of an entry's page and that of its file in a format."""

    now: datetime
    page: str
    file: str

    def page_of(self, entry: Entry) -> str:
        """The address of an entry's page."""
        return self.page.replace("CODE", words.slug(entry))

    def file_of(self, entry: Entry, form: v.Format) -> str:
        """The address of an entry's file."""
        return self.file.replace("CODE", words.slug(entry)).replace("FORM", form.value)


def ways() -> Ways:
    """The ways of the request under way."""
    page = url_for("datasets.show", code="CODE", _external=True)
    file = url_for("data.download", code="CODE", format="FORM", _external=True)
    return Ways(now(), page, file)


def listed(entries: Sequence[Entry]) -> list[tuple[Entry, list[Offer]]]:
    """Entries with their offers; the versions of all are read at once."""
    here, reader = ways(), session()
    versions = _versions(reader, entries)
    return [(entry, _of(reader, here, entry, versions.get(entry.live_version_id or ""))) for entry in entries]


def told(reader: Session, here: Ways, entries: Sequence[Entry]) -> list[Listed]:
    """Entries with everything the public is told of them, read by few questions; every relation named may be seen."""
    versions, seen = _versions(reader, entries), _seen(reader, here, entries)
    found = []
    for entry in entries:
        version = versions.get(entry.live_version_id or "")
        related = tuple(code for code in entry.related_codes if code in seen and code != entry.code)
        found.append(Listed(entry, tuple(_of(reader, here, entry, version)), version, related))
    return found


def told_of(entry: Entry) -> Listed:
    """One entry with everything the public is told of it, within a request."""
    [found] = told(session(), ways(), [entry])
    return found


def _of(reader: Session, here: Ways, entry: Entry, version: Version | None) -> list[Offer]:
    """The offers of one entry: files where the public has access, else a page; none of what is closed."""
    if entry.open_type is v.OpenType.OPEN_FORBIDDEN and entry.origin is v.Origin.OWN:
        return []
    if entry.origin is v.Origin.HARVESTED or (version is None and entry.resources):
        return _elsewhere(here, entry)
    if version is None:
        return []
    if not reading.access(reader, entry, ANONYMOUS, here.now).given:
        return [_page(entry, here.page_of(entry))]
    return [_file(here, entry, version, one) for one in FORMS]


def _versions(reader: Session, entries: Sequence[Entry]) -> dict[str, Version]:
    wanted = [one.live_version_id for one in entries if one.live_version_id]
    query = select(Version).where(Version.id.in_(wanted))
    return {one.id: one for one in reader.scalars(query)} if wanted else {}


def _seen(reader: Session, here: Ways, entries: Sequence[Entry]) -> frozenset[str]:
    """Those of the related entries that the public may know of."""
    wanted = {code for one in entries for code in one.related_codes}
    if not wanted:
        return frozenset()
    visible = reading.readable(ANONYMOUS, Purpose.SEE, here.now)
    return frozenset(reader.scalars(select(Entry.code).where(Entry.code.in_(wanted), visible)))


def _elsewhere(here: Ways, entry: Entry) -> list[Offer]:
    """What another platform serves, where everyone may have it; else the way there."""
    open_ = entry.open_type is v.OpenType.OPEN_UNCOND and entry.open_tier is v.OpenTier.T0
    withheld = entry.origin is v.Origin.OWN and (entry.open_state not in reading.OPENED or entry.offline_since)
    found = offers.of_resources(entry) if open_ and not withheld else []
    return found or [_page(entry, offers.origin_of(entry) or here.page_of(entry))]


def _file(here: Ways, entry: Entry, version: Version, form: v.Format) -> Offer:
    when = version.published_at or version.uploaded_at
    address = here.file_of(entry, form)
    return Offer(id=f"{entry.id}-{form.value}", format=form, url=address, created=when, modified=when)


def _page(entry: Entry, address: str) -> Offer:
    when = entry.data_updated_at or entry.published_at or entry.created_at
    return Offer(
        id=f"{entry.id}-{v.Format.HTML.value}",
        format=v.Format.HTML,
        url=address,
        created=when,
        modified=when,
        restricted=True,
    )
