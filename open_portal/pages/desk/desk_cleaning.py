"""Cleaning of an entry's data on the desk: the steps as a table, proposals, preview, run, history."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from catalog import code_matching, item_standards
from catalog.exports import content_disposition
from catalog.models import Entry
from open_portal.pages.desk.desk_frame import address, again, done, entry_of, language, own_entry, pages, said, today
from open_portal.requests import actor, deed, kit, session
from policies.refusals import Invalid, NotFound
from policies.vocabulary import CleaningState
from quality.cleaning import cleaning, cleaning_proposals, cleanings
from quality.cleaning.cleaning import Step
from quality.cleaning.cleaning_models import CleaningRun
from tenancy import work

PARQUET = "application/vnd.apache.parquet"
SHOWN = 20


@pages.get("/desk/datasets/<code>/cleaning")
def cleaning_page(code: str) -> str:
    """The plan of an entry with what the last preview found."""
    return render_template("desk/cleaning.html", **_page(own_entry(code)))


@pages.post("/desk/datasets/<code>/cleaning")
def change_plan(code: str) -> ResponseReturnValue:
    """Add a step, take one out, or move one up: each makes another version of the plan."""
    entry = own_entry(code)
    steps = list(cleanings.steps_of(cleanings.latest(session(), entry)))
    try:
        changed = _changed(steps)
        with deed() as unit:
            number = cleanings.set_plan(unit, entry_of(unit, code), changed).number
    except Invalid as refusal:
        return again("desk/cleaning.html", error=said(refusal), **_page(own_entry(code)))
    done(_("The cleaning rules are kept as version %(number)s.", number=number))
    return redirect(url_for("desk.cleaning_page", code=code))


@pages.post("/desk/datasets/<code>/cleaning/run")
def start_cleaning(code: str) -> ResponseReturnValue:
    """Ask for a preview, or for a run that makes a new version."""
    preview = request.form.get("what") != "run"
    with deed() as unit:
        cleanings.request(unit, entry_of(unit, code), preview=preview)
    done(
        _("The preview is being made; look again in a moment.")
        if preview
        else _("The cleaning is under way. It makes a version of its own; the present one is kept.")
    )
    return redirect(url_for("desk.cleaning_page", code=code))


@pages.get("/desk/datasets/<code>/cleaning/<run_id>/changes.parquet")
def cleaning_ledger(code: str, run_id: str) -> Response:
    """Every changed cell of a run: row, column, before, after, step."""
    entry = own_entry(code)
    run = session().get(CleaningRun, run_id)
    if run is None or run.entry_id != entry.id or run.ledger is None or not cleanings.may_read_rows(run, actor()):
        raise NotFound("general.not-found")
    stream = kit().blobs.open(run.ledger.sha256)
    response = Response(_pieces(stream), mimetype=PARQUET)
    response.call_on_close(stream.close)
    response.headers["Content-Length"] = str(run.ledger.size)
    response.headers["Content-Disposition"] = content_disposition(f"{address(entry.code)}-changes", "parquet")
    return response


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while piece := stream.read(1 << 18):
            yield piece


def _changed(steps: Sequence[Step]) -> list[Step]:
    """The steps as the pressed button means them."""
    what, _colon, rest = request.form.get("do", "add").partition(":")
    at = int(rest) if rest.isdecimal() else -1
    changed = list(steps)
    if what == "drop" and 0 <= at < len(changed):
        del changed[at]
    elif what == "up" and 0 < at < len(changed):
        changed[at - 1], changed[at] = changed[at], changed[at - 1]
    elif what == "take":
        changed.append(_taken(request.form.get("step", "")))
    elif what == "add":
        changed.append(_typed())
    return changed


def _taken(text: str) -> Step:
    """A proposed step, as it was shown."""
    try:
        return Step.from_json(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Invalid("cleaning.kind", field="kind", kind=text[:40]) from None


def _typed() -> Step:
    """The step of the form: only what its kind needs is looked at."""
    kind = cleaning.KINDS.get(request.form.get("kind", ""))
    if kind is None:
        raise Invalid("cleaning.kind", field="kind", kind=request.form.get("kind", "")[:40])
    words = {name: request.form.get(name, "").strip() for name in sorted(kind.required | kind.optional)}
    given: dict[str, Any] = {name: text for name, text in words.items() if text}
    if "map" in given:
        pairs = [line.replace("＝", "=").replace("→", "=").partition("=") for line in given["map"].splitlines()]
        given["map"] = {before.strip(): after.strip() for before, _mark, after in pairs if before.strip()}
    for name in ("words", "into"):
        if name in given:
            given[name] = [one for one in given[name].replace("，", ",").replace("、", ",").split(",") if one.strip()]
            given[name] = [one.strip() for one in given[name]]
    column = request.form.get("column", "") if kind.columns[1] else ""
    return Step(kind.code, column, given)


def _page(entry: Entry) -> dict[str, Any]:
    plan, version = cleanings.latest(session(), entry), cleanings.newest_table(session(), entry)
    steps, runs = cleanings.steps_of(plan), cleanings.runs_of(session(), entry)
    titles = {item.name: item.title or item.name for item in entry.items}
    return {
        "entry": entry,
        "address": address(entry.code),
        "plan": plan,
        "plans": cleanings.plans_of(session(), entry),
        "version": version,
        "lines": [(step, cleaning.sentence(step, language(), titles)) for step in steps],
        "preview": fresh_preview(entry),
        "waiting": next((one for one in runs if one.state is CleaningState.WAITING), None),
        "runs": runs[:SHOWN],
        "proposals": proposals(entry, steps, titles) if version else [],
        "kinds": list(cleaning.KINDS.values()),
        "columns": list(cleanings.columns_of(version)),
        "titles": titles,
        "typed": request.form,
        "may_edit": work.may(actor(), "cleaning.edit", entry),
        "may_run": work.may(actor(), "cleaning.run", entry),
    }


def fresh_preview(entry: Entry) -> CleaningRun | None:
    """The newest preview, if it is one of the present plan over the newest data."""
    plan, version = cleanings.latest(session(), entry), cleanings.newest_table(session(), entry)
    found = cleanings.runs_of(session(), entry)
    previewed = next((one for one in found if one.is_preview and one.state is CleaningState.DONE), None)
    fresh = previewed and plan and version and (previewed.plan_id, previewed.source_id) == (plan.id, version.id)
    return previewed if fresh else None


def proposals(entry: Entry, steps: Sequence[Step], titles: dict[str, str]) -> list[dict[str, Any]]:
    """Steps that the profile of the newest data suggests, in words and as the form sends them."""
    version = cleanings.newest_table(session(), entry)
    found = item_standards.standings(session(), [entry], today())
    translations = {
        one.item.name: code_matching.translation({each.value: each.match for each in one.deviations})
        for one in found
        if one.deviations
    }
    proposed = cleaning_proposals.propose((version.profile if version else None) or {}, translations, steps)
    return [
        {
            "sentence": cleaning.sentence(one.step, language(), titles),
            "step": json.dumps(one.step.to_json(), ensure_ascii=False),
            "rows": one.rows,
            "exact": one.exact,
        }
        for one in proposed
    ]
