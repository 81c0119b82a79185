"""The gate of live data: what fails opens an issue, and after the days of grace goes offline until it passes again."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import versions
from catalog.datasets import EDITABLE
from catalog.models import Entry, Version
from catalog.reading import LIVE
from policies import grading, rulebook
from policies import vocabulary as v
from policies.calendars import local_date
from policies.grading import GateTerms
from policies.refusals import Refused
from quality import runs
from quality.issues import issue_runs, issues
from quality.issues.issue_models import GATE, Issue
from quality.issues.issues import Fault
from tenancy import cases
from tenancy.work import Work


def terms_of(entry: Entry) -> GateTerms:
    """The gate that an entry's data must pass; of a draft, whose opening may still change, the strictest."""
    rules = rulebook.in_force().quality
    return rules.terms() if entry.state in EDITABLE else rules.terms(entry.open_tier.value, entry.share_type.value)


def follow(work: Work, version: Version) -> None:
    """What the verdict on a new version means: a failing one opens the gate's issue, a live one is looked at anew."""
    entry = version.entry
    work.demand("issue.detect", entry)
    if entry.state not in LIVE:
        return
    if version.verdict is v.Verdict.FAIL:
        issue = issues.open_with_rule(work.session, entry, GATE) or _open(work, entry, version.number)
        _keep(work, issue, version, list(version.verdict_reasons or []))
        return
    if entry.live_version_id == version.id:
        _look(work, entry, version)


def watch(work: Work) -> int:
    """Look at the live data of every published entry: note what fails, take offline, bring back; returns how many
    are offline."""
    query = (
        select(Entry, Version)
        .join(Version, Version.id == Entry.live_version_id)
        .where(Entry.state.in_(LIVE), Entry.origin == v.Origin.OWN)
    )
    return sum(_look(work, entry, version) for entry, version in work.session.execute(query).all())


def faults(session: Session, entry: Entry, version: Version, now: datetime) -> tuple[list[Refused], list[Refused]]:
    """What stands against live data now, in words for everybody: of their quality, and of their age."""
    terms, rules = terms_of(entry), rulebook.in_force().quality
    against = []
    if version.verdict is v.Verdict.FAIL:
        against.append(Refused("gate.failing"))
    if hard := _hard_failures(session, version, terms):
        against.append(Refused("gate.hard-failed", count=hard))
    if version.score is not None and Decimal(str(version.score)) < terms.bar:
        against.append(Refused("gate.below-bar", score=f"{version.score:.2f}", bar=terms.bar))
    updated = entry.data_updated_at
    late = updated is not None and not grading.timely(updated, entry.update_cycle.max_age, now, rules.tolerance)
    return against, [Refused("gate.late", day=local_date(updated))] if late and updated else []


def _look(work: Work, entry: Entry, version: Version) -> bool:
    """Judge live data once; whether they are offline afterwards."""
    poor, old = faults(work.session, entry, version, work.now)
    issue = issues.open_with_rule(work.session, entry, GATE)
    terms = terms_of(entry)
    grace = _grace(terms, entry, bool(poor), bool(old))
    if grace is None:
        versions.bring_back(work, entry)
        # What was opened because a delivery was refused is not over while an older version is live.
        if issue is not None and not old and (issue.grace_until is not None or version.number > issue.seen_number):
            issue.grace_until = None
            issue_runs.proved(work, issue, version)
        return False
    if issue is None:
        issue = _open(work, entry, version.number)
        issue_runs.occur(work, issue, version, held=False)
    reasons = [versions.problem_of(one) for one in [*poor, *old]]
    if issue.grace_until is None:
        issue.grace_until = rulebook.in_force().calendar.add_workdays(local_date(work.now), grace)
        issue.reasons = reasons
    if local_date(work.now) > issue.grace_until and entry.offline_since is None:
        versions.take_offline(work, entry, reasons)
        issues.tell_handlers(work, entry.tenant_id, "issue.offline", entry, number=issue.number)
    return entry.offline_since is not None


def _grace(terms: GateTerms, entry: Entry, poor: bool, old: bool) -> int | None:
    """The working days that data have left once they are found failing; None where nothing is to be feared."""
    left = [terms.grace_days] if poor else []
    if old and terms.late_days is not None and entry.open_state in {v.OpenState.OPEN, v.OpenState.CLOSE_REVIEW}:
        left.append(terms.late_days)
    return min(left, default=None)


def _hard_failures(session: Session, version: Version, terms: GateTerms) -> int:
    run = runs.newest_done(session, version.id)
    if run is None:
        return 0
    return sum(
        1
        for rule, outcome in issue_runs.stored_outcomes(run)
        if outcome.error is None and not outcome.success and terms.hard & {rule.severity, rule.dimension}
    )


def _open(work: Work, entry: Entry, number: int) -> Issue:
    fault = Fault(v.IssueSource.GATE, v.Severity.CRITICAL, rule_id=GATE, seen_number=number)
    before = select(Issue).where(Issue.entry_id == entry.id, Issue.rule_id == GATE)
    last = work.session.scalars(before.order_by(Issue.created_at.desc()).limit(1)).first()
    return issues.begin(work, entry, fault, previous_id=last.id if last else None)


def _keep(work: Work, issue: Issue, version: Version, reasons: Sequence[dict[str, str]]) -> None:
    """Note on the gate's issue that another delivery failed."""
    if any(one.number == version.number for one in issue.occurred):
        return
    issue_runs.occur(work, issue, version, held=False)
    issue.reasons = list(reasons)
    if version.number > issue.seen_number:
        issue.seen_number, issue.seen_at = version.number, work.now
        issue.occurrences += 1
    if issue.stage in {"RECTIFIED", "REVERIFIED"}:
        issues.note(work, issue, cases.move(work, issues.case_of(issue), "reopen", details={"version": version.number}))


def days_of_grace(issue: Issue, today: date) -> int | None:
    """The working days left before live data go offline, below zero once they have; None where nothing is due."""
    if issue.grace_until is None:
        return None
    calendar = rulebook.in_force().calendar
    late = today > issue.grace_until
    first, last = (issue.grace_until, today) if late else (today, issue.grace_until)
    count = calendar.workdays_between(first, last)
    return -count if late else count
