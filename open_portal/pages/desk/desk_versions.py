"""One version of an entry's data: the steps it goes through, then the account of how its file was read."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, BinaryIO

from flask import Response, make_response, render_template
from flask_babel import gettext as _

from catalog import refused_rows, versions
from catalog.exports import content_disposition
from catalog.models import StoredFile, Version
from open_portal.language import datetime as instant_text
from open_portal.pages.desk import desk_runs
from open_portal.pages.desk.desk_files import reason_of
from open_portal.pages.desk.desk_frame import address, name_of, own_entry, pages, said
from open_portal.pages.desk.desk_layout import SETTLED
from open_portal.requests import actor, kit, session
from policies import vocabulary as v
from policies.refusals import Invalid, NotFound, ReasonsError
from quality import runs
from tenancy import jobs, work

PIECE = 1 << 16
SHOWN = 20
REFRESH_SECONDS = 4
SHEETS = frozenset({"csv", "tsv", "xlsx", "xls", "ods"})
"""Kinds of files whose table stands in rows of cells, with a heading somewhere."""
UNDER_WAY = frozenset({v.VersionState.RECEIVED, v.VersionState.CHECKING})


@pages.get("/desk/datasets/<code>/data/<int:number>")
def version(code: str, number: int) -> Response:
    """Where a version stands; the page comes again by itself while the platform is at work on it."""
    entry = own_entry(code)
    found = versions.find(session(), entry, number)
    under_way = found.state in UNDER_WAY
    steps = steps_of(found) if under_way else []
    checked = desk_runs.runs_of(found)
    page = render_template(
        "desk/version.html",
        entry=entry,
        address=address(entry.code),
        version=found,
        steps=steps,
        stuck=any(one["state"] == "stopped" for one in steps),
        sender=name_of(found.uploaded_by),
        reasons=reason_of(found),
        kept=account_of(found),
        refused=_refused(found),
        types=_types(),
        may_lay_out=may_lay_out(found),
        checked=checked,
    )
    response = make_response(page)
    if under_way or checked["busy"]:
        response.headers["Refresh"] = str(REFRESH_SECONDS)
    return response


def may_lay_out(version: Version) -> bool:
    """Whether this person may say where the table lies in the file, or have it read another way."""
    laid_out = version.glance is not None and version.state in {v.VersionState.ASKED, *SETTLED}
    return laid_out and work.may(actor(), "version.upload", version.entry)


def steps_of(version: Version) -> list[dict[str, Any]]:
    """The steps of a version under way: done, in hand and to come."""
    run = runs.under_way(session(), version)
    job = jobs.newest(session(), *(("quality.run", run.id) if run else ("version.check", version.id)))
    running = job is not None and job.state == jobs.RUNNING
    parked = job is not None and job.state == jobs.PARKED
    names = [_("Received"), _("Searched for classification markings"), _("Read row by row"), _("Quality checked")]
    at = 3 if version.state is v.VersionState.CHECKING else 1 if version.quarantined else 2
    steps = []
    for place, name in enumerate(names):
        state = "done" if place < at else "next"
        if place == at and (running or parked or version.state is v.VersionState.CHECKING):
            state = "stopped" if parked else "now"
        steps.append({"text": name, "state": state, "time": instant_text(version.uploaded_at) if not place else ""})
    return steps


def account_of(version: Version) -> dict[str, Any]:
    """What is kept of how the file was read, in words; parts that are not kept are empty."""
    kept = version.account or {}
    layout = version.layout or {}
    return {
        "facts": _how(version, kept, layout),
        "reasons": [(about(one), int(one.get("count", 0))) for one in kept.get("reasons", ())],
        "set_aside": [
            (str(one.get("line")), _text(one.get("code"), one), one.get("raw")) for one in _list(kept, "set_aside")
        ],
        "aside": max(int(kept.get("set_aside_count") or 0), len(_list(kept, "set_aside"))),
        "notes": [_text(one.get("code"), one.get("params", {})) for one in _list(kept, "notes")],
        "flags": [(_place(one), _text(one.get("code"), one.get("params", {}))) for one in _list(kept, "flags")],
        "markings": _markings(kept),
        "offers": [_offer(one) for one in _list(kept, "offers")],
        "columns": [(one["name"], one["type"], _text(one.get("why"), one)) for one in version.columns or ()],
    }


def _offer(one: Mapping[str, Any]) -> list[Any]:
    """A conversion: column, what is done, how many values, one of them before and after."""
    code = str(one.get("code", "")).partition(":")[0]
    words = _text(f"file.offer-{code}", {"rows": one.get("rows"), **one.get("params", {})})
    return [one.get("column"), words, one.get("rows"), one.get("before"), one.get("after")]


def _markings(kept: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Cells that look marked: those among the first rows, and the first of every other column."""
    early = _list(kept, "markings")
    columns = {one.get("column") for one in early}
    later = [one for one in _list(kept, "marked") if one.get("column") not in columns]
    return [(_place(one), one.get("marking")) for one in (*early, *later)]


