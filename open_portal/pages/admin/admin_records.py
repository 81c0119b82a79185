"""What has happened and what is to happen: audit log, jobs, allowed outbound targets."""

from collections.abc import Mapping, Sequence

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, func, select
from werkzeug.wrappers import Response

from open_portal.pages.admin.admin_forms import TargetForm
from open_portal.pages.admin.admin_frame import AUDIT, JOBS, OUTBOUND, attempt, done, logins_of, page_of, pages, show
from open_portal.requests import actor, deed, now, session
from tenancy import audit, outbound_targets, work
from tenancy import jobs as queue
from tenancy.models import Person
from tenancy.records import AuditLine, AuditSeal, Job, OutboundTarget, Schedule

PAGE = 50


@pages.get("/admin/audit")
def audit_log() -> str:
    """The log, newest first, by what was done, by whom, about what."""
    work.demand(actor(), "audit.read", AUDIT)
    asked = {name: request.args.get(name, "").strip() for name in ("what", "actor", "about")}
    query = filtered(asked)
    count = session().scalar(select(func.count()).select_from(query.subquery())) or 0
    page, pages_ = page_of(count, PAGE)
    lines = session().scalars(query.order_by(AuditLine.sequence.desc()).offset((page - 1) * PAGE).limit(PAGE)).all()
    sealed = session().scalar(select(func.max(AuditSeal.line))) or 0
    return show(
        "audit",
        lines=lines,
        logins=_logins(lines),
        asked=asked,
        kinds=list(session().scalars(select(AuditLine.what).distinct().order_by(AuditLine.what))),
        count=count,
        page=page,
        pages=pages_,
        sealed=sealed,
    )


@pages.get("/admin/audit/verify")
def audit_log_verify() -> str:
    """What earlier walks along the chain found, and the button for another one."""
    work.demand(actor(), "audit.verify", AUDIT)
    query = select(AuditLine).where(AuditLine.what == "audit.verified").order_by(AuditLine.sequence.desc()).limit(10)
    found = session().scalars(query).all()
    return show("audit_verify", found=found, logins=_logins(found))


@pages.post("/admin/audit/verify")
def verify_audit() -> Response:
    """Walk along the chain, outside any transaction that writes, and record what was found."""
    work.demand(actor(), "audit.verify", AUDIT)
    found = audit.verify(session())
    with deed() as unit:
        unit.demand("audit.verify", AUDIT)
        unit.record(
            "audit.verified",
            "AuditSeal",
            sealed=found.sealed,
            unsealed=found.unsealed,
            bad_line=found.bad_line,
            head=found.head,
        )
    if found.bad_line is None:
        flash(ngettext("%(num)d line is whole.", "%(num)d lines are whole.", found.sealed), "success")
    else:
        flash(_("The chain is broken at line %(line)s.", line=found.bad_line), "error")
    return redirect(url_for("admin.audit_log_verify"))


@pages.get("/admin/jobs")
def jobs() -> str:
    """The queue: how many wait, run, were given up; those that need a look; the schedules."""
    work.demand(actor(), "job.read", JOBS)
    grouped = session().execute(select(Job.state, func.count().label("jobs")).group_by(Job.state))
    counts = {one.state: one.jobs for one in grouped}
    shown = request.args.get("state", queue.PARKED if counts.get(queue.PARKED) else queue.WAITING)
    query = select(Job).where(Job.state == shown).order_by(Job.sequence.desc())
    page, pages_ = page_of(counts.get(shown, 0), PAGE)
    return show(
        "jobs",
        counts=counts,
        states=(queue.WAITING, queue.RUNNING, queue.PARKED, queue.DONE),
        shown=shown,
        jobs=list(session().scalars(query.offset((page - 1) * PAGE).limit(PAGE))),
        schedules=list(session().scalars(select(Schedule).order_by(Schedule.kind))),
        page=page,
        pages=pages_,
        late=queue.waiting(session(), now()),
    )


@pages.route("/admin/outbound", methods=["GET", "POST"])
def outbound() -> ResponseReturnValue:
    """The hosts and ports inside the network that may be called, and the form for one more."""
    work.demand(actor(), "outbound.allow", OUTBOUND)
    form = TargetForm(request.form)

    def allow(unit: work.Work) -> None:
        outbound_targets.allow(unit, host=form.host.data or "", port=form.port.data or 0, reason=form.reason.data or "")

    if request.method == "POST":
        form.validate()
        if done(form, allow):
            flash(_("The target may be called from now on."), "success")
            return redirect(url_for("admin.outbound"))
    targets = outbound_targets.allowed(session())
    page = show("outbound", form=form, targets=targets, logins=logins_of([one.added_by for one in targets]))
    return page, 422 if request.method == "POST" else 200


@pages.post("/admin/outbound/<target_id>/remove")
def outbound_remove(target_id: str) -> Response:
    """Take a target off the list."""

    def remove(unit: work.Work) -> None:
        outbound_targets.remove(unit, _target(unit, target_id))

    attempt(remove, _("The target is off the list."))
    return redirect(url_for("admin.outbound"))


def _target(unit: work.Work, target_id: str) -> OutboundTarget:
    unit.demand("outbound.allow", OUTBOUND)
    return outbound_targets.find(unit.session, target_id)


def filtered(asked: Mapping[str, str]) -> Select[AuditLine]:
    """The lines of the log by `what` was done, by which `actor` and `about` what; a person by login name or id."""
    query = select(AuditLine)
    if asked["what"]:
        query = query.where(AuditLine.what == asked["what"])
    if asked["actor"]:
        query = query.where(AuditLine.actor_id.in_([asked["actor"], *session().scalars(_ids_of(asked["actor"]))]))
    if asked["about"]:
        ids = [asked["about"], *session().scalars(_ids_of(asked["about"]))]
        query = query.where((AuditLine.about_id.in_(ids)) | (AuditLine.about_kind == asked["about"]))
    return query


def _ids_of(login: str) -> Select[str]:
    return select(Person.id).where(Person.login == login.lower())


def _logins(lines: Sequence[AuditLine]) -> dict[str, str]:
    """Login names of the people that the lines speak of, by id."""
    ids = {one.actor_id for one in lines} | {one.about_id for one in lines if one.about_kind == "Person"}
    return logins_of([one for one in ids if one])
