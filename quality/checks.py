"""Checks: a delivered file read, typed, profiled, judged, and the verdict written; three beats, safe to repeat."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import datasets, scanning, versions
from catalog.blobs import Blob, BlobStore
from catalog.models import Version
from catalog.reading_files import accounts, containers, looking
from catalog.reading_files.intake import read_table
from catalog.reading_files.looking import How
from catalog.reading_files.shapes import ColumnSpec, ColumnType, Glance, Intake, Layout
from catalog.versions import Judged, Loaded
from policies import grading, rulebook
from policies import vocabulary as v
from policies.calendars import local_date
from policies.grading import RuleResult
from policies.refusals import Refusal
from quality import expectations, profiles, proposals, suites, waivers
from quality.expectations import RuleOutcome, Run
from quality.kinds import KINDS
from quality.models import Run as StoredRun
from quality.proposals import ItemHint
from quality.rules import Rule
from tenancy.types import new_id
from tenancy.work import Work

SECONDS = 600.0
PROFILE_MB = 300
"""More is not faster for a profile, and the worker has just read the file in the same process."""
LOWER_IS_BETTER = {"0303", "0305"}
TYPES = {
    v.ItemType.TEXT: ColumnType.TEXT,
    v.ItemType.MEMO: ColumnType.TEXT,
    v.ItemType.INTEGER: ColumnType.INTEGER,
    v.ItemType.NUMBER: ColumnType.DECIMAL,
    v.ItemType.MONEY: ColumnType.DECIMAL,
    v.ItemType.DOUBLE: ColumnType.DECIMAL,
    v.ItemType.FLOAT: ColumnType.DECIMAL,
    v.ItemType.DATE: ColumnType.DATE,
    v.ItemType.DATETIME: ColumnType.DATETIME,
    v.ItemType.BOOLEAN: ColumnType.BOOLEAN,
}
ITEM_TYPES = {
    ColumnType.TEXT: v.ItemType.TEXT,
    ColumnType.INTEGER: v.ItemType.INTEGER,
    ColumnType.DECIMAL: v.ItemType.NUMBER,
    ColumnType.DATE: v.ItemType.DATE,
    ColumnType.DATETIME: v.ItemType.DATETIME,
    ColumnType.BOOLEAN: v.ItemType.BOOLEAN,
}


@dataclass(frozen=True)
class Plan:
    """What a check needs to know, read in one short session: the file, the declared items, the rules so far."""

    version_id: str
    sha256: str
    filename: str
    uploaded_at: datetime
    items: tuple[ItemHint, ...]
    rules: tuple[Rule, ...]
    settled: bool
    how: How
    waived: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Asked:
    """A file whose table has to be pointed out by the steward before it is read."""

    glance: Glance


@dataclass(frozen=True)
class Result:
    """What a check found: the account of the file, its profile, the rules used, their outcomes and the scorecard."""

    intake: Intake
    account: Mapping[str, Any]
    glance: Glance
    table: Blob
    refusals: Blob | None
    profile: Mapping[str, Any]
    rules: tuple[Rule, ...]
    run: Run
    scorecard: grading.Scorecard
    gate: grading.Gate


def gather(session: Session, version_id: str, today: date | None = None) -> Plan | None:
    """First beat; none when the version is not waiting any more, because a repeat has nothing to do."""
    version = session.get(Version, version_id)
    if version is None or version.state is not v.VersionState.RECEIVED:
        return None
    suite = suites.latest(session, version.entry)
    return Plan(
        version_id=version.id,
        sha256=version.original.sha256,
        filename=version.original.name,
        uploaded_at=version.uploaded_at,
        items=tuple(_hint(item) for item in version.entry.items),
        rules=suites.rules_of(suite) if suite else (),
        settled=suites.was_run(session, version.entry),
        how=_how(version),
        waived=frozenset(waivers.in_force(session, version.entry, today)) if today else frozenset(),
    )


def act(plan: Plan, blobs: BlobStore, scratch: Path, now: datetime, *, memory_mb: int) -> Result | Asked | Refusal:
    """Second beat, without any session: look, read, profile, propose, run.

    A file that can't be read is a refusal; one whose table is not plain to see is asked about.
    """
    with TemporaryDirectory(dir=scratch) as folder, blobs.local_path(plan.sha256) as original:
        try:
            return examine(
                original,
                plan.filename,
                Path(folder),
                blobs,
                now,
                items=plan.items,
                rules=plan.rules,
                settled=plan.settled,
                updated_at=plan.uploaded_at,
                memory_mb=memory_mb,
                how=plan.how,
                waived=plan.waived,
            )
        except Refusal as refusal:
            return refusal


def examine(
    original: Path,
    filename: str,
    folder: Path,
    blobs: BlobStore | None,
    now: datetime,
    *,
    items: Sequence[ItemHint] = (),
    rules: Sequence[Rule] = (),
    settled: bool = False,
    updated_at: datetime | None = None,
    memory_mb: int = 1024,
    how: How | None = None,
    waived: Collection[str] = (),
) -> Result | Asked:
    """Read a file, type it, profile it, add proposed rules unless the suite is settled, run them and score.

    `how` says where the table lies; by default nobody is asked and what the file itself shows is believed. Without a
    store (the command line) nothing is kept. Raises Invalid for a file that is no table.
    """
    table, refused = folder / "table.parquet", folder / "refused.jsonl"
    specs = [ColumnSpec(one.name, TYPES.get(v.ItemType(one.type)) if one.type else None) for one in items]
    with containers.unwrapped(original, filename, folder) as (inner, name):
        glance, layout = looking.look(inner, name, how or How())
        if layout is None:
            return Asked(glance)
        # What a conversion makes of a text is for its values to say.
        specs = [ColumnSpec(one.name) if _is_freed(one, layout) else one for one in specs]
        intake = read_table(inner, name, items=specs or None, out=table, refusals=refused, layout=layout)
    profile = profiles.profile(table, memory_limit=f"{min(memory_mb, PROFILE_MB)}MB")
    today = local_date(now)
    used = tuple(rules) if settled else _with_proposals(rules, proposals.propose(profile, items, today=today))
    run = expectations.run(
        table,
        used,
        memory_limit=f"{memory_mb}MB",
        timeout=SECONDS,
        parameters={"today": today, "updated_at": updated_at or now},
    )
    results = _rule_results(used, run)
    rulebook_ = rulebook.in_force()
    counted = grading.scored(results, rulebook_.quality, waived)
    scorecard = grading.score(counted, rulebook_.quality, rows=intake.rows_loaded)
    gate = grading.gate(results, scorecard.total, intake.rows_loaded, rulebook_.quality, waived)
    kept = None
    if blobs and intake.rows_refused:
        kept = _keep(blobs, refused)
    return Result(
        intake=intake,
        account=accounts.account(intake, glance.kind, refused) | {"marked": _marked(table)},
        glance=glance,
        table=_keep(blobs, table) if blobs else Blob("", table.stat().st_size),
        refusals=kept,
        profile=profile.to_json(),
        rules=used,
        run=run,
        scorecard=scorecard,
        gate=gate,
    )


def _marked(table: Path) -> list[dict[str, Any]]:
    """Cells that look like a classification marking, the first of each column."""
    return [one.to_json() for one in scanning.marked_cells(table)]


def record(work: Work, plan: Plan, found: Result | Asked | Refusal) -> None:
    """Third beat: write the verdict; a version that somebody else settled in the meantime is left alone."""
    version = work.session.scalars(
        select(Version).where(Version.id == plan.version_id).with_for_update(of=Version)
    ).one()
    if version.state is not v.VersionState.RECEIVED:
        return
    if isinstance(found, Refusal):
        versions.refuse(work, version, problem_of(found))
        return
    if isinstance(found, Asked):
        versions.ask(work, version, found.glance.to_json())
        return
    version.glance, version.layout = found.glance.to_json(), found.intake.layout.to_json()
    datasets.fill_items(work, version.entry, _items_of(found.intake))
    converted = found.intake.layout.conversions
    types = {one.name: ITEM_TYPES[one.type] for one in found.intake.columns if one.name in converted}
    datasets.retype_items(work, version.entry, types)
    suite = suites.propose(work, version.entry, found.rules) if not plan.settled else None
    suite = suite or suites.latest(work.session, version.entry)
    assert suite is not None  # noqa: S101 - a settled plan has run a suite before
    work.session.add(
        StoredRun(
            id=new_id(),
            version_id=version.id,
            suite_id=suite.id,
            engine=found.run.engine,
            engine_version=found.run.engine_version,
            rows=found.run.rows,
            seconds=found.run.seconds,
            results=[_stored(outcome) for outcome in found.run.results],
            at=work.now,
        )
    )
    versions.settle(work, version, _loaded(found), _judged(found))


def _with_proposals(rules: Sequence[Rule], proposed: Sequence[Rule]) -> tuple[Rule, ...]:
    """What the steward has declared, and of the proposals what it doesn't cover."""
    covered = {(rule.kind, rule.columns) for rule in rules}
    return (*rules, *(rule for rule in proposed if (rule.kind, rule.columns) not in covered))


