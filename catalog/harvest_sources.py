"""Sources: the other platforms whose catalogues are taken over, kept by administrators and by the command line."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.harvest_models import HarvestSource
from catalog.mapping.listing import Kind
from catalog.models import Entry
from catalog.reading import LIVE
from policies import vocabulary as v
from policies.refusals import Invalid, NotFound, Refusal
from tenancy.actors import Actor
from tenancy.models import Peer, Tenant
from tenancy.work import Work, may

KEY = re.compile(r"[\w][\w.-]{0,63}")
ENDINGS = re.compile(r"(\.(gz|json|jsonl|ndjson|jsonld|csv|xlsx|xls|ttl|rdf|xml|nt|n3|txt))+$", re.IGNORECASE)
LONGEST_PAUSE = 24 * 366
"""Hours between two readings at most: a year."""


def add(
    work: Work,
    tenant: Tenant,
    *,
    key: str,
    zh: str,
    kind: Kind,
    en: str = "",
    address: str = "",
    region_code: str = "",
    mapping: Mapping[str, Any] | None = None,
    every_hours: int | None = None,
) -> HarvestSource:
    """Enter another platform, whose entries will be in the care of a tenant; its key stays for ever."""
    source = HarvestSource(
        key=key.strip().casefold(),
        kind=kind,
        tenant=tenant,
        tenant_id=tenant.id,
        state=v.SourceState.ACTIVE,
        created_by=work.actor.id,
        created_at=work.now,
    )
    work.demand("harvest.manage", source)
    faults: list[Refusal] = []
    if not KEY.fullmatch(source.key):
        faults.append(Invalid("harvest.key", field="key"))
    elif work.session.get(HarvestSource, source.key) is not None:
        faults.append(Invalid("harvest.key-taken", key=source.key, field="key"))
    elif _is_peer(work.session, source.key):
        faults.append(Invalid("harvest.key-of-peer", key=source.key, field="key"))
    _describe(work, source, faults, zh, en, address, region_code or tenant.region_code, mapping, every_hours)
    work.session.add(source)
    work.record("harvest-source.added", source, key=source.key, address=source.address, kind=kind.value)
    return source


def ensure(work: Work, tenant: Tenant, *, key: str, zh: str, kind: Kind, **values: Any) -> HarvestSource:
    """The source with this key, whatever it says of itself; entered if there is none yet."""
    known = work.session.get(HarvestSource, key.strip().casefold())
    return known or add(work, tenant, key=key, zh=zh, kind=kind, **values)


def change(
    work: Work,
    source: HarvestSource,
    *,
    zh: str,
    kind: Kind,
    en: str = "",
    address: str = "",
    region_code: str = "",
    mapping: Mapping[str, Any] | None = None,
    every_hours: int | None = None,
) -> None:
    """Say something else of a source; its entries follow when it is read again."""
    work.demand("harvest.manage", source)
    source.kind = kind
    _describe(work, source, [], zh, en, address, region_code or source.tenant.region_code, mapping, every_hours)
    work.record("harvest-source.changed", source, key=source.key, address=source.address, kind=kind.value)


def pause(work: Work, source: HarvestSource, wanted: bool) -> None:
    """Read a source no longer on its schedule or by button, or do so again; its entries stay."""
    work.demand("harvest.manage", source)
    state = v.SourceState.PAUSED if wanted else v.SourceState.ACTIVE
    if source.state is not state:
        source.state = state
        work.record("harvest-source.paused" if wanted else "harvest-source.resumed", source, key=source.key)


def find(session: Session, key: str) -> HarvestSource:
    """A source by its key; NotFound if there is none."""
    found = session.get(HarvestSource, key)
    if found is None:
        raise NotFound("general.not-found")
    return found


def every(session: Session, actor: Actor) -> list[HarvestSource]:
    """The sources that an actor may manage, by key."""
    found = session.scalars(select(HarvestSource).order_by(HarvestSource.key))
    return [one for one in found if may(actor, "harvest.manage", one)]


def due(session: Session, now: datetime) -> list[HarvestSource]:
    """The sources whose schedule says that they are to be read now."""
    query = select(HarvestSource).where(
        HarvestSource.state == v.SourceState.ACTIVE, HarvestSource.next_at.is_not(None), HarvestSource.next_at <= now
    )
    return list(session.scalars(query.order_by(HarvestSource.next_at)))


def counts(session: Session) -> dict[str, int]:
    """How many entries each source is taken to list, by key."""
    query = select(Entry.origin_portal, func.count()).where(Entry.origin_portal.is_not(None), Entry.state.in_(LIVE))
    return {str(key): count for key, count in session.execute(query.group_by(Entry.origin_portal))}


def key_of(name: str) -> str:
    """A key made of a file's name or an address: without folders, endings and whatever a key can't hold."""
    parts = urlsplit(name)
    if parts.scheme in {"http", "https"}:
        text = "-".join([parts.hostname or "", *(one for one in parts.path.split("/") if one)])
    else:
        text = Path(name).name
    plain = re.sub(r"[^\w.-]+", "-", ENDINGS.sub("", text)).strip("-._").casefold()
    return plain[:64].rstrip("-._") or "source"


def _is_peer(session: Session, key: str) -> bool:
    """Whether a platform that writes its metadata here has, or had, this key: its entries are marked by it."""
    with session.no_autoflush:
        return session.scalar(select(Peer.id).where(Peer.key == key)) is not None


def _describe(
    work: Work,
    source: HarvestSource,
    faults: list[Refusal],
    zh: str,
    en: str,
    address: str,
    region_code: str,
    mapping: Mapping[str, Any] | None,
    every_hours: int | None,
) -> None:
    source.zh, source.en = zh.strip(), en.strip()
    source.address, source.region_code = address.strip(), region_code.strip()
    source.mapping = dict(mapping) if mapping else None
    faults += _faults(source, every_hours)
    if faults:
        raise Invalid.gathered(faults)
    if every_hours != source.every_hours:
        source.next_at = work.now + timedelta(hours=every_hours) if every_hours else None
    source.every_hours = every_hours


def _faults(source: HarvestSource, every_hours: int | None) -> list[Refusal]:
    faults: list[Refusal] = []
    if not source.zh:
        faults.append(Invalid("general.required", field="zh"))
    faults += [
        Invalid("harvest.too-long", field=name, name=name, limit=limit)
        for name, limit in (("zh", 200), ("en", 200), ("address", 1000))
        if len(getattr(source, name)) > limit
    ]
    if source.address and not _is_address(source.address):
        faults.append(Invalid("harvest.address", field="address"))
    if not re.fullmatch(r"\d{6}(\d{3}|\d{6})?", source.region_code):
        faults.append(Invalid("harvest.region", field="region_code"))
    if every_hours is not None and not 1 <= every_hours <= LONGEST_PAUSE:
        faults.append(Invalid("harvest.every", most=LONGEST_PAUSE, field="every_hours"))
    if every_hours is not None and not source.address:
        faults.append(Invalid("harvest.every-without-address", field="every_hours"))
    return faults


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
