"""Data issues: opened for whoever must mend the data, moved by those whose turn it is, read by those concerned."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from catalog import sources
from catalog.models import Entry, Version
from policies import vocabulary as v
from policies.approval import Moved
from policies.procedures import Move
from policies.refusals import Invalid, NotFound, Refused
from quality.issues.issue_models import GATE, Issue
from quality.rules.rules import Rule
from quality.suites import suites
from tenancy import cases, notices
from tenancy import work as works
from tenancy.actors import SYSTEM, Actor
from tenancy.models import Membership, Tenant, TenantAncestor
from tenancy.numbers import number_of_year
from tenancy.records import Case
from tenancy.types import new_id
from tenancy.work import Work

LISTED = 500
BY_PLATFORM = (v.IssueSource.RULE, v.IssueSource.GATE)
MENDING = frozenset({"RECTIFYING", "REOPENED"})
HANDLERS = (v.Role.STEWARD, v.Role.DEPARTMENT_REVIEWER)
ACTIONS = {
    **dict.fromkeys(("accept", "refuse", "uphold", "overrule", "settle", "send_back", "extend"), "issue.review"),
    **dict.fromkeys(("confirm", "find_nothing", "deny", "rectify", "answer", "explain", "pass_on"), "issue.handle"),
    **dict.fromkeys(("contest", "agree", "accept_fix", "dispute", "withdraw"), "issue.follow"),
}
"""The question that stands behind each move of a person; the authority may pass on as well."""
TELLING = frozenset({"refuse", "find_nothing", "deny", "rectify", "answer", "explain", "uphold", "overrule", "settle"})
"""Moves whose comment is the answer that the reporter reads."""


@dataclass(frozen=True)
class Fault:
    """What somebody found wrong with an entry's data."""

    source: v.IssueSource
    severity: v.Severity
    item: str = ""
    rule_id: str | None = None
    rule: Mapping[str, Any] | None = None
    description: str = ""
    evidence: str = ""
    contact: str | None = None
    seen_number: int = 0


def begin(
    work: Work, entry: Entry, fault: Fault, *, reporter_tenant: Tenant | None = None, tell: bool = True, **more: Any
) -> Issue:
    """Enter a fault; what the public found waits for the authority, everything else goes to the responsible unit.

    The caller has asked for permission. `more` are further columns, as of a reporter without an account.
    """
    owner, examined = owner_of(work.session, entry, fault.item), fault.source is not v.IssueSource.PUBLIC
    issue = Issue(
        **{"id": new_id(), "reporter_id": work.actor.id, "passed": [], **more},
        number=number_of_year(work.session, "WT", "case:ISSUE", work.now),
        entry_id=entry.id,
        entry=entry,
        tenant_id=owner.id,
        tenant=owner,
        reporter_tenant_id=reporter_tenant.id if reporter_tenant else None,
        reporter_tenant=reporter_tenant,
        source=fault.source,
        severity=fault.severity,
        item=fault.item,
        rule_id=fault.rule_id,
        rule=dict(fault.rule) if fault.rule else None,
        description=fault.description,
        evidence=fault.evidence,
        contact=fault.contact,
        seen_number=fault.seen_number,
        seen_at=work.now,
        created_at=work.now,
    )
    work.session.add(issue)
    work.session.flush()
    issue.case = cases.begin(
        work,
        "ISSUE",
        issue,
        title=f"{entry.title} · {fault.item}" if fault.item else entry.title,
        tenant=owner if examined else authority_of(work.session, owner),
        applicant_tenant=reporter_tenant,
        chain=("DISPATCHED", "RECTIFYING", "RECTIFIED", "REVERIFIED") if examined else None,
        number=issue.number,
        opened_by=issue.reporter_id,
        urgency=fault.severity.value,
        tell=tell,
    )
    work.record("issue.opened", issue, number=issue.number, entry=entry.code, source=fault.source.value)
    if examined and tell:
        tell_mounting_unit(work, issue)
    return issue


def act(
    work: Work,
    issue: Issue,
    move: str,
    *,
    comment: str = "",
    to: Tenant | None = None,
    days: int | None = None,
) -> Moved:
    """Make one move of a person: asked of permissions, then of the approval table, with what this issue allows."""
    action = ACTIONS.get(move)
    if action is None:
        raise Refused("approval.unknown-move")
    asked = "issue.review" if move == "pass_on" and not works.may(work.actor, action, issue) else action
    work.demand(asked, issue)
    if not _fits(issue, move):
        raise Refused("issue.wrong-way", number=issue.number)
    if move == "rectify":
        _demand_new_data(work.session, issue)
    receiver = _receiver(work, issue, to) if move == "pass_on" else issue.tenant if move == "accept" else None
    details = {"days": days} if days else {"to": receiver.key} if receiver else {}
    before = case_of(issue).tenant
    moved = cases.move(work, case_of(issue), move, comment=comment, details=details, hand_to=receiver)
    if move == "pass_on" and receiver:
        issue.passed = [*issue.passed, before.id]
        issue.tenant, issue.tenant_id = receiver, receiver.id
    if move in TELLING:
        issue.answer = comment.strip()
    note(work, issue, moved)
    if move == "accept":
        tell_mounting_unit(work, issue)
    return moved


