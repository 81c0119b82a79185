"""Great Expectations on DuckDB over Parquet: all metrics of a suite in one pass.

The library resolves a graph of metrics in rounds and sends a query for nearly each. This engine leaves the
library its suites, conditions, success logic and results, and only changes *when* queries run: whatever needs
data is withheld (the library asks again in the next round) until every condition is known, and then answered
together by `engine_scan`.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from uuid import uuid4

import sqlalchemy as sa

from quality.engines import engine_dialect, engine_scan
from quality.engines import engine_gx as gx
from quality.engines.engine_scan import Answers, Figure, Keys, Plan
from quality.engines.engine_tables import SOURCE, Scan

_KEYED = {"column_values.unique", "compound_columns.unique"}
_UNASKED = {f"{name}.condition" for name in _KEYED} | {
    "column_values.count_per_value.map",
    "compound_columns.count.map",
}
_ALL_MISSING = {"both_values_are_missing", "all_values_are_missing"}
_ANY_MISSING = {"either_value_is_missing", "any_value_is_missing"}


class Numbered(NamedTuple):
    """An unexpected value with the number of its row, counted from 1, and the condition or keys which found it."""

    row: int
    value: Any
    of: str | Keys | Figure = ""


@dataclass(frozen=True)
class _Wanted:
    """What one metric asks for: the rows of the table, the count or samples of a condition or keys, or a
    figure."""

    part: Literal["rows", "count", "ordinary", "samples", "figure"]
    of: str | Keys | Figure = ""
    columns: tuple[str, ...] = ()
    shape: Literal["value", "pair", "record"] = "value"


class ParquetScanEngine(gx.SqlAlchemyExecutionEngine):
    """The execution engine. `numbered` samples come as `Numbered`, else as the bare values the library is used
    to. With `keep`, `rows` tells afterwards how to list all rows of what was sampled."""

    numbered = False
    keep = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dialect_module = engine_dialect.family
        self.rows: dict[str | Keys, str] = {}
        self._broken: dict[str | Keys | Figure, str] = {}

    @property
    def scan(self) -> Scan:
        """The open table behind this engine."""
        return engine_dialect.reached(self.engine.url)

    def resolve_metrics(
        self,
        metrics_to_resolve: Iterable[gx.MetricConfiguration],
        metrics: dict[Any, Any] | None = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> dict[Any, Any]:
        """The values of metrics. Those which need no data, or are none of ours, are resolved by the library
        first."""
        asked, known = list(metrics_to_resolve), metrics if metrics is not None else {}
        # keys are counted by the scan itself: the windows and joins which the library would write are never looked at
        unasked: dict[Any, Any] = {
            m.id: (sa.true(), m.metric_domain_kwargs, {}) for m in asked if m.metric_name in _UNASKED
        }
        ready = [metric for metric in asked if metric.id not in unasked]
        wanted = {metric.id: self._wanted(metric, known) for metric in ready}
        others = [metric for metric in ready if wanted[metric.id] is None]
        if others or unasked:
            found = super().resolve_metrics(others, known, runtime_configuration) if others else {}
            return unasked | found
        return self._resolve({metric: want for metric in ready if (want := wanted[metric.id])})

    def _resolve(self, wanted: dict[gx.MetricConfiguration, _Wanted]) -> dict[Any, Any]:
        whole = {metric: want for metric, want in wanted.items() if want.of not in self._broken}
        if not whole:
            self._refuse(wanted)
        answers = engine_scan.run(self.scan, _plan(whole.values()), keep=self.keep)
        self._broken.update(answers.errors)
        self.rows.update(answers.rows)
        good = {metric: want for metric, want in whole.items() if want.of not in self._broken}
        if not good:
            self._refuse(wanted)
        return {metric.id: self._value(want, answers) for metric, want in good.items()}

    def _refuse(self, wanted: dict[gx.MetricConfiguration, _Wanted]) -> None:
        """Reports the metrics which share one error; the library asks for the others again."""
        reason = next((self._broken[want.of] for want in wanted.values()), "")
        failed = [metric for metric, want in wanted.items() if self._broken[want.of] == reason]
        if failed:
            raise gx.MetricResolutionError(message=reason, failed_metrics=failed)

    def _value(self, want: _Wanted, answers: Answers) -> Any:
        if want.part == "rows":
            return self.scan.rows
        if isinstance(want.of, Figure):
            return gx.convert_to_json_serializable(answers.figures[want.of])
        if want.part in {"count", "ordinary"}:
            return answers.counts[want.of]
        shown = [(row, _shape(want, record)) for row, record in answers.samples.get(want.of, [])]
        return [Numbered(row, value, want.of) if self.numbered else value for row, value in shown]

    # -- what a metric asks for

    def _wanted(self, metric: gx.MetricConfiguration, known: dict[Any, Any]) -> _Wanted | None:
        """None for what is not ours: lazy metrics, descriptions of the table, metrics with an own way of
        counting."""
        domain = metric.metric_domain_kwargs
        if domain.get("filter_conditions") or domain.get("table") or isinstance(domain.get("row_condition"), str):
            return None
        base, _, last = metric.metric_name.rpartition(".")
        if metric.metric_name == "table.row_count":
            where = self._where(domain)
            return _Wanted("ordinary", where) if where else _Wanted("rows")
        condition = _resolved(metric, "unexpected_condition", known)
        if condition is not None:
            return self._of_condition(base, last, domain, condition[0])
        partial = _resolved(metric, "metric_partial_fn", known)
        if partial is None or last == "aggregate_fn":
            return None
        return _Wanted("figure", Figure(self._compile(partial[0]), self._where(domain)))

    def _of_condition(self, base: str, last: str, domain: dict[str, Any], condition: Any) -> _Wanted | None:
        where = self._where(domain)
        columns = _columns(domain)
        shape: Literal["value", "pair", "record"] = "value" if "column" in domain else "record"
        if "column_A" in domain:
            shape = "pair"
        if last == "filtered_row_count":
            return _Wanted("ordinary", where) if where else _Wanted("rows")
        if last not in {"unexpected_count", "unexpected_values"}:
            return None
        of: str | Keys = Keys(columns, where) if base in _KEYED else self._both(where, condition)
        return _Wanted("count" if last == "unexpected_count" else "samples", of, columns, shape)

    def _both(self, where: str, condition: Any) -> str:
        compiled = self._compile(condition)
        return f"({where}) AND ({compiled})" if where else compiled

    def _where(self, domain: dict[str, Any]) -> str:
        """The rows a metric looks at, as SQL: its row condition and its way with missing values."""
        clauses = []
        condition = domain.get("row_condition")
        if isinstance(condition, dict):
            condition = gx.deserialize_row_condition(condition)
        if isinstance(condition, gx.Condition):
            clauses.append(self._compile(self.condition_to_filter_clause(condition)))
        nulls = [f"{column} IS NULL" for column in _columns(domain)]
        if domain.get("ignore_row_if") in _ALL_MISSING:
            clauses.append(f"NOT ({' AND '.join(nulls)})")
        elif domain.get("ignore_row_if") in _ANY_MISSING:
            clauses.append(f"NOT ({' OR '.join(nulls)})")
        return " AND ".join(clauses)

    def _compile(self, expression: Any) -> str:
        return str(expression.compile(dialect=self.engine.dialect, compile_kwargs={"literal_binds": True}))


def _resolved(metric: gx.MetricConfiguration, name: str, known: dict[Any, Any]) -> Any:
    """The value of a dependency of a metric, also when it hides behind the metric's partial function."""
    for holder in (metric, metric.metric_dependencies.get("metric_partial_fn")):
        dependency = holder.metric_dependencies.get(name) if holder is not None else None
        if dependency is not None and dependency.id in known:
            return known[dependency.id]
    return None


