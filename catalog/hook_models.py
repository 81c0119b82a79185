"""Tables of those who want to hear of changes: programs that are called, searches that somebody subscribed to."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from policies import vocabulary as v
from tenancy.encryption import Encrypted
from tenancy.models import Person, Tenant
from tenancy.types import Base, Id, PersonId, term


class Follower(Base):
    """How far a job has followed the changes of the catalogue, by the job's name."""

    __tablename__ = "catalog_follower"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    mark: Mapped[str] = mapped_column(Text)


class Webhook(Base):
    """An address that is called when something happens to entries that its owner may see.

    It is a person's own, or that of the unit for which he registered it; in either case he is who sees. `query` are
    the parameters of a search, which together with one entry or one publisher narrows what is told.
    """

    __tablename__ = "webhook"

    id: Mapped[Id]
    person_id: Mapped[PersonId]
    tenant_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("tenant.id"), index=True)
    address: Mapped[str] = mapped_column(String(1000))
    secret: Mapped[str] = mapped_column(Encrypted("webhook.secret"))
    events: Mapped[list[str]]
    query: Mapped[str] = mapped_column(Text, default="")
    entry_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("entry.id"))
    publisher_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("tenant.id"))
    state: Mapped[v.HookState] = mapped_column(term(v.HookState), index=True)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime]
    off_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()
    tenant: Mapped[Tenant | None] = relationship(foreign_keys="Webhook.tenant_id")
    publisher: Mapped[Tenant | None] = relationship(foreign_keys="Webhook.publisher_id")

    def facts(self) -> dict[str, Any]:
        """What permissions may know of it."""
        path = self.tenant.path if self.tenant else ()
        return {"type": "Hook", "id": self.id, "path": path, "owner_id": None if self.tenant else self.person_id}


class WebhookDelivery(Base):
    """One message to an address: what it was about, what was sent last, and how the other side took it.

    Its id is the id of the event, the same however often it is sent. `was_open` tells that everybody could know of the
    entry before it was withdrawn, so that its code may be told to whoever had it.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (UniqueConstraint("hook_id", "change_sequence"),)

    id: Mapped[Id]
    hook_id: Mapped[str] = mapped_column(String(36), ForeignKey("webhook.id"), index=True)
    change_sequence: Mapped[int | None]
    entry_id: Mapped[str | None] = mapped_column(String(36))
    event: Mapped[str] = mapped_column(String(32))
    happened_at: Mapped[datetime]
    was_open: Mapped[bool] = mapped_column(default=False)
    state: Mapped[v.CallState] = mapped_column(term(v.CallState))
    tries: Mapped[int] = mapped_column(Integer, default=0)
    status: Mapped[int | None]
    milliseconds: Mapped[int | None]
    body: Mapped[str] = mapped_column(Text, default="")
    problem: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(index=True)
    tried_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]

    hook: Mapped[Webhook] = relationship()


class Subscription(Base):
    """A search that somebody hears of by mail: its parameters in their one order, and how far it was told."""

    __tablename__ = "subscription"

    id: Mapped[Id]
    person_id: Mapped[PersonId]
    name: Mapped[str] = mapped_column(String(200))
    query: Mapped[str] = mapped_column(Text)
    scope_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("tenant.id"))
    often: Mapped[v.Often] = mapped_column(term(v.Often))
    mark: Mapped[str] = mapped_column(Text)
    number: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime]
    mailed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()

    def facts(self) -> dict[str, Any]:
        """What permissions may know of it."""
        return {"type": "Hook", "id": self.id, "path": (), "owner_id": self.person_id}