def _types() -> dict[str, str]:
    """Names of the types a stored column may have."""
    return {
        "text": _("text"),
        "integer": _("whole number"),
        "decimal": _("number"),
        "boolean": _("yes or no"),
        "date": _("date"),
        "datetime": _("date and time"),
    }


def _list(kept: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    return kept.get(name) or ()


def _how(version: Version, kept: Mapping[str, Any], layout: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Encoding, way of writing, sheet and rows, as far as they are known."""
    dialect = kept.get("dialect") or {}
    heading = layout.get("heading") if kept.get("kind") in SHEETS else None
    delimiters = {",": _("comma"), "\t": _("tab"), ";": _("semicolon"), "|": _("vertical bar")}
    delimiter = dialect.get("delimiter")
    facts = [
        (_("Kind of file"), kept.get("kind")),
        (_("Encoding"), version.encoding),
        (_("Separator"), delimiters.get(delimiter, delimiter) if delimiter else None),
        (_("Sheet"), layout.get("sheet")),
        (_("Heading rows"), "–".join(dict.fromkeys(str(row) for row in heading)) if heading else None),
        (_("First row of data"), layout.get("first")),
        (_("Last row of data"), layout.get("last")),
    ]
    return [{"label": label, "value": value} for label, value in facts if value is not None]


def _place(one: Mapping[str, Any]) -> str:
    """Where a cell is: sheet, cell or row, column."""
    row = one.get("row") or one.get("line")
    where = one.get("cell") or (_("Row %(row)s", row=row) if row else None)
    return " · ".join(str(part) for part in (one.get("sheet"), where, one.get("column")) if part is not None)


def about(fault: Mapping[str, Any]) -> str:
    """A fault in words, with the column it is about."""
    return f"{fault.get('column') or ''} {_text(fault.get('code'), fault.get('params') or fault)}".strip()


def _text(code: Any, params: Mapping[str, Any]) -> str:
    """A reason in words; the bare code where its words need more than was kept."""
    values = {name: value for name, value in params.items() if name not in {"code", "fields"}}
    try:
        return said(Invalid(str(code), **values))
    except ReasonsError:
        return str(code or "")


def _refused(version: Version) -> list[list[Any]]:
    """The first refused rows: line, what is wrong, text."""
    if version.refusals is None:
        return []
    with closing(kit().blobs.open(version.refusals.sha256)) as lines:
        rows = refused_rows.first(lines, SHOWN)
    return [[str(row["line"]), "；".join(about(one) for one in row["faults"]), row["raw"][:200]] for row in rows]


@pages.get("/desk/datasets/<code>/data/<int:number>/refused")
def refused_file(code: str, number: int) -> Response:
    """All refused rows of a version as JSON lines, each with its line number, text and faults."""
    found, file = _refusals(code, number)
    response = _download(_pieces(file), file, f"{address(found.entry.code)}-v{number}-refused", "jsonl")
    response.headers["Content-Length"] = str(_kept(found).size)
    return response


@pages.get("/desk/datasets/<code>/data/<int:number>/refused.csv")
def refused_table(code: str, number: int) -> Response:
    """The same as a table that opens in a spreadsheet."""
    found, file = _refusals(code, number)
    heading = [_("Line"), _("What is wrong"), _("Value"), _("Text of the row")]
    pieces = refused_rows.csv_pieces(file, heading, about)
    return _download(pieces, file, f"{address(found.entry.code)}-v{number}-refused", "csv")


def _refusals(code: str, number: int) -> tuple[Version, BinaryIO]:
    found = versions.find(session(), own_entry(code), number)
    return found, kit().blobs.open(_kept(found).sha256)


def _kept(version: Version) -> StoredFile:
    if version.refusals is None:
        raise NotFound("general.not-found")
    return version.refusals


TYPES = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}


def _download(pieces: Iterator[bytes], file: BinaryIO, name: str, extension: str) -> Response:
    response = Response(_closing(pieces, file), content_type=TYPES[extension])
    response.call_on_close(file.close)
    response.headers["Content-Disposition"] = content_disposition(name, extension)
    return response


def _closing(pieces: Iterator[bytes], file: BinaryIO) -> Iterator[bytes]:
    with file:
        yield from pieces


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece
