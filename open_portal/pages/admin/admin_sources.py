"""Other platforms whose catalogues are taken over: entered, read, stopped, and what each reading came to."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as WerkzeugResponse
from wtforms.fields.choices import SelectChoice

from catalog import harvest_sources, harvests
from catalog.harvest_models import HarvestRun, HarvestSource
from catalog.mapping import headings
from catalog.mapping.listing import Kind
from open_portal.language import term
from open_portal.pages.admin.admin_forms import SourceForm
from open_portal.pages.admin.admin_frame import (
    attempt,
    choices,
    done,
    language,
    logins_of,
    need_somewhere,
    page_of,
    pages,
    show,
    show_form,
)
from open_portal.pages.indicators import indicators_csv
from open_portal.requests import actor, kit, now, session
from policies import vocabulary as v
from policies.refusals import Invalid, NotFound
from tenancy import tenants, work
from tenancy.models import Tenant
from tenancy.work import Work

PAGE = 50
RUNS = 25
TONES = {
    v.HarvestState.WAITING: "info",
    v.HarvestState.RUNNING: "info",
    v.HarvestState.DONE: "good",
    v.HarvestState.HELD: "warn",
    v.HarvestState.STOPPED: "quiet",
    v.HarvestState.FAILED: "bad",
    v.HarvestState.LOST: "bad",
}


@pages.get("/admin/sources")
def sources() -> str:
    """The platforms, each with its entries, its schedule and its last reading."""
    need_somewhere("harvest.manage", "Harvest")
    every = harvest_sources.every(session(), actor())
    last = {one.key: found[0] for one in every if (found := harvests.runs(session(), one, 1))}
    return show("sources", sources=every, counts=harvest_sources.counts(session()), last=last, tones=TONES)


@pages.route("/admin/sources/new", methods=["GET", "POST"])
def sources_new() -> ResponseReturnValue:
    """Enter another platform."""
    need_somewhere("harvest.manage", "Harvest")
    form = _form()

    def add(unit: Work) -> None:
        place = tenants.find(unit.session, form.tenant.data or "")
        harvest_sources.add(unit, place, key=form.key.data or "", **_said(form))

    if request.method == "POST" and done(form, add):
        flash(_("The source is entered."), "success")
        return redirect(url_for("admin.sources_one", key=(form.key.data or "").strip().casefold()))
    return _show(form, _("New source"), None, _("Enter"))


@pages.get("/admin/sources/<key>")
def sources_one(key: str) -> str:
    """One platform: what it is, what may be done with it, and its readings."""
    found = source_of(key)
    runs = harvests.runs(session(), found, RUNS)
    return show(
        "source",
        source=found,
        entries=harvest_sources.counts(session()).get(found.key, 0),
        runs=runs,
        under_way=harvests.under_way(session(), found, now()),
        logins=logins_of([one.asked_by for one in runs]),
        tones=TONES,
    )


@pages.route("/admin/sources/<key>/change", methods=["GET", "POST"])
def sources_change(key: str) -> ResponseReturnValue:
    """Say something else of a platform."""
    found = source_of(key)
    form = _form(found)

    def change(unit: Work) -> None:
        harvest_sources.change(unit, harvest_sources.find(unit.session, key), **_said(form))

    if request.method == "POST" and done(form, change):
        flash(_("The source is changed; its entries follow when it is read again."), "success")
        return redirect(url_for("admin.sources_one", key=key))
    return _show(form, _("Change %(name)s", name=found.label(language())), found, _("Save"))


@pages.post("/admin/sources/<key>/run")
def sources_run(key: str) -> WerkzeugResponse:
    """Have the platform read, or only told what reading it would come to."""
    dry = "dry" in request.form

    def ask(unit: Work) -> None:
        harvests.ask(unit, _known(unit, key), dry_run=dry)

    attempt(ask, _("The dry run begins in a moment.") if dry else _("The reading begins in a moment."))
    return redirect(url_for("admin.sources_one", key=key))


@pages.post("/admin/sources/<key>/pause")
def sources_pause(key: str) -> WerkzeugResponse:
    """Pause the platform, or make it active again."""
    wanted = "pause" in request.form

    def pause(unit: Work) -> None:
        harvest_sources.pause(unit, _known(unit, key), wanted)

    attempt(pause, _("The source is paused; its entries stay.") if wanted else _("The source is active again."))
    return redirect(url_for("admin.sources_one", key=key))


@pages.get("/admin/sources/<key>/runs/<int:number>")
def sources_reading(key: str, number: int) -> str:
    """One reading: its counts, what went wrong with it, and the records that it did not take."""
    run = harvests.find(session(), source_of(key), number)
    kept = harvests.kept_refusals(session(), run)
    page, pages_ = page_of(kept, PAGE)
    return show(
        "source_reading",
        source=run.source,
        run=run,
        refusals=harvests.refusals(session(), run, offset=(page - 1) * PAGE, most=PAGE),
        kept=kept,
        page=page,
        pages=pages_,
        tone=TONES[run.state],
        logins=logins_of([run.asked_by]),
        may_settle=run.state is v.HarvestState.HELD and harvests.latest(session(), run.source) is run,
        may_stop=run.state in harvests.PENDING and not run.asked_to_stop,
        told="en" if language().startswith("en") else "zh",
    )


@pages.get("/admin/sources/<key>/runs/<int:number>/refused.csv")
def sources_reading_refused(key: str, number: int) -> Response:
    """The records that a reading did not take, as CSV for whoever keeps the platform."""
    run = harvests.find(session(), source_of(key), number)
    told = "en" if language().startswith("en") else "zh"
    rows: list[list[object]] = [[_("Record"), _("Title"), _("Path"), _("Code"), _("What is wrong"), _("What to do")]]
    for one in harvests.refusals(session(), run):
        place = "" if one.position is None else one.position + 1
        rows.append([place, one.title, one.path, one.problem["code"], one.problem[told], one.remedy[told]])
    return indicators_csv.answer(f"refused-{run.source_key}-{number}".encode("ascii", "ignore").decode(), rows)


@pages.post("/admin/sources/<key>/runs/<int:number>/stop")
def sources_reading_stop(key: str, number: int) -> WerkzeugResponse:
    """Stop a reading after the batch in hand."""

    def stop(unit: Work) -> None:
        harvests.stop(unit, _run(unit, key, number))

    attempt(stop, _("The reading stops after the batch in hand; what is done stays."))
    return redirect(url_for("admin.sources_reading", key=key, number=number))


@pages.post("/admin/sources/<key>/runs/<int:number>/settle")
def sources_reading_settle(key: str, number: int) -> WerkzeugResponse:
    """Archive what the platform lists no more, or leave it."""
    wanted = "archive" in request.form

    def settle(unit: Work) -> None:
        harvests.settle(unit, _run(unit, key, number), archive=wanted)

    attempt(settle, _("The entries are archived.") if wanted else _("The entries stay as they are."))
    return redirect(url_for("admin.sources_reading", key=key, number=number))


def source_of(key: str) -> HarvestSource:
    """The platform, if the actor may manage it; else as if there were none."""
    need_somewhere("harvest.manage", "Harvest")
    found = harvest_sources.find(session(), key)
    if not work.may(actor(), "harvest.manage", found):
        raise NotFound("general.not-found")
    return found


def _known(unit: Work, key: str) -> HarvestSource:
    return harvest_sources.find(unit.session, source_of(key).key)


def _run(unit: Work, key: str, number: int) -> HarvestRun:
    return harvests.find(unit.session, _known(unit, key), number)


def _form(found: HarvestSource | None = None) -> SourceForm:
    given: dict[str, Any] = {"region_code": v.Region.HUZHOU.value, "tenant": kit().settings.authority}
    if found is not None:
        names = ("zh", "en", "address", "region_code", "every_hours")
        given = {name: getattr(found, name) for name in names}
        given |= {"kind": found.kind.value, "mapping": _as_text(found.mapping)}
    form = SourceForm(request.form, **given)
    form.kind.choices = choices((one.value, term(one)) for one in Kind)
    if found is None:
        form.tenant.choices = [
            SelectChoice(value=one.key, label=one.name.label(language()))
            for one in _places()
            if one.dissolved_on is None
        ]
    else:
        del form.key, form.tenant
    return form


def _places() -> list[Tenant]:
    """The bodies in whose care the actor may put a platform's entries."""
    return [one for one in tenants.government(session()) if work.may(actor(), "harvest.manage", _Place(one))]


