"""What a token may do, and the platforms that hold one."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change; tokens that are there go on reading."""
    op.create_table(
        "peer",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("key", sa.String(36), nullable=False),
        sa.Column("name_zh", sa.String(200), nullable=False),
        sa.Column("name_en", sa.String(200), nullable=False),
        sa.Column("address", sa.String(500), nullable=False),
        sa.Column("tenant_id", sa.String(36), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(36), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(36), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_peer_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_peer")),
        sa.UniqueConstraint("key", name=op.f("uq_peer_key")),
    )
    op.create_index(op.f("ix_peer_tenant_id"), "peer", ["tenant_id"])
    op.create_table(
        "peer_body",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("peer_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("external_id", sa.String(100), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["peer_id"], ["peer.id"], name=op.f("fk_peer_body_peer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_peer_body")),
        sa.UniqueConstraint("peer_id", "kind", "name", name=op.f("uq_peer_body_peer_id_kind_name")),
    )
    op.create_index(op.f("ix_peer_body_peer_id"), "peer_body", ["peer_id"])
    op.create_table(
        "entry_name",
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("entry_id", sa.String(36), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_entry_name_entry_id")),
        sa.PrimaryKeyConstraint("holder", "name", name=op.f("pk_entry_name")),
    )
    op.create_index(op.f("ix_entry_name_entry_id"), "entry_name", ["entry_id"])
    op.create_index(op.f("ix_entry_name_name"), "entry_name", ["name"])
    op.add_column("entry", sa.Column("extras", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("api_token") as batch:
        batch.add_column(sa.Column("scopes", sa.JSON(), nullable=False, server_default='["read"]'))
        batch.add_column(sa.Column("peer_id", sa.String(36), nullable=True))
        batch.add_column(sa.Column("approved_by", sa.String(36), nullable=True))
        batch.add_column(sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))
        batch.create_foreign_key(batch.f("fk_api_token_peer_id"), "peer", ["peer_id"], ["id"])
        batch.create_index(batch.f("ix_api_token_peer_id"), ["peer_id"])


def downgrade() -> None:
    """Take it back; tokens that could do more than read end."""
    op.execute("UPDATE api_token SET revoked_at = created_at WHERE CAST(scopes AS TEXT) <> '[\"read\"]'")
    with op.batch_alter_table("api_token") as batch:
        batch.drop_index(batch.f("ix_api_token_peer_id"))
        batch.drop_constraint(batch.f("fk_api_token_peer_id"), type_="foreignkey")
        for column in ("approved_at", "approved_by", "peer_id", "scopes"):
            batch.drop_column(column)
    op.drop_column("entry", "extras")
    op.drop_table("entry_name")
    op.drop_table("peer_body")
    op.drop_table("peer")
