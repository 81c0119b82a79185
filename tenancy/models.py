"""Tables of the first floor: tenants, people, what they may do and what waits for them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from policies.vocabulary import PeerState, Role, TenantKind, TokenScope
from tenancy.encryption import Encrypted
from tenancy.types import Base, Code, Id, Name, PersonId, TenantId, term


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
    """A token for programs; shown once, stored as a hash. It stands for its owner, or for the platform it names."""

    __tablename__ = "api_token"

    id: Mapped[Id]
    person_id: Mapped[PersonId]
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[str]] = mapped_column(default=lambda: [TokenScope.READ.value])
    peer_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("peer.id"), index=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    approved_by: Mapped[str | None] = mapped_column(String(36))
    approved_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]

    peer: Mapped["Peer | None"] = relationship(lazy="joined")

    @property
    def wide(self) -> TokenScope | None:
        """The scope for which two persons are needed, if the token has one."""
        return next((one for one in (TokenScope.EXCHANGE, TokenScope.RESTORE) if one in self.scopes), None)

    @property
    def waits(self) -> bool:
        """Whether a second person has still to approve it; until then it opens nothing."""
        return self.wide is not None and self.approved_at is None and self.revoked_at is None

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a token."""
        kind = self.wide.value if self.wide else None
        return {"type": "Token", "id": self.id, "path": (), "owner_id": self.person_id, "kind": kind}


class Peer(Base):
    """Another platform that may write its metadata here, proposed by one person and connected by another."""

    __tablename__ = "peer"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(36), unique=True)
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(500))
    tenant_id: Mapped[TenantId] = mapped_column()
    state: Mapped[PeerState] = mapped_column(term(PeerState))
    reason: Mapped[str] = mapped_column(Text, default="")
    proposed_by: Mapped[str] = mapped_column(String(36))
    proposed_at: Mapped[datetime]
    approved_by: Mapped[str | None] = mapped_column(String(36))
    approved_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    tenant: Mapped[Tenant] = relationship(lazy="joined")

    def label(self, language: str) -> str:
        """The name in the reader's language; Chinese where there is no English one."""
        return self.name_en if language.startswith("en") and self.name_en else self.name_zh

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a connection."""
        return {
            "type": "Partnership",
            "id": self.id,
            "path": (),
            "proposer_id": self.proposed_by,
            "state": self.state.value,
        }


class PeerBody(Base):
    """A body or group of another platform, as it names it: a publisher of what it sends, no tenant of ours."""

    __tablename__ = "peer_body"
    __table_args__ = (UniqueConstraint("peer_id", "kind", "name"),)

    id: Mapped[Id]
    peer_id: Mapped[str] = mapped_column(String(36), ForeignKey("peer.id"), index=True)
    kind: Mapped[Code]
    external_id: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
