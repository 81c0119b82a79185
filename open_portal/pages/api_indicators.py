"""Rates for programs: each with its formula and figures, and the codes of the rows that it counts."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import url_for
from flask_babel import get_locale
from marshmallow import RAISE
from sqlalchemy import select

from catalog.models import Entry
from catalog.reading import Purpose, readable
from open_portal.language import ZONE
from open_portal.pages import api_schemas as schemas
from open_portal.pages.api_door import pages
from open_portal.requests import actor, now, scope, session
from policies import rulebook
from policies.refusals import NotFound
from policies.terms import speaks_english
from sharing.rates import readings
from sharing.rates.readings import Rate

PORTION = 5_000
"""Ids asked for at once: databases bound the number of values in a statement."""


@pages.get("/api/v1/indicators")
@pages.doc(summary=schemas.N_("All indicators"), responses=schemas.FAILURES, security=schemas.PERSON_KEYS)
@pages.input(schemas.IndicatorParameters, location="query", unknown=RAISE)
@pages.output(schemas.IndicatorList)
def indicators(query_data: dict[str, Any]) -> dict[str, Any]:
    """Every rate as it stands now or stood at the end of a day."""
    at = _instant(query_data["as_of"])
    return {"indicators": [_shown(one) for one in readings.compute(session(), at, scope=scope())]}


@pages.get("/api/v1/indicators/<code>")
@pages.doc(
    summary=schemas.N_("One indicator with its evidence"), responses=schemas.FAILURES, security=schemas.PERSON_KEYS
)
@pages.input(schemas.IndicatorParameters, location="query", unknown=RAISE)
@pages.output(schemas.FullIndicator)
def indicator(code: str, query_data: dict[str, Any]) -> dict[str, Any]:
    """One rate with the codes behind numerator and denominator, as far as the asker may know of them."""
    at = _instant(query_data["as_of"])
    if code not in {one.code for one in rulebook.in_force().indicators.values()}:
        raise NotFound("general.not-found")
    try:
        rate = readings.compute(session(), at, scope=scope(), codes=[code])[0]
    except KeyError:
        raise NotFound("general.not-found") from None
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
        "value": None if reading.value is None else str(reading.value),
        "target": str(rate.standing.target.value) if rate.standing else None,
        "as_of": rate.as_of,
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
