"""Deciding on the desk: entries, changes, withdrawals, openings and applications, by whom it is due and once."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_stage import RESTRICTED, WHOLE, Stage

from catalog import datasets, reading
from policies import vocabulary as v
from sharing import release
from sharing.access import agreements, applications, grants
from tenancy import work


@pytest.fixture
def stage(db: Any, cast: Any, now: Any, tmp_path: Path) -> Stage:
    return Stage(db, cast, now, tmp_path)


def text_of(response: Any) -> str:
    body: str = response.get_data(as_text=True)
    return body


def submitted(stage: Stage, *, opening: bool = False) -> tuple[str, str, str]:
    """An entry under review: its code and the numbers of the review and the opening."""
    code = stage.draft()
    stage.deliver(code)
    with work.begin(stage.db, stage.cast.steward, stage.now) as deed:
        entry = stage.entry(code, deed.session)
        number = datasets.submit(deed, entry).number
        release_number = release.request(deed, entry).number if opening else ""
    return code, number, release_number


def opened(stage: Stage) -> str:
    """A restricted entry, open on application."""
    code = stage.published(RESTRICTED)
    with work.begin(stage.db, stage.cast.steward, stage.now) as deed:
        release.request(deed, stage.entry(code, deed.session))
    with work.begin(stage.db, stage.cast.officer, stage.now) as deed:
        release.decide(deed, stage.entry(code, deed.session), "approve")
    return code


def applied(stage: Stage) -> str:
    """A submitted application; its number."""
    code = opened(stage)
    day = stage.now.date()
    with work.begin(stage.db, stage.cast.requester, stage.now) as deed:
        entry = reading.find(deed.session, code, stage.cast.requester, stage.now)
        company = deed.session.merge(stage.cast.company)
        one = applications.start(deed, entry, "token", tenant=company, kind=v.ApplicantKind.LEGAL)
        answers = {name: f"答复 {name}" for name in applications.REQUIRED}
        applications.answer(
            deed, one, answers=answers, items=["line"], valid_from=day, valid_to=day + timedelta(days=90)
        )
        return applications.submit(deed, one).number


def test_review_shows_the_entry_and_its_checks(stage: Stage) -> None:
    _code, number, _release = submitted(stage)
    page = text_of(stage.client(stage.cast.officer).get(f"/desk/cases/{number}"))
    for words in (
        "公交线路",
        "规则核查未发现问题",
        "DB33/T 2350-2021",
        "目录发布审核",
        "驳回",
        "需填写：意见",
        "事项提交",
    ):
        assert words in page
    assert "提交决定" not in text_of(stage.client(stage.cast.colleague).get(f"/desk/cases/{number}"))
    assert "撤回" in text_of(stage.client(stage.cast.steward).get(f"/desk/cases/{number}"))


def test_officer_approves_once(stage: Stage) -> None:
    code, number, _release = submitted(stage)
    officer = stage.client(stage.cast.officer)
    assert officer.post(f"/desk/cases/{number}", data={}).status_code == 422
    assert officer.post(f"/desk/cases/{number}", data={"move": "approve"}).status_code == 302
    assert stage.read(code).state is v.EntryState.PUBLISHED
    page = text_of(officer.get(f"/desk/cases/{number}"))
    assert "审核通过" in page
    assert "officer" in page
    assert officer.post(f"/desk/cases/{number}", data={"move": "approve"}).status_code == 409


def test_rejection_needs_a_comment_and_keeps_what_was_typed(stage: Stage) -> None:
    code, number, _release = submitted(stage)
    officer = stage.client(stage.cast.officer)
    missing = officer.post(f"/desk/cases/{number}", data={"move": "reject", "comment": " "})
    assert missing.status_code == 422
    assert 'value="reject" checked' in text_of(missing)
    assert "请填写意见" in text_of(missing)
    sent = officer.post(f"/desk/cases/{number}", data={"move": "reject", "comment": "摘要过短"})
    assert sent.status_code == 302
    assert stage.read(code).state is v.EntryState.REJECTED
    assert "摘要过短" in text_of(stage.client(stage.cast.steward).get(f"/desk/cases/{number}"))


def test_review_keeps_out_strangers_and_the_author(stage: Stage) -> None:
    _code, number, _release = submitted(stage)
    address = f"/desk/cases/{number}"
    assert stage.client(stage.cast.stranger).get(address).status_code == 404
    assert stage.client(stage.cast.stranger).post(address, data={"move": "approve"}).status_code == 404
    assert stage.client(stage.cast.steward).post(address, data={"move": "approve"}).status_code == 403
    assert stage.client(stage.cast.reviewer).post(address, data={"move": "approve"}).status_code == 403
    assert stage.client(stage.cast.requester).get(address).status_code == 403


def test_the_steward_recalls(stage: Stage) -> None:
    code, number, _release = submitted(stage)
    assert stage.client(stage.cast.steward).post(f"/desk/cases/{number}", data={"move": "recall"}).status_code == 302
    assert stage.read(code).state is v.EntryState.DRAFT


def test_opening_waits_for_publication(stage: Stage) -> None:
    code, number, release_number = submitted(stage, opening=True)
    officer = stage.client(stage.cast.officer)
    page = text_of(officer.get(f"/desk/cases/{release_number}"))
    assert "目录尚未发布" in page
    early = officer.post(f"/desk/cases/{release_number}", data={"move": "approve", "comment": "留住这句"})
    assert early.status_code == 409
    assert "留住这句" in text_of(early)
    officer.post(f"/desk/cases/{number}", data={"move": "approve"})
    assert officer.post(f"/desk/cases/{release_number}", data={"move": "approve"}).status_code == 302
    assert stage.read(code).open_state is v.OpenState.OPEN


def test_a_change_is_shown_as_difference(stage: Stage) -> None:
    code = stage.published()
    with work.begin(stage.db, stage.cast.steward, stage.now) as deed:
        entry = stage.entry(code, deed.session)
        wanted = datasets.Description(
            **{
                **datasets.description_of(entry).__dict__,
                "abstract": "改过的摘要",
                "time_from": date(2025, 1, 1),
                "open_type": v.OpenType.OPEN_FORBIDDEN,
            }
        )
        number = datasets.propose_change(deed, entry, wanted).number
    page = text_of(stage.client(stage.cast.officer).get(f"/desk/cases/{number}"))
    assert WHOLE.abstract in page
    assert "改过的摘要" in page
    assert "2025-01-01" in page
    assert "此变更收紧了：开放属性" in page


LINKS = (
    {"id": "one", "url": "https://data.example.org/a.csv", "name": "站点表", "format": "CSV"},
    {"id": "two", "url": "https://data.example.org/old.csv", "name": "旧表", "size": 2048},
)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh_Hans_CN", ("链接：站点表", "链接：旧表", "链接：接口", "补充字段：频次", "补充字段：来源")),
        ("en", ("Link: 站点表", "Link: 旧表", "Link: 接口", "Further field: 频次", "Further field: 来源")),
    ],
)
def test_links_and_extras_of_a_draft_and_of_a_change_are_shown(
    stage: Stage, language: str, words: tuple[str, ...]
) -> None:
    code = stage.draft(replace(WHOLE, resources=LINKS, extras={"频次": "每日", "来源": "调度"}))
    stage.deliver(code)
    with work.begin(stage.db, stage.cast.steward, stage.now) as deed:
        number = datasets.submit(deed, stage.entry(code, deed.session)).number
    officer = stage.client(stage.cast.officer, language)
    page = text_of(officer.get(f"/desk/cases/{number}"))
    for said in (words[0], words[1], "站点表 · CSV · https://data.example.org/a.csv", "2,048", *words[3:], "每日"):
        assert said in page
    officer.post(f"/desk/cases/{number}", data={"move": "approve"})
    new = {"id": "three", "url": "https://data.example.org/api", "name": "接口"}
    with work.begin(stage.db, stage.cast.steward, stage.now) as deed:
        entry = stage.entry(code, deed.session)
        links = (LINKS[0] | {"url": "https://data.example.org/b.csv"}, new)
        wanted = replace(datasets.description_of(entry), resources=links, extras={"频次": "每周", "来源": "调度"})
        number = datasets.propose_change(deed, entry, wanted).number
    page = text_of(officer.get(f"/desk/cases/{number}"))
    for said in (*words[:4], "a.csv</del>", "b.csv</ins>", "old.csv · ", "<del>每日</del>", "<ins>每周</ins>"):
        assert said in page
    assert words[4] not in page, "what stays as it is is no difference"


@pytest.mark.parametrize("language", ["zh_Hans_CN", "en"])
def test_withdrawal_and_pages_in_both_languages(stage: Stage, language: str) -> None:
    code = stage.published()
    with work.begin(stage.db, stage.cast.steward, stage.now) as deed:
        number = datasets.request_withdrawal(deed, stage.entry(code, deed.session), "职责调整").number
    officer = stage.client(stage.cast.officer, language)
    assert officer.get(f"/desk/cases/{number}").status_code == 200
    assert officer.post(f"/desk/cases/{number}", data={"move": "approve"}).status_code == 302
    assert stage.read(code).state is v.EntryState.WITHDRAWN
    assert officer.get(f"/desk/cases/{number}").status_code == 200


def test_application_shows_answers_and_rules(stage: Stage) -> None:
    number = applied(stage)
    page = text_of(stage.client(stage.cast.officer).get(f"/desk/applications/{number}"))
    for words in (
        "答复 purpose",
        "示例数据有限公司",
        "限于科研和公共服务",
        "浙江省公共数据条例",
        "初审通过",
        "要求补正",
    ):
        assert words in page
    reviewer = text_of(stage.client(stage.cast.reviewer).get(f"/desk/applications/{number}"))
    assert "提交决定" not in reviewer
    assert stage.client(stage.cast.officer).get(f"/desk/cases/{number}").location.endswith(number)


def test_application_keeps_out_everyone_without_a_part(stage: Stage) -> None:
    address = f"/desk/applications/{applied(stage)}"
    for actor in (stage.cast.stranger, stage.cast.stranger_reviewer, stage.cast.steward):
        assert stage.client(actor).get(address).status_code == 404
        assert stage.client(actor).post(address, data={"move": "approve"}).status_code == 404
    assert stage.client(stage.cast.requester).get(address).status_code == 403


def test_application_is_decided_step_by_step_and_revoked(stage: Stage) -> None:
    number = applied(stage)
    address = f"/desk/applications/{number}"
    first, second = stage.client(stage.cast.officer), stage.client(stage.cast.second_officer)
    reviewer = stage.client(stage.cast.reviewer)
    assert reviewer.post(address, data={"move": "approve"}).status_code == 409
    assert first.post(address, data={"move": "approve"}).status_code == 302
    assert first.post(address, data={"move": "approve"}).status_code == 409
    typed = {"move": "disagree", "comment": "不宜提供"}
    wanting = reviewer.post(address, data=typed)
    assert wanting.status_code == 422
    assert "不宜提供" in text_of(wanting)
    assert reviewer.post(address, data={**typed, "basis": "条例第三十条"}).status_code == 302
    assert first.post(address, data={"move": "approve"}).status_code == 409
    assert second.post(address, data={"move": "approve"}).status_code == 302
    _sign(stage, number)
    page = text_of(second.get(address))
    assert "使用中" in page
    assert "今日未使用" in page
    revoke = {"move": "revoke", "comment": "超范围使用", "basis": "协议第五条"}
    assert second.post(address, data={"move": "suspend", "comment": "核查"}).status_code == 302
    assert second.post(address, data=revoke).status_code == 302
    with stage.db.read() as session:
        grant = grants.of_application(session, applications.find(session, number, stage.cast.officer))
        assert grant is not None
        assert grant.state is v.GrantState.REVOKED


def _sign(stage: Stage, number: str) -> None:
    with work.begin(stage.db, stage.cast.requester, stage.now) as deed:
        one = applications.find(deed.session, number, stage.cast.requester)
        shown = agreements.hash_of(agreements.text_of(one, "zh"))
        applications.accept(deed, one, signatory="示例", text_hash=shown, language="zh")


def test_a_term_is_extended_by_a_number_of_days(stage: Stage) -> None:
    address = f"/desk/applications/{applied(stage)}"
    officer = stage.client(stage.cast.officer)
    wrong = officer.post(address, data={"move": "extend", "comment": "材料多", "days": "很多"})
    assert wrong.status_code == 422
    assert 'value="很多"' in text_of(wrong)
    assert officer.post(address, data={"move": "extend", "comment": "材料多", "days": "2"}).status_code == 302
    assert "延长办理期限" not in text_of(officer.get(address)).split("提交决定")[0].split("选择操作")[-1]


def test_applicants_moves_are_not_made_on_the_desk(stage: Stage) -> None:
    address = f"/desk/applications/{applied(stage)}"
    assert stage.client(stage.cast.officer).post(address, data={"move": "withdraw"}).status_code == 409
