"""Migrations: empty, newest, the same as the models, back to empty, and newest again, on both databases."""

from datetime import datetime
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import inspect, text

from catalog import datasets, versions
from catalog.blobs import Blob
from open_portal import migrating
from tenancy import work
from tenancy.database import Database
from tenancy.models import Tenant


def tables(db: Database) -> set[str]:
    """Names of all tables but Alembic's own."""
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def leftovers(db: Database) -> list[str]:
    """Triggers, functions and sequences that outlive their tables."""
    query = (
        "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND tbl_name <> 'alembic_version'"
        if db.is_sqlite
        else "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE nspname = 'public' "
        "UNION SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE nspname = 'public' AND relname NOT LIKE 'alembic_version%'"
    )
    with db.engine.connect() as connection:
        return [row[0] for row in connection.execute(text(query))]


def test_up_down_and_up_again(empty: Database) -> None:
    with pytest.raises(CommandError):
        migrating.check(empty)
    assert not migrating.is_current(empty)
    for _ in range(2):
        migrating.upgrade(empty)
        migrating.upgrade(empty)
        assert migrating.is_current(empty)
        migrating.check(empty)
        assert tables(empty) == set(migrating.METADATA.tables)
        migrating.downgrade(empty, "base")
        assert not migrating.is_current(empty)
        assert tables(empty) == set()
        assert leftovers(empty) == []


def test_rows_outlive_a_step_back_and_forth(db: Database, cast: Any, now: datetime) -> None:
    with work.begin(db, cast.steward, now) as deed:
        tenant = deed.session.get_one(Tenant, cast.department.id)
        entry = datasets.register(deed, tenant, datasets.Description(title="桥梁台账"))
        versions.receive(deed, entry, Blob("0" * 64, 5), "桥梁.csv", quarantined="0" * 32)
    for revision in ("0001", "head"):
        (migrating.downgrade if revision == "0001" else migrating.upgrade)(db, revision)
        with db.engine.connect() as connection:
            for table in ("tenant", "entry", "version", "stored_file", "audit_line"):
                assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar(), (revision, table)
    migrating.check(db)


def test_a_difference_between_models_and_tables_is_found(empty: Database) -> None:
    migrating.upgrade(empty)
    with empty.writer.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE tenant ADD COLUMN stray VARCHAR(10)")
    with pytest.raises(CommandError, match="stray"):
        migrating.check(empty)


def test_one_head_and_one_base() -> None:
    scripts = ScriptDirectory(str(migrating.FOLDER))
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1


def test_revisions_need_no_code_of_the_application() -> None:
    ours = ("policies", "tenancy", "catalog", "quality", "sharing", "open_portal")
    for path in (migrating.FOLDER / "versions").glob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        imports = [line for line in lines if line.startswith(("import ", "from "))]
        assert imports
        assert not [line for line in imports if line.split()[1].partition(".")[0] in ours], path.name
