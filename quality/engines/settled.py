"""Rules which no row can settle: what the platform knows of a delivery, its updates, its source and the one before.

Pure. Every figure comes from the parameters of the run; where they lack, the rule is not applicable.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from quality.rules.rules import NotApplicableError, Rule, RuleError

CYCLES = 12
"""How many update cycles back are looked at."""
_CITY = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Settled:
    """What such a rule finds: elements that count, those that break it, the figure seen, and names of what is wrong."""

    evaluated: int
    unexpected: int
    success: bool
    observed: Any = None
    detail: str | None = None


@dataclass(frozen=True)
class About:
    """What is known: the parameters of the run, the rows of the table and the names of its columns."""

    parameters: Mapping[str, Any]
    rows: int
    columns: tuple[str, ...]

    def known(self, name: str) -> Any:
        """A parameter of the run; NotApplicableError without it."""
        found = self.parameters.get(name)
        if found is None:
            raise NotApplicableError(name)
        return found

    def day(self, name: str) -> dt.date:
        """A parameter that is a day, or an instant whose day in the city counts; RuleError without it."""
        found = self.parameters.get(name)
        if not isinstance(found, dt.date):
            raise RuleError("run-parameter-missing", name)
        return _local(found)


def settle(rule: Rule, about: About) -> Settled:
    """What a rule of one of the `KINDS` finds; NotApplicableError, or RuleError when a run must know more."""
    return KINDS[rule.kind](rule, about)


def _local(moment: dt.date) -> dt.date:
    if not isinstance(moment, dt.datetime):
        return moment
    return moment.astimezone(_CITY).date() if moment.tzinfo else moment.date()


def _updated(rule: Rule, about: About) -> Settled:
    """The age of the last update in days, at most what the rule or the promised cycle with its tolerance allows."""
    days = about.known("max_age_days") if rule.parameters["days"] == "cycle" else rule.parameters["days"]
    age = (about.day("today") - about.day("updated_at")).days
    return Settled(1, int(age > days), age <= days, age)


def _on_schedule(rule: Rule, about: About) -> Settled:
    """Cycles with an update, of the last cycles that are over, counted back from today.

    A cycle is as long as the greatest age with its tolerance, at least a day; nothing is due before the first update.
    """
    length = max(1.0, float(about.known("max_age_days")))
    today, updates = about.day("today"), sorted(_local(one) for one in about.known("deliveries"))
    if not updates:
        raise NotApplicableError("deliveries")
    due = min(CYCLES, int((today - updates[0]).days / length))
    if not due:
        raise NotApplicableError("deliveries")
    kept = {int((today - one).days / length) for one in updates}
    missed = sum(at not in kept for at in range(due))
    return Settled(due, missed, due - missed >= rule.mostly * due, due - missed)


def _as_source(rule: Rule, about: About) -> Settled:
    """Rows which lack against the source, or are too many; the tolerance is a share of the source's rows."""
    source = int(about.known("source_rows"))
    apart = abs(source - about.rows)
    held = apart <= float(rule.parameters.get("tolerance", 0)) * source
    return Settled(max(1, source), min(apart, max(1, source)), held, about.rows)


def _no_drop(rule: Rule, about: About) -> Settled:
    """Rows lost since the version before."""
    before = int(about.known("previous")["rows"])
    if not before:
        raise NotApplicableError("previous")
    held = about.rows >= float(rule.parameters["share"]) * before
    return Settled(before, max(0, before - about.rows), held, about.rows)


def _columns_kept(_rule: Rule, about: About) -> Settled:
    """Columns of the version before which are not there any more."""
    before = about.known("previous").get("columns") or ()
    if not before:
        raise NotApplicableError("previous")
    lost = [name for name in before if name not in about.columns]
    return Settled(len(before), len(lost), not lost, len(before) - len(lost), ", ".join(lost) or None)


def _safeguarded(_rule: Rule, about: About) -> Settled:
    """Columns in which a scan found personal data that nobody declared, or a marking of secrecy."""
    exposed = [name for name in about.columns if name in set(about.known("exposed"))]
    return Settled(len(about.columns), len(exposed), not exposed, len(exposed), ", ".join(exposed) or None)


def _accessible(_rule: Rule, about: About) -> Settled:
    """Accesses that succeeded, of those that were tried."""
    tried, succeeded = about.known("accesses")
    return Settled(tried, tried - succeeded, tried == succeeded, succeeded)


def _usable(rule: Rule, about: About) -> Settled:
    """Rows delivered which could not be loaded."""
    delivered, loaded = int(about.known("rows_read")), int(about.known("rows_loaded"))
    if not delivered:
        raise NotApplicableError("rows_read")
    refused = max(0, delivered - loaded)
    return Settled(delivered, refused, delivered - refused >= rule.mostly * delivered, loaded)


KINDS: dict[str, Callable[[Rule, About], Settled]] = {
    "updated_within": _updated,
    "on_schedule": _on_schedule,
    "rows_as_source": _as_source,
    "no_drop": _no_drop,
    "columns_kept": _columns_kept,
    "safeguarded": _safeguarded,
    "accessible": _accessible,
    "usable": _usable,
}
