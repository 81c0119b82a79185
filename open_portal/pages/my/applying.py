"""Applying for restricted data: start page, task list, question pages, check, hand in, confirmation."""

import secrets
from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from catalog import reading
from catalog.models import Entry
from open_portal.pages.my import applying_forms as forms
from open_portal.pages.my import applying_start
from open_portal.pages.my.applying_forms import TASKS
from open_portal.requests import actor, deed, now, session
from policies import approval, rulebook
from policies import vocabulary as v
from policies.calendars import local_date
from policies.refusals import Invalid, NotFound, Refusal, Stale
from sharing.access import applications
from sharing.access.models import Application
from tenancy import cases
from tenancy.actors import Actor
from tenancy.models import Person, Tenant
from tenancy.work import Work, may

pages = Blueprint("applying", __name__)
EDITABLE = frozenset({"DRAFT", "SUPPLEMENT_REQUIRED"})
TASK = f"<any({','.join(forms.CODES)}):task>"
SUPPLEMENT = "ask_supplement"


@pages.get("/apply/<code>")
def start(code: str) -> str:
    """What an application asks for and how long it takes, before anything is typed."""
    return applying_start.show(_entry(code), secrets.token_urlsafe(24))


@pages.post("/apply/<code>")
def begin(code: str) -> Response | tuple[str, int]:
    """Open a draft; the same form sent again opens the same draft."""
    entry, token, chosen = _entry(code), request.form.get("form_token", ""), request.form.get("party", "")
    if not 16 <= len(token) <= 64:
        abort(400)
    allowed = {"self", *actor().tenant_ids}
    if chosen not in allowed:
        wrong = Invalid("general.choice", value=chosen[:40]) if chosen else Invalid("general.required")
        return applying_start.show(entry, token, wrong.text(str(get_locale()))), 422
    with deed() as work:
        tenant = None if chosen == "self" else work.session.get_one(Tenant, chosen)
        kind = v.ApplicantKind.LEGAL if tenant else v.ApplicantKind.NATURAL
        wanted = reading.find(work.session, code, actor(), now())
        number = applications.start(work, wanted, token, tenant=tenant, kind=kind).number
    return redirect(url_for("applying.tasks", number=number), 303)


@pages.get("/apply/<number>/tasks")
def tasks(number: str) -> str | Response:
    """The five tasks and how far each is."""
    application = mine(session(), number, actor())
    if application.stage not in EDITABLE:
        return _to_done(application)
    missing = applications.missing(application, local_date(now()))
    listed = [
        {
            "text": task.title,
            "href": url_for("applying.question", number=number, task=task.code),
            "status": forms.status(task, application, missing),
        }
        for task in TASKS
    ]
    return render_template(
        "applying/tasks.html",
        application=application,
        tasks=listed,
        done=sum(one["status"] == "done" for one in listed),
        asked=asked_for(application),
        own=may(actor(), "application.edit", application),
        complete=not missing,
    )


@pages.get(f"/apply/<number>/{TASK}")
def question(number: str, task: str) -> str | Response:
    """The questions of one task, as last saved."""
    application = mine(session(), number, actor())
    if application.stage not in EDITABLE or not may(actor(), "application.edit", application):
        return _to_done(application)
    one = forms.find(task)
    form = forms.shown(one, application, session().get(Person, actor().id))
    if request.args.get("back") == "check":
        forms.mark(form, applications.missing(application, local_date(now())))
    return _question_page(application, one, form)


@pages.post(f"/apply/<number>/{TASK}")
def save(number: str, task: str) -> Response | tuple[str, int]:
    """Keep what was typed, finished or not; a date that can't be read is shown again beside the reason."""
    one = forms.find(task)
    form = forms.typed(one, mine(session(), number, actor()), request.form)
    kept, wrong = forms.values_of(form)
    _again(lambda work: applications.answer(work, mine(work.session, number, work.actor), **kept))
    if wrong:
        forms.mark(form, wrong)
        return _question_page(mine(session(), number, actor()), one, form), 422
    following = forms.after(task)
    if request.form.get("then") == "later":
        return redirect(url_for("applying.tasks", number=number), 303)
    if request.form.get("back") == "check" or following is None:
        return redirect(url_for("applying.check", number=number), 303)
    return redirect(url_for("applying.question", number=number, task=following), 303)


