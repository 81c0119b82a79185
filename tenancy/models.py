"""Tables of the first floor: tenants, people, what they may do and what waits for them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from policies.vocabulary import Role, TenantKind
from tenancy.encryption import Encrypted
from tenancy.types import Base, Code, Id, Name, PersonId, Ref, TenantId, term


class Tenant(Base):
    """A body in whose name people act: city, county, department, subordinate unit, utility or applicant."""

    __tablename__ = "tenant"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[TenantKind] = mapped_column(term(TenantKind))
    uscc: Mapped[str | None] = mapped_column(String(18))
    region_code: Mapped[str] = mapped_column(String(12))
    dissolved_on: Mapped[date | None]
    created_at: Mapped[datetime]

    names: Mapped[list["TenantName"]] = relationship(order_by="TenantName.valid_from", lazy="selectin")
    ancestry: Mapped[list["TenantAncestor"]] = relationship(
        foreign_keys="TenantAncestor.tenant_id", order_by="TenantAncestor.depth", lazy="selectin"
    )

    @property
    def path(self) -> tuple[str, ...]:
        """Tenant ids from this one up to the root."""
        return tuple(one.ancestor_id for one in self.ancestry)

    @property
    def parent_id(self) -> str | None:
        """The body above, or none at the root."""
        return self.path[1] if len(self.path) > 1 else None

    @property
    def name(self) -> "TenantName":
        """The name in force now, which is the latest one."""
        return self.names[-1]

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a tenant."""
        return {"type": "Tenant", "id": self.id, "path": self.path}


class TenantName(Base):
    """A name of a tenant with the days on which it holds; a rename ends one row and begins another."""

    __tablename__ = "tenant_name"

    id: Mapped[Id]
    tenant_id: Mapped[TenantId] = mapped_column()
    zh: Mapped[Name]
    en: Mapped[Name]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]

    def label(self, language: str) -> str:
        """The name in the reader's language; Chinese where there is no English one."""
        return self.en if language.startswith("en") and self.en else self.zh


class TenantParent(Base):
    """Under whom a tenant stands, with days: the history behind `TenantAncestor`."""

    __tablename__ = "tenant_parent"

    id: Mapped[Id]
    tenant_id: Mapped[TenantId] = mapped_column()
    parent_id: Mapped[TenantId]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class TenantAncestor(Base):
    """The tree as it stands today, as pairs: each tenant with itself (depth 0) and everyone above."""

    __tablename__ = "tenant_ancestor"

    tenant_id: Mapped[str] = mapped_column(String(36), ForeignKey("tenant.id"), primary_key=True)
    ancestor_id: Mapped[str] = mapped_column(String(36), ForeignKey("tenant.id"), primary_key=True, index=True)
    depth: Mapped[int]


class Succession(Base):
    """Which tenant followed which, by merger or split, so that old duties find their heir."""

    __tablename__ = "tenant_succession"

    id: Mapped[Id]
    tenant_id: Mapped[TenantId] = mapped_column()
    heir_id: Mapped[TenantId]
    kind: Mapped[Code]
    on: Mapped[date] = mapped_column("on_day")


class Face(Base):
    """How a tenant shows itself: a host or path, name, colours, contact and footer."""

    __tablename__ = "face"

    id: Mapped[Id]
    tenant_id: Mapped[str] = mapped_column(String(36), ForeignKey("tenant.id"), unique=True)
    host: Mapped[str | None] = mapped_column(String(255), unique=True)
    slug: Mapped[str] = mapped_column(String(32), unique=True)
    name_zh: Mapped[Name]
    name_en: Mapped[Name]
    brand: Mapped[str] = mapped_column(String(7))
    brand_dark: Mapped[str] = mapped_column(String(7))
    contact_zh: Mapped[Name]
    contact_en: Mapped[Name]
    footer_zh: Mapped[Name]
    footer_en: Mapped[Name]

    tenant: Mapped[Tenant] = relationship(lazy="joined")


class Person(Base):
    """Somebody with an account; what identifies the person is stored encrypted."""

    __tablename__ = "person"

    id: Mapped[Id]
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(Encrypted("person.name"))
    email: Mapped[str | None] = mapped_column(Encrypted("person.email"))
    email_lookup: Mapped[str | None] = mapped_column(String(64), unique=True)
    phone: Mapped[str | None] = mapped_column(Encrypted("person.phone"))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    totp_secret: Mapped[str | None] = mapped_column(Encrypted("person.totp_secret"))
    totp_counter: Mapped[int | None]
    language: Mapped[str] = mapped_column(String(16), default="zh_Hans_CN")
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)
    verified_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    memberships: Mapped[list["Membership"]] = relationship(lazy="selectin", back_populates="person")

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a person: identity and the tenants that have him."""
        path = [one for member in self.memberships if member.ended_at is None for one in member.tenant.path]
        return {"type": "Person", "id": self.id, "path": tuple(dict.fromkeys(path))}


class Membership(Base):
    """A person's standing in a tenant: a role held from one instant to another, or plain membership."""

    __tablename__ = "membership"

    id: Mapped[Id]
    person_id: Mapped[PersonId]
    tenant_id: Mapped[TenantId] = mapped_column()
    role: Mapped[Role | None] = mapped_column(term(Role))
    granted_by: Mapped[str | None] = mapped_column(String(36))
    granted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(back_populates="memberships")
    tenant: Mapped[Tenant] = relationship(lazy="joined")


class UserSession(Base):
    """A signed-in browser; the cookie holds a secret whose hash is the key of this row."""

    __tablename__ = "user_session"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[PersonId]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    idle_minutes: Mapped[int]
    agent: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(64))
    second_factor: Mapped[bool] = mapped_column(Boolean, default=False)
    ended_at: Mapped[datetime | None]

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a session."""
        return {"type": "Person", "id": self.person_id, "path": ()}


class LoginCounter(Base):
    """Failed sign-ins of an account or a network since a beginning; exact across processes."""

    __tablename__ = "login_counter"

    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime]
    blocked_until: Mapped[datetime | None]


class OneTimeCode(Base):
    """A code that works once: recovery, confirmation of an address, signature."""

    __tablename__ = "one_time_code"

    id: Mapped[Id]
    person_id: Mapped[PersonId]
    purpose: Mapped[Code]
    hash: Mapped[str] = mapped_column(String(64), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiToken(Base):
    """A person's token for programs; shown once, stored as a hash."""

    __tablename__ = "api_token"

    id: Mapped[Id]
    person_id: Mapped[PersonId]
    name: Mapped[str] = mapped_column(String(100))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a token."""
        return {"type": "Token", "id": self.id, "path": (), "owner_id": self.person_id}


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
    enacted_at: Mapped[datetime | None]

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a proposed change of the rules."""
        return {"type": "Rules", "id": self.id, "path": (), "proposer_id": self.proposed_by}
