"""Feeds: everything in them may be seen by the public, and parses."""

from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import public_stage as stage
import pytest
from flask.testing import FlaskClient

from open_portal.pages.feeds import feeds
from open_portal.wiring import Kit
from policies import vocabulary as v
from tenancy import tenants, work
from tenancy.actors import SYSTEM

NAMES = {"s": feeds.SITEMAP, "a": feeds.ATOM}


@pytest.fixture
def slugs(kit: Kit, cast: Any, now: datetime) -> dict[str, str]:
    words = dict.fromkeys(("name_zh", "name_en", "contact_zh", "contact_en", "footer_zh", "footer_en"), "湖州")
    with work.begin(kit.database, SYSTEM, now) as unit:
        city = tenants.find(unit.session, "huzhou")
        tenants.set_face(unit, city, slug="huzhou", host=None, brand="#0a5a6e", brand_dark="#063846", **words)
    return {
        "open": stage.publish(kit, cast, now - timedelta(days=1), "公交线路 & <站点>"),
        "restricted": stage.publish(kit, cast, now, "刷卡记录", v.OpenTier.T2),
        "harvested": stage.harvest(kit, cast, now, "嘉兴公交"),
        "draft": stage.draft(kit, cast, now, "看不见的草稿"),
    }


def test_the_site_map_lists_what_the_public_sees(client: FlaskClient, slugs: dict[str, str]) -> None:
    answer = client.get("/sitemap.xml")
    assert answer.mimetype == "application/xml"
    found = {one.text or "" for one in ET.fromstring(answer.text).iterfind(".//s:loc", NAMES)}  # noqa: S314 - our own
    for kind in ("open", "restricted", "harvested"):
        assert f"http://localhost/datasets/{slugs[kind]}" in found
    assert not [one for one in found if slugs["draft"] in one]


def test_a_large_site_map_comes_in_parts(
    client: FlaskClient, slugs: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "PART", 2)
    parts = [one.text or "" for one in ET.fromstring(client.get("/sitemap.xml").text).iterfind(".//s:loc", NAMES)]  # noqa: S314
    assert len(parts) == 2
    found = [
        one.text or ""
        for part in parts
        for one in ET.fromstring(client.get(part).text).iterfind(".//s:loc", NAMES)  # noqa: S314
    ]
    entries = [one for one in found if "/datasets/" in one]
    assert len(entries) == len(set(entries)) == 3
    for wrong in ("0", "3", "x"):
        assert client.get(f"/sitemap.xml?page={wrong}").status_code == 404


def test_the_news_feed(client: FlaskClient, slugs: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    root = ET.fromstring(client.get("/feed.atom").text)  # noqa: S314
    titles = [one.text for one in root.iterfind("a:entry/a:title", NAMES)]
    assert titles == ["刷卡记录", "公交线路 & <站点>"]
    assert root.find("a:updated", NAMES) is not None
    monkeypatch.setattr(feeds, "RECENT", 1)
    pages, address = [], "/feed.atom"
    while address:
        root = ET.fromstring(client.get(address).text)  # noqa: S314
        pages.append([one.text for one in root.iterfind("a:entry/a:title", NAMES)])
        assert root.findtext("a:updated", "", NAMES) == root.findtext("a:entry/a:updated", "", NAMES)
        links = {one.get("rel"): one.get("href", "") for one in root.iterfind("a:link", NAMES)}
        address = links.get("next", "")
    assert pages == [["刷卡记录"], ["公交线路 & <站点>"]]
    assert links["previous"] == links["first"] == "http://localhost/feed.atom"
    assert {client.get(f"/feed.atom?page={wrong}").status_code for wrong in ("0", "3", "x")} == {404}
