"""Figures of the scorecard: of many bodies at once, each with all below it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.models import Entry, Version
from policies import cards, indicators, rulebook, scorecard_figures
from policies import vocabulary as v
from policies.calendars import local_date
from policies.indicator_facts import EntryFacts
from policies.indicators import Reading
from policies.scorecard_figures import Figure
from quality.scoring import department_figures
from sharing.rates import readings
from tenancy.models import Tenant, TenantAncestor
from tenancy.records import Case

OPEN, SHARED = RATES = ("OPEN_CAT", "SHARE_MOUNTED")


@dataclass(frozen=True)
class Line:
    """One body: rates in per cent by the code of their indicator, scores from 0 to 100, counts; None where nothing is
    measured."""

    tenant: Tenant
    rates: Mapping[str, Reading]
    figures: Mapping[str, Figure]
    card: v.Card | None
    failing: int
    overdue: int

    @property
    def entries(self) -> int:
        """How many entries count."""
        return self.rates[OPEN].denominator

    @property
    def open_rate(self) -> float | None:
        """How many of them are open."""
        return _value(self.rates[OPEN])

    @property
    def share_rate(self) -> float | None:
        """How many of those to be shared are mounted."""
        return _value(self.rates[SHARED])

    def value(self, code: str) -> Decimal | None:
        """A figure's value; None where nothing was measured."""
        return self.figures[code].value if code in self.figures else None


def lines(session: Session, shown: Sequence[Tenant], now: datetime) -> list[Line]:
    """A line for each of the bodies."""
    above = _ancestors(session)
    facts = _facts_by_body(session, now)
    datasets = department_figures.by_body(department_figures.datasets(session, now))
    issues = department_figures.issues(session, [one.id for one in shown], now)
    failing = _summed(_failing(session), above)
    overdue = _summed(_overdue(session, now), above)
    made = []
    for one in shown:
        figures = scorecard_figures.figures([x.facts for x in datasets.get(one.id, ())], issues.get(one.id))
        made.append(
            Line(
                one,
                {code: _read(code, facts[one.id], now) for code in RATES},
                figures=figures,
                card=card_of(figures, one),
                failing=failing[one.id],
                overdue=overdue[one.id],
            )
        )
    return made


def card_of(figures: Mapping[str, Figure], tenant: Tenant) -> v.Card | None:
    """The card that a body's figures earn by the rules in force."""
    rules = rulebook.in_force().quality.cards
    return cards.card(figures["punctuality"].value, figures["pass_rate"].value, tenant.key, rules)


def _read(code: str, facts: Sequence[EntryFacts], now: datetime) -> Reading:
    definition = indicators.effective(rulebook.in_force().indicators.values(), code, local_date(now))
    return indicators.compute(definition, facts, [], now)


def _value(reading: Reading) -> float | None:
    return None if reading.value is None else float(reading.value)


def _ancestors(session: Session) -> Mapping[str, list[str]]:
    found = defaultdict(list)
    for below, over in session.execute(select(TenantAncestor.tenant_id, TenantAncestor.ancestor_id)):
        found[below].append(over)
    return found


def _facts_by_body(session: Session, now: datetime) -> Mapping[str, list[EntryFacts]]:
    found = defaultdict(list)
    for one in readings.entry_facts(session, now).values():
        if one["origin"] == v.Origin.OWN:
            facts = EntryFacts.of(one)
            for tenant_id in facts.path:
                found[tenant_id].append(facts)
    return found


def _failing(session: Session) -> Iterable[tuple[str, int]]:
    """Entries by owner whose newest version failed or was refused."""
    newest = select(func.max(Version.number)).where(Version.entry_id == Entry.id).correlate(Entry).scalar_subquery()
    bad = (v.VersionState.FAILED, v.VersionState.REFUSED)
    query = (
        select(Entry.tenant_id, func.count())
        .join(Version, Version.entry_id == Entry.id)
        .where(Version.number == newest, Version.state.in_(bad), Entry.state != v.EntryState.DELETED)
        .group_by(Entry.tenant_id)
    )
    return [(tenant_id, count) for tenant_id, count in session.execute(query)]


def _overdue(session: Session, now: datetime) -> Iterable[tuple[str, int]]:
    """Open cases past their day, by the body that must answer."""
    query = (
        select(Case.tenant_id, func.count())
        .where(Case.ended_at.is_(None), Case.due_on < local_date(now))
        .group_by(Case.tenant_id)
    )
    return [(tenant_id, count) for tenant_id, count in session.execute(query)]


def _summed(counts: Iterable[tuple[str, int]], above: Mapping[str, list[str]]) -> Mapping[str, int]:
    found: dict[str, int] = defaultdict(int)
    for tenant_id, count in counts:
        for over in above[tenant_id]:
            found[over] += count
    return found
