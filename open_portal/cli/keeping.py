"""Commands that keep house: search index, indicators, audit log."""

import json
import sys
from datetime import UTC, datetime, time, timedelta

import click

from catalog import search_index
from open_portal.cli.setting_up import ready_kit
from open_portal.language import ZONE
from sharing.rates import readings
from tenancy import audit as audit_log


@click.group()
def index() -> None:
    """The search index. / 检索索引。"""


@index.command()
def rebuild() -> None:
    """Make the index anew from the database. / 重建索引。"""
    kit = ready_kit()
    click.echo(search_index.rebuild(kit.index, kit.database))


@index.command()
def verify() -> None:
    """Compare index and database both ways. / 核对索引与数据库。"""
    kit = ready_kit()
    search_index.catch_up(kit.index, kit.database)
    differences = search_index.verify(kit.index, kit.database)
    click.echo(str(differences))
    sys.exit(0 if differences.none else 1)


@click.command()
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), default=None, help="end of this day / 截至当日结束")
@click.option("--json", "as_json", is_flag=True, help="print JSON / 输出 JSON")
def indicators(as_of: datetime | None, as_json: bool) -> None:
    """Compute every rate, now or as of the end of a day. / 计算各项指标。"""
    kit = ready_kit()
    now = kit.clock()
    at = now if as_of is None else min(now, end_of(as_of))
    with kit.database.read() as session:
        rates = readings.compute(session, at, scope=None)
    rows = [
        {
            "code": one.reading.code,
            "version": one.reading.version,
            "numerator": one.reading.numerator,
            "denominator": one.reading.denominator,
            "value": None if one.reading.value is None else float(one.reading.value),
            "as_of": at.isoformat(),
        }
        for one in rates
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row, rate in zip(rows, rates, strict=True):
        value = "–" if row["value"] is None else f"{row['value']:.2f} %"
        click.echo(f"{row['code']:<16}{value:>10}  {row['numerator']}/{row['denominator']}  {rate.definition.zh}")


def end_of(day: datetime) -> datetime:
    """The last instant of a day in Shanghai."""
    return (datetime.combine(day.date(), time(), ZONE) + timedelta(days=1, microseconds=-1)).astimezone(UTC)


@click.group()
def audit() -> None:
    """The audit log. / 审计日志。"""


@audit.command("verify")
def verify_audit() -> None:
    """Walk the chain of the audit log. / 校验审计链。"""
    kit = ready_kit()
    with kit.database.read() as session:
        found = audit_log.verify(session)
    click.echo(f"sealed {found.sealed}, unsealed {found.unsealed}, head {found.head}")
    if found.bad_line is not None:
        click.echo(f"first bad line: {found.bad_line} / 首个异常行：{found.bad_line}", err=True)
        sys.exit(1)