def problem_of(refusal: Refusal) -> dict[str, Any]:
    """A refusal as a version keeps it: code and both texts."""
    return {"code": refusal.code, "zh": refusal.text("zh"), "en": refusal.text("en")}


def score_of(value: Decimal | None) -> float | None:
    """A score as columns hold it."""
    return None if value is None else float(value)


def _is_freed(spec: ColumnSpec, layout: Layout) -> bool:
    return spec.type is ColumnType.TEXT and spec.name in layout.conversions


def _how(version: Version) -> How:
    """What the steward has said of this file, else what was settled for the entry before."""
    said, kept = version.layout, version.entry.layout
    if said is not None:
        layout = Layout.from_json(said)
        return How(ask=True, sheet=layout.sheet, layout=None if said.get("look") else layout)
    if kept is not None:
        return How(ask=True, kept=Layout.from_json(kept["layout"]), headings=kept["headings"])
    return How(ask=True)


def _hint(item: Any) -> ItemHint:
    return ItemHint(
        name=item.name,
        title=item.title,
        type=item.type.value,
        nullable=item.nullable,
        is_primary=item.is_primary,
        codes=tuple(item.codes) if item.codes else None,
        is_timestamp=item.is_timestamp,
    )


def _items_of(intake: Intake) -> list[datasets.ItemDescription]:
    return [
        datasets.ItemDescription(name=column.name, title=column.name, type=ITEM_TYPES[column.type])
        for column in intake.columns
    ]


