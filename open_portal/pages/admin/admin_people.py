"""People: accounts of the administrator's tenants, verified, given roles, closed."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Select, func, select
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from open_portal.language import term
from open_portal.pages.admin.admin_forms import GrantForm, PersonForm, ReasonForm
from open_portal.pages.admin.admin_frame import (
    attempt,
    choices,
    done,
    language,
    may_keep_people,
    may_somewhere,
    need_somewhere,
    page_of,
    pages,
    show,
    show_form,
)
from open_portal.pages.admin.admin_tenants import managed
from open_portal.requests import actor, session
from policies.refusals import Invalid, NotFound
from policies.vocabulary import Role
from tenancy import people, tenants, work
from tenancy.models import Membership, Person, Tenant
from tenancy.people import RoleGrant
from tenancy.work import Work

PAGE = 50


@pages.get("/admin/users")
def users() -> str:
    """The people of the administrator's tenants, found by login name, or those who wait to be verified."""
    need()
    asked = request.args.get("q", "").strip().lower()
    query = found_by(asked, waiting=bool(request.args.get("waiting")))
    count = session().scalar(select(func.count()).select_from(query.subquery())) or 0
    page, pages_ = page_of(count, PAGE)
    found = session().scalars(query.order_by(Person.login).offset((page - 1) * PAGE).limit(PAGE))
    return show(
        "users",
        people=list(found),
        count=count,
        page=page,
        pages=pages_,
        q=asked,
        waiting=bool(request.args.get("waiting")),
        may_add=may_somewhere("person.manage", "Tenant"),
    )


@pages.route("/admin/users/new", methods=["GET", "POST"])
def users_add() -> ResponseReturnValue:
    """Open a verified account for a colleague."""
    need_somewhere("person.manage", "Tenant")
    form = PersonForm(request.form)
    form.tenant.choices = _choices()

    def add(unit: Work) -> None:
        people.add(
            unit,
            _chosen(unit, form.tenant.data),
            login=form.login.data or "",
            name=form.name.data or "",
            email=form.email.data,
            phone=form.phone.data,
            password=form.password.data or "",
        )

    if request.method == "POST" and done(form, add):
        flash(_("The account is open."), "success")
        return redirect(url_for("admin.users_one", login=(form.login.data or "").strip().lower()))
    up = {"text": _("People"), "href": url_for("admin.users")}
    page = show_form(form, _("New account"), up=up, submit=_("Open the account"))
    return page, 422 if request.method == "POST" else 200


@pages.get("/admin/users/<login>")
def users_one(login: str) -> str:
    """One person: places and roles, and what may be done."""
    need()
    person = people.find_managed(session(), login, actor())
    form = GrantForm()
    form.tenant.choices = _choices()
    roles = _grantable(person)
    form.role.choices = choices((role.value, term(role)) for role in roles)
    places = [one for one in person.memberships if one.ended_at is None]
    return show(
        "user",
        person=person,
        places=sorted(places, key=lambda one: one.granted_at),
        ended=[one for one in person.memberships if one.ended_at is not None],
        may_end={one.id for one in places if one.role and _may_grant(person, one.tenant, one.role)},
        may_manage=_may_manage(person),
        form=form if roles and form.tenant.choices else None,
    )


@pages.post("/admin/users/<login>/verify")
def users_verify(login: str) -> Response:
    """Record that a person's identity has been proved."""
    attempt(lambda unit: people.verify(unit, _again(unit, login)), _("The identity is recorded as verified."))
    return _back(login)


@pages.post("/admin/users/<login>/grant")
def users_grant(login: str) -> Response:
    """Give a person a role in a tenant."""
    form = GrantForm(request.form)

    def grant(unit: Work) -> None:
        if form.role.data not in {one.value for one in Role}:
            raise Invalid("general.choice", value=form.role.data or "", field="role")
        people.grant_role(unit, _again(unit, login), _chosen(unit, form.tenant.data), Role(form.role.data))

    attempt(grant, _("The role is granted; the person has to sign in again."))
    return _back(login)


@pages.post("/admin/users/<login>/roles/<membership_id>/end")
def users_end_role(login: str, membership_id: str) -> Response:
    """Take a role away."""

    def end(unit: Work) -> None:
        person = _again(unit, login)
        membership = unit.session.get(Membership, membership_id)
        if membership is None or membership.person_id != person.id or membership.role is None:
            raise NotFound("general.not-found")
        people.end_role(unit, membership)

    attempt(end, _("The role has ended, and with it every session of the person."))
    return _back(login)


@pages.route("/admin/users/<login>/disable", methods=["GET", "POST"])
def users_disable(login: str) -> ResponseReturnValue:
    """Close an account, with the reason."""
    need()
    person = people.find_managed(session(), login, actor())
    if not _may_manage(person):
        work.demand(actor(), "person.manage", person)
    form = ReasonForm(request.form)
    if request.method == "POST" and done(
        form, lambda unit: people.disable(unit, _again(unit, login), form.reason.data or "")
    ):
        flash(_("The account is closed."), "success")
        return _back(login)
    up = {"text": person.login, "href": url_for("admin.users_one", login=login)}
    lead = _("The person is signed out everywhere and cannot sign in until the account is opened again.")
    title = _("Close the account %(login)s", login=person.login)
    page = show_form(form, title, up=up, submit=_("Close the account"), lead=lead, kind="warning")
    return page, 422 if request.method == "POST" else 200


@pages.post("/admin/users/<login>/enable")
def users_enable(login: str) -> Response:
    """Open a closed account again."""
    attempt(lambda unit: people.enable(unit, _again(unit, login)), _("The account is open again."))
    return _back(login)


def found_by(text: str, *, waiting: bool) -> Select[Person]:
    """The people of the administrator's tenants whose login name holds a text; perhaps only those to be verified."""
    query = select(Person).where(people.managed(actor()))
    if text:
        query = query.where(Person.login.contains(text, autoescape=True))
    if waiting:
        query = query.where(Person.verified_at.is_(None), Person.disabled_at.is_(None))
    return query


def need() -> None:
    """Raise Forbidden unless the actor keeps people or grants roles anywhere."""
    if not may_keep_people():
        need_somewhere("person.manage", "Tenant")


def _again(unit: Work, login: str) -> Person:
    return people.find_managed(unit.session, login, unit.actor)


def _back(login: str) -> Response:
    return redirect(url_for("admin.users_one", login=login))


def _choices() -> list[SelectChoice]:
    found = [one for one in managed() if not one.dissolved_on]
    return choices((one.key, f"{one.name.label(language())} ({one.key})") for one in found)


def _chosen(unit: Work, key: str | None) -> Tenant:
    if key not in {one.key for one in managed()}:
        raise Invalid("general.choice", value=key or "", field="tenant")
    return tenants.find(unit.session, key or "")


def _may_manage(person: Person) -> bool:
    """The question `people.disable` asks: over every tenant in which the person stands."""
    places = [one.tenant for one in person.memberships if one.ended_at is None]
    if not places:
        return work.may(actor(), "person.manage", person)
    return all(work.may(actor(), "person.manage", one) for one in places)


def _may_grant(person: Person, tenant: Tenant, role: Role) -> bool:
    return work.may(actor(), "role.grant", RoleGrant(person, tenant, role))


def _grantable(person: Person) -> list[Role]:
    """Roles the actor could grant to this person somewhere."""
    return [role for role in Role if any(_may_grant(person, one, role) for one in managed()[:200])]
