"""Cleanings: an entry's plan by version, previews and runs of it; a run makes a version of its own and keeps the old.

Three beats, safe to repeat: gather what is needed, clean without any session, record. The cleaned table is received
like any delivery, so that scanning aside everything happens to it that happens to a file: reading, checking, the gate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog import reading, versions
from catalog.blobs import Blob, BlobStore
from catalog.models import Entry, Version
from catalog.reading_files.shapes import Layout
from policies import vocabulary as v
from policies.later import Later
from policies.refusals import Invalid, Refusal, Refused
from policies.vocabulary import CleaningState
from quality.cleaning import cleaning
from quality.cleaning.cleaning import Step
from quality.cleaning.cleaning_models import CleaningPlan, CleaningRun
from tenancy.actors import Actor
from tenancy.types import new_id
from tenancy.work import Work

if TYPE_CHECKING:
    from quality.cleaning import cleaning_engine
else:
    # Plans are kept by the web processes, which clean nothing.
    cleaning_engine = Later("quality.cleaning.cleaning_engine")

SECONDS = 900.0
MOST_BYTES = 2**40
SETTLED = (v.VersionState.PASSED, v.VersionState.LIVE, v.VersionState.SUPERSEDED, v.VersionState.REFUSED)


@dataclass(frozen=True)
class Task:
    """What a preview or run needs: the table, the steps, and the tables to fill from."""

    run_id: str
    person_id: str
    sha256: str
    steps: tuple[Step, ...]
    is_preview: bool
    references: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Done:
    """What came of it: the outcome step by step, and for a run the cleaned table and the changed cells."""

    outcome: Mapping[str, Any]
    table: Blob | None = None
    ledger: Blob | None = None


def latest(session: Session, entry: Entry) -> CleaningPlan | None:
    """The plan that the next run uses, if there is one."""
    return next(iter(plans_of(session, entry)), None)


def plans_of(session: Session, entry: Entry) -> list[CleaningPlan]:
    """Every version of an entry's plan, newest first."""
    query = select(CleaningPlan).where(CleaningPlan.entry_id == entry.id).order_by(CleaningPlan.number.desc())
    return list(session.scalars(query))


def steps_of(plan: CleaningPlan | None) -> tuple[Step, ...]:
    """The steps of a stored plan."""
    return tuple(Step.from_json(row) for row in plan.steps) if plan else ()


def newest_table(session: Session, entry: Entry) -> Version | None:
    """The newest version that was read and judged, whatever the verdict: what the next run cleans."""
    query = select(Version).where(
        Version.entry_id == entry.id, Version.table_id.is_not(None), Version.state.in_(SETTLED)
    )
    return session.scalars(query.order_by(Version.number.desc()).limit(1)).first()


def columns_of(version: Version | None) -> dict[str, str]:
    """The columns of a version's table with their types."""
    return {one["name"]: one["type"] for one in (version.columns or ())} if version else {}


def runs_of(session: Session, entry: Entry) -> list[CleaningRun]:
    """Previews and runs of an entry, newest first."""
    query = select(CleaningRun).where(CleaningRun.entry_id == entry.id)
    return list(session.scalars(query.order_by(CleaningRun.requested_at.desc(), CleaningRun.id)))


def of_version(session: Session, version: Version) -> CleaningRun | None:
    """The run that made a version, if a run did."""
    return session.scalars(select(CleaningRun).where(CleaningRun.version_id == version.id)).first()


