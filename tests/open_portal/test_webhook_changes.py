"""A webhook is changed after it was made: its address, its events, what it is narrowed by, and its secret."""

import json
import re
from typing import Any

import hook_stage
import pytest
import restricted
from flask.testing import FlaskClient
from restricted import World
from sqlalchemy import select

from catalog import datasets, hooks, reading, search
from catalog.hook_models import Webhook
from open_portal import handlers
from policies import vocabulary as v
from policies.refusals import Forbidden
from tenancy import work
from tenancy.actors import SYSTEM
from tenancy.records import AuditLine

HOOK = "https://hooks.example.cn/a"


@pytest.fixture
def world(db: Any, cast: Any, now: Any, tmp_path: Any) -> World:
    """Restricted and open data, indexed."""
    built = restricted.build(db, cast, now, tmp_path)
    search.catch_up(built.kit.index, db)
    return built


def made(world: World, address: str = HOOK) -> str:
    """A webhook of the department, narrowed in each way; its id."""
    only = hooks.Narrowing(query="q=%E5%85%AC%E4%BA%A4", code=world.open, publisher="hz-jtj")
    with work.begin(world.kit.database, world.cast.steward, world.now) as unit:
        department = unit.session.merge(world.cast.department)
        hook, _ = hooks.register(unit, address=address, events=["data.updated"], tenant=department, only=only)
        return hook.id


def stored(world: World, hook_id: str) -> dict[str, Any]:
    """What is kept of a webhook."""
    with world.kit.database.read() as session:
        hook = session.get_one(Webhook, hook_id)
        return {**hooks.told(hook), "secret": hook.secret, "tenant_id": hook.tenant_id, "state": hook.state}


def audited(world: World, what: str) -> list[dict[str, Any]]:
    """The details of what was recorded."""
    with world.kit.database.read() as session:
        return list(session.scalars(select(AuditLine.details).where(AuditLine.what == what)))


def typed(page: str, name: str) -> str:
    """What stands in a field of a page."""
    field = re.search(rf'<input[^>]* name="{name}"[^>]*>', page)
    assert field, name
    value = re.search(r' value="([^"]*)"', field[0])
    return value[1] if value else ""


def sent(client: FlaskClient, path: str, **values: Any) -> Any:
    """The answer to a form."""
    proof = {"csrf_token": restricted.token_in(client.get(path).text)}
    return client.post(path, data={**proof, **values})


@pytest.mark.parametrize("language", ["zh_Hans_CN", "en"])
def test_the_page_changes_what_a_webhook_is_told(world: World, language: str) -> None:
    hook_id = made(world)
    client, path = world.client(world.cast.steward, language), f"/my/webhooks/{hook_id}/change"
    assert path in client.get(f"/my/webhooks/{hook_id}").text
    page = client.get(path).text
    assert typed(page, "address") == HOOK
    assert typed(page, "search").endswith("/datasets?q=公交")
    assert typed(page, "code").replace("/", "-") == world.open
    assert typed(page, "publisher") == "hz-jtj"
    assert re.findall(r'value="([a-z.]+)" checked', page) == ["data.updated"]
    assert 'name="owner"' not in page

    before = stored(world, hook_id)
    wrong = sent(client, path, address="http://10.0.0.1/x", search="nonsense", code="", publisher="zzz")
    assert wrong.status_code == 422
    assert typed(wrong.text, "search") == "nonsense"
    assert typed(wrong.text, "publisher") == "zzz"
    wrong = sent(client, path, address="http://10.0.0.1/x", code="no-such", publisher="zzz")
    for name, value in (("address", "http://10.0.0.1/x"), ("code", "no-such"), ("publisher", "zzz")):
        assert typed(wrong.text, name) == value
        assert f'id="{name}-error"' in wrong.text
    assert 'id="events-error"' in wrong.text
    assert stored(world, hook_id) == before
    assert audited(world, "webhook.changed") == []

    events = [v.HookEvent.WITHDRAWN.value, v.HookEvent.DATA_UPDATED.value]
    saved = sent(client, path, address=HOOK, events=events, search="/datasets?theme=6&page=3", code="", publisher="")
    assert saved.status_code == 303
    after = {"events": [one.value for one in v.HookEvent if one in events], "query": "theme=6"}
    after |= {"entry_id": None, "publisher_id": None}
    assert stored(world, hook_id) == before | after
    [change] = audited(world, "webhook.changed")
    assert change["after"] == after
    assert change["before"] == {name: before[name] for name in after}
    sent(client, path, address=HOOK, events=events, search="/datasets?theme=6")
    assert len(audited(world, "webhook.changed")) == 1


def test_what_happens_afterwards_is_told_as_was_chosen_anew(world: World) -> None:
    with hook_stage.listening() as receiver:
        hook_stage.allow(world.kit, world.cast, receiver)
        hook_id = made(world, receiver.address)
        client = world.client(world.cast.steward)
        sent(client, f"/my/webhooks/{hook_id}/change", address=receiver.address + "&b=c", events="entry.changed")
        with work.begin(world.kit.database, world.cast.officer, world.now) as unit:
            for code, what in ((world.open, "version.live"), (world.restricted, "entry.items")):
                datasets.changes.note(unit, reading.find(unit.session, code, SYSTEM, world.now), what)
        handlers.HANDLERS["hooks.follow"](world.kit, {})
        hook_stage.run_jobs(world.kit, "hook.call")
        [(headers, body)] = receiver.got
    assert headers["x-tiaoxi-event"] == "entry.changed"
    assert json.loads(body)["dataset"]["code"].replace("/", "-") == world.restricted


def test_a_dataset_that_may_not_be_seen_now_is_not_named_and_the_form_says_so(world: World) -> None:
    hook_id = made(world)
    with work.begin(world.kit.database, SYSTEM, world.now) as unit:
        reading.find(unit.session, world.open, SYSTEM, world.now).state = v.EntryState.DELETED
    page = world.client(world.cast.steward).get(f"/my/webhooks/{hook_id}/change").text
    assert typed(page, "code") == ""
    assert "that you may not see now" in page
    assert world.open not in page.replace("/", "-")


def test_a_new_secret_is_shown_once(world: World) -> None:
    hook_id = made(world)
    before = stored(world, hook_id)
    client = world.client(world.cast.steward)
    proof = {"csrf_token": restricted.token_in(client.get(f"/my/webhooks/{hook_id}/change").text)}
    answer = client.post(f"/my/webhooks/{hook_id}/secret", data=proof)
    shown = re.search(r"txw_[\w-]{40,}", answer.text)
    assert shown
    assert stored(world, hook_id) == before | {"secret": shown[0]}
    assert shown[0] != before["secret"]
    assert shown[0] not in client.get(f"/my/webhooks/{hook_id}").text
    assert shown[0] not in json.dumps(audited(world, "webhook.secret-renewed"))
    assert len(audited(world, "webhook.secret-renewed")) == 1


def test_nobody_changes_what_is_not_his(world: World) -> None:
    hook_id, before = made(world), None
    before = stored(world, hook_id)
    for who in (world.cast.stranger, world.cast.requester, None):
        client = world.client(who)
        assert client.get(f"/my/webhooks/{hook_id}/change").status_code == (404 if who else 302)
    for deed in (
        lambda unit, hook: hooks.change(unit, hook, address=HOOK, events=["data.updated"], only=hooks.Narrowing()),
        hooks.renew_secret,
    ):
        with pytest.raises(Forbidden), work.begin(world.kit.database, world.cast.stranger, world.now) as unit:
            deed(unit, unit.session.get_one(Webhook, hook_id))
    assert stored(world, hook_id) == before
