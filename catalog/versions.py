"""Versions: deliveries of an entry's data, received, judged, and made live only when they pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog import assessments, changes
from catalog.blobs import Blob
from catalog.models import Entry, Follow, StoredFile, Version
from catalog.reading import LIVE
from catalog.reading_files import remembered
from catalog.reading_files.shapes import Glance, Layout
from policies import vocabulary as v
from policies.refusals import NotFound, Refusal, Refused
from tenancy import notices
from tenancy.types import new_id
from tenancy.work import Work

SHOWN = frozenset({v.VersionState.LIVE, v.VersionState.SUPERSEDED})
"""States in which a version has been before readers."""


@dataclass(frozen=True)
class Loaded:
    """What intake made of a file: the table, the refused rows, and counts that add up."""

    table: Blob
    refusals: Blob | None
    rows_read: int
    rows_loaded: int
    rows_refused: int
    columns: Sequence[Mapping[str, Any]]
    encoding: str | None
    profile: Mapping[str, Any]
    account: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """What quality found: verdict with reasons, score 0–100, grade, dimensions (null where no rule) and rule counts."""

    verdict: v.Verdict
    reasons: Sequence[Mapping[str, str]]
    score: float | None
    grade: v.Grade | None
    dimensions: Mapping[str, float | None]
    rules_total: int
    rules_failed: int


def receive(
    work: Work,
    entry: Entry,
    blob: Blob,
    filename: str,
    note: str = "",
    *,
    source_rows: int | None = None,
    quarantined: str | None = None,
) -> Version:
    """Take in a file for an entry; the worker reads and checks it afterwards.

    With the name under which the file waits in quarantine, the worker scans it first; only then is it stored.
    """
    work.demand("version.upload", entry)
    number = work.session.scalar(select(func.max(Version.number)).where(Version.entry_id == entry.id)) or 0
    original = keep_file(work, blob, filename, "original")
    version = Version(
        id=new_id(),
        entry_id=entry.id,
        entry=entry,
        number=number + 1,
        state=v.VersionState.RECEIVED,
        original=original,
        original_id=original.id,
        uploaded_by=work.actor.id,
        uploaded_at=work.now,
        note=note,
        source_rows=source_rows,
        quarantined=quarantined,
    )
    work.session.add(version)
    work.session.flush()
    work.record("version.received", version, entry=entry.code, sha256=blob.sha256, size=blob.size)
    work.enqueue("version.check", dedupe=version.id, version_id=version.id)
    return version


def keep_file(work: Work, blob: Blob, name: str, kind: str) -> StoredFile:
    """Enter a stored blob under the name it came with."""
    file = StoredFile(
        id=new_id(),
        sha256=blob.sha256,
        size=blob.size,
        name=name[-300:],
        kind=kind,
        created_by=work.actor.id,
        created_at=work.now,
    )
    work.session.add(file)
    work.session.flush()
    return file


def refuse(work: Work, version: Version, problem: Mapping[str, Any], notice: str = "version.refused") -> None:
    """Mark a version that could not be read or judged, with the reason in words the steward can act on."""
    work.demand("quality.run", version.entry)
    version.state = v.VersionState.FAILED
    version.problem = dict(problem)
    version.checked_at = work.now
    work.record("version.refused", version, problem=problem.get("code"))
    tell_steward(work, version, notice)


def problem_of(refusal: Refusal) -> dict[str, Any]:
    """A refusal as a version keeps it: code and both texts."""
    return {"code": refusal.code, "zh": refusal.text("zh"), "en": refusal.text("en")}


def ask(work: Work, version: Version, glance: Mapping[str, Any]) -> None:
    """Let the steward say where the table lies in a file, with the first rows and a proposal to look at."""
    work.demand("quality.run", version.entry)
    version.state, version.glance = v.VersionState.ASKED, dict(glance)
    work.record("version.asked", version, entry=version.entry.code)
    tell_steward(work, version, "version.asked")


def confirm_layout(work: Work, version: Version, layout: Layout, *, look: bool = False) -> None:
    """Say where the table lies: the file is read that way now, and so are later files of the entry that look alike.

    With `look`, another sheet shall only be looked at, and the question comes again. Refused where nothing was asked.
    """
    work.demand("version.upload", version.entry)
    row = work.session.scalars(select(Version).where(Version.id == version.id).with_for_update(of=Version)).one()
    if row.state is not v.VersionState.ASKED:
        raise Refused("version.not-asked")
    _check_conversions(row.entry, layout)
    row.state, row.layout = v.VersionState.RECEIVED, {**layout.to_json(), "look": look}
    if not look:
        row.entry.layout = {"layout": layout.to_json(), "headings": _headings(layout, row)}
    work.record("version.laid-out", row, entry=row.entry.code, layout=layout.to_json())
    work.enqueue("version.check", dedupe=row.id, version_id=row.id)


def reread(work: Work, version: Version, layout: Layout) -> Version:
    """Read the file of a version once more, another way: it becomes a version of its own."""
    work.demand("version.upload", version.entry)
    if version.quarantined or version.checked_at is None or (version.problem or {}).get("code") == "file.classified":
        raise Refused("version.not-readable")
    _check_conversions(version.entry, layout)
    blob = Blob(version.original.sha256, version.original.size)
    name, rows = version.original.name, version.source_rows
    again = receive(work, version.entry, blob, name, version.note, source_rows=rows)
    again.layout = layout.to_json()
    version.entry.layout = {"layout": layout.to_json(), "headings": _headings(layout, version)}
    work.record("version.reread", again, entry=version.entry.code, of=version.number)
    return again


def load(work: Work, version: Version, loaded: Loaded) -> None:
    """Keep what intake made of a file; the version is now being checked, and what was kept is never made again."""
    work.demand("quality.run", version.entry)
    stem = version.original.name.rsplit(".", 1)[0]
    version.table = keep_file(work, loaded.table, f"{stem}.parquet", "table")
    if loaded.refusals:
        version.refusals = keep_file(work, loaded.refusals, f"{stem}-refused.jsonl", "refusals")
    version.rows_read, version.rows_loaded = loaded.rows_read, loaded.rows_loaded
    version.rows_refused, version.encoding = loaded.rows_refused, loaded.encoding
    version.account = {**(version.account or {}), **loaded.account}
    version.columns, version.profile = [dict(one) for one in loaded.columns], dict(loaded.profile)
    version.state = v.VersionState.CHECKING
    work.record("version.read", version, rows=loaded.rows_loaded, refused=loaded.rows_refused)


def judge(work: Work, version: Version, judged: Judged) -> None:
    """Write what quality found; a passing version replaces the live one, a failing one never does.

    A version that readers have or had keeps its place whatever is found later: only its verdict changes.
    """
    work.demand("quality.run", version.entry)
    before = version.verdict
    version.verdict, version.verdict_reasons = judged.verdict, [dict(one) for one in judged.reasons]
    version.score, version.grade, version.dimensions = judged.score, judged.grade, dict(judged.dimensions)
    version.rules_total, version.rules_failed = judged.rules_total, judged.rules_failed
    version.checked_at, version.problem = work.now, None
    passed = judged.verdict is v.Verdict.PASS
    work.record("version.judged", version, verdict=judged.verdict.value, score=judged.score)
    if version.state in SHOWN:
        if version.id == version.entry.live_version_id:
            version.entry.score, version.entry.grade = version.score, version.grade
        changes.note(work, version.entry, "version.judged")
    else:
        version.state = v.VersionState.PASSED if passed else v.VersionState.REFUSED
        held = passed and version.entry.state in LIVE and assessments.held(version)
        if held:
            assessments.warn(work, version, live(work.session, version.entry))
        if passed and version.entry.state in LIVE and not held:
            make_live(work, version)
        else:
            changes.note(work, version.entry, "version.judged")
    if before is not judged.verdict:
        tell_steward(work, version, "version.passed" if passed else "version.failed")


def settle(work: Work, version: Version, loaded: Loaded, judged: Judged) -> None:
    """Keep what intake made of a file and what quality found of it, at once."""
    load(work, version, loaded)
    judge(work, version, judged)


def make_live(work: Work, version: Version) -> None:
    """Put a passing version before the readers; the one before it is kept as superseded."""
    entry, before = version.entry, None
    if entry.live_version_id and entry.live_version_id != version.id:
        before = work.session.get_one(Version, entry.live_version_id)
        if before.number > version.number:
            version.state = v.VersionState.SUPERSEDED
            return
        before.state = v.VersionState.SUPERSEDED
    version.state, version.published_at = v.VersionState.LIVE, work.now
    entry.live_version_id = version.id
    entry.rows, entry.bytes, entry.probe_ok = version.rows_loaded, version.original.size, True
    entry.score, entry.grade = version.score, version.grade
    entry.data_updated_at = version.uploaded_at
    work.record("version.live", version, entry=entry.code, number=version.number)
    changes.note(work, entry, "version.live")
    assessments.warn(work, version, before)
    _tell_followers(work, entry, "entry.updated")


def take_offline(work: Work, entry: Entry, reasons: Sequence[Mapping[str, Any]]) -> None:
    """Hand out an entry's rows no longer, with the reasons that everybody may read; its own house keeps them."""
    work.demand("issue.detect", entry)
    if entry.offline_since is not None:
        return
    entry.offline_since, entry.offline_reasons = work.now, [dict(one) for one in reasons]
    work.record("entry.offline", entry, code=entry.code, reasons=[one.get("code") for one in reasons])
    changes.note(work, entry, "entry.offline")
    _tell_followers(work, entry, "entry.offline")


