"""Tables of data issues: what is wrong with which item, who found it, who must mend it, and where it was seen."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalog.models import Entry
from policies import vocabulary as v
from tenancy.encryption import Encrypted
from tenancy.models import Tenant
from tenancy.records import Case
from tenancy.types import Base, Id, TenantId, term

GATE = "@gate"
"""Stands for the rule in an issue that the gate opened: there is one at a time, as with rules."""


class Issue(Base):
    """A fault in data, from the one who found it to the proof that it is gone; one open one for each rule."""

    __tablename__ = "issue"
    __table_args__ = (
        Index(
            "uq_issue_open_rule",
            "entry_id",
            "rule_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(32), unique=True)
    entry_id: Mapped[str] = mapped_column(String(36), ForeignKey("entry.id"), index=True)
    tenant_id: Mapped[TenantId] = mapped_column()
    case_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("procedure_case.id"), index=True)
    source: Mapped[v.IssueSource] = mapped_column(term(v.IssueSource))
    severity: Mapped[v.Severity] = mapped_column(term(v.Severity))
    item: Mapped[str] = mapped_column(String(300), default="")
    rule_id: Mapped[str | None] = mapped_column(String(400))
    rule: Mapped[dict[str, Any] | None]
    description: Mapped[str] = mapped_column(Encrypted("issue.description"), default="")
    evidence: Mapped[str] = mapped_column(Encrypted("issue.evidence"), default="")
    contact: Mapped[str | None] = mapped_column(Encrypted("issue.contact"))
    answer: Mapped[str] = mapped_column(Text, default="")
    reasons: Mapped[list[Any] | None]
    reporter_id: Mapped[str] = mapped_column(String(36), index=True)
    reporter_tenant_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("tenant.id"), index=True)
    secret_hash: Mapped[str | None] = mapped_column(String(64))
    form_token: Mapped[str | None] = mapped_column(String(64), unique=True)
    network: Mapped[str | None] = mapped_column(String(64), index=True)
    previous_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("issue.id"))
    passed: Mapped[list[str]]
    unproven: Mapped[bool] = mapped_column(default=False)
    seen_number: Mapped[int] = mapped_column(default=0)
    seen_at: Mapped[datetime]
    occurrences: Mapped[int] = mapped_column(default=1)
    reopened: Mapped[int] = mapped_column(default=0)
    proved_number: Mapped[int | None]
    grace_until: Mapped[date | None]
    created_at: Mapped[datetime]
    reviewed_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    rectified_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    escalated_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    entry: Mapped[Entry] = relationship(lazy="joined")
    tenant: Mapped[Tenant] = relationship(foreign_keys="Issue.tenant_id", lazy="joined")
    reporter_tenant: Mapped[Tenant | None] = relationship(foreign_keys="Issue.reporter_tenant_id", lazy="joined")
    case: Mapped[Case | None] = relationship(lazy="joined")
    previous: Mapped["Issue | None"] = relationship(remote_side="Issue.id")
    occurred: Mapped[list["IssueOccurrence"]] = relationship(order_by="IssueOccurrence.number", back_populates="issue")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute

    @property
    def stage(self) -> str:
        """Where its case stands."""
        return self.case.stage if self.case else "REVIEW"

    def facts(self) -> dict[str, Any]:
        """What permissions may know of an issue; its path is that of whoever must answer it now."""
        handling = self.case.tenant if self.case else self.tenant
        return {
            "type": "Issue",
            "id": self.id,
            "path": handling.path,
            "provider_path": self.entry.tenant.path,
            "entry_id": self.entry_id,
            "applicant_id": self.reporter_id,
            "applicant_tenant_id": self.reporter_tenant_id,
            "state": self.stage,
            "kind": self.source.value,
        }


class IssueOccurrence(Base):
    """What a check of one version said of an issue's rule: it failed, it held, or it could not be run."""

    __tablename__ = "issue_occurrence"
    __table_args__ = (UniqueConstraint("issue_id", "number"),)

    id: Mapped[Id]
    issue_id: Mapped[str] = mapped_column(String(36), ForeignKey("issue.id"), index=True)
    number: Mapped[int]
    held: Mapped[bool | None]
    evaluated: Mapped[int | None]
    unexpected: Mapped[int | None]
    verdict: Mapped[v.Verdict | None] = mapped_column(term(v.Verdict))
    at: Mapped[datetime]

    issue: Mapped[Issue] = relationship(back_populates="occurred")
