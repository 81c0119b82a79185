"""The last task: the entry as the public will see it, everything still in the way, and handing it in."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from catalog import datasets, versions
from catalog.models import Entry
from open_portal.forms_entry import SPECS
from open_portal.pages.desk.desk_frame import address, done, entry_of, own_entry, pages, said
from open_portal.pages.desk.desk_tasks import TASKS, task_address
from open_portal.requests import actor, deed, session
from policies import rulebook
from policies import vocabulary as v
from policies.refusals import Invalid, Refusal
from sharing import release
from tenancy import cases, work

OF_ITEMS = {"security_level": "grading", "desensitisation": "grading", "secret": "grading"}


@pages.get("/desk/datasets/<code>/check")
def check(code: str) -> ResponseReturnValue:
    """Preview, what is missing, and the button."""
    entry = own_entry(code)
    if entry.state not in datasets.EDITABLE:
        return redirect(url_for("desk.dataset", code=address(entry.code)))
    return render_template("desk/check.html", **_page(entry))


@pages.post("/desk/datasets/<code>/check")
def submit(code: str) -> ResponseReturnValue:
    """Hand the entry in, and ask for its opening if that is wanted; handed in already, it changes nothing."""
    entry = own_entry(code)
    under_way = cases.of_subject(session(), entry, "ENTRY_REVIEW")
    if entry.state is v.EntryState.PUBLISH_REVIEW and under_way and under_way.opened_by == actor().id:
        return redirect(url_for("desk.case", number=under_way.number))
    try:
        with deed() as unit:
            mine = entry_of(unit, code)
            number = datasets.submit(unit, mine).number
            if request.form.get("open") and mine.open_type is not v.OpenType.OPEN_FORBIDDEN:
                release.request(unit, mine)
    except Invalid:
        return render_template("desk/check.html", tried=True, **_page(own_entry(code))), 422
    done(_("Handed in as case %(number)s.", number=number))
    return redirect(url_for("desk.case", number=number))


def _page(entry: Entry) -> dict[str, Any]:
    limits = rulebook.in_force().limits
    return {
        "entry": entry,
        "address": address(entry.code),
        "faults": faults(entry),
        "newest": next(iter(versions.all_of(session(), entry)), None),
        "hindrances": [said(one) for one in _later(entry)],
        "may_open": entry.open_type is not v.OpenType.OPEN_FORBIDDEN and entry.open_state in release.ASKABLE,
        "may_submit": work.may(actor(), "entry.submit", entry),
        "review_days": limits["CATALOG_PUBLISH"].days,
        "release_days": limits["RELEASE_REVIEW"].days,
    }


def _later(entry: Entry) -> list[Refusal]:
    """What would keep the entry from being opened once it is published."""
    if entry.open_type is v.OpenType.OPEN_FORBIDDEN:
        return []
    passed = versions.newest_passing(session(), entry)
    found = release.hindrances(session(), entry)
    moot = {"release.not-published"} | ({"release.no-data"} if passed else set())
    return [one for one in found if one.code not in moot]


def faults(entry: Entry) -> list[dict[str, str]]:
    """Everything in the way of submitting, each with the way to the task where it is put right."""
    return [{"text": sentence(one), "href": f"{_place(entry, one)}#{_anchor(entry, one)}"} for one in violations(entry)]


def violations(entry: Entry) -> list[Refusal]:
    """What an entry does not meet yet, each once."""
    return list({(one.field, one.code): one for one in datasets.violations(entry)}.values())


def sentence(refusal: Refusal) -> str:
    """A fault with the field it is about, in words."""
    field = (refusal.field or "").removeprefix("items.")
    return f"{_label(field)}：{said(refusal)}" if _label(field) else said(refusal)


def _label(field: str) -> str:
    return str(_labels().get(field, ""))


def _labels() -> dict[str, Any]:
    from_specs = {name: spec.label for name, spec in SPECS.items()}
    return {**from_specs, "security_level": _("Security level"), "items": _("Data items")}


def _place(entry: Entry, refusal: Refusal) -> str:
    field = refusal.field or ""
    if field.startswith("items"):
        name = OF_ITEMS.get(field.rpartition(".")[2], "opening") if "." in field else "items"
    else:
        name = next((one.name for one in TASKS if field in one.fields), "grading")
    return task_address(next(one for one in TASKS if one.name == name), entry)


def _anchor(entry: Entry, refusal: Refusal) -> str:
    field = refusal.field or ""
    if not field.startswith("items."):
        return field
    name, _dot, attribute = field.removeprefix("items.").rpartition(".")
    numbers = {item.name: number for number, item in enumerate(entry.items)}
    return f"item-{numbers.get(name, 0)}-{attribute}"
