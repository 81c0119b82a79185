"""Datasets: finding them, judging one, its quality and history, and browsing by department and theme."""

import csv
from collections.abc import Iterator
from io import StringIO

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as WerkzeugResponse

from catalog import datasets, reading, search
from catalog.models import Entry
from open_portal.pages import (
    bodies,
    dataset_words,
    finder,
    linked_data,
    record,
    record_docs,
    record_history,
    record_profile,
    record_quality,
)
from open_portal.requests import actor, deed, kit, now, session
from policies import vocabulary as v
from policies.refusals import NotFound

pages = Blueprint("datasets", __name__)
LISTED = 1000


@pages.get("/datasets")
def find() -> str:
    """Search the catalogue."""
    return render_template("datasets/find.html", **finder.page_of(finder.Asked.read(request.args)))


@pages.get("/datasets.csv")
def listing() -> Response:
    """The answer of a search as a table, the first thousand."""
    asked = finder.Asked.read(request.args)
    found = search.find(kit().index, session(), actor(), now(), asked.query(page=1, per_page=LISTED))
    response = Response(stream_with_context(_lines(found.entries)), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="datasets.csv"'
    return response


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


def _lines(entries: list[Entry]) -> Iterator[str]:
    """The list as CSV with a byte order mark; a text that a spreadsheet would run gets an apostrophe."""
    yield "\ufeff"
    head = [_("Code"), _("Title"), _("Publisher"), _("Open tier"), _("Update cycle"), _("Last update")]
    for row in [[*head, _("Rows")], *map(_row, entries)]:
        line = StringIO()
        csv.writer(line).writerow("'" + cell if cell[:1] in "=+-@\t\r" and cell else cell for cell in row)
        yield line.getvalue()


def _row(entry: Entry) -> list[str]:
    return [
        entry.code,
        dataset_words.title(entry),
        dataset_words.publisher(entry),
        entry.open_tier.value,
        entry.update_cycle.value,
        entry.data_updated_at.date().isoformat() if entry.data_updated_at else "",
        "" if entry.rows is None else str(entry.rows),
    ]
