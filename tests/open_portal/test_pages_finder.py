"""Finding: by place, time and granularity, as a table and a feed, with suggestions; what is typed is never lost."""

import csv
from collections.abc import Callable
from datetime import date, datetime
from io import StringIO
from typing import Any
from xml.etree import ElementTree as ET

import public_stage as stage
import pytest
from flask import Flask
from flask.testing import FlaskClient

from open_portal.pages.feeds import atom
from open_portal.pages.finder import finder_dates as dates
from open_portal.pages.finder import finder_lists, finder_places
from open_portal.pages.finder.finder_asked import MOST_TICKS
from open_portal.wiring import Kit
from policies import vocabulary as v
from tenancy.actors import Actor

SignIn = Callable[[Actor], FlaskClient]
NAMES = {"a": atom.ATOM, "o": atom.OPEN_SEARCH}


@pytest.fixture
def english(client: FlaskClient) -> FlaskClient:
    client.set_cookie("language", "en")
    return client


@pytest.fixture
def lines(kit: Kit, cast: Any, now: datetime) -> dict[str, str]:
    """Three datasets of different places, times and rows; one more that only its own people may know of."""
    city = {"time_from": date(2019, 1, 1), "time_to": date(2020, 12, 31), "granularity": "线路"}
    county = {"region_code": "330521", "time_from": date(2021, 1, 1), "granularity": "站点"}
    return {
        "city": stage.publish(kit, cast, now, "公交线路", title_en="Bus lines", **city),
        "county": stage.publish(kit, cast, now, "公交站点", v.OpenTier.T2, **county),
        "timeless": stage.publish(kit, cast, now, "公交刷卡记录"),
        "draft": stage.draft(kit, cast, now, "公交琥珀草稿"),
    }


def titles(page: str) -> set[str]:
    """Which of the datasets a page lists."""
    known = ("公交线路", "Bus lines", "公交站点", "公交刷卡记录", "公交琥珀草稿")
    return {one for one in known if f">{one}</a></h2>" in page}


def test_place_time_and_granularity(english: FlaskClient, lines: dict[str, str]) -> None:
    assert titles(english.get("/datasets?place=330500").text) == {"Bus lines", "公交站点", "公交刷卡记录"}
    inside = english.get("/datasets?place=330521").text
    assert titles(inside) == {"公交站点"}
    assert "Place: Deqing" in inside
    # The other places stay on offer with what they would give.
    assert ">\u3000Huzhou (3)</option>" in inside
    assert '<option value="330521" selected>' in inside
    assert titles(english.get("/datasets?time_from=2020年&time_to=2020-06").text) == {"Bus lines"}
    later = english.get("/datasets?time_from=2021.3").text
    assert titles(later) == {"公交站点"}
    assert "Time: 2021.3 to …" in later
    assert 'value="2021.3"' in later
    assert titles(english.get("/datasets?granularity=站点&granularity=线路").text) == {"Bus lines", "公交站点"}


def test_a_time_that_is_none_is_said_and_kept(english: FlaskClient, lines: dict[str, str]) -> None:
    for query, field, text in (
        ("time_from=gestern", "time_from", "Enter the beginning as a year"),
        ("time_to=2020-13", "time_to", "Enter the end as a year"),
        ("time_from=2021&time_to=2020", "time_to", "The end must not lie before the beginning"),
    ):
        answer = english.get(f"/datasets?{query}&tier=T2")
        assert answer.status_code == 422
        assert f'<a href="#{field}">{text}' in answer.text
        assert f'value="{query.partition("=")[2].partition("&")[0]}"' in answer.text
        assert titles(answer.text) == {"公交站点"}
        for form in ("csv", "atom"):
            assert english.get(f"/datasets.{form}?{query}").status_code == 422


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2020", "2020-01-01", "2020-12-31"),
        ("2020年", "2020-01-01", "2020-12-31"),
        ("二〇二〇年", "2020-01-01", "2020-12-31"),
        ("２０２０", "2020-01-01", "2020-12-31"),
        ("2024-2", "2024-02-01", "2024-02-29"),
        ("2024年2月", "2024-02-01", "2024-02-29"),
        ("202402", "2024-02-01", "2024-02-29"),
        ("2020.3.15", "2020-03-15", "2020-03-15"),
        ("2020/03/15", "2020-03-15", "2020-03-15"),
        ("2020年3月15日", "2020-03-15", "2020-03-15"),
        ("20200315", "2020-03-15", "2020-03-15"),
        *(
            (bad, None, None)
            for bad in ("", "20", "2020-", "2020-00", "2020-13", "2023-02-29", "0000", "昨天", "9" * 9)
        ),
    ],
)
def test_dates_as_people_type_them(text: str, first: str | None, last: str | None) -> None:
    assert dates.first_day(text) == (first and date.fromisoformat(first))
    assert dates.last_day(text) == (last and date.fromisoformat(last))