def set_plan(work: Work, entry: Entry, steps: Sequence[Step]) -> CleaningPlan:
    """Make another version of an entry's plan; the same steps once more change nothing."""
    work.demand("cleaning.edit", entry)
    version = newest_table(work.session, entry)
    cleaning.check(steps, columns_of(version) if version else None)
    _references(work, entry, steps)
    before, hash_ = latest(work.session, entry), cleaning.mark(steps)
    if before is not None and before.hash == hash_:
        return before
    number = work.session.scalar(select(func.max(CleaningPlan.number)).where(CleaningPlan.entry_id == entry.id)) or 0
    plan = CleaningPlan(
        id=new_id(),
        entry=entry,
        entry_id=entry.id,
        number=number + 1,
        steps=[step.to_json() for step in steps],
        hash=hash_,
        author_id=work.actor.id,
        created_at=work.now,
    )
    work.session.add(plan)
    work.session.flush()
    work.record("cleaning.planned", plan, entry=entry.code, number=plan.number, steps=len(steps))
    return plan


def request(work: Work, entry: Entry, *, preview: bool) -> CleaningRun:
    """Ask for a preview or a run of the newest plan over the newest version; the worker does it."""
    work.demand("cleaning.edit" if preview else "cleaning.run", entry)
    work.session.scalars(select(Entry.id).where(Entry.id == entry.id).with_for_update()).one()
    plan, source = latest(work.session, entry), newest_table(work.session, entry)
    if plan is None or not plan.steps:
        raise Refused("cleaning.no-plan")
    if source is None:
        raise Refused("cleaning.no-table")
    if any(run.state is CleaningState.WAITING for run in runs_of(work.session, entry)):
        raise Refused("cleaning.waiting")
    steps = steps_of(plan)
    cleaning.check(steps, columns_of(source))
    run = CleaningRun(
        id=new_id(),
        entry=entry,
        entry_id=entry.id,
        plan=plan,
        plan_id=plan.id,
        source=source,
        source_id=source.id,
        is_preview=preview,
        state=CleaningState.WAITING,
        person_id=work.actor.id,
        reference_versions=_references(work, entry, steps),
        requested_at=work.now,
    )
    work.session.add(run)
    work.session.flush()
    work.record("cleaning.requested", run, entry=entry.code, version=source.number, plan=plan.number, preview=preview)
    work.enqueue("cleaning.do", dedupe=run.id, run_id=run.id)
    return run


def gather(session: Session, run_id: str) -> Task | None:
    """First beat; none when the run is not waiting any more, because a repeat has nothing to do."""
    run = session.get(CleaningRun, run_id)
    if run is None or run.state is not CleaningState.WAITING or run.source.table is None:
        return None
    references = tuple(dict(one) for one in run.reference_versions)
    return Task(run.id, run.person_id, run.source.table.sha256, steps_of(run.plan), run.is_preview, references)


def act(task: Task, blobs: BlobStore, scratch: Path, *, memory_mb: int) -> Done | Refusal:
    """Second beat, without any session; what can't be done is a refusal."""
    with TemporaryDirectory(dir=scratch) as name, blobs.local_path(task.sha256) as table:
        folder, memory = Path(name), f"{memory_mb}MB"
        try:
            references = {one["entry"]: _local(one, blobs, folder) for one in task.references}
            if task.is_preview:
                found = cleaning_engine.clean(
                    table, task.steps, references=references, memory_limit=memory, timeout=SECONDS
                )
                return Done(found.to_json())
            out, ledger = folder / "table.parquet", folder / "ledger.parquet"
            found = cleaning_engine.clean(
                table,
                task.steps,
                out=out,
                ledger=ledger,
                references=references,
                memory_limit=memory,
                timeout=SECONDS,
            )
            if not found.changed:
                return Refused("cleaning.nothing")
            return Done(found.to_json(), _keep(blobs, out), _keep(blobs, ledger))
        except Refusal as refusal:
            return refusal
        except cleaning_engine.TROUBLE:
            return Refused("cleaning.trouble")


