"""A catalogue that the real ckanapi dumps and loads into an empty platform is the same catalogue."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from difflib import unified_diff
from pathlib import Path
from typing import Any, TypeAlias

import ckanapi
import public_stage as stage
import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url
from werkzeug.serving import make_server

from catalog import datasets
from catalog.models import CatalogChange, Entry
from open_portal import settings
from open_portal.app import create_app
from open_portal.wiring import Kit, wire
from policies import vocabulary as v
from tenancy import actors, tenants, tokens, work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.models import Membership, Person, Tenant
from tenancy.types import new_id

CKANAPI = Path(sys.executable).parent / "ckanapi"
Dump: TypeAlias = dict[str, list[dict[str, Any]]]
LATER = timedelta(days=30)


@contextmanager
def served(kit: Kit) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(kit), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def cli(*words: str) -> None:
    """Run the command; its workers call it again by its name."""
    named = {**os.environ, "PATH": f"{CKANAPI.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([CKANAPI, *words], check=False, capture_output=True, text=True, timeout=60, env=named)
    assert done.returncode == 0, done.stderr


def dumped(address: str, folder: Path, *kinds: str) -> Dump:
    folder.mkdir()
    for kind in kinds:
        cli("dump", kind, "--all", "-q", "-O", str(folder / kind), "-r", address)
    return {kind: [json.loads(line) for line in (folder / kind).read_text().splitlines()] for kind in kinds}


def listed(remote: ckanapi.RemoteCKAN, kind: str) -> list[dict[str, Any]]:
    """What the command dumps of organizations or groups, asked for one by one: a third faster than the command."""
    flags = {"include_datasets": False, "include_users": False, "include_password_hash": True}
    return [
        remote.call_action(f"{kind}_show", {"id": name, **flags}) for name in remote.call_action(f"{kind}_list", {})
    ]


@pytest.fixture
def filled(kit: Kit, cast: Any, now: datetime) -> None:
    """A catalogue with an entry of each kind that the public may know of, one that it may not, and a county's."""
    stage.publish(kit, cast, now, "公交线路", title_en="Bus lines", abstract_en="Lines", contact_email="a@example.cn")
    stage.publish(kit, cast, now, "刷卡记录", v.OpenTier.T2)
    stage.publish(kit, cast, now, "安保方案", v.OpenTier.TX, industry="G", time_from=now.date(), granularity="站点")
    stage.draft(kit, cast, now, "看不见的草稿")
    stage.harvest(kit, cast, now, "嘉兴公交")
    with work.begin(kit.database, SYSTEM, now) as unit:
        county = unit.session.get_one(Tenant, cast.county.id)
        names = {"zh": "德清县水利局", "en": "Deqing Water", "region_code": "330521"}
        tenants.found(unit, key="aa-deqing-slj", kind=v.TenantKind.DEPARTMENT, parent=county, **names)


@pytest.fixture
def target(second: Database, tmp_path: Path, now: datetime, key_ring: Path) -> Iterator[Kit]:
    """An empty platform, as it is set up: with its city and its administrators, a month later."""
    (tmp_path / "second").mkdir(mode=0o700)
    shutil.copy(key_ring, tmp_path / "second")
    url = make_url(str(second.engine.url)).render_as_string(hide_password=False)
    given = {"TIAOXI_HOME": str(tmp_path / "second"), "TIAOXI_DATABASE_URL": url, "TIAOXI_DEMO": "no"}
    made = wire(settings.read(given))
    made.database.close()
    yield replace(made, database=second, clock=lambda: now + LATER)
    made.tables.close()


@pytest.fixture
def admins(target: Kit, now: datetime) -> tuple[Actor, Actor]:
    with work.begin(target.database, SYSTEM, now) as unit:
        root = {"key": "huzhou", "kind": v.TenantKind.CITY, "zh": "湖州市", "en": "Huzhou", "region_code": "330500"}
        city = tenants.found(unit, parent=None, on=now.date(), **root)
        return admin(unit, city, v.Role.SYSTEM_ADMIN, now), admin(unit, city, v.Role.SECURITY_ADMIN, now)


