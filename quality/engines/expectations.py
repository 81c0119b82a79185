"""Runs our rules over a Parquet table with Great Expectations and gives plain results back.

`engine="duckdb"` is the product's; `engine="spark"` is for tables that lie on a cluster already; `engine="pandas"` is
the slow judge which tests compare the others with. Heavy to import: only worker and command line do.
"""

import datetime as dt
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from policies.later import Later
from policies.refusals import Invalid
from quality.engines import engine_grounds, engine_peak, engine_references, engine_suites, engine_tables
from quality.engines import engine_gx as gx
from quality.engines import settled as settling
from quality.engines.engine_grounds import Ground, Limits
from quality.engines.engine_remembering import remembered
from quality.engines.engine_suites import Table
from quality.engines.engine_tables import CancelledError, Column, OutOfTimeError
from quality.rules.rules import NotApplicableError, Rule, RuleError

engine_spark = Later("quality.engines.engine_spark")

__all__ = ["ENGINES", "CancelledError", "OutOfTimeError", "RuleOutcome", "Run", "run"]

ENGINES = ("duckdb", "pandas", "spark")
SAMPLES = 20
_TABLE_KINDS = {"row_count", "columns_match", "type", "mean", "newest", "steady"}


@dataclass(frozen=True)
class RuleOutcome:
    """What became of one rule: rows that count, rows left out as missing, rows that break it.

    A rule about the table as a whole counts as one. `samples` are up to 20 (row number from 1, value);
    `observed` is the figure of an aggregate rule. `error` is a reason code when the rule could not be evaluated
    (`detail` says more): then it neither succeeds nor fails. A rule that is not applicable (`applies`) holds over
    nothing: it succeeds, evaluates none, and counts in no score.
    """

    rule_id: str
    evaluated: int = 0
    missing: int = 0
    unexpected: int = 0
    success: bool = False
    observed: Any = None
    samples: tuple[tuple[int, Any], ...] = ()
    error: str | None = None
    detail: str | None = None
    lacking: str | None = None

    @property
    def applies(self) -> bool:
        """Whether the rule had anything to judge; else `lacking` names what the run doesn't know."""
        return self.lacking is None


@dataclass(frozen=True)
class Run:
    """One run over one table; outcomes in the order of the rules given.

    `seconds` is the validation alone, with its ledger: not reading, importing or opening. `sampled` says whether only
    a part of the rows was looked at: no engine does so today, and a result never leaves it open. `peak_memory_mb` is
    the most this process (with Spark: and its local machine) held at a time while the table was open.
    """

    engine: str
    engine_version: str
    seconds: float
    rows: int
    results: tuple[RuleOutcome, ...]
    statements: int = 0
    sampled: bool = False
    peak_memory_mb: float = 0.0


def run(
    table: Path | str,
    rules: Sequence[Rule],
    *,
    engine: str = "duckdb",
    memory_limit: str = "1GB",
    threads: int | None = None,
    timeout: float | None = None,
    parameters: Mapping[str, Any] | None = None,
    cancelled: threading.Event | None = None,
    ledger: Path | None = None,
) -> Run:
    """Evaluates rules over a Parquet file; a rule that can't be evaluated is reported as such and harms no
    other.

    `parameters`: `today` (date), `updated_at` (date or aware datetime), and what `contexts` gathers. `timeout` in
    seconds, `memory_limit` as DuckDB writes it. `ledger` is where every row which breaks a rule is listed
    (`engine_ledger`), by DuckDB alone. Spark takes a URL of its cluster too. Raises OutOfTimeError when time is over
    and CancelledError soon after `cancelled` was set, both without a ledger left; FileNotFoundError, ArrowInvalid for
    no Parquet, ValueError for two rules of one id, an unknown engine or a ledger of another engine; Invalid when
    Spark isn't installed.
    """
    if len({rule.rule_id for rule in rules}) < len(rules):
        raise ValueError("two rules share an id")
    if engine not in ENGINES:
        raise ValueError(f"no such engine: {engine}")
    if ledger is not None and engine != "duckdb":
        raise ValueError(f"no ledger with {engine}")
    limits = Limits(memory_limit, threads, timeout, cancelled, engine_references.asked(rules, parameters or {}))
    with engine_peak.measured() as peak, _ground(engine, table, limits, keep=ledger is not None) as ground:
        about = Table(ground.columns, parameters or {}, ground.type_names, ground.rows, ground.references)
        outcomes, expected = _prepare(rules, about)
        began = time.perf_counter()
        if expected:
            results = _validate(ground, list(expected.values()))
            by_id = {rule.rule_id: rule for rule in rules}
            for result in results:
                rule = by_id[result.expectation_config.meta["rule_id"]]
                outcomes[rule.rule_id] = _outcome(rule, result, ground.columns)
            if ledger and ground.write_ledger:
                ground.write_ledger(ledger, _broken(rules, results))
        elif ledger and ground.write_ledger:
            ground.write_ledger(ledger, {})
        return Run(
            engine=engine,
            engine_version=f"Great Expectations {gx.VERSION}, {ground.version}",
            seconds=time.perf_counter() - began,
            rows=ground.rows,
            results=tuple(outcomes[rule.rule_id] for rule in rules),
            statements=ground.statements(),
            peak_memory_mb=round(peak() + ground.other_memory(), 1),
        )


