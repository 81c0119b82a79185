"""The filter grammar: pure, reversible, and clear about what is wrong."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import filters
from catalog.filters import Condition, Filter, Op, Order
from catalog.reading_files import ColumnType
from policies.refusals import Invalid

COLUMNS = {
    "镇街": ColumnType.TEXT,
    "a:b\\c": ColumnType.TEXT,
    "数": ColumnType.INTEGER,
    "额": ColumnType.DECIMAL,
    "公开": ColumnType.BOOLEAN,
    "日期": ColumnType.DATE,
    "时刻": ColumnType.DATETIME,
}


@pytest.mark.parametrize(
    ("param", "condition"),
    [
        ("镇街:eq:织里镇", Condition("镇街", Op.EQ, ("织里镇",))),
        ("镇街:EQ:a:b,c\\d", Condition("镇街", Op.EQ, ("a:b,c\\d",))),
        ("镇街:eq:", Condition("镇街", Op.EQ, ("",))),
        ("镇街:in:甲,乙\\,丙", Condition("镇街", Op.IN, ("甲", "乙,丙"))),
        ("镇街:in:,", Condition("镇街", Op.IN, ("", ""))),
        ("a\\:b\\\\c:starts:x", Condition("a:b\\c", Op.STARTS, ("x",))),
        ("数:ge:-5", Condition("数", Op.GE, (-5,))),
        ("数:in:1,2", Condition("数", Op.IN, (1, 2))),
        ("额:lt:1e3", Condition("额", Op.LT, (1000.0,))),
        ("公开:eq:是", Condition("公开", Op.EQ, (True,))),
        ("日期:le:2026-01-31", Condition("日期", Op.LE, (date(2026, 1, 31),))),
        ("时刻:gt:2026-01-31T08:30", Condition("时刻", Op.GT, (datetime(2026, 1, 31, 8, 30),))),  # noqa: DTZ001
        ("镇街:null", Condition("镇街", Op.NULL)),
        ("镇街:notnull:", Condition("镇街", Op.NOTNULL)),
    ],
)
def test_what_a_parameter_means(param: str, condition: Condition) -> None:
    assert filters.parse([param], COLUMNS) == Filter((condition,))


@pytest.mark.parametrize(
    ("param", "code"),
    [
        ("", "filter.malformed"),
        ("镇街", "filter.malformed"),
        ("镇街:eq", "filter.malformed"),
        ("\\x:eq:1", "filter.malformed"),
        ("不存在:eq:1", "filter.unknown-column"),
        (":eq:1", "filter.unknown-column"),
        ("镇街:like:%", "filter.unknown-operator"),
        ("镇街::x", "filter.unknown-operator"),
        ("数:contains:1", "filter.operator-unfit"),
        ("公开:lt:1", "filter.operator-unfit"),
        ("数:eq:1.5", "filter.value-unfit-integer"),
        ("数:eq:１", "filter.value-unfit-integer"),
        ("数:eq:9223372036854775808", "filter.value-unfit-integer"),
        ("数:in:1,", "filter.value-unfit-integer"),
        ("额:eq:nan", "filter.value-unfit-decimal"),
        ("额:eq:1_0", "filter.value-unfit-decimal"),
        ("额:eq:1e999", "filter.value-unfit-decimal"),
        ("公开:eq:maybe", "filter.value-unfit-boolean"),
        ("日期:eq:2026-02-30", "filter.value-unfit-date"),
        ("日期:eq:20260201", "filter.value-unfit-date"),
        ("时刻:eq:2026-01-31T08:00Z", "filter.value-unfit-datetime"),
        ("时刻:eq:昨天", "filter.value-unfit-datetime"),
        ("镇街:eq:a\0b", "filter.value-unfit-text"),
        ("镇街:eq:\ud800", "filter.value-unfit-text"),
        ("镇街:null:x", "filter.value-surplus"),
        ("镇街:eq:" + "x" * 1001, "filter.too-long"),
        ("镇街:in:" + ",".join("x" * 201), "filter.too-many"),
    ],
)
def test_what_is_wrong_is_said(param: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        filters.parse([param], COLUMNS)
    assert caught.value.code == code
    assert caught.value.text("zh")
    assert caught.value.text("en")


def test_too_many_conditions_are_refused() -> None:
    with pytest.raises(Invalid) as caught:
        filters.parse(["镇街:null"] * 21, COLUMNS)
    assert caught.value.code == "filter.too-many"


def test_orders() -> None:
    assert filters.parse_order(["数:desc", "a\\:b\\\\c", "镇街:asc"], COLUMNS) == (
        Order("数", descending=True),
        Order("a:b\\c"),
        Order("镇街"),
    )
    for wrong in ("数:up", "没有", "数:desc:desc"):
        with pytest.raises(Invalid):
            filters.parse_order([wrong], COLUMNS)
    with pytest.raises(Invalid):
        filters.parse_order(["数"] * 6, COLUMNS)


def test_a_filter_tells_which_columns_it_looks_at() -> None:
    assert filters.columns_used(filters.parse(["数:eq:1", "镇街:null", "数:null"], COLUMNS)) == {"数", "镇街"}


def test_values_are_never_part_of_the_statement() -> None:
    wanted = filters.parse(["镇街:in:'; DROP TABLE x,b", "镇街:contains:' OR 1=1 --"], COLUMNS)
    statement, bound = filters.compile_sql(wanted, lambda name: f"c{list(COLUMNS).index(name)}")
    assert statement == "c0 IN (?, ?) AND contains(c0, ?)"
    assert bound == ["'; DROP TABLE x", "b", "' OR 1=1 --"]


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)
VALUES: dict[ColumnType, st.SearchStrategy[filters.Value]] = {
    ColumnType.TEXT: words,
    ColumnType.INTEGER: st.integers(-(2**63), 2**63 - 1),
    ColumnType.DECIMAL: st.floats(allow_nan=False, allow_infinity=False),
    ColumnType.BOOLEAN: st.booleans(),
    ColumnType.DATE: st.dates(),
    ColumnType.DATETIME: st.datetimes(),
}


@st.composite
def wanted_filters(draw: st.DrawFn) -> tuple[dict[str, ColumnType], Filter]:
    columns = draw(st.dictionaries(names, st.sampled_from(ColumnType), min_size=1, max_size=4))
    conditions = []
    for _ in range(draw(st.integers(0, 4))):
        name = draw(st.sampled_from(sorted(columns)))
        op = draw(st.sampled_from([Op.EQ, Op.NE, Op.IN, Op.NULL, Op.NOTNULL]))
        sizes = {Op.IN: (1, 4), Op.NULL: (0, 0), Op.NOTNULL: (0, 0)}.get(op, (1, 1))
        values = draw(st.lists(VALUES[columns[name]], min_size=sizes[0], max_size=sizes[1]))
        conditions.append(Condition(name, op, tuple(values)))
    return columns, Filter(tuple(conditions))


@given(wanted_filters())
def test_an_address_brings_the_filter_back(made: tuple[dict[str, ColumnType], Filter]) -> None:
    columns, wanted = made
    assert filters.parse(filters.render(wanted), columns) == wanted


@given(st.text(max_size=60))
def test_no_parameter_whatever_does_anything_but_parse_or_refuse(param: str) -> None:
    for text in (
        param,
        f"镇街:{param}",
        f"数:eq:{param}",
        f"时刻:eq:{param}",
        f"日期:in:{param}",
        f"额:gt:{param}",
    ):
        try:
            wanted = filters.parse([text], COLUMNS)
        except Invalid:
            continue
        assert filters.parse(filters.render(wanted), COLUMNS) == wanted