def note(work: Work, issue: Issue, moved: Moved) -> None:
    """Keep on the issue what follows from a move of its case: when it was confirmed, mended, closed."""
    if moved.before == "REVIEW" and moved.stage == "DISPATCHED":
        issue.reviewed_at = work.now
    if moved.stage in {"RECTIFYING", "RECTIFIED"} and issue.confirmed_at is None:
        issue.confirmed_at = work.now
    if moved.stage in {"RECTIFIED", "ANSWERED", "UNPROVEN"}:
        issue.rectified_at = work.now
    if moved.stage == "REOPENED" and moved.before != "REOPENED":
        issue.reopened, issue.rectified_at, issue.proved_number = issue.reopened + 1, None, None
    if moved.stage != moved.before:
        issue.escalated_at = None
    issue.closed_at = work.now if moved.ended else None
    work.session.flush()
    work.record("issue.moved", issue, number=issue.number, move=moved.move, after=moved.stage)


def attach_rule(work: Work, issue: Issue, rule_id: str) -> None:
    """Let a rule of the entry's suite prove that a fault reported in words is gone; newer data must then keep it."""
    work.demand("issue.handle", issue)
    if issue.rule_id is not None or issue.stage not in MENDING:
        raise Refused("issue.wrong-way", number=issue.number)
    rule = next((one for one in rules_of(work.session, issue.entry) if one.rule_id == rule_id), None)
    if rule is None:
        raise Invalid("general.choice", field="rule", value=rule_id[:60])
    taken = open_with_rule(work.session, issue.entry, rule_id)
    if taken is not None:
        raise Refused("issue.rule-taken", field="rule", number=taken.number)
    issue.rule_id, issue.rule = rule.rule_id, rule.to_json()
    issue.seen_number = newest_number(work.session, issue.entry)
    work.record("issue.rule-attached", issue, number=issue.number, rule=rule_id)


def moves(actor: Actor, issue: Issue) -> tuple[Move, ...]:
    """The moves that an actor could make now: the question of `act`, for buttons."""
    if issue.case is None:
        return ()
    return tuple(
        move
        for move in cases.open_moves(actor, issue.case)
        if move.code in ACTIONS
        and _fits(issue, move.code)
        and (
            works.may(actor, ACTIONS[move.code], issue)
            or (move.code == "pass_on" and works.may(actor, "issue.review", issue))
        )
    )


def visible(actor: Actor) -> ColumnElement[bool]:
    """Which issues may concern an actor; `issue.read` is asked of each besides."""
    below = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id.in_(actor.staff_of))
    mounted = select(Entry.id).where(Entry.tenant_id.in_(below))
    return or_(
        Issue.tenant_id.in_(below),
        Issue.entry_id.in_(mounted),
        Issue.reporter_id == actor.id,
        Issue.reporter_tenant_id.in_(actor.tenant_ids),
    )


def all_of(session: Session, actor: Actor, *conditions: ColumnElement[bool]) -> list[Issue]:
    """The newest issues that an actor may read."""
    query = select(Issue).where(visible(actor), *conditions).order_by(Issue.created_at.desc(), Issue.number.desc())
    return [one for one in session.scalars(query.limit(LISTED)) if works.may(actor, "issue.read", one)]


def find(session: Session, number: str, actor: Actor) -> Issue:
    """An issue by number, if the actor may read it; else NotFound."""
    issue = session.scalars(select(Issue).where(Issue.number == number)).first()
    if issue is None or not works.may(actor, "issue.read", issue):
        raise NotFound("general.not-found")
    return issue


def open_with_rule(session: Session, entry: Entry, rule_id: str) -> Issue | None:
    """The open issue of a rule, or with `GATE` of the gate; there is one at most."""
    query = select(Issue).where(Issue.entry_id == entry.id, Issue.rule_id == rule_id, Issue.closed_at.is_(None))
    return session.scalars(query).first()


