"""Actions that read how packages are ordered: bodies as organizations, themes as groups, and tags."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Text, cast, select

from catalog.mapping import ckan as mapping
from catalog.models import Entry
from catalog.search_conditions import ALWAYS, Condition, Has
from catalog.search_programs import Wish
from open_portal.pages.ckan import ckan_params as given
from open_portal.pages.ckan import ckan_view as view
from open_portal.pages.ckan.ckan_actions import Params, answers, base_address, invalid, not_found, peer
from open_portal.pages.feeds.public_catalogue import conditions
from open_portal.requests import actor, session
from policies import vocabulary as v
from tenancy import peers
from tenancy.actors import INSIDE
from tenancy.models import Tenant

PER_CALL = 25
NAMES_PER_CALL = 1000
MOST_TYPED = 100
EMPTY = {"users": [], "extras": [], "tags": [], "groups": [], "num_followers": 0}
ORDERS = {"name": "name", "title": "title", "packages": "package_count", "package_count": "package_count"}


@answers()
def organization_list(params: Params) -> list[Any]:
    """The bodies inside government; names, or objects with all_fields (at most 25 a call), sorted as asked."""
    counts = _counts("owner")
    found = [_organization(one, counts, params) for one in view.bodies()]
    return _listed(params, found, "organizations")


@answers()
def organization_show(params: Params) -> dict[str, Any]:
    """One body, by name or id, with its entries if asked for."""
    wanted = given.needed(params, "id")
    if (own := _named(wanted, peers.ORGANIZATION)) is not None:
        return own
    found = _body(wanted)
    shown = _organization(found, _counts("owner"), params) | _placed(found)
    return shown | _datasets(params, Has("owner", (found.id,)))


@answers()
def organization_list_for_user(params: Params) -> list[dict[str, Any]]:
    """The bodies for which whoever shows a token may act; none for everybody else."""
    held = {one.tenant_id: one.role for one in actor().standings if one.role in INSIDE}
    counts = _counts("owner") if held else {}
    return [
        _organization(one, counts, params) | {"capacity": "editor" if held[one.id] is v.Role.STEWARD else "member"}
        for one in view.bodies()
        if one.id in held
    ]


@answers()
def group_list(params: Params) -> list[Any]:
    """The themes; names, or objects with all_fields (at most 25 a call), sorted as asked."""
    return _listed(params, _groups(params), "groups")


@answers()
def group_show(params: Params) -> dict[str, Any]:
    """One theme, by name or id, with its entries if asked for."""
    wanted = given.needed(params, "id")
    if (own := _named(wanted, peers.GROUP)) is not None:
        return own
    found = next((one for one in _groups(params) if wanted in (one["id"], one["name"])), None)
    if found is None:
        raise not_found("Group")
    return found | _datasets(params, Has("theme", (found["name"].removeprefix("theme-"),)))


@answers()
def member_list(params: Params) -> list[list[str]]:
    """What belongs to a body or theme: its entries, each with id, type and capacity; people are not told."""
    wanted, kind = given.needed(params, "id"), given.text(params, "object_type")
    theme = next((one for one in _groups(params) if wanted in (one["id"], one["name"])), None)
    if theme is None:
        member = Entry.tenant_id == _body(wanted).id
    else:
        member = cast(Entry.themes, Text).contains(json.dumps(theme["name"].removeprefix("theme-")), autoescape=True)
    if kind not in {"", "package"}:
        return []
    query = select(Entry.id).where(*conditions(), member).order_by(Entry.id)
    return [[one, "package", "public"] for one in session().scalars(query)]


@answers()
def tag_list(params: Params) -> list[Any]:
    """The tags in use, in their order; names, or objects with all_fields."""
    typed = (given.text(params, "query") or given.text(params, "q")).lower()
    names = [] if params.get("vocabulary_id") else [one for one in _tags() if typed in one.lower()]
    if not given.true(params.get("all_fields")):
        return names
    return [mapping.tag(one) for one in names]


@answers()
def tag_show(params: Params) -> dict[str, Any]:
    """One tag, by name or id, with its entries if asked for."""
    wanted = given.needed(params, "id")
    found = next((one for one in _tags() if wanted in (one, mapping.tag(one)["id"])), None)
    if found is None:
        raise not_found("Tag")
    return mapping.tag(found) | _datasets(params, Has("tag", (found,)))


@answers()
def vocabulary_list(_params: Params) -> list[Any]:
    """The vocabularies of tags; there are none."""
    return []


@answers()
def vocabulary_show(params: Params) -> dict[str, Any]:
    """One vocabulary of tags; there are none."""
    given.needed(params, "id")
    raise not_found("Vocabulary")


@answers()
def organization_autocomplete(params: Params) -> list[dict[str, str]]:
    """Bodies whose name or title holds what was typed."""
    return _typed(params, [_organization(one, {}, params) for one in view.bodies()])


@answers()
def group_autocomplete(params: Params) -> list[dict[str, str]]:
    """Themes whose name or title holds what was typed."""
    return _typed(params, [mapping.group(one, given.language(params)) for one in v.Theme])


@answers()
def tag_autocomplete(params: Params) -> list[str]:
    """Tags that hold what was typed."""
    typed = (given.text(params, "query") or given.text(params, "q")).lower()
    found = [one for one in _tags() if typed and typed in one.lower()]
    return found[: given.number(params, "limit", 10, MOST_TYPED)]


@answers()
def format_autocomplete(params: Params) -> list[str]:
    """Formats that hold what was typed, in use or offered for whatever we hold."""
    typed = given.text(params, "q").lower()
    known = dict.fromkeys([*(name for name in _counts("format")), *(one.value for one in v.Format)])
    found = [one for one in known if typed and typed in one.lower()]
    return found[: given.number(params, "limit", 5, MOST_TYPED)]


def _organization(tenant: Tenant, counts: Mapping[str, int], params: Params) -> dict[str, Any]:
    made = mapping.organization(tenant, base_address(), given.language(params), packages=counts.get(tenant.id, 0))
    return {**made, **_blank()}


def _placed(tenant: Tenant) -> dict[str, Any]:
    """What a catalogue that is restored from a dump needs to know of a body: its kind, division and place."""
    told = {"kind": tenant.kind.value, "region_code": tenant.region_code, "title_en": tenant.name.en}
    above = session().get(Tenant, tenant.parent_id) if tenant.parent_id else None
    return {
        "extras": [{"key": key, "value": value} for key, value in told.items() if value],
        "groups": [{"id": above.id, "name": above.key, "capacity": "public"}] if above else [],
    }


def _named(wanted: str, kind: str) -> dict[str, Any] | None:
    """A body or group of the platform that asks, which nobody else asks for."""
    asking = peer()
    row = peers.body(session(), asking, kind, wanted) if asking else None
    return mapping.peer_body(row, base_address()) if row else None


def _groups(params: Params) -> list[dict[str, Any]]:
    counts = _counts("theme")
    more = {"type": "group", "state": "active", "is_organization": False, "approval_status": "approved"}
    shown = [mapping.group(one, given.language(params), packages=counts.get(one.value, 0)) for one in v.Theme]
    return [{**one, **more, "image_url": "", **_blank()} for one in shown]


def _blank() -> dict[str, Any]:
    return {name: list(value) if isinstance(value, list) else value for name, value in EMPTY.items()}


def _body(name: str) -> Tenant:
    found = next((one for one in view.bodies() if name in (one.key, one.id)), None)
    if found is None:
        raise not_found("Organization")
    return found


def _listed(params: Params, found: Sequence[dict[str, Any]], chooser: str) -> list[Any]:
    """A list in the order asked for, as names or as objects."""
    chosen = given.names(params.get(chooser))
    kept = [one for one in found if not chosen or one["name"] in chosen]
    name, _, direction = (given.text(params, "sort") or given.text(params, "order_by") or "name").partition(" ")
    if name not in ORDERS or direction.strip().lower() not in {"", "asc", "desc"}:
        raise invalid(sort=[f"Cannot sort by field {name[:40]!r}"])
    kept.sort(key=lambda one: one["name"])
    kept.sort(key=lambda one: one[ORDERS[name]], reverse=direction.strip().lower() == "desc")
    if not given.true(params.get("all_fields")):
        return [one["name"] for one in given.part(params, kept, NAMES_PER_CALL)]
    part = given.part(params, kept, PER_CALL)
    if given.true(params.get("include_dataset_count"), default=True):
        return part
    return [{name: value for name, value in one.items() if name != "package_count"} for one in part]


def _datasets(params: Params, condition: Condition) -> dict[str, Any]:
    """The entries, where they are asked for; as many as one call gives."""
    if not given.true(params.get("include_datasets")):
        return {"packages": []}
    found = view.selected({}, condition, Wish("by_changed", True, limit=NAMES_PER_CALL))
    return {"packages": view.packages(found.entries, given.language(params))}


def _typed(params: Params, found: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    typed = given.text(params, "q").lower()
    kept = [one for one in found if typed and (typed in one["name"].lower() or typed in one["title"].lower())]
    part = kept[: given.number(params, "limit", 20, MOST_TYPED)]
    return [{"id": one["id"], "name": one["name"], "title": one["title"]} for one in part]


def _counts(name: str) -> dict[str, int]:
    """How many entries of the open domain have each value of a field."""
    return dict(view.selected({}, ALWAYS, Wish(limit=0, facets=(name,))).facets.get(name, []))


def _tags() -> list[str]:
    return sorted(_counts("tag"))
