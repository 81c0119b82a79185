"""Lists of the administration for programs: who gets them, that they page, sort and make tables, and hold no secret."""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

import admin_stage
import api_lists
import pytest
from admin_stage import OUTSIDERS, VALUE, WHO, World

from policies import rulebook
from policies.vocabulary import Role
from tenancy import people
from tenancy.actors import SYSTEM
from tenancy.models import Person, Tenant

EMPTY = {"standards/deviations"}
"""Lists in which nothing stands in this world."""
BELOW = "/api/v1/admin/"
NUMBERS = (
    *("value", "numerator", "denominator", "points", "gain", "score"),
    *("frozen", "corrected", "change"),
)
PAGES = {
    **dict.fromkeys(("users", "tenants", "peers", "audit", "jobs", "outbound", "synonyms", "sources"), ""),
    **dict.fromkeys(("scorecards", "standards", "scorecard/hz-jtj", "metadata/hz-jtj"), ""),
    "users/steward": "users/steward/roles",
    "tenants/hz-jtj": "tenants/hz-jtj/names",
    "sources/neighbour": "sources/neighbour/runs",
}
"""Pages with the list that shows the same; with none where it has the same address."""


@pytest.fixture
def world(db: Any, cast: Any, now: Any, tmp_path: Any) -> Iterator[World]:
    """The portal, with the packaged rules again at the end."""
    before = rulebook.in_force()
    yield admin_stage.build(db, cast, now, tmp_path)
    rulebook.put_in_force(before)


@pytest.fixture
def document(world: World) -> Any:
    """What the interface says of itself."""
    return world.stage.app.test_client().get("/openapi.json").json


def lines(world: World, address: str, who: str | None = None, **headers: str) -> list[dict[str, Any]]:
    """The lines of a list."""
    between = "&" if "?" in address else "?"
    answer = world.get(f"{address}{between}per_page=100", who, **headers)
    assert answer.status_code == 200, answer.text
    return api_lists.lines_of(answer)


def test_every_list_keeps_its_promises_and_tells_no_secret(world: World, document: Any) -> None:
    lists = api_lists.lists_of(document, BELOW)
    assert {path.split("/")[4] for path in lists} == set(WHO)
    for path in lists:
        address, ask = world.address(path), partial(_ask, world, world.reader(path))
        found = api_lists.compare(document, path, address, ask, NUMBERS)
        assert bool(found) is (path.removeprefix(BELOW) not in EMPTY), path
        assert not [one for one in world.secrets if one in str(found)], path
        assert (VALUE in str(found)) is path.endswith("{rule}"), path


def _ask(world: World, who: str, address: str, **headers: str) -> Any:
    return world.get(address, who, **headers)


def test_the_door_is_that_of_the_pages(world: World, document: Any) -> None:
    for path in api_lists.lists_of(document, BELOW):
        address = world.address(path)
        assert world.get(address).status_code == 401, path
        for outsider in OUTSIDERS:
            answer = world.get(address, outsider)
            assert (answer.status_code, answer.json["code"]) == (403, "permissions.default"), (path, outsider)
    assert world.get("admin/calendar", Authorization=f"Bearer {world.exchange}").json["code"] == "api.scope"
    assert world.with_faces("public", "api").get("admin/calendar", "auditor").status_code == 404
    assert world.with_faces("public", "api", "admin").get("admin/calendar", "auditor").status_code == 200
    for who in sorted(set(WHO.values())):
        browser = world.stage.signed_in(getattr(world.stage.cast, who))
        for one, list_ in PAGES.items():
            shown = browser.get(f"/admin/{one}").status_code
            assert world.get(f"admin/{list_ or one}", who).status_code == shown, (who, one)


def test_what_is_hidden_looks_like_what_does_not_exist(world: World) -> None:
    for one in ("users/{}/roles", "tenants/{}/names", "sources/{}/runs", "scorecards/{}", "policies/changes/{}"):
        who = WHO[one.split("/", maxsplit=1)[0]]
        assert world.get(f"admin/{one.format('no-such')}", who).status_code == 404, one
    assert world.get("admin/sources/neighbour/runs/99/refused", "officer").status_code == 404
    assert world.get("admin/scorecard/hz-jtj/figures/beauty", "leader").status_code == 404
    assert world.get("admin/metadata/hz-jtj/beauty", "leader").status_code == 404
    with world.stage.deed(SYSTEM) as unit:
        person = unit.session.get_one(Person, world.stage.cast.colleague.id)
        place = unit.session.get_one(Tenant, world.stage.cast.department.id)
        people.grant_role(unit, person, place, Role.TENANT_ADMIN)
    colleague = {"Authorization": f"Bearer {admin_stage.token_of(world.stage, world.stage.cast.colleague)}"}
    seen = {one["login"] for one in lines(world, "admin/users", **colleague)}
    assert "steward" in seen
    assert "stranger" not in seen
    assert {one["key"] for one in lines(world, "admin/tenants", **colleague)} == {"hz-jtj"}
    answers = [world.get(f"admin/users/{one}/roles", **colleague) for one in ("stranger", "nobody")]
    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].json["message"] == answers[1].json["message"]


