"""Waivers: a failing rule tolerated for a while, for a reason that somebody else approved; it ends by itself.

While a waiver is in force its rule is run and shown as before, marked as waived with reason, approver and last day,
and keeps no data from going live. Whether it counts in the score is a rule (`waived_count` of quality.toml); as
shipped it does, so that nobody gains points by waivers. Prolonging means asking anew.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.models import Entry
from policies import rulebook
from policies import vocabulary as v
from policies.approval import Moved
from policies.calendars import local_date
from policies.refusals import Invalid, NotFound, Refused
from quality.suites import suite_changes, suites
from quality.suites.suite_models import Waiver
from tenancy import cases, notices
from tenancy.types import new_id
from tenancy.work import Work

OPEN = (v.WaiverState.ASKED, v.WaiverState.IN_FORCE)
REASON = 2_000
STATES = {
    "approve": v.WaiverState.IN_FORCE,
    "reject": v.WaiverState.REJECTED,
    "recall": v.WaiverState.RECALLED,
}


def ask(work: Work, entry: Entry, rule_id: str, *, reason: str, until: date) -> Waiver:
    """Ask for a waiver of a rule of the present suite until a day (that day included).

    Invalid without a reason or with a day out of bounds; Refused for a rule that isn't there, or that has a waiver
    asked for or in force, unless the one in force has come into its time of notice: then its successor may be asked.
    """
    work.demand("waiver.ask", entry)
    suite = suites.latest(work.session, entry)
    rule = next((one for one in suites.rules_of(suite) if one.rule_id == rule_id), None) if suite else None
    if rule is None:
        raise Refused("suite.no-rule", id=rule_id)
    words = _demand_meant(reason, until, local_date(work.now))
    _demand_none(work.session, entry, rule_id, local_date(work.now))
    waiver = Waiver(
        id=new_id(),
        entry=entry,
        entry_id=entry.id,
        rule_id=rule_id,
        rule=rule.to_json(),
        reason=words,
        until=until,
        state=v.WaiverState.ASKED,
        asked_by=work.actor.id,
        asked_at=work.now,
    )
    work.session.add(waiver)
    work.session.flush()
    case = cases.begin(work, "WAIVER", waiver, title=entry.title, tenant=entry.tenant)
    waiver.case, waiver.case_id = case, case.id
    work.record("waiver.asked", waiver, entry=entry.code, rule=rule_id, until=until.isoformat(), case=case.number)
    return waiver


def _demand_meant(reason: str, until: date, today: date) -> str:
    term = rulebook.in_force().limits["WAIVER_TERM"].days
    last, words = today + timedelta(days=term), reason.strip()
    wrong: dict[str, Invalid] = {}
    if not words:
        wrong["reason"] = Invalid("general.required", field="reason")
    elif len(words) > REASON:
        wrong["reason"] = Invalid("general.too-long", field="reason", limit=REASON, length=len(words))
    if not today < until <= last:
        wrong["until"] = Invalid("waiver.until-wrong", field="until", last=last, days=term)
    for first in wrong.values():
        raise Invalid(first.code, fields=wrong, **first.params)
    return words


def _demand_none(session: Session, entry: Entry, rule_id: str, today: date) -> None:
    notice = timedelta(days=rulebook.in_force().limits["WAIVER_NOTICE"].days)
    query = select(Waiver).where(Waiver.entry_id == entry.id, Waiver.rule_id == rule_id, Waiver.state.in_(OPEN))
    for one in session.scalars(query):
        if one.state is v.WaiverState.ASKED or one.until - today > notice:
            raise Refused("waiver.open-already")


def decide(work: Work, waiver: Waiver, move: str, *, comment: str = "", basis: str = "") -> Moved:
    """Approve, reject or recall; whoever asked never approves, and nothing is approved after its last day."""
    work.demand("waiver.ask" if move == "recall" else "waiver.decide", waiver)
    if waiver.case is None or move not in STATES:
        raise Refused("approval.unknown-move")
    if move == "approve" and waiver.until < local_date(work.now):
        raise Refused("waiver.over")
    moved = cases.move(work, waiver.case, move, comment=comment, basis=basis)
    waiver.state = STATES[move]
    waiver.decided_by, waiver.decided_at = work.actor.id, work.now
    if move == "approve":
        suite_changes.judge_again(work, waiver.entry)
    work.record("waiver.decided", waiver, entry=waiver.entry.code, rule=waiver.rule_id, move=move)
    return moved


def end(work: Work, waiver: Waiver) -> None:
    """End a waiver before its day, because its rule is kept again or its reason is gone."""
    work.demand("waiver.ask", waiver)
    if waiver.state is not v.WaiverState.IN_FORCE:
        raise Refused("waiver.not-in-force")
    _end(work, waiver)


def _end(work: Work, waiver: Waiver) -> None:
    waiver.state, waiver.ended_at = v.WaiverState.ENDED, work.now
    work.session.flush()
    suite_changes.judge_again(work, waiver.entry)
    work.record("waiver.ended", waiver, entry=waiver.entry.code, rule=waiver.rule_id)


def in_force(session: Session, entry: Entry, today: date) -> dict[str, Waiver]:
    """The waivers that hold on a day, by rule id; their last day counts, whether or not anybody has ended them."""
    query = select(Waiver).where(
        Waiver.entry_id == entry.id, Waiver.state == v.WaiverState.IN_FORCE, Waiver.until >= today
    )
    return {one.rule_id: one for one in session.scalars(query.order_by(Waiver.until))}


def of_entry(session: Session, entry: Entry) -> Sequence[Waiver]:
    """Every waiver of an entry, newest first."""
    query = select(Waiver).where(Waiver.entry_id == entry.id).order_by(Waiver.asked_at.desc(), Waiver.id)
    return session.scalars(query).all()


def find(session: Session, case_id: str) -> Waiver:
    """The waiver that a case is about; NotFound where there is none."""
    found = session.scalars(select(Waiver).where(Waiver.case_id == case_id)).first()
    if found is None:
        raise NotFound("general.not-found")
    return found


def follow(work: Work) -> int:
    """End waivers whose last day has passed, and give notice of those that end soon; returns how many moved."""
    today, moved = local_date(work.now), 0
    soon = today + timedelta(days=rulebook.in_force().limits["WAIVER_NOTICE"].days)
    query = select(Waiver).where(Waiver.state == v.WaiverState.IN_FORCE, Waiver.until <= soon)
    for waiver in work.session.scalars(query):
        told = {"code": waiver.entry.code, "title": waiver.entry.title, "day": waiver.until.isoformat()}
        if waiver.until < today:
            _end(work, waiver)
            notices.tell(work, waiver.asked_by, "waiver.ended", waiver, **told)
        elif waiver.warned_at is None:
            waiver.warned_at = work.now
            notices.tell(work, waiver.asked_by, "waiver.ending", waiver, **told)
        else:
            continue
        moved += 1
    return moved
