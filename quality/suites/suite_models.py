"""Tables around suites: trials of rules in the making, templates that bodies keep, waivers of rules."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalog.models import Entry
from policies import vocabulary as v
from tenancy.models import Tenant
from tenancy.records import Case
from tenancy.types import Base, Id, Ref, TenantId, term


class Trial(Base):
    """Rules tried on the newest table before they are kept: a suite in the making, and what the tried ones found."""

    __tablename__ = "trial"

    id: Mapped[Id]
    entry_id: Mapped[str] = mapped_column(String(36), ForeignKey("entry.id"), index=True)
    number: Mapped[int]
    rules: Mapped[list[Any]]
    tried: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(String(16))
    version_number: Mapped[int | None]
    rows: Mapped[int | None]
    results: Mapped[dict[str, Any] | None]
    problem: Mapped[str | None] = mapped_column(Text)
    author_id: Mapped[Ref]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    entry: Mapped[Entry] = relationship()


class SuiteTemplate(Base):
    """Rules that a body keeps for its own entries and those of the bodies below it; the authority's are for all."""

    __tablename__ = "suite_template"

    id: Mapped[Id]
    tenant_id: Mapped[TenantId]
    name: Mapped[str] = mapped_column(String(200))
    themes: Mapped[list[Any]]
    rules: Mapped[list[Any]]
    author_id: Mapped[Ref]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    tenant: Mapped[Tenant] = relationship()

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a template: those of its body."""
        return {"type": "Template", "id": self.id, "path": self.tenant.path, "author_id": self.author_id}


class Waiver(Base):
    """A rule of an entry whose failing is tolerated until a day, for a reason that somebody else approved."""

    __tablename__ = "waiver"
    __table_args__ = (Index("ix_waiver_state_until", "state", "until"),)

    id: Mapped[Id]
    entry_id: Mapped[str] = mapped_column(String(36), ForeignKey("entry.id"), index=True)
    rule_id: Mapped[str] = mapped_column(Text)
    rule: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(Text)
    until: Mapped[date]
    state: Mapped[v.WaiverState] = mapped_column(term(v.WaiverState))
    case_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("procedure_case.id"), index=True)
    asked_by: Mapped[Ref]
    asked_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(36))
    decided_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    entry: Mapped[Entry] = relationship()
    case: Mapped[Case | None] = relationship()

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a waiver: those of its entry."""
        return self.entry.facts()
