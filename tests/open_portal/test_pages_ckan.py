"""The CKAN door: its dialect, its envelope and errors, identity by token, and what nobody is told."""

import json
from typing import Any

import ckanapi
import pytest
from ckan_stage import HIDDEN, World
from flask.testing import FlaskClient

from open_portal.pages.ckan import ckan_packages
from open_portal.pages.ckan.ckan_actions import ACTIONS

ACTION = "/api/3/action/"
OURS = "owner_org:hz-jtj"


@pytest.fixture
def client(ckan_world: World) -> FlaskClient:
    return ckan_world.app.test_client()


def ask(client: FlaskClient, action: str, token: str = "", /, **asked: Any) -> Any:
    headers = {"Authorization": token} if token else {}
    answer = client.post(ACTION + action, json=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.get_json()["result"]


def search(client: FlaskClient, token: str = "", /, **asked: Any) -> Any:
    return ask(client, "package_search", token, **asked)


DIALECT = {
    "*:*": 3,
    "organization:hz-jtj": 3,
    "-organization:hz-jtj": 0,
    "organization:nobody": 0,
    'groups:"theme-6" AND tags:公交': 3,
    "name:(a OR b)": 0,
    "name:*": 3,
    "metadata_modified:[2026-01-01T00:00:00Z TO *]": 3,
    "metadata_modified:[NOW-1DAY/DAY TO NOW]": 3,
    "metadata_modified:[* TO 2020-01-01]": 0,
    "metadata_modified:[* TO NOW-1MONTH]": 0,
    "(organization:hz-jtj OR organization:hz-sjj) +type:dataset": 3,
    "extras_tier:T2": 1,
    "extras_access_level:(T1 OR T2)": 2,
    "NOT extras_tier:T2": 2,
    "harvest_source_title:*": 0,
    '-harvest_source_title:"*"': 3,
    "-(organization:hz-jtj)": 0,
    "!tags:公交": 0,
    "+capacity:public +state:active": 3,
    "private:true": 0,
    "state:draft": 0,
    "title:公交": 1,
    "title:公交^4": 1,
    "notes:线路": 1,
    "公交线路 OR 刷卡记录": 2,
    "公交线路 AND extras_tier:T0": 1,
    "res_format:csv": 0,
    "+site_id:default": 3,
}


def test_the_dialect_of_filters(client: FlaskClient) -> None:
    found = {fq: search(client, fq=fq, fq_list=[OURS], rows=0)["count"] for fq in DIALECT}
    assert found == DIALECT


def test_what_cannot_be_read_is_told(ckan_world: World) -> None:
    queries = ("title:(a", "(" * 300, "- " * 399 + "(" * 30, "a)", "metadata_modified:[x TO *]", "a " * 500)
    with ckan_world.remote() as remote:
        for query in queries:
            with pytest.raises(ckanapi.SearchQueryError):
                remote.action.package_search(fq=query)
        with pytest.raises(ckanapi.SearchQueryError):
            remote.action.package_search(sort="colour desc")
        for action in ("package_show", "resource_show", "organization_show", "resource_search", "datastore_search"):
            with pytest.raises(ckanapi.ValidationError):
                remote.call_action(action)
        for action in ("package_show", "resource_show", "organization_show", "group_show", "tag_show", "user_show"):
            with pytest.raises(ckanapi.NotFound):
                remote.call_action(action, {"id": ckan_world.names["hidden"]})


def test_resources_are_found_by_id_at_any_size_and_else_the_bound_is_told(
    ckan_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ckan_packages, "MOST_READ", 1)
    with ckan_world.remote("steward") as remote:
        for name in ("open", "harvested"):
            for resource in remote.action.package_show(id=ckan_world.names[name])["resources"]:
                found = remote.action.resource_search(query=f"id:{resource['id']}")
                assert (found["count"], found["results"]) == (1, [resource])
        hidden = remote.action.package_show(id=ckan_world.names["hidden"])
        assert remote.action.resource_search(query=f"id:{hidden['id']}-csv")["count"] == 0
        assert remote.action.resource_search(query=["id:nothing", "format:csv"])["count"] == 0
        with pytest.raises(ckanapi.SearchError, match="at most 1 are"):
            remote.action.resource_search(query="name:公交")


def test_facets_in_every_form_count_the_public_alone(client: FlaskClient) -> None:
    fields = '["organization","tags","res_format","groups","license_id","nonsense"]'
    asked = {"facet.field": fields, "rows": 0, "fq": OURS, "facet.limit": 1}
    found = client.get(ACTION + "package_search", query_string=asked).get_json()["result"]
    assert found["results"] == []
    assert found["facets"] == {
        "organization": {"hz-jtj": 3},
        "tags": {"公交": 3},
        "res_format": {},
        "groups": {"theme-6": 3},
        "license_id": found["facets"]["license_id"],
        "nonsense": {},
    }
    assert found["search_facets"]["tags"]["items"] == [{"name": "公交", "display_name": "公交", "count": 3}]
    assert search(client, **{"facet.field": ["tags"], "fq": OURS, "facet.mincount": 4})["facets"] == {"tags": {}}
    assert search(client, **{"facet.field": ["tags"], "facet": "false"})["facets"] == {}


def test_parts_of_answers(client: FlaskClient) -> None:
    assert [sorted(one) for one in search(client, fl="name,title", fq=OURS)["results"]] == [["name", "title"]] * 3
    newest = search(client, fq=OURS)["results"]
    assert [one["metadata_modified"] for one in newest] == sorted(one["metadata_modified"] for one in newest)[::-1]
    names = search(client, sort="name asc", rows=1000)["results"]
    assert [one["name"] for one in names] == sorted(one["name"] for one in names)
    listed = ask(client, "package_list")
    assert listed == sorted(listed)
    assert ask(client, "package_list", limit=2, offset=1) == listed[1:3]
    assert len(search(client, rows=99999)["results"]) == len(listed)
    pages = [ask(client, "current_package_list_with_resources", limit=2, page=one) for one in (1, 2)]
    assert len({one["id"] for page in pages for one in page}) == 4


def test_bodies_themes_tags_and_licences(client: FlaskClient) -> None:
    assert ask(client, "organization_list", all_fields=True, organizations=["hz-jtj"])[0]["package_count"] == 3
    assert "c-example" not in ask(client, "organization_list")
    assert len(ask(client, "organization_list", all_fields="true", limit=2, sort="package_count desc")) == 2
    body = ask(client, "organization_show", id="hz-jtj", include_datasets=True)
    assert {one["owner_org"] for one in body["packages"]} == {body["id"]}
    theme = ask(client, "group_show", id="theme-6", include_datasets=False)
    assert (theme["packages"], theme["package_count"] >= 3) == ([], True)
    assert len(ask(client, "group_package_show", id="theme-6")) == theme["package_count"]
    assert "公交" in ask(client, "tag_list", query="公")
    assert ask(client, "tag_show", id="公交", include_datasets=True)["packages"]
    assert len(ask(client, "member_list", id="hz-jtj", object_type="package")) == 3
    assert ask(client, "member_list", id="hz-jtj", object_type="user") == []
    assert {"id", "title", "url"} <= set(ask(client, "license_list")[0])
    for action in ("vocabulary_list", "user_list", "user_autocomplete", "organization_list_for_user"):
        assert ask(client, action) == []


def test_autocomplete_and_the_small_addresses(client: FlaskClient, ckan_world: World) -> None:
    assert ckan_world.names["open"] in [one["name"] for one in ask(client, "package_autocomplete", q="gjxl")]
    assert ask(client, "organization_autocomplete", q="交通")[0]["name"] == "hz-jtj"
    assert "xlsx" in ask(client, "format_autocomplete", q="xl")
    for release in ("", "/2", "/3"):
        base = f"/api{release}/util"
        found = client.get(f"{base}/dataset/autocomplete?incomplete=公交线").get_json()
        assert found["ResultSet"]["Result"][0]["title"] == "公交线路"
        assert client.get(f"{base}/tag/autocomplete?incomplete=公").get_json()["ResultSet"]["Result"]
        assert client.get(f"{base}/resource/format_autocomplete?incomplete=cs").get_json()["ResultSet"]["Result"]
        assert client.get(f"{base}/status").get_json()["ckan_version"].startswith("2.")


def test_a_token_shows_what_is_ones_own_and_no_more(client: FlaskClient, ckan_world: World) -> None:
    draft = ckan_world.names["hidden"]
    mine, others = ckan_world.tokens["steward"], [ckan_world.tokens[one] for one in ("stranger", "requester")]
    shown = ask(client, "package_show", mine, id=draft)
    assert (shown["state"], shown["private"], shown["title"]) == ("draft", True, HIDDEN)
    counts = [search(client, mine, fq=OURS, rows=0, **more)["count"] for more in ({}, {"include_drafts": True})]
    assert counts == [3, 4]
    assert draft in ask(client, "package_list", mine, include_drafts=True)
    assert [one["name"] for one in ask(client, "organization_list_for_user", mine)] == ["hz-jtj"]
    for token in others:
        more = {"include_drafts": True, "include_private": True, "include_deleted": True}
        assert search(client, token, fq=OURS, rows=0, **more)["count"] == 3
        answer = client.post(ACTION + "package_show", json={"id": draft}, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 404
        assert (
            client.post(ACTION + "package_show", json={"id": "nothing"}).get_json()["error"]
            == (answer.get_json()["error"])
        )


def test_tokens_count_in_headers_alone(client: FlaskClient, ckan_world: World) -> None:
    mine, name = ckan_world.tokens["steward"], ckan_world.names["hidden"]
    for headers in ({"X-CKAN-API-Key": mine}, {"X-API-Key": mine}, {"Authorization": f"Bearer {mine}"}):
        answer = client.get(f"{ACTION}package_show?id={name}", headers=headers)
        assert answer.status_code == 200
        assert (answer.headers["Cache-Control"], "Access-Control-Allow-Origin" in answer.headers) == ("no-store", False)
    assert client.get(f"{ACTION}package_show?id={name}&api_key={mine}").status_code == 400
    client.set_cookie("auth_tkt", mine)
    assert client.get(f"{ACTION}package_show?id={name}").status_code == 404
    public = client.get(f"{ACTION}site_read")
    assert public.headers["Access-Control-Allow-Origin"] == "*"
    assert "hash" not in json.dumps(ask(client, "user_show", mine))


def test_every_form_of_body(client: FlaskClient, ckan_world: World) -> None:
    name = ckan_world.names["open"]
    bodies = [
        {"data": json.dumps({"id": name}), "content_type": "application/json"},
        {"data": f"id={name}", "content_type": "application/x-www-form-urlencoded"},
        {"data": json.dumps({"id": name, "x": "a=b&c"}) + "=1", "content_type": "application/x-www-form-urlencoded"},
        {"data": json.dumps({"id": name}), "content_type": "application/x-www-form-urlencoded"},
        {"data": json.dumps({"id": name}), "content_type": "text/plain"},
        {"data": {"id": name, "private": "True", "count": "3"}, "content_type": "multipart/form-data"},
    ]
    for body in bodies:
        answer = client.post("/api/action/package_show", **body)
        assert answer.content_type == "application/json;charset=utf-8"
        assert answer.get_json()["result"]["name"] == name


def test_failures_stay_json(client: FlaskClient) -> None:
    bare = [
        client.post(ACTION + "package_show", data=b"[1]", content_type="application/json"),
        client.post(ACTION + "package_show", data=b"{", content_type="application/json"),
        client.post(ACTION + "package_show", data=b'{"id": "\\ud800"}', content_type="application/json"),
        client.post(ACTION + "package_show", data=b'{"id": "a\\u0000"}', content_type="application/json"),
        client.get(ACTION + "package_create"),
        client.post(ACTION + "no_such_action", json={}),
    ]
    for answer in bare:
        assert answer.status_code == 400
        assert answer.get_json().startswith("Bad request")
    big = client.post(ACTION + "package_show", data=b"x" * 1_100_000, content_type="application/json")
    shapes = {
        404: client.get("/api/3/nonsense/at/all"),
        409: client.get(ACTION + "package_search?rows=-1"),
        413: big,
    }
    for status, answer in shapes.items():
        assert answer.status_code == status
        body = answer.get_json()
        assert (body["success"], "__type" in body["error"], "help_show" in body["help"]) == (False, True, True)
    # Nothing sends a program elsewhere, and what it doesn't know of is no mistake.
    assert client.get(ACTION + "package_search?language=en&nonsense=1&use_default_schema=true").status_code == 200
    assert client.get("/api/action/site_read/").status_code == 200
    assert client.get(ACTION + "site_read", content_type="application/json").get_json()["result"] is True
    assert client.get("/api/3").get_json() == {"version": 3}


def test_a_fault_of_ours_is_told_as_one(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ACTIONS["site_read"]
    monkeypatch.setitem(ACTIONS, "site_read", type(broken)(lambda _params: 1 / 0))
    client.application.testing = False
    answer = client.get(ACTION + "site_read")
    client.application.testing = True
    assert (answer.status_code, answer.get_json()["error"]["__type"]) == (500, "Internal Server Error")


def test_every_reading_action_has_help(client: FlaskClient) -> None:
    for name, action in ACTIONS.items():
        assert ask(client, "help_show", name=name), name
        assert action.reads or action.scopes, name


def test_feeds_are_paged(client: FlaskClient) -> None:
    whole = client.get("/feeds/dataset.atom")
    assert whole.content_type.startswith("application/atom+xml")
    assert 'rel="next"' in whole.text
    assert whole.text != client.get("/feeds/dataset.atom?page=2").text
    for address in (
        "/feeds/organization/hz-jtj.atom",
        "/feeds/group/theme-6.atom",
        "/feeds/tag/公交.atom",
        "/feeds/custom.atom?q=公交线路&organization=hz-jtj",
    ):
        answer = client.get(address)
        assert "公交线路" in answer.text, address
        assert HIDDEN not in answer.text
    assert client.get("/feeds/organization/nobody.atom").status_code == 404
