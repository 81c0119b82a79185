"""Suites as files: what goes out comes back, in the real library and in a real workbook; what is wrong has a place."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from rules_made import VALUES, rules, suites

from policies.refusals import Invalid
from quality.engines import engine_gx as gx
from quality.rules import parameter_texts, rule_checks
from quality.rules.kinds import KINDS
from quality.rules.rules import Rule
from quality.suites import suite_exchange, suite_files, suite_sheets

TODAY = dt.date(2026, 11, 23)
RULES = (
    Rule("rows", "row_count", (), {"min": 2}, severity="critical"),
    Rule("cols", "columns_match", ("代码", "名称", "成立", "资本", "实缴"), {"exact": True}),
    Rule("nn", "not_null", ("名称",), mostly=0.5, weight=2.5, why_zh="必填", why_en="required"),
    Rule("nb", "not_blank", ("名称",)),
    Rule("u", "unique", ("代码",), severity="critical"),
    Rule("ut", "unique_together", ("代码", "名称")),
    Rule("dup", "no_duplicate_rows"),
    Rule("uscc", "matches_pattern", ("代码",), {"pattern": "uscc"}),
    Rule("digit", "check_digits", ("代码",), {"scheme": "uscc"}),
    Rule("clean", "lacks_pattern", ("名称",), {"regex": "^ | $", "zh": "空格", "en": "spaces"}),
    Rule("words", "not_in_set", ("名称",), {"values": ["无", "NULL"]}),
    Rule("set", "in_set", ("名称",), {"values": ["甲", "乙"], "when": {"column": "资本", "values": [1, 2]}}),
    Rule("range", "between", ("资本",), {"min": 0, "max": 100, "strict_max": True}),
    Rule("past", "between", ("成立",), {"min": "1949-10-01", "max": {"parameter": "today", "days": -1}}),
    Rule("len", "length", ("代码",), {"min": 18, "max": 18}),
    Rule("type", "type", ("名称",), {"type": "text"}),
    Rule("mean", "mean", ("资本",), {"min": 0}),
    Rule("order", "in_order", ("实缴", "资本")),
    Rule("same", "equal", ("实缴", "资本"), mostly=0.5),
    Rule("new", "newest", ("成立",), {"days": 9000}),
    Rule("late", "updated_within", (), {"days": 30}),
)
FRAME = pd.DataFrame(
    {
        "代码": ["91330500MA2B3C4D5E", "91330500MA2B3C4D5X"],
        "名称": ["甲", "乙"],
        "成立": [dt.date(2020, 1, 2), dt.date(2021, 3, 4)],
        "资本": [1.0, 2.0],
        "实缴": [1.0, 1.5],
    }
).astype({"代码": object, "名称": object})
# The library's type expectation does not know the text type of pandas 3, whatever name it is given.


def suite(*expectations: dict[str, Any]) -> str:
    return json.dumps({"name": "s", "expectations": list(expectations), "meta": {}})


def test_every_kind_has_an_example_here_or_is_kept_beside() -> None:
    written = {rule.kind for rule in RULES if suite_exchange.expectation_of(rule, TODAY)}
    assert {"no_duplicate_rows", "updated_within"}.isdisjoint(written)
    assert written == set(suite_exchange._WRITE)


def test_the_real_library_loads_the_export_and_runs_it_on_pandas() -> None:
    text = suite_exchange.dump("企业登记", RULES, TODAY)
    loaded = gx.ExpectationSuite(**json.loads(text))
    assert len(loaded.expectations) == len(RULES) - 2
    context = gx.quiet_context()
    source = context.data_sources.add_pandas("exported")
    try:
        batch = source.add_dataframe_asset("t").add_batch_definition_whole_dataframe("w")
        validator = gx.Validator(batch_definition=batch, batch_parameters={"dataframe": FRAME}, result_format="BASIC")
        results = validator.validate_expectation_suite(loaded).results
    finally:
        context.data_sources.delete("exported")
    failed = {one.expectation_config.meta["rule_id"]: one.exception_info for one in results if not one.success}
    assert failed == {}
    again = suite_exchange.load(json.dumps(loaded.to_json_dict(), default=str))
    assert again.problems == ()
    assert again.rules == RULES


def test_a_change_made_elsewhere_counts_and_keeps_what_only_we_know() -> None:
    made = json.loads(suite_exchange.dump("s", RULES, TODAY))
    by_id = {one["meta"]["rule_id"]: one for one in made["expectations"]}
    by_id["range"]["kwargs"]["max_value"] = 500
    by_id["nn"]["severity"] = "info"
    read = suite_exchange.load(json.dumps(made))
    found = {rule.rule_id: rule for rule in read.rules}
    assert found["range"].parameters == {"min": 0, "max": 500, "strict_max": True}
    assert (found["nn"].severity, found["nn"].weight, found["nn"].why_zh) == ("info", 2.5, "必填")
    assert [rule.rule_id for rule in read.rules] == [rule.rule_id for rule in RULES]


def test_expectations_of_others_become_rules() -> None:
    read = suite_exchange.load(
        suite(
            {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a", "mostly": 0.9}},
            {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a"}, "severity": "info"},
            {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 3}},
            {
                "type": "expect_column_values_to_be_in_set",
                "kwargs": {
                    "column": "a",
                    "value_set": ["x"],
                    "row_condition": {
                        "type": "comparison",
                        "column": {"name": "b"},
                        "operator": "==",
                        "parameter": "1",
                    },
                },
            },
        )
    )
    assert read.problems == ()
    assert [rule.kind for rule in read.rules] == ["not_null", "not_null", "row_count", "in_set"]
    assert [rule.severity for rule in read.rules[:2]] == ["critical", "info"]
    assert read.rules[1].rule_id == "not_null:a#2"
    assert read.rules[3].parameters["when"] == {"column": "b", "values": ["1"]}


@pytest.mark.parametrize(
    ("expectation", "field"),
    [
        ({"type": "expect_column_stdev_to_be_between", "kwargs": {"column": "a"}}, "expectations[0].type"),
        ({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": 5}}, "expectations[0].kwargs.column"),
        (
            {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a", "loudly": True}},
            "expectations[0].kwargs.loudly",
        ),
        (
            {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "a", "mostly": 0}},
            "expectations[0].kwargs.mostly",
        ),
        (
            {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "a"}, "severity": "loud"},
            "expectations[0].severity",
        ),
        (
            {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "a", "row_condition": "b > 1"}},
            "expectations[0].kwargs.row_condition",
        ),
        (
            {"type": "expect_column_values_to_be_of_type", "kwargs": {"column": "a", "type_": "BLOB"}},
            "expectations[0].kwargs.type_",
        ),
        ("nonsense", "expectations[0]"),
        ({"type": "expect_column_values_to_be_unique"}, "expectations[0].kwargs"),
        (
            {"type": "expect_column_values_to_be_unique", "kwargs": {}, "meta": {"tiaoxi": {"rule": {"kind": "x"}}}},
            "expectations[0].meta.tiaoxi.rule",
        ),
    ],
)
def test_what_is_not_known_is_refused_with_its_place_and_nothing_is_taken(expectation: Any, field: str) -> None:
    good = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "b"}}
    read = suite_exchange.load(json.dumps({"name": "s", "expectations": [expectation, good]}))
    assert read.rules == ()
    assert [problem.field for problem in read.problems] == [field]
    assert all(problem.text(language) for problem in read.problems for language in ("zh", "en"))


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000, '{"expectations": 5}', "\x00", "NaN"])
def test_what_is_no_suite_is_told(text: str) -> None:
    read = suite_exchange.load(text)
    assert read.rules == ()
    assert len(read.problems) == 1


def test_an_unreadable_pattern_is_refused() -> None:
    text = suite({"type": "expect_column_values_to_match_regex", "kwargs": {"column": "a", "regex": "(?=a)"}})
    assert [one.code for one in suite_exchange.load(text).problems] == ["suite.rule-wrong"]


@given(suites())
def test_json_and_back_is_the_same(made: list[Rule]) -> None:
    text = suite_exchange.dump("s", made, TODAY)
    read = suite_exchange.load(text)
    assert read.problems == ()
    assert [one.to_json() for one in read.rules] == [one.to_json() for one in made]


@given(suites())
def test_cells_and_back_are_the_same(made: list[Rule]) -> None:
    rows = suite_sheets.rows_of(made)
    read = suite_sheets.read(enumerate(rows, 1))
    assert read.problems == ()
    assert [one.to_json() for one in read.rules] == [one.to_json() for one in made]


@settings(max_examples=8, deadline=None)
@given(made=suites())
def test_a_real_workbook_and_back_is_the_same(made: list[Rule], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("books") / "rules.xlsx"
    path.write_bytes(suite_files.as_workbook(made, "en"))
    assert [one.to_json() for one in suite_files.read(path)] == [one.to_json() for one in made]


@given(rules())
def test_a_parameter_typed_as_shown_is_the_same(rule: Rule) -> None:
    for name, value in rule.parameters.items():
        assert json.dumps(parameter_texts.read(name, parameter_texts.shown(name, value))) == json.dumps(value)


def test_every_parameter_of_a_kind_is_drawn() -> None:
    taken = {name for kind in KINDS.values() for name in kind.required | kind.one_of}
    assert taken - set(VALUES) == set() or {
        kind.code for kind in KINDS.values() if not kind.required | kind.one_of <= set(VALUES)
    }


def sheet(**cells: str) -> list[tuple[int, list[str]]]:
    base = {"rule_id": "r1", "kind": "between", "columns": "a", "parameters.min": "1"} | cells
    return [(1, [f"标题 {code}" for code in base]), (3, list(base.values()))]


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        ({"kind": "betwixt"}, "B3"),
        ({"columns": "a\nb"}, "C3"),
        ({"parameters.min": '{"a"'}, "D3"),
        ({"severity": "loud"}, "E3"),
        ({"mostly": "150%"}, "E3"),
        ({"weight": "heavy"}, "E3"),
        ({"parameters.colour": "red"}, "B3"),
        ({"parameters.max": "0"}, "D3"),
        ({"colour": "red"}, "E1"),
    ],
)
def test_a_wrong_cell_is_named(cells: dict[str, str], place: str) -> None:
    read = suite_sheets.read(sheet(**cells))
    assert read.rules == ()
    assert [problem.field for problem in read.problems] == [place]


def test_names_shares_and_days_are_read_as_people_write_them() -> None:
    read = suite_sheets.read(sheet(kind="取值范围", mostly="95%", **{"parameters.max": "2020-01-31 00:00:00"}))
    assert read.problems == ()
    assert read.rules[0].mostly == 0.95
    assert read.rules[0].parameters["max"] == "2020-01-31"
    moved = suite_sheets.read(sheet(**{"parameters.min": "今天-30天"}))
    assert moved.rules[0].parameters["min"] == {"parameter": "today", "days": -30}


def test_files_of_other_kinds_and_broken_ones_are_refused(tmp_path: Path) -> None:
    for name, content in (("a.csv", b"x"), ("a.xlsx", b"no workbook"), ("a.json", b"{"), ("b.json", b" " * 3_000_000)):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(Invalid):
            suite_files.read(path)


def test_a_suite_that_cannot_stand_is_refused() -> None:
    for bad in ([RULES[0], RULES[0]], [Rule("r", "lacks_pattern", ("a",), {"regex": "(?=a)"})], [RULES[0]] * 1001):
        with pytest.raises(Invalid):
            rule_checks.demand_sound(bad)
