"""Data files on the desk: taken in as a stream, followed through their checks, refused rows handed back."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any, BinaryIO

from flask import Response, current_app, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from catalog import versions
from catalog.blobs import Blob
from catalog.models import Entry, Version
from open_portal.pages.desk_frame import address, again, done, entry_of, own_entry, pages, said, words_of
from open_portal.requests import actor, deed, kit, session
from policies import vocabulary as v
from policies.refusals import Invalid, NotFound, ReasonsError
from tenancy import work
from tenancy.work import Work

MEGABYTE = 1_000_000
AROUND = 100_000
"""Bytes that a form takes beside its file."""
PIECE = 1 << 16
SHOWN = 20
UPLOADS = frozenset({"desk.register", "desk.upload"})
ACCEPTED = ".csv,.tsv,.txt,.xlsx,.xls,.json,.jsonl,.geojson"


@pages.url_value_preprocessor
def allow_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Raise the limit on what may be sent, on the two forms with files, for whoever carries a session.

    It happens before anything reads the form, because the form token is looked for in it.
    """
    if endpoint in UPLOADS and cookie.get("_user_id"):
        limit = current_app.config["KIT"].settings.max_upload_mb
        request.max_content_length = limit * MEGABYTE + AROUND


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
    try:
        blob = keep(file)
        with deed() as unit:
            number = receive_once(unit, entry_of(unit, code), blob, str(file and file.filename), note[:2000])
    except Invalid as refusal:
        return again("desk/data.html", error=said(refusal), note=note, **_page(own_entry(code)))
    done(_("The file is received as version %(number)s. It is checked now.", number=number))
    return redirect(url_for("desk.data", code=address(entry.code)))


def keep(file: FileStorage | None) -> Blob:
    """Put a sent file into the store, before any transaction."""
    if file is None or not file.filename:
        raise Invalid("general.required", field="file")
    with closing(file):
        blob = kit().blobs.put(file.stream, limit=kit().settings.max_upload_mb * MEGABYTE)
    if not blob.size:
        raise Invalid("file.empty", field="file", filename=file.filename)
    return blob


def receive_once(unit: Work, entry: Entry, blob: Blob, filename: str, note: str) -> int:
    """Receive a file as a version unless the newest one is this very file and still stands; its number."""
    newest = next(iter(versions.all_of(unit.session, entry)), None)
    broken = {v.VersionState.FAILED, v.VersionState.REFUSED}
    if newest and newest.original.sha256 == blob.sha256 and newest.state not in broken:
        return newest.number
    return versions.receive(unit, entry, blob, filename, note).number


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
    newest = found[0] if found else None
    return {
        "entry": entry,
        "address": address(entry.code),
        "versions": found,
        "newest": newest,
        "refused": refused_rows(newest) if newest else [],
        "reason": reason_of,
        "limit": limit_text(),
        "accept": ACCEPTED,
        "may_upload": work.may(actor(), "version.upload", entry)
        and entry.state not in {v.EntryState.WITHDRAWN, v.EntryState.DELETED},
    }


def refused_rows(version: Version) -> list[dict[str, Any]]:
    """The first refused rows of a version: line, text and what is wrong."""
    if version.refusals is None:
        return []
    rows = []
    with kit().blobs.open(version.refusals.sha256) as lines:
        for _number, line in zip(range(SHOWN), lines, strict=False):
            row = json.loads(line)
            faults = [f"{one['column'] or ''} {_fault(one['code'])}".strip() for one in row["faults"]]
            rows.append({"line": row["line"], "raw": row["raw"][:200], "faults": faults})
    return rows


def _fault(code: str) -> str:
    """What is wrong with a row; the bare code where its words need more than the file keeps."""
    try:
        return said(Invalid(code))
    except ReasonsError:
        return code


@pages.get("/desk/datasets/<code>/data/<int:number>/refused")
def refused_file(code: str, number: int) -> Response:
    """All refused rows of a version as JSON lines, each with its line number, text and faults."""
    version = versions.find(session(), own_entry(code), number)
    if version.refusals is None:
        raise NotFound("general.not-found")
    name = f"{address(version.entry.code)}-v{number}-refused.jsonl"
    file = kit().blobs.open(version.refusals.sha256)
    response = Response(_pieces(file), mimetype="application/jsonl")
    response.call_on_close(file.close)
    response.headers["Content-Length"] = str(version.refusals.size)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece
