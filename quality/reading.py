"""Reading: a delivered file made into a typed table with its account, its profile and proposed rules; three beats.

What is recorded here stays: a check that dies later goes on from the table, and the file is not read again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import assessments, datasets, scanning, standards, versions
from catalog.blobs import Blob, BlobStore
from catalog.models import Version
from catalog.reading_files import accounts, containers, looking
from catalog.reading_files.intake import read_table
from catalog.reading_files.looking import How
from catalog.reading_files.shapes import ColumnSpec, ColumnType, Glance, Intake, Layout
from catalog.standard_models import DataElement
from catalog.versions import Loaded
from policies import vocabulary as v
from policies.calendars import local_date
from policies.refusals import Refusal
from quality import runs
from quality.profiling import assessing, profiles
from quality.profiling.assessing import Assessment, Subject
from quality.profiling.profiles import Profile
from quality.proposing import proposals
from quality.proposing.proposals import ItemHint
from quality.rules.rules import Rule
from quality.suites import suites
from tenancy.work import Work

PROFILE_MB = 300
"""More is not faster for a profile, and the worker has just read the file in the same process."""
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
    """What reading needs to know, in one short session: the file, the declared items, how the table lies in it.

    `rules` are those declared so far; `settled` tells that only the steward changes them from now on.
    """

    version_id: str
    sha256: str
    filename: str
    items: tuple[ItemHint, ...]
    rules: tuple[Rule, ...]
    settled: bool
    how: How
    subject: Subject


@dataclass(frozen=True)
class Asked:
    """A file whose table has to be pointed out by the steward before it is read."""

    glance: Glance


@dataclass(frozen=True)
class Read:
    """A file as a table, in local files: what intake says of it, its account, its profile and the rules to keep."""

    intake: Intake
    glance: Glance
    table: Path
    refused: Path
    account: Mapping[str, Any]
    profile: Profile
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Kept:
    """What was read and assessed, with table and refused rows in the store."""

    read: Read
    assessment: Assessment
    table: Blob
    refusals: Blob | None = field(default=None)


def gather(session: Session, version_id: str) -> Plan | None:
    """First beat; none when the version is not waiting any more, because a repeat has nothing to do."""
    version = session.get(Version, version_id)
    if version is None or version.state is not v.VersionState.RECEIVED:
        return None
    suite = suites.latest(session, version.entry)
    day = local_date(version.uploaded_at)
    lists = standards.lists_for(session, version.entry.items, day)
    elements = standards.elements_of(session, version.entry.items, day)
    return Plan(
        version_id=version.id,
        sha256=version.original.sha256,
        filename=version.original.name,
        items=tuple(_hint(item, lists, elements) for item in version.entry.items),
        rules=suites.rules_of(suite) if suite else (),
        settled=suites.was_run(session, version.entry),
        how=_how(version),
        subject=assessing.subject_of(version.entry),
    )


def act(plan: Plan, blobs: BlobStore, scratch: Path, now: datetime, *, memory_mb: int) -> Kept | Asked | Refusal:
    """Second beat, without any session: look, read, profile, propose, assess, store.

    A file that can't be read is a refusal; one whose table is not plain to see is asked about.
    """
    with TemporaryDirectory(dir=scratch) as folder, blobs.local_path(plan.sha256) as original:
        try:
            found = read(
                original,
                plan.filename,
                Path(folder),
                now,
                items=plan.items,
                rules=plan.rules,
                settled=plan.settled,
                memory_mb=memory_mb,
                how=plan.how,
            )
        except Refusal as refusal:
            return refusal
        if isinstance(found, Asked):
            return found
        refusals = _keep(blobs, found.refused) if found.intake.rows_refused else None
        assessment = assessing.assess(found.table, plan.subject, local_date(now), memory_limit=f"{PROFILE_MB}MB")
        return Kept(found, assessment, _keep(blobs, found.table), refusals)


def read(
    original: Path,
    filename: str,
    folder: Path,
    now: datetime,
    *,
    items: Sequence[ItemHint] = (),
    rules: Sequence[Rule] = (),
    settled: bool = False,
    memory_mb: int = 1024,
    how: How | None = None,
) -> Read | Asked:
    """Read a file into `folder`, type it, profile it, and add proposed rules unless the suite is settled.

    `how` says where the table lies; by default nobody is asked and what the file itself shows is believed. Raises
    Invalid for a file that is no table.
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
    used = tuple(rules)
    if not settled:
        used = _with_proposals(rules, proposals.propose(profile, items, today=local_date(now)))
    account = accounts.account(intake, glance.kind, refused) | {"marked": _marked(table)}
    return Read(intake, glance, table, refused, account, profile, used)


