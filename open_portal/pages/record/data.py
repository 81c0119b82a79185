"""The rows of a dataset: looked into with filters whose state is the address, and taken away as files."""

from collections.abc import Iterator

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from catalog import deliveries, exports, reading, versions
from catalog.exports import ExportFormat
from catalog.models import Entry, Version
from catalog.reading import Access
from open_portal.pages import dataset_words
from open_portal.pages.record import data_view, stored_rows
from open_portal.requests import actor, deed, kit, now, session
from policies import vocabulary as v
from policies.refusals import Forbidden, NotFound
from sharing.access import grants
from sharing.access.models import Grant

pages = Blueprint("data", __name__)
KINDS = {one.value: one for one in v.Format}
FORMATS = {
    "csv": ExportFormat.CSV,
    "plain.csv": ExportFormat.CSV_PLAIN,
    "xlsx": ExportFormat.XLSX,
    "json": ExportFormat.JSON,
    "jsonl": ExportFormat.JSONL,
    "parquet": ExportFormat.PARQUET,
}


@pages.get("/datasets/<code>/data")
def rows(code: str) -> str | WerkzeugResponse | tuple[str, int]:
    """Look into the rows; a filter that can't be meant is shown again with what was typed."""
    entry = reading.find(session(), code, actor(), now())
    access = reading.access(session(), entry, actor(), now())
    version = versions.live(session(), entry)
    if version is None or not access.given:
        return _turned_away(entry, access)
    if request.args.get("column"):
        view = data_view.adding(kit(), entry, version, access, request.args)
        if view.refusal is None:
            return redirect(view.href())
    else:
        view = data_view.read(kit(), entry, version, access, request.args)
    shown = data_view.page_of(view)
    if access.grant_id:
        with deed() as work:
            grants.spend(work, work.session.get_one(Grant, access.grant_id), len(shown["rows"]))
    page = render_template("data/rows.html", **shown)
    return (page, 422) if view.refusal else page


@pages.get("/datasets/<code>/download.<path:format>")
def download(code: str, format: str) -> Response | WerkzeugResponse:  # noqa: A002 - the word in the address
    """The rows that may be read as a file; the file as delivered only where nothing in it is withheld."""
    entry = reading.find(session(), code, actor(), now())
    access = reading.access(session(), entry, actor(), now())
    version = versions.live(session(), entry)
    if format not in FORMATS and format != "original":
        raise NotFound("general.not-found")
    if version is None or not access.given:
        return _turned_away(entry, access)
    return _original(entry, version, access) if format == "original" else _export(entry, version, access, format)


def _export(entry: Entry, version: Version, access: Access, name: str) -> Response:
    kind = FORMATS[name]
    where = data_view.wanted(kit(), version, access, request.args.getlist("filter"))
    pieces = stored_rows.stream(kit(), version, access, kind, where)
    rows = stored_rows.count(kit(), version, where) if where.conditions else version.rows_loaded
    _count(entry, KINDS[kind.extension], rows, access)
    return _sent(pieces, entry, kind.extension, kind.media_type)


def _original(entry: Entry, version: Version, access: Access) -> Response:
    if not stored_rows.whole(kit(), version, access):
        raise NotFound("general.not-found")
    extension = version.original.name.rpartition(".")[2].lower()[:12] or "bin"
    kind = KINDS.get(extension, v.Format.OTHER)
    pieces = stored_rows.original(kit(), version)
    _count(entry, kind, version.rows_loaded, access)
    return _sent(pieces, entry, extension, kind.media_type)


def _count(entry: Entry, kind: v.Format, rows: int | None, access: Access) -> None:
    """Count what is about to leave, and against the quota of the grant that gave it; asked once more there."""
    if request.method == "HEAD":
        return
    with deed() as work:
        again = reading.find(work.session, entry.id, work.actor, work.now)
        version = versions.live(work.session, again)
        if version is None:
            raise NotFound("general.not-found")
        if access.grant_id:
            grants.spend(work, work.session.get_one(Grant, access.grant_id), rows or 0)
        deliveries.deliver(
            work, again, version, way=v.DeliveryMode.DOWNLOAD, format=kind, rows=rows, grant_id=access.grant_id
        )


def _sent(pieces: Iterator[bytes], entry: Entry, extension: str, media: str) -> Response:
    response = Response(pieces, mimetype=None, content_type=media)
    response.headers["Content-Disposition"] = exports.content_disposition(entry.title, extension)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _turned_away(entry: Entry, access: Access) -> WerkzeugResponse:
    """Whoever only needs to sign in is sent there; everyone else to the page that says why and what to do."""
    if access.rule == "sign-in":
        return redirect(url_for("account.sign_in", next=request.full_path.rstrip("?")))
    if request.endpoint == "data.download" and entry.live_version_id is not None:
        raise Forbidden("permissions.default")
    return redirect(url_for("datasets.show", code=dataset_words.slug(entry)))
