"""Tenants: the tree, and the deeds that change it."""

import re
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select
from wtforms import Form
from wtforms.fields.choices import SelectChoice

from open_portal.language import term
from open_portal.pages.admin.admin_forms import FaceForm, MoveForm, RenameForm, TenantForm
from open_portal.pages.admin.admin_frame import (
    choices,
    day_of,
    done,
    language,
    may_keep_tenants,
    need_somewhere,
    pages,
    show,
    show_form,
)
from open_portal.requests import actor, now, session
from policies import identifiers
from policies.calendars import local_date
from policies.refusals import Invalid, NotFound
from policies.vocabulary import Role, TenantKind
from tenancy import tenants, work
from tenancy.models import Face, Membership, Tenant, TenantAncestor
from tenancy.work import Work


@pages.get("/admin/tenants")
def tenant_tree() -> str:
    """The bodies below the administrator's own, as a tree."""
    mine = tree()
    return show("tenants", tenants=mine, people=people_by_tenant(), can_found=bool(_parents(mine)))


@pages.get("/admin/tenants/<key>")
def tenant_tree_one(key: str) -> str:
    """One tenant with its names, what may be done to it, and its face."""
    tenant = managed_tenant(key)
    face = session().scalars(select(Face).where(Face.tenant_id == tenant.id)).first()
    above = session().get(Tenant, tenant.parent_id) if tenant.parent_id else None
    return show(
        "tenant",
        tenant=tenant,
        above=above,
        face=face,
        may_manage=work.may(actor(), "tenant.manage", tenant),
        may_face=work.may(actor(), "face.manage", tenant),
    )


@pages.route("/admin/tenants/new", methods=["GET", "POST"])
def tenant_tree_found() -> ResponseReturnValue:
    """Enter a new tenant."""
    need_somewhere("tenant.manage", "Tenant")
    form = TenantForm(request.form, parent=request.args.get("parent"))
    form.parent.choices = _choices(_parents(managed()))
    form.kind.choices = choices((one.value, term(one)) for one in TenantKind if one is not TenantKind.APPLICANT)
    form.on.data = form.on.data or _today()

    def found(unit: Work) -> None:
        _complete(form)
        tenants.found(
            unit,
            key=(form.key.data or "").strip(),
            kind=TenantKind(form.kind.data),
            zh=form.zh.data.strip(),
            en=form.en.data.strip(),
            region_code=form.region_code.data.strip(),
            parent=_chosen(unit, form.parent.data, "parent"),
            uscc=(form.uscc.data or "").strip().upper() or None,
            on=day_of(form.on.data, "on"),
        )

    if request.method == "POST" and done(form, found):
        flash(_("The tenant is entered."), "success")
        return redirect(url_for("admin.tenant_tree_one", key=form.key.data.strip()))
    return _form(form, _("New tenant"), None, _("Enter"))


@pages.route("/admin/tenants/<key>/rename", methods=["GET", "POST"])
def tenant_tree_rename(key: str) -> ResponseReturnValue:
    """Give a tenant another name from a day on."""
    tenant = managed_tenant(key)
    work.demand(actor(), "tenant.manage", tenant)
    form = RenameForm(request.form, zh=tenant.name.zh, en=tenant.name.en)

    def rename(unit: Work) -> None:
        if not (form.zh.data or "").strip():
            raise Invalid("general.required", field="zh")
        tenants.rename(
            unit,
            _again(unit, key),
            zh=form.zh.data.strip(),
            en=form.en.data.strip(),
            on=day_of(form.on.data, "on"),
        )

    if request.method == "POST" and done(form, rename):
        flash(_("The new name is entered; the old one stays in the history."), "success")
        return redirect(url_for("admin.tenant_tree_one", key=key))
    return _form(form, _("Rename %(name)s", name=_name(tenant)), tenant, _("Rename"))


@pages.route("/admin/tenants/<key>/move", methods=["GET", "POST"])
def tenant_tree_move(key: str) -> ResponseReturnValue:
    """Put a tenant under another one."""
    return _to_another(key, merging=False)


@pages.route("/admin/tenants/<key>/merge", methods=["GET", "POST"])
def tenant_tree_merge(key: str) -> ResponseReturnValue:
    """Dissolve a tenant into its heir."""
    return _to_another(key, merging=True)


def _to_another(key: str, *, merging: bool) -> ResponseReturnValue:
    tenant = managed_tenant(key)
    work.demand(actor(), "tenant.manage", tenant)
    form = MoveForm(request.form)
    form.target.choices = _choices([one for one in managed() if tenant.id not in one.path and not one.dissolved_on])

    def change(unit: Work) -> None:
        target = _chosen(unit, form.target.data, "target")
        deed = tenants.merge if merging else tenants.move
        deed(unit, _again(unit, key), target, on=day_of(form.on.data, "on"))

    if request.method == "POST" and done(form, change):
        flash(_("The tenants are merged.") if merging else _("The tenant is moved."), "success")
        return redirect(url_for("admin.tenant_tree_one", key=key))
    if merging:
        lead = _("The tenant is dissolved; its people go on with their roles in the heir. This cannot be undone.")
        return _form(form, _("Merge %(name)s into another", name=_name(tenant)), tenant, _("Merge"), lead, "warning")
    return _form(form, _("Move %(name)s", name=_name(tenant)), tenant, _("Move"))


