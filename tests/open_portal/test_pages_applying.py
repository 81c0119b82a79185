"""Applying for restricted data, from the start page to the receipt, as the browser sees it."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import restricted
from restricted import World
from sqlalchemy import func, select

from policies.calendars import local_date
from sharing.access import applications
from sharing.access.models import Application
from tenancy.records import Case

TIMES = 20
FORMS = {
    "applicant": {"contact_name": "李明", "contact_phone": "0572-1234567", "contact_email": "a@example.cn"},
    "data": {"items": ["stop", "riders"], "valid_from": "2026-11-23", "valid_to": "2027-05-31"},
    "purpose": {"purpose": "研究", "scene": "课题", "target_system": "客流分析系统", "expected_effect": "优化线路"},
    "security": {"location": "湖州", "security_measures": "加密存储"},
    "undertaking": {"undertaking": "y"},
}


@pytest.fixture
def world(db: Any, cast: Any, now: Any, tmp_path: Any) -> World:
    """Restricted data and people."""
    return restricted.build(db, cast, now, tmp_path)


def begin(world: World, client: Any, party: str = "self") -> str:
    """Start a draft through the page; its number."""
    address = f"/apply/{world.restricted}"
    page = client.get(address).text
    fields = {"form_token": restricted.token_in(page, "form_token"), "party": party}
    answer = restricted.post(client, address, page=address, **fields)
    assert answer.status_code == 303
    return str(answer.location.split("/")[-2])


def counted(world: World, kind: type[Any]) -> int:
    """How many rows of a kind there are."""
    with world.kit.database.read() as session:
        return session.scalar(select(func.count()).select_from(kind)) or 0


def test_start_page_says_who_decides_and_by_when(world: World) -> None:
    page = world.client(world.cast.requester).get(f"/apply/{world.restricted}").text
    due = applications.working_days(local_date(world.now))
    assert f"{due.day} {due:%b %Y}" in page
    assert "Transport" in page
    assert "Public-data authority" in page
    assert "站点名称" in page


def test_whole_journey_to_the_receipt(world: World) -> None:
    client = world.client(world.cast.requester)
    number = begin(world, client, world.cast.company.id)
    for task, fields in FORMS.items():
        answer = restricted.post(client, f"/apply/{number}/{task}", page=f"/apply/{number}/{task}", **fields)
        assert answer.status_code == 303, answer.text
    assert answer.location.endswith("/check")
    check = client.get(answer.location).text
    assert "客流分析系统" in check
    assert "Example Data" in check
    sent = restricted.post(client, f"/apply/{number}/submit", page=f"/apply/{number}/check")
    assert sent.location.endswith(f"/apply/{number}/done")
    receipt = client.get(sent.location).text
    assert number in receipt
    assert "7 Dec 2026" in receipt
    assert restricted.stage(world, number) == "INITIAL_REVIEW"


def test_a_party_must_be_chosen_and_must_be_ones_own(world: World) -> None:
    client, address = world.client(world.cast.requester), f"/apply/{world.restricted}"
    token = restricted.token_in(client.get(address).text, "form_token")
    for party in ("", world.cast.other.id):
        answer = restricted.post(client, address, page=address, form_token=token, party=party)
        assert answer.status_code == 422
        assert restricted.token_in(answer.text, "form_token") == token
    assert counted(world, Application) == 0


def test_saving_is_never_refused_for_what_is_missing(world: World) -> None:
    client = world.client(world.cast.requester)
    number = begin(world, client)
    page = f"/apply/{number}/purpose"
    answer = restricted.post(client, page, page=page, purpose="研究客流", then="later")
    assert answer.location.endswith("/tasks")
    assert "研究客流" in client.get(page).text
    assert "Incomplete" in client.get(f"/apply/{number}/tasks").text


def test_a_date_that_cannot_be_read_costs_nothing_else(world: World) -> None:
    client = world.client(world.cast.requester)
    number = begin(world, client)
    page = f"/apply/{number}/data"
    answer = restricted.post(client, page, page=page, items=["riders"], valid_from="2026-13-45", row_filter="德清县")
    assert answer.status_code == 422
    assert "2026-13-45" in answer.text
    assert 'href="#valid_from"' in answer.text
    saved = client.get(page).text
    assert "德清县" in saved
    assert re.search(r'value="riders"[^>]* checked', saved)
    assert not re.search(r'value="stop"[^>]* checked', saved)


def test_sending_an_unfinished_application_names_every_gap(world: World) -> None:
    client = world.client(world.cast.requester)
    number = begin(world, client)
    answer = restricted.post(client, f"/apply/{number}/submit", page=f"/apply/{number}/check")
    assert answer.status_code == 422
    for task, field in (("purpose", "scene"), ("security", "location"), ("data", "valid_to")):
        assert f"/apply/{number}/{task}?back=check#{field}" in answer.text
    assert restricted.stage(world, number) == "DRAFT"


def test_one_form_token_is_one_draft(world: World) -> None:
    address = f"/apply/{world.restricted}"
    clients = [world.client(world.cast.requester) for _ in range(8)]
    token = restricted.token_in(clients[0].get(address).text, "form_token")
    tokens = [restricted.token_in(client.get(address).text) for client in clients]
    barrier = Barrier(len(clients))

    def send(client: Any, csrf: str) -> str:
        barrier.wait()
        fields = {"csrf_token": csrf, "form_token": token, "party": "self"}
        answer = restricted.insist(lambda: client.post(address, data=fields))
        return f"{answer.status_code} {answer.location}"

    with ThreadPoolExecutor(len(clients)) as pool:
        places = set(pool.map(send, clients, tokens))
    assert len(places) == 1
    assert counted(world, Application) == 1


def test_the_same_form_twenty_times_is_one_application(world: World) -> None:
    number = restricted.begun(world, world.cast.requester)
    clients = [world.client(world.cast.requester) for _ in range(TIMES)]
    tokens = [restricted.token_in(client.get(f"/apply/{number}/check").text) for client in clients]
    cases = counted(world, Case)
    barrier = Barrier(TIMES)

    def send(client: Any, csrf: str) -> tuple[int, str]:
        barrier.wait()
        answer = restricted.insist(lambda: client.post(f"/apply/{number}/submit", data={"csrf_token": csrf}))
        return answer.status_code, str(answer.location)

    with ThreadPoolExecutor(TIMES) as pool:
        answers = set(pool.map(send, clients, tokens))
    assert answers == {(303, f"/apply/{number}/done")}
    assert counted(world, Case) == cases + 1
    assert restricted.stage(world, number) == "INITIAL_REVIEW"


def test_supplement_shows_the_reviewers_words_and_goes_back(world: World) -> None:
    cast = world.cast
    number = restricted.begun(world, cast.requester)
    client = world.client(cast.requester)
    restricted.post(client, f"/apply/{number}/submit", page=f"/apply/{number}/check")
    assert client.get(f"/apply/{number}/purpose").location == f"/my/applications/{number}"
    restricted.decided(world, number, (cast.officer, "ask_supplement"), words="请说明数据保存位置")
    assert "请说明数据保存位置" in client.get(f"/apply/{number}/tasks").text
    page = f"/apply/{number}/security"
    assert "请说明数据保存位置" in client.get(page).text
    restricted.post(client, page, page=page, location="湖州市政务云", security_measures="加密", back="check")
    sent = restricted.post(client, f"/apply/{number}/submit", page=f"/apply/{number}/check")
    assert sent.location.endswith("/done")
    assert restricted.stage(world, number) == "INITIAL_REVIEW"


def test_a_stranger_knows_of_no_application(world: World) -> None:
    number = restricted.begun(world, world.cast.requester)
    pages = [f"/apply/{number}/{one}" for one in ("tasks", "check", "done", *FORMS)]
    for who in (world.cast.stranger, world.cast.reviewer, world.cast.officer):
        client = world.client(who)
        assert {client.get(page).status_code for page in pages} == {404}
        token = restricted.token_in(client.get(f"/apply/{world.restricted}").text)
        assert client.post(f"/apply/{number}/submit", data={"csrf_token": token}).status_code == 404
        assert client.post(f"/apply/{number}/purpose", data={"csrf_token": token, "purpose": "x"}).status_code == 404
    assert world.client().get(pages[0]).status_code == 302


def test_hidden_and_open_entries_cannot_be_applied_for(world: World) -> None:
    client = world.client(world.cast.requester)
    assert client.get(f"/apply/{world.hidden}").status_code == 404
    assert client.get("/apply/no-such-code").status_code == 404
    assert client.get(f"/apply/{world.open}").status_code == 409


def test_without_the_form_token_nothing_happens(world: World) -> None:
    number = restricted.begun(world, world.cast.requester)
    assert world.client(world.cast.requester).post(f"/apply/{number}/submit").status_code == 400
    assert restricted.stage(world, number) == "DRAFT"
