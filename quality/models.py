"""Tables of the quality room: suites of rules and what their runs found."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalog.models import Entry, Version
from policies import vocabulary as v
from tenancy.types import Base, Id, Ref, term


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
    note: Mapped[str | None] = mapped_column(String(300))

    entry: Mapped[Entry] = relationship()

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a suite: those of its entry."""
        return {**self.entry.facts(), "type": "Suite", "id": self.id}


class Run(Base):
    """One run of a suite over a version's table: asked for, under way, and then the engine, its time and each rule's
    counts.

    `sampled` tells whether only part of the rows was looked at, `peak_memory_mb` the most the process held meanwhile.
    """

    __tablename__ = "run"

    id: Mapped[Id]
    version_id: Mapped[str] = mapped_column(String(36), ForeignKey("version.id"), index=True)
    suite_id: Mapped[str] = mapped_column(String(36), ForeignKey("suite.id"))
    state: Mapped[v.RunState] = mapped_column(term(v.RunState), default=v.RunState.DONE, server_default="DONE")
    requested_by: Mapped[Ref | None]
    started_at: Mapped[datetime | None]
    starts: Mapped[int] = mapped_column(default=0, server_default="0")
    engine: Mapped[str] = mapped_column(String(32), default="")
    engine_version: Mapped[str] = mapped_column(String(100), default="")
    rows: Mapped[int] = mapped_column(BigInteger, default=0)
    seconds: Mapped[float] = mapped_column(default=0.0)
    sampled: Mapped[bool] = mapped_column(default=False, server_default=false())
    peak_memory_mb: Mapped[float | None]
    results: Mapped[list[Any]] = mapped_column(default=list)
    problem: Mapped[dict[str, Any] | None]
    at: Mapped[datetime]
    """When the run ended, or was asked for while it has not."""

    version: Mapped[Version] = relationship()
    suite: Mapped[Suite] = relationship(lazy="joined")

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a run: those of its entry."""
        return {**self.version.entry.facts(), "type": "Run", "id": self.id}