def bring_back(work: Work, entry: Entry) -> None:
    """Hand out an entry's rows again."""
    work.demand("issue.detect", entry)
    if entry.offline_since is None:
        return
    entry.offline_since, entry.offline_reasons = None, None
    work.record("entry.online", entry, code=entry.code)
    changes.note(work, entry, "entry.online")
    _tell_followers(work, entry, "entry.online")


def _tell_followers(work: Work, entry: Entry, kind: str) -> None:
    for person_id in work.session.scalars(select(Follow.person_id).where(Follow.entry_id == entry.id)):
        notices.tell(work, person_id, kind, entry, code=entry.code, title=entry.title)


def newest_passing(session: Session, entry: Entry) -> Version | None:
    """The newest version that passed and has not been put live yet."""
    query = select(Version).where(
        Version.entry_id == entry.id,
        Version.state == v.VersionState.PASSED,
        Version.verdict == v.Verdict.PASS,
    )
    return session.scalars(query.order_by(Version.number.desc()).limit(1)).first()


def find(session: Session, entry: Entry, number: int) -> Version:
    """An entry's version by number; NotFound if there is none."""
    query = select(Version).where(Version.entry_id == entry.id, Version.number == number)
    version = session.scalars(query).first()
    if version is None:
        raise NotFound("general.not-found")
    return version


