"""Peers: other platforms that may write their metadata here, proposed by one person and connected by another."""

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from policies import vocabulary as v
from policies.refusals import Invalid, NotFound, Refused
from tenancy.models import ApiToken, Peer, PeerBody, Tenant
from tenancy.types import new_id
from tenancy.work import Work

KEY = re.compile(r"[a-z0-9][a-z0-9-]{1,34}[a-z0-9]")
ADDRESS = re.compile(r"https?://[^\s/@]+(/\S*)?")
ORGANIZATION, GROUP = "organization", "group"
LONGEST = {"name_zh": 200, "name_en": 200, "address": 500, "reason": 2000}


def propose(work: Work, tenant: Tenant, *, key: str, name_zh: str, name_en: str, address: str, reason: str) -> Peer:
    """Propose to connect another platform, its entries in the care of a tenant; nothing is open to it yet.

    The key marks everything that comes from it and is never given to another platform.
    """
    peer = Peer(
        id=new_id(),
        key=key.strip(),
        name_zh=name_zh.strip(),
        name_en=name_en.strip(),
        address=address.strip().rstrip("/"),
        tenant=tenant,
        tenant_id=tenant.id,
        state=v.PeerState.PROPOSED,
        reason=reason.strip(),
        proposed_by=work.actor.id,
        proposed_at=work.now,
    )
    with work.session.no_autoflush:
        work.demand("peer.propose", peer)
        _check(work.session, peer)
    work.session.add(peer)
    work.session.flush()
    work.record("peer.proposed", peer, key=peer.key, tenant=tenant.key, address=peer.address)
    return peer


def connect(work: Work, peer_id: str) -> Peer:
    """Put a proposed platform in force; whoever proposed it never does."""
    peer = _locked(work, peer_id)
    if peer.state is not v.PeerState.PROPOSED:
        raise Refused("peer.decided")
    peer.state, peer.approved_by, peer.approved_at = v.PeerState.CONNECTED, work.actor.id, work.now
    work.record("peer.connected", peer, key=peer.key)
    return peer


def disconnect(work: Work, peer_id: str) -> Peer:
    """Turn a proposed platform down, or cut a connected one off at once; what it sent stays in the catalogue."""
    peer = _locked(work, peer_id)
    if peer.state is v.PeerState.PROPOSED:
        peer.state = v.PeerState.DECLINED
    elif peer.state is v.PeerState.CONNECTED:
        peer.state = v.PeerState.DISCONNECTED
    else:
        raise Refused("peer.decided")
    peer.ended_at = work.now
    for token in work.session.scalars(select(ApiToken).where(ApiToken.peer_id == peer.id)):
        token.revoked_at = token.revoked_at or work.now
    work.record("peer.disconnected", peer, key=peer.key)
    return peer


def find(session: Session, peer_id: str) -> Peer:
    """A platform by id or key; NotFound if there is none."""
    peer = session.scalars(select(Peer).where((Peer.id == peer_id) | (Peer.key == peer_id))).first()
    if peer is None:
        raise NotFound("general.not-found")
    return peer


def history(session: Session) -> Sequence[Peer]:
    """Every platform that was ever proposed, newest first."""
    return list(session.scalars(select(Peer).order_by(Peer.proposed_at.desc(), Peer.key)))


def bodies(session: Session, peer: Peer, kind: str) -> list[PeerBody]:
    """The bodies or groups that a platform has named and not removed, by name."""
    query = select(PeerBody).where(PeerBody.peer_id == peer.id, PeerBody.kind == kind, PeerBody.removed_at.is_(None))
    return list(session.scalars(query.order_by(PeerBody.name)))


def body(session: Session, peer: Peer, kind: str, name: str) -> PeerBody | None:
    """One of a platform's own bodies or groups, by its name or its identifier there."""
    return next((one for one in bodies(session, peer, kind) if name in (one.name, one.external_id)), None)


def name_body(
    work: Work, peer: Peer, kind: str, *, external_id: str, name: str, title: str, description: str
) -> tuple[PeerBody, bool]:
    """Keep how a platform names a body or group of its own; gives it, and whether anything is new about it."""
    work.demand("entry.register", Place(peer))
    query = select(PeerBody).where(PeerBody.peer_id == peer.id, PeerBody.kind == kind, PeerBody.name == name)
    row = work.session.scalars(query).first()
    values = {"title": title, "description": description, "removed_at": None}
    if row is None:
        row = PeerBody(id=new_id(), peer_id=peer.id, kind=kind, name=name, external_id=external_id or new_id())
        row.created_at = work.now
        work.session.add(row)
    elif all(getattr(row, field) == value for field, value in values.items()):
        return row, False
    for field, value in values.items():
        setattr(row, field, value)
    work.session.flush()
    work.record("peer.named", row, peer=peer.key, kind=kind, name=name)
    return row, True


def forget_body(work: Work, peer: Peer, row: PeerBody) -> None:
    """No longer name a body or group; what was published under its name keeps it."""
    work.demand("entry.delete", Place(peer))
    row.removed_at = work.now
    work.record("peer.forgot", row, peer=peer.key, kind=row.kind, name=row.name)


class Place:
    """What permissions know of the place where a platform's entries are about to be registered."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    def facts(self) -> dict[str, object]:
        """A harvested entry that does not exist yet, of this platform."""
        return {
            "type": "Entry",
            "id": "new",
            "path": self.peer.tenant.path,
            "origin": v.Origin.HARVESTED.value,
            "peer": self.peer.key,
        }


def _locked(work: Work, peer_id: str) -> Peer:
    query = select(Peer).where(Peer.id == peer_id).with_for_update(of=Peer)
    peer = work.session.scalars(query.execution_options(populate_existing=True)).first()
    if peer is None:
        raise NotFound("general.not-found")
    work.demand("peer.enact", peer)
    return peer


def _check(session: Session, peer: Peer) -> None:
    problems = [
        Invalid("general.required", field=name)
        for name in ("name_zh", "name_en", "address", "reason")
        if not getattr(peer, name)
    ]
    problems += [
        Invalid("general.too-long", limit=limit, length=len(getattr(peer, name)), field=name)
        for name, limit in LONGEST.items()
        if len(getattr(peer, name)) > limit
    ]
    if not KEY.fullmatch(peer.key):
        problems.append(Invalid("peer.key", field="key"))
    elif session.scalars(select(Peer.id).where(Peer.key == peer.key)).first():
        problems.append(Invalid("peer.key-taken", key=peer.key, field="key"))
    if peer.address and not ADDRESS.fullmatch(peer.address):
        problems.append(Invalid("peer.address", field="address"))
    if problems:
        raise Invalid.gathered(problems)
