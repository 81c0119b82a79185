"""Actions that read packages and their resources: entries of the open domain and the forms of their data."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from catalog import search
from catalog.mapping import ckan as mapping
from catalog.models import Entry
from catalog.search_conditions import ALWAYS, Condition, Every, Has, Some, weighs
from catalog.search_programs import Wish
from open_portal.pages.ckan import ckan_params as given
from open_portal.pages.ckan import ckan_search as dialect
from open_portal.pages.ckan import ckan_view as view
from open_portal.pages.ckan.ckan_actions import ActionError, Params, answers, invalid
from open_portal.pages.feeds.public_catalogue import conditions
from open_portal.requests import kit, now, scope, session
from policies import vocabulary as v
from tenancy.actors import ANONYMOUS
from tenancy.models import Tenant

MOST_ROWS = 1000
MOST_READ = 5000
MOST_TYPED = 100
MOST_FACETS = 1000
BY_CHANGE = "score desc, metadata_modified desc"
FACETS: Mapping[str, str] = {
    "organization": "owner",
    "owner_org": "owner",
    "groups": "theme",
    "tags": "tag",
    "res_format": "format",
    "license_id": "licence",
    "extras_access_level": "tier",
    "extras_region_code": "region",
    "extras_update_cycle": "update_cycle",
    "state": "state",
}
"""The fields whose values are counted, with the index's own name for each."""
THEMES = {one.value: one for one in v.Theme}


@answers()
def package_search(params: Params) -> dict[str, Any]:
    """Entries that meet q and fq, with counts of facets: count, results, sort, search_facets."""
    rows = given.number(params, "rows", 10, MOST_ROWS)
    start = given.number(params, "start", 0, given.MOST_OFFSET)
    wanted, (by, descending) = asked_for(params), order_of(params)
    if not by and not weighs(wanted):
        by, descending = "by_changed", True
    names = _facet_names(params)
    counted = tuple(dict.fromkeys(FACETS[name] for name in names if name in FACETS))
    found = view.selected(params, wanted, Wish(by, descending, start, rows, counted))
    facets = {name: _facet(params, name, found.facets.get(FACETS.get(name, ""), [])) for name in names}
    return {
        "count": found.total,
        "sort": given.text(params, "sort").strip() or BY_CHANGE,
        "results": _cut(params, view.packages(found.entries, given.language(params))),
        "facets": {name: {one["name"]: one["count"] for one in items} for name, items in facets.items()},
        "search_facets": {name: {"title": name, "items": items} for name, items in facets.items()},
    }


@answers()
def package_show(params: Params) -> dict[str, Any]:
    """One entry, by name or id; with a token also one's own drafts."""
    return view.packages([view.entry(given.needed(params, "id"))], given.language(params))[0]


@answers()
def package_list(params: Params) -> list[str]:
    """The names of all entries, in their order."""
    query = select(Entry.code).where(*conditions()).order_by(Entry.code)
    query = query.offset(given.number(params, "offset", 0, given.MOST_OFFSET))
    if params.get("limit") not in (None, ""):
        query = query.limit(given.number(params, "limit", 0, given.MOST_OFFSET))
    names = [code.replace("/", "-").lower() for code in session().scalars(query)]
    more = {"include_drafts", "include_private"}
    if not any(given.true(params.get(one)) for one in more):
        return names
    own = view.selected(params, ALWAYS, Wish("by_code", limit=MOST_ROWS)).entries
    return sorted({*names, *(mapping.name_of(one) for one in own)})


@answers()
def current_package_list_with_resources(params: Params) -> list[dict[str, Any]]:
    """Entries, the last changed first, by limit and offset or page (counted from 1)."""
    limit = given.number(params, "limit", MOST_ROWS, MOST_ROWS)
    offset = given.number(params, "offset", 0, given.MOST_OFFSET)
    if params.get("page") not in (None, ""):
        offset = (max(given.number(params, "page", 1, given.MOST_OFFSET), 1) - 1) * limit
    found = view.selected({}, ALWAYS, Wish("by_changed", True, offset, limit))
    return view.packages(found.entries, given.language(params))


@answers()
def package_autocomplete(params: Params) -> list[dict[str, str]]:
    """Entries that somebody may be about to name, in Chinese, pinyin or initials."""
    limit = given.number(params, "limit", 10, MOST_TYPED)
    typed = given.text(params, "q") or given.text(params, "incomplete")
    found = search.suggest(kit().index, session(), ANONYMOUS, now(), typed, scope=scope(), limit=limit)
    return [
        {
            "name": mapping.name_of(one),
            "title": one.title,
            "match_field": "title",
            "match_displayed": f"{one.title} ({mapping.name_of(one)})",
        }
        for one in found.entries
    ]


@answers()
def group_package_show(params: Params) -> list[dict[str, Any]]:
    """The entries of a theme."""
    name = given.needed(params, "id")
    limit = given.number(params, "limit", MOST_ROWS, MOST_ROWS)
    codes = [one.value for one in v.Theme if name in (f"theme-{one.value}", mapping.group(one, "zh")["id"])]
    found = view.selected({}, Has("theme", tuple(codes)), Wish("by_changed", True, limit=limit))
    return view.packages(found.entries, given.language(params))


@answers()
def resource_show(params: Params) -> dict[str, Any]:
    """One form of an entry's data, by its id."""
    return view.with_resource(given.needed(params, "id"))[1]


