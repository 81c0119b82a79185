"""Files sent with a form: they arrive in the quarantine, where a form takes any, and leave it unless they are kept."""

from typing import IO

from flask import Request, current_app, g
from werkzeug.datastructures import FileStorage

from catalog.blobs import readable
from catalog.quarantine import Arrival, Waiting
from open_portal.wiring import Kit
from policies.refusals import Invalid

MEGABYTE = 1_000_000
TAKING = frozenset({"desk.register", "desk.upload", "ckan.act"})
"""Views whose forms may carry a file."""


class PortalRequest(Request):
    """A request that writes a sent file to where it may stay, instead of to a temporary folder."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if self.endpoint not in TAKING:
            return super()._get_file_stream(total_content_length, content_type, filename, content_length)
        kit: Kit = current_app.config["KIT"]
        arrival = kit.quarantine.arrive()
        g.setdefault("arrivals", []).append(arrival)
        return arrival


def keep(file: FileStorage | None) -> Waiting:
    """Keep a sent file in quarantine; whoever makes nothing of it erases it. Invalid where there is none to keep."""
    kit: Kit = current_app.config["KIT"]
    if file is None or not file.filename or not isinstance(file.stream, Arrival):
        raise Invalid("general.required", field="file")
    limit = limit_of(kit)
    if file.stream.size > limit:
        raise Invalid("file.too-large", field="file", limit=readable(limit))
    if not file.stream.size:
        raise Invalid("file.empty", field="file", filename=file.filename)
    return file.stream.keep()


def drop() -> None:
    """Let go of every file of this request; what was not kept is gone then."""
    for arrival in g.pop("arrivals", ()):
        arrival.close()


def limit_of(kit: Kit) -> int:
    """The largest file that is taken, in bytes."""
    return kit.settings.max_upload_mb * MEGABYTE
