"""Findings of personal data and verdicts on the risk of disclosure."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEPT = ("personal_scan", "disclosure", "disclosure_signed")


def upgrade() -> None:
    """Make the change."""
    op.add_column("entry", sa.Column("quasi_identifiers", sa.JSON(), nullable=True))
    for name in KEPT:
        op.add_column("version", sa.Column(name, sa.JSON(), nullable=True))
    op.add_column("version", sa.Column("disclosure_verdict", sa.String(length=32), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("version", "disclosure_verdict")
    for name in reversed(KEPT):
        op.drop_column("version", name)
    op.drop_column("entry", "quasi_identifiers")
