"""The CKAN door, driven by the real ckanapi over a real port, and by the habits of its other clients."""

import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import ckanapi
import public_stage as stage
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from open_portal.wiring import Kit
from policies import vocabulary as v

ACTION = "/api/3/action/"


@pytest.fixture
def slugs(kit: Kit, cast: Any, now: datetime) -> dict[str, str]:
    return {
        "open": stage.publish(kit, cast, now, "公交线路"),
        "restricted": stage.publish(kit, cast, now, "刷卡记录", v.OpenTier.T2),
        "harvested": stage.harvest(kit, cast, now, "嘉兴公交"),
        "draft": stage.draft(kit, cast, now, "看不见的草稿"),
    }


@pytest.fixture
def portal(app: Flask, slugs: dict[str, str]) -> Iterator[ckanapi.RemoteCKAN]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with ckanapi.RemoteCKAN(f"http://127.0.0.1:{server.server_port}", apikey="unused") as remote:
        yield remote
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("get_only", [False, True])
def test_ckanapi_reads_the_catalogue(portal: ckanapi.RemoteCKAN, slugs: dict[str, str], get_only: bool) -> None:
    portal.get_only = get_only
    assert portal.action.site_read() is True
    assert portal.action.status_show()["ckan_version"].startswith("2.")
    names = portal.action.package_list()
    assert set(names) == {slugs[one] for one in ("open", "restricted", "harvested")}
    package = portal.action.package_show(id=slugs["open"], include_users=False)
    assert package["title"] == "公交线路"
    assert {one["format"] for one in package["resources"]} == {"CSV", "JSON", "XLSX", "PARQUET"}
    assert portal.action.resource_show(id=package["resources"][0]["id"]) == package["resources"][0]
    assert portal.action.package_search(q="公交线路", rows=5)["results"][0]["id"] == package["id"]


def test_ckanapi_knows_our_errors(portal: ckanapi.RemoteCKAN, slugs: dict[str, str]) -> None:
    for name in (slugs["draft"], "nothing"):
        with pytest.raises(ckanapi.NotFound):
            portal.action.package_show(id=name)
    with pytest.raises(ckanapi.ValidationError):
        portal.action.package_show()
    for query in ("title:(a", "(" * 300, "- " * 399 + "(" * 30, "a)", "metadata_modified:[x TO *]"):
        with pytest.raises(ckanapi.SearchQueryError):
            portal.action.package_search(fq=query)
    with pytest.raises(ckanapi.CKANAPIError):
        portal.action.package_create(name="x")


def test_bodies_themes_and_lists(portal: ckanapi.RemoteCKAN, slugs: dict[str, str]) -> None:
    bodies = portal.action.organization_list(all_fields=True)
    assert {one["name"]: one["package_count"] for one in bodies}["hz-jtj"] == 2
    assert "c-example" not in portal.action.organization_list()
    body = portal.action.organization_show(id="hz-jtj", include_datasets=True)
    assert len(body["packages"]) == 2
    assert "theme-6" in portal.action.group_list()
    assert portal.action.group_show(id="theme-6")["package_count"] == 3
    assert portal.action.tag_list() == ["公交"]
    assert {"id", "title", "url"} <= set(portal.action.license_list()[0])
    with pytest.raises(ckanapi.NotFound):
        portal.action.organization_show(id="c-example")


def test_harvesters_page_until_an_empty_page(portal: ckanapi.RemoteCKAN) -> None:
    seen: list[str] = []
    while True:
        page = portal.action.package_search(rows=1, start=len(seen), sort="id asc", fq='-organization:"nobody"')
        if not page["results"]:
            break
        assert page["results"][0]["id"] not in seen
        seen.append(page["results"][0]["id"])
    assert len(seen) == page["count"] == 3
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ("fq", "count"),
    [
        ("*:*", 3),
        ("organization:hz-jtj", 2),
        ("-organization:hz-jtj", 1),
        ('groups:"theme-6" AND tags:公交', 2),
        ("res_format:XLSX", 1),
        ("name:(a OR b)", 0),
        ("metadata_modified:[2026-01-01T00:00:00Z TO *]", 3),
        ("metadata_modified:[* TO 2020-01-01]", 0),
        ("(organization:hz-jtj OR organization:hz-sjj) +type:dataset", 3),
        ("extras_tier:T2", 1),
        ("NOT extras_tier:T2", 2),
        ("harvest_source_title:*", 0),
        ('-harvest_source_title:"*"', 3),
        ("-(organization:hz-jtj)", 1),
        ("+capacity:public +state:active", 3),
    ],
)
def test_the_dialect_of_filters(client: FlaskClient, slugs: dict[str, str], fq: str, count: int) -> None:
    assert client.get(ACTION + "package_search", query_string={"fq": fq}).get_json()["result"]["count"] == count


def test_facets_count_the_public_alone(client: FlaskClient, slugs: dict[str, str]) -> None:
    query = {"facet.field": '["organization","tags","res_format"]', "rows": 0}
    found = client.get(ACTION + "package_search", query_string=query).get_json()["result"]
    assert found["results"] == []
    assert found["facets"]["organization"] == {"hz-jtj": 2, "hz-sjj": 1}
    assert found["search_facets"]["tags"]["items"] == [{"name": "公交", "display_name": "公交", "count": 2}]


def test_nothing_hidden_is_found_in_any_way(client: FlaskClient, slugs: dict[str, str]) -> None:
    for query in ({"q": "看不见的草稿"}, {"fq": "tags:看不见的草稿"}, {"q": f"name:{slugs['draft']}"}):
        answer = client.get(ACTION + "package_search", query_string=query)
        assert answer.get_json()["result"]["count"] == 0
    assert "看不见" not in client.get(ACTION + "tag_list").text
    assert "看不见" not in client.get(ACTION + "package_autocomplete?q=看不").text


def test_restricted_data_bear_the_page_that_leads_on(client: FlaskClient, slugs: dict[str, str]) -> None:
    for kind, url in (
        ("restricted", f"http://localhost/datasets/{slugs['restricted']}"),
        ("harvested", "https://data.example.cn/1?a=1&b=2"),
    ):
        package = client.get(ACTION + "package_show", query_string={"id": slugs[kind]}).get_json()["result"]
        [resource] = package["resources"]
        assert resource["url"] == url
        assert resource["size"] is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"id": "%s"}', "application/json"),
        (b"id=%s", "application/x-www-form-urlencoded"),
        (b'{"id": "%s"}=1', "application/x-www-form-urlencoded"),
    ],
)
def test_every_form_of_body(client: FlaskClient, slugs: dict[str, str], body: bytes, kind: str) -> None:
    sent = body.replace(b"%s", slugs["open"].encode())
    answer = client.post("/api/action/package_show", data=sent, content_type=kind)
    assert answer.content_type == "application/json;charset=utf-8"
    assert answer.get_json()["result"]["name"] == slugs["open"]


def test_bad_requests_are_bare_texts(client: FlaskClient, cast: Any) -> None:
    for answer in (
        client.post(ACTION + "package_show", data=b"[1]", content_type="application/json"),
        client.post(ACTION + "package_show", data=b"{", content_type="application/json"),
        client.get(ACTION + "package_create"),
    ):
        assert answer.status_code == 400
        assert answer.get_json().startswith("Bad request")
    # An empty body that calls itself JSON is what some readers send with GET.
    assert client.get(ACTION + "site_read", content_type="application/json").get_json()["result"] is True
    assert client.get(ACTION + "package_search?rows=-1").status_code == 409
    assert client.get("/api/3").get_json() == {"version": 3}
