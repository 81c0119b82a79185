"""Actions that write organizations and groups: names of another platform's own bodies, or tenants that are restored.

A person's token never does this: tenants are kept by administrators, and the themes are fixed.
"""

from collections.abc import Mapping
from typing import Any

from catalog import restoring
from catalog.mapping import ckan as mapping
from catalog.mapping import ckan_in, ckan_in_values
from open_portal.pages.ckan.ckan_actions import Changed, Params, base_address, denied, not_found
from open_portal.pages.ckan.ckan_bodies import organization_show
from open_portal.pages.ckan.ckan_params import needed, text
from open_portal.pages.ckan.ckan_write import scope, sender, unpacked, writes
from open_portal.requests import deed
from policies import vocabulary as v
from policies.refusals import Invalid
from policies.vocabulary import TokenScope
from tenancy import peers
from tenancy.models import Peer, PeerBody
from tenancy.work import Work


@writes
def organization_create(params: Params) -> Changed:
    """Name a publisher of the platform's own, or restore a body."""
    return _organization(unpacked(params), "")


@writes
def organization_update(params: Params) -> Changed:
    """Name a publisher anew, or restore a body."""
    return _organization(unpacked(params), text(params, "id"))


@writes
def organization_patch(params: Params) -> Changed:
    """Change how a publisher is named."""
    return _organization(unpacked(params), text(params, "id"))


@writes
def organization_delete(params: Params) -> Changed:
    """No longer name a publisher of the platform's own."""
    return _forget(params, peers.ORGANIZATION, "Organization")


@writes
def group_create(params: Params) -> Changed:
    """Name a group of the platform's own, unless it is one of the themes."""
    return _group(unpacked(params), "")


@writes
def group_update(params: Params) -> Changed:
    """Name a group anew; a theme stays as it is."""
    return _group(unpacked(params), text(params, "id"))


@writes
def group_patch(params: Params) -> Changed:
    """Change how a group is named; a theme stays as it is."""
    return _group(unpacked(params), text(params, "id"))


@writes
def group_delete(params: Params) -> Changed:
    """No longer name a group of the platform's own."""
    return _forget(params, peers.GROUP, "Group")


def _organization(params: Mapping[str, Any], wanted: str) -> Changed:
    if scope() is TokenScope.EXCHANGE:
        return _named(params, peers.ORGANIZATION, wanted)
    if scope() is not TokenScope.RESTORE:
        raise denied("organizations are kept by administrators")
    sent = ckan_in.read({**_plain(params), "extras": params.get("extras") or []})
    if not sent.name:
        raise Invalid.gathered([Invalid("ckan.missing", field="name")])
    above = params.get("groups")
    first = above[0] if isinstance(above, list) and above and isinstance(above[0], dict) else None
    created = ckan_in_values.instant(text(params, "created"))
    with deed() as work:
        tenant = restoring.body(
            work,
            id_=sent.id or wanted,
            key=sent.name,
            zh=str(sent.values.get("title") or sent.name),
            told={**sent.told, **(sent.extras or {})},
            parent=(str(first.get("id") or ""), str(first.get("name") or "")) if first else None,
            created=created,
        )
        key, id_ = tenant.key, tenant.id
    return Changed(organization_show({"id": key}), {"organizations": [id_]})


def _group(params: Mapping[str, Any], wanted: str) -> Changed:
    theme = ckan_in_values.theme(tuple(filter(None, (wanted, *(text(params, one) for one in ("id", "name", "title"))))))
    if scope() is TokenScope.DRAFT:
        raise denied("groups are the themes, which are fixed")
    if theme is not None:
        return Changed(_theme(theme), {"groups": []})
    if scope() is TokenScope.RESTORE:
        raise Invalid.gathered([Invalid("ckan.group", name=text(params, "title") or wanted, field="name")])
    return _named(params, peers.GROUP, wanted)


def _named(params: Mapping[str, Any], kind: str, wanted: str) -> Changed:
    """Keep how the platform names one of its own; an update without a name keeps the one it has."""
    sent = ckan_in.read(_plain(params))
    with deed() as work:
        peer = work.session.merge(sender(), load=False)
        known = peers.body(work.session, peer, kind, wanted or sent.name) if wanted or sent.name else None
        if wanted and known is None:
            raise not_found(kind.capitalize())
        name = known.name if known is not None else sent.name
        if not name:
            raise Invalid.gathered([Invalid("ckan.missing", field="name")])
        before = {"title": known.title, "description": known.description} if known else {}
        row, new = _keep(work, peer, kind, sent.id, name, {**before, **_words(sent)})
        found = _body(row)
    return Changed(found, {f"{kind}s": [found["id"]] if new else []})


def _keep(
    work: Work, peer: Peer, kind: str, external_id: str, name: str, words: Mapping[str, str]
) -> tuple[PeerBody, bool]:
    title = (words.get("title") or name)[:200]
    return peers.name_body(
        work, peer, kind, external_id=external_id, name=name, title=title, description=words.get("description", "")
    )


def _forget(params: Params, kind: str, what: str) -> Changed:
    wanted = needed(params, "id")
    if scope() is not TokenScope.EXCHANGE:
        raise denied()
    with deed() as work:
        peer = work.session.merge(sender(), load=False)
        row = peers.body(work.session, peer, kind, wanted)
        if row is None:
            raise not_found(what)
        peers.forget_body(work, peer, row)
        id_ = row.external_id
    return Changed(None, {f"{kind}s": [id_]})


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    """What a body has in common with a package, read by the same rules."""
    found = {name: params[name] for name in ("id", "name", "title") if params.get(name)}
    return found | ({"notes": params["description"]} if params.get("description") else {})


def _words(sent: ckan_in.Sent) -> dict[str, str]:
    names = {"title": "title", "abstract": "description"}
    return {names[name]: str(value) for name, value in sent.values.items() if name in names}


def _body(row: PeerBody) -> dict[str, Any]:
    return mapping.peer_body(row, base_address())


def _theme(theme: v.Theme) -> dict[str, Any]:
    return {**mapping.group(theme, "zh"), "type": "group", "state": "active", "is_organization": False, "packages": []}
