"""Exchanging: what a connected platform says of its own data sets, kept as harvested metadata and published at once.

No rows come this way. Nobody else's entries are touched, and what was suspended or withdrawn here stays so.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import harvested, names
from catalog.harvested import Fresh, Keeping
from catalog.mapping.ckan_in import Sent
from catalog.mapping.ckan_in_values import instant
from catalog.models import Entry
from policies import vocabulary as v
from policies.refusals import Invalid, Refusal
from tenancy import peers
from tenancy.models import Peer
from tenancy.types import new_id
from tenancy.work import Work

LONGEST_ID = 200
TYPE_OF_TIER = {
    v.OpenTier.T0: v.OpenType.OPEN_UNCOND,
    v.OpenTier.T1: v.OpenType.OPEN_UNCOND,
    v.OpenTier.T2: v.OpenType.OPEN_RESTRICTED,
    v.OpenTier.T3: v.OpenType.OPEN_RESTRICTED,
    v.OpenTier.TX: v.OpenType.OPEN_FORBIDDEN,
}
TIER_OF_TYPE = {
    v.OpenType.OPEN_UNCOND: v.OpenTier.T0,
    v.OpenType.OPEN_RESTRICTED: v.OpenTier.T2,
    v.OpenType.OPEN_FORBIDDEN: v.OpenTier.TX,
}


def take(work: Work, peer: Peer, sent: Sent, entry: Entry | None = None, *, whole: bool = True) -> tuple[Entry, bool]:
    """Keep a package of a platform as its entry; gives the entry, and whether anything about it is new.

    The entry is the one given, else the one that the platform sent before under the same id or name. `whole` is
    for a package that says everything; else what it doesn't speak of stays as it is.
    """
    work.demand("entry.register", peers.Place(peer))
    _demand_public(sent)
    entry = entry or find(work.session, peer, sent.id) or find(work.session, peer, sent.name)
    before = None if entry is None or whole else entry
    values = values_of(sent, _publisher(work.session, peer, sent), before)
    if not 2 <= len(values["title"]) <= 500:
        raise Invalid.gathered([Invalid("entry.title-length", field="title")])
    values["collection_kind"] = harvested.kind_of(values["formats"])
    if entry is None:
        keeping = Keeping(peer.tenant, peer.key, work.actor.id)
        [made] = harvested.create(work, keeping, [Fresh((sent.id or sent.name or new_id())[:LONGEST_ID], values)])
        entry, told = work.session.get_one(Entry, made), "created"
    else:
        work.demand("entry.edit", entry)
        new = harvested.news(entry, values)
        harvested.change(work, [(entry, new)] if new else [])
        told = "updated" if new else ""
    names.keep(work, entry, peer.key, sent.id, sent.name)
    if told:
        work.record("entry.exchanged", entry, code=entry.code, peer=peer.key, change=told)
    return entry, bool(told)


def remove(work: Work, entry: Entry) -> None:
    """Take an entry out of the catalogue because its platform no longer lists it; done again, nothing happens."""
    work.demand("entry.delete", entry)
    if entry.state is v.EntryState.WITHDRAWN:
        return
    harvested.archive(work, [entry])
    work.record("entry.exchanged", entry, code=entry.code, peer=entry.origin_portal, change="archived")


def find(session: Session, peer: Peer, name: str) -> Entry | None:
    """A platform's own entry by the id or name that it sent, or by ours."""
    if not name:
        return None
    found = names.of_holder(session, peer.key, name)
    if found is not None:
        return found
    own = select(Entry).where(Entry.origin_portal == peer.key, Entry.state != v.EntryState.DELETED)
    code = name.upper().replace("-", "/")
    return session.scalars(own.where((Entry.id == name) | (Entry.code == code))).first()


def values_of(sent: Sent, publisher: str, before: Entry | None = None) -> dict[str, Any]:
    """What a package says of a harvested entry; `before` gives what it doesn't speak of, else that is empty.

    Where the platform doesn't say how its data are opened they are open to all, as what CKAN lists is. Of data for
    which one has to apply the description alone is kept: no address of a file.
    """
    told = sent.values
    tier, kind = _opening(told, before)
    regional = str(told.get("region_code") or (before.region_code if before else "330500"))
    defaults: Mapping[str, Any] = {
        "title": "",
        "title_en": "",
        "abstract": "",
        "abstract_en": "",
        "themes": [],
        "tags": [],
        "industry": None,
        "update_cycle": v.UpdateCycle.IRREGULAR,
        "security_level": v.SecurityLevel.L1,
        "open_condition": "",
        "licence": v.Licence.UNSTATED,
        "contact_office": "",
        "contact_phone": "",
        "contact_email": "",
        "time_from": None,
        "time_to": None,
    }
    found = {name: told.get(name, getattr(before, name) if before else empty) for name, empty in defaults.items()}
    kept = [one.kept() for one in sent.resources] if sent.resources is not None else None
    resources = kept if kept is not None else (before.resources if before else [])
    extras = dict(sent.extras) if sent.extras is not None else (dict(before.extras) if before else {})
    return {
        **{name: list(value) if isinstance(value, tuple) else value for name, value in found.items()},
        "open_tier": tier,
        "open_type": kind,
        "region_code": regional,
        "data_range": harvested.range_of(regional),
        "resources": [] if tier.needs_approval else resources,
        "formats": _formats(resources),
        "extras": extras | ({"groups": "、".join(sent.groups)} if sent.groups else {}),
        "publisher_name": publisher or (before.publisher_name if before else None),
        "origin_url": sent.told.get("origin_url") or sent.url or (before.origin_url if before else None),
        "data_updated_at": instant(sent.told.get("data_updated", ""))
        or sent.modified
        or (before.data_updated_at if before else None),
    }


def _opening(told: Mapping[str, Any], before: Entry | None) -> tuple[v.OpenTier, v.OpenType]:
    """Tier and type, the stricter one where they don't agree."""
    tier, kind = told.get("open_tier"), told.get("open_type")
    if tier is None and kind is None:
        return (before.open_tier, before.open_type) if before else (v.OpenTier.T0, v.OpenType.OPEN_UNCOND)
    strictest = max(one for one in (tier, TIER_OF_TYPE[kind] if kind else None) if one is not None)
    return strictest, TYPE_OF_TIER[strictest]


def _formats(resources: list[Any]) -> list[str]:
    """The formats we know, in the order in which they come."""
    known = {one.value for one in v.Format}
    words = (str(one.get("format", "")).strip().lower().lstrip(".") for one in resources)
    return list(dict.fromkeys(one for one in words if one in known))


def _publisher(session: Session, peer: Peer, sent: Sent) -> str:
    """The body that stands as publisher: one that the platform has named, or as the package itself says."""
    if not sent.owner:
        return sent.publisher[:200] or peer.name_zh
    body = peers.body(session, peer, peers.ORGANIZATION, sent.owner)
    if body is not None:
        return body.title
    if not sent.publisher:
        raise Invalid.gathered([Invalid("ckan.owner-unknown", field="owner_org")])
    return sent.publisher[:200]


def _demand_public(sent: Sent) -> None:
    faults: list[Refusal] = []
    if sent.private:
        faults.append(Invalid("ckan.public-only", field="private"))
    if sent.state != "active":
        faults.append(Invalid("ckan.public-only", field="state"))
    if faults:
        raise Invalid.gathered(faults)
