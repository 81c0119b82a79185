"""Frozen scorecards and appeals against them; reports for experts."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "scorecard",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rules_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("appeals_until", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scorecard")),
        sa.UniqueConstraint("month", name=op.f("uq_scorecard_month")),
    )
    op.create_table(
        "scorecard_line",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("scorecard_id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("issues", sa.JSON(), nullable=True),
        sa.Column("card", sa.String(length=32), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["scorecard_id"], ["scorecard.id"], name=op.f("fk_scorecard_line_scorecard_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_scorecard_line_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scorecard_line")),
        sa.UniqueConstraint("scorecard_id", "tenant_id", name=op.f("uq_scorecard_line_scorecard_id_tenant_id")),
    )
    op.create_index(op.f("ix_scorecard_line_tenant_id"), "scorecard_line", ["tenant_id"], unique=False)
    op.create_table(
        "scorecard_appeal",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("line_id", sa.String(length=36), nullable=False),
        sa.Column("entry_ids", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=36), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("corrected", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["line_id"], ["scorecard_line.id"], name=op.f("fk_scorecard_appeal_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scorecard_appeal")),
    )
    op.create_index(op.f("ix_scorecard_appeal_line_id"), "scorecard_appeal", ["line_id"], unique=False)
    op.create_index(op.f("ix_scorecard_appeal_made_by"), "scorecard_appeal", ["made_by"], unique=False)
    op.create_table(
        "data_docs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("file_id", sa.String(length=36), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_data_docs_file_id")),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"], name=op.f("fk_data_docs_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_docs")),
        sa.UniqueConstraint("version_id", name=op.f("uq_data_docs_version_id")),
    )
    op.create_index(op.f("ix_data_docs_asked_by"), "data_docs", ["asked_by"], unique=False)
    op.create_index(op.f("ix_data_docs_expires_at"), "data_docs", ["expires_at"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    for name in ("data_docs", "scorecard_appeal", "scorecard_line", "scorecard"):
        op.drop_table(name)
