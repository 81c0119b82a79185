"""The scorecard for programs: every figure of every body with both its sides and its definition, and what is behind it.

Rates are those of the indicators; all other figures are the scorecard's own. A body counts with everything below it.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from apiflask import Schema, fields
from flask_babel import get_locale
from flask_babel import gettext as _

from catalog.models import Entry, Version
from open_portal.pages import dataset_words as words
from open_portal.pages import scorecard_words as figures
from open_portal.pages.admin import admin_figures, admin_scorecard, admin_scorecard_months
from open_portal.pages.admin.admin_figures import Line
from open_portal.pages.admin.admin_scorecard import Share
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_admin import N_, administered, word
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_records import RuleResult
from open_portal.pages.api.api_tables import Answer
from open_portal.requests import now, session
from policies import indicators, rulebook
from policies.calendars import local_date
from policies.refusals import NotFound
from policies.scorecard_figures import Figure
from quality.scoring.department_figures import Dataset
from tenancy.models import Tenant

HIDDEN = N_("Empty where the asker may not know of the dataset")
PER_CENT = N_("Decimal number: per cent for rates, 0 to 100 for scores; null where nothing was measured")


class AdminBody(Schema):
    """A body of the scorecard."""

    organisation = fields.String(required=True)
    name = fields.String(required=True)
    card = fields.Nested(schemas.Named, required=True, allow_none=True)
    entries = fields.Integer(required=True)
    failing = fields.Integer(
        required=True, metadata=schemas.told(N_("Entries whose newest version failed or was refused"))
    )
    overdue_cases = fields.Integer(required=True, metadata=schemas.told(N_("Open cases past their day")))
    as_of = fields.DateTime(required=True)
    rules_hash = fields.String(required=True)


class AdminFigure(Schema):
    """A figure of a body with its definition and both its sides."""

    organisation = fields.String(required=True)
    name = fields.String(required=True)
    figure = fields.Nested(schemas.Named, required=True)
    value = fields.String(required=True, allow_none=True, metadata=schemas.told(PER_CENT))
    numerator = fields.String(required=True)
    denominator = fields.String(required=True)
    definition = fields.String(required=True)
    as_of = fields.DateTime(required=True)
    rules_hash = fields.String(required=True)


class AdminShare(Schema):
    """What a dataset adds to both sides of a figure."""

    dataset = fields.String(required=True, allow_none=True, metadata=schemas.told(HIDDEN))
    title = fields.String(required=True, allow_none=True, metadata=schemas.told(HIDDEN))
    version = fields.Integer(required=True, allow_none=True)
    counted = fields.Boolean(
        required=True, metadata=schemas.told(N_("Whether something was measured; else it drops out of both sides"))
    )
    numerator = fields.String(required=True, allow_none=True)
    denominator = fields.String(required=True, allow_none=True)
    as_of = fields.DateTime(required=True)


class AdminDataset(Schema):
    """A dataset that a body publishes in its own name."""

    dataset = fields.String(required=True)
    title = fields.String(required=True)
    open_state = fields.Nested(schemas.Named, required=True)
    score = fields.Float(required=True, allow_none=True)
    rules_failed = fields.Integer(required=True, allow_none=True)
    checked_at = fields.DateTime(required=True, allow_none=True)


class AdminRuleResult(RuleResult):
    """What a rule found, and how many points the dataset gains once it is mended."""

    gain = fields.String(required=True, allow_none=True)


class AdminSample(Schema):
    """A row that broke a rule."""

    row = fields.Integer(required=True)
    value = fields.String(required=True, allow_none=True)


@administered(
    "scorecard/<key>",
    N_("Scorecard of the bodies below a body"),
    "Scorecard",
    AdminBody,
    ("organisation", "name", "card", "entries", "failing", "overdue_cases"),
    key="bodies",
)
def admin_scorecard_bodies(key: str, asked: dict[str, Any]) -> Answer:
    """A line for each body directly below one, or for itself where nothing is below."""
    rows = [
        {
            **_body(line),
            "card": named(line.card),
            "entries": line.entries,
            "failing": line.failing,
            "overdue_cases": line.overdue,
        }
        for line in _lines(key)
    ]
    return api_tables.answer("bodies", AdminBody, rows, asked)


@administered(
    "scorecard/<key>/figures",
    N_("Figures of the bodies below a body"),
    "Figures",
    AdminFigure,
    ("organisation", "name", "figure", "value", "numerator", "denominator"),
)
def admin_scorecard_figures(key: str, asked: dict[str, Any]) -> Answer:
    """Every figure of each body directly below one, or of itself where nothing is below."""
    rows = [{**_body(line), **one} for line in _lines(key) for one in _figures(line)]
    return api_tables.answer("figures", AdminFigure, rows, asked)


@administered(
    "scorecard/<key>/figures/<code>",
    N_("Datasets behind a figure of a body"),
    "Shares",
    AdminShare,
    ("dataset", "version", "numerator", "denominator"),
    key="datasets",
)
def admin_scorecard_figure(key: str, code: str, asked: dict[str, Any]) -> Answer:
    """What each dataset of a body adds to both sides of a figure; summed up they are the figure."""
    _figure, mine = admin_scorecard.behind(admin_scorecard.tenant_of(key), code)
    return api_tables.answer("datasets", AdminShare, [_share(*one) for one in mine], asked)


@administered(
    "scorecard/<key>/datasets",
    N_("Datasets of a body itself, the worst first"),
    "Datasets",
    AdminDataset,
    ("dataset", "title", "open_state", "score", "rules_failed", "checked_at"),
)
def admin_scorecard_datasets(key: str, asked: dict[str, Any]) -> Answer:
    """The datasets that a body publishes in its own name, as far as the asker may know of them."""
    query = admin_scorecard.own_entries(admin_scorecard.tenant_of(key))
    orders = {
        "dataset": Entry.code,
        **{name: getattr(Entry, name) for name in ("title", "open_state", "score")},
        **{name: getattr(Version, name) for name in ("rules_failed", "checked_at")},
    }
    order = admin_scorecard.WORST_FIRST
    return api_tables.answer_query("datasets", AdminDataset, query, orders, order, _dataset, asked)


@administered(
    "scorecard-datasets/<code>",
    N_("Rules of a dataset with what each costs"),
    "Rules",
    AdminRuleResult,
    ("rule", "dimension", "severity", "verdict", "score", "unexpected", "gain"),
    key="rules",
)
def admin_scorecard_rules(code: str, asked: dict[str, Any]) -> Answer:
    """The rules of a dataset's last run, those that cost most first."""
    _entry, _version, _run, lines = admin_scorecard_months.last_run(code)
    rows = [
        {
            "rule": one["rule_id"],
            **{name: named(one[name]) for name in ("dimension", "severity", "verdict")},
            **{name: one[name] for name in ("sentence", "score", "gain", "evaluated", "unexpected")},
        }
        for one in lines
    ]
    return api_tables.answer("rules", AdminRuleResult, rows, asked)


