"""What a reviewer is shown of a change: every field of the description, the links to data elsewhere, the extras."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from catalog import datasets
from catalog.mapping.resources import Resource
from catalog.models import Entry
from open_portal import forms_entry


def changes_of(entry: Entry) -> list[dict[str, Any]]:
    """What a proposed change would alter, field by field."""
    wanted = datasets.proposed(entry)
    if wanted is None:
        return []
    before, rows = datasets.description_of(entry), []
    for name, spec in forms_entry.SPECS.items():
        old, new = getattr(before, name), getattr(wanted, name)
        if old != new:
            rows.append(_row(spec.label, forms_entry.shown(name, old), forms_entry.shown(name, new)))
    return [*rows, *_links(before.resources, wanted.resources), *_extras(before.extras, wanted.extras)]


def additions_of(entry: Entry) -> list[dict[str, Any]]:
    """The links and extras that a draft brings with it; its fields stand on the page anyway."""
    return [*_links((), entry.resources), *_extras({}, entry.extras or {})]


def _links(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Links by identifier, those without one by their address; then whether only their order is another."""
    old, new = _by_key(before), _by_key(after)
    rows = []
    for key in dict.fromkeys((*old, *new)):
        was, becomes = old.get(key), new.get(key)
        if was != becomes:
            named = becomes or was or Resource()
            rows.append(_row(_("Link: %(name)s", name=named.name or named.url), _told(was), _told(becomes)))
    if not rows and list(old) != list(new):
        names = ["\n".join(one.name or one.url for one in some.values()) for some in (old, new)]
        rows.append(_row(_("Order of the links"), *names))
    return rows


def _by_key(kept: Sequence[Mapping[str, Any]]) -> dict[str, Resource]:
    found = [Resource.restored(one) for one in kept]
    return {one.id or f"{place} {one.url}": one for place, one in enumerate(found)}


def _told(link: Resource | None) -> str:
    """Everything that is said of a link, what identifies it first."""
    if link is None:
        return ""
    words = (link.name, link.format, link.media_type, link.url, link.description, link.hash, link.created)
    size = _("%(count)s bytes", count=f"{link.size:,}") if link.size is not None else ""
    return " · ".join(one for one in (*words, link.modified, size) if one)


def _extras(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        _row(_("Further field: %(key)s", key=key), str(before.get(key, "")), str(after.get(key, "")))
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    ]


def _row(label: Any, old: str, new: str) -> dict[str, Any]:
    kind = "changed" if old and new else "added" if new else "removed"
    return {"kind": kind, "label": label, "before": old or None, "after": new or None}
