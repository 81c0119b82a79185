"""The whole catalogue as one file: what is in it, what is not, and that a spreadsheet runs nothing of it."""

import csv
import io
from typing import Any

import pytest
import python_calamine
import restricted
from restricted import World

from catalog import reading
from policies import vocabulary as v
from tenancy import work
from tenancy.actors import SYSTEM


@pytest.fixture
def world(db: Any, cast: Any, now: Any, tmp_path: Any) -> World:
    """Restricted and open data, a draft, and an entry that is listed though it is forbidden."""
    built = restricted.build(db, cast, now, tmp_path)
    with work.begin(db, SYSTEM, now) as unit:
        entry = reading.find(unit.session, built.restricted, SYSTEM, now)
        entry.title, entry.open_type, entry.open_tier = "=1+1", v.OpenType.OPEN_FORBIDDEN, v.OpenTier.TX
        entry.open_state, entry.metadata_public = v.OpenState.NOT_OPEN, True
    return built


def test_the_three_forms_say_the_same(world: World) -> None:
    client = world.client()
    sheet = client.get("/catalogue.csv")
    head, *rest = sheet.data.decode("utf-8-sig").splitlines()
    assert sheet.data.startswith(b"\xef\xbb\xbf# ")
    assert "2 entries" in head
    rows = list(csv.DictReader(rest))
    told = client.get("/catalogue.json").json
    assert told["count"] == len(told["datasets"]) == len(rows) == 2
    assert told["as_of"] == world.now.isoformat()
    assert told["definition"]
    assert [list(one) for one in told["datasets"]] == [list(rows[0])] * 2
    forbidden = next(one for one in rows if one["open_type"] == "OPEN_FORBIDDEN")
    assert forbidden["title"] == "'=1+1"
    assert forbidden["open"] == "no"
    assert (forbidden["open_reason"], forbidden["open_basis"]) == (v.ReasonKind.LAW, "《浙江省公共数据条例》")
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(client.get("/catalogue.xlsx").data))
    names, *cells = book.get_sheet_by_index(1).to_python()
    assert names == list(rows[0])
    assert {row[0] for row in cells} == {one["code"] for one in rows}
    assert "=1+1" in {row[1] for row in cells}


def test_it_is_the_public_s_whoever_asks(world: World) -> None:
    mine = world.client(world.cast.steward).get("/catalogue.csv")
    assert mine.data == world.client().get("/catalogue.csv").data
    assert "未发布的草稿" not in mine.text
    assert "2026-11-23.csv" in mine.headers["Content-Disposition"]


def test_without_its_head_programs_read_it_as_it_is(world: World) -> None:
    text = world.client().get("/catalogue.csv?head=no").data.decode("utf-8-sig")
    assert [one["state"] for one in csv.DictReader(io.StringIO(text))] == ["PUBLISHED"] * 2


def test_more_than_one_batch_is_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("open_portal.pages.feeds.whole_catalogue.BATCH", 1)
    assert len(world.client().get("/catalogue.json").json["datasets"]) == 2
