"""Every catalogue of real platforms that lies with the tests: taken over twice, each record accounted for."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan_readers
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from catalog import harvest_sources
from catalog.models import CatalogChange, Entry
from catalog.reading import LIVE
from open_portal import requests
from open_portal.app import create_app
from open_portal.cli import catalogues
from open_portal.cli.catalogues import Asked, catalog
from open_portal.cli.setting_up import ready_kit
from open_portal.pages.ckan import ckan_view
from open_portal.pages.feeds import public_catalogue
from open_portal.wiring import Kit
from policies import vocabulary as v
from tenancy import encryption

FOLDER = Path(__file__).parents[1] / "data" / "catalogues"
FILES = sorted(FOLDER.glob("*.json.gz"))
CHINESE, AMERICAN = 11, 6
REPEATED = {"shanghai_shanghai": 2260}
"""Records that repeat another one of their file word for word."""
AT_ONCE = 1000
BASE = "https://data.example.org"
PACKAGE = {
    "id": "p-1",
    "name": "stops",
    "title": "公交站点",
    "notes": "站点位置",
    "resources": [],
    "organization": None,
}
TURTLE = f"""@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<{BASE}/1> a dcat:Dataset ; dct:title "公交站点"@zh ; dct:description "站点位置"@zh .
<{BASE}/2> a dcat:Dataset ; dct:description "没有标题"@zh ."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kit]:
    """What the command works with, in a home of its own."""
    monkeypatch.setenv("TIAOXI_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TIAOXI_TEST_DATABASES", raising=False)
    before = encryption.in_use()
    kit = ready_kit()
    yield kit
    kit.database.close()
    kit.tables.close()
    encryption.use(before)


def records(path: Path) -> int:
    document = json.loads(gzip.decompress(path.read_bytes()).decode("utf-8-sig"))
    return len(document["dataset"] if isinstance(document, dict) else document)


def state(kit: Kit) -> tuple[int, int, int, dict[str, int]]:
    """Entries, changes, the newest change, and what each source is taken to list."""
    with kit.database.read() as session:
        entries = session.scalar(select(func.count()).select_from(Entry)) or 0
        changes = session.execute(select(func.count(), func.max(CatalogChange.sequence))).one()
        return entries, changes[0], changes[1], harvest_sources.counts(session)


def test_every_real_catalogue_twice(home: Kit) -> None:
    assert len([path for path in FILES if "_" in path.name]) == CHINESE
    assert len(FILES) == CHINESE + AMERICAN
    known: dict[str, Any] = {}
    for path in FILES:
        key = harvest_sources.key_of(str(path))
        known[key] = catalogues.take_over(home, Asked(str(path), key))
        tally, repeated = known[key], REPEATED.get(key, 0)
        assert tally.state is v.HarvestState.DONE, key
        assert tally.read == records(path) == tally.created + tally.updated + tally.unchanged + tally.refused, key
        assert (tally.updated, tally.unchanged, tally.archived, tally.held) == (0, repeated, 0, 0), key
        assert tally.refused == 0, (key, tally.problems)
    before = state(home)
    assert before[3] == {key: tally.created for key, tally in known.items()}, (
        "an entry for every record that is not one"
    )
    assert before[0] == sum(tally.created for tally in known.values())
    for path in FILES:
        key = harvest_sources.key_of(str(path))
        again, first = catalogues.take_over(home, Asked(str(path), key)), known[key]
        assert (again.read, again.unchanged) == (first.read, first.created + first.unchanged), key
        assert again.created == again.updated == again.refused == again.archived == again.held == 0, key
    assert state(home) == before, "neither an entry nor a change is added"
    assert strict(home) == before[0]

    with home.database.read() as session:
        shown = select(func.count()).select_from(Entry).where(Entry.state.in_(LIVE), Entry.title == "")
        assert session.scalar(shown) == 0


def strict(kit: Kit) -> int:
    """How many entries the strictest reader of CKAN's dictionaries takes: all, or it says which it doesn't."""
    count, last = 0, ""
    app = create_app(kit)
    with app.test_request_context():
        app.preprocess_request()
        while True:
            query = select(Entry).where(Entry.id > last, *public_catalogue.conditions()).order_by(Entry.id)
            entries = requests.session().scalars(query.limit(AT_ONCE)).all()
            if not entries:
                return count
            for entry, package in zip(entries, ckan_view.packages(entries, "zh"), strict=True):
                try:
                    ckan_readers.demand_strict(package)
                except (AssertionError, ValueError) as error:
                    raise AssertionError((entry.origin_portal, entry.external_id, entry.title)) from error
            count, last = count + len(entries), entries[-1].id
            requests.session().expunge_all()


def test_the_command_on_a_file_of_each_kind(home: Kit, tmp_path: Path) -> None:
    """What the command says in JSON: a list, data.json, RDF, and packages of CKAN one a line."""
    lines = [
        PACKAGE,
        PACKAGE,
        PACKAGE | {"id": "p-2", "name": "other", "title": "学校"},
        {"id": "p-3", "state": "active"},
    ]
    (tmp_path / "peer.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (tmp_path / "portal.ttl").write_text(TURTLE, encoding="utf-8")
    for path, expected in (
        (FOLDER / "zhejiang_jiaxing.json.gz", (378, 378, 0, 0)),
        (FOLDER / "consumerfinance.json.gz", (11, 11, 0, 0)),
        (tmp_path / "portal.ttl", (2, 1, 0, 1)),
        (tmp_path / "peer.jsonl", (4, 2, 1, 1)),
    ):
        for turn in ("first", "again"):
            done = CliRunner().invoke(catalog, ["import", str(path), "--json"])
            assert done.exit_code == 0, (path, done.output, done.exception)
            told = json.loads(done.stdout)
            read, created, unchanged, refused = expected
            if turn == "again":
                created, unchanged = 0, unchanged + created
            counts = [told[name] for name in catalogues.COUNTS]
            assert counts == [read, created, 0, unchanged, refused, 0], (path, told)
            assert len(told["problems"]) == refused
            assert all(one["path"] and one["problem"]["zh"] and one["remedy"]["en"] for one in told["problems"])
            assert told["source"] == harvest_sources.key_of(str(path))
