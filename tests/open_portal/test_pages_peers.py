"""Other platforms and wide tokens on their pages: one proposes, another puts in force; nothing is shown twice."""

import re
from collections.abc import Iterator

import portal_stage
import pytest
from portal_stage import Stage, post
from sqlalchemy import select

from policies import vocabulary as v
from tenancy import tokens
from tenancy.models import ApiToken, Peer

PLATFORM = {
    "name_zh": "省平台",
    "name_en": "Province",
    "key": "province",
    "address": "https://data.example.cn",
    "tenant": "hz-sjj",
    "reason": "数据共享协议",
}


@pytest.fixture
def stage(db, cast, now, tmp_path) -> Iterator[Stage]:
    return portal_stage.build(db, cast, now, tmp_path)


def test_two_persons_connect_a_platform_and_approve_its_token(stage: Stage) -> None:
    system, security = stage.signed_in(stage.cast.system_admin), stage.signed_in(stage.cast.security_admin)
    assert stage.signed_in(stage.cast.leader).get("/admin/peers").status_code == 403
    assert security.get("/admin/peers/propose").status_code == 403
    wrong = post(system, "/admin/peers/propose", **{**PLATFORM, "key": "Not a key", "address": "ftp://x", "reason": ""})
    assert wrong.status_code == 422
    assert "Not a key" in wrong.text
    assert post(system, "/admin/peers/propose", **PLATFORM).status_code == 302
    with stage.kit.database.read() as session:
        peer = session.scalars(select(Peer)).one()
    assert f"/admin/peers/{peer.id}/connect" not in system.get("/admin/peers").text
    assert post(system, f"/admin/peers/{peer.id}/connect", page="/admin/peers").status_code == 403
    assert f"/admin/peers/{peer.id}/connect" in security.get("/admin/peers").text
    assert post(security, f"/admin/peers/{peer.id}/connect", page="/admin/peers").status_code == 302
    assert post(system, "/admin/peers/tokens/new", name="push", use="nothing", days="30").status_code == 422
    assert post(system, "/admin/peers/tokens/new", name="all", use="restore", days="30").status_code == 422
    made = post(system, "/admin/peers/tokens/new", name="push", use=peer.id, days="30")
    plain = re.search(r"tx_[a-z2-7]{39}", made.text)[0]
    assert plain not in system.get("/admin/peers").text
    with stage.kit.database.read() as session:
        token = session.scalars(select(ApiToken)).one()
        assert tokens.holder(session, plain, stage.clock.now) == tokens.NOBODY
    address = f"/admin/peers/tokens/{token.id}"
    assert post(system, f"{address}/approve", page="/admin/peers").status_code == 403
    assert post(security, f"{address}/approve", page="/admin/peers").status_code == 302
    with stage.kit.database.read() as session:
        assert tokens.holder(session, plain, stage.clock.now).scopes == {v.TokenScope.EXCHANGE}
    assert post(security, f"{address}/end", page="/admin/peers").status_code == 302
    assert post(security, f"/admin/peers/{peer.id}/disconnect", page="/admin/peers").status_code == 302
    with stage.kit.database.read() as session:
        assert tokens.holder(session, plain, stage.clock.now) == tokens.NOBODY
        assert session.get_one(Peer, peer.id).state is v.PeerState.DISCONNECTED


def test_a_person_chooses_what_a_token_may_do(stage: Stage) -> None:
    client = stage.signed_in(stage.cast.steward)
    for wrong in ("restore", "exchange", "everything"):
        assert post(client, "/account/tokens/new", name="a", days="30", scopes=wrong).status_code == 422
    assert post(client, "/account/tokens/new", name="a", days="30", scopes="draft").status_code == 200
    with stage.kit.database.read() as session:
        assert session.scalars(select(ApiToken)).one().scopes == ["read", "draft"]
