"""Where the table lies: the steward is asked over the first rows, corrects, confirms, and is not asked again."""

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from desk_stage import Stage

from catalog import versions
from catalog.models import Version
from open_portal import handlers
from policies import vocabulary as v
from tenancy import work

ROWS = [["吴兴区", 60, 12, "3.0%"], ["南浔区", 40, 8, "3.5%"]]


@pytest.fixture
def stage(db: Any, cast: Any, now: Any, tmp_path: Path) -> Stage:
    return Stage(db, cast, now, tmp_path)


def bureau_sheet(path: Path, rows: list[list[Any]] = ROWS, *, second: bool = False) -> bytes:
    """A sheet as offices make them: title, unit, two levels of headings, a total and a note."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("三季度")
        sheet.merge_range(0, 0, 0, 3, "湖州市企业情况统计表")
        sheet.write_row(1, 0, ["填报单位：市统计局", "", "单位：个"])
        sheet.merge_range(2, 0, 3, 0, "区县")
        sheet.merge_range(2, 1, 2, 3, "企业")
        sheet.write_row(3, 1, ["数量", "规上", "增幅"])
        for place, row in enumerate([["合计", 100, 20, "3.2%"], *rows]):
            sheet.write_row(4 + place, 0, row)
        sheet.write(5 + len(rows), 0, "注：本表不含个体户。")
        if second:
            book.add_worksheet("二季度").write_row(0, 0, ["区县", "数量"])
    return path.read_bytes()


def send(stage: Stage, code: str, content: bytes) -> int:
    blob = stage.put(content)
    with work.begin(stage.db, stage.cast.steward, stage.now) as deed:
        version = versions.receive(deed, stage.entry(code, deed.session), blob, "表.xlsx")
        number, version_id = version.number, version.id
    handlers.check_now(stage.kit, version_id)
    return number


def check(stage: Stage, code: str, number: int) -> None:
    handlers.check_now(stage.kit, read(stage, code, number).id)


def read(stage: Stage, code: str, number: int) -> Version:
    with stage.db.read() as session:
        return versions.find(session, stage.entry(code, session), number)


def test_asked_corrected_confirmed_and_remembered(stage: Stage, tmp_path: Path) -> None:
    code = stage.draft(items=False)
    number = send(stage, code, bureau_sheet(tmp_path / "a.xlsx"))
    assert read(stage, code, number).state is v.VersionState.ASKED
    client, url = stage.client(stage.cast.steward), f"/desk/datasets/{code}/data/{number}/layout"
    assert f'href="{url}"' in client.get("/desk").text
    page = client.get(url).text
    for word in ("企业/数量", "湖州市企业情况统计表", "合计行和注释行", "tx-sheet__row--heading"):
        assert word in page
    form = {"sheet": "", "top": "3", "bottom": "4", "first": "", "last": "", "set_aside": "y", "fill_merged": "y"}
    assert "tx-sheet__row--heading" in client.post(url, data={**form, "bottom": "3", "action": "preview"}).text
    assert read(stage, code, number).state is v.VersionState.ASKED
    assert client.post(url, data={**form, "action": "confirm"}).status_code == 302
    check(stage, code, number)
    version = read(stage, code, number)
    assert [one["name"] for one in version.columns or ()] == ["区县", "企业/数量", "企业/规上", "企业/增幅"]
    assert (version.rows_read, version.rows_loaded, version.rows_refused) == (2, 2, 0)
    assert {one["code"] for one in (version.account or {})["set_aside"]} >= {"file.aside-total", "file.aside-note"}
    again = send(stage, code, bureau_sheet(tmp_path / "b.xlsx", [*ROWS, ["德清县", 7, 1, "1%"]]))
    assert read(stage, code, again).rows_loaded == 3


def test_a_conversion_that_is_accepted_makes_a_new_version(stage: Stage, tmp_path: Path) -> None:
    code = stage.draft(items=False)
    number = send(stage, code, bureau_sheet(tmp_path / "a.xlsx"))
    client, url = stage.client(stage.cast.steward), f"/desk/datasets/{code}/data/{number}/layout"
    form = {"top": "3", "bottom": "4", "set_aside": "y", "fill_merged": "y", "action": "confirm"}
    client.post(url, data=form)
    check(stage, code, number)
    offer = (read(stage, code, number).account or {})["offers"][0]
    value = f"{offer['column']}|{offer['code']}"
    assert value in client.get(url).text
    assert client.post(url, data={**form, "conversions": [value]}).status_code == 302
    check(stage, code, number + 1)
    types = {one["name"]: one["type"] for one in read(stage, code, number + 1).columns or ()}
    assert types["企业/增幅"] == "decimal"
    assert {item.name: item.type for item in stage.read(code).items}["企业/增幅"] is v.ItemType.NUMBER
    assert read(stage, code, number).columns != read(stage, code, number + 1).columns


def test_another_sheet_is_looked_at_first(stage: Stage, tmp_path: Path) -> None:
    code = stage.draft(items=False)
    number = send(stage, code, bureau_sheet(tmp_path / "a.xlsx", second=True))
    client, url = stage.client(stage.cast.steward), f"/desk/datasets/{code}/data/{number}/layout"
    assert "二季度" in client.get(url).text
    assert client.post(url, data={"sheet": "二季度", "top": "3", "bottom": "4", "action": "preview"}).status_code == 302
    check(stage, code, number)
    assert read(stage, code, number).state is v.VersionState.ASKED
    assert 'value="二季度" selected' in client.get(url).text
    client.post(url, data={"sheet": "二季度", "top": "1", "bottom": "1", "action": "confirm"})
    check(stage, code, number)
    assert [one["name"] for one in read(stage, code, number).columns or ()] == ["区县", "数量"]


@pytest.mark.parametrize(
    "typed",
    [{"top": "4", "bottom": "3"}, {"top": "x"}, {"top": "3", "bottom": "4", "first": "2"}, {"top": "1", "bottom": "9"}],
)
def test_what_cannot_be_comes_back_as_typed(stage: Stage, tmp_path: Path, typed: dict[str, str]) -> None:
    code = stage.draft(items=False)
    number = send(stage, code, bureau_sheet(tmp_path / "a.xlsx"))
    url = f"/desk/datasets/{code}/data/{number}/layout"
    answer = stage.client(stage.cast.steward).post(url, data={**typed, "action": "confirm"})
    assert answer.status_code == 422
    assert f'value="{typed["top"]}"' in answer.text
    assert read(stage, code, number).state is v.VersionState.ASKED


def test_nobody_else_sees_the_rows(stage: Stage, tmp_path: Path) -> None:
    code = stage.draft(items=False)
    number = send(stage, code, bureau_sheet(tmp_path / "a.xlsx"))
    url = f"/desk/datasets/{code}/data/{number}/layout"
    assert stage.client(stage.cast.stranger).get(url).status_code == 404
    assert stage.client(stage.cast.requester).get(url).status_code in {403, 404}
    assert stage.client(stage.cast.stranger).post(url, data={"action": "confirm"}).status_code == 404
