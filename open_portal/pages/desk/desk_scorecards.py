"""A unit's frozen month on the desk: its figures, the form for an appeal, and the appeal while it is ruled on."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from open_portal.pages.admin.admin_scorecard_months import line_page
from open_portal.pages.desk.desk_frame import (
    again,
    days_left,
    done,
    language,
    pages,
    procedure_of,
    said,
    timeline,
    today,
)
from open_portal.pages.desk.desk_reviews import typed_words
from open_portal.requests import actor, deed, session
from policies import rulebook
from policies import vocabulary as v
from policies.refusals import Invalid, NotFound, Refused
from quality.scoring import scorecards
from quality.scoring.scorecard_models import Appeal, ScorecardLine
from tenancy import cases, tenants, work
from tenancy.records import Case


@pages.get("/desk/scorecards/<month>/<key>")
def scorecard_line(month: str, key: str) -> str:
    """What one's unit reached in a month, and the form for an appeal while the window is open."""
    return render_template("desk/scorecard_line.html", **_page(line_of(session(), month, key)))


@pages.post("/desk/scorecards/<month>/<key>")
def appeal(month: str, key: str) -> ResponseReturnValue:
    """Appeal against the line; what was typed stays when something is missing."""
    try:
        with deed() as unit:
            case = scorecards.appeal(
                unit, line_of(unit.session, month, key), request.form.get("reason", ""), request.form.getlist("entries")
            )
            number = case.number
    except (Invalid, Refused) as refusal:
        page = _page(line_of(session(), month, key))
        if not page["may_appeal"]:
            raise
        return again("desk/scorecard_line.html", error=said(refusal), typed=request.form, **page)
    done(_("The appeal is handed in as case %(number)s.", number=number))
    return redirect(url_for("desk.scorecard_appeal", number=number))


@pages.get("/desk/appeals/<number>")
def scorecard_appeal(number: str) -> str:
    """An appeal: the disputed line, the reason, and the ruling."""
    return render_template("desk/appeal.html", **_appeal_page(_case(number)))


@pages.post("/desk/appeals/<number>")
def rule_appeal(number: str) -> ResponseReturnValue:
    """Rule on the appeal, confirm the ruling, or recall it."""
    move = request.form.get("move", "")
    found = _case(number)
    if not move:
        return again("desk/appeal.html", error=_("Choose what to do."), **_appeal_page(found))
    try:
        with deed() as unit:
            made = unit.session.get_one(Appeal, found.subject_id)
            scorecards.rule(unit, made, move, comment=typed_words()["comment"])
    except (Invalid, Refused) as refusal:
        page = _appeal_page(_case(number))
        if not page["moves"]:
            raise
        return again("desk/appeal.html", error=said(refusal), at=refusal.field, **page)
    done(_("The appeal was moved on."))
    return redirect(url_for("desk.scorecard_appeal", number=number))


def line_of(within: Session, month: str, key: str) -> ScorecardLine:
    """The line of a body whose scorecard the actor may read; any other is not found."""
    card, tenant = scorecards.of_month(within, month), tenants.find(within, key)
    line = next((one for one in card.lines if one.tenant_id == tenant.id), None) if card else None
    if line is None or not work.may(actor(), "scorecard.read", line):
        raise NotFound("general.not-found")
    return line


def _page(line: ScorecardLine) -> dict[str, Any]:
    card = line.scorecard
    open_ = card.state is v.ScorecardState.PROVISIONAL and today() <= card.appeals_until
    under_way = any(one.ended_at is None for one in line.appeals)
    return {
        **line_page(line),
        "may_appeal": open_ and not under_way and work.may(actor(), "scorecard.appeal", line),
        "under_way": under_way,
        "longest": scorecards.LONGEST,
        "numbers": numbers_of(line),
        "left": days_left(card.appeals_until, today()),
    }


def numbers_of(line: ScorecardLine) -> dict[str, str]:
    """The case of each appeal, where the actor may know of it."""
    found = {one.id: cases.of_subject(session(), one, scorecards.KIND) for one in line.appeals}
    return {key: case.number for key, case in found.items() if case}


def _case(number: str) -> Case:
    found = cases.find(session(), number, actor())
    if found.kind != scorecards.KIND:
        raise NotFound("general.not-found")
    return found


def _appeal_page(found: Case) -> dict[str, Any]:
    made = session().get_one(Appeal, found.subject_id)
    moves = cases.open_moves(actor(), found)
    return {
        **line_page(made.line),
        "case": found,
        "made": made,
        "stage": procedure_of(found).stages[found.stage].label(language()),
        "disputed": [one for one in line_page(made.line)["evidence"] if one["entry_id"] in made.entry_ids],
        "moves": moves,
        "needs": {need for one in moves for need in one.needs},
        "typed": request.form,
        "steps": timeline(found),
        "limit": rulebook.in_force().limits["SCORECARD_RULING"],
    }
