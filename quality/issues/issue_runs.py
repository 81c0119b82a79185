"""What a check means for issues: a failed rule opens one, the same rule on newer data proves it gone, or not."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.models import Entry, Version
from catalog.reading import LIVE
from policies import rulebook
from policies import vocabulary as v
from policies.calendars import local_date
from quality.issues import issues
from quality.issues.issue_models import GATE, Issue, IssueOccurrence
from quality.issues.issues import Fault
from quality.models import Run
from quality.rules.rules import Rule, RuleError
from tenancy import cases, notices
from tenancy.models import Membership
from tenancy.records import Case
from tenancy.types import new_id
from tenancy.work import Work

OPENING = ("critical", "warning")
"""Severities of failed rules that somebody must see to; a failed rule of the lowest one only informs."""
SILENT = ("FALSE_POSITIVE", "ANSWERED", "REVERIFIED")
"""Stages in which the reporter's silence is consent once the term is over."""


class Outcome(Protocol):
    """What a run says of one rule; `error` tells that it could not be run."""

    @property
    def success(self) -> bool:
        """Whether the rule held."""

    @property
    def evaluated(self) -> int | None:
        """How many elements were judged."""

    @property
    def unexpected(self) -> int | None:
        """How many of them were bad."""

    @property
    def error(self) -> Any:
        """Why it could not be run, None when it was."""


def follow_run(
    work: Work, version: Version, outcomes: Iterable[tuple[Rule, Outcome]], *, waived: Collection[str] = ()
) -> list[Issue]:
    """Let issues follow from a check of a published entry's version; the issues newly opened.

    Each rule is judged by its own outcome, whether or not the version as a whole went live. To do it twice for one
    version changes nothing. A rule that is `waived` opens nothing new.
    """
    entry = version.entry
    work.demand("issue.detect", entry)
    if entry.state not in LIVE:
        return []
    known = {rule.rule_id: (rule, outcome) for rule, outcome in outcomes}
    held = open_of(work.session, entry)
    for rule_id, issue in held.items():
        if rule_id in known:
            _judge(work, issue, version, known[rule_id][1])
        elif version.number > issue.seen_number:
            _cannot_prove(work, issue, version)
    opened = [
        _open(work, version, rule, outcome)
        for rule_id, (rule, outcome) in known.items()
        if rule_id not in held and rule_id not in waived and _counts(work.session, entry, version, rule, outcome)
    ]
    for tenant_id in {one.tenant_id for one in opened}:
        found = [one for one in opened if one.tenant_id == tenant_id]
        issues.tell_handlers(work, tenant_id, "issue.found", entry, number=found[0].number, count=len(found))
    return opened


def catch_up(work: Work) -> int:
    """Open what the last check of each published entry's live version had found before it was published."""
    opened = 0
    for run, version in live_runs(work.session):
        opened += len(follow_run(work, version, stored_outcomes(run)))
    return opened


def live_runs(session: Session) -> list[tuple[Run, Version]]:
    """The newest run of every published entry's live version."""
    query = (
        select(Run, Version)
        .join(Version, Version.id == Run.version_id)
        .join(Entry, Entry.live_version_id == Version.id)
        .where(Entry.state.in_(LIVE), Run.state == v.RunState.DONE)
        .order_by(Run.at)
    )
    return list({version.id: (run, version) for run, version in session.execute(query)}.values())


class StoredOutcome:
    """A rule's outcome as a run keeps it."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.success = bool(row.get("success"))
        self.evaluated: int | None = row.get("evaluated")
        self.unexpected: int | None = row.get("unexpected")
        self.error: Any = row.get("error")


def stored_outcomes(run: Run) -> list[tuple[Rule, StoredOutcome]]:
    """The rules of a stored run with their outcomes; what is no rule any more is left out."""
    results = {row["rule_id"]: row for row in run.results}
    found = []
    for stored in run.suite.rules:
        try:
            rule = Rule.from_json(stored)
        except RuleError:
            continue
        if rule.rule_id in results:
            found.append((rule, StoredOutcome(results[rule.rule_id])))
    return found


def open_of(session: Session, entry: Entry) -> dict[str, Issue]:
    """The open issues of an entry that a rule can prove, by rule."""
    query = select(Issue).where(
        Issue.entry_id == entry.id, Issue.closed_at.is_(None), Issue.rule_id.is_not(None), Issue.rule_id != GATE
    )
    return {one.rule_id: one for one in session.scalars(query) if one.rule_id}


def lapse(work: Work) -> int:
    """Take the reporter's silence as consent where the term for his word is over; returns how many."""
    today, ended = local_date(work.now), 0
    query = select(Issue).join(Case, Case.id == Issue.case_id)
    for issue in work.session.scalars(query.where(Case.stage.in_(SILENT), Case.due_on < today)):
        work.demand("issue.follow", issue)
        issues.note(work, issue, cases.move(work, issues.case_of(issue), "lapse"))
        ended += 1
    return ended


