"""The actions of the CKAN door, functions from parameters to a result; of the public catalogue alone."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from flask import url_for
from sqlalchemy import ColumnElement, func, select

from catalog import search
from catalog.mapping import ckan as mapping
from catalog.models import Entry
from catalog.search import Query
from open_portal.navigation import face_of
from open_portal.pages import ckan_search as dialect
from open_portal.pages import public_offers
from open_portal.pages.public_catalogue import conditions
from open_portal.requests import face, kit, now, scope, session
from policies import vocabulary as v
from tenancy import tenants
from tenancy.actors import ANONYMOUS
from tenancy.models import Tenant

MOST_ROWS = 1000
MOST_HITS = 10_000
"""As many hits of words are combined with other conditions; the most relevant ones."""
PER_CALL = 25
THEMES = {one.value: one for one in v.Theme}
NAMES_PER_CALL = 1000
Params: TypeAlias = Mapping[str, Any]


class ActionError(Exception):
    """A failure as CKAN tells it: its status and the body under `error`."""

    def __init__(self, status: int, kind: str, **body: Any) -> None:
        super().__init__(kind)
        self.status = status
        self.body = {"__type": kind, **body}


def package_search(params: Params) -> dict[str, Any]:
    """Entries that meet q and fq, with counts of facets."""
    rows = _number(params, "rows", 10, MOST_ROWS)
    start = _number(params, "start", 0, 10**9)
    order = str(params.get("sort") or "")
    try:
        asked = [dialect.parse(text) for text in [str(params.get("q") or "*:*"), *_filters(params)]]
        ordered = dialect.ordering(order)
    except dialect.QueryError as error:
        raise ActionError(400, "Search Query Error", message=f"Invalid search query: {error}") from error
    wanted = [*conditions(), *(one.condition for one in asked)]
    words = " ".join(one.words for one in asked if one.words)
    hits = _hits(words) if words else []
    if words:
        wanted.append(Entry.id.in_(hits))
    by_score = words and (not order or order.strip().startswith("score"))
    ids = list(session().scalars(select(Entry.id).where(*wanted).order_by(*ordered)))
    if by_score:
        known = set(ids)
        ids = [one for one in hits if one in known]
    facets = _facets(params, wanted)
    return {
        "count": len(ids),
        "sort": order or "score desc, metadata_modified desc",
        "results": _packages(_read(ids[start : start + rows]), _language(params)),
        "facets": {name: {one["name"]: one["count"] for one in items} for name, items in facets.items()},
        "search_facets": {name: {"title": name, "items": items} for name, items in facets.items()},
    }


def package_show(params: Params) -> dict[str, Any]:
    """One entry, by name or id."""
    return _packages([_entry(_needed(params, "id"))], _language(params))[0]


def package_list(params: Params) -> list[str]:
    """The names of all entries, in their order."""
    query = select(Entry.code).where(*conditions()).order_by(Entry.code)
    query = query.offset(_number(params, "offset", 0, 10**9))
    if params.get("limit") is not None:
        query = query.limit(_number(params, "limit", 0, 10**9))
    return [code.replace("/", "-").lower() for code in session().scalars(query)]


def current_package_list_with_resources(params: Params) -> list[dict[str, Any]]:
    """Entries, the last changed first."""
    limit = _number(params, "limit", MOST_ROWS, MOST_ROWS)
    offset = _number(params, "offset", 0, 10**9)
    query = select(Entry).where(*conditions()).order_by(Entry.changed_at.desc(), Entry.id)
    return _packages(list(session().scalars(query.limit(limit).offset(offset))), _language(params))


def package_autocomplete(params: Params) -> list[dict[str, str]]:
    """Entries that somebody may be about to name."""
    limit = _number(params, "limit", 10, 100)
    typed = str(params.get("q") or "")
    found = search.suggest(kit().index, session(), ANONYMOUS, now(), typed, scope=scope(), limit=limit)
    return [
        {
            "name": mapping.name_of(one),
            "title": one.title,
            "match_field": "title",
        }
        for one in found.entries
    ]


def resource_show(params: Params) -> dict[str, Any]:
    """One form of an entry's data; its id begins with the entry's."""
    wanted = _needed(params, "id")
    package = _packages([_entry(wanted.rpartition("-")[0])], _language(params))[0]
    found: dict[str, Any] | None = next((one for one in package["resources"] if one["id"] == wanted), None)
    if found is None:
        raise _not_found("Resource")
    return found


def organization_list(params: Params) -> list[Any]:
    """The bodies inside government; names, or objects with all_fields."""
    found = [one for one in tenants.government(session()) if scope() is None or scope() in one.path]
    chosen = _names(params.get("organizations"))
    found = [one for one in found if not chosen or one.key in chosen]
    if not _true(params.get("all_fields")):
        return [one.key for one in _part(params, found, NAMES_PER_CALL)]
    counts = _counted(Entry.tenant_id)
    return [_organization(one, counts, params) for one in _part(params, found, PER_CALL)]


def organization_show(params: Params) -> dict[str, Any]:
    """One body, by key or id, with its entries if asked for."""
    wanted = _needed(params, "id")
    bodies = [one for one in tenants.government(session()) if scope() is None or scope() in one.path]
    found = next((one for one in bodies if wanted in (one.key, one.id)), None)
    if found is None:
        raise _not_found("Organization")
    shown = _organization(found, _counted(Entry.tenant_id), params)
    packages = []
    if _true(params.get("include_datasets")):
        packages = package_search({"fq": f"owner_org:{found.id}", "rows": PER_CALL})["results"]
    return {**shown, "packages": packages, "users": [], "extras": [], "tags": [], "groups": []}


def group_list(params: Params) -> list[Any]:
    """The themes; names, or objects with all_fields."""
    counts = _counts_of_themes()
    shown = [mapping.group(one, _language(params), packages=counts[one.value]) for one in v.Theme]
    if _true(params.get("all_fields")):
        return _part(params, shown, PER_CALL)
    return [one["name"] for one in _part(params, shown, NAMES_PER_CALL)]


def group_show(params: Params) -> dict[str, Any]:
    """One theme, by name or id."""
    wanted = _needed(params, "id")
    counts = _counts_of_themes()
    shown = [mapping.group(one, _language(params), packages=counts[one.value]) for one in v.Theme]
    found = next((one for one in shown if wanted in (one["id"], one["name"])), None)
    if found is None:
        raise _not_found("Group")
    return {**found, "type": "group", "state": "active", "is_organization": False, "packages": []}


def tag_list(params: Params) -> list[Any]:
    """The tags in use."""
    typed = str(params.get("query") or "").lower()
    names: set[str] = set()
    for tags in session().scalars(select(Entry.tags).where(*conditions())):
        names.update(tags)
    return sorted(one for one in names if typed in one.lower())


def license_list(params: Params) -> list[dict[str, Any]]:
    """The licences."""
    return mapping.licences(_language(params))


def status_show(_params: Params) -> dict[str, Any]:
    """What this site is and which release of the contract it keeps."""
    shown = face_of(face(), "zh")
    return {
        "ckan_version": mapping.VERSION,
        "site_title": shown.name,
        "site_description": shown.footer,
        "site_url": _base(),
        "error_emails_to": "",
        "locale_default": "zh_Hans_CN",
        "extensions": [],
    }


def site_read(_params: Params) -> bool:
    """Whether anybody may read the site."""
    return True


def help_show(params: Params) -> str:
    """What an action does."""
    action = ACTIONS.get(_needed(params, "name"))
    if action is None:
        raise _not_found("Action")
    return action.__doc__ or ""


def _nothing(_params: Params) -> list[Any]:
    """An empty list: what the action lists doesn't exist here."""
    return []


