"""A steward's journey: what came out of an old system becomes open data that the public finds and takes along."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from open_portal.demonstration import files

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
TITLE = "学校名录（旧系统导出）"
HEADINGS = ["序列号", "地址", "学校名称", "经度", "纬度", "顺序号", "学校代码"]
RAGGED = 2


@pytest.fixture
def old_export(tmp_path: Path) -> tuple[Path, list[list[str]]]:
    """Schools as an old system gives them: GB18030, CRLF, other columns, long numbers, three broken lines."""
    rows = []
    with (files.FOLDER / "files" / "hangzhou_schools.csv").open(encoding="utf-8", newline="") as source:
        for number, school in enumerate(csv.DictReader(source), 1):
            school |= {"序列号": f"{33010000000000000000 + number:020d}", "顺序号": f"{number:06d}"}
            rows.append([school[name] for name in HEADINGS])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([HEADINGS, *rows[:100]])
    text.write("33019999999999999997,缺列的行\r\n")
    writer.writerow([*rows[0], "多出的一列"])
    writer.writerows(rows[100:])
    text.write("合计\r\n")
    path = tmp_path / "导出 学校.csv"
    path.write_bytes(text.getvalue().encode("gb18030"))
    return path, rows


def test_from_an_old_export_to_open_data(
    visit: Callable[..., Any], old_export: tuple[Path, list[list[str]]], tmp_path: Path
) -> None:
    path, rows = old_export
    steward = visit(login="steward-civil-affairs")
    address = register(steward, path)
    checked(steward, address, len(rows))
    describe(steward, address)
    cases = hand_in(steward, address)
    officer = visit(login="officer-a")
    for number in cases:
        approve(officer, number)
    public = visit()
    find(public, address.rpartition("/")[2])
    take_along(public, rows, tmp_path)


def register(steward: Any, path: Path) -> str:
    """Enter the draft with its file; the address of its tasks' folder."""
    steward.go("/desk")
    steward.go("/desk/datasets/new")
    steward.fill({"title": TITLE})
    steward.page.set_input_files("#file", path)
    steward.button("建立草稿")
    assert "草稿" in steward.text()
    assert steward.text().count("未开始") >= 4
    address: str = steward.page.url.removeprefix(steward.address).removesuffix("/tasks")
    return address


def checked(steward: Any, address: str, rows: int) -> None:
    """Confirm the total row, wait for the check; every line is accounted for, the broken ones with place and text."""
    steward.wait_for(f"{address}/data", lambda _text: steward.page.locator('a[href$="/layout"]').count() > 0)
    steward.press('a[href$="/layout"]')
    steward.press('#main-content button[value="confirm"]')
    found = steward.wait_for(f"{address}/data", lambda text: "质检通过" in text)
    read, loaded, refused = re.search(r"读取 ([\d,]+) 行，载入 ([\d,]+) 行，拒收 ([\d,]+) 行", found).groups()
    assert (int(read), int(loaded), int(refused)) == (rows + RAGGED, rows, RAGGED)
    steward.go(f"{address}/data/1")
    assert "缺列的行" in steward.page.locator("#refused").inner_text()
    assert "合计" in steward.page.locator("#set-aside").inner_text()
    lines = [int(one) for one in steward.page.locator("#refused tbody th").all_inner_texts()]
    assert lines == [102, 103]


def describe(steward: Any, address: str) -> None:
    """Go through the tasks as they follow one another."""
    steward.go(f"{address}/tasks/basics")
    steward.fill(
        {
            "abstract": "全市学校的名称、地址和位置，一行一所学校，由旧系统导出。",
            "themes": "3",
            "object_flags": "ORGANISATION",
            "tags": "学校，名录、教育",
            "granularity": "一行一所学校",
        }
    )
    steward.button("保存并继续")
    assert steward.page.url.endswith("/tasks/source")
    steward.fill({"collection_kind": "FILE", "source_system": "学校名录旧系统", "source_note": "按学年整理。"})
    steward.button("保存并继续")
    assert steward.page.url.endswith("/data")
    steward.go(f"{address}/tasks/items")
    assert [cell.strip() for cell in steward.page.locator("#items tbody th").all_inner_texts()] == HEADINGS
    steward.fill({"item-0-title_en": "Serial number", "item-0-meaning": "旧系统中的编号"})
    steward.button("保存并继续")
    assert steward.page.url.endswith("/tasks/grading")
    for number in range(len(HEADINGS)):
        steward.fill({f"item-{number}-security_level": "L1"})
    steward.button("保存并继续")
    open_up(steward, address)
    steward.fill({"licence": "PLATFORM-TERMS", "contact_office": "社会事务科", "contact_phone": "0572-0000000"})
    steward.button("保存并继续")
    assert steward.page.url.endswith("/rules")
    assert "“序列号”" in steward.text()


