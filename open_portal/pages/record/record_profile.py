"""The profile of a dataset: column by column what its values look like, as far as the reader may see it."""

from typing import Any

from catalog import reading, versions
from catalog.models import Entry
from open_portal.pages import dataset_words as words
from open_portal.pages.record import profile_frame, record
from open_portal.requests import actor, now, session
from policies.refusals import NotFound


def page_of(entry: Entry) -> dict[str, Any]:
    """Everything the page shows."""
    access = reading.access(session(), entry, actor(), now())
    version = versions.live(session(), entry)
    return {
        "entry": entry,
        "title": words.title(entry),
        "code": words.slug(entry),
        "version": version,
        "profile": profile_frame.page(entry, version, access) if version else None,
        "sections": record.sections(entry, access, "profile"),
    }


def plain(entry: Entry) -> dict[str, Any]:
    """The same as JSON values; NotFound where there is nothing to show."""
    access = reading.access(session(), entry, actor(), now())
    version = versions.live(session(), entry)
    found = profile_frame.seen(version, access) if version else None
    if version is None or found is None:
        raise NotFound("general.not-found")
    checked = version.checked_at.isoformat() if version.checked_at else None
    return {"code": entry.code, "version": version.number, "as_of": checked, **profile_frame.plain(found)}
