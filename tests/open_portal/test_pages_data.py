"""Rows and files: filters in the address, only what may be read, formats that hold what the table holds."""

import csv
import json
from collections.abc import Callable
from datetime import datetime
from io import BytesIO, StringIO
from typing import Any
from urllib.parse import quote, unquote

import public_stage as stage
import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from open_portal.wiring import Kit
from policies import vocabulary as v
from tenancy.actors import Actor

SignIn = Callable[[Actor], FlaskClient]
PLAIN = "线路,站点数\n1路,12\n2路,7\n"


@pytest.fixture
def slug(kit: Kit, cast: Any, now: datetime, client: FlaskClient) -> str:
    client.set_cookie("language", "en")
    return stage.publish(kit, cast, now, "公交线路", title_en="Bus lines")


def test_rows_with_titles_and_links_that_sort(client: FlaskClient, slug: str) -> None:
    page = client.get(f"/datasets/{slug}/data").text
    assert ">3 rows<" in page
    assert "Stops" in page
    assert f"/datasets/{slug}/data?order={quote('站点数:asc')}" in page
    assert stage.PLATE not in page
    assert "Plate" not in page
    ordered = client.get(f"/datasets/{slug}/data", query_string={"order": "站点数:desc"}).text
    assert ordered.index("=3路") < ordered.index("1路<") < ordered.index("2路<")
    assert 'aria-sort="descending"' in ordered


def test_a_filter_of_the_form_becomes_an_address(client: FlaskClient, slug: str) -> None:
    first = {"filter": "线路:ne:2路", "column": "站点数", "op": "ge", "value": "12"}
    answer = client.get(f"/datasets/{slug}/data", query_string=first)
    assert answer.status_code == 302
    assert unquote(answer.headers["Location"]).endswith("/data?filter=线路:ne:2路&filter=站点数:ge:12")
    page = client.get(answer.headers["Location"]).text
    assert ">2 rows<" in page
    assert page.count('class="tx-chip"') == 2
    # The view can be taken along: as a file and as a call.
    assert f"/datasets/{slug}/download.csv?filter=" in page
    assert f"/api/v1/datasets/{slug}/rows?filter=" in page


def test_a_filter_that_cannot_be_keeps_what_was_typed(client: FlaskClient, slug: str) -> None:
    answer = client.get(f"/datasets/{slug}/data", query_string={"column": "站点数", "op": "ge", "value": "viele"})
    assert answer.status_code == 422
    assert 'value="viele"' in answer.text
    assert 'href="#value"' in answer.text


@pytest.mark.parametrize(
    "query", [{"filter": "车牌:starts:浙E"}, {"order": "车牌"}, {"filter": "x"}, {"filter": ["线路:eq:1"] * 30}]
)
def test_a_column_that_may_not_be_read_does_not_exist(client: FlaskClient, slug: str, query: dict[str, Any]) -> None:
    answer = client.get(f"/datasets/{slug}/data", query_string=query)
    assert answer.status_code == 422
    assert stage.PLATE not in answer.text
    if "filter" in query:
        assert client.get(f"/datasets/{slug}/download.csv", query_string=query).status_code == 422


def test_a_page_far_beyond_is_empty(client: FlaskClient, slug: str) -> None:
    page = client.get(f"/datasets/{slug}/data?page=99999999")
    assert page.status_code == 200
    assert "No row meets these filters" in page.text


def test_csv_opens_in_a_spreadsheet(client: FlaskClient, slug: str) -> None:
    answer = client.get(f"/datasets/{slug}/download.csv")
    assert answer.get_data().startswith(b"\xef\xbb\xbf")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "filename*=UTF-8''" + quote("公交线路.csv") in answer.headers["Content-Disposition"]
    rows = list(csv.reader(StringIO(answer.get_data().decode("utf-8-sig"))))
    assert rows[0] == ["线路", "站点数", "开通日期"]
    assert rows[3] == ["'=3路", "30", ""]


def test_the_other_formats_hold_the_same(client: FlaskClient, slug: str) -> None:
    def got(name: str) -> bytes:
        return bytes(client.get(f"/datasets/{slug}/download.{name}").get_data())

    expected = {"线路": "=3路", "站点数": 30, "开通日期": None}
    assert json.loads(got("json"))[2] == expected
    assert json.loads(got("jsonl").splitlines()[2]) == expected
    assert pq.read_table(BytesIO(got("parquet"))).to_pylist()[2] == expected
    assert list(csv.reader(StringIO(got("plain.csv").decode())))[3] == ["=3路", "30", ""]
    sheet = CalamineWorkbook.from_filelike(BytesIO(got("xlsx"))).get_sheet_by_index(0).to_python()
    assert sheet[3][:2] == ["=3路", 30]


def test_a_filter_goes_for_the_file_too(client: FlaskClient, slug: str) -> None:
    answer = client.get(f"/datasets/{slug}/download.json", query_string={"filter": "线路:eq:1路"})
    assert [one["线路"] for one in json.loads(answer.get_data())] == ["1路"]


def test_the_file_as_delivered_only_where_nothing_is_withheld(
    client: FlaskClient, slug: str, cast: Any, sign_in: SignIn
) -> None:
    assert client.get(f"/datasets/{slug}/download.original").status_code == 404
    whole = sign_in(cast.steward).get(f"/datasets/{slug}/download.original")
    assert whole.get_data().decode() == stage.ROWS


def test_a_wholly_open_file_is_handed_out_as_it_came(kit: Kit, cast: Any, now: datetime, client: FlaskClient) -> None:
    slug = stage.publish(kit, cast, now, "开放线路", text=PLAIN)
    answer = client.get(f"/datasets/{slug}/download.original")
    assert answer.get_data().decode() == PLAIN
    assert answer.mimetype == "text/csv"


def test_nobody_gets_rows_past_the_tier(
    kit: Kit, cast: Any, now: datetime, client: FlaskClient, sign_in: SignIn
) -> None:
    restricted = stage.publish(kit, cast, now, "刷卡记录", v.OpenTier.T2)
    signed = stage.publish(kit, cast, now, "站点", v.OpenTier.T1)
    requester = sign_in(cast.requester)
    for browser in (client, requester):
        assert browser.get(f"/datasets/{restricted}/download.csv").status_code == 403
        assert browser.get(f"/datasets/{restricted}/data").headers["Location"] == f"/datasets/{restricted}"
    assert "/sign-in?next=" in client.get(f"/datasets/{signed}/download.csv").headers["Location"]
    assert "/sign-in?next=" in client.get(f"/datasets/{signed}/data").headers["Location"]
    assert "1路" in requester.get(f"/datasets/{signed}/data").text
    assert requester.get(f"/datasets/{signed}/download.csv").status_code == 200


def test_an_unknown_format_is_not_found(client: FlaskClient, slug: str) -> None:
    for name in ("exe", "csv/../../x", "csv-plain"):
        assert client.get(f"/datasets/{slug}/download.{name}").status_code == 404
