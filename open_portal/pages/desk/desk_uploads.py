"""Files in parts: the tus 1.0 protocol with creation, checksum, expiration and termination, spoken by upload.js.

An upload is its owner's alone. A part is taken whole into quarantine and checked before any of it counts, so that
a connection that breaks in the middle of one changes nothing.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.http import http_date

from catalog import uploads
from catalog.models import Entry, Upload
from catalog.quarantine import Waiting
from catalog.uploads import LIFETIME, Received
from open_portal import arrivals, failures
from open_portal.pages.desk.desk_frame import address, done, entry_of, pages, said
from open_portal.requests import actor, deed, kit, session
from policies import vocabulary as v
from policies.refusals import Invalid, Refusal, Refused

TUS = "1.0.0"
PART = 8 << 20
"""Bytes in a part, as upload.js cuts them; up to twice as many are taken."""
LARGEST_PART = 2 * PART
ALGORITHMS = ("sha1", "sha256")
STATUS = {
    "upload.header": 400,
    "upload.offset": 409,
    "upload.ended": 410,
    "file.quarantine-lost": 410,
    "file.too-large": 413,
    "upload.too-long": 413,
    "upload.busy": 423,
    "upload.too-many": 429,
    "upload.checksum": 460,
    "file.no-space": 507,
}
View = Callable[..., Response]


def tus(view: View) -> View:
    """Speak the protocol: its version in every answer, refusals as its statuses with the reason as JSON."""

    @wraps(view)
    def answer(**values: Any) -> Response:
        if request.headers.get("Tus-Resumable", TUS) != TUS:
            response = Response(status=412, headers={"Tus-Version": TUS})
        else:
            try:
                response = view(**values)
            except Refusal as refusal:
                response = _failed(refusal)
        response.headers["Tus-Resumable"] = TUS
        response.headers["Cache-Control"] = "no-store"
        return response

    return answer


def _failed(refusal: Refusal) -> Response:
    response = jsonify(code=refusal.code, message=said(refusal), request=failures.request_number())
    response.status_code = STATUS.get(refusal.code) or failures.status_of(refusal)
    if refusal.code == "upload.offset":
        response.headers["Upload-Offset"] = str(refusal.params["offset"])
    return response


@pages.route("/desk/datasets/<code>/uploads", methods=["OPTIONS"])
@tus
def upload_options(code: str) -> Response:  # noqa: ARG001 - what is spoken here is the same for every entry
    """What this end understands."""
    headers = {
        "Tus-Version": TUS,
        "Tus-Extension": "creation,checksum,expiration,termination",
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        "Tus-Max-Size": str(arrivals.limit_of(kit())),
    }
    return Response(status=204, headers=headers)


@pages.post("/desk/datasets/<code>/uploads")
@tus
def begin_upload(code: str) -> Response:
    """Open an upload; Upload-Metadata may give filename, note, the rows of the source and the SHA-256 of all."""
    metadata = _metadata()
    size = _number("Upload-Length")
    with deed() as unit:
        upload = uploads.begin(
            unit,
            kit().quarantine,
            entry_of(unit, code),
            metadata.get("filename", ""),
            size,
            limit=arrivals.limit_of(kit()),
            expected=metadata.get("sha256") or None,
            note=metadata.get("note", "").strip()[:2000],
            source_rows=uploads.rows_said(metadata.get("rows", "")),
        )
        headers = _headers(upload, 0)
        headers["Location"] = url_for("desk.upload_state", upload_id=upload.id)
    return Response(status=201, headers=headers)


@pages.route("/desk/uploads/<upload_id>", methods=["HEAD"])
@tus
def upload_state(upload_id: str) -> Response:
    """How far an upload has come, and where its version stands once it is complete."""
    upload = uploads.find(session(), upload_id, actor())
    if upload.state is v.UploadState.ENDED:
        raise Refused("upload.ended")
    headers = _headers(upload, upload.reached) | _result(upload, uploads.outcome(session(), upload))
    return Response(status=200, headers=headers)


@pages.patch("/desk/uploads/<upload_id>")
@tus
def append_part(upload_id: str) -> Response:
    """Take a part; with the last one (or an empty one after it) the file becomes a version."""
    upload = uploads.find(session(), upload_id, actor())
    size = upload.size
    if request.mimetype != "application/offset+octet-stream":
        return Response(status=415)
    offset = _number("Upload-Offset")
    reached = size if upload.state is v.UploadState.DONE else _append(upload_id, offset)
    received = uploads.finish(deed, kit().quarantine, upload_id) if reached == size else None
    upload = uploads.find(session(), upload_id, actor())
    return Response(status=204, headers=_headers(upload, reached) | _result(upload, received))


def _append(upload_id: str, offset: int) -> int:
    part = kit().quarantine.take(request.stream, limit=LARGEST_PART)
    try:
        _check(part)
        return uploads.append(deed, kit().quarantine, upload_id, offset, part)
    finally:
        kit().quarantine.erase(part.name)


@pages.delete("/desk/uploads/<upload_id>")
@tus
def end_upload(upload_id: str) -> Response:
    """Give an upload up and erase what has come of it."""
    _cancel(upload_id)
    return Response(status=204)


@pages.post("/desk/uploads/<upload_id>/cancel")
def cancel_upload(upload_id: str) -> ResponseReturnValue:
    """The same from a plain form."""
    code = _cancel(upload_id)
    done(_("The upload is cancelled; what had come of it is erased."))
    return redirect(url_for("desk.data", code=address(code)))


def _cancel(upload_id: str) -> str:
    with deed() as unit:
        upload = uploads.find(unit.session, upload_id, unit.actor)
        code, name = upload.entry.code, uploads.cancel(unit, upload)
    if name:
        kit().quarantine.erase(name)
    return code


def pending(entry: Entry) -> list[Upload]:
    """What this person has begun to upload to an entry and not completed."""
    return uploads.open_of(session(), actor(), entry)


def _headers(upload: Upload, reached: int) -> dict[str, str]:
    headers = {"Upload-Offset": str(reached), "Upload-Length": str(upload.size)}
    if upload.state is v.UploadState.OPEN:
        headers["Upload-Expires"] = http_date(upload.touched_at + LIFETIME)
    return headers


def _result(upload: Upload, received: Received | None) -> dict[str, str]:
    """What became of a complete file: its hash, and where its version stands."""
    if received is None:
        return {}
    place = url_for("desk.version", code=address(upload.entry.code), number=received.number)
    return {"Upload-Sha256": received.sha256, "Upload-Result": place}


def _number(name: str) -> int:
    text = request.headers.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid("upload.header", name=name)
    return int(text)


def _metadata() -> dict[str, str]:
    """The pairs of Upload-Metadata: a name, and its value in Base64."""
    found = {}
    for pair in filter(None, request.headers.get("Upload-Metadata", "").split(",")):
        name, _space, value = pair.strip().partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True).decode("utf-8")
        except (binascii.Error, ValueError) as error:
            raise Invalid("upload.header", name="Upload-Metadata") from error
    return found


def _check(part: Waiting) -> None:
    """Compare a part with its Upload-Checksum, if it came with one."""
    given = request.headers.get("Upload-Checksum")
    if given is None:
        return
    algorithm, _space, value = given.partition(" ")
    if algorithm not in ALGORITHMS:
        raise Invalid("upload.header", name="Upload-Checksum")
    with kit().quarantine.open(part.name) as file:
        digest = hashlib.file_digest(file, algorithm).digest()
    if base64.b64encode(digest).decode() != value.strip():
        raise Invalid("upload.checksum")
