"""Relations between columns and with other tables, as expectations of Great Expectations on every engine.

Keys of other tables stand in the scan (`engine_tables.Reference`); an engine without it asks for them by name.
"""

from typing import Any, ClassVar, Literal

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from quality.engines import engine_gx as gx
from quality.engines import engine_keys, engine_single, engine_tables
from quality.engines.engine import ParquetScanEngine
from quality.engines.engine_others import ClusterEngine, JudgeEngine
from quality.rules import patterns

_KINDS = {"integer": (sa.BIGINT, "bigint"), "number": (sa.Double, "double"), "text": (sa.VARCHAR, "string")}


def _as(sort: str, column: Any) -> Any:
    return sa.cast(column, _KINDS[sort][0])


def _held(column: "pd.Series[Any]", sort: str) -> list[Any]:
    """The values of a frame's column in the common type of both sides."""
    array = pa.array(column, from_pandas=True)
    if pa.types.is_floating(array.type) and sort != "number":
        array = array.cast(pa.int64())
    return list(array.cast({"integer": pa.int64(), "number": pa.float64(), "text": pa.string()}[sort]).to_pylist())


class ColumnValuesReferred(gx.ColumnMapMetricProvider):
    """The metric: which values occur among the keys of another table; both sides compared as `sort`."""

    condition_metric_name = "column_values.referred"
    condition_value_keys = ("reference", "sort")

    @gx.column_condition_partial(engine=JudgeEngine)
    def _pandas(cls, column: "pd.Series[Any]", reference: str, sort: str, **_: Any) -> "pd.Series[bool]":  # noqa: N805
        keys = {row[0] for row in engine_keys.rows(reference, sort)}
        return pd.Series([value in keys for value in _held(column, sort)], index=column.index, dtype=bool)

    @gx.column_condition_partial(engine=ParquetScanEngine)
    def _scan(cls, column: Any, reference: str, sort: str, **_: Any) -> Any:  # noqa: N805
        keys = sa.select(_as(sort, sa.column("k"))).select_from(sa.table(reference))
        return _as(sort, column).in_(keys)

    @gx.column_condition_partial(engine=ClusterEngine)
    def _spark(cls, column: Any, reference: str, sort: str, **_: Any) -> Any:  # noqa: N805
        keys = frozenset(row[0] for row in engine_keys.rows(reference, sort))
        check = gx.spark.functions.udf(engine_single.among(keys), "boolean", useArrow=False)
        return check(column.cast(_KINDS[sort][1]))


class ExpectColumnValuesToBeReferred(gx.ColumnMapExpectation):
    """Expect the values of a column to occur in a column of another table."""

    reference: str
    sort: str

    map_metric: ClassVar[str] = "column_values.referred"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "reference", "sort")
    args_keys: ClassVar[tuple[str, ...]] = ("column",)


class ColumnPairValuesSameElsewhere(gx.ColumnPairMapMetricProvider):
    """The metric: which rows say of a key what another table says of it; a key which isn't there is not judged."""

    condition_metric_name = "column_pair_values.same_elsewhere"
    condition_value_keys = ("reference", "sort", "value_sort")

    @gx.column_pair_condition_partial(engine=JudgeEngine)
    def _pandas(
        cls,  # noqa: N805
        column_A: "pd.Series[Any]",  # noqa: N803
        column_B: "pd.Series[Any]",  # noqa: N803
        reference: str,
        sort: str,
        value_sort: str,
        **_: Any,
    ) -> "pd.Series[bool]":
        said = set(engine_keys.rows(reference, sort, value_sort))
        keys = {key for key, _ in said}
        rows = zip(_held(column_A, sort), _held(column_B, value_sort), strict=True)
        return pd.Series([row[0] not in keys or row in said for row in rows], index=column_A.index, dtype=bool)

    @gx.column_pair_condition_partial(engine=ParquetScanEngine)
    def _scan(
        cls,  # noqa: N805
        column_A: Any,  # noqa: N803
        column_B: Any,  # noqa: N803
        reference: str,
        sort: str,
        value_sort: str,
        **_: Any,
    ) -> Any:
        key, value = _as(sort, sa.column("k")), _as(value_sort, sa.column("v"))
        source = sa.table(reference)
        said = sa.select(key, value).select_from(source)
        here = sa.tuple_(_as(sort, column_A), _as(value_sort, column_B))
        return sa.or_(_as(sort, column_A).not_in(sa.select(key).select_from(source)), here.in_(said))

    @gx.column_pair_condition_partial(engine=ClusterEngine)
    def _spark(
        cls,  # noqa: N805
        column_A: Any,  # noqa: N803
        column_B: Any,  # noqa: N803
        reference: str,
        sort: str,
        value_sort: str,
        **_: Any,
    ) -> Any:
        said = frozenset(engine_keys.rows(reference, sort, value_sort))
        check = gx.spark.functions.udf(engine_single.same(said), "boolean", useArrow=False)
        return check(column_A.cast(_KINDS[sort][1]), column_B.cast(_KINDS[value_sort][1]))