def record(work: Work, plan: Plan, found: Kept | Asked | Refusal) -> None:
    """Third beat: keep what was read and ask for a run; a version settled in the meantime is left alone."""
    version = work.session.scalars(
        select(Version).where(Version.id == plan.version_id).with_for_update(of=Version)
    ).one()
    if version.state is not v.VersionState.RECEIVED:
        return
    if isinstance(found, Refusal):
        versions.refuse(work, version, versions.problem_of(found))
        return
    if isinstance(found, Asked):
        versions.ask(work, version, found.glance.to_json())
        return
    intake = found.read.intake
    version.glance, version.layout = found.read.glance.to_json(), intake.layout.to_json()
    datasets.fill_items(work, version.entry, _items_of(intake))
    converted = intake.layout.conversions
    types = {one.name: ITEM_TYPES[one.type] for one in intake.columns if one.name in converted}
    datasets.retype_items(work, version.entry, types)
    if not plan.settled:
        suites.propose(work, version.entry, found.read.rules)
    versions.load(work, version, _loaded(found))
    assessments.keep(work, version, found.assessment.found, found.assessment.facts)
    runs.request(work, version)


def _with_proposals(rules: Sequence[Rule], proposed: Sequence[Rule]) -> tuple[Rule, ...]:
    """What the steward has declared, and of the proposals what it doesn't cover."""
    covered = {(rule.kind, rule.columns) for rule in rules}
    return (*rules, *(rule for rule in proposed if (rule.kind, rule.columns) not in covered))


def _marked(table: Path) -> list[dict[str, Any]]:
    """Cells that look like a classification marking, the first of each column."""
    return [one.to_json() for one in scanning.marked_cells(table)]


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


def _hint(item: Any, lists: Mapping[str, Sequence[str]], elements: Mapping[str, DataElement]) -> ItemHint:
    """What the catalogue says of an item; its values are those of its code list, its form that of its data element."""
    codes, element = lists.get(item.name) or item.codes, elements.get(item.element or "")
    return ItemHint(
        name=item.name,
        title=item.title,
        type=item.type.value,
        nullable=item.nullable,
        is_primary=item.is_primary,
        codes=tuple(codes) if codes else None,
        is_timestamp=item.is_timestamp,
        element=element.name if element else "",
        regex=element.pattern if element else "",
        longest=element.length if element else None,
    )


def _items_of(intake: Intake) -> list[datasets.ItemDescription]:
    return [
        datasets.ItemDescription(name=column.name, title=column.name, type=ITEM_TYPES[column.type])
        for column in intake.columns
    ]


def _loaded(found: Kept) -> Loaded:
    intake = found.read.intake
    return Loaded(
        table=found.table,
        refusals=found.refusals,
        rows_read=intake.rows_read,
        rows_loaded=intake.rows_loaded,
        rows_refused=intake.rows_refused,
        columns=[{"name": one.name, "type": one.type.value, "why": one.inferred_reason} for one in intake.columns],
        encoding=intake.encoding,
        profile=found.read.profile.to_json(),
        account=found.read.account,
    )


def _keep(blobs: BlobStore, path: Path) -> Blob:
    with path.open("rb") as stream:
        return blobs.put(stream, limit=2**50)
