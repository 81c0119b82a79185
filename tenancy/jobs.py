"""Jobs: rows written in the deed's own transaction, claimed by workers through a lease, safe to repeat."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tenancy.database import insert
from tenancy.records import Job, Schedule

LEASE = timedelta(seconds=60)
TRIES = 5
WAITING, RUNNING, DONE, PARKED = "WAITING", "RUNNING", "DONE", "PARKED"


@dataclass(frozen=True)
class Claim:
    """A job in a worker's hands: its number, kind, payload and which try this is."""

    sequence: int
    kind: str
    payload: Mapping[str, Any]
    attempt: int


def append(
    session: Session,
    kind: str,
    payload: Mapping[str, Any],
    *,
    now: datetime,
    dedupe: str | None = None,
    not_before: datetime | None = None,
) -> None:
    """Put a job in the queue; with a dedupe key, only if none of that kind and key still waits."""
    values = {
        "kind": kind,
        "payload": dict(payload),
        "dedupe": dedupe,
        "state": WAITING,
        "attempts": 0,
        "not_before": not_before or now,
        "created_at": now,
    }
    session.execute(
        insert(session, Job)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["kind", "dedupe"], index_where=text("state = 'WAITING'"))
    )


def claim(session: Session, worker: str, now: datetime) -> Claim | None:
    """Take the oldest ready job, or one whose lease ran out; none when nothing is ready.

    A job whose lease ran out at its last try is parked: it may be what kills its workers.
    """
    _park_lost(session, now)
    ready = (
        select(Job.sequence)
        .where(((Job.state == WAITING) & (Job.not_before <= now)) | ((Job.state == RUNNING) & (Job.lease_until < now)))
        .order_by(Job.not_before, Job.sequence)
        .limit(1)
    )
    if session.get_bind().dialect.name == "postgresql":
        ready = ready.with_for_update(skip_locked=True)
    taken = session.execute(
        update(Job)
        .where(Job.sequence == ready.scalar_subquery())
        .values(state=RUNNING, attempts=Job.attempts + 1, lease_until=now + LEASE, worker=worker)
        .returning(Job.sequence, Job.kind, Job.payload, Job.attempts)
    ).first()
    return Claim(*taken) if taken else None


def keep(session: Session, claim_: Claim, worker: str, now: datetime) -> bool:
    """Prolong the lease; False when somebody else has taken the job over."""
    return _settle(session, claim_, worker, lease_until=now + LEASE)


def finish(session: Session, claim_: Claim, worker: str, now: datetime) -> bool:
    """Mark the job done; False when it is no longer this worker's."""
    return _settle(session, claim_, worker, state=DONE, ended_at=now, lease_until=None, error=None)


def fail(session: Session, claim_: Claim, worker: str, now: datetime, error: str) -> bool:
    """Give the job back with growing delay, or park it with its reason after the last try.

    Where the same job was enqueued again meanwhile, that one does the rest and this one is over.
    """
    if claim_.attempt >= TRIES:
        return _settle(session, claim_, worker, state=PARKED, ended_at=now, lease_until=None, error=error)
    wait = timedelta(seconds=5 * 4 ** (claim_.attempt - 1))
    try:
        with session.begin_nested():
            return _settle(session, claim_, worker, state=WAITING, not_before=now + wait, lease_until=None, error=error)
    except IntegrityError:
        return _settle(session, claim_, worker, state=DONE, ended_at=now, lease_until=None, error=error)


def _park_lost(session: Session, now: datetime) -> None:
    session.execute(
        update(Job)
        .where(Job.state == RUNNING, Job.lease_until < now, Job.attempts >= TRIES)
        .values(state=PARKED, ended_at=now, lease_until=None, error="no worker lived to report on the last try")
    )


def _settle(session: Session, claim_: Claim, worker: str, **values: Any) -> bool:
    result = session.execute(
        update(Job)
        .where(
            Job.sequence == claim_.sequence,
            Job.state == RUNNING,
            Job.worker == worker,
            Job.attempts == claim_.attempt,
        )
        .values(**values)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker what an UPDATE returns
    return result.rowcount == 1


def waiting(session: Session, now: datetime) -> int:
    """How many jobs are ready or running."""
    query = select(func.count()).where((Job.state == RUNNING) | ((Job.state == WAITING) & (Job.not_before <= now)))
    return session.scalar(query) or 0


def schedule(session: Session, kind: str, every_seconds: int, now: datetime) -> None:
    """Make a kind of job come back every so many seconds."""
    session.execute(
        insert(session, Schedule)
        .values(kind=kind, every_seconds=every_seconds, next_at=now)
        .on_conflict_do_update(index_elements=["kind"], set_={"every_seconds": every_seconds})
    )


def run_schedules(session: Session, now: datetime) -> None:
    """Put every schedule that is due into the queue and set its next time."""
    for row in session.scalars(select(Schedule).where(Schedule.next_at <= now).with_for_update(skip_locked=True)):
        append(session, row.kind, {}, now=now, dedupe="scheduled")
        row.next_at = now + timedelta(seconds=row.every_seconds)


def prune(session: Session, before: datetime) -> None:
    """Forget jobs that ended well before an instant."""
    session.execute(Job.__table__.delete().where(Job.state == DONE, Job.ended_at < before))  # type: ignore[attr-defined]


def newest(session: Session, kind: str, dedupe: str) -> Job | None:
    """The newest job of a kind with a key, in whatever state it is."""
    query = select(Job).where(Job.kind == kind, Job.dedupe == dedupe).order_by(Job.sequence.desc()).limit(1)
    return session.scalars(query).first()
