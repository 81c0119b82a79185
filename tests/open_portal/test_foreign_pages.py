"""A catalogue in RDF that comes in pages: each names the next one, on the same host, and only the whole counts."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import harvest_stage
import public_stage as stage
import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from catalog.mapping.listing import Kind, Reading
from open_portal import foreign, handlers
from open_portal.pages.feeds import linked_data
from open_portal.wiring import Kit
from policies import vocabulary as v
from policies.refusals import Refusal
from tenancy import outbound_targets, work
from tenancy.outbound import Allowed, Client
from tenancy.records import AuditLine

PREFIXES = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix hydra: <http://www.w3.org/ns/hydra/core#> . """
SET = '<#{0}> a dcat:Dataset ; dct:identifier "{0}" ; dct:title "数据集{0}" .'
NEXT = "<> a hydra:PagedCollection ; hydra:{name} {after} ."
LITERAL = NEXT.format(name="nextPage", after='"/old/2"')
FAULTS = {
    "/loop/1": ("/loop/2", "harvest.pages-again"),
    "/here/1": ("/here/1", "harvest.pages-again"),
    "/gone/1": ("/gone/2", "harvest.http"),
    "/html/1": ("/html/2", "harvest.web-page"),
    "/csv/1": ("/csv/2", "harvest.page-kind"),
    "/away/1": ("http://localhost:1/catalog.ttl", "harvest.page-elsewhere"),
    "/port/1": ("http://127.0.0.1:1/catalog.ttl", "outbound.port"),
    "/inside/1": ("http://169.254.169.254/latest", "harvest.page-elsewhere"),
    "/file/1": ("file:///etc/passwd", "harvest.page-elsewhere"),
    "/odd/1": ("http://[", "harvest.page-elsewhere"),
}
TEXTS = {
    "/old/1": SET.format(1) + LITERAL,
    "/old/2": SET.format(2) + "<#of-something-else> hydra:next <x> , <y> . <> hydra:next <3> .",
    "/old/3": SET.format(3),
    "/unclear/1": SET.format(1) + "<> hydra:next <a> , <b> .",
    "/loop/2": SET.format(2) + NEXT.format(name="next", after="<1>"),
    **{path: SET.format(1) + NEXT.format(name="next", after=f"<{after}>") for path, (after, _) in FAULTS.items()},
}
TEXTS["/odd/1"] = SET.format(1) + NEXT.format(name="next", after='"http://["')
BLANK = [
    {"@id": "a", "@type": "dcat:Dataset", "dct:title": "数据集{0}", "dct:publisher": {"@id": "_:b0"}},
    {"@id": "_:b0", "foaf:name": "发布者{0}"},
    {"@id": "", "hydra:next": {"@id": "/blank/2"}},
]
"""A page whose blank node has the name that others have on the next page."""
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "hydra": "http://www.w3.org/ns/hydra/core#",
}


def json_page(number: int) -> str:
    """One of two pages in JSON-LD."""
    nodes = (
        json.dumps(BLANK[: 4 - number], ensure_ascii=False).replace("{0}", str(number)).replace('"a"', f'"{number}"')
    )
    return json.dumps({"@context": CONTEXT, "@graph": json.loads(nodes)})


OTHERS = {"/html/2": ("text/html", "<!doctype html>"), "/csv/2": ("text/csv", "名称,单位\n公交,局")}
OTHERS |= {f"/blank/{number}": ("application/ld+json", json_page(number)) for number in (1, 2)}


def other_site(environ: dict[str, Any], start: Any) -> list[bytes]:
    """A platform whose pages lead astray."""
    path = environ["PATH_INFO"]
    kind, text = OTHERS.get(path) or ("text/turtle", PREFIXES + TEXTS[path] if path in TEXTS else "")
    start("200 OK" if text else "404 Not Found", [("Content-Type", kind)])
    return [text.encode()]