def test_places_form_a_tree(app: Flask) -> None:
    with app.test_request_context():
        found = finder_places.choices([("330521", 2), ("330500", 1), ("330100", 4), ("330521001", 1)], "")
        assert [(one.code, one.depth, one.count) for one in found] == [
            ("330000", 0, 8),
            ("330500", 1, 4),
            ("330521", 2, 3),
            ("330100", 1, 4),
        ]
        assert finder_places.choices([], "") == []
        assert [one.code for one in finder_places.choices([], "330521")] == ["330521"]


def test_the_table_has_all_in_batches(
    english: FlaskClient, lines: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finder_lists, "BATCH", 2)
    answer = english.get("/datasets.csv")
    rows = list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff"))))
    assert {row["Title"] for row in rows} == {"Bus lines", "公交站点", "公交刷卡记录"}
    assert answer.headers["X-Total-Count"] == "3"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert {row["Address"] for row in rows} >= {f"http://localhost/datasets/{lines['city']}"}
    narrowed = english.get("/datasets.csv?place=330521&time_from=2021")
    assert [row["Granularity"] for row in csv.DictReader(StringIO(narrowed.text.removeprefix("\ufeff")))] == ["站点"]


def test_the_feed_of_a_search(
    english: FlaskClient, lines: dict[str, str], cast: Any, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = english.get("/datasets?q=公交&tier=T0").text
    assert 'type="application/atom+xml"' in page
    assert "http://localhost/datasets.atom?q=%E5%85%AC%E4%BA%A4&amp;tier=T0" in page
    monkeypatch.setattr(finder_lists, "FED", 2)
    seen: list[str] = []
    address = "/datasets.atom?q=公交"
    while address:
        root = ET.fromstring(english.get(address).text)  # noqa: S314 - our own
        seen += [one.text or "" for one in root.iterfind("a:entry/a:title", NAMES)]
        assert root.findtext("o:totalResults", namespaces=NAMES) == "3"
        assert "page=" not in (root.findtext("a:id", namespaces=NAMES) or "")
        following = root.find("a:link[@rel='next']", NAMES)
        address = "" if following is None else following.attrib["href"].removeprefix("http://localhost")
    assert sorted(seen) == sorted(["Bus lines", "公交站点", "公交刷卡记录"])
    assert "琥珀" in sign_in(cast.steward).get("/datasets.atom?q=琥珀").text


def test_suggestions(english: FlaskClient, lines: dict[str, str]) -> None:
    for typed in ("公交", "gongj", "gjxl", "公交线", "公交線路"):
        found = english.get(f"/datasets/suggest?q={typed}").get_json()
        options = [option for group in found["groups"] for option in group["options"]]
        assert f"/datasets/{lines['city']}" in {option["href"] for option in options}, typed
        assert "琥珀" not in str(found)
        assert found["message"].startswith(str(len(options)))
    # What stands before the word that is being completed stays.
    for typed, whole in (("刷卡 gongj", "刷卡 公交"), ("刷卡公", "刷卡公交")):
        groups = english.get(f"/datasets/suggest?q={typed}").get_json()["groups"]
        assert whole in {option["text"] for option in groups[0]["options"]}, groups
    for typed in ("", "   ", "公" * 61):
        assert english.get(f"/datasets/suggest?q={typed}").get_json()["groups"] == []


def test_ways_out_of_an_empty_answer(english: FlaskClient, lines: dict[str, str]) -> None:
    page = english.get("/datasets?q=公交&theme=7&tier=T3").text
    assert "Nothing was found" in page
    assert ">Without any filter</a>" in page
    assert "Without “" in english.get("/datasets?q=公交&theme=7").text
    # Of more filters than there may be, the surplus is left out aloud.
    ticks = "&".join(f"tenant=t{number}" for number in range(MOST_TICKS + 5))
    page = english.get(f"/datasets?{ticks}").text
    assert "This address holds more than 20 filters" in page
    assert page.count('class="tx-chip"') == MOST_TICKS


def test_the_two_forms_of_the_page_carry_each_others_fields(english: FlaskClient, cast: Any) -> None:
    page = english.get("/datasets?q=公交&place=330500&time_from=2020&region=330500&sort=title").text
    assert page.count('<input type="hidden" name="region" value="330500">') == 2
    assert '<input type="hidden" name="place" value="330500">' in page
    assert '<input type="hidden" name="sort" value="title">' in page
