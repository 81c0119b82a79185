"""The public pages: home, search, a dataset with everything on it, departments, texts, health."""

import csv
import re
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from typing import Any

import public_stage as stage
import pytest
from flask.testing import FlaskClient

from catalog import deliveries, reading, versions
from open_portal.wiring import Kit
from policies import vocabulary as v
from tenancy import tenants, work
from tenancy.actors import SYSTEM, Actor
from tenancy.tenants import set_face

SignIn = Callable[[Actor], FlaskClient]
TEXTS = ("/help", "/accessibility", "/privacy", "/terms", "/developers", "/sitemap")


@pytest.fixture
def english(client: FlaskClient) -> FlaskClient:
    client.set_cookie("language", "en")
    return client


def test_home_shows_what_is_true_now(kit: Kit, cast: Any, now: datetime, english: FlaskClient) -> None:
    stage.publish(kit, cast, now, "公交线路")
    stage.draft(kit, cast, now, "看不见的草稿")
    page = english.get("/").text
    assert "1 datasets of 1 publishers" in page
    assert page.count("tx-indicator__value") == 3
    assert "100%" in page
    assert "公交线路" in page
    assert "看不见的草稿" not in page
    assert "/indicators/OPEN_CAT" in page


def test_home_of_an_empty_portal(cast: Any, english: FlaskClient) -> None:
    page = english.get("/")
    assert page.status_code == 200
    assert "No data have been published yet" in page.text


def test_most_used_counts_downloads(kit: Kit, cast: Any, now: datetime, english: FlaskClient) -> None:
    slug = stage.publish(kit, cast, now, "公交线路")
    for _ in range(2):
        english.get(f"/datasets/{slug}/download.csv").get_data()
    assert "2 downloads" in english.get("/").text


def test_texts_in_both_languages(cast: Any, client: FlaskClient) -> None:
    for path in TEXTS:
        for language, word in (("en", "Terms of use"), ("zh_Hans_CN", 'lang="zh-Hans-CN"')):
            client.set_cookie("language", language)
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert word in answer.text


def test_search_by_words_and_filters(kit: Kit, cast: Any, now: datetime, english: FlaskClient) -> None:
    stage.publish(kit, cast, now, "公交线路")
    stage.publish(kit, cast, now, "公交刷卡记录", v.OpenTier.T2)
    page = english.get("/datasets?q=公交").text
    assert "2 datasets found for “公交”" in page
    narrowed = english.get("/datasets?q=公交&tier=T2").text
    assert "1 dataset found" in narrowed
    assert "公交刷卡记录" in narrowed
    assert "公交线路" not in narrowed
    assert re.search(r'class="tx-chip" href="/datasets\?q=[^"]+"', narrowed)
    # Only what could narrow the answer is offered: everything has one publisher and one theme.
    assert 'name="tier"' in page
    assert 'name="tenant"' not in page
    assert 'name="theme"' not in page


def test_whatever_the_address_holds_there_is_an_answer(cast: Any, client: FlaskClient) -> None:
    for query in ("page=-1", "page=99999999999999", "sort=x", "tier=T9", "q=" + "(" * 300, "theme="):
        assert client.get(f"/datasets?{query}").status_code == 200, query


def test_nothing_found_offers_ways_on(kit: Kit, cast: Any, now: datetime, english: FlaskClient) -> None:
    stage.publish(kit, cast, now, "公交线路")
    page = english.get("/datasets?q=公交&theme=7").text
    assert "Nothing was found" in page
    assert "Without “Education and culture”" in page or "Without “" in page
    assert 'href="/datasets?q=' in page


