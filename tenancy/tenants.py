"""Tenants: the tree of bodies, founded, renamed, moved, merged and split as deeds with days."""

from datetime import date

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from policies import identifiers
from policies.calendars import local_date
from policies.refusals import Invalid, NotFound, Refused
from policies.vocabulary import Role, TenantKind
from tenancy.models import Face, Membership, Succession, Tenant, TenantAncestor, TenantName, TenantParent
from tenancy.records import Case
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
    id_: str | None = None,
) -> Tenant:
    """Enter a new tenant under a parent (none: the root city); the day defaults to today in Shanghai.

    `id_` is the identifier that it had on the platform from which it is restored.
    """
    work.demand("tenant.manage", Vacancy(parent))
    if uscc and not identifiers.valid_uscc(uscc):
        raise Invalid("tenant.bad-uscc", uscc=uscc)
    if work.session.scalars(select(Tenant).where(Tenant.key == key)).first():
        raise Refused("tenant.key-taken", key=key)
    if parent:
        _demand_alive(parent)
    day = on or local_date(work.now)
    tenant = Tenant(
        id=id_ or new_id(),
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
    _demand_day(work, on)
    current.valid_to = on
    tenant.names.append(TenantName(id=new_id(), zh=zh, en=en, valid_from=on))
    work.record("tenant.renamed", tenant, before=current.zh, after=zh, on=on.isoformat())
    work.enqueue("index.rebuild", dedupe="tenants")


def move(work: Work, tenant: Tenant, parent: Tenant, *, on: date) -> None:
    """Put a tenant, with everyone below it, under another parent from a day on."""
    work.demand("tenant.manage", tenant)
    work.demand("tenant.manage", parent)
    _demand_alive(parent)
    _put_under(work, tenant, parent, on)


def merge(work: Work, old: Tenant, heir: Tenant, *, on: date) -> None:
    """Dissolve a tenant into its heir: people and units below go on there, open cases are the heir's to answer.

    What upper floors keep for the old body follows by the job `tenant.follow`; its history stays its own.
    """
    work.demand("tenant.manage", old)
    work.demand("tenant.manage", heir)
    _succeed(work, old, [heir], "MERGE", on)
    for person_id, role in _places(work, old):
        _place_person(work, person_id, heir, role)
    for child in _children(work.session, old):
        _put_under(work, child, heir, on)
    for case in _open_cases(work.session, old):
        if case.tenant_id == old.id:
            case.tenant, case.tenant_id = heir, heir.id
        if case.applicant_tenant_id == old.id:
            case.applicant_tenant, case.applicant_tenant_id = heir, heir.id
    work.enqueue("tenant.follow", dedupe=old.id, tenant_id=old.id)


def split(work: Work, old: Tenant, heirs: list[Tenant], *, on: date) -> None:
    """Dissolve a tenant into several heirs; people and entries are placed anew, one by one, by those above."""
    work.demand("tenant.manage", old)
    for heir in heirs:
        work.demand("tenant.manage", heir)
    _succeed(work, old, heirs, "SPLIT", on)
    _places(work, old)


def find(session: Session, key: str) -> Tenant:
    """A tenant by its key; NotFound if there is none."""
    tenant = session.scalars(select(Tenant).where(Tenant.key == key)).first()
    if tenant is None:
        raise NotFound("general.not-found")
    return tenant


def heir_of(session: Session, tenant: Tenant) -> Tenant:
    """Who answers for a tenant today: itself, or whoever it was merged into, over several mergers."""
    while tenant.dissolved_on is not None:
        query = select(Succession.heir_id).where(Succession.tenant_id == tenant.id, Succession.kind == "MERGE")
        heir_id = session.scalars(query).first()
        if heir_id is None:
            break
        tenant = session.get_one(Tenant, heir_id)
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


class Vacancy:
    """What permissions know of the place of a tenant that is about to be founded."""

    def __init__(self, parent: Tenant | None) -> None:
        self.parent = parent

    def facts(self) -> dict[str, object]:
        """A tenant that does not exist yet, under its parent; the root city stands under nobody."""
        return {"type": "Tenant", "id": "new", "path": ("new", *(self.parent.path if self.parent else ()))}


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


def _put_under(work: Work, tenant: Tenant, parent: Tenant, on: date) -> None:
    if tenant.id in parent.path:
        raise Refused("tenant.under-itself", name=tenant.name.zh)
    last = work.session.scalars(
        select(TenantParent).where(TenantParent.tenant_id == tenant.id, TenantParent.valid_to.is_(None))
    ).first()
    _demand_day(work, on, last.valid_from if last else None)
    if last:
        last.valid_to = on
    below = list(work.session.scalars(select(Tenant).where(Tenant.id.in_(descendants(work.session, tenant.id)))))
    work.session.add(TenantParent(id=new_id(), tenant_id=tenant.id, parent_id=parent.id, valid_from=on))
    _retrace(work.session, tenant, parent, below)
    work.record("tenant.moved", tenant, parent=parent.key, on=on.isoformat())
    work.enqueue("index.rebuild", dedupe="tenants")
    work.enqueue("tenant.follow", dedupe=tenant.id, tenant_id=tenant.id)


def _succeed(work: Work, old: Tenant, heirs: list[Tenant], kind: str, on: date) -> None:
    for one in (old, *heirs):
        _demand_alive(one)
    if not heirs or any(old.id in heir.path for heir in heirs):
        raise Refused("tenant.own-heir", name=old.name.zh)
    _demand_day(work, on, old.name.valid_from)
    old.dissolved_on = on
    for heir in heirs:
        work.session.add(Succession(id=new_id(), tenant_id=old.id, heir_id=heir.id, kind=kind, on=on))
    work.record("tenant.succeeded", old, kind=kind, heirs=[heir.key for heir in heirs], on=on.isoformat())


def _places(work: Work, old: Tenant) -> list[tuple[str, Role | None]]:
    """End every place in a dissolved tenant; gives who held which."""
    query = select(Membership).where(Membership.tenant_id == old.id, Membership.ended_at.is_(None))
    members = list(work.session.scalars(query))
    for member in members:
        member.ended_at = work.now
    return [(member.person_id, member.role) for member in members]


def _place_person(work: Work, person_id: str, heir: Tenant, role: Role | None) -> None:
    held = select(Membership.role).where(
        Membership.person_id == person_id, Membership.tenant_id == heir.id, Membership.ended_at.is_(None)
    )
    if role in set(work.session.scalars(held)):
        return
    work.session.add(
        Membership(
            id=new_id(),
            person_id=person_id,
            tenant_id=heir.id,
            role=role,
            granted_by=work.actor.id,
            granted_at=work.now,
        )
    )


def _children(session: Session, tenant: Tenant) -> list[Tenant]:
    below = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id == tenant.id, TenantAncestor.depth == 1)
    return list(session.scalars(select(Tenant).where(Tenant.id.in_(below), Tenant.dissolved_on.is_(None))))


def _open_cases(session: Session, tenant: Tenant) -> list[Case]:
    of_tenant = or_(Case.tenant_id == tenant.id, Case.applicant_tenant_id == tenant.id)
    return list(session.scalars(select(Case).where(Case.ended_at.is_(None), of_tenant)))


def _demand_alive(tenant: Tenant) -> None:
    if tenant.dissolved_on:
        raise Refused("tenant.dissolved", name=tenant.name.zh)


def _demand_day(work: Work, on: date, earliest: date | None = None) -> None:
    """The tree is kept as it stands today, so a day ahead would take effect too early."""
    if on > local_date(work.now):
        raise Invalid("tenant.day-ahead", field="on")
    if earliest and on < earliest:
        raise Invalid("tenant.day-before", field="on", day=earliest.isoformat())
