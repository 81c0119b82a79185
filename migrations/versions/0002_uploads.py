"""Uploads in parts, files in quarantine, what is kept of how a file was read, and room for an engine's version."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEPT = ("glance", "layout", "account")


def upgrade() -> None:
    """Make the change."""
    op.add_column("entry", sa.Column("layout", sa.JSON(), nullable=True))
    op.add_column("version", sa.Column("quarantined", sa.String(length=32), nullable=True))
    op.create_index(op.f("ix_version_quarantined"), "version", ["quarantined"], unique=False)
    for name in KEPT:
        op.add_column("version", sa.Column(name, sa.JSON(), nullable=True))
    with op.batch_alter_table("run") as batch:
        batch.alter_column("engine_version", type_=sa.String(length=100), existing_nullable=False)
    op.create_table(
        "upload",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("filename", sa.String(length=300), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.String(length=64), nullable=True),
        sa.Column("quarantined", sa.String(length=32), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("version_id", sa.String(length=36), nullable=True),
        sa.Column("same_as", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_upload_entry_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_upload_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    for name in ("entry_id", "person_id", "quarantined", "touched_at", "version_id"):
        op.create_index(op.f(f"ix_upload_{name}"), "upload", [name], unique=False)


def downgrade() -> None:
    """Take it back; a column goes by itself, so that no table others refer to is made anew."""
    op.drop_table("upload")
    with op.batch_alter_table("run") as batch:
        batch.alter_column("engine_version", type_=sa.String(length=32), existing_nullable=False)
    for name in reversed(KEPT):
        op.drop_column("version", name)
    op.drop_index(op.f("ix_version_quarantined"), "version")
    op.drop_column("version", "quarantined")
    op.drop_column("entry", "layout")
