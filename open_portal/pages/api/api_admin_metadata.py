"""How well entries are described and follow the standards, for programs: points by body, metric and entry; coverage."""

from collections.abc import Iterator, Sequence
from typing import Any

from apiflask import Schema, fields

from catalog import metadata_facts
from catalog.metadata_facts import Described
from open_portal.pages import dataset_words as words
from open_portal.pages import metadata_words
from open_portal.pages.admin import admin_metadata, admin_standards
from open_portal.pages.admin.admin_scorecard import tenant_of
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_admin import N_, administered
from open_portal.pages.api.api_admin_figures import HIDDEN
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_standards import UnitCoverage, coverage_lines
from open_portal.pages.api.api_tables import Answer
from open_portal.pages.desk import desk_item_standards
from open_portal.requests import now, session
from policies import mqa
from policies import vocabulary as v
from policies.mqa import Assessment, Share
from policies.refusals import NotFound
from tenancy.models import Tenant

POINTS = N_("Share of the entries that meet it, times its weight")


def _points() -> Any:
    return fields.String(required=True)


class AdminDescribed(Schema):
    """The points of a body, or of what was taken over from a neighbouring portal."""

    organisation = fields.String(
        required=True, allow_none=True, metadata=schemas.told(N_("Null for a neighbouring portal"))
    )
    name = fields.String(required=True)
    entries = fields.Integer(required=True)
    points = _points()
    possible = fields.Integer(required=True, metadata=schemas.told(N_("Points to be had: of metrics that are known")))
    rating = fields.Nested(schemas.Named, required=True, allow_none=True)
    findability = _points()
    accessibility = _points()
    interoperability = _points()
    reusability = _points()
    contextuality = _points()
    as_of = fields.DateTime(required=True)


class AdminMetric(Schema):
    """A metric over the entries of a body: how many meet it, of how many it is known, what that gives."""

    metric = fields.Nested(schemas.Named, required=True)
    dimension = fields.Nested(schemas.Named, required=True)
    numerator = fields.Integer(required=True, metadata=schemas.told(N_("Entries that meet it")))
    denominator = fields.Integer(required=True, metadata=schemas.told(N_("Entries of which it is known")))
    points = fields.String(required=True, metadata=schemas.told(POINTS))
    weight = fields.Integer(required=True)
    lacking = fields.Integer(required=True)
    why = fields.String(required=True)
    how = fields.String(required=True)
    as_of = fields.DateTime(required=True)


class AdminLacking(Schema):
    """An entry that lacks a metric."""

    dataset = fields.String(required=True, allow_none=True, metadata=schemas.told(HIDDEN))
    title = fields.String(required=True, allow_none=True, metadata=schemas.told(HIDDEN))


class AdminEntryPoints(Schema):
    """The points of an entry that the asker may know of, and what it lacks."""

    dataset = fields.String(required=True)
    title = fields.String(required=True)
    points = _points()
    possible = fields.Integer(required=True)
    lacks = fields.List(fields.Nested(schemas.Named), required=True)
    not_known = fields.List(fields.Nested(schemas.Named), required=True)
    as_of = fields.DateTime(required=True)


class AdminDeviation(Schema):
    """An item whose values are not all in its code list; never a value."""

    dataset = fields.String(required=True)
    title = fields.String(required=True)
    item = fields.String(required=True)
    item_title = fields.String(required=True)
    code_list = fields.String(required=True)
    deviating_rows = fields.Integer(required=True)
    checked_rows = fields.Integer(required=True, allow_none=True)
    values = fields.Integer(required=True, metadata=schemas.told(N_("Different values that deviate")))


@administered(
    "metadata/<key>",
    N_("Points of the metadata by body"),
    "Metadata",
    AdminDescribed,
    ("organisation", "name", "entries", "points", "rating"),
    key="bodies",
)
def admin_metadata_bodies(key: str, asked: dict[str, Any]) -> Answer:
    """A body itself, the bodies directly below it and, for the whole city, the neighbouring portals."""
    tenant = tenant_of(key)
    rows = [_described(*one) for one in _assessed(tenant)]
    return api_tables.answer("bodies", AdminDescribed, rows, asked)


@administered(
    "metadata/<key>/metrics",
    N_("Points of the metadata by metric"),
    "Metrics",
    AdminMetric,
    ("metric", "dimension", "numerator", "denominator", "points", "weight", "lacking"),
)
def admin_metadata_metrics(key: str, asked: dict[str, Any]) -> Answer:
    """Every metric over the entries of a body, with why it matters and how it is met."""
    rows = [_metric(one) for one in mqa.assess([one.facts for one in _every(key)]).shares]
    return api_tables.answer("metrics", AdminMetric, rows, asked)