@contextmanager
def serving(site: Any) -> Iterator[tuple[str, int]]:
    """A site at a port of this machine: its address and port."""
    made = make_server("127.0.0.1", 0, site, threaded=True)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.port}", made.port
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


def client(port: int) -> Client:
    """What may call that port."""
    return Client(allowed=frozenset({Allowed("127.0.0.1", port)}))


def read(address: str, port: int, scratch: Path) -> Reading:
    """What an address comes to."""
    found = foreign.of_address(address, client(port), "x", None, scratch)
    assert found.kind is Kind.DCAT
    (reading,) = found.readings
    return reading


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_our_own_pages_come_to_what_the_whole_comes_to(
    kit: Kit, cast: Any, now: datetime, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linked_data, "LISTED", 1)
    for title, tier in (("公交线路", v.OpenTier.T0), ("刷卡记录", v.OpenTier.T2)):
        stage.publish(kit, cast, now, title, tier)
    stage.harvest(kit, cast, now, "嘉兴公交")
    with serving(app) as (address, port):
        for form in ("ttl", "jsonld", "rdf"):
            whole = read(f"{address}/catalog.{form}", port, tmp_path)
            paged = read(f"{address}/catalog.{form}?page=1", port, tmp_path)
            assert paged.pages == tuple(f"{address}/catalog.{form}?page={number}" for number in (1, 2, 3))
            assert whole.pages == ()
            assert len(paged.listings) == paged.read == 3
            assert by_id(paged) == by_id(whole)
        source = harvest_stage.found_source(kit, address=f"{address}/catalog.ttl?page=1")
        with work.begin(kit.database, cast.security_admin, now) as unit:
            outbound_targets.allow(unit, host="127.0.0.1", port=port, reason="测试")
        run_id = harvest_stage.asked(kit, source)
        handlers.run_harvest(kit, {"run_id": run_id})
    row = harvest_stage.last_run(kit)
    assert (row.state, row.read, row.created) == (v.HarvestState.DONE, 3, 3)
    with kit.database.read() as session:
        told = session.scalars(select(AuditLine.details).where(AuditLine.what == "harvest.pages")).one()
    assert (told["run"], told["count"]) == (run_id, 3)
    assert told["addresses"] == [f"{address}/catalog.ttl?page={number}" for number in (1, 2, 3)]


def by_id(reading: Reading) -> dict[str, Any]:
    """Listings by identifier."""
    return {one.external_id: one for one in reading.listings}


def test_pages_are_followed_as_older_platforms_write_them_and_never_astray(tmp_path: Path) -> None:
    with serving(other_site) as (address, port):
        found = read(f"{address}/old/1", port, tmp_path)
        assert found.pages == tuple(f"{address}/old/{number}" for number in (1, 2, 3))
        assert sorted(one.title for one in found.listings) == ["数据集1", "数据集2", "数据集3"]
        found = read(f"{address}/blank/1", port, tmp_path)
        told = {(one.title, one.provider, one.source_url) for one in found.listings}
        assert told == {(f"数据集{one}", f"发布者{one}", f"{address}/blank/{one}") for one in (1, 2)}
        faults = {path: code for path, (_, code) in FAULTS.items()} | {"/unclear/1": "harvest.pages-unclear"}
        for path, code in faults.items():
            with pytest.raises(Refusal) as caught:
                read(address + path, port, tmp_path)
            assert caught.value.code == code, path


def test_no_more_pages_than_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(other_site) as (address, port):
        monkeypatch.setattr(foreign, "MOST_PAGES", 2)
        with pytest.raises(Refusal) as caught:
            read(f"{address}/old/1", port, tmp_path)
        assert caught.value.code == "harvest.pages-many"
        monkeypatch.setattr(foreign, "MOST_PAGES", 3)
        monkeypatch.setattr(foreign.catalogues, "LARGEST", 600)
        with pytest.raises(Refusal) as caught:
            read(f"{address}/old/1", port, tmp_path)
        assert caught.value.code == "harvest.too-big"
