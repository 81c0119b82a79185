"""Jobs: claimed once by many workers, offered again when a lease runs out, parked with a reason, scheduled."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import event, select

from tenancy import jobs
from tenancy.database import Database
from tenancy.jobs import DONE, LEASE, PARKED, RUNNING, TRIES, WAITING, Claim
from tenancy.records import Job, Schedule

THREADS, MANY = 4, 60


def put(db: Database, now: datetime, kind: str = "k", **values: object) -> None:
    """Enqueue one job in a transaction of its own."""
    with db.write() as session:
        jobs.append(session, kind, {}, now=now, **values)  # type: ignore[arg-type]
        session.commit()


def claim(db: Database, worker: str, now: datetime) -> Claim | None:
    """Claim one job in a transaction of its own."""
    with db.write() as session:
        found = jobs.claim(session, worker, now)
        session.commit()
        return found


def settle(db: Database, claim_: Claim | None, worker: str, now: datetime, error: str | None = None) -> bool:
    """Finish or fail a claimed job."""
    assert claim_ is not None
    with db.write() as session:
        if error is None:
            done = jobs.finish(session, claim_, worker, now)
        else:
            done = jobs.fail(session, claim_, worker, now, error)
        session.commit()
        return done


def rows(db: Database) -> list[tuple[str, int, str | None]]:
    """State, attempts and error of every job in order."""
    with db.read() as session:
        return [
            tuple(row) for row in session.execute(select(Job.state, Job.attempts, Job.error).order_by(Job.sequence))
        ]


def test_four_workers_do_each_job_once(db: Database, now: datetime) -> None:
    if db.is_sqlite:
        event.listen(db.engine, "connect", lambda raw, _record: raw.execute("PRAGMA busy_timeout=120000"))
    with db.write() as session:
        for number in range(MANY):
            jobs.append(session, "k", {"number": number}, now=now)
        session.commit()
    start = threading.Barrier(THREADS)

    def drain(worker: str) -> list[int]:
        start.wait()
        mine = []
        while (found := claim(db, worker, now)) is not None:
            mine.append(found.payload["number"])
            assert settle(db, found, worker, now)
        return mine

    with ThreadPoolExecutor(THREADS) as pool:
        done = list(pool.map(drain, "abcd"))
    assert sorted(number for mine in done for number in mine) == list(range(MANY))
    assert rows(db) == [(DONE, 1, None)] * MANY


def test_lost_lease_is_offered_again_and_the_late_worker_changes_nothing(db: Database, now: datetime) -> None:
    put(db, now)
    first = claim(db, "a", now)
    assert claim(db, "b", now + LEASE) is None
    later = now + LEASE + timedelta(seconds=1)
    second = claim(db, "b", later)
    assert first is not None
    assert second is not None
    assert (first.sequence, first.attempt, second.attempt) == (second.sequence, 1, 2)
    assert not settle(db, first, "a", later)
    assert not settle(db, first, "a", later, "too late")
    with db.write() as session:
        assert not jobs.keep(session, first, "a", later)
        assert jobs.keep(session, second, "b", later + LEASE)
        session.commit()
    assert claim(db, "c", later + LEASE + timedelta(seconds=1)) is None
    assert settle(db, second, "b", later)
    assert not settle(db, second, "b", later)
    assert rows(db) == [(DONE, 2, None)]


def test_failing_job_waits_longer_each_time_and_is_parked_with_its_reason(db: Database, now: datetime) -> None:
    put(db, now)
    waits = []
    for attempt in range(1, TRIES + 1):
        assert settle(db, claim(db, "a", now), "a", now, f"reason {attempt}")
        with db.read() as session:
            row = session.scalars(select(Job)).one()
        if row.state == WAITING:
            waits.append((row.not_before - now).total_seconds())
            assert claim(db, "a", row.not_before - timedelta(seconds=1)) is None
            now = row.not_before
    assert waits == [5, 20, 80, 320]
    assert rows(db) == [(PARKED, TRIES, "reason 5")]
    assert claim(db, "a", now + timedelta(days=9)) is None


def test_job_that_kills_its_workers_is_parked(db: Database, now: datetime) -> None:
    put(db, now)
    for attempt in range(1, TRIES + 1):
        found = claim(db, f"w{attempt}", now)
        assert found is not None
        assert found.attempt == attempt
        now += LEASE + timedelta(seconds=1)
    assert claim(db, "next", now) is None
    state, attempts, error = rows(db)[0]
    assert (state, attempts) == (PARKED, TRIES)
    assert error


def test_same_job_waits_once_but_follows_one_that_runs(db: Database, now: datetime) -> None:
    for _ in range(3):
        put(db, now, dedupe="x")
    put(db, now, "other", dedupe="x")
    put(db, now)
    put(db, now)
    assert len(rows(db)) == 4
    running = claim(db, "a", now)
    put(db, now, dedupe="x")
    put(db, now, dedupe="x")
    assert [row[0] for row in rows(db)] == [RUNNING, *[WAITING] * 4]
    assert settle(db, running, "a", now, "failed while its twin waits")
    assert rows(db)[0] == (DONE, 1, "failed while its twin waits")
    assert [row[0] for row in rows(db)[1:]] == [WAITING] * 4


def test_order_is_by_readiness_then_age(db: Database, now: datetime) -> None:
    put(db, now, "late", not_before=now + timedelta(minutes=5))
    put(db, now, "first")
    put(db, now, "second")
    found = [claim(db, "a", now + timedelta(minutes=6)) for _ in range(3)]
    assert [one.kind for one in found if one] == ["first", "second", "late"]
    with db.read() as session:
        assert jobs.waiting(session, now) == 3


def test_rolled_back_claim_leaves_the_job(db: Database, now: datetime) -> None:
    put(db, now)
    with db.write() as session:
        assert jobs.claim(session, "a", now)
        session.rollback()
    assert rows(db) == [(WAITING, 0, None)]


def test_schedule_comes_back_and_never_piles_up(db: Database, now: datetime) -> None:
    def run(moment: datetime) -> list[str]:
        with db.write() as session:
            jobs.run_schedules(session, moment)
            session.commit()
        return [state for state, *_ in rows(db)]

    for seconds in (60, 90):
        with db.write() as session:
            jobs.schedule(session, "audit.seal", seconds, now)
            session.commit()
    assert run(now - timedelta(seconds=1)) == []
    assert run(now) == [WAITING]
    assert run(now + timedelta(seconds=89)) == [WAITING]
    assert run(now + timedelta(seconds=90)) == [WAITING]
    settle(db, claim(db, "a", now + timedelta(seconds=90)), "a", now)
    assert run(now + timedelta(days=3)) == [DONE, WAITING]
    assert run(now + timedelta(days=3)) == [DONE, WAITING]
    with db.read() as session:
        assert session.get_one(Schedule, "audit.seal").next_at == now + timedelta(days=3, seconds=90)


def test_only_jobs_long_done_are_forgotten(db: Database, now: datetime) -> None:
    put(db, now)
    put(db, now)
    settle(db, claim(db, "a", now), "a", now)
    for moment, left in ((now, 2), (now + timedelta(seconds=1), 1)):
        with db.write() as session:
            jobs.prune(session, moment)
            session.commit()
        assert len(rows(db)) == left
