"""Tables of the second floor: catalogue entries, their items, versions, files and who is entitled to read them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from catalog.harvest_models import HarvestSource
from policies import vocabulary as v
from tenancy.models import Tenant
from tenancy.types import Base, Id, Name, PersonId, Ref, TenantId, term

# A title stands once in its owner's catalogue; what other portals call theirs is not ours to forbid.
OWN_TITLES = text("origin = 'OWN' AND state <> 'DELETED'")


class Entry(Base):
    """A catalogue entry (目录): one dataset as its owner describes it, in whatever domain it is published.

    `origin_portal` is the key of the platform it was taken over from; `archived_at` tells of an entry which that
    platform lists no more, unlike one that somebody withdrew here.
    """

    __tablename__ = "entry"
    __table_args__ = (
        Index(
            "uq_entry_own_title",
            "tenant_id",
            "title",
            unique=True,
            sqlite_where=OWN_TITLES,
            postgresql_where=OWN_TITLES,
        ),
        UniqueConstraint("origin_portal", "external_id"),
        Index("ix_entry_state_open", "state", "open_state"),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(50), unique=True)
    origin: Mapped[v.Origin] = mapped_column(term(v.Origin))
    origin_portal: Mapped[str | None] = mapped_column(String(64))
    external_id: Mapped[str | None] = mapped_column(String(200))
    origin_url: Mapped[str | None] = mapped_column(String(1000))
    origin_text: Mapped[str] = mapped_column(Text, default="")
    publisher_name: Mapped[str | None] = mapped_column(String(200))
    archived_at: Mapped[datetime | None]

    tenant_id: Mapped[TenantId] = mapped_column()
    source_tenant_id: Mapped[TenantId] = mapped_column()
    author_id: Mapped[str] = mapped_column(String(36), index=True)
    state: Mapped[v.EntryState] = mapped_column(term(v.EntryState))
    open_state: Mapped[v.OpenState] = mapped_column(term(v.OpenState))
    title: Mapped[Name]
    title_en: Mapped[str] = mapped_column(String(500), default="")
    abstract: Mapped[str] = mapped_column(Text)
    abstract_en: Mapped[str] = mapped_column(Text, default="")
    catalogue_class: Mapped[v.CatalogueClass] = mapped_column(term(v.CatalogueClass))
    category_code: Mapped[str] = mapped_column(String(32))
    themes: Mapped[list[str]]
    industry: Mapped[str | None] = mapped_column(String(8))
    tags: Mapped[list[str]]
    region_code: Mapped[str] = mapped_column(String(12), index=True)
    data_range: Mapped[v.DataRange] = mapped_column(term(v.DataRange))
    time_from: Mapped[date | None]
    time_to: Mapped[date | None]
    granularity: Mapped[str] = mapped_column(String(100), default="")
    object_flags: Mapped[int]
    use_scenes: Mapped[list[str]]
    formats: Mapped[list[str]]
    collection_kind: Mapped[v.CollectionKind] = mapped_column(term(v.CollectionKind))
    update_cycle: Mapped[v.UpdateCycle] = mapped_column(term(v.UpdateCycle))
    security_level: Mapped[v.SecurityLevel] = mapped_column(term(v.SecurityLevel))
    national_grade: Mapped[v.NationalGrade] = mapped_column(term(v.NationalGrade))
    contains_personal: Mapped[bool] = mapped_column(Boolean, default=False)
    contains_sensitive_personal: Mapped[bool] = mapped_column(Boolean, default=False)
    contains_business_secret: Mapped[bool] = mapped_column(Boolean, default=False)

    share_type: Mapped[v.ShareType] = mapped_column(term(v.ShareType))
    share_condition: Mapped[str] = mapped_column(String(255), default="")
    share_mode: Mapped[v.ShareMode | None] = mapped_column(term(v.ShareMode))
    share_reason: Mapped[v.ReasonKind | None] = mapped_column(term(v.ReasonKind))
    share_basis: Mapped[str] = mapped_column(Text, default="")
    open_type: Mapped[v.OpenType] = mapped_column(term(v.OpenType))
    open_tier: Mapped[v.OpenTier] = mapped_column(term(v.OpenTier))
    open_condition: Mapped[str] = mapped_column(String(255), default="")
    open_reason: Mapped[v.ReasonKind | None] = mapped_column(term(v.ReasonKind))
    open_basis: Mapped[str] = mapped_column(Text, default="")
    personal_basis: Mapped[str] = mapped_column(Text, default="")
    metadata_public: Mapped[bool] = mapped_column(Boolean, default=True)
    licence: Mapped[v.Licence | None] = mapped_column(term(v.Licence))

    contact_office: Mapped[str] = mapped_column(String(200), default="")
    contact_phone: Mapped[str] = mapped_column(String(50), default="")
    contact_email: Mapped[str] = mapped_column(String(200), default="")
    operable: Mapped[bool | None]
    collect_state: Mapped[v.CollectState] = mapped_column(term(v.CollectState))
    source_system: Mapped[str] = mapped_column(String(200), default="")
    source_note: Mapped[str] = mapped_column(Text, default="")
    source_url: Mapped[str] = mapped_column(String(1000), default="")
    related_codes: Mapped[list[str]]
    resources: Mapped[list[Any]] = mapped_column(default=list)
    extras: Mapped[dict[str, Any]] = mapped_column(default=dict)
    disputed: Mapped[bool] = mapped_column(Boolean, default=False)
    proposal: Mapped[dict[str, Any] | None]
    layout: Mapped[dict[str, Any] | None]
    quasi_identifiers: Mapped[list[str] | None]

    live_version_id: Mapped[str | None] = mapped_column(String(36))
    offline_since: Mapped[datetime | None] = mapped_column(index=True)
    offline_reasons: Mapped[list[Any] | None]
    rows: Mapped[int | None] = mapped_column(BigInteger)
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    probe_ok: Mapped[bool | None]
    score: Mapped[float | None] = mapped_column(Float)
    grade: Mapped[v.Grade | None] = mapped_column(term(v.Grade))
    downloads: Mapped[int] = mapped_column(Integer, default=0)

    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    data_updated_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    tenant: Mapped[Tenant] = relationship(foreign_keys="Entry.tenant_id", lazy="joined")
    source_tenant: Mapped[Tenant] = relationship(foreign_keys="Entry.source_tenant_id", lazy="joined")
    harvest_source: Mapped[HarvestSource | None] = relationship(
        primaryjoin=lambda: foreign(Entry.origin_portal) == HarvestSource.key, viewonly=True
    )
    items: Mapped[list["Item"]] = relationship(
        order_by="Item.position", lazy="selectin", cascade="all, delete-orphan", back_populates="entry"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute

    def facts(self) -> dict[str, Any]:
        """What permissions may know of an entry."""
        return {
            "type": "Entry",
            "id": self.id,
            "path": self.tenant.path,
            "author_id": self.author_id,
            "state": self.state.value,
            "tier": self.open_tier.value,
            "level": self.security_level.value,
            "origin": self.origin.value,
            "peer": self.origin_portal,
        }


class EntryName(Base):
    """A name by which another program asks for an entry: its own, never given to another entry of the same holder.

    `holder` is the key of the platform that wished for it, `restore`, or the id of the tenant for which it was
    drafted. Different holders may have the same name, so that nobody learns from a name what he may not see.
    """

    __tablename__ = "entry_name"

    holder: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True, index=True)
    entry_id: Mapped[str] = mapped_column(String(36), ForeignKey("entry.id"), index=True)
    since: Mapped[datetime]


class Item(Base):
    """A data item (数据项) of an entry: name, type, meaning and how far it may go."""

    __tablename__ = "item"
    __table_args__ = (UniqueConstraint("entry_id", "name"),)

    id: Mapped[Id]
    entry_id: Mapped[str] = mapped_column(String(36), ForeignKey("entry.id"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(300))
    title: Mapped[str] = mapped_column(String(300), default="")
    title_en: Mapped[str] = mapped_column(String(300), default="")
    meaning: Mapped[str] = mapped_column(Text, default="")
    type: Mapped[v.ItemType] = mapped_column(term(v.ItemType))
    length: Mapped[int | None]
    unit: Mapped[str] = mapped_column(String(50), default="")
    codes: Mapped[list[str] | None]
    element: Mapped[str | None] = mapped_column(String(64), index=True)
    code_list: Mapped[str | None] = mapped_column(String(70), index=True)
    is_primary: Mapped[bool] = mapped_column(Boolean, default=False)
    nullable: Mapped[bool] = mapped_column(Boolean, default=True)
    is_timestamp: Mapped[bool] = mapped_column(Boolean, default=False)
    secret: Mapped[bool] = mapped_column(Boolean, default=False)
    sensitive: Mapped[bool] = mapped_column(Boolean, default=False)
    business_secret: Mapped[bool] = mapped_column(Boolean, default=False)
    share_condition: Mapped[str] = mapped_column(String(255), default="")
    open_condition: Mapped[str] = mapped_column(String(255), default="")
    personal_kind: Mapped[v.PersonalKind | None] = mapped_column(term(v.PersonalKind))
    desensitisation: Mapped[v.Desensitisation] = mapped_column(term(v.Desensitisation))
    security_level: Mapped[v.SecurityLevel] = mapped_column(term(v.SecurityLevel))
    share_type: Mapped[v.ShareType] = mapped_column(term(v.ShareType))
    open_type: Mapped[v.OpenType] = mapped_column(term(v.OpenType))

    entry: Mapped[Entry] = relationship(back_populates="items")


class StoredFile(Base):
    """A file in the blob store: its content's hash, its size, and the name it came with."""

    __tablename__ = "stored_file"

    id: Mapped[Id]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(32))
    created_by: Mapped[Ref]
    created_at: Mapped[datetime]


