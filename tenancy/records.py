"""Tables of what happens: cases and their decisions, the audit log, jobs, notices, numbers given out, rules changed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tenancy.models import Tenant
from tenancy.types import Base, Code, Id, Name, PersonId, Ref, TenantId


class Case(Base):
    """One procedure under way: the single table behind every desk, worklist and reminder."""

    __tablename__ = "procedure_case"
    __table_args__ = (Index("ix_procedure_case_subject", "subject_kind", "subject_id"),)

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(32), index=True)
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(36))
    title: Mapped[Name]
    tenant_id: Mapped[TenantId] = mapped_column()
    applicant_tenant_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("tenant.id"), index=True)
    opened_by: Mapped[str] = mapped_column(String(36), index=True)
    opened_at: Mapped[datetime]
    chain: Mapped[list[str]]
    stage: Mapped[str] = mapped_column(String(32), index=True)
    return_stage: Mapped[str | None] = mapped_column(String(32))
    deciders: Mapped[list[Any]]
    intervals: Mapped[list[Any]]
    total: Mapped[list[Any]]
    extended: Mapped[bool] = mapped_column(Boolean, default=False)
    urgency: Mapped[str] = mapped_column(String(16), default="")
    due_on: Mapped[date | None] = mapped_column(index=True)
    provisional: Mapped[bool] = mapped_column(Boolean, default=False)
    ended_at: Mapped[datetime | None]
    rules_hash: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column()

    tenant: Mapped[Tenant] = relationship(foreign_keys="Case.tenant_id", lazy="joined")
    applicant_tenant: Mapped[Tenant | None] = relationship(foreign_keys="Case.applicant_tenant_id", lazy="joined")
    decisions: Mapped[list["Decision"]] = relationship(order_by="Decision.sequence", back_populates="case")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a case."""
        return {"type": "Case", "id": self.id, "path": self.tenant.path, "state": self.stage}


class Decision(Base):
    """One move of a case, never changed: who, when, from where to where, with which words."""

    __tablename__ = "case_decision"
    __table_args__ = (UniqueConstraint("case_id", "sequence"),)

    id: Mapped[Id]
    case_id: Mapped[str] = mapped_column(String(36), ForeignKey("procedure_case.id"), index=True)
    sequence: Mapped[int]
    move: Mapped[Code]
    before: Mapped[Code]
    after: Mapped[Code]
    actor_kind: Mapped[Code]
    actor_id: Mapped[Ref]
    capacity: Mapped[str | None] = mapped_column(String(64))
    comment: Mapped[str] = mapped_column(Text, default="")
    basis: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]]
    at: Mapped[datetime]

    case: Mapped[Case] = relationship(back_populates="decisions")


class Reminder(Base):
    """A warning that a deadline draws near, written when the deadline is set."""

    __tablename__ = "case_reminder"
    __table_args__ = (UniqueConstraint("case_id", "stage", "level", "on_day"),)

    id: Mapped[Id]
    case_id: Mapped[str] = mapped_column(String(36), ForeignKey("procedure_case.id"), index=True)
    stage: Mapped[Code]
    level: Mapped[int]
    on: Mapped[date] = mapped_column("on_day", index=True)
    sent_at: Mapped[datetime | None]


class AuditLine(Base):
    """One line of the audit log, appended in the transaction that it tells of; a trigger forbids change."""

    __tablename__ = "audit_line"

    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    actor_kind: Mapped[Code]
    actor_id: Mapped[str | None] = mapped_column(String(36), index=True)
    what: Mapped[Code]
    about_kind: Mapped[Code]
    about_id: Mapped[str | None] = mapped_column(String(64), index=True)
    details: Mapped[dict[str, Any]]


class AuditSeal(Base):
    """The link that chains an audit line to all lines before it."""

    __tablename__ = "audit_seal"

    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(Integer, unique=True)
    algorithm: Mapped[str] = mapped_column(String(16))
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime]


class Job(Base):
    """Work to be done after the transaction: the row is the queue."""

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_ready", "state", "not_before"),
        Index(
            "uq_job_dedupe_waiting",
            "kind",
            "dedupe",
            unique=True,
            sqlite_where=text("state = 'WAITING'"),
            postgresql_where=text("state = 'WAITING'"),
        ),
        CheckConstraint("attempts >= 0", name="attempts"),
    )

    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    kind: Mapped[Code]
    payload: Mapped[dict[str, Any]]
    dedupe: Mapped[str | None] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    not_before: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    worker: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Schedule(Base):
    """A job that comes back: its kind, the seconds between two runs and when it is next due."""

    __tablename__ = "schedule"

    kind: Mapped[str] = mapped_column(String(64), primary_key=True)
    every_seconds: Mapped[int]
    next_at: Mapped[datetime]


class Notice(Base):
    """A message for a person about something that happened, shown on the desk and sent by mail."""

    __tablename__ = "notice"

    id: Mapped[Id]
    person_id: Mapped[PersonId]
    kind: Mapped[Code]
    about_kind: Mapped[Code]
    about_id: Mapped[Ref]
    params: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]


class Counter(Base):
    """The last number given out under a key; never counts back, so that no number is used twice."""

    __tablename__ = "counter"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[int]


class OutboundTarget(Base):
    """A host and port inside the private network that the security admin has allowed to be called."""

    __tablename__ = "outbound_target"
    __table_args__ = (UniqueConstraint("host", "port"),)

    id: Mapped[Id]
    host: Mapped[str] = mapped_column(String(255))
    port: Mapped[int]
    reason: Mapped[Name]
    added_by: Mapped[Ref]
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    def facts(self) -> dict[str, Any]:
        """What permissions may know of an allowed target."""
        return {"type": "Outbound", "id": self.id, "path": ()}


class RuleChange(Base):
    """An overlay of the packaged rules: proposed by one, put in force by another, kept with its hash."""

    __tablename__ = "rule_change"

    id: Mapped[Id]
    file: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64))
    reason: Mapped[Name]
    proposed_by: Mapped[Ref]
    proposed_at: Mapped[datetime]
    enacted_by: Mapped[str | None] = mapped_column(String(36))
    enacted_at: Mapped[datetime | None] = mapped_column(index=True)
    enacted_hash: Mapped[str | None] = mapped_column(String(64))
    declined_by: Mapped[str | None] = mapped_column(String(36))
    declined_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(Text, default="")

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided yet."""
        return self.enacted_at is None and self.declined_at is None

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a proposed change of the rules."""
        return {"type": "Rules", "id": self.id, "path": (), "proposer_id": self.proposed_by}
