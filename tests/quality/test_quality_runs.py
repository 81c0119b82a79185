"""What a run does beside its counts: the ledger of rows, cancelling, its account of time and memory."""

import datetime as dt
import threading
import time
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from policies.refusals import Invalid
from quality.engines import engine_peak, engine_scan, engine_tables, expectations
from quality.rules.rules import Rule

TODAY = dt.date(2026, 11, 23)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    table = pa.table(
        {
            "编号": ["1", "2", "2", None, "5", "5"],
            "成立": pa.array([dt.date(2020, 1, 1), dt.date(2030, 1, 1), None, dt.date(2021, 5, 5), None, None]),
            "注销": pa.array([dt.date(2021, 1, 1), dt.date(2020, 1, 1), None, None, None, dt.date(2020, 1, 1)]),
            "金额": [1.0, float("nan"), -5.0, None, 2.0, 2.0],
            "信用代码": ["91330100799655058B", "91330100799655058C", None, "x", "9", "91330100799655058b"],
        }
    )
    path = tmp_path / "people.parquet"
    pq.write_table(table, path, row_group_size=2)
    return path


RULES = [
    Rule("空", "not_null", ("编号",)),
    Rule("b", "unique", ("编号",)),
    Rule("c", "unique_together", ("编号", "金额")),
    Rule("d", "in_order", ("成立", "注销")),
    Rule("e", "check_digits", ("信用代码",), {"scheme": "uscc"}),
    Rule("f", "between", ("金额",), {"min": 0, "when": {"column": "编号", "values": ["2", "5"]}}),
    Rule("g", "row_count", (), {"min": 100}),
    Rule("h", "matches_pattern", ("编号",), {"regex": "(?=x)"}),
    Rule("i", "not_null", ("没有",)),
    Rule("j", "mean", ("金额",), {"min": 100}),
]


def _ledger(path: Path) -> list[tuple[int, str]]:
    table = pq.read_table(path)
    assert table.schema.names == ["row", "rule_id"]
    return [(line["row"], line["rule_id"]) for line in table.to_pylist()]


def test_the_ledger_lists_every_row_which_breaks_a_rule(people: Path, tmp_path: Path) -> None:
    """Rows by hand; rules about the table and rules that can't be run have no rows."""
    out = tmp_path / "ledger.parquet"
    run = expectations.run(people, RULES, parameters={"today": TODAY}, ledger=out)
    assert _ledger(out) == [
        *[(row, "空") for row in (4,)],
        *[(row, "b") for row in (2, 3, 5, 6)],
        *[(row, "c") for row in (5, 6)],
        *[(row, "d") for row in (2,)],
        *[(row, "e") for row in (2, 4, 5)],
        *[(row, "f") for row in (3,)],
    ]
    plain = expectations.run(people, RULES, parameters={"today": TODAY})
    assert plain.results == run.results, "a ledger changes no count"


def test_the_ledger_is_whole_when_most_rows_break_most_rules(tmp_path: Path) -> None:
    """More words of masks than one, more lines than a batch, and duplicates beyond what is kept in a table."""
    size = 300_000
    numbers = np.arange(size) % 100_000
    path, out = tmp_path / "many.parquet", tmp_path / "ledger.parquet"
    pq.write_table(pa.table({"n": numbers, "t": numbers.astype(str)}), path)
    asked = [Rule(f"r{at:02}", "between", ("n",), {"max": at * 4000}) for at in range(25)]
    asked += [Rule("keys", "unique", ("n",)), Rule("both", "unique_together", ("n", "t"))]
    run = expectations.run(path, asked, ledger=out)
    lines = Counter(dict(duckdb.sql(f"SELECT rule_id, count(*) FROM '{out}' GROUP BY 1").fetchall()))
    assert {one.rule_id: one.unexpected for one in run.results if one.unexpected} == lines
    assert lines["r00"] == int((numbers > 0).sum())
    ordered = "SELECT list(row ORDER BY file_row_number) = list(row ORDER BY row) FROM read_parquet(?) GROUP BY rule_id"
    assert set(duckdb.sql(ordered, params=[str(out)]).fetchall()) == {(True,)}


