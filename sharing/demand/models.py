"""Tables of departments' demands for shared data and of what was true of them when."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalog.models import Entry
from tenancy.models import Tenant
from tenancy.records import Case
from tenancy.types import Base, Id, Name, PersonId, TenantId


class Demand(Base):
    """What a department needs from another to do its duty, until it confirms that it has got it."""

    __tablename__ = "demand"

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(32), unique=True)
    tenant_id: Mapped[TenantId] = mapped_column()
    person_id: Mapped[PersonId]
    provider_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("tenant.id"), index=True)
    case_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("procedure_case.id"), index=True)
    entry_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("entry.id"))
    title: Mapped[Name]
    purpose: Mapped[str] = mapped_column(Text)
    legal_basis: Mapped[str] = mapped_column(Text)
    items: Mapped[list[str]]
    supplied_items: Mapped[list[str]]
    wanted_by: Mapped[date | None]
    lawful_refusal: Mapped[bool] = mapped_column(default=False)
    returned_kind: Mapped[str | None] = mapped_column(String(32))
    rating: Mapped[int | None]
    created_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    due_on: Mapped[date | None]
    version: Mapped[int] = mapped_column()

    tenant: Mapped[Tenant] = relationship(foreign_keys=[tenant_id], lazy="joined")
    provider: Mapped[Tenant | None] = relationship(foreign_keys=[provider_id], lazy="joined")
    case: Mapped[Case | None] = relationship(lazy="joined")
    entry: Mapped[Entry | None] = relationship(lazy="joined")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a demand: who needs it, and the tenants that may provide it."""
        return {
            "type": "Demand",
            "id": self.id,
            "path": self.tenant.path,
            "provider_path": self.provider.path if self.provider else (),
            "applicant_tenant_id": self.tenant_id,
            "state": self.case.stage if self.case else "DRAFT",
        }


class DemandChange(Base):
    """What was true of a demand after a change: the source of figures as of any day."""

    __tablename__ = "demand_change"

    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[str] = mapped_column(String(36))
    demand_id: Mapped[str] = mapped_column(String(36), index=True)
    what: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]]
