"""The page of a dataset: everything on it, gathered in the order in which it is read."""

import shlex
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import current_app, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import reading, versions
from catalog.models import Entry, Follow, Item, Version
from catalog.reading import Access
from open_portal import language
from open_portal.pages import dataset_words as words
from open_portal.pages import issue_words
from open_portal.pages.feeds import machine_files
from open_portal.pages.record import record_access, stored_rows
from open_portal.requests import actor, kit, now, session
from policies import masks
from policies import vocabulary as v
from policies.refusals import Refusal
from quality.issues import issues

PREVIEW = 20
CODES = 12
RECENT = 3
SOON = 10
"""The last tenth of a cycle counts as due soon."""
API_ROWS = "api.rows"
"""The endpoint of the data interface; where there is none, the plain download stands in."""


def page_of(entry: Entry) -> dict[str, Any]:
    """Everything the page shows to whoever asks."""
    access = reading.access(session(), entry, actor(), now())
    version = versions.live(session(), entry)
    return {
        "entry": entry,
        "code": words.slug(entry),
        "title": words.title(entry),
        "abstract": words.abstract(entry),
        "panel": record_access.panel(entry, version, access),
        "freshness": freshness(entry),
        "preview": preview(entry, version, access),
        "fields": fields(entry, version, access),
        "dimensions": dimensions(version),
        "version": version,
        "coverage": coverage(entry),
        "source": source(entry),
        "origin": origin(entry),
        "call": call(entry, access),
        "versions": [one for one in seen_versions(session(), entry, access) if one][:RECENT],
        "follow": follow(entry),
        "sections": sections(entry, access, "show"),
        "offline": offline(entry),
        "issues": reported(entry),
        "report": report(entry),
        "access": access,
        "structured": machine_files.structured_dataset(entry),
        "alternates": machine_files.alternates(entry),
    }


def offline(entry: Entry) -> dict[str, Any] | None:
    """Since when and why no rows are handed out; none while they are."""
    if entry.offline_since is None:
        return None
    key = "en" if words.english() else "zh"
    reasons = [one.get(key, "") for one in entry.offline_reasons or ()]
    return {"since": language.date(entry.offline_since), "reasons": reasons}


def reported(entry: Entry) -> list[dict[str, Any]]:
    """What the public reported of the entry and the authority let through, with the answers; numbers masked."""
    return [
        {
            "number": one.number,
            "about": issue_words.about(one),
            "text": masks.mask_text(one.description),
            "answer": masks.mask_text(one.answer),
            "unit": words.tenant_name(one.tenant),
            "stage": issue_words.stage_tag(one),
            "date": language.date(one.created_at),
        }
        for one in issues.shown_publicly(session(), entry)
    ]


def report(entry: Entry) -> dict[str, str]:
    """Where a fault in the data is reported: here, or by the help where another portal answers for them."""
    if entry.origin is v.Origin.HARVESTED or entry.state not in reading.LIVE:
        return {"text": _("Report a problem with the data"), "href": url_for("site.help", _anchor="problem")}
    inside = actor().in_government
    text = _("Report an issue as a using department") if inside else _("Report a problem with the data")
    return {"text": text, "href": url_for("corrections.form", code=words.slug(entry))}


def sections(entry: Entry, access: Access, here: str) -> list[dict[str, Any]]:
    """The pages about one entry, as links."""
    code = words.slug(entry)
    found = [("show", _("Overview"), url_for("datasets.show", code=code))]
    if access.given:
        found.append(("rows", _("Data"), url_for("data.rows", code=code)))
    if entry.origin is v.Origin.OWN:
        if access.given:
            found.append(("profile", _("Profile"), url_for("datasets.profile", code=code)))
        found.append(("quality", _("Quality"), url_for("datasets.quality", code=code)))
        found.append(("history", _("History"), url_for("datasets.history", code=code)))
    return [{"text": text, "href": href, "current": name == here} for name, text, href in found]


def freshness(entry: Entry) -> dict[str, Any] | None:
    """What was promised and what came; none where no data ever came."""
    updated, cycle = entry.data_updated_at, entry.update_cycle
    if updated is None:
        return None
    shown = {"promised": language.term(cycle), "last": language.date(updated)}
    if cycle.max_age is None:
        return {**shown, "state": "never" if cycle is v.UpdateCycle.NEVER else "irregular", "due": None}
    due = updated + cycle.max_age
    state = "late" if now() > due else "due_soon" if now() > due - cycle.max_age / SOON else "on_time"
    short = cycle.max_age < timedelta(days=1)
    return {**shown, "state": state, "due": language.datetime(due) if short else language.date(due)}


def preview(entry: Entry, version: Version | None, access: Access) -> dict[str, Any]:
    """The first rows, or why there are none to see and what to do."""
    if not access.given or version is None:
        return {"reason": record_access.why_not(entry, access)}
    try:
        page = stored_rows.page(kit(), version, access, limit=PREVIEW)
    except Refusal as refusal:
        return {"reason": refusal.text(str(get_locale()))}
    types = stored_rows.columns(kit(), version, access)
    return {
        "columns": stored_rows.headings(entry, page.columns, types),
        "rows": stored_rows.glanced(page.rows),
        "total": page.total,
    }


