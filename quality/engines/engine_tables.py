"""One Parquet file as a locked-down DuckDB view: the ground on which rules and profiles run.

The view renames the columns c0, c1, … so that no name of a real table, whatever quotes, brackets or emoji it
holds, ever becomes SQL; it numbers the rows, turns NaN into NULL and puts instants on the wall clock of the
city. After it exists the connection can read this one file, spill into its own scratch folder, and nothing
else.
"""

import datetime as dt
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from duckdb.func import ARROW, SPECIAL

from quality.engines import check_digits, division_codes, engine_re2

SOURCE = "source"
ROW = "source_row"
"""The number of a row, from 0: only the bare number lets DuckDB skip row groups without a row asked for."""
SMALL = 100_000
_CLOCK = "Asia/Shanghai"
_ROW_NAME = "file_row_number"
_TICK = 0.05


class OutOfTimeError(TimeoutError):
    """The time allowed for a table is over; nothing of the run is to be believed."""


class CancelledError(Exception):
    """Somebody has asked the run to stop; nothing of it is to be believed."""


@dataclass(frozen=True)
class Column:
    """A column of the file: its own name, its alias in the view, the view's DuckDB type and the plain sort of
    it.

    `sort` is text, integer, number, date, datetime, boolean or other.
    """

    name: str
    alias: str
    sql_type: str
    sort: str


@dataclass
class Scan:
    """An open table. `query` and `stream` are the only ways to the data; `statements` keeps (seconds, SQL) of all
    that was sent. `stopped` is what the next statement will raise, once time is over or the run is cancelled."""

    connection: duckdb.DuckDBPyConnection
    columns: tuple[Column, ...]
    rows: int
    stopped: type[Exception] | None = None
    statements: list[tuple[float, str]] = field(default_factory=list)

    def query(self, sql: str, values: Sequence[object] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a statement; raises OutOfTimeError or CancelledError once the run has to stop, duckdb.Error
        for bad SQL."""
        return self.query_named(sql, values)[0]

    def query_named(
        self, sql: str, values: Sequence[object] | None = None
    ) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        """The rows of a statement and the description of its columns."""
        with self._timed(sql):
            result = self.connection.execute(sql, values or None)
            return result.fetchall(), list(result.description or ())

    def stream(self, sql: str, size: int) -> Iterator[pa.RecordBatch]:
        """The rows of a statement in batches of at most so many, never all in memory at once."""
        with self._timed(sql):
            batches: pa.RecordBatchReader = self.connection.sql(sql).to_arrow_reader(size)
            yield from batches

    @contextmanager
    def _timed(self, sql: str) -> Iterator[None]:
        if self.stopped:
            raise self.stopped
        began = time.perf_counter()
        try:
            yield
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            if self.stopped:
                raise self.stopped from error
            raise
        self.statements.append((time.perf_counter() - began, sql))

    @property
    def aliases(self) -> Mapping[str, Column]:
        """The columns by alias."""
        return {column.alias: column for column in self.columns}

    @property
    def names(self) -> Mapping[str, Column]:
        """The columns by their own names."""
        return {column.name: column for column in self.columns}


def quote(name: str) -> str:
    """An identifier as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string as SQL."""
    return "'" + text.replace("'", "''") + "'"


def pattern_problem(regex: str) -> str | None:
    """Why RE2 can't read a regular expression, or None when it can; asked before a rule is kept."""
    return pattern_problems([regex]).get(regex)


def pattern_problems(regexes: Iterable[str]) -> dict[str, str]:
    """The problems of those expressions which RE2 can't read; asked before rules are run."""
    problems = {}
    for regex in set(regexes):
        try:
            engine_re2.compiled(regex)
        except engine_re2.error as problem:
            problems[regex] = str(problem)
    return problems


@contextmanager
def open_table(
    path: Path,
    *,
    memory_limit: str = "1GB",
    threads: int | None = None,
    timeout: float | None = None,
    spill_limit: str = "20GB",
    cancelled: threading.Event | None = None,
    prepare: Callable[[Scan], None] | None = None,
) -> Iterator[Scan]:
    """A Parquet file ready to be read, closed and cleaned up after.

    `threads` defaults to one for small tables; `timeout` in seconds and `cancelled` stop it, even in the middle
    of a statement. `prepare` may copy something beside the table before the connection is locked. Raises
    FileNotFoundError, or pyarrow.ArrowInvalid for what is no Parquet.
    """
    # the path is made absolute here: DuckDB compares it literally with the one that stays allowed
    path = path.resolve(strict=True)
    with pq.ParquetFile(path) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows
    scratch = tempfile.mkdtemp(prefix="tmp-scan-")
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "temp_directory": scratch,
        "max_temp_directory_size": spill_limit,
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if threads or rows < SMALL:
        settings["threads"] = threads or 1
    connection = duckdb.connect(":memory:", config=settings)
    scan = Scan(connection, (), rows)
    try:
        scan.columns = _create_view(connection, path, schema)
        _register(connection)
        with _watched(scan, timeout, cancelled):
            if prepare:
                prepare(scan)
            _lock(scan, path)
            yield scan
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _watched(scan: Scan, timeout: float | None, cancelled: threading.Event | None) -> Iterator[None]:
    """Stops the scan when time is over or the run is cancelled."""
    if cancelled and cancelled.is_set():
        raise CancelledError
    if timeout is None and cancelled is None:
        yield
        return
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(scan, timeout, cancelled, ended), daemon=True)
    watch.start()
    try:
        yield
    finally:
        ended.set()
        watch.join()


