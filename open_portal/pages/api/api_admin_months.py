"""Scorecards of past months, for programs: the months, their bodies, frozen and corrected figures, what is behind."""

from decimal import Decimal
from typing import Any

from apiflask import Schema, fields

from open_portal.pages import dataset_words as words
from open_portal.pages import scorecard_words as figures
from open_portal.pages.admin import admin_scorecard_months
from open_portal.pages.admin.admin_scorecard import tenant_of
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_admin import N_, administered, word
from open_portal.pages.api.api_admin_figures import HIDDEN, PER_CENT
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_tables import Answer
from open_portal.requests import session
from policies.scorecard_figures import Figure
from quality.scoring import scorecards
from quality.scoring.scorecard_models import ScorecardLine


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


def _side() -> Any:
    return fields.String(required=True, allow_none=True)


class AdminMonthFigure(Schema):
    """A figure of a frozen line, and the corrected one beside it where an appeal was upheld."""

    figure = fields.Nested(schemas.Named, required=True)
    frozen = fields.String(required=True, allow_none=True, metadata=schemas.told(PER_CENT))
    frozen_numerator = _side()
    frozen_denominator = _side()
    corrected = _side()
    corrected_numerator = _side()
    corrected_denominator = _side()
    change = fields.String(required=True, allow_none=True, metadata=schemas.told(N_("Change from the month before")))
    definition = fields.String(required=True)
    as_of = fields.DateTime(required=True)
    rules_hash = fields.String(required=True)


class AdminMonthDataset(Schema):
    """A dataset behind the figures of a frozen line."""

    dataset = fields.String(required=True, allow_none=True, metadata=schemas.told(HIDDEN))
    title = fields.String(required=True, allow_none=True, metadata=schemas.told(HIDDEN))
    version = fields.Integer(required=True, allow_none=True)
    score = fields.String(required=True, allow_none=True)
    grade = fields.String(required=True, allow_none=True)
    updates_made = fields.Integer(required=True)
    updates_due = fields.Integer(required=True)
    table_sha256 = fields.String(required=True, allow_none=True)
    suite_hash = fields.String(required=True, allow_none=True)
    left_out = fields.Boolean(required=True, metadata=schemas.told(N_("Whether an appeal left it out")))


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
            "corrected": _is_corrected(one),
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
    AdminMonthFigure,
    ("figure", "frozen", "corrected", "change"),
)
def admin_month_figures(month: str, key: str, asked: dict[str, Any]) -> Answer:
    """Frozen figures with both their sides, and the corrected ones where an appeal was upheld."""
    line = admin_scorecard_months.line_of(month, key)
    frozen, shown = scorecards.figures_of(line, corrected=False), scorecards.figures_of(line)
    before = admin_scorecard_months.earlier_of(line.scorecard).get(line.tenant_id, {})
    corrected = shown if _is_corrected(line) else {}
    rows = [
        {
            "figure": word(code, figures.name(code)),
            **_sides("frozen", frozen.get(code)),
            **_sides("corrected", corrected.get(code)),
            "change": _change(shown.get(code), before.get(code)),
            "definition": figures.definition(code),
            "as_of": line.scorecard.as_of,
            "rules_hash": line.scorecard.rules_hash,
        }
        for code in figures.shown()
    ]
    return api_tables.answer("figures", AdminMonthFigure, rows, asked)


@administered(
    "scorecards/<month>/<key>/datasets",
    N_("Datasets behind a body's frozen figures"),
    "MonthDatasets",
    AdminMonthDataset,
    ("dataset", "score", "grade", "updates_made", "updates_due"),
)
def admin_month_datasets(month: str, key: str, asked: dict[str, Any]) -> Answer:
    """The datasets that the frozen figures were computed from; titles only where the asker may know of them."""
    line = admin_scorecard_months.line_of(month, key)
    out = {entry_id for one in line.appeals if one.corrected for entry_id in one.corrected["left_out"]}
    rows = [
        {
            "dataset": one["code"] or None,
            "title": one["title"] or None,
            "version": one["number"],
            "score": None if one["score"] is None else Decimal(one["score"]),
            **{name: one[name] for name in ("grade", "table_sha256", "suite_hash")},
            "updates_made": one["made"],
            "updates_due": one["due"],
            "left_out": one["entry_id"] in out,
        }
        for one in admin_scorecard_months.evidence(line)
    ]
    return api_tables.answer("datasets", AdminMonthDataset, rows, asked)


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


def _is_corrected(line: ScorecardLine) -> bool:
    return any(one.corrected for one in line.appeals)


def _sides(name: str, figure: Figure | None) -> dict[str, Any]:
    return {
        name: figure.value if figure else None,
        f"{name}_numerator": figure.numerator if figure else None,
        f"{name}_denominator": figure.denominator if figure else None,
    }


def _change(shown: Figure | None, before: Figure | None) -> Decimal | None:
    if shown is None or before is None or shown.value is None or before.value is None:
        return None
    return shown.value - before.value
