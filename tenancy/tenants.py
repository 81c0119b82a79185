"""Tenants: the tree of bodies, founded, renamed, moved, merged and split as deeds with days."""

from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from policies import identifiers
from policies.calendars import local_date
from policies.refusals import Invalid, NotFound, Refused
from policies.vocabulary import TenantKind
from tenancy.models import Face, Membership, Succession, Tenant, TenantAncestor, TenantName, TenantParent
from tenancy.types import new_id
from tenancy.work import Work


def found(
    work: Work,
    *,
    key: str,
    kind: TenantKind,
    zh: str,
    en: str,
    region_code: str,
    parent: Tenant | None,
    uscc: str | None = None,
    on: date | None = None,
) -> Tenant:
    """Enter a new tenant under a parent (none: the root city); the day defaults to today in Shanghai."""
    work.demand("tenant.manage", parent or Root())
    if uscc and not identifiers.valid_uscc(uscc):
        raise Invalid("tenant.bad-uscc", uscc=uscc)
    if work.session.scalars(select(Tenant).where(Tenant.key == key)).first():
        raise Refused("tenant.key-taken", key=key)
    day = on or local_date(work.now)
    tenant = Tenant(
        id=new_id(),
        key=key,
        kind=kind,
        uscc=uscc,
        region_code=region_code,
        created_at=work.now,
        names=[TenantName(id=new_id(), zh=zh, en=en, valid_from=day)],
    )
    work.session.add(tenant)
    work.session.flush()
    _place(work.session, tenant, parent, day)
    work.record("tenant.founded", tenant, key=key, parent=parent.key if parent else None)
    return tenant


def enrol(work: Work, *, key: str, zh: str, en: str, uscc: str | None, region_code: str) -> Tenant:
    """Enter an applicant from outside government, for whoever signs up in its name; it stands under no one."""
    if uscc and not identifiers.valid_uscc(uscc):
        raise Invalid("tenant.bad-uscc", uscc=uscc)
    tenant = Tenant(
        id=new_id(),
        key=key,
        kind=TenantKind.APPLICANT,
        uscc=uscc,
        region_code=region_code,
        created_at=work.now,
        names=[TenantName(id=new_id(), zh=zh, en=en, valid_from=local_date(work.now))],
    )
    work.session.add(tenant)
    work.session.flush()
    _place(work.session, tenant, None, local_date(work.now))
    work.record("tenant.enrolled", tenant, key=key)
    return tenant


def rename(work: Work, tenant: Tenant, *, zh: str, en: str, on: date) -> None:
    """Give a tenant a new name from a day on; the old one stays in its history."""
    work.demand("tenant.manage", tenant)
    current = tenant.name
    if on <= current.valid_from:
        raise Invalid("tenant.name-not-later", day=current.valid_from.isoformat())
    current.valid_to = on
    tenant.names.append(TenantName(id=new_id(), zh=zh, en=en, valid_from=on))
    work.record("tenant.renamed", tenant, before=current.zh, after=zh, on=on.isoformat())
    work.enqueue("index.rebuild", dedupe="tenants")


def move(work: Work, tenant: Tenant, parent: Tenant, *, on: date) -> None:
    """Put a tenant, with everyone below it, under another parent from a day on."""
    work.demand("tenant.manage", tenant)
    work.demand("tenant.manage", parent)
    if tenant.id in parent.path:
        raise Refused("tenant.under-itself", name=tenant.name.zh)
    last = work.session.scalars(
        select(TenantParent).where(TenantParent.tenant_id == tenant.id, TenantParent.valid_to.is_(None))
    ).first()
    if last:
        last.valid_to = on
    below = list(work.session.scalars(select(Tenant).where(Tenant.id.in_(descendants(work.session, tenant.id)))))
    work.session.add(TenantParent(id=new_id(), tenant_id=tenant.id, parent_id=parent.id, valid_from=on))
    _retrace(work.session, tenant, parent, below)
    work.record("tenant.moved", tenant, parent=parent.key, on=on.isoformat())
    work.enqueue("index.rebuild", dedupe="tenants")