def _watch(scan: Scan, timeout: float | None, cancelled: threading.Event | None, ended: threading.Event) -> None:
    """Interrupts the running statement, and goes on doing so: an interrupt between two statements is lost."""
    last = time.monotonic() + timeout if timeout is not None else float("inf")
    while not ended.wait(_TICK if scan.stopped else min(_TICK, max(0.0, last - time.monotonic()))):
        if scan.stopped is None and cancelled and cancelled.is_set():
            scan.stopped = CancelledError
        elif scan.stopped is None and time.monotonic() >= last:
            scan.stopped = OutOfTimeError
        if scan.stopped:
            scan.connection.interrupt()


def _create_view(connection: duckdb.DuckDBPyConnection, path: Path, schema: pa.Schema) -> tuple[Column, ...]:
    file = f"read_parquet({literal(str(path))})"
    described = connection.execute(f"DESCRIBE SELECT * FROM {file}").fetchall()
    own, types = [str(row[0]) for row in described], [str(row[1]) for row in described]
    # a column of that very name hides the virtual one: then the rows are counted instead
    hidden = any(name.casefold() == _ROW_NAME for name in own)
    row = "row_number() OVER () - 1" if hidden else _ROW_NAME
    if hidden:
        connection.execute("SET preserve_insertion_order = true")
    if {"DOUBLE", "FLOAT"} & set(types):
        # Parquet's extremes leave NaN out, and from them DuckDB concludes that there is none: isnan() is always false
        connection.execute("SET disabled_optimizers = 'statistics_propagation'")
    aliases = [f"c{at}" for at in range(len(own))]
    shown = [_shown(alias, sql_type) for alias, sql_type in zip(aliases, types, strict=True)]
    renamed = f"(SELECT *, {row} FROM {file}) AS f({', '.join([*aliases, ROW])})"
    connection.execute(f"CREATE VIEW {SOURCE} AS SELECT {', '.join([*shown, ROW])} FROM {renamed}")
    seen = connection.execute(f"DESCRIBE {SOURCE}").fetchall()
    return tuple(
        Column(name, alias, str(line[1]), sort_of(str(line[1])))
        for name, alias, line in zip(schema.names, aliases, seen, strict=False)
    )


def _shown(alias: str, sql_type: str) -> str:
    if sql_type in {"DOUBLE", "FLOAT"}:
        return f"CASE WHEN isnan({alias}) THEN NULL ELSE {alias} END AS {alias}"
    if sql_type == "TIMESTAMP WITH TIME ZONE":
        return f"timezone('{_CLOCK}', {alias}) AS {alias}"
    if sql_type.startswith("ENUM"):
        return f"CAST({alias} AS VARCHAR) AS {alias}"
    return alias


def sort_of(sql_type: str) -> str:
    """The plain sort of a DuckDB type."""
    if sql_type.endswith("INT") or sql_type in {"INTEGER", "UINTEGER"}:
        return "integer"
    if sql_type in {"DOUBLE", "FLOAT"} or (sql_type.startswith("DECIMAL") and not sql_type.endswith("]")):
        return "number"
    if sql_type.startswith("TIMESTAMP") and not sql_type.endswith("]"):
        return "datetime"
    return {"VARCHAR": "text", "DATE": "date", "BOOLEAN": "boolean"}.get(sql_type, "other")


def _register(connection: duckdb.DuckDBPyConnection) -> None:
    """The check-digit functions, over whole Arrow arrays."""
    for scheme, check in check_digits.PLAIN.items():
        connection.create_function(f"check_{scheme}", check, ["VARCHAR"], "BOOLEAN", type=ARROW, null_handling=SPECIAL)
    connection.create_function(
        "check_division", division_codes.in_use, ["VARCHAR", "INTEGER"], "BOOLEAN", type=ARROW, null_handling=SPECIAL
    )
    connection.create_function(
        "check_citizen_id", _citizen_id, ["VARCHAR", "INTEGER"], "BOOLEAN", type=ARROW, null_handling=SPECIAL
    )


def _citizen_id(values: pa.Array, not_after: pa.Array) -> pa.Array:
    last = not_after[0].as_py() if len(not_after) else 0
    return check_digits.citizen_id(values, last)


def _lock(scan: Scan, path: Path) -> None:
    try:
        scan.connection.execute(f"SET allowed_paths = [{literal(str(path))}]")
        scan.connection.execute("SET enable_external_access = false")
        scan.connection.execute("SET lock_configuration = true")
    except duckdb.InterruptException as error:
        raise (scan.stopped or OutOfTimeError) from error


def day_number(day: dt.date) -> int:
    """A date as yyyymmdd, the form in which `check_citizen_id` takes its limit."""
    return day.year * 10_000 + day.month * 100 + day.day
