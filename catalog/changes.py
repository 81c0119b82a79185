"""Changes of the catalogue: each is kept with the facts that figures and the index read."""

import hashlib
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from catalog.models import CatalogChange, Entry
from policies import vocabulary as v
from tenancy.models import Tenant
from tenancy.work import Work


def note(work: Work, entry: Entry, what: str) -> None:
    """Keep what is true of an entry after a change, in the change's own transaction."""
    entry.changed_at = work.now
    work.session.flush()
    work.session.add(_change(work, entry, what))


def note_all(work: Work, entries: Sequence[Entry], what: str) -> None:
    """Keep what is true of many entries after a change that touched them all, in few statements."""
    for entry in entries:
        entry.changed_at = work.now
    work.session.flush()
    work.session.add_all(_change(work, entry, what) for entry in entries)
    work.session.flush()


def note_new(work: Work, rows: Sequence[Mapping[str, Any]], tenant: Tenant, what: str) -> None:
    """Keep what is true of many new entries without items, given by their columns, in one statement."""
    defaults = dict.fromkeys(("live_version_id", "probe_ok", "offline_since", "rows", "grade"))
    made = [
        {
            "at": work.now,
            "actor_id": work.actor.id,
            "entry_id": row["id"],
            "origin": row["origin"],
            "what": what,
            "facts": facts(SimpleNamespace(**defaults, **row, items=(), tenant=tenant)),
        }
        for row in rows
    ]
    work.session.execute(insert(CatalogChange), made)


def _change(work: Work, entry: Entry, what: str) -> CatalogChange:
    return CatalogChange(
        at=work.now,
        actor_id=work.actor.id,
        entry_id=entry.id,
        origin=entry.origin,
        what=what,
        facts=facts(entry),
    )


def facts(entry: Entry | SimpleNamespace) -> dict[str, Any]:
    """What rates and replays need to know of an entry, or of something with its columns, as JSON."""
    names = "\n".join(sorted(item.name for item in entry.items))
    return {
        "id": entry.id,
        "code": entry.code,
        "title": entry.title,
        "tenant_id": entry.tenant_id,
        "path": list(entry.tenant.path),
        "origin": entry.origin.value,
        "state": entry.state.value,
        "share_type": entry.share_type.value,
        "open_type": entry.open_type.value,
        "open_tier": entry.open_tier.value,
        "open_state": entry.open_state.value,
        "mounted": entry.live_version_id is not None,
        "probe_ok": bool(entry.probe_ok) and entry.offline_since is None,
        "rows": entry.rows,
        "items": len(entry.items),
        "items_open": sum(item.open_type is not v.OpenType.OPEN_FORBIDDEN for item in entry.items),
        "items_shared": sum(item.share_type is not v.ShareType.SHARE_NONE for item in entry.items),
        "grade": entry.grade.value if entry.grade else None,
        "update_cycle": entry.update_cycle.value,
        "data_updated_at": entry.data_updated_at.isoformat() if entry.data_updated_at else None,
        "source_org_id": entry.source_tenant_id,
        "item_set": hashlib.sha256(names.encode()).hexdigest() if names else entry.id,
        "secret": any(item.secret for item in entry.items),
    }


def head(session: Session) -> int:
    """The sequence number of the newest change; 0 when there is none."""
    return session.scalar(select(func.max(CatalogChange.sequence))) or 0
