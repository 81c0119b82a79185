"""Numbers: given out once, however many ask at the same time, and given back with a deed that fails."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import event

from tenancy.database import Database
from tenancy.numbers import next_number

THREADS, EACH = 16, 6


def patient(db: Database) -> None:
    """Let writers of SQLite wait as long as it takes: how long they wait is not what is tested here."""
    if db.is_sqlite:
        event.listen(db.engine, "connect", lambda raw, _record: raw.execute("PRAGMA busy_timeout=120000"))


def take(db: Database, key: str) -> int:
    """One number in a transaction of its own."""
    with db.write() as session:
        number = next_number(session, key)
        session.commit()
        return number


def test_sixteen_threads_get_different_numbers_without_a_gap(db: Database) -> None:
    patient(db)
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda _: take(db, "code:306001"), range(THREADS * EACH)))
    assert sorted(found) == list(range(1, THREADS * EACH + 1))


def test_number_of_a_failed_deed_is_given_again(db: Database) -> None:
    assert take(db, "a") == 1
    with db.write() as session:
        assert next_number(session, "a") == 2
        session.rollback()
    assert take(db, "a") == 2
    assert take(db, "b") == 1
