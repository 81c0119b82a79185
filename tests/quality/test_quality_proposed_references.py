"""Proposals that look beyond a column: totals, divisions, other codes, newest records, later versions."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from policies import identifiers
from quality.engines import expectations
from quality.profiling import profiles
from quality.proposing import proposals
from quality.proposing.proposals import ItemHint
from quality.rules.rules import Rule

TODAY = dt.date(2026, 11, 23)
ROWS = 600


def _proposed(folder: Path, columns: dict[str, Any], *items: ItemHint) -> dict[str, Rule]:
    path = folder / "t.parquet"
    pq.write_table(pa.table(columns), path)
    return {rule.rule_id: rule for rule in proposals.propose(profiles.profile(path), items, today=TODAY)}


def _numbers(step: int) -> list[int]:
    return [at * step % 53 + 1 for at in range(ROWS)]


def test_totals_are_found_with_all_their_parts(tmp_path: Path) -> None:
    men, women, other = _numbers(3), _numbers(5), _numbers(7)
    total = [sum(row) for row in zip(men, women, other, strict=True)]
    total[0] += 9  # one slip among six hundred
    columns = {"年份": [2020] * ROWS, "男": men, "女": women, "未知": other, "合计": total, "面积": _numbers(11)}
    found = _proposed(tmp_path, columns)
    sums = [rule for rule in found.values() if rule.kind == "sums_to"]
    assert [rule.columns for rule in sums] == [("未知", "女", "男", "合计")]
    run = expectations.run(tmp_path / "t.parquet", sums, parameters={"today": TODAY})
    assert (run.results[0].evaluated, run.results[0].unexpected) == (ROWS, 1)


def test_a_total_that_is_none_is_not_proposed(tmp_path: Path) -> None:
    found = _proposed(tmp_path, {"男": _numbers(3), "女": _numbers(5), "合计": _numbers(7), "总数": [0] * ROWS})
    assert not [rule for rule in found.values() if rule.kind == "sums_to"]


@pytest.mark.parametrize(
    ("name", "codes", "on"),
    [
        ("行政区划代码", ["330502", "330503", "330521"], "today"),
        ("行政区划代码", ["330502", "330103", "330104"], "ever"),  # a table of the years before 2021
        ("户籍行政区划", ["330502", "330103", "330104"], "ever"),
        ("行政区划代码", ["330502", "339999", "338888"], None),
        ("邮编", ["330502", "330503", "330521"], None),
    ],
)
def test_division_codes_are_held_to_their_time(tmp_path: Path, name: str, codes: list[str], on: str | None) -> None:
    found = _proposed(tmp_path, {name: (codes * ROWS)[:ROWS], "值": _numbers(3)})
    rule = found.get(f"division_code:{name}")
    assert (rule.parameters["on"] if rule else None) == on


def test_codes_with_check_digits_are_held_to_them(tmp_path: Path) -> None:
    organisations = [f"{at:08}" for at in range(ROWS)]
    cards = [f"62220210011342{at:04}" for at in range(ROWS)]
    columns = {
        "组织机构代码": [one + identifiers.organisation_check_character(one) for one in organisations],
        "银行卡号": [one + identifiers.luhn_check_digit(one) for one in cards],
        "注册号": [f"{at:014}" + identifiers.registration_check_digit(f"{at:014}") for at in range(ROWS)],
        "流水": [f"{at:015}" for at in range(ROWS)],
    }
    found = _proposed(tmp_path, columns)
    schemes = {rule.columns[0]: rule.parameters["scheme"] for rule in found.values() if rule.kind == "check_digits"}
    assert schemes == {"组织机构代码": "organisation_code", "银行卡号": "bank_card", "注册号": "registration"}
    run = expectations.run(tmp_path / "t.parquet", list(found.values()), parameters={"today": TODAY})
    assert not [one for one in run.results if one.error]


def test_newest_records_are_held_to_the_cycle_and_later_versions_to_the_first(tmp_path: Path) -> None:
    days = [TODAY - dt.timedelta(days=at % 30) for at in range(ROWS)]
    columns = {
        "编号": [f"A{at}" for at in range(ROWS)],
        "更新时间": days,
        "日期": days,
        "类别": ["甲", "乙", "丙"] * 200,
    }
    found = _proposed(tmp_path, columns, ItemHint("日期", is_timestamp=True))
    assert found["newest:更新时间"].parameters == {"days": "cycle"}
    assert "newest:日期" in found
    assert found["no_drop:"].severity == "info"
    steady = [rule for rule in found.values() if rule.kind == "steady"]
    assert [(rule.columns, rule.weight, rule.severity) for rule in steady] == [(("类别",), 0.0, "info")]
    run = expectations.run(tmp_path / "t.parquet", list(found.values()), parameters={"today": TODAY})
    outcomes = {one.rule_id: one for one in run.results}
    assert not [one for one in run.results if one.error]
    assert not outcomes["no_drop:"].applies
    assert not outcomes["steady:类别"].applies
