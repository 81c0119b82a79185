"""Datasets: finding them, judging one, its quality and history, and browsing by department and theme."""

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as WerkzeugResponse

from catalog import datasets, reading
from catalog.models import Entry
from open_portal.pages import bodies
from open_portal.pages.feeds import linked_data
from open_portal.pages.finder import compare as comparison
from open_portal.pages.finder import finder, finder_lists, suggestions
from open_portal.pages.finder.finder_asked import Asked
from open_portal.pages.record import record, record_docs, record_history, record_profile, record_quality
from open_portal.requests import actor, deed, now, session
from policies import vocabulary as v
from policies.refusals import NotFound

pages = Blueprint("datasets", __name__)


@pages.get("/datasets")
def find() -> ResponseReturnValue:
    """Search the catalogue."""
    found = finder.page_of(Asked.read(request.args))
    return render_template("datasets/find.html", **found), 422 if found["faults"] else 200


@pages.get("/datasets.csv")
def listing() -> Response:
    """The answer of a search as a table."""
    return finder_lists.table(Asked.read(request.args))


@pages.get("/datasets.atom")
def feed() -> Response:
    """The answer of a search as a feed."""
    return finder_lists.feed(Asked.read(request.args))


@pages.get("/datasets/suggest")
def suggest() -> Response:
    """Words and datasets that go on from what was typed so far, for the script of the search box."""
    return jsonify(suggestions.of(request.args.get("q", "")))


@pages.get("/datasets/compare")
def compare() -> ResponseReturnValue:
    """Up to three datasets side by side; what can't be had is said, the others stay."""
    found = comparison.page_of(request.args.getlist("code"), request.args.get("q", ""))
    return render_template("datasets/compare.html", **found), 404 if found["missing"] and not found["sides"] else 200


@pages.get("/datasets/<code>")
def show(code: str) -> Response:
    """One dataset: judge whether it fits, and get it; as linked data for whoever likes that better than a page."""
    form = linked_data.asked_of_record()
    found = linked_data.record(code, form) if form else Response(_page(code))
    found.vary.add("Accept")
    return found


@pages.get("/datasets/<code>/quality")
def quality(code: str) -> str:
    """What the last quality run found, rule by rule."""
    return render_template("datasets/quality.html", **record_quality.page_of(_entry(code)))


@pages.post("/datasets/<code>/quality/docs")
def request_docs(code: str) -> ResponseReturnValue:
    """Have the report for experts made."""
    return record_docs.ask(code)


@pages.get("/datasets/<code>/quality/docs.zip")
def docs(code: str) -> Response:
    """The report for experts, as an archive to keep."""
    return record_docs.send(code)


@pages.get("/datasets/<code>/profile")
def profile(code: str) -> str:
    """What the values look like, column by column."""
    return render_template("datasets/profile.html", **record_profile.page_of(_entry(code)))


@pages.get("/datasets/<code>/profile.json")
def profile_json(code: str) -> Response:
    """The same for machines."""
    return jsonify(record_profile.plain(_entry(code)))


@pages.get("/datasets/<code>/history")
def history(code: str) -> str:
    """Versions of the data and changes of the entry."""
    return render_template("datasets/history.html", **record_history.page_of(_entry(code)))


@pages.post("/datasets/<code>/follow")
def follow(code: str) -> WerkzeugResponse:
    """Begin or end hearing of an entry's changes."""
    address = url_for("datasets.show", code=code)
    if not actor().is_person:
        return redirect(url_for("account.sign_in", next=address))
    wanted = request.form.get("wanted") == "yes"
    with deed() as work:
        datasets.follow(work, reading.find(work.session, code, work.actor, work.now), wanted)
    flash(_("You will be told of changes.") if wanted else _("You will no longer be told."), "success")
    return redirect(address)


@pages.get("/orgs")
def orgs() -> str:
    """Departments and counties with what they publish."""
    return render_template("datasets/orgs.html", **bodies.page_of_all())


@pages.get("/orgs/<key>")
def org(key: str) -> str:
    """One body and what it publishes."""
    return render_template("datasets/org.html", **bodies.page_of(key))


@pages.get("/themes/<code>")
def theme(code: str) -> WerkzeugResponse:
    """The search for a theme."""
    if code not in set(v.Theme):
        raise NotFound("general.not-found")
    return redirect(url_for("datasets.find", theme=code))


def _page(code: str) -> str:
    return render_template("datasets/show.html", **record.page_of(_entry(code)))


def _entry(code: str) -> Entry:
    return reading.find(session(), code, actor(), now())
