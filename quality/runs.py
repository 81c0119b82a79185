"""Runs: a suite over a version's table, asked for, watched, cancelled, and gone on with when a worker died."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import versions
from catalog.models import Version
from policies import vocabulary as v
from policies.refusals import Refused
from quality.models import Run
from quality.suites import suites
from tenancy.types import new_id
from tenancy.work import Work

UNDER_WAY = (v.RunState.QUEUED, v.RunState.RUNNING)
ENGINE = "duckdb"
UNCHECKED = "version.unchecked"


def request(work: Work, version: Version) -> Run:
    """Ask for a run of the newest suite over a version; one that is under way already is the answer.

    Refused where there is no table, or no suite, to run.
    """
    work.demand("quality.run", version.entry)
    open_run = under_way(work.session, version)
    if open_run is not None:
        return open_run
    suite = suites.latest(work.session, version.entry)
    if version.table_id is None or suite is None:
        raise Refused("run.no-table")
    run = Run(
        id=new_id(),
        version_id=version.id,
        version=version,
        suite_id=suite.id,
        suite=suite,
        state=v.RunState.QUEUED,
        requested_by=work.actor.id,
        engine=ENGINE,
        at=work.now,
    )
    work.session.add(run)
    if version.state is v.VersionState.FAILED:
        version.state, version.problem = v.VersionState.CHECKING, None
    work.session.flush()
    work.record("run.requested", run, entry=version.entry.code, number=version.number, suite=suite.number)
    work.enqueue("quality.run", dedupe=run.id, run_id=run.id)
    return run


def cancel(work: Work, run: Run) -> None:
    """Stop a run that waits or is under way; the worker lets go within a second or two and nothing of it counts."""
    work.demand("quality.run", run)
    row = locked(work.session, run.id)
    if row.state not in UNDER_WAY:
        raise Refused("run.over")
    end(work, row, v.RunState.CANCELLED, Refused("run.cancelled"))


def end(work: Work, run: Run, state: v.RunState, problem: Refused) -> None:
    """End a run without a verdict: a version that was never judged says so, one that was keeps its verdict."""
    run.state, run.problem, run.at = state, versions.problem_of(problem), work.now
    work.record("run.ended", run, state=state.value, problem=problem.code)
    if run.version.state is v.VersionState.CHECKING:
        versions.refuse(work, run.version, versions.problem_of(problem), UNCHECKED)
    elif state is v.RunState.FAILED:
        versions.tell_steward(work, run.version, UNCHECKED)


def locked(session: Session, run_id: str) -> Run:
    """A run whose row nobody else changes until the end of the transaction."""
    query = select(Run).where(Run.id == run_id).with_for_update(of=Run)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def is_cancelled(session: Session, run_id: str) -> bool:
    """Whether a run has been cancelled meanwhile."""
    return session.scalar(select(Run.state).where(Run.id == run_id)) is v.RunState.CANCELLED


def under_way(session: Session, version: Version) -> Run | None:
    """The run of a version that waits or runs, if there is one."""
    query = select(Run).where(Run.version_id == version.id, Run.state.in_(UNDER_WAY))
    return session.scalars(query.order_by(Run.at.desc()).limit(1)).first()


def newest_done(session: Session, version_id: str | None) -> Run | None:
    """The last run of a version that reached its end; none without a version."""
    query = select(Run).where(Run.version_id == version_id, Run.state == v.RunState.DONE)
    return session.scalars(query.order_by(Run.at.desc(), Run.id.desc()).limit(1)).first()
