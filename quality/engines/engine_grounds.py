"""A table opened by one of the engines, ready to be validated: what differs between them, behind one shape.

Here are the scan and the judge; Spark has a module of its own, because it is seldom installed.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pandas as pd

from quality.engines import engine, engine_keys, engine_ledger, engine_others, engine_tables
from quality.engines import engine_gx as gx
from quality.engines.engine_keys import KeySource, Reference
from quality.engines.engine_tables import Column, Scan


@dataclass(frozen=True)
class Limits:
    """What a run may use: DuckDB's memory as DuckDB writes it, threads, seconds, the event which stops it, and `also`
    keys of other tables."""

    memory: str = "1GB"
    threads: int | None = None
    timeout: float | None = None
    cancelled: threading.Event | None = None
    also: Sequence[KeySource] = ()


@dataclass(frozen=True)
class Ground:
    """An open table and the validator over it.

    `stopped` gives the error that has stopped it, if one has. `write_ledger` takes, by rule, the conditions or keys
    of which every row is to be listed.
    """

    version: str
    columns: Mapping[str, Column]
    rows: int
    validator: gx.Validator
    type_names: Callable[[str], list[str]]
    references: Mapping[str, Reference]
    stopped: Callable[[], type[Exception] | None]
    statements: Callable[[], int] = field(default=lambda: 0)
    write_ledger: Callable[[Path, Mapping[str, Any]], None] | None = None
    other_memory: Callable[[], float] = field(default=lambda: 0.0)


@contextmanager
def over_scan(path: Path, limits: Limits, *, keep: bool) -> Iterator[Ground]:
    """The product's engine; `keep` prepares it for a ledger."""
    with _open(path, limits) as (scan, references), engine.batch_over(scan, keep=keep) as (batch, running):
        yield Ground(
            version=f"DuckDB {duckdb.__version__}",
            columns=scan.names,
            rows=scan.rows,
            validator=gx.Validator(batch_definition=batch, result_format="BASIC"),
            type_names=engine.type_names,
            references=references,
            stopped=lambda: scan.stopped,
            statements=lambda: len(scan.statements),
            write_ledger=lambda out, found: engine_ledger.write(
                out, scan, {rule_id: running.rows[of] for rule_id, of in found.items()}
            ),
        )


@contextmanager
def over_pandas(path: Path, limits: Limits) -> Iterator[Ground]:
    """The judge: the same view as a frame, with the library's own engine and its row numbers."""
    with _open(path, limits) as (scan, references):
        rows = scan.connection.sql(
            f"SELECT * EXCLUDE ({engine_tables.ROW}) FROM {engine_tables.SOURCE} ORDER BY {engine_tables.ROW}"
        )
        # integers with gaps stay integers: as floats the largest of them would change
        frame = _exactly(rows.to_arrow_table().to_pandas(integer_object_nulls=True))
        context, name = gx.quiet_context(), f"pandas-{uuid4().hex}"
        source = context.data_sources.add_judged_frame(name)
        try:
            running = source.get_execution_engine()
            running.columns, running.cancelled = scan.columns, limits.cancelled
            batch = source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("whole")
            yield Ground(
                version=f"pandas {pd.__version__}",
                columns=scan.names,
                rows=scan.rows,
                validator=gx.Validator(
                    batch_definition=batch, batch_parameters={"dataframe": frame}, result_format="SUMMARY"
                ),
                type_names=engine_others.judged_type_names,
                references=references,
                stopped=lambda: scan.stopped,
            )
        finally:
            context.data_sources.delete(name)


def _exactly(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose integers are compared as such: numpy would make floats of those beyond 2**53."""
    for name in frame.select_dtypes("integer"):
        if len(frame) and max(abs(int(frame[name].min())), abs(int(frame[name].max()))) > 2**53:
            frame[name] = frame[name].astype(object)
    return frame


@contextmanager
def _open(path: Path, limits: Limits) -> Iterator[tuple[Scan, Mapping[str, Reference]]]:
    """The scan, and the keys of other tables which it holds."""
    references: dict[str, Reference] = {}
    with (
        engine_tables.open_table(
            path,
            memory_limit=limits.memory,
            threads=limits.threads,
            timeout=limits.timeout,
            cancelled=limits.cancelled,
            prepare=lambda scan: references.update(engine_keys.copied(scan, limits.also)),
        ) as scan,
        engine_keys.offered(scan, references),
    ):
        yield scan, references
