"""Scorecards of past months, for programs: the months, their bodies, frozen and corrected figures, what is behind."""

from typing import Any

from apiflask import Schema, fields

from open_portal.pages import dataset_words as words
from open_portal.pages.admin import admin_scorecard_months
from open_portal.pages.admin.admin_scorecard import tenant_of
from open_portal.pages.api import api_frozen, api_tables
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api.api_admin import N_, administered
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_frozen import FrozenDataset, FrozenFigure
from open_portal.pages.api.api_tables import Answer
from open_portal.requests import session
from quality.scoring import scorecards


class AdminMonth(Schema):
    """A frozen month; provisional while bodies may appeal, then final."""

    month = fields.String(required=True)
    state = fields.Nested(schemas.Named, required=True)
    as_of = fields.DateTime(required=True)
    frozen_at = fields.DateTime(required=True)
    appeals_until = fields.Date(required=True)
    closed_at = fields.DateTime(required=True, allow_none=True)
    hash = fields.String(required=True)
    rules_hash = fields.String(required=True)


class AdminMonthBody(Schema):
    """A body's frozen line."""

    organisation = fields.String(required=True)
    name = fields.String(required=True)
    card = fields.Nested(schemas.Named, required=True, allow_none=True)
    datasets = fields.Integer(required=True)
    appeals = fields.Integer(required=True)
    corrected = fields.Boolean(required=True)
    whole = fields.Boolean(required=True, metadata=schemas.told(N_("Whether the hash agrees with the content")))
    hash = fields.String(required=True)


class AdminAppeal(Schema):
    """An appeal against a frozen line."""

    made_at = fields.DateTime(required=True)
    reason = fields.String(required=True)
    datasets = fields.Integer(required=True, metadata=schemas.told(N_("Datasets that are disputed")))
    upheld = fields.Boolean(required=True, allow_none=True, metadata=schemas.told(N_("Null while it is ruled on")))
    ended_at = fields.DateTime(required=True, allow_none=True)


@administered(
    "scorecards", N_("Frozen months of the scorecard"), "Months", AdminMonth, ("month", "state"), key="months"
)
def admin_months(asked: dict[str, Any]) -> Answer:
    """Every frozen month, the newest first."""
    tenant_of(None)
    plain = ("month", "as_of", "frozen_at", "appeals_until", "closed_at", "hash", "rules_hash")
    rows = [
        {**{name: getattr(one, name) for name in plain}, "state": named(one.state)}
        for one in scorecards.months(session())
    ]
    return api_tables.answer("months", AdminMonth, rows, asked)


@administered(
    "scorecards/<month>",
    N_("Bodies of a frozen month"),
    "MonthBodies",
    AdminMonthBody,
    ("organisation", "name", "card", "datasets", "appeals"),
    key="bodies",
)
def admin_month(month: str, asked: dict[str, Any]) -> Answer:
    """The bodies of a frozen month that the asker may look at, the highest first."""
    lines = admin_scorecard_months.lines_of(admin_scorecard_months.month_of(month))
    rows = [
        {
            "organisation": one.tenant.key,
            "name": words.tenant_name(one.tenant),
            "card": named(scorecards.card_of(one)),
            "datasets": len(one.evidence),
            "appeals": len(one.appeals),
            "corrected": api_frozen.is_corrected(one),
            "whole": scorecards.is_whole(one),
            "hash": one.hash,
        }
        for one in lines
    ]
    return api_tables.answer("bodies", AdminMonthBody, rows, asked)


@administered(
    "scorecards/<month>/<key>/figures",
    N_("Figures of a body in a frozen month"),
    "MonthFigures",
    FrozenFigure,
    ("figure", "frozen", "corrected", "change"),
)
def admin_month_figures(month: str, key: str, asked: dict[str, Any]) -> Answer:
    """Frozen figures with both their sides, and the corrected ones where an appeal was upheld."""
    rows = api_frozen.figure_rows(admin_scorecard_months.line_of(month, key))
    return api_tables.answer("figures", FrozenFigure, rows, asked)


@administered(
    "scorecards/<month>/<key>/datasets",
    N_("Datasets behind a body's frozen figures"),
    "MonthDatasets",
    FrozenDataset,
    ("dataset", "score", "grade", "updates_made", "updates_due"),
)
def admin_month_datasets(month: str, key: str, asked: dict[str, Any]) -> Answer:
    """The datasets that the frozen figures were computed from; titles only where the asker may know of them."""
    rows = api_frozen.dataset_rows(admin_scorecard_months.line_of(month, key))
    return api_tables.answer("datasets", FrozenDataset, rows, asked)


@administered(
    "scorecards/<month>/<key>/appeals",
    N_("Appeals against a body's frozen figures"),
    "Appeals",
    AdminAppeal,
    ("made_at", "ended_at"),
)
def admin_month_appeals(month: str, key: str, asked: dict[str, Any]) -> Answer:
    """The appeals against a frozen line, the oldest first."""
    plain = ("made_at", "reason", "upheld", "ended_at")
    rows = [
        {**{name: getattr(one, name) for name in plain}, "datasets": len(one.entry_ids)}
        for one in admin_scorecard_months.line_of(month, key).appeals
    ]
    return api_tables.answer("appeals", AdminAppeal, rows, asked)
