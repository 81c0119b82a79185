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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from duckdb.func import ARROW, SPECIAL

from quality import check_digits, division_codes

SOURCE = "source"
ROW = "source_row"
"""The number of a row, from 0: only the bare number lets DuckDB skip row groups without a row asked for."""
SMALL = 100_000
_CLOCK = "Asia/Shanghai"
_ROW_NAME = "file_row_number"
_TICK = 0.05


class OutOfTimeError(TimeoutError):
    """The time allowed for a table is over; nothing of the run is to be believed."""


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


@dataclass(frozen=True)
class KeySource:
    """Keys of another table which a rule asks for: the `columns` (keys, or keys and what is said of them) of a Parquet
    file, or the keys themselves. `name` is what rules call them."""

    name: str
    source: Path | Sequence[Any]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reference:
    """Keys which were read: the table that holds them (k, and v for what is said of them) and the sorts of its
    columns; or the `problem` for which they could not be read."""

    table: str
    sorts: tuple[str, ...] = ()
    problem: str = ""


@dataclass
class Scan:
    """An open table. `query` is the only way to the data; `statements` keeps (seconds, SQL) of all that was
    sent."""

    connection: duckdb.DuckDBPyConnection
    columns: tuple[Column, ...]
    rows: int
    over: threading.Event = field(default_factory=threading.Event)
    statements: list[tuple[float, str]] = field(default_factory=list)
    references: dict[str, Reference] = field(default_factory=dict)

    def query(self, sql: str, values: Sequence[object] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a statement; raises OutOfTimeError once the time is over, duckdb.Error for bad SQL."""
        return self.query_named(sql, values)[0]

    def query_named(
        self, sql: str, values: Sequence[object] | None = None
    ) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        """The rows of a statement and the description of its columns."""
        if self.over.is_set():
            raise OutOfTimeError
        began = time.perf_counter()
        try:
            result = self.connection.execute(sql, values or None)
            rows, description = result.fetchall(), list(result.description or ())
        except duckdb.InterruptException as stopped:
            raise OutOfTimeError from stopped
        self.statements.append((time.perf_counter() - began, sql))
        return rows, description

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
    """Why RE2 can't read a regular expression, or None when it can; asked before a rule is kept and before it
    is run."""
    with duckdb.connect(":memory:", config={"threads": 1, "autoload_known_extensions": False}) as connection:
        return _pattern_problem(connection, regex)


def pattern_problems(scan: Scan, regexes: Sequence[str]) -> dict[str, str]:
    """The unreadable expressions among many, each with its reason."""
    found = ((regex, _pattern_problem(scan.connection, regex)) for regex in regexes)
    return {regex: problem for regex, problem in found if problem is not None}


def _pattern_problem(connection: duckdb.DuckDBPyConnection, regex: str) -> str | None:
    try:
        connection.execute("SELECT regexp_matches('', ?)", [regex]).fetchall()
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return None


@contextmanager
def open_table(
    path: Path,
    *,
    memory_limit: str = "1GB",
    threads: int | None = None,
    timeout: float | None = None,
    spill_limit: str = "20GB",
    also: Sequence[KeySource] = (),
) -> Iterator[Scan]:
    """A Parquet file ready to be read, closed and cleaned up after.

    Keys of other tables (`also`) are copied before the connection is locked: their files can't be reached after.
    `threads` defaults to one for small tables. Raises FileNotFoundError, or pyarrow.ArrowInvalid for what is no
    Parquet.
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
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(scan, timeout, ended), daemon=True) if timeout else None
    try:
        scan.columns = _create_view(connection, path, schema)
        _register(connection)
        if watch:
            watch.start()
        scan.references = {one.name: _copied(scan, one) for one in also}
        _lock(connection, path)
        _OFFERED.update((one.table, scan) for one in scan.references.values())
        yield scan
    finally:
        ended.set()
        for one in scan.references.values():
            _OFFERED.pop(one.table, None)
        if watch and watch.is_alive():
            watch.join()
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)


_OFFERED: dict[str, Scan] = {}
"""The scans by the tables of keys they hold, while they are open; a name is never used twice."""


def _copied(scan: Scan, asked: KeySource) -> Reference:
    """Copies the distinct keys of another table into one of this connection; what can't be read harms only the rules
    which ask for it."""
    table, file = f"reference_{uuid4().hex}", f"{asked.name} "
    try:
        if isinstance(asked.source, Path):
            file = f"read_parquet({literal(str(asked.source.resolve(strict=True)))})"
            shown = [quote(column) for column in asked.columns]
        else:
            rows = [row if isinstance(row, tuple) else (row,) for row in asked.source]
            held = pa.table({f"c{at}": list(column) for at, column in enumerate(zip(*rows, strict=True))})
            scan.connection.register("held", held)
            file, shown = "held", list(held.column_names)
        named = ", ".join(f"{column} AS {name}" for column, name in zip(shown, ("k", "v"), strict=False))
        filled = " AND ".join(f"{column} IS NOT NULL" for column in shown) or "true"
        scan.query(f"CREATE TEMP TABLE {table} AS SELECT DISTINCT {named} FROM {file} WHERE {filled}")
        sorts = tuple(_sort(str(row[1])) for row in scan.query(f"DESCRIBE {table}"))
    except (OSError, pa.ArrowException, duckdb.Error) as error:
        if isinstance(error, OutOfTimeError | duckdb.OutOfMemoryException):
            raise
        return Reference(table, (), str(error).splitlines()[0].replace(file, asked.name))
    return Reference(table, sorts)


def reference_rows(table: str, *sorts: str) -> list[tuple[Any, ...]]:
    """The keys of an open scan's reference (and what is said of them), as values of the sorts."""
    kinds = {"integer": "BIGINT", "number": "DOUBLE", "text": "VARCHAR"}
    shown = [f"CAST({name} AS {kinds[sort]})" for name, sort in zip(("k", "v"), sorts, strict=False)]
    return _OFFERED[table].query(f"SELECT DISTINCT {', '.join(shown)} FROM {table}")


def _watch(scan: Scan, timeout: float | None, ended: threading.Event) -> None:
    """Stops the running statement when time is over, and goes on: an interrupt between two statements is lost."""
    if ended.wait(timeout):
        return
    scan.over.set()
    while not ended.wait(_TICK):
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
        Column(name, alias, str(line[1]), _sort(str(line[1])))
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


def _sort(sql_type: str) -> str:
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


def _lock(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    connection.execute(f"SET allowed_paths = [{literal(str(path))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def day_number(day: dt.date) -> int:
    """A date as yyyymmdd, the form in which `check_citizen_id` takes its limit."""
    return day.year * 10_000 + day.month * 100 + day.day


def local_day(moment: dt.datetime) -> dt.date:
    """The city's date of an aware instant."""
    return moment.astimezone(ZoneInfo(_CLOCK)).date()
