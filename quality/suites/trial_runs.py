"""The first two beats of a trial: the changed rules counted by the engine, which no web process loads."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from catalog.blobs import BlobStore
from policies.calendars import local_date
from quality import contexts
from quality.contexts import Context
from quality.engines import expectations
from quality.rules.rules import Rule
from quality.suites import trials
from quality.suites.suite_models import Trial
from quality.suites.trials import Found

SECONDS = 120.0


@dataclass(frozen=True)
class Plan:
    """What a trial needs: the rules to try, the table and its version, and what is known beside it."""

    trial_id: str
    sha256: str
    number: int
    updated_at: datetime
    rules: tuple[Rule, ...]
    context: Context


def gather(session: Session, trial_id: str, now: datetime) -> Plan | None:
    """First beat; none when the trial is over or its table is gone."""
    trial = session.get(Trial, trial_id)
    if trial is None or trial.state != trials.WAITING:
        return None
    version = trials.newest_table(session, trial.entry)
    if version is None or version.table is None:
        return None
    tried = set(trial.tried)
    rules = tuple(rule for rule in trials.rules_of(trial) if rule.rule_id in tried)
    context = contexts.gather(session, version, rules, now)
    return Plan(trial.id, version.table.sha256, version.number, version.uploaded_at, rules, context)


def act(plan: Plan, blobs: BlobStore, now: datetime, *, memory_mb: int) -> Found:
    """Second beat, without any session: count."""
    with blobs.local_path(plan.sha256) as table, contexts.opened(plan.context, blobs) as known:
        try:
            run = expectations.run(
                table,
                plan.rules,
                memory_limit=f"{memory_mb}MB",
                timeout=SECONDS,
                parameters={"today": local_date(now), "updated_at": plan.updated_at, **known},
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
