"""A Parquet table which lies on a cluster, opened by Spark where it lies. Needs Spark and is imported only with it.

The frame is made what the scan's view is: columns by alias, NaN as null, instants on the wall clock of the city, and
the number of each row in its file. Where Spark runs is Spark's own configuration (spark-defaults.conf, or the options
of spark-submit); without any it is this machine.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pyspark
from pyspark import cloudpickle
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql import types as t

from policies import identifiers
from quality.engines import engine_gx as gx
from quality.engines import engine_keys, engine_peak, engine_re2, engine_single
from quality.engines.engine_grounds import Ground, Limits
from quality.engines.engine_others import cluster_type_names
from quality.engines.engine_tables import ROW, CancelledError, Column, OutOfTimeError

_TICK = 0.1
_CLOCK = "Asia/Shanghai"
_SETTINGS = {
    "spark.sql.session.timeZone": _CLOCK,
    "spark.sql.caseSensitive": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}

# the machines of the cluster have RE2 and not this product
for _sent in (engine_re2, engine_single, identifiers):
    cloudpickle.register_pickle_by_value(_sent)


@contextmanager
def over_spark(table: str, limits: Limits) -> Iterator[Ground]:
    """The library's own engine over a path or URL; raises FileNotFoundError for what Spark can't find or read.

    Memory is limited by Spark's configuration, not by `limits`.
    """
    if limits.cancelled and limits.cancelled.is_set():
        raise CancelledError
    session = _session(limits)
    group = f"tiaoxi-{uuid4().hex}"
    session.sparkContext.setJobGroup(group, table, interruptOnCancel=True)
    stopped: list[type[Exception]] = []
    context = gx.quiet_context()
    with _watched(session, group, limits, stopped), engine_keys.apart(limits.also) as references:
        frame, columns = _frame(session, table)
        rows = frame.count()
        source = context.data_sources.add_cluster_frame(group, persist=False)
        try:
            batch = source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("whole")
            yield Ground(
                version=f"Spark {pyspark.__version__}",
                columns={column.name: column for column in columns},
                rows=rows,
                validator=gx.Validator(
                    batch_definition=batch,
                    batch_parameters={"dataframe": frame},
                    result_format={"result_format": "SUMMARY", "unexpected_index_column_names": [ROW]},
                ),
                type_names=cluster_type_names,
                references=references,
                stopped=lambda: stopped[0] if stopped else None,
                other_memory=lambda: sum(engine_peak.of(child) for child in engine_peak.descendants(os.getpid())),
            )
        finally:
            context.data_sources.delete(group)


def _session(limits: Limits) -> SparkSession:
    """The session of this process: one is kept, because starting one takes many seconds."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("tiaoxi")
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    if limits.threads:
        builder = builder.master(f"local[{limits.threads}]")
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("FATAL")
    if session.sparkContext.master.startswith("local"):
        # 200 parts are meant for a cluster
        session.conf.set("spark.sql.shuffle.partitions", str(session.sparkContext.defaultParallelism))
    return session


def _frame(session: SparkSession, table: str) -> tuple[DataFrame, list[Column]]:
    try:
        read = session.read.parquet(table)
    except AnalysisException as error:
        raise FileNotFoundError(f"{table}: {str(error).splitlines()[0]}") from error
    fields = read.schema.fields
    aliases = [f"c{at}" for at in range(len(fields))]
    numbered = read.select("*", read.metadataColumn("_metadata")["row_index"].alias(ROW)).toDF(*aliases, ROW)
    shown = [_shown(alias, field.dataType) for alias, field in zip(aliases, fields, strict=True)]
    frame = numbered.select(*shown, ROW)
    columns = [
        Column(field.name, alias, frame.schema[alias].dataType.simpleString(), _sort(frame.schema[alias].dataType))
        for alias, field in zip(aliases, fields, strict=True)
    ]
    return frame, columns


def _shown(alias: str, kind: t.DataType) -> Any:
    column = f.col(alias)
    if isinstance(kind, t.DoubleType | t.FloatType):
        return f.when(~f.isnan(column), column).alias(alias)
    if isinstance(kind, t.TimestampType):
        return column.cast("timestamp_ntz").alias(alias)
    return column


def _sort(kind: t.DataType) -> str:
    sorts: dict[str, tuple[type[t.DataType], ...]] = {
        "text": (t.StringType,),
        "integer": (t.IntegralType,),
        "number": (t.NumericType,),
        "date": (t.DateType,),
        "datetime": (t.TimestampType, t.TimestampNTZType),
        "boolean": (t.BooleanType,),
    }
    return next((sort for sort, kinds in sorts.items() if isinstance(kind, kinds)), "other")


@contextmanager
def _watched(session: SparkSession, group: str, limits: Limits, stopped: list[type[Exception]]) -> Iterator[None]:
    """Cancels the jobs of a group once time is over or the run is cancelled, and goes on doing so."""
    if limits.timeout is None and limits.cancelled is None:
        yield
        return
    ended = threading.Event()
    last = time.monotonic() + limits.timeout if limits.timeout is not None else float("inf")

    def watch() -> None:
        while not ended.wait(_TICK):
            if not stopped and limits.cancelled and limits.cancelled.is_set():
                stopped.append(CancelledError)
            elif not stopped and time.monotonic() >= last:
                stopped.append(OutOfTimeError)
            if stopped:
                session.sparkContext.cancelJobGroup(group)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    except Exception as error:
        if stopped:
            raise stopped[0] from error
        raise
    finally:
        ended.set()
        watching.join()
