"""Notices: what a person is told, shown on the desk and left for the mailer."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from policies import rulebook
from policies.procedures import Procedure
from policies.vocabulary import Role
from tenancy.models import Membership, Person, TenantAncestor
from tenancy.records import Case, Notice
from tenancy.types import new_id

ROLES = frozenset(one.value for one in Role)

if TYPE_CHECKING:
    from tenancy.work import Work


def tell(work: "Work", person_id: str, kind: str, about: object, **params: Any) -> None:
    """Leave a notice for one person about a row, and a job that mails it."""
    notice = Notice(
        id=new_id(),
        person_id=person_id,
        kind=kind,
        about_kind=type(about).__name__,
        about_id=about.id,  # type: ignore[attr-defined]
        params=params,
        created_at=work.now,
    )
    work.session.add(notice)
    work.enqueue("notice.mail", notice_id=notice.id)


def tell_next(work: "Work", case: Case, kind: str = "case.moved", **params: Any) -> None:
    """Tell those whose turn it now is, and the person who opened the case when somebody else moved it."""
    procedure = rulebook.in_force().procedures[case.kind]
    stage = procedure.stages[case.stage]
    people = set(_people(work.session, case, stage.turn, _roles(procedure, case.stage)))
    if case.opened_by != work.actor.id and work.actor.kind != "system":
        people.add(case.opened_by)
    for person_id in sorted(_with_account(work.session, people - {work.actor.id})):
        tell(work, person_id, kind, case, number=case.number, stage=case.stage, procedure=case.kind, **params)


def _people(session: Session, case: Case, party: str, roles: frozenset[str]) -> list[str]:
    if party == "applicant" and case.applicant_tenant_id is None:
        return [case.opened_by]
    known = [Role(one) for one in roles if one in ROLES]
    query = select(Membership.person_id).where(Membership.ended_at.is_(None), Membership.role.in_(known))
    if party == "applicant":
        return list(session.scalars(query.where(Membership.tenant_id == case.applicant_tenant_id)))
    above = select(TenantAncestor.ancestor_id).where(TenantAncestor.tenant_id == case.tenant_id)
    return list(session.scalars(query.where(Membership.tenant_id.in_(above))))


def _with_account(session: Session, people: set[str]) -> list[str]:
    """Those who are persons here: the platform and whoever reported without an account read no notices."""
    return list(session.scalars(select(Person.id).where(Person.id.in_(people))))


def _roles(procedure: Procedure, stage: str) -> frozenset[str]:
    return frozenset(one.partition(":")[2] for move in procedure.leaving(stage) for one in move.by)


def unread(session: Session, person_id: str) -> int:
    """How many notices a person has not opened yet."""
    query = select(func.count()).where(Notice.person_id == person_id, Notice.read_at.is_(None))
    return session.scalar(query) or 0


def read_all(work: "Work") -> None:
    """Put every notice of the actor away as read; they are nobody else's."""
    work.session.execute(
        update(Notice).where(Notice.person_id == work.actor.id, Notice.read_at.is_(None)).values(read_at=work.now)
    )


def latest(session: Session, person_id: str, limit: int = 20) -> list[Notice]:
    """A person's notices, newest first."""
    query = select(Notice).where(Notice.person_id == person_id).order_by(Notice.created_at.desc()).limit(limit)
    return list(session.scalars(query))
