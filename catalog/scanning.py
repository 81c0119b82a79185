"""Scanning: a file in quarantine is searched for classification markings, then stored or erased; three beats each.

A marking in the file's name, in the document's properties or where people read it first (titles, headings) stops
the file. Elsewhere, in a cell of the data, it is a finding for the steward. Every beat may be repeated after the
process was killed: the row tells whether a file still waits, and an erased file was judged before it was erased.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from catalog import assessments, versions
from catalog.blobs import BlobStore
from catalog.models import Upload, Version
from catalog.quarantine import Quarantine
from catalog.reading_files.shapes import Glance, GlanceRow
from policies import markings
from policies import vocabulary as v
from policies.markings import Marking
from policies.refusals import Invalid, NotFound, Refusal
from tenancy import notices
from tenancy.work import Work

T = TypeVar("T")
JSON = frozenset({"json", "jsonl"})
See = Callable[[Path, str], Glance]
"""Takes a first look at a file; raises Invalid for one that cannot be read."""

ERASED = "—"
"""What stands for the name of an erased file: the name may tell what the file held."""
DATA_ROLES = frozenset({"data", "total", "note"})
LEVEL_COLUMN = "密|保密|定密"
FIRST_LINES = 20
OPENING_LINES = 3
MOST = 50
SUSPECT = "密|内部|不予|注意|外传"


@dataclass(frozen=True, slots=True)
class Finding:
    """A marking in a cell of the data: sheet (where there are several), row or column, and the marking alone."""

    marking: Marking
    row: int | None = None
    column: str | None = None
    sheet: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The finding as a version keeps it."""
        return {
            "level": self.marking.level.value,
            "marking": self.marking.text,
            "row": self.row,
            "column": self.column,
            "sheet": self.sheet,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """A file to be scanned: of which version, under which name it waits, and whether it was judged already."""

    version_id: str
    name: str
    filename: str
    sha256: str
    judged: bool


@dataclass(frozen=True, slots=True)
class Clean:
    """The file is in the store now; cells to be looked at."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Stopped:
    """The file bears a marking, and where: name, properties or heading."""

    where: str
    marking: Marking


def gather(session: Session, version_id: str) -> Plan | None:
    """First beat; none where no file waits, because it was scanned before or never in quarantine."""
    version = session.get(Version, version_id)
    if version is None or version.quarantined is None:
        return None
    original = version.original
    judged = version.state is not v.VersionState.RECEIVED
    return Plan(version.id, version.quarantined, original.name, original.sha256, judged)


def act(plan: Plan, quarantine: Quarantine, blobs: BlobStore, see: See) -> Clean | Stopped | Refusal:
    """Second beat, without any session: look, and store a clean file; it waits on until that is recorded."""
    try:
        path = quarantine.path(plan.name)
        found = judge(see(path, plan.filename), plan.filename)
        if isinstance(found, Stopped):
            return found
        with path.open("rb") as file:
            blob = blobs.put(file, limit=path.stat().st_size)
    except (Invalid, NotFound) as refusal:
        marked = _in_name(plan.filename)
        return marked or refusal
    return found if blob.sha256 == plan.sha256 else NotFound("file.blob-damaged")


def record(work: Work, plan: Plan, found: Clean | Stopped | Refusal) -> None:
    """Third beat: a clean file is free to be read; any other fails its version, and its file still has to be erased."""
    version = work.session.scalars(
        select(Version).where(Version.id == plan.version_id).with_for_update(of=Version)
    ).one()
    if version.quarantined != plan.name or version.state is not v.VersionState.RECEIVED:
        return
    if isinstance(found, Refusal):
        versions.refuse(work, version, _problem(found))
    elif isinstance(found, Stopped):
        _stop(work, version, found)
    else:
        work.demand("quality.run", version.entry)
        version.quarantined = None
        if found.findings:
            version.account = {**(version.account or {}), "markings": [one.to_json() for one in found.findings]}
        work.record("version.scanned", version, sha256=plan.sha256, findings=len(found.findings))


def forget(work: Work, plan: Plan) -> None:
    """Last beat, when the file has left quarantine: the row refers to it no longer."""
    version = work.session.get_one(Version, plan.version_id)
    if version.quarantined == plan.name:
        version.quarantined = None


def judge(glance: Glance, filename: str) -> Clean | Stopped:
    """What the first look at a file says of it."""
    stopped = _in_name(filename) or _in_properties(glance.properties) or _in_heads(glance)
    if stopped:
        return stopped
    return Clean(tuple(_in_data(glance.rows))[:MOST])


def marked_cells(table: Path) -> tuple[Finding, ...]:
    """Markings in the cells of a stored table, the first of each column; rows are counted from 1 as they are stored.

    In a column that tells levels a bare level is a value, so only one with a star or a label counts there.
    """
    found: dict[str, Finding] = {}
    start = 0
    with pq.ParquetFile(table) as file:
        texts = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
        for batch in file.iter_batches(columns=texts):
            for name in texts:
                if name not in found and (one := _first_marked(name, batch.column(name), start)):
                    found[name] = one
            start += batch.num_rows
    return tuple(found.values())[:MOST]


def _in_name(filename: str) -> Stopped | None:
    found = markings.find(filename.rpartition(".")[0] or filename)
    return Stopped("name", found) if found else None


def _in_properties(properties: Mapping[str, str]) -> Stopped | None:
    for name, text in properties.items():
        found = markings.find(text) or markings.find_strong(f"{name}：{text}")
        if found:
            return Stopped("properties", found)
    return None


def _in_heads(glance: Glance) -> Stopped | None:
    """Titles and headings of the table, what stands before JSON records, and the openings of the other sheets."""
    lines = [row.cells for row in glance.rows if row.role not in DATA_ROLES]
    for sheet, texts in glance.heads.items():
        if sheet in _unshown(glance):
            lines += _opening(texts)
    found = _before_records(glance) if glance.kind.kind in JSON else _first(_in_line, lines)
    return Stopped("heading", found) if found else None


def _before_records(glance: Glance) -> Marking | None:
    """The marking among the members that JSON has before its list of records."""
    text = "\n".join(line for lines in glance.heads.values() for line in lines)
    return markings.find_strong(text.partition("[")[0].replace('"', "")) if "[" in text else None


def _unshown(glance: Glance) -> frozenset[str]:
    """Sheets of which the glance shows no rows."""
    if not glance.rows:
        return frozenset(glance.heads)
    filled = [sheet for sheet, texts in glance.heads.items() if texts]
    return frozenset() if len(filled) < 2 else frozenset(filled) - {glance.layout.sheet or filled[0]}


def _opening(texts: Sequence[str]) -> list[tuple[str, ...]]:
    """What people read first on a sheet: its lines until one has several cells; a list of levels is no such thing."""
    lines = [tuple(text.split("\t")) for text in texts]
    wide = next((place for place, cells in enumerate(lines) if len(cells) > 1), OPENING_LINES - 1)
    opening = lines[: min(wide + 1, FIRST_LINES)]
    alone = {found.level for cells in opening if len(cells) == 1 and (found := markings.find(cells[0]))}
    return [] if len(alone) > 1 else opening


def _in_line(cells: Sequence[str]) -> Marking | None:
    """The marking in a line: where it has several cells, a bare level may be the name of a column."""
    filled = [cell for cell in cells if cell.strip()]
    look = markings.find if len(filled) == 1 else markings.find_strong
    beside = [f"{first}：{second}" for first, second in pairwise(filled)]
    return _first(look, filled) or _first(markings.find_strong, beside)


def _first(look: Callable[[T], Marking | None], values: Iterable[T]) -> Marking | None:
    return next((found for value in values if (found := look(value))), None)


def _in_data(rows: Sequence[GlanceRow]) -> Iterable[Finding]:
    names: Sequence[str] = ()
    for row in rows:
        if row.role == "heading":
            names = row.cells
        if row.role not in DATA_ROLES:
            continue
        for position, cell in enumerate(row.cells):
            name = names[position] if position < len(names) else None
            found = _look_in(name)(cell)
            if found:
                yield Finding(found, row.number, name)


def _look_in(column: str | None) -> Callable[[str], Marking | None]:
    tells_levels = column is not None and any(word in column for word in LEVEL_COLUMN.split("|"))
    return markings.find_strong if tells_levels else markings.find


def _first_marked(name: str, values: pa.Array, start: int) -> Finding | None:
    suspects = pc.indices_nonzero(pc.fill_null(pc.match_substring_regex(values, SUSPECT), False))
    for place in suspects.to_pylist():
        found = _look_in(name)(values[place].as_py())
        if found:
            return Finding(found, start + place + 1, name)
    return None


def _stop(work: Work, version: Version, found: Stopped) -> None:
    """Fail a version whose file bears a marking, and tell the security administrators; nothing of the file is kept."""
    entry = version.entry
    work.demand("quality.run", entry)
    version.state, version.checked_at = v.VersionState.FAILED, work.now
    version.problem = _problem(Invalid("file.classified")) | {"where": found.where}
    version.original.name = ERASED
    work.session.execute(update(Upload).where(Upload.version_id == version.id).values(filename=ERASED))
    details = {"where": found.where, "level": found.marking.level.value, "number": version.number}
    work.record("version.classified", version, entry=entry.code, sha256=version.original.sha256, **details)
    for person_id in assessments.security_admins(work.session, entry.tenant.path):
        notices.tell(work, person_id, "version.classified", version, code=entry.code, number=version.number)
    versions.tell_steward(work, version, "version.stopped")


def _problem(refusal: Refusal) -> dict[str, Any]:
    return {"code": refusal.code, "zh": refusal.text("zh"), "en": refusal.text("en")}
