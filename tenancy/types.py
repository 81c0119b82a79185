"""Column types and the declarative base that all floors with tables share."""

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from sqlalchemy import JSON, DateTime, Enum, ForeignKey, MetaData, String
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

E = TypeVar("E", bound=StrEnum)

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: takes aware datetimes only and gives them back in UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a naive datetime, whose zone nobody knows."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Restore the zone that SQLite drops."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def __repr__(self) -> str:
        return "UtcDateTime()"


def term(kind: type[E], length: int = 32) -> Enum:
    """Column type of a vocabulary term: its code as text, checked when it is written and read."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        values_callable=lambda terms: [str(one.value) for one in terms],
        length=length,
        validate_strings=True,
    )


def new_id() -> str:
    """A fresh identifier: a random UUID as text."""
    return str(uuid.uuid4())


class Base(DeclarativeBase):
    """Declarative base; constraint names are fixed so that migrations are the same on every database."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this class attribute
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
        list[str]: JSON(),
    }


Id = Annotated[str, mapped_column(String(36), primary_key=True, default=new_id)]
TenantId = Annotated[str, mapped_column(String(36), ForeignKey("tenant.id"), index=True)]
PersonId = Annotated[str, mapped_column(String(36), ForeignKey("person.id"), index=True)]
Ref = Annotated[str, mapped_column(String(36), index=True)]
Code = Annotated[str, mapped_column(String(64))]
Name = Annotated[str, mapped_column(String(500))]
