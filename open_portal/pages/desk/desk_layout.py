"""Where the table lies in a file: the proposal over its first rows, corrected and confirmed by the steward."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from catalog import versions
from catalog.models import Entry, Version
from catalog.reading_files import heading_rows
from catalog.reading_files.heading_rows import GridRow
from catalog.reading_files.shapes import Glance, GlanceRow, Layout, Note
from open_portal.pages.desk.desk_frame import address, again, done, entry_of, own_entry, pages, said
from open_portal.requests import actor, deed, session
from policies import vocabulary as v
from policies.refusals import Invalid, NotFound, Refused
from tenancy import work

NUMBERS = ("top", "bottom", "first", "last")
SETTLED = frozenset({v.VersionState.PASSED, v.VersionState.LIVE, v.VersionState.SUPERSEDED, v.VersionState.REFUSED})
ABOVE = frozenset({"title", "unit"})
BESIDE = frozenset({"total", "note"})
MOST_LEVELS = 4
SHOWN = 40
"""Columns that are shown; the reading takes them all."""


@dataclass(frozen=True)
class Cell:
    """A cell as it is shown: its text and how many columns it covers."""

    text: str
    span: int = 1


@dataclass(frozen=True)
class Line:
    """A row as it is shown: its number, its role under the layout on the page, and its cells."""

    number: int
    role: str
    cells: tuple[Cell, ...]


@pages.get("/desk/datasets/<code>/data/<int:number>/layout")
def layout(code: str, number: int) -> str:
    """The first rows with the part that each has in the proposal, and the form to correct it."""
    version, glance = _asked(own_entry(code), number)
    kept = None if version.state is v.VersionState.ASKED else version.layout
    proposed = Layout.from_json(kept) if kept else glance.layout
    return render_template("desk/layout.html", **_page(version, glance, _typed(proposed), proposed))


@pages.post("/desk/datasets/<code>/data/<int:number>/layout")
def lay_out(code: str, number: int) -> ResponseReturnValue:
    """Show the rows anew under what was typed, look at another sheet, or confirm and have the file read."""
    version, glance = _asked(own_entry(code), number)
    typed = request.form.to_dict() | {"conversions": "\n".join(request.form.getlist("conversions"))}
    action = typed.get("action", "confirm")
    try:
        wanted = _wanted(typed, glance)
        other = wanted.sheet != glance.layout.sheet and bool(glance.sheets)
        if action == "preview" and not other:
            return render_template("desk/layout.html", **_page(version, glance, typed, wanted))
        with deed() as unit:
            found = versions.find(unit.session, entry_of(unit, code), number)
            if found.state is v.VersionState.ASKED:
                versions.confirm_layout(unit, found, wanted, look=other)
            else:
                number = versions.reread(unit, found, wanted).number
    except (Invalid, Refused) as refusal:
        return again("desk/layout.html", error=said(refusal), **_page(version, glance, typed, glance.layout))
    done(_("The file is read this way now."))
    return redirect(url_for("desk.version", code=address(version.entry.code), number=number))


def _asked(entry: Entry, number: int) -> tuple[Version, Glance]:
    version = versions.find(session(), entry, number)
    work.demand(actor(), "version.upload", entry)
    if not version.glance or version.state not in {v.VersionState.ASKED, *SETTLED}:
        raise NotFound("general.not-found")
    return version, Glance.from_json(version.glance)


def _typed(layout: Layout) -> dict[str, str]:
    """A layout as the form shows it."""
    top, bottom = layout.heading
    numbers = {"top": top, "bottom": bottom, "first": layout.first or "", "last": layout.last or ""}
    return {
        "sheet": layout.sheet or "",
        **{name: str(value) for name, value in numbers.items()},
        "set_aside": "y" if layout.set_aside else "",
        "fill_merged": "y" if layout.fill_merged else "",
        "nested": layout.nested,
        "conversions": "\n".join(f"{column}|{code}" for column, code in layout.conversions.items()),
    }


def _wanted(typed: Mapping[str, str], glance: Glance) -> Layout:
    """The layout that the form describes; Invalid where it cannot be."""
    rows = {name: _number(typed.get(name, "")) for name in NUMBERS}
    top, bottom = rows["top"] or 0, rows["bottom"] or rows["top"] or 0
    if not top <= bottom < top + MOST_LEVELS or (top == 0) != (bottom == 0):
        raise Invalid("layout.heading", most=MOST_LEVELS)
    if (rows["first"] or bottom + 1) <= bottom or (rows["last"] or bottom + 1) <= bottom:
        raise Invalid("layout.data")
    sheets = {one.name for one in glance.sheets}
    sheet = typed.get("sheet", "") or None
    accepted = (line.rpartition("|") for line in typed.get("conversions", "").splitlines() if "|" in line)
    return replace(
        glance.layout,
        sheet=sheet if sheet in sheets else glance.layout.sheet,
        heading=(top, bottom),
        first=rows["first"],
        last=rows["last"],
        set_aside=bool(typed.get("set_aside")),
        fill_merged=bool(typed.get("fill_merged")),
        nested="columns" if typed.get("nested") == "columns" else "text",
        conversions={column: code for column, _bar, code in accepted},
    )


def _number(text: str) -> int | None:
    if not text.strip():
        return None
    try:
        return max(0, int(text))
    except ValueError:
        raise Invalid("layout.row-number", value=text[:20]) from None


def _page(version: Version, glance: Glance, typed: Mapping[str, str], shown: Layout) -> dict[str, Any]:
    entry = version.entry
    width = max((min(len(row.cells), SHOWN) for row in glance.rows), default=0)
    return {
        "entry": entry,
        "address": address(entry.code),
        "version": version,
        "typed": typed,
        "lines": [_line(row, shown, width) for row in glance.rows],
        "width": width,
        "names": _names(glance, shown),
        "notes": [said(_of(note)) for note in glance.notes],
        "sheets": glance.sheets,
        "is_json": glance.kind.kind in {"json", "jsonl"},
        "offers": _offers(version),
        "accepted": typed.get("conversions", "").splitlines(),
        "roles": role_words(),
        "asked": version.state is v.VersionState.ASKED,
    }


def _of(note: Note) -> Invalid:
    return Invalid(note.code, **dict(note.params))


def _names(glance: Glance, shown: Layout) -> list[str]:
    """The column names that the layout gives."""
    top, bottom = shown.heading
    rows = [GridRow(row.number, row.cells, row.merges) for row in glance.rows if top <= row.number <= bottom]
    return [name for name in heading_rows.joined(rows, max((len(row.cells) for row in rows), default=0)) if name]


def _line(row: GlanceRow, shown: Layout, width: int) -> Line:
    cells = (*row.cells, *("",) * width)[:width]
    return Line(row.number, _role(row, shown), tuple(_cells(cells, row.merges)))


def _role(row: GlanceRow, shown: Layout) -> str:
    top, bottom = shown.heading
    if row.number < top:
        return row.role if row.role in ABOVE else "title"
    if row.number <= bottom:
        return "heading"
    if row.number < (shown.first or 0) or (shown.last and row.number > shown.last):
        return "note"
    return row.role if shown.set_aside and row.role in BESIDE else "data"


def _cells(cells: Sequence[str], merges: Sequence[tuple[int, int, int]]) -> list[Cell]:
    """The cells of a row; one that is merged over its neighbours stands for them."""
    spans = {left: min(right, len(cells) - 1) - left + 1 for left, _bottom, right in merges}
    found, column = [], 0
    while column < len(cells):
        span = max(1, spans.get(column, 1))
        found.append(Cell(cells[column], span))
        column += span
    return found


def _offers(version: Version) -> list[dict[str, Any]]:
    """The conversions that the columns invite, each with an example."""
    offers = (version.account or {}).get("offers", ())
    return [
        {
            "value": f"{one['column']}|{one['code']}",
            "text": f"{one['column']}：{one['before']} → {one['after']}",
            "rows": one["rows"],
        }
        for one in offers
    ]


def role_words() -> dict[str, str]:
    """What a row can be."""
    return {
        "title": _("title"),
        "unit": _("unit, reporter"),
        "heading": _("heading"),
        "data": _("data"),
        "total": _("total"),
        "note": _("note"),
    }
