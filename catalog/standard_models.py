"""Tables of data standards: data elements and code lists by version, imports of them, and who is the source of what."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from policies import vocabulary as v
from tenancy.models import Tenant
from tenancy.types import Base, Id, PersonId, Ref, TenantId, term

WAITING = text("state IN ('DRAFT', 'IN_REVIEW')")
ACCEPTED = text("state = 'ACCEPTED'")
PENDING = text("state IN ('OPEN', 'DISPUTED')")


class _Standard:
    """What versions of elements and of lists have in common: owner, number, state and the days they hold."""

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(64), index=True)
    number: Mapped[int]
    tenant_id: Mapped[TenantId] = mapped_column()
    author_id: Mapped[Ref]
    state: Mapped[v.StandardState] = mapped_column(term(v.StandardState))
    zh: Mapped[str] = mapped_column(String(200))
    en: Mapped[str] = mapped_column(String(200), default="")
    definition: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a version of a standard."""
        path = self.tenant.path  # type: ignore[attr-defined]
        return {"type": "Standard", "id": self.id, "path": path, "author_id": self.author_id, "state": self.state.value}

    def label(self, language: str) -> str:
        """The title in the reader's language; Chinese where there is no English one."""
        return self.en if language.startswith("en") and self.en else self.zh


class DataElement(_Standard, Base):
    """A version of a data element (数据元): what an item of this name means and how it is written, everywhere."""

    __tablename__ = "data_element"
    __table_args__ = (
        UniqueConstraint("name", "number"),
        Index("uq_data_element_waiting", "name", unique=True, sqlite_where=WAITING, postgresql_where=WAITING),
    )

    type: Mapped[v.ItemType] = mapped_column(term(v.ItemType))
    length: Mapped[int | None]
    pattern: Mapped[str] = mapped_column(String(300), default="")
    unit: Mapped[str] = mapped_column(String(50), default="")
    code_list: Mapped[str | None] = mapped_column(String(70))

    tenant: Mapped[Tenant] = relationship(lazy="joined")


class CodeList(_Standard, Base):
    """A version of a code list (代码表): the values that may stand for something, each with its names."""

    __tablename__ = "code_list"
    __table_args__ = (
        UniqueConstraint("name", "number"),
        Index("uq_code_list_waiting", "name", unique=True, sqlite_where=WAITING, postgresql_where=WAITING),
    )

    licence: Mapped[str] = mapped_column(String(100), default="")
    origin: Mapped[str] = mapped_column(String(300), default="")

    tenant: Mapped[Tenant] = relationship(lazy="joined")
    codes: Mapped[list["Code"]] = relationship(
        order_by="Code.position", lazy="selectin", cascade="all, delete-orphan", back_populates="of"
    )


class Code(Base):
    """One code of a list: its value, its names, its parent and the days on which it holds."""

    __tablename__ = "code"
    __table_args__ = (UniqueConstraint("list_id", "value"),)

    id: Mapped[Id]
    list_id: Mapped[str] = mapped_column(String(36), ForeignKey("code_list.id"))
    position: Mapped[int]
    value: Mapped[str] = mapped_column(String(64))
    zh: Mapped[str] = mapped_column(String(200))
    en: Mapped[str] = mapped_column(String(200), default="")
    parent: Mapped[str | None] = mapped_column(String(64))
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]

    of: Mapped[CodeList] = relationship(back_populates="codes")


class StandardSheet(Base):
    """A sheet of elements and codes that was read and is looked at before anything comes of it."""

    __tablename__ = "standard_sheet"

    id: Mapped[Id]
    tenant_id: Mapped[TenantId] = mapped_column()
    person_id: Mapped[PersonId]
    filename: Mapped[str] = mapped_column(String(300))
    tables: Mapped[list[Any]]
    created_at: Mapped[datetime]

    tenant: Mapped[Tenant] = relationship(lazy="joined")

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a sheet: it proposes standards for its tenant."""
        return {"type": "Standard", "id": self.id, "path": self.tenant.path}


class SourceClaim(Base):
    """A unit's claim to be the one source of a data element within a city or county (一数一源)."""

    __tablename__ = "source_claim"
    __table_args__ = (
        Index(
            "uq_source_claim_accepted",
            "element",
            "scope_id",
            unique=True,
            sqlite_where=ACCEPTED,
            postgresql_where=ACCEPTED,
        ),
        Index(
            "uq_source_claim_pending",
            "element",
            "scope_id",
            "tenant_id",
            unique=True,
            sqlite_where=PENDING,
            postgresql_where=PENDING,
        ),
    )

    id: Mapped[Id]
    element: Mapped[str] = mapped_column(String(64), index=True)
    scope_id: Mapped[TenantId] = mapped_column()
    tenant_id: Mapped[TenantId] = mapped_column()
    author_id: Mapped[Ref]
    state: Mapped[v.ClaimState] = mapped_column(term(v.ClaimState))
    basis: Mapped[str] = mapped_column(Text)
    entry_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("entry.id"))
    created_at: Mapped[datetime]
    ruled_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer)

    scope: Mapped[Tenant] = relationship(foreign_keys="SourceClaim.scope_id", lazy="joined")
    tenant: Mapped[Tenant] = relationship(foreign_keys="SourceClaim.tenant_id", lazy="joined")
    disputes: Mapped[list["SourceDispute"]] = relationship(order_by="SourceDispute.at", lazy="selectin")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a claim."""
        return {
            "type": "Claim",
            "id": self.id,
            "path": self.tenant.path,
            "author_id": self.author_id,
            "state": self.state.value,
            "applicant_tenant_id": self.tenant_id,
        }


class SourceDispute(Base):
    """Another unit's objection to a claim, with its reason."""

    __tablename__ = "source_dispute"
    __table_args__ = (UniqueConstraint("claim_id", "tenant_id"),)

    id: Mapped[Id]
    claim_id: Mapped[str] = mapped_column(String(36), ForeignKey("source_claim.id"))
    tenant_id: Mapped[TenantId] = mapped_column()
    person_id: Mapped[PersonId]
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]

    tenant: Mapped[Tenant] = relationship(lazy="joined")
