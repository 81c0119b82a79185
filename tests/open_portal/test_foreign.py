"""Foreign catalogues: CKAN by the real client, files of every kind from disk and from an address, through the guard."""

import gzip
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import harvest_stage as stage
import pytest
import xlsxwriter
from werkzeug.serving import BaseWSGIServer, make_server

from catalog import harvest_sources, harvests
from catalog.harvest_models import HarvestRun
from catalog.mapping.listing import Kind, Reading
from open_portal import foreign, handlers
from open_portal.wiring import Kit
from policies import vocabulary as v
from policies.refusals import Refusal, Refused
from tenancy import outbound_targets, work
from tenancy.actors import SYSTEM
from tenancy.outbound import Allowed, Client

DEMO = Path(__file__).parents[2] / "demo" / "catalogues"
PACKAGES = [
    {"id": f"p{one:03}", "name": f"set-{one}", "title": f"数据集{one}", "notes": "说明", "resources": [], "extras": []}
    for one in range(230)
]
TURTLE = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<https://example.org/1> a dcat:Dataset ; dct:title "公交站点"@zh ; dct:description "位置"@zh ."""
ROWS = [["数据集名称", "摘要", "提供单位"], ["公交站点", "位置", "交通局"], ["学校名录", "名录", "教育局"]]
CSV = "\r\n".join(",".join(row) for row in ROWS)
FILES: dict[str, tuple[str, bytes]] = {
    "/export": ("text/turtle", TURTLE.encode()),
    "/list.csv": ("text/plain", CSV.encode("gb18030")),
    "/list.json.gz": (
        "application/gzip",
        gzip.compress(json.dumps([dict(zip(ROWS[0], ROWS[1], strict=True))]).encode()),
    ),
    "/page": ("text/html", b"<!doctype html><title>Sign in</title>"),
}


class Site:
    """Another platform: a CKAN with faults to order, and files."""

    def __init__(self) -> None:
        self.fault, self.asked = "", list[dict[str, str]]()

    def __call__(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        """Answer a request."""
        path, query = environ["PATH_INFO"], {k: v[0] for k, v in parse_qs(environ["QUERY_STRING"]).items()}
        if path == "/inside":
            start("302 Found", [("Location", "http://169.254.169.254/latest/")])
            return [b""]
        if path in FILES:
            start("200 OK", [("Content-Type", FILES[path][0])])
            return [FILES[path][1]]
        if path != "/api/action/package_search":
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"nothing here"]
        self.asked.append(query)
        first = 0 if self.fault == "same" else int(query.get("start", 0))
        most = 150 if self.fault == "short" else len(PACKAGES)
        rows = min(int(query["rows"]), 90)
        found = {"count": len(PACKAGES), "results": PACKAGES[first : min(first + rows, most)]}
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"success": True, "result": found}).encode()]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Site, BaseWSGIServer]]:
    """The platform on a port of this machine."""
    site = Site()
    made = make_server("127.0.0.1", 0, site, threaded=True)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield site, made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def site(server: Any) -> Site:
    """The platform without a fault."""
    server[0].fault, server[0].asked = "", []
    found: Site = server[0]
    return found


@pytest.fixture
def address(server: Any) -> str:
    """Where it is."""
    return f"http://127.0.0.1:{server[1].port}"


@pytest.fixture
def calls(server: Any) -> Client:
    """A client that may call it."""
    return Client(allowed=frozenset({Allowed("127.0.0.1", server[1].port)}))


def total(readings: Iterator[Reading]) -> int:
    return sum(len(one.listings) for one in readings)


def test_a_ckan_is_read_page_by_page_to_the_empty_one(site: Site, address: str, calls: Client, tmp_path: Path) -> None:
    for base in (address, f"{address}/api/3/action/package_search"):
        found = foreign.of_address(base, calls, "x", None, tmp_path)
        assert (found.kind, total(found.readings)) == (Kind.CKAN, 230)
    assert [one["start"] for one in site.asked if one["rows"] != "0"] == ["0", "90", "180", "230"] * 2
    assert {one["sort"] for one in site.asked if one["rows"] != "0"} == {"id asc"}


