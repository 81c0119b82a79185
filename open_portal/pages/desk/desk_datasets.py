"""One's own entries on the desk: the list, a new one, and what may be done to one as a whole."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, or_, select
from werkzeug.datastructures import FileStorage

from catalog import datasets, reading, versions
from catalog.datasets import Description
from catalog.models import Entry, Version
from catalog.reading import Purpose
from catalog.uploads import Received
from open_portal import arrivals, failures, forms_entry
from open_portal.pages.desk import desk_files, desk_uploads
from open_portal.pages.desk.desk_frame import address, again, done, entry_of, own_entry, pages, said
from open_portal.requests import actor, deed, now, session
from policies import vocabulary as v
from policies.refusals import Invalid, NotFound
from sharing import release
from tenancy import cases, work
from tenancy.models import Tenant, TenantAncestor
from tenancy.work import Work

PER_PAGE = 50
CHANGEABLE = tuple(name for name in forms_entry.SPECS if name != "national_grade")
REASONED = ("suspend", "restore", "withdraw", "discard")


@pages.get("/desk/datasets")
def datasets_list() -> str:
    """Entries of the bodies one works in, by state."""
    chosen, text = request.args.get("state", ""), request.args.get("q", "").strip()[:100]
    page = max(request.args.get("page", 1, type=int), 1)
    narrowed: list[ColumnElement[bool]] = [inside(), *_wanted(text)]
    counts = dict(session().execute(select(Entry.state, func.count()).where(*narrowed).group_by(Entry.state)).all())
    state = next((one for one in v.EntryState if one.value == chosen), None)
    if state:
        narrowed.append(Entry.state == state)
    query = select(Entry).where(*narrowed).order_by(Entry.changed_at.desc(), Entry.code)
    rows = list(session().scalars(query.limit(PER_PAGE + 1).offset((page - 1) * PER_PAGE)))
    return render_template(
        "desk/datasets.html",
        entries=rows[:PER_PAGE],
        last=_newest([one.id for one in rows[:PER_PAGE]]),
        counts={state: counts[state] for state in v.EntryState if counts.get(state)},
        total=sum(counts.values()),
        chosen=chosen,
        q=text,
        page=page,
        more=len(rows) > PER_PAGE,
        may_register=bool(stewarded()),
        address=address,
    )


def inside() -> ColumnElement[bool]:
    """Entries registered here by the bodies in which the actor works."""
    below = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id.in_(actor().staff_of))
    readable = reading.readable(actor(), Purpose.SEE, now())
    return readable & Entry.tenant_id.in_(below) & (Entry.origin == v.Origin.OWN)


def _wanted(text: str) -> list[ColumnElement[bool]]:
    return (
        [or_(Entry.title.contains(text, autoescape=True), Entry.code.startswith(text, autoescape=True))] if text else []
    )


def _newest(entry_ids: list[str]) -> dict[str, Version]:
    """The newest version of each entry."""
    query = select(Version).where(Version.entry_id.in_(entry_ids)).order_by(Version.number)
    return {one.entry_id: one for one in session().scalars(query)}


def stewarded() -> list[Tenant]:
    """The tenants for which the actor may register entries."""
    ids = [one.tenant_id for one in actor().standings if one.role is v.Role.STEWARD]
    query = select(Tenant).where(Tenant.id.in_(ids), Tenant.dissolved_on.is_(None)).order_by(Tenant.key)
    return list(session().scalars(query))


@pages.get("/desk/datasets/new")
def new() -> str:
    """The form for a new entry: owner, title and, if it is at hand, the file."""
    return render_template("desk/new.html", **_new_form({}, {}))


@pages.post("/desk/datasets/new")
def register() -> ResponseReturnValue:
    """Enter a draft; sent twice, the second time leads to the first draft."""
    typed = {name: request.form.get(name, "").strip() for name in ("tenant", "title")}
    upload = request.files.get("file")
    owner = next((one for one in stewarded() if one.key == typed["tenant"]), None)
    if owner is None:
        raise NotFound("general.not-found")
    work.demand(actor(), "entry.register", _Draft(owner))
    try:
        code, received = _registered(owner.id, typed["title"], upload)
    except Invalid as refusal:
        field = refusal.field if refusal.field in typed else "file"
        if failures.wants_json():
            raise
        return again("desk/new.html", **_new_form(typed, {str(field): said(refusal)}))
    tasks = url_for("desk.tasks", code=address(code))
    if failures.wants_json():
        return jsonify(uploads=url_for("desk.begin_upload", code=address(code)), next=tasks), 201
    done(_("The draft is entered. Go through the tasks in any order."))
    if received:
        done(desk_files.receipt(received))
    return redirect(tasks)


def _registered(tenant_id: str, title: str, upload: FileStorage | None) -> tuple[str, Received | None]:
    """The code of the draft, and what became of the file if one came with it: both happen together or not at all."""
    codes: list[str] = []

    def drafted(unit: Work) -> Entry:
        entry = _drafted(unit, tenant_id, title)
        codes.append(entry.code)
        return entry

    received = None
    if upload and upload.filename:
        received = desk_files.receive(arrivals.keep(upload), upload.filename, "", drafted)
    else:
        with deed() as unit:
            drafted(unit)
    return codes[0], received


def _drafted(unit: Work, tenant_id: str, title: str) -> Entry:
    """The new draft, or the one that this very form has just made."""
    tenant = unit.session.get_one(Tenant, tenant_id)
    same = select(Entry).where(
        Entry.tenant_id == tenant_id,
        Entry.title == title,
        Entry.author_id == unit.actor.id,
        Entry.state == v.EntryState.DRAFT,
        Entry.created_at == Entry.changed_at,
    )
    return unit.session.scalars(same).first() or datasets.register(unit, tenant, Description(title=title))


class _Draft:
    """What permissions know of the place of a new entry."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant

    def facts(self) -> dict[str, object]:
        """An entry that does not exist yet."""
        return {"type": "Entry", "id": "new", "path": self.tenant.path}


