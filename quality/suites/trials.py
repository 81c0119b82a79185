"""Trials: changed rules counted on the newest table before they are kept; a job, in three beats, safe to repeat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalog.models import Entry, Version
from policies.refusals import NotFound, Refused
from quality.rules import rule_checks, standing
from quality.rules.rules import Rule
from quality.suites import suite_diffs, suites
from quality.suites.suite_models import Trial
from tenancy.types import new_id
from tenancy.work import Work

WAITING, DONE, FAILED = "WAITING", "DONE", "FAILED"
KEPT = timedelta(days=14)


@dataclass(frozen=True)
class Found:
    """What a trial found: each rule's counts by rule id, or why there is nothing."""

    rows: int = 0
    results: Mapping[str, Any] | None = None
    problem: str = ""


def start(work: Work, entry: Entry, rules: Sequence[Rule], *, base: int | None = None) -> Trial:
    """Put rules in the making on trial: those that differ from the present suite are counted by the worker.

    Refused where there is no table to try them on; Stale as for a change of the suite; Invalid for unsound rules.
    """
    work.demand("suite.edit", entry)
    suites.demand_newest(work.session, entry, base)
    rules = standing.join(rules)
    rule_checks.demand_sound(rules)
    if newest_table(work.session, entry) is None:
        raise Refused("suite.no-table")
    present = suites.latest(work.session, entry)
    before = suites.rules_of(present) if present else ()
    changed = [one.rule.rule_id for one in suite_diffs.diff(before, rules) if one.after is not None]
    old = delete(Trial).where(Trial.entry_id == entry.id, Trial.created_at < work.now - KEPT)
    work.session.execute(old)
    trial = Trial(
        id=new_id(),
        entry=entry,
        entry_id=entry.id,
        number=present.number if present else 0,
        rules=[rule.to_json() for rule in rules],
        tried=changed,
        state=WAITING if changed else DONE,
        results=None if changed else {},
        author_id=work.actor.id,
        created_at=work.now,
    )
    work.session.add(trial)
    work.session.flush()
    work.record("suite.tried", trial, entry=entry.code, rules=len(changed))
    if changed:
        work.enqueue("suite.try", dedupe=trial.id, trial_id=trial.id)
    return trial


def find(session: Session, entry: Entry, trial_id: str) -> Trial:
    """A trial of an entry; NotFound where there is none."""
    found = session.get(Trial, trial_id)
    if found is None or found.entry_id != entry.id:
        raise NotFound("general.not-found")
    return found


def rules_of(trial: Trial) -> tuple[Rule, ...]:
    """The suite in the making."""
    return tuple(Rule.from_json(row) for row in trial.rules)


def newest_table(session: Session, entry: Entry) -> Version | None:
    """The newest version of which there is a table."""
    query = select(Version).where(Version.entry_id == entry.id, Version.table_id.is_not(None))
    return session.scalars(query.order_by(Version.number.desc()).limit(1)).first()


def record(work: Work, trial_id: str, number: int, found: Found) -> None:
    """Third beat: keep what was found in a version of that number, unless somebody has settled the trial."""
    trial = work.session.get(Trial, trial_id)
    if trial is None or trial.state != WAITING:
        return
    trial.state = FAILED if found.problem else DONE
    trial.problem = found.problem or None
    trial.version_number, trial.rows = number, found.rows
    trial.results = dict(found.results or {})
    trial.ended_at = work.now