@pages.get("/apply/<number>/check")
def check(number: str) -> str | Response:
    """Every answer once more, each with a way to change it."""
    application = mine(session(), number, actor())
    if application.stage not in EDITABLE:
        return _to_done(application)
    return _check_page(application)


@pages.post("/apply/<number>/submit")
def submit(number: str) -> Response | tuple[str, int]:
    """Hand the application in; however often the form arrives, there is one application."""
    try:
        with deed() as work:
            applications.submit(work, mine(work.session, number, work.actor))
    except Invalid as refusal:
        return _check_page(mine(session(), number, actor()), refusal), 422
    except Stale:
        # Somebody, most likely the same form sent twice, was faster: what counts is where it stands now.
        if mine(session(), number, actor()).stage in EDITABLE:
            raise
    return redirect(url_for("applying.done", number=number), 303)


@pages.get("/apply/<number>/done")
def done(number: str) -> str | Response:
    """The receipt: number, date, by when it will be decided and what comes next."""
    application = mine(session(), number, actor())
    case = application.case
    if case is None or application.stage in EDITABLE:
        return redirect(url_for("applying.tasks", number=number), 303)
    rules = rulebook.in_force()
    clock = approval.total_clock(cases.facts_of(case), rules)
    procedure = rules.procedures[case.kind]
    return render_template(
        "applying/done.html",
        application=application,
        due=clock.due() if clock else None,
        provisional=bool(clock and clock.provisional),
        days=clock.limit.days if clock else None,
        steps=[procedure.stages[stage].label(str(get_locale())) for stage in case.chain],
        stage=procedure.stages[case.stage].label(str(get_locale())),
    )


def mine(of: Any, number: str, who: Actor) -> Application:
    """An application of the actor or of a body he acts for; to everybody else it does not exist."""
    application = applications.find(of, number, who)
    if application.person_id != who.id and application.tenant_id not in who.tenant_ids:
        raise NotFound("general.not-found")
    return application


def asked_for(application: Application) -> Any:
    """The decision that asked for a supplement, while it is wanted."""
    if application.case is None or application.stage != "SUPPLEMENT_REQUIRED":
        return None
    return next((one for one in reversed(application.case.decisions) if one.move == SUPPLEMENT), None)


def _entry(code: str) -> Entry:
    return reading.find(session(), code, actor(), now())


def _again(change: Callable[[Work], None]) -> None:
    """Do a change; should somebody have been faster, once more on what he left, so that no typing is lost."""
    try:
        with deed() as work:
            change(work)
    except Stale:
        with deed() as work:
            change(work)


def _to_done(application: Application) -> Response:
    if application.stage in EDITABLE:
        return redirect(url_for("applying.tasks", number=application.number), 303)
    return redirect(url_for("my.application", number=application.number), 303)


def _question_page(application: Application, task: forms.Task, form: Any) -> str:
    return render_template(
        "applying/question.html",
        application=application,
        task=task,
        place=forms.CODES.index(task.code) + 1,
        places=len(TASKS),
        questions=forms.questions_of(task, application),
        form=form,
        asked=asked_for(application),
        back="check" if request.values.get("back") == "check" else "",
    )


def _check_page(application: Application, refusal: Refusal | None = None) -> str:
    reader = str(get_locale())
    missing = applications.missing(application, local_date(now()))
    fields = dict(refusal.fields) if refusal else {}
    parts, problems = [], []
    for task in TASKS:
        rows = []
        for one in forms.questions_of(task, application):
            href = url_for("applying.question", number=application.number, task=task.code, back="check")
            href = f"{href}#{one.name}" + ("-0" if one.kind == "items" else "")
            rows.append(
                {
                    "label": forms.label_of(one),
                    "value": forms.answer_shown(one, application),
                    "missing": _("Not given") if forms.optional(one) else _("Still missing"),
                    "actions": [{"text": _("Change answer"), "href": href}],
                }
            )
            if one.name in fields:
                problems.append({"label": forms.label_of(one), "text": fields[one.name].text(reader), "href": href})
        parts.append({"title": task.title, "rows": rows})
    return render_template(
        "applying/check.html",
        application=application,
        parts=parts,
        problems=problems,
        lead=refusal.text(reader) if refusal else "",
        lacking=len(missing),
        may_submit=may(actor(), "application.submit", application),
        own=application.person_id == actor().id,
        asked=asked_for(application),
    )
