"""Harvests: one reading of a source as a run with a lease, which can be stopped, broken off and begun again.

Whatever is written about entries is written in a transaction that first makes sure that its run still holds the
source. So two never write at once, and one that was killed leaves a part of the work done and nothing half done.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from catalog import importing
from catalog.harvest_models import HarvestRefusal, HarvestRun, HarvestSource
from policies import vocabulary as v
from policies.refusals import NotFound, Refusal, Refused
from tenancy.types import new_id
from tenancy.work import Work

LEASE = timedelta(seconds=60)
LEAST_LEFT = 0.5
"""The part of its entries that a source must still list for the others to be archived without anybody's word."""
KEPT_RUNS = 20
"""The runs of a source whose refused records are kept, the newest."""
PAGES_TOLD = 200
"""Addresses of pages that one line of the audit log names at most."""
COUNTS = ("read", "created", "updated", "unchanged", "refused", "archived")
PENDING = (v.HarvestState.WAITING, v.HarvestState.RUNNING)

Alive = Callable[[str], bool]


@dataclass(frozen=True)
class Problem:
    """A record that was not taken: its place counted from 0, the part at fault, what is wrong, what to do about it."""

    position: int | None
    title: str
    path: str
    problem: Refusal
    remedy: Refusal


def ask(work: Work, source: HarvestSource, *, dry_run: bool = False, archiving: bool = True) -> HarvestRun:
    """Have the worker read a source at its address; refused while it is being read or waits to be."""
    work.demand("harvest.run", source)
    if source.state is v.SourceState.PAUSED:
        raise Refused("harvest.paused", key=source.key)
    if not source.address:
        raise Refused("harvest.no-address", key=source.key)
    if under_way(work.session, source, work.now) is not None:
        raise Refused("harvest.busy", key=source.key)
    run = _run(work, source, source.address, dry_run=dry_run, archiving=archiving)
    run.state = v.HarvestState.WAITING
    work.enqueue("harvest.run", dedupe=run.id, run_id=run.id)
    work.record("harvest.asked", source, key=source.key, run=run.id, dry_run=dry_run)
    return run


def begin(
    work: Work, source: HarvestSource, holder: str, alive: Alive, *, origin: str = "", archiving: bool = True
) -> HarvestRun:
    """Begin to read a source here and now; refused while another process is at it.

    A run whose lease is over, or whose process is known to have ended, is marked as broken off.
    """
    work.demand("harvest.run", source)
    _free(work, source, holder, alive)
    run = _run(work, source, origin, dry_run=False, archiving=archiving)
    _hold(work, run, holder)
    work.record("harvest.begun", source, key=source.key, run=run.id)
    return run


def begin_asked(work: Work, run_id: str, holder: str, alive: Alive) -> HarvestRun | None:
    """Begin a run that somebody asked for; None when it is over already.

    One that was broken off is begun anew, as a run of its own: what it did stays on its record.
    """
    run = work.session.get(HarvestRun, run_id)
    if run is None or run.state not in PENDING:
        return None
    work.demand("harvest.run", run.source)
    if run.state is v.HarvestState.WAITING and run.asked_to_stop:
        _end(work, run, v.HarvestState.STOPPED)
        return None
    _free(work, run.source, holder, alive)
    if run.state is v.HarvestState.LOST:
        again = _run(work, run.source, run.origin, dry_run=run.dry_run, archiving=run.archiving)
        again.asked_by, again.asked_to_stop, run = run.asked_by, run.asked_to_stop, again
    _hold(work, run, holder)
    return run


def hold(work: Work, run_id: str) -> HarvestRun:
    """The run, with its lease prolonged; Refused when it no longer holds its source."""
    query = select(HarvestRun).where(HarvestRun.id == run_id).with_for_update(of=HarvestRun)
    run = work.session.scalars(query).first()
    if run is None or run.state is not v.HarvestState.RUNNING:
        raise Refused("harvest.lost")
    run.heartbeat_at, run.lease_until = work.now, work.now + LEASE
    return run


