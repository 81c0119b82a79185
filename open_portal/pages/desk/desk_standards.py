"""Data standards on the desk: elements and code lists found, looked at, proposed, reviewed and retired."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import Form
from wtforms.fields.choices import SelectChoice

from catalog import sources, standard_versions, standards
from catalog.standard_models import CodeList, DataElement
from catalog.standards import Standard
from open_portal import forms_standards
from open_portal.pages.account.account_forms import mark
from open_portal.pages.desk import desk_reviews
from open_portal.pages.desk.desk_frame import done, is_inside, language, name_of, pages, today
from open_portal.requests import actor, deed, session
from policies.refusals import Invalid, NotFound, Refused
from policies.vocabulary import Role, StandardState
from tenancy import cases, work
from tenancy.models import Tenant
from tenancy.records import Case

KINDS: dict[str, type[DataElement] | type[CodeList]] = {"elements": DataElement, "lists": CodeList}
PROPOSERS = frozenset({Role.STEWARD, Role.AUTHORITY_REVIEWER})


@pages.get("/desk/standards")
def standards_list() -> str:
    """Data elements, or code lists, by name; drafts are shown to those who work on them."""
    demand_government()
    chosen, text = request.args.get("kind", "elements"), request.args.get("q", "").strip()[:100]
    kind = kind_named(chosen)
    rows = [row for row in standards.listed(session(), kind, today(), text) if may_see(row)]
    counts = standards.use_counts(session(), kind)
    return render_template(
        "desk/standards.html",
        kind=chosen,
        rows=rows,
        q=text,
        uses={row.name: counts.get(row.name, 0) for row in rows},
        holds={row.id for row in rows if standards.is_in_force(row, today())},
        sources=sources_of([row.name for row in rows]) if kind is DataElement else {},
        may_propose=bool(proposers()),
        on=today(),
    )


@pages.get("/desk/standards/<kind>/<name>")
def standard(kind: str, name: str) -> str:
    """One element or list: the version in force, its codes, its history, what refers to it, its source."""
    demand_government()
    table = kind_named(kind)
    versions = [row for row in standards.versions_of(session(), table, name) if may_see(row)]
    if not versions:
        raise NotFound("general.not-found")
    asked = request.args.get("version", type=int)
    now_ = next((row for row in versions if standards.is_in_force(row, today())), versions[0])
    row = next((one for one in versions if one.number == asked), now_)
    items = [one for one in standards.uses(session(), name, table) if is_inside(actor(), one.entry.tenant)]
    return render_template(
        "desk/standard.html",
        kind=kind,
        row=row,
        versions=versions,
        items=items,
        uses=len(standards.uses(session(), name, table)),
        case=cases.of_subject(session(), row, standard_versions.KIND),
        author=name_of(row.author_id),
        holds=standards.is_in_force(row, today()),
        claims=sources.of_element(session(), name) if table is DataElement else [],
        may_edit=_may_edit(versions[0]),
        may_submit=row.state is StandardState.DRAFT and work.may(actor(), "standard.propose", row),
        may_retire=row.state is StandardState.IN_FORCE and work.may(actor(), "standard.retire", row),
        may_claim=table is DataElement and standards.is_in_force(row, today()) and bool(claimants()),
        on=today(),
    )


@pages.get("/desk/standards/<kind>/new")
def new_standard(kind: str) -> str:
    """The form of a new element or list, or of the next version of one."""
    table = kind_named(kind)
    if not proposers():
        raise NotFound("general.not-found")
    name = request.args.get("of", "")
    newest = next(iter(standards.every_version(session(), table, name)), None) if name else None
    given = forms_standards.shown(standard_versions.values_of(newest)) if newest and may_see(newest) else {}
    return _form(kind, _made(table, given), name if given else "")


@pages.post("/desk/standards/<kind>/new")
def propose_standard(kind: str) -> ResponseReturnValue:
    """Keep a draft; what was typed stays when something is wrong."""
    table = kind_named(kind)
    form = _made(table, request.form.to_dict())
    owner = next((one for one in proposers() if one.key == request.form.get("tenant")), None)
    if owner is None:
        raise NotFound("general.not-found")
    try:
        values, starts_on = forms_standards.values_of(form, table)
        with deed() as unit:
            tenant = unit.session.get_one(Tenant, owner.id)
            row = standard_versions.propose(unit, tenant, values, starts_on=starts_on)
            name, number = row.name, row.number
    except (Invalid, Refused) as refusal:
        mark(form, refusal)
        return _form(kind, form, request.args.get("of", "")), 422
    done(_("The draft is kept. Submit it when it is ready."))
    return redirect(url_for("desk.standard", kind=kind, name=name, version=number))


@pages.post("/desk/standards/<kind>/<name>/<int:number>/<what>")
def act_on_standard(kind: str, name: str, number: int, what: str) -> ResponseReturnValue:
    """Submit or throw away a draft, or retire what is in force."""
    deeds = {
        "submit": (standard_versions.submit, _("The authority has been asked to review it.")),
        "discard": (standard_versions.discard, _("The draft is deleted.")),
        "retire": (standard_versions.retire, _("It is retired from today.")),
    }
    if what not in deeds:
        raise NotFound("general.not-found")
    with deed() as unit:
        found = standards.versions_of(unit.session, kind_named(kind), name)
        row = next((one for one in found if one.number == number and may_see(one)), None)
        if row is None:
            raise NotFound("general.not-found")
        deeds[what][0](unit, row)
    done(deeds[what][1])
    if what == "discard":
        return redirect(url_for("desk.standards_list", kind=kind))
    return redirect(url_for("desk.standard", kind=kind, name=name, version=number))


@pages.get("/desk/standards/cases/<number>")
def standard_case(number: str) -> str:
    """A version under review, beside the one that it would take the place of."""
    return render_template("desk/standard_case.html", **_case_page(_case(number)))


@pages.post("/desk/standards/cases/<number>")
def decide_standard(number: str) -> ResponseReturnValue:
    """Approve, reject or recall."""
    found = _case(number)
    kind, row_id = found.subject_kind, found.subject_id
    return desk_reviews.decided(
        found,
        lambda unit, move, words: standard_versions.review(
            unit, _version(unit.session, kind, row_id), move, comment=words["comment"]
        ),
        "desk/standard_case.html",
        _case_page,
    )


def demand_government() -> None:
    """Standards are shared within government; nobody else finds these pages."""
    if not actor().in_government:
        raise NotFound("general.not-found")


def kind_named(kind: str) -> type[DataElement] | type[CodeList]:
    """The table of a kind as addresses name it."""
    if kind not in KINDS:
        raise NotFound("general.not-found")
    return KINDS[kind]


def may_see(row: Standard) -> bool:
    """Whether somebody may know of a version: drafts are for those inside the owner's tenant."""
    return row.state in standards.AGREED or is_inside(actor(), row.tenant)


