"""Two workbooks as offices hand them in: titles, merged headings, totals, notes, figures that are only text.

Their figures are counted or measured from the originals of the demonstration's tables of Huzhou; the institutions
of the ledger and their codes are made up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter

from demo.originals import FILES, county_outlines, names_of, ring_area, rows_of_city
from policies import identifiers

CREATED = datetime(2026, 1, 1)  # noqa: DTZ001 (a workbook's times have no zone)
SUMMARY_KEYS = ("镇", "乡", "街道", "村委会", "居委会")
KINDS = ("乡镇（街道）", "村（社区）", "轮廓顶点")
SERIAL_DAY_0 = date(1899, 12, 30)
"""Day nought of the calendar of 1900, as it counts from March 1900 on."""


def figures(source: Path) -> dict[str, Counter[str]]:
    """Return by county code how many towns and villages of each kind it has, and the vertices of its outline."""
    _, towns = names_of(source)
    found: dict[str, Counter[str]] = {code: Counter() for code in sorted({town[:6] for town in towns})}
    for code, name in towns.items():
        found[code[:6]][next(kind for kind in SUMMARY_KEYS[:3] if name.endswith(kind))] += 1
    for village in rows_of_city(source, "villages_china", "3305"):
        found[village["areaCode"]]["村委会" if village["name"].endswith("村委会") else "居委会"] += 1
    for feature in county_outlines(source):
        found[str(feature["id"])]["顶点"] = len(feature["geometry"]["coordinates"][0])
    return found


def make_summary(source: Path) -> None:
    """Towns and villages of Huzhou's counties as one table of a report, counted from the lists of both.

    Title, reporter and unit above; headings on two levels, merged; a row that numbers the columns; the total on
    top; note and day below.
    """
    counties, _ = names_of(source)
    areas = {str(one["id"]): ring_area(one["geometry"]["coordinates"][0]) for one in county_outlines(source)}
    counts = figures(source)
    rows: list[list[Any]] = [
        [place, counties[code], code, *(counts[code][key] for key in SUMMARY_KEYS), round(areas[code], 1)]
        for place, code in enumerate(counts, 1)
    ]
    with workbook("huzhou_county_summary_bureau.xlsx", "湖州市区县情况统计") as book:
        sheet = book.add_worksheet("汇总表")
        middle = book.add_format({"align": "center", "valign": "vcenter", "border": 1})
        sheet.merge_range("A1:I1", "湖州市各区县乡镇（街道）和村（社区）情况统计表", middle)
        sheet.merge_range("A2:F2", "填报单位：湖州市民政局（演示）")
        sheet.merge_range("G2:I2", "单位：个、平方千米")
        for cells, text in (
            ("A3:A4", "序号"),
            ("B3:B4", "区县"),
            ("C3:C4", "行政区划代码"),
            ("D3:F3", "乡级区划"),
            ("G3:H3", "村级组织"),
            ("I3:I4", "图上面积"),
        ):
            sheet.merge_range(cells, text, middle)
        sheet.write_row("D4", SUMMARY_KEYS, middle)
        sheet.write_row("A5", ("甲", "乙", "丙", *"123456"), middle)
        sheet.merge_range("A6:C6", "合计", middle)
        sheet.write_row(
            "D6", (round(sum(column), 1) for column in zip(*(row[3:] for row in rows), strict=True)), middle
        )
        for place, row in enumerate(rows, 6):
            sheet.write_row(place, 0, row, middle)
        sheet.merge_range(
            "A12:I12",
            "注：村级组织按名称统计，名称末尾为“村委会”的计入村委会，其余计入居委会；图上面积为示意图形的面积。",
        )
        sheet.merge_range("A13:I13", "填报日期：2026年11月3日")


def make_ledger(source: Path) -> None:
    """A ledger of three collections a county, by made-up institutions, over counts of towns, villages and vertices.

    On the second of three sheets, the third of them hidden. County cells merged downwards; unified social credit
    codes as text, serial numbers of 18 digits as numbers, which cost them their last ones; counts and shares as
    text with comma and percent sign; one day as the bare serial number, one as 2026年10月16日; a formula that was
    never computed.
    """
    counties, _ = names_of(source)
    counts = figures(source)
    measured = {
        code: (sum(count[key] for key in SUMMARY_KEYS[:3]), sum(count[key] for key in SUMMARY_KEYS[3:]), count["顶点"])
        for code, count in counts.items()
    }
    totals = [sum(column) for column in zip(*measured.values(), strict=True)]
    with workbook("huzhou_collection_ledger_bureau.xlsx", "湖州市基础数据采集台账") as book:
        about, sheet, codes = (book.add_worksheet(name) for name in ("填报说明", "采集台账", "代码表"))
        about.write_column("A1", ("一、本台账由各承接机构填写。", "二、流水号由系统生成，共18位。"))
        codes.write_column("A1", ("采集对象", *KINDS))
        codes.hide()
        sheet.activate()
        sheet.merge_range("A1:J1", "湖州市基础数据采集台账（演示）")
        sheet.write_row("A2", LEDGER)
        number = 0
        for place, (code, values) in enumerate(measured.items()):
            sheet.merge_range(2 + place * 3, 0, 4 + place * 3, 0, counties[code])
            for kind, value, total in zip(KINDS, values, totals, strict=True):
                write_ledger_row(sheet, number, code, kind, value, value / total)
                number += 1


LEDGER = (
    "区县",
    "采集对象",
    "承接机构",
    "统一社会信用代码",
    "任务流水号",
    "记录数",
    "占全市比重",
    "开始日期",
    "完成日期",
    "核对数",
)


def write_ledger_row(sheet: Any, number: int, county: str, kind: str, value: int, share: float) -> None:
    """Write a row of the ledger but for its county; the row is `number` rows below the first."""
    row = 2 + number
    begun = date(2026, 10, 12) + timedelta(days=number % 5)
    done = begun + timedelta(days=4 + number % 3)
    sheet.write_row(row, 1, (kind, f"示例数据采集站（{number + 1:02}号）", made_up_code(county, 501 + number)))
    sheet.write_number(row, 4, int(f"20261103{county}{number + 1:04}"))
    sheet.write_row(row, 5, (f"{value:,}", f"{share:.1%}"))
    sheet.write_number(row, 7, (begun - SERIAL_DAY_0).days)
    sheet.write_string(row, 8, f"{done.year}年{done.month}月{done.day}日")
    sheet.write_formula(row, 9, f'=VALUE(SUBSTITUTE(F{row + 1},",",""))', None, "")


def made_up_code(county: str, number: int) -> str:
    """Return a unified social credit code of a public institution that does not exist, both check digits right."""
    organisation = f"TX{number:06}"
    first = f"12{county}{organisation}{identifiers.organisation_check_character(organisation)}"
    return first + identifiers.uscc_check_character(first)


def workbook(name: str, title: str) -> Any:
    """Return a new workbook of ours that keeps text as text and bears a fixed day."""
    options = {"strings_to_numbers": False, "strings_to_formulas": False}
    book = xlsxwriter.Workbook(FILES / name, options)
    book.set_properties({"title": title, "created": CREATED})
    return book


MAKERS: tuple[Callable[[Path], None], ...] = (make_summary, make_ledger)
