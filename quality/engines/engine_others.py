"""The engines beside the scan: the judge on pandas and the one on a Spark cluster, each the library's own.

Both are classes of ours, so that a metric can be given for them alone (the library finds a provider by the name of
an engine's class, along its bases): that is how expressions are matched by RE2 there too. Neither needs Spark to be
installed.
"""

import threading
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from quality.engines import engine_gx as gx
from quality.engines.engine_tables import CancelledError, Column

JUDGED_TYPES = {
    "text": "str",
    "integer": "int64",
    "number": "float64",
    "date": "datetime64[D]",
    "datetime": "datetime64[us]",
    "boolean": "bool",
    "other": "V1",
}
"""What the judge calls a column of a sort: pandas itself knows no days and makes floats of integers with gaps."""
CLUSTER_TYPES = {
    "text": ("StringType", "VarcharType", "CharType"),
    "integer": ("ByteType", "ShortType", "IntegerType", "LongType"),
    "number": ("FloatType", "DoubleType", "DecimalType"),
    "date": ("DateType",),
    "datetime": ("TimestampType", "TimestampNTZType"),
    "boolean": ("BooleanType",),
}


class JudgeEngine(gx.PandasExecutionEngine):
    """The library's engine on pandas; it knows the sorts of the columns, and stops between two rounds of metrics
    when the run is cancelled."""

    columns: Sequence[Column] = ()
    cancelled: threading.Event | None = None

    def resolve_metrics(
        self,
        metrics_to_resolve: Iterable[gx.MetricConfiguration],
        metrics: dict[Any, Any] | None = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> dict[Any, Any]:
        """The values of metrics, as the library finds them."""
        if self.cancelled and self.cancelled.is_set():
            raise CancelledError
        found: dict[Any, Any] = super().resolve_metrics(metrics_to_resolve, metrics, runtime_configuration)
        return found


class ClusterEngine(gx.SparkDFExecutionEngine):
    """The library's engine on Spark, told apart so that metrics can be given for it alone."""


_JudgeType = type[JudgeEngine]
_ClusterType = type[ClusterEngine]


class JudgedFrameDatasource(gx.PandasDatasource):
    """The data source behind `context.data_sources.add_judged_frame`."""

    type: Literal["judged_frame"] = "judged_frame"  # type: ignore[assignment]

    @property
    def execution_engine_type(self) -> _JudgeType:
        """The engine that runs it."""
        return JudgeEngine


class ClusterFrameDatasource(gx.SparkDatasource):
    """The data source behind `context.data_sources.add_cluster_frame`."""

    type: Literal["cluster_frame"] = "cluster_frame"  # type: ignore[assignment]

    @property
    def execution_engine_type(self) -> _ClusterType:
        """The engine that runs it."""
        return ClusterEngine


def judged_type_names(sort: str) -> list[str]:
    """The names of types which a `type` rule of some sort accepts on pandas."""
    return [JUDGED_TYPES[each] for each in (["number", "integer"] if sort == "number" else [sort])]


def cluster_type_names(sort: str) -> list[str]:
    """The names of types which a `type` rule of some sort accepts on Spark."""
    return [name for each in (["number", "integer"] if sort == "number" else [sort]) for name in CLUSTER_TYPES[each]]
