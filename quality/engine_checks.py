"""Check digits as an expectation of Great Expectations, on every engine this product uses.

`ExpectColumnValuesToHaveValidCheckDigits(column, scheme, not_after)`: scheme is "uscc" or "citizen_id";
`not_after` (yyyymmdd) is the last date of birth which is possible.
"""

from typing import Any, ClassVar

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from quality import check_digits
from quality import engine_gx as gx
from quality.engine import ParquetScanEngine


class ColumnValuesCheckDigits(gx.ColumnMapMetricProvider):
    """The metric: which values carry a right check digit."""

    condition_metric_name = "column_values.check_digits"
    condition_value_keys = ("scheme", "not_after")

    @gx.column_condition_partial(engine=gx.PandasExecutionEngine)
    def _pandas(cls, column: "pd.Series[Any]", scheme: str, not_after: int, **_: Any) -> "pd.Series[bool]":  # noqa: N805
        values = pa.array(column, pa.string(), from_pandas=True)
        good = check_digits.uscc(values) if scheme == "uscc" else check_digits.citizen_id(values, not_after)
        return pd.Series(good.fill_null(False).to_pylist(), index=column.index, dtype=bool)

    @gx.column_condition_partial(engine=ParquetScanEngine)
    def _scan(cls, column: Any, scheme: str, not_after: int, **_: Any) -> Any:  # noqa: N805
        return sa.func.check_uscc(column) if scheme == "uscc" else sa.func.check_citizen_id(column, not_after)


class ExpectColumnValuesToHaveValidCheckDigits(gx.ColumnMapExpectation):
    """Expect the values of a column to carry a right check digit."""

    scheme: str
    not_after: int = 99991231

    map_metric: ClassVar[str] = "column_values.check_digits"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "scheme", "not_after")
    args_keys: ClassVar[tuple[str, ...]] = ("column",)
