"""The rules as they are in force: who may do what, limits, procedures, quality, working days."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from flask_babel import gettext as _

from open_portal.pages.admin.admin_frame import language, pages, show
from open_portal.requests import now
from policies import permissions, rulebook
from policies.calendars import ONE_DAY, local_date
from policies.permissions import Principal
from policies.refusals import NotFound
from policies.vocabulary import Role

OWN, BELOW = "own", "below"


@pages.get("/admin/roles")
def roles() -> str:
    """Every role with what it may do in its own unit and below, and every policy with its reason."""
    return show(
        "roles",
        roles=list(Role),
        matrix=matrix(),
        words=action_words(),
        policies=permissions.policies(),
    )


@pages.get("/admin/policies")
def policies() -> str:
    """The rules in force with their hash: limits with source and confidence, procedures, quality, indicators."""
    return show("policies", rules=rulebook.in_force())


@pages.get("/admin/policies/procedures/<kind>")
def policies_procedure(kind: str) -> str:
    """One procedure: its stages with their limits, and its moves."""
    rules = rulebook.in_force()
    procedure = rules.procedures.get(kind)
    if procedure is None:
        raise NotFound("general.not-found")
    return show("procedure", procedure=procedure, limits=rules.limits, capacity=capacity_words)


@pages.get("/admin/calendar")
def calendar() -> str:
    """The years known, their days off and worked weekends, and which are provisional."""
    today = local_date(now())
    known = rulebook.in_force().calendar
    years = [known.years[year] for year in sorted(known.years, reverse=True)]
    return show(
        "calendar",
        years=[(year, _runs(year.off), sorted(year.on)) for year in years],
        today=today,
        workday=known.is_workday(today),
        next_workday=known.next_workday(today + ONE_DAY),
    )


@cache
def matrix() -> dict[str, dict[Role, str]]:
    """For each action which roles may do it: in their own unit (`own`) or everywhere below too (`below`)."""
    return {
        action: {role: reach for role in Role if (reach := _reach(action, role))}
        for action in sorted(permissions.actions())
    }


def _reach(action: str, role: Role) -> str:
    things = [facts for kind in permissions.applies_to()[action] for facts in _examples(kind)]
    for tenant, reach in (("city", BELOW), ("unit", OWN)):
        principal = Principal("someone", "person", verified=True, standings=((role.value, tenant),))
        if any(permissions.decide(principal, action, facts).allowed for facts in things):
            return reach
    return ""


def _examples(kind: str) -> list[dict[str, Any]]:
    """Things of a kind in a unit of the city, with the facts the policies look at."""
    thing = {"type": kind, "id": "thing", "path": ("unit", "city")}
    if kind == "Demand":
        return [thing, thing | {"path": ("asker", "town"), "provider_path": ("unit", "city")}]
    if kind == "Person":
        return [thing | {"role": role, "tenant_kind": "CITY"} for role in ("steward", "auditor")]
    return [thing | {"state": "ACTIVE"} if kind == "Grant" else thing]


def action_words() -> dict[str, str]:
    """Every action in the reader's words."""
    return {
        "agreement.accept": _("Accept an agreement"),
        "application.edit": _("Edit an application"),
        "application.read": _("Read an application"),
        "application.review": _("Review an application"),
        "application.start": _("Start an application"),
        "application.submit": _("Submit an application"),
        "application.withdraw": _("Withdraw an application"),
        "audit.read": _("Read the audit log"),
        "audit.verify": _("Verify the audit log"),
        "catalogue.restore": _("Restore a catalogue into an empty platform"),
        "demand.answer": _("Answer a demand"),
        "demand.confirm": _("Confirm a demand as met"),
        "demand.dispatch": _("Dispatch a demand"),
        "demand.raise": _("Raise a demand"),
        "demand.read": _("Read a demand"),
        "entry.delete": _("Delete a draft entry"),
        "entry.edit": _("Edit an entry"),
        "entry.register": _("Register an entry"),
        "entry.restore": _("Restore a suspended entry"),
        "entry.review": _("Review an entry"),
        "entry.submit": _("Submit an entry"),
        "entry.suspend": _("Suspend an entry"),
        "entry.withdraw": _("Ask to withdraw an entry"),
        "face.manage": _("Set a tenant's face"),
        "follow.set": _("Follow a dataset"),
        "grant.read": _("Read a grant"),
        "grant.revoke": _("Revoke a grant"),
        "grant.suspend": _("Suspend a grant"),
        "grant.use": _("Use a grant"),
        "indicator.compute": _("Compute indicators"),
        "job.read": _("Read the jobs"),
        "outbound.allow": _("Allow outbound calls"),
        "peer.enact": _("Connect and disconnect other platforms"),
        "peer.propose": _("Propose to connect another platform"),
        "person.manage": _("Keep people"),
        "quality.run": _("Start a quality run"),
        "release.request": _("Ask to open an entry"),
        "release.review": _("Review an opening"),
        "role.grant": _("Grant a role"),
        "rule.enact": _("Put rules in force"),
        "rule.propose": _("Propose a change of the rules"),
        "scorecard.read": _("Read the scorecard"),
        "session.end": _("End one's own sessions"),
        "suite.edit": _("Edit quality rules"),
        "template.edit": _("Keep templates of quality rules"),
        "tenant.manage": _("Keep tenants"),
        "token.approve": _("Approve tokens for exchanging and restoring"),
        "token.create": _("Make tokens of one's own"),
        "version.upload": _("Upload data"),
        "waiver.ask": _("Ask for a waiver of a quality rule"),
        "waiver.decide": _("Decide on a waiver of a quality rule"),
    }


def capacity_words(capacity: str) -> str:
    """In which capacity somebody acts on a case, such as `provider:department_reviewer`, in words."""
    side, _colon, role = capacity.partition(":")
    sides = {
        "authority": _("Authority"),
        "provider": _("Provider"),
        "applicant": _("Applicant"),
        "system": _("Platform"),
    }
    known = {one.value: one for one in Role}
    named = known[role].label(language()) if role in known else ""
    return sides.get(side, side) + (f" · {named}" if named else "")


def _runs(days: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Days off as runs without a gap: first and last day of each."""
    found: list[tuple[Any, Any]] = []
    for day in sorted(days):
        if found and day - found[-1][1] == ONE_DAY:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found
