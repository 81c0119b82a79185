"""A frozen month of a body as lists tell it, on the desk and in the administration: figures, and what is behind."""

from decimal import Decimal
from typing import Any

from apiflask import Schema, fields

from open_portal.pages import scorecard_words as figures
from open_portal.pages.admin import admin_scorecard_months
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api.api_admin import word
from open_portal.pages.api.api_admin_figures import HIDDEN, PER_CENT
from policies.scorecard_figures import Figure
from quality.scoring import scorecards
from quality.scoring.scorecard_models import ScorecardLine

N_ = schemas.N_


def _side() -> Any:
    return fields.String(required=True, allow_none=True)


class FrozenFigure(Schema):
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


class FrozenDataset(Schema):
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


def figure_rows(line: ScorecardLine) -> list[dict[str, Any]]:
    """Frozen figures with both their sides, and the corrected ones where an appeal was upheld."""
    frozen, shown = scorecards.figures_of(line, corrected=False), scorecards.figures_of(line)
    before = admin_scorecard_months.earlier_of(line.scorecard).get(line.tenant_id, {})
    corrected = shown if is_corrected(line) else {}
    return [
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


def dataset_rows(line: ScorecardLine) -> list[dict[str, Any]]:
    """The datasets that the frozen figures were computed from; titles only where the asker may know of them."""
    out = {entry_id for one in line.appeals if one.corrected for entry_id in one.corrected["left_out"]}
    return [
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


def is_corrected(line: ScorecardLine) -> bool:
    """Whether an upheld appeal corrected the line."""
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
