"""Comparison: up to three datasets side by side, differences marked; what can't be had is said, the others stay."""

import re
from datetime import datetime
from typing import Any

import public_stage as stage
import pytest
from flask.testing import FlaskClient

from open_portal.wiring import Kit
from policies import vocabulary as v


@pytest.fixture
def english(client: FlaskClient) -> FlaskClient:
    client.set_cookie("language", "en")
    return client


@pytest.fixture
def codes(kit: Kit, cast: Any, now: datetime) -> list[str]:
    """Four datasets, the first three of which differ in tier, place or items."""
    return [
        stage.publish(kit, cast, now, "公交线路"),
        stage.publish(kit, cast, now, "公交站点", v.OpenTier.T2, region_code="330521"),
        stage.harvest(kit, cast, now, "嘉兴公交"),
        stage.publish(kit, cast, now, "公交刷卡记录"),
    ]


def address(codes: list[str], more: str = "") -> str:
    """Where datasets are compared."""
    return "/datasets/compare?" + "&".join(f"code={one}" for one in codes) + more


def marked(page: str) -> set[str]:
    """The properties marked as differing."""
    rows = re.findall(r'<tr role="row" class="tx-compare__differs">\s*<th[^>]*>([^<]+)', page)
    return {one.strip() for one in rows}


def test_side_by_side(english: FlaskClient, codes: list[str]) -> None:
    page = english.get(address(codes[:2])).text
    assert {"Open tier", "Place"} <= marked(page)
    assert not {"Publisher", "Update cycle", "Rows"} & marked(page)
    assert "66.7" in page
    assert "No score" not in page.partition("Quality</th>")[0]
    # The column that may not be named at all would be left out; those that are named are common to both.
    assert "4 data items in all of them" in page
    assert "Stops" in page
    assert '<meta name="robots" content="noindex,follow">' in page


def test_items_that_not_all_have(english: FlaskClient, codes: list[str]) -> None:
    page = english.get(address(codes[1:3])).text
    assert "Not in all of them" in marked(page)
    assert "嘉兴市交通运输局" in page


def test_at_most_three(english: FlaskClient, codes: list[str]) -> None:
    page = english.get(address(codes)).text
    assert page.count('class="tx-compare__title"') == 3
    assert "No more than 3 can stand side by side" in page
    assert "“公交刷卡记录”" in page


def test_what_cannot_be_had_is_said_and_the_others_stay(
    kit: Kit, cast: Any, now: datetime, english: FlaskClient, codes: list[str]
) -> None:
    hidden = stage.draft(kit, cast, now, "看不见的草稿")
    for code in (hidden, "399001-999999", "<b>", "x" * 500):
        answer = english.get(address([codes[0], code]))
        assert answer.status_code == 200
        assert "No dataset is known by this code" in answer.text
        assert answer.text.count('class="tx-compare__title"') == 1
        assert "看不见" not in answer.text
        assert "<b>" not in answer.text
        assert english.get(address([code])).status_code == 404


def test_nothing_asked_and_one_to_add(english: FlaskClient, codes: list[str]) -> None:
    assert "Nothing to compare yet" in english.get("/datasets/compare").text
    page = english.get(address(codes[:1], "&q=公交")).text
    assert f'href="/datasets/compare?code={codes[0]}&amp;code={codes[1]}"' in page
    assert f"code={codes[0]}&amp;code={codes[0]}" not in page
    assert "No further dataset has these words" in english.get(address(codes[:1], "&q=zzzz")).text


def test_results_can_be_picked_without_a_script(english: FlaskClient, codes: list[str]) -> None:
    page = english.get("/datasets").text
    assert '<form class="tx-compare-bar" id="compare" action="/datasets/compare" method="get"' in page
    assert re.search(rf'form="compare" name="code" type="checkbox" value="{codes[0]}"', page)
