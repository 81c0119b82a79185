"""Departments and counties as the public sees them: the tree, and what each publishes."""

from typing import Any

from flask import url_for
from flask_babel import ngettext

from catalog import search
from catalog.search import Query, Sort
from open_portal import language
from open_portal.pages import dataset_words as words
from open_portal.pages.finder import finder
from open_portal.requests import actor, kit, now, scope, session
from policies import vocabulary as v
from policies.refusals import NotFound
from tenancy import tenants
from tenancy.models import Tenant

SHOWN = 10
AREAS = (v.TenantKind.COUNTY, v.TenantKind.ZONE)


def page_of_all() -> dict[str, Any]:
    """Every body with what it publishes: counties first, then departments by how much they publish."""
    shown = _shown()
    counts = _counts(shown)
    areas = [one for one in shown if one.kind in AREAS]
    under = {one.id for one in areas}
    others = [one for one in shown if one.kind not in AREAS and one.kind is not v.TenantKind.CITY]
    rows = sorted(others, key=lambda one: (-counts[one.id], one.key))
    return {
        "areas": [_tile(one, counts) for one in areas],
        "rows": [_row(one, counts, under) for one in rows],
        "total": len(others),
    }


def page_of(key: str) -> dict[str, Any]:
    """One body: where it stands, what is below it, its newest entries."""
    tenant = tenants.find(session(), key)
    shown = _shown()
    if tenant.id not in {one.id for one in shown}:
        raise NotFound("general.not-found")
    query = Query(scope=tenant.id, sort=Sort.UPDATED, per_page=SHOWN, most_values=search.ALL_VALUES)
    found = search.find(kit().index, session(), actor(), now(), query)
    below = [one for one in shown if one.parent_id == tenant.id]
    counts = _counts([*below])
    above = [one for one in shown if one.id in tenant.path[1:]]
    themes = [
        {"code": code, "text": language.term(code, "Theme"), "count": count} for code, count in found.facets["theme"]
    ]
    return {
        "tenant": tenant,
        "name": words.tenant_name(tenant),
        "above": [words.Link(words.tenant_name(one), url_for("datasets.org", key=one.key)) for one in above],
        "below": [_tile(one, counts) for one in below],
        "total": found.total,
        "cards": [finder.card(entry) for entry in found.entries],
        "themes": themes,
        "own_href": url_for("datasets.find", tenant=tenant.id),
        "own_count": dict(found.facets["tenant"]).get(tenant.id, 0),
    }


def counted() -> list[tuple[Tenant, int]]:
    """Every body inside government with what the asker may see of it and everyone below it, by key."""
    shown = sorted(_shown(), key=lambda one: one.key)
    counts = _counts(shown)
    return [(one, counts[one.id]) for one in shown]


def _shown() -> list[Tenant]:
    """Bodies inside government, those of the face alone."""
    limit = scope()
    return [one for one in tenants.government(session()) if limit is None or limit in one.path]


def _counts(shown: list[Tenant]) -> dict[str, int]:
    """What the asker may see of each body with everyone below it."""
    query = Query(scope=scope(), per_page=1, facets={"origin": (v.Origin.OWN.value,)}, most_values=search.ALL_VALUES)
    own = dict(search.find(kit().index, session(), actor(), now(), query).facets["tenant"])
    everyone = {one.id: one.path for one in tenants.government(session())}
    counted = dict.fromkeys((one.id for one in shown), 0)
    for owner, count in own.items():
        for one in everyone.get(owner, ()):
            if one in counted:
                counted[one] += count
    return counted


def _tile(tenant: Tenant, counts: dict[str, int]) -> dict[str, str]:
    note = ngettext("%(num)d dataset", "%(num)d datasets", counts[tenant.id])
    return {"text": words.tenant_name(tenant), "href": url_for("datasets.org", key=tenant.key), "note": note}


def _row(tenant: Tenant, counts: dict[str, int], areas: set[str]) -> list[Any]:
    area = next((one for one in tenant.path[1:] if one in areas), None)
    name = {"text": words.tenant_name(tenant), "href": url_for("datasets.org", key=tenant.key)}
    place = words.region(tenant.region_code) if area else ""
    return [name, language.term(tenant.kind), place, counts[tenant.id]]