def escalate(work: Work) -> int:
    """Tell the authority of every issue whose unit has let its term pass, once for each stage; returns how many."""
    today, told = local_date(work.now), 0
    query = select(Issue).join(Case, Case.id == Issue.case_id)
    for issue in work.session.scalars(
        query.where(Case.ended_at.is_(None), Case.due_on < today, Issue.escalated_at.is_(None))
    ):
        case = issues.case_of(issue)
        if rulebook.in_force().procedures["ISSUE"].stages[case.stage].turn != "provider":
            continue
        issue.escalated_at = work.now
        officers = select(Membership.person_id).where(
            Membership.tenant_id.in_(case.tenant.path),
            Membership.role == v.Role.AUTHORITY_REVIEWER,
            Membership.ended_at.is_(None),
        )
        for person_id in sorted(set(work.session.scalars(officers))):
            notices.tell(work, person_id, "issue.overdue", case, number=case.number, title=case.title)
        work.record("issue.escalated", issue, number=issue.number, stage=case.stage)
        told += 1
    return told


def _counts(session: Session, entry: Entry, version: Version, rule: Rule, outcome: Outcome) -> bool:
    """Whether a failed rule opens an issue: not for what an issue already over had seen on this or a newer version."""
    if outcome.error is not None or outcome.success or rule.severity not in OPENING:
        return False
    before = _before(session, entry, rule.rule_id)
    return before is None or max(before.seen_number, before.proved_number or 0) < version.number


def _before(session: Session, entry: Entry, rule_id: str) -> Issue | None:
    query = select(Issue).where(Issue.entry_id == entry.id, Issue.rule_id == rule_id)
    return session.scalars(query.order_by(Issue.created_at.desc(), Issue.number.desc()).limit(1)).first()


def _open(work: Work, version: Version, rule: Rule, outcome: Outcome) -> Issue:
    before = _before(work.session, version.entry, rule.rule_id)
    fault = Fault(
        v.IssueSource.RULE,
        v.Severity(rule.severity),
        item=rule.columns[0] if rule.columns else "",
        rule_id=rule.rule_id,
        rule=rule.to_json(),
        seen_number=version.number,
    )
    more: dict[str, Any] = {"previous_id": before.id, "reopened": before.reopened + 1} if before else {}
    issue = issues.begin(work, version.entry, fault, tell=False, **more)
    occur(work, issue, version, held=False, evaluated=outcome.evaluated, unexpected=outcome.unexpected)
    issues.tell_mounting_unit(work, issue)
    return issue


def _judge(work: Work, issue: Issue, version: Version, outcome: Outcome) -> None:
    """What the outcome of its rule on a version means for an open issue; an older version means nothing any more."""
    if version.number < issue.seen_number or _was_judged(work.session, issue, version):
        return
    if outcome.error is not None:
        if version.number > issue.seen_number:
            _cannot_prove(work, issue, version)
        return
    newer = version.number > issue.seen_number
    occur(work, issue, version, held=outcome.success, evaluated=outcome.evaluated, unexpected=outcome.unexpected)
    issue.unproven = False
    if not outcome.success:
        issue.seen_number, issue.seen_at = version.number, work.now
        issue.occurrences += 1
        if issue.stage in {"RECTIFIED", "REVERIFIED", "ANSWERED"}:
            _move(work, issue, "reopen", version, outcome)
    elif newer:
        proved(work, issue, version, outcome)


def proved(work: Work, issue: Issue, version: Version, outcome: Outcome | None = None) -> None:
    """A newer version keeps the rule: mended if nobody said so yet, checked again, and closed if the platform asked."""
    if issue.stage in {"DISPATCHED", *issues.MENDING}:
        _move(work, issue, "rectify", version, outcome)
    if issue.stage != "RECTIFIED":
        return
    issue.proved_number = version.number
    _move(work, issue, "reverify", version, outcome)
    issues.tell_handlers(work, issue.tenant_id, "issue.proved", issue.entry, number=issue.number)
    if issue.reporter_id == work.actor.id:
        _move(work, issue, "accept_fix", version, outcome)


def _cannot_prove(work: Work, issue: Issue, version: Version) -> None:
    """Say that the rule was dropped or can't be run; nothing is closed by that."""
    if _was_judged(work.session, issue, version):
        return
    occur(work, issue, version, held=None)
    issue.unproven = True
    if issue.stage in {"DISPATCHED", "RECTIFIED", *issues.MENDING}:
        _move(work, issue, "unproven", version, None)


def _move(work: Work, issue: Issue, move: str, version: Version, outcome: Outcome | None) -> None:
    details = {
        "version": version.number,
        "evaluated": outcome.evaluated if outcome else None,
        "unexpected": outcome.unexpected if outcome else None,
        "verdict": version.verdict.value if version.verdict else None,
    }
    # The sentence for the reader is made of these facts on the page, in his language.
    comment = f"#{version.number}" if move == "rectify" else ""
    issues.note(work, issue, cases.move(work, issues.case_of(issue), move, comment=comment, details=details))


def occur(
    work: Work,
    issue: Issue,
    version: Version,
    *,
    held: bool | None,
    evaluated: int | None = None,
    unexpected: int | None = None,
) -> None:
    """Keep what a check of a version said of an issue."""
    work.session.add(
        IssueOccurrence(
            id=new_id(),
            issue_id=issue.id,
            number=version.number,
            held=held,
            evaluated=evaluated,
            unexpected=unexpected,
            verdict=version.verdict,
            at=work.now,
        )
    )
    work.session.flush()


def _was_judged(session: Session, issue: Issue, version: Version) -> bool:
    query = select(IssueOccurrence.id).where(
        IssueOccurrence.issue_id == issue.id, IssueOccurrence.number == version.number
    )
    return session.scalars(query).first() is not None
