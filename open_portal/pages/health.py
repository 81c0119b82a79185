"""Whether the platform is ready: a few cheap questions, each with what it misses."""

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from catalog import search
from catalog.models import Entry
from open_portal.wiring import Kit
from tenancy import jobs
from tenancy.models import Job

UPKEEP = "scheduled"
"""The key of jobs that come back by themselves; one of these is nearly always about to run."""


def missing(kit: Kit, session: Session, now: datetime) -> list[str]:
    """What keeps the platform from being ready, as codes: demo, jobs, index."""
    found = []
    if kit.settings.demo and session.scalar(select(Entry.id).limit(1)) is None:
        found.append("demo")
    if jobs.waiting(session, now) and _work_waits(session, now):
        found.append("jobs")
    if search.lag(kit.index, session):
        found.append("index")
    return found


def _work_waits(session: Session, now: datetime) -> bool:
    query = select(func.count()).where(
        or_(Job.state == jobs.RUNNING, (Job.state == jobs.WAITING) & (Job.not_before <= now)),
        or_(Job.dedupe.is_(None), Job.dedupe != UPKEEP),
    )
    return bool(session.scalar(query))
