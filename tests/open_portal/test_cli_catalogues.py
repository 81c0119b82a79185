"""The command that takes over other platforms' catalogues: real files, a real process, real mistakes."""

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from catalog.harvest_models import HarvestRun, HarvestSource
from catalog.models import CatalogChange, Entry
from open_portal.cli.catalogues import catalog
from policies.refusals import Refused
from tenancy import database
from tenancy.database import Database

DEMO = Path(__file__).parents[2] / "demo" / "catalogues"
COUNTS = ("read", "created", "updated", "unchanged", "refused", "archived")

Command = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs the command in a home of its own, whose database has nobody in it."""
    monkeypatch.setenv("TIAOXI_HOME", str(tmp_path / "主 目录"))
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    for name in ("TIAOXI_TEST_DATABASES", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    return lambda *words: CliRunner().invoke(catalog, [str(one) for one in words])


@pytest.fixture
def db(tmp_path: Path) -> Any:
    """The database that the command makes."""
    opened = database.connect(f"sqlite:///{tmp_path / '主 目录' / 'tiaoxi.sqlite'}")
    yield opened
    opened.close()


def told(done: Result, *keys: str) -> list[Any]:
    assert done.exit_code == 0, (done.output, done.exception)
    report = json.loads(done.stdout)
    assert report["read"] == report["created"] + report["updated"] + report["unchanged"] + report["refused"]
    return [report[key] for key in keys or COUNTS]


def changes(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(CatalogChange)) or 0


def test_a_real_catalogue_once_twice_and_less(run: Command, db: Database, tmp_path: Path) -> None:
    path = DEMO / "jiaxing.json.gz"
    assert told(run("import", path, "--dry-run", "--json")) == [378, 378, 0, 0, 0, 0]
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(HarvestSource)) == 0, "a dry run leaves nothing"
    assert told(run("import", path, "--json")) == [378, 378, 0, 0, 0, 0]
    before = changes(db)
    assert told(run("import", path, "--json")) == [378, 0, 0, 378, 0, 0]
    assert changes(db) == before
    records = json.loads(gzip.decompress(path.read_bytes()))
    less = tmp_path / "嘉兴.json"
    less.write_text(json.dumps([{**records[0], "摘要": "改过"}, *records[1:300], {"标题": ""}, 7]), encoding="utf-8")
    words = ("import", less, "--source", "jiaxing", "--json")
    expected = [302, 0, 1, 299, 2, 78]
    assert told(run(*words, "--dry-run")) == expected
    assert told(run(*words, "--no-archive")) == [302, 0, 1, 299, 2, 0]
    assert told(run(*words))[-1] == 78
    (problems,) = told(run(*words), "problems")
    assert [one["position"] for one in problems] == [300, 301]
    assert all(one["path"] and one["remedy"]["zh"] and one["problem"]["en"] for one in problems)
    few = tmp_path / "few.json"
    few.write_text(json.dumps(records[:9]), encoding="utf-8")
    assert told(run("import", few, "--source", "jiaxing", "--json"), "archived", "awaiting_confirmation") == [0, 291]
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Entry)) == 378
        assert session.scalar(select(func.count()).select_from(HarvestRun)) == 6


def test_headings_of_any_kind_with_a_mapping(run: Command, tmp_path: Path) -> None:
    path, mapping = tmp_path / "甲.csv", tmp_path / "m.toml"
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([["甲", "乙"], ["公交站点", "位置"], ["学校名录", "名录"]])
    done = run("import", path, "--json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert isinstance(done.exception, Refused | Exception)
    mapping.write_text('title = "甲"\nabstract = "乙"\n', encoding="utf-8")
    assert told(run("import", path, "--mapping", mapping, "--json"), "created", "source") == [2, "甲"]
    assert told(run("import", path, "--json"), "unchanged") == [2], "the source keeps its mapping"
    shown = run("import", path)
    assert "unchanged" in shown.stdout
    assert json.loads(run("sources", "--json").stdout)[0]["entries"] == 2
    assert "甲" in run("sources").stdout


def test_mistakes_are_told(run: Command, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html></html>")
    for words in (
        ("import", tmp_path / "none.json"),
        ("import",),
        ("import", "http://127.0.0.1:1/data.json", "--json"),
    ):
        done = run(*words)
        assert done.exit_code != 0
        assert done.stdout == ""
    assert run("import", tmp_path / "page.html", "--json").exit_code == 1
    refused = run("import", DEMO / "zhoushan.json.gz", "--tenant", "nobody").exception
    assert refused is not None