def record(work: Work, task: Task, found: Done | Refusal) -> None:
    """Third beat, in the name of whoever asked: a cleaned table becomes a version, unless a newer one came in."""
    run = work.session.scalars(
        select(CleaningRun).where(CleaningRun.id == task.run_id).with_for_update(of=CleaningRun)
    ).one()
    if run.state is not CleaningState.WAITING:
        return
    run.done_at = work.now
    table, ledger = (found.table, found.ledger) if isinstance(found, Done) else (None, None)
    if table and ledger:
        newest = newest_table(work.session, run.entry)
        if newest is not None and newest.number > run.source.number:
            found = Refused("cleaning.overtaken", number=newest.number)
        else:
            _make_version(work, run, table, ledger)
    if isinstance(found, Refusal):
        run.state = CleaningState.FAILED
        run.problem = {"code": found.code, "zh": found.text("zh"), "en": found.text("en")}
    else:
        run.state, run.outcome, run.changed = CleaningState.DONE, dict(found.outcome), int(found.outcome["changed"])
    work.record("cleaning.done", run, entry=run.entry.code, state=run.state.value, changed=run.changed)


def abandon(work: Work, task: Task) -> None:
    """Mark a run that nobody may record any more, because whoever asked for it has lost his place."""
    work.demand("quality.run", work.session.get_one(CleaningRun, task.run_id).entry)
    record(work, task, Refused("cleaning.trouble"))


def may_read_rows(run: CleaningRun, actor: Actor) -> bool:
    """Whether somebody may see the cells that a run or preview changed: whoever works in the owner's tenant.

    The ledger holds every column of a version that may not be live, so that no grant is enough.
    """
    return bool(actor.staff_of.intersection(run.entry.tenant.path))


def _make_version(work: Work, run: CleaningRun, table: Blob, ledger: Blob) -> None:
    stem = run.source.original.name.rsplit(".", 1)[0]
    words = Refused("cleaning.note", source=run.source.number, plan=run.plan.number)
    work.demand("cleaning.run", run.entry)
    version = versions.receive(
        work, run.entry, table, f"{stem}-cleaned.parquet", f"{words.text('zh')} / {words.text('en')}"
    )
    # What was settled about the entry's files has been done to this table already.
    version.layout, version.cleaned_from_id = Layout().to_json(), run.source_id
    run.version, run.version_id = version, version.id
    run.ledger = versions.keep_file(work, ledger, f"{stem}-changes.parquet", "ledger")
    run.ledger_id = run.ledger.id
    work.session.flush()


def _references(work: Work, entry: Entry, steps: Sequence[Step]) -> list[dict[str, str]]:
    """The live version of each reference, if the actor may read its columns and none is more secret than the target."""
    found = []
    levels = {item.name: item.security_level for item in entry.items}
    for number, step in enumerate(steps):
        if step.kind != "fill":
            continue
        given = step.parameters
        try:
            other = reading.find(work.session, given["entry"], work.actor, work.now)
        except Refusal as hidden:
            raise Invalid("cleaning.reference", field=str(number), name=given["entry"]) from hidden
        allowed = set(reading.access(work.session, other, work.actor, work.now).items)
        live = versions.live(work.session, other)
        if not {given["their_key"], given["their_value"]} <= allowed or live is None or live.table is None:
            raise Invalid("cleaning.reference", field=str(number), name=given["entry"])
        level = next(item.security_level for item in other.items if item.name == given["their_value"])
        if level > levels.get(step.column, v.SecurityLevel.L1):
            raise Invalid("cleaning.reference-level", field=str(number), name=given["their_value"])
        found.append(
            {
                "entry": given["entry"],
                "sha256": live.table.sha256,
                "version_id": live.id,
                "key": given["their_key"],
                "value": given["their_value"],
            }
        )
    return found


def _local(one: Mapping[str, str], blobs: BlobStore, folder: Path) -> "cleaning_engine.Reference":
    path = folder / f"{one['sha256']}.parquet"
    with blobs.open(one["sha256"]) as stream, path.open("wb") as file:
        while piece := stream.read(1 << 20):
            file.write(piece)
    return cleaning_engine.Reference(path, one["key"], one["value"])


def _keep(blobs: BlobStore, path: Path) -> Blob:
    with path.open("rb") as stream:
        return blobs.put(stream, limit=MOST_BYTES)
