"""Sources of foreign catalogues and what each import came to."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

RUNNING = sa.text("state = 'RUNNING'")
NEIGHBOURS = (
    ("zhejiang", "浙江省公共数据开放平台", "Zhejiang open-data portal", "330000"),
    ("jiaxing", "嘉兴市公共数据开放平台", "Jiaxing open-data portal", "330400"),
    ("shaoxing", "绍兴市公共数据开放平台", "Shaoxing open-data portal", "330600"),
    ("zhoushan", "舟山市公共数据开放平台", "Zhoushan open-data portal", "330900"),
)


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "harvest_source",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("zh", sa.String(length=200), nullable=False),
        sa.Column("en", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=1000), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=True),
        sa.Column("every_hours", sa.Integer(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_harvest_source_tenant_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_harvest_source")),
    )
    op.create_index(op.f("ix_harvest_source_tenant_id"), "harvest_source", ["tenant_id"])
    op.create_index(op.f("ix_harvest_source_next_at"), "harvest_source", ["next_at"])
    op.create_index(op.f("ix_harvest_source_created_by"), "harvest_source", ["created_by"])
    _make_runs()
    op.add_column("entry", sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))
    _name_the_sources_that_are_there()


def _make_runs() -> None:
    counts = ("read", "created", "updated", "unchanged", "refused", "archived", "listed_before", "vanishing")
    op.create_table(
        "harvest_run",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("origin", sa.String(length=1000), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("archiving", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("holder", sa.String(length=100), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_to_stop", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        sa.Column("vanished", sa.JSON(), nullable=True),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["source_key"], ["harvest_source.key"], name=op.f("fk_harvest_run_source_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_harvest_run")),
        sa.UniqueConstraint("source_key", "number", name=op.f("uq_harvest_run_source_key_number")),
    )
    op.create_index(op.f("ix_harvest_run_asked_by"), "harvest_run", ["asked_by"])
    op.create_index(
        "uq_harvest_run_running",
        "harvest_run",
        ["source_key"],
        unique=True,
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )
    op.create_table(
        "harvest_refusal",
        sa.Column("sequence", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("problem", sa.JSON(), nullable=False),
        sa.Column("remedy", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["harvest_run.id"], name=op.f("fk_harvest_refusal_run_id")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_harvest_refusal")),
    )
    op.create_index(op.f("ix_harvest_refusal_run_id"), "harvest_refusal", ["run_id"])


def _name_the_sources_that_are_there() -> None:
    """Entries that were taken over before there were sources get theirs, in the care of the tenant that has them."""
    connection = op.get_bind()
    held = connection.execute(
        sa.text(
            "SELECT origin_portal, min(tenant_id), min(created_at) FROM entry"
            " WHERE origin = 'HARVESTED' AND origin_portal IS NOT NULL GROUP BY origin_portal"
        )
    ).all()
    known = {key: (zh, en, region) for key, zh, en, region in NEIGHBOURS}
    for key, tenant_id, since in held:
        zh, en, region = known.get(key, (key, "", "330500"))
        connection.execute(
            sa.text(
                "INSERT INTO harvest_source (key, zh, en, kind, address, tenant_id, region_code, state, created_by,"
                " created_at) VALUES (:key, :zh, :en, 'LIST', '', :tenant, :region, 'ACTIVE', 'system', :since)"
            ),
            {"key": key, "zh": zh, "en": en, "tenant": tenant_id, "region": region, "since": since},
        )


def downgrade() -> None:
    """Take it back."""
    op.drop_column("entry", "archived_at")
    op.drop_table("harvest_refusal")
    op.drop_table("harvest_run")
    op.drop_table("harvest_source")
