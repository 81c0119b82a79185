"""The history of a dataset: versions of its data, and what happened to its entry."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from catalog import reading
from catalog.models import CatalogChange, Entry
from open_portal import language
from open_portal.pages import dataset_words as words
from open_portal.pages.record import record
from open_portal.requests import actor, now, session

MOST = 100


def page_of(entry: Entry) -> dict[str, Any]:
    """Everything the page shows: to the public only what was public when it happened."""
    access = reading.access(session(), entry, actor(), now())
    inside = access.rule == "own-tenant"
    return {
        "entry": entry,
        "title": words.title(entry),
        "versions": record.seen_versions(session(), entry, access),
        "changes": _changes(entry, inside=inside),
        "inside": inside,
        "sections": record.sections(entry, access, "history"),
    }


def _changes(entry: Entry, *, inside: bool) -> list[dict[str, str]]:
    found = changes(entry, inside=inside)
    return [{"state": "done", "text": text, "time": language.datetime(at)} for at, _what, text in found]


def changes(entry: Entry, *, inside: bool) -> list[tuple[datetime, str, str]]:
    """When what happened to an entry, newest first, by code and in words; to outsiders what was public."""
    public = {
        "version.live": _("New data were published"),
        "entry.approve": _("The entry was approved"),
        "release.approve": _("The data were opened to the public"),
        "entry.restored": _("The entry was restored"),
        "entry.harvested": _("The entry was taken over from another platform"),
        "entry.harvest-changed": _("The platform of origin changed what it says"),
        "entry.archived": _("The platform of origin no longer lists it"),
        "entry.harvest-returned": _("The platform of origin lists it again"),
    }
    within = {
        "entry.registered": _("The entry was registered"),
        "entry.described": _("The description was changed"),
        "entry.items": _("The data items were changed"),
        "entry.submitted": _("The entry was submitted for review"),
        "entry.change-proposed": _("A change was proposed"),
        "entry.reject": _("The entry was refused"),
        "entry.suspended": _("The entry was suspended"),
        "release.requested": _("Opening was asked for"),
        "release.reject": _("Opening was refused"),
        "version.judged": _("A delivery was checked"),
    }
    names = {**public, **within} if inside else public
    query = select(CatalogChange.at, CatalogChange.what).where(
        CatalogChange.entry_id == entry.id, CatalogChange.what.in_(names)
    )
    rows = session().execute(query.order_by(CatalogChange.sequence.desc()).limit(MOST))
    return [(at, what, names[what]) for at, what in rows]
