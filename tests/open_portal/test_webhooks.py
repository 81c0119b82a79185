"""Programs that are called: what they are told, of which entries, how often, and how they know that it is us."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import hook_stage
import pytest
import restricted
from hook_stage import Receiver
from restricted import World

from catalog import datasets, hook_calls, hooks, reading, search
from catalog.hook_models import Follower, Webhook, WebhookDelivery
from open_portal import handlers
from policies import vocabulary as v
from policies.refusals import Invalid, NotFound
from tenancy import tokens, work
from tenancy.actors import SYSTEM, Actor
from tenancy.records import Notice

EVERY = [one.value for one in v.HookEvent]


@pytest.fixture
def world(db: Any, cast: Any, now: Any, tmp_path: Any) -> World:
    """Restricted and open data, indexed."""
    built = restricted.build(db, cast, now, tmp_path)
    search.catch_up(built.kit.index, db)
    return built


@pytest.fixture
def receiver(world: World) -> Iterator[Receiver]:
    """A program that listens, on the list of the security administrator."""
    with hook_stage.listening() as found:
        hook_stage.allow(world.kit, world.cast, found)
        yield found


def register(world: World, who: Actor, receiver: Receiver, **values: Any) -> tuple[str, str]:
    """An address with its secret."""
    with work.begin(world.kit.database, who, world.now) as unit:
        hook, secret = hooks.register(unit, address=receiver.address, events=values.pop("events", EVERY), **values)
        return hook.id, secret


def change(world: World, code: str, who: Actor | None = None) -> None:
    """Something that everybody may know of happens to an entry."""
    with work.begin(world.kit.database, who or world.cast.officer, world.now) as unit:
        entry = reading.find(unit.session, code, SYSTEM, world.now)
        datasets.changes.note(unit, entry, "version.live")


def work_off(world: World) -> int:
    """What the worker does: follow the changes, then call."""
    handlers.HANDLERS["hooks.follow"](world.kit, {})
    return hook_stage.run_jobs(world.kit, "hook.call")


def test_a_program_hears_what_its_owner_may_see_signed(world: World, receiver: Receiver) -> None:
    hook_id, secret = register(world, world.cast.requester, receiver)
    change(world, world.open)
    change(world, world.hidden)
    assert work_off(world) == 2 - 1  # the draft lives nowhere: it means nothing to anybody
    [(headers, body)] = receiver.got
    told = json.loads(body)
    assert told["event"] == headers["x-tiaoxi-event"] == "data.updated"
    assert told["id"] == headers["x-tiaoxi-delivery"]
    instant, given = (part.partition("=")[2] for part in headers["x-tiaoxi-signature"].split(","))
    assert given == hmac.new(secret.encode(), f"{instant}.".encode() + body, hashlib.sha256).hexdigest()
    listed = world.app.test_client().get("/api/v1/datasets?q=公交站点").json["datasets"]
    same = [one for one in listed if one["code"] == told["dataset"]["code"]]
    assert set(same[0]) == set(told["dataset"])
    assert same[0]["title"] == told["dataset"]["title"] == "公交站点"
    assert told["dataset"]["url"].startswith(world.kit.settings.address)
    assert "未发布" not in body.decode()
    with world.kit.database.read() as session:
        stored = session.connection().exec_driver_sql("SELECT secret FROM webhook").scalar_one()
        assert secret not in stored
        message = hooks.messages(session, session.get_one(Webhook, hook_id))[0]
        assert (message.state, message.status) == (v.CallState.DELIVERED, 200)
        assert message.body == body.decode()
    assert work_off(world) == 0


def test_what_may_not_be_seen_now_leaves_no_trace(world: World, receiver: Receiver) -> None:
    register(world, world.cast.requester, receiver, events=["data.updated"])
    change(world, world.restricted)
    handlers.HANDLERS["hooks.follow"](world.kit, {})
    with work.begin(world.kit.database, SYSTEM, world.now) as unit:
        entry = reading.find(unit.session, world.restricted, SYSTEM, world.now)
        entry.open_state = v.OpenState.CLOSED
    assert hook_stage.run_jobs(world.kit, "hook.call") == 1
    assert receiver.got == []
    with world.kit.database.read() as session:
        assert session.query(WebhookDelivery).count() == 0


def test_a_withdrawal_tells_the_code_alone(world: World, receiver: Receiver) -> None:
    register(world, world.cast.requester, receiver)
    with work.begin(world.kit.database, SYSTEM, world.now) as unit:
        entry = reading.find(unit.session, world.open, SYSTEM, world.now)
        entry.open_state = v.OpenState.CLOSED
        datasets.changes.note(unit, entry, "release.close")
        code = entry.code
    work_off(world)
    assert json.loads(receiver.got[0][1])["dataset"] == {"code": code}
    assert json.loads(receiver.got[0][1])["event"] == "entry.withdrawn"


def test_a_killed_worker_repeats_no_row_and_keeps_the_id(world: World, receiver: Receiver) -> None:
    register(world, world.cast.requester, receiver)
    with world.kit.database.read() as session:
        before = session.get_one(Follower, hooks.FOLLOWER).mark
    change(world, world.open)
    handlers.HANDLERS["hooks.follow"](world.kit, {})
    with work.begin(world.kit.database, SYSTEM, world.now) as unit:
        unit.session.get_one(Follower, hooks.FOLLOWER).mark = before
    handlers.HANDLERS["hooks.follow"](world.kit, {})
    with world.kit.database.read() as session:
        [message] = session.query(WebhookDelivery).all()
        found = hook_calls.gather(session, message.id, world.now, lambda *_: True)
        assert found
    for _ in range(2):
        # The first worker was killed after it had sent and before it could say so.
        handlers.HANDLERS["hook.call"](world.kit, {"delivery_id": message.id})
        with work.begin(world.kit.database, SYSTEM, world.now) as unit:
            unit.session.get_one(WebhookDelivery, message.id).state = v.CallState.WAITING
    assert len({headers["x-tiaoxi-delivery"] for headers, _ in receiver.got}) == 1
    assert len(receiver.got) == 2


@pytest.mark.parametrize(
    ("only", "count"),
    [
        (hooks.Narrowing(query="q=公交站点"), 1),
        (hooks.Narrowing(query="q=地铁"), 0),
        (hooks.Narrowing(query="tier=T2"), 1),
        (hooks.Narrowing(code="OPEN"), 1),
        (hooks.Narrowing(publisher="hz-jyj"), 0),
        (hooks.Narrowing(publisher="hz-jtj"), 2),
    ],
)
def test_what_was_asked_for_and_nothing_else(
    world: World, receiver: Receiver, only: hooks.Narrowing, count: int
) -> None:
    wanted = replace(only, code=world.open) if only.code else only
    register(world, world.cast.requester, receiver, only=wanted)
    change(world, world.open)
    change(world, world.restricted)
    work_off(world)
    assert len(receiver.got) == count


def test_it_is_tried_again_with_growing_pauses_then_switched_off(world: World, receiver: Receiver) -> None:
    hook_id, _ = register(world, world.cast.requester, receiver)
    receiver.status = 503
    for _ in range(hook_calls.MOST_FAILED):
        change(world, world.open)
    work_off(world)
    later = world
    for pause in hook_calls.PAUSES:
        assert hook_stage.run_jobs(later.kit, "hook.call") == 0
        later = replace(later, now=later.now + pause, kit=replace(later.kit, clock=lambda at=later.now + pause: at))
        assert hook_stage.run_jobs(later.kit, "hook.call") == hook_calls.MOST_FAILED
    assert len(receiver.got) == 8 * hook_calls.MOST_FAILED
    assert sum(hook_calls.PAUSES, timedelta()) < timedelta(hours=24)
    with world.kit.database.read() as session:
        hook = session.get_one(Webhook, hook_id)
        assert hook.state is v.HookState.OFF
        assert session.query(Notice).filter_by(kind="webhook.off").count() == 1
        assert {one.state for one in hooks.messages(session, hook)} == {v.CallState.FAILED}
        first = hooks.messages(session, hook)[0].id
    receiver.status = 204
    with work.begin(world.kit.database, world.cast.requester, later.now) as unit:
        hook = hooks.find(unit.session, hook_id, world.cast.requester)
        hooks.switch_on(unit, hook)
        hooks.resend(unit, hooks.message(unit.session, hook, first))
    assert hook_stage.run_jobs(later.kit, "hook.call") == 1
    with world.kit.database.read() as session:
        assert session.get_one(WebhookDelivery, first).state is v.CallState.DELIVERED
    with work.begin(world.kit.database, SYSTEM, later.now + timedelta(31)) as unit:
        hook_calls.prune(unit)
        assert unit.session.query(WebhookDelivery).count() == 0


@pytest.mark.parametrize(
    "address",
    ["http://example.cn/", "https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://a:b@c.cn/", "x"],
)
def test_no_address_inside(world: World, address: str) -> None:
    with pytest.raises(Invalid), work.begin(world.kit.database, world.cast.requester, world.now) as unit:
        hooks.register(unit, address=address, events=EVERY)


def test_an_address_that_is_no_more_allowed_is_not_called(world: World, receiver: Receiver) -> None:
    hook_id, _ = register(world, world.cast.requester, receiver)
    with work.begin(world.kit.database, world.cast.security_admin, world.now) as unit:
        outbound = hooks.outbound_targets
        outbound.remove(unit, outbound.allowed(unit.session)[0])
    change(world, world.open)
    work_off(world)
    assert receiver.got == []
    with world.kit.database.read() as session:
        [message] = hooks.messages(session, session.get_one(Webhook, hook_id))
        assert message.problem
        assert message.problem["code"].startswith("outbound.")


def test_nobody_keeps_what_is_not_his(world: World, receiver: Receiver) -> None:
    cast = world.cast
    mine, _ = register(world, cast.requester, receiver)
    with work.begin(world.kit.database, cast.steward, world.now) as unit:
        ours, _ = hooks.register(
            unit, address=receiver.address, events=EVERY, tenant=unit.session.merge(cast.department)
        )
        ours_id = ours.id
    with world.kit.database.read() as session:
        assert hooks.find(session, ours_id, cast.colleague)
        for who in (cast.stranger, cast.public, cast.security_admin, cast.reviewer):
            with pytest.raises(NotFound):
                hooks.find(session, ours_id, who)
        with pytest.raises(NotFound):
            hooks.find(session, mine, cast.steward)


def test_the_release_of_an_entry_is_its_publication(world: World) -> None:
    events = handlers.calling.hook_events
    closed = {"state": "PUBLISHED", "open_state": "NOT_OPEN", "origin": "OWN"}
    opened = {**closed, "open_state": "OPEN"}
    draft = {**closed, "state": "DRAFT"}
    assert events.event_of("entry.approve", draft, closed) is v.HookEvent.PUBLISHED
    assert events.event_of("release.approve", closed, opened) is v.HookEvent.PUBLISHED
    assert events.event_of("entry.suspended", opened, draft) is v.HookEvent.WITHDRAWN
    assert events.event_of("entry.restored", draft, opened) is v.HookEvent.RESTORED
    assert events.event_of("entry.submitted", opened, opened) is None


def test_the_log_is_a_list_for_its_keeper_alone(world: World, receiver: Receiver) -> None:
    hook_id, _ = register(world, world.cast.requester, receiver)
    for _ in range(3):
        change(world, world.open)
    work_off(world)
    keys = {}
    for who in (world.cast.requester, world.cast.stranger):
        with work.begin(world.kit.database, who, world.now) as unit:
            keys[who.id] = {"Authorization": "Bearer " + tokens.create(unit, name="t", days=1)[1]}
    client, address = world.app.test_client(), f"/api/v1/my/webhooks/{hook_id}/messages?per_page=2&sort=created_at"
    first = client.get(address, headers=keys[world.cast.requester.id]).json
    second = client.get(first["next"], headers=keys[world.cast.requester.id]).json
    assert (first["total"], second["next"]) == (3, None)
    assert len({one["id"] for one in first["messages"] + second["messages"]}) == 3
    assert {one["state"]["code"] for one in first["messages"]} == {"DELIVERED"}
    assert client.get(address, headers=keys[world.cast.stranger.id]).status_code == 404
