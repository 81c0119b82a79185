"""Stored tables, queried in place: DuckDB over Parquet files, with no SQL from anybody.

One connection a process, locked down for good: it reads below the given folders and nothing else, spills
into one scratch folder, and takes no further setting. Each request has a cursor of its own and a time
limit. Inside a statement every column has a name of ours (c0, c1, …), so that what a column is called
cannot matter.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog import filters
from catalog.filters import EVERY_ROW, Filter, Order
from catalog.reading_files.shapes import ColumnType
from policies.later import Later
from policies.refusals import Invalid, NotFound, Refused

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq
else:
    duckdb, pa, pq = Later("duckdb"), Later("pyarrow"), Later("pyarrow.parquet")

MAX_PAGE = 1_000
NUMBER = "_id"
"""The place of a row in its file, counted from 1, which may be asked for like a column that no table has."""
SECONDS = 5.0
BATCH_ROWS = 10_000
GLOB = frozenset("*?[{")


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a table; `total` counts all that pass the filter. Values are Python's types or None."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int


@dataclass(frozen=True, slots=True)
class Scan:
    """Rows of a table as a stream of Arrow batches with these columns."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


class TableStore:
    """Reads Parquet files below some folders. Make one in each process, after forking."""

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        scratch: Path,
        memory: int = 512,
        threads: int = 2,
        seconds: float = SECONDS,
    ) -> None:
        """`memory` in MiB, `seconds` for a page; `scratch` is where big sorts spill."""
        scratch.mkdir(parents=True, exist_ok=True)
        self._seconds = seconds
        self._settings: dict[str, object] = {
            "allowed_directories": [str(folder.resolve()) for folder in folders],
            "temp_directory": str(scratch.resolve()),
            "max_temp_directory_size": "10GB",
            "memory_limit": f"{memory}MiB",
            "threads": threads,
            "enable_progress_bar": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "enable_external_access": False,
            "lock_configuration": True,
        }

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(":memory:")
        for name, value in self._settings.items():
            connection.execute(f"SET {name} = {_literal(value)}")
        return connection

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def columns(self, path: Path) -> Mapping[str, ColumnType]:
        """The columns of a stored table by name, in their order."""
        return {field.name: _type(field.type) for field in _schema(path)}

    def page(
        self,
        path: Path,
        *,
        columns: Sequence[str] | None = None,
        where: Filter = EVERY_ROW,
        order: Sequence[Order] = (),
        limit: int = 50,
        offset: int = 0,
        most: int = MAX_PAGE,
        distinct: bool = False,
    ) -> Page:
        """Rows offset … offset+limit of what passes the filter, in file order if no other is asked for.

        Of rows that are equal in the columns asked for `distinct` takes the first alone; it is ordered by these only.
        Raises Invalid for a page out of range or an unknown column, Refused when time or memory run out.
        """
        if not (0 < limit <= most and 0 <= offset < 2**62):
            raise Invalid("filter.page", limit=most)
        query = _Query(path, columns, where, order, distinct=distinct)
        with self._cursor(self._seconds) as cursor:
            total = cursor.sql(query.count(), params=query.params).fetchall()[0][0]
            statement = f"{query.select()} LIMIT {int(limit)} OFFSET {int(offset)}"
            rows = cursor.sql(statement, params=query.params).fetchall()
        return Page(query.names, tuple(tuple(_plain(value) for value in row) for row in rows), total)

    def count(
        self, path: Path, where: Filter = EVERY_ROW, *, columns: Sequence[str] | None = None, distinct: bool = False
    ) -> int:
        """How many rows pass the filter, or how many that differ in some columns."""
        query = _Query(path, columns, where, (), distinct=distinct)
        with self._cursor(self._seconds) as cursor:
            total: int = cursor.sql(query.count(), params=query.params).fetchall()[0][0]
        return total

    def scan(
        self,
        path: Path,
        *,
        columns: Sequence[str] | None = None,
        where: Filter = EVERY_ROW,
    ) -> Scan:
        """All rows that pass the filter, in file order, streamed in bounded memory, without a time limit."""
        query = _Query(path, columns, where, ())
        return Scan(query.schema, self._stream(query))

    def _stream(self, query: _Query) -> Iterator[pa.RecordBatch]:
        with self._cursor(None) as cursor:
            reader = cursor.sql(query.select(), params=query.params).to_arrow_reader(BATCH_ROWS)
            for batch in reader:
                kinds = query.schema.types
                arrays = [column.cast(kind) for column, kind in zip(batch.columns, kinds, strict=True)]
                yield pa.RecordBatch.from_arrays(arrays, schema=query.schema)

    @contextmanager
    def _cursor(self, seconds: float | None) -> Iterator[Any]:
        """A cursor that is interrupted, again and again, once its time is over."""
        cursor = self._connection.cursor()
        done = threading.Event()
        watch = threading.Thread(target=_interrupt, args=(cursor, done, seconds), daemon=True)
        if seconds is not None:
            watch.start()
        try:
            yield cursor
        except duckdb.InterruptException as error:
            raise Refused("filter.too-slow", seconds=f"{seconds:g}") from error
        except duckdb.OutOfMemoryException as error:
            raise Refused("filter.too-heavy") from error
        finally:
            done.set()
            if seconds is not None:
                watch.join()
            cursor.close()