def test_lists_are_narrowed_as_on_their_pages(world: World) -> None:
    assert [one["login"] for one in lines(world, "admin/users?q=STRANGER-", "security_admin")] == ["stranger-reviewer"]
    assert not lines(world, "admin/users?waiting=true&q=steward", "security_admin")
    assert world.get("admin/users?waiting=perhaps", "security_admin").status_code == 422
    assert {one["number"] for one in lines(world, "admin/jobs?state=PARKED", "system_admin")} == {1}
    assert world.get("admin/jobs?state=odd", "system_admin").status_code == 422
    assert lines(world, "admin/synonyms?q=公交", "officer")
    mine = lines(world, "admin/audit?what=token.created&actor=auditor", "auditor")
    assert [(one["by"], one["what"]) for one in mine] == [("auditor", "token.created")]
    assert not lines(world, "admin/audit?about=nothing", "auditor")
    everything = world.get("admin/audit?per_page=1", "auditor").json["total"]
    assert everything == world.get("admin/audit?per_page=1&sort=what&actor=", "auditor").json["total"] > len(mine)


def test_labels_are_in_the_reader_s_language(world: World) -> None:
    summaries = set()
    for language, word in (("en", "Given up"), ("zh-CN", "已搁置")):
        told = {"Accept-Language": language}
        assert lines(world, "admin/jobs?state=PARKED", "system_admin", **told)[0]["state"]["label"] == word
        document = world.stage.app.test_client().get("/openapi.json", headers=told).json
        summaries.add(document["paths"][f"{BELOW}users"]["get"]["summary"])
        page = world.stage.app.test_client().get("/developers/api", headers=told).text
        assert f"{BELOW}users" in page
    assert len(summaries) == 2


def test_figures_are_the_sum_of_what_is_behind_them(world: World) -> None:
    figures = {one["figure"]["code"]: one for one in lines(world, "admin/scorecard/hz-jtj/figures", "leader")}
    assert all(one["definition"] and one["as_of"] for one in figures.values())
    for code in ("quality", "pass_rate", "punctuality"):
        shares = lines(world, f"admin/scorecard/hz-jtj/figures/{code}", "leader")
        for side in ("numerator", "denominator"):
            assert sum(Decimal(one[side] or 0) for one in shares) == Decimal(figures[code][side]), (code, side)
    for one in lines(world, "admin/metadata/hz-jtj/metrics", "leader"):
        assert one["lacking"] == one["denominator"] - one["numerator"]
        lacking = world.get(f"admin/metadata/hz-jtj/{one['metric']['code']}", "leader").json
        assert lacking["total"] == one["lacking"]
    for who in (None, "steward"):
        rate = world.get("indicators/OPEN_CAT").json
        rows = lines(world, "indicators/OPEN_CAT/evidence", who)
        parts = lines(world, "indicators/OPEN_CAT/departments", who)
        for side in ("numerator", "denominator"):
            assert sum(one[side] for one in rows) == sum(one[side] for one in parts) == rate[side] > 0
        assert len([one for one in rows if one["code"] is None]) == (1 if who is None else 0)
    assert lines(world, "indicators/OPEN_CAT/evidence?counted=true&department=hz-jtj")[0]["counted"] == 1
    assert not lines(world, "indicators/OPEN_CAT/evidence?department=hz-jyj")
    assert world.get("indicators/OPEN_CAT/evidence?department=none").status_code == 404
    assert len(lines(world, "indicators/OPEN_CAT/trend")) == 1
    assert world.get("indicators/NONE/trend").status_code == 404


def test_own_tokens_and_places(world: World) -> None:
    mine = lines(world, "my/tokens", "system_admin")
    assert {(one["name"], one["state"]["code"]) for one in mine} == {
        ("t", "in-force"),
        ("push", "in-force"),
        ("pull", "waiting"),
    }
    assert not [one for one in world.secrets if one in str(mine)]
    assert all(one["expires_at"] for one in mine)
    assert {one["role"]["code"] for one in lines(world, "my/roles", "auditor")} == {"auditor"}
    world.stage.signed_in(world.stage.cast.auditor)
    assert len(lines(world, "my/sessions", "auditor")) == 1
    assert {world.get(f"my/{one}").status_code for one in ("tokens", "sessions", "roles")} == {401}