@pages.route("/admin/tenants/<key>/face", methods=["GET", "POST"])
def tenant_tree_face(key: str) -> ResponseReturnValue:
    """Set how a tenant shows itself."""
    tenant = managed_tenant(key)
    work.demand(actor(), "face.manage", tenant)
    face = session().scalars(select(Face).where(Face.tenant_id == tenant.id)).first()
    form = FaceForm(request.form, obj=face)

    def change(unit: Work) -> None:
        _check_face(form)
        values = {field.name: (field.data or "").strip() for field in form}
        values["host"] = values["host"].lower() or None
        tenants.set_face(unit, _again(unit, key), **values)

    if request.method == "POST" and done(form, change):
        flash(_("The face is set."), "success")
        return redirect(url_for("admin.tenant_tree_one", key=key))
    return _form(form, _("Face of %(name)s", name=_name(tenant)), tenant, _("Save"))


def managed() -> list[Tenant]:
    """The bodies the actor administers: those in and below his own, or all for the offices of the platform."""
    every = select(Tenant).where(Tenant.kind != TenantKind.APPLICANT).order_by(Tenant.key)
    if actor().holds(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
        return list(session().scalars(every))
    over = [one.tenant_id for one in actor().standings if one.role is Role.TENANT_ADMIN]
    below = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id.in_(over))
    return list(session().scalars(every.where(Tenant.id.in_(below))))


def tree() -> list[Tenant]:
    """The bodies the actor administers, parents before their children; Forbidden for who keeps none anywhere."""
    if not may_keep_tenants():
        need_somewhere("tenant.manage", "Tenant")
    return _in_order(managed())


def people_by_tenant() -> dict[str, int]:
    """How many people stand in each body, by its id."""
    query = select(Membership.tenant_id, func.count(func.distinct(Membership.person_id)))
    found = session().execute(query.where(Membership.ended_at.is_(None)).group_by(Membership.tenant_id))
    return dict(found.all())


def managed_tenant(key: str) -> Tenant:
    """A tenant the actor administers; any other does not exist here."""
    found = next((one for one in managed() if one.key == key), None)
    if found is None or not may_keep_tenants():
        raise NotFound("general.not-found")
    return found


def _again(unit: Work, key: str) -> Tenant:
    return tenants.find(unit.session, key)


def _chosen(unit: Work, key: str | None, field: str) -> Tenant:
    if key not in {one.key for one in managed()}:
        raise Invalid("general.choice", value=key or "", field=field)
    return tenants.find(unit.session, key or "")


def _parents(mine: list[Tenant]) -> list[Tenant]:
    return [one for one in mine if not one.dissolved_on and work.may(actor(), "tenant.manage", one)]


def _choices(found: list[Tenant]) -> list[SelectChoice]:
    return choices((one.key, f"{_name(one)} ({one.key})") for one in _in_order(found))


def _in_order(found: list[Tenant]) -> list[Tenant]:
    """Parents before their children, each branch together."""
    keys = {one.id: one.key for one in found}
    return sorted(found, key=lambda one: [keys.get(above, "") for above in reversed(one.path)])


def _complete(form: TenantForm) -> None:
    problems = [
        Invalid("general.required", field=field.name)
        for field in (form.zh, form.key, form.region_code)
        if not (field.data or "").strip()
    ]
    if form.key.data and not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,63}", form.key.data.strip()):
        problems.append(Invalid("general.choice", value=form.key.data[:64], field="key"))
    if form.region_code.data and not identifiers.valid_division(form.region_code.data.strip()):
        problems.append(Invalid("general.choice", value=form.region_code.data[:20], field="region_code"))
    if form.kind.data not in {one.value for one in TenantKind if one is not TenantKind.APPLICANT}:
        problems.append(Invalid("general.choice", value=form.kind.data or "", field="kind"))
    if problems:
        raise Invalid.gathered(problems)


def _check_face(form: FaceForm) -> None:
    problems = [
        Invalid("general.required", field=field.name)
        for field in (form.slug, form.name_zh, form.brand, form.brand_dark)
        if not (field.data or "").strip()
    ]
    for field, pattern in (
        (form.slug, r"[a-z0-9]{2,32}"),
        (form.brand, "#[0-9a-fA-F]{6}"),
        (form.brand_dark, "#[0-9a-fA-F]{6}"),
    ):
        if field.data and not re.fullmatch(pattern, field.data.strip()):
            problems.append(Invalid("general.choice", value=field.data[:40], field=field.name))
    if problems:
        raise Invalid.gathered(problems)


def _form(
    form: Form, title: str, tenant: Tenant | None, submit: str, lead: str = "", kind: str | None = None
) -> ResponseReturnValue:
    up: dict[str, Any] = {"text": _("Tenants"), "href": url_for("admin.tenant_tree")}
    if tenant is not None:
        up = {"text": _name(tenant), "href": url_for("admin.tenant_tree_one", key=tenant.key)}
    page = show_form(form, title, up=up, submit=submit, lead=lead, kind=kind)
    return page, 422 if request.method == "POST" else 200


def _name(tenant: Tenant) -> str:
    return tenant.name.label(language())


def _today() -> str:
    return local_date(now()).isoformat()
