"""The middle beat of a trial: the changed rules counted by the engine, which no web process loads."""

from datetime import datetime

from catalog.blobs import BlobStore
from policies.calendars import local_date
from quality import expectations
from quality.trials import Found, Plan

SECONDS = 120.0


def act(plan: Plan, blobs: BlobStore, now: datetime, *, memory_mb: int) -> Found:
    """Second beat, without any session: count."""
    with blobs.local_path(plan.sha256) as table:
        try:
            run = expectations.run(
                table,
                plan.rules,
                memory_limit=f"{memory_mb}MB",
                timeout=SECONDS,
                parameters={"today": local_date(now), "updated_at": plan.updated_at},
            )
        except TimeoutError:
            return Found(problem="time")
    return Found(
        run.rows,
        {
            one.rule_id: {
                "evaluated": one.evaluated,
                "missing": one.missing,
                "unexpected": one.unexpected,
                "success": one.success,
                "error": one.error,
                "detail": one.detail,
            }
            for one in run.results
        },
    )
