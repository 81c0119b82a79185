"""The CKAN door's reading side, driven by the real ckanapi and by the habits of harvesters and other readers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import ckanapi
import pytest
import webtest
from ckan_readers import demand_strict, harvest
from ckan_stage import GIVEN_ID, HIDDEN, World

BIN = Path(sys.executable).parent


@pytest.fixture(params=["post", "get", "in-process"])
def portal(ckan_world: World, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The same client by its three ways in."""
    if request.param == "in-process":
        yield ckanapi.TestAppCKAN(webtest.TestApp(ckan_world.app))
        return
    with ckan_world.remote(get_only=request.param == "get") as remote:
        yield remote


def test_ckanapi_reads_the_catalogue(portal: Any, ckan_world: World) -> None:
    names = ckan_world.names
    assert portal.call_action("site_read") is True
    status = portal.call_action("status_show")
    assert status["ckan_version"].startswith("2.")
    assert status["extensions"] == ["datastore"]
    listed = portal.call_action("package_list")
    assert {names[one] for one in ("open", "signed", "restricted", "harvested")} <= set(listed)
    assert names["hidden"] not in listed
    package = portal.call_action("package_show", {"id": names["open"], "include_users": False})
    assert package["title"] == "公交线路"
    assert {one["format"] for one in package["resources"]} == {"CSV", "JSON", "XLSX", "PARQUET"}
    resource = package["resources"][0]
    assert portal.call_action("resource_show", {"id": resource["id"]}) == resource
    assert portal.call_action("resource_view_list", {"id": resource["id"]}) == []
    found = portal.call_action("package_search", {"q": "公交线路", "rows": 5, "facet.field": ["organization", "tags"]})
    assert found["results"][0]["id"] == package["id"]
    assert set(found["search_facets"]) == {"organization", "tags"}
    found = portal.call_action("resource_search", {"query": ["format:PARQUET", "name:公交"]})
    assert [one["package_id"] for one in found["results"]] == [package["id"]]
    for name in (names["hidden"], "nothing"):
        with pytest.raises(ckanapi.NotFound):
            portal.call_action("package_show", {"id": name})
    with pytest.raises(ckanapi.ValidationError):
        portal.call_action("package_show")
    with pytest.raises(ckanapi.SearchQueryError):
        portal.call_action("package_search", {"fq": "title:(a"})
    rows = portal.call_action("datastore_search", {"resource_id": resource["id"], "limit": 1})
    assert rows["total"] == 3
    changes = portal.call_action("recently_changed_packages_activity_list", {"limit": 5})
    assert len(changes) == 5
    assert portal.call_action("package_activity_list", {"id": names["open"]})[0]["object_id"] == package["id"]


def test_the_command_line_dumps_and_searches(ckan_world: World, tmp_path: Path) -> None:
    # The tool starts workers by its own name.
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    with ckan_world.remote() as remote:
        wanted = {
            "datasets": remote.action.package_list(),
            "organizations": remote.action.organization_list(),
            "groups": remote.action.group_list(),
        }
    for thing, names in wanted.items():
        out = tmp_path / f"{thing}.jsonl"
        command = ["ckanapi", "dump", thing, "--all", "-r", ckan_world.address, "-O", str(out), "-p", "1", "-q"]
        subprocess.run(command, env=env, check=True, capture_output=True, timeout=120)
        records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        assert [one["name"] for one in records] == names, thing
        assert "hash" not in {key for one in records for key in one}
    out = tmp_path / "found.jsonl"
    command = ["ckanapi", "search", "datasets", "fq=owner_org:hz-jtj", "-r", ckan_world.address, "-O", str(out)]
    subprocess.run(command, env=env, check=True, capture_output=True, timeout=120)
    assert len(out.read_text(encoding="utf-8").splitlines()) == 3
    assert HIDDEN not in "".join(one.read_text(encoding="utf-8") for one in tmp_path.iterdir())


def test_every_package_passes_the_strictest_reader_page_by_page(ckan_world: World) -> None:
    with ckan_world.remote(get_only=True) as remote:
        packages = list(harvest(remote.action.package_search, rows=15, fq='-harvest_source_title:"*"'))
        count = remote.action.package_search(rows=0)["count"]
    assert len({one["id"] for one in packages}) == len(packages) == count > 50
    assert [one["id"] for one in packages] == sorted(one["id"] for one in packages)
    for package in packages:
        demand_strict(package)
        assert package["type"] != "harvest"
        assert isinstance(package["extras"], list)
        assert package["resources"]


def test_what_changed_since_is_harvested_alone(ckan_world: World) -> None:
    with ckan_world.remote(get_only=True) as remote:
        newest = remote.action.package_search(rows=1, sort="metadata_modified desc")["results"][0]["metadata_modified"]
        since = f"metadata_modified:[{newest}Z TO *]"
        assert list(harvest(remote.action.package_search, fq=since))
        assert not list(harvest(remote.action.package_search, fq="metadata_modified:[2999-01-01T00:00:00Z TO *]"))
        assert remote.action.package_search(q=since)["count"] == remote.action.package_search(fq=since)["count"]
        # Equal pages would stop the harvester; here each differs from the one before.
        first, second = (remote.action.package_search(rows=2, start=at, sort="id asc")["results"] for at in (0, 2))
        assert not {one["id"] for one in first} & {one["id"] for one in second}


def test_other_readers_habits(ckan_world: World) -> None:
    client = ckan_world.app.test_client()
    base = "/api/3/action/"
    # udata: GET that calls itself JSON, without a body; filters joined by AND in q; then every name by itself.
    query = quote("organization:hz-jtj AND tags:公交")
    answer = client.get(f"{base}package_search?q={query}&rows=1000", content_type="application/json")
    assert answer.content_type.partition(";")[0] == "application/json"
    names = [one["name"] for one in answer.get_json()["result"]["results"]]
    assert len(names) == 3
    for name in names:
        demand_strict(client.get(f"{base}package_show?id={name}", content_type="application/json").get_json()["result"])
    # Magda: bodies with everything about them, in parts.
    asked = "all_fields=true&include_users=true&include_groups=true&include_extras=true&include_tags=true&limit=2"
    parts = [client.get(f"{base}organization_list?{asked}&offset={at}").get_json()["result"] for at in (0, 2)]
    assert all(isinstance(one[key], list) for part in parts for one in part for key in ("users", "groups", "extras"))
    assert not {one["id"] for one in parts[0]} & {one["id"] for one in parts[1]}
    # DKAN's way of paging through everything.
    whole = client.get(f"{base}current_package_list_with_resources?limit=5&offset=0").get_json()["result"]
    assert len(whole) == 5


def test_resources_of_others_and_ways_to_restricted_data(ckan_world: World) -> None:
    names = ckan_world.names
    with ckan_world.remote() as remote:
        package = remote.action.package_show(id=names["harvested"])
        first, second = package["resources"]
        assert (first["id"], first["url"]) == (GIVEN_ID, "https://data.example.cn/a%20b.csv")
        assert (first["format"], first["size"], first["datastore_active"]) == ("CSV", 9, False)
        assert (second["format"], second["resource_type"], second["hash"]) == ("API", "api", "0" * 64)
        for one in (first, second):
            assert remote.action.resource_show(id=one["id"]) == one
            with pytest.raises(ckanapi.NotFound):
                remote.action.datastore_search(resource_id=one["id"])
        [way] = remote.action.package_show(id=names["restricted"])["resources"]
        assert (way["url_type"], way["resource_type"], way["size"], way["hash"]) == (None, "", None, None)
        assert way["url"].endswith(f"/datasets/{names['restricted']}")
