"""Conditions of our own, on every engine this product uses.

How a kind of rule gets a condition which the library doesn't have:

1. A metric: a `gx.ColumnMapMetricProvider` (also `ColumnPairMapMetricProvider`, `MulticolumnMapMetricProvider`) with
   `condition_metric_name`, `condition_value_keys`, and one partial for each engine. Each says which values are *good*;
   nulls are left out by the library.
   - `@gx.column_condition_partial(engine=ParquetScanEngine)`: a SQLAlchemy expression, compiled to DuckDB's SQL with
     its literals inside and evaluated as one bit of the scan, so it gets counts, samples and ledger by itself. Anything
     DuckDB knows is `sa.func.name(column)`; what it doesn't know is an Arrow function registered in
     `engine_tables._register` (arrays in, booleans out; nulls come as nulls).
   - `@gx.column_condition_partial(engine=JudgeEngine)`: a pandas Series without nulls in, a boolean Series of the same
     index out.
   - `@gx.column_condition_partial(engine=ClusterEngine)`: a Spark column in, a boolean Spark column out, written with
     `gx.spark.functions` (which is there to be called only where Spark is installed).
2. An expectation: a `gx.ColumnMapExpectation` with `map_metric` and the keys as fields; its name starts with Expect.
3. A builder in `engine_suites`, which gives columns by their aliases and values in the type of the column.

Values reach a condition as literals: they have to be numbers, texts, days, or lists of those. What is too long for a
statement (keys of another table) belongs into an Arrow function or a semi-join prepared before the run.
The same provider mechanism replaces what the library does: here its matching of expressions, which would run user
patterns on backtracking machines, is done by RE2 on pandas and Spark as it is on DuckDB.
"""

import datetime as dt
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from quality.engines import check_digits, engine_re2, engine_single
from quality.engines import engine_gx as gx
from quality.engines.engine import ParquetScanEngine
from quality.engines.engine_others import JUDGED_TYPES, ClusterEngine, JudgeEngine
from quality.engines.engine_tables import ROW
from quality.rules import patterns


class ColumnValuesCheckDigits(gx.ColumnMapMetricProvider):
    """The metric: which values carry a right check digit."""

    condition_metric_name = "column_values.check_digits"
    condition_value_keys = ("scheme", "not_after")

    @gx.column_condition_partial(engine=JudgeEngine)
    def _pandas(cls, column: "pd.Series[Any]", scheme: str, not_after: int, **_: Any) -> "pd.Series[bool]":  # noqa: N805
        good = check_digits.check(scheme, pa.array(column, pa.string(), from_pandas=True), not_after)
        return pd.Series(good.fill_null(False).to_pylist(), index=column.index, dtype=bool)

    @gx.column_condition_partial(engine=ParquetScanEngine)
    def _scan(cls, column: Any, scheme: str, not_after: int, **_: Any) -> Any:  # noqa: N805
        if scheme == "citizen_id":
            return sa.func.check_citizen_id(column, not_after)
        return getattr(sa.func, f"check_{scheme}")(column)

    @gx.column_condition_partial(engine=ClusterEngine)
    def _spark(cls, column: Any, scheme: str, not_after: int, **_: Any) -> Any:  # noqa: N805
        if scheme == "uscc":
            return _weighed(column, check_digits.USCC)
        if scheme in check_digits.PLAIN:
            return gx.spark.functions.udf(engine_single.checked(scheme), "boolean", useArrow=False)(column)
        return _weighed(column, check_digits.CITIZEN_ID) & _born(column, not_after)


class ExpectColumnValuesToHaveValidCheckDigits(gx.ColumnMapExpectation):
    """Expect the values of a column to carry a right check digit: scheme is one of
    `check_digits.PLAIN` or "citizen_id", `not_after` (yyyymmdd) the last date of birth which is possible."""

    scheme: str
    not_after: int = 99991231

    map_metric: ClassVar[str] = "column_values.check_digits"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "scheme", "not_after")
    args_keys: ClassVar[tuple[str, ...]] = ("column",)


class ColumnValuesMatch(gx.ColumnMapMetricProvider):
    """The library's metric for expressions, by RE2 where the library would not use it."""

    condition_metric_name = "column_values.match_regex"
    condition_value_keys = ("regex",)

    @gx.column_condition_partial(engine=JudgeEngine)
    def _pandas(cls, column: "pd.Series[Any]", regex: str, **_: Any) -> "pd.Series[bool]":  # noqa: N805
        return _matched(column, regex)

    @gx.column_condition_partial(engine=ClusterEngine)
    def _spark(cls, column: Any, regex: str, **_: Any) -> Any:  # noqa: N805
        return _spark_matched(column, regex)


class ColumnValuesDontMatch(gx.ColumnMapMetricProvider):
    """The same for its opposite."""

    condition_metric_name = "column_values.not_match_regex"
    condition_value_keys = ("regex",)

    @gx.column_condition_partial(engine=JudgeEngine)
    def _pandas(cls, column: "pd.Series[Any]", regex: str, **_: Any) -> "pd.Series[bool]":  # noqa: N805
        return ~_matched(column, regex)

    @gx.column_condition_partial(engine=ClusterEngine)
    def _spark(cls, column: Any, regex: str, **_: Any) -> Any:  # noqa: N805
        return ~_spark_matched(column, regex)


