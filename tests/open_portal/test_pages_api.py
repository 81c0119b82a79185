"""The data interface: who gets which rows, exact quotas, keys that end at once, and a document that tells the truth."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import restricted
from jsonschema import Draft202012Validator
from restricted import World
from sqlalchemy import select

from catalog import search
from catalog.models import Delivery
from open_portal.pages.api import api
from policies.calendars import local_date
from sharing.access import grants
from sharing.access.models import Grant
from tenancy import tokens, work

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


@pytest.fixture
def world(db: Any, cast: Any, now: Any, tmp_path: Any) -> World:
    """Restricted and open data, indexed."""
    built = restricted.build(db, cast, now, tmp_path)
    search.catch_up(built.kit.index, db)
    return built


def get(world: World, address: str, key: str = "", **headers: str) -> Any:
    """Ask as a program does."""
    if key:
        headers["Authorization"] = f"Bearer {key}"
    return world.app.test_client().get(f"/api/v1{address}", headers=headers)


def rows(world: World, key: str = "", question: str = "", entry: str = "") -> Any:
    """Rows of the restricted data or of another entry."""
    return get(world, f"/datasets/{entry or world.restricted}/rows{question}", key)


def test_open_data_need_no_key_but_keep_their_closed_items(world: World) -> None:
    answer = rows(world, question="?limit=3&order=riders:desc", entry=world.open)
    assert answer.status_code == 200
    assert answer.json["columns"] == ["stop", "day", "riders"]
    assert [row[2] for row in answer.json["rows"]] == [2499, 2498, 2497]
    assert answer.json["total"] == restricted.ROWS
    assert "offset=3" in answer.json["next"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_filter_columns_and_paging(world: World) -> None:
    question = "?filter=riders:ge:100&filter=riders:lt:2000&columns=riders,stop&limit=10000"
    answer = rows(world, question=question, entry=world.open)
    assert answer.json["columns"] == ["riders", "stop"]
    assert [row[0] for row in answer.json["rows"]] == list(range(100, 2000))
    assert answer.json["next"] is None
    assert answer.json["total"] == 1900


@pytest.mark.parametrize(
    "question",
    ["columns=driver_phone", "filter=driver_phone:eq:13800000000", "order=driver_phone", "filter=driver_phone:notnull"],
)
def test_a_closed_column_is_as_unknown_as_none(world: World, question: str) -> None:
    answer = rows(world, question="?" + question, entry=world.open)
    other = rows(world, question="?" + question.replace("driver_phone", "no_such"), entry=world.open)
    assert answer.status_code == other.status_code == 422
    assert answer.json["code"] == other.json["code"] == "filter.unknown-column"


def test_restricted_data_need_the_key_of_a_grant(world: World) -> None:
    refused = rows(world)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert f"/apply/{world.restricted}" in refused.json["message"]
    _, key = restricted.granted(world, world.cast.requester)
    answer = rows(world, key, "?limit=2")
    assert answer.json["columns"] == ["stop", "riders"]
    assert "13800000000" not in answer.text
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    by_header = get(world, f"/datasets/{world.restricted}/rows", **{"X-API-Key": key})
    assert by_header.status_code == 200


@pytest.mark.parametrize("column", ["day", "driver_phone"])
def test_only_granted_items(world: World, column: str) -> None:
    _, key = restricted.granted(world, world.cast.requester)
    for question in (f"?columns={column}", f"?filter={column}:notnull", f"?order={column}"):
        assert rows(world, key, question).status_code == 422
    assert rows(world, key, entry=world.open).json["columns"] == ["stop", "day", "riders"]


def test_a_revoked_key_opens_nothing_from_then_on(world: World) -> None:
    number, key = restricted.granted(world, world.cast.requester)
    assert rows(world, key).status_code == 200
    with work.begin(world.kit.database, world.cast.officer, world.now) as deed:
        grant = deed.session.scalars(select(Grant).where(Grant.number == number)).one()
        grants.revoke(deed, grant, comment="超范围使用", basis="协议第七条")
    answer = rows(world, key)
    assert answer.status_code == 401
    assert answer.json["code"] == "api.key"
    assert rows(world, key, entry=world.open).status_code == 401


def test_a_grant_ends_with_its_last_day(world: World) -> None:
    _, key = restricted.granted(world, world.cast.requester)
    last = world.now + timedelta(90)
    assert rows(world.at(last), key).status_code == 200
    assert rows(world.at(last + timedelta(1)), key).status_code == 401


def test_the_quota_of_calls_is_exact_under_load(world: World) -> None:
    number, key = restricted.granted(world, world.cast.requester, calls=5)
    barrier = Barrier(8)

    def call(_place: int) -> int:
        barrier.wait()
        return int(restricted.insist(lambda: rows(world, key, "?limit=1")).status_code)

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(call, range(8)))
    assert answers == [200] * 5 + [429] * 3
    assert _used(world, number) == (5, 5)


def test_the_quota_of_rows_counts_what_leaves(world: World) -> None:
    number, key = restricted.granted(world, world.cast.requester, rows=150)
    assert rows(world, key, "?limit=100").status_code == 200
    refused = rows(world, key, "?limit=100")
    assert refused.status_code == 429
    assert refused.json["code"] == "grant.quota"
    assert "rows" not in refused.json
    assert 0 < int(refused.headers["Retry-After"]) <= 14 * 3600 + 1
    assert rows(world, key, "?filter=riders:lt:50&limit=100").status_code == 200
    assert _used(world, number) == (2, 150)
    assert rows(world, key, "?filter=riders:bad:1").status_code == 422
    assert _used(world, number) == (2, 150)
    assert rows(world.at(world.now + timedelta(1)), key, "?limit=100").status_code == 200


def test_every_delivery_is_counted(world: World) -> None:
    _, key = restricted.granted(world, world.cast.requester)
    rows(world, key, "?limit=7")
    rows(world, entry=world.open, question="?limit=3")
    rows(world)
    with world.kit.database.read() as session:
        found = sorted((one.rows, one.actor_kind, bool(one.grant_id)) for one in session.scalars(select(Delivery)))
    assert found == [(3, "anonymous", False), (7, "credential", True)]


def test_a_key_in_the_address_is_refused(world: World) -> None:
    _, key = restricted.granted(world, world.cast.requester)
    for question in (f"?key={key}", f"?api_key={key}", f"?anything={key}", "?token=x"):
        answer = rows(world, question=question)
        assert answer.status_code == 400
        assert answer.json["code"] == "api.key-in-address"
        assert key not in answer.text


def test_unknown_keys_and_schemes(world: World) -> None:
    for key in ("txk_" + "a" * 39, "tx_" + "a" * 39, "nonsense"):
        assert rows(world, key, entry=world.open).status_code == 401
    basic = get(world, "/datasets", Authorization="Basic eDp5")
    assert basic.status_code == 401


def test_agreed_addresses_hold(world: World) -> None:
    number, key = restricted.granted(world, world.cast.requester)
    for allowed, status in ((["10.1.0.0/16"], 403), (["127.0.0.0/8"], 200)):
        with work.begin(world.kit.database, world.cast.officer, world.now) as deed:
            deed.session.scalars(select(Grant).where(Grant.number == number)).one().addresses = allowed
        assert rows(world, key).status_code == status


def test_hidden_entries_do_not_exist(world: World) -> None:
    for address in (f"/datasets/{world.hidden}", f"/datasets/{world.hidden}/rows"):
        hidden, missing = get(world, address), get(world, address.replace(world.hidden, "307-1"))
        assert hidden.status_code == missing.status_code == 404
        assert {**hidden.json, "request": ""} == {**missing.json, "request": ""}


def test_a_persons_token_gives_that_persons_view(world: World) -> None:
    with work.begin(world.kit.database, world.cast.steward, world.now) as deed:
        _, token = tokens.create(deed, name="script", days=30)
    titles = {one["title"] for one in get(world, "/datasets").json["datasets"]}
    assert titles == {"公交刷卡客流", "公交站点"}
    own = {one["title"] for one in get(world, "/datasets", token).json["datasets"]}
    assert own == titles | {"未发布的草稿"}
    assert get(world, f"/datasets/{world.hidden}", token).status_code == 200


def test_cookies_do_not_count(world: World) -> None:
    client = world.client(world.cast.steward)
    assert client.get(f"/api/v1/datasets/{world.hidden}").status_code == 404
    assert client.get(f"/api/v1/datasets/{world.restricted}/rows").status_code == 401


def test_search_pages_and_facets(world: World) -> None:
    first = get(world, "/datasets?per_page=1&q=公交").json
    assert first["total"] == 2
    second = world.app.test_client().get(first["next"]).json
    assert second["next"] is None
    assert {first["datasets"][0]["code"], second["datasets"][0]["code"]} == {
        world.restricted.replace("-", "/"),
        world.open.replace("-", "/"),
    }
    assert get(world, "/datasets?tier=T2").json["total"] == 1
    assert {one["value"] for one in first["facets"]["tier"]} == {"T0", "T2"}


@pytest.mark.parametrize(
    ("question", "field"),
    [("?per_page=101", "per_page"), ("?page=x", "page"), ("?sort=odd", "sort"), ("?quary=a", "quary")],
)
def test_wrong_parameters_are_named_in_both_languages(world: World, question: str, field: str) -> None:
    answers = [get(world, "/datasets" + question, **{"Accept-Language": one}) for one in ("en", "zh-CN")]
    assert {one.status_code for one in answers} == {422}
    assert all(one.json["message"].startswith(field) for one in answers)
    assert set(answers[0].json) == {"status", "code", "message", "request"}


def test_reasons_follow_the_language_asked_for(world: World) -> None:
    texts = [
        get(world, f"/datasets/{world.open}/rows?filter=x:eq:1", **{"Accept-Language": one}).json["message"]
        for one in ("en", "zh-CN")
    ]
    assert "column" in texts[0]
    assert "列" in texts[1]


def test_indicators_with_codes_as_far_as_they_may_be_known(world: World) -> None:
    listed = get(world, "/indicators").json["indicators"]
    assert listed
    for one in listed:
        full = world.app.test_client().get(one["url"]).json
        assert full["numerator"] == one["numerator"]
        assert world.hidden.replace("-", "/") not in full["denominator_ids"]["codes"]
    assert get(world, "/indicators/no-such").status_code == 404
    assert get(world, "/indicators?as_of=2026-02-30").status_code == 422
    past = get(world, "/indicators?as_of=2026-01-01").json["indicators"]
    assert all(one["denominator"] == 0 for one in past)


def test_the_document_is_sound_and_names_every_route(world: World) -> None:
    document = world.app.test_client().get("/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert set(document["info"]) >= {"title", "version"}
    described = set(document["paths"])
    served = {
        re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule.rule)
        for rule in world.app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.rule.startswith("/api/")
    }
    assert described == served
    for path in document["paths"].values():
        assert set(path) <= METHODS | {"parameters"}
        for operation in path.values():
            assert {"200", "404", "422"} <= set(operation["responses"])
            for parameter in operation.get("parameters", ()):
                assert parameter["in"] in {"query", "path"}
                assert parameter.get("required") or parameter["in"] == "query"
                Draft202012Validator.check_schema(parameter["schema"])
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    assert _references(document) <= {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


def test_answers_are_what_the_document_says(world: World) -> None:
    _, key = restricted.granted(world, world.cast.requester)
    document = world.app.test_client().get("/openapi.json").json
    asked = {
        "/api/v1/datasets": "/datasets",
        "/api/v1/datasets/{code}": f"/datasets/{world.restricted}",
        "/api/v1/datasets/{code}/rows": f"/datasets/{world.restricted}/rows",
        "/api/v1/indicators": "/indicators",
        "/api/v1/indicators/{code}": "/indicators/" + get(world, "/indicators").json["indicators"][0]["code"],
    }
    for path, address in asked.items():
        responses = document["paths"][path]["get"]["responses"]
        _fits(document, responses["200"], get(world, address, key).json)
        _fits(document, responses["422"], get(world, address + "?no-such=1").json)


def test_the_document_speaks_both_languages(world: World) -> None:
    texts = [
        world.app.test_client().get("/openapi.json", headers={"Accept-Language": one}).json["info"]["title"]
        for one in ("en", "zh-CN")
    ]
    assert texts[0] == "Public data interface"
    assert texts[1] != texts[0]
    assert api.DESCRIBED("en") is api.DESCRIBED("en")


def _fits(document: dict[str, Any], response: dict[str, Any], answer: Any) -> None:
    schema = response["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": document["components"]}).validate(answer)


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(_references(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(_references(one) for one in value))
    return set()


def _used(world: World, number: str) -> tuple[int, int]:
    with world.kit.database.read() as session:
        grant = session.scalars(select(Grant).where(Grant.number == number)).one()
        used = grants.usage(session, grant, local_date(world.now))
        return (used.calls, used.rows) if used else (0, 0)
