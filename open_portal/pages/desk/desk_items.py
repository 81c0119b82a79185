"""Tasks over the data items: the table itself, its classification, and how far entry and items may go."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from catalog import datasets, versions
from catalog.models import Entry, Version
from open_portal import forms_entry, forms_items
from open_portal.forms_items import Row
from open_portal.pages.desk import desk_tasks
from open_portal.pages.desk.desk_frame import address, again, changed_meanwhile, entry_of, own_entry, pages, today
from open_portal.pages.desk.desk_tasks import BY_NAME, OPENING
from open_portal.requests import deed, kit, session
from policies import opening as rules_of_opening
from policies import recognisers
from policies.refusals import Invalid, Stale
from tenancy.work import Work

SAMPLE = 200


@pages.get("/desk/datasets/<code>/tasks/items")
def items(code: str) -> ResponseReturnValue:
    """The table of data items, proposed from the file where there is one."""
    return _table(code, "items", forms_items.DESCRIBING, blank=forms_items.BLANK)


@pages.post("/desk/datasets/<code>/tasks/items")
def save_items(code: str) -> ResponseReturnValue:
    """Keep the table as typed: lines added, changed and removed."""
    return _save_table(code, "items", forms_items.DESCRIBING, adding=True)


@pages.get("/desk/datasets/<code>/tasks/grading")
def grading(code: str) -> ResponseReturnValue:
    """Security level and personal information of each item, with what was found in the data."""
    return _table(code, "grading", forms_items.GRADING)


@pages.post("/desk/datasets/<code>/tasks/grading")
def save_grading(code: str) -> ResponseReturnValue:
    """Keep the classification; the entry's level is that of its most sensitive item."""
    return _save_table(code, "grading", forms_items.GRADING, adding=False)


def _table(code: str, name: str, names: Sequence[str], *, blank: int = 0) -> ResponseReturnValue:
    entry = own_entry(code)
    if entry.state not in datasets.EDITABLE:
        return redirect(url_for("desk.dataset", code=address(entry.code)))
    rows = forms_items.rows_of(entry.items, names, blank)
    forms_items.mark_all(rows, datasets.violations(entry))
    return render_template("desk/items.html", **_page(entry, name, names, rows))


def _save_table(code: str, name: str, names: Sequence[str], *, adding: bool) -> ResponseReturnValue:
    entry = own_entry(code)
    rows = forms_items.typed_rows(request.form, entry.items, names)
    meant = forms_items.read(rows, entry.items, names, adding=adding)
    if any(row.errors for row in rows):
        return again("desk/items.html", **_page(entry, name, names, rows))
    unchanged = meant == [forms_items.description_of(one) for one in entry.items]
    if not (unchanged and entry.state in datasets.EDITABLE):
        if request.form.get("version") != stamp(entry, names):
            first = changed_meanwhile()
            return render_template("desk/items.html", first=first, **_page(entry, name, names, rows)), 409
        with deed() as work:
            datasets.set_items(work, entry_of(work, entry.id), meant)
    return desk_tasks.onward(own_entry(code), BY_NAME[name])


def stamp(entry: Entry, names: Sequence[str]) -> str:
    """What the table held when it was shown."""
    return forms_items.digest(entry.items, names)


def _page(entry: Entry, name: str, names: Sequence[str], rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "entry": entry,
        "task": BY_NAME[name],
        "rows": rows,
        "names": names,
        "cells": forms_items.CELLS,
        "problems": forms_items.problems(rows),
        "stamp": stamp(entry, names),
        "adding": name == "items",
        "findings": findings(entry) if name == "grading" else {},
        "address": address(entry.code),
    }


def findings(entry: Entry) -> Mapping[str, Sequence[recognisers.Finding]]:
    """What looks like personal information in each item, from its name and a sample of its values, masked."""
    newest = next((one for one in versions.all_of(session(), entry) if one.table), None)
    sample = _sample(newest) if newest else {}
    found = {
        item.name: recognisers.recognise(f"{item.name} {item.title}".strip(), sample.get(item.name, ()), today())
        for item in entry.items
    }
    return {name: spotted for name, spotted in found.items() if spotted}