class Version(Base):
    """One delivery of an entry's data: the file as it came, the table made of it, and the verdict on it."""

    __tablename__ = "version"
    __table_args__ = (UniqueConstraint("entry_id", "number"),)

    id: Mapped[Id]
    entry_id: Mapped[str] = mapped_column(String(36), ForeignKey("entry.id"), index=True)
    number: Mapped[int]
    state: Mapped[v.VersionState] = mapped_column(term(v.VersionState))
    original_id: Mapped[str] = mapped_column(String(36), ForeignKey("stored_file.id"))
    table_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("stored_file.id"))
    refusals_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("stored_file.id"))
    uploaded_by: Mapped[Ref]
    uploaded_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text, default="")
    quarantined: Mapped[str | None] = mapped_column(String(32), index=True)
    source_rows: Mapped[int | None] = mapped_column(BigInteger)
    cleaned_from_id: Mapped[str | None] = mapped_column(String(36))
    glance: Mapped[dict[str, Any] | None]
    layout: Mapped[dict[str, Any] | None]
    account: Mapped[dict[str, Any] | None]
    encoding: Mapped[str | None] = mapped_column(String(32))
    rows_read: Mapped[int | None] = mapped_column(BigInteger)
    rows_loaded: Mapped[int | None] = mapped_column(BigInteger)
    rows_refused: Mapped[int | None] = mapped_column(BigInteger)
    columns: Mapped[list[Any] | None]
    problem: Mapped[dict[str, Any] | None]
    profile: Mapped[dict[str, Any] | None]
    verdict: Mapped[v.Verdict | None] = mapped_column(term(v.Verdict))
    verdict_reasons: Mapped[list[Any] | None]
    score: Mapped[float | None]
    grade: Mapped[v.Grade | None] = mapped_column(term(v.Grade))
    dimensions: Mapped[dict[str, Any] | None]
    rules_total: Mapped[int | None]
    rules_failed: Mapped[int | None]
    personal_scan: Mapped[dict[str, Any] | None]
    disclosure: Mapped[dict[str, Any] | None]
    disclosure_verdict: Mapped[v.RiskVerdict | None] = mapped_column(term(v.RiskVerdict))
    disclosure_signed: Mapped[dict[str, Any] | None]
    checked_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]

    entry: Mapped[Entry] = relationship()
    original: Mapped[StoredFile] = relationship(foreign_keys="Version.original_id", lazy="joined")
    table: Mapped[StoredFile | None] = relationship(foreign_keys="Version.table_id", lazy="joined")
    refusals: Mapped[StoredFile | None] = relationship(foreign_keys="Version.refusals_id", lazy="joined")

    def facts(self) -> dict[str, Any]:
        """What permissions may know of a version: those of its entry."""
        return {**self.entry.facts(), "type": "Version", "id": self.id}


