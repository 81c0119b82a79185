"""Tables of restricted opening: applications, agreements, grants and their credentials."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalog.models import Entry
from policies import vocabulary as v
from tenancy.models import Tenant
from tenancy.records import Case
from tenancy.types import Base, Id, PersonId, term


class Application(Base):
    """A request to use restricted data, with the answers given and the case that decides on it."""

    __tablename__ = "application"
    __table_args__ = (UniqueConstraint("person_id", "form_token"),)

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(32), unique=True)
    entry_id: Mapped[str] = mapped_column(String(36), ForeignKey("entry.id"), index=True)
    person_id: Mapped[PersonId]
    tenant_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("tenant.id"), index=True)
    applicant_kind: Mapped[v.ApplicantKind] = mapped_column(term(v.ApplicantKind))
    form_token: Mapped[str] = mapped_column(String(64))
    case_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("procedure_case.id"), index=True)
    items: Mapped[list[str]]
    answers: Mapped[dict[str, Any]]
    delivery_mode: Mapped[v.DeliveryMode] = mapped_column(term(v.DeliveryMode))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    entry: Mapped[Entry] = relationship(lazy="joined")
    tenant: Mapped[Tenant | None] = relationship(lazy="joined")
    case: Mapped[Case | None] = relationship(lazy="joined")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute

    @property
    def stage(self) -> str:
        """Where the application stands: a draft until its case is opened."""
        return self.case.stage if self.case else "DRAFT"

    def facts(self) -> dict[str, Any]:
        """What permissions may know of an application: who asks, and the tenants that must answer."""
        return {
            "type": "Application",
            "id": self.id,
            "path": self.entry.tenant.path,
            "applicant_id": self.person_id,
            "applicant_tenant_id": self.tenant_id or "",
            "state": self.stage,
        }


class Agreement(Base):
    """The open-use agreement that an applicant accepted: the text word for word, its hash, who and when."""

    __tablename__ = "agreement"

    id: Mapped[Id]
    application_id: Mapped[str] = mapped_column(String(36), ForeignKey("application.id"), unique=True)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(16))
    accepted_by: Mapped[PersonId]
    signatory: Mapped[str] = mapped_column(String(200))
    accepted_at: Mapped[datetime]


class Grant(Base):
    """A right to use restricted data, in force from a day to a day, with its credential."""

    __tablename__ = "access_grant"

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(32), unique=True)
    application_id: Mapped[str] = mapped_column(String(36), ForeignKey("application.id"), unique=True)
    entry_id: Mapped[str] = mapped_column(String(36), ForeignKey("entry.id"), index=True)
    person_id: Mapped[PersonId]
    tenant_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("tenant.id"), index=True)
    state: Mapped[v.GrantState] = mapped_column(term(v.GrantState))
    items: Mapped[list[str]]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    calls_per_day: Mapped[int]
    rows_per_day: Mapped[int]
    addresses: Mapped[list[str]]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column()

    application: Mapped[Application] = relationship(lazy="joined")
    entry: Mapped[Entry] = relationship(lazy="joined")
    credentials: Mapped[list["Credential"]] = relationship(back_populates="grant")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a grant."""
        return {
            "type": "Grant",
            "id": self.id,
            "path": self.entry.tenant.path,
            "applicant_id": self.person_id,
            "applicant_tenant_id": self.tenant_id or "",
            "state": self.state.value,
        }


class Credential(Base):
    """A key to the data interface of one grant: shown once, kept as a hash."""

    __tablename__ = "credential"

    id: Mapped[Id]
    grant_id: Mapped[str] = mapped_column(String(36), ForeignKey("access_grant.id"), index=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]

    grant: Mapped[Grant] = relationship(back_populates="credentials", lazy="joined")


class Usage(Base):
    """What a grant has used on a day: calls and rows, counted in the database so that the quota is exact."""

    __tablename__ = "grant_usage"

    grant_id: Mapped[str] = mapped_column(String(36), ForeignKey("access_grant.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    calls: Mapped[int]
    rows: Mapped[int]
    refused: Mapped[int] = mapped_column(default=0)
    over_quota: Mapped[bool] = mapped_column(Boolean, default=False)