def open_up(steward: Any, address: str) -> None:
    """Declare entry and items open; the rule that proposes it stands beside the form."""
    if not steward.page.url.endswith("/tasks/opening"):
        steward.go(f"{address}/tasks/opening")
    assert "DB33/T 2350-2021" in steward.text()
    steward.fill(
        {"share_type": "SHARE_UNCOND", "share_mode": "PLATFORM", "open_type": "OPEN_UNCOND", "open_tier": "T0"}
    )
    for number in range(len(HEADINGS)):
        steward.fill({f"item-{number}-share_type": "SHARE_UNCOND", f"item-{number}-open_type": "OPEN_UNCOND"})
    steward.button("保存并继续")
    assert steward.page.url.endswith("/tasks/upkeep"), steward.text()


def hand_in(steward: Any, address: str) -> list[str]:
    """Hand in with the wish to open; the numbers of the two cases."""
    steward.go(f"{address}/tasks")
    assert steward.text().count("已完成") == 8, steward.text()
    steward.go(f"{address}/check")
    assert steward.page.locator("#open").is_checked()
    steward.button("提交审核")
    assert "/desk/cases/" in steward.page.url
    steward.go(address)
    found = steward.page.locator('#main-content a[href*="/desk/cases/"]')
    cases = [str(one.get_attribute("href")) for one in found.all()]
    assert len(cases) == 2
    return cases


def approve(officer: Any, case: str) -> None:
    """Approve a case with a comment."""
    officer.go(case)
    assert TITLE in officer.text()
    officer.fill({"move": "approve", "comment": "信息完整，同意。"})
    officer.button("提交决定")
    assert officer.page.locator("#main-content .tx-flash--good[role=status]").is_visible()


def find(public: Any, code: str) -> None:
    """Find it as anybody would, by a word of its title, and open it."""
    public.go("/")
    public.page.locator("#search-hero").fill("学校名录")
    public.press(".tx-search--hero button")
    assert "学校名录" in public.page.locator(".tx-results-head [role=status]").inner_text()
    public.follow(TITLE)
    assert public.page.url.endswith(f"/datasets/{code}")
    text = public.text()
    assert "湖州市民政局" in text
    assert "社会事务科" in text


def take_along(public: Any, rows: list[list[str]], folder: Path) -> None:
    """The files hold every good row as it was, leading zeros and long numbers too; quality and history are told."""
    dataset = public.page.url
    taken = public.download('a[href$="/download.csv"]', folder)
    content = taken.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    found = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert found[0] == HEADINGS
    assert places(found[1:]) == places(rows)
    taken = public.download('a[href$="/download.xlsx"]', folder)
    assert taken.suffix == ".xlsx"
    sheet = CalamineWorkbook.from_path(taken).get_sheet_by_index(0).to_python()
    assert sheet[0] == HEADINGS
    assert [(row[0], row[5]) for row in sheet[1:]] == [(row[0], row[5]) for row in rows]
    public.go(f"{dataset}/quality")
    assert public.page.locator("#rules tbody tr").count() >= 3
    assert "“序列号”" in public.text()
    public.go(f"{dataset}/history")
    assert f"{len(rows)}" in public.page.locator("#versions").inner_text()


def places(rows: list[list[str]]) -> list[list[object]]:
    """Rows with their positions as numbers: a decimal may be written with fewer zeros."""
    return [[float(cell) if place in {3, 4} else cell for place, cell in enumerate(row)] for row in rows]