@answers()
def resource_search(params: Params) -> dict[str, Any]:
    """Resources of which each `field:term` of `query` holds; the fields are format, name, description, url and id.

    By id any is found at once. Otherwise the datasets that have the formats asked for are read, and the search is
    refused, with their number, where these are more than 5000.
    """
    terms = given.names(params.get("query"))
    if not terms:
        raise invalid(query=["Missing value"])
    tests = [_resource_term(term) for term in terms]
    offset = given.number(params, "offset", 0, given.MOST_OFFSET)
    limit = given.number(params, "limit", MOST_ROWS, MOST_ROWS)
    matching = [one for one in _resources(tests) if all(_matches(one, *test) for test in tests)]
    by = given.text(params, "order_by")
    if by in mapping.RESOURCE_FIELDS:
        matching.sort(key=lambda one: str(one[by] or ""))
    return {"count": len(matching), "results": matching[offset : offset + limit]}


@answers()
def recently_changed_packages_activity_list(params: Params) -> list[dict[str, Any]]:
    """The latest change of each of the entries that changed last."""
    limit = given.number(params, "limit", 31, 100)
    offset = given.number(params, "offset", 0, given.MOST_OFFSET)
    found = view.selected({}, ALWAYS, Wish("by_changed", True, offset, limit))
    return [mapping.activity(one) for one in found.entries]


@answers()
def package_activity_list(params: Params) -> list[dict[str, Any]]:
    """The latest change of one entry; earlier ones are told on its page."""
    found = view.entry(given.needed(params, "id"))
    started = given.number(params, "offset", 0, given.MOST_OFFSET)
    return [mapping.activity(found)] if not started else []


def asked_for(params: Params) -> Condition:
    """What q and all filters ask for together."""
    filters = [given.text(params, "fq"), *given.names(params.get("fq_list"))]
    texts = [given.text(params, "q") or "*:*", *(text for text in filters if text.strip())]
    try:
        parts = [dialect.parse(text, view.body_id, now()) for text in texts]
    except dialect.QueryError as error:
        raise _unreadable(error) from error
    parts = [one for one in parts if one != ALWAYS]
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def order_of(params: Params) -> tuple[str, bool]:
    """The order asked for, by the index's name, and whether it descends."""
    try:
        return dialect.ordering(given.text(params, "sort"))
    except dialect.QueryError as error:
        raise _unreadable(error) from error


def _unreadable(error: dialect.QueryError) -> ActionError:
    return ActionError(400, "Search Query Error", message=f"Invalid search query: {error}")


def _cut(params: Params, packages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Only the fields asked for by `fl`, if any; score and * ask for none."""
    wanted = [one for text in given.names(params.get("fl")) for one in text.replace(",", " ").split()]
    if not wanted or "*" in wanted:
        return packages
    return [{name: one[name] for name in wanted if name in one} for one in packages]


def _facet_names(params: Params) -> list[str]:
    if not given.true(params.get("facet"), default=True):
        return []
    return list(dict.fromkeys(given.names(params.get("facet.field"))))


def _facet(params: Params, name: str, counted: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    """One facet's values with their counts, the most frequent first."""
    limit = given.number(params, "facet.limit", 50, MOST_FACETS)
    least = max(given.number(params, "facet.mincount", 1, given.MOST_OFFSET), 1)
    kept = [(value, count) for value, count in counted if count >= least][:limit]
    if name in {"organization", "owner_org"}:
        owners = [value for value, _ in kept]
        bodies = {one.id: one for one in session().scalars(select(Tenant).where(Tenant.id.in_(owners)))}
    items = []
    for value, count in kept:
        shown, label = value, value
        if name == "organization":
            shown, label = bodies[value].key, bodies[value].name.zh
        elif name == "groups":
            shown, label = f"theme-{value}", THEMES[value].zh if value in THEMES else value
        elif name == "res_format":
            shown = label = value.upper()
        elif name == "license_id" and value == v.Licence.UNSTATED:
            shown = label = "notspecified"
        items.append({"name": shown, "display_name": label, "count": count})
    return items


def _resource_term(term: str) -> tuple[str, str]:
    name, colon, value = term.partition(":")
    if not colon or not value:
        raise invalid(query=[f"Must be <field>:<value>: {term[:80]!r}"])
    if name not in mapping.RESOURCE_FIELDS:
        raise invalid(query=[f"Field {name[:40]!r} not recognised in resource_search."])
    return name, value.strip('"')


def _matches(resource: Mapping[str, Any], name: str, value: str) -> bool:
    held = str(resource[name] or "").lower()
    return held == value.lower() if name in {"id", "hash"} else value.lower() in held


def _resources(tests: Sequence[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Resources that may pass the tests, of entries that everyone may know of; refused where too many would be read."""
    ids = [value for name, value in tests if name == "id"]
    for package in _known_by(ids[0]) if ids else _in_formats([value for name, value in tests if name == "format"]):
        yield from package["resources"]


def _known_by(resource_id: str) -> list[dict[str, Any]]:
    found = view.packages(view.holders(resource_id), "zh")
    return [one for one in found if one["state"] == "active" and not one["private"]]


def _in_formats(names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The packages that have some formats, the last changed first."""
    # What we hold ourselves is offered in more formats than the one in which it came.
    own = Has("origin", (v.Origin.OWN.value,))
    condition = Every(tuple(Some((Has("format", (name.lower(),)), own)) for name in names))
    first, total = 0, 1
    while first < total:
        found = view.selected({}, condition, Wish("by_changed", True, first, MOST_ROWS))
        total, first = found.total, first + MOST_ROWS
        if total > MOST_READ:
            message = f"{total} datasets would have to be read, at most {MOST_READ} are; name an id or a rarer format"
            raise ActionError(409, "Search Error", message=message)
        yield from view.packages(found.entries, "zh")