class Upload(Base):
    """A file that arrives in parts: who sends what to which entry, and how many of its bytes are sure."""

    __tablename__ = "upload"

    id: Mapped[Id]
    entry_id: Mapped[str] = mapped_column(String(36), ForeignKey("entry.id"), index=True)
    person_id: Mapped[PersonId]
    state: Mapped[v.UploadState] = mapped_column(term(v.UploadState))
    filename: Mapped[str] = mapped_column(String(300))
    note: Mapped[str] = mapped_column(Text, default="")
    source_rows: Mapped[int | None] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    reached: Mapped[int] = mapped_column(BigInteger)
    expected: Mapped[str | None] = mapped_column(String(64))
    quarantined: Mapped[str | None] = mapped_column(String(32), index=True)
    sha256: Mapped[str | None] = mapped_column(String(64))
    version_id: Mapped[str | None] = mapped_column(String(36), index=True)
    same_as: Mapped[int | None]
    created_at: Mapped[datetime]
    touched_at: Mapped[datetime] = mapped_column(index=True)

    entry: Mapped[Entry] = relationship()


class Entitlement(Base):
    """A right to read certain items of an entry, written by the room that grants it."""

    __tablename__ = "entitlement"
    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (tenant_id IS NULL)", name="one_holder"),
        Index("ix_entitlement_holder", "entry_id", "person_id", "tenant_id"),
    )

    id: Mapped[Id]
    entry_id: Mapped[str] = mapped_column(String(36), ForeignKey("entry.id"))
    person_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("person.id"))
    tenant_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("tenant.id"))
    grant_id: Mapped[Ref]
    items: Mapped[list[str]]
    channel: Mapped[v.DeliveryMode] = mapped_column(term(v.DeliveryMode))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class CatalogChange(Base):
    """What was true of an entry after a change: the source of the index and of figures as of any day."""

    __tablename__ = "catalog_change"

    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[str] = mapped_column(String(36))
    entry_id: Mapped[str] = mapped_column(String(36), index=True)
    origin: Mapped[v.Origin] = mapped_column(term(v.Origin), index=True)
    what: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]]


