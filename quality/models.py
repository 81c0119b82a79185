"""Tables of the quality room: suites of rules and what their runs found."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalog.models import Entry
from tenancy.types import Base, Id, Ref


class Suite(Base):
    """A version of an entry's rules; the newest one is used by the next run."""

    __tablename__ = "suite"
    __table_args__ = (UniqueConstraint("entry_id", "number"),)

    id: Mapped[Id]
    entry_id: Mapped[str] = mapped_column(String(36), ForeignKey("entry.id"), index=True)
    number: Mapped[int]
    rules: Mapped[list[Any]]
    hash: Mapped[str] = mapped_column(String(64))
    origin: Mapped[str] = mapped_column(String(16))
    author_id: Mapped[Ref]
    created_at: Mapped[datetime]

    entry: Mapped[Entry] = relationship()

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a suite: those of its entry."""
        return {**self.entry.facts(), "type": "Suite", "id": self.id}


class Run(Base):
    """One run of a suite over a version: the engine, its time and each rule's counts."""

    __tablename__ = "run"

    id: Mapped[Id]
    version_id: Mapped[str] = mapped_column(String(36), ForeignKey("version.id"), index=True)
    suite_id: Mapped[str] = mapped_column(String(36), ForeignKey("suite.id"))
    engine: Mapped[str] = mapped_column(String(32))
    engine_version: Mapped[str] = mapped_column(String(100))
    rows: Mapped[int]
    seconds: Mapped[float]
    results: Mapped[list[Any]]
    error: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]

    suite: Mapped[Suite] = relationship(lazy="joined")
