"""One suite, several engines, the same counts: the scan against the library on pandas and against plain Python.

The tables are drawn: nulls, duplicates, unicode, extreme numbers and dates, no rows at all. The judge in Python knows
neither the library nor DuckDB and is checked row by row, by the ledger.
"""

import datetime as dt
import math
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import suites_made as made
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from policies import identifiers
from quality.engines import expectations
from quality.engines.expectations import Run
from quality.rules import patterns
from quality.rules.rules import Rule

GIVEN = {"today": made.TODAY, "updated_at": made.NOW}
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
Row = dict[str, Any]
Test = Callable[[Any, Row], bool]


@st.composite
def _tables(draw: st.DrawFn) -> pa.Table:
    size = draw(st.sampled_from([0, 1, 2, 17, 60]))
    columns = []
    for kind, values in made.VALUES.values():
        cells = st.sampled_from([*values * 3, *[None] * draw(st.sampled_from([0, 1, len(values) * 9]))])
        columns.append(pa.array(draw(st.lists(cells, min_size=size, max_size=size)), kind))
    return pa.table(columns, schema=made.SCHEMA)


def _run(table: pa.Table, rules: list[Rule], engine: str = "duckdb") -> tuple[Run, dict[str, list[int]]]:
    """A run and the rows of its ledger by rule."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "表.parquet", Path(folder) / "ledger.parquet"
        pq.write_table(table, path, row_group_size=16)
        run = expectations.run(path, rules, engine=engine, parameters=GIVEN, ledger=out if engine == "duckdb" else None)
        rows: dict[str, list[int]] = {rule.rule_id: [] for rule in rules}
        for line in pq.read_table(out).to_pylist() if engine == "duckdb" else ():
            rows[line["rule_id"]].append(line["row"])
        return run, rows


def _plain(table: pa.Table) -> list[Row]:
    rows: list[Row] = table.to_pylist()
    for row in rows:
        for name, value in row.items():
            if isinstance(value, float) and math.isnan(value):
                row[name] = None
    return rows


def _search(regex: str) -> Test:
    ours = regex.replace("\\x{4e00}-\\x{9fff}", "\u4e00-\u9fff").replace("$", "\\Z").replace("(a+)+", "a+")
    return lambda value, _: re.search(ours, value) is not None


def _named(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _between(rule: Rule) -> Test:
    def test(value: Any, _: Row) -> bool:
        low, high = rule.parameters.get("min"), rule.parameters.get("max")
        if isinstance(value, dt.datetime):
            return value < dt.datetime.combine(dt.date.fromisoformat(high) + dt.timedelta(days=1), dt.time())
        if isinstance(value, dt.date):
            return dt.date.fromisoformat(low) <= value <= made.TODAY
        return (low < value if rule.parameters.get("strict_min") else low <= value) and value <= high

    return test


def _expected(rule: Rule, rows: list[Row]) -> list[int] | None:
    """The numbers of the rows which break a rule by plain Python; None for rules about the whole table."""
    when = rule.parameters.get("when")
    seen = [(at, row) for at, row in enumerate(rows, 1) if not when or row[when["column"]] in when["values"]]
    names = rule.columns or tuple(made.VALUES)
    given_, name = rule.parameters, names[0]
    if rule.kind in {"unique", "unique_together", "no_duplicate_rows"}:
        keys = Counter(tuple(row[one] for one in names) for _, row in seen)
        blank = (None,) * len(names) if rule.kind != "no_duplicate_rows" else ()
        return [at for at, row in seen if (key := tuple(row[one] for one in names)) != blank and keys[key] > 1]
    if rule.kind == "not_null":
        return [at for at, row in seen if row[name] is None]
    pattern = patterns.PATTERNS[given_["pattern"]].regex if "pattern" in given_ else given_.get("regex", "")
    second = names[-1]
    tests: dict[str, Test] = {
        "not_blank": lambda value, _: value.strip(" \t\r\n\u00a0\u3000") != "",
        "matches_pattern": _search(pattern),
        "lacks_pattern": lambda value, row: not _search(pattern)(value, row),
        "in_set": lambda value, _: _named(value) in given_["values"],
        "not_in_set": lambda value, _: _named(value) not in given_["values"],
        "check_digits": lambda value, _: (
            identifiers.valid_uscc(value)
            if given_["scheme"] == "uscc"
            else identifiers.valid_citizen_id(value, made.TODAY)
        ),
        "between": _between(rule),
        "length": lambda value, _: given_["min"] <= len(value) <= given_["max"],
        "in_order": lambda value, row: value < row[second] if given_.get("strict") else value <= row[second],
        "equal": lambda value, row: value == row[second],
    }
    if rule.kind not in tests:
        return None
    whole = [(at, row) for at, row in seen if row[name] is not None and row[second] is not None]
    return [at for at, row in whole if not tests[rule.kind](row[name], row)]


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), phases=QUICK)
@given(table=_tables())
def test_the_scan_finds_what_plain_python_finds_row_by_row(table: pa.Table) -> None:
    asked = made.suite()
    run, ledger = _run(table, asked)
    rows = _plain(table)
    for rule, outcome in zip(asked, run.results, strict=True):
        assert outcome.error is None, (rule, outcome)
        wanted = _expected(rule, rows)
        if wanted is None:
            assert ledger[rule.rule_id] == []
            continue
        assert ledger[rule.rule_id] == wanted, rule
        assert outcome.unexpected == len(wanted), rule
        assert [row for row, _ in outcome.samples] == wanted[: expectations.SAMPLES], rule


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), phases=QUICK)
@given(table=_tables())
def test_the_scan_finds_what_the_library_finds_on_pandas(table: pa.Table) -> None:
    asked = made.suite()
    (mine, _), (judge, _) = _run(table, asked), _run(table, asked, "pandas")
    for rule, one, other in zip(asked, mine.results, judge.results, strict=True):
        for name in ("evaluated", "missing", "unexpected", "success", "error"):
            assert getattr(one, name) == getattr(other, name), (name, rule, one, other)


def test_every_kind_that_looks_at_one_table_is_compared() -> None:
    """Kinds that need more than the table and the day have tests of their own."""
    assert not {kind for kind in made.needing_more() if kind in COMPARED}


COMPARED = {
    "row_count", "columns_match", "not_null", "not_blank", "unique", "unique_together", "no_duplicate_rows",
    "matches_pattern", "lacks_pattern", "not_in_set", "check_digits", "in_set", "between", "length", "type", "mean",
    "in_order", "equal", "newest", "updated_within",
}  # fmt: skip


def _rows_only() -> list[Rule]:
    """Rules about single rows, whose counts can be added."""
    among = {"unique", "unique_together", "no_duplicate_rows"}
    return [rule for rule in made.suite() if rule.kind not in among and _expected(rule, []) is not None]


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), phases=QUICK)
@given(table=_tables(), cut=st.integers(0, 60))
def test_counts_of_the_parts_of_a_table_add_up(table: pa.Table, cut: int) -> None:
    asked = _rows_only()
    whole, first, second = (_run(part, asked)[0] for part in (table, table.slice(0, cut), table.slice(cut)))
    for all_, one, other in zip(whole.results, first.results, second.results, strict=True):
        assert all_.unexpected == one.unexpected + other.unexpected
        assert all_.evaluated == one.evaluated + other.evaluated


@pytest.mark.parametrize("more", [1, 25])
def test_more_bad_rows_are_so_many_more(more: int) -> None:
    """Rows which break these rules and no others, at the end of a table that breaks none."""
    good = {"a": [f"x{at}" for at in range(50)], "n": list(range(50)), "d": [dt.date(2020, 1, 1)] * 50}
    bad = {"a": ["x-1"] * more, "n": [-7] * more, "d": [None] * more}
    asked = [
        Rule("a", "matches_pattern", ("a",), {"regex": "^x[0-9]+$"}),
        Rule("b", "between", ("n",), {"min": 0}),
        Rule("c", "not_null", ("d",)),
        Rule("d", "length", ("a",), {"min": 1}),
    ]
    table = pa.concat_tables([pa.table(good), pa.table(bad, schema=pa.table(good).schema)])
    assert [one.unexpected for one in _run(pa.table(good), asked)[0].results] == [0, 0, 0, 0]
    run, ledger = _run(table, asked)
    assert [one.unexpected for one in run.results] == [more, more, more, 0]
    assert ledger["b"] == list(range(51, 51 + more))


@pytest.mark.parametrize("engine", ["duckdb", "pandas"])
def test_a_pattern_of_a_user_never_meets_a_backtracking_machine(engine: str) -> None:
    """Python would need hours for one of these values."""
    table = pa.table({"t": ["a" * 30 + "b"] * 100})
    asked = [
        Rule("r", "matches_pattern", ("t",), {"regex": "^(a+)+$"}),
        Rule("s", "lacks_pattern", ("t",), {"regex": "(a|aa)+$"}),
    ]
    began = time.process_time()
    run, _ = _run(table, asked, engine)
    assert [one.unexpected for one in run.results] == [100, 0]
    assert time.process_time() - began < 60, "a backtracking machine would still be at the first value"
