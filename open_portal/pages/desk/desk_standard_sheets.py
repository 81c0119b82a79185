"""Sheets of data standards on the desk: handed out, read, tried and taken over."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from catalog import standard_imports, standard_sheets, standard_versions, standards
from catalog.exports import content_disposition
from catalog.standard_models import CodeList, DataElement
from catalog.standards import Standard
from open_portal.pages.desk.desk_frame import again, done, pages, said, today
from open_portal.pages.desk.desk_standards import demand_government, kind_named, proposers
from open_portal.pages.indicators import indicators_csv
from open_portal.requests import actor, deed, kit, session
from policies.refusals import Invalid, NotFound, Refused
from tenancy.models import Tenant

MOST_BYTES = 5_000_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pages.get("/desk/standards.xlsx")
def standards_workbook() -> Response:
    """Everything in force as a workbook: a sheet of elements, one of codes."""
    demand_government()
    rows: list[Standard] = [
        *standards.all_in_force(session(), DataElement, today()),
        *standards.all_in_force(session(), CodeList, today()),
    ]
    response = Response(standard_sheets.workbook(standard_versions.values_of(row) for row in rows), mimetype=XLSX)
    response.headers["Content-Disposition"] = content_disposition(f"data-standards-{today().isoformat()}", "xlsx")
    return response


@pages.get("/desk/standards/<kind>.csv")
def standards_table(kind: str) -> Response:
    """The elements, or the codes, in force as CSV."""
    demand_government()
    rows = standards.all_in_force(session(), kind_named(kind), today())
    sheets = standard_sheets.rows_of(standard_versions.values_of(row) for row in rows)
    return indicators_csv.answer(f"data-{kind}", sheets["elements" if kind == "elements" else "codes"])


@pages.get("/desk/standards/import")
def import_form() -> str:
    """The form for a sheet."""
    if not proposers():
        raise NotFound("general.not-found")
    return render_template("desk/standard_import.html", tenants=proposers(), error=None)


@pages.post("/desk/standards/import")
def read_sheet() -> ResponseReturnValue:
    """Read a sheet and show what would come of it."""
    owner = next((one for one in proposers() if one.key == request.form.get("tenant")), None)
    if owner is None:
        raise NotFound("general.not-found")
    try:
        filename, tables = _sent()
        with deed() as unit:
            tenant = unit.session.get_one(Tenant, owner.id)
            sheet_id = standard_imports.keep(unit, tenant, filename, tables).id
    except Invalid as refusal:
        return again("desk/standard_import.html", tenants=proposers(), error=said(refusal))
    return redirect(url_for("desk.sheet", sheet_id=sheet_id))


def _sent() -> tuple[str, list[list[list[str]]]]:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("general.required", field="file")
    content = file.stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Invalid("file.too-large", field="file", limit="5 MB")
    kit().scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=kit().scratch) as folder:
        path = Path(folder) / "sheet"
        path.write_bytes(content)
        return file.filename, standard_sheets.tables_of(path, file.filename)


@pages.get("/desk/standards/import/<sheet_id>")
def sheet(sheet_id: str) -> str:
    """The dry run: what every row would do, every fault with its remedy; nothing is changed by looking."""
    return render_template("desk/standard_sheet.html", **_page(sheet_id))


@pages.post("/desk/standards/import/<sheet_id>")
def take_sheet(sheet_id: str) -> ResponseReturnValue:
    """Take a sheet over as drafts, or put it away."""
    if request.form.get("move") == "forget":
        with deed() as unit:
            standard_imports.forget(unit, standard_imports.find(unit.session, sheet_id, actor()))
        done(_("The sheet is put away; nothing was imported."))
        return redirect(url_for("desk.standards_list"))
    try:
        with deed() as unit:
            trial = standard_imports.apply(unit, standard_imports.find(unit.session, sheet_id, actor()))
    except Refused as refusal:
        return again("desk/standard_sheet.html", first=said(refusal), **_page(sheet_id))
    done(_("%(count)s drafts were made. Submit each when it is ready.", count=len(trial.changes)))
    return redirect(url_for("desk.standards_list"))


def _page(sheet_id: str) -> dict[str, Any]:
    with deed() as unit:
        found = standard_imports.find(unit.session, sheet_id, actor())
        trial, filename = standard_imports.attempt(unit, found), found.filename
    faults = [(one.row, one.column, said(one.refusal)) for one in trial.faults]
    return {"sheet_id": sheet_id, "filename": filename, "trial": trial, "faults": faults}
