"""Tables which lie elsewhere, copied to Parquet so that an engine can run over them.

Rows are streamed through a cursor of the server: neither side ever holds the table. Names become SQL through
SQLAlchemy alone.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy.engine import make_url

GROUP = 100_000
_FETCH = 10_000
_WIDEST = 38


def copy_table(url: str, schema: str | None, table: str, out: Path) -> int:
    """Copies a table or view of a PostgreSQL database into a new Parquet file; gives the number of rows.

    Types stay where Parquet has them: whole numbers, decimals of a declared width, doubles (also for numbers without
    one), days, instants, truth values; everything else becomes text. Raises sqlalchemy.exc.NoSuchTableError for a
    table that isn't there or may not be seen, and sqlalchemy.exc.SQLAlchemyError for what the server refuses; then no
    file is left.
    """
    unfinished = out.with_name(f".{out.name}.part")
    engine = sa.create_engine(_driven(url), poolclass=sa.NullPool)
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            source = sa.Table(table, sa.MetaData(), schema=schema, autoload_with=connection, resolve_fks=False)
            rows = _write(connection, source, unfinished)
        unfinished.replace(out)
        return rows
    finally:
        unfinished.unlink(missing_ok=True)
        engine.dispose()


def _driven(url: str) -> sa.URL:
    """The URL with the driver this product has."""
    parsed = make_url(url)
    return parsed.set(drivername="postgresql+psycopg") if parsed.get_backend_name() == "postgresql" else parsed


def _write(connection: sa.Connection, source: sa.Table, out: Path) -> int:
    shapes = [_shape(column.type) for column in source.columns]
    fields = [(column.name, shape[0]) for column, shape in zip(source.columns, shapes, strict=True)]
    schema, written = pa.schema(fields), 0
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in _batches(connection, source):
            columns = zip(zip(*batch, strict=True), shapes, strict=True)
            arrays = [pa.array([None if v is None else read(v) for v in vs], kind) for vs, (kind, read) in columns]
            writer.write_batch(pa.record_batch(arrays, schema=schema), row_group_size=GROUP)
            written += len(batch)
    return written


def _batches(connection: sa.Connection, source: sa.Table) -> Iterator[list[tuple[Any, ...]]]:
    found = connection.execution_options(stream_results=True, max_row_buffer=_FETCH).execute(sa.select(source))
    while batch := [tuple(row) for row in found.fetchmany(GROUP)]:
        yield batch


def _shape(kind: sa.types.TypeEngine[Any]) -> tuple[pa.DataType, Callable[[Any], Any]]:
    """The type of a column in Parquet, and how a value of it is read."""
    if isinstance(kind, sa.Boolean):
        return pa.bool_(), bool
    if isinstance(kind, sa.Integer):
        return pa.int64(), int
    if isinstance(kind, sa.Numeric) and not isinstance(kind, sa.Float) and 0 < (kind.precision or 0) <= _WIDEST:
        return pa.decimal128(kind.precision, kind.scale or 0), lambda value: value
    if isinstance(kind, sa.Numeric):
        return pa.float64(), float
    if isinstance(kind, sa.DateTime):
        return pa.timestamp("us", tz="UTC" if kind.timezone else None), lambda value: value
    if isinstance(kind, sa.Date):
        return pa.date32(), lambda value: value
    return pa.string(), _text


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes | memoryview) else str(value)
