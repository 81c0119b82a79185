"""Rules over tables: the scan engine against Great Expectations on pandas, and against plain Python."""

import datetime as dt
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from quality.engines import engine_dialect, expectations
from quality.rules import patterns, rules
from quality.rules.rules import Rule

TODAY = dt.date(2026, 11, 23)
WORDS = [
    "湖州",
    "德清",
    "a\\b",
    "it's",
    "100%",
    ":x",
    "{y}",
    "",
    " ",
    "ＡＢ",
    "𠮷",
    "$1",
    "a|b",
    '"q"',
    "é",
    "13857200001",
]
USCC = ["91330100799655058B", "91330100799655058C", "11332500MB1601924J", "9133010079965505"]
TEXTS, NUMBERS, DAYS = ["名称", "代码 1"], ["金额", "select"], ["起 😀", "止[]"]
SHAPES = {name: pa.string() for name in TEXTS} | {
    "码": pa.string(),
    '次"数': pa.int64(),
    "时": pa.timestamp("us"),
}
SHAPES |= {name: pa.float64() for name in NUMBERS} | {name: pa.date32() for name in DAYS}

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
"""Shrinking would run the slow judge hundreds of times."""

_days = st.dates(dt.date(2026, 11, 15), dt.date(2026, 12, 1))
_cells: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.string(): st.sampled_from(WORDS),
    pa.float64(): st.sampled_from([0.0, 1.5, -2.0, 3.0, 1e9, float("nan"), 0.1]),
    pa.int64(): st.integers(-3, 6),
    pa.date32(): _days,
    pa.timestamp("us"): st.datetimes(dt.datetime(2026, 11, 20), dt.datetime(2026, 11, 26)),  # noqa: DTZ001
}


@st.composite
def _tables(draw: st.DrawFn) -> pa.Table:
    size = draw(st.sampled_from([0, 1, 5, 40, 90]))
    columns = {}
    for name, shape in SHAPES.items():
        cell = st.sampled_from(USCC) if name == "码" else _cells[shape]
        nulls = draw(st.sampled_from([0, 1, 5]))
        filled = st.one_of(*[cell] * 5, *[st.none()] * nulls)
        columns[name] = pa.array(draw(st.lists(filled, min_size=size, max_size=size)), shape)
    return pa.table(columns)


_mostly = st.sampled_from([1.0, 0.9, 0.5])
_when = st.sampled_from(
    [None, None, {"column": "名称", "values": ["湖州", "a|b"]}, {"column": '次"数', "values": [1, 2]}]
)
_some = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6, unique=True)


def _made(kind: str, *columns: st.SearchStrategy[str], **given_: st.SearchStrategy[Any]) -> st.SearchStrategy[Rule]:
    def build(names: tuple[str, ...], mostly: float, when: Any, parameters: dict[str, Any]) -> Rule:
        kept = {key: value for key, value in parameters.items() if value is not None}
        return Rule("?", kind, names, kept | ({"when": when} if when else {}), mostly=mostly)

    return st.builds(build, st.tuples(*columns), _mostly, _when, st.fixed_dictionaries(given_))