def shown_publicly(session: Session, entry: Entry, limit: int = 10) -> list[Issue]:
    """What the public reported of an entry and the authority let through, newest first."""
    query = (
        select(Issue)
        .where(Issue.entry_id == entry.id, Issue.source == v.IssueSource.PUBLIC, Issue.reviewed_at.is_not(None))
        .order_by(Issue.reviewed_at.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def is_handled_by(actor: Actor, issue: Issue) -> bool:
    """Whether an actor works in the very unit that handles the issue now: he alone reads it unmasked."""
    roles = (*HANDLERS, v.Role.AUTHORITY_REVIEWER)
    return any(one.role in roles and one.tenant_id == case_of(issue).tenant_id for one in actor.standings)


def case_of(issue: Issue) -> Case:
    """The case of an issue."""
    if issue.case is None:
        raise Refused("issue.no-case", number=issue.number)
    return issue.case


def owner_of(session: Session, entry: Entry, item: str = "") -> Tenant:
    """Who must mend an entry's data, or one item of them: the ruled source of the item's element (一数一源), else the
    unit where the data arise; the one that mounted them if nobody works there."""
    source = _source_of(session, entry, item) or entry.source_tenant
    people = select(Membership.id).where(
        Membership.tenant_id == source.id, Membership.role.in_(HANDLERS), Membership.ended_at.is_(None)
    )
    return source if session.scalars(people.limit(1)).first() else entry.tenant


def _source_of(session: Session, entry: Entry, name: str) -> Tenant | None:
    """The unit that was ruled to be the source of an item's element, in the nearest body above the entry's owner."""
    element = next((item.element for item in entry.items if item.name == name), None)
    if not element:
        return None
    for tenant_id in entry.tenant.path:
        found = sources.sources_of(session, [element], session.get_one(Tenant, tenant_id)).get(element)
        if found is not None:
            return session.get_one(Tenant, found.tenant_id)
    return None


def authority_of(session: Session, tenant: Tenant) -> Tenant:
    """The nearest body at or above a tenant in which an authority reviewer works; the topmost where there is none."""
    held = select(Membership.tenant_id).where(
        Membership.tenant_id.in_(tenant.path),
        Membership.role == v.Role.AUTHORITY_REVIEWER,
        Membership.ended_at.is_(None),
    )
    known = set(session.scalars(held))
    chosen = next((one for one in tenant.path if one in known), tenant.path[-1])
    return session.get_one(Tenant, chosen)


def rules_of(session: Session, entry: Entry) -> tuple[Rule, ...]:
    """The rules that the next check of an entry uses."""
    suite = suites.latest(session, entry)
    return suites.rules_of(suite) if suite else ()


def newest_number(session: Session, entry: Entry) -> int:
    """The number of an entry's newest version, 0 where there is none."""
    query = select(Version.number).where(Version.entry_id == entry.id).order_by(Version.number.desc()).limit(1)
    return session.scalars(query).first() or 0


def tell_mounting_unit(work: Work, issue: Issue) -> None:
    """Tell the unit that mounted the data, where another one must mend them."""
    if issue.entry.tenant_id == issue.tenant_id:
        return
    tell_handlers(work, issue.entry.tenant_id, "issue.mounted", issue.entry, number=issue.number)


def tell_handlers(work: Work, tenant_id: str, kind: str, entry: Entry, **params: Any) -> None:
    """Tell the stewards and reviewers of a unit something about an entry."""
    query = select(Membership.person_id).where(
        Membership.tenant_id == tenant_id, Membership.role.in_(HANDLERS), Membership.ended_at.is_(None)
    )
    for person_id in sorted(set(work.session.scalars(query)) - {work.actor.id}):
        notices.tell(work, person_id, kind, entry, code=entry.code, title=entry.title, **params)


def _fits(issue: Issue, move: str) -> bool:
    """Whether a move goes with the source and the proof of this issue."""
    by_platform, proven = issue.source in BY_PLATFORM, issue.rule_id is not None
    return {
        "find_nothing": not by_platform,
        "deny": by_platform,
        "rectify": proven and not issue.unproven,
        "answer": not proven or (issue.unproven and not by_platform),
        "explain": issue.unproven and by_platform,
        "pass_on": issue.rule_id != GATE,
    }.get(move, True)


def _demand_new_data(session: Session, issue: Issue) -> None:
    if newest_number(session, issue.entry) <= issue.seen_number:
        raise Refused("issue.no-new-data", number=issue.seen_number)


def _receiver(work: Work, issue: Issue, to: Tenant | None) -> Tenant:
    """The unit that an issue is passed on to: another one, inside government, that has not passed it on itself."""
    if to is None:
        raise Invalid("general.required", field="to")
    if to.kind is v.TenantKind.APPLICANT or to.id == case_of(issue).tenant_id:
        raise Invalid("general.choice", field="to", value=to.key)
    if to.dissolved_on is not None:
        raise Refused("tenant.dissolved", name=to.name.zh)
    if to.id in issue.passed and not works.may(work.actor, "issue.review", issue):
        raise Refused("issue.passed-before", field="to", name=to.name.zh)
    return to


def platform(work: Work) -> Work:
    """The same transaction with the platform acting: what follows from a deed by itself."""
    return Work(work.session, SYSTEM, work.now)
