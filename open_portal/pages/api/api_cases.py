"""What is done about something, step by step, for programs: cases, occurrences of an issue, tasks of a draft."""

from typing import Any

from apiflask import Schema, fields
from flask_babel import get_locale

from catalog import datasets, hooks, reading
from catalog.hook_models import WebhookDelivery
from open_portal.pages import issue_words
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_desk import own
from open_portal.pages.api.api_door import needs_person, needs_staff
from open_portal.pages.api.api_tables import Answer, listed
from open_portal.pages.desk import desk_check, desk_demands, desk_reviews, desk_tasks, desk_waivers
from open_portal.pages.desk.desk_frame import name_of
from open_portal.pages.my import webhooks
from open_portal.requests import actor, now, session
from policies import rulebook
from policies.vocabulary import CallState
from quality.issues import issues
from tenancy import cases
from tenancy.records import Case, Decision

N_ = schemas.N_


class CaseStep(Schema):
    """A move of a case."""

    place = fields.Integer(required=True)
    stage = fields.Nested(schemas.Named, required=True, metadata=schemas.told(N_("Stage before the move")))
    move = fields.Nested(schemas.Named, required=True)
    reached = fields.Nested(schemas.Named, required=True, metadata=schemas.told(N_("Stage after the move")))
    by = fields.String(required=True)
    comment = fields.String(required=True)
    basis = fields.String(required=True)
    at = fields.DateTime(required=True)


class Occurrence(Schema):
    """What a check of a delivery said of an issue."""

    version = fields.Integer(required=True)
    held = fields.Boolean(required=True, allow_none=True, metadata=schemas.told(N_("null: could not be run")))
    evaluated = fields.Integer(required=True, allow_none=True)
    unexpected = fields.Integer(required=True, allow_none=True)
    at = fields.DateTime(required=True)


class DraftTask(Schema):
    """A task of describing an entry."""

    place = fields.Integer(required=True)
    name = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.String(required=True, metadata=schemas.told(N_("not_started, incomplete, done, blocked or error")))


class Obstacle(Schema):
    """Something in the way of handing an entry in."""

    field = fields.String(required=True)
    reason = fields.String(required=True)
    text = fields.String(required=True)


class HookMessage(Schema):
    """A message to an address, as the log keeps it."""

    id = fields.String(required=True)
    event = fields.String(required=True)
    state = fields.Nested(schemas.Named, required=True)
    tries = fields.Integer(required=True)
    status = fields.Integer(required=True, allow_none=True)
    milliseconds = fields.Integer(required=True, allow_none=True)
    problem = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    tried_at = fields.DateTime(required=True, allow_none=True)
    next_at = fields.DateTime(required=True, allow_none=True)


MESSAGE_ORDERS = {
    "event": WebhookDelivery.event,
    "tries": WebhookDelivery.tries,
    "created_at": WebhookDelivery.created_at,
    "tried_at": WebhookDelivery.tried_at,
}


@listed("desk/cases/<number>/steps", N_("Steps of a case"), "CaseSteps", CaseStep, ("place", "move", "at"))
def desk_case_steps(number: str, asked: dict[str, Any]) -> Answer:
    """What has been done about a case, the oldest first; of an issue, as far as the asker may read it."""
    needs_staff()
    found = _case(number)
    issue = issues.find(session(), number, actor()) if found.kind == issue_words.KIND else None
    rows = [_step(found, at, one) for at, one in enumerate(found.decisions, 1)]
    if issue is not None:
        for row, one in zip(rows, found.decisions, strict=True):
            side = "system" if one.actor_kind == "system" else (one.capacity or "").partition(":")[0]
            row["by"] = issue_words.body_of(issue, side)
            row["comment"] = issue_words.shown(issue, actor(), one.comment)
    return api_tables.answer("steps", CaseStep, rows, asked)


