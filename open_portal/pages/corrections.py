"""Corrections (数据纠错): anybody reports a fault in a dataset and follows by number and code what becomes of it."""

import secrets
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from catalog import reading
from catalog.models import Entry
from open_portal.pages import dataset_words as words
from open_portal.pages import issue_words
from open_portal.pages.record import record
from open_portal.requests import actor, deed, kit, now, session
from policies import rulebook
from policies import vocabulary as v
from policies.refusals import Invalid, NotFound, Refused
from quality.issues import issue_reports, issues
from quality.issues.issue_models import Issue
from quality.issues.issue_reports import LONGEST, Typed
from tenancy.actors import INSIDE, Actor

pages = Blueprint("corrections", __name__)
FIELDS = ("item", "description", "evidence", "contact")
TRAP = "website"
"""A field that people do not see and programs fill in."""
UNLOCKED = "reports"
KEPT = 20
Page = str | Response | tuple[str, int]


@pages.get("/datasets/<code>/correction")
def form(code: str) -> Page:
    """The form, for everybody who sees the dataset."""
    return render_template("corrections/form.html", **_form(_entry(code), {"form_token": secrets.token_urlsafe(24)}))


@pages.post("/datasets/<code>/correction")
def report(code: str) -> Page:
    """Take a report in; whoever has no account is shown number and code, this once."""
    entry = _entry(code)
    typed = {name: request.form.get(name, "") for name in (*FIELDS, "form_token")}
    token = typed["form_token"]
    if not 16 <= len(token) <= 64:
        abort(400)
    secret = "" if actor().is_person else issue_reports.secret_of(kit().secret_key, token)
    try:
        _demand_no_program()
        with deed() as work:
            found = reading.find(work.session, code, work.actor, work.now)
            said = Typed(**typed, network=request.remote_addr or "")
            issue = issue_reports.report(work, found, said, secret=secret)
            number, examined = issue.number, issue.source is v.IssueSource.PUBLIC
    except (Invalid, Refused) as refusal:
        entry = _entry(code)
        errors = {name: one.text(_language()) for name, one in refusal.fields.items()}
        first = "" if errors else refusal.text(_language())
        return render_template("corrections/form.html", first=first, **_form(entry, typed, errors)), 422
    if actor().is_person:
        flash(_("Your report has come in as %(number)s.", number=number), "success")
        return redirect(url_for("corrections.show", number=number), 303)
    return render_template("corrections/receipt.html", number=number, secret=_grouped(secret), examined=examined)


@pages.get("/corrections")
def look_up() -> str:
    """Ask for number and code."""
    return render_template("corrections/look_up.html", number=request.args.get("number", "")[:32])


@pages.post("/corrections")
def unlock() -> Page:
    """Let this browser follow a report whose code was shown; the code itself is kept nowhere."""
    number = request.form.get("number", "").strip().upper()[:32]
    try:
        who = issue_reports.reporter(session(), number, request.form.get("secret", "")[:64])
    except NotFound as refusal:
        page = render_template("corrections/look_up.html", number=number, error=refusal.text(_language()))
        return page, 422
    cookie[UNLOCKED] = [*(one for one in _unlocked() if one != who.id), who.id][-KEPT:]
    return redirect(url_for("corrections.show", number=number), 303)


@pages.get("/corrections/<number>")
def show(number: str) -> Page:
    """A report with every step, for its reporter; officers are sent to the desk, others asked for the code."""
    found = _readable(number)
    if found is None:
        return _elsewhere(number)
    issue, who = found
    return render_template("corrections/show.html", **_page(issue, who))


@pages.post("/corrections/<number>")
def move(number: str) -> Page:
    """The reporter confirms, contests or takes back."""
    found = _readable(number)
    if found is None:
        return _elsewhere(number)
    issue, who = found
    chosen, comment = request.form.get("move", ""), request.form.get("comment", "").strip()[:4000]
    label = next((one.label(_language()) for one in issues.moves(who, issue) if one.code == chosen), "")
    if not label:
        return render_template("corrections/show.html", error=_("Choose what to do."), **_page(issue, who)), 422
    try:
        with deed(who) as work:
            issues.act(work, issues.find(work.session, number, who), chosen, comment=comment)
    except (Invalid, Refused) as refusal:
        again = issues.find(session(), number, who)
        page = _page(again, who)
        return render_template("corrections/show.html", error=refusal.text(_language()), **page), 422
    flash(_("Done: %(move)s", move=label), "success")
    return redirect(url_for("corrections.show", number=number), 303)


def _demand_no_program() -> None:
    if request.form.get(TRAP):
        raise Refused("issue.not-accepted")


def _entry(code: str) -> Entry:
    """An entry of this platform that the asker may know of; what other portals publish is corrected there."""
    entry = reading.find(session(), code, actor(), now())
    if entry.origin is not v.Origin.OWN or entry.state not in reading.LIVE:
        raise NotFound("general.not-found")
    return entry


def _form(entry: Entry, typed: dict[str, str], errors: dict[str, str] | None = None) -> dict[str, Any]:
    inside = any(one.role in INSIDE for one in actor().standings)
    limits = rulebook.in_force().limits
    return {
        "entry": entry,
        "title": words.title(entry),
        "code": words.slug(entry),
        "choices": [(one.name, words.label(one)) for one in record.visible_items(entry, inside=False)],
        "typed": typed,
        "errors": errors or {},
        "limits": LONGEST,
        "inside": inside,
        "days": limits["ISSUE_REVIEW"].days,
        "trap": TRAP,
    }


def _readable(number: str) -> tuple[Issue, Actor] | None:
    """The report and as whom the asker follows it: himself, or the nameless reporter whose code was shown here."""
    for who in (actor(), *(issue_reports.nameless(one) for one in _unlocked())):
        try:
            issue = issues.find(session(), number, who)
        except NotFound:
            continue
        if issue.reporter_id == who.id:
            return issue, who
    return None


def _elsewhere(number: str) -> Response:
    """Those who may read it otherwise do so on the desk; for all others it looks as if there were none."""
    try:
        issues.find(session(), number, actor())
    except NotFound:
        return redirect(url_for("corrections.look_up", number=number[:32]))
    return redirect(url_for("desk.issue", number=number))


def _page(issue: Issue, who: Actor) -> dict[str, Any]:
    moves = issues.moves(who, issue)
    return {
        "issue": issue,
        "title": words.title(issue.entry),
        "code": words.slug(issue.entry),
        "about": issue_words.about(issue),
        "description": issue_words.shown(issue, who, issue.description),
        "evidence": issue_words.shown(issue, who, issue.evidence),
        "answer": issue_words.shown(issue, who, issue.answer),
        "rule": issue_words.rule_of(issue, actor()),
        "stage": issue_words.stage_tag(issue),
        "clock": issue_words.clock(issue),
        "steps": issue_words.steps(issue, who),
        "moves": moves,
        "typed": request.form,
    }


def _unlocked() -> list[str]:
    kept = cookie.get(UNLOCKED, [])
    return [one for one in kept if isinstance(one, str)] if isinstance(kept, list) else []


def _grouped(secret: str) -> str:
    return "-".join(secret[place : place + 4] for place in range(0, len(secret), 4))


def _language() -> str:
    return str(get_locale())
