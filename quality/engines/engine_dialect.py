"""A small SQLAlchemy dialect over an open scan, so that Great Expectations can write its conditions as it
always does.

A URL `parquetscan:///KEY` leads to the scan offered under KEY. Results are fetched whole when a statement is
executed, because the library reads them after it has given the connection back.
"""

import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import sqlalchemy as sa
from sqlalchemy import pool
from sqlalchemy.dialects import postgresql, registry
from sqlalchemy.engine import default
from sqlalchemy.sql import compiler

from quality.engines.engine_tables import ROW, Scan, quote

_WHOLE = 10**38
"""What DuckDB can still hold as an integer."""
_OFFERED: dict[str, Scan] = {}


@contextmanager
def offered(scan: Scan, key: str) -> Iterator[str]:
    """The URL under which a scan can be reached while the block lasts; a key leads to one scan at a time."""
    if key in _OFFERED:
        raise RuntimeError("a scan inside a scan")
    _OFFERED[key] = scan
    try:
        yield f"parquetscan:///{key}"
    finally:
        del _OFFERED[key]


def reached(url: sa.URL) -> Scan:
    """The scan behind a URL."""
    return _OFFERED[str(url.database)]


class _Cursor:
    """DBAPI cursor: runs on the scan's only connection and keeps the rows."""

    arraysize = 1
    rowcount = -1
    lastrowid = None

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._rows: list[tuple[Any, ...]] = []
        self.description: list[tuple[Any, ...]] | None = None

    def execute(self, statement: str, parameters: Sequence[object] | None = None) -> None:
        self._rows, self.description = self._scan.query_named(statement, parameters)

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        size = size or self.arraysize
        taken, self._rows = self._rows[:size], self._rows[size:]
        return taken

    def fetchall(self) -> list[tuple[Any, ...]]:
        taken, self._rows = self._rows, []
        return taken

    def close(self) -> None:
        self._rows = []


class _Connection:
    """DBAPI connection: a view of the scan; there are no transactions, and the scan's owner closes it."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan

    def cursor(self) -> _Cursor:
        return _Cursor(self._scan)

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None: ...


_DBAPI = types.SimpleNamespace(
    paramstyle="numeric_dollar",
    apilevel="2.0",
    threadsafety=1,
    Error=duckdb.Error,
    Warning=UserWarning,
    InterfaceError=duckdb.Error,
    DatabaseError=duckdb.DatabaseError,
    DataError=duckdb.DataError,
    OperationalError=duckdb.OperationalError,
    IntegrityError=duckdb.IntegrityError,
    InternalError=duckdb.InternalError,
    ProgrammingError=duckdb.ProgrammingError,
    NotSupportedError=duckdb.NotSupportedError,
)


class _Compiler(compiler.SQLCompiler):
    """Regular expressions search (they match anywhere in the value), as in Python; DuckDB's `~` has meant both."""

    def visit_custom_op_binary(self, element: Any, operator: Any, **kwargs: Any) -> str:
        if operator.opstring not in {"~", "!~"}:
            return str(super().visit_custom_op_binary(element, operator, **kwargs))  # type: ignore[no-untyped-call]
        value, regex = self.process(element.left, **kwargs), self.process(element.right, **kwargs)
        return f"{'' if operator.opstring == '~' else 'NOT '}regexp_matches({value}, {regex})"


_TYPES: dict[str, type[sa.types.TypeEngine[Any]]] = {
    "text": sa.VARCHAR,
    "integer": sa.BIGINT,
    "number": sa.Double,
    "date": sa.DATE,
    "datetime": sa.TIMESTAMP,
    "boolean": sa.BOOLEAN,
}


class _Number(sa.Float[Any]):
    """A float written exactly: the library makes every bound a float, and 2**62 as a double is also 2**62 + 1."""

    def literal_processor(self, dialect: Any) -> Any:  # noqa: ARG002
        return lambda value: str(int(value)) if float(value).is_integer() and abs(value) < _WHOLE else repr(value)


class ScanDialect(default.DefaultDialect):
    """DuckDB's SQL where it differs from the standard, and the columns of the scan as the table's description."""

    name = "duckdb"
    driver = "parquetscan"
    statement_compiler = _Compiler
    colspecs = {sa.Float: _Number}  # noqa: RUF012 - so the base declares it
    default_paramstyle = "numeric_dollar"
    supports_statement_cache = True
    supports_native_boolean = True
    max_identifier_length = 255

    @classmethod
    def import_dbapi(cls) -> Any:
        return _DBAPI

    @classmethod
    def get_pool_class(cls, url: sa.URL) -> type[pool.Pool]:  # noqa: ARG003
        return pool.NullPool

    def create_connect_args(self, url: sa.URL) -> tuple[list[Any], dict[str, Any]]:
        return [reached(url)], {}

    def connect(self, *cargs: Any, **cparams: Any) -> Any:  # noqa: ARG002
        return _Connection(cargs[0])

    def initialize(self, connection: Any) -> None:  # noqa: ARG002
        self.default_schema_name = "main"

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> Any:  # noqa: ARG002
        rows = connection.exec_driver_sql(f"DESCRIBE {quote(str(table_name))}").fetchall()
        columns = reached(connection.engine.url).aliases
        return [
            {
                "name": row[0],
                "type": _TYPES.get(columns[row[0]].sort, sa.types.NullType)(),
                "nullable": True,
                "default": None,
            }
            for row in rows
            if row[0] != ROW
        ]

    def get_pk_constraint(self, *_: Any, **__: Any) -> Any:
        return {"constrained_columns": [], "name": None}

    def has_table(self, *_: Any, **__: Any) -> bool:
        return True


registry.register("parquetscan", __name__, "ScanDialect")

family = types.ModuleType("parquet_scan_family")
"""What the library looks at to choose operators and type names: PostgreSQL's operators, SQLAlchemy's own types."""
family.dialect = postgresql.dialect  # type: ignore[attr-defined]
for _name, _type in vars(sa.types).items():
    if isinstance(_type, type):
        setattr(family, _name, _type)
