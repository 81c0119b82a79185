"""Actions that read how packages are ordered: bodies as organizations, themes as groups, and tags."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from catalog.mapping import ckan as mapping
from catalog.models import Entry
from open_portal.pages.ckan_actions import Params, answers, base_address, not_found
from open_portal.pages.ckan_packages import package_search
from open_portal.pages.ckan_params import language, names, needed, part, true
from open_portal.pages.public_catalogue import conditions
from open_portal.requests import scope, session
from policies import vocabulary as v
from tenancy import tenants
from tenancy.models import Tenant

PER_CALL = 25
NAMES_PER_CALL = 1000


@answers()
def organization_list(params: Params) -> list[Any]:
    """The bodies inside government; names, or objects with all_fields."""
    found = [one for one in tenants.government(session()) if scope() is None or scope() in one.path]
    chosen = names(params.get("organizations"))
    found = [one for one in found if not chosen or one.key in chosen]
    if not true(params.get("all_fields")):
        return [one.key for one in part(params, found, NAMES_PER_CALL)]
    counts = _counted(Entry.tenant_id)
    return [_organization(one, counts, params) for one in part(params, found, PER_CALL)]


@answers()
def organization_show(params: Params) -> dict[str, Any]:
    """One body, by key or id, with its entries if asked for."""
    wanted = needed(params, "id")
    bodies = [one for one in tenants.government(session()) if scope() is None or scope() in one.path]
    found = next((one for one in bodies if wanted in (one.key, one.id)), None)
    if found is None:
        raise not_found("Organization")
    shown = _organization(found, _counted(Entry.tenant_id), params)
    packages = []
    if true(params.get("include_datasets")):
        packages = package_search({"fq": f"owner_org:{found.id}", "rows": PER_CALL})["results"]
    return {**shown, "packages": packages, "users": [], "extras": [], "tags": [], "groups": []}


@answers()
def group_list(params: Params) -> list[Any]:
    """The themes; names, or objects with all_fields."""
    counts = _counts_of_themes()
    shown = [mapping.group(one, language(params), packages=counts[one.value]) for one in v.Theme]
    if true(params.get("all_fields")):
        return part(params, shown, PER_CALL)
    return [one["name"] for one in part(params, shown, NAMES_PER_CALL)]


@answers()
def group_show(params: Params) -> dict[str, Any]:
    """One theme, by name or id."""
    wanted = needed(params, "id")
    counts = _counts_of_themes()
    shown = [mapping.group(one, language(params), packages=counts[one.value]) for one in v.Theme]
    found = next((one for one in shown if wanted in (one["id"], one["name"])), None)
    if found is None:
        raise not_found("Group")
    return {**found, "type": "group", "state": "active", "is_organization": False, "packages": []}


@answers()
def tag_list(params: Params) -> list[Any]:
    """The tags in use."""
    typed = str(params.get("query") or "").lower()
    names: set[str] = set()
    for tags in session().scalars(select(Entry.tags).where(*conditions())):
        names.update(tags)
    return sorted(one for one in names if typed in one.lower())


@answers()
def organization_list_for_user(_params: Params) -> list[Any]:
    """The bodies for which somebody may act."""
    return []


@answers()
def vocabulary_list(_params: Params) -> list[Any]:
    """The vocabularies of tags; there are none."""
    return []


@answers()
def user_list(_params: Params) -> list[Any]:
    """The people; none are named."""
    return []


def _organization(tenant: Tenant, counts: Mapping[str, int], params: Params) -> dict[str, Any]:
    return mapping.organization(tenant, base_address(), language(params), packages=counts.get(tenant.id, 0))


def _counted(column: Any) -> dict[str, int]:
    query = select(column, func.count()).where(*conditions()).group_by(column)
    return {str(value): count for value, count in session().execute(query)}


def _counts_of_themes() -> Counter[str]:
    found: Counter[str] = Counter()
    for themes in session().scalars(select(Entry.themes).where(*conditions())):
        found.update(themes)
    return found