class ClusterValuesBetween(gx.ColumnMapMetricProvider):
    """The library's metric for ranges, whole bounds as integers: Spark compares a long with a double as doubles."""

    condition_metric_name = "column_values.between"
    condition_value_keys = ("min_value", "max_value", "strict_min", "strict_max")

    @gx.column_condition_partial(engine=ClusterEngine)
    def _spark(
        cls,  # noqa: N805
        column: Any,
        min_value: Any = None,
        max_value: Any = None,
        strict_min: bool | None = None,
        strict_max: bool | None = None,
        **_: Any,
    ) -> Any:
        low, high = (_literal(bound) for bound in (min_value, max_value))
        above = gx.spark.functions.lit(True) if min_value is None else column > low if strict_min else column >= low
        below = gx.spark.functions.lit(True) if max_value is None else column < high if strict_max else column <= high
        return above & below


class ClusterValuesInSet(gx.ColumnMapMetricProvider):
    """The library's metric for sets, with exact values."""

    condition_metric_name = "column_values.in_set"
    condition_value_keys = ("value_set",)

    @gx.column_condition_partial(engine=ClusterEngine)
    def _spark(cls, column: Any, value_set: list[Any], **_: Any) -> Any:  # noqa: N805
        return column.isin([_literal(value) for value in value_set])


class ClusterValuesNotInSet(gx.ColumnMapMetricProvider):
    """The same for its opposite."""

    condition_metric_name = "column_values.not_in_set"
    condition_value_keys = ("value_set",)

    @gx.column_condition_partial(engine=ClusterEngine)
    def _spark(cls, column: Any, value_set: list[Any], **_: Any) -> Any:  # noqa: N805
        return ~column.isin([_literal(value) for value in value_set])


class JudgedColumnTypes(gx.TableMetricProvider):
    """The library's description of a frame, by the sorts of our columns."""

    metric_name = "table.column_types"
    value_keys = ("include_nested",)
    default_kwarg_values = {"include_nested": True}  # noqa: RUF012 - the base class has it as an instance variable

    @gx.metric_value(engine=JudgeEngine)
    def _pandas(cls, execution_engine: JudgeEngine, **_: Any) -> list[dict[str, Any]]:  # noqa: N805
        return [{"name": one.alias, "type": np.dtype(JUDGED_TYPES[one.sort])} for one in execution_engine.columns]


class ClusterColumns(gx.TableMetricProvider):
    """The library's list of a frame's columns, without the number of the row."""

    metric_name = "table.columns"

    @gx.metric_value(engine=ClusterEngine)
    def _spark(cls, metrics: dict[str, Any], **_: Any) -> list[str]:  # noqa: N805
        return [str(one["name"]) for one in metrics["table.column_types"] if one["name"] != ROW]

    @classmethod
    def _get_evaluation_dependencies(cls, *arguments: Any, **named: Any) -> dict[str, Any]:
        return dict(gx.TableColumns._get_evaluation_dependencies(*arguments, **named))  # noqa: SLF001


def _literal(value: Any) -> Any:
    """A value as Spark's own: a whole number as an integer, an instant on the wall clock it was read from, which
    Spark would take for one of the machine's zone."""
    if isinstance(value, dt.datetime):
        return gx.spark.functions.lit(value.isoformat(" ")).cast("timestamp_ntz")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        value = int(value)
    return gx.spark.functions.lit(value)


def _matched(column: "pd.Series[Any]", regex: str) -> "pd.Series[bool]":
    search = engine_re2.searcher(regex)
    return pd.Series([search(str(value)) for value in column], index=column.index, dtype=bool)


def _spark_matched(column: Any, regex: str) -> Any:
    if regex in patterns.OURS:
        # ours are simple enough for any machine, but for Java a text ends before its last line break too
        return column.rlike(regex.replace("$", r"\z"))
    search = gx.spark.functions.udf(engine_re2.searcher(regex), gx.spark.types.BooleanType(), useArrow=False)
    return search(column.cast("string"))


def _weighed(column: Any, scheme: check_digits.Scheme) -> Any:
    """Eighteen characters of the alphabets, of either case, whose weighted sum leaves the scheme's remainder."""
    functions = gx.spark.functions
    good = functions.length(column) == check_digits.WIDTH
    total: Any = functions.lit(0)
    for at, (alphabet, weight) in enumerate(zip(scheme.alphabets, scheme.weights, strict=True)):
        both = functions.lit(alphabet + alphabet.lower())
        place = functions.instr(both, functions.substring(column, at + 1, 1))
        good = good & (place > 0)
        total = total + ((place - 1) % len(alphabet)) * weight
    return good & (total % scheme.modulus == scheme.remainder)


def _born(column: Any, not_after: int) -> Any:
    """A known province and a real day of birth from 1800 on that is not too late."""
    functions = gx.spark.functions
    day = functions.substring(column, 7, 8)
    real = functions.try_to_date(day, "yyyyMMdd")
    provinces = [str(one) for one in check_digits.PROVINCES]
    known = functions.substring(column, 1, 2).isin(provinces)
    born = functions.date_format(real, "yyyyMMdd").cast("int")
    return known & functions.coalesce((born >= 18_000_101) & (born <= not_after), functions.lit(False))
