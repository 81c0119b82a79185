"""Reports on a run for experts (Data Docs): asked for by whoever may read every item, made by the worker, kept a while.

They hold values that broke rules. So they go to those alone who may read the rows, whoever asked for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalog import reading, versions
from catalog.blobs import Blob
from catalog.models import StoredFile, Version
from policies import vocabulary as v
from policies.calendars import local_date
from policies.refusals import Forbidden, Refused
from quality import runs
from quality.models import Run
from quality.rules.rules import Rule, RuleError
from quality.scoring.scorecard_models import DataDocs
from tenancy.actors import Actor
from tenancy.types import new_id
from tenancy.work import Work

KEPT = timedelta(days=7)
LONGEST_PROBLEM = 500


@dataclass(frozen=True)
class Plan:
    """What the worker needs to make a report: the rules and results of one run, the columns of its table."""

    version_id: str
    run_id: str
    code: str
    title: str
    number: int
    columns: Sequence[Mapping[str, Any]]
    rules: tuple[Rule, ...]
    results: Sequence[Mapping[str, Any]]
    rows: int
    engine: str
    at: datetime

    @property
    def day(self) -> date:
        """The day of the run."""
        return local_date(self.at)


def may_read(session: Session, version: Version, actor: Actor, now: datetime) -> bool:
    """Whether somebody may read every row and item of a version; one that is not live is for its own body alone."""
    entry = version.entry
    if version.id != entry.live_version_id:
        return actor.kind == "system" or bool(actor.staff_of.intersection(entry.tenant.path))
    access = reading.access(session, entry, actor, now)
    if access.rule == "own-tenant":
        return access.given
    described, stored = {one.name for one in entry.items}, {one["name"] for one in version.columns or ()}
    return access.given and (described | stored) <= set(access.items)


def request(work: Work, version: Version) -> DataDocs:
    """Have the report on a version's last run made; one that is there, or being made, is not made again."""
    work.demand("docs.request", version)
    if not may_read(work.session, version, work.actor, work.now):
        raise Forbidden("permissions.default")
    run = runs.newest_done(work.session, version.id)
    if run is None:
        raise Refused("docs.no-run")
    row = of_version(work.session, version.id)
    if row and row.run_id == run.id and row.state is not v.DocsState.FAILED and row.expires_at > work.now:
        return row
    if row is None:
        row = DataDocs(id=new_id(), version_id=version.id)
        work.session.add(row)
    row.run_id, row.state, row.problem = run.id, v.DocsState.WAITING, ""
    row.asked_by, row.asked_at, row.made_at = work.actor.id, work.now, None
    row.file_id, row.expires_at = None, work.now + KEPT
    work.session.flush()
    work.record("docs.requested", version, entry=version.entry.code, run=run.id)
    work.enqueue("docs.make", dedupe=version.id, version_id=version.id)
    return row


def of_version(session: Session, version_id: str) -> DataDocs | None:
    """The report on a version, in whatever state it is."""
    return session.scalars(select(DataDocs).where(DataDocs.version_id == version_id)).first()


def gather(session: Session, version_id: str) -> Plan | None:
    """What the report is made of; none when nobody waits for it any more."""
    row, version = of_version(session, version_id), session.get(Version, version_id)
    if row is None or version is None or row.state is not v.DocsState.WAITING:
        return None
    run = session.get_one(Run, row.run_id)
    return Plan(
        version_id=version.id,
        run_id=run.id,
        code=version.entry.code,
        title=version.entry.title,
        number=version.number,
        columns=tuple(version.columns or ()),
        rules=tuple(one for stored in run.suite.rules if (one := _rule(stored, run))),
        results=tuple(run.results),
        rows=run.rows,
        engine=run.engine_version,
        at=run.at,
    )


def record(work: Work, plan: Plan, made: Blob | str) -> None:
    """Keep the report that was made, or why it could not be; somebody else's in the meantime is left alone."""
    row, version = of_version(work.session, plan.version_id), work.session.get_one(Version, plan.version_id)
    work.demand("docs.request", version)
    if row is None or row.state is not v.DocsState.WAITING or row.run_id != plan.run_id:
        return
    if isinstance(made, str):
        row.state, row.problem = v.DocsState.FAILED, made[:LONGEST_PROBLEM]
        return
    row.state, row.made_at = v.DocsState.READY, work.now
    row.file_id = versions.keep_file(work, made, f"{plan.code.replace('/', '-')}-v{plan.number}-docs.zip", "docs").id
    work.record("docs.made", version, run=plan.run_id, sha256=made.sha256)


def expire(work: Work) -> int:
    """Forget reports whose time is over, and those of a run that is not the version's last one any more."""
    gone = 0
    for row in work.session.scalars(select(DataDocs)).all():
        run = runs.newest_done(work.session, row.version_id)
        if row.expires_at <= work.now or run is None or run.id != row.run_id:
            file_id = row.file_id
            work.session.delete(row)
            work.session.flush()
            if file_id:
                work.session.execute(delete(StoredFile).where(StoredFile.id == file_id))
            gone += 1
    return gone


def _rule(stored: Mapping[str, Any], run: Run) -> Rule | None:
    try:
        rule = Rule.from_json(stored)
    except RuleError:
        return None
    return rule if any(one["rule_id"] == rule.rule_id for one in run.results) else None
