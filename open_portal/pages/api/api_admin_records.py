"""What has happened and what is to happen, for programs: audit log, jobs, outbound targets, synonyms of the search."""

from typing import Any

from apiflask import Schema, fields
from flask_babel import gettext as _
from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from catalog import synonyms
from open_portal.pages.admin import admin_records, admin_synonyms
from open_portal.pages.admin.admin_frame import AUDIT, JOBS, OUTBOUND, logins_of
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_admin import N_, administered, word
from open_portal.pages.api.api_tables import Answer
from open_portal.requests import actor, session
from tenancy import jobs as queue
from tenancy import outbound_targets, work
from tenancy.models import Person
from tenancy.records import AuditLine, Job, Schedule

STATES = (queue.WAITING, queue.RUNNING, queue.PARKED, queue.DONE)


class AdminAuditLine(Schema):
    """A line of the audit log."""

    line = fields.Integer(required=True)
    at = fields.DateTime(required=True)
    by = fields.String(required=True, metadata=schemas.told(N_("Login name of a person; else the kind of actor")))
    what = fields.String(required=True)
    about_kind = fields.String(required=True)
    about = fields.String(
        required=True, allow_none=True, metadata=schemas.told(N_("Login name of a person; else an identifier"))
    )
    details = fields.Dict(keys=fields.String(), required=True)


class AdminAuditWalk(Schema):
    """A walk along the chain of the audit log, and what it found."""

    at = fields.DateTime(required=True)
    by = fields.String(required=True)
    whole = fields.Boolean(required=True)
    bad_line = fields.Integer(required=True, allow_none=True)
    sealed = fields.Integer(required=True, allow_none=True)
    unsealed = fields.Integer(required=True, allow_none=True)
    head = fields.String(required=True, allow_none=True)


class AdminJob(Schema):
    """A job of the worker, without what it is given to work with."""

    number = fields.Integer(required=True)
    kind = fields.String(required=True)
    state = fields.Nested(schemas.Named, required=True)
    attempts = fields.Integer(required=True)
    not_before = fields.DateTime(required=True)
    created_at = fields.DateTime(required=True)
    ended_at = fields.DateTime(required=True, allow_none=True)
    worker = fields.String(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)


class AdminSchedule(Schema):
    """What the worker does again and again."""

    kind = fields.String(required=True)
    every_seconds = fields.Integer(required=True)
    next_at = fields.DateTime(required=True)


class AdminTarget(Schema):
    """A host and port inside the network that may be called."""

    host = fields.String(required=True)
    port = fields.Integer(required=True)
    reason = fields.String(required=True)
    added_by = fields.String(required=True)
    added_at = fields.DateTime(required=True)


class AdminSynonym(Schema):
    """A group of words that the search takes for equal."""

    words = fields.String(required=True, metadata=schemas.told(N_("The words, separated by 、")))
    note = fields.String(required=True)
    changed_by = fields.String(
        required=True, allow_none=True, metadata=schemas.told(N_("Nobody for what came with the platform"))
    )
    changed_at = fields.DateTime(required=True)


@administered(
    "audit",
    N_("Audit log"),
    "Audit",
    AdminAuditLine,
    ("line", "at", "what", "about_kind"),
    key="lines",
    asks={
        "what": api_tables.words(N_("What was done, such as token.created")),
        "actor": api_tables.words(N_("By whom: login name or identifier")),
        "about": api_tables.words(N_("About what: login name, identifier or kind of thing")),
    },
)
def admin_audit(asked: dict[str, Any]) -> Answer:
    """The log, newest first, by what was done, by whom, about what."""
    work.demand(actor(), "audit.read", AUDIT)
    doer, meant = aliased(Person), aliased(Person)
    query = admin_records.filtered({name: asked[name].strip() for name in ("what", "actor", "about")})
    query = query.outerjoin(doer, doer.id == AuditLine.actor_id)
    query = query.outerjoin(meant, and_(AuditLine.about_kind == "Person", meant.id == AuditLine.about_id))
    orders = {
        "line": AuditLine.sequence,
        "at": AuditLine.at,
        "what": AuditLine.what,
        "about_kind": AuditLine.about_kind,
    }
    named = query.add_columns(doer.login, meant.login)
    return api_tables.answer_query("lines", AdminAuditLine, named, orders, [AuditLine.sequence.desc()], _line, asked)


