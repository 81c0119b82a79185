"""The command that looks for what is missing or unsafe, and says what to do about it."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import click
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from open_portal import migrating, settings
from open_portal.front_end import SHELF
from open_portal.settings import Settings
from open_portal.wiring import Kit, wire
from tenancy.models import Person

LEAST_FREE = 2 * 2**30


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is well, and what to do if not."""

    well: bool
    en: str
    zh: str


@click.command()
@click.option(
    "--production", is_flag=True, help="also refuse what is unsafe in production / 同时检查生产环境的安全要求"
)
def doctor(production: bool) -> None:
    """Explain each missing piece. / 检查并说明缺少什么。"""
    found = list(examine(settings.read(), production=production))
    for one in found:
        click.echo(f"{'✓' if one.well else '✗'} {one.zh} / {one.en}")
    sys.exit(0 if all(one.well for one in found) else 1)


def examine(chosen: Settings, *, production: bool) -> Iterator[Finding]:
    """Every finding, in the order in which things are needed."""
    yield Finding(
        (SHELF / "govuk-frontend.css").exists(),
        "front-end base in place (else: make install)",
        "前端基础文件就绪（否则执行 make install）",
    )
    free = shutil.disk_usage(chosen.home if chosen.home.exists() else chosen.home.anchor).free
    yield Finding(
        free > LEAST_FREE, f"{free // 2**30} GB free in the home folder", f"数据目录可用空间 {free // 2**30} GB"
    )
    try:
        kit = wire(chosen)
        current = migrating.is_current(kit.database)
    except (SQLAlchemyError, OSError) as error:
        yield Finding(False, f"database unreachable: {type(error).__name__}", f"数据库无法连接：{type(error).__name__}")
        return
    yield Finding(
        current,
        "database at the newest revision (else: tiaoxi db upgrade)",
        "数据库为最新版本（否则执行 tiaoxi db upgrade）",
    )
    if production:
        yield from unsafe(chosen, kit, current=current)


def unsafe(chosen: Settings, kit: Kit, *, current: bool) -> Iterator[Finding]:
    """What must not be so in production."""
    if current:
        with kit.database.read() as session:
            demo = session.scalars(select(Person.login).where(Person.is_demo, Person.disabled_at.is_(None))).all()
        yield Finding(not demo, f"no demo accounts (found {len(demo)})", f"没有演示账号（发现 {len(demo)} 个）")
    yield Finding(not chosen.demo, "TIAOXI_DEMO is no", "TIAOXI_DEMO 已设为 no")
    yield Finding(chosen.secure_cookies, "TIAOXI_SECURE_COOKIES is yes", "TIAOXI_SECURE_COOKIES 已设为 yes")
    yield Finding(
        chosen.base_url.startswith("https://"), "TIAOXI_BASE_URL is an https address", "TIAOXI_BASE_URL 为 https 地址"
    )
    yield Finding(not kit.database.is_sqlite, "the database is PostgreSQL", "数据库为 PostgreSQL")
    yield Finding(bool(chosen.mail_url), "TIAOXI_MAIL_URL names a mail server", "TIAOXI_MAIL_URL 已配置邮件服务器")
    for name in ("secret_key", "keyring.json"):
        path = chosen.home / name
        private = path.exists() and not path.stat().st_mode & 0o077
        yield Finding(private, f"{name} is readable by its owner alone", f"{name} 仅所有者可读")
