"""Checks: a suite run over a version's table, scored, and the verdict written; three beats, safe to repeat."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import duckdb

from catalog import versions
from catalog.blobs import BlobStore
from catalog.versions import Judged
from policies import grading, rulebook
from policies import vocabulary as v
from policies.calendars import local_date
from policies.grading import GateTerms, RuleResult
from policies.refusals import Refused
from quality import contexts, runs
from quality.contexts import Context
from quality.engines import expectations
from quality.engines.engine_tables import CancelledError, OutOfTimeError
from quality.engines.expectations import RuleOutcome, Run
from quality.issues import gates, issue_runs
from quality.rules import indicators
from quality.rules.rules import Rule
from quality.suites import suites, waivers
from tenancy.work import Work


@dataclass(frozen=True)
class Plan:
    """What a run needs to know: the table, the rules, and what no table can tell."""

    run_id: str
    table: str
    rows: int
    rules: tuple[Rule, ...]
    updated_at: datetime
    terms: GateTerms
    context: Context
    waived: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Judgement:
    """What a run found: the rules used, their outcomes, the scorecard, and whether the version may go live."""

    rules: tuple[Rule, ...]
    run: Run
    scorecard: grading.Scorecard
    gate: grading.Gate


def gather(work: Work, run_id: str) -> Plan | None:
    """First beat: take the run in hand; none when it is over, because a repeat has nothing to do."""
    run = runs.locked(work.session, run_id)
    if run.state not in runs.UNDER_WAY or run.version.table is None:
        return None
    rules = suites.rules_of(run.suite)
    run.state, run.starts = v.RunState.RUNNING, run.starts + 1
    run.started_at = run.started_at or work.now
    return Plan(
        run_id=run.id,
        table=run.version.table.sha256,
        rows=run.version.rows_loaded or 0,
        rules=rules,
        updated_at=run.version.uploaded_at,
        terms=gates.terms_of(run.version.entry),
        context=contexts.gather(work.session, run.version, rules, work.now),
        waived=frozenset(waivers.in_force(work.session, run.version.entry, local_date(work.now))),
    )


def act(
    plan: Plan, blobs: BlobStore, now: datetime, *, memory_mb: int, seconds: float, cancelled: Event | None = None
) -> Judgement | Refused:
    """Second beat, without any session: run and score; a run that is cut off says why."""
    with blobs.local_path(plan.table) as table, contexts.opened(plan.context, blobs) as known:
        try:
            return judge(
                table,
                plan.rules,
                now,
                rows=plan.rows,
                updated_at=plan.updated_at,
                memory_mb=memory_mb,
                seconds=seconds,
                cancelled=cancelled,
                terms=plan.terms,
                known=known,
                waived=plan.waived,
            )
        except CancelledError:
            return Refused("run.cancelled")
        except OutOfTimeError:
            return Refused("run.out-of-time", seconds=int(seconds))
        except duckdb.OutOfMemoryException:
            return Refused("run.out-of-memory", memory=memory_mb)


def judge(
    table: Path,
    rules: Sequence[Rule],
    now: datetime,
    *,
    rows: int,
    updated_at: datetime | None = None,
    engine: str = runs.ENGINE,
    memory_mb: int = 1024,
    seconds: float | None = None,
    cancelled: Event | None = None,
    terms: GateTerms | None = None,
    known: Mapping[str, Any] | None = None,
    waived: Collection[str] = (),
    ledger: Path | None = None,
) -> Judgement:
    """Run rules over a table, score the outcomes and hold them against a gate, the strictest unless one is given.

    `ledger` is where every row that breaks a rule is listed. `known` is what `contexts` tells of the table beside
    itself; the `waived` rules keep nothing from going live. Raises what `expectations.run` raises.
    """
    run = expectations.run(
        table,
        rules,
        engine=engine,
        memory_limit=f"{memory_mb}MB",
        timeout=seconds,
        cancelled=cancelled,
        parameters={"today": local_date(now), "updated_at": updated_at or now, **(known or {})},
        ledger=ledger,
    )
    results = _rule_results(rules, run)
    bars = rulebook.in_force().quality
    scorecard = grading.score(grading.scored(results, bars, waived), bars, rows=rows)
    gate = grading.gate(results, scorecard.total, rows, bars, terms, waived)
    return Judgement(tuple(rules), run, scorecard, gate)


def record(work: Work, plan: Plan, found: Judgement | Refused) -> None:
    """Third beat: write the verdict; a run that somebody ended in the meantime is left alone."""
    run = runs.locked(work.session, plan.run_id)
    if run.state is not v.RunState.RUNNING:
        return
    if isinstance(found, Refused):
        runs.end(work, run, v.RunState.FAILED, found)
        return
    run.state, run.at = v.RunState.DONE, work.now
    run.engine, run.engine_version = found.run.engine, found.run.engine_version
    run.rows, run.seconds = found.run.rows, found.run.seconds
    run.sampled, run.peak_memory_mb = found.run.sampled, found.run.peak_memory_mb
    run.results = [stored(outcome) for outcome in found.run.results]
    work.session.flush()
    versions.judge(work, run.version, _judged(found))
    outcomes = {one.rule_id: one for one in found.run.results}
    ran = [(rule, outcomes[rule.rule_id]) for rule in found.rules if rule.rule_id in outcomes]
    issue_runs.follow_run(work, run.version, ran, waived=plan.waived)
    gates.follow(work, run.version)


def score_of(value: Decimal | None) -> float | None:
    """A score as columns hold it."""
    return None if value is None else float(value)


def stored(outcome: RuleOutcome) -> dict[str, Any]:
    """An outcome as JSON values, as a run keeps it."""
    return {
        "rule_id": outcome.rule_id,
        "evaluated": outcome.evaluated,
        "missing": outcome.missing,
        "unexpected": outcome.unexpected,
        "success": outcome.success,
        "observed": _plain(outcome.observed),
        "samples": [[row, _plain(value)] for row, value in outcome.samples],
        "error": outcome.error,
        "detail": outcome.detail,
        "lacking": outcome.lacking,
    }


def _rule_results(rules: Sequence[Rule], run: Run) -> list[RuleResult]:
    outcomes: Mapping[str, RuleOutcome] = {one.rule_id: one for one in run.results}
    return [
        RuleResult(
            rule_id=rule.rule_id,
            dimension=v.Dimension(rule.dimension),
            weight=Decimal(str(rule.weight)),
            severity=v.Severity(rule.severity),
            evaluated=outcomes[rule.rule_id].evaluated,
            unexpected=outcomes[rule.rule_id].unexpected,
            success=outcomes[rule.rule_id].success,
            lower_is_better=indicators.of(rule).lower_is_better,
        )
        for rule in rules
        if outcomes[rule.rule_id].error is None
    ]


def _judged(found: Judgement) -> Judged:
    failed = sum(not one.success and one.error is None for one in found.run.results)
    return Judged(
        verdict=found.gate.verdict,
        reasons=[versions.problem_of(one) for one in found.gate.reasons],
        score=score_of(found.scorecard.total),
        grade=found.scorecard.grade,
        dimensions={one.value: score_of(value) for one, value in found.scorecard.dimensions.items()},
        rules_total=sum(one.applies for one in found.run.results),
        rules_failed=failed,
    )


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
