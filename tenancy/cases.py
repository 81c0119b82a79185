"""Cases: the one table behind every procedure, moved only as the approval table allows."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from policies import approval, rulebook
from policies.approval import CaseFacts, Moved, Mover
from policies.calendars import local_date
from policies.deadlines import Interval
from policies.procedures import Move
from policies.refusals import NotFound, Refusal
from policies.vocabulary import Role, TenantKind
from tenancy import notices
from tenancy.actors import Actor
from tenancy.models import Tenant, TenantAncestor
from tenancy.numbers import number_of_year
from tenancy.records import Case, Decision, Reminder
from tenancy.types import new_id
from tenancy.work import Work

PREFIXES = {
    "ENTRY_REVIEW": "BM",
    "ENTRY_CHANGE": "BG",
    "ENTRY_WITHDRAWAL": "CX",
    "RELEASE": "KF",
    "APPLICATION": "SQ",
    "DEMAND": "XQ",
    "SCORECARD_APPEAL": "SS",
    "STANDARD_REVIEW": "BZ",
    "SOURCE_CLAIM": "SY",
    "ISSUE": "WT",
    "WAIVER": "HM",
}


def begin(
    work: Work,
    kind: str,
    subject: object,
    *,
    title: str,
    tenant: Tenant,
    applicant_tenant: Tenant | None = None,
    chain: Sequence[str] | None = None,
    number: str | None = None,
    opened_by: str | None = None,
    urgency: str = "",
    tell: bool = True,
) -> Case:
    """Open a case about a row, for the tenant that must answer it; the chain is drawn from the rules in force.

    `opened_by` stands for the actor where somebody without an account opens it; without `tell` nobody hears of it.
    """
    rules, opener = rulebook.in_force(), opened_by or work.actor.id
    drawn = tuple(chain) if chain else None
    opened = approval.open_case(kind, opener, work.now, rules, chain=drawn, urgency=urgency)
    case = Case(
        id=new_id(),
        number=number or number_of_year(work.session, PREFIXES.get(kind, kind[:2]), f"case:{kind}", work.now),
        kind=kind,
        subject_kind=type(subject).__name__,
        subject_id=subject.id,  # type: ignore[attr-defined]
        title=title,
        tenant_id=tenant.id,
        tenant=tenant,
        applicant_tenant_id=applicant_tenant.id if applicant_tenant else None,
        applicant_tenant=applicant_tenant,
        opened_by=opener,
        urgency=urgency,
        opened_at=work.now,
        rules_hash=rules.hash,
    )
    _keep_facts(case, opened)
    case.due_on = approval.due(opened, rules)
    case.provisional = bool(case.due_on and rules.calendar.provisional(case.due_on))
    work.session.add(case)
    work.session.flush()
    work.record("case.opened", case, kind=kind, stage=case.stage, number=case.number)
    if tell:
        notices.tell_next(work, case)
    return case


def move(
    work: Work,
    case: Case,
    move_: str,
    *,
    comment: str = "",
    basis: str = "",
    details: Mapping[str, Any] | None = None,
    hand_to: Tenant | None = None,
) -> Moved:
    """Move a case: the approval table decides, the row changes, and a decision row keeps who and why.

    With `hand_to`, another tenant must answer it from then on, and that one's people are told.
    Raises the table's refusal; two officers at once give one winner and one Stale.
    """
    rules = rulebook.in_force()
    mover = Mover(work.actor.id, capacities(work.actor, case), comment.strip(), basis.strip(), dict(details or {}))
    moved = approval.decide(facts_of(case), move_, mover, work.now, rules)
    if isinstance(moved, Refusal):
        raise moved
    _keep_facts(case, approval.after(facts_of(case), moved))
    case.due_on, case.provisional = moved.due, moved.provisional
    case.ended_at = work.now if moved.ended else None
    if hand_to is not None:
        case.tenant, case.tenant_id = hand_to, hand_to.id
    _add_decision(work, case, moved, mover)
    work.session.flush()
    work.record("case.moved", case, move=move_, before=moved.before, after=moved.stage, number=case.number)
    notices.tell_next(work, case)
    return moved


def open_moves(actor: Actor, case: Case) -> tuple[Move, ...]:
    """The moves that this actor could make now: the same table as `move`, for buttons."""
    mover = Mover(actor.id, capacities(actor, case), "", "", {})
    return approval.moves_open(facts_of(case), mover, rulebook.in_force())


def capacities(actor: Actor, case: Case) -> frozenset[str]:
    """In which capacities an actor meets a case, as party:role; nobody reviews for his own organisation's wish."""
    found = set()
    if actor.kind == "system":
        found.add("system:system")
    if actor.id == case.opened_by:
        found.add("applicant:self")
    own = case.applicant_tenant_id is not None and case.applicant_tenant_id in actor.tenant_ids
    for one in actor.standings:
        role = one.role.value if one.role else "member"
        if own and one.tenant_id == case.applicant_tenant_id:
            found.add(f"applicant:{role}")
        elif not own and one.tenant_id in case.tenant.path:
            party = "authority" if one.role is Role.AUTHORITY_REVIEWER else "provider"
            found.add(f"{party}:{role}")
    return frozenset(found)