def account(work: Work, run: HarvestRun, problems: Sequence[Problem], **counts: int) -> None:
    """Add to what a run came to."""
    for name, count in counts.items():
        setattr(run, name, getattr(run, name) + count)
    work.session.add_all(
        HarvestRefusal(
            run_id=run.id,
            position=one.position,
            title=one.title[:500],
            path=one.path[:500],
            problem=as_kept(one.problem),
            remedy=as_kept(one.remedy),
        )
        for one in problems
    )


def note_pages(work: Work, run: HarvestRun, addresses: Sequence[str]) -> None:
    """Put on record from which pages a catalogue was read."""
    pages = list(addresses[:PAGES_TOLD])
    work.record("harvest.pages", run.source, key=run.source_key, run=run.id, count=len(addresses), addresses=pages)


def conclude(work: Work, run: HarvestRun, vanished: Sequence[str]) -> None:
    """End a run that has read its whole source; what vanished waits for somebody's word if it is too much."""
    shrunk = run.archiving and too_few(run.listed_before, len(vanished))
    if shrunk and not run.dry_run:
        run.vanished, run.vanishing = list(vanished), len(vanished)
    _end(work, run, v.HarvestState.HELD if shrunk else v.HarvestState.DONE)
    if not run.dry_run:
        run.source.read_at = work.now


def break_off(work: Work, run: HarvestRun, state: v.HarvestState, problem: Refusal | None = None) -> None:
    """End a run that was stopped or that could not go on; what it did stays, nothing is archived."""
    run.problem = as_kept(problem) if problem else None
    _end(work, run, state)


def too_few(before: int, vanished: int) -> bool:
    """Whether a source suddenly lists so few of its entries that somebody should look before the others go."""
    return vanished > 0 and before - vanished < before * LEAST_LEFT


def stop(work: Work, run: HarvestRun) -> None:
    """Let a run end after the batch in hand; what is done stays."""
    work.demand("harvest.run", run)
    if run.state not in PENDING:
        raise Refused("harvest.over")
    run.asked_to_stop = True
    if run.state is v.HarvestState.WAITING:
        _end(work, run, v.HarvestState.STOPPED)
    work.record("harvest.stopped", run.source, key=run.source_key, run=run.id)


def settle(work: Work, run: HarvestRun, *, archive: bool) -> int:
    """Archive what vanished after all, or leave it; refused once the source was read whole again."""
    work.demand("harvest.run", run)
    if run.state is not v.HarvestState.HELD or latest(work.session, run.source) is not run:
        raise Refused("harvest.settled")
    gone = importing.archive(work, run.source, run.vanished or ()) if archive else 0
    run.archived, run.vanished, run.state = run.archived + gone, None, v.HarvestState.DONE
    work.record("harvest.settled", run.source, key=run.source_key, run=run.id, archived=gone)
    return gone


def schedule(work: Work, source: HarvestSource) -> HarvestRun | None:
    """Ask for the reading that is due, and set the next time; None while the last one is still under way."""
    source.next_at = work.now + timedelta(hours=source.every_hours) if source.every_hours else None
    return None if under_way(work.session, source, work.now) else ask(work, source)


def find(session: Session, source: HarvestSource, number: int) -> HarvestRun:
    """A run of a source by its number; NotFound if there is none."""
    query = select(HarvestRun).where(HarvestRun.source_key == source.key, HarvestRun.number == number)
    found = session.scalars(query).first()
    if found is None:
        raise NotFound("general.not-found")
    return found


def under_way(session: Session, source: HarvestSource, now: datetime) -> HarvestRun | None:
    """The run of a source that waits, or runs and has not let its lease lapse."""
    query = select(HarvestRun).where(
        HarvestRun.source_key == source.key,
        (HarvestRun.state == v.HarvestState.WAITING)
        | ((HarvestRun.state == v.HarvestState.RUNNING) & (HarvestRun.lease_until > now)),
    )
    return session.scalars(query.limit(1)).first()


