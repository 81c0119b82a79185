"""Actions that read packages and their resources: entries of the open domain and the forms of their data."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select

from catalog import search
from catalog.mapping import ckan as mapping
from catalog.models import Entry
from catalog.search import Query
from open_portal.pages import ckan_search as dialect
from open_portal.pages import public_offers
from open_portal.pages.ckan_actions import ActionError, Params, answers, base_address, not_found
from open_portal.pages.ckan_params import language, names, needed, number
from open_portal.pages.public_catalogue import conditions
from open_portal.requests import kit, now, scope, session
from policies import vocabulary as v
from tenancy import tenants
from tenancy.actors import ANONYMOUS
from tenancy.models import Tenant

MOST_ROWS = 1000
MOST_HITS = 10_000
"""As many hits of words are combined with other conditions; the most relevant ones."""
THEMES = {one.value: one for one in v.Theme}
FACETS = ("organization", "groups", "tags", "res_format", "license_id")


@answers()
def package_search(params: Params) -> dict[str, Any]:
    """Entries that meet q and fq, with counts of facets."""
    rows = number(params, "rows", 10, MOST_ROWS)
    start = number(params, "start", 0, 10**9)
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
        "results": _packages(_read(ids[start : start + rows]), language(params)),
        "facets": {name: {one["name"]: one["count"] for one in items} for name, items in facets.items()},
        "search_facets": {name: {"title": name, "items": items} for name, items in facets.items()},
    }


@answers()
def package_show(params: Params) -> dict[str, Any]:
    """One entry, by name or id."""
    return _packages([_entry(needed(params, "id"))], language(params))[0]


@answers()
def package_list(params: Params) -> list[str]:
    """The names of all entries, in their order."""
    query = select(Entry.code).where(*conditions()).order_by(Entry.code)
    query = query.offset(number(params, "offset", 0, 10**9))
    if params.get("limit") is not None:
        query = query.limit(number(params, "limit", 0, 10**9))
    return [code.replace("/", "-").lower() for code in session().scalars(query)]


@answers()
def current_package_list_with_resources(params: Params) -> list[dict[str, Any]]:
    """Entries, the last changed first."""
    limit = number(params, "limit", MOST_ROWS, MOST_ROWS)
    offset = number(params, "offset", 0, 10**9)
    query = select(Entry).where(*conditions()).order_by(Entry.changed_at.desc(), Entry.id)
    return _packages(list(session().scalars(query.limit(limit).offset(offset))), language(params))


@answers()
def package_autocomplete(params: Params) -> list[dict[str, str]]:
    """Entries that somebody may be about to name."""
    limit = number(params, "limit", 10, 100)
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


@answers()
def resource_show(params: Params) -> dict[str, Any]:
    """One form of an entry's data; its id begins with the entry's."""
    wanted = needed(params, "id")
    package = _packages([_entry(wanted.rpartition("-")[0])], language(params))[0]
    found: dict[str, Any] | None = next((one for one in package["resources"] if one["id"] == wanted), None)
    if found is None:
        raise not_found("Resource")
    return found


def _packages(entries: Sequence[Entry], language: str) -> list[dict[str, Any]]:
    return [mapping.package(one, offers, base_address(), language) for one, offers in public_offers.listed(entries)]


def _read(ids: Sequence[str]) -> list[Entry]:
    rows = {one.id: one for one in session().scalars(select(Entry).where(Entry.id.in_(ids)))}
    return [rows[one] for one in ids if one in rows]


def _entry(name: str) -> Entry:
    found = session().scalars(select(Entry).where(dialect.by_name(name), *conditions())).first()
    if found is None:
        raise not_found("Dataset")
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
    more = names(params.get("fq_list"))
    return [text for text in (str(params.get("fq") or ""), *more) if text.strip()]


def _facets(params: Params, wanted: Sequence[ColumnElement[bool]]) -> dict[str, list[dict[str, Any]]]:
    """Counts of the fields asked for, over everything that meets the query."""
    wanted_names = names(params.get("facet.field"))
    if not wanted_names or params.get("facet") in (False, "false"):
        return {}
    limit = number(params, "facet.limit", 50, MOST_ROWS)
    least = max(number(params, "facet.mincount", 1, 10**9), 1)
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
        for name in wanted_names
    }


def _item(field: str, value: str, count: int, bodies: Mapping[str, Tenant]) -> dict[str, Any]:
    shown = value
    if field == "organization" and value in bodies:
        value, shown = bodies[value].key, bodies[value].name.zh
    if field == "groups":
        shown = THEMES[value.removeprefix("theme-")].zh
    return {"name": value, "display_name": shown, "count": count}
