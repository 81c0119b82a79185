"""Subscribers hear of what is new in their searches: once in a period, only what they may see, and can get out."""

import email
import re
from dataclasses import replace
from datetime import timedelta
from email import policy
from typing import Any

import hook_stage
import pytest
import restricted
from restricted import World

from catalog import datasets, reading, search, subscriptions
from catalog.hook_models import Subscription
from open_portal import handlers
from policies import vocabulary as v
from tenancy import work
from tenancy.actors import SYSTEM, Actor
from tenancy.models import Person


@pytest.fixture
def world(db: Any, cast: Any, now: Any, tmp_path: Any) -> World:
    """Restricted and open data, indexed; the requester has a mail address."""
    built = restricted.build(db, cast, now, tmp_path)
    search.catch_up(built.kit.index, db)
    with work.begin(db, SYSTEM, now) as unit:
        person = unit.session.get_one(Person, cast.requester.id)
        person.email, person.language = "reader@example.cn", "zh_Hans_CN"
    return built


def subscribed(world: World, query: str, often: v.Often, who: Actor | None = None) -> str:
    """A subscription's id."""
    with work.begin(world.kit.database, who or world.cast.requester, world.now) as unit:
        return subscriptions.subscribe(unit, name="公交数据", query=query, often=often).id


def change(world: World, code: str, what: str = "version.live") -> None:
    """Something happens to an entry."""
    with work.begin(world.kit.database, SYSTEM, world.now) as unit:
        datasets.changes.note(unit, reading.find(unit.session, code, SYSTEM, world.now), what)


def letters(world: World) -> list[Any]:
    """What was mailed after the worker did its rounds."""
    handlers.HANDLERS["subscriptions.look"](world.kit, {})
    hook_stage.run_jobs(world.kit, "subscription.mail")
    files = sorted((world.kit.scratch.parent / "mail").glob("*.eml"), key=lambda one: one.stat().st_mtime_ns)
    return [email.message_from_bytes(one.read_bytes(), policy=policy.default) for one in files]


def later(world: World, **by: int) -> World:
    """The same world some time afterwards."""
    at = world.now + timedelta(**by)
    return replace(world, now=at, kit=replace(world.kit, clock=lambda: at))


def test_a_letter_comes_once_in_a_period_and_none_without_news(world: World) -> None:
    subscribed(world, "q=公交", v.Often.DAILY)
    change(world, world.open)
    change(world, world.open)
    change(world, world.restricted, "entry.submitted")
    assert letters(world) == []
    [letter] = letters(later(world, days=1))
    assert letter["To"] == "reader@example.cn"
    text = letter.get_content()
    assert "公交站点" in text
    assert f"/datasets/{world.open}" in text
    assert "公交刷卡客流" not in text
    assert "未发布" not in text
    assert len(letters(later(world, days=1, hours=1))) == 1
    assert len(letters(later(world, days=3))) == 1
    change(later(world, days=3), world.open)
    assert len(letters(later(world, days=4))) == 2


def test_only_what_may_be_seen_when_the_letter_is_written(world: World) -> None:
    subscribed(world, "", v.Often.AT_ONCE)
    change(world, world.hidden)
    change(world, world.restricted)
    handlers.HANDLERS["subscriptions.look"](world.kit, {})
    with work.begin(world.kit.database, SYSTEM, world.now) as unit:
        reading.find(unit.session, world.restricted, SYSTEM, world.now).open_state = v.OpenState.CLOSED
    assert letters(world) == []


def test_whoever_gets_a_letter_gets_out_without_signing_in(world: World) -> None:
    subscription_id = subscribed(world, "tenant=x&theme=6", v.Often.AT_ONCE)
    other = subscribed(world, "theme=6", v.Often.AT_ONCE)
    change(world, world.open)
    [letter] = letters(world)
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = re.fullmatch(r"<(.*)>", letter["List-Unsubscribe"])
    assert address
    path = address[1].removeprefix(world.kit.settings.address)
    client = world.app.test_client()
    assert client.get(path).status_code == 200
    with world.kit.database.read() as session:
        assert session.get_one(Subscription, other).ended_at is None
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    with world.kit.database.read() as session:
        assert session.get_one(Subscription, other).ended_at is not None
        assert session.get_one(Subscription, subscription_id).ended_at is None
    assert client.post(path[:-3] + "abc").status_code == 404
    change(world, world.open)
    assert len(letters(later(world, minutes=2))) == 1


def test_the_pages_of_subscriptions(world: World) -> None:
    client = world.client(world.cast.requester)
    page = "/my/subscriptions/new?q=公交&theme=6&sort=title&page=3"
    assert "/my/subscriptions/new?q=" in client.get("/datasets?q=公交").text
    made = restricted.post(client, page, page=page, name="公交", often="DAILY")
    assert made.status_code == 303
    again = restricted.post(client, page, page=page, name="公交", often="DAILY")
    assert again.status_code == 422
    assert "subscribed to this already" in again.text
    with world.kit.database.read() as session:
        [found] = subscriptions.all_of(session, world.cast.requester.id)
        assert found.query == "q=%E5%85%AC%E4%BA%A4&theme=6"
    listed = client.get("/my/subscriptions").text
    assert f"/my/subscriptions/{found.id}/end" in listed
    stranger = world.client(world.cast.stranger)
    address = f"/my/subscriptions/{found.id}/end"
    assert restricted.post(stranger, address, page="/my/subscriptions/new?q=a").status_code == 404
    assert restricted.post(client, address, page="/my/subscriptions").status_code == 303
    assert "/end" not in client.get("/my/subscriptions").text


def test_the_pages_of_webhooks(world: World) -> None:
    client = world.client(world.cast.steward, "zh_Hans_CN")
    page = "/my/webhooks/new"
    proof = {"csrf_token": restricted.token_in(client.get(page).text)}
    wrong = client.post(page, data={**proof, "address": "http://10.0.0.1/", "events": "data.updated", "code": "x"})
    assert wrong.status_code == 422
    assert 'value="http://10.0.0.1/"' in wrong.text
    assert "https://" in wrong.text
    search_address = "https://data.example.cn/datasets?q=%E5%85%AC%E4%BA%A4&page=2"
    values = {"address": "https://hooks.example.cn/a", "events": ["data.updated"], "search": search_address}
    made = client.post(page, data={**proof, **values, "owner": world.cast.department.id})
    assert made.status_code == 200
    secret = re.search(r"txw_[\w-]{40,}", made.text)
    assert secret
    found = re.search(r"/my/webhooks/([0-9a-f-]{36})", client.get("/my/webhooks").text)
    assert found
    address = found[0]
    shown = client.get(address).text
    assert secret[0] not in shown
    assert "q=公交" in shown
    assert restricted.post(client, address + "/ping", page=address).status_code == 303
    assert world.client(world.cast.colleague).get(address).status_code == 200
    for who in (world.cast.stranger, world.cast.requester, world.cast.auditor):
        assert world.client(who).get(address).status_code == 404
    assert restricted.post(client, address + "/end", page=address).status_code == 303
    assert client.get(address).status_code == 404
