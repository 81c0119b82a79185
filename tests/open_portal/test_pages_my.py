"""The reader's own pages: progress, withdrawal, agreement, key and grant."""

import re
from typing import Any

import pytest
import restricted
from restricted import World
from sqlalchemy import select

from open_portal.pages.my import agreement_text
from sharing.access import grants
from sharing.access.models import Agreement, Credential
from tenancy import codes
from tenancy.records import AuditLine

KEY = re.compile(r"txk_[a-z2-7]{39}")


@pytest.fixture
def world(db: Any, cast: Any, now: Any, tmp_path: Any) -> World:
    """Restricted data and people."""
    return restricted.build(db, cast, now, tmp_path)


def signed(world: World, client: Any, number: str, **changed: str) -> Any:
    """Send the signature from the agreement's page."""
    page = f"/my/applications/{number}/agreement"
    text = client.get(page).text
    fields = {name: restricted.token_in(text, name) for name in ("csrf_token", "text_hash", "language")}
    return client.post(page, data={**fields, "signatory": "李明", "agreed": "y", **changed})


def test_home_says_what_waits(world: World) -> None:
    client = world.client(world.cast.requester)
    assert "No applications yet" in client.get("/my").text
    draft = restricted.begun(world, world.cast.requester)
    ready = restricted.approved(world, world.cast.requester)
    page = client.get("/my").text
    assert f"/apply/{draft}/tasks" in page
    assert f"/my/applications/{ready}/agreement" in page
    assert "公交刷卡客流" in page


def test_timeline_names_bodies_and_words_but_no_officer(world: World) -> None:
    cast = world.cast
    number = restricted.begun(world, cast.requester)
    client = world.client(cast.requester)
    restricted.post(client, f"/apply/{number}/submit", page=f"/apply/{number}/check")
    page = client.get(f"/my/applications/{number}").text
    assert "First check by the authority" in page
    assert "expected by" in page
    restricted.decided(world, number, (cast.officer, "approve"), words="材料齐全")
    restricted.decided(world, number, (cast.reviewer, "ask_supplement"), words="请补充网络地址")
    page = client.get(f"/my/applications/{number}").text
    assert "材料齐全" in page
    assert "请补充网络地址" in page
    assert "Public-data authority" in page
    assert "Transport" in page
    assert "Review by the data provider" in page, "after the supplement it is the provider's turn again"
    assert not re.search(r"\bofficer\b|\breviewer\b(?! asks)", page)


def test_a_refusal_shows_reason_basis_and_how_to_object(world: World) -> None:
    cast = world.cast
    number = restricted.begun(world, cast.requester)
    client = world.client(cast.requester)
    restricted.post(client, f"/apply/{number}/submit", page=f"/apply/{number}/check")
    restricted.decided(world, number, (cast.officer, "reject"), words="用途不明确", basis="条例第三十条")
    page = client.get(f"/my/applications/{number}").text
    for words in ("用途不明确", "条例第三十条", "You can object"):
        assert words in page


def test_withdrawing_asks_once_more(world: World) -> None:
    number = restricted.begun(world, world.cast.requester)
    client = world.client(world.cast.requester)
    restricted.post(client, f"/apply/{number}/submit", page=f"/apply/{number}/check")
    page = f"/my/applications/{number}/withdraw"
    assert client.get(page).status_code == 200
    assert restricted.stage(world, number) == "INITIAL_REVIEW"
    assert restricted.post(client, page, page=page).status_code == 303
    assert restricted.stage(world, number) == "WITHDRAWN"
    assert client.get(page).location == f"/my/applications/{number}"


def test_signing_shows_a_working_key_once(world: World) -> None:
    number = restricted.approved(world, world.cast.requester)
    client = world.client(world.cast.requester)
    answer = signed(world, client, number)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    found = set(KEY.findall(answer.text))
    assert len(found) == 1
    key = found.pop()
    with world.kit.database.read() as session:
        grant = grants.actor_of(session, key, world.now)[1]
        assert grant is not None
        kept = session.scalars(select(Agreement)).one()
        assert kept.signatory == "李明"
        assert key not in str([line.details for line in session.scalars(select(AuditLine))])
        assert [one.hash for one in session.scalars(select(Credential))] == [codes.token_hash(key)]
        pages = [
            "/my",
            f"/my/grants/{grant.number}",
            f"/my/applications/{number}",
            f"/my/applications/{number}/agreement",
        ]
    assert not any(KEY.search(client.get(page).text) for page in pages)
    again = client.post(f"/my/applications/{number}/agreement", data={"csrf_token": _csrf(client)})
    assert again.location == f"/my/applications/{number}"