def _new_form(typed: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    return {
        "tenants": stewarded(),
        "typed": typed,
        "errors": errors,
        "limit": desk_files.limit_text(),
        "accept": desk_files.ACCEPTED,
        "part": desk_uploads.PART,
    }


@pages.get("/desk/datasets/<code>")
def dataset(code: str) -> str:
    """One entry: where it stands, its versions, what is under review and what may be done."""
    entry = own_entry(code)
    return render_template(
        "desk/dataset.html",
        entry=entry,
        versions=versions.all_of(session(), entry),
        open_cases=open_cases(entry),
        deeds=deeds_for(entry),
        reason=desk_files.reason_of,
        address=address,
    )


def open_cases(entry: Entry) -> list[Any]:
    """What is under review about an entry."""
    found = [
        cases.of_subject(session(), entry, *datasets.CASES),
        cases.of_subject(session(), entry, "RELEASE"),
    ]
    return [case for case in found if case and case.ended_at is None]


def deeds_for(entry: Entry) -> set[str]:
    """What this actor may do to an entry in its present state."""
    editable, state = entry.state in datasets.EDITABLE, entry.state
    asked = {
        "edit": ("entry.edit", editable),
        "change": ("entry.edit", state is v.EntryState.PUBLISHED),
        "upload": ("version.upload", state not in {v.EntryState.WITHDRAWN, v.EntryState.DELETED}),
        "release": (
            "release.request",
            entry.open_state in release.ASKABLE
            and entry.open_type is not v.OpenType.OPEN_FORBIDDEN
            and state in reading.LIVE,
        ),
        "withdraw": ("entry.withdraw", state is v.EntryState.PUBLISHED),
        "suspend": ("entry.suspend", state in reading.LIVE),
        "restore": ("entry.restore", state is v.EntryState.SUSPENDED),
        "discard": ("entry.delete", editable and entry.published_at is None),
    }
    return {name for name, (action, fits) in asked.items() if fits and work.may(actor(), action, entry)}


@pages.get("/desk/datasets/<code>/act/<what>")
def act_form(code: str, what: str) -> str:
    """Ask for the reason of a deed that people will feel."""
    entry = own_entry(code)
    if what not in REASONED or what not in deeds_for(entry):
        raise NotFound("general.not-found")
    return render_template("desk/act.html", **_act_form(entry, what))


@pages.post("/desk/datasets/<code>/act/<what>")
def act(code: str, what: str) -> ResponseReturnValue:
    """Suspend, restore, ask to withdraw or delete."""
    if what not in REASONED:
        raise NotFound("general.not-found")
    entry, reason = own_entry(code), request.form.get("reason", "").strip()
    if not reason and what != "discard":
        return again("desk/act.html", error=said(Invalid("general.required")), **_act_form(entry, what))
    with deed() as unit:
        _acts()[what](unit, entry_of(unit, code), reason)
    done(_act_words()[what][1])
    if what == "discard":
        return redirect(url_for("desk.datasets_list"))
    return redirect(url_for("desk.dataset", code=address(entry.code)))


def _acts() -> dict[str, Callable[[Work, Entry, str], object]]:
    return {
        "suspend": datasets.suspend,
        "restore": datasets.restore,
        "withdraw": datasets.request_withdrawal,
        "discard": lambda unit, entry, _reason: datasets.discard(unit, entry),
    }


def _act_words() -> dict[str, tuple[str, str, str]]:
    """Heading, word of success and explanation of each deed."""
    return {
        "suspend": (
            _("Suspend the entry"),
            _("The entry is suspended."),
            _("It disappears from every page and interface at once, until the authority restores it."),
        ),
        "restore": (
            _("Restore the entry"),
            _("The entry is back."),
            _("It appears again where it stood before it was suspended."),
        ),
        "withdraw": (
            _("Ask to withdraw the entry"),
            _("The authority has been asked to withdraw the entry."),
            _("It stays published until the authority has agreed."),
        ),
        "discard": (
            _("Delete the draft"),
            _("The draft is deleted."),
            _("Its code is not given again."),
        ),
    }


def _act_form(entry: Entry, what: str) -> dict[str, Any]:
    heading, _success, text = _act_words()[what]
    return {"entry": entry, "what": what, "heading": heading, "text": text, "address": address(entry.code)}


@pages.post("/desk/datasets/<code>/release")
def ask_release(code: str) -> ResponseReturnValue:
    """Ask the authority to publish an entry to the open domain."""
    with deed() as unit:
        entry = entry_of(unit, code)
        case = release.request(unit, entry)
        number, entry_code = case.number, entry.code
    done(_("The authority has been asked to open the dataset (case %(number)s).", number=number))
    return redirect(url_for("desk.dataset", code=address(entry_code)))


@pages.get("/desk/datasets/<code>/change")
def change_form(code: str) -> ResponseReturnValue:
    """The description of a published entry, to be changed with the authority's consent."""
    entry = own_entry(code)
    if "change" not in deeds_for(entry):
        return redirect(url_for("desk.dataset", code=address(entry.code)))
    description = datasets.description_of(entry)
    return render_template("desk/change.html", **_change_form(entry, forms_entry.make(CHANGEABLE, description)))


@pages.post("/desk/datasets/<code>/change")
def change(code: str) -> ResponseReturnValue:
    """Propose the changed description; what is published stays until it is agreed to."""
    entry = own_entry(code)
    before = datasets.description_of(entry)
    form = forms_entry.make(CHANGEABLE, before, request.form)
    values = forms_entry.read(form)
    if values is None:
        return again("desk/change.html", **_change_form(entry, form))
    after = replace(before, **values)
    if after == before and entry.state is v.EntryState.PUBLISHED:
        return again("desk/change.html", first=_("Nothing was changed."), **_change_form(entry, form))
    with deed() as unit:
        number = datasets.propose_change(unit, entry_of(unit, code), after).number
    done(_("The change waits for the authority (case %(number)s).", number=number))
    return redirect(url_for("desk.dataset", code=address(entry.code)))


def _change_form(entry: Entry, form: Any) -> dict[str, Any]:
    return {"entry": entry, "form": form, "address": address(entry.code)}