_text, _number, _day = st.sampled_from(TEXTS), st.sampled_from(NUMBERS), st.sampled_from(DAYS)
_any = st.sampled_from(list(SHAPES))
_regex = st.sampled_from([r"^[a-z]", r"\\", "%", "^.{2}$", "'", "湖|德", r"^\{", r"\$1", patterns.UNTRIMMED])
_today = st.just({"parameter": "today"})
RULES = st.one_of(
    _made("not_null", _any),
    _made("not_blank", _text),
    _made("unique", _any),
    _made("unique_together", st.just("名称"), st.just("金额"), _day),
    _made("no_duplicate_rows"),
    _made("matches_pattern", _text, regex=_regex),
    _made("matches_pattern", _text, pattern=st.sampled_from(["mobile", "division", "date"])),
    _made("lacks_pattern", _text, regex=_regex),
    _made("in_set", _text, values=_some),
    _made("not_in_set", _text, values=_some),
    _made("check_digits", st.just("码"), scheme=st.just("uscc")),
    _made("check_digits", st.just("码"), scheme=st.just("citizen_id")),
    _made("between", _number, min=st.sampled_from([None, -1, 0]), max=st.sampled_from([1.5, 2])),
    _made("between", st.just('次"数'), min=st.just(0), strict_min=st.booleans()),
    _made("between", _day, max=_today),
    _made("between", st.just("时"), min=st.just("2026-11-21"), max=_today),
    _made("length", _text, min=st.just(1), max=st.integers(1, 5)),
    _made("mean", _number, min=st.just(0), max=st.just(9)),
    _made("in_order", st.just("金额"), st.just("select"), strict=st.booleans()),
    _made("in_order", st.just("起 😀"), st.just("止[]")),
    _made("equal", st.just("金额"), st.just("select")),
    _made("newest", st.sampled_from([*DAYS, "时"]), days=st.integers(0, 5)),
    _made("row_count", min=st.just(1), max=st.integers(1, 50)),
)


def _numbered(drawn: list[Rule]) -> list[Rule]:
    return [Rule.from_json({**rule.to_json(), "rule_id": f"r{at}"}) for at, rule in enumerate(drawn)]


def _canonical(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_canonical(each) for each in value]
    if isinstance(value, str):
        return value.removesuffix("T00:00:00")
    return float(value) if isinstance(value, int | float) else value


def _comparable(outcome: expectations.RuleOutcome) -> dict[str, Any]:
    observed = outcome.observed
    return {
        "counts": (outcome.evaluated, outcome.missing, outcome.unexpected, outcome.success),
        "observed": pytest.approx(observed, rel=1e-9) if isinstance(observed, float) else _canonical(observed),
        "samples": _canonical(outcome.samples),
        "error": outcome.error,
    }


def _write(table: pa.Table, folder: Path) -> Path:
    path = folder / "table.parquet"
    pq.write_table(table, path, row_group_size=16)
    return path


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=QUICK)
@given(table=_tables(), drawn=st.lists(RULES, min_size=4, max_size=16))
def test_the_scan_engine_finds_what_the_library_finds_on_pandas(table: pa.Table, drawn: list[Rule]) -> None:
    asked = _numbered(drawn)
    with tempfile.TemporaryDirectory() as folder:
        path = _write(table, Path(folder))
        mine, judge = (
            expectations.run(path, asked, engine=engine, parameters={"today": TODAY}) for engine in ("duckdb", "pandas")
        )
    for rule, one, other in zip(asked, mine.results, judge.results, strict=True):
        assert _comparable(one) == _comparable(other), rule


def _row(test: Callable[[Any], bool]) -> Callable[[list[Any]], list[int]]:
    return lambda values: [row for row, v in enumerate(values, 1) if v is not None and not test(v)]


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), phases=QUICK)
@given(table=_tables())
def test_counts_and_rows_are_what_plain_python_finds(table: pa.Table) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = _write(table, Path(folder))
        found = expectations.run(path, [rule for rule, _ in PLAIN], parameters={"today": TODAY})
    for (rule, broken), outcome in zip(PLAIN, found.results, strict=True):
        values = [None if isinstance(v, float) and math.isnan(v) else v for v in table[rule.columns[0]].to_pylist()]
        rows = broken(values)
        assert outcome.unexpected == len(rows), rule
        assert outcome.evaluated == len(values) - values.count(None)
        assert [row for row, _ in outcome.samples] == rows[: expectations.SAMPLES]
        assert outcome.success == (not rows)


def _repeated(values: list[Any]) -> list[int]:
    return [row for row, v in enumerate(values, 1) if v is not None and values.count(v) > 1]