def fields(entry: Entry, version: Version | None, access: Access) -> list[dict[str, Any]]:
    """The data items, each with what is said of it; secret ones only for those inside their tenant."""
    nulls = _nulls(version)
    inside = access.rule == "own-tenant"
    return [
        {
            "item": item,
            "label": words.label(item),
            "codes": _codes(item),
            "nulls": nulls.get(item.name) if item.name in access.items else None,
            "open": item.open_type,
        }
        for item in visible_items(entry, inside=inside)
    ]


def _codes(item: Item) -> str:
    """The first values of a code list."""
    codes = list(item.codes or ())
    return words.together(codes[:CODES]) + ("…" if len(codes) > CODES else "")


def visible_items(entry: Entry, *, inside: bool) -> list[Item]:
    """The items that may be named."""
    return [item for item in entry.items if inside or not item.secret]


def _nulls(version: Version | None) -> Mapping[str, float]:
    """Per cent of empty cells by column, from the profile of the live version."""
    profile = (version.profile if version else None) or {}
    rows = profile.get("rows") or 0
    columns = profile.get("columns") or []
    if not rows:
        return {}
    return {one["name"]: 100 * (one.get("nulls", 0) + one.get("blanks", 0)) / rows for one in columns}


def dimensions(version: Version | None) -> list[dict[str, Any]]:
    """The six dimensions with their scores; none without a check."""
    if version is None or version.dimensions is None:
        return []
    return [{"label": language.term(one), "score": version.dimensions.get(one.value)} for one in v.Dimension]


def coverage(entry: Entry) -> list[dict[str, str]]:
    """Place, time and granularity."""
    rows = [
        {"label": _("Place"), "value": words.region(entry.region_code)},
        {"label": _("Range"), "value": language.term(entry.data_range)},
        {"label": _("Time"), "value": words.span(entry)},
        {"label": _("Granularity"), "value": entry.granularity},
        {"label": _("Update cycle"), "value": language.term(entry.update_cycle)},
    ]
    if entry.origin is v.Origin.HARVESTED:
        # What the original portal doesn't say is no gap of ours; the range is a term of this city's alone.
        return [row for row in rows if row["value"] and row["label"] != _("Range")]
    return rows


def source(entry: Entry) -> list[dict[str, Any]]:
    """Where the data come from, who answers for them and on which terms they may be used."""
    own = entry.origin is v.Origin.OWN
    themes = [language.term(one, "Theme") for one in entry.themes]
    rows: list[tuple[str, Any]] = [
        (_("Code"), entry.code),
        (_("Number at the original portal"), "" if own else entry.external_id),
        (_("Publisher"), words.publisher(entry)),
        (_("Source unit"), words.tenant_name(entry.source_tenant) if own else ""),
        (_("Source system"), entry.source_system),
        (_("Source"), entry.source_note),
        (_("Contact"), words.together([entry.contact_office, entry.contact_phone, entry.contact_email])),
        (_("Themes"), words.together(themes)),
        (_("Tags"), words.together(entry.tags)),
        (_("Collected as"), language.term(entry.collection_kind) if own else ""),
        (_("Security level"), language.term(entry.security_level) if own else ""),
        (_("Published"), language.date(entry.published_at)),
        (_("Downloads"), language.number(entry.downloads) if own else ""),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]


def origin(entry: Entry) -> dict[str, str] | None:
    """For an entry of another portal: which one, its address there, its conditions word for word."""
    if entry.origin is v.Origin.OWN:
        return None
    url = entry.origin_url or ""
    return {
        "portal": words.portal(entry),
        "url": url if url.startswith(("https://", "http://")) else "",
        "text": entry.origin_text,
        "read": language.date(entry.harvest_source.read_at) if entry.harvest_source else "",
    }


def call(entry: Entry, access: Access) -> dict[str, str] | None:
    """A command that fetches rows as JSON; none where there are no rows to fetch."""
    if entry.live_version_id is None or access.rule in {"not-open", "not-live", "no-data"}:
        return None
    keyed = access.rule not in {"open"}
    return {"text": curl(api_address(entry), keyed=keyed), "keyed": "yes" if keyed else ""}


def api_address(entry: Entry, **params: Any) -> str:
    """The address of the rows in the data interface."""
    if API_ROWS in current_app.view_functions:
        return url_for(API_ROWS, code=words.slug(entry), _external=True, **params)
    return url_for("data.download", code=words.slug(entry), format="json", _external=True, **params)


def curl(address: str, *, keyed: bool) -> str:
    """The command line that asks for an address, with a place for the key where one is needed."""
    key = "-H 'Authorization: Bearer <KEY>' " if keyed else ""
    return f"curl {key}{shlex.quote(address)}"


def seen_versions(reader: Session, entry: Entry, access: Access) -> list[Version]:
    """Versions that were put before readers; all of them for those inside the tenant."""
    inside = access.rule == "own-tenant"
    shown = {v.VersionState.LIVE, v.VersionState.SUPERSEDED}
    return [
        one for one in versions.all_of(reader, entry) if inside or (one.state in shown and one.published_at is not None)
    ]


def follow(entry: Entry) -> dict[str, Any]:
    """Whether the reader hears of changes, and where that is switched."""
    person = actor().is_person
    query = select(Follow.id).where(Follow.person_id == actor().id, Follow.entry_id == entry.id)
    return {
        "on": person and session().scalar(query) is not None,
        "person": person,
        "action": url_for("datasets.follow", code=words.slug(entry)),
        "sign_in": url_for("account.sign_in", next=request.path),
    }
