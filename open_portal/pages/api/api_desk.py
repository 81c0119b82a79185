"""What the desk lists across a unit's datasets, for programs: datasets, deliveries, issues."""

from typing import Any

from apiflask import Schema, fields
from flask import url_for
from flask_babel import get_locale
from sqlalchemy import and_, func, or_, select

from catalog.models import Entry, Version
from open_portal.pages import dataset_words as words
from open_portal.pages import issue_words
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_door import needs_staff
from open_portal.pages.api.api_tables import Answer, listed
from open_portal.pages.desk.desk_datasets import inside
from open_portal.pages.desk.desk_files import reason_of
from open_portal.pages.desk.desk_frame import address, own_entry
from open_portal.pages.desk.desk_issues import VIEWS, viewed
from open_portal.requests import actor
from policies import rulebook
from policies import vocabulary as v
from quality.issues.issue_models import Issue

N_ = schemas.N_


class OwnDataset(Schema):
    """An entry of a unit in which the asker works, whatever its state."""

    code = fields.String(required=True)
    title = fields.String(required=True)
    owner = fields.String(required=True)
    state = fields.Nested(schemas.Named, required=True)
    openness = fields.Nested(schemas.Named, required=True)
    score = fields.Float(required=True, allow_none=True)
    grade = fields.String(required=True, allow_none=True)
    newest_version = fields.Integer(required=True, allow_none=True)
    version_state = fields.Nested(schemas.Named, required=True, allow_none=True)
    delivered_at = fields.DateTime(required=True, allow_none=True)
    changed_at = fields.DateTime(required=True)
    page = fields.String(required=True)


class Delivery(Schema):
    """A delivery of data with what became of it."""

    dataset = fields.String(required=True)
    title = fields.String(required=True)
    number = fields.Integer(required=True)
    state = fields.Nested(schemas.Named, required=True)
    file = fields.String(required=True)
    bytes = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    note = fields.String(required=True)
    rows_read = fields.Integer(required=True, allow_none=True)
    rows_loaded = fields.Integer(required=True, allow_none=True)
    rows_refused = fields.Integer(required=True, allow_none=True)
    score = fields.Float(required=True, allow_none=True)
    grade = fields.String(required=True, allow_none=True)
    reasons = fields.String(required=True, metadata=schemas.told(N_("Why it was not taken")))
    delivered_at = fields.DateTime(required=True)
    checked_at = fields.DateTime(required=True, allow_none=True)
    page = fields.String(required=True)


