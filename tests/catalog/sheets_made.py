"""Workbooks of three kinds made for tests; one description serves them all."""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import xlsxwriter
import xlwt

KNOWN = {"title", "keywords"}


@dataclass(frozen=True)
class Made:
    """A sheet to be made: its rows, its merged ranges as (top, left, bottom, right) from 0, hidden or not."""

    rows: Sequence[Sequence[Any]]
    merges: Sequence[tuple[int, int, int, int]] = ()
    hidden: bool = False
    formulas: Mapping[tuple[int, int], Any] = field(default_factory=dict)


def make(path: Path, sheets: Mapping[str, Made], **properties: str) -> Path:
    """Write the workbook that the ending of the path asks for; a formula's value None means that it has none."""
    {".xlsx": _xlsx, ".xls": _xls, ".ods": _ods}[path.suffix](path, sheets, properties)
    return path


def _xlsx(path: Path, sheets: Mapping[str, Made], properties: Mapping[str, str]) -> None:
    options = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({name: said for name, said in properties.items() if name in KNOWN})
        for name in properties.keys() - KNOWN:
            book.set_custom_property(name, properties[name])
        days, moments = (book.add_format({"num_format": shape}) for shape in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"))
        for name, made in sheets.items():
            sheet = book.add_worksheet(name)
            for top, left, bottom, right in made.merges:
                sheet.merge_range(top, left, bottom, right, "")
            for row, column, cell in _filled(made):
                if isinstance(cell, date):
                    sheet.write_datetime(row, column, cell, moments if isinstance(cell, datetime) else days)
                else:
                    sheet.write(row, column, cell)
            for (row, column), value in made.formulas.items():
                sheet.write_formula(row, column, "=SUM(Z90:Z99)", None, "" if value is None else value)
            if made.hidden:
                sheet.hide()
        shown = next(sheet for sheet, made in zip(book.worksheets(), sheets.values(), strict=True) if not made.hidden)
        shown.activate()
        shown.set_first_sheet()


def _filled(made: Made) -> Iterator[tuple[int, int, Any]]:
    for row, cells in enumerate(made.rows):
        for column, cell in enumerate(cells):
            if cell not in {None, ""}:
                yield row, column, cell


def _xls(path: Path, sheets: Mapping[str, Made], _properties: Mapping[str, str]) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    days, moments = (xlwt.easyxf(num_format_str=shape) for shape in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"))
    for name, made in sheets.items():
        sheet = book.add_sheet(name, cell_overwrite_ok=True)
        for top, left, bottom, right in made.merges:
            sheet.merge(top, bottom, left, right)
        for row, column, cell in _filled(made):
            style = moments if isinstance(cell, datetime) else days if isinstance(cell, date) else None
            sheet.write(row, column, cell, *([style] if style else []))
        for (row, column), value in made.formulas.items():
            if isinstance(value, str):
                sheet.row(row).set_cell_error(column, value)
            else:
                sheet.write(row, column, xlwt.Formula("SUM(Z90:Z99)"))
        sheet.visibility = int(made.hidden)
    book.save(str(path))


SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "style")
)


def _ods(path: Path, sheets: Mapping[str, Made], properties: Mapping[str, str]) -> None:
    tables = "".join(_table(name, made) for name, made in sheets.items())
    said = "".join(
        f"<meta:user-defined meta:name={quoteattr(name)}>{escape(one)}</meta:user-defined>"
        for name, one in properties.items()
    )
    meta = f'<office:document-meta {SPACES} xmlns:meta="m"><office:meta>{said}</office:meta></office:document-meta>'
    path.write_bytes(document(tables, meta))


def document(tables: str, meta: str = "", prolog: str = "") -> bytes:
    """An OpenDocument spreadsheet around the XML of its tables."""
    hidden = '<style:style style:name="off"><style:table-properties table:display="false"/></style:style>'
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{prolog}<office:document-content {SPACES}>'
        f"<office:automatic-styles>{hidden}</office:automatic-styles><office:body><office:spreadsheet>{tables}"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        if meta:
            archive.writestr("meta.xml", meta)
    return out.getvalue()


def _table(name: str, made: Made) -> str:
    spans = {(top, left): (bottom - top + 1, right - left + 1) for top, left, bottom, right in made.merges}
    rows = []
    for row, cells in enumerate(made.rows):
        width = max([len(cells), *(column + 1 for line, column in made.formulas if line == row)])
        drawn = []
        for column in range(width):
            value = cells[column] if column < len(cells) else ""
            formula = (row, column) in made.formulas
            value = made.formulas[row, column] if formula else value
            down, right = spans.get((row, column), (0, 0))
            attributes = ' table:formula="of:=SUM([.Z90:.Z99])"' if formula else ""
            if down:
                attributes += f' table:number-rows-spanned="{down}" table:number-columns-spanned="{right}"'
            drawn.append(f"<table:table-cell{attributes}{_typed(value)}</table:table-cell>")
        rows.append(f"<table:table-row>{''.join(drawn)}</table:table-row>")
    style = ' table:style-name="off"' if made.hidden else ""
    return f"<table:table table:name={quoteattr(name)}{style}>{''.join(rows)}</table:table>"


def _typed(value: Any) -> str:
    if value is None or value == "":
        return ">"
    if isinstance(value, bool):
        said = str(value).lower()
        return f' office:value-type="boolean" office:boolean-value="{said}"><text:p>{said}</text:p>'
    if isinstance(value, (int, float)):
        return f' office:value-type="float" office:value="{value!r}"><text:p>{value}</text:p>'
    if isinstance(value, date):
        return f' office:value-type="date" office:date-value="{value.isoformat()}"><text:p>{value:%d.%m.%y}</text:p>'
    if value.startswith("#"):
        return f' office:value-type="string" office:string-value=""><text:p>{escape(value)}</text:p>'
    lines = "".join(f"<text:p>{_spaced(line)}</text:p>" for line in value.split("\n"))
    return f' office:value-type="string">{lines}'


def _spaced(line: str) -> str:
    """Text with its spaces and tabs as the format wants them."""
    return escape(line).replace(" ", '<text:s text:c="1"/>').replace("\t", "<text:tab/>")