PLAIN: list[tuple[Rule, Callable[[list[Any]], list[int]]]] = [
    (Rule("set", "in_set", ("名称",), {"values": ["湖州", "𠮷"]}), _row(lambda v: v in {"湖州", "𠮷"})),
    (Rule("low", "between", ("金额",), {"min": 0}), _row(lambda v: v >= 0)),
    (Rule("len", "length", ("名称",), {"max": 2}), _row(lambda v: len(v) <= 2)),
    (Rule("day", "between", ("起 😀",), {"max": {"parameter": "today"}}), _row(lambda v: v <= TODAY)),
    (Rule("moment", "between", ("时",), {"max": {"parameter": "today"}}), _row(lambda v: v.date() <= TODAY)),
    (Rule("twice", "unique", ('次"数',)), _repeated),
]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    table = pa.table(
        {
            "编号": ["1", "2", "2", None],
            "成立日期": pa.array([dt.date(2020, 1, 1), dt.date(2030, 1, 1), None, dt.date(2021, 5, 5)]),
            "金额": [1.0, 2.0, -5.0, None],
            "嵌套": [[1], [2], [2], None],
        }
    )
    return _write(table, tmp_path)


def test_a_rule_that_fails_to_run_is_reported_alone(people: Path) -> None:
    asked = [
        Rule("good", "not_null", ("编号",)),
        Rule("gone", "not_null", ("没有",)),
        Rule("perl", "matches_pattern", ("编号",), {"regex": "(?=1)"}),
        Rule("sort", "between", ("编号",), {"min": 1}),
        Rule("word", "between", ("金额",), {"min": "many"}),
        Rule("day", "between", ("成立日期",), {"max": "soon"}),
        Rule("when", "not_null", ("编号",), {"when": {"column": "没有", "values": ["x"]}}),
        Rule("late", "updated_within", (), {"days": 3}),
        Rule("nest", "in_set", ("嵌套",), {"values": ["x"]}),
        Rule("last", "unique", ("编号",)),
    ]
    run = expectations.run(people, asked, parameters={"today": TODAY})
    assert [(outcome.rule_id, outcome.error) for outcome in run.results] == [
        ("good", None),
        ("gone", "column-missing"),
        ("perl", "pattern-unreadable"),
        ("sort", "column-type"),
        ("word", "bound-type"),
        ("day", "bound-type"),
        ("when", "column-missing"),
        ("late", "run-parameter-missing"),
        ("nest", "column-type"),
        ("last", None),
    ]
    assert run.results[-1].samples == ((2, "2"), (3, "2"))


