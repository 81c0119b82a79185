"""The database itself: engine settings for SQLite and PostgreSQL, reading sessions and writing sessions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

WRITES = "tiaoxi_writes"


@dataclass(frozen=True)
class Database:
    """An engine with its two ways in: `read` never commits, `write` is for Work and migrations."""

    engine: Engine
    writer: Engine

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; it ends without a commit, so whatever is done in it is rolled back."""
        with Session(self.engine, autoflush=False) as session:
            yield session

    def write(self) -> Session:
        """A session that holds the write lock from its first statement."""
        return Session(self.writer, expire_on_commit=False)

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def connect(url: str, *, pooled: bool = True) -> Database:
    """Open the database at a SQLAlchemy URL with the settings of one place, for SQLite and PostgreSQL alike."""
    options: dict[str, Any] = {} if pooled else {"poolclass": NullPool}
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"isolation_level": None, "check_same_thread": False}, **options)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(
            url,
            pool_pre_ping=pooled,
            connect_args={
                "options": "-c lock_timeout=5s -c statement_timeout=30s "
                "-c idle_in_transaction_session_timeout=60s -c timezone=UTC"
            },
            **options,
        )
    return Database(engine, engine.execution_options(**{WRITES: True}))


def insert(session: Session, table: type[Any]) -> postgresql.Insert | sqlite.Insert:
    """An insert that can say what to do about a row that is there already; both databases word it alike."""
    of_server = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(table) if of_server else sqlite.insert(table)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # Without recursive_triggers, INSERT OR REPLACE would get past the triggers that keep records from change.
    for pragma in (
        # One writer at a time: on a busy machine with a slow disk, waiting is better than an error page.
        "busy_timeout=15000",
        "journal_mode=WAL",
        "foreign_keys=ON",
        "synchronous=FULL",
        "recursive_triggers=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deed takes the write lock at once, so that it never fails half-way on a lock that it must upgrade.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