@administered(
    "metadata/<key>/entries",
    N_("Points of the metadata by entry"),
    "EntryPoints",
    AdminEntryPoints,
    ("dataset", "title", "points"),
)
def admin_metadata_entries(key: str, asked: dict[str, Any]) -> Answer:
    """Every entry of a body that the asker may know of, with its points and what it lacks."""
    every = _every(key)
    known = admin_metadata.known_of([one.id for one in every])
    rows = [_entry_points(one) for one in every if one.id in known]
    return api_tables.answer("entries", AdminEntryPoints, rows, asked)


@administered(
    "metadata/<key>/<metric>",
    N_("Entries that lack a metric"),
    "Lacking",
    AdminLacking,
    ("dataset", "title"),
    key="entries",
)
def admin_metadata_lacking(key: str, metric: str, asked: dict[str, Any]) -> Answer:
    """The entries of a body that lack a metric; which they are only where the asker may know of them."""
    every = _every(key)
    wanted = next((one for one in v.MqaMetric if one.value == metric), None)
    if wanted is None:
        raise NotFound("general.not-found")
    lacking = [one for one in every if one.facts[wanted] is False]
    known = admin_metadata.known_of([one.id for one in lacking])
    rows = [
        {"dataset": one.code, "title": one.title} if one.id in known else {"dataset": None, "title": None}
        for one in lacking
    ]
    return api_tables.answer("entries", AdminLacking, rows, asked)


@administered(
    "standards",
    N_("Coverage of the data standards by unit"),
    "Coverage",
    UnitCoverage,
    ("unit", "items", "with_element", "few", "few_with_list", "deviating_items", "deviating_rows"),
    key="units",
)
def admin_coverage(asked: dict[str, Any]) -> Answer:
    """How far the units have come whose scorecard the asker may read, and those below them."""
    rows = coverage_lines(admin_standards.coverage())
    return api_tables.answer("units", UnitCoverage, rows, asked)


@administered(
    "standards/deviations",
    N_("Items whose values are not in their code list"),
    "Deviations",
    AdminDeviation,
    ("dataset", "item", "code_list", "deviating_rows", "checked_rows", "values"),
)
def admin_deviations(asked: dict[str, Any]) -> Answer:
    """The items that deviate from their code list, those with most rows first; never a value of anybody's rows."""
    rows = [
        {
            "dataset": one.entry.code,
            "title": words.title(one.entry),
            "item": one.item.name,
            "item_title": one.item.title or one.item.name,
            "code_list": one.list_name,
            "deviating_rows": one.deviating,
            "checked_rows": one.checked,
            "values": len(one.deviations),
        }
        for one in desk_item_standards.figures(admin_standards.coverage())["deviating"]
    ]
    return api_tables.answer("deviations", AdminDeviation, rows, asked)


def _every(key: str) -> list[Described]:
    return metadata_facts.collect(session(), *admin_metadata.entries_of(tenant_of(key)))


def _assessed(tenant: Tenant) -> Iterator[tuple[str, Sequence[mqa.Facts], str | None]]:
    every = metadata_facts.collect(session(), *admin_metadata.entries_of(tenant))
    yield words.tenant_name(tenant), [one.facts for one in every], tenant.key
    for body, facts in admin_metadata.by_body(tenant, every):
        yield words.tenant_name(body), facts, body.key
    if tenant.parent_id is None:
        for name, facts in admin_metadata.portals():
            yield name, facts, None


def _described(name: str, facts: Sequence[mqa.Facts], key: str | None) -> dict[str, Any]:
    found: Assessment = mqa.assess(facts)
    return {
        "organisation": key,
        "name": name,
        "entries": found.entries,
        "points": found.total,
        "possible": found.possible,
        "rating": named(found.rating),
        **{one.value: points for one, points in found.dimensions.items()},
        "as_of": now(),
    }


def _metric(share: Share) -> dict[str, Any]:
    advice = metadata_words.advice(share.metric)
    return {
        "metric": named(share.metric),
        "dimension": named(share.metric.dimension),
        "numerator": share.met,
        "denominator": share.known,
        "points": share.points,
        "weight": share.metric.weight,
        "lacking": share.known - share.met,
        "why": advice.why,
        "how": advice.how,
        "as_of": now(),
    }


def _entry_points(one: Described) -> dict[str, Any]:
    found = mqa.assess([one.facts])
    return {
        "dataset": one.code,
        "title": one.title,
        "points": found.total,
        "possible": found.possible,
        "lacks": [named(metric) for metric in mqa.missing(one.facts)],
        "not_known": [named(metric) for metric in v.MqaMetric if one.facts.get(metric) is None],
        "as_of": now(),
    }