def test_an_error_inside_the_library_stays_with_its_rule(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An expression that only breaks on some row: the engine halves the conditions until it stands alone."""
    monkeypatch.setitem(patterns.PATTERNS, "mobile", patterns.Pattern("mobile", "", "", "(?=x)"))
    asked = [Rule(f"n{at}", "not_null", (name,)) for at, name in enumerate(["编号", "金额", "嵌套"])]
    asked.insert(1, Rule("bad", "matches_pattern", ("编号",), {"pattern": "mobile"}))
    run = expectations.run(people, asked)
    assert [outcome.error for outcome in run.results] == [None, "engine-failed", None, None]
    assert [outcome.unexpected for outcome in run.results] == [1, 0, 1, 1]


def test_rules_about_the_table_count_as_one(people: Path) -> None:
    asked = [
        Rule("rows", "row_count", (), {"min": 5}),
        Rule("names", "columns_match", ("编号", "成立日期", "金额", "嵌套", "备注")),
        Rule("loose", "columns_match", ("金额", "编号"), {"exact": False}),
        Rule("type", "type", ("金额",), {"type": "number"}),
        Rule("wrong", "type", ("编号",), {"type": "date"}),
        Rule("mean", "mean", ("金额",), {"max": 0}),
        Rule("new", "newest", ("成立日期",), {"days": 1}),
        Rule("age", "updated_within", (), {"days": 10}),
    ]
    instant = dt.datetime(2026, 11, 13, 17, tzinfo=dt.UTC)
    found = expectations.run(people, asked, parameters={"today": TODAY, "updated_at": instant}).results
    names = ["编号", "成立日期", "金额", "嵌套"]
    assert [(outcome.success, outcome.observed) for outcome in found] == [
        (False, 4),
        (False, names),
        (True, names),
        (True, "number"),
        (False, "text"),
        (True, pytest.approx(-2 / 3)),
        (True, "2030-01-01"),
        (True, 9),
    ]
    assert {(outcome.evaluated, outcome.unexpected) for outcome in found} == {(1, 0), (1, 1)}


def test_rows_that_repeat_with_nulls_are_counted(tmp_path: Path) -> None:
    """(x, null) twice is a duplicate, which a join by = would lose."""
    path = _write(pa.table({"a": ["x", "x", "y", None, None], "b": [None, None, 1, None, None]}), tmp_path)
    asked = [Rule("pair", "unique_together", ("a", "b")), Rule("rows", "no_duplicate_rows")]
    pair, whole = expectations.run(path, asked).results
    assert (pair.evaluated, pair.unexpected, pair.samples) == (3, 2, ((1, ["x", None]), (2, ["x", None])))
    assert (whole.evaluated, whole.unexpected) == (5, 4)


def test_results_are_json_and_repeatable(people: Path) -> None:
    asked = [
        Rule("a", "unique", ("编号",)),
        Rule("b", "between", ("成立日期",), {"max": {"parameter": "today"}}),
    ]
    first, second = (expectations.run(people, asked, parameters={"today": TODAY}) for _ in range(2))
    assert first.results == second.results
    assert json.loads(json.dumps([list(outcome.samples) for outcome in first.results], allow_nan=False))[1] == [
        [2, "2030-01-01"]
    ]
    assert not engine_dialect._OFFERED, "a run leaves nothing behind"


def test_time_runs_out(tmp_path: Path) -> None:
    path = _write(pa.table({"a": [1, 2]}), tmp_path)
    with pytest.raises(expectations.OutOfTimeError):
        expectations.run(path, [Rule("a", "unique", ("a",))], timeout=0.0001)


def test_what_cannot_be_asked_is_refused(people: Path) -> None:
    with pytest.raises(ValueError, match="share an id"):
        expectations.run(people, [Rule("a", "not_null", ("编号",))] * 2)
    with pytest.raises(ValueError, match="no such engine"):
        expectations.run(people, [], engine="abacus")


@pytest.mark.parametrize(
    ("kind", "columns", "parameters", "reason"),
    [
        ("magic", (), {}, "kind-unknown"),
        ("unique", (), {}, "columns-wrong"),
        ("unique_together", ("a", "a"), {}, "columns-repeated"),
        ("between", ("a",), {}, "parameter-missing"),
        ("between", ("a",), {"min": 3, "max": 1}, "bounds-crossed"),
        ("in_set", ("a",), {"values": []}, "parameter-wrong"),
        ("in_set", ("a",), {"values": ["x"], "sql": "1=1"}, "parameter-unknown"),
        ("matches_pattern", ("a",), {"pattern": "magic"}, "parameter-wrong"),
        ("check_digits", ("a",), {"scheme": "mobile"}, "parameter-wrong"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(
    kind: str, columns: tuple[str, ...], parameters: dict[str, Any], reason: str
) -> None:
    with pytest.raises(rules.RuleError) as refused:
        Rule("r", kind, columns, parameters)
    assert refused.value.reason == reason


@given(RULES)
def test_a_rule_survives_storage_and_can_be_read(rule: Rule) -> None:
    assert Rule.from_json(json.loads(json.dumps(rule.to_json()))) == rule
    for language in ("zh_Hans_CN", "en"):
        text = rules.sentence(rule, language)
        assert text.strip()
        assert "{a}" not in text
        assert "None" not in text


def test_only_the_engine_loads_the_library() -> None:
    """The web process imports the rest of the package."""
    modules = "quality.rules.rules, quality.profiling.profiles, quality.proposing.proposals"
    code = f"import sys, {modules};sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
