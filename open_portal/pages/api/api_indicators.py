"""Rates for programs: each with its formula and figures, and the codes of the rows that it counts."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any

from apiflask import Schema, fields
from flask import url_for
from flask_babel import get_locale
from marshmallow import RAISE
from sqlalchemy import select

from catalog.models import Entry
from catalog.reading import Purpose, readable
from open_portal.language import ZONE
from open_portal.pages import dataset_words as words
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_door import pages
from open_portal.pages.api.api_tables import Answer, listed
from open_portal.pages.indicators import indicators_evidence
from open_portal.pages.indicators.indicators_evidence import Row
from open_portal.requests import actor, now, scope, session
from policies import rulebook
from policies.refusals import NotFound
from policies.terms import speaks_english
from sharing.rates import readings
from sharing.rates.readings import Rate
from tenancy import tenants
from tenancy.models import Tenant

N_ = schemas.N_
MOST_READINGS = 400
COUNTED = fields.Boolean(
    load_default=None,
    allow_none=True,
    error_messages={"invalid": N_("must be true or false")},
    metadata=schemas.told(N_("Keep rows that count in the numerator only, or those that do not")),
)
DEPARTMENT = api_tables.words(N_("Keep rows of this body only, by its key"))
PORTION = 5_000
"""Ids asked for at once: databases bound the number of values in a statement."""


class EvidenceRow(Schema):
    """A row behind a rate; those that the asker may not know of are added up in one."""

    code = fields.String(required=True, allow_none=True, metadata=schemas.told(N_("Null for rows that are not public")))
    title = fields.String(required=True, allow_none=True)
    department = fields.String(required=True, allow_none=True)
    department_name = fields.String(required=True, allow_none=True)
    rows = fields.Integer(required=True)
    counted = fields.Integer(required=True, metadata=schemas.told(N_("How many of them count in the numerator")))
    numerator = fields.Integer(required=True)
    denominator = fields.Integer(required=True)
    as_of = fields.DateTime(required=True)


class DepartmentPart(Schema):
    """A body's part of a rate; the parts add up to the whole."""

    department = fields.String(required=True)
    department_name = fields.String(required=True)
    rows = fields.Integer(required=True)
    counted = fields.Integer(required=True)
    numerator = fields.Integer(required=True)
    denominator = fields.Integer(required=True)
    as_of = fields.DateTime(required=True)


class KeptReading(Schema):
    """A reading that was kept."""

    as_of = fields.DateTime(required=True)
    version = fields.Integer(required=True)
    value = fields.String(required=True, allow_none=True)
    numerator = fields.Integer(required=True)
    denominator = fields.Integer(required=True)
    rules_hash = fields.String(required=True)


@listed(
    "indicators",
    N_("All indicators"),
    "Indicators",
    schemas.Indicator,
    ("code", "name", "numerator", "denominator", "value", "target"),
    asks={"as_of": schemas.AS_OF},
    security=schemas.PERSON_KEYS,
)
def indicators(asked: dict[str, Any]) -> Answer:
    """Every rate as it stands now or stood at the end of a day."""
    at = _instant(asked["as_of"])
    rows = [_shown(one) for one in readings.compute(session(), at, scope=scope())]
    return api_tables.answer("indicators", schemas.Indicator, rows, asked)


@pages.get("/api/v1/indicators/<code>")
@pages.doc(
    summary=schemas.N_("One indicator with its evidence"), responses=schemas.FAILURES, security=schemas.PERSON_KEYS
)
@pages.input(schemas.IndicatorParameters, location="query", unknown=RAISE)
@pages.output(schemas.FullIndicator)
def indicator(code: str, query_data: dict[str, Any]) -> dict[str, Any]:
    """One rate with the codes behind numerator and denominator, as far as the asker may know of them."""
    rate = _rate(code, query_data)
    english = speaks_english(str(get_locale()))
    definition, reading = rate.definition, rate.reading
    known = _known(reading.denominator_ids) if definition.subject == "entry" else {}
    return {
        **_shown(rate),
        "exclusions": definition.exclusions_en if english else definition.exclusions_zh,
        "basis": definition.basis,
        "numerator_ids": _listed(reading.numerator_ids, known),
        "denominator_ids": _listed(reading.denominator_ids, known),
    }


