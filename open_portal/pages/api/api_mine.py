"""What a person's own pages and desk list, for his programs: each with the token of the person and what he may see."""

from typing import Any

from apiflask import Schema, fields
from flask import url_for
from flask_babel import get_locale
from sqlalchemy import select

from catalog import hooks, subscriptions
from catalog.models import Entry, Follow
from catalog.reading import Purpose, readable
from open_portal import letters
from open_portal.pages import dataset_words as words
from open_portal.pages import issue_words
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_datasets import named, short
from open_portal.pages.api.api_door import needs_person, needs_staff
from open_portal.pages.api.api_tables import Answer, listed
from open_portal.pages.my import my_shapes
from open_portal.requests import actor, now, session
from policies import rulebook
from quality.issues import issues
from quality.issues.issue_models import Issue
from sharing.access import applications, grants
from sharing.demand import demands
from tenancy import cases
from tenancy import notices as told
from tenancy.records import Case

N_ = schemas.N_
MOST_NOTICES = 200


class Procedure(Schema):
    """Something that goes through stages: where it stands and by when it is due."""

    number = fields.String(required=True)
    title = fields.String(required=True)
    stage = fields.Nested(schemas.Named, required=True)
    opened_at = fields.DateTime(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    ended_at = fields.DateTime(required=True, allow_none=True)


class Task(Procedure):
    """Something that waits for the asker."""

    kind = fields.Nested(schemas.Named, required=True)


class MyApplication(Procedure):
    """An application for restricted data."""

    dataset = fields.String(required=True)
    items = fields.List(fields.String(), required=True)
    valid_from = fields.Date(required=True, allow_none=True)
    valid_to = fields.Date(required=True, allow_none=True)


class MyDemand(Procedure):
    """A demand for data of another unit."""

    unit = fields.String(required=True)
    provider = fields.String(required=True, allow_none=True)
    items = fields.List(fields.String(), required=True)


class MyGrant(Schema):
    """A right to use restricted data; its key is never told again."""

    number = fields.String(required=True)
    dataset = fields.String(required=True)
    title = fields.String(required=True)
    state = fields.Nested(schemas.Named, required=True)
    items = fields.List(fields.String(), required=True)
    starts_at = fields.DateTime(required=True)
    ends_at = fields.DateTime(required=True)
    calls_per_day = fields.Integer(required=True)
    rows_per_day = fields.Integer(required=True)


class MyNotice(Schema):
    """A notice."""

    kind = fields.String(required=True)
    text = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    read_at = fields.DateTime(required=True, allow_none=True)


class MyReport(Schema):
    """A fault that the asker reported."""

    number = fields.String(required=True)
    title = fields.String(required=True)
    about = fields.String(required=True)
    stage = fields.String(required=True)
    created_at = fields.DateTime(required=True)


class MySubscription(Schema):
    """A search of which the asker hears by mail."""

    name = fields.String(required=True)
    query = fields.String(required=True)
    often = fields.Nested(schemas.Named, required=True)
    created_at = fields.DateTime(required=True)
    mailed_at = fields.DateTime(required=True, allow_none=True)


class MyWebhook(Schema):
    """An address that is called; its secret is never told again."""

    address = fields.String(required=True)
    events = fields.List(fields.String(), required=True)
    state = fields.Nested(schemas.Named, required=True)
    created_at = fields.DateTime(required=True)
    page = fields.String(required=True)


@listed("my/applications", N_("My applications"), "Applications", MyApplication, ("number", "opened_at", "due_on"))
def my_applications(asked: dict[str, Any]) -> Answer:
    """The asker's applications and those of the bodies he acts for, newest first."""
    needs_person()
    rows = [
        {
            "number": one.number,
            "title": words.title(one.entry),
            "stage": {"code": one.stage, "label": my_shapes.stage_of(one)},
            "opened_at": one.created_at,
            "due_on": one.case.due_on if one.case else None,
            "ended_at": one.case.ended_at if one.case else None,
            "dataset": one.entry.code,
            "items": list(one.items),
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
        }
        for one in applications.of_actor(session(), actor())
    ]
    return api_tables.answer("applications", MyApplication, rows, asked)


@listed("my/grants", N_("My grants"), "Grants", MyGrant, ("number", "starts_at", "ends_at", "state"))
def my_grants(asked: dict[str, Any]) -> Answer:
    """The asker's grants and those of the bodies he acts for."""
    needs_person()
    plain = ("number", "starts_at", "ends_at", "calls_per_day", "rows_per_day")
    rows = [
        {
            **{name: getattr(one, name) for name in plain},
            "dataset": one.entry.code,
            "title": words.title(one.entry),
            "state": named(one.state),
            "items": list(one.items),
        }
        for one in grants.of_actor(session(), actor())
    ]
    return api_tables.answer("grants", MyGrant, rows, asked)


@listed("my/demands", N_("Demands of my units"), "Demands", MyDemand, ("number", "opened_at", "due_on"))
def my_demands(asked: dict[str, Any]) -> Answer:
    """Every demand that the asker's bodies have raised, must answer or oversee."""
    needs_staff()
    rows = [
        {
            **case_row(one.case),
            "title": one.title,
            "unit": words.tenant_name(one.tenant),
            "provider": words.tenant_name(one.provider) if one.provider else None,
            "items": list(one.items),
        }
        for one in demands.all_of(session(), actor())
        if one.case
    ]
    return api_tables.answer("demands", MyDemand, rows, asked)


@listed("my/tasks", N_("What waits for me"), "Tasks", Task, ("number", "kind", "opened_at", "due_on"))
def my_tasks(asked: dict[str, Any]) -> Answer:
    """Open procedures in which it is the asker's turn, the most urgent first."""
    needs_person()
    rows = [{**case_row(one), "kind": _kind(one)} for one in cases.worklist(session(), actor())]
    return api_tables.answer("tasks", Task, rows, asked)


@listed("my/follows", N_("Datasets that I follow"), "Follows", schemas.Dataset, ("code", "title", "updated_at"))
def my_follows(asked: dict[str, Any]) -> Answer:
    """The datasets that the asker follows and may still know of, the newest follow first."""
    needs_person()
    query = select(Entry).join(Follow, Follow.entry_id == Entry.id)
    query = query.where(Follow.person_id == actor().id, readable(actor(), Purpose.SEE, now()))
    rows = [short(one) for one in session().scalars(query.order_by(Follow.since.desc()))]
    return api_tables.answer("follows", schemas.Dataset, rows, asked)


@listed("my/notices", N_("My notices"), "Notices", MyNotice, ("created_at", "kind"))
def my_notices(asked: dict[str, Any]) -> Answer:
    """The asker's latest notices, newest first."""
    needs_person()
    found = told.latest(session(), actor().id, MOST_NOTICES)
    rows = [
        {
            "kind": one.kind,
            "text": letters.sentence(one, str(get_locale())),
            "created_at": one.created_at,
            "read_at": one.read_at,
        }
        for one in found
        if one.kind in letters.WORDS
    ]
    return api_tables.answer("notices", MyNotice, rows, asked)


@listed("my/reports", N_("Faults that I reported"), "Reports", MyReport, ("number", "created_at"))
def my_reports(asked: dict[str, Any]) -> Answer:
    """The faults that the asker reported himself."""
    needs_person()
    rows = [
        {
            "number": one.number,
            "title": words.title(one.entry),
            "about": str(issue_words.about(one)),
            "stage": issue_words.stage_tag(one)["text"],
            "created_at": one.created_at,
        }
        for one in issues.all_of(session(), actor(), Issue.reporter_id == actor().id)
    ]
    return api_tables.answer("reports", MyReport, rows, asked)


@listed("my/subscriptions", N_("My subscriptions"), "Subscriptions", MySubscription, ("name", "created_at"))
def my_subscriptions(asked: dict[str, Any]) -> Answer:
    """The searches of which the asker hears by mail."""
    needs_person()
    plain = ("name", "query", "created_at", "mailed_at")
    found = subscriptions.all_of(session(), actor().id)
    rows = [{**{name: getattr(one, name) for name in plain}, "often": named(one.often)} for one in found]
    return api_tables.answer("subscriptions", MySubscription, rows, asked)


@listed("my/webhooks", N_("My webhooks"), "Webhooks", MyWebhook, ("address", "created_at", "state"))
def my_webhooks(asked: dict[str, Any]) -> Answer:
    """The addresses that the asker keeps, his own and those of his units."""
    needs_person()
    rows = [
        {
            "address": one.address,
            "events": list(one.events),
            "state": named(one.state),
            "created_at": one.created_at,
            "page": url_for("my.webhook", hook_id=one.id, _external=True),
        }
        for one in hooks.all_of(session(), actor())
    ]
    return api_tables.answer("webhooks", MyWebhook, rows, asked)


def case_row(case: Case) -> dict[str, Any]:
    """A procedure as a line."""
    procedure = rulebook.in_force().procedures[case.kind]
    return {
        "number": case.number,
        "title": case.title,
        "stage": {"code": case.stage, "label": procedure.stages[case.stage].label(str(get_locale()))},
        "opened_at": case.opened_at,
        "due_on": case.due_on,
        "ended_at": case.ended_at,
    }


def _kind(case: Case) -> dict[str, str]:
    return {"code": case.kind, "label": rulebook.in_force().procedures[case.kind].label(str(get_locale()))}
