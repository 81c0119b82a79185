"""Numbers that are given out once: resource codes, case numbers."""

from sqlalchemy import case
from sqlalchemy.orm import Session

from tenancy.database import insert
from tenancy.records import Counter


def next_number(session: Session, key: str) -> int:
    """The next number under a key, starting from 1; rolled back together with the deed that took it."""
    return next_numbers(session, key, 1)[0]


def next_numbers(session: Session, key: str, count: int) -> range:
    """As many numbers in a row under a key, in one statement."""
    statement = (
        insert(session, Counter)
        .values(key=key, value=count)
        .on_conflict_do_update(index_elements=["key"], set_={"value": Counter.value + count})
        .returning(Counter.value)
    )
    last = session.execute(statement).scalar_one()
    return range(last - count + 1, last + 1)


def at_least(session: Session, key: str, number: int) -> None:
    """See to it that the next number under a key is greater than one that was given out elsewhere."""
    statement = insert(session, Counter).values(key=key, value=number)
    higher = case((Counter.value < number, number), else_=Counter.value)
    session.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": higher}))
