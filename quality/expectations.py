"""Runs our rules over a Parquet table with Great Expectations and gives plain results back.

`engine="duckdb"` is the product's; `engine="pandas"` is the slow judge which tests compare it with. Heavy to
import: only worker and command line do.
"""

import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from quality import engine, engine_references, engine_suites, engine_tables
from quality import engine_gx as gx
from quality import settled as settling
from quality.engine_suites import Table
from quality.engine_tables import OutOfTimeError, Scan
from quality.rules import NotApplicableError, Rule, RuleError

__all__ = ["OutOfTimeError", "RuleOutcome", "Run", "run"]

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
    """One run over one table; outcomes in the order of the rules given."""

    engine: str
    engine_version: str
    seconds: float
    rows: int
    results: tuple[RuleOutcome, ...]
    statements: int = 0


def run(
    table: Path,
    rules: Sequence[Rule],
    *,
    engine: str = "duckdb",
    memory_limit: str = "1GB",
    threads: int | None = None,
    timeout: float | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Run:
    """Evaluates rules over a Parquet file; a rule that can't be evaluated is reported as such and harms no
    other.

    `parameters`: `today` (date), `updated_at` (date or aware datetime), and what `contexts` gathers. `timeout` in
    seconds, `memory_limit` as DuckDB writes it. Raises OutOfTimeError when time is over, FileNotFoundError,
    ArrowInvalid for no Parquet, ValueError for two rules of one id or an unknown engine.
    """
    began = time.perf_counter()
    if len({rule.rule_id for rule in rules}) < len(rules):
        raise ValueError("two rules share an id")
    if engine not in {"duckdb", "pandas"}:
        raise ValueError(f"no such engine: {engine}")
    also = engine_references.asked(rules, parameters or {})
    with engine_tables.open_table(
        table, memory_limit=memory_limit, threads=threads, timeout=timeout, also=also
    ) as scan:
        about = Table(scan.names, parameters or {}, scan.rows, scan.references)
        outcomes, expected = _prepare(rules, about, scan)
        if expected:
            results = _validate(scan, engine, list(expected.values()))
            by_id = {rule.rule_id: rule for rule in rules}
            for result in results:
                rule = by_id[result.expectation_config.meta["rule_id"]]
                outcomes[rule.rule_id] = _outcome(rule, result, scan)
        return Run(
            engine=engine,
            engine_version=_version(engine),
            seconds=time.perf_counter() - began,
            rows=scan.rows,
            results=tuple(outcomes[rule.rule_id] for rule in rules),
            statements=len(scan.statements),
        )


def _version(engine: str) -> str:
    beneath = f"DuckDB {duckdb.__version__}" if engine == "duckdb" else f"pandas {pd.__version__}"
    return f"Great Expectations {gx.VERSION}, {beneath}"


def _prepare(
    rules: Sequence[Rule], about: Table, scan: Scan
) -> tuple[dict[str, RuleOutcome], dict[str, gx.Expectation]]:
    """Outcomes of rules which are settled without the data, and the expectations of the others."""
    regexes = [rule.parameters["regex"] for rule in rules if "regex" in rule.parameters]
    unreadable = engine_tables.pattern_problems(scan, regexes)
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


def _validate(scan: Scan, engine: str, expected: list[gx.Expectation]) -> Sequence[Any]:
    suite = gx.ExpectationSuite(name="rules", expectations=expected)
    context = gx.quiet_context()
    try:
        with _over_pandas(context, scan) if engine == "pandas" else _over_scan(context, scan) as validator:
            results = list(validator.validate_expectation_suite(suite).results)
    except Exception:
        # the library wraps what stopped it, and keeps going past it: the scan alone knows that time is over
        if scan.over.is_set():
            raise OutOfTimeError from None
        raise
    if scan.over.is_set():
        raise OutOfTimeError
    return results


@contextmanager
def _over_scan(context: gx.AbstractDataContext, scan: Scan) -> Iterator[gx.Validator]:
    with engine.batch_over(context, scan) as batch:
        yield gx.Validator(batch_definition=batch, result_format="BASIC")


@contextmanager
def _over_pandas(context: gx.AbstractDataContext, scan: Scan) -> Iterator[gx.Validator]:
    """The judge: the same view as a frame, with the library's own engine and its row numbers."""
    rows = scan.connection.sql(
        f"SELECT * EXCLUDE ({engine_tables.ROW}) FROM {engine_tables.SOURCE} ORDER BY {engine_tables.ROW}"
    )
    frame = rows.to_arrow_table().to_pandas()
    source = context.data_sources.add_pandas("pandas")
    try:
        batch = source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("whole")
        yield gx.Validator(batch_definition=batch, batch_parameters={"dataframe": frame}, result_format="SUMMARY")
    finally:
        context.data_sources.delete("pandas")


def _outcome(rule: Rule, result: Any, scan: Scan) -> RuleOutcome:
    """A result of the library as ours."""
    error = _error(result.exception_info)
    if error is not None:
        return RuleOutcome(rule.rule_id, error="engine-failed", detail=error)
    found, success = result.result or {}, bool(result.success)
    if rule.kind in _TABLE_KINDS:
        return RuleOutcome(rule.rule_id, 1, 0, int(not success), success, _observed(rule, found, scan))
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
        return tuple((int(at) + 1, _plain(value)) for at, value in zip(indices, values, strict=False))
    return tuple((value.row, _plain(value.value)) for value in values)[:SAMPLES]


def _observed(rule: Rule, found: Mapping[str, Any], scan: Scan) -> Any:
    """The figure, with columns under their own names."""
    value = _plain(found.get("observed_value"))
    if rule.kind == "columns_match":
        return [column.name for column in scan.columns if column.alias in value]
    if rule.kind == "type":
        return scan.names[rule.columns[0]].sort
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
