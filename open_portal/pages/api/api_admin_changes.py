"""What changes the rules, for programs of administrators: proposed changes with their effect, and the calendar."""

from typing import Any

from apiflask import Schema, fields
from flask_babel import gettext as _

from open_portal.pages import dataset_words as words
from open_portal.pages.admin import admin_rule_changes
from open_portal.pages.admin.admin_frame import logins_of
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_admin import N_, administered, word
from open_portal.pages.api.api_tables import Answer
from open_portal.requests import session
from policies import rulebook
from policies.calendars import CalendarYear
from tenancy import rules
from tenancy.records import RuleChange


class AdminRuleChange(Schema):
    """A proposed change of the rules."""

    id = fields.String(required=True)
    file = fields.String(required=True)
    hash = fields.String(required=True)
    reason = fields.String(required=True)
    state = fields.Nested(schemas.Named, required=True)
    proposed_by = fields.String(required=True)
    proposed_at = fields.DateTime(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = fields.DateTime(required=True, allow_none=True)
    answer = fields.String(required=True)
    rules_hash = fields.String(
        required=True, allow_none=True, metadata=schemas.told(N_("Hash of the rules that it made"))
    )


class AdminDifference(Schema):
    """A value that a change would alter."""

    file = fields.String(required=True)
    key = fields.String(required=True)
    before = fields.String(required=True, allow_none=True)
    after = fields.String(required=True, allow_none=True)


class AdminYear(Schema):
    """A year of the calendar."""

    year = fields.Integer(required=True)
    announced = fields.Boolean(
        required=True, metadata=schemas.told(N_("Whether the State Council has given notice; else provisional"))
    )
    basis = fields.String(required=True)
    days_off = fields.Integer(required=True)
    worked_days = fields.Integer(required=True)


class AdminDay(Schema):
    """A day that is not what its weekday says: off, or worked at a weekend."""

    day = fields.Date(required=True)
    year = fields.Integer(required=True)
    kind = fields.Nested(schemas.Named, required=True)
    holiday = fields.String(required=True, allow_none=True)
    announced = fields.Boolean(required=True)


@administered(
    "policies/changes",
    N_("Proposed changes of the rules"),
    "RuleChanges",
    AdminRuleChange,
    ("file", "state", "proposed_at", "decided_at"),
)
def admin_changes(asked: dict[str, Any]) -> Answer:
    """Every proposed change with its state, newest first."""
    found = rules.history(session())
    logins = logins_of(one for change in found for one in (change.proposed_by, _decider(change)))
    plain = ("id", "file", "hash", "reason", "proposed_at", "answer")
    rows = [
        {
            **{name: getattr(one, name) for name in plain},
            "state": _state(one),
            "proposed_by": logins.get(one.proposed_by, ""),
            "decided_by": logins.get(_decider(one) or ""),
            "decided_at": one.enacted_at or one.declined_at,
            "rules_hash": one.enacted_hash,
        }
        for one in found
    ]
    return api_tables.answer("changes", AdminRuleChange, rows, asked)


@administered(
    "policies/changes/<change_id>",
    N_("What a proposed change would alter"),
    "Differences",
    AdminDifference,
    ("file", "key"),
    key="differences",
)
def admin_change(change_id: str, asked: dict[str, Any]) -> Answer:
    """The values that a change would alter now; none once it is decided or can no longer be applied."""
    effect, _problem = admin_rule_changes.effect_of(rules.find(session(), change_id))
    plain = ("file", "key", "before", "after")
    rows = [{name: getattr(one, name) for name in plain} for one in effect]
    return api_tables.answer("differences", AdminDifference, rows, asked)


@administered(
    "calendar", N_("Years of the calendar"), "Years", AdminYear, ("year", "announced", "days_off"), key="years"
)
def admin_years(asked: dict[str, Any]) -> Answer:
    """The years known, newest first, and which are provisional."""
    rows = [
        {
            "year": one.year,
            "announced": one.notice,
            "basis": one.basis,
            "days_off": len(one.off),
            "worked_days": len(one.on),
        }
        for one in _years()
    ]
    return api_tables.answer("years", AdminYear, rows, asked)


@administered("calendar/days", N_("Days off and worked weekends"), "Days", AdminDay, ("day", "kind", "holiday"))
def admin_days(asked: dict[str, Any]) -> Answer:
    """Every day off and every weekend day that is worked, in their order."""
    off, worked = word("off", _("Day off")), word("worked", _("Worked"))
    rows = []
    for year in _years():
        names = {day: one.en if words.english() else one.zh for one in year.holidays for day in one.days()}
        rows += [
            {"day": day, "year": year.year, "kind": kind, "holiday": names.get(day), "announced": year.notice}
            for days, kind in ((year.off, off), (year.on, worked))
            for day in days
        ]
    return api_tables.answer("days", AdminDay, sorted(rows, key=lambda one: one["day"]), asked)


def _years() -> list[CalendarYear]:
    known = rulebook.in_force().calendar.years
    return [known[year] for year in sorted(known, reverse=True)]


def _decider(change: RuleChange) -> str | None:
    return change.enacted_by or change.declined_by


def _state(change: RuleChange) -> dict[str, str]:
    if change.enacted_at:
        return word("enacted", _("In force"))
    return word("declined", _("Declined")) if change.declined_at else word("proposed", _("Proposed"))
