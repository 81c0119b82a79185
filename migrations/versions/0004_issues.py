"""Data issues, their reporters and their way to an end; entries whose data are taken offline."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXED = ("entry_id", "tenant_id", "case_id", "reporter_id", "reporter_tenant_id", "network", "closed_at")
OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    """Make the change."""
    op.add_column("procedure_case", sa.Column("urgency", sa.String(length=16), nullable=False, server_default=""))
    op.add_column("entry", sa.Column("offline_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("entry", sa.Column("offline_reasons", sa.JSON(), nullable=True))
    op.create_index(op.f("ix_entry_offline_since"), "entry", ["offline_since"], unique=False)
    op.create_table("issue", *_identity(), *_words(), *_marks(), *_dates(), *_keys())
    for name in INDEXED:
        op.create_index(op.f(f"ix_issue_{name}"), "issue", [name], unique=False)
    op.create_index(
        "uq_issue_open_rule", "issue", ["entry_id", "rule_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_table(
        "issue_occurrence",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("issue_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=True),
        sa.Column("evaluated", sa.Integer(), nullable=True),
        sa.Column("unexpected", sa.Integer(), nullable=True),
        sa.Column("verdict", sa.String(length=32), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_occurrence_issue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_occurrence")),
        sa.UniqueConstraint("issue_id", "number", name=op.f("uq_issue_occurrence_issue_id_number")),
    )
    op.create_index(op.f("ix_issue_occurrence_issue_id"), "issue_occurrence", ["issue_id"], unique=False)


def _identity() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=True),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("severity", sa.String(length=32), nullable=False),
        sa.Column("reporter_id", sa.String(length=36), nullable=False),
        sa.Column("reporter_tenant_id", sa.String(length=36), nullable=True),
        sa.Column("previous_id", sa.String(length=36), nullable=True),
    ]


def _words() -> list[sa.Column[object]]:
    return [
        sa.Column("item", sa.String(length=300), nullable=False),
        sa.Column("rule_id", sa.String(length=400), nullable=True),
        sa.Column("rule", sa.JSON(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=True),
        sa.Column("secret_hash", sa.String(length=64), nullable=True),
        sa.Column("form_token", sa.String(length=64), nullable=True),
        sa.Column("network", sa.String(length=64), nullable=True),
    ]


def _marks() -> list[sa.Column[object]]:
    return [
        sa.Column("passed", sa.JSON(), nullable=False),
        sa.Column("unproven", sa.Boolean(), nullable=False),
        sa.Column("seen_number", sa.Integer(), nullable=False),
        sa.Column("occurrences", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("proved_number", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
    ]


def _dates() -> list[sa.Column[object]]:
    instants = ("seen_at", "created_at")
    later = ("reviewed_at", "confirmed_at", "rectified_at", "closed_at", "escalated_at")
    return [
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in instants),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in later),
        sa.Column("grace_until", sa.Date(), nullable=True),
    ]


def _keys() -> list[sa.Constraint]:
    foreign = (
        ("entry_id", "entry.id"),
        ("tenant_id", "tenant.id"),
        ("case_id", "procedure_case.id"),
        ("reporter_tenant_id", "tenant.id"),
        ("previous_id", "issue.id"),
    )
    return [
        *(sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_issue_{name}")) for name, target in foreign),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue")),
        sa.UniqueConstraint("number", name=op.f("uq_issue_number")),
        sa.UniqueConstraint("form_token", name=op.f("uq_issue_form_token")),
    ]


def downgrade() -> None:
    """Take the change back; a column goes by itself, so that no table others refer to is made anew."""
    op.drop_table("issue_occurrence")
    op.drop_table("issue")
    op.drop_index(op.f("ix_entry_offline_since"), "entry")
    op.drop_column("entry", "offline_reasons")
    op.drop_column("entry", "offline_since")
    op.drop_column("procedure_case", "urgency")