class _Place:
    """What permissions know of a source that a body does not have yet."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant

    def facts(self) -> Mapping[str, Any]:
        """A source of that body."""
        return {"type": "Harvest", "id": "new", "path": self.tenant.path}


def _said(form: SourceForm) -> dict[str, Any]:
    if not form.validate() and form.every_hours.errors:
        raise Invalid("harvest.every", most=harvest_sources.LONGEST_PAUSE, field="every_hours")
    try:
        kind = Kind(form.kind.data)
    except ValueError:
        raise Invalid("general.required", field="kind") from None
    text = (form.mapping.data or "").strip()
    try:
        mapping = headings.mapping(text, "mapping.toml") if text else None
    except Invalid as refusal:
        raise Invalid("general.invalid", {"mapping": refusal}) from refusal
    return {
        "zh": form.zh.data or "",
        "en": form.en.data or "",
        "kind": kind,
        "address": form.address.data or "",
        "region_code": form.region_code.data or "",
        "mapping": mapping,
        "every_hours": form.every_hours.data,
    }


def _as_text(mapping: Mapping[str, Any] | None) -> str:
    return "\n".join(f"{name} = {json.dumps(heading, ensure_ascii=False)}" for name, heading in (mapping or {}).items())


def _show(form: SourceForm, title: str, found: HarvestSource | None, submit: str) -> ResponseReturnValue:
    up = {"text": _("Sources"), "href": url_for("admin.sources")}
    if found is not None:
        up = {"text": found.label(language()), "href": url_for("admin.sources_one", key=found.key)}
    return show_form(form, title, up=up, submit=submit), 422 if request.method == "POST" else 200
