"""A question to the rules: may this person do that on this thing, and which rule says so."""

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import gettext as _

from catalog import reading
from open_portal.language import term
from open_portal.pages.account.account_forms import mark
from open_portal.pages.admin.admin_forms import TryForm
from open_portal.pages.admin.admin_frame import choices, pages, show
from open_portal.pages.admin.admin_rules import action_words
from open_portal.requests import actor, now, session
from policies import permissions
from policies.permissions import Decision, FactsError
from policies.refusals import Invalid, NotFound, Refusal
from policies.vocabulary import Role, TenantKind
from tenancy import actors, people, tenants
from tenancy.actors import ANONYMOUS, Actor
from tenancy.models import Tenant


@pages.get("/admin/policies/try")
def try_policy() -> str:
    """The question as a form whose state is the address, and the answer with the rule that gave it."""
    form = TryForm(request.args)
    words = action_words()
    form.action.choices = choices((code, f"{text} ({code})") for code, text in sorted(words.items()))
    form.kind.choices = choices(
        [
            ("Entry", _("Dataset")),
            ("Tenant", _("Tenant")),
            ("Person", _("Person")),
            ("Report", _("Scorecard of a tenant")),
            ("System", _("The platform")),
            ("Audit", _("Audit log")),
            ("Job", _("Jobs")),
            ("Rules", _("Rulebook")),
            ("Outbound", _("Outbound calls")),
        ]
    )
    form.role.choices = choices([("", "–"), *((one.value, term(one)) for one in Role)])
    decision: Decision | None = None
    if request.args.get("action"):
        try:
            decision = _ask(form)
        except Refusal as refusal:
            mark(form, refusal)
    return show("try", form=form, decision=decision, word=words.get(form.action.data or "", ""))


def _ask(form: TryForm) -> Decision:
    who = _who((form.login.data or "").strip())
    facts = dict(_facts(form.kind.data or "", (form.about.data or "").strip()))
    if form.role.data and form.kind.data in {"Person", "Tenant"}:
        facts["role"] = form.role.data
        facts.setdefault("tenant_kind", TenantKind.CITY.value)
    if form.action.data not in permissions.actions():
        raise Invalid("general.choice", value=form.action.data or "", field="action")
    try:
        return permissions.decide(who.principal(), form.action.data, facts)
    except FactsError:
        raise Invalid("try.not-applicable", field="kind") from None


def _who(login: str) -> Actor:
    if not login:
        return ANONYMOUS
    try:
        person = people.find_managed(session(), login, actor())
    except NotFound:
        raise Invalid("try.unknown", value=login[:64], field="login") from None
    return actors.of_person(person)


def _facts(kind: str, about: str) -> Mapping[str, Any]:
    """What the rules may know of the thing; only things the asker may know of are found."""
    try:
        if kind == "Entry":
            return reading.find(session(), about, actor(), now()).facts()
        if kind == "Person":
            return people.find_managed(session(), about, actor()).facts()
        if kind in {"Tenant", "Report"}:
            tenant = tenants.find(session(), about)
            _known(tenant)
            return {**tenant.facts(), "type": kind}
    except NotFound:
        raise Invalid("try.unknown", value=about[:64], field="about") from None
    if kind not in {"System", "Audit", "Job", "Rules", "Outbound"}:
        raise Invalid("general.choice", value=kind, field="kind")
    return {"type": kind, "id": "any", "path": ()}


def _known(tenant: Tenant) -> None:
    """Organisations outside government are nobody's business here."""
    if tenant.kind is TenantKind.APPLICANT:
        raise NotFound("general.not-found")
