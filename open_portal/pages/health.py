"""Whether this process is ready: a few cheap questions, each with what it misses; answered whatever doors it opens."""

from datetime import datetime

from flask import Blueprint, Response, jsonify
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from catalog import search
from catalog.models import Entry
from open_portal.requests import kit, now, session
from open_portal.wiring import Kit
from tenancy import jobs
from tenancy.records import Job

pages = Blueprint("health", __name__)
UPKEEP = "scheduled"
"""The key of jobs that come back by themselves; one of these is nearly always about to run."""


@pages.get("/healthz")
def healthz() -> tuple[Response, int]:
    """200 when the demonstration is in, nothing waits and the index is caught up; else 503 and what lacks."""
    lacking = missing(kit(), session(), now())
    return jsonify(status="waiting" if lacking else "ok", missing=lacking), 503 if lacking else 200


def missing(parts: Kit, reading: Session, at: datetime) -> list[str]:
    """What keeps the platform from being ready, as codes: demo, jobs, index."""
    found = []
    if parts.settings.demo and reading.scalar(select(Entry.id).limit(1)) is None:
        found.append("demo")
    if jobs.waiting(reading, at) and _work_waits(reading, at):
        found.append("jobs")
    if search.lag(parts.index, reading):
        found.append("index")
    return found


def _work_waits(reading: Session, at: datetime) -> bool:
    query = select(func.count()).where(
        or_(Job.state == jobs.RUNNING, (Job.state == jobs.WAITING) & (Job.not_before <= at)),
        or_(Job.dedupe.is_(None), Job.dedupe != UPKEEP),
    )
    return bool(reading.scalar(query))
