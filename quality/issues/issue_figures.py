"""Figures of issues by unit: how many are open and overdue, what share is closed, how fast they are mended."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from policies import rulebook
from policies.calendars import local_date
from quality.issues.issue_models import Issue


@dataclass(frozen=True)
class Figure:
    """A quotient with what it is made of; `value` is None where the denominator is 0."""

    numerator: int
    denominator: int

    @property
    def value(self) -> float | None:
        """Numerator by denominator."""
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True)
class Figures:
    """What is true of a unit's issues at an instant.

    `closure` is closed by confirmed (问题数据整改率); `days_to_mend` is working days from confirmation to mending by
    mended issues; `reopened` is reopened by confirmed; `dismissed` counts what was no fault.
    """

    as_of: datetime
    open: int
    overdue: int
    dismissed: int
    closure: Figure
    days_to_mend: Figure
    reopened: Figure


def figures(session: Session, tenant_ids: Collection[str], now: datetime) -> Mapping[str, Figures]:
    """The figures of each unit, of the issues it is responsible for itself, not those of units below it."""
    rows = session.scalars(select(Issue).where(Issue.tenant_id.in_(tenant_ids), Issue.created_at <= now))
    of: dict[str, list[Issue]] = {one: [] for one in tenant_ids}
    for issue in rows:
        # What waits for the authority, or was never let through, is nobody's fault yet.
        if issue.stage not in {"REVIEW", "REFUSED", "WITHDRAWN"}:
            of[issue.tenant_id].append(issue)
    return {tenant_id: _figures(found, now) for tenant_id, found in of.items()}


def _figures(found: list[Issue], now: datetime) -> Figures:
    calendar = rulebook.in_force().calendar
    ended = [one for one in found if one.closed_at and one.closed_at <= now]
    confirmed = [one for one in found if one.confirmed_at and one.confirmed_at <= now and one.stage != "DISMISSED"]
    mended = [one for one in confirmed if one.rectified_at and one.rectified_at <= now]
    days = sum(
        calendar.workdays_between(local_date(one.confirmed_at), local_date(one.rectified_at))
        for one in mended
        if one.confirmed_at and one.rectified_at
    )
    return Figures(
        as_of=now,
        open=len(found) - len(ended),
        overdue=sum(is_overdue(one, now) for one in found),
        dismissed=sum(one.stage == "DISMISSED" for one in ended),
        closure=Figure(sum(one in confirmed and one.stage == "CLOSED" for one in ended), len(confirmed)),
        days_to_mend=Figure(days, len(mended)),
        reopened=Figure(sum(one.reopened > 0 for one in confirmed), len(confirmed)),
    )


def is_overdue(issue: Issue, now: datetime) -> bool:
    """Whether the responsible unit has let its term pass."""
    case = issue.case
    if case is None or case.ended_at is not None or case.due_on is None:
        return False
    turn = rulebook.in_force().procedures["ISSUE"].stages[case.stage].turn
    return turn == "provider" and local_date(now) > case.due_on
