"""Rules that look beyond the row: codes that prove themselves, other tables, the version before; on every engine."""

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_stage import ENGINES, TODAY, outcomes_of, rule_of, written

from policies import divisions, identifiers
from quality.engines import check_digits, division_codes, engine_keys, engine_tables
from quality.rules.rules import Rule

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
    path = written(tmp_path, {"码": pa.array([*right, None, *wrong, None], pa.string())})
    found = outcomes_of(path, [rule_of("check_digits", "码", scheme=scheme)], engine)["check_digits"]
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
    path = written(
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
    found = outcomes_of(path, rules, engine)
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
    elsewhere = written(
        tmp_path, {"代码": ["a", "b", "b", None], "数": [1, 2, 2, 3], "名": ["甲", "乙", "丙", "丁"]}, "o"
    )
    columns = {
        "码": ["a", "b", "B", "ｂ", None, "z"],
        "数": pa.array([1, 2, 3, 4, None, 5], pa.int64()),
        "字": ["1", "2", "3", "03", None, ""],
        "名": ["甲", "丙", "乙", "乙", "乙", None],
    }
    path = written(tmp_path, columns)
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
    found = outcomes_of(path, rules, engine, {"references": references})
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
    path = written(tmp_path, {"k": ["a", "a", "b", "c", None], "v": [1.0, 2.0, 2.0, 9.0, 1.0]})
    rules = [Rule("same", "same_as", ("k", "v"), {"of": "x.k", "value": "v"})]
    found = outcomes_of(path, rules, engine, {"references": {"x.k": said}})["same"]
    assert (found.error, found.evaluated, found.unexpected) == (None, 4, 1)
    assert [row for row, _ in found.samples] == [2]


def test_the_file_of_a_reference_is_shut_when_rules_run(tmp_path: Path) -> None:
    elsewhere, path = written(tmp_path, {"k": ["a"]}, "o.parquet"), written(tmp_path, {"k": ["a"]})
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
    path = written(tmp_path, {"性别": ["1", "2", "男", None, "１"], "n": [1, 2, 9, None, 1]})
    rules = [
        Rule("sex", "code_list", ("性别",), {"list": "GB/T 2261.1"}),
        Rule("number", "code_list", ("n",), {"list": "GB/T 2261.1"}),
        Rule("unknown", "code_list", ("性别",), {"list": "none"}),
    ]
    found = outcomes_of(path, rules, engine, {"code_lists": {"GB/T 2261.1": ["1", "2"]}})
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
    path = written(tmp_path, columns)
    rules = [
        Rule("sum", "sums_to", ("男", "女", "合计")),
        Rule("loose", "sums_to", ("男", "女", "合计"), {"tolerance": 1}),
        Rule("contact", "any_filled", ("电话", "手机")),
        Rule("year", "any_filled", ("电话", "年")),
        Rule("implied", "implied", ("标志",), {"values": ["1"], "when": {"column": "状态", "values": ["注销"]}}),
    ]
    found = outcomes_of(path, rules, engine)
    assert {key: (one.error, one.evaluated, one.unexpected) for key, one in found.items()} == {
        "sum": (None, 4, 1),
        "loose": (None, 4, 0),
        "contact": (None, 5, 3),
        "year": (None, 5, 3),
        "implied": (None, 2, 1),
    }
    assert [row for row, _ in found["contact"].samples] == [1, 2, 5]
