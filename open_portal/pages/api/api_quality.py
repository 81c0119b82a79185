"""How good a unit's data are, for programs: its datasets, the rules that cost most, descriptions to be mended."""

from typing import Any

from apiflask import Schema, fields
from flask import url_for

from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_door import needs_staff
from open_portal.pages.api.api_tables import Answer, listed
from open_portal.pages.desk import desk_quality
from open_portal.pages.desk.desk_frame import address
from open_portal.requests import now

N_ = schemas.N_


class DatasetQuality(Schema):
    """A published dataset of the asker's units with its score and its updates."""

    code = fields.String(required=True)
    title = fields.String(required=True)
    score = fields.Float(required=True, allow_none=True)
    grade = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True, allow_none=True)
    costliest_rule = fields.String(required=True)
    costs = fields.Float(required=True, allow_none=True, metadata=schemas.told(N_("Points gained if it were mended")))
    updates_made = fields.Integer(required=True)
    updates_due = fields.Integer(required=True)
    update_cycle = fields.Nested(schemas.Named, required=True)
    updated_at = fields.DateTime(required=True, allow_none=True)
    late = fields.Boolean(required=True)
    as_of = fields.DateTime(required=True)
    page = fields.String(required=True)


class CostlyRule(Schema):
    """A rule that costs points in a dataset."""

    dataset = fields.String(required=True)
    title = fields.String(required=True)
    rule = fields.String(required=True)
    sentence = fields.String(required=True)
    dimension = fields.Nested(schemas.Named, required=True)
    severity = fields.Nested(schemas.Named, required=True)
    gain = fields.Float(required=True, metadata=schemas.told(N_("Points gained if it were mended")))
    unexpected = fields.Integer(required=True, allow_none=True)
    evaluated = fields.Integer(required=True, allow_none=True)


class MetadataLack(Schema):
    """Something missing in the description of an entry."""

    dataset = fields.String(required=True)
    title = fields.String(required=True)
    points = fields.Integer(required=True, metadata=schemas.told(N_("Points gained if it were mended")))
    metric = fields.String(required=True)
    why = fields.String(required=True)
    how = fields.String(required=True)


@listed(
    "desk/quality",
    N_("Quality of my units' datasets"),
    "DatasetQualities",
    DatasetQuality,
    ("code", "title", "score", "costs", "updated_at", "late"),
    key="datasets",
)
def desk_quality_list(asked: dict[str, Any]) -> Answer:
    """The published datasets of the asker's units, the lowest score first."""
    needs_staff()
    overview = desk_quality.overview()
    worst = overview.worst()
    rows = [
        {
            "code": one.code,
            "title": one.title,
            "score": one.facts.score,
            "grade": one.facts.grade.value if one.facts.grade else None,
            "version": one.number,
            "costliest_rule": worst[one.entry_id]["sentence"] if one.entry_id in worst else "",
            "costs": worst[one.entry_id]["gain"] if one.entry_id in worst else None,
            "updates_made": one.facts.updates.made,
            "updates_due": one.facts.updates.due,
            "update_cycle": named(one.cycle),
            "updated_at": one.updated_at,
            "late": one.late,
            "as_of": now(),
            "page": url_for("desk.dataset", code=address(one.code), _external=True),
        }
        for one in overview.by_score()
    ]
    return api_tables.answer("datasets", DatasetQuality, rows, asked)


@listed(
    "desk/quality/rules",
    N_("Rules that cost most points"),
    "CostlyRules",
    CostlyRule,
    ("dataset", "rule", "dimension", "severity", "gain", "unexpected"),
)
def desk_costs(asked: dict[str, Any]) -> Answer:
    """Every rule that costs points in a dataset of the asker's units, the costliest first."""
    needs_staff()
    rows = [
        {
            "dataset": one["dataset"].code,
            "title": one["dataset"].title,
            "rule": one["rule_id"],
            **{name: named(one[name]) for name in ("dimension", "severity")},
            **{name: one[name] for name in ("sentence", "gain", "unexpected", "evaluated")},
        }
        for one in desk_quality.overview().costs
    ]
    return api_tables.answer("rules", CostlyRule, rows, asked)


@listed(
    "desk/metadata",
    N_("Descriptions to be mended"),
    "MetadataLacks",
    MetadataLack,
    ("dataset", "title", "points", "metric"),
    key="lacks",
)
def desk_metadata(asked: dict[str, Any]) -> Answer:
    """What is missing in the descriptions of the asker's entries, by the points that mending it would bring."""
    needs_staff()
    rows = [
        {
            "dataset": one["code"],
            "title": one["title"],
            "points": one["points"],
            "metric": str(one["metric"]),
            "why": str(one["advice"].why),
            "how": str(one["advice"].how),
        }
        for one in desk_quality.lacks(desk_quality.described())
    ]
    return api_tables.answer("lacks", MetadataLack, rows, asked)
