"""What the desk shows of one delivery, for programs: its runs and their results, refused rows, how it was read."""

from collections import deque
from collections.abc import Mapping
from contextlib import closing
from itertools import islice
from typing import Any

from apiflask import Schema, fields
from sqlalchemy import select

from catalog import assessments, reading, refused_rows, versions
from catalog.models import Version
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_desk import own
from open_portal.pages.api.api_mine import Procedure, case_row
from open_portal.pages.api.api_records import RuleResult, result_row
from open_portal.pages.api.api_tables import Answer, listed
from open_portal.pages.desk import desk_datasets, desk_uploads, desk_versions
from open_portal.pages.desk.desk_frame import name_of, words_of
from open_portal.pages.record import profile_frame, record_quality
from open_portal.requests import actor, kit, now, session
from policies.refusals import NotFound
from quality.models import Run, Suite
from quality.scoring import scores

N_ = schemas.N_
OF_VERSION = "desk/datasets/<code>/versions/<int:number>"


class QualityRun(Schema):
    """A run of the rules over a delivery."""

    id = fields.String(required=True)
    state = fields.Nested(schemas.Named, required=True)
    problem = fields.String(required=True)
    suite_version = fields.Integer(required=True)
    rows = fields.Integer(required=True, allow_none=True)
    rules = fields.Integer(required=True, allow_none=True)
    failed = fields.Integer(required=True, allow_none=True)
    seconds = fields.Float(required=True, allow_none=True)
    memory_mb = fields.Float(required=True, allow_none=True)
    engine = fields.String(required=True)
    asked_by = fields.String(required=True)
    at = fields.DateTime(required=True)


class RefusedRow(Schema):
    """A row that was not taken."""

    line = fields.Integer(required=True)
    reasons = fields.List(fields.String(), required=True)
    values = fields.List(fields.String(allow_none=True), required=True)
    text = fields.String(required=True)


class Remark(Schema):
    """Something noticed while a file was read."""

    kind = fields.String(
        required=True, metadata=schemas.told(N_("reason, note, flag, marking, set_aside, offer or column"))
    )
    place = fields.String(required=True)
    text = fields.String(required=True)
    rows = fields.Integer(required=True, allow_none=True)


class PersonalFinding(Schema):
    """Personal data found in a column, never a value of it."""

    column = fields.String(required=True)
    kind = fields.Nested(schemas.Named, required=True)
    hits = fields.Integer(required=True)
    checked = fields.Integer(required=True)
    exact = fields.Boolean(required=True)
    confidence = fields.Nested(schemas.Named, required=True)
    mismatch = fields.Boolean(required=True, metadata=schemas.told(N_("Whether the catalogue says otherwise")))
    answer = fields.String(required=True)
    reason = fields.String(required=True)


