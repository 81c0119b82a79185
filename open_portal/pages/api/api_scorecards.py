"""Frozen months of a unit, for programs: the months, the figures of one, the datasets behind them, appeals."""

from typing import Any

from apiflask import Schema, fields
from flask import url_for

from open_portal.pages import dataset_words as words
from open_portal.pages import scorecard_words as figure_words
from open_portal.pages.api import api_frozen, api_tables
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_door import needs_staff
from open_portal.pages.api.api_frozen import FrozenDataset, FrozenFigure
from open_portal.pages.api.api_tables import Answer, listed
from open_portal.pages.desk import desk_quality, desk_scorecards
from open_portal.requests import session
from quality.scoring.scorecard_models import ScorecardLine

N_ = schemas.N_
LINE = "desk/scorecards/<month>/<key>"


class FrozenMonth(Schema):
    """A frozen month of a unit."""

    month = fields.String(required=True)
    unit = fields.String(required=True)
    unit_key = fields.String(required=True)
    card = fields.Nested(schemas.Named, required=True, allow_none=True)
    quality = fields.String(required=True, allow_none=True)
    punctuality = fields.String(required=True, allow_none=True)
    state = fields.Nested(schemas.Named, required=True)
    appeals_until = fields.Date(required=True)
    page = fields.String(required=True)


class ScorecardAppeal(Schema):
    """An appeal against a frozen month."""

    case = fields.String(
        required=True,
        allow_none=True,
        metadata=schemas.told(N_("Number of the case; null where it is not yours to know")),
    )
    reason = fields.String(required=True)
    datasets = fields.Integer(required=True, metadata=schemas.told(N_("Disputed datasets; 0: the line as a whole")))
    upheld = fields.Boolean(required=True, allow_none=True)
    made_at = fields.DateTime(required=True)
    ended_at = fields.DateTime(required=True, allow_none=True)


@listed(
    "desk/scorecards",
    N_("Frozen months of my units"),
    "FrozenMonths",
    FrozenMonth,
    ("month", "unit", "card", "state", "appeals_until"),
    key="months",
)
def desk_months(asked: dict[str, Any]) -> Answer:
    """The frozen lines of the units in which the asker works, the newest first."""
    needs_staff()
    rows = [
        {
            "month": one["month"],
            "unit": words.tenant_name(one["line"].tenant),
            "unit_key": one["line"].tenant.key,
            "card": named(one["card"]),
            "quality": figure_words.value(one["figures"]["quality"]),
            "punctuality": figure_words.value(one["figures"]["punctuality"]),
            "state": named(one["line"].scorecard.state),
            "appeals_until": one["line"].scorecard.appeals_until,
            "page": url_for("desk.scorecard_line", month=one["month"], key=one["line"].tenant.key, _external=True),
        }
        for one in desk_quality.months()
    ]
    return api_tables.answer("months", FrozenMonth, rows, asked)


@listed(
    f"{LINE}/figures",
    N_("Figures of a frozen month"),
    "FrozenFigures",
    FrozenFigure,
    ("figure", "frozen", "corrected", "change"),
)
def desk_month_figures(month: str, key: str, asked: dict[str, Any]) -> Answer:
    """The figures of a unit in a month, each with its definition and what it is made of."""
    return api_tables.answer("figures", FrozenFigure, api_frozen.figure_rows(_line(month, key)), asked)


@listed(
    f"{LINE}/datasets",
    N_("Datasets behind a frozen month"),
    "FrozenDatasets",
    FrozenDataset,
    ("dataset", "score", "grade", "updates_made", "updates_due"),
)
def desk_month_datasets(month: str, key: str, asked: dict[str, Any]) -> Answer:
    """The datasets that were counted, with the hashes of the table and the rules."""
    return api_tables.answer("datasets", FrozenDataset, api_frozen.dataset_rows(_line(month, key)), asked)


@listed(
    f"{LINE}/appeals",
    N_("Appeals against a frozen month"),
    "ScorecardAppeals",
    ScorecardAppeal,
    ("made_at", "ended_at"),
)
def desk_month_appeals(month: str, key: str, asked: dict[str, Any]) -> Answer:
    """The appeals of a unit against its month, the oldest first."""
    line = _line(month, key)
    numbers = desk_scorecards.numbers_of(line)
    rows = [
        {
            "case": numbers.get(one.id),
            "datasets": len(one.entry_ids),
            **{name: getattr(one, name) for name in ("reason", "upheld", "made_at", "ended_at")},
        }
        for one in line.appeals
    ]
    return api_tables.answer("appeals", ScorecardAppeal, rows, asked)


def _line(month: str, key: str) -> ScorecardLine:
    needs_staff()
    return desk_scorecards.line_of(session(), month, key)
