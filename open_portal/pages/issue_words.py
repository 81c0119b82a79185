"""An issue in the words of its reader: what it is about, what was done, what is to be done; numbers masked."""

from typing import Any

from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from catalog import reading
from open_portal import language
from open_portal.pages import dataset_words as words
from open_portal.pages.record import record_quality
from open_portal.requests import now, session
from policies import rulebook
from policies import vocabulary as v
from policies.calendars import local_date
from policies.procedures import Stage
from quality.issues import issue_reports
from quality.issues.issue_models import GATE, Issue
from quality.rules.rules import Rule, RuleError
from tenancy.actors import Actor
from tenancy.records import Decision

KIND = "ISSUE"
TONES = {
    "CLOSED": "good",
    "DISMISSED": "quiet",
    "REFUSED": "quiet",
    "WITHDRAWN": "quiet",
    "REOPENED": "bad",
    "RECTIFYING": "warn",
    "REVERIFIED": "good",
}


def stage_of(issue: Issue) -> Stage:
    """Where an issue stands."""
    return rulebook.in_force().procedures[KIND].stages[issue.stage]


def stage_tag(issue: Issue) -> dict[str, str]:
    """The stage as a tag: its words and tone."""
    return {"text": stage_of(issue).label(_language()), "tone": f"{TONES.get(issue.stage, 'info')} tx-tag--wrap"}


def about(issue: Issue) -> str:
    """The item that is at fault, as its dataset calls it; the whole table where none is named."""
    if issue.rule_id == GATE:
        return _("Quality gate of the whole table")
    item = next((one for one in issue.entry.items if one.name == issue.item), None)
    return words.label(item) if item else issue.item or _("The whole table")


def rule_of(issue: Issue, actor: Actor) -> str:
    """The rule that shows the fault, as a sentence; its bounds only for those who may read the column."""
    if not issue.rule:
        return ""
    try:
        rule = Rule.from_json(issue.rule)
    except RuleError:
        return ""
    access = reading.access(session(), issue.entry, actor, now())
    titles = {one.name: words.label(one) for one in issue.entry.items}
    return record_quality.sentence(rule, access, titles)


def shown(issue: Issue, actor: Actor, text: str) -> str:
    """A text of the issue as this reader may have it."""
    return issue_reports.seen_by(actor, issue, text)


def steps(issue: Issue, actor: Actor) -> list[dict[str, Any]]:
    """Everything that happened, for the timeline; who acted is a body, never a person's name."""
    first = {
        "state": "done",
        "text": _("Fault reported"),
        "time": language.datetime(issue.created_at),
        "by": _source(issue),
    }
    if issue.case is None:
        return [first]
    found = [first, *(_step(issue, one, actor) for one in issue.case.decisions)]
    stage = stage_of(issue)
    if not stage.end:
        day = language.date(issue.case.due_on) if issue.case.due_on else ""
        due = _("due %(day)s", day=day) if day else ""
        by = body_of(issue, stage.turn)
        found.append({"state": "now", "text": stage.label(_language()), "due": due, "by": by})
    return found


def clock(issue: Issue) -> dict[str, Any] | None:
    """The last day of the present step with the working days left, below zero when overdue."""
    case = issue.case
    if case is None or case.due_on is None or case.ended_at is not None:
        return None
    calendar, today = rulebook.in_force().calendar, local_date(now())
    late = today > case.due_on
    left = -calendar.workdays_between(case.due_on, today) if late else calendar.workdays_between(today, case.due_on)
    return {"due": language.date(case.due_on), "left": left, "provisional": case.provisional}


def body_of(issue: Issue, side: str) -> str:
    """Who a side of the procedure is for this issue."""
    names = {
        "authority": _("Public-data authority"),
        "provider": words.tenant_name(issue.tenant),
        "applicant": _source(issue),
        "system": _("Platform"),
    }
    return names.get(side, "")


def line(issue: Issue) -> dict[str, Any]:
    """An issue as a line of a list on the desk."""
    return {
        "number": issue.number,
        "href": url_for("desk.issue", number=issue.number),
        "title": words.title(issue.entry),
        "about": about(issue),
        "source": language.term(issue.source),
        "severity": issue.severity,
        "stage": stage_tag(issue),
        "unit": words.tenant_name(issue.tenant),
        "clock": clock(issue),
        "occurrences": issue.occurrences,
    }


def _source(issue: Issue) -> str:
    if issue.reporter_tenant is not None:
        return words.tenant_name(issue.reporter_tenant)
    return language.term(issue.source)


def _step(issue: Issue, decision: Decision, actor: Actor) -> dict[str, Any]:
    named = rulebook.in_force().procedures[KIND].named(decision.move)
    move = next((one for one in named if decision.before in one.stages), None)
    side = (decision.capacity or "").partition(":")[0]
    by_platform = decision.actor_kind == "system"
    note = _proof(decision) if by_platform else shown(issue, actor, decision.comment)
    if decision.move == "pass_on":
        note = f"{note} → {decision.details.get('to', '')}" if issue.source is not v.IssueSource.PUBLIC else note
    return {
        "state": "stopped" if decision.after in {"REFUSED", "REOPENED"} else "done",
        "text": move.label(_language()) if move else decision.move,
        "time": language.datetime(decision.at),
        "by": body_of(issue, "system" if by_platform else side),
        "note": note,
    }


def _proof(decision: Decision) -> str:
    """What a check showed, said from the facts kept with the platform's move."""
    facts = decision.details
    number, bad, every = facts.get("version"), facts.get("unexpected"), facts.get("evaluated")
    if number is None:
        return ""
    texts = {
        "rectify": _("Version %(number)s of the data has come.", number=number),
        "reverify": _("The same rule was run on version %(number)s of the data and holds.", number=number),
        "reopen": _("The same rule was run on version %(number)s of the data and does not hold.", number=number),
        "unproven": _(
            "The rule was dropped or cannot be run on version %(number)s of the data; the issue stays open.",
            number=number,
        ),
    }
    parts = [texts.get(decision.move, "")]
    if bad is not None and every:
        parts.append(_("%(bad)s of %(every)s values at fault.", bad=language.number(bad), every=language.number(every)))
    if decision.move == "reverify" and facts.get("verdict") == v.Verdict.FAIL.value:
        parts.append(_("The version as a whole did not pass the gate, so the version before it stays live."))
    return " ".join(one for one in parts if one)


def _language() -> str:
    return str(get_locale())
