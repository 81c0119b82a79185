"""Table of readings: what a rate was on a day, by which definition, on which evidence."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from tenancy.types import Base, Id


class Reading(Base):
    """A rate as it was computed: definition and rules by version and hash, counts, and the rows behind both."""

    __tablename__ = "reading"
    __table_args__ = (Index("ix_reading_code_scope", "code", "scope_id", "as_of"),)

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(32))
    version: Mapped[int] = mapped_column()
    rules_hash: Mapped[str] = mapped_column(String(64))
    scope_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("tenant.id"))
    as_of: Mapped[datetime]
    numerator: Mapped[int]
    denominator: Mapped[int]
    value: Mapped[Decimal | None] = mapped_column(Numeric(12, 6))
    numerator_ids: Mapped[list[Any]]
    denominator_ids: Mapped[list[Any]]
    computed_at: Mapped[datetime]

    evidence: Mapped[dict[str, Any]]
