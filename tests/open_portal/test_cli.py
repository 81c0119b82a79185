"""The command line as its users meet it: real processes, a home with spaces and Chinese in its path, real mistakes."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from desk_stage import WHOLE
from sqlalchemy import select, text, update

from catalog import datasets
from catalog.datasets import ItemDescription
from catalog.models import Entry
from open_portal.demonstration import files
from policies import vocabulary as v
from quality.rules.rules import Rule
from quality.suites import suites
from tenancy import audit, database, encryption, people, work
from tenancy.actors import SYSTEM
from tenancy.database import Database
from tenancy.models import Person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SAMPLES = files.FOLDER / "files"
KEYS = {"rows_read", "rows_loaded", "rows_refused", "score", "grade", "dimensions", "rules", "engine", "seconds"}
SAFE = {
    "TIAOXI_DEMO": "no",
    "TIAOXI_SECURE_COOKIES": "yes",
    "TIAOXI_BASE_URL": "https://data.example.cn",
    "TIAOXI_MAIL_URL": "smtps://mail.example.cn",
}

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose path no shell would take unquoted."""
    return tmp_path / "苕溪 数据" / "主 目录"


@pytest.fixture
def tiaoxi(home: Path, tmp_path: Path) -> Command:
    """Runs the command with none of the caller's own settings."""

    def run(*words: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TIAOXI_")}
        return subprocess.run(
            [sys.executable, "-m", "open_portal", *map(str, words)],
            cwd=tmp_path,
            env={**kept, "TIAOXI_HOME": str(home), **settings},
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )

    return run


@pytest.fixture
def now() -> datetime:
    """The commands run by the machine's clock, so what they find is made by it too."""
    return datetime.fromtimestamp(time.time(), UTC)


@pytest.fixture
def db(tiaoxi: Command, home: Path) -> Iterator[Database]:
    """The database that `tiaoxi init` makes."""
    done = tiaoxi("init")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, str(home), "")
    opened, before = database.connect(f"sqlite:///{home / 'tiaoxi.sqlite'}"), encryption.in_use()
    encryption.use(encryption.KeyRing.from_file(home / "keyring.json"))
    yield opened
    encryption.use(before)
    opened.close()


def refused(done: subprocess.CompletedProcess[str], *wanted: str) -> None:
    """A mistake ends the command with a few lines for its user, none of them for its maker."""
    assert done.returncode > 0, done.stdout
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert 1 <= len([line for line in done.stderr.splitlines() if line.strip()]) <= 3, done.stderr
    assert not [one for one in wanted if one not in done.stderr], done.stderr


