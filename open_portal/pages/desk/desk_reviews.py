"""Review on the desk: what is asked for, what the rules and checks say of it, and the decision."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from catalog import datasets, disclosures, reading, versions
from catalog.models import Entry
from open_portal import forms_entry
from open_portal.pages.desk import desk_check, desk_differences, desk_risk
from open_portal.pages.desk.desk_frame import (
    CASE_PAGES,
    address,
    case_address,
    days_left,
    done,
    language,
    name_of,
    pages,
    procedure_of,
    said,
    timeline,
    today,
)
from open_portal.requests import actor, deed, now, session
from policies import opening, rulebook
from policies.procedures import Move
from policies.refusals import Invalid, NotFound, Refused
from sharing import release
from sharing.access import applications, grants
from sharing.access.models import Application
from tenancy import cases, work
from tenancy.records import Case
from tenancy.work import Work

REVIEWED = ("ENTRY_REVIEW", "ENTRY_CHANGE", "ENTRY_WITHDRAWAL", "RELEASE")
NOT_ON_THE_DESK = frozenset({"submit", "supplement", "withdraw", "sign", "terminate"})


@pages.get("/desk/cases/<number>")
def case(number: str) -> ResponseReturnValue:
    """A case about an entry; applications and demands have pages of their own."""
    found = cases.find(session(), number, actor())
    if found.kind in CASE_PAGES:
        return redirect(case_address(found))
    return render_template("desk/case.html", **_case_page(found))


@pages.post("/desk/cases/<number>")
def decide_case(number: str) -> ResponseReturnValue:
    """Make a move; what was typed stays when something is missing."""
    found = cases.find(session(), number, actor())
    entry_id, kind = found.subject_id, found.kind
    if kind not in REVIEWED:
        raise NotFound("general.not-found")
    decide = release.decide if kind == "RELEASE" else datasets.review

    def move(unit: Work, chosen: str, words: dict[str, Any]) -> object:
        entry = reading.find(unit.session, entry_id, unit.actor, unit.now)
        _demand_still(cases.of_subject(unit.session, entry, *_rivals(kind)), number)
        return decide(unit, entry, chosen, comment=words["comment"], basis=words["basis"])

    return decided(found, move, "desk/case.html", _case_page)


@pages.post("/desk/cases/<number>/disclosure")
def sign_risk(number: str) -> ResponseReturnValue:
    """Sign, as the reviewer of a release, for the risk of disclosure of the version that would be opened."""
    found = cases.find(session(), number, actor())
    if found.kind != "RELEASE":
        raise NotFound("general.not-found")
    entry_id, reason = found.subject_id, request.form.get("reason", "")
    try:
        with deed() as unit:
            entry = reading.find(unit.session, entry_id, unit.actor, unit.now)
            version = desk_risk.newest(unit.session, entry)
            if version is None or str(version.number) != request.form.get("version"):
                raise Refused("approval.wrong-stage")
            disclosures.sign(unit, version, reason)
    except Invalid as refusal:
        page = _case_page(cases.find(session(), number, actor()))
        return render_template("desk/case.html", error=said(refusal), at="sign-reason", **page), 422
    done(_("Your signature is kept with version %(number)s.", number=request.form["version"]))
    return redirect(url_for("desk.case", number=number))


def _rivals(kind: str) -> tuple[str, ...]:
    """The kinds of case among which the newest is the one that a decision means."""
    return ("RELEASE",) if kind == "RELEASE" else datasets.CASES


def _demand_still(newest: Case | None, number: str) -> None:
    if newest is None or newest.number != number:
        raise Refused("approval.wrong-stage")


def decided(
    found: Case,
    move: Callable[[Work, str, dict[str, Any]], object],
    template: str,
    page: Callable[[Case], dict[str, Any]],
) -> ResponseReturnValue:
    """One move on a case and back to its page; a missing word shows the form again as it was typed."""
    number, where, chosen = found.number, case_address(found), request.form.get("move", "")
    procedure = procedure_of(found)
    if not chosen:
        return render_template(template, error=_("Choose what to do."), **page(found)), 422
    try:
        with deed() as unit:
            move(unit, chosen, typed_words())
    except (Invalid, Refused) as refusal:
        shown = page(cases.find(session(), number, actor()))
        missing = refusal.field in {"comment", "basis", "days", "kind"} or isinstance(refusal, Invalid)
        # A move that is gone leaves no form to show: the error page tells why.
        if not shown["moves"]:
            raise
        return render_template(template, error=said(refusal), at=refusal.field, **shown), 422 if missing else 409
    label = next((one.label(language()) for one in procedure.named(chosen)), chosen)
    done(_("Done: %(move)s", move=label))
    return redirect(where)


def typed_words() -> dict[str, Any]:
    """What was typed beside a move."""
    days = request.form.get("days", "").strip()
    return {
        "comment": request.form.get("comment", "").strip()[:4000],
        "basis": request.form.get("basis", "").strip()[:4000],
        "days": int(days) if days.isdecimal() and len(days) < 4 else None,
        "kind": request.form.get("kind", ""),
    }


def _case_page(found: Case) -> dict[str, Any]:
    entry = reading.find(session(), found.subject_id, actor(), now())
    newest = versions.live(session(), entry) or next(iter(versions.all_of(session(), entry)), None)
    moves = moves_of(found, _asking(entry, found))
    return {
        **frame(found, moves),
        "entry": entry,
        "address": address(entry.code),
        "newest": newest,
        "violations": desk_check.faults(entry) if found.kind == "ENTRY_REVIEW" else [],
        "hindrances": [said(one) for one in release.hindrances(session(), entry)] if found.kind == "RELEASE" else [],
        "risk": desk_risk.panel(entry) if found.kind == "RELEASE" else None,
        "changes": desk_differences.changes_of(entry) if found.kind == "ENTRY_CHANGE" else [],
        "additions": desk_differences.additions_of(entry) if found.kind == "ENTRY_REVIEW" else [],
        "tightened": _tightened(entry) if found.kind == "ENTRY_CHANGE" else (),
        "author": name_of(entry.author_id),
        "proposed": opening.proposed_open_type(entry.security_level, entry.national_grade),
        "bar": rulebook.in_force().quality.bar,
    }


def _asking(entry: Entry, found: Case) -> Callable[[Move], bool]:
    """The question that the deed behind a move asks of permissions."""
    recall, decide = ("entry.submit", "entry.review")
    if found.kind == "RELEASE":
        recall, decide = ("release.request", "release.review")
    return lambda move: work.may(actor(), recall if move.code == "recall" else decide, entry)


def moves_of(found: Case, allowed: Callable[[Move], bool]) -> list[Move]:
    """The moves that this actor may make now on the desk."""
    return [one for one in cases.open_moves(actor(), found) if allowed(one)]


def frame(found: Case, moves: Sequence[Move]) -> dict[str, Any]:
    """What the page of any case shows around its subject."""
    procedure, chosen = procedure_of(found), language()
    limits = rulebook.in_force().limits
    clock = procedure.stages[found.stage].limit(found.urgency)
    return {
        "case": found,
        "procedure": procedure.label(chosen),
        "stage": procedure.stages[found.stage].label(chosen),
        "ended": procedure.stages[found.stage].end,
        "limit": limits[clock] if clock else None,
        "days_left": days_left(found.due_on, today()) if found.due_on and not found.ended_at else None,
        "moves": moves,
        "needs": {need for move in moves for need in move.needs},
        "steps": timeline(found),
        "typed": request.form,
        "language": chosen,
    }


def _tightened(entry: Entry) -> list[Any]:
    """The attributes that a proposed change shuts more than before, by their labels."""
    wanted = datasets.proposed(entry)
    if wanted is None:
        return []
    watched = ("share_type", "open_type", "open_tier")
    return [
        forms_entry.SPECS[name].label
        for name in watched
        if opening.tightens(getattr(entry, name), getattr(wanted, name))
    ]


@pages.get("/desk/applications/<number>")
def application(number: str) -> str:
    """An application: its answers, the entry and the rules it falls under, and the decision."""
    return render_template("desk/application.html", **_application_page(application_case(number)))


@pages.post("/desk/applications/<number>")
def decide_application(number: str) -> ResponseReturnValue:
    """An officer's move: pass, agree, disagree, ask for more, extend, refuse, suspend, restore, revoke."""
    found = application_case(number)

    def move(unit: Work, chosen: str, words: dict[str, Any]) -> object:
        if chosen in NOT_ON_THE_DESK:
            raise Refused("approval.not-your-turn")
        mine = applications.find(unit.session, number, unit.actor)
        extra = {"days": words["days"]} if words["days"] else {}
        return applications.decide(unit, mine, chosen, comment=words["comment"], basis=words["basis"], **extra)

    return decided(found, move, "desk/application.html", _application_page)


