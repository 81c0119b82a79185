"""Conversions are offered with their counts, done only when accepted, and refuse what they do not take."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import reading_files
from catalog.reading_files import ColumnSpec, ColumnType, Intake, conversions
from catalog.reading_files.shapes import Layout
from policies.refusals import Invalid, Refusal

DAYS_OF_MARCH = [date(2023, 3, 15), date(2023, 3, 16)]


def taken(
    folder: Path, name: str, values: list[str], accepted: str | None = None, type_: ColumnType | None = None
) -> tuple[Intake, list[Any], list[Any]]:
    """Read one column beside a numbered one; account, stored values, refused rows."""
    source = folder / "given.csv"
    source.write_text(f'n,"{name}"\n' + "".join(f'{n},"{value}"\n' for n, value in enumerate(values)), encoding="utf-8")
    out, refusals = folder / "out.parquet", folder / "refused.jsonl"
    account = reading_files.read_table(
        source,
        "v.csv",
        items=[ColumnSpec(name, type_)] if type_ else None,
        out=out,
        refusals=refusals,
        layout=Layout(conversions={name: accepted} if accepted else {}),
    )
    assert account.rows_read == account.rows_loaded + account.rows_refused == len(values)
    refused = [json.loads(line) for line in refusals.read_text("utf-8").splitlines()]
    return account, pq.read_table(out).column(name).to_pylist(), refused


@pytest.mark.parametrize(
    ("name", "values", "code", "params", "rows", "after", "stored"),
    [
        ("金额", ["1,234,567.00", "5", "-1,000"], "thousands", {}, 2, "1234567.00", [1234567.0, 5.0, -1000.0]),
        ("人口", ["12，345", "6,789"], "thousands", {}, 2, "12345", [12345, 6789]),
        ("占比", ["12.5%", "０．５％", "0"], "percent", {"unit": "%"}, 2, "12.5", [12.5, 0.5, 0.0]),
        ("投资", ["35万元", "1,000 万元", "—"], "unit:万元", {"unit": "万元"}, 3, "35", [35, 1000, None]),
        ("距离", ["12.3km", "4km"], "unit:km", {"unit": "km"}, 2, "12.3", [12.3, 4.0]),
        ("面积", ["100㎡", "88.5㎡"], "unit:㎡", {"unit": "㎡"}, 2, "100", [100.0, 88.5]),
        ("面积", ["100m2", "88m2"], "unit:m2", {"unit": "m2"}, 2, "100", [100, 88]),
        ("价格", ["￥35.5", "￥1,000"], "unit:￥", {"unit": "￥"}, 2, "35.5", [35.5, 1000.0]),
        ("价格", ["￥35万", "￥10万"], "unit:￥万", {"unit": "￥万"}, 2, "35", [35, 10]),
        ("单价", ["35元/吨", "0"], "unit:元/吨", {"unit": "元/吨"}, 1, "35", [35, 0]),
        ("数量", ["35", "—", "无"], "number", {}, 2, "", [35, None, None]),
        ("坐标", ["0.1234567890123456789"], "number", {}, 1, "0.12345678901234568", [0.12345678901234568]),
        ("登记日期", ["45000", "45001"], "serial-date:1900", {"epoch": "1900"}, 2, "2023-03-15", DAYS_OF_MARCH),
        ("登记日期", ["114年11月3日"], "roc-date", {}, 1, "2025-11-03", [date(2025, 11, 3)]),
        ("开工", ["114/11/03", "99.1.2"], "roc-date", {}, 2, "2025-11-03", [date(2025, 11, 3), date(2010, 1, 2)]),
        ("登记日期", ["1141103", "1010102"], "roc-digits", {}, 2, "2025-11-03", [date(2025, 11, 3), date(2012, 1, 2)]),
        ("开工", ["31/01/2026"], "day-first-date", {}, 1, "2026-01-31", [date(2026, 1, 31)]),
        ("开工", ["1/31/2026"], "month-first-date", {}, 1, "2026-01-31", [date(2026, 1, 31)]),
        ("处罚", ["有", "无"], "yes-no:有/无", {"yes": "有", "no": "无"}, 2, "是", [True, False]),
        ("是否公开", ["1", "0"], "yes-no:1/0", {"yes": "1", "no": "0"}, 2, "是", [True, False]),
        ("型号", ["Ａ－１２", "b"], "full-width", {}, 1, "A-12", ["A-12", "b"]),
    ],
)  # fmt: skip
def test_what_a_column_invites_and_what_becomes_of_it(
    tmp_path: Path, name: str, values: list[str], code: str, params: dict[str, str], rows: int, after: str, stored: Any
) -> None:
    account, _, _ = taken(tmp_path, name, values)
    offer = next(offer for offer in account.offers if offer.code == code)
    assert (offer.column, offer.params, offer.rows, offer.after) == (name, params, rows, after)
    assert account.columns[1].type in {ColumnType.TEXT, ColumnType.INTEGER}
    assert Refusal(f"file.offer-{offer.kind}", **offer.params).text("zh")
    account, done, refused = taken(tmp_path, name, values, code)
    assert done == stored
    assert refused == []
    assert account.offers == ()
    text = account.columns[1].type is ColumnType.TEXT
    assert account.columns[1].inferred_reason == ("file.text-plain" if text else "file.typed-converted")


def test_fractions_of_days_are_moments(tmp_path: Path) -> None:
    values = ["45000.354166666664", "45000"]
    account, _, _ = taken(tmp_path, "登记时间", values)
    assert [offer.code for offer in account.offers] == ["serial-datetime:1900"]
    _, stored, _ = taken(tmp_path, "登记时间", values, "serial-datetime:1904")
    assert stored == [datetime(2027, 3, 16, 8, 30), datetime(2027, 3, 16)]  # noqa: DTZ001 stored without a zone


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("数量", ["1", "2"]),
        ("单价", ["45000", "45001"]),
        ("登记日期", ["2026-11-03"]),
        ("房号", ["3号楼", "4号楼"]),
        ("楼栋", ["3号楼", "4号楼"]),
        ("住址", ["湖州市", "德清县"]),
        ("混合", ["3万元", "4元", "5吨"]),
        ("说明", ["甲，乙", "2026年"]),
        ("电话", ["0572-2023456"]),
        ("开工", ["99/11/03"]),
        ("是否", ["是", "否"]),
        ("身份", ["33050219900101001X", "330502199001010011"]),
    ],
)
def test_nothing_is_offered_where_nothing_is_invited(tmp_path: Path, name: str, values: list[str]) -> None:
    assert taken(tmp_path, name, values)[0].offers == ()


def test_an_offer_counts_over_the_whole_file(tmp_path: Path) -> None:
    values = [str(number) for number in range(1, 250_001)] + ["1,234", "x", "2,345"]
    (offer,) = taken(tmp_path, "金额", values)[0].offers
    assert (offer.code, offer.rows, offer.before, offer.params) == ("thousands", 2, "1,234", {"misfits": 1})


def test_a_value_the_conversion_does_not_take_refuses_its_row(tmp_path: Path) -> None:
    account, stored, refused = taken(tmp_path, "投资", ["35万元", "3亿元", "", "NA", "约5万元"], "unit:万元")
    assert stored == [35, None, None]
    assert [(row["line"], row["faults"][0]) for row in refused] == [
        (3, {"column": "投资", "code": "file.row-unconverted", "value": "3亿元"}),
        (6, {"column": "投资", "code": "file.row-unconverted", "value": "约5万元"}),
    ]
    assert account.rows_loaded == 3


def test_a_declared_type_and_a_conversion_go_together(tmp_path: Path) -> None:
    values = ["1,234", "5", "x"] + ["6"] * 10
    account, stored, refused = taken(tmp_path, "金额", values, type_=ColumnType.DECIMAL)
    assert account.rows_refused == 2
    assert [(offer.code, offer.rows, offer.params) for offer in account.offers] == [("thousands", 1, {"misfits": 1})]
    account, stored, refused = taken(tmp_path, "金额", values, "thousands", ColumnType.DECIMAL)
    assert stored == [1234.0, 5.0] + [6.0] * 10
    assert account.columns[1].inferred_reason == "file.typed-declared"
    assert [row["faults"][0]["value"] for row in refused] == ["x"]
    account, stored, _ = taken(tmp_path, "日", ["45000", "45001"], "serial-date:1900", ColumnType.DATE)
    assert stored == [date(2023, 3, 15), date(2023, 3, 16)]


@pytest.mark.parametrize("code", ["x", "unit", "unit:", "serial-date:1999", "yes-no:有", ""])
def test_an_unknown_conversion_is_refused_before_anything_is_read(tmp_path: Path, code: str) -> None:
    with pytest.raises(Invalid, match="换算"):
        taken(tmp_path, "v", ["1"], code or "nothing")


amounts = st.decimals(-(10**12), 10**12, places=2).map(lambda number: f"{number:,}")


@given(st.lists(amounts, min_size=1), st.sampled_from(["", "%", "万元", "元/吨", "m²", "(个)", ".*"]))
def test_an_amount_comes_back_whatever_stands_behind_it(values: list[str], unit: str) -> None:
    code = {"": "thousands", "%": "percent"}.get(unit, f"unit:{unit}")
    found = conversions.convert(pa.array([value + unit for value in values]), code)
    assert found.to_pylist() == [value.replace(",", "") for value in values]


@given(st.lists(st.text(max_size=8)))
def test_no_conversion_breaks_on_any_text(values: list[str]) -> None:
    for kind in conversions.CONVERSIONS:
        params = {"unit": "元", "epoch": "1900", "yes": "有", "no": "无"}
        assert len(conversions.convert(pa.array(values, pa.string()), kind, params)) == len(values)
