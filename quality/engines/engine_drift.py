"""Drift of a column as an expectation: the population stability index against the version before, on every engine."""

import datetime as dt
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from quality.engines import drift
from quality.engines import engine_gx as gx
from quality.engines.engine import ParquetScanEngine
from quality.engines.engine_others import ClusterEngine, JudgeEngine
from quality.engines.engine_tables import literal


class ColumnStabilityIndex(gx.ColumnAggregateMetricProvider):
    """The metric: the index over the bins `edges` or `values`, the rest and the missing; see `drift`."""

    metric_name = "column.stability_index"
    value_keys = ("sort", "edges", "values", "shares")

    @gx.column_aggregate_value(engine=JudgeEngine)
    def _pandas(
        cls,  # noqa: N805
        column: "pd.Series[Any]",
        sort: str,
        edges: list[Any],
        values: list[str],
        shares: list[float],
        **_: Any,
    ) -> float:
        held = pa.array(column, from_pandas=True)
        filled = held.drop_null()
        counts = _by_values(filled, sort, values) if values else _by_edges(filled, sort, edges)
        return drift.index(shares, [*counts, held.null_count])

    @gx.column_aggregate_partial(engine=ParquetScanEngine)
    def _scan(
        cls,  # noqa: N805
        column: Any,
        sort: str,
        edges: list[Any],
        values: list[str],
        shares: list[float],
        **_: Any,
    ) -> Any:
        return sa.literal_column(_sql(str(column), sort, edges, values, shares))

    @gx.column_aggregate_partial(engine=ClusterEngine)
    def _spark(
        cls,  # noqa: N805
        column: Any,  # noqa: ARG002 - Spark's column can't be put into a text
        sort: str,
        edges: list[Any],
        values: list[str],
        shares: list[float],
        _column_name: str = "",
        **_: Any,
    ) -> Any:
        name = f"`{_column_name.replace('`', '``')}`"
        return gx.spark.functions.expr(_sql(name, sort, edges, values, shares, kind="STRING"))


def _by_values(filled: pa.Array, sort: str, values: list[str]) -> list[int]:
    texts = filled.cast(pa.int64()).cast(pa.string()) if sort == "integer" else filled.cast(pa.string())
    counted = {one["values"]: one["counts"] for one in texts.value_counts().to_pylist()}
    named = [counted.get(value, 0) for value in values]
    return [*named, len(filled) - sum(named)]


def _by_edges(filled: pa.Array, sort: str, edges: list[Any]) -> list[int]:
    places = np.searchsorted(_numbers(pa.array(_plain(sort, edges))), _numbers(filled), side="left")
    return [int(count) for count in np.bincount(places, minlength=len(edges) + 1)]


def _plain(sort: str, edges: list[Any]) -> list[Any]:
    if sort == "date":
        return [dt.date.fromisoformat(edge) for edge in edges]
    return [dt.datetime.fromisoformat(edge) for edge in edges] if sort == "datetime" else edges


def _numbers(values: pa.Array) -> npt.NDArray[Any]:
    """Days as days, instants as microseconds, decimals as floats."""
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    elif pa.types.is_date(values.type):
        values = values.cast(pa.int32())
    elif pa.types.is_decimal(values.type):
        values = values.cast(pa.float64())
    return np.asarray(values)


def _sql(name: str, sort: str, edges: list[Any], values: list[str], shares: list[float], kind: str = "VARCHAR") -> str:
    """The index as one SQL expression over counts."""
    if values:
        text = name if sort == "text" else f"CAST({name} AS {kind})"
        named = [f"{text} = {literal(value)}" for value in values]
        parts = [*named, f"{text} NOT IN ({', '.join(literal(value) for value in values)})"]
    else:
        bounds = [_edge(sort, edge) for edge in edges]
        above = ["", *(f"{name} > {bound} AND " for bound in bounds)]
        parts = [f"{low}{name} <= {high}" for low, high in zip(above, bounds, strict=False)]
        parts.append(f"{name} > {bounds[-1]}")
    parts.append(f"{name} IS NULL")
    terms = []
    for part, share in zip(parts, shares, strict=True):
        old = max(share, drift.LEAST)
        now = f"greatest(sum(CASE WHEN {part} THEN 1.0E0 ELSE 0.0E0 END) / count(*), {drift.LEAST!r})"
        terms.append(f"({now} - {old!r}) * ln({now} / {old!r})")
    return " + ".join(terms)


def _edge(sort: str, edge: Any) -> str:
    if sort == "date":
        return f"DATE '{dt.date.fromisoformat(edge).isoformat()}'"
    if sort == "datetime":
        return f"TIMESTAMP '{dt.datetime.fromisoformat(edge).isoformat(sep=' ')}'"
    return repr(float(edge)) if isinstance(edge, float) else repr(int(edge))


class ExpectColumnToBeSteady(gx.ColumnAggregateExpectation):
    """Expect a column's distribution to be that of the version before: the index lies at or under `max_value`."""

    sort: str
    edges: list[Any] = []  # noqa: RUF012 - fields of a model are copied for each instance
    values: list[str] = []  # noqa: RUF012
    shares: list[float] = []  # noqa: RUF012
    min_value: float | None = None
    max_value: float
    strict_min: bool = False
    strict_max: bool = False

    metric_dependencies: ClassVar[tuple[str, ...]] = ("column.stability_index",)
    success_keys: ClassVar[tuple[str, ...]] = (
        "sort", "edges", "values", "shares", "min_value", "max_value", "strict_min", "strict_max",
    )  # fmt: skip
    args_keys: ClassVar[tuple[str, ...]] = ("column",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> Any:
        return self._validate_metric_value_between(
            metric_name="column.stability_index",
            metrics=metrics,
            runtime_configuration=runtime_configuration,
            execution_engine=execution_engine,
        )
