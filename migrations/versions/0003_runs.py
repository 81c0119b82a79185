"""Runs that can be watched, cancelled and taken up again; how many rows the source has."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NEW = ("state", "requested_by", "started_at", "starts", "sampled", "peak_memory_mb", "problem")


def upgrade() -> None:
    """Make the change."""
    for name in ("version", "upload"):
        op.add_column(name, sa.Column("source_rows", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("run") as batch:
        batch.add_column(sa.Column("state", sa.String(length=32), nullable=False, server_default="DONE"))
        batch.add_column(sa.Column("requested_by", sa.String(length=36), nullable=True))
        batch.add_column(sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("starts", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("sampled", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("peak_memory_mb", sa.Double(), nullable=True))
        batch.add_column(sa.Column("problem", sa.JSON(), nullable=True))
        batch.drop_column("error")
        batch.alter_column("rows", type_=sa.BigInteger(), existing_nullable=False)
        batch.create_index(op.f("ix_run_requested_by"), ["requested_by"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    for name in ("version", "upload"):
        with op.batch_alter_table(name) as batch:
            batch.drop_column("source_rows")
    with op.batch_alter_table("run") as batch:
        batch.drop_index(op.f("ix_run_requested_by"))
        batch.alter_column("rows", type_=sa.Integer(), existing_nullable=False)
        batch.add_column(sa.Column("error", sa.Text(), nullable=True))
        for name in reversed(NEW):
            batch.drop_column(name)