@listed(
    "indicators/<code>/evidence",
    N_("Rows behind an indicator"),
    "Evidence",
    EvidenceRow,
    ("code", "title", "department", "numerator", "denominator"),
    key="rows",
    asks={"as_of": schemas.AS_OF, "counted": COUNTED, "department": DEPARTMENT},
    security=schemas.PERSON_KEYS,
)
def indicator_rows(code: str, asked: dict[str, Any]) -> Answer:
    """Every row of the denominator with what it adds to both sides; what the asker may not know of stands in one."""
    rate = _rate(code, asked)
    every = indicators_evidence.rows_of(rate, speaks_english(str(get_locale())))
    bodies = {one.tenant.id: one.tenant for one in indicators_evidence.units_of(every)}
    wanted = tenants.find(session(), asked["department"]).id if asked["department"] else None
    chosen = [one for one in every if asked["counted"] in {None, one.counted} and wanted in {None, one.tenant_id}]
    rows = [_row(one, bodies.get(one.tenant_id), rate) for one in chosen if one.known]
    hidden = indicators_evidence.part_of([one for one in chosen if not one.known])
    if hidden.rows:
        nobody = dict.fromkeys(("code", "title", "department", "department_name"))
        rows.append({**nobody, **asdict(hidden), "as_of": rate.as_of})
    return api_tables.answer("rows", EvidenceRow, rows, asked)


@listed(
    "indicators/<code>/departments",
    N_("An indicator by department"),
    "Departments",
    DepartmentPart,
    ("department", "rows", "counted", "numerator", "denominator"),
    asks={"as_of": schemas.AS_OF},
    security=schemas.PERSON_KEYS,
)
def indicator_departments(code: str, asked: dict[str, Any]) -> Answer:
    """The part of each body, the one with most in the denominator first."""
    rate = _rate(code, asked)
    every = indicators_evidence.rows_of(rate, speaks_english(str(get_locale())))
    rows = [
        {
            "department": one.tenant.key,
            "department_name": words.tenant_name(one.tenant),
            **asdict(one.part),
            "as_of": rate.as_of,
        }
        for one in indicators_evidence.units_of(every)
    ]
    return api_tables.answer("departments", DepartmentPart, rows, asked)


@listed(
    "indicators/<code>/trend",
    N_("Kept readings of an indicator"),
    "Trend",
    KeptReading,
    ("as_of", "value", "numerator", "denominator"),
    key="readings",
    asks={"as_of": schemas.AS_OF},
    security=schemas.PERSON_KEYS,
)
def indicator_trend(code: str, asked: dict[str, Any]) -> Answer:
    """The readings of an indicator that were kept, one a day, oldest first."""
    rate = _rate(code, asked)
    plain = ("as_of", "version", "value", "numerator", "denominator", "rules_hash")
    found = readings.trend(session(), rate.definition.code, scope=scope(), limit=MOST_READINGS)
    rows = [{name: getattr(one, name) for name in plain} for one in found]
    return api_tables.answer("readings", KeptReading, rows, asked)


def _rate(code: str, asked: dict[str, Any]) -> Rate:
    """A rate as of the day asked for; NotFound if it was not defined then."""
    if code not in {one.code for one in rulebook.in_force().indicators.values()}:
        raise NotFound("general.not-found")
    try:
        return readings.compute(session(), _instant(asked["as_of"]), scope=scope(), codes=[code])[0]
    except KeyError:
        raise NotFound("general.not-found") from None


def _row(one: Row, body: Tenant | None, rate: Rate) -> dict[str, Any]:
    return {
        "code": one.code,
        "title": one.title,
        "department": body.key if body else None,
        "department_name": words.tenant_name(body) if body else None,
        "rows": 1,
        "counted": int(one.counted),
        "numerator": one.numerator,
        "denominator": one.denominator,
        "as_of": rate.as_of,
    }


def _shown(rate: Rate) -> dict[str, Any]:
    reader = str(get_locale())
    definition, reading = rate.definition, rate.reading
    return {
        "code": definition.code,
        "version": definition.version,
        "name": definition.label(reader),
        "formula": definition.formula(reader),
        "numerator": reading.numerator,
        "denominator": reading.denominator,
        "value": reading.value,
        "unit": definition.unit_en if speaks_english(reader) else definition.unit_zh,
        "target": rate.standing.target.value if rate.standing else None,
        "target_year": rate.standing.target.year if rate.standing else None,
        "as_of": rate.as_of,
        "rules_hash": rulebook.in_force().hash,
        "url": url_for("api.indicator", code=definition.code, _external=True),
    }


def _instant(day: date | None) -> datetime:
    """The end of a day in Shanghai, but nothing later than now."""
    if day is None or day >= now().astimezone(ZONE).date():
        return now()
    return datetime.combine(day + timedelta(days=1), time(), ZONE) - timedelta(microseconds=1)


def _known(ids: Sequence[str]) -> dict[str, str]:
    """Code by id of those entries that the asker may know of."""
    found: dict[str, str] = {}
    for first in range(0, len(ids), PORTION):
        some = ids[first : first + PORTION]
        query = select(Entry.id, Entry.code).where(Entry.id.in_(some), readable(actor(), Purpose.SEE, now()))
        found.update((key, code) for key, code in session().execute(query))
    return found


def _listed(ids: Iterable[str], known: dict[str, str]) -> dict[str, Any]:
    wanted = list(ids)
    shown = sorted(known[one] for one in wanted if one in known)
    return {"codes": shown, "withheld": len(wanted) - len(shown)}
