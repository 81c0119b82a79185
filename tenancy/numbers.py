"""Numbers that are given out once: resource codes, case numbers."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tenancy.records import Counter


def next_number(session: Session, key: str) -> int:
    """The next number under a key, starting from 1; rolled back together with the deed that took it."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(Counter)
        .values(key=key, value=1)
        .on_conflict_do_update(index_elements=["key"], set_={"value": Counter.value + 1})
        .returning(Counter.value)
    )
    return session.execute(statement).scalar_one()
