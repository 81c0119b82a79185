"""Issues on the desk: what waits for me, what concerns my unit, what is overdue, and one issue with its moves."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from catalog import reading
from catalog.models import Version
from open_portal.pages import dataset_words as words
from open_portal.pages import issue_words
from open_portal.pages.desk.desk_frame import address, done, is_inside, language, name_of, pages, said
from open_portal.pages.desk.desk_reviews import frame, typed_words
from open_portal.pages.record import record_quality
from open_portal.requests import actor, deed, now, session
from policies import rulebook
from policies import vocabulary as v
from policies.calendars import local_date
from policies.procedures import Stage
from policies.refusals import Invalid, NotFound, Refused
from quality.issues import gates, issue_figures, issues
from quality.issues.issue_models import GATE, Issue
from quality.models import Run
from tenancy import cases, tenants, work
from tenancy.models import Tenant

VIEWS = ("mine", "all", "review", "overdue")
SAMPLES = 10


@pages.get("/desk/issues")
def issues_list() -> str:
    """Issues: those in which it is my turn, all that concern my units, unexamined reports, overdue ones."""
    sorted_ = viewed()
    asked = request.args.get("show", "")
    view = asked if asked in VIEWS else "mine" if sorted_["mine"] else "all"
    stage = request.args.get("stage", "")
    rows = [one for one in sorted_[view] if not stage or one.stage == stage]
    officer = actor().holds(v.Role.AUTHORITY_REVIEWER)
    return render_template(
        "desk/issues.html",
        lines=[issue_words.line(one) for one in rows],
        views=[
            {
                "text": text,
                "href": url_for("desk.issues_list", show=name),
                "current": name == view,
                "count": len(sorted_[name]),
            }
            for name, text in _views()
            if name != "review" or officer
        ],
        view=view,
        stage=stage,
        stages=_stages(),
        language=language(),
    )


def viewed() -> dict[str, list[Issue]]:
    """The newest issues that the actor may read, under each of the views."""
    mine = {one.number for one in cases.worklist(session(), actor()) if one.kind == issue_words.KIND}
    found = issues.all_of(session(), actor())
    return {
        "mine": [one for one in found if one.number in mine],
        "all": found,
        "review": [one for one in found if one.stage == "REVIEW"],
        "overdue": [one for one in found if issue_figures.is_overdue(one, now())],
    }


def _views() -> list[tuple[str, str]]:
    return [
        ("mine", _("My turn")),
        ("all", _("All")),
        ("review", _("Reports to examine")),
        ("overdue", _("Overdue")),
    ]


def _stages() -> list[Stage]:
    return list(rulebook.in_force().procedures[issue_words.KIND].stages.values())


@pages.get("/desk/issues/<number>")
def issue(number: str) -> str:
    """An issue: what is wrong by which rule, where it was seen, what was done, and the moves open to this person."""
    return render_template("desk/issue.html", **_page(_readable(number)))


@pages.post("/desk/issues/<number>")
def move_issue(number: str) -> ResponseReturnValue:
    """Make one move; what was typed stays when something is missing."""
    found, chosen, typed = _readable(number), request.form.get("move", ""), typed_words()
    label = next((one.label(language()) for one in issues.moves(actor(), found) if one.code == chosen), chosen)
    if chosen not in issues.ACTIONS:
        return render_template("desk/issue.html", error=_("Choose what to do."), **_page(found)), 422
    try:
        with deed() as unit:
            mine = issues.find(unit.session, number, unit.actor)
            to = _receiver(request.form.get("to", "")) if chosen == "pass_on" else None
            receiver = unit.session.get_one(Tenant, to.id) if to else None
            issues.act(unit, mine, chosen, comment=typed["comment"], to=receiver, days=typed["days"])
    except (Invalid, Refused) as refusal:
        shown = _page(_readable(number))
        if not shown["moves"]:
            raise
        status = 422 if isinstance(refusal, Invalid) or refusal.field else 409
        return render_template("desk/issue.html", error=said(refusal), at=refusal.field, **shown), status
    done(_("Done: %(move)s", move=label))
    return redirect(url_for("desk.issue", number=number))


@pages.post("/desk/issues/<number>/rule")
def attach_rule(number: str) -> ResponseReturnValue:
    """Let a rule of the suite prove a fault that was reported in words."""
    found = _readable(number)
    try:
        with deed() as unit:
            mine = issues.find(unit.session, number, unit.actor)
            issues.attach_rule(unit, mine, request.form.get("rule", ""))
    except (Invalid, Refused) as refusal:
        found = _readable(number)
        return render_template("desk/issue.html", error=said(refusal), at="rule", **_page(found)), 422
    done(_("The rule is attached; newer data that keep it prove that the fault is gone."))
    return redirect(url_for("desk.issue", number=number))


def _receiver(key: str) -> Tenant:
    if not key:
        raise Invalid("general.required", field="to")
    return tenants.find(session(), key)


def _readable(number: str) -> Issue:
    found = issues.find(session(), number, actor())
    if found.case is None:
        raise NotFound("general.not-found")
    return found


def _page(found: Issue) -> dict[str, Any]:
    case = issues.case_of(found)
    moves = list(issues.moves(actor(), found))
    codes = {one.code for one in moves}
    entry, handled = found.entry, issues.is_handled_by(actor(), found)
    mending = found.rule_id is None and found.stage in issues.MENDING and work.may(actor(), "issue.handle", found)
    return {
        **frame(case, moves),
        "steps": issue_words.steps(found, actor()),
        "issue": found,
        "entry": entry,
        "title": words.title(entry),
        "about": issue_words.about(found),
        "gate": found.rule_id == GATE,
        "grace": gates.days_of_grace(found, local_date(now())) if not found.closed_at else None,
        "rule": issue_words.rule_of(found, actor()),
        "reasons": [one.get("en" if language().startswith("en") else "zh", "") for one in found.reasons or ()],
        "description": issue_words.shown(found, actor(), found.description),
        "evidence": issue_words.shown(found, actor(), found.evidence),
        "contact": found.contact if handled else "",
        "masked": not handled,
        "reporter": name_of(found.reporter_id) if found.reporter_tenant else "",
        "seen": [_occurrence(one) for one in found.occurred],
        "samples": samples(found),
        "codes": codes,
        "units": [one for one in tenants.government(session()) if one.id != case.tenant_id]
        if codes & {"pass_on"}
        else [],
        "attachable": _attachable(found) if mending else [],
        "address": address(entry.code),
        "inside": is_inside(actor(), entry.tenant),
        "may_upload": work.may(actor(), "version.upload", entry) and found.closed_at is None,
        "previous": found.previous.number if found.previous else "",
    }


def _occurrence(one: Any) -> dict[str, Any]:
    words_ = {True: (_("holds"), "good"), False: (_("does not hold"), "bad"), None: (_("could not be run"), "quiet")}
    text, tone = words_[one.held]
    return {
        "number": one.number,
        "text": text,
        "tone": tone,
        "bad": one.unexpected,
        "every": one.evaluated,
        "at": one.at,
    }


def _attachable(found: Issue) -> list[tuple[str, str]]:
    """The rules of the suite as sentences, those about the item first."""
    titles = {one.name: words.label(one) for one in found.entry.items}
    access = reading.access(session(), found.entry, actor(), now())
    rules = sorted(issues.rules_of(session(), found.entry), key=lambda rule: found.item not in rule.columns)
    return [(rule.rule_id, record_quality.sentence(rule, access, titles)) for rule in rules]


def samples(found: Issue) -> list[tuple[int, str]]:
    """Rows at fault with their values, from the run that saw it last; only for those who may read these columns."""
    columns = set((found.rule or {}).get("columns", ()))
    access = reading.access(session(), found.entry, actor(), now())
    if not found.rule_id or not columns or not columns <= set(access.items):
        return []
    query = (
        select(Run)
        .join(Version, Version.id == Run.version_id)
        .where(Version.entry_id == found.entry_id, Version.number == found.seen_number, Run.state == v.RunState.DONE)
        .order_by(Run.at.desc())
        .limit(1)
    )
    run = session().scalars(query).first()
    results = [one for one in run.results if one["rule_id"] == found.rule_id] if run else []
    return [(row, str(value)[:160]) for row, value in (results[0].get("samples") or ())[:SAMPLES]] if results else []
