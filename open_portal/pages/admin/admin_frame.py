"""What the administration pages share: the blueprint, what is asked of permissions, the ways to go, forms."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from wtforms import Form
from wtforms.fields.choices import SelectChoice

from catalog import synonyms
from open_portal.pages.account.account_forms import mark
from open_portal.requests import actor, deed, session
from policies.refusals import Invalid, Refusal, Refused
from policies.vocabulary import Role
from tenancy import work
from tenancy.models import Person
from tenancy.work import Subject, Work

pages = Blueprint("admin", __name__)
OFFICES = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})


@dataclass(frozen=True)
class Thing:
    """Something permissions are asked about that has no row of its own."""

    type: str
    id: str
    path: tuple[str, ...] = ()
    role: str | None = None

    def facts(self) -> dict[str, Any]:
        """What permissions may know of it."""
        return {"type": self.type, "id": self.id, "path": self.path, "role": self.role}


AUDIT = Thing("Audit", "audit")
JOBS = Thing("Job", "jobs")
OUTBOUND = Thing("Outbound", "list")
RULES = Thing("Rules", "rules")
PARTNERSHIP = Thing("Partnership", "new")
TOKEN = Thing("Token", "any")


def report(path: tuple[str, ...]) -> Thing:
    """The scorecard of a tenant."""
    return Thing("Report", f"scorecard:{path[0]}", path)


def seats(kind: str, role: Role | None = None) -> Iterator[Thing]:
    """The places the actor could administer from: each tenant with a role, and one imagined below it."""
    for one in actor().standings:
        yield Thing(kind, one.tenant_id, one.path, role)
        yield Thing(kind, "below", ("below", *one.path), role)


def may_somewhere(action: str, kind: str, role: Role | None = None) -> bool:
    """Whether the actor may do this in any of his tenants or below."""
    return any(work.may(actor(), action, seat) for seat in seats(kind, role))


def need_somewhere(action: str, kind: str) -> None:
    """Raise Forbidden with the rule's reason unless the actor may do this somewhere."""
    if not may_somewhere(action, kind):
        work.demand(actor(), action, Thing(kind, "anywhere"))


def may_keep_people() -> bool:
    """Whether the actor keeps people or grants roles anywhere."""
    return may_somewhere("person.manage", "Tenant") or any(
        may_somewhere("role.grant", "Tenant", role) for role in (Role.STEWARD, Role.AUDITOR)
    )


def may_keep_tenants() -> bool:
    """Whether the actor keeps tenants or their faces anywhere."""
    return may_somewhere("tenant.manage", "Tenant") or may_somewhere("face.manage", "Tenant")


def sections() -> list[dict[str, Any]]:
    """The parts of the administration that are open to the actor, each with what it is for."""
    here = request.endpoint or ""
    return [
        {"text": text, "note": note, "href": url_for(endpoint), "current": here.startswith(endpoint)}
        for endpoint, text, note, shown in (*_of_the_catalogue(), *_of_the_platform())
        if shown
    ]


def _of_the_catalogue() -> list[tuple[str, str, str, bool]]:
    return [
        (
            "admin.scorecard",
            _("Scorecard"),
            _("Rates and quality by body"),
            may_somewhere("scorecard.read", "Report"),
        ),
        (
            "admin.standards_coverage",
            _("Data standards"),
            _("Elements and code lists by unit"),
            may_somewhere("scorecard.read", "Report"),
        ),
        (
            "admin.synonym_list",
            _("Synonyms"),
            _("Words that the search takes for equal"),
            _may("synonym.edit", synonyms.Place(session())),
        ),
    ]


def _of_the_platform() -> list[tuple[str, str, str, bool]]:
    return [
        (
            "admin.tenant_tree",
            _("Tenants"),
            _("The tree of bodies, their names and faces"),
            may_keep_tenants(),
        ),
        ("admin.users", _("People"), _("Accounts, verification and roles"), may_keep_people()),
        ("admin.roles", _("Roles"), _("Who may do what, and by which rule"), True),
        ("admin.policies", _("Rulebook"), _("Rules in force, limits and procedures"), True),
        ("admin.rule_changes", _("Rule changes"), _("Proposed by one, put in force by another"), True),
        ("admin.try_policy", _("Ask the rules"), _("May this person do that, and why"), True),
        ("admin.calendar", _("Working days"), _("Holidays and worked weekends by year"), True),
        (
            "admin.sources",
            _("Sources"),
            _("Other platforms whose catalogues are taken over"),
            may_somewhere("harvest.manage", "Harvest"),
        ),
        (
            "admin.audit_log",
            _("Audit log"),
            _("Who did what; whether the chain is whole"),
            _may("audit.read", AUDIT),
        ),
        ("admin.jobs", _("Jobs"), _("What waits, runs or was given up"), _may("job.read", JOBS)),
        (
            "admin.outbound",
            _("Outbound calls"),
            _("Allowed targets inside the network"),
            _may("outbound.allow", OUTBOUND),
        ),
        (
            "admin.other_platforms",
            _("Other platforms"),
            _("Who may send metadata here, and by which token"),
            _may("peer.propose", PARTNERSHIP) or _may("token.approve", TOKEN),
        ),
    ]


def show(template: str, **values: Any) -> str:
    """A page of the administration with its sections."""
    return render_template(
        f"admin/{template}.html", sections=sections(), page_url=lambda number: here(page=number), **values
    )


def show_form(form: Form, title: str, **values: Any) -> str:
    """A form page of the administration; lead, up (text, href), submit and kind may be given."""
    return show("form", form=form, title=title, **values)


def done(form: Form, change: Callable[[Work], object]) -> bool:
    """Do a deed from a form; what the rules say against it is written into the form."""
    try:
        with deed() as unit:
            change(unit)
    except (Invalid, Refused) as refusal:
        mark(form, refusal)
        return False
    return True


def attempt(change: Callable[[Work], object], success: str) -> None:
    """Do a deed behind a button and leave a message, of success or of what the rules say against it."""
    try:
        with deed() as unit:
            change(unit)
    except (Invalid, Refused) as refusal:
        flash(_reason(refusal), "error")
    else:
        flash(success, "success")


def day_of(text: str | None, field: str) -> date:
    """A day typed into a form; Invalid under the field's name when it is none."""
    try:
        return date.fromisoformat((text or "").strip())
    except ValueError:
        raise Invalid("general.not-a-date", value=(text or "")[:40], field=field) from None


def logins_of(ids: Iterable[str | None]) -> dict[str, str]:
    """The login names of people, by id."""
    found = session().execute(select(Person.id, Person.login).where(Person.id.in_([one for one in ids if one])))
    return {one.id: one.login for one in found}


def choices(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """Pairs of value and label as the choices of a select field."""
    return [SelectChoice(value=value, label=label) for value, label in pairs]


def language() -> str:
    """The reader's language."""
    return str(get_locale())


def page_of(count: int, size: int) -> tuple[int, int]:
    """The page asked for, within how many there are."""
    pages_ = max(1, -(-count // size))
    return min(max(1, request.args.get("page", 1, type=int)), pages_), pages_


def here(**changed: object) -> str:
    """This page's address with some of its parameters changed; None takes one away."""
    values: dict[str, Any] = {**(request.view_args or {}), **request.args.to_dict(), **changed}
    return url_for(request.endpoint or "admin.home", **{k: value for k, value in values.items() if value is not None})


def _may(action: str, thing: Subject) -> bool:
    return work.may(actor(), action, thing)


def _reason(refusal: Refusal) -> str:
    reasons = list(refusal.fields.values()) or [refusal]
    return " ".join(one.text(language()) for one in reasons)
