"""Division codes as expectations of Great Expectations, on every engine this product uses.

`ExpectColumnValuesToBeDivisionCodes(column, day)` and `ExpectColumnPairValuesToBeDivisionCodes(column_A, column_B)`:
codes of divisions in use on one day (yyyymmdd, or 0 for ever), or on the day which stands beside each.
"""

from typing import Any, ClassVar, Literal

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from quality.engines import division_codes, engine_single
from quality.engines import engine_gx as gx
from quality.engines.engine import ParquetScanEngine
from quality.engines.engine_others import ClusterEngine, JudgeEngine


def _texts(column: "pd.Series[Any]") -> pa.Array:
    return pa.array(column, pa.string(), from_pandas=True)


def _flags(good: pa.Array, column: "pd.Series[Any]") -> "pd.Series[bool]":
    return pd.Series(good.fill_null(False).to_pylist(), index=column.index, dtype=bool)


def _on_cluster() -> Any:
    check = engine_single.division(division_codes.spans(), division_codes.FIRST_LIST)
    return gx.spark.functions.udf(check, "boolean", useArrow=False)


class ColumnValuesDivisionCode(gx.ColumnMapMetricProvider):
    """The metric: which values are division codes in use on one day."""

    condition_metric_name = "column_values.division_code"
    condition_value_keys = ("day",)

    @gx.column_condition_partial(engine=JudgeEngine)
    def _pandas(cls, column: "pd.Series[Any]", day: int, **_: Any) -> "pd.Series[bool]":  # noqa: N805
        days = pa.array([day] * len(column), pa.int32())
        return _flags(division_codes.in_use(_texts(column), days), column)

    @gx.column_condition_partial(engine=ParquetScanEngine)
    def _scan(cls, column: Any, day: int, **_: Any) -> Any:  # noqa: N805
        return sa.func.check_division(column, day)

    @gx.column_condition_partial(engine=ClusterEngine)
    def _spark(cls, column: Any, day: int, **_: Any) -> Any:  # noqa: N805
        return _on_cluster()(column, gx.spark.functions.lit(day))


class ExpectColumnValuesToBeDivisionCodes(gx.ColumnMapExpectation):
    """Expect the values of a column to be division codes in use on a day (yyyymmdd), or ever (0)."""

    day: int

    map_metric: ClassVar[str] = "column_values.division_code"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "day")
    args_keys: ClassVar[tuple[str, ...]] = ("column",)


class ColumnPairValuesDivisionCode(gx.ColumnPairMapMetricProvider):
    """The metric: which values of one column are division codes in use on the day in the other."""

    condition_metric_name = "column_pair_values.division_code"

    @gx.column_pair_condition_partial(engine=JudgeEngine)
    def _pandas(cls, column_A: "pd.Series[Any]", column_B: "pd.Series[Any]", **_: Any) -> "pd.Series[bool]":  # noqa: N803, N805
        moments = pd.to_datetime(column_B, errors="coerce")
        numbers = moments.dt.year * 10_000 + moments.dt.month * 100 + moments.dt.day
        days = pa.array(numbers, from_pandas=True).cast(pa.int32())
        return _flags(division_codes.in_use(_texts(column_A), days), column_A)

    @gx.column_pair_condition_partial(engine=ParquetScanEngine)
    def _scan(cls, column_A: Any, column_B: Any, **_: Any) -> Any:  # noqa: N803, N805
        number = sa.func.year(column_B) * 10_000 + sa.func.month(column_B) * 100 + sa.func.day(column_B)
        return sa.func.check_division(column_A, sa.cast(number, sa.Integer))

    @gx.column_pair_condition_partial(engine=ClusterEngine)
    def _spark(cls, column_A: Any, column_B: Any, **_: Any) -> Any:  # noqa: N803, N805
        day = gx.spark.functions.date_format(column_B, "yyyyMMdd").cast("int")
        return _on_cluster()(column_A, day)


class ExpectColumnPairValuesToBeDivisionCodes(gx.ColumnPairMapExpectation):
    """Expect the values of one column to be division codes in use on the day in the other."""

    ignore_row_if: Literal["either_value_is_missing"] = "either_value_is_missing"

    map_metric: ClassVar[str] = "column_pair_values.division_code"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "ignore_row_if")
    args_keys: ClassVar[tuple[str, ...]] = ("column_A", "column_B")
