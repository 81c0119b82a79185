"""Demands on the desk: asked, dispatched by the authority, answered and mounted by a provider, confirmed."""

from datetime import date
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from catalog import reading
from catalog.models import Entry
from catalog.reading import Purpose
from open_portal.pages.desk.desk_frame import (
    address,
    again,
    case_line,
    done,
    is_inside,
    language,
    name_of,
    pages,
    said,
)
from open_portal.pages.desk.desk_reviews import frame, moves_of, typed_words
from open_portal.requests import actor, deed, now, session
from policies import vocabulary as v
from policies.procedures import Move
from policies.refusals import Invalid, NotFound, Refused
from sharing.demand import demands
from sharing.demand.models import Demand
from tenancy import tenants, work
from tenancy.models import Tenant
from tenancy.work import Work

ASKING = (v.Role.STEWARD, v.Role.DEPARTMENT_REVIEWER)
FIELDS = ("tenant", "title", "purpose", "legal_basis", "items", "wanted_by")
ACTIONS = {
    "dispatch": "demand.dispatch",
    "return": "demand.dispatch",
    "agree_return": "demand.dispatch",
    "refuse_return": "demand.dispatch",
    "accept": "demand.answer",
    "refuse": "demand.answer",
    "mount": "demand.answer",
    "confirm": "demand.confirm",
    "send_back": "demand.confirm",
    "withdraw": "demand.confirm",
}
"""The question that the deed behind each move asks."""
RATINGS = range(5, 0, -1)
MOST_ITEMS = 200


@pages.get("/desk/demands")
def demands_list() -> str:
    """Every demand that the actor's bodies have raised, must answer or oversee."""
    found = [one for one in demands.all_of(session(), actor()) if one.case]
    return render_template(
        "desk/demands.html",
        lines=[(one, case_line(one.case)) for one in found if one.case],
        may_ask=bool(_units()),
        language=language(),
    )


@pages.get("/desk/demands/new")
def new_demand() -> str:
    """The form for a demand."""
    return render_template("desk/demand_new.html", **_form({}, {}))


@pages.post("/desk/demands/new")
def ask() -> ResponseReturnValue:
    """Raise a demand; the form sent twice raises one."""
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    unit = next((one for one in _units() if one.key == typed["tenant"]), None)
    if unit is None:
        raise NotFound("general.not-found")
    try:
        with deed() as deed_:
            number = _asked(deed_, unit.id, typed)
    except Invalid as refusal:
        errors = {name: said(one) for name, one in refusal.fields.items()} or {str(refusal.field): said(refusal)}
        return again("desk/demand_new.html", **_form(typed, errors))
    done(
        _(
            "The demand is raised as %(number)s; the authority now looks for who can provide the data.",
            number=number,
        )
    )
    return redirect(url_for("desk.demand", number=number))


def _asked(deed_: Work, tenant_id: str, typed: dict[str, str]) -> str:
    tenant = deed_.session.get_one(Tenant, tenant_id)
    wanted = list(dict.fromkeys(line.strip() for line in typed["items"].splitlines() if line.strip()))
    same = select(Demand).where(
        Demand.tenant_id == tenant_id, Demand.person_id == deed_.actor.id, Demand.title == typed["title"]
    )
    for before in deed_.session.scalars(same):
        if before.items == wanted and before.purpose == typed["purpose"] and before.case and not before.case.ended_at:
            return before.number
    if len(wanted) > MOST_ITEMS or len(typed["title"]) > 500:
        field, limit = ("items", MOST_ITEMS) if len(wanted) > MOST_ITEMS else ("title", 500)
        raise Invalid("general.too-long", field=field, limit=limit, length=max(len(wanted), len(typed["title"])))
    city = deed_.session.get_one(Tenant, tenant.path[-1])
    found = demands.ask(
        deed_,
        tenant,
        city,
        title=typed["title"],
        purpose=typed["purpose"],
        legal_basis=typed["legal_basis"],
        items=wanted,
        wanted_by=_day(typed["wanted_by"]),
    )
    return found.number


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("general.not-a-date", field="wanted_by", value=text[:40]) from None


def _units() -> list[Tenant]:
    """The units in whose name the actor may raise demands."""
    ids = [one.tenant_id for one in actor().standings if one.role in ASKING]
    query = select(Tenant).where(Tenant.id.in_(ids), Tenant.dissolved_on.is_(None)).order_by(Tenant.key)
    return list(session().scalars(query))


