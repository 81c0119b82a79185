"""Tables of cleaning: the plans of an entry by version, and every preview and run of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalog.models import Entry, StoredFile, Version
from policies import vocabulary as v
from tenancy.types import Base, Id, PersonId, Ref, term

UNDER_WAY = text("state = 'WAITING'")


class CleaningPlan(Base):
    """A version of an entry's cleaning rules; the newest one is used."""

    __tablename__ = "cleaning_plan"
    __table_args__ = (UniqueConstraint("entry_id", "number"),)

    id: Mapped[Id]
    entry_id: Mapped[str] = mapped_column(String(36), ForeignKey("entry.id"))
    number: Mapped[int]
    steps: Mapped[list[Any]]
    hash: Mapped[str] = mapped_column(String(64))
    author_id: Mapped[Ref]
    created_at: Mapped[datetime]

    entry: Mapped[Entry] = relationship()

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a plan: those of its entry."""
        return self.entry.facts()


class CleaningRun(Base):
    """One preview or run of a plan over a version: what changed step by step, and what became of it."""

    __tablename__ = "cleaning_run"
    __table_args__ = (
        Index(
            "uq_cleaning_run_under_way",
            "entry_id",
            unique=True,
            sqlite_where=UNDER_WAY,
            postgresql_where=UNDER_WAY,
        ),
    )

    id: Mapped[Id]
    entry_id: Mapped[str] = mapped_column(String(36), ForeignKey("entry.id"), index=True)
    plan_id: Mapped[str] = mapped_column(String(36), ForeignKey("cleaning_plan.id"))
    source_id: Mapped[str] = mapped_column(String(36), ForeignKey("version.id"))
    is_preview: Mapped[bool]
    state: Mapped[v.CleaningState] = mapped_column(term(v.CleaningState))
    person_id: Mapped[PersonId]
    reference_versions: Mapped[list[Any]]
    outcome: Mapped[dict[str, Any] | None]
    problem: Mapped[dict[str, Any] | None]
    changed: Mapped[int | None] = mapped_column(Integer)
    ledger_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("stored_file.id"))
    version_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("version.id"), index=True)
    requested_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    entry: Mapped[Entry] = relationship()
    plan: Mapped[CleaningPlan] = relationship(lazy="joined")
    source: Mapped[Version] = relationship(foreign_keys="CleaningRun.source_id", lazy="joined")
    version: Mapped[Version | None] = relationship(foreign_keys="CleaningRun.version_id", lazy="joined")
    ledger: Mapped[StoredFile | None] = relationship(lazy="joined")

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a run: those of its entry."""
        return self.entry.facts()