def test_the_list_as_a_table_runs_no_formula(kit: Kit, cast: Any, now: datetime, english: FlaskClient) -> None:
    stage.publish(kit, cast, now, "=公交线路")
    answer = english.get("/datasets.csv")
    rows = list(csv.reader(StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0][:2] == ["Code", "Title"]
    assert rows[1][1] == "'=公交线路"


def test_an_open_dataset(kit: Kit, cast: Any, now: datetime, english: FlaskClient) -> None:
    slug = stage.publish(kit, cast, now, "公交线路", title_en="Bus lines")
    page = english.get(f"/datasets/{slug}").text
    assert "<h1>Bus lines</h1>" in page
    assert f"/datasets/{slug}/download.parquet" in page
    assert "1 data items that are not open" in page
    # A file with a column that is not open is not handed out as it came, and the column is never shown.
    assert f"/datasets/{slug}/download.original" not in page
    assert stage.PLATE not in page
    assert "On time" in page
    assert "33.33%" in page
    assert f"/api/v1/datasets/{slug}/rows" in page
    order = ("tx-breadcrumbs", "<h1>", "access-heading", "tx-freshness", 'id="preview', 'id="fields', "quality-heading")
    places = [page.find(one) for one in order if one in page]
    assert places == sorted(places)
    assert len(places) >= 6


def test_a_restricted_dataset_says_how_to_apply(kit: Kit, cast: Any, now: datetime, english: FlaskClient) -> None:
    slug = stage.publish(kit, cast, now, "公交刷卡记录", v.OpenTier.T2)
    page = english.get(f"/datasets/{slug}").text
    assert f"/apply/{slug}" in page
    assert "仅用于研究" in page
    assert "1路" not in page
    assert "/download." not in page


def test_a_closed_dataset_says_why(kit: Kit, cast: Any, now: datetime, english: FlaskClient) -> None:
    slug = stage.publish(kit, cast, now, "驾驶员档案", v.OpenTier.TX)
    page = english.get(f"/datasets/{slug}").text
    assert "《中华人民共和国数据安全法》" in page
    assert "1路" not in page


def test_sign_in_opens_the_second_tier(
    kit: Kit, cast: Any, now: datetime, english: FlaskClient, sign_in: SignIn
) -> None:
    slug = stage.publish(kit, cast, now, "公交站点", v.OpenTier.T1)
    assert "1路" not in english.get(f"/datasets/{slug}").text
    assert "1路" in sign_in(cast.requester).get(f"/datasets/{slug}").text


def test_a_harvested_entry_leads_to_its_portal(kit: Kit, cast: Any, now: datetime, english: FlaskClient) -> None:
    slug = stage.harvest(kit, cast, now, "嘉兴公交")
    page = english.get(f"/datasets/{slug}").text
    assert 'href="https://data.example.cn/1?a=1&amp;b=2" rel="nofollow noopener"' in page
    assert "使用前请注明来源" in page
    assert "嘉兴市交通运输局" in page


def test_hidden_is_as_if_it_were_not(kit: Kit, cast: Any, now: datetime, client: FlaskClient) -> None:
    slug = stage.draft(kit, cast, now, "看不见的草稿")
    for tail in ("", "/quality", "/history", "/data", "/download.csv", "/metadata.ttl"):
        hidden, missing = client.get(f"/datasets/{slug}{tail}"), client.get(f"/datasets/399001-999999{tail}")
        assert hidden.status_code == missing.status_code == 404
        assert "看不见" not in hidden.text


def test_quality_shows_rules_but_no_values(
    kit: Kit, cast: Any, now: datetime, english: FlaskClient, sign_in: SignIn
) -> None:
    slug = stage.publish(kit, cast, now, "公交线路")
    page = english.get(f"/datasets/{slug}/quality").text
    assert "“Plate”" in page
    # The list of values, the remark and the sample all hold plates.
    assert stage.PLATE not in page
    inside = sign_in(cast.steward).get(f"/datasets/{slug}/quality").text
    assert f"{stage.PLATE}1" in inside
    assert f"{stage.PLATE}3" not in inside


def test_history_keeps_inner_steps_inside(
    kit: Kit, cast: Any, now: datetime, english: FlaskClient, sign_in: SignIn
) -> None:
    slug = stage.publish(kit, cast, now, "公交线路")
    page = english.get(f"/datasets/{slug}/history").text
    assert "The data were opened to the public" in page
    assert "The entry was registered" not in page
    browser = sign_in(cast.steward)
    browser.set_cookie("language", "en")
    assert "The entry was registered" in browser.get(f"/datasets/{slug}/history").text


def test_follow_and_no_longer(kit: Kit, cast: Any, now: datetime, client: FlaskClient, sign_in: SignIn) -> None:
    slug = stage.publish(kit, cast, now, "公交线路")
    browser = sign_in(cast.requester)
    browser.set_cookie("language", "en")
    assert browser.post(f"/datasets/{slug}/follow", data={"wanted": "yes"}).status_code == 302
    assert "Stop following" in browser.get(f"/datasets/{slug}").text
    browser.post(f"/datasets/{slug}/follow", data={"wanted": "no"})
    assert "Follow changes" in browser.get(f"/datasets/{slug}").text
    answer = client.post(f"/datasets/{slug}/follow", data={"wanted": "yes"})
    assert "/sign-in" in answer.headers["Location"]


def test_follow_needs_the_form_token(kit: Kit, cast: Any, now: datetime, app: Any, sign_in: SignIn) -> None:
    slug = stage.publish(kit, cast, now, "公交线路")
    browser = sign_in(cast.requester)
    app.config["WTF_CSRF_ENABLED"] = True
    assert browser.post(f"/datasets/{slug}/follow", data={"wanted": "yes"}).status_code == 400


def test_departments_with_what_they_publish(kit: Kit, cast: Any, now: datetime, english: FlaskClient) -> None:
    stage.publish(kit, cast, now, "公交线路")
    page = english.get("/orgs").text
    assert "Transport" in page
    assert "Example Data" not in page
    own = english.get("/orgs/hz-jtj").text
    assert "1 dataset, with everything below" in own
    assert "公交线路" in own
    assert english.get("/orgs/c-example").status_code == 404
    assert english.get("/orgs/nobody").status_code == 404
    assert english.get("/themes/6").headers["Location"] == "/datasets?theme=6"
    assert english.get("/themes/66").status_code == 404


def test_a_county_shows_its_own_alone(kit: Kit, cast: Any, now: datetime, english: FlaskClient) -> None:
    stage.publish(kit, cast, now, "公交线路")
    colours = {"brand": "#0f6b4a", "brand_dark": "red;}"}
    words = dict.fromkeys(("name_zh", "name_en", "contact_zh", "contact_en", "footer_zh", "footer_en"), "x")
    with work.begin(kit.database, SYSTEM, now) as unit:
        set_face(unit, tenants.find(unit.session, "deqing"), slug="deqing", host=None, **words, **colours)
    assert "公交线路" not in english.get("/deqing/").text
    assert "0 datasets found" in english.get("/deqing/datasets").text
    assert "公交线路" not in english.get("/deqing/feed.atom").text
    assert english.get("/deqing/api/3/action/package_search").get_json()["result"]["count"] == 0
    assert "hz-jtj" not in english.get("/deqing/orgs").text
    sheet = english.get("/faces/deqing.css")
    assert sheet.mimetype == "text/css"
    assert "--tx-brand: #0f6b4a;" in sheet.text
    assert "red" not in sheet.text


def test_health_says_what_is_missing(kit: Kit, cast: Any, now: datetime, client: FlaskClient) -> None:
    stage.publish(kit, cast, now, "公交线路")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.get_json()["missing"] == ["jobs"]


def test_deliveries_are_counted(kit: Kit, cast: Any, now: datetime, client: FlaskClient) -> None:
    slug = stage.publish(kit, cast, now, "公交线路")
    client.head(f"/datasets/{slug}/download.csv")
    client.get(f"/datasets/{slug}/download.json").get_data()
    with kit.database.read() as session:
        entry = reading.find(session, slug, cast.public, now)
        assert deliveries.statistics(session, entry, now).by_format == {"json": 1}
        assert versions.live(session, entry) is not None