ACTIONS: dict[str, Callable[[Params], Any]] = {
    one.__name__: one
    for one in (
        package_search,
        package_show,
        package_list,
        current_package_list_with_resources,
        package_autocomplete,
        resource_show,
        organization_list,
        organization_show,
        group_list,
        group_show,
        tag_list,
        license_list,
        status_show,
        site_read,
        help_show,
    )
} | dict.fromkeys(("organization_list_for_user", "resource_view_list", "vocabulary_list", "user_list"), _nothing)


def _base() -> str:
    return url_for("site.home", _external=True).rstrip("/")


def _packages(entries: Sequence[Entry], language: str) -> list[dict[str, Any]]:
    return [mapping.package(one, offers, _base(), language) for one, offers in public_offers.listed(entries)]


def _read(ids: Sequence[str]) -> list[Entry]:
    rows = {one.id: one for one in session().scalars(select(Entry).where(Entry.id.in_(ids)))}
    return [rows[one] for one in ids if one in rows]


def _entry(name: str) -> Entry:
    found = session().scalars(select(Entry).where(dialect.by_name(name), *conditions())).first()
    if found is None:
        raise _not_found("Dataset")
    return found


def _hits(words: str) -> list[str]:
    """Ids of what the index finds, the most relevant first."""
    ids: list[str] = []
    for page in range(1, MOST_HITS // MOST_ROWS + 1):
        query = Query(words, scope=scope(), page=page, per_page=MOST_ROWS)
        found = search.find(kit().index, session(), ANONYMOUS, now(), query)
        ids += [one.id for one in found.entries]
        if len(ids) >= found.total or not found.entries:
            break
    return ids


def _filters(params: Params) -> list[str]:
    more = _names(params.get("fq_list"))
    return [text for text in (str(params.get("fq") or ""), *more) if text.strip()]


def _facets(params: Params, wanted: Sequence[ColumnElement[bool]]) -> dict[str, list[dict[str, Any]]]:
    """Counts of the fields asked for, over everything that meets the query."""
    names = _names(params.get("facet.field"))
    if not names or params.get("facet") in (False, "false"):
        return {}
    limit = _number(params, "facet.limit", 50, MOST_ROWS)
    least = max(_number(params, "facet.mincount", 1, 10**9), 1)
    columns = (Entry.tenant_id, Entry.themes, Entry.tags, Entry.formats, Entry.licence)
    counters: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    for owner, themes, tags, formats, licence in session().execute(select(*columns).where(*wanted)):
        counters["organization"][owner] += 1
        counters["groups"].update(f"theme-{one}" for one in themes)
        counters["tags"].update(tags)
        counters["res_format"].update(one.upper() for one in formats)
        counters["license_id"][licence.value if licence else "notspecified"] += 1
    bodies = {one.id: one for one in tenants.government(session())}
    return {
        name: [
            _item(name, value, count, bodies) for value, count in counters[name].most_common(limit) if count >= least
        ]
        if name in FACETS
        else []
        for name in names
    }


FACETS = ("organization", "groups", "tags", "res_format", "license_id")


def _item(field: str, value: str, count: int, bodies: Mapping[str, Tenant]) -> dict[str, Any]:
    shown = value
    if field == "organization" and value in bodies:
        value, shown = bodies[value].key, bodies[value].name.zh
    if field == "groups":
        shown = THEMES[value.removeprefix("theme-")].zh
    return {"name": value, "display_name": shown, "count": count}


def _organization(tenant: Tenant, counts: Mapping[str, int], params: Params) -> dict[str, Any]:
    return mapping.organization(tenant, _base(), _language(params), packages=counts.get(tenant.id, 0))


def _counted(column: Any) -> dict[str, int]:
    query = select(column, func.count()).where(*conditions()).group_by(column)
    return {str(value): count for value, count in session().execute(query)}


def _counts_of_themes() -> Counter[str]:
    found: Counter[str] = Counter()
    for themes in session().scalars(select(Entry.themes).where(*conditions())):
        found.update(themes)
    return found


def _part(params: Params, found: Sequence[Any], most: int) -> list[Any]:
    start = _number(params, "offset", 0, 10**9)
    limit = _number(params, "limit", most, most)
    return list(found[start : start + limit])


def _needed(params: Params, name: str) -> str:
    value = params.get(name)
    if value in (None, ""):
        raise ActionError(409, "Validation Error", **{name: ["Missing value"]})
    return str(value)


def _number(params: Params, name: str, default: int, most: int) -> int:
    value = params.get(name)
    if value is None or value == "":
        return default
    text = str(value)
    if isinstance(value, bool) or not text.isascii() or not text.isdecimal():
        raise ActionError(409, "Validation Error", **{name: ["Must be a natural number"]})
    return min(int(text[:18]), most)


def _names(value: Any) -> list[str]:
    """A list however it was sent: as JSON, as text of JSON, as repeated keys or as one name."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return [value] if value else []
    return [str(one) for one in value] if isinstance(value, list) else []


def _true(value: Any) -> bool:
    return value is True or str(value).lower() in {"true", "1", "yes"}


def _language(params: Params) -> str:
    return "en" if params.get("lang") == "en" else "zh"


def _not_found(what: str) -> ActionError:
    return ActionError(404, "Not Found Error", message=f"Not found: {what} was not found.")
