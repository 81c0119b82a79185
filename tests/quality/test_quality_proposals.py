"""Proposals: what is worth proposing is, what would be absurd is not, and what is proposed can be run."""

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from policies import identifiers
from quality.engines import expectations
from quality.profiling import profiles
from quality.proposing import proposals, proposed_values
from quality.proposing.proposals import ItemHint
from quality.rules import kinds, rules
from quality.rules.rules import Rule

TODAY = dt.date(2026, 11, 23)
ROWS = 2000


def _register() -> dict[str, Any]:
    """A dirty register of two thousand rows."""
    source = random.Random(1)  # noqa: S311
    stems = ["91330502" + "".join(source.choice("0123456789ABCDEFGH") for _ in range(9)) for _ in range(ROWS)]
    codes = [stem + identifiers.uscc_check_character(stem) for stem in stems]
    codes[5], codes[7] = codes[4], codes[7][:17] + ("0" if codes[7][17] != "0" else "1")
    states = [source.choice(["存续", "注销", "迁出登记"]) for _ in range(ROWS)]
    states[9], states[10] = "迁出登计", "无"
    days = [dt.date(2001, 1, 1) + dt.timedelta(days=source.randrange(9000)) for _ in range(ROWS)]
    amounts: list[float | None] = [round(source.lognormvariate(5, 1), 2) for _ in range(ROWS)]
    amounts[3], amounts[4] = -5.0, 1e12
    return {
        "统一社会信用代码": codes,
        "企业名称": [f"湖州第{at}号有限公司" for at in range(ROWS)],
        "联系电话": [f"1{source.randrange(3 * 10**9, 10**10)}" for _ in range(ROWS)],
        "登记状态": states,
        "注册资本": amounts,
        "行业代码": [source.randrange(1000, 9999) for _ in range(ROWS)],
        "成立日期": [None if at % 500 == 0 else day for at, day in enumerate(days)],
        "有效期至": [day + dt.timedelta(days=20_000) for day in days],
        "邮政编码": ["313000"] * ROWS,
        "序号": list(range(1, ROWS + 1)),
        "备注": [" 有空格" if at % 20 == 0 else f"第{at}条说明" for at in range(ROWS)],
        "经度": [round(source.gauss(120, 0.2), 6) for _ in range(ROWS)],
    }


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("proposals") / "t.parquet"
    pq.write_table(pa.table(_register()), path)
    return path


@pytest.fixture(scope="module")
def proposed(register: Path) -> dict[str, Rule]:
    found = proposals.propose(profiles.profile(register), [], today=TODAY)
    return {rule.rule_id: rule for rule in found}


def test_what_is_worth_proposing(proposed: dict[str, Rule]) -> None:
    wanted = {
        "row_count:",
        "columns_match:" + "+".join(list(_register())[:8]),
        "no_duplicate_rows:",
        "unique:统一社会信用代码",
        "unique:序号",
        "matches_pattern:统一社会信用代码:uscc",
        "check_digits:统一社会信用代码",
        "matches_pattern:联系电话:mobile",
        "matches_pattern:邮政编码:postcode",
        "not_null:企业名称",
        "in_set:登记状态",
        "not_in_set:登记状态",
        "between:注册资本",
        "between:成立日期",
        "between:经度",
        "in_order:成立日期+有效期至",
        "lacks_pattern:备注:untrimmed",
    }
    assert wanted <= set(proposed)
    assert proposed["in_set:登记状态"].parameters["values"] == ["存续", "注销", "迁出登记"]
    assert "“迁出登计”像“迁出登记”" in proposed["in_set:登记状态"].why_zh
    assert proposed["not_in_set:登记状态"].parameters["values"] == ["无"]
    assert 0.9 <= proposed["not_null:成立日期"].mostly < 1


def test_what_would_be_absurd_is_not_proposed(proposed: dict[str, Rule]) -> None:
    absurd = [f"unique:{name}" for name in ("企业名称", "联系电话", "成立日期", "经度", "备注")]
    absurd += [f"between:{name}" for name in ("行业代码", "序号", "有效期至", "邮政编码")]
    absurd += ["in_set:企业名称", "in_set:备注"]
    assert not set(absurd) & set(proposed)


def test_every_proposal_has_reason_sentence_and_indicator(proposed: dict[str, Rule]) -> None:
    for rule in proposed.values():
        assert rule.why_zh
        assert rule.why_en
        assert rules.sentence(rule)
        assert kinds.DIMENSIONS[int(rule.indicator[:2]) - 1] == rule.dimension


