"""Commands that set up: the home folder and database, accounts, migrations."""

import click
from alembic.util import CommandError
from sqlalchemy import select

from open_portal import migrating, settings
from open_portal.demonstration import cast, files
from open_portal.wiring import Kit, wire
from policies.vocabulary import Role, TenantKind
from tenancy import actors, people, tenants, work
from tenancy.database import Database
from tenancy.models import Tenant


def ready_kit() -> Kit:
    """The kit over a database at its newest revision."""
    kit = wire(settings.read())
    ready(kit.database)
    return kit


def ready(database: Database) -> None:
    """Bring a database to its newest revision."""
    if not migrating.is_current(database):
        migrating.upgrade(database)


@click.command()
def init() -> None:
    """Make the home folder, its secrets and the database. / 建立数据目录、密钥和数据库。"""
    kit = ready_kit()
    click.echo(f"{kit.settings.home}")


def is_empty(database: Database) -> bool:
    """Whether nobody has set anything up in this database yet."""
    with database.read() as session:
        return session.scalars(select(Tenant.id).limit(1)).first() is None


def tell_accounts(address: str, *, demo: bool) -> None:
    """Print where the portal is and, with the demonstration, who may sign in."""
    click.echo(f"\n  {address}\n")
    if not demo:
        return
    for login, name, what in cast.SHOWN:
        click.echo(f"  {login:<24}{files.PASSWORD}   {name} · {what}")
    click.echo("")


@click.group()
def db() -> None:
    """The database. / 数据库。"""


@db.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Bring the database to a revision. / 升级数据库。"""
    try:
        migrating.upgrade(wire(settings.read()).database, revision)
    except CommandError as error:
        raise click.ClickException(str(error)) from error


@click.group()
def tenant() -> None:
    """Tenants. / 机构。"""


@tenant.command("add")
@click.argument("key")
@click.option("--kind", type=click.Choice([one.value for one in TenantKind]), default=TenantKind.CITY.value)
@click.option("--zh", required=True, help="Chinese name / 中文名称")
@click.option("--en", required=True, help="English name / 英文名称")
@click.option("--region", default="330500", help="division code / 行政区划代码")
@click.option("--parent", default=None, help="key of the tenant above; none for the city / 上级机构标识")
def add_tenant(key: str, kind: str, zh: str, en: str, region: str, parent: str | None) -> None:
    """Found a tenant, the city first, so that accounts have a place. / 建立机构，先建市级。"""
    kit = ready_kit()
    with work.begin(kit.database, actors.SYSTEM, kit.clock()) as unit:
        above = tenants.find(unit.session, parent) if parent else None
        tenants.found(unit, key=key, kind=TenantKind(kind), zh=zh, en=en, region_code=region, parent=above)
    click.echo(key)


@click.group()
def user() -> None:
    """Accounts. / 账号。"""


@user.command()
@click.argument("login")
@click.option("--name", required=True, help="display name / 姓名")
@click.option("--tenant", "tenant_key", required=True, help="key of the tenant / 机构标识")
@click.option("--role", type=click.Choice([one.value for one in Role]), multiple=True, help="role / 角色")
@click.option("--email", default=None)
@click.password_option(help="asked for when not given / 未提供时提示输入")
def add(login: str, name: str, tenant_key: str, role: tuple[str, ...], email: str | None, password: str) -> None:
    """Open an account in a tenant with its roles. / 在机构中开立账号并授予角色。"""
    kit = ready_kit()
    with work.begin(kit.database, actors.SYSTEM, kit.clock()) as unit:
        place = tenants.find(unit.session, tenant_key)
        person = people.add(unit, place, login=login, name=name, email=email, password=password)
        for one in role:
            people.grant_role(unit, person, place, Role(one))
    click.echo(login)
