"""Rules that look beyond the row: codes that prove themselves, other tables, the version before; on every engine."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import divisions, identifiers
from quality.engines import check_digits, division_codes, drift, engine_keys, engine_tables, expectations
from quality.engines.expectations import RuleOutcome
from quality.profiling import profiles
from quality.rules.rules import Rule

TODAY = dt.date(2026, 11, 23)
ENGINES = ("duckdb", "pandas")


def _write(folder: Path, columns: Mapping[str, Any], name: str = "t.parquet") -> Path:
    path = folder / name
    pq.write_table(pa.table(dict(columns)), path)
    return path


def _outcomes(
    path: Path, rules: Sequence[Rule], engine: str, parameters: Mapping[str, Any] | None = None
) -> dict[str, RuleOutcome]:
    given_ = {"today": TODAY, "updated_at": TODAY, **(parameters or {})}
    return {one.rule_id: one for one in expectations.run(path, rules, engine=engine, parameters=given_).results}


def _rule(kind: str, *columns: str, **parameters: Any) -> Rule:
    return Rule(kind, kind, columns, parameters)


# -- codes that prove themselves

CODES = {
    "uscc": (
        ["91330100799655058B", "9144030071526726XG", "91350100M000100Y43", "11332500MB1601924J", "91330100799655058b"],
        ["91330100799655058C", "9133010079965505", "９1330100799655058B", "", "91330100799655O58B"],
    ),
    "citizen_id": (
        ["11010519491231002X", "440524188001010014", "11010519491231002x"],
        ["11010519491231002Y", "110105194912310021", "１1010519491231002X", ""],
    ),
    "organisation_code": (
        ["799655058", "79965505-8", "MB1601924", "mb160192-4", "00000000-0"],
        ["799655059", "7996550-58", "79965505８", "79965505--8", "", "7996550588"],
    ),
    "registration": (
        ["110108000000016"],
        ["110108000000017", "11010800000001", "1１0108000000016", "11010800000001X", ""],
    ),
    "bank_card": (
        ["4111111111111111", "6222021001134258653"],
        ["6222021001134258654", "1111111111111111", "411111111111", "４111111111111111", "41111111 11111111", ""],
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("scheme", CODES)
def test_a_right_check_digit_is_told_from_a_wrong_one(tmp_path: Path, scheme: str, engine: str) -> None:
    right, wrong = CODES[scheme]
    path = _write(tmp_path, {"码": pa.array([*right, None, *wrong, None], pa.string())})
    found = _outcomes(path, [_rule("check_digits", "码", scheme=scheme)], engine)["check_digits"]
    assert (found.error, found.evaluated, found.missing, found.unexpected) == (
        None, len(right) + len(wrong), 2, len(wrong),
    )  # fmt: skip
    assert [row for row, _ in found.samples] == list(range(len(right) + 2, len(right) + 2 + len(wrong)))


_PURE = {
    "organisation_code": identifiers.valid_organisation_code,
    "registration": identifiers.valid_registration_number,
    "bank_card": identifiers.valid_bank_card,
    "uscc": identifiers.valid_uscc,
}
_nearly = st.one_of(
    st.from_regex(r"[0-9A-Za-z]{8}-?[0-9Xx]", fullmatch=True),
    st.from_regex(r"[0-9]{12,20}", fullmatch=True),
    st.from_regex(r"[0-9]{14}", fullmatch=True).map(lambda text: text + identifiers.registration_check_digit(text)),
    st.from_regex(r"[0-9]{12,18}", fullmatch=True).map(lambda text: text + identifiers.luhn_check_digit(text)),
    st.from_regex(r"[0-9A-Z]{8}", fullmatch=True).map(
        lambda text: text + identifiers.organisation_check_character(text)
    ),
    st.text(st.sampled_from("0123456789ABXｘ８-— é"), max_size=20),
    st.none(),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_nearly, max_size=40), st.sampled_from(sorted(_PURE)))
def test_check_digits_of_columns_are_those_of_single_values(values: list[str | None], scheme: str) -> None:
    found = check_digits.check(scheme, pa.array(values, pa.string()), 0)
    assert found.to_pylist() == [None if value is None else _PURE[scheme](value) for value in values]


# -- divisions by time


def test_the_table_of_divisions_is_whole() -> None:
    known = divisions.known()
    assert {one.since for one in known} | {one.until for one in known} <= {None, *divisions.LISTS}
    newest = {one.code: one.name for one in known if one.until is None}
    assert len([code for code in newest if code.startswith("33") and not code.endswith("00")]) == 90 + 11 + 1
    assert newest["330502"] == "吴兴区"
    times = max(sum(other.code == one.code for other in known) for one in known if one.since)
    assert times == 3  # what `division_codes` has room for


@pytest.mark.parametrize(
    ("code", "day", "valid"),
    [
        ("330103", dt.date(2020, 1, 1), True),  # 下城区, given up in the spring of 2021
        ("330103", dt.date(2022, 1, 1), False),
        ("330113", dt.date(2020, 1, 1), False),  # 临平区, made then
        ("330113", dt.date(2022, 1, 1), True),
        ("330103", None, True),
        ("330199", dt.date(2022, 1, 1), False),
        ("330199", None, True),  # perhaps a code of the years before the table
        ("990101", None, False),
        ("330590", dt.date(2026, 1, 1), True),  # the city's own code
        ("330502", dt.date(1999, 1, 1), True),  # not yet in use, but the table doesn't reach back so far
        ("３30502", dt.date(2026, 1, 1), False),
        ("", None, False),
    ],
)
def test_a_division_code_has_its_time(code: str, day: dt.date | None, valid: bool) -> None:
    assert divisions.valid_on(code, day) is valid


_codes = st.one_of(st.sampled_from([one.code for one in divisions.known()]), st.from_regex("[1-9][0-9]{5}"), st.none())
_moments = st.one_of(st.none(), st.dates(dt.date(2000, 1, 1), dt.date(2027, 1, 1)))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(_codes, _moments), max_size=60))
def test_divisions_of_columns_are_those_of_single_values(rows: list[tuple[str | None, dt.date | None]]) -> None:
    codes = pa.array([code for code, _ in rows], pa.string())
    days = pa.array([engine_tables.day_number(day) if day else division_codes.EVER for _, day in rows], pa.int32())
    expected = [None if code is None else divisions.valid_on(code, day) for code, day in rows]
    assert division_codes.in_use(codes, days).to_pylist() == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_division_codes_against_today_a_day_ever_and_the_day_beside(tmp_path: Path, engine: str) -> None:
    day = dt.date(2020, 1, 1)
    path = _write(
        tmp_path,
        {
            "区划": ["330502", "330103", "330113", None, "33050", "３30502"],
            "日": pa.array([TODAY, day, day, day, None, day], pa.date32()),
        },
    )
    rules = [
        Rule("today", "division_code", ("区划",)),
        Rule("then", "division_code", ("区划",), {"on": "2020-01-01"}),
        Rule("ever", "division_code", ("区划",), {"on": "ever"}),
        Rule("beside", "division_code", ("区划", "日")),
    ]
    found = _outcomes(path, rules, engine)
    assert {key: (one.error, one.evaluated, one.unexpected) for key, one in found.items()} == {
        "today": (None, 5, 3),
        "then": (None, 5, 3),
        "ever": (None, 5, 2),
        "beside": (None, 4, 2),
    }
    assert [row for row, _ in found["beside"].samples] == [3, 6]


# -- other tables and lists


@pytest.mark.parametrize("engine", ENGINES)
def test_values_must_occur_in_another_table(tmp_path: Path, engine: str) -> None:
    elsewhere = _write(
        tmp_path, {"代码": ["a", "b", "b", None], "数": [1, 2, 2, 3], "名": ["甲", "乙", "丙", "丁"]}, "o"
    )
    columns = {
        "码": ["a", "b", "B", "ｂ", None, "z"],
        "数": pa.array([1, 2, 3, 4, None, 5], pa.int64()),
        "字": ["1", "2", "3", "03", None, ""],
        "名": ["甲", "丙", "乙", "乙", "乙", None],
    }
    path = _write(tmp_path, columns)
    rules = [
        Rule("text", "refers_to", ("码",), {"of": "3305/000001.代码"}),
        Rule("number", "refers_to", ("数",), {"of": "3305/000001.数"}),
        Rule("mixed", "refers_to", ("字",), {"of": "3305/000001.数"}),
        Rule("listed", "refers_to", ("码",), {"of": "list.x"}),
        Rule("same", "same_as", ("码", "名"), {"of": "3305/000001.代码", "value": "名"}),
        Rule("absent", "refers_to", ("码",), {"of": "3305/000002.代码"}),
        Rule("no-column", "refers_to", ("码",), {"of": "3305/000001.没有"}),
    ]
    references = {f"3305/000001.{name}": elsewhere for name in ("代码", "数", "没有")} | {"list.x": ["a", "z"]}
    found = _outcomes(path, rules, engine, {"references": references})
    counts = {key: (one.error, one.evaluated, one.unexpected) for key, one in found.items()}
    assert counts == {
        "text": (None, 5, 3),
        "number": (None, 5, 2),
        "mixed": (None, 5, 2),
        "listed": (None, 5, 3),
        "same": (None, 4, 0),
        "absent": (None, 0, 0),
        "no-column": ("reference-unreadable", 0, 0),
    }
    assert not found["absent"].applies
    assert found["absent"].success
    assert str(tmp_path) not in str(found["no-column"].detail)
    assert [row for row, _ in found["text"].samples] == [3, 4, 6]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_another_table_says_otherwise_is_found(tmp_path: Path, engine: str) -> None:
    said = [("a", 1.0), ("b", 2.0)]
    path = _write(tmp_path, {"k": ["a", "a", "b", "c", None], "v": [1.0, 2.0, 2.0, 9.0, 1.0]})
    rules = [Rule("same", "same_as", ("k", "v"), {"of": "x.k", "value": "v"})]
    found = _outcomes(path, rules, engine, {"references": {"x.k": said}})["same"]
    assert (found.error, found.evaluated, found.unexpected) == (None, 4, 1)
    assert [row for row, _ in found.samples] == [2]


def test_the_file_of_a_reference_is_shut_when_rules_run(tmp_path: Path) -> None:
    elsewhere, path = _write(tmp_path, {"k": ["a"]}, "o.parquet"), _write(tmp_path, {"k": ["a"]})
    asked = engine_keys.KeySource("x.k", elsewhere, ("k",))
    held: dict[str, engine_keys.Reference] = {}
    with (
        engine_tables.open_table(path, prepare=lambda scan: held.update(engine_keys.copied(scan, [asked]))) as scan,
        engine_keys.offered(scan, held),
    ):
        assert engine_keys.rows(held["x.k"].table, "text") == [("a",)]
        with pytest.raises(Exception, match="Permission"):
            scan.query(f"FROM read_parquet({engine_tables.literal(str(elsewhere))})")


@pytest.mark.parametrize("engine", ENGINES)
def test_central_code_lists(tmp_path: Path, engine: str) -> None:
    path = _write(tmp_path, {"性别": ["1", "2", "男", None, "１"], "n": [1, 2, 9, None, 1]})
    rules = [
        Rule("sex", "code_list", ("性别",), {"list": "GB/T 2261.1"}),
        Rule("number", "code_list", ("n",), {"list": "GB/T 2261.1"}),
        Rule("unknown", "code_list", ("性别",), {"list": "none"}),
    ]
    found = _outcomes(path, rules, engine, {"code_lists": {"GB/T 2261.1": ["1", "2"]}})
    assert {key: (one.error, one.evaluated, one.unexpected, one.applies) for key, one in found.items()} == {
        "sex": (None, 4, 2, True),
        "number": (None, 4, 1, True),
        "unknown": (None, 0, 0, False),
    }


# -- columns of one row


@pytest.mark.parametrize("engine", ENGINES)
def test_parts_add_up_something_is_filled_and_what_follows_from_a_condition(tmp_path: Path, engine: str) -> None:
    columns = {
        "男": pa.array([1, 2, 3, None, 2**62], pa.int64()),
        "女": pa.array([1.5, 0.1, 3.0, 1.0, 0.0], pa.float64()),
        "合计": pa.array([2.5, 2.1, 7.0, 1.0, 2.0**62], pa.float64()),
        "电话": [None, " ", "\u3000", "0572", ""],
        "手机": [None, None, "1", None, "  "],
        "年": pa.array([None, None, None, None, 1], pa.int64()),
        "状态": ["注销", "存续", "注销", None, "注销"],
        "标志": ["1", "1", "0", "0", None],
    }
    path = _write(tmp_path, columns)
    rules = [
        Rule("sum", "sums_to", ("男", "女", "合计")),
        Rule("loose", "sums_to", ("男", "女", "合计"), {"tolerance": 1}),
        Rule("contact", "any_filled", ("电话", "手机")),
        Rule("year", "any_filled", ("电话", "年")),
        Rule("implied", "implied", ("标志",), {"values": ["1"], "when": {"column": "状态", "values": ["注销"]}}),
    ]
    found = _outcomes(path, rules, engine)
    assert {key: (one.error, one.evaluated, one.unexpected) for key, one in found.items()} == {
        "sum": (None, 4, 1),
        "loose": (None, 4, 0),
        "contact": (None, 5, 3),
        "year": (None, 5, 3),
        "implied": (None, 2, 1),
    }
    assert [row for row, _ in found["contact"].samples] == [1, 2, 5]


# -- the version before


def _drifting(share: float, rows: int = 1000) -> dict[str, Any]:
    moved = int(rows * share)
    return {
        "数": [at % 100 + (200 if at < moved else 0) for at in range(rows)],
        "小数": [(at % 97) / 7 + (20 if at < moved else 0) for at in range(rows)],
        "日": [dt.date(2025, 1, 1) + dt.timedelta(days=at % 90 + (365 if at < moved else 0)) for at in range(rows)],
        "时": [dt.datetime(2025, 1, 1 + at % 28, at % 24) for at in range(rows)],  # noqa: DTZ001
        "类": ["新" if at < moved else "甲" if at % 4 else "乙" for at in range(rows)],
        "空": [None if at < moved else "x" for at in range(rows)],
        "名": [f"名{at}" for at in range(rows)],
    }


@pytest.fixture
def before(tmp_path: Path) -> dict[str, Any]:
    """The version before: its rows, columns and profile as they are stored."""
    path = _write(tmp_path, _drifting(0), "before.parquet")
    profile = profiles.profile(path).to_json()
    return {"rows": 1000, "columns": list(_drifting(0)), "profile": profile}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_column_that_drifted_is_found(tmp_path: Path, before: dict[str, Any], engine: str) -> None:
    path = _write(tmp_path, _drifting(0.4))
    rules = [Rule(name, "steady", (name,), {"limit": 0.25}) for name in _drifting(0)]
    found = _outcomes(path, rules, engine, {"previous": before})
    assert {key: (one.error, one.applies, one.success) for key, one in found.items()} == {
        "数": (None, True, False),
        "小数": (None, True, False),
        "日": (None, True, False),
        "时": (None, True, True),
        "类": (None, True, False),
        "空": (None, True, False),
        "名": (None, False, True),
    }


def test_engines_see_the_same_index(tmp_path: Path, before: dict[str, Any]) -> None:
    path = _write(tmp_path, _drifting(0.1))
    names = [name for name in _drifting(0) if name != "名"]
    rules = [Rule(name, "steady", (name,), {"limit": 0.25}) for name in names]
    fast, slow = (_outcomes(path, rules, engine, {"previous": before}) for engine in ENGINES)
    assert {name: fast[name].observed for name in names} == pytest.approx({name: slow[name].observed for name in names})


@pytest.mark.parametrize("engine", ENGINES)
def test_the_index_is_the_one_worked_out_by_hand(tmp_path: Path, engine: str) -> None:
    old = {"name": "c", "sort": "text", "nulls": 0, "top": [["a", 500], ["b", 500]], "top_exact": True}
    path = _write(tmp_path, {"c": ["a"] * 80 + ["b"] * 20})
    found = _outcomes(
        path, [_rule("steady", "c", limit=0.25)], engine, {"previous": {"rows": 1000, "profile": {"columns": [old]}}}
    )["steady"]
    by_hand = (0.8 - 0.5) * math.log(0.8 / 0.5) + (0.2 - 0.5) * math.log(0.2 / 0.5)
    assert found.observed == pytest.approx(by_hand)
    assert not found.success


def test_a_histogram_is_cut_into_bins_that_hold_enough() -> None:
    column = {"name": "n", "sort": "integer", "nulls": 20, "histogram": [[1, 2], [2, 3], [3, 95], [4, 60], [None, 20]]}
    found = drift.bins(column, 200)
    assert found == drift.Bins("integer", (3, 4), (), (0.5, 0.3, 0.1, 0.1))
    assert drift.index(found.shares, [50, 30, 10, 10]) == pytest.approx(0)
    assert drift.bins(column, drift.FEWEST - 1) is None


def test_a_loss_against_the_source_and_the_version_before(tmp_path: Path) -> None:
    path = _write(tmp_path, {"a": [1] * 90, "b": [2] * 90})
    previous = {"rows": 100, "columns": ["a", "b", "c"], "profile": {}}
    rules = [
        Rule("kept", "no_drop", (), {"share": 0.9}),
        Rule("dropped", "no_drop", (), {"share": 0.95}),
        Rule("columns", "columns_kept"),
        Rule("source", "rows_as_source"),
        Rule("tolerant", "rows_as_source", (), {"tolerance": 0.1}),
    ]
    found = _outcomes(path, rules, "duckdb", {"previous": previous, "source_rows": 100})
    assert {key: (one.evaluated, one.unexpected, one.success) for key, one in found.items()} == {
        "kept": (100, 10, True),
        "dropped": (100, 10, False),
        "columns": (3, 1, False),
        "source": (100, 10, False),
        "tolerant": (100, 10, True),
    }
    assert found["columns"].detail == "c"


def _weeks(*back: int) -> list[dt.date]:
    return [TODAY - dt.timedelta(days=7 * weeks) for weeks in back]


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
        (_weeks(0), (0, 0, True, False)),  # the first delivery: nothing was due yet
        (_weeks(4, 3, 2, 1, 0), (3, 0, True, True)),
        (_weeks(4, 0), (3, 2, False, True)),
        (_weeks(*range(60)), (12, 0, True, True)),
        ([], (0, 0, True, False)),
    ],
)
def test_each_cycle_has_its_update(tmp_path: Path, deliveries: list[dt.date], expected: tuple[Any, ...]) -> None:
    path = _write(tmp_path, {"a": [1]})
    parameters = {"max_age_days": 7.7, "deliveries": deliveries}
    found = _outcomes(path, [_rule("on_schedule")], "duckdb", parameters)["on_schedule"]
    assert (found.evaluated, found.unexpected, found.success, found.applies) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_freshness_against_the_promised_cycle(tmp_path: Path, engine: str) -> None:
    path = _write(tmp_path, {"d": pa.array([TODAY - dt.timedelta(days=8), None], pa.date32())})
    rules = [_rule("newest", "d", days="cycle"), _rule("updated_within", days="cycle")]
    updated = dt.datetime(2026, 11, 15, 23, 0, tzinfo=dt.UTC)  # in the city the 16th has begun
    weekly = {"max_age_days": 7.7, "updated_at": updated}
    found = _outcomes(path, rules, engine, weekly)
    assert [(one.success, one.unexpected) for one in found.values()] == [(False, 1), (True, 0)]
    assert found["updated_within"].observed == 7
    assert all(one.success for one in _outcomes(path, rules, engine, {"max_age_days": 34.1}).values())
    assert not any(one.applies for one in _outcomes(path, rules, engine).values())


def test_what_is_known_of_a_delivery(tmp_path: Path) -> None:
    path = _write(tmp_path, {"a": [1], "b": [2]})
    rules = [_rule("accessible"), _rule("usable"), _rule("safeguarded")]
    known = {"accesses": (2, 1), "rows_read": 10, "rows_loaded": 9, "exposed": ["b"]}
    found = _outcomes(path, rules, "duckdb", known)
    assert {key: (one.evaluated, one.unexpected, one.success, one.detail) for key, one in found.items()} == {
        "accessible": (2, 1, False, None),
        "usable": (10, 1, False, None),
        "safeguarded": (2, 1, False, "b"),
    }


def test_a_rule_without_its_parameter_is_not_applicable_and_no_error(tmp_path: Path) -> None:
    path = _write(tmp_path, {"a": ["1"], "b": [2], "d": [TODAY]})
    rules = [
        _rule("refers_to", "a", of="x.y"),
        _rule("same_as", "a", "b", of="x.y", value="z"),
        _rule("code_list", "a", list="x"),
        _rule("steady", "b", limit=0.25),
        _rule("newest", "d", days="cycle"),
        _rule("updated_within", days="cycle"),
        _rule("on_schedule"),
        _rule("rows_as_source"),
        _rule("no_drop", share=0.9),
        _rule("columns_kept"),
        _rule("safeguarded"),
        _rule("accessible"),
        _rule("usable"),
    ]
    for one in _outcomes(path, rules, "duckdb").values():
        assert (one.error, one.evaluated, one.unexpected, one.success, one.applies) == (None, 0, 0, True, False), one