@administered(
    "scorecard-datasets/<code>/<rule>",
    N_("Rows that broke a rule of a dataset"),
    "Samples",
    AdminSample,
    ("row", "value"),
    key="rows",
)
def admin_scorecard_samples(code: str, rule: str, asked: dict[str, Any]) -> Answer:
    """The first rows that broke a rule, for whoever may read these data; none for anyone else."""
    _entry, _version, _run, lines = admin_scorecard_months.last_run(code)
    found = next((one for one in lines if one["rule_id"] == rule), None)
    if found is None:
        raise NotFound("general.not-found")
    rows = [{"row": row, "value": None if value is None else str(value)} for row, value in found["samples"]]
    return api_tables.answer("rows", AdminSample, rows, asked)


def _lines(key: str) -> list[Line]:
    tenant = admin_scorecard.tenant_of(key)
    shown: list[Tenant] = admin_scorecard.below(tenant) or [tenant]
    return sorted(admin_figures.lines(session(), shown, now()), key=lambda one: one.tenant.key)


def _body(line: Line) -> dict[str, Any]:
    return {
        "organisation": line.tenant.key,
        "name": words.tenant_name(line.tenant),
        "as_of": now(),
        "rules_hash": rulebook.in_force().hash,
    }


def _figures(line: Line) -> Iterator[dict[str, Any]]:
    reader, known = str(get_locale()), rulebook.in_force().indicators.values()
    for code, rate in line.rates.items():
        definition = indicators.effective(known, code, local_date(now()))
        yield {
            "figure": word(code, definition.label(reader)),
            "value": rate.value,
            "numerator": rate.numerator,
            "denominator": rate.denominator,
            "definition": definition.formula(reader),
        }
    for code, figure in line.figures.items():
        yield told(code, figure)
    for code, label, count, definition_text in (
        ("failing", _("Failed versions"), line.failing, _("Entries whose newest version failed or was refused")),
        ("overdue_cases", _("Overdue cases"), line.overdue, _("Open cases past their day")),
    ):
        number = Decimal(count)
        one = {"value": number, "numerator": number, "denominator": 1, "definition": definition_text}
        yield {"figure": word(code, label), **one}


def told(code: str, figure: Figure | None) -> dict[str, Any]:
    """A figure of the scorecard with its name, both its sides and its definition."""
    return {
        "figure": word(code, figures.name(code)),
        "value": figure.value if figure else None,
        "numerator": figure.numerator if figure else 0,
        "denominator": figure.denominator if figure else 0,
        "definition": figures.definition(code),
    }


def _share(entry: Entry | None, one: Dataset, share: Share | None) -> dict[str, Any]:
    return {
        "dataset": entry.code if entry else None,
        "title": words.title(entry) if entry else None,
        "version": one.number,
        "counted": share is not None,
        "numerator": share[0] if share else None,
        "denominator": share[1] if share else None,
        "as_of": now(),
    }


def _dataset(entry: Entry, version: Version | None) -> dict[str, Any]:
    return {
        "dataset": entry.code,
        "title": words.title(entry),
        "open_state": named(entry.open_state),
        "score": entry.score,
        "rules_failed": version.rules_failed if version else None,
        "checked_at": version.checked_at if version else None,
    }
