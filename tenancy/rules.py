"""Rules: changes proposed by one and put in force by another, and how every process comes to decide by them."""

import hashlib
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from policies import rulebook
from policies.refusals import Invalid, NotFound, Refused
from policies.rulebook import Rulebook
from tenancy.records import RuleChange
from tenancy.types import new_id
from tenancy.work import Work

_followed: dict[str, tuple[datetime | None, int]] = {"state": (None, 0)}


def propose(work: Work, *, file: str, text: str, reason: str) -> RuleChange:
    """Propose the entries of a rule file anew; Invalid where they make no rulebook or no difference."""
    change = RuleChange(
        id=new_id(),
        file=file,
        text=text.replace("\r\n", "\n").strip() + "\n",
        reason=reason.strip(),
        proposed_by=work.actor.id,
        proposed_at=work.now,
        answer="",
    )
    change.hash = hashlib.sha256(change.text.encode()).hexdigest()
    work.demand("rule.propose", change)
    if not change.reason:
        raise Invalid("general.required", field="reason")
    with_it(change)
    work.session.add(change)
    work.session.flush()
    work.record("rules.proposed", change, file=file, hash=change.hash, reason=change.reason)
    return change


def enact(work: Work, change_id: str) -> Rulebook:
    """Put a proposed change in force from now on, for every process; the audit log keeps both hashes."""
    change = _open_change(work, change_id)
    before, after = rulebook.in_force(), with_it(change)
    change.enacted_by, change.enacted_at, change.enacted_hash = work.actor.id, work.now, after.hash
    work.record("rules.enacted", change, file=change.file, before=before.hash, after=after.hash)
    return after


def decline(work: Work, change_id: str, answer: str) -> None:
    """Turn a proposed change down, with the reason."""
    change = _open_change(work, change_id)
    if not answer.strip():
        raise Invalid("general.required", field="answer")
    change.declined_by, change.declined_at, change.answer = work.actor.id, work.now, answer.strip()
    work.record("rules.declined", change, file=change.file, answer=change.answer)


def with_it(change: RuleChange) -> Rulebook:
    """The rules in force with a change laid over them; Invalid where that makes no rulebook or no difference."""
    after = rulebook.changed(rulebook.in_force(), [(change.file, change.text)])
    if after.hash == rulebook.in_force().hash:
        raise Invalid("rules.no-difference", field="text")
    return after


def follow(session: Session) -> None:
    """Let this process decide by everything that has been enacted; one small query where nothing is new."""
    state = _state(session)
    if state == _followed["state"]:
        return
    query = select(RuleChange).where(RuleChange.enacted_at.is_not(None)).order_by(RuleChange.enacted_at, RuleChange.id)
    rulebook.enacted([(one.file, one.text) for one in session.scalars(query)])
    _followed["state"] = state


def history(session: Session) -> list[RuleChange]:
    """Every proposed change, newest first."""
    return list(session.scalars(select(RuleChange).order_by(RuleChange.proposed_at.desc(), RuleChange.id)))


def find(session: Session, change_id: str) -> RuleChange:
    """A proposed change by id; NotFound if there is none."""
    change = session.get(RuleChange, change_id)
    if change is None:
        raise NotFound("general.not-found")
    return change


def _open_change(work: Work, change_id: str) -> RuleChange:
    # Two who decide at once: the second waits here and then finds it decided.
    query = select(RuleChange).where(RuleChange.id == change_id).with_for_update()
    change = work.session.scalars(query.execution_options(populate_existing=True)).first()
    if change is None:
        raise NotFound("general.not-found")
    work.demand("rule.enact", change)
    # What another process enacted in the meantime counts: this change is laid over it, and the log names it.
    follow(work.session)
    if not change.is_open:
        raise Refused("rules.decided")
    return change


def _state(session: Session) -> tuple[datetime | None, int]:
    last, count = session.execute(select(func.max(RuleChange.enacted_at), func.count(RuleChange.enacted_at))).one()
    return last, count