def test_a_csv_is_checked_without_a_home(tiaoxi: Command, home: Path) -> None:
    done = tiaoxi("quality", "check", SAMPLES / "north_zhejiang_towns_gb18030.csv", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert set(report) >= KEYS
    lines = (SAMPLES / "north_zhejiang_towns_gb18030.csv").read_bytes().splitlines()
    assert report["rows_read"] == report["rows_loaded"] + report["rows_refused"] == len(lines) - 1
    assert report["encoding"] == "gb18030"
    assert set(report["dimensions"]) == {one.value for one in v.Dimension}
    assert 0 <= report["score"] <= 100
    assert report["grade"] in {one.value for one in v.Grade}
    assert len({rule["rule_id"] for rule in report["rules"]}) == len(report["rules"]) >= 5
    assert all(isinstance(rule["unexpected_count"], int) for rule in report["rules"])
    assert not home.exists()


def test_declared_fields_of_a_workbook_are_held_against_it(tiaoxi: Command, tmp_path: Path) -> None:
    fields = tmp_path / "字段.json"
    declared = [
        {"name": "区划代码", "title": "区划代码", "type": "C", "nullable": False, "is_primary": True},
        {"name": "名称", "type": "C"},
        {"name": "层级", "type": "C", "codes": ["省级", "地级"]},
        {"name": "上级代码", "type": "C"},
        {"name": "拼音", "type": "C"},
        {"name": "拼音首字母", "type": "C"},
    ]
    fields.write_text(json.dumps(declared, ensure_ascii=False), encoding="utf-8")
    done = tiaoxi("quality", "check", SAMPLES / "delta_divisions.xlsx", "--fields", fields, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["rows_read"], report["rows_refused"]) == (350, 0)
    assert {one["name"]: one["type"] for one in report["columns"]}["区划代码"] == "text"
    codes = next(one for one in report["rules"] if one["kind"] == "in_set" and one["columns"] == ["层级"])
    assert 0 < codes["unexpected_count"] < 350
    assert not codes["success"]


def test_a_suite_of_rules_is_run_by_the_engine_asked_for(tiaoxi: Command, tmp_path: Path) -> None:
    suite = tmp_path / "规则.json"
    rules = [
        {"rule_id": "a", "kind": "not_null", "columns": ["层级"]},
        {"rule_id": "b", "kind": "matches_pattern", "columns": ["区划代码"], "parameters": {"regex": "^33"}},
    ]
    suite.write_text(json.dumps(rules, ensure_ascii=False), encoding="utf-8")
    file = SAMPLES / "delta_divisions.xlsx"
    found = {}
    for engine in ("duckdb", "pandas"):
        done = tiaoxi("quality", "check", file, "--suite", suite, "--engine", engine, "--json")
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert (report["engine"], report["rows_scanned"], report["sampled"]) == (engine, 350, False)
        assert engine in report["engine_version"].lower()
        assert report["seconds"] > 0
        assert report["peak_memory_mb"] > 50
        found[engine] = {rule["rule_id"]: rule["unexpected_count"] for rule in report["rules"]}
    assert found["duckdb"] == found["pandas"]
    assert found["duckdb"].keys() == {"a", "b"}
    suite.write_text('[{"rule_id": "a", "kind": "magic"}]', encoding="utf-8")
    refused(tiaoxi("quality", "check", file, "--suite", suite), "magic")
    refused(tiaoxi("quality", "check", file, "--engine", "spark"), "pip install", "没有安装 Spark")
    refused(tiaoxi("quality", "check"), "--database")
    gone = tiaoxi("quality", "check", "--table", "t", "--database", "postgresql://a:secret@localhost:1/b")
    refused(gone, "不能读取")
    assert "secret" not in gone.stderr


def test_wrong_cells_are_written_as_row_column_rule(tiaoxi: Command, tmp_path: Path) -> None:
    towns = ["织里镇", "八里店镇", "Shanlian Town", "Linghu Town"]
    rows = [f"{number},{number % 4 + 1:03},{towns[number % 4]}" for number in range(1, 201)]
    at = next(number for number, row in enumerate(rows, 1) if row.endswith("Linghu Town") and number > 50)
    rows[at - 1] = rows[at - 1].replace("Linghu", "Linhgu")
    rows.insert(9, "a row that is refused")
    file, out = tmp_path / "towns.csv", tmp_path / "cells.csv"
    file.write_text("\n".join(["序号,区号,名称", *rows, ""]), encoding="utf-8")
    done = tiaoxi("quality", "check", file, "--cells", out)
    assert done.returncode == 0, done.stderr
    heading, *lines = out.read_text(encoding="utf-8").splitlines()
    assert heading == "row,column,rule"
    assert lines
    assert {line.rpartition(",")[0] for line in lines} == {f"{at + 1},名称"}


def test_rules_go_out_as_files_and_come_in_whole_or_not_at_all(
    tiaoxi: Command, db: Database, cast: Any, now: datetime, tmp_path: Path
) -> None:
    with work.begin(db, cast.steward, now) as unit:
        entry = datasets.register(unit, unit.session.merge(cast.department), WHOLE)
        datasets.set_items(unit, entry, [ItemDescription("line", "线路", "Line", open_type=WHOLE.open_type)])
        suites.set_rules(unit, entry, [Rule("u", "unique", ("line",))])
        code = entry.code
    for ending in ("json", "xlsx"):
        file = tmp_path / f"规则.{ending}"
        done = tiaoxi("quality", "suite", "export", code, file)
        assert done.returncode == 0, done.stderr
        same = tiaoxi("quality", "suite", "import", code, file, "--as", "steward")
        assert (same.returncode, same.stdout) == (0, ""), same.stderr
    bad, good = tmp_path / "坏.json", tmp_path / "好.json"
    known = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "line"}}
    bad.write_text(json.dumps({"expectations": [known, {"type": "expect_moonlight", "kwargs": {}}]}), encoding="utf-8")
    good.write_text(json.dumps({"expectations": [known]}), encoding="utf-8")
    refused(tiaoxi("quality", "suite", "import", code, bad, "--as", "steward"), "expectations[1].type")
    for login in ("stranger", "reviewer", "nobody"):
        refused(tiaoxi("quality", "suite", "import", code, good, "--as", login, "--apply"))
    assert "+ not_null:line" in tiaoxi("quality", "suite", "import", code, good, "--as", "steward").stdout
    with db.read() as session:
        assert len(suites.history(session, session.scalars(select(Entry)).one())) == 1
    kept = tiaoxi("quality", "suite", "import", code, good, "--as", "steward", "--apply")
    assert kept.returncode == 0, kept.stderr
    with db.read() as session:
        newest = suites.history(session, session.scalars(select(Entry)).one())[0]
        assert (newest.number, newest.origin, newest.note) == (2, "imported", "好.json")


