"""Commands for other platforms' catalogues: taken over from a file or an address, and the list of sources."""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from sqlalchemy import select

from catalog import harvest_sources, harvests, search_index
from catalog.harvest_models import HarvestSource
from catalog.harvests import Problem
from catalog.mapping import headings
from catalog.mapping.listing import Kind
from open_portal import foreign, harvesting
from open_portal.cli.setting_up import ready_kit
from open_portal.foreign import Catalogue
from open_portal.harvesting import Tally
from open_portal.wiring import Kit
from policies import vocabulary as v
from policies.refusals import NotFound, Refused
from tenancy import tenants, work
from tenancy.actors import SYSTEM
from tenancy.models import Tenant

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
COUNTS = ("read", "created", "updated", "unchanged", "refused", "archived")
SHOWN = 20
"""The problems told to people; all of them stand in the JSON and on the page of the run."""
WORDS = {
    "read": ("读取", "read"),
    "created": ("新增", "created"),
    "updated": ("更新", "updated"),
    "unchanged": ("未变", "unchanged"),
    "refused": ("拒收", "refused"),
    "archived": ("归档", "archived"),
}


@dataclass(frozen=True)
class Asked:
    """What the command was asked to do."""

    origin: str
    key: str
    tenant: str | None = None
    mapping: Mapping[str, str] | None = None
    dry_run: bool = False
    archiving: bool = True

    @property
    def shown(self) -> str:
        """What is kept of where it came from: the address, or the file's name without its folders."""
        return self.origin if self.is_address else Path(self.origin).name

    @property
    def is_address(self) -> bool:
        """Whether the catalogue is fetched from somewhere."""
        return self.origin.startswith(("http://", "https://"))


@click.group()
def catalog() -> None:
    """Catalogues of other platforms. / 其他平台的目录。"""


@catalog.command("import")
@click.argument("origin", metavar="FILE|URL")
@click.option("--mapping", type=FILE, help='TOML or JSON, field = "heading" / 映射文件，字段 = "表头"')
@click.option("--source", "key", default=None, help="key of the source; by default the file's name / 采集源标识")
@click.option("--tenant", default=None, help="key of the tenant in whose care the entries are / 管理机构标识")
@click.option("--dry-run", is_flag=True, help="tell what would happen, write nothing / 试运行，不写入")
@click.option("--no-archive", is_flag=True, help="leave what is listed no more as it is / 不归档已下架的目录")
@click.option("--json", "as_json", is_flag=True, help="print JSON / 输出 JSON")
def import_catalogue(
    origin: str,
    mapping: Path | None,
    key: str | None,
    tenant: str | None,
    dry_run: bool,
    no_archive: bool,
    as_json: bool,
) -> None:
    """Take over a catalogue: CKAN, DCAT, data.json, JSON list, CSV or workbook. / 导入其他平台的目录。"""
    began = time.monotonic()
    asked = Asked(
        origin,
        (key or harvest_sources.key_of(origin)).strip().casefold(),
        tenant,
        headings.mapping(mapping.read_text(encoding="utf-8-sig"), mapping.name) if mapping else None,
        dry_run,
        not no_archive,
    )
    if not asked.is_address and not Path(origin).is_file():
        raise click.UsageError(f"{origin}: {_say('没有这个文件', 'there is no such file')}")
    kit = ready_kit()
    with _progress(quiet=as_json) as tell:
        tally = _rehearse(kit, asked, tell) if dry_run else take_over(kit, asked, tell)
    if not dry_run:
        search_index.catch_up(kit.index, kit.database)
    if as_json:
        told = {"source": asked.key, "dry_run": dry_run, "seconds": round(time.monotonic() - began, 3)}
        click.echo(json.dumps(_report(tally) | told, ensure_ascii=False, indent=2))
    else:
        _print(tally, asked)
    sys.exit(0 if tally.state in (v.HarvestState.DONE, v.HarvestState.HELD) else 1)