def latest(session: Session, source: HarvestSource) -> HarvestRun | None:
    """The newest run of a source that wrote, or was to write."""
    query = select(HarvestRun).where(HarvestRun.source_key == source.key, HarvestRun.dry_run.is_(False))
    return session.scalars(query.order_by(HarvestRun.number.desc()).limit(1)).first()


def runs(session: Session, source: HarvestSource, most: int) -> list[HarvestRun]:
    """The newest runs of a source."""
    query = select(HarvestRun).where(HarvestRun.source_key == source.key)
    return list(session.scalars(query.order_by(HarvestRun.number.desc()).limit(most)))


def refusals(
    session: Session, run: HarvestRun, *, offset: int = 0, most: int | None = None
) -> Sequence[HarvestRefusal]:
    """The records that a run did not take, in their order."""
    query = select(HarvestRefusal).where(HarvestRefusal.run_id == run.id).order_by(HarvestRefusal.sequence)
    return session.scalars(query.offset(offset).limit(most)).all()


def kept_refusals(session: Session, run: HarvestRun) -> int:
    """How many refused records of a run are still on record."""
    return session.scalar(select(func.count()).where(HarvestRefusal.run_id == run.id)) or 0


def as_kept(refusal: Refusal) -> dict[str, Any]:
    """A reason as it is kept: its code and its words in both languages."""
    return {"code": refusal.code, "zh": refusal.text("zh"), "en": refusal.text("en")}


def _run(work: Work, source: HarvestSource, origin: str, *, dry_run: bool, archiving: bool) -> HarvestRun:
    last = select(func.max(HarvestRun.number)).where(HarvestRun.source_key == source.key)
    run = HarvestRun(
        id=new_id(),
        number=(work.session.scalar(last) or 0) + 1,
        source_key=source.key,
        source=source,
        state=v.HarvestState.WAITING,
        origin=origin[:1000],
        dry_run=dry_run,
        archiving=archiving,
        asked_by=work.actor.id,
        asked_at=work.now,
        listed_before=0,
        **dict.fromkeys(COUNTS, 0),
    )
    work.session.add(run)
    return run


def _hold(work: Work, run: HarvestRun, holder: str) -> None:
    run.state, run.holder, run.started_at = v.HarvestState.RUNNING, holder, work.now
    run.heartbeat_at, run.lease_until = work.now, work.now + LEASE
    run.listed_before = len(importing.listed(work.session, run.source))
    work.session.flush()


def _free(work: Work, source: HarvestSource, holder: str, alive: Alive) -> None:
    """Mark the run that holds a source as broken off if it is; else refuse."""
    query = select(HarvestRun).where(HarvestRun.source_key == source.key, HarvestRun.state == v.HarvestState.RUNNING)
    held = work.session.scalars(query.with_for_update(of=HarvestRun)).first()
    if held is None:
        return
    lapsed = held.lease_until is None or held.lease_until <= work.now
    if not lapsed and (held.holder == holder or alive(held.holder)):
        raise Refused("harvest.busy", key=source.key)
    _end(work, held, v.HarvestState.LOST)
    work.record("harvest.broken-off", source, key=source.key, run=held.id)
    work.session.flush()


def _end(work: Work, run: HarvestRun, state: v.HarvestState) -> None:
    run.state, run.ended_at, run.lease_until = state, work.now, None
    old = [one.id for one in runs(work.session, run.source, 10 * KEPT_RUNS)[KEPT_RUNS:]]
    if old:
        work.session.execute(delete(HarvestRefusal).where(HarvestRefusal.run_id.in_(old)))
    if state in (v.HarvestState.DONE, v.HarvestState.HELD):
        details = {name: getattr(run, name) for name in COUNTS}
        work.record("harvest.ended", run.source, key=run.source_key, run=run.id, dry_run=run.dry_run, **details)
