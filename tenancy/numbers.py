"""Numbers that are given out once: resource codes, case numbers."""

from datetime import datetime

from sqlalchemy import case
from sqlalchemy.orm import Session

from policies.calendars import local_date
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


def number_of_year(session: Session, prefix: str, key: str, at: datetime) -> str:
    """The next number as people say it, such as SQ-2026-000012, counted anew each year in Shanghai."""
    year = local_date(at).year
    return f"{prefix}-{year}-{next_number(session, f'{key}:{year}'):06d}"


def at_least(session: Session, key: str, number: int) -> None:
    """See to it that the next number under a key is greater than one that was given out elsewhere."""
    statement = insert(session, Counter).values(key=key, value=number)
    higher = case((Counter.value < number, number), else_=Counter.value)
    session.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": higher}))
