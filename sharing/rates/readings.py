"""Readings: the rates computed from facts as they stood at an instant, kept with their evidence, replayed at will."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.models import CatalogChange
from policies import indicators, rulebook
from policies import vocabulary as v
from policies.calendars import local_date
from policies.indicator_facts import DemandFacts, EntryFacts
from policies.indicators import Definition, Standing
from sharing.demand.models import DemandChange
from sharing.rates.models import Reading
from tenancy.types import new_id
from tenancy.work import Work


@dataclass(frozen=True)
class Rate:
    """One rate as a page shows it: its definition, the reading, how it stands against the target, and when."""

    definition: Definition
    reading: indicators.Reading
    standing: Standing | None
    as_of: datetime


@dataclass(frozen=True)
class Evidence:
    """The facts behind a figure as they stood: rows of the denominator, each with whether it also counts above."""

    rows: Sequence[dict[str, Any]]
    counted: frozenset[str]


def compute(session: Session, as_of: datetime, *, scope: str | None, codes: Sequence[str] | None = None) -> list[Rate]:
    """Every rate (or those of some codes) as of an instant, for a tenant with all below it, or for all."""
    definitions = rulebook.in_force().indicators.values()
    on = local_date(as_of)
    wanted = codes or sorted({one.code for one in definitions if one.effective_from <= on})
    entries = [EntryFacts.of(one) for one in entry_facts(session, as_of).values()]
    demands = [DemandFacts.of(one) for one in demand_facts(session, as_of).values()]
    rates = []
    for code in wanted:
        definition = indicators.effective(definitions, code, on)
        reading = indicators.compute(definition, entries, demands, as_of, scope)
        rates.append(Rate(definition, reading, indicators.standing(definition, reading, on), as_of))
    return rates


def headline(session: Session, as_of: datetime, *, scope: str | None) -> list[Rate]:
    """The three rates of the plan, in its order."""
    codes = [one.code for one in rulebook.in_force().indicators.values() if one.headline]
    return compute(session, as_of, scope=scope, codes=list(dict.fromkeys(codes)))


def evidence(session: Session, rate: Rate) -> Evidence:
    """The rows behind a rate, as they stood when it was computed."""
    facts = demand_facts if rate.definition.subject == "demand" else entry_facts
    known = facts(session, rate.as_of)
    return Evidence([known[one] for one in rate.reading.denominator_ids], frozenset(rate.reading.numerator_ids))


def keep(work: Work, rates: Sequence[Rate], *, scope: str | None) -> None:
    """Keep readings with their evidence, so that the figure of that day can be opened for ever."""
    work.demand("indicator.compute", _Figures())
    rules = rulebook.in_force()
    for rate in rates:
        reading = rate.reading
        row = Reading(
            id=new_id(),
            code=reading.code,
            version=reading.version,
            rules_hash=rules.hash,
            scope_id=scope,
            as_of=rate.as_of,
            numerator=reading.numerator,
            denominator=reading.denominator,
            value=reading.value,
            numerator_ids=list(reading.numerator_ids),
            denominator_ids=list(reading.denominator_ids),
            evidence={name: list(ids) for name, ids in reading.beside.items()},
            computed_at=work.now,
        )
        work.session.add(row)
    work.record("indicators.kept", "Reading", codes=[one.reading.code for one in rates], scope=scope)


class _Figures:
    """What permissions know of the figures of the platform."""

    def facts(self) -> dict[str, object]:
        """No tenant owns them."""
        return {"type": "System", "id": "indicators", "path": ()}


def trend(session: Session, code: str, *, scope: str | None, limit: int = 12) -> list[Reading]:
    """The last kept readings of a rate, oldest first, one a day."""
    query = select(Reading).where(Reading.code == code, Reading.scope_id == scope)
    rows = session.scalars(query.order_by(Reading.as_of.desc()).limit(limit * 4)).all()
    days = {local_date(row.as_of): row for row in reversed(rows)}
    return list(days.values())[-limit:]


def entry_facts(session: Session, as_of: datetime) -> dict[str, dict[str, Any]]:
    """What was true of each own entry at an instant: its last change up to then. Harvested entries never count."""
    last = (
        select(func.max(CatalogChange.sequence))
        .where(CatalogChange.at <= as_of, CatalogChange.origin == v.Origin.OWN)
        .group_by(CatalogChange.entry_id)
    )
    query = select(CatalogChange.entry_id, CatalogChange.facts).where(CatalogChange.sequence.in_(last))
    return dict(session.execute(query).all())


def demand_facts(session: Session, as_of: datetime) -> dict[str, dict[str, Any]]:
    """What was true of each demand at an instant: its last change up to then."""
    last = select(func.max(DemandChange.sequence)).where(DemandChange.at <= as_of).group_by(DemandChange.demand_id)
    query = select(DemandChange.demand_id, DemandChange.facts).where(DemandChange.sequence.in_(last))
    return dict(session.execute(query).all())
