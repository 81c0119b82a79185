"""Other platforms whose catalogues are taken over, for programs: the sources, their readings, the refused records."""

from typing import Any

from apiflask import Schema, fields
from flask_babel import get_locale
from sqlalchemy import select

from catalog import harvest_sources, harvests
from catalog.harvest_models import HarvestRefusal, HarvestRun
from open_portal.pages import dataset_words as words
from open_portal.pages.admin import admin_sources
from open_portal.pages.admin.admin_frame import need_somewhere
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_admin import N_, administered
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_tables import Answer
from open_portal.requests import actor, session
from tenancy.models import Person

COUNTS = ("read", "created", "updated", "unchanged", "refused", "archived")


class AdminSource(Schema):
    """Another platform whose catalogue is taken over."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.Nested(schemas.Named, required=True)
    address = fields.String(required=True)
    tenant = fields.String(required=True)
    region = fields.String(required=True)
    state = fields.Nested(schemas.Named, required=True)
    entries = fields.Integer(required=True)
    every_hours = fields.Integer(required=True, allow_none=True)
    next_at = fields.DateTime(required=True, allow_none=True)
    read_at = fields.DateTime(required=True, allow_none=True)
    last_run = fields.Integer(required=True, allow_none=True)
    last_state = fields.Nested(schemas.Named, required=True, allow_none=True)
    last_asked_at = fields.DateTime(required=True, allow_none=True)


class AdminRun(Schema):
    """A reading of another platform; what was read is the sum of created, updated, unchanged and refused."""

    number = fields.Integer(required=True)
    state = fields.Nested(schemas.Named, required=True)
    dry_run = fields.Boolean(required=True)
    origin = fields.String(required=True)
    asked_by = fields.String(
        required=True, allow_none=True, metadata=schemas.told(N_("Nobody for the platform itself"))
    )
    asked_at = fields.DateTime(required=True)
    started_at = fields.DateTime(required=True, allow_none=True)
    heartbeat_at = fields.DateTime(required=True, allow_none=True)
    ended_at = fields.DateTime(required=True, allow_none=True)
    read = fields.Integer(required=True)
    created = fields.Integer(required=True)
    updated = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    archived = fields.Integer(required=True)
    vanishing = fields.Integer(
        required=True, metadata=schemas.told(N_("Entries listed no more that wait for somebody's word"))
    )
    problem = fields.String(required=True, allow_none=True)


class AdminRefusal(Schema):
    """A record that a reading did not take, with the part at fault and what to do about it."""

    record = fields.Integer(
        required=True, allow_none=True, metadata=schemas.told(N_("Place in the catalogue, counted from 1"))
    )
    title = fields.String(required=True)
    path = fields.String(required=True)
    code = fields.String(required=True)
    problem = fields.String(required=True)
    remedy = fields.String(required=True)


@administered(
    "sources",
    N_("Platforms whose catalogues are taken over"),
    "Sources",
    AdminSource,
    ("key", "name", "kind", "state", "entries", "next_at", "read_at", "last_asked_at"),
)
def admin_sources_list(asked: dict[str, Any]) -> Answer:
    """The platforms that the asker may manage, each with its entries, its schedule and its last reading."""
    need_somewhere("harvest.manage", "Harvest")
    counts = harvest_sources.counts(session())
    rows = []
    for one in harvest_sources.every(session(), actor()):
        last = next(iter(harvests.runs(session(), one, 1)), None)
        rows.append(
            {
                **{name: getattr(one, name) for name in ("key", "address", "every_hours", "next_at", "read_at")},
                "name": one.label(str(get_locale())),
                "kind": named(one.kind),
                "tenant": words.tenant_name(one.tenant),
                "region": one.region_code,
                "state": named(one.state),
                "entries": counts.get(one.key, 0),
                "last_run": last.number if last else None,
                "last_state": named(last.state) if last else None,
                "last_asked_at": last.asked_at if last else None,
            }
        )
    return api_tables.answer("sources", AdminSource, rows, asked)


@administered(
    "sources/<key>/runs",
    N_("Readings of a platform"),
    "Runs",
    AdminRun,
    ("number", "state", "asked_at", "ended_at", *COUNTS),
)
def admin_source_runs(key: str, asked: dict[str, Any]) -> Answer:
    """Every reading of a platform, newest first, with what it came to."""
    source = admin_sources.source_of(key)
    query = select(HarvestRun, Person.login).outerjoin(Person, Person.id == HarvestRun.asked_by)
    query = query.where(HarvestRun.source_key == source.key)
    orders = {name: getattr(HarvestRun, name) for name in ("number", "state", "asked_at", "ended_at", *COUNTS)}
    return api_tables.answer_query("runs", AdminRun, query, orders, [HarvestRun.number.desc()], _run, asked)


@administered(
    "sources/<key>/runs/<int:number>/refused",
    N_("Records that a reading did not take"),
    "Refused",
    AdminRefusal,
    ("record", "title", "path"),
)
def admin_source_refusals(key: str, number: int, asked: dict[str, Any]) -> Answer:
    """The records that a reading did not take, in their order; those of old readings are no longer kept."""
    run = harvests.find(session(), admin_sources.source_of(key), number)
    query = select(HarvestRefusal).where(HarvestRefusal.run_id == run.id)
    orders = {"record": HarvestRefusal.position, "title": HarvestRefusal.title, "path": HarvestRefusal.path}
    order = [HarvestRefusal.sequence]
    return api_tables.answer_query("refused", AdminRefusal, query, orders, order, _refusal, asked)


def _run(one: HarvestRun, login: str | None) -> dict[str, Any]:
    plain = ("number", "dry_run", "origin", "asked_at", "started_at", "heartbeat_at", "ended_at", "vanishing", *COUNTS)
    return {
        **{name: getattr(one, name) for name in plain},
        "state": named(one.state),
        "asked_by": login,
        "problem": one.problem[_told()] if one.problem else None,
    }


def _refusal(one: HarvestRefusal) -> dict[str, Any]:
    return {
        "record": None if one.position is None else one.position + 1,
        "title": one.title,
        "path": one.path,
        "code": one.problem["code"],
        "problem": one.problem[_told()],
        "remedy": one.remedy[_told()],
    }


def _told() -> str:
    return "en" if words.english() else "zh"
