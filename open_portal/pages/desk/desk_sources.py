"""One item, one source on the desk: claims made, disputed and ruled on."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from catalog import reading, sources, standards
from catalog.standard_models import DataElement, SourceClaim
from open_portal.pages.desk import desk_reviews
from open_portal.pages.desk.desk_frame import again, case_address, done, name_of, pages, said, today
from open_portal.pages.desk.desk_standards import claimants, demand_government
from open_portal.requests import actor, deed, now, session
from policies.refusals import Invalid, NotFound, Refused
from tenancy import cases, work
from tenancy.models import Tenant
from tenancy.records import Case


@pages.get("/desk/sources")
def sources_list() -> str:
    """Every claim, and how many elements have their source."""
    demand_government()
    seats = [one for one in actor().standings if one.role]
    scope = sources.scope_of(session(), session().get_one(Tenant, seats[0].tenant_id))
    return render_template(
        "desk/sources.html",
        claims=sources.all_claims(session()),
        coverage=sources.coverage(session(), scope, today()),
        scope=scope,
        may_claim=bool(claimants()),
    )


@pages.get("/desk/sources/new")
def claim_form() -> str:
    """The form of a claim."""
    if not claimants():
        raise NotFound("general.not-found")
    return _form({"element": request.args.get("element", "")})


@pages.post("/desk/sources/new")
def claim_source() -> ResponseReturnValue:
    """Claim to be the source of an element; what was typed stays when something is wrong."""
    typed = {name: request.form.get(name, "").strip() for name in ("tenant", "element", "basis", "entry")}
    owner = next((one for one in claimants() if one.key == typed["tenant"]), None)
    if owner is None:
        raise NotFound("general.not-found")
    try:
        with deed() as unit:
            tenant = unit.session.get_one(Tenant, owner.id)
            entry = reading.find(unit.session, typed["entry"], actor(), now()) if typed["entry"] else None
            number = sources.claim(unit, tenant, typed["element"], basis=typed["basis"], entry=entry).number
    except NotFound:
        return again("desk/source_form.html", **_values(typed, {"entry": _("There is no such dataset of your unit.")}))
    except (Invalid, Refused) as refusal:
        return again("desk/source_form.html", **_values(typed, {refusal.field or "element": said(refusal)}))
    done(_("The claim waits for the authority (case %(number)s).", number=number))
    return redirect(url_for("desk.source_case", number=number))


@pages.get("/desk/sources/cases/<number>")
def source_case(number: str) -> str:
    """A claim with what others say against it."""
    demand_government()
    return render_template("desk/source_case.html", **_case_page(_case(number)))


@pages.post("/desk/sources/cases/<number>")
def rule_source(number: str) -> ResponseReturnValue:
    """Accept, reject or recall."""
    found = cases.find(session(), number, actor())
    row_id = found.subject_id
    return desk_reviews.decided(
        found,
        lambda unit, move, words: sources.rule(
            unit, sources.find(unit.session, row_id, actor()), move, comment=words["comment"]
        ),
        "desk/source_case.html",
        _case_page,
    )


@pages.post("/desk/sources/cases/<number>/dispute")
def dispute_source(number: str) -> ResponseReturnValue:
    """Object to a claim."""
    demand_government()
    found = _case(number)
    row_id, where = found.subject_id, case_address(found)
    owner = next((one for one in claimants() if one.key == request.form.get("tenant")), None)
    if owner is None:
        raise NotFound("general.not-found")
    try:
        with deed() as unit:
            row = sources.find(unit.session, row_id, actor())
            tenant = unit.session.get_one(Tenant, owner.id)
            sources.dispute(unit, row, tenant, reason=request.form.get("reason", ""))
    except (Invalid, Refused) as refusal:
        return again("desk/source_case.html", dispute_error=said(refusal), **_case_page(_case(number)))
    done(_("Your objection is kept; the authority sees it when it rules."))
    return redirect(where)


def _form(typed: dict[str, str]) -> str:
    return render_template("desk/source_form.html", **_values(typed, {}))


def _values(typed: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    return {
        "typed": typed,
        "errors": errors,
        "tenants": claimants(),
        "elements": standards.all_in_force(session(), DataElement, today()),
    }


def _case(number: str) -> Case:
    """The case of a claim; claims are known to every unit, so that each can object."""
    found = cases.by_number(session(), number)
    if found is None or found.kind != sources.KIND:
        raise NotFound("general.not-found")
    return found


def _case_page(found: Case) -> dict[str, Any]:
    row: SourceClaim = sources.find(session(), found.subject_id, actor())
    ask = {"recall": "source.claim"}
    moves = desk_reviews.moves_of(found, lambda move: work.may(actor(), ask.get(move.code, "source.rule"), row))
    rivals = [one for one in sources.of_element(session(), row.element, row.scope) if one.id != row.id]
    objectors = [one for one in claimants() if one.id != row.tenant_id]
    return {
        **desk_reviews.frame(found, moves),
        "row": row,
        "element": standards.in_force(session(), DataElement, row.element, today()),
        "rivals": rivals,
        "author": name_of(row.author_id),
        "objectors": objectors if row.state in sources.PENDING else [],
    }