class _Query:
    """One statement over one file: which columns, which rows, in which order."""

    def __init__(
        self,
        path: Path,
        columns: Sequence[str] | None,
        where: Filter,
        order: Sequence[Order],
        *,
        distinct: bool = False,
    ) -> None:
        stored = _schema(path)
        self._position = {name: position for position, name in enumerate(stored.names)}
        self.names = tuple(stored.names if columns is None else columns)
        self._chosen = [self._reference(name) for name in self.names]
        self.schema = pa.schema([_field(stored, name) for name in self.names])
        condition, values = filters.compile_sql(where, self._reference)
        aliases = ", ".join(f"c{position}" for position in range(len(stored.names)))
        # As a column of its own the number may be compared; as the one that is always there it fails the reader now
        # and then. A file with a column of that name can't have it so.
        counted = "file_row_number" not in {name.lower() for name in stored.names}
        file = f"read_parquet(?, file_row_number = {_literal(counted)})"
        self._source = f"FROM {file} AS t({aliases}{', file_row_number' * counted}) WHERE {condition}"
        self._distinct = distinct
        if unknown := [by.column for by in order if distinct and by.column not in self.names]:
            raise Invalid("filter.unknown-column", column=unknown[0][:200])
        place = "min(t.file_row_number)" if distinct else "t.file_row_number"
        self._order = ", ".join(
            [f"{self._reference(by.column)} {'DESC' if by.descending else 'ASC'} NULLS LAST" for by in order]
            + [place] * (bool(order) or distinct)
        )
        self.params = [str(path), *values]

    def count(self) -> str:
        """The statement that counts."""
        if self._distinct:
            return f"SELECT count(*) FROM (SELECT DISTINCT {', '.join(self._chosen)} {self._source})"
        return f"SELECT count(*) {self._source}"

    def select(self) -> str:
        """The statement that reads."""
        order = f" ORDER BY {self._order}" if self._order else ""
        chosen = ", ".join(self._chosen)
        group = f" GROUP BY {chosen}" if self._distinct else ""
        return f"SELECT {chosen} {self._source}{group}{order}"

    def _reference(self, name: str) -> str:
        """The only way a column gets into a statement: by its place in the file."""
        if name == NUMBER and name not in self._position:
            return "(t.file_row_number + 1)"
        if name not in self._position:
            raise Invalid("filter.unknown-column", column=name[:200])
        return f"c{self._position[name]}"


def _schema(path: Path) -> pa.Schema:
    if GLOB & set(str(path)):
        raise ValueError(f"{path} would be read as a pattern")
    try:
        return pq.read_schema(path)
    except FileNotFoundError as error:
        raise NotFound("file.no-blob") from error


def _field(stored: pa.Schema, name: str) -> pa.Field:
    position = stored.get_field_index(name)
    return pa.field(name, pa.int64()) if position < 0 else stored.field(position).remove_metadata()


def _type(stored: pa.DataType) -> ColumnType:
    """The column type of an Arrow type; what the intake never writes is shown as text."""
    tests = (
        (pa.types.is_integer, ColumnType.INTEGER),
        (pa.types.is_floating, ColumnType.DECIMAL),
        (pa.types.is_boolean, ColumnType.BOOLEAN),
        (pa.types.is_date, ColumnType.DATE),
        (pa.types.is_timestamp, ColumnType.DATETIME),
    )
    return next((type_ for test, type_ in tests if test(stored)), ColumnType.TEXT)


def _plain(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value


def _literal(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_literal(part) for part in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def _interrupt(cursor: Any, done: threading.Event, seconds: float) -> None:
    if not done.wait(seconds):
        while not done.wait(0.05):
            cursor.interrupt()
