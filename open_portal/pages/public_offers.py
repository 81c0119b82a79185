"""What other platforms are told of an entry's data: files for everyone, or the page that leads on."""

from collections.abc import Sequence

from flask import url_for
from sqlalchemy import select

from catalog import reading
from catalog.mapping.offers import Offer
from catalog.models import Entry, Version
from open_portal.pages import dataset_words as words
from open_portal.requests import now, session
from policies import vocabulary as v
from tenancy.actors import ANONYMOUS

FORMS = (v.Format.CSV, v.Format.JSON, v.Format.XLSX, v.Format.PARQUET)


def listed(entries: Sequence[Entry]) -> list[tuple[Entry, list[Offer]]]:
    """Entries with their offers; the versions of all are read at once."""
    wanted = [one.live_version_id for one in entries if one.live_version_id]
    query = select(Version).where(Version.id.in_(wanted))
    versions = {one.id: one for one in session().scalars(query)} if wanted else {}
    return [(entry, of(entry, versions.get(entry.live_version_id or ""))) for entry in entries]


def of(entry: Entry, version: Version | None) -> list[Offer]:
    """The offers of one entry: files where the public has access, else a page; none of what is closed."""
    if entry.origin is v.Origin.HARVESTED:
        return [_page(entry, entry.origin_url or words.address(entry, absolute=True))]
    if version is None or entry.open_type is v.OpenType.OPEN_FORBIDDEN:
        return []
    if not reading.access(session(), entry, ANONYMOUS, now()).given:
        return [_page(entry, words.address(entry, absolute=True))]
    return [_file(entry, version, one) for one in FORMS]


def _file(entry: Entry, version: Version, form: v.Format) -> Offer:
    when = version.published_at or version.uploaded_at
    address = url_for("data.download", code=words.slug(entry), format=form.value, _external=True)
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