def test_a_ledger_without_lines_is_an_empty_table(people: Path, tmp_path: Path) -> None:
    out = tmp_path / "ledger.parquet"
    for asked in ([Rule("rows", "row_count", (), {"min": 1})], [Rule("age", "updated_within", (), {"days": 1})]):
        expectations.run(people, asked, parameters={"today": TODAY, "updated_at": TODAY}, ledger=out)
        assert _ledger(out) == []


def test_only_the_scan_writes_a_ledger(people: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no ledger"):
        expectations.run(people, RULES, engine="pandas", ledger=tmp_path / "ledger.parquet")


def test_a_run_is_cancelled_before_it_begins(people: Path, tmp_path: Path) -> None:
    asked = threading.Event()
    asked.set()
    for engine in ("duckdb", "pandas"):
        with pytest.raises(expectations.CancelledError):
            expectations.run(people, RULES, engine=engine, cancelled=asked)
    assert list(tmp_path.iterdir()) == [people]


def test_a_statement_that_would_never_end_is_cancelled(people: Path) -> None:
    asked = threading.Event()
    threading.Timer(0.2, asked.set).start()
    endless = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 3"
    with engine_tables.open_table(people, cancelled=asked) as scan:
        for _ in range(2):
            with pytest.raises(engine_tables.CancelledError):
                scan.query(endless)
        with pytest.raises(engine_tables.CancelledError):
            list(scan.stream("SELECT 1", 10))


def test_a_stream_that_would_never_end_is_cancelled(people: Path) -> None:
    asked = threading.Event()
    endless = "SELECT a.range FROM range(10000000) a, range(10000000) b"
    with engine_tables.open_table(people, cancelled=asked) as scan:
        batches = scan.stream(endless, 1000)
        assert next(batches).num_rows
        asked.set()
        with pytest.raises(engine_tables.CancelledError):
            list(batches)


def test_a_run_cancelled_in_the_middle_ends_and_leaves_nothing(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled as the scan begins: the library would go on with the next metric, the run does not."""
    asked = threading.Event()
    begin = engine_scan.run

    def cancelling(scan: engine_tables.Scan, plan: engine_scan.Plan, *, keep: bool = False) -> engine_scan.Answers:
        asked.set()
        while not scan.stopped:
            time.sleep(0.01)
        return begin(scan, plan, keep=keep)

    monkeypatch.setattr(engine_scan, "run", cancelling)
    with pytest.raises(expectations.CancelledError):
        expectations.run(
            people, RULES, parameters={"today": TODAY}, cancelled=asked, ledger=tmp_path / "ledger.parquet"
        )
    assert list(tmp_path.iterdir()) == [people]


def test_a_run_tells_what_it_took(people: Path) -> None:
    run = expectations.run(people, RULES, parameters={"today": TODAY})
    assert (run.engine, run.rows, run.sampled) == ("duckdb", 6, False)
    assert "Great Expectations" in run.engine_version
    assert "DuckDB" in run.engine_version
    assert run.seconds > 0
    assert run.peak_memory_mb > 50, "the library alone takes more"


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak of a block is told on Linux alone")
def test_a_peak_is_that_of_its_block() -> None:
    with engine_peak.measured() as peak:
        before = peak()
        block = np.ones(40_000_000)
        assert peak() - before > 250
    del block
    with engine_peak.measured() as peak:
        assert peak() < before + 200


def test_spark_that_is_not_installed_is_said_in_both_languages(people: Path) -> None:
    with pytest.raises(Invalid) as refused:
        expectations.run(people, RULES, engine="spark")
    assert "tiaoxi[spark]" in refused.value.text("zh")
    assert "tiaoxi[spark]" in refused.value.text("en")
