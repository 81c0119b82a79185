"""Data elements, code lists, sources of items and cleaning rules."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WAITING = sa.text("state IN ('DRAFT', 'IN_REVIEW')")
ACCEPTED = sa.text("state = 'ACCEPTED'")
PENDING = sa.text("state IN ('OPEN', 'DISPUTED')")
UNDER_WAY = sa.text("state = 'WAITING'")


def upgrade() -> None:
    """Make the change."""

    op.create_table(
        "code_list",
        sa.Column("licence", sa.String(length=100), nullable=False),
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("zh", sa.String(length=200), nullable=False),
        sa.Column("en", sa.String(length=200), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_code_list_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_list")),
        sa.UniqueConstraint("name", "number", name=op.f("uq_code_list_name_number")),
    )
    op.create_index(op.f("ix_code_list_author_id"), "code_list", ["author_id"], unique=False)
    op.create_index(op.f("ix_code_list_name"), "code_list", ["name"], unique=False)
    op.create_index(op.f("ix_code_list_tenant_id"), "code_list", ["tenant_id"], unique=False)
    op.create_index(
        "uq_code_list_waiting", "code_list", ["name"], unique=True, sqlite_where=WAITING, postgresql_where=WAITING
    )
    op.create_table(
        "data_element",
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("length", sa.Integer(), nullable=True),
        sa.Column("pattern", sa.String(length=300), nullable=False),
        sa.Column("unit", sa.String(length=50), nullable=False),
        sa.Column("code_list", sa.String(length=70), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("zh", sa.String(length=200), nullable=False),
        sa.Column("en", sa.String(length=200), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_data_element_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_element")),
        sa.UniqueConstraint("name", "number", name=op.f("uq_data_element_name_number")),
    )
    op.create_index(op.f("ix_data_element_author_id"), "data_element", ["author_id"], unique=False)
    op.create_index(op.f("ix_data_element_name"), "data_element", ["name"], unique=False)
    op.create_index(op.f("ix_data_element_tenant_id"), "data_element", ["tenant_id"], unique=False)
    op.create_index(
        "uq_data_element_waiting", "data_element", ["name"], unique=True, sqlite_where=WAITING, postgresql_where=WAITING
    )
    op.create_table(
        "standard_sheet",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("filename", sa.String(length=300), nullable=False),
        sa.Column("tables", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_standard_sheet_person_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_standard_sheet_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_sheet")),
    )
    op.create_index(op.f("ix_standard_sheet_person_id"), "standard_sheet", ["person_id"], unique=False)
    op.create_index(op.f("ix_standard_sheet_tenant_id"), "standard_sheet", ["tenant_id"], unique=False)
    op.create_table(
        "cleaning_plan",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_cleaning_plan_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cleaning_plan")),
        sa.UniqueConstraint("entry_id", "number", name=op.f("uq_cleaning_plan_entry_id_number")),
    )
    op.create_index(op.f("ix_cleaning_plan_author_id"), "cleaning_plan", ["author_id"], unique=False)
    op.create_table(
        "code",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("list_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("zh", sa.String(length=200), nullable=False),
        sa.Column("en", sa.String(length=200), nullable=False),
        sa.Column("parent", sa.String(length=64), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["list_id"], ["code_list.id"], name=op.f("fk_code_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code")),
        sa.UniqueConstraint("list_id", "value", name=op.f("uq_code_list_id_value")),
    )
    op.create_table(
        "source_claim",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("element", sa.String(length=64), nullable=False),
        sa.Column("scope_id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ruled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_source_claim_entry_id")),
        sa.ForeignKeyConstraint(["scope_id"], ["tenant.id"], name=op.f("fk_source_claim_scope_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_source_claim_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_claim")),
    )
    op.create_index(op.f("ix_source_claim_author_id"), "source_claim", ["author_id"], unique=False)
    op.create_index(op.f("ix_source_claim_element"), "source_claim", ["element"], unique=False)
    op.create_index(op.f("ix_source_claim_scope_id"), "source_claim", ["scope_id"], unique=False)
    op.create_index(op.f("ix_source_claim_tenant_id"), "source_claim", ["tenant_id"], unique=False)
    op.create_index(
        "uq_source_claim_accepted",
        "source_claim",
        ["element", "scope_id"],
        unique=True,
        sqlite_where=ACCEPTED,
        postgresql_where=ACCEPTED,
    )
    op.create_index(
        "uq_source_claim_pending",
        "source_claim",
        ["element", "scope_id", "tenant_id"],
        unique=True,
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    )
    op.create_table(
        "cleaning_run",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("entry_id", sa.String(length=36), nullable=False),
        sa.Column("plan_id", sa.String(length=36), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("is_preview", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("reference_versions", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.Column("changed", sa.Integer(), nullable=True),
        sa.Column("ledger_id", sa.String(length=36), nullable=True),
        sa.Column("version_id", sa.String(length=36), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_cleaning_run_entry_id")),
        sa.ForeignKeyConstraint(["ledger_id"], ["stored_file.id"], name=op.f("fk_cleaning_run_ledger_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_cleaning_run_person_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["cleaning_plan.id"], name=op.f("fk_cleaning_run_plan_id")),
        sa.ForeignKeyConstraint(["source_id"], ["version.id"], name=op.f("fk_cleaning_run_source_id")),
        sa.ForeignKeyConstraint(["version_id"], ["version.id"], name=op.f("fk_cleaning_run_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cleaning_run")),
    )
    op.create_index(op.f("ix_cleaning_run_entry_id"), "cleaning_run", ["entry_id"], unique=False)
    op.create_index(op.f("ix_cleaning_run_person_id"), "cleaning_run", ["person_id"], unique=False)
    op.create_index(op.f("ix_cleaning_run_version_id"), "cleaning_run", ["version_id"], unique=False)
    op.create_index(
        "uq_cleaning_run_under_way",
        "cleaning_run",
        ["entry_id"],
        unique=True,
        sqlite_where=UNDER_WAY,
        postgresql_where=UNDER_WAY,
    )
    op.create_table(
        "source_dispute",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("claim_id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["source_claim.id"], name=op.f("fk_source_dispute_claim_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_source_dispute_person_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_source_dispute_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_dispute")),
        sa.UniqueConstraint("claim_id", "tenant_id", name=op.f("uq_source_dispute_claim_id_tenant_id")),
    )
    op.create_index(op.f("ix_source_dispute_person_id"), "source_dispute", ["person_id"], unique=False)
    op.create_index(op.f("ix_source_dispute_tenant_id"), "source_dispute", ["tenant_id"], unique=False)
    op.add_column("item", sa.Column("element", sa.String(length=64), nullable=True))
    op.add_column("item", sa.Column("code_list", sa.String(length=70), nullable=True))
    op.create_index(op.f("ix_item_code_list"), "item", ["code_list"], unique=False)
    op.create_index(op.f("ix_item_element"), "item", ["element"], unique=False)
    op.add_column("version", sa.Column("cleaned_from_id", sa.String(length=36), nullable=True))


def downgrade() -> None:
    """Take the change back."""

    op.drop_column("version", "cleaned_from_id")
    op.drop_index(op.f("ix_item_element"), table_name="item")
    op.drop_index(op.f("ix_item_code_list"), table_name="item")
    op.drop_column("item", "code_list")
    op.drop_column("item", "element")
    op.drop_index(op.f("ix_source_dispute_tenant_id"), table_name="source_dispute")
    op.drop_index(op.f("ix_source_dispute_person_id"), table_name="source_dispute")
    op.drop_table("source_dispute")
    op.drop_index(
        "uq_cleaning_run_under_way", table_name="cleaning_run", sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY
    )
    op.drop_index(op.f("ix_cleaning_run_version_id"), table_name="cleaning_run")
    op.drop_index(op.f("ix_cleaning_run_person_id"), table_name="cleaning_run")
    op.drop_index(op.f("ix_cleaning_run_entry_id"), table_name="cleaning_run")
    op.drop_table("cleaning_run")
    op.drop_index("uq_source_claim_pending", table_name="source_claim", sqlite_where=PENDING, postgresql_where=PENDING)
    op.drop_index(
        "uq_source_claim_accepted", table_name="source_claim", sqlite_where=ACCEPTED, postgresql_where=ACCEPTED
    )
    op.drop_index(op.f("ix_source_claim_tenant_id"), table_name="source_claim")
    op.drop_index(op.f("ix_source_claim_scope_id"), table_name="source_claim")
    op.drop_index(op.f("ix_source_claim_element"), table_name="source_claim")
    op.drop_index(op.f("ix_source_claim_author_id"), table_name="source_claim")
    op.drop_table("source_claim")
    op.drop_table("code")
    op.drop_index(op.f("ix_cleaning_plan_author_id"), table_name="cleaning_plan")
    op.drop_table("cleaning_plan")
    op.drop_index(op.f("ix_standard_sheet_tenant_id"), table_name="standard_sheet")
    op.drop_index(op.f("ix_standard_sheet_person_id"), table_name="standard_sheet")
    op.drop_table("standard_sheet")
    op.drop_index("uq_data_element_waiting", table_name="data_element", sqlite_where=WAITING, postgresql_where=WAITING)
    op.drop_index(op.f("ix_data_element_tenant_id"), table_name="data_element")
    op.drop_index(op.f("ix_data_element_name"), table_name="data_element")
    op.drop_index(op.f("ix_data_element_author_id"), table_name="data_element")
    op.drop_table("data_element")
    op.drop_index("uq_code_list_waiting", table_name="code_list", sqlite_where=WAITING, postgresql_where=WAITING)
    op.drop_index(op.f("ix_code_list_tenant_id"), table_name="code_list")
    op.drop_index(op.f("ix_code_list_name"), table_name="code_list")
    op.drop_index(op.f("ix_code_list_author_id"), table_name="code_list")
    op.drop_table("code_list")
