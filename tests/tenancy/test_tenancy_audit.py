"""The audit log: only ever longer, sealed into a chain in which every change shows."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tenancy import audit, work
from tenancy.actors import SYSTEM
from tenancy.database import Database
from tenancy.records import AuditLine, AuditSeal

LINES = 6
RECORDS = ("agreement", "audit_line", "audit_seal", "case_decision", "catalog_change", "demand_change", "reading")


def write(db: Database, now: datetime, lines: int = LINES) -> None:
    """Append lines, each in a deed of its own."""
    for number in range(lines):
        with work.begin(db, SYSTEM, now) as deed:
            deed.record("thing.done", "Thing", number=number, text="“引号”\n", list=[1, 2.5, None, {"a": True}])


def seal(db: Database, now: datetime, **options: Any) -> int:
    """Seal what is not sealed yet."""
    with work.begin(db, SYSTEM, now) as deed:
        return audit.seal(deed.session, now, **options)


def check(db: Database) -> audit.Verification:
    """Walk the chain."""
    with db.read() as session:
        return audit.verify(session)


def test_chain_holds_and_tells_what_is_not_sealed_yet(db: Database, now: datetime) -> None:
    assert check(db) == audit.Verification(0, 0, None, audit.BEGINNING)
    write(db, now)
    assert seal(db, now, limit=4) == 4
    found = check(db)
    assert (found.sealed, found.unsealed, found.bad_line) == (4, 2, None)
    assert seal(db, now, algorithm="sha512_256") == 2
    assert seal(db, now) == 0
    whole = check(db)
    assert (whole.sealed, whole.unsealed, whole.bad_line) == (LINES, 0, None)
    assert whole.head not in {found.head, audit.BEGINNING}
    assert check(db) == whole


def test_line_sealed_in_its_own_deed_is_sealed_as_it_is_kept(db: Database, now: datetime) -> None:
    shanghai = now.astimezone(timezone(timedelta(hours=8)))
    with work.begin(db, SYSTEM, shanghai) as deed:
        deed.record("thing.done", "Thing", pair=(1, 2), keyed={2: "b", 10: "a"})
        deed.session.flush()
        audit.seal(deed.session, now)
    assert check(db).bad_line is None


def statements(db: Database, table: str) -> list[str]:
    """Ways to change or remove rows of a table."""
    column = {"agreement": "text", "reading": "code", "case_decision": "comment"}.get(table, "hash")
    if table in {"audit_line", "catalog_change", "demand_change"}:
        column = "what"
    found = [f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"]
    return found if db.is_sqlite else [*found, f"TRUNCATE {table} CASCADE"]


def test_records_are_append_only(db: Database, cast: Any, now: datetime) -> None:
    write(db, now, 1)
    seal(db, now)
    before = check(db)
    # SQLite asks its triggers row by row, so that only tables with rows can show it; PostgreSQL asks in any case.
    tables = ("audit_line", "audit_seal") if db.is_sqlite else RECORDS
    attempts = [statement for table in tables for statement in statements(db, table)]
    if db.is_sqlite:
        columns = "sequence, at, actor_kind, what, about_kind, details"
        attempts.append(
            f"INSERT OR REPLACE INTO audit_line ({columns}) VALUES (1, '2026-01-01', 'x', 'x', 'x', '{{}}')"
        )
    for statement in attempts:
        with pytest.raises(DBAPIError, match="append-only"), db.write() as session:
            session.execute(text(statement))
    assert check(db) == before
    with db.read() as session:
        named = (
            select(func.count()).select_from(text("sqlite_master")).where(text("type = 'trigger'"))
            if db.is_sqlite
            else select(func.count()).select_from(text("pg_trigger")).where(text("NOT tgisinternal"))
        )
        assert session.scalar(named) == len(RECORDS) * (2 if db.is_sqlite else 1)


def tampered(db: Database, tamper: Callable[[Connection], object]) -> audit.Verification:
    """What the chain says after somebody who owns the database laid hands on it; taken back afterwards."""
    with db.writer.connect() as connection:
        for table in ("audit_line", "audit_seal"):
            if not db.is_sqlite:
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
                continue
            for deed in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER {table}_no_{deed}")
        tamper(connection)
        with Session(connection, join_transaction_mode="rollback_only") as session:
            found = audit.verify(session)
        connection.rollback()
    return found


def sql(*statements: str) -> Callable[[Connection], object]:
    """Tampering by plain statements."""
    return lambda connection: [connection.exec_driver_sql(one) for one in statements]


SWAP = "UPDATE audit_seal SET line = {} WHERE line = {}"
COPY = (
    "INSERT INTO audit_line (sequence, at, actor_kind, actor_id, what, about_kind, about_id, details) "
    "SELECT {}, at, actor_kind, actor_id, 'thing.forged', about_kind, about_id, details "
    "FROM audit_line WHERE sequence = 3"
)
SEALED = (
    "INSERT INTO audit_seal (position, line, algorithm, previous, hash, sealed_at) "
    "SELECT {}, {}, algorithm, hash, hash, sealed_at FROM audit_seal WHERE position = {}"
)
TAMPERINGS = {
    "what was done": (3, sql("UPDATE audit_line SET what = 'x' WHERE sequence = 3")),
    "who did it": (3, sql("UPDATE audit_line SET actor_id = 'x' WHERE sequence = 3")),
    "when": (3, sql("UPDATE audit_line SET at = '2026-11-23 01:00:00+00:00' WHERE sequence = 3")),
    "about what": (3, sql("UPDATE audit_line SET about_kind = 'x' WHERE sequence = 3")),
    "details": (3, sql("""UPDATE audit_line SET details = '{"number": 7}' WHERE sequence = 3""")),
    "line removed": (3, sql("DELETE FROM audit_line WHERE sequence = 3")),
    "line and seal removed": (
        4,
        sql("DELETE FROM audit_line WHERE sequence = 3", "DELETE FROM audit_seal WHERE line = 3"),
    ),
    "seal removed": (4, sql("DELETE FROM audit_seal WHERE line = 3")),
    "two lines exchanged": (4, sql(SWAP.format(99, 3), SWAP.format(3, 4), SWAP.format(4, 99))),
    "numbers exchanged": (
        3,
        sql(*(f"UPDATE audit_line SET sequence = {b} WHERE sequence = {a}" for a, b in ((3, 99), (4, 3), (99, 4)))),
    ),
    "line put in at the end": (7, sql(COPY.format(7), SEALED.format(7, 7, 6))),
    "line put in between": (
        50,
        sql(
            COPY.format(50),
            "UPDATE audit_seal SET position = position + 100 WHERE position > 3",
            SEALED.format(4, 50, 3),
            "UPDATE audit_seal SET position = position - 99 WHERE position > 100",
        ),
    ),
    "link to the line before renewed": (4, sql("UPDATE audit_seal SET previous = hash WHERE line = 4")),
    "gap in the positions": (4, sql("UPDATE audit_seal SET position = position + 100 WHERE position > 3")),
    "hash renewed": (4, sql("UPDATE audit_seal SET hash = previous WHERE line = 4")),
    "first line removed": (
        2,
        sql("DELETE FROM audit_line WHERE sequence = 1", "DELETE FROM audit_seal WHERE position = 1"),
    ),
}


def test_every_tampering_names_the_first_bad_line(db: Database, now: datetime) -> None:
    write(db, now)
    seal(db, now)
    assert check(db).bad_line is None
    for name, (bad, tamper) in TAMPERINGS.items():
        assert tampered(db, tamper).bad_line == bad, name
    assert check(db).bad_line is None


def test_tail_cut_off_shows_in_the_head(db: Database, now: datetime) -> None:
    write(db, now)
    seal(db, now)
    noted = check(db)
    cut = tampered(db, sql("DELETE FROM audit_line WHERE sequence = 6", "DELETE FROM audit_seal WHERE line = 6"))
    assert cut.bad_line is None
    assert (cut.sealed, cut.head) != (noted.sealed, noted.head)


def test_lines_keep_their_order_whatever_the_clock_says(db: Database, now: datetime) -> None:
    write(db, now, 1)
    write(db, now - timedelta(hours=1), 1)
    write(db, now + timedelta(days=366), 1)
    assert seal(db, now) == 3
    assert check(db).bad_line is None
    with db.read() as session:
        assert session.scalars(select(AuditSeal.line).order_by(AuditSeal.position)).all() == [1, 2, 3]
        assert session.scalars(select(AuditLine.at).order_by(AuditLine.sequence)).all()[1] < now