def _form(typed: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    return {"units": _units(), "typed": typed, "errors": errors, "language": language()}


@pages.get("/desk/demands/<number>")
def demand(number: str) -> str:
    """A demand: what is wanted and why, what was done, and the moves open to this actor."""
    return render_template("desk/demand.html", **_page(readable(number)))


@pages.post("/desk/demands/<number>")
def move_demand(number: str) -> ResponseReturnValue:
    """Make one move; what was typed stays when something is missing."""
    found, chosen = readable(number), request.form.get("move", "")
    if chosen not in ACTIONS:
        return render_template("desk/demand.html", error=_("Choose what to do."), **_page(found)), 422
    label = next((one.label(language()) for one in _moves(found) if one.code == chosen), chosen)
    try:
        with deed() as unit:
            _move(unit, demands.find(unit.session, number, unit.actor), chosen)
    except (Invalid, Refused) as refusal:
        shown = _page(readable(number))
        if not shown["moves"]:
            raise
        status = 422 if isinstance(refusal, Invalid) or refusal.field else 409
        return render_template("desk/demand.html", error=said(refusal), at=refusal.field, **shown), status
    done(_("Done: %(move)s", move=label))
    return redirect(url_for("desk.demand", number=number))


def _move(unit: Work, found: Demand, chosen: str) -> object:
    words = typed_words()
    comment, basis = words["comment"], words["basis"]
    if chosen == "dispatch":
        return demands.dispatch(unit, found, _provider(unit))
    if chosen in {"accept", "refuse"}:
        return demands.answer(unit, found, chosen, comment=comment, basis=basis)
    if chosen == "mount":
        return demands.mount(unit, found, _chosen_entry(unit, found), request.form.getlist("items"))
    if chosen == "withdraw":
        return demands.withdraw(unit, found)
    if chosen in {"confirm", "send_back"}:
        rating = request.form.get("rating", "")
        stars = int(rating) if rating.isdecimal() and int(rating) in RATINGS else None
        return demands.confirm(unit, found, met=chosen == "confirm", rating=stars, comment=comment)
    lawful = bool(request.form.get("lawful"))
    return demands.rule(unit, found, chosen, comment=comment, basis=basis, kind=words["kind"], lawful=lawful)


def _provider(unit: Work) -> Tenant:
    key = request.form.get("provider", "")
    if not key:
        raise Invalid("general.required", field="provider")
    found = tenants.find(unit.session, key)
    if found.kind is v.TenantKind.APPLICANT or found.dissolved_on:
        raise Invalid("general.choice", field="provider", value=key)
    return found


def _chosen_entry(unit: Work, found: Demand) -> Entry:
    code = request.form.get("entry", "")
    if not code:
        raise Invalid("general.required", field="entry")
    entry = reading.find(unit.session, code, unit.actor, unit.now)
    if found.provider is None or found.provider_id not in entry.tenant.path:
        raise Invalid("general.choice", field="entry", value=code[:60])
    return entry


def readable(number: str) -> Demand:
    """A demand that the actor may read; any other is not found."""
    found = demands.find(session(), number, actor())
    if not work.may(actor(), "demand.read", found) and found.person_id != actor().id:
        raise NotFound("general.not-found")
    return found


def _moves(found: Demand) -> list[Move]:
    if found.case is None:
        return []
    return moves_of(found.case, lambda move: work.may(actor(), ACTIONS[move.code], found))


def _page(found: Demand) -> dict[str, Any]:
    if found.case is None:
        raise NotFound("general.not-found")
    moves = _moves(found)
    codes = {one.code for one in moves}
    return {
        **frame(found.case, moves),
        "demand": found,
        "demander": name_of(found.person_id),
        "codes": codes,
        "providers": _providers(found) if "dispatch" in codes else [],
        "entries": _mountable(found) if "mount" in codes else [],
        "kinds": {one.code: (one.choices or {}).get("kind", ()) for one in moves},
        "kind_words": _kind_words(),
        "chosen_items": request.form.getlist("items"),
        "ratings": RATINGS,
        "address": address(found.entry.code) if found.entry else "",
        "own_entry": found.entry is not None and is_inside(actor(), found.entry.tenant),
    }


def _kind_words() -> dict[str, str]:
    return {
        "ADMIN_MATERIAL": _("The material is incomplete"),
        "ADMIN_PORTAL": _("The portal already offers the data"),
        "ADMIN_AGREE_RETURN": _("The provider's return is agreed to"),
    }


def _providers(found: Demand) -> list[Tenant]:
    return [one for one in tenants.government(session()) if one.id != found.tenant_id]


def _mountable(found: Demand) -> list[Entry]:
    """Entries of the provider with data that are shared."""
    query = select(Entry).where(
        reading.readable(actor(), Purpose.SEE, now()),
        Entry.tenant_id.in_(tenants.descendants(session(), found.provider_id or "")),
        Entry.state.in_(reading.LIVE),
        Entry.live_version_id.is_not(None),
        Entry.share_type != v.ShareType.SHARE_NONE,
    )
    return list(session().scalars(query.order_by(Entry.title)))
