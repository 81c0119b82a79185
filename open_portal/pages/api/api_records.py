"""What the pages beside a dataset's own show, for programs: quality, profile, versions, history, reported faults."""

from collections.abc import Mapping
from typing import Any

from apiflask import Schema, fields
from flask.typing import ResponseReturnValue
from marshmallow import RAISE

from catalog import reading, versions
from catalog.models import Entry
from open_portal.pages import dataset_words as words
from open_portal.pages import issue_words
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_datasets import named, version_row
from open_portal.pages.api.api_door import pages
from open_portal.pages.api.api_tables import listed
from open_portal.pages.record import record, record_history, record_profile, record_quality
from open_portal.requests import actor, now, session
from policies import masks
from quality import runs
from quality.issues import issues
from quality.scoring import scores

N_ = schemas.N_
Answer = dict[str, Any] | ResponseReturnValue


class RuleResult(Schema):
    """What a rule of the last check found; never a value of the data."""

    rule = fields.String(required=True)
    sentence = fields.String(required=True)
    dimension = fields.Nested(schemas.Named, required=True)
    severity = fields.Nested(schemas.Named, required=True)
    verdict = fields.Nested(schemas.Named, required=True)
    score = fields.Float(required=True, allow_none=True)
    evaluated = fields.Integer(required=True, allow_none=True)
    unexpected = fields.Integer(required=True, allow_none=True)


class Event(Schema):
    """Something that happened to an entry."""

    at = fields.DateTime(required=True)
    what = fields.String(required=True)
    text = fields.String(required=True)


class Fault(Schema):
    """A fault that the public reported and the authority let through."""

    number = fields.String(required=True)
    about = fields.String(required=True)
    text = fields.String(required=True)
    answer = fields.String(required=True)
    unit = fields.String(required=True)
    stage = fields.String(required=True)
    reviewed_at = fields.DateTime(required=True)
    closed_at = fields.DateTime(required=True, allow_none=True)


class Profile(Schema):
    """What the values look like, column by column, as far as the asker may see it."""

    code = fields.String(required=True)
    version = fields.Integer(required=True)
    as_of = fields.String(required=True, allow_none=True)
    profile = fields.Dict(keys=fields.String(), required=True)


@listed(
    "datasets/<code>/quality",
    N_("Quality of a dataset, rule by rule"),
    "Quality",
    RuleResult,
    ("rule", "dimension", "severity", "verdict", "score", "unexpected"),
    key="rules",
    security=schemas.EVERY_KEY,
)
def quality(code: str, asked: dict[str, Any]) -> Answer:
    """The rules of the last check of the live version, those that cost most first; scores stand in the dataset."""
    entry = _entry(code)
    access = reading.access(session(), entry, actor(), now())
    version = versions.live(session(), entry)
    run = runs.newest_done(session(), version.id if version else None)
    lines = record_quality.lines(entry, scores.outcomes(run) if run else [], access)
    rows = [result_row(one) for one in lines]
    return api_tables.answer("rules", RuleResult, rows, asked)


@pages.get("/api/v1/datasets/<code>/profile")
@pages.doc(summary=N_("Profile of a dataset"), responses=schemas.FAILURES, security=schemas.EVERY_KEY)
@pages.input(schemas.Parameters, location="query", unknown=RAISE, arg_name="_asked")
@pages.output(Profile)
def profile(code: str, _asked: dict[str, Any]) -> dict[str, Any]:
    """What the values of the live version look like, column by column, as far as the asker may see it."""
    found = record_profile.plain(_entry(code))
    head = {name: found.pop(name) for name in ("code", "version", "as_of")}
    return {**head, "profile": found}


@listed(
    "datasets/<code>/versions",
    N_("Versions of the data"),
    "Versions",
    schemas.Version,
    ("number", "delivered_at", "rows", "score"),
    security=schemas.EVERY_KEY,
)
def deliveries(code: str, asked: dict[str, Any]) -> Answer:
    """The versions that were put before readers; all of them for those inside the unit."""
    entry = _entry(code)
    access = reading.access(session(), entry, actor(), now())
    rows = [version_row(one) for one in record.seen_versions(session(), entry, access)]
    return api_tables.answer("versions", schemas.Version, rows, asked)


@listed(
    "datasets/<code>/history",
    N_("History of an entry"),
    "History",
    Event,
    ("at", "what"),
    key="events",
    security=schemas.EVERY_KEY,
)
def history(code: str, asked: dict[str, Any]) -> Answer:
    """What happened to an entry, newest first; to outsiders what was public when it happened."""
    entry = _entry(code)
    inside = reading.access(session(), entry, actor(), now()).rule == "own-tenant"
    found = record_history.changes(entry, inside=inside)
    rows = [{"at": at, "what": what, "text": str(text)} for at, what, text in found]
    return api_tables.answer("events", Event, rows, asked)


@listed(
    "datasets/<code>/issues",
    N_("Reported faults of a dataset"),
    "Faults",
    Fault,
    ("number", "reviewed_at"),
    security=schemas.EVERY_KEY,
)
def faults(code: str, asked: dict[str, Any]) -> Answer:
    """Faults that readers reported and the authority let through, newest first, as on the dataset's page."""
    entry = _entry(code)
    rows = [
        {
            "number": one.number,
            "about": str(issue_words.about(one)),
            "text": masks.mask_text(one.description),
            "answer": masks.mask_text(one.answer),
            "unit": words.tenant_name(one.tenant),
            "stage": str(issue_words.stage_tag(one)["text"]),
            "reviewed_at": one.reviewed_at,
            "closed_at": one.closed_at,
        }
        for one in issues.shown_publicly(session(), entry)
    ]
    return api_tables.answer("issues", Fault, rows, asked)


def result_row(one: Mapping[str, Any]) -> dict[str, Any]:
    """What a rule came to, as a line."""
    return {
        "rule": one["rule_id"],
        "sentence": one["sentence"],
        **{name: named(one[name]) for name in ("dimension", "severity", "verdict")},
        **{name: one[name] for name in ("score", "evaluated", "unexpected")},
    }


def _entry(code: str) -> Entry:
    return reading.find(session(), code, actor(), now())