@listed(
    "desk/issues/<number>/occurrences",
    N_("Where an issue was seen"),
    "Occurrences",
    Occurrence,
    ("version", "unexpected", "at"),
)
def desk_occurrences(number: str, asked: dict[str, Any]) -> Answer:
    """What each check of a delivery said of an issue, in the order of deliveries."""
    needs_staff()
    plain = ("held", "evaluated", "unexpected", "at")
    rows = [
        {"version": one.number, **{name: getattr(one, name) for name in plain}}
        for one in issues.find(session(), number, actor()).occurred
    ]
    return api_tables.answer("occurrences", Occurrence, rows, asked)


@listed("desk/datasets/<code>/tasks", N_("Tasks of a draft"), "DraftTasks", DraftTask, ("place", "name", "status"))
def desk_draft_tasks(code: str, asked: dict[str, Any]) -> Answer:
    """How far describing an entry has come; none for one that is not a draft."""
    entry = own(code)
    states = desk_tasks.statuses(entry) if entry.state in datasets.EDITABLE else {}
    rows = [
        {"place": at, "name": one.name, "title": str(one.title), "status": states[one.name]}
        for at, one in enumerate(desk_tasks.TASKS, 1)
        if one.name in states
    ]
    return api_tables.answer("tasks", DraftTask, rows, asked)


@listed(
    "desk/datasets/<code>/obstacles",
    N_("What is in the way of handing an entry in"),
    "Obstacles",
    Obstacle,
    ("field", "reason"),
)
def desk_obstacles(code: str, asked: dict[str, Any]) -> Answer:
    """Every rule of the catalogue that a draft does not meet yet; none for an entry that is not a draft."""
    entry = own(code)
    found = desk_check.violations(entry) if entry.state in datasets.EDITABLE else []
    rows = [{"field": one.field or "", "reason": one.code, "text": desk_check.sentence(one)} for one in found]
    return api_tables.answer("obstacles", Obstacle, rows, asked)


@listed("my/webhooks/<hook_id>/messages", N_("Log of a webhook"), "HookMessages", HookMessage, tuple(MESSAGE_ORDERS))
def my_webhook_messages(hook_id: str, asked: dict[str, Any]) -> Answer:
    """The messages to an address that the asker keeps, the newest first, without what was sent."""
    needs_person()
    query = hooks.sent(hooks.find(session(), hook_id, actor()))
    order = (WebhookDelivery.created_at.desc(), WebhookDelivery.id)
    return api_tables.answer_query("messages", HookMessage, query, MESSAGE_ORDERS, order, _message, asked)


def _case(number: str) -> Case:
    """A case, if the page that its kind has would show it to the asker."""
    found = cases.find(session(), number, actor())
    if found.kind == "APPLICATION":
        return desk_reviews.application_case(number)
    if found.kind == "WAIVER":
        return desk_waivers.case_of(number)
    if found.kind == "DEMAND":
        desk_demands.readable(number)
    if found.kind in desk_reviews.REVIEWED:
        reading.find(session(), found.subject_id, actor(), now())
    return found


def _step(case: Case, at: int, one: Decision) -> dict[str, Any]:
    procedure, reader = rulebook.in_force().procedures[case.kind], str(get_locale())
    stages = {code: stage.label(reader) for code, stage in procedure.stages.items()}
    move = next((each for each in procedure.named(one.move) if one.before in each.stages), None)
    return {
        "place": at,
        "stage": {"code": one.before, "label": stages.get(one.before, one.before)},
        "move": {"code": one.move, "label": move.label(reader) if move else one.move},
        "reached": {"code": one.after, "label": stages.get(one.after, one.after)},
        "by": name_of(one.actor_id),
        "comment": one.comment,
        "basis": one.basis,
        "at": one.at,
    }


def _message(one: WebhookDelivery) -> dict[str, Any]:
    plain = ("id", "event", "tries", "status", "milliseconds", "created_at", "tried_at", "next_at")
    return {
        **{name: getattr(one, name) for name in plain},
        "state": named(CallState(one.state)),
        "problem": webhooks.problem_of(one),
    }
