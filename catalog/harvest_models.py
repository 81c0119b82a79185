"""Tables of harvesting: other platforms whose catalogues are taken over, and what each reading of them came to."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalog.mapping.listing import Kind
from policies import vocabulary as v
from tenancy.models import Tenant
from tenancy.types import Base, Id, Ref, TenantId, term

RUNNING = text("state = 'RUNNING'")


class HarvestSource(Base):
    """Another platform (采集源) whose catalogue is taken over; entries name it by its key, which stays for ever.

    Without an address its catalogue is handed in as a file. `tenant` is in whose care its entries are; `read_at` is
    when its catalogue was last taken over whole.
    """

    __tablename__ = "harvest_source"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    zh: Mapped[str] = mapped_column(String(200))
    en: Mapped[str] = mapped_column(String(200), default="")
    kind: Mapped[Kind] = mapped_column(term(Kind))
    address: Mapped[str] = mapped_column(String(1000), default="")
    tenant_id: Mapped[TenantId] = mapped_column()
    region_code: Mapped[str] = mapped_column(String(12))
    mapping: Mapped[dict[str, Any] | None]
    every_hours: Mapped[int | None]
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    state: Mapped[v.SourceState] = mapped_column(term(v.SourceState))
    created_by: Mapped[Ref]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    tenant: Mapped[Tenant] = relationship(lazy="joined")

    @property
    def id(self) -> str:
        """The key, under the name that the audit log asks for."""
        return self.key

    def label(self, language: str) -> str:
        """The platform's name in the reader's language; Chinese where there is no English one."""
        return self.en if language.startswith("en") and self.en else self.zh

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a source."""
        return {"type": "Harvest", "id": self.key, "path": self.tenant.path, "state": self.state.value}


class HarvestRun(Base):
    """One reading of a source (采集任务): who asked, how far it came, what it did; `read` is the sum of four counts.

    A running one holds its source until `lease_until`, which its process (`holder`) prolongs; one whose time is over
    may be taken over. `origin` is the file or address that was read. Without `archiving` what vanished stays as it is.
    `listed_before` is how many entries the source had; `vanished` are the ids of those it lists no more, while they
    wait for somebody's word, and `vanishing` is their number.
    """

    __tablename__ = "harvest_run"
    __table_args__ = (
        UniqueConstraint("source_key", "number"),
        Index("uq_harvest_run_running", "source_key", unique=True, sqlite_where=RUNNING, postgresql_where=RUNNING),
    )

    id: Mapped[Id]
    source_key: Mapped[str] = mapped_column(String(64), ForeignKey("harvest_source.key"))
    number: Mapped[int]
    state: Mapped[v.HarvestState] = mapped_column(term(v.HarvestState))
    origin: Mapped[str] = mapped_column(String(1000), default="")
    dry_run: Mapped[bool] = mapped_column(Boolean, default=False)
    archiving: Mapped[bool] = mapped_column(Boolean, default=True)
    asked_by: Mapped[Ref]
    asked_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    holder: Mapped[str] = mapped_column(String(100), default="")
    heartbeat_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    asked_to_stop: Mapped[bool] = mapped_column(Boolean, default=False)
    ended_at: Mapped[datetime | None]
    read: Mapped[int] = mapped_column(Integer, default=0)
    created: Mapped[int] = mapped_column(Integer, default=0)
    updated: Mapped[int] = mapped_column(Integer, default=0)
    unchanged: Mapped[int] = mapped_column(Integer, default=0)
    refused: Mapped[int] = mapped_column(Integer, default=0)
    archived: Mapped[int] = mapped_column(Integer, default=0)
    listed_before: Mapped[int] = mapped_column(Integer, default=0)
    vanished: Mapped[list[str] | None] = mapped_column(deferred=True)
    vanishing: Mapped[int] = mapped_column(Integer, default=0)
    problem: Mapped[dict[str, Any] | None]

    source: Mapped[HarvestSource] = relationship(lazy="joined")

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a run: what they know of its source."""
        return self.source.facts()


class HarvestRefusal(Base):
    """A record that a run did not take, with its place, the part at fault, what is wrong and what to do about it."""

    __tablename__ = "harvest_refusal"

    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(String(36), ForeignKey("harvest_run.id"), index=True)
    position: Mapped[int | None]
    title: Mapped[str] = mapped_column(String(500), default="")
    path: Mapped[str] = mapped_column(String(500), default="")
    problem: Mapped[dict[str, Any]]
    remedy: Mapped[dict[str, Any]]
