"""How Alembic runs here: one transaction for a whole run, on the connection settings of the application."""

from alembic import context
from sqlalchemy import Enum
from sqlalchemy.types import TypeEngine

from open_portal.migrating import METADATA
from tenancy.encryption import Encrypted
from tenancy.types import UtcDateTime


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Write our own column types as what they are in the database: a revision needs no application code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Encrypted):
        return "sa.Text()"
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String(length={item.length})"
    return False


def compare_type(
    _context: object, _column: object, _metadata: object, _database_type: TypeEngine, model_type: TypeEngine
) -> bool | None:
    """An encrypted column or a term is text to the database; every other type is compared as usual."""
    return False if isinstance(model_type, Encrypted | UtcDateTime | Enum) else None


def run() -> None:
    """Run within a transaction that also holds the table changes, on SQLite too."""
    database = context.config.attributes["database"]
    with database.writer.connect() as connection, connection.begin():
        if not database.is_sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(330500)")
        context.configure(
            connection=connection,
            target_metadata=METADATA,
            transactional_ddl=True,
            transaction_per_migration=False,
            render_as_batch=True,
            render_item=render_item,
            compare_type=compare_type,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
