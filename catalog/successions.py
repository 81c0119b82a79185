"""Successions: what a merged tenant had goes to its heir, and figures hear of every change of the tree."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from catalog import changes
from catalog.models import Entitlement, Entry
from policies import vocabulary as v
from tenancy import tenants
from tenancy.models import Tenant
from tenancy.work import Work

LONGEST_TITLE = 500


def follow(work: Work, tenant_id: str) -> int:
    """Hand a merged tenant's entries to its heir, or note anew those of a branch that moved; returns how many.

    Done again, it changes nothing but notes the same facts once more.
    """
    tenant = work.session.get_one(Tenant, tenant_id)
    work.demand("tenant.manage", tenant)
    heir = tenants.heir_of(work.session, tenant)
    if heir is not tenant:
        return _inherit(work, tenant, heir)
    branch = tenants.descendants(work.session, tenant.id)
    entries = list(work.session.scalars(select(Entry).where(Entry.tenant_id.in_(branch))))
    changes.note_all(work, entries, "tenant.moved")
    return len(entries)


def _inherit(work: Work, old: Tenant, heir: Tenant) -> int:
    theirs = or_(Entry.tenant_id == old.id, Entry.source_tenant_id == old.id)
    entries = list(work.session.scalars(select(Entry).where(theirs)))
    for entry in entries:
        if entry.tenant_id == old.id:
            entry.title = _free_title(work.session, entry, old, heir)
            entry.tenant, entry.tenant_id = heir, heir.id
        if entry.source_tenant_id == old.id:
            entry.source_tenant, entry.source_tenant_id = heir, heir.id
        work.record("entry.inherited", entry, code=entry.code, before=old.key, after=heir.key)
    for right in work.session.scalars(select(Entitlement).where(Entitlement.tenant_id == old.id)):
        right.tenant_id = heir.id
    changes.note_all(work, entries, "entry.inherited")
    return len(entries)


def _free_title(session: Session, entry: Entry, old: Tenant, heir: Tenant) -> str:
    """The title as it is; where the heir has one alike, with the old body's name or the code behind it."""
    if entry.origin is not v.Origin.OWN or entry.state is v.EntryState.DELETED:
        return entry.title
    for mark in ("", f"（{old.name.zh}）", f"（{entry.code}）"):
        title = entry.title[: LONGEST_TITLE - len(mark)] + mark
        taken = select(Entry.id).where(
            Entry.tenant_id == heir.id,
            Entry.title == title,
            Entry.origin == v.Origin.OWN,
            Entry.state != v.EntryState.DELETED,
        )
        if session.scalars(taken).first() is None:
            return title
    return entry.title