@contextmanager
def _ground(engine: str, table: Path | str, limits: Limits, *, keep: bool) -> Iterator[Ground]:
    """The table opened by an engine."""
    if engine == "spark":
        if find_spec("pyspark") is None:
            raise Invalid("check.spark-missing")
        with engine_spark.over_spark(str(table), limits) as ground:
            yield ground
    elif engine == "pandas":
        with engine_grounds.over_pandas(Path(table), limits) as ground:
            yield ground
    else:
        with engine_grounds.over_scan(Path(table), limits, keep=keep) as ground:
            yield ground


def _prepare(rules: Sequence[Rule], about: Table) -> tuple[dict[str, RuleOutcome], dict[str, gx.Expectation]]:
    """Outcomes of rules which are settled without the data, and the expectations of the others."""
    unreadable = engine_tables.pattern_problems(
        rule.parameters["regex"] for rule in rules if "regex" in rule.parameters
    )
    settled: dict[str, RuleOutcome] = {}
    expected: dict[str, gx.Expectation] = {}
    for rule in rules:
        problem = unreadable.get(rule.parameters.get("regex", ""))
        try:
            if problem is not None:
                settled[rule.rule_id] = RuleOutcome(rule.rule_id, error="pattern-unreadable", detail=problem)
            elif rule.kind in settling.KINDS:
                settled[rule.rule_id] = _known(rule, about)
            else:
                expected[rule.rule_id] = engine_suites.expectation(rule, about)
        except NotApplicableError as error:
            settled[rule.rule_id] = RuleOutcome(rule.rule_id, success=True, lacking=error.lacking)
        except RuleError as error:
            settled[rule.rule_id] = RuleOutcome(rule.rule_id, error=error.reason, detail=error.detail)
        except ValueError as error:
            # the library's own refusal of an argument
            settled[rule.rule_id] = RuleOutcome(rule.rule_id, error="rule-refused", detail=str(error))
    return settled, expected


def _known(rule: Rule, about: Table) -> RuleOutcome:
    """What the platform knows without looking at any row."""
    found = settling.settle(rule, settling.About(about.parameters, about.rows, tuple(about.columns)))
    return RuleOutcome(
        rule.rule_id, found.evaluated, 0, found.unexpected, found.success, found.observed, detail=found.detail
    )


def _validate(ground: Ground, expected: list[gx.Expectation]) -> Sequence[Any]:
    suite = gx.ExpectationSuite(name="rules", expectations=expected)
    try:
        with remembered():
            results = list(ground.validator.validate_expectation_suite(suite).results)
    except Exception:
        # the library wraps what stopped it, and keeps going past it: the ground alone knows why it stopped
        if stopped := ground.stopped():
            raise stopped from None
        raise
    if stopped := ground.stopped():
        raise stopped
    return results


def _broken(rules: Sequence[Rule], results: Sequence[Any]) -> dict[str, Any]:
    """By rule, in order of the suite, the condition or keys which found something; samples tell."""
    found = {}
    for result in results:
        samples = (result.result or {}).get("partial_unexpected_list") or []
        if samples and _error(result.exception_info) is None:
            found[result.expectation_config.meta["rule_id"]] = samples[0].of
    return {rule.rule_id: found[rule.rule_id] for rule in rules if rule.rule_id in found}


def _outcome(rule: Rule, result: Any, columns: Mapping[str, Column]) -> RuleOutcome:
    """A result of the library as ours."""
    error = _error(result.exception_info)
    if error is not None:
        return RuleOutcome(rule.rule_id, error="engine-failed", detail=error)
    found, success = result.result or {}, bool(result.success)
    if rule.kind in _TABLE_KINDS:
        return RuleOutcome(rule.rule_id, 1, 0, int(not success), success, _observed(rule, found, columns))
    elements, missing = found.get("element_count") or 0, found.get("missing_count") or 0
    return RuleOutcome(
        rule_id=rule.rule_id,
        evaluated=elements - missing,
        missing=missing,
        unexpected=found.get("unexpected_count") or 0,
        success=success,
        samples=_samples(found),
    )


def _error(info: Any) -> str | None:
    """The library keeps one exception, or one a metric."""
    if not info:
        return None
    entries = [info] if "raised_exception" in info else list(info.values())
    for entry in entries:
        if entry.get("raised_exception", True):
            return str(entry.get("exception_message", entry))[:500]
    return None


def _samples(found: Mapping[str, Any]) -> tuple[tuple[int, Any], ...]:
    values = found.get("partial_unexpected_list") or []
    indices = found.get("partial_unexpected_index_list")
    if indices is not None:
        # pandas numbers the rows itself, Spark by the column it was given
        numbers = (at[engine_tables.ROW] if isinstance(at, Mapping) else at for at in indices)
        return tuple((int(at) + 1, _plain(value)) for at, value in zip(numbers, values, strict=False))
    return tuple((value.row, _plain(value.value)) for value in values)[:SAMPLES]


def _observed(rule: Rule, found: Mapping[str, Any], columns: Mapping[str, Column]) -> Any:
    """The figure, with columns under their own names."""
    value = _plain(found.get("observed_value"))
    if rule.kind == "columns_match":
        return [column.name for column in columns.values() if column.alias in value]
    if rule.kind == "type":
        return columns[rule.columns[0]].sort
    return value


def _plain(value: Any) -> Any:
    """A value as JSON can hold it: no NaN, no numpy, dates as ISO text, records as lists in order of their
    columns."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is pd.NaT or value is pd.NA or (isinstance(value, float) and not np.isfinite(value)):
        return None
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(each) for each in value]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