def live(session: Session, entry: Entry) -> Version | None:
    """The version that readers get, if any."""
    return session.get(Version, entry.live_version_id) if entry.live_version_id else None


def all_of(session: Session, entry: Entry) -> list[Version]:
    """Every version of an entry, newest first."""
    query = select(Version).where(Version.entry_id == entry.id).order_by(Version.number.desc())
    return list(session.scalars(query))


def _check_conversions(entry: Entry, layout: Layout) -> None:
    """The items of a published entry are promised: a conversion may be accepted before that, not after."""
    kept = (entry.layout or {}).get("layout", {}).get("conversions", {})
    if entry.state in LIVE and set(layout.conversions.items()) - set(kept.items()):
        raise Refused("version.conversion-published")


def _headings(layout: Layout, version: Version) -> str:
    """The headings by which a file with this layout is known again; none where nothing of the file was kept."""
    return remembered.fingerprint(layout, Glance.from_json(version.glance)) if version.glance else ""


def tell_steward(work: Work, version: Version, kind: str) -> None:
    """Tell whoever uploaded a version what became of it."""
    if version.uploaded_by not in {"system", "anonymous"}:
        entry = version.entry
        notices.tell(work, version.uploaded_by, kind, entry, code=entry.code, title=entry.title, number=version.number)
