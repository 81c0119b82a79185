"""Every list for programs: paging, order, tables, whose token it needs, and that the document tells the truth."""

import csv
import io
from typing import Any

import api_lists
import pytest
import restricted
from restricted import World

from catalog import search
from tenancy import tokens, work
from tenancy.actors import Actor

MINE = ("applications", "grants", "demands", "tasks", "follows", "notices", "reports", "subscriptions", "webhooks")
ELSEWHERE = ("/api/v1/desk/", "/api/v1/admin/")
"""Lists with tests of their own, in worlds where something stands in each."""
STAFF = ("my/demands", "standards", "code-lists")


@pytest.fixture
def world(db: Any, cast: Any, now: Any, tmp_path: Any) -> World:
    """Restricted and open data, indexed."""
    built = restricted.build(db, cast, now, tmp_path)
    search.catch_up(built.kit.index, db)
    return built


def key_of(world: World, who: Actor) -> str:
    """A token for reading."""
    with work.begin(world.kit.database, who, world.now) as unit:
        return tokens.create(unit, name="t", days=1)[1]


def get(world: World, path: str, key: str = "", **headers: str) -> Any:
    """Ask as a program does."""
    if key:
        headers["Authorization"] = f"Bearer {key}"
    return world.app.test_client().get(f"/api/v1/{path}", headers=headers)


def test_every_list_pages_sorts_and_makes_a_table_as_the_document_says(world: World) -> None:
    restricted.approved(world, world.cast.requester)
    key = key_of(world, world.cast.steward)
    document = world.app.test_client().get("/openapi.json").json
    lists = api_lists.lists_of(document, without=ELSEWHERE)
    assert {f"/api/v1/my/{one}" for one in MINE} <= set(lists)
    for path in lists:
        code = "OPEN_CAT" if "/indicators/" in path else world.open
        address = path.removeprefix(api_lists.PREFIX).format(code=code, name="no-such", hook_id="no-such")
        if "no-such" in address:
            assert get(world, address, key).status_code == 404
        else:
            api_lists.check(document, path, address, lambda one, **headers: get(world, one, key, **headers))


def test_pages_of_a_list_make_the_whole(world: World) -> None:
    everything = get(world, "organisations?sort=-key&per_page=100").json
    keys = [one["key"] for one in everything["organisations"]]
    assert keys == sorted(keys, reverse=True)
    assert {one["key"]: one["datasets"] for one in everything["organisations"]}["hz-jtj"] == 2
    found, address = [], "/api/v1/organisations?sort=-key&per_page=2"
    while address:
        page = world.app.test_client().get(address).json
        found += [one["key"] for one in page["organisations"]]
        address = page["next"]
    assert found == keys
    assert next(one for one in get(world, "themes?per_page=100").json["themes"] if one["code"] == "6")["datasets"] == 2


def test_own_lists_are_the_person_s(world: World) -> None:
    number = restricted.approved(world, world.cast.requester)
    mine = get(world, "my/applications", key_of(world, world.cast.requester)).json
    assert [one["number"] for one in mine["applications"]] == [number]
    assert get(world, "my/applications", key_of(world, world.cast.stranger)).json["total"] == 0
    for one in MINE:
        assert get(world, f"my/{one}").status_code == 401
    outsider = key_of(world, world.cast.requester)
    for one in STAFF:
        assert get(world, one, outsider).status_code == 403
        assert get(world, one).status_code == 401
    _, grant_key = restricted.granted(world, world.cast.requester)
    assert get(world, "my/grants", grant_key).status_code == 403
    assert get(world, "my/grants", outsider).json["total"] == 1


def test_parts_of_a_hidden_entry_are_as_unknown_as_those_of_none(world: World) -> None:
    for part in ("quality", "profile", "versions", "history", "issues"):
        hidden, missing = (get(world, f"datasets/{code}/{part}") for code in (world.hidden, "399001-999999"))
        assert hidden.status_code == missing.status_code == 404
        assert hidden.json["message"] == missing.json["message"]
    assert get(world, f"datasets/{world.open}/versions").json["versions"][0]["number"] == 1
    assert "release.approve" in {one["what"] for one in get(world, f"datasets/{world.open}/history").json["events"]}


def test_datasets_are_narrowed_by_place_time_and_granularity(world: World) -> None:
    assert get(world, "datasets?place=330500").json["total"] == 2
    assert get(world, "datasets?place=330400").json["total"] == 0
    assert get(world, "datasets?time_from=2020-01-01").json["total"] == 0
    assert get(world, "datasets?granularity=none").json["total"] == 0
    assert {get(world, f"datasets?{one}").status_code for one in ("place=x", "time_to=2026-02-30")} == {422}
    rows = list(csv.DictReader(io.StringIO(get(world, "datasets?output=csv").data.decode("utf-8-sig"))))
    assert {one["code"].replace("/", "-") for one in rows} == {world.open, world.restricted}
    assert {one["tier"] for one in rows} == {"T0", "T2"}