@administered(
    "audit/verify",
    N_("Walks along the chain of the audit log"),
    "AuditWalks",
    AdminAuditWalk,
    ("at",),
    key="walks",
)
def admin_audit_walks(asked: dict[str, Any]) -> Answer:
    """What earlier walks along the chain found, newest first."""
    work.demand(actor(), "audit.verify", AUDIT)
    query = select(AuditLine, Person.login).outerjoin(Person, Person.id == AuditLine.actor_id)
    query = query.where(AuditLine.what == "audit.verified")
    orders = {"at": AuditLine.at}
    return api_tables.answer_query("walks", AdminAuditWalk, query, orders, [AuditLine.sequence.desc()], _walk, asked)


@administered(
    "jobs",
    N_("Jobs of the worker"),
    "Jobs",
    AdminJob,
    ("number", "kind", "state", "attempts", "not_before", "created_at", "ended_at"),
    asks={"state": api_tables.choice(STATES, N_("Keep jobs in this state only"))},
)
def admin_jobs(asked: dict[str, Any]) -> Answer:
    """The queue, newest first; all states unless one is asked for."""
    work.demand(actor(), "job.read", JOBS)
    query = select(Job).where(Job.state == asked["state"]) if asked["state"] else select(Job)
    orders = {
        "number": Job.sequence,
        **{name: getattr(Job, name) for name in ("kind", "state", "attempts", "not_before", "created_at", "ended_at")},
    }
    return api_tables.answer_query("jobs", AdminJob, query, orders, [Job.sequence.desc()], _job, asked)


@administered(
    "jobs/schedules",
    N_("Schedules of the worker"),
    "Schedules",
    AdminSchedule,
    ("kind", "every_seconds", "next_at"),
)
def admin_schedules(asked: dict[str, Any]) -> Answer:
    """What is done again and again, by kind."""
    work.demand(actor(), "job.read", JOBS)
    plain = ("kind", "every_seconds", "next_at")
    found = session().scalars(select(Schedule).order_by(Schedule.kind))
    rows = [{name: getattr(one, name) for name in plain} for one in found]
    return api_tables.answer("schedules", AdminSchedule, rows, asked)


@administered(
    "outbound",
    N_("Targets inside the network that may be called"),
    "Outbound",
    AdminTarget,
    ("host", "port", "added_by", "added_at"),
    key="targets",
)
def admin_outbound(asked: dict[str, Any]) -> Answer:
    """The hosts and ports inside the network that may be called."""
    work.demand(actor(), "outbound.allow", OUTBOUND)
    found = outbound_targets.allowed(session())
    logins = logins_of(one.added_by for one in found)
    plain = ("host", "port", "reason", "added_at")
    rows = [{**{name: getattr(one, name) for name in plain}, "added_by": logins.get(one.added_by, "")} for one in found]
    return api_tables.answer("targets", AdminTarget, rows, asked)


@administered(
    "synonyms",
    N_("Words that the search takes for equal"),
    "Synonyms",
    AdminSynonym,
    ("words", "changed_at", "changed_by"),
    asks={"q": api_tables.words(N_("Part of a word or of the note"))},
)
def admin_synonym_groups(asked: dict[str, Any]) -> Answer:
    """The groups of equal words, the last changed first."""
    admin_synonyms.need()
    found = synonyms.listed(session(), asked["q"].strip())
    logins = logins_of(one.changed_by for one in found)
    rows = [
        {
            "words": synonyms.JOINT.join(one.words),
            "note": one.note,
            "changed_by": logins.get(one.changed_by),
            "changed_at": one.changed_at,
        }
        for one in found
    ]
    return api_tables.answer("synonyms", AdminSynonym, rows, asked)


def _line(one: AuditLine, by: str | None, about: str | None) -> dict[str, Any]:
    return {
        "line": one.sequence,
        "at": one.at,
        "by": by or one.actor_kind,
        "what": one.what,
        "about_kind": one.about_kind,
        "about": about or one.about_id,
        "details": one.details,
    }


def _walk(one: AuditLine, by: str | None) -> dict[str, Any]:
    bad = one.details.get("bad_line")
    counts = {name: one.details.get(name) for name in ("sealed", "unsealed", "head")}
    return {"at": one.at, "by": by or one.actor_kind, "whole": bad is None, "bad_line": bad, **counts}


def _job(one: Job) -> dict[str, Any]:
    names = {
        queue.WAITING: _("Waiting"),
        queue.RUNNING: _("Running"),
        queue.PARKED: _("Given up"),
        queue.DONE: _("Done"),
    }
    plain = ("kind", "attempts", "not_before", "created_at", "ended_at", "worker", "error")
    found = {name: getattr(one, name) for name in plain}
    return {"number": one.sequence, "state": word(one.state, names.get(one.state, one.state)), **found}
