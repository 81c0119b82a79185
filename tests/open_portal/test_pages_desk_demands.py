"""Demands on the desk, from the asking unit over authority and provider back to the one who asked."""

from pathlib import Path
from typing import Any

import pytest
from desk_stage import Stage

from sharing.demand import demands
from tenancy import notices

FORM = {
    "tenant": "hz-jyj",
    "title": "校车线路",
    "purpose": "核定校车服务范围",
    "legal_basis": "《校车安全管理条例》第二十条",
    "items": "线路\n站点\n",
    "wanted_by": "2027-01-31",
}


@pytest.fixture
def stage(db: Any, cast: Any, now: Any, tmp_path: Path) -> Stage:
    return Stage(db, cast, now, tmp_path)


def text_of(response: Any) -> str:
    body: str = response.get_data(as_text=True)
    return body


def raised(stage: Stage) -> str:
    """A demand by the other department; its address."""
    sent = stage.client(stage.cast.stranger).post("/desk/demands/new", data=FORM)
    assert sent.status_code == 302
    address: str = sent.location
    return address


def stage_of(stage: Stage, address: str) -> str:
    with stage.db.read() as session:
        found = demands.find(session, address.rsplit("/", 1)[1], stage.cast.officer)
        return found.case.stage if found.case else ""


def test_a_demand_is_raised_once(stage: Stage) -> None:
    assert raised(stage) == raised(stage)
    page = text_of(stage.client(stage.cast.officer).get(raised(stage)))
    for words in ("校车线路", "核定校车服务范围", "市教育局", "派发", "尚未派发"):
        assert words in page


def test_an_unfinished_demand_keeps_what_was_typed(stage: Stage) -> None:
    client = stage.client(stage.cast.stranger)
    missing = client.post("/desk/demands/new", data={**FORM, "items": "", "legal_basis": ""})
    assert missing.status_code == 422
    assert "核定校车服务范围" in text_of(missing)
    assert text_of(missing).count("此项必填") >= 4
    wrong = client.post("/desk/demands/new", data={**FORM, "wanted_by": "下月"})
    assert wrong.status_code == 422
    assert client.post("/desk/demands/new", data={**FORM, "tenant": "hz-jtj"}).status_code == 404
    assert stage.client(stage.cast.officer).post("/desk/demands/new", data=FORM).status_code == 404


def test_a_demand_goes_round(stage: Stage) -> None:
    code = stage.published()
    address = raised(stage)
    asker, officer = stage.client(stage.cast.stranger), stage.client(stage.cast.officer)
    reviewer = stage.client(stage.cast.reviewer)
    assert reviewer.get(address).status_code == 404
    assert officer.post(address, data={"move": "dispatch"}).status_code == 422
    assert officer.post(address, data={"move": "dispatch", "provider": "hz-jtj"}).status_code == 302
    assert officer.post(address, data={"move": "dispatch", "provider": "hz-jtj"}).status_code == 409
    assert asker.post(address, data={"move": "accept"}).status_code == 403
    refusal = reviewer.post(address, data={"move": "refuse", "comment": "没有该数据"})
    assert refusal.status_code == 422
    assert "没有该数据" in text_of(refusal)
    assert reviewer.post(address, data={"move": "accept"}).status_code == 302
    steward = stage.client(stage.cast.steward)
    mount = {"move": "mount", "entry": code.replace("-", "/"), "items": ["线路"]}
    assert steward.post(address, data={**mount, "items": []}).status_code == 422
    assert steward.post(address, data=mount).status_code == 302
    assert stage_of(stage, address) == "CATALOG_MOUNTED"
    assert "公交线路" in text_of(asker.get(address))
    assert asker.post(address, data={"move": "send_back", "comment": ""}).status_code == 422
    assert asker.post(address, data={"move": "send_back", "comment": "缺站点"}).status_code == 302
    assert steward.post(address, data={**mount, "items": ["线路", "站点"]}).status_code == 302
    assert asker.post(address, data={"move": "confirm", "rating": "5"}).status_code == 302
    assert asker.post(address, data={"move": "confirm"}).status_code == 409
    assert stage_of(stage, address) == "COMPLETED"


def test_the_provider_is_told_when_a_demand_is_dispatched(stage: Stage) -> None:
    address = raised(stage)
    stage.client(stage.cast.officer).post(address, data={"move": "dispatch", "provider": "hz-jtj"})
    with stage.db.read() as session:
        assert notices.unread(session, stage.cast.reviewer.id) == 1
    assert address in text_of(stage.client(stage.cast.reviewer).get("/desk"))


def test_a_refusal_goes_to_the_authority_for_a_ruling(stage: Stage) -> None:
    address = raised(stage)
    officer, reviewer = stage.client(stage.cast.officer), stage.client(stage.cast.reviewer)
    officer.post(address, data={"move": "dispatch", "provider": "hz-jtj"})
    refuse = {"move": "refuse", "comment": "不属本单位职责", "basis": "三定规定"}
    assert reviewer.post(address, data=refuse).status_code == 302
    assert stage_of(stage, address) == "PROVIDER_RETURNED"
    ruling = {"move": "agree_return", "comment": "同意", "basis": "三定规定", "lawful": "y"}
    assert officer.post(address, data=ruling).status_code == 422
    assert officer.post(address, data={**ruling, "kind": "ADMIN_AGREE_RETURN"}).status_code == 302
    assert stage_of(stage, address) == "RETURNED"
    assert "因法定理由退回" in text_of(officer.get(address))


def test_a_demand_is_withdrawn_before_it_is_dispatched(stage: Stage) -> None:
    address = raised(stage)
    asker = stage.client(stage.cast.stranger)
    assert asker.post(address, data={"move": "withdraw"}).status_code == 302
    assert asker.post(address, data={"move": "withdraw"}).status_code == 409
    assert asker.post(address, data={"move": "anything"}).status_code == 422


def test_the_demander_does_not_provide_to_himself(stage: Stage) -> None:
    address = raised(stage)
    officer = stage.client(stage.cast.officer)
    own = officer.post(address, data={"move": "dispatch", "provider": "hz-jyj"})
    assert own.status_code == 422
    assert "不能派发给需求单位自己" in text_of(own)
    assert officer.post(address, data={"move": "dispatch", "provider": "nobody"}).status_code == 404


@pytest.mark.parametrize("language", ["zh_Hans_CN", "en"])
def test_pages_in_both_languages(stage: Stage, language: str) -> None:
    address = raised(stage)
    client = stage.client(stage.cast.officer, language)
    for page in (address, "/desk/demands", "/desk"):
        assert client.get(page).status_code == 200
    assert "校车线路" not in text_of(stage.client(stage.cast.reviewer).get("/desk/demands"))