def test_mistakes_are_told_in_a_few_lines(tiaoxi: Command, tmp_path: Path) -> None:
    good = shutil.copy(SAMPLES / "huzhou_county_centres.csv", tmp_path / "good.csv")
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    (tmp_path / "fields.json").write_text('[{"nam": "县级代码"}]', encoding="utf-8")
    refused(tiaoxi("quality", "check", "nowhere.csv"), "nowhere.csv")
    refused(tiaoxi("quality", "check", tmp_path / "broken.xlsx"), "broken.xlsx")
    refused(tiaoxi("quality", "check", good, "--fields", tmp_path / "fields.json"), "nam")
    refused(tiaoxi("qualty"), "qualty")
    refused(tiaoxi("indicators", "--as-of", "2026-13-40"), "2026-13-40")
    refused(tiaoxi("db", "upgrade", "nowhere"), "nowhere")


def test_settings_stop_the_start_and_are_named(tiaoxi: Command, home: Path) -> None:
    for command in ("init", "run"):
        refused(tiaoxi(command, TIAOXI_PORT="eighty"), "TIAOXI_PORT", "eighty", "65535")
    refused(tiaoxi("init", TIAOXI_PROT="8000"), "TIAOXI_PROT")
    assert not home.exists()
    refused(tiaoxi("init", TIAOXI_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none"), "127.0.0.1")


def test_accounts_and_the_doctor(tiaoxi: Command, db: Database, cast: Any, now: datetime) -> None:
    assert tiaoxi("db", "upgrade").returncode == 0
    add = ("user", "add", "new-steward", "--name", "数据专员", "--password", "river-and-bamboo")
    refused(tiaoxi(*add, "--tenant", "nowhere", "--role", "steward"))
    refused(tiaoxi(*add, "--tenant", "hz-jtj", "--role", "nobody"), "nobody")
    done = tiaoxi(*add, "--tenant", "hz-jtj", "--role", "steward")
    assert (done.returncode, done.stdout.strip()) == (0, "new-steward"), done.stderr
    with db.read() as session:
        person = session.scalars(select(Person).where(Person.login == "new-steward")).one()
        assert {(one.tenant.key, one.role) for one in person.memberships if one.role} == {("hz-jtj", v.Role.STEWARD)}
        assert "river-and-bamboo" not in str(person.password_hash)
    refused(tiaoxi(*add, "--tenant", "hz-jtj"))
    assert tiaoxi("doctor").returncode == 0
    with work.begin(db, SYSTEM, now) as unit:
        people.add(
            unit, unit.session.merge(cast.city), login="shown", name="演示", password=files.PASSWORD, is_demo=True
        )
    unsafe = tiaoxi("doctor", "--production")
    assert unsafe.returncode == 1
    wrong = [line for line in unsafe.stdout.splitlines() if line.startswith("✗")]
    named = (
        "demo accounts",
        "TIAOXI_DEMO",
        "TIAOXI_SECURE_COOKIES",
        "TIAOXI_BASE_URL",
        "PostgreSQL",
        "TIAOXI_MAIL_URL",
    )
    assert [name for name in named if not any(name in line for line in wrong)] == []
    safer = tiaoxi("doctor", "--production", **SAFE)
    wrong = [line for line in safer.stdout.splitlines() if line.startswith("✗")]
    assert safer.returncode == 1
    assert ["demo accounts" in wrong[0], "PostgreSQL" in wrong[1], len(wrong)] == [True, True, 2]


def test_index_indicators_and_audit(tiaoxi: Command, db: Database, cast: Any, now: datetime) -> None:
    publish(db, cast, now)
    assert tiaoxi("index", "rebuild").stdout.strip() == "1"
    assert tiaoxi("index", "verify").returncode == 0
    rates = {one["code"]: one for one in json.loads(tiaoxi("indicators", "--json").stdout)}
    assert (rates["OPEN_CAT"]["numerator"], rates["OPEN_CAT"]["denominator"]) == (0, 1)
    assert "开放率" in tiaoxi("indicators", "--as-of", "2021-12-31").stdout
    with work.begin(db, SYSTEM, now) as unit:
        unit.session.execute(update(Entry).values(title="暗中改过的名称"))
        audit.seal(unit.session, now, algorithm="sha256")
    assert tiaoxi("index", "verify").returncode == 1
    whole = tiaoxi("audit", "verify")
    assert whole.returncode == 0
    assert not whole.stdout.startswith("sealed 0,")
    with db.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_line_no_update"))
        connection.execute(text("UPDATE audit_line SET what = 'entry.nothing' WHERE sequence = 3"))
    broken = tiaoxi("audit", "verify")
    assert broken.returncode == 1
    assert "3" in broken.stderr


def publish(db: Database, cast: Any, now: datetime) -> None:
    """An entry published in the sharing domain, by the deeds of its department and the authority."""
    with work.begin(db, cast.steward, now) as unit:
        entry = datasets.register(unit, unit.session.merge(cast.department), WHOLE)
        item = ItemDescription("line", "线路", "Line", is_primary=True, nullable=False, open_type=WHOLE.open_type)
        datasets.set_items(unit, entry, [item])
        datasets.submit(unit, entry)
        entry_id = entry.id
    with work.begin(db, cast.officer, now) as unit:
        datasets.review(unit, unit.session.get_one(Entry, entry_id), "approve")