class ProfiledColumn(Schema):
    """A column of a delivery with its counts."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    type = fields.String(required=True)
    filled = fields.Integer(required=True)
    filled_percent = fields.Float(required=True)
    empty = fields.Integer(required=True, allow_none=True)
    distinct = fields.String(required=True)
    withheld = fields.Boolean(required=True)


class OpenUpload(Schema):
    """A file of which not every part has come."""

    id = fields.String(required=True)
    file = fields.String(required=True)
    bytes = fields.Integer(required=True)
    bytes_here = fields.Integer(required=True)
    begun_at = fields.DateTime(required=True)
    touched_at = fields.DateTime(required=True)


@listed(
    f"{OF_VERSION}/runs",
    N_("Runs of the rules over a delivery"),
    "QualityRuns",
    QualityRun,
    ("at", "suite_version", "seconds", "rows"),
)
def desk_runs(code: str, number: int, asked: dict[str, Any]) -> Answer:
    """Every run, the newest first."""
    found = _version(code, number)
    orders = {"at": Run.at, "suite_version": Suite.number, "seconds": Run.seconds, "rows": Run.rows}
    query = select(Run).join(Suite, Suite.id == Run.suite_id).where(Run.version_id == found.id)
    return api_tables.answer_query("runs", QualityRun, query, orders, (Run.at.desc(), Run.id.desc()), _run, asked)


@listed(
    f"{OF_VERSION}/runs/<run_id>/results",
    N_("Results of a run, rule by rule"),
    "RunResults",
    RuleResult,
    ("rule", "dimension", "severity", "verdict", "score", "unexpected"),
)
def desk_run_results(code: str, number: int, run_id: str, asked: dict[str, Any]) -> Answer:
    """What each rule came to, those that cost most first; never a value of the data."""
    found = _version(code, number)
    run = session().get(Run, run_id)
    if run is None or run.version_id != found.id:
        raise NotFound("general.not-found")
    access = reading.access(session(), found.entry, actor(), now())
    lines = record_quality.lines(found.entry, scores.outcomes(run), access)
    return api_tables.answer("results", RuleResult, [result_row(one) for one in lines], asked)


@listed(f"{OF_VERSION}/refused", N_("Refused rows of a delivery"), "RefusedRows", RefusedRow, ("line",))
def desk_refused(code: str, number: int, asked: dict[str, Any]) -> Answer:
    """Rows that were not taken, with their text and what is wrong with it; for those inside the unit alone."""
    found = _version(code, number)
    total, page, size = found.rows_refused or 0, int(asked["page"]), int(asked["per_page"])
    if found.refusals is None:
        return api_tables.one_page("refused", RefusedRow, [], 0, asked)
    first = (page - 1) * size
    with closing(kit().blobs.open(found.refusals.sha256)) as lines:
        if asked["sort"] == "-line":
            last = max(total - first, 0)
            rows = refused_rows.first(islice(lines, max(last - size, 0), last), size)[::-1]
        else:
            deque(islice(lines, first), maxlen=0)
            rows = refused_rows.first(lines, size)
    return api_tables.one_page("refused", RefusedRow, [_refused(one) for one in rows], total, asked)


@listed(
    f"{OF_VERSION}/remarks", N_("How the file of a delivery was read"), "Remarks", Remark, ("kind", "place", "rows")
)
def desk_remarks(code: str, number: int, asked: dict[str, Any]) -> Answer:
    """Why rows were refused and how often, notes, flags, markings, what was set aside or could be converted."""
    kept = desk_versions.account_of(_version(code, number))
    rows = [_remark("reason", "", text, count) for text, count in kept["reasons"]]
    rows += [_remark("set_aside", line, text) for line, text, _raw in kept["set_aside"]]
    rows += [_remark("note", "", text) for text in kept["notes"]]
    rows += [_remark("flag", place, text) for place, text in kept["flags"]]
    rows += [_remark("marking", place, text) for place, text in kept["markings"]]
    rows += [_remark("offer", column, text, count) for column, text, count, _before, _after in kept["offers"]]
    rows += [_remark("column", name, f"{kind} {why}".strip()) for name, kind, why in kept["columns"]]
    return api_tables.answer("remarks", Remark, rows, asked)


@listed(
    f"{OF_VERSION}/findings",
    N_("Personal data found in a delivery"),
    "PersonalFindings",
    PersonalFinding,
    ("column", "kind", "hits", "confidence"),
)
def desk_findings(code: str, number: int, asked: dict[str, Any]) -> Answer:
    """What the scan for personal data found by column, and what was answered to it."""
    found = _version(code, number)
    if found.table_id is None:
        raise NotFound("general.not-found")
    plain = ("column", "hits", "checked", "exact", "mismatch")
    rows = [
        {
            **{name: getattr(one, name) for name in plain},
            "kind": named(one.kind),
            "confidence": named(one.confidence),
            "answer": one.answer.get("answer", ""),
            "reason": one.answer.get("reason", ""),
        }
        for one in assessments.findings(found)
    ]
    return api_tables.answer("findings", PersonalFinding, rows, asked)


@listed(
    f"{OF_VERSION}/columns",
    N_("Columns of a delivery"),
    "ProfiledColumns",
    ProfiledColumn,
    ("name", "type", "filled", "empty"),
)
def desk_columns(code: str, number: int, asked: dict[str, Any]) -> Answer:
    """The profile of a delivery column by column, for those inside the unit."""
    found = _version(code, number)
    access = reading.Access(tuple(item.name for item in found.entry.items), "own-tenant")
    profile = profile_frame.page(found.entry, found, access)
    rows = [
        {
            **{name: one[name] for name in ("name", "type", "empty", "distinct", "withheld")},
            "title": one["label"],
            "filled": one["filled_rows"],
            "filled_percent": one["filled"],
        }
        for one in (profile["columns"] if profile else ())
    ]
    return api_tables.answer("columns", ProfiledColumn, rows, asked)


@listed(
    "desk/datasets/<code>/uploads",
    N_("Uploads that I have begun"),
    "OpenUploads",
    OpenUpload,
    ("file", "bytes", "begun_at", "touched_at"),
)
def desk_open_uploads(code: str, asked: dict[str, Any]) -> Answer:
    """The asker's own uploads to an entry of which parts are missing."""
    rows = [
        {
            "id": one.id,
            "file": one.filename,
            "bytes": one.size,
            "bytes_here": one.reached,
            "begun_at": one.created_at,
            "touched_at": one.touched_at,
        }
        for one in desk_uploads.pending(own(code))
    ]
    return api_tables.answer("uploads", OpenUpload, rows, asked)


@listed(
    "desk/datasets/<code>/cases",
    N_("What is under review about a dataset"),
    "EntryCases",
    Procedure,
    ("number", "stage", "opened_at", "due_on"),
)
def desk_cases(code: str, asked: dict[str, Any]) -> Answer:
    """The reviews of an entry that are under way."""
    return api_tables.answer("cases", Procedure, [case_row(one) for one in desk_datasets.open_cases(own(code))], asked)


def _version(code: str, number: int) -> Version:
    return versions.find(session(), own(code), number)


def _run(one: Run) -> dict[str, Any]:
    counted = bool(one.results)
    return {
        "id": one.id,
        "state": named(one.state),
        "problem": words_of(one.problem),
        "suite_version": one.suite.number,
        "rows": one.rows if counted else None,
        "rules": len(one.results) if counted else None,
        "failed": sum(not row["success"] and row["error"] is None for row in one.results) if counted else None,
        "seconds": round(one.seconds, 2) if counted else None,
        "memory_mb": one.peak_memory_mb,
        "engine": f"{one.engine} {one.engine_version}".strip(),
        "asked_by": name_of(one.requested_by) if one.requested_by else "",
        "at": one.at,
    }


def _refused(row: Mapping[str, Any]) -> dict[str, Any]:
    faults = row["faults"]
    return {
        "line": row["line"],
        "reasons": [desk_versions.about(one) for one in faults],
        "values": [None if one.get("value") is None else str(one["value"]) for one in faults],
        "text": row["raw"],
    }


def _remark(kind: str, place: Any, text: Any, rows: Any = None) -> dict[str, Any]:
    return {"kind": kind, "place": str(place or ""), "text": str(text or ""), "rows": rows}