def admin(unit: work.Work, city: Tenant, role: v.Role, now: datetime) -> Actor:
    one = Person(id=new_id(), login=role.value.replace("_", "-"), name=role.value, verified_at=now, created_at=now)
    one.memberships = [Membership(id=new_id(), tenant=city, tenant_id=city.id, role=role, granted_at=now)]
    unit.session.add(one)
    unit.session.flush()
    return actors.of_person(one)


@pytest.fixture
def plain(target: Kit, admins: tuple[Actor, Actor], now: datetime) -> str:
    """A token for restoring, approved by the second person."""
    with work.begin(target.database, admins[0], now + LATER) as unit:
        token, text = tokens.create(unit, name="restore", days=14, scopes=["restore"])
        key = token.id
    with work.begin(target.database, admins[1], now + LATER) as unit:
        tokens.approve(unit, tokens.find_wide(unit.session, key))
    return text


def comparable(found: Dump, city: str) -> str:
    """A dump without what has to differ.

    The platforms' own addresses, the id of the city that the empty platform was set up with, and whether rows can
    be asked for: the files stay where they were.
    """
    text = json.dumps(found, ensure_ascii=False, sort_keys=True, indent=1).replace(city, "CITY")
    text = re.sub(r"http://127\.0\.0\.1:\d+", "PLATFORM", text)
    return re.sub(r'"datastore_active": (true|false)', '"datastore_active": null', text)


def city_of(kit: Kit) -> Tenant:
    with kit.database.read() as session:
        return tenants.find(session, "huzhou")


def test_a_dump_loaded_into_an_empty_platform_is_the_same_catalogue(
    kit: Kit, filled: None, target: Kit, plain: str, tmp_path: Path, admins: tuple[Actor, Actor], now: datetime
) -> None:
    with served(kit) as address, ckanapi.RemoteCKAN(address) as remote:
        first = dumped(address, tmp_path / "first", "organizations", "datasets") | {"groups": listed(remote, "group")}
        before = comparable(first, city_of(kit).id)
    assert {kind: len(one) for kind, one in first.items()} == {"organizations": 6, "groups": 22, "datasets": 4}
    assert "看不见" not in before
    with served(target) as address, ckanapi.RemoteCKAN(address, apikey=plain) as remote:
        for one in first["groups"]:
            assert remote.action.group_update(**one)["name"] == one["name"]
        for kind in ("organizations", "datasets"):
            cli("load", kind, "-q", "-I", str(tmp_path / "first" / kind), "-r", address, "-a", plain)
        again = dumped(address, tmp_path / "again", "datasets")
        again |= {"organizations": listed(remote, "organization"), "groups": listed(remote, "group")}
        after = comparable(again, city_of(target).id)
        assert list(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)) == []
        for one in first["datasets"]:
            remote.action.package_update(**one)
        with target.database.read() as session:
            rows = {one.title: one for one in session.scalars(select(Entry))}
            assert len(session.scalars(select(CatalogChange)).all()) == 4
            assert {one.share_type for one in rows.values()} == {v.ShareType.SHARE_NONE}
            assert rows["嘉兴公交"].origin is v.Origin.HARVESTED
            assert (rows["嘉兴公交"].external_id, rows["嘉兴公交"].origin_portal) == ("jx-1", "jiaxing")
            assert (rows["刷卡记录"].origin, rows["刷卡记录"].open_tier) == (v.Origin.OWN, v.OpenTier.T2)
            assert (rows["安保方案"].open_state, rows["安保方案"].metadata_public) == (v.OpenState.NOT_OPEN, True)
            county = tenants.find(session, "aa-deqing-slj")
            assert county.path[1] == tenants.find(session, "deqing").id
        work_begins(target, admins, now)
        with pytest.raises(ckanapi.NotAuthorized):
            remote.action.package_update(**first["datasets"][0])


def work_begins(target: Kit, admins: tuple[Actor, Actor], now: datetime) -> None:
    """A steward registers an entry: its code goes on behind the restored ones, and nothing may be restored any more."""
    with work.begin(target.database, SYSTEM, now) as unit:
        steward = admin(unit, tenants.find(unit.session, "hz-jtj"), v.Role.STEWARD, now)
    with work.begin(target.database, steward, now + LATER) as unit:
        tenant = tenants.find(unit.session, "hz-jtj")
        entry = datasets.register(unit, tenant, datasets.Description(title="新目录", themes=("6",)))
        assert entry.code.endswith("/000004")