class Synonym(Base):
    """Words that the search takes for equal; every change of the list gives the row it touches a new revision."""

    __tablename__ = "synonym"

    id: Mapped[Id]
    words: Mapped[list[str]]
    note: Mapped[str] = mapped_column(String(300), default="")
    changed_by: Mapped[str] = mapped_column(String(36))
    changed_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(unique=True)


class Follow(Base):
    """A person who wants to hear of an entry's changes."""

    __tablename__ = "follow"
    __table_args__ = (UniqueConstraint("person_id", "entry_id"),)

    id: Mapped[Id]
    person_id: Mapped[PersonId]
    entry_id: Mapped[str] = mapped_column(String(36), ForeignKey("entry.id"), index=True)
    since: Mapped[datetime]


class Delivery(Base):
    """Data that left: which entry and version, to whom, by which way, how many rows; counted where delivered."""

    __tablename__ = "delivery"

    id: Mapped[Id]
    entry_id: Mapped[str] = mapped_column(String(36), ForeignKey("entry.id"), index=True)
    version_id: Mapped[str] = mapped_column(String(36))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str | None] = mapped_column(String(36), index=True)
    grant_id: Mapped[str | None] = mapped_column(String(36), index=True)
    way: Mapped[str] = mapped_column(String(16))
    format: Mapped[str] = mapped_column(String(16))
    rows: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(index=True)