def facts_of(case: Case) -> CaseFacts:
    """The case as the pure approval table knows it."""
    return CaseFacts(
        kind=case.kind,
        stage=case.stage,
        chain=tuple(case.chain),
        opened_by=case.opened_by,
        deciders=tuple((stage, person) for stage, person in case.deciders),
        return_stage=case.return_stage,
        intervals=_read(case.intervals),
        total=_read(case.total),
        extended=case.extended,
        urgency=case.urgency,
    )


def of_subject(session: Session, subject: object, *kinds: str) -> Case | None:
    """The newest case about a row, among kinds if given."""
    query = select(Case).where(
        Case.subject_kind == type(subject).__name__,
        Case.subject_id == subject.id,  # type: ignore[attr-defined]
    )
    if kinds:
        query = query.where(Case.kind.in_(kinds))
    return session.scalars(query.order_by(Case.opened_at.desc(), Case.number.desc()).limit(1)).first()


def find(session: Session, number: str, actor: Actor) -> Case:
    """A case by its number, if the actor may know of it; else NotFound."""
    case = session.scalars(select(Case).where(Case.number == number, visible(actor))).first()
    if case is None:
        raise NotFound("general.not-found")
    return case


def by_number(session: Session, number: str) -> Case | None:
    """A case by its number, for procedures whose cases whole groups may know of; the caller asks who may."""
    return session.scalars(select(Case).where(Case.number == number)).first()


def visible(actor: Actor) -> ColumnElement[bool]:
    """Which cases an actor may know of: his own, his organisation's, and those his tenants must answer."""
    inside = [one.tenant_id for one in actor.standings if one.role and one.kind is not TenantKind.APPLICANT]
    below = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id.in_(inside))
    return or_(
        Case.opened_by == actor.id,
        Case.applicant_tenant_id.in_([one.tenant_id for one in actor.standings]),
        Case.tenant_id.in_(below),
    )


def worklist(session: Session, actor: Actor) -> list[Case]:
    """Open cases in which it is this actor's turn, most urgent first."""
    query = select(Case).where(Case.ended_at.is_(None), visible(actor)).order_by(Case.due_on, Case.opened_at)
    return [case for case in session.scalars(query) if open_moves(actor, case) and _waits_for(actor, case)]


def _waits_for(actor: Actor, case: Case) -> bool:
    procedure = rulebook.in_force().procedures[case.kind]
    turn = procedure.stages[case.stage].turn
    mine = {one for one in capacities(actor, case) if one.startswith(f"{turn}:")}
    # A plain member of a body stands on its side too, but nothing waits for him.
    return any(move.open_to(mine) for move in procedure.leaving(case.stage))


def _keep_facts(case: Case, opened: CaseFacts) -> None:
    case.stage, case.chain = opened.stage, list(opened.chain)
    case.return_stage, case.extended = opened.return_stage, opened.extended
    case.deciders = [list(one) for one in opened.deciders]
    case.intervals, case.total = _intervals(opened.intervals), _intervals(opened.total)


def _add_decision(work: Work, case: Case, moved: Moved, mover: Mover) -> None:
    count = len(work.session.scalars(select(Decision.sequence).where(Decision.case_id == case.id)).all())
    work.session.add(
        Decision(
            id=new_id(),
            case_id=case.id,
            sequence=count + 1,
            move=moved.move,
            before=moved.before,
            after=moved.stage,
            actor_kind=work.actor.kind,
            actor_id=work.actor.id,
            capacity=next(iter(sorted(mover.capacities)), None),
            comment=mover.comment,
            basis=mover.basis,
            details=dict(mover.extra),
            at=work.now,
        )
    )


def remind(work: Work) -> int:
    """Warn whoever must act of every open case that has used up another part of its term; returns how many."""
    today, rules, told = local_date(work.now), rulebook.in_force(), 0
    for case in work.session.scalars(select(Case).where(Case.ended_at.is_(None), Case.due_on.is_not(None))):
        level = approval.warning(facts_of(case), today, rules)
        known = select(Reminder.level).where(Reminder.case_id == case.id, Reminder.stage == case.stage)
        if level > max(work.session.scalars(known), default=0):
            work.session.add(Reminder(id=new_id(), case_id=case.id, stage=case.stage, level=level, on=today))
            notices.tell_next(work, case, kind="case.reminder", level=level)
            told += 1
    return told


def _intervals(intervals: Sequence[Interval]) -> list[dict[str, Any]]:
    return [one.as_mapping() for one in intervals]


def _read(rows: Sequence[Mapping[str, Any]]) -> tuple[Interval, ...]:
    return tuple(Interval.of(row) for row in rows)
