"""The way of an application as its applicant sees it: what was done, what is in hand, what is to come and by when."""

from datetime import date
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _

from open_portal import language
from open_portal.pages import dataset_words as words
from open_portal.pages.my.applying_start import turn_of
from open_portal.requests import now
from policies import approval, rulebook
from policies.calendars import local_date
from policies.procedures import Stage
from sharing.access.models import Application
from tenancy import cases
from tenancy.records import Case, Decision

ENDED = frozenset({"REJECTED", "WITHDRAWN", "LAPSED", "REVOKED", "SUSPENDED"})
SILENT = frozenset({"ACTIVE", "CLOSED"})


def steps(application: Application) -> list[dict[str, Any]]:
    """The steps for the timeline macro, oldest first: who acted is a body or a part, never a person's name."""
    case = application.case
    begun = {"state": "done", "text": _("Draft begun"), "time": language.datetime(application.created_at)}
    if case is None:
        return [begun, {"state": "now", "text": _("Not handed in yet")}]
    provider = words.tenant_name(application.entry.tenant)
    return [
        begun,
        *(_done(one, case, provider) for one in case.decisions),
        *_now(case, provider),
        *_next(case, provider),
    ]


def outcome(application: Application) -> dict[str, str] | None:
    """A decision against the applicant, with its reason and basis; None where there is none."""
    case = application.case
    if case is None or application.stage not in {"REJECTED", "REVOKED", "SUSPENDED"}:
        return None
    last = case.decisions[-1]
    return {"text": _move(last, case), "comment": last.comment, "basis": last.basis, "time": language.date(last.at)}


def clock(application: Application) -> dict[str, Any] | None:
    """The last day of the present step with working days left, below zero when overdue; None where nothing runs."""
    case = application.case
    if case is None or case.due_on is None:
        return None
    calendar, today = rulebook.in_force().calendar, local_date(now())
    late = today > case.due_on
    left = -calendar.workdays_between(case.due_on, today) if late else calendar.workdays_between(today, case.due_on)
    return {"due": language.date(case.due_on), "left": left, "provisional": case.provisional}


def _done(decision: Decision, case: Case, provider: str) -> dict[str, Any]:
    side = (decision.capacity or "").partition(":")[0]
    stopped = decision.after in ENDED
    note = decision.comment
    if decision.basis:
        note = f"{note} {_('Basis: %(basis)s', basis=decision.basis)}".strip()
    return {
        "state": "stopped" if stopped and decision is case.decisions[-1] else "done",
        "text": _move(decision, case),
        "time": language.datetime(decision.at),
        "by": turn_of(side, provider),
        "note": note,
    }


def _now(case: Case, provider: str) -> list[dict[str, Any]]:
    stage = _stage(case.kind, case.stage)
    if stage.end or case.stage in ENDED:
        return []
    due = _("expected by %(date)s", date=language.date(case.due_on)) if case.due_on else ""
    if due and case.provisional:
        due = f"{due} {_('(provisional)')}"
    text = stage.label(str(get_locale()))
    return [
        {"state": "now", "text": text, "by": "" if case.stage in SILENT else turn_of(stage.turn, provider), "due": due}
    ]


def _next(case: Case, provider: str) -> list[dict[str, Any]]:
    """The stages of the chain still to come, each with the last day by which it would be over."""
    rules, place = rulebook.in_force(), case.return_stage or case.stage
    if place not in case.chain:
        return []
    # A case that was stopped comes back to the stage that stopped it.
    first = case.chain.index(place) + (0 if case.return_stage else 1)
    rest, reader = case.chain[first:], str(get_locale())
    total = approval.total_clock(cases.facts_of(case), rules)
    last = total.due() if total else None
    found: list[dict[str, Any]] = []
    day: date | None = None if case.return_stage else case.due_on
    for code in rest:
        stage = _stage(case.kind, code)
        if day and stage.clock:
            day = rules.calendar.add_workdays(day, rules.limits[stage.clock].days)
            day = min(day, last) if last else day
        due = _("expected by %(date)s", date=language.date(day)) if day else ""
        found.append({"state": "next", "text": stage.label(reader), "by": turn_of(stage.turn, provider), "due": due})
    found.append(
        {"state": "next", "text": _("Sign the agreement and receive the key"), "by": turn_of("applicant", provider)}
    )
    return found


def _move(decision: Decision, case: Case) -> str:
    named = rulebook.in_force().procedures[case.kind].named(decision.move)
    fitting = next((one for one in named if decision.before in one.stages), None)
    return fitting.label(str(get_locale())) if fitting else decision.move


def _stage(kind: str, code: str) -> Stage:
    return rulebook.in_force().procedures[kind].stages[code]
