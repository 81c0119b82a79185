"""Assessing a stored table before it is opened: personal data and risk of disclosure, as part of a check or alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from catalog import assessments
from catalog.blobs import BlobStore
from catalog.models import Entry, Version
from policies import vocabulary as v
from policies.calendars import local_date
from quality.engines import engine_tables
from quality.engines.engine_tables import Scan
from quality.profiling import disclosure, personal_scan
from quality.profiling.personal_scan import Found
from tenancy.work import Work

DIRECT = frozenset({v.PersonalKind.CITIZEN_ID, v.PersonalKind.MINOR, v.PersonalKind.PASSPORT, v.PersonalKind.BANK_CARD})
"""Kinds that name one person, so that the rows which hold them are about persons."""
PARTS = {
    v.PersonalKind.ADDRESS: "address",
    v.PersonalKind.WHEREABOUTS: "address",
    v.PersonalKind.BIRTH_DATE: "birth",
    v.PersonalKind.DEMOGRAPHIC: "attribute",
    v.PersonalKind.HEALTH: "",
    v.PersonalKind.BIOMETRIC: "",
    v.PersonalKind.RELIGION: "",
    v.PersonalKind.FINANCE: "",
    v.PersonalKind.OTHER: "",
}
"""What a declared item of a kind is among quasi-identifiers; a name or a telephone may be that of an office."""
SECONDS = 120.0


@dataclass(frozen=True)
class Subject:
    """What the catalogue says of a table: titles of columns, those that leave (None: all), declared kinds, and the
    quasi-identifiers chosen by the steward (None: those proposed)."""

    titles: Mapping[str, str] = field(default_factory=dict)
    leaving: frozenset[str] | None = None
    declared: Mapping[str, v.PersonalKind] = field(default_factory=dict)
    chosen: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Assessment:
    """What was found in a table and counted of it, as a version keeps them."""

    found: Sequence[Mapping[str, Any]]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """A table to be assessed."""

    version_id: str
    sha256: str
    subject: Subject


def subject_of(entry: Entry) -> Subject:
    """What an entry says of its table."""
    chosen = entry.quasi_identifiers
    return Subject(
        titles={item.name: f"{item.title}\n{item.title_en}".strip() for item in entry.items},
        leaving=assessments.leaving(entry, ()) if entry.items else None,
        declared={item.name: item.personal_kind for item in entry.items if item.personal_kind is not None},
        chosen=tuple(chosen) if chosen is not None else None,
    )


def assess(
    table: Path, subject: Subject, today: date, *, memory_limit: str, timeout: float | None = None
) -> Assessment:
    """Look for personal data in a Parquet file and count what tells its rows apart."""
    with engine_tables.open_table(table, memory_limit=memory_limit, timeout=timeout) as scan:
        return look(scan, subject, today)


def look(scan: Scan, subject: Subject, today: date) -> Assessment:
    """The same for a table that is open already."""
    found = personal_scan.find(scan, subject.titles, today)
    facts = disclosure.measure(
        scan,
        subject.titles,
        leaving=subject.leaving,
        direct=_direct(found, subject),
        declared={name: PARTS[kind] for name, kind in subject.declared.items() if kind in PARTS},
        sensitive=[name for name in scan.names if _is_sensitive(name, found, subject)],
        chosen=subject.chosen,
    )
    return Assessment([one.to_json() for one in found], disclosure.to_json(facts))


def _direct(found: Sequence[Found], subject: Subject) -> frozenset[str]:
    """Columns of direct identifiers: proven by their values, or declared."""
    proven = {one.column for one in found if one.kind in DIRECT and one.confidence is v.Confidence.CERTAIN}
    return frozenset(proven | {name for name, kind in subject.declared.items() if kind in DIRECT})


def _is_sensitive(name: str, found: Sequence[Found], subject: Subject) -> bool:
    kinds = {one.kind for one in found if one.column == name} | {subject.declared.get(name)}
    return any(kind is not None and kind.sensitive and kind not in DIRECT for kind in kinds)


def gather(session: Session, version_id: str) -> Plan | None:
    """First beat of assessing a version again; none where it has no table."""
    version = session.get(Version, version_id)
    if version is None or version.table is None:
        return None
    return Plan(version.id, version.table.sha256, subject_of(version.entry))


def act(plan: Plan, blobs: BlobStore, now: datetime, *, memory_mb: int) -> Assessment:
    """Second beat, without any session."""
    with blobs.local_path(plan.sha256) as table:
        return assess(table, plan.subject, local_date(now), memory_limit=f"{memory_mb}MB", timeout=SECONDS)


def record(work: Work, plan: Plan, found: Assessment) -> None:
    """Third beat: keep what was found; to repeat it changes nothing but the instant."""
    version = work.session.get_one(Version, plan.version_id, with_for_update={"of": Version})
    assessments.keep(work, version, found.found, found.facts)