def test_proposals_run_and_find_the_seeded_defects(register: Path, proposed: dict[str, Rule]) -> None:
    run = expectations.run(register, list(proposed.values()), parameters={"today": TODAY})
    found = {outcome.rule_id: outcome for outcome in run.results}
    assert [outcome for outcome in run.results if outcome.error] == []
    assert [row for row, _ in found["unique:统一社会信用代码"].samples] == [5, 6]
    assert [row for row, _ in found["check_digits:统一社会信用代码"].samples] == [8]
    assert [row for row, _ in found["in_set:登记状态"].samples] == [10, 11]
    assert {4, 5} <= {row for row, _ in found["between:注册资本"].samples}
    assert found["between:注册资本"].unexpected < ROWS * 0.005


def test_what_the_catalogue_says_comes_first(register: Path) -> None:
    items = [
        ItemHint("统一社会信用代码", "信用代码", "C", nullable=False, is_primary=True),
        ItemHint("登记状态", "", "C", codes=("存续", "注销", "吊销")),
        ItemHint("注册资本", "", "N", nullable=False),
        ItemHint("备注", "", "C", nullable=True, pattern="email"),
    ]
    found = {r.rule_id: r for r in proposals.propose(profiles.profile(register), items, today=TODAY)}
    assert found["unique:统一社会信用代码"].origin == "item"
    assert found["not_null:统一社会信用代码"].severity == "critical"
    assert found["in_set:登记状态"].parameters["values"] == ["存续", "注销", "吊销"]
    assert found["type:注册资本"].parameters == {"type": "number"}
    assert found["columns_match:统一社会信用代码+登记状态+注册资本+备注"].parameters == {"exact": True}
    assert found["matches_pattern:备注:email"].origin == "item"


def test_several_primary_items_are_unique_together(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": [1, 1, 2], "b": [1, 2, 1]}), path)
    items = [ItemHint("a", is_primary=True), ItemHint("b", is_primary=True)]
    found = proposals.propose(profiles.profile(path), items)
    assert [rule.columns for rule in found if rule.kind == "unique_together"] == [("a", "b")]


def test_the_same_table_gets_the_same_proposals(register: Path, proposed: dict[str, Rule]) -> None:
    again = proposals.propose(profiles.profile(register), [], today=TODAY)
    assert list(proposed.values()) == list(again)


def test_an_empty_table_gets_few_and_runnable_proposals(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"编号": pa.array([], pa.string()), "x": pa.array([], pa.float64())}), path)
    found = proposals.propose(profiles.profile(path), [])
    assert {rule.kind for rule in found} == {"row_count", "columns_match"}
    run = expectations.run(path, found, parameters={"today": TODAY})
    assert [(outcome.success, outcome.error) for outcome in run.results] == [(False, None), (True, None)]


@pytest.mark.parametrize(
    ("rare", "frequent", "slip"),
    [
        ("浙江 省", "浙江省", True),
        ("ＡＢＣ", "abc", True),
        ("统一登计", "统一登记", True),
        ("heart attaxk", "heart attack", True),
        ("yxs", "yes", True),
        ("未办结", "已办结", False),
        ("不合格产品", "合格产品", False),
        ("男", "女", False),
        ("330500", "330502", False),
        ("第一小学", "第二小学", False),
    ],
)
def test_slips_are_told_from_other_words(rare: str, frequent: str, slip: bool) -> None:
    found = proposed_values.slips([(frequent, 400), ("其他情况", 300), (rare, 3)])
    assert (found.get(rare) == frequent) is slip


def test_a_value_far_rarer_than_all_others_is_doubted() -> None:
    counted = [("330502", 500), ("330503", 400), ("330521", 300), ("330500", 1)]
    assert proposed_values.slips(counted) == {"330500": ""}
    assert proposed_values.slips([("甲", 500), ("乙", 30), ("丙", 4)]) == {}


def test_a_data_element_lays_down_the_form_of_its_items(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"站点": ["A-01", "B-22", "C3", "D-4400"], "数": [1, 2, 3, 4]}), path)
    laid_down = {"element": "stop-code", "regex": "[A-Z]-[0-9]+", "longest": 4}
    items = [ItemHint("站点", "", "C", **laid_down), ItemHint("数", "", "I", **laid_down)]
    found = {
        rule.rule_id: rule for rule in proposals.propose(profiles.profile(path), items) if "element" in rule.why_en
    }
    assert set(found) == {"matches_pattern:站点:element", "length:站点:element"}
    outcomes = {one.rule_id: one for one in expectations.run(path, list(found.values())).results}
    assert [[row for row, _ in one.samples] for one in outcomes.values()] == [[3], [4]]
