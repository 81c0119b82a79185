"""Data files on the desk: taken into quarantine as a stream; every version of an entry's data."""

from collections.abc import Callable
from typing import Any

from flask import current_app, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from catalog import uploads, versions
from catalog.models import Entry, Version
from catalog.quarantine import Waiting
from catalog.uploads import Received
from open_portal import arrivals
from open_portal.pages.desk import desk_uploads
from open_portal.pages.desk.desk_frame import address, again, done, entry_of, own_entry, pages, said, words_of
from open_portal.requests import actor, deed, kit, session
from policies.refusals import Invalid
from tenancy import work
from tenancy.work import Work

AROUND = 100_000
"""Bytes that a form takes beside its file."""
ACCEPTED = ".csv,.tsv,.txt,.xlsx,.xls,.ods,.json,.jsonl,.geojson,.parquet,.zip,.gz"


@pages.url_value_preprocessor
def allow_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Raise the limit on what may be sent, where files or parts of them are, for whoever carries a session.

    It happens before anything reads the form, because the form token is looked for in it.
    """
    if endpoint in arrivals.TAKING and cookie.get("_user_id"):
        request.max_content_length = arrivals.limit_of(current_app.config["KIT"]) + AROUND
    if endpoint == "desk.append_part" and cookie.get("_user_id"):
        request.max_content_length = desk_uploads.LARGEST_PART


@pages.get("/desk/datasets/<code>/data")
def data(code: str) -> str:
    """Every version of an entry's data with what became of it, and the form for a new one."""
    return render_template("desk/data.html", **_page(own_entry(code)))


@pages.post("/desk/datasets/<code>/data")
def upload(code: str) -> ResponseReturnValue:
    """Take a file in; the same file sent twice is one version."""
    entry = own_entry(code)
    work.demand(actor(), "version.upload", entry)
    file, note = request.files.get("file"), request.form.get("note", "").strip()
    typed = request.form.get("source_rows", "")
    try:
        rows = uploads.rows_said(typed)
        waiting = arrivals.keep(file)
        received = receive(waiting, str(file and file.filename), note[:2000], lambda unit: entry_of(unit, code), rows)
    except Invalid as refusal:
        return again("desk/data.html", error=said(refusal), note=note, source_rows=typed, **_page(own_entry(code)))
    done(receipt(received))
    return redirect(url_for("desk.version", code=address(entry.code), number=received.number))


def receive(
    waiting: Waiting, filename: str, note: str, entry: Callable[[Work], Entry], source_rows: int | None = None
) -> Received:
    """Make a version of a kept file in one deed with whatever finds or makes its entry; else the file is erased."""
    kept = False
    try:
        with deed() as unit:
            received = uploads.receive(unit, entry(unit), waiting, filename, note, source_rows)
        kept = received.is_new
    finally:
        if not kept:
            kit().quarantine.erase(waiting.name)
    return received


def receipt(received: Received) -> str:
    """What became of a file, in one sentence."""
    number, same = received.number, received.same_as
    if not received.is_new:
        return str(_("These bytes are version %(number)s already; nothing was taken in twice.", number=number))
    if same is not None:
        return str(
            _(
                "The file is received as version %(number)s. It has the same bytes as version %(same)s.",
                number=number,
                same=same,
            )
        )
    return str(_("The file is received as version %(number)s. It is checked now.", number=number))


def limit_text() -> str:
    """The largest file that is taken."""
    return str(_("at most %(size)s MB", size=kit().settings.max_upload_mb))


def reason_of(version: Version) -> list[str]:
    """Why a version was not taken, in the reader's language."""
    if version.problem:
        return [words_of(version.problem)]
    return [words_of(one) for one in version.verdict_reasons or ()]


def _page(entry: Entry) -> dict[str, Any]:
    found = versions.all_of(session(), entry)
    return {
        "entry": entry,
        "address": address(entry.code),
        "versions": found,
        "newest": found[0] if found else None,
        "pending": desk_uploads.pending(entry),
        "reason": reason_of,
        "limit": limit_text(),
        "accept": ACCEPTED,
        "part": desk_uploads.PART,
        "may_upload": work.may(actor(), "version.upload", entry) and entry.state not in uploads.SHUT,
    }
