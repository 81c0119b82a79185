"""The database: settings of one place, a write lock taken at once, readers that never wait and never commit."""

import sqlite3
from datetime import datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import StatementError

from tenancy.database import Database
from tenancy.records import Counter, Schedule


def test_settings_are_in_force(db: Database) -> None:
    names = (
        {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 15000, "recursive_triggers": 1}
        if db.is_sqlite
        else {
            "lock_timeout": "5s",
            "statement_timeout": "30s",
            "idle_in_transaction_session_timeout": "1min",
            "timezone": "UTC",
        }
    )
    word = "PRAGMA" if db.is_sqlite else "SHOW"
    with db.write() as writer, db.read() as reader:
        for session in (writer, reader):
            assert {name: session.execute(text(f"{word} {name}")).scalar() for name in names} == names


def test_writer_holds_the_lock_from_its_first_statement(db: Database) -> None:
    if not db.is_sqlite:
        pytest.skip("PostgreSQL locks rows, not the database")
    other = sqlite3.connect(str(db.engine.url.database), timeout=0, isolation_level=None)
    with db.write() as writer:
        count = writer.scalar(select(func.count()).select_from(Counter))
        assert other.execute("SELECT count(*) FROM counter").fetchone() == (count,)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    with db.read() as reader:
        reader.scalar(select(func.count()).select_from(Counter))
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    other.close()


def test_reading_session_keeps_nothing(db: Database) -> None:
    with db.read() as session:
        session.add(Counter(key="read", value=1))
        session.flush()
    with db.read() as session:
        assert session.get(Counter, "read") is None


def test_reader_sees_only_what_was_committed(db: Database) -> None:
    with db.write() as writer:
        writer.add(Counter(key="held", value=1))
        writer.flush()
        with db.read() as reader:
            assert reader.get(Counter, "held") is None
        writer.commit()
    with db.read() as reader:
        assert reader.get_one(Counter, "held").value == 1


def test_naive_instants_are_refused_and_aware_ones_come_back_in_utc(db: Database, now: datetime) -> None:
    with db.write() as session:
        session.add(Schedule(kind="naive", every_seconds=1, next_at=now.replace(tzinfo=None)))
        with pytest.raises(StatementError, match="naive"):
            session.flush()
    with db.write() as session:
        session.add(Schedule(kind="aware", every_seconds=1, next_at=datetime.fromisoformat("2026-11-23T10:00+08:00")))
        session.commit()
    with db.read() as session:
        assert session.get_one(Schedule, "aware").next_at.isoformat() == "2026-11-23T02:00:00+00:00"