def merge(work: Work, old: Tenant, heir: Tenant, *, on: date) -> None:
    """Dissolve a tenant into its heir: people keep working there, the old body keeps its history."""
    work.demand("tenant.manage", old)
    work.demand("tenant.manage", heir)
    _succeed(work, old, [heir], "MERGE", on)


def split(work: Work, old: Tenant, heirs: list[Tenant], *, on: date) -> None:
    """Dissolve a tenant into several heirs; its people are placed anew by the heirs' admins."""
    work.demand("tenant.manage", old)
    for heir in heirs:
        work.demand("tenant.manage", heir)
    _succeed(work, old, heirs, "SPLIT", on)


def find(session: Session, key: str) -> Tenant:
    """A tenant by its key; NotFound if there is none."""
    tenant = session.scalars(select(Tenant).where(Tenant.key == key)).first()
    if tenant is None:
        raise NotFound("general.not-found")
    return tenant


def descendants(session: Session, tenant_id: str) -> list[str]:
    """Ids of a tenant and of everyone below it."""
    return list(session.scalars(select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id == tenant_id)))


def government(session: Session) -> list[Tenant]:
    """Every body inside government that is not dissolved, by key."""
    query = select(Tenant).where(Tenant.kind != TenantKind.APPLICANT, Tenant.dissolved_on.is_(None))
    return list(session.scalars(query.order_by(Tenant.key)))


def faces(session: Session) -> list[Face]:
    """All faces, by slug."""
    return list(session.scalars(select(Face).order_by(Face.slug)))


def set_face(work: Work, tenant: Tenant, **values: str | None) -> Face:
    """Give a tenant its face, or change it."""
    work.demand("face.manage", tenant)
    face = work.session.scalars(select(Face).where(Face.tenant_id == tenant.id)).first()
    if face is None:
        face = Face(id=new_id(), tenant_id=tenant.id, **values)
        work.session.add(face)
    else:
        for name, value in values.items():
            setattr(face, name, value)
    work.record("face.set", face, tenant=tenant.key)
    return face


class Root:
    """What permissions know of the place above the city."""

    def facts(self) -> dict[str, object]:
        """No tenant owns it."""
        return {"type": "Tenant", "id": "root", "path": ()}


def _place(session: Session, tenant: Tenant, parent: Tenant | None, day: date) -> None:
    if parent is not None:
        session.add(TenantParent(id=new_id(), tenant_id=tenant.id, parent_id=parent.id, valid_from=day))
    path = (tenant.id, *(parent.path if parent else ()))
    session.add_all(TenantAncestor(tenant_id=tenant.id, ancestor_id=one, depth=depth) for depth, one in enumerate(path))
    session.flush()
    session.refresh(tenant, ["ancestry"])


def _retrace(session: Session, tenant: Tenant, parent: Tenant, below: list[Tenant]) -> None:
    """Write the ancestors of a moved branch anew."""
    for one in below:
        inside = one.path[: one.path.index(tenant.id) + 1]
        session.execute(delete(TenantAncestor).where(TenantAncestor.tenant_id == one.id))
        session.add_all(
            TenantAncestor(tenant_id=one.id, ancestor_id=ancestor, depth=depth)
            for depth, ancestor in enumerate((*inside, *parent.path))
        )
    session.flush()
    for one in below:
        session.expire(one, ["ancestry"])


def _succeed(work: Work, old: Tenant, heirs: list[Tenant], kind: str, on: date) -> None:
    if old.dissolved_on:
        raise Refused("tenant.dissolved", name=old.name.zh)
    old.dissolved_on = on
    for heir in heirs:
        work.session.add(Succession(id=new_id(), tenant_id=old.id, heir_id=heir.id, kind=kind, on=on))
    members = work.session.scalars(
        select(Membership).where(Membership.tenant_id == old.id, Membership.ended_at.is_(None))
    )
    for member in list(members):
        member.ended_at = work.now
        if kind == "MERGE":
            work.session.add(
                Membership(
                    id=new_id(),
                    person_id=member.person_id,
                    tenant_id=heirs[0].id,
                    role=member.role,
                    granted_by=work.actor.id,
                    granted_at=work.now,
                )
            )
    work.record("tenant.succeeded", old, kind=kind, heirs=[heir.key for heir in heirs], on=on.isoformat())
