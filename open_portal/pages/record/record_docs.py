"""The report on a dataset's last run for experts (Data Docs): asked for, then taken away as an archive."""

from collections.abc import Iterator
from typing import BinaryIO

from flask import Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from catalog import exports, reading, versions
from catalog.models import Entry, StoredFile, Version
from catalog.reading import Access
from open_portal.pages import dataset_words as words
from open_portal.requests import actor, deed, kit, now, session
from policies import vocabulary as v
from policies.refusals import NotFound
from quality.models import Run
from quality.scoring import docs
from quality.scoring.scorecard_models import DataDocs

PIECE = 1 << 18


def state_of(entry: Entry, version: Version | None, access: Access, run: Run | None) -> dict[str, object] | None:
    """What the quality page says of the report; nothing to whoever may not read the rows."""
    if version is None or run is None or not access.given or not docs.may_read(session(), version, actor(), now()):
        return None
    row = docs.of_version(session(), version.id)
    current = row if row and row.run_id == run.id and row.expires_at > now() else None
    code = words.slug(entry)
    return {
        "state": current.state if current else None,
        "expires": current.expires_at if current else None,
        "request": url_for("datasets.request_docs", code=code) if actor().is_person else "",
        "download": url_for("datasets.docs", code=code),
        "sign_in": url_for("account.sign_in", next=url_for("datasets.quality", code=code)),
    }


def ask(code: str) -> ResponseReturnValue:
    """Have the report made; the page shows how far it is."""
    with deed() as work:
        entry = reading.find(work.session, code, work.actor, work.now)
        version = versions.live(work.session, entry)
        if version is None or not docs.may_read(work.session, version, work.actor, work.now):
            raise NotFound("general.not-found")
        docs.request(work, version)
    flash(_("The report is being made. It can be taken away here in a minute or two."), "success")
    return redirect(url_for("datasets.quality", code=code))


def send(code: str) -> Response:
    """The archive, as a file to keep and never as a page of this site; not found for whoever may not read the rows."""
    entry = reading.find(session(), code, actor(), now())
    version = versions.live(session(), entry)
    if version is None or not docs.may_read(session(), version, actor(), now()):
        raise NotFound("general.not-found")
    row = docs.of_version(session(), version.id)
    if row is None or row.state is not v.DocsState.READY or row.expires_at <= now():
        raise NotFound("general.not-found")
    response = Response(_pieces(_file(row)), mimetype="application/zip")
    name = _("%(title)s: quality report, version %(number)s", title=words.title(entry), number=version.number)
    response.headers["Content-Disposition"] = exports.content_disposition(name, "zip")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _file(row: DataDocs) -> BinaryIO:
    return kit().blobs.open(session().get_one(StoredFile, row.file_id).sha256)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece
