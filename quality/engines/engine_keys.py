"""Keys of other tables, copied beside a table before its connection is locked: their files can't be reached after."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pyarrow as pa

from quality.engines import engine_tables
from quality.engines.engine_tables import Scan, literal, quote

_KINDS = {"integer": "BIGINT", "number": "DOUBLE", "text": "VARCHAR"}
_OFFERED: dict[str, Scan] = {}


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


def copied(scan: Scan, asked: Sequence[KeySource]) -> dict[str, Reference]:
    """Distinct keys of other tables, each in a table of the scan's connection; what can't be read harms only the rules
    which ask for it."""
    return {one.name: _copied(scan, one) for one in asked}


def _copied(scan: Scan, asked: KeySource) -> Reference:
    table, file = f"reference_{uuid4().hex}", f"{asked.name} "
    try:
        if isinstance(asked.source, Path):
            file = f"read_parquet({literal(str(asked.source.resolve(strict=True)))})"
            shown = [quote(column) for column in asked.columns]
        else:
            rows = [row if isinstance(row, tuple) else (row,) for row in asked.source]
            given = pa.table({f"c{at}": list(column) for at, column in enumerate(zip(*rows, strict=True))})
            scan.connection.register("given", given)
            file, shown = "given", list(given.column_names)
        named = ", ".join(f"{column} AS {name}" for column, name in zip(shown, ("k", "v"), strict=False))
        filled = " AND ".join(f"{column} IS NOT NULL" for column in shown) or "true"
        scan.query(f"CREATE TEMP TABLE {table} AS SELECT DISTINCT {named} FROM {file} WHERE {filled}")
        sorts = tuple(engine_tables.sort_of(str(row[1])) for row in scan.query(f"DESCRIBE {table}"))
    except duckdb.OutOfMemoryException:
        raise
    except (OSError, pa.ArrowException, duckdb.Error) as error:
        if scan.stopped:
            raise
        return Reference(table, (), str(error).splitlines()[0].replace(file, asked.name))
    return Reference(table, sorts)


@contextmanager
def offered(scan: Scan, references: Mapping[str, Reference]) -> Iterator[None]:
    """Lets `rows` reach the keys which a scan holds."""
    tables = [one.table for one in references.values()]
    _OFFERED.update((table, scan) for table in tables)
    try:
        yield
    finally:
        for table in tables:
            del _OFFERED[table]


@contextmanager
def apart(asked: Sequence[KeySource]) -> Iterator[dict[str, Reference]]:
    """Keys for an engine which has no scan: in a connection that holds nothing else."""
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        scan = Scan(connection, (), 0)
        references = copied(scan, asked)
        with offered(scan, references):
            yield references


def rows(table: str, *sorts: str) -> list[tuple[Any, ...]]:
    """The keys of an offered reference (and what is said of them), as values of the sorts."""
    shown = [f"CAST({name} AS {_KINDS[sort]})" for name, sort in zip(("k", "v"), sorts, strict=False)]
    return _OFFERED[table].query(f"SELECT DISTINCT {', '.join(shown)} FROM {table}")