def _rule_results(rules: Sequence[Rule], run: Run) -> list[RuleResult]:
    outcomes = {one.rule_id: one for one in run.results}
    return [
        RuleResult(
            rule_id=rule.rule_id,
            dimension=v.Dimension(rule.dimension),
            weight=Decimal(str(rule.weight)),
            severity=v.Severity(rule.severity),
            evaluated=outcomes[rule.rule_id].evaluated,
            unexpected=outcomes[rule.rule_id].unexpected,
            success=outcomes[rule.rule_id].success,
            lower_is_better=KINDS[rule.kind].indicator in LOWER_IS_BETTER,
        )
        for rule in rules
        if outcomes[rule.rule_id].error is None
    ]


def _loaded(found: Result) -> Loaded:
    intake = found.intake
    return Loaded(
        table=found.table,
        refusals=found.refusals,
        rows_read=intake.rows_read,
        rows_loaded=intake.rows_loaded,
        rows_refused=intake.rows_refused,
        columns=[{"name": one.name, "type": one.type.value, "why": one.inferred_reason} for one in intake.columns],
        encoding=intake.encoding,
        profile=found.profile,
        account=found.account,
    )


def _judged(found: Result) -> Judged:
    failed = sum(not one.success and one.error is None for one in found.run.results)
    return Judged(
        verdict=found.gate.verdict,
        reasons=[problem_of(one) for one in found.gate.reasons],
        score=score_of(found.scorecard.total),
        grade=found.scorecard.grade,
        dimensions={one.value: score_of(value) for one, value in found.scorecard.dimensions.items()},
        rules_total=len(found.rules),
        rules_failed=failed,
    )


def _stored(outcome: RuleOutcome) -> dict[str, Any]:
    return {
        "rule_id": outcome.rule_id,
        "evaluated": outcome.evaluated,
        "missing": outcome.missing,
        "unexpected": outcome.unexpected,
        "success": outcome.success,
        "observed": _plain(outcome.observed),
        "samples": [[row, _plain(value)] for row, value in outcome.samples],
        "error": outcome.error,
        "detail": outcome.detail,
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _keep(blobs: BlobStore, path: Path) -> Blob:
    with path.open("rb") as stream:
        return blobs.put(stream, limit=2**50)