def _sample(version: Version) -> dict[str, list[object]]:
    if version.table is None:
        return {}
    with kit().blobs.local_path(version.table.sha256) as path:
        page = kit().tables.page(path, limit=SAMPLE)
    return {name: [row[place] for row in page.rows] for place, name in enumerate(page.columns)}


@pages.get("/desk/datasets/<code>/tasks/opening")
def opening(code: str) -> ResponseReturnValue:
    """Sharing and openness of the entry and its items, with the rules that bind the choice."""
    entry = own_entry(code)
    if entry.state not in datasets.EDITABLE:
        return redirect(url_for("desk.dataset", code=address(entry.code)))
    form = forms_entry.make(OPENING, datasets.description_of(entry))
    rows = forms_items.rows_of(entry.items, forms_items.OPENING)
    if desk_tasks.statuses(entry)["opening"] != "not_started":
        desk_tasks.mark_violations(form, entry)
        forms_items.mark_all(rows, datasets.violations(entry))
    return render_template("desk/opening.html", **_opening_page(entry, form, rows))


@pages.post("/desk/datasets/<code>/tasks/opening")
def save_opening(code: str) -> ResponseReturnValue:
    """Keep the attributes of entry and items together, lawful or not yet; unlawful ones are marked."""
    entry = own_entry(code)
    before = datasets.description_of(entry)
    form = forms_entry.make(OPENING, before, request.form)
    values = forms_entry.read(form)
    rows = forms_items.typed_rows(request.form, entry.items, forms_items.OPENING)
    meant = forms_items.read(rows, entry.items, forms_items.OPENING, adding=False)
    if values is None or any(row.errors for row in rows):
        return again("desk/opening.html", **_opening_page(entry, form, rows))
    try:
        _keep_opening(entry, replace(before, **values), meant)
    except (Invalid, Stale) as refusal:
        return desk_tasks.refused(refusal, form, "desk/opening.html", _opening_page(entry, form, rows))
    return desk_tasks.onward(own_entry(code), BY_NAME["opening"])


def _keep_opening(entry: Entry, description: datasets.Description, meant: Sequence[datasets.ItemDescription]) -> None:
    before = datasets.description_of(entry)
    same_items = list(meant) == [forms_items.description_of(one) for one in entry.items]
    if description == before and same_items and entry.state in datasets.EDITABLE:
        return
    if request.form.get("version") != _opening_stamp(entry):
        raise Stale("general.stale")
    with deed() as work:
        _write_opening(work, entry_of(work, entry.id), description, meant, same_items=same_items)


def _write_opening(
    work: Work,
    entry: Entry,
    description: datasets.Description,
    meant: Sequence[datasets.ItemDescription],
    *,
    same_items: bool,
) -> None:
    changed = {name: getattr(description, name) for name in OPENING}
    datasets.describe(work, entry, replace(datasets.description_of(entry), **changed))
    if not same_items:
        datasets.set_items(work, entry, meant)


def _opening_stamp(entry: Entry) -> str:
    return forms_entry.stamp(datasets.description_of(entry), OPENING) + stamp(entry, forms_items.OPENING)


def _opening_page(entry: Entry, form: Any, rows: Sequence[Row]) -> dict[str, Any]:
    level = rules_of_opening.level_of(_graded(entry))
    proposed = rules_of_opening.proposed_open_type(level, entry.national_grade) if level else None
    return {
        "entry": entry,
        "task": BY_NAME["opening"],
        "form": form,
        "fields": OPENING,
        "rows": rows,
        "names": forms_items.OPENING,
        "cells": forms_items.CELLS,
        "problems": forms_items.problems(rows),
        "stamp": _opening_stamp(entry),
        "level": level,
        "proposed": proposed,
        "tiers": rules_of_opening.tiers_for(proposed) if proposed else (),
        "address": address(entry.code),
    }


def _graded(entry: Entry) -> list[rules_of_opening.ItemAttributes]:
    names = rules_of_opening.ItemAttributes.__dataclass_fields__
    return [rules_of_opening.ItemAttributes(**{name: getattr(item, name) for name in names}) for item in entry.items]
