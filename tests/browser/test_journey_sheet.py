"""A bureau's sheet from drop to published, in both languages: titles, merged headings, a total, long identifiers."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
DISTRICTS = ("吴兴区", "南浔区", "德清县", "长兴县", "安吉县")
COLUMNS = ["区县", "单位数/合计", "单位数/其中：新登记", "从业人员/总数", "从业人员/女性占比", "登记证号"]
WORDS = {
    "zh_Hans_CN": {"asked": "确认表格位置", "passed": "质检通过", "draft": "草稿", "total": "合计"},
    "en": {"asked": "confirm", "passed": "Passed the quality gate", "draft": "Draft", "total": "total"},
}
SAVE = "#main-content form[method=post] button[type=submit]"


def bureau_sheet(path: Path) -> list[list[str]]:
    """Write the sheet; gives its rows of data as they have to come out."""
    rows: list[list[Any]] = []
    for place, district in enumerate(DISTRICTS):
        number = f"52330502{place + 1:09d}{place}"
        rows.append(
            [district, 400 - 50 * place, 12 - 2 * place, 6011 - 900 * place, f"{54.5 + place / 10:.1f}%", number]
        )
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("三季度")
        sheet.merge_range(0, 0, 0, 5, "湖州市2026年三季度民办非企业单位情况统计表")
        sheet.write_row(1, 0, ["填报单位：湖州市民政局", "", "", "填报日期：2026年10月8日", "", "单位：个、人"])
        sheet.merge_range(2, 0, 3, 0, "区县")
        sheet.merge_range(2, 1, 2, 2, "单位数")
        sheet.merge_range(2, 3, 2, 4, "从业人员")
        sheet.merge_range(2, 5, 3, 5, "登记证号")
        sheet.write_row(3, 1, ["合计", "其中：新登记", "总数", "女性占比"])
        sums = [sum(row[column] for row in rows) for column in (1, 2, 3)]
        for place, row in enumerate([["合计", *sums, "54.7%", ""], *rows]):
            sheet.write_row(4 + place, 0, row)
        sheet.write(5 + len(rows), 0, "注：数据截至2026年9月30日。")
    return [[str(cell) for cell in row] for row in rows]


@pytest.mark.parametrize("language", list(WORDS))
def test_from_drop_to_published(visit: Callable[..., Any], tmp_path: Path, language: str) -> None:
    path = tmp_path / f"三季度统计 {language}.xlsx"
    rows, words = bureau_sheet(path), WORDS[language]
    steward = visit(language, login="steward-civil-affairs")
    title = f"民办非企业单位情况（{language}）"
    address = drop(steward, path, title)
    lay_out(steward, address, words)
    describe(steward, address)
    steward.go(f"{address}/check")
    steward.press(SAVE)
    steward.go(address)
    cases = [str(one.get_attribute("href")) for one in steward.page.locator('a[href*="/desk/cases/"]').all()]
    officer = visit(language, login="officer-a")
    for case in dict.fromkeys(cases):
        officer.go(case)
        officer.fill({"move": "approve", "comment": "信息完整，同意。"})
        officer.press(SAVE)
    public = visit(language)
    public.go(f"/datasets/{address.rpartition('/')[2]}")
    assert title in public.text()
    taken = list(csv.reader(io.StringIO(public.download('a[href$="/download.csv"]', tmp_path).read_text("utf-8-sig"))))
    assert taken == [COLUMNS, *rows]


def drop(steward: Any, path: Path, title: str) -> str:
    """Enter a draft with the sheet as its file; the address of its tasks' folder."""
    steward.go("/desk/datasets/new")
    steward.fill({"title": title})
    steward.page.set_input_files("#file", path)
    steward.press(SAVE)
    address: str = steward.page.url.removeprefix(steward.address).removesuffix("/tasks")
    return address


def lay_out(steward: Any, address: str, words: dict[str, str]) -> None:
    """Look at the proposal, find it right, confirm; then every row is accounted for."""
    steward.wait_for(f"{address}/data", lambda _text: steward.page.locator('a[href$="/layout"]').count() > 0)
    steward.press('a[href$="/layout"]')
    assert [one.inner_text() for one in steward.page.locator(".tx-names li").all()] == COLUMNS
    roles = [one.inner_text() for one in steward.page.locator(".tx-sheet__role").all()]
    assert words["total"] in roles[4]
    steward.press('#main-content button[value="confirm"]')
    steward.wait_for(f"{address}/data", lambda text: words["passed"] in text)
    steward.go(f"{address}/data/1")
    aside = steward.page.locator("#set-aside").inner_text()
    assert "民办非企业单位情况统计表" in aside
    assert "数据截至" in aside
    assert steward.page.locator("#refused").count() == 0


def describe(steward: Any, address: str) -> None:
    """Go through the tasks as they follow one another."""
    steward.go(f"{address}/tasks/basics")
    about = {"abstract": "按区县统计的民办非企业单位数和从业人员。", "themes": "3", "object_flags": "ORGANISATION"}
    steward.fill({**about, "tags": "民办非企业", "granularity": "一行一个区县"})
    steward.press(SAVE)
    steward.fill({"collection_kind": "FILE", "source_system": "统计台账", "source_note": "按季度整理。"})
    steward.press(SAVE)
    steward.go(f"{address}/tasks/items")
    steward.press(SAVE)
    for number in range(len(COLUMNS)):
        steward.fill({f"item-{number}-security_level": "L1"})
    steward.press(SAVE)
    steward.go(f"{address}/tasks/opening")
    shared = {"share_type": "SHARE_UNCOND", "share_mode": "PLATFORM", "open_type": "OPEN_UNCOND", "open_tier": "T0"}
    steward.fill(shared)
    for number in range(len(COLUMNS)):
        steward.fill({f"item-{number}-share_type": "SHARE_UNCOND", f"item-{number}-open_type": "OPEN_UNCOND"})
    steward.press(SAVE)
    steward.fill({"licence": "PLATFORM-TERMS", "contact_office": "社会事务科", "contact_phone": "0572-0000000"})
    steward.press(SAVE)
