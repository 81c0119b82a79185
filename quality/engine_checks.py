"""Codes which prove themselves, as expectations of Great Expectations on every engine this product uses.

`ExpectColumnValuesToHaveValidCheckDigits(column, scheme, not_after)`: scheme is one of `check_digits.PLAIN` or
"citizen_id", for which `not_after` (yyyymmdd) is the last date of birth which is possible.
`ExpectColumnValuesToBeDivisionCodes(column, day)` and `ExpectColumnPairValuesToBeDivisionCodes(column_A, column_B)`:
codes of divisions in use on one day (yyyymmdd, or 0 for ever), or on the day which stands beside each.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar, Literal

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from policies import divisions, identifiers
from quality import check_digits, division_codes
from quality import engine_gx as gx
from quality.engine import ParquetScanEngine


def _texts(column: "pd.Series[Any]") -> pa.Array:
    return pa.array(column, pa.string(), from_pandas=True)


def _flags(good: pa.Array, column: "pd.Series[Any]") -> "pd.Series[bool]":
    return pd.Series(good.fill_null(False).to_pylist(), index=column.index, dtype=bool)


def _day(number: int) -> dt.date:
    return dt.date(number // 10_000, number // 100 % 100, number % 100)


class ColumnValuesCheckDigits(gx.ColumnMapMetricProvider):
    """The metric: which values carry a right check digit."""

    condition_metric_name = "column_values.check_digits"
    condition_value_keys = ("scheme", "not_after")

    @gx.column_condition_partial(engine=gx.PandasExecutionEngine)
    def _pandas(cls, column: "pd.Series[Any]", scheme: str, not_after: int, **_: Any) -> "pd.Series[bool]":  # noqa: N805
        return _flags(check_digits.check(scheme, _texts(column), not_after), column)

    @gx.column_condition_partial(engine=ParquetScanEngine)
    def _scan(cls, column: Any, scheme: str, not_after: int, **_: Any) -> Any:  # noqa: N805
        if scheme == "citizen_id":
            return sa.func.check_citizen_id(column, not_after)
        return getattr(sa.func, f"check_{scheme}")(column)

    @gx.column_condition_partial(engine=gx.SparkDFExecutionEngine)
    def _spark(cls, column: Any, scheme: str, not_after: int, **_: Any) -> Any:  # noqa: N805
        return gx.spark_functions.udf(_single(scheme, not_after), "boolean")(column)


def _single(scheme: str, not_after: int) -> Callable[[str | None], bool]:
    """A check of one value, as an engine without columns of characters wants it."""
    plain = {
        "uscc": identifiers.valid_uscc,
        "organisation_code": identifiers.valid_organisation_code,
        "registration": identifiers.valid_registration_number,
        "bank_card": identifiers.valid_bank_card,
    }
    if scheme == "citizen_id":
        return lambda text: text is not None and identifiers.valid_citizen_id(text, _day(not_after))
    return lambda text: text is not None and plain[scheme](text)


class ExpectColumnValuesToHaveValidCheckDigits(gx.ColumnMapExpectation):
    """Expect the values of a column to carry a right check digit."""

    scheme: str
    not_after: int = 99991231

    map_metric: ClassVar[str] = "column_values.check_digits"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "scheme", "not_after")
    args_keys: ClassVar[tuple[str, ...]] = ("column",)


class ColumnValuesDivisionCode(gx.ColumnMapMetricProvider):
    """The metric: which values are division codes in use on one day."""

    condition_metric_name = "column_values.division_code"
    condition_value_keys = ("day",)

    @gx.column_condition_partial(engine=gx.PandasExecutionEngine)
    def _pandas(cls, column: "pd.Series[Any]", day: int, **_: Any) -> "pd.Series[bool]":  # noqa: N805
        days = pa.array([day] * len(column), pa.int32())
        return _flags(division_codes.in_use(_texts(column), days), column)

    @gx.column_condition_partial(engine=ParquetScanEngine)
    def _scan(cls, column: Any, day: int, **_: Any) -> Any:  # noqa: N805
        return sa.func.check_division(column, day)

    @gx.column_condition_partial(engine=gx.SparkDFExecutionEngine)
    def _spark(cls, column: Any, day: int, **_: Any) -> Any:  # noqa: N805
        on = _day(day) if day else None
        check = gx.spark_functions.udf(lambda text: text is not None and divisions.valid_on(text, on), "boolean")
        return check(column)


class ExpectColumnValuesToBeDivisionCodes(gx.ColumnMapExpectation):
    """Expect the values of a column to be division codes in use on a day (yyyymmdd), or ever (0)."""

    day: int

    map_metric: ClassVar[str] = "column_values.division_code"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "day")
    args_keys: ClassVar[tuple[str, ...]] = ("column",)


class ColumnPairValuesDivisionCode(gx.ColumnPairMapMetricProvider):
    """The metric: which values of one column are division codes in use on the day in the other."""

    condition_metric_name = "column_pair_values.division_code"

    @gx.column_pair_condition_partial(engine=gx.PandasExecutionEngine)
    def _pandas(cls, column_A: "pd.Series[Any]", column_B: "pd.Series[Any]", **_: Any) -> "pd.Series[bool]":  # noqa: N803, N805
        moments = pd.to_datetime(column_B, errors="coerce")
        numbers = moments.dt.year * 10_000 + moments.dt.month * 100 + moments.dt.day
        days = pa.array(numbers, from_pandas=True).cast(pa.int32())
        return _flags(division_codes.in_use(_texts(column_A), days), column_A)

    @gx.column_pair_condition_partial(engine=ParquetScanEngine)
    def _scan(cls, column_A: Any, column_B: Any, **_: Any) -> Any:  # noqa: N803, N805
        number = sa.func.year(column_B) * 10_000 + sa.func.month(column_B) * 100 + sa.func.day(column_B)
        return sa.func.check_division(column_A, sa.cast(number, sa.Integer))

    @gx.column_pair_condition_partial(engine=gx.SparkDFExecutionEngine)
    def _spark(cls, column_A: Any, column_B: Any, **_: Any) -> Any:  # noqa: N803, N805
        check = gx.spark_functions.udf(
            lambda text, day: None not in (text, day) and divisions.valid_on(text, day), "boolean"
        )
        return check(column_A, gx.spark_functions.to_date(column_B))


class ExpectColumnPairValuesToBeDivisionCodes(gx.ColumnPairMapExpectation):
    """Expect the values of one column to be division codes in use on the day in the other."""

    ignore_row_if: Literal["either_value_is_missing"] = "either_value_is_missing"

    map_metric: ClassVar[str] = "column_pair_values.division_code"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "ignore_row_if")
    args_keys: ClassVar[tuple[str, ...]] = ("column_A", "column_B")
