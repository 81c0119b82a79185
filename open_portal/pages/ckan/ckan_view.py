"""What a client of the CKAN door may know of: the open domain for everyone, besides what is the token owner's own.

Of the sharing domain nothing is shown here. Own is, as in CKAN: the entries that somebody made, whatever their state,
and those of the bodies in which he holds a role; both only as far as the portal shows them to him too.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from catalog import drafting, names, reading, search_programs
from catalog.mapping import ckan as mapping
from catalog.mapping.offers import Offer
from catalog.models import Entry
from catalog.reading import Purpose
from catalog.search_conditions import Condition, Every, Has, Some
from catalog.search_programs import Selected, Wish
from open_portal.pages.ckan import ckan_params as given
from open_portal.pages.ckan import ckan_search as dialect
from open_portal.pages.ckan.ckan_actions import Params, base_address, not_found
from open_portal.pages.feeds.public_catalogue import conditions
from open_portal.pages.record import public_offers
from open_portal.requests import actor, kit, now, scope, session
from tenancy import tenants
from tenancy.actors import ANONYMOUS
from tenancy.models import Tenant, TenantAncestor

DRAFTS = mapping.STATES["draft"]
LIVE = mapping.STATES["active"]


def visible() -> list[ColumnElement[bool]]:
    """What the asker may know of, one entry at a time, as conditions on entries."""
    if not actor().is_person:
        return conditions()
    public = reading.readable(ANONYMOUS, Purpose.SEE, now())
    below = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id.in_(actor().staff_of))
    own = or_(Entry.author_id == actor().id, Entry.tenant_id.in_(below))
    return [and_(*conditions(actor())), or_(public, own)]


def listed(params: Params) -> Condition:
    """What belongs into a list: the open domain, and the asker's own where he wants it with it."""
    if not actor().is_person:
        return dialect.PUBLIC
    mine = Has("labels", (f"owner:{actor().id}",))
    found: list[Condition] = [dialect.PUBLIC]
    if given.true(params.get("include_drafts")):
        found.append(Every((mine, Has("state", DRAFTS))))
    if given.true(params.get("include_private")):
        house = Has("owner", tuple(_below()))
        found.append(Every((Some((mine, house)), Has("state", LIVE))))
    return Some(tuple(found))


def selected(params: Params, wanted: Condition, wish: Wish) -> Selected:
    """The entries of the list that meet a condition."""
    both = Every((listed(params), wanted)) if wanted != Every() else listed(params)
    who = actor() if actor().is_person else ANONYMOUS
    return search_programs.select(kit().index, session(), who, now(), both, wish, scope=scope())


def entry(name: str) -> Entry:
    """The entry with a name or id, if the asker may know of it; else NotFound, as if there were none."""
    seen = and_(*visible())
    found = session().scalars(select(Entry).where(by_name(name), seen)).first()
    found = found or names.find(session(), name, seen)
    if found is None:
        raise not_found("Dataset")
    return found


def by_name(name: str) -> ColumnElement[bool]:
    """The entry with a code, in either way of writing it, or id."""
    return or_(Entry.code.in_({name, name.replace("-", "/").upper()}), Entry.id == name)


def packages(entries: Sequence[Entry], language: str) -> list[dict[str, Any]]:
    """Entries as dictionaries."""
    public = {one.id for one in entries}
    if actor().is_person and entries:
        query = select(Entry.id).where(Entry.id.in_(public), reading.readable(ANONYMOUS, Purpose.SEE, now()))
        public = set(session().scalars(query))
    told = public_offers.listed(entries)
    return [_package(one, offers, language, public=one.id in public) for one, offers in told]


def _package(entry: Entry, offers: Sequence[Offer], language: str, *, public: bool) -> dict[str, Any]:
    """An entry as its readers see it; what isn't public yet with the links that its author gave it."""
    package = mapping.package(entry, offers, base_address(), language, private=not public)
    if public or entry.state.live:
        return package
    links = [mapping.link(entry, one, place) for place, one in enumerate(drafting.resources(entry))]
    return package | {"resources": links, "num_resources": len(links)}


def with_resource(resource_id: str) -> tuple[Entry, dict[str, Any]]:
    """The entry to which a resource belongs, and the resource; NotFound where the asker may know of neither."""
    for one in holders(resource_id):
        for resource in packages([one], "zh")[0]["resources"]:
            if resource["id"] == resource_id:
                return one, resource
    raise not_found("Resource")


def holders(resource_id: str) -> list[Entry]:
    """The entries that may have a resource with an id, of those that the asker may know of.

    Our own resources begin with the entry's id; those of other platforms are known to the index.
    """
    owner = resource_id[:36]
    query = select(Entry).where(Entry.id == owner, *visible())
    own = list(session().scalars(query))
    who = actor() if actor().is_person else ANONYMOUS
    wanted, wish = Has("resource", (resource_id,)), Wish("by_id", limit=5)
    others = search_programs.select(kit().index, session(), who, now(), wanted, wish, scope=scope()).entries
    if others and who is not ANONYMOUS:
        ids = [one.id for one in others]
        others = list(session().scalars(select(Entry).where(Entry.id.in_(ids), *visible())))
    return own + others


def bodies() -> list[Tenant]:
    """The bodies inside government that the face of the request shows."""
    return [one for one in tenants.government(session()) if scope() is None or scope() in one.path]


def body_id(name: str) -> str | None:
    """The id of the body with a key or id."""
    query = select(Tenant.id).where(or_(Tenant.key == name, Tenant.id == name))
    return session().scalars(query).first()


def _below() -> list[str]:
    query = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id.in_(actor().staff_of))
    return list(session().scalars(query.distinct()))