def _columns(domain: dict[str, Any]) -> tuple[str, ...]:
    if "column_A" in domain:
        return (str(domain["column_A"]), str(domain["column_B"]))
    listed = [domain["column"]] if "column" in domain else domain.get("column_list", [])
    return tuple(str(column) for column in listed)


def _plan(wanted: Iterable[_Wanted]) -> Plan:
    plan = Plan()
    for want in wanted:
        if isinstance(want.of, Figure):
            plan.figures[want.of] = None
        elif isinstance(want.of, Keys):
            plan.keys[want.of] = None
        elif want.part == "samples":
            plan.sample(want.of, want.columns)
        elif want.part != "rows":
            plan.count(want.of, ordinary=want.part == "ordinary")
    return plan


def _shape(want: _Wanted, record: Any) -> Any:
    if want.shape == "value":
        return record[want.columns[0]]
    if want.shape == "pair":
        return tuple(record[column] for column in want.columns)
    return {column: record[column] for column in want.columns}


_EngineType = type[ParquetScanEngine]


class ParquetScanDatasource(gx.SQLDatasource):
    """The data source behind `context.data_sources.add_parquet_scan`; named apart from what the library may
    bring."""

    type: Literal["parquet_scan"] = "parquet_scan"  # type: ignore[assignment]

    @property
    def execution_engine_type(self) -> _EngineType:
        """The engine that runs it."""
        return ParquetScanEngine

    def forget_engine(self) -> None:
        """The next one who asks gets a new engine."""
        self._execution_engine = None


_kept = threading.local()


@contextmanager
def batch_over(scan: Scan, *, keep: bool = False) -> Iterator[tuple[gx.BatchDefinition[Any], ParquetScanEngine]]:
    """A batch definition over an open scan and the engine that will answer for it, with numbered samples.

    The data source is kept by the thread, for adding one costs the library as much as a small table; the engine is
    new each time.
    """
    _kept.key = getattr(_kept, "key", None) or uuid4().hex
    with engine_dialect.offered(scan, _kept.key) as url:
        batch = getattr(_kept, "batch", None) or _batch(url)
        _kept.batch = batch
        source = batch.data_asset.datasource
        source.forget_engine()
        engine = source.get_execution_engine()
        engine.numbered, engine.keep = True, keep
        try:
            yield batch, engine
        finally:
            engine.close()
            source.forget_engine()


def _batch(url: str) -> gx.BatchDefinition[Any]:
    source = gx.quiet_context().data_sources.add_parquet_scan(url.rpartition("/")[2], connection_string=url)
    batch: gx.BatchDefinition[Any] = source.add_table_asset(
        "table", table_name=SOURCE
    ).add_batch_definition_whole_table("whole")
    return batch


def type_names(sort: str) -> list[str]:
    """The names of types in this engine's description of the table which a `type` rule of some sort accepts."""
    named = {
        "text": sa.VARCHAR,
        "integer": sa.BIGINT,
        "number": sa.Double,
        "date": sa.DATE,
        "datetime": sa.TIMESTAMP,
    }
    sorts = ["number", "integer"] if sort == "number" else [sort]
    return [named.get(each, sa.BOOLEAN).__name__ for each in sorts]
