"""A catalogue for clients of the CKAN door: open, restricted, harvested, hidden, served on loopback once for all."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import ckanapi
import public_stage as stage
from flask import Flask
from werkzeug.serving import make_server

from catalog import harvest_sources, importing, search_index
from catalog.mapping import lists
from catalog.mapping.listing import Kind
from catalog.mapping.resources import Resource
from catalog.models import Entry
from open_portal.wiring import Kit
from policies import vocabulary as v
from tenancy import encryption, tenants, tokens, work
from tenancy.actors import SYSTEM, Actor

CATALOGUES = Path(__file__).parents[2] / "demo" / "catalogues"
HARVESTED = 15
"""Records taken from each of the demonstration's catalogues."""
HIDDEN = "看不见的草稿"
GIVEN_ID = "0a1b2c3d-0000-4000-8000-000000000001"
ELSEWHERE = (
    Resource("https://data.example.cn/a b.csv", id=GIVEN_ID, name="表", format="csv", size=9),
    Resource("https://data.example.cn/api", format="", created="2020-01-01", hash="0" * 64),
    Resource("ftp://data.example.cn/lost.csv", format="csv"),
    Resource("", format="xlsx"),
)


@dataclass(frozen=True)
class World:
    """The catalogue: where it is served, the names of its entries, and tokens by login."""

    kit: Kit
    app: Flask
    address: str
    names: dict[str, str]
    tokens: dict[str, str]
    ring: encryption.KeyRing

    def remote(self, login: str | None = None, *, get_only: bool = False) -> ckanapi.RemoteCKAN:
        """A client, with somebody's token."""
        return ckanapi.RemoteCKAN(self.address, apikey=self.tokens.get(login or ""), get_only=get_only)


@contextmanager
def served(kit: Kit, app: Flask, cast: Any, now: datetime) -> Iterator[World]:
    """The catalogue behind a server."""
    names = {
        "open": stage.publish(kit, cast, now, "公交线路"),
        "signed": stage.publish(kit, cast, now, "出租车辆", v.OpenTier.T1),
        "restricted": stage.publish(kit, cast, now, "刷卡记录", v.OpenTier.T2),
        "harvested": stage.harvest(kit, cast, now, "嘉兴公交"),
        "hidden": stage.draft(kit, cast, now, HIDDEN),
    }
    with work.begin(kit.database, SYSTEM, now) as unit:
        owner = tenants.find(unit.session, "hz-sjj")
        for path in sorted(CATALOGUES.glob("*.json.gz")):
            key = path.name.partition(".")[0]
            with gzip.open(path) as file:
                records = json.load(file)[:HARVESTED]
            source = harvest_sources.ensure(unit, owner, key=key, zh=key, en=key, kind=Kind.LIST)
            importing.import_records(unit, source, lists.read(records, key).listings)
        entry = unit.session.query(Entry).filter(Entry.code == names["harvested"].replace("-", "/")).one()
        entry.resources = [one.kept() for one in ELSEWHERE]
    search_index.rebuild(kit.index, kit.database)
    keys = {name: _token(kit, getattr(cast, name), now) for name in ("steward", "stranger", "requester", "officer")}
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield World(kit, app, f"http://127.0.0.1:{server.server_port}", names, keys, encryption.in_use())
    server.shutdown()
    thread.join()
    server.server_close()


def _token(kit: Kit, who: Actor, now: datetime) -> str:
    with work.begin(kit.database, who, now) as unit:
        return tokens.create(unit, name="reader", days=7)[1]