@pytest.mark.parametrize(("fault", "code"), [("same", "harvest.ckan-pages"), ("short", "harvest.ckan-short")])
def test_a_ckan_that_is_not_read_whole_does_not_look_so(
    site: Site, address: str, calls: Client, tmp_path: Path, fault: str, code: str
) -> None:
    site.fault = fault
    with pytest.raises(Refused) as caught:
        total(foreign.of_address(address, calls, "x", None, tmp_path).readings)
    assert caught.value.code == code


def test_files_come_from_an_address_whatever_they_are(site: Site, address: str, calls: Client, tmp_path: Path) -> None:
    kinds = {"/export": (Kind.DCAT, 1), "/list.csv": (Kind.SHEET, 2), "/list.json.gz": (Kind.LIST, 1)}
    for path, wanted in kinds.items():
        found = foreign.of_address(address + path, calls, "x", None, tmp_path)
        assert (found.kind, total(found.readings)) == wanted, path
    for path, code in {"/page": "harvest.web-page", "/none": "harvest.http", "/inside": "outbound.address"}.items():
        with pytest.raises(Refusal) as caught:
            foreign.of_address(address + path, calls, "x", None, tmp_path)
        assert caught.value.code == code
    assert not list(tmp_path.iterdir()), "nothing is left lying about"


@pytest.mark.parametrize("path", ["", "/list.csv", "/api/3/action"])
def test_inner_addresses_are_called_only_by_name(address: str, tmp_path: Path, path: str) -> None:
    for base in (address, "http://localhost:8000", "http://127.0.0.1.nip.invalid", "http://[::1]", "http://10.0.0.1"):
        with pytest.raises(Refused) as caught:
            foreign.of_address(base + path, Client(), "x", None, tmp_path)
        assert caught.value.code in {"outbound.address", "outbound.port", "outbound.unresolvable"}, base


def test_workbooks_and_sheets_are_lists(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "目录.xlsx")
    sheet = book.add_worksheet()
    for number, row in enumerate(ROWS):
        sheet.write_row(number, 0, row)
    book.close()
    (tmp_path / "list.csv").write_text(CSV + "\r\n公交,多,一,格,又一格", encoding="utf-8")
    found = foreign.of_file(tmp_path / "目录.xlsx", "x", None, tmp_path)
    (reading,) = found.readings
    assert [one.title for one in reading.listings] == ["公交站点", "学校名录"]
    (reading,) = foreign.of_file(tmp_path / "list.csv", "x", None, tmp_path).readings
    assert (reading.read, len(reading.listings), len(reading.rejected)) == (3, 2, 1)
    assert "第 4 行" in reading.rejected[0].problem.text("zh")


def test_the_worker_reads_a_source_and_says_why_it_could_not(
    kit: Kit, cast: Any, site: Site, address: str, server: Any
) -> None:
    source = stage.found_source(kit, address=address)
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        run_id = harvests.ask(unit, unit.session.merge(source)).id
    with pytest.raises(Refused, match="不允许访问"):
        handlers.run_harvest(kit, {"run_id": run_id})
    row = stage.last_run(kit)
    assert (row.state, row.problem["code"]) == (v.HarvestState.FAILED, "outbound.port")
    with work.begin(kit.database, cast.security_admin, kit.clock()) as unit:
        outbound_targets.allow(unit, host="127.0.0.1", port=server[1].port, reason="测试")
    for expected in ({"read": 230, "created": 230}, {"read": 230, "unchanged": 230}):
        with work.begin(kit.database, cast.officer, kit.clock()) as unit:
            run_id = harvests.ask(unit, harvest_sources.find(unit.session, stage.KEY)).id
        handlers.run_harvest(kit, {"run_id": run_id})
        handlers.run_harvest(kit, {"run_id": run_id})
        assert stage.counts(stage.last_run(kit)) == expected
    with kit.database.read() as session:
        assert session.get_one(HarvestRun, run_id).asked_by == cast.officer.id
