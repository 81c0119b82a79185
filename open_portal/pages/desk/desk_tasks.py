"""Registering an entry as tasks in any order: saving never fails for what is missing, submitting does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_  # noqa: N812 - the mark of texts translated later

from catalog import datasets, versions
from catalog.models import Entry, Version
from open_portal import forms_entry
from open_portal.pages.desk.desk_frame import (
    address,
    again,
    changed_meanwhile,
    done,
    entry_of,
    own_entry,
    pages,
    said,
)
from open_portal.requests import deed, session
from policies import vocabulary as v
from policies.refusals import Invalid, NotFound, Refusal, Stale
from quality.suites import suites


@dataclass(frozen=True)
class Task:
    """One task: its name in addresses, title, hint and the fields of the description it sets."""

    name: str
    title: Any
    hint: Any
    endpoint: str
    fields: tuple[str, ...] = ()


BASICS = (
    *("title", "title_en", "abstract", "abstract_en", "catalogue_class", "themes", "industry", "tags"),
    *("object_flags", "region_code", "data_range", "time_from", "time_to", "granularity", "use_scenes"),
)
SOURCE = ("collection_kind", "source_system", "source_note", "source_url")
OPENING = (
    *("share_type", "share_condition", "share_mode", "share_reason", "share_basis"),
    *(
        "open_type",
        "open_tier",
        "open_condition",
        "open_reason",
        "open_basis",
        "personal_basis",
        "metadata_public",
    ),
)
UPKEEP = ("update_cycle", "licence", "contact_office", "contact_phone", "contact_email")
TASKS = (
    Task("basics", N_("Basic information"), N_("Title, abstract, domain, place, time"), "desk.task", BASICS),
    Task(
        "source",
        N_("Source and collection"),
        N_("Where the data arise and how they arrive"),
        "desk.task",
        SOURCE,
    ),
    Task("data", N_("Data file"), N_("Upload it; types, rules and findings are proposed from it"), "desk.data"),
    Task("items", N_("Data items"), N_("Names, meanings and types of the columns"), "desk.items"),
    Task("grading", N_("Classification and personal information"), N_("Level of each item"), "desk.grading"),
    Task(
        "opening",
        N_("Sharing and opening"),
        N_("Attributes with reasons and legal basis"),
        "desk.opening",
        OPENING,
    ),
    Task("upkeep", N_("Update and responsibility"), N_("Cycle, licence and contact"), "desk.task", UPKEEP),
    Task("rules", N_("Quality rules"), N_("What the data must keep, with today's failures"), "desk.rules_list"),
    Task("check", N_("Check and submit"), N_("See it as the public will, then hand it in"), "desk.check"),
)
BY_NAME = {one.name: one for one in TASKS}
PARTS = ((0, 2), (2, 5), (5, 8), (8, 9))


@pages.get("/desk/datasets/<code>/tasks")
def tasks(code: str) -> ResponseReturnValue:
    """The tasks of an entry with how far each has come."""
    entry = own_entry(code)
    if entry.state not in datasets.EDITABLE:
        return redirect(url_for("desk.dataset", code=address(entry.code)))
    states = statuses(entry)
    lines = [
        {
            "text": one.title,
            "hint": one.hint,
            "href": task_address(one, entry),
            "status": states[one.name],
        }
        for one in TASKS
    ]
    titles = (_("Describe"), _("The data"), _("Rules and duties"), _("Hand in"))
    sections = [{"title": title, "tasks": lines[start:end]} for title, (start, end) in zip(titles, PARTS, strict=True)]
    return render_template("desk/tasks.html", entry=entry, sections=sections, address=address(entry.code))


def task_address(task: Task, entry: Entry) -> str:
    """Where a task is done."""
    if task.endpoint == "desk.task":
        return url_for(task.endpoint, code=address(entry.code), name=task.name)
    return url_for(task.endpoint, code=address(entry.code))


def statuses(entry: Entry) -> dict[str, str]:
    """How far each task has come, told from the entry itself."""
    found = datasets.violations(entry)
    at_fault = {(one.field or "").split(".")[0] for one in found}
    newest = next(iter(versions.all_of(session(), entry)), None)
    checked = suites.latest(session(), entry) is not None
    graded = _fault_of_items(found, ("security_level", "desensitisation", "secret"))
    opened = _fault_of_items(found, ("share_type", "share_condition", "open_type", "open_condition"))
    return {
        "basics": _described(entry, BASICS, at_fault),
        "source": "done" if entry.source_system or entry.source_note else "not_started",
        "data": _delivered(newest),
        "items": "done" if entry.items else "not_started",
        "grading": "blocked" if not entry.items else "error" if graded or "security_level" in at_fault else "done",
        "opening": "error" if opened else _described(entry, OPENING, at_fault),
        "upkeep": _described(entry, UPKEEP, at_fault),
        "rules": "done" if checked else "blocked",
        "check": "incomplete" if found else "not_started",
    }


def _described(entry: Entry, names: Sequence[str], at_fault: set[str]) -> str:
    """Untouched, unfinished or done: fields still at their first value count as untouched."""
    description = datasets.description_of(entry)
    first = datasets.Description(title=entry.title)
    touched = any(getattr(description, name) != getattr(first, name) for name in names)
    if at_fault.intersection(names):
        return "incomplete" if touched else "not_started"
    return "done"


def _delivered(newest: Version | None) -> str:
    if newest is None:
        return "not_started"
    if newest.state in {v.VersionState.FAILED, v.VersionState.REFUSED}:
        return "error"
    unsettled = {v.VersionState.RECEIVED, v.VersionState.CHECKING, v.VersionState.ASKED}
    return "incomplete" if newest.state in unsettled else "done"


def _fault_of_items(found: Sequence[Refusal], attributes: Sequence[str]) -> bool:
    places = [(one.field or "") for one in found]
    return any(one.startswith("items.") and one.rpartition(".")[2] in attributes for one in places)


@pages.get("/desk/datasets/<code>/tasks/<name>")
def task(code: str, name: str) -> ResponseReturnValue:
    """One task that is a form; what is missing is marked once something has been entered."""
    entry, chosen = own_entry(code), task_of(name)
    if entry.state not in datasets.EDITABLE:
        return redirect(url_for("desk.dataset", code=address(entry.code)))
    form = forms_entry.make(chosen.fields, datasets.description_of(entry))
    if statuses(entry)[name] != "not_started":
        mark_violations(form, entry)
    return render_template("desk/task.html", **_page(entry, chosen, form))


@pages.post("/desk/datasets/<code>/tasks/<name>")
def save_task(code: str, name: str) -> ResponseReturnValue:
    """Keep what was typed, finished or not."""
    entry, chosen = own_entry(code), task_of(name)
    form = forms_entry.make(chosen.fields, datasets.description_of(entry), request.form)
    try:
        kept = save(entry, form, chosen.fields)
    except (Invalid, Stale) as refusal:
        return refused(refusal, form, "desk/task.html", _page(entry, chosen, form))
    if not kept:
        return again("desk/task.html", **_page(entry, chosen, form))
    return onward(own_entry(code), chosen)


def task_of(name: str) -> Task:
    """The task of a name that is a form by itself."""
    found = BY_NAME.get(name)
    if found is None or found.endpoint != "desk.task":
        raise NotFound("general.not-found")
    return found


def save(entry: Entry, form: Any, names: Sequence[str]) -> bool:
    """Write the form's fields into the draft; False when some can't be meant; Stale if another changed them.

    What is already as typed is not written again, so that a form sent twice does no harm.
    """
    values = forms_entry.read(form)
    if values is None:
        return False
    before = datasets.description_of(entry)
    if replace(before, **values) == before and entry.state in datasets.EDITABLE:
        return True
    if request.form.get("version") != forms_entry.stamp(before, names):
        raise Stale("general.stale")
    with deed() as work:
        mine = entry_of(work, entry.id)
        datasets.describe(work, mine, replace(datasets.description_of(mine), **values))
    return True


def refused(refusal: Refusal, form: Any, template: str, page: dict[str, Any]) -> ResponseReturnValue:
    """The form again with what was typed: the mistake beside its field, or a word about another's change."""
    if refusal.field in page.get("fields", ()):
        forms_entry.mark(form[refusal.field], refusal)
        return again(template, **page)
    if isinstance(refusal, Stale):
        return render_template(template, first=changed_meanwhile(), **page), 409
    return again(template, first=said(refusal), **page)


def mark_violations(form: Any, entry: Entry) -> None:
    """Like a spell checker: say beside each field what still stands in the way of submitting."""
    for refusal in datasets.violations(entry):
        if refusal.field in form:
            forms_entry.mark(form[refusal.field], refusal)


def onward(entry: Entry, task: Task) -> ResponseReturnValue:
    """After saving: to the list, to the next task, or back to the task while something is missing there."""
    if request.form.get("go") == "list":
        done(_("Saved."))
        return redirect(url_for("desk.tasks", code=address(entry.code)))
    if statuses(entry)[task.name] in {"incomplete", "error"}:
        done(_("Saved. What is still missing is marked below."))
        return redirect(task_address(task, entry))
    following = TASKS[TASKS.index(task) + 1]
    done(_("Saved. Next: %(task)s", task=following.title))
    return redirect(task_address(following, entry))


def _page(entry: Entry, chosen: Task, form: Any) -> dict[str, Any]:
    return {
        "entry": entry,
        "task": chosen,
        "form": form,
        "fields": chosen.fields,
        "stamp": forms_entry.stamp(datasets.description_of(entry), chosen.fields),
        "address": address(entry.code),
    }
