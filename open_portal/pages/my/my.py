"""What concerns the reader himself: what waits for him, his applications, agreements, grants, follows and notices."""

from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from catalog import datasets, reading
from open_portal.pages import dataset_words as words
from open_portal.pages.my import my_shapes, my_timeline
from open_portal.pages.my.applying import asked_for, mine
from open_portal.requests import actor, deed, now, session
from policies.calendars import local_date
from policies.later import Later
from policies.refusals import Invalid, Refused, Stale
from sharing.access import agreements, applications, grants
from sharing.access.models import Application, Grant
from tenancy import cases
from tenancy.work import may

if TYPE_CHECKING:
    from open_portal.pages.my import agreement_text
else:
    agreement_text = Later("open_portal.pages.my.agreement_text")

pages = Blueprint("my", __name__)
TERMINATE = "terminate"


@pages.get("/my")
def home() -> str:
    """What waits for the reader, and everything that is his."""
    own = applications.of_actor(session(), actor())
    return render_template(
        "my/home.html",
        waiting=[one for application in own if (one := my_shapes.waiting(application))],
        applications=[my_shapes.application_row(one) for one in own],
        grants=[my_shapes.grant_row(one) for one in grants.of_actor(session(), actor())],
        followed=my_shapes.followed(),
        notices=my_shapes.notices(),
        reports=my_shapes.reports(),
    )


@pages.post("/my/follows/<code>/end")
def unfollow(code: str) -> Response:
    """Hear no more of an entry's changes."""
    with deed() as work:
        datasets.follow(work, reading.find(work.session, code, actor(), now()), wanted=False)
    return redirect(url_for("my.home", _anchor="follows"), 303)


@pages.get("/my/applications/<number>")
def application(number: str) -> str:
    """Where an application stands, step by step, and what can be done now."""
    found = mine(session(), number, actor())
    moves = {one.code for one in cases.open_moves(actor(), found.case)} if found.case else set()
    return render_template(
        "my/application.html",
        application=found,
        stage=my_shapes.stage_of(found),
        steps=my_timeline.steps(found),
        decision=my_timeline.outcome(found),
        clock=my_timeline.clock(found),
        answers=my_shapes.answers(found),
        agreement=agreements.of_application(session(), found),
        grant=grants.of_application(session(), found),
        moves=moves,
        own=found.person_id == actor().id,
        asked=asked_for(found),
    )


@pages.get("/my/applications/<number>/withdraw")
def confirm_withdrawal(number: str) -> str | Response:
    """Ask once more before an application is taken back."""
    found = mine(session(), number, actor())
    if found.case is None or "withdraw" not in {one.code for one in cases.open_moves(actor(), found.case)}:
        return _to_application(number)
    return render_template("my/withdraw.html", application=found)


@pages.post("/my/applications/<number>/withdraw")
def withdraw(number: str) -> Response:
    """Take an application back."""
    with deed() as work:
        applications.withdraw(work, mine(work.session, number, actor()))
    flash(_("Application %(number)s has been withdrawn.", number=number), "success")
    return _to_application(number)


@pages.get("/my/applications/<number>/agreement")
def agreement(number: str) -> str | Response:
    """The agreement to be signed, or as it was signed."""
    found = mine(session(), number, actor())
    signed = agreements.of_application(session(), found)
    if signed is None and found.stage != "APPROVED":
        return _to_application(number)
    return _agreement_page(found)


@pages.post("/my/applications/<number>/agreement")
def sign(number: str) -> Response | tuple[str, int] | str:
    """Sign word for word what was shown; the answer shows the key, for the only time."""
    found = mine(session(), number, actor())
    if agreements.of_application(session(), found):
        return _to_application(number)
    problems = _unsigned()
    if problems:
        return _agreement_page(found, problems), 422
    try:
        with deed() as work:
            key = applications.accept(
                work,
                mine(work.session, number, actor()),
                signatory=request.form["signatory"],
                text_hash=request.form.get("text_hash", ""),
                language=request.form.get("language", ""),
            )
    except Stale as refusal:
        found = mine(session(), number, actor())
        if agreements.of_application(session(), found):
            return _to_application(number)
        return _agreement_page(found, {"": refusal.text(str(get_locale()))}), 409
    found = mine(session(), number, actor())
    return _key_page(_grant_of(found), key)


@pages.get("/my/grants/<number>")
def grant(number: str) -> str:
    """A grant: items, term, what was used today, the key's beginning and how to call."""
    found = grants.find(session(), number, actor())
    today = local_date(now())
    return render_template(
        "my/grant.html",
        grant=found,
        items=my_shapes.granted_items(found),
        used=grants.usage(session(), found, today),
        hints=[one for one in found.credentials if one.revoked_at is None],
        call=my_shapes.call_of(found),
        begun=found.starts_at <= now(),
        may_use=may(actor(), "grant.use", found),
        may_end=_may_end(found),
    )


@pages.post("/my/grants/<number>/key")
def new_key(number: str) -> str:
    """Replace the key; the answer shows the new one, for the only time."""
    with deed() as work:
        key = grants.new_key(work, grants.find(work.session, number, actor()))
    return _key_page(grants.find(session(), number, actor()), key)


@pages.get("/my/grants/<number>/end")
def confirm_end(number: str) -> str | Response:
    """Ask once more before a grant is given up."""
    found = grants.find(session(), number, actor())
    if not _may_end(found):
        return redirect(url_for("my.grant", number=number), 303)
    return render_template("my/end.html", grant=found)


@pages.post("/my/grants/<number>/end")
def end(number: str) -> Response:
    """Give a grant up: from this moment its key opens nothing."""
    with deed() as work:
        found = grants.find(work.session, number, actor())
        grants.give_up(work, found)
    flash(_("Grant %(number)s has ended; its key opens nothing any more.", number=number), "success")
    return redirect(url_for("my.grant", number=number), 303)


def _may_end(found: Grant) -> bool:
    case = found.application.case
    moves = {one.code for one in cases.open_moves(actor(), case)} if case else set()
    return TERMINATE in moves and may(actor(), "grant.revoke", found)


def _grant_of(found: Application) -> Grant:
    issued = grants.of_application(session(), found)
    if issued is None:
        raise Refused("application.wrong-stage", stage=my_shapes.stage_of(found))
    return issued


def _unsigned() -> dict[str, str]:
    """What is missing for a signature, by field."""
    reader, problems = str(get_locale()), {}
    if not request.form.get("signatory", "").strip():
        problems["signatory"] = Invalid("general.required").text(reader)
    if not request.form.get("agreed"):
        problems["agreed"] = _("Tick the box to say that you accept the agreement")
    return problems


def _agreement_page(found: Application, problems: dict[str, str] | None = None) -> str:
    reader = str(get_locale())
    signed = agreements.of_application(session(), found)
    text = signed.text if signed else agreements.text_of(found, reader)
    return render_template(
        "my/agreement.html",
        application=found,
        signed=signed,
        text=agreement_text.render(text),
        text_hash=agreements.hash_of(text),
        problems=problems or {},
        entered=request.form,
        may_sign=found.stage == "APPROVED" and may(actor(), "agreement.accept", found),
    )


def _key_page(found: Grant, key: str) -> str:
    """The page that shows a key: it is kept nowhere, so it is the answer to the form itself and no address has it."""
    values: dict[str, Any] = {"grant": found, "key": key, "call": my_shapes.call_of(found)}
    return render_template("my/key.html", title=words.title(found.entry), **values)


def _to_application(number: str) -> Response:
    return redirect(url_for("my.application", number=number), 303)
