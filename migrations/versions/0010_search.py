"""Synonyms for the search, with those that the platform begins with."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BEGUN = datetime(2026, 11, 1, tzinfo=UTC)
BEGINNING = Path(__file__).parents[2] / "catalog" / "synonyms.csv"


def upgrade() -> None:
    """Make the change."""
    table = op.create_table(
        "synonym",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("changed_by", sa.String(length=36), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_synonym")),
        sa.UniqueConstraint("revision", name=op.f("uq_synonym_revision")),
    )
    with BEGINNING.open(encoding="utf-8", newline="") as file:
        groups = list(csv.DictReader(file))
    begun = {"changed_by": "system", "changed_at": BEGUN}
    op.bulk_insert(
        table,
        [
            {"id": str(uuid4()), "words": row["words"].split("、"), "note": row["note"], "revision": place, **begun}
            for place, row in enumerate(groups, 1)
        ],
    )
    counter = sa.table("counter", sa.column("key", sa.String), sa.column("value", sa.Integer))
    op.bulk_insert(counter, [{"key": "synonym", "value": len(groups)}])


def downgrade() -> None:
    """Take it back."""
    op.execute("DELETE FROM counter WHERE key = 'synonym'")
    op.drop_table("synonym")