def proposers() -> list[Tenant]:
    """The tenants in whose name the actor may propose standards."""
    return _own(PROPOSERS)


def claimants() -> list[Tenant]:
    """The tenants in whose name the actor may claim a source or dispute a claim."""
    return _own(frozenset({Role.STEWARD, Role.DEPARTMENT_REVIEWER}))


def _own(roles: frozenset[Role]) -> list[Tenant]:
    ids = [one.tenant_id for one in actor().standings if one.role in roles]
    query = select(Tenant).where(Tenant.id.in_(ids), Tenant.dissolved_on.is_(None)).order_by(Tenant.key)
    return list(session().scalars(query))


def sources_of(names: list[str]) -> dict[str, Any]:
    """The accepted sources in the reader's city or county."""
    seats = [one for one in actor().standings if one.role]
    if not seats:
        return {}
    scope = sources.scope_of(session(), session().get_one(Tenant, seats[0].tenant_id))
    return sources.sources_of(session(), names, scope)


def _may_edit(newest: Standard) -> bool:
    return newest.state is not StandardState.IN_REVIEW and work.may(actor(), "standard.propose", newest)


def _made(table: type[DataElement] | type[CodeList], given: dict[str, str]) -> Any:
    form: Any = forms_standards.FORMS[table](data=given)
    form.tenant.choices = [SelectChoice(value=one.key, label=one.name.label(language())) for one in proposers()]
    if table is DataElement:
        form.type.choices = forms_standards.types()
        lists = [("", "–"), *((row.name, row.label(language())) for row in _lists())]
        form.code_list.choices = [SelectChoice(value=value, label=label) for value, label in lists]
    return form


def _lists() -> list[CodeList]:
    return standards.all_in_force(session(), CodeList, today())


def _form(kind: str, form: Form, of: str) -> str:
    return render_template("desk/standard_form.html", kind=kind, form=form, of=of)


def _case(number: str) -> Case:
    found = cases.find(session(), number, actor())
    if found.kind != standard_versions.KIND:
        raise NotFound("general.not-found")
    return found


def _subject(found: Case) -> Standard:
    return _version(session(), found.subject_kind, found.subject_id)


def _version(inside: Session, kind: str, row_id: str) -> Standard:
    row = inside.get(DataElement, row_id) if kind == "DataElement" else inside.get(CodeList, row_id)
    if row is None:
        raise NotFound("general.not-found")
    return row


def _case_page(found: Case) -> dict[str, Any]:
    row = _subject(found)
    table = type(row)
    before = next((one for one in standards.every_version(session(), table, row.name) if one.number < row.number), None)
    ask = {"recall": "standard.propose"}
    newest = cases.of_subject(session(), row, standard_versions.KIND)
    moves = desk_reviews.moves_of(found, lambda move: work.may(actor(), ask.get(move.code, "standard.review"), row))
    return {
        **desk_reviews.frame(found, moves if newest and newest.id == found.id else []),
        "row": row,
        "kind": "elements" if table is DataElement else "lists",
        "author": name_of(row.author_id),
        "changes": changes(before, row),
        "uses": len(standards.uses(session(), row.name, table)),
    }


def changes(before: Standard | None, after: Standard) -> list[dict[str, Any]]:
    """What a version changes of the one before it, field by field and code by code."""
    labels = {
        "zh": _("Name in Chinese"),
        "en": _("Name in English"),
        "definition": _("Definition"),
        "type": _("Type"),
        "length": _("Greatest length"),
        "pattern": _("Form"),
        "unit": _("Unit"),
        "code_list": _("Code list"),
        "source": _("Standard"),
    }
    old = forms_standards.shown(standard_versions.values_of(before)) if before else {}
    new = forms_standards.shown(standard_versions.values_of(after))
    pairs = [(labels[name], old.get(name, ""), new.get(name, "")) for name in labels if name in new]
    pairs += _code_pairs(old.get("codes", ""), new.get("codes", ""))
    return [
        {
            "kind": "changed" if one and other else "added" if other else "removed",
            "label": label,
            "before": one or None,
            "after": other or None,
        }
        for label, one, other in pairs
        if one != other
    ]


def _code_pairs(before: str, after: str) -> list[tuple[str, str, str]]:
    old, new = ({line.partition(",")[0]: line for line in text.splitlines()} for text in (before, after))
    return [(_("Code %(value)s", value=value), old.get(value, ""), new.get(value, "")) for value in {**old, **new}]
