"""What the pages of the desk share: the blueprint, the way to one's own entries, a case in words."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, flash, render_template, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from catalog import reading
from catalog.models import Entry
from open_portal.language import date as day_text
from open_portal.language import datetime as instant_text
from open_portal.requests import actor, now, session
from policies import rulebook
from policies.calendars import local_date
from policies.procedures import Procedure
from policies.refusals import NotFound, Refusal
from tenancy.actors import Actor
from tenancy.models import Person, Tenant
from tenancy.records import Case, Decision
from tenancy.work import Work

pages = Blueprint("desk", __name__)
CASE_PAGES = {
    "APPLICATION": "desk.application",
    "DEMAND": "desk.demand",
    "ISSUE": "desk.issue",
    "WAIVER": "desk.waiver",
    "SCORECARD_APPEAL": "desk.scorecard_appeal",
    "STANDARD_REVIEW": "desk.standard_case",
    "SOURCE_CLAIM": "desk.source_case",
}
"""The pages of kinds of case that are not worked on as entries are."""


def language() -> str:
    """The reader's language."""
    return str(get_locale())


def today() -> date:
    """The day of this request in Shanghai."""
    return local_date(now())


def address(code: str) -> str:
    """An entry's code as it stands in addresses."""
    return code.replace("/", "-")


def own_entry(code: str, inside: Session | None = None) -> Entry:
    """An entry of a body inside which the actor works; any other is not found here, however public it is."""
    entry = reading.find(inside or session(), code, actor(), now())
    if not is_inside(actor(), entry.tenant):
        raise NotFound("general.not-found")
    return entry


def entry_of(work: Work, code: str) -> Entry:
    """The same entry, to be changed in a deed."""
    return own_entry(code, work.session)


def is_inside(who: Actor, tenant: Tenant) -> bool:
    """Whether somebody works in a tenant or in a body above it."""
    return bool(who.staff_of.intersection(tenant.path))


def procedure_of(case: Case) -> Procedure:
    """The procedure that a case follows."""
    return rulebook.in_force().procedures[case.kind]


def case_address(case: Case) -> str:
    """Where a case is worked on."""
    return url_for(CASE_PAGES.get(case.kind, "desk.case"), number=case.number)


def days_left(due: date, day: date) -> int:
    """Working days until a day, below zero once it has passed."""
    calendar = rulebook.in_force().calendar
    return calendar.workdays_between(day, due) if due >= day else -calendar.workdays_between(due, day)


def case_line(case: Case) -> dict[str, Any]:
    """A case as one line of a list."""
    chosen, procedure = language(), procedure_of(case)
    party = case.applicant_tenant or case.tenant
    return {
        "number": case.number,
        "href": case_address(case),
        "kind": procedure.label(chosen),
        "title": case.title,
        "stage": procedure.stages[case.stage].label(chosen),
        "party": party.name.label(chosen),
        "due": day_text(case.due_on) if case.due_on else "",
        "days_left": days_left(case.due_on, today()) if case.due_on else None,
        "provisional": case.provisional,
    }


def timeline(case: Case) -> list[dict[str, Any]]:
    """What has been done about a case and what is to be done now; officers see who did it."""
    chosen, procedure = language(), procedure_of(case)
    steps: list[dict[str, Any]] = [
        {
            "state": "done",
            "text": _("Case opened"),
            "time": instant_text(case.opened_at),
            "by": name_of(case.opened_by),
        }
    ]
    steps += [_step(one, procedure) for one in case.decisions]
    stage = procedure.stages[case.stage]
    if not stage.end:
        due = _("due %(day)s", day=day_text(case.due_on)) if case.due_on else ""
        steps.append({"state": "now", "text": stage.label(chosen), "due": due})
    return steps


def _step(decision: Decision, procedure: Procedure) -> dict[str, Any]:
    chosen = language()
    move = next((one for one in procedure.named(decision.move) if decision.before in one.stages), None)
    stage = procedure.stages.get(decision.before)
    words = [decision.comment, _("Basis: %(basis)s", basis=decision.basis) if decision.basis else ""]
    return {
        "state": "stopped" if decision.after in {"REJECTED", "RETURNED", "REVOKED"} else "done",
        "text": " · ".join(
            [stage.label(chosen) if stage else decision.before, move.label(chosen) if move else decision.move]
        ),
        "time": instant_text(decision.at),
        "by": name_of(decision.actor_id),
        "note": "\n".join(one for one in words if one),
    }


def name_of(person_id: str) -> str:
    """Who somebody is, for officers' eyes."""
    person = session().get(Person, person_id)
    return person.name if person else _("the platform")


def words_of(texts: Mapping[str, Any] | None) -> str:
    """A stored reason in the reader's language."""
    if not texts:
        return ""
    key = "en" if language().startswith("en") else "zh"
    return str(texts.get(key) or texts.get("zh") or texts.get("code") or "")


def said(refusal: Refusal) -> str:
    """A refusal in the reader's language."""
    return refusal.text(language())


def done(text: str) -> None:
    """Leave a word of success for the next page."""
    flash(text, "success")


def again(template: str, /, **values: Any) -> tuple[str, int]:
    """A form shown once more with what was typed and what is wrong with it."""
    return render_template(template, **values), 422


def changed_meanwhile() -> str:
    """What to tell somebody whose form was overtaken by another's change; what he typed is kept."""
    return str(_("Somebody else changed this meanwhile. What you typed stands below; save again to keep it."))
