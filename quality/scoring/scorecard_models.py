"""Tables of frozen scorecards: a month, its lines, and the appeals against them with what they corrected."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from policies import vocabulary as v
from tenancy.models import Tenant
from tenancy.types import Base, Id, Ref, TenantId, term


class FrozenScorecard(Base):
    """The scorecard of one month: as of its last instant, by which rules, until which day it may be appealed."""

    __tablename__ = "scorecard"

    id: Mapped[Id]
    month: Mapped[str] = mapped_column(String(7), unique=True)
    as_of: Mapped[datetime]
    frozen_at: Mapped[datetime]
    rules_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    state: Mapped[v.ScorecardState] = mapped_column(term(v.ScorecardState))
    appeals_until: Mapped[date]
    closed_at: Mapped[datetime | None]

    lines: Mapped[list["ScorecardLine"]] = relationship(back_populates="scorecard")


class ScorecardLine(Base):
    """What one body reached in a month, with the datasets behind it; never changed afterwards."""

    __tablename__ = "scorecard_line"
    __table_args__ = (UniqueConstraint("scorecard_id", "tenant_id"),)

    id: Mapped[Id]
    scorecard_id: Mapped[str] = mapped_column(String(36), ForeignKey("scorecard.id"))
    tenant_id: Mapped[TenantId] = mapped_column()
    figures: Mapped[dict[str, Any]]
    evidence: Mapped[list[Any]]
    issues: Mapped[dict[str, Any] | None]
    card: Mapped[v.Card | None] = mapped_column(term(v.Card))
    hash: Mapped[str] = mapped_column(String(64))

    scorecard: Mapped[FrozenScorecard] = relationship(back_populates="lines", lazy="joined")
    tenant: Mapped[Tenant] = relationship(lazy="joined")
    appeals: Mapped[list["Appeal"]] = relationship(order_by="Appeal.made_at", back_populates="line")

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a line: whose scorecard it is."""
        return {"type": "Report", "id": self.id, "path": self.tenant.path}


class Appeal(Base):
    """A body's appeal against its line: which datasets are disputed and why; once upheld, the corrected figures."""

    __tablename__ = "scorecard_appeal"

    id: Mapped[Id]
    line_id: Mapped[str] = mapped_column(String(36), ForeignKey("scorecard_line.id"), index=True)
    entry_ids: Mapped[list[str]]
    reason: Mapped[str] = mapped_column(Text)
    made_by: Mapped[Ref]
    made_at: Mapped[datetime]
    upheld: Mapped[bool | None]
    ended_at: Mapped[datetime | None]
    corrected: Mapped[dict[str, Any] | None]

    line: Mapped[ScorecardLine] = relationship(back_populates="appeals", lazy="joined")

    def facts(self) -> dict[str, Any]:
        """What permissions may know of an appeal."""
        return {**self.line.facts(), "id": self.id, "author_id": self.made_by}


class DataDocs(Base):
    """A report on one version's run for experts, made by the worker and kept for a while."""

    __tablename__ = "data_docs"
    __table_args__ = (UniqueConstraint("version_id"),)

    id: Mapped[Id]
    version_id: Mapped[str] = mapped_column(String(36), ForeignKey("version.id"))
    run_id: Mapped[str] = mapped_column(String(36))
    state: Mapped[v.DocsState] = mapped_column(term(v.DocsState))
    file_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("stored_file.id"))
    problem: Mapped[str] = mapped_column(Text, default="")
    asked_by: Mapped[Ref]
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)
