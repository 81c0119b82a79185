"""Which standard each data item follows, how its values deviate, and the figures of one's own units."""

from collections.abc import Sequence
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from catalog import item_standards, sources, standards
from catalog.item_standards import Coverage, Standing
from catalog.models import Entry
from catalog.standard_models import CodeList, DataElement
from open_portal.language import term
from open_portal.pages.desk.desk_frame import (
    address,
    again,
    done,
    entry_of,
    is_inside,
    language,
    own_entry,
    pages,
    said,
    today,
)
from open_portal.pages.indicators import indicators_csv
from open_portal.requests import actor, deed, session
from policies.refusals import Invalid
from tenancy import work
from tenancy.models import Tenant


@pages.get("/desk/datasets/<code>/standards")
def item_links(code: str) -> str:
    """The items of an entry, each with its element, its list, a suggestion and its deviations."""
    return render_template("desk/item_standards.html", **_page(own_entry(code), None))


@pages.post("/desk/datasets/<code>/standards")
def save_item_links(code: str) -> ResponseReturnValue:
    """Keep which element and list each item follows; a name may be typed for an identifier."""
    entry = own_entry(code)
    typed = {
        item.name: (request.form.get(f"element-{at}", "").strip(), request.form.get(f"list-{at}", "").strip())
        for at, item in enumerate(entry.items)
        if f"element-{at}" in request.form
    }
    elements = _by_words(standards.all_in_force(session(), DataElement, today()))
    lists = _by_words(standards.all_in_force(session(), CodeList, today()))
    links: dict[str, tuple[str | None, str | None]] = {
        name: (elements.get(element.casefold(), element), lists.get(list_.casefold(), list_))
        for name, (element, list_) in typed.items()
    }
    try:
        with deed() as unit:
            count = item_standards.link(unit, entry_of(unit, code), links)
    except Invalid as refusal:
        return again("desk/item_standards.html", first=said(refusal), **_page(own_entry(code), typed))
    done(_("%(count)s items were changed.", count=count) if count else _("Nothing was changed."))
    return redirect(url_for("desk.item_links", code=code))


@pages.get("/desk/standards/coverage")
def coverage() -> str:
    """How far one's own units have come with the standards, and every deviation."""
    return render_template("desk/coverage.html", **figures(own_coverage()))


@pages.get("/desk/standards/coverage.csv")
def coverage_table() -> Response:
    """The same as CSV, one line a unit."""
    return indicators_csv.answer("standards-coverage", table_of(own_coverage()))


@pages.get("/desk/standards/deviations.csv")
def deviations_table() -> Response:
    """Every deviating value of one's own units as CSV."""
    return indicators_csv.answer("code-deviations", deviation_rows(own_coverage()))


def own_coverage() -> list[Coverage]:
    """The figures of the units that the actor works in and of those below them."""
    query = select(Entry).where(item_standards.counted(actor().staff_of)).order_by(Entry.code)
    return item_standards.coverage(session(), list(session().scalars(query)), today())


def figures(found: Sequence[Coverage]) -> dict[str, Any]:
    """What the page of coverage shows."""
    names = unit_names(found)
    lines = [(names[one.tenant_id], one) for one in found]
    standings = [standing for one in found for standing in one.standings if standing.deviations]
    return {
        "lines": sorted(lines, key=lambda one: one[0]),
        "whole": _sum(found),
        "deviating": sorted(standings, key=lambda one: -one.deviating),
        "missing": [standing for one in found for standing in one.standings if standing.needs_list],
        "on": today(),
        "address": address,
        "is_inside": lambda entry: is_inside(actor(), entry.tenant),
    }


def table_of(found: Sequence[Coverage]) -> list[list[object]]:
    """The figures as rows with their heading."""
    names = unit_names(found)
    heading: list[object] = [
        _("Unit"),
        _("Data items"),
        _("With a data element"),
        _("Items of few values"),
        _("Of these with a code list"),
        _("Items that deviate"),
        _("Rows that deviate"),
        _("Rows looked at"),
        _("As of"),
    ]
    rows: list[list[object]] = [
        [
            names[one.tenant_id],
            one.items,
            one.with_element,
            one.few,
            one.few_with_list,
            one.deviating_items,
            one.deviating_rows,
            one.checked_rows,
            today().isoformat(),
        ]
        for one in found
    ]
    return [heading, *sorted(rows, key=lambda row: str(row[0]))]


def deviation_rows(found: Sequence[Coverage]) -> list[list[object]]:
    """Deviating values as rows with their heading; for whoever works inside their units."""
    heading: list[object] = [
        _("Unit"),
        _("Dataset"),
        _("Data item"),
        _("Code list"),
        _("Value"),
        _("Rows"),
        _("Proposed code"),
        _("How it was found"),
    ]
    names = unit_names(found)
    rows: list[list[object]] = [
        [
            names[one.tenant_id],
            standing.entry.code,
            standing.item.name,
            standing.list_name,
            deviation.value,
            deviation.rows,
            deviation.match.value or "",
            term(deviation.match.kind),
        ]
        for one in found
        for standing in one.standings
        for deviation in standing.deviations
    ]
    return [heading, *rows]


def unit_names(found: Sequence[Coverage]) -> dict[str, str]:
    """The names of the units of some figures by their ids."""
    query = select(Tenant).where(Tenant.id.in_([one.tenant_id for one in found]))
    return {row.id: row.name.label(language()) for row in session().scalars(query)}


def _sum(found: Sequence[Coverage]) -> Coverage:
    whole = Coverage("")
    for one in found:
        for standing in one.standings:
            whole.add(standing)
    return whole


def _by_words(rows: Sequence[DataElement] | Sequence[CodeList]) -> dict[str, str]:
    """Identifiers by what people may type for them."""
    words = {said_.casefold(): row.name for row in rows for said_ in (row.en, row.zh) if said_}
    return {**words, **{row.name.casefold(): row.name for row in rows}}


def _page(entry: Entry, typed: dict[str, tuple[str, str]] | None) -> dict[str, Any]:
    found: list[Standing] = item_standards.standings(session(), [entry], today())
    scope = sources.scope_of(session(), entry.tenant)
    names = [one.element.name for one in found if one.element]
    return {
        "entry": entry,
        "address": address(entry.code),
        "standings": found,
        "suggested": item_standards.suggestions(session(), entry, today()),
        "elements": standards.all_in_force(session(), DataElement, today()),
        "lists": standards.all_in_force(session(), CodeList, today()),
        "sources": sources.sources_of(session(), names, scope),
        "typed": typed or {},
        "may_edit": work.may(actor(), "entry.edit", entry) and entry.state not in item_standards.GONE,
    }