class ExpectColumnPairValuesToBeSameElsewhere(gx.ColumnPairMapExpectation):
    """Expect the rows to say of a key (column_A) the value (column_B) which another table says."""

    reference: str
    sort: str
    value_sort: str
    ignore_row_if: Literal["either_value_is_missing"] = "either_value_is_missing"

    map_metric: ClassVar[str] = "column_pair_values.same_elsewhere"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "ignore_row_if", "reference", "sort", "value_sort")
    args_keys: ClassVar[tuple[str, ...]] = ("column_A", "column_B")


_DOMAIN = ("batch_id", "table", "column_list", "row_condition", "condition_parser", "ignore_row_if")


class MulticolumnSumsToLast(gx.MulticolumnMapMetricProvider):
    """The metric: in which rows all columns but the last add up to the last, as floats, within a tolerance."""

    condition_metric_name = "multicolumn_values.sums_to_last"
    condition_domain_keys = _DOMAIN
    condition_value_keys = ("tolerance",)

    @gx.multicolumn_condition_partial(engine=JudgeEngine)
    def _pandas(cls, column_list: pd.DataFrame, tolerance: float, **_: Any) -> "pd.Series[bool]":  # noqa: N805
        numbers = column_list.astype(float)
        total = numbers.iloc[:, 0]
        for at in range(1, numbers.shape[1] - 1):
            total = total + numbers.iloc[:, at]
        return (total - numbers.iloc[:, -1]).abs() <= tolerance

    @gx.multicolumn_condition_partial(engine=ParquetScanEngine)
    def _scan(cls, column_list: Any, tolerance: float, **_: Any) -> Any:  # noqa: N805
        *parts, last = (_as("number", column) for column in column_list)
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return sa.func.abs(total - last) <= tolerance

    @gx.multicolumn_condition_partial(engine=ClusterEngine)
    def _spark(cls, column_list: Any, tolerance: float, **_: Any) -> Any:  # noqa: N805
        *parts, last = (f"CAST(`{name}` AS DOUBLE)" for name in column_list.columns)
        return gx.spark.functions.expr(f"abs({' + '.join(parts)} - {last})") <= tolerance


class ExpectMulticolumnToSumToLast(gx.MulticolumnMapExpectation):
    """Expect all columns but the last to add up to the last."""

    tolerance: float

    map_metric: ClassVar[str] = "multicolumn_values.sums_to_last"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "ignore_row_if", "tolerance")
    args_keys: ClassVar[tuple[str, ...]] = ("column_list",)


class MulticolumnAnyFilled(gx.MulticolumnMapMetricProvider):
    """The metric: in which rows at least one column has a value; text of spaces is none."""

    condition_metric_name = "multicolumn_values.any_filled"
    condition_domain_keys = _DOMAIN
    condition_value_keys = ("texts",)

    @gx.multicolumn_condition_partial(engine=JudgeEngine)
    def _pandas(cls, column_list: pd.DataFrame, texts: list[str], **_: Any) -> "pd.Series[bool]":  # noqa: N805
        filled = column_list.notna()
        for name in texts:
            blank = column_list[name].map(lambda text: isinstance(text, str) and not text.strip(patterns.SPACES))
            filled[name] &= ~blank.astype(bool)
        return filled.any(axis=1)

    @gx.multicolumn_condition_partial(engine=ParquetScanEngine)
    def _scan(cls, column_list: Any, texts: list[str], **_: Any) -> Any:  # noqa: N805
        trimmed = [
            sa.func.length(sa.func.trim(column, patterns.SPACES)) > 0 if column.name in texts else column.is_not(None)
            for column in column_list
        ]
        return sa.func.coalesce(sa.or_(*trimmed), sa.false())

    @gx.multicolumn_condition_partial(engine=ClusterEngine)
    def _spark(cls, column_list: Any, texts: list[str], **_: Any) -> Any:  # noqa: N805
        spaces = engine_tables.literal(patterns.SPACES)
        parts = [
            f"length(trim(BOTH {spaces} FROM `{name}`)) > 0" if name in texts else f"`{name}` IS NOT NULL"
            for name in column_list.columns
        ]
        return gx.spark.functions.expr(f"coalesce({' OR '.join(parts)}, false)")


class ExpectMulticolumnToBeFilledSomewhere(gx.MulticolumnMapExpectation):
    """Expect at least one of several columns to have a value in each row."""

    texts: list[str] = []  # noqa: RUF012 - fields of a model are copied for each instance
    ignore_row_if: Literal["never"] = "never"

    map_metric: ClassVar[str] = "multicolumn_values.any_filled"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "ignore_row_if", "texts")
    args_keys: ClassVar[tuple[str, ...]] = ("column_list",)