def test_name_and_tick_are_needed_and_kept(world: World) -> None:
    number = restricted.approved(world, world.cast.requester)
    client = world.client(world.cast.requester)
    answer = signed(world, client, number, agreed="")
    assert answer.status_code == 422
    assert 'value="李明"' in answer.text
    assert 'href="#agreed"' in answer.text
    assert signed(world, client, number, signatory="  ").status_code == 422
    assert restricted.stage(world, number) == "APPROVED"


def test_another_text_than_the_one_shown_is_not_signed(world: World) -> None:
    number = restricted.approved(world, world.cast.requester)
    answer = signed(world, world.client(world.cast.requester), number, text_hash="0" * 64)
    assert answer.status_code == 409
    assert "changed after you read it" in answer.text
    assert restricted.stage(world, number) == "APPROVED"


def test_the_hash_shown_is_that_of_the_text_in_the_readers_language(world: World) -> None:
    number = restricted.approved(world, world.cast.requester)
    pages = [
        world.client(world.cast.requester, language).get(f"/my/applications/{number}/agreement").text
        for language in ("en", "zh_Hans_CN")
    ]
    hashes = [restricted.token_in(page, "text_hash") for page in pages]
    assert hashes[0] != hashes[1]
    assert all(hash_ in page for hash_, page in zip(hashes, pages, strict=True))
    assert "公共数据受限开放利用协议" in pages[1]


def test_colleague_of_the_company_reads_but_does_not_sign(world: World) -> None:
    number = restricted.approved(world, world.cast.requester, in_name_of_company=True)
    page = world.client(world.cast.requester).get(f"/my/applications/{number}").text
    assert "Example Data" in page
    stranger = world.client(world.cast.stranger)
    for address in (f"/my/applications/{number}", f"/my/applications/{number}/agreement"):
        assert stranger.get(address).status_code == 404
    assert (
        stranger.post(f"/my/applications/{number}/agreement", data={"csrf_token": _csrf(stranger)}).status_code == 404
    )


def test_grant_page_new_key_and_giving_up(world: World) -> None:
    grant, key = restricted.granted(world, world.cast.requester)
    client = world.client(world.cast.requester)
    page = client.get(f"/my/grants/{grant}").text
    assert f"/api/v1/datasets/{world.restricted}/rows?limit=10" in page
    assert "站点" in page
    assert "driver_phone" not in page
    fresh = restricted.post(client, f"/my/grants/{grant}/key", page=f"/my/grants/{grant}")
    new = KEY.search(fresh.text)
    assert new
    assert new[0] != key
    assert _opens(world, new[0])
    assert not _opens(world, key)
    ended = restricted.post(client, f"/my/grants/{grant}/end", page=f"/my/grants/{grant}/end")
    assert ended.status_code == 303
    assert not _opens(world, new[0])
    assert client.get(f"/my/grants/{grant}").status_code == 200
    assert client.get(f"/my/grants/{grant}/end").status_code == 303


def test_a_stranger_knows_of_no_grant(world: World) -> None:
    grant, key = restricted.granted(world, world.cast.requester)
    client = world.client(world.cast.stranger)
    token = _csrf(client)
    assert client.get(f"/my/grants/{grant}").status_code == 404
    assert client.post(f"/my/grants/{grant}/key", data={"csrf_token": token}).status_code == 404
    assert client.post(f"/my/grants/{grant}/end", data={"csrf_token": token}).status_code == 404
    assert _opens(world, key)


def test_agreement_text_holds_no_markup_of_anybodys() -> None:
    html = agreement_text.render(
        "# 协议\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1)) ![y](http://a/b.png)\n\n甲方：<b>x</b>"
    )
    assert "<h2>协议</h2>" in html
    assert "<script" not in html
    assert "<a" not in html
    assert "<img" not in html
    assert "<b>" not in html


def _opens(world: World, key: str) -> bool:
    with world.kit.database.read() as session:
        return grants.actor_of(session, key, world.now)[1] is not None


def _csrf(client: Any) -> str:
    return restricted.token_in(client.get("/my").text)