def _application(number: str) -> Application:
    found = applications.find(session(), number, actor())
    if not actor().staff_of.intersection(found.entry.tenant.path) or not work.may(actor(), "application.read", found):
        raise NotFound("general.not-found")
    return found


def application_case(number: str) -> Case:
    """The case of an application for data of a unit in which the actor works and which he may read."""
    found: Case | None = _application(number).case
    if found is None:
        raise NotFound("general.not-found")
    return found


def _application_page(found: Case) -> dict[str, Any]:
    one = _application(found.number)
    may_review = work.may(actor(), "application.review", one)
    moves = moves_of(found, lambda move: may_review and move.code not in NOT_ON_THE_DESK)
    grant = grants.of_application(session(), one)
    return {
        **frame(found, moves),
        "application": one,
        "answers": answers_of(one),
        "entry": one.entry,
        "address": address(one.entry.code),
        "items": [item for item in one.entry.items if item.name in set(one.items)],
        "grant": grant,
        "usage": grants.usage(session(), grant, today()) if grant else None,
        "applicant": name_of(one.person_id),
    }


def answers_of(one: Application) -> list[dict[str, str]]:
    """An application's answers with their labels, in the order of the form."""
    labels = {
        "purpose": _("Purpose"),
        "scene": _("Use scene"),
        "target_system": _("System that uses the data"),
        "frequency": _("How often"),
        "row_filter": _("Which rows"),
        "combine_with": _("Combined with other data"),
        "location": _("Where the data are processed"),
        "network": _("Network"),
        "security_measures": _("Security measures"),
        "consent": _("Consent of the persons concerned"),
        "expected_effect": _("Expected effect"),
        "undertaking": _("Security undertaking"),
        "contact_name": _("Contact person"),
        "contact_phone": _("Telephone"),
        "contact_email": _("E-mail"),
        "address": _("Address"),
    }
    return [{"label": label, "value": str(one.answers.get(name) or "")} for name, label in labels.items()]
