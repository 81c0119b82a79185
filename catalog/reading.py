"""Who may read what of the catalogue: the one visibility rule, as SQL for lists and as an answer with its reason."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from catalog.models import Entitlement, Entry
from policies import vocabulary as v
from policies.refusals import NotFound
from tenancy.actors import Actor
from tenancy.models import TenantAncestor

LIVE = (v.EntryState.PUBLISHED, v.EntryState.CHANGE_REVIEW, v.EntryState.WITHDRAW_REVIEW)
OPENED = (v.OpenState.OPEN, v.OpenState.CLOSE_REVIEW)
OFFLINE = "offline"
"""The rule by which rows are withheld from everybody but their own house while the data are taken offline."""


class Purpose(StrEnum):
    """What somebody wants of an entry: to know of it, or to have its rows."""

    SEE = "see"
    DATA = "data"


@dataclass(frozen=True)
class Access:
    """What an actor has of an entry's data: the names of the items, the rule that gave or withheld it, the grant."""

    items: tuple[str, ...]
    rule: str
    grant_id: str | None = None

    @property
    def given(self) -> bool:
        """Whether any rows may be read at all."""
        return bool(self.items)


def readable(actor: Actor, purpose: Purpose, now: datetime) -> ColumnElement[bool]:
    """The visibility rule as a condition on Entry; there is no other."""
    if actor.kind == "system":
        return true()
    live = Entry.state.in_(LIVE)
    kept = Entry.state != v.EntryState.DELETED
    inside = Entry.tenant_id.in_(select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id.in_(actor.staff_of)))
    if purpose is Purpose.SEE:
        opened = or_(
            and_(live, Entry.origin == v.Origin.HARVESTED),
            and_(live, Entry.open_state.in_(OPENED)),
            and_(live, Entry.open_type == v.OpenType.OPEN_FORBIDDEN, Entry.metadata_public),
        )
        shared = and_(live, Entry.share_type != v.ShareType.SHARE_NONE) if actor.in_government else false()
        return and_(kept, or_(opened, shared, inside, Entry.author_id == actor.id))
    tiers = [v.OpenTier.T0, v.OpenTier.T1] if actor.is_person else [v.OpenTier.T0]
    opened = and_(live, Entry.open_state.in_(OPENED), Entry.open_tier.in_(tiers))
    shared = and_(live, Entry.share_type == v.ShareType.SHARE_UNCOND) if actor.in_government else false()
    entitled = and_(live, Entry.id.in_(select(Entitlement.entry_id).where(held_by(actor, now))))
    handed_out = and_(Entry.offline_since.is_(None), or_(opened, shared, entitled))
    return and_(kept, Entry.live_version_id.is_not(None), or_(handed_out, inside))


def held_by(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """Entitlements in force now whose holder is the actor, one of his tenants, or the grant whose key he shows."""
    holder = (
        Entitlement.grant_id == actor.id
        if actor.kind == "credential"
        else or_(Entitlement.person_id == actor.id, Entitlement.tenant_id.in_(actor.tenant_ids))
    )
    return and_(holder, Entitlement.ended_at.is_(None), Entitlement.starts_at <= now, Entitlement.ends_at > now)


def labels(actor: Actor) -> frozenset[str]:
    """The labels that an actor carries into the search index."""
    found = {"open", f"owner:{actor.id}"}
    if actor.in_government:
        found.add("shared")
    found.update(f"tenant:{one}" for one in actor.staff_of)
    return frozenset(found)


def labels_of(entry: Entry) -> frozenset[str]:
    """The labels of an entry in the search index: whoever carries one of them may see it."""
    if entry.state is v.EntryState.DELETED:
        return frozenset()
    found = {f"owner:{entry.author_id}", *(f"tenant:{one}" for one in entry.tenant.path)}
    live = entry.state in LIVE
    listed = entry.open_type is v.OpenType.OPEN_FORBIDDEN and entry.metadata_public
    harvested = entry.origin is v.Origin.HARVESTED
    if live and (harvested or entry.open_state in OPENED or listed):
        found.add("open")
    if live and entry.share_type is not v.ShareType.SHARE_NONE:
        found.add("shared")
    return frozenset(found)


def find(session: Session, code: str, actor: Actor, now: datetime) -> Entry:
    """The entry with a code or id, if the actor may know of it; else NotFound, as if there were none."""
    query = select(Entry).where(
        or_(Entry.code == code.replace("-", "/"), Entry.code == code, Entry.id == code),
        readable(actor, Purpose.SEE, now),
    )
    entry = session.scalars(query).first()
    if entry is None:
        raise NotFound("general.not-found")
    return entry


def access(session: Session, entry: Entry, actor: Actor, now: datetime) -> Access:
    """What of an entry's rows an actor may read now, item by item, and by which rule."""
    if entry.live_version_id is None or entry.state is v.EntryState.DELETED:
        return Access((), "no-data")
    if actor.kind == "system" or actor.staff_of.intersection(entry.tenant.path):
        return Access(tuple(item.name for item in entry.items), "own-tenant")
    if entry.state not in LIVE:
        return Access((), "not-live")
    if entry.offline_since is not None:
        return Access((), OFFLINE)
    # Nothing is ever granted to the public: whole catalogues are told without a question for each entry.
    grant = None if actor.kind == "anonymous" else _grant(session, entry, actor, now)
    if grant:
        known = {item.name for item in entry.items}
        return Access(tuple(name for name in grant.items if name in known), "grant", grant.grant_id)
    shared = _items(entry, shared=True)
    if actor.in_government and entry.share_type is v.ShareType.SHARE_UNCOND and shared:
        return Access(shared, "shared")
    if entry.open_state in OPENED:
        if entry.open_tier is v.OpenTier.T0:
            return Access(_items(entry, shared=False), "open")
        if entry.open_tier is v.OpenTier.T1:
            return Access(_items(entry, shared=False), "open-signed-in") if actor.is_person else Access((), "sign-in")
        return Access((), "apply")
    return Access((), "not-open")


def _grant(session: Session, entry: Entry, actor: Actor, now: datetime) -> Entitlement | None:
    return session.scalars(
        select(Entitlement)
        .where(Entitlement.entry_id == entry.id, held_by(actor, now))
        .order_by(Entitlement.ends_at.desc())
    ).first()


def _items(entry: Entry, *, shared: bool) -> tuple[str, ...]:
    """Items that are not stricter than the way by which they would leave."""
    if shared:
        return tuple(one.name for one in entry.items if one.share_type is v.ShareType.SHARE_UNCOND)
    return tuple(one.name for one in entry.items if one.open_type is v.OpenType.OPEN_UNCOND)
