"""Types: what the whole file agrees on, and nothing that would lose a digit."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import reading_files
from catalog.reading_files import Column, ColumnSpec, ColumnType, Intake, numerals


def taken(
    folder: Path, values: list[str], type_: ColumnType | None = None, name: str = "v"
) -> tuple[Intake, Column, list[Any]]:
    """Read one column beside a numbered one, so that empty cells are rows too."""
    source = folder / "given.csv"
    source.write_text(f"n,{name}\n" + "".join(f'{n},"{value}"\n' for n, value in enumerate(values)), encoding="utf-8")
    items = None if type_ is None else [ColumnSpec(name, type_)]
    out = folder / "out.parquet"
    account = reading_files.read_table(source, "v.csv", items=items, out=out, refusals=folder / "refused.jsonl")
    assert account.rows_read == account.rows_loaded + account.rows_refused == len(values)
    return account, account.columns[1], pq.read_table(out).column(name).to_pylist()


@pytest.mark.parametrize(
    ("values", "type_", "reason"),
    [
        (["1", "-2", "0", "999999999999999"], "integer", "file.typed-by-values"),
        (["1", "2.5", ".5", "1e-3", "-0.10"], "decimal", "file.typed-by-values"),
        (["330502", "010203"], "text", "file.text-leading-zeros"),
        (["0571", "0572"], "text", "file.text-leading-zeros"),
        (["1234567890123456", "1"], "text", "file.text-long-digits"),
        (["33050219900101001X"], "text", "file.text-long-digits"),
        (["1", "一"], "text", "file.text-mixed"),
        (["1,234", "5"], "text", "file.text-mixed"),
        (["１２", "３"], "integer", "file.typed-by-values"),
        (["－１．５", "−2", "３"], "decimal", "file.typed-by-values"),
        (["2026-01-31", "2026-2-1"], "date", "file.typed-date-dashed"),
        (["2015/8/25"], "date", "file.typed-date-slashed"),
        (["2026.11.3"], "date", "file.typed-date-dotted"),
        (["2026年1月31日", "2026 年 11 月 3 号"], "date", "file.typed-date-chinese"),
        (["２０２６年１月３１日"], "date", "file.typed-date-chinese"),
        (["民國114年11月3日", "中華民國 99 年 1 月 1 日"], "date", "file.typed-date-republican"),
        (["114年11月3日"], "text", "file.text-plain"),
        (["114/11/03"], "text", "file.text-plain"),
        (["2026年11月", "2026年1月"], "text", "file.text-months"),
        (["2026-11", "2026-01"], "text", "file.text-months"),
        (["8:30", "23:59:59"], "text", "file.text-times"),
        (["2026-01-31", "2026/02/01"], "text", "file.text-mixed"),
        (["2026-02-30"], "text", "file.text-plain"),
        (["2026-01-31 08:00", "2026-01-31T08:00:01.250000000"], "datetime", "file.typed-datetime-dashed"),
        (["2026/1/31 8:05"], "datetime", "file.typed-datetime-slashed"),
        (["2026.1.31 8:05"], "datetime", "file.typed-datetime-dotted"),
        (["2026年1月31日 8:05"], "datetime", "file.typed-datetime-chinese"),
        (["2026年1月31日8时", "2026年1月31日 8時30分5秒"], "datetime", "file.typed-datetime-words"),
        (["2026-01-31", "2026-01-31 08:00"], "text", "file.text-mixed"),
        (["2026-01-31T08:00:00Z", "2026-01-31 16:00:00+0800"], "datetime", "file.typed-zoned"),
        (["true", "FALSE"], "boolean", "file.typed-true-false"),
        (["是", "否"], "boolean", "file.typed-yes-no"),
        (["Y", "n"], "boolean", "file.typed-y-n"),
        (["yes", "No"], "boolean", "file.typed-english-yes-no"),
        (["N", "N"], "text", "file.text-plain"),
        (["是", "否", "不详"], "text", "file.text-mixed"),
        (["是", "true"], "text", "file.text-mixed"),
        (["1", "0"], "integer", "file.typed-by-values"),
        (["有", "无"], "text", "file.text-plain"),
        (["", "NA"], "text", "file.text-empty"),
        (["20260131"], "integer", "file.typed-by-values"),
        (["0000-01-01"], "text", "file.text-plain"),
        (["0001-01-01", "9999-12-31"], "date", "file.typed-date-dashed"),
        (["9999-12-31T23:00:00Z"], "text", "file.text-plain"),
        (["1e999"], "text", "file.text-long-decimals"),
        (["1e-999"], "text", "file.text-long-decimals"),
        (["0.1234567890123456789", "1"], "text", "file.text-long-decimals"),
        (["120.15513247890001", "0.30000000000000004"], "decimal", "file.typed-by-values"),
        (["0.50000000000000000000"], "decimal", "file.typed-by-values"),
        (["10192317.300000000745058", "0.10000000000000001"], "decimal", "file.typed-by-values"),
        (["NE", "N", "y"], "text", "file.text-plain"),
        (["9" * 10_000], "text", "file.text-long-digits"),
        (["0." + "9" * 10_000], "text", "file.text-plain"),
        (["+86", "13"], "text", "file.text-mixed"),
    ],
)
def test_the_type_a_column_is_found_to_have(tmp_path: Path, values: list[str], type_: str, reason: str) -> None:
    account, column, stored = taken(tmp_path, values)
    assert (column.type, column.inferred_reason) == (type_, reason)
    assert account.rows_refused == 0
    if type_ == "text":
        assert stored == [value or None for value in values]


def test_the_last_row_of_a_long_file_decides(tmp_path: Path) -> None:
    values = [str(number) for number in range(250_000)] + ["0123"]
    _, column, stored = taken(tmp_path, values)
    assert column.type is ColumnType.TEXT
    assert stored == values


@pytest.mark.parametrize("late", ["2.5", ""])
def test_integers_become_decimals_when_a_late_value_asks_for_it(tmp_path: Path, late: str) -> None:
    _, column, stored = taken(tmp_path, ["1"] * 210_000 + [late])
    assert column.type is (ColumnType.DECIMAL if late else ColumnType.INTEGER)
    assert stored[-1] == (2.5 if late else None)


@pytest.mark.parametrize("token", ["", "NA", "n/a", "NaN", "nan", "NULL", "null", "\\N", "#N/A", "  ", "\u3000"])
def test_tokens_for_no_value_are_null_in_numbers_and_stay_in_text(tmp_path: Path, token: str) -> None:
    assert taken(tmp_path, ["1", token])[2] == [1, None]
    assert taken(tmp_path, ["甲", token])[2] == ["甲", token or None]


def test_spaces_around_a_number_are_no_part_of_it(tmp_path: Path) -> None:
    assert taken(tmp_path, [" 1", "2\u3000", "\t3"])[2] == [1, 2, 3]


def test_a_time_with_a_zone_is_stored_as_beijing_time(tmp_path: Path) -> None:
    _, _, stored = taken(tmp_path, ["2013-01-01T06:00:00Z", "2013-01-01 14:00:00+08:00", "2013-1-1 01:00:00-05:00"])
    assert stored == [datetime(2013, 1, 1, 14)] * 3  # noqa: DTZ001 stored without a zone


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        (
            "integer",
            {"007": 7, "+5": 5, "5.0": 5, "-3": -3, "NA": None, "＋１２": 12},
            ["5.5", "1,234", "x", "一", "9" * 19],
        ),
        ("decimal", {"1": 1.0, "007.50": 7.5, "1E3": 1000.0, "NaN": None, "-inf": None}, ["1,5", "1e999", "一"]),
        ("boolean", {"是": True, "否": False, "TRUE": True, "0": False, "": None}, ["2", "有"]),
        (
            "date",
            {
                "2026-01-31": date(2026, 1, 31),
                "2026/2/1": date(2026, 2, 1),
                "20260202": date(2026, 2, 2),
                "2026年2月3日": date(2026, 2, 3),
                "2026-02-04 00:00:00": date(2026, 2, 4),
                "2026.2.5": date(2026, 2, 5),
                "民國115年2月6日": date(2026, 2, 6),
            },
            ["2026-02-30", "31/01/2026", "2026-02-04 08:00:00", "2026"],
        ),
        (
            "datetime",
            {
                "2026-01-31": "2026-01-31T00:00:00",
                "2026/1/31 8:05": "2026-01-31T08:05:00",
                "20260131080500": "2026-01-31T08:05:00",
                "2026年1月31日8时5分": "2026-01-31T08:05:00",
            },
            ["2026-01-31 24:00:00", "08:00", "2026-01-31 08:60"],
        ),
        ("text", {"007": "007", "NA": "NA", " x ": " x "}, []),
    ],
)
def test_a_declared_type_takes_what_fits_and_refuses_the_rest(
    tmp_path: Path, type_: str, good: dict[str, Any], bad: list[str]
) -> None:
    account, column, stored = taken(tmp_path, [*good, *bad], ColumnType(type_))
    assert (column.type, column.inferred_reason) == (type_, "file.typed-declared")
    shown = [value.isoformat() if isinstance(value, datetime) else value for value in stored]
    assert shown == list(good.values())
    assert account.rows_refused == len(bad)


@pytest.mark.parametrize(
    ("heading", "values", "type_", "reason"),
    [
        ("行政区划代码", ["330502", "330503"], "text", "file.text-code-heading"),
        ("统一社会信用代码（或组织机构代码）", ["12", "3"], "text", "file.text-code-heading"),
        ("联系人/联系电话1", ["2023456", "110"], "text", "file.text-code-heading"),
        ("phone_no", ["1", "2"], "text", "file.text-code-heading"),
        ("orderId", ["1", "2"], "text", "file.text-code-heading"),
        ("ProviderNumber", ["1", "2"], "text", "file.text-code-heading"),
        ("childNum", ["1", "2"], "integer", "file.typed-by-values"),
        ("phone_num", ["1", "2"], "text", "file.text-code-heading"),
        ("number", ["1", "2"], "integer", "file.typed-by-values"),
        ("account number", ["1", "2"], "text", "file.text-code-heading"),
        ("xzqhdm", ["330502"], "text", "file.text-code-heading"),
        ("企业ID", ["1"], "text", "file.text-code-heading"),
        ("发布编号", ["2026-1-3"], "text", "file.text-plain"),
        ("门牌号", ["1.10", "1.1"], "text", "file.text-code-heading"),
        ("邮编", ["310000", "012345"], "text", "file.text-leading-zeros"),
        ("数量", ["1", "2"], "integer", "file.typed-by-values"),
        ("电话数量", ["1", "2"], "integer", "file.typed-by-values"),
        ("人数", ["1", "2"], "integer", "file.typed-by-values"),
        ("序号", ["1", "2"], "integer", "file.typed-by-values"),
        ("NO2", ["22", "14"], "integer", "file.typed-by-values"),
        ("total number", ["22", "14"], "integer", "file.typed-by-values"),
        ("登记日期", ["20261103", "19990101"], "date", "file.typed-date-compact"),
        ("出生年月日", ["20261103"], "date", "file.typed-date-compact"),
        ("create_date", ["20261103"], "date", "file.typed-date-compact"),
        ("updatedAt", ["20261103083000"], "datetime", "file.typed-datetime-compact"),
        ("登记日期", ["20261103", "20261301"], "integer", "file.typed-by-values"),
        ("登记日期", ["18991231"], "integer", "file.typed-by-values"),
        ("日期编号", ["20261103"], "text", "file.text-code-heading"),
        ("月份", ["2026.10", "2026.1"], "text", "file.text-months"),
        ("单价", ["2026.10", "2026.1"], "decimal", "file.typed-by-values"),
        ("登记日期", ["45000", "45001"], "integer", "file.typed-by-values"),
        ("日期（民國）", ["114/11/03", "99/1/2"], "date", "file.typed-date-republican"),
        ("民国日期", ["1141103", "0990102"], "date", "file.typed-date-republican"),
    ],
)
def test_the_heading_decides_where_digits_alone_do_not_tell(
    tmp_path: Path, heading: str, values: list[str], type_: str, reason: str
) -> None:
    account, column, stored = taken(tmp_path, values, name=heading)
    assert (column.type, column.inferred_reason) == (type_, reason)
    assert account.rows_refused == 0
    if type_ == "text":
        assert stored == values


@pytest.mark.parametrize("heading", ["日期", "民国日期"])
def test_years_of_the_republic_become_years_of_the_common_era(tmp_path: Path, heading: str) -> None:
    assert taken(tmp_path, ["民國114年11月3日", ""], name=heading)[2] == [date(2025, 11, 3), None]


def test_words_for_no_value_and_full_width_digits_are_counted(tmp_path: Path) -> None:
    account, _, stored = taken(tmp_path, ["１", "NaN", "inf", "", "2"])
    assert stored == [1, None, None, None, 2]
    assert [(note.code, note.params["cells"]) for note in account.notes] == [
        ("file.note-tokens-null", 2),
        ("file.note-full-width", 1),
    ]


def test_nothing_is_said_of_words_that_stay_as_they_stand(tmp_path: Path) -> None:
    assert taken(tmp_path, ["甲", "NaN", "１"])[0].notes == ()


def test_a_declared_decimal_that_has_to_be_rounded_is_counted(tmp_path: Path) -> None:
    account, _, stored = taken(tmp_path, ["0.1234567890123456789", "1.5"], ColumnType.DECIMAL)
    assert stored == [0.12345678901234568, 1.5]
    assert [(note.code, note.params) for note in account.notes] == [
        ("file.note-rounded", {"column": "v", "cells": 1}),
        ("file.note-columns-undeclared", {"names": ["n"]}),
    ]


numbers = st.integers(-(10**15) + 1, 10**15 - 1).map(str)
texts = st.text("0123456789.-+eE/年月日: TZNAX湖１２．－民國元是否Yn%,", max_size=14)
headings = st.sampled_from(["v", "日期", "编号", "民國日期", "是否"])
NOTHING = {"", "na", "nan", "n/a", "null"}


@settings(max_examples=150, deadline=None)
@given(st.lists(numbers | texts, min_size=1, max_size=6), headings)
def test_no_typing_ever_loses_a_value(
    tmp_path_factory: pytest.TempPathFactory, values: list[str], heading: str
) -> None:
    """As text: exactly the cells. As integer: the same digits. Nulls only where a cell said so."""
    _, column, stored = taken(tmp_path_factory.mktemp("typing"), values, name=heading)
    bare = [numerals.narrowed(pa.array([value.strip()]))[0][0].as_py() for value in values]
    given = [value for value in bare if value.lower() not in NOTHING]
    if column.type is ColumnType.TEXT:
        assert stored == [value or None for value in values]
        return
    kept = [value for value in stored if value is not None]
    assert len(kept) == len(given)
    if column.type is ColumnType.INTEGER:
        assert [str(value) for value in kept] == given
    elif column.type is ColumnType.DECIMAL:
        assert kept == [float(value) for value in given]