@catalog.command("sources")
@click.option("--json", "as_json", is_flag=True, help="print JSON / 输出 JSON")
def list_sources(as_json: bool) -> None:
    """The sources with their entries and when they were last read whole. / 采集源及其目录数。"""
    kit = ready_kit()
    with kit.database.read() as session:
        found, counts = harvest_sources.every(session, SYSTEM), harvest_sources.counts(session)
        rows = [
            {
                "key": one.key,
                "name": one.label(_language()),
                "kind": one.kind.value,
                "address": one.address,
                "tenant": one.tenant.key,
                "state": one.state.value,
                "entries": counts.get(one.key, 0),
                "read_at": one.read_at.isoformat() if one.read_at else None,
            }
            for one in found
        ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo(f"{row['key']:<24}{row['entries']:>8}  {row['name']}  {row['address']}")


def take_over(kit: Kit, asked: Asked, tell: harvesting.Tell = lambda _tally: None) -> Tally:
    """Import a catalogue; the index is left to whoever wants it at once, or to the worker."""
    catalogue = _opened(kit, asked)
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        source = _source(unit, kit, asked, catalogue.kind)
        run = harvests.begin(
            unit, source, harvesting.holder(), harvesting.alive, origin=asked.shown, archiving=asked.archiving
        )
    return harvesting.run(kit, run.id, catalogue.readings, tell)


def _rehearse(kit: Kit, asked: Asked, tell: harvesting.Tell) -> Tally:
    catalogue = _opened(kit, asked)
    with kit.database.read() as session:
        found = session.get(HarvestSource, asked.key)
        if found is None:
            place = _tenant(session, kit, asked)
            region = place.region_code if place else v.Region.HUZHOU.value
            found = HarvestSource(key=asked.key, zh=asked.key, en="", region_code=region, kind=catalogue.kind)
    return harvesting.rehearse(kit, found, catalogue.readings, archiving=asked.archiving, tell=tell)


def _opened(kit: Kit, asked: Asked) -> Catalogue:
    """The catalogue; a mapping that the source already has is used where none is given."""
    with kit.database.read() as session:
        known = session.get(HarvestSource, asked.key)
        calls = foreign.client(session) if asked.is_address else None
    mapping = asked.mapping or (known.mapping if known else None)
    if calls is not None:
        return foreign.of_address(asked.origin, calls, asked.key, mapping, kit.scratch)
    return foreign.of_file(Path(asked.origin), asked.key, mapping, kit.scratch)


def _source(unit: work.Work, kit: Kit, asked: Asked, kind: Kind) -> HarvestSource:
    """The source by its key, entered with its first import; a mapping that is given is kept for the next."""
    known = unit.session.get(HarvestSource, asked.key)
    if known is not None:
        if asked.tenant and known.tenant.key != asked.tenant:
            raise Refused("harvest.other-tenant", key=known.key, tenant=known.tenant.key)
        if asked.mapping:
            known.mapping = dict(asked.mapping)
        return known
    return harvest_sources.add(
        unit,
        _tenant(unit.session, kit, asked) or _first_tenant(unit, kit),
        key=asked.key,
        zh=asked.key,
        kind=kind,
        address=asked.origin if asked.is_address else "",
        mapping=asked.mapping,
    )


def _tenant(session: Any, kit: Kit, asked: Asked) -> Tenant | None:
    """The tenant that is named, else the authority, else the city; None where nobody is there yet."""
    if asked.tenant:
        return tenants.find(session, asked.tenant)
    try:
        return tenants.find(session, kit.settings.authority)
    except NotFound:
        query = select(Tenant).where(Tenant.kind == v.TenantKind.CITY, Tenant.dissolved_on.is_(None))
        found: Tenant | None = session.scalars(query.order_by(Tenant.created_at)).first()
        return found


def _first_tenant(unit: work.Work, kit: Kit) -> Tenant:
    """In an empty database: the authority itself, so that the entries are in somebody's care."""
    return tenants.found(
        unit,
        key=kit.settings.authority,
        kind=v.TenantKind.CITY,
        zh="公共数据主管部门",
        en="Public-data authority",
        region_code=v.Region.HUZHOU.value,
        parent=None,
    )


def _report(tally: Tally) -> dict[str, Any]:
    left = tally.refused - len(tally.problems)
    return {
        **{name: getattr(tally, name) for name in COUNTS},
        "state": tally.state.value,
        "awaiting_confirmation": tally.held,
        "problems": [_told(one) for one in tally.problems],
        **({"problems_left_out": left} if left else {}),
    }


def _told(problem: Problem) -> dict[str, Any]:
    return {
        "position": problem.position,
        "title": problem.title,
        "path": problem.path,
        "code": problem.problem.code,
        "problem": {one: problem.problem.text(one) for one in ("zh", "en")},
        "remedy": {one: problem.remedy.text(one) for one in ("zh", "en")},
    }


def _print(tally: Tally, asked: Asked) -> None:
    if asked.dry_run:
        click.echo(_say("试运行，没有写入任何内容", "Dry run: nothing was written"))
    click.echo(f"{asked.key}: {tally.state.label(_language())}")
    for name in COUNTS:
        click.echo(f"  {_say(*WORDS[name]):<10}{getattr(tally, name):>10,}")
    if tally.held:
        click.echo(
            _say(
                f"有 {tally.held} 条目录不再列出，超过原有的一半；请在管理页面“目录采集”中确认后再归档",
                f"{tally.held} entries are listed no more, over half of what there were; confirm that they be archived"
                " on the administration's page of sources",
            )
        )
    for one in tally.problems[:SHOWN]:
        place = "" if one.position is None else f"#{one.position + 1} "
        click.echo(f"{place}{one.path} {one.title}: {one.problem.text(_language())} → {one.remedy.text(_language())}")
    if tally.refused > SHOWN:
        click.echo(_say(f"另有 {tally.refused - SHOWN} 条", f"and {tally.refused - SHOWN} more"))


@contextmanager
def _progress(*, quiet: bool) -> Iterator[harvesting.Tell]:
    """Shows on a terminal how far it is, on standard error."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _tally: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(_say("导入目录", "Importing"), total=None)
        yield lambda tally: shown.update(task, completed=tally.read)


def _language() -> str:
    """The language of whoever calls: English where the environment says so, else Chinese."""
    chosen = next((found for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (found := os.environ.get(name))), "")
    return "en" if chosen.lower().startswith("en") else "zh"


def _say(zh: str, en: str) -> str:
    return en if _language() == "en" else zh