class DeskIssue(Schema):
    """A fault of data with whose turn it is; numbers of persons are masked for all but those who handle it."""

    number = fields.String(required=True)
    dataset = fields.String(required=True)
    title = fields.String(required=True)
    about = fields.String(required=True)
    rule = fields.String(required=True)
    description = fields.String(required=True)
    source = fields.Nested(schemas.Named, required=True)
    severity = fields.Nested(schemas.Named, required=True)
    stage = fields.Nested(schemas.Named, required=True)
    unit = fields.String(required=True)
    occurrences = fields.Integer(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    days_left = fields.Integer(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    closed_at = fields.DateTime(required=True, allow_none=True)
    page = fields.String(required=True)


OWN_ORDERS = {
    "code": Entry.code,
    "title": Entry.title,
    "score": Entry.score,
    "delivered_at": Version.uploaded_at,
    "changed_at": Entry.changed_at,
}
DELIVERY_ORDERS = {
    "dataset": Entry.code,
    "number": Version.number,
    "delivered_at": Version.uploaded_at,
    "score": Version.score,
    "rows_loaded": Version.rows_loaded,
}
NEWEST = select(func.max(Version.number)).where(Version.entry_id == Entry.id).correlate(Entry).scalar_subquery()


@listed(
    "desk/datasets",
    N_("Datasets of my units"),
    "OwnDatasets",
    OwnDataset,
    tuple(OWN_ORDERS),
    asks={
        "state": api_tables.choice([one.value for one in v.EntryState], N_("Keep entries in this state only")),
        "q": api_tables.words(N_("Part of the title, or the beginning of the code")),
    },
)
def desk_datasets(asked: dict[str, Any]) -> Answer:
    """Every entry of the units in which the asker works, drafts too, the last changed first."""
    needs_staff()
    query = select(Entry, Version).outerjoin(Version, and_(Version.entry_id == Entry.id, Version.number == NEWEST))
    query = query.where(inside())
    if asked["state"]:
        query = query.where(Entry.state == v.EntryState(asked["state"]))
    if text := asked["q"].strip():
        found = or_(Entry.title.contains(text, autoescape=True), Entry.code.startswith(text, autoescape=True))
        query = query.where(found)
    order = (Entry.changed_at.desc(), Entry.code)
    return api_tables.answer_query("datasets", OwnDataset, query, OWN_ORDERS, order, _own, asked)


@listed(
    "desk/versions",
    N_("Newest deliveries of my units"),
    "NewestDeliveries",
    Delivery,
    tuple(DELIVERY_ORDERS),
    asks={"state": api_tables.choice([one.value for one in v.VersionState], N_("Keep deliveries in this state only"))},
)
def desk_versions(asked: dict[str, Any]) -> Answer:
    """The newest delivery of each entry of the asker's units: what failed, waits for an answer or is under way."""
    needs_staff()
    query = select(Version).join(Entry, Entry.id == Version.entry_id).where(inside(), Version.number == NEWEST)
    if asked["state"]:
        query = query.where(Version.state == v.VersionState(asked["state"]))
    order = (Version.uploaded_at.desc(), Entry.code)
    return api_tables.answer_query("versions", Delivery, query, DELIVERY_ORDERS, order, delivery, asked)


@listed("desk/datasets/<code>/versions", N_("Deliveries of a dataset"), "Deliveries", Delivery, tuple(DELIVERY_ORDERS))
def desk_versions_of(code: str, asked: dict[str, Any]) -> Answer:
    """Every delivery of an entry of the asker's units, in every state, the newest first."""
    entry = own(code)
    query = select(Version).join(Entry, Entry.id == Version.entry_id).where(Version.entry_id == entry.id)
    order = (Version.number.desc(),)
    return api_tables.answer_query("versions", Delivery, query, DELIVERY_ORDERS, order, delivery, asked)


@listed(
    "desk/issues",
    N_("Issues that concern my units"),
    "DeskIssues",
    DeskIssue,
    ("number", "dataset", "severity", "stage", "due_on", "occurrences", "created_at", "closed_at"),
    asks={
        "show": api_tables.choice(VIEWS, N_("mine, all, review or overdue; all if left out")),
        "stage": api_tables.words(N_("Keep those in this stage only")),
    },
)
def desk_issues(asked: dict[str, Any]) -> Answer:
    """The issues that the asker may read, the newest first, as many as the desk looks at."""
    needs_staff()
    stage = asked["stage"]
    found = [one for one in viewed()[asked["show"] or "all"] if not stage or one.stage == stage]
    return api_tables.answer("issues", DeskIssue, [_issue(one) for one in found], asked)


def own(code: str) -> Entry:
    """An entry of a unit in which the asker works, for a person's token alone; any other is not found."""
    needs_staff()
    return own_entry(code)


def delivery(one: Version) -> dict[str, Any]:
    """A delivery as a line."""
    entry = one.entry
    plain = ("number", "note", "rows_read", "rows_loaded", "rows_refused", "score", "checked_at")
    return {
        **{name: getattr(one, name) for name in plain},
        "dataset": entry.code,
        "title": words.title(entry),
        "state": named(one.state),
        "file": one.original.name,
        "bytes": one.original.size,
        "sha256": one.original.sha256,
        "grade": one.grade.value if one.grade else None,
        "reasons": " ".join(text for text in reason_of(one) if text),
        "delivered_at": one.uploaded_at,
        "page": url_for("desk.version", code=address(entry.code), number=one.number, _external=True),
    }


def _own(entry: Entry, newest: Version | None) -> dict[str, Any]:
    return {
        "code": entry.code,
        "title": words.title(entry),
        "owner": words.tenant_name(entry.tenant),
        "state": named(entry.state),
        "openness": named(entry.open_state),
        "score": entry.score,
        "grade": entry.grade.value if entry.grade else None,
        "newest_version": newest.number if newest else None,
        "version_state": named(newest.state) if newest else None,
        "delivered_at": newest.uploaded_at if newest else None,
        "changed_at": entry.changed_at,
        "page": url_for("desk.dataset", code=address(entry.code), _external=True),
    }


def _issue(one: Issue) -> dict[str, Any]:
    clock = issue_words.clock(one)
    stage = rulebook.in_force().procedures[issue_words.KIND].stages[one.stage]
    return {
        "number": one.number,
        "dataset": one.entry.code,
        "title": words.title(one.entry),
        "about": str(issue_words.about(one)),
        "rule": issue_words.rule_of(one, actor()),
        "description": issue_words.shown(one, actor(), one.description),
        "source": named(one.source),
        "severity": named(one.severity),
        "stage": {"code": one.stage, "label": stage.label(str(get_locale()))},
        "unit": words.tenant_name(one.tenant),
        "occurrences": one.occurrences,
        "due_on": one.case.due_on if one.case and clock else None,
        "days_left": clock["left"] if clock else None,
        "created_at": one.created_at,
        "closed_at": one.closed_at,
        "page": url_for("desk.issue", number=one.number, _external=True),
    }
