"""The names of Great Expectations which this package uses, imported once and quietly.

The library is pinned: a new version is judged by reading this list and running the tests that compare engines.
Its import uses modules deprecated by Python and redirects every warning of the process into logging; both are
undone here.
"""

import atexit
import gc
import logging
import threading
import warnings
from collections.abc import Callable
from typing import Any, cast

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import great_expectations
    from great_expectations import ExpectationSuite, expectations
    from great_expectations.compatibility import pyspark
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.core.id_dict import IDDict
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )
    from great_expectations.datasource.fluent.pandas_datasource import PandasDatasource
    from great_expectations.datasource.fluent.spark_datasource import SparkDatasource
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
    from great_expectations.exceptions.exceptions import MetricResolutionError
    from great_expectations.execution_engine.execution_engine import ExecutionEngine
    from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
    from great_expectations.execution_engine.sparkdf_execution_engine import SparkDFExecutionEngine
    from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.expectations.expectation import (
        ColumnAggregateExpectation,
        ColumnMapExpectation,
        ColumnPairMapExpectation,
        Expectation,
        MulticolumnMapExpectation,
    )
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.metrics.column_aggregate_metric_provider import (
        ColumnAggregateMetricProvider,
        column_aggregate_partial,
        column_aggregate_value,
    )
    from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
        column_condition_partial,
    )
    from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import (
        ColumnMapMetricProvider,
    )
    from great_expectations.expectations.metrics.map_metric_provider.column_pair_condition_partial import (
        column_pair_condition_partial as _pair_condition,
    )
    from great_expectations.expectations.metrics.map_metric_provider.column_pair_map_metric_provider import (
        ColumnPairMapMetricProvider,
    )
    from great_expectations.expectations.metrics.map_metric_provider.multicolumn_condition_partial import (
        multicolumn_condition_partial as _multicolumn_condition,
    )
    from great_expectations.expectations.metrics.map_metric_provider.multicolumn_map_metric_provider import (
        MulticolumnMapMetricProvider,
    )
    from great_expectations.expectations.metrics.metric_provider import metric_value
    from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
    from great_expectations.expectations.metrics.table_metrics.table_columns import TableColumns
    from great_expectations.expectations.row_conditions import (
        Column,
        Condition,
        deserialize_row_condition,
    )
    from great_expectations.render.renderer.site_builder import SiteBuilder
    from great_expectations.util import convert_to_json_serializable
    from great_expectations.validator.metric_configuration import MetricConfiguration
    from great_expectations.validator.v1_validator import Validator
logging.captureWarnings(False)
# What the library brings lives as long as the process: without this every collection of garbage walks through all of
# it, which was a third of the cost of a small table.
gc.collect()
gc.freeze()
atexit.register(gc.unfreeze)

spark: Any = pyspark
"""Spark's names where it is installed, else stand-ins which say so when they are used."""
VERSION: str = great_expectations.__version__
_Condition = Callable[[Callable[..., Any]], Callable[..., Any]]


def column_pair_condition_partial(engine: type[ExecutionEngine[Any]]) -> _Condition:
    """The library's decorator of a condition over two columns, typed."""
    return cast(_Condition, _pair_condition(engine=engine))


def multicolumn_condition_partial(engine: type[ExecutionEngine[Any]]) -> _Condition:
    """The library's decorator of a condition over several columns, typed."""
    return cast(_Condition, _multicolumn_condition(engine=engine))


def expect(name: str, **given: Any) -> Expectation:
    """An expectation of the library, by its name without "Expect"."""
    return cast(Expectation, getattr(expectations, f"Expect{name}")(**given))


_kept = threading.local()


def quiet_context() -> AbstractDataContext:
    """This thread's context, which lives in memory only and draws no progress bars; what is added must be deleted."""
    context: AbstractDataContext | None = getattr(_kept, "context", None)
    if context is None:
        context = great_expectations.get_context(mode="ephemeral")  # noqa: TID251
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        _kept.context = context
    return context


__all__ = [
    "VERSION",
    "AbstractDataContext",
    "BatchDefinition",
    "Column",
    "ColumnAggregateExpectation",
    "ColumnAggregateMetricProvider",
    "ColumnMapExpectation",
    "ColumnMapMetricProvider",
    "ColumnPairMapExpectation",
    "ColumnPairMapMetricProvider",
    "Condition",
    "Expectation",
    "ExpectationConfiguration",
    "ExpectationSuite",
    "ExpectationSuiteIdentifier",
    "ExpectationSuiteValidationResult",
    "ExpectationValidationResult",
    "IDDict",
    "MetricConfiguration",
    "MetricResolutionError",
    "MulticolumnMapExpectation",
    "MulticolumnMapMetricProvider",
    "PandasDatasource",
    "PandasExecutionEngine",
    "RunIdentifier",
    "SQLDatasource",
    "SiteBuilder",
    "SparkDFExecutionEngine",
    "SparkDatasource",
    "SqlAlchemyExecutionEngine",
    "TableColumns",
    "TableMetricProvider",
    "ValidationResultIdentifier",
    "Validator",
    "column_aggregate_partial",
    "column_aggregate_value",
    "column_condition_partial",
    "column_pair_condition_partial",
    "convert_to_json_serializable",
    "deserialize_row_condition",
    "expect",
    "metric_value",
    "multicolumn_condition_partial",
    "quiet_context",
    "spark",
]
