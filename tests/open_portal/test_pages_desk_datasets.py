"""Registering and keeping entries on the desk: each page works, keeps strangers out, loses nothing typed."""

import io
from pathlib import Path
from typing import Any

import pytest
from desk_forms import basics, stamp_of, text_of, whole_form
from desk_stage import RESTRICTED, Stage

from catalog import datasets, versions
from policies import vocabulary as v
from tenancy import cases, work


@pytest.fixture
def stage(db: Any, cast: Any, now: Any, tmp_path: Path) -> Stage:
    return Stage(db, cast, now, tmp_path)


def test_the_inbox_shows_what_waits(stage: Stage) -> None:
    code = stage.draft()
    stage.deliver(code, verdict=v.Verdict.FAIL)
    page = stage.client(stage.cast.steward).get("/desk")
    assert page.status_code == 200
    assert "公交线路" in text_of(page)
    assert "质检未通过" in text_of(page)
    assert "您的草稿" in text_of(page)
    with work.begin(stage.db, stage.cast.steward, stage.now) as deed:
        number = datasets.submit(deed, stage.entry(code, deed.session)).number
    officers = text_of(stage.client(stage.cast.officer).get("/desk"))
    assert number in officers
    assert "个工作日" in officers


def test_notices_are_put_away(stage: Stage) -> None:
    stage.deliver(stage.draft())
    client = stage.client(stage.cast.steward)
    assert "tx-notice--new" in text_of(client.get("/desk"))
    assert client.post("/desk/notices/read").status_code == 302
    assert client.post("/desk/notices/read").status_code == 302
    assert "tx-notice--new" not in text_of(client.get("/desk"))


def test_the_desk_is_for_staff(stage: Stage) -> None:
    assert stage.client().get("/desk").status_code == 302
    assert stage.client(stage.cast.requester).get("/desk").status_code == 403
    assert stage.client(stage.cast.auditor).get("/desk").status_code == 403


def test_list_shows_own_entries_by_state(stage: Stage) -> None:
    stage.draft()
    stage.published(RESTRICTED)
    page = text_of(stage.client(stage.cast.steward).get("/desk/datasets"))
    assert "公交线路" in page
    assert "车辆检测记录" in page
    drafts = text_of(stage.client(stage.cast.steward).get("/desk/datasets?state=DRAFT"))
    assert "车辆检测记录" not in drafts
    assert "没有目录" in text_of(stage.client(stage.cast.stranger).get("/desk/datasets"))
    assert "公交" in text_of(stage.client(stage.cast.officer).get("/desk/datasets?q=公交"))


@pytest.mark.parametrize("page", ["", "/tasks", "/tasks/basics", "/tasks/items", "/data", "/rules", "/check"])
def test_a_strangers_entry_is_not_there(stage: Stage, page: str) -> None:
    code = stage.published()
    assert stage.client(stage.cast.stranger).get(f"/desk/datasets/{code}{page}").status_code == 404


def test_register_with_a_file_twice_is_one_draft(stage: Stage) -> None:
    client = stage.client(stage.cast.steward)
    for _time in range(2):
        form = {"tenant": "hz-jtj", "title": "充电桩", "file": (io.BytesIO(b"a,b\n1,2\n"), "piles.csv")}
        sent = client.post("/desk/datasets/new", data=form, content_type="multipart/form-data")
        assert sent.status_code == 302
    code = sent.location.split("/")[-2]
    with stage.db.read() as session:
        entry = stage.entry(code, session)
        assert [one.number for one in versions.all_of(session, entry)] == [1]
    assert "充电桩" in text_of(client.get(f"/desk/datasets/{code}/tasks"))


def test_register_keeps_what_was_typed(stage: Stage) -> None:
    client = stage.client(stage.cast.steward)
    sent = client.post("/desk/datasets/new", data={"tenant": "hz-jtj", "title": "桩"})
    assert sent.status_code == 422
    assert 'value="桩"' in text_of(sent)
    assert "2至500个字" in text_of(sent)
    assert client.post("/desk/datasets/new", data={"tenant": "hz-jyj", "title": "别家"}).status_code == 404
    others = stage.client(stage.cast.reviewer).post("/desk/datasets/new", data={"tenant": "hz-jtj", "title": "充电桩"})
    assert others.status_code == 404


def test_tasks_tell_untouched_from_unfinished(stage: Stage) -> None:
    code = stage.draft(datasets.Description(title="空目录"), items=False)
    page = text_of(stage.client(stage.cast.steward).get(f"/desk/datasets/{code}/tasks"))
    assert page.count("未开始") >= 5
    assert "暂不能开始" in page
    whole = text_of(stage.client(stage.cast.steward).get(f"/desk/datasets/{stage.draft()}/tasks"))
    assert whole.count("已完成") >= 5


def test_a_task_is_saved_unfinished_and_marked(stage: Stage) -> None:
    code = stage.draft(datasets.Description(title="公交线路"), items=False)
    client = stage.client(stage.cast.steward)
    address = f"/desk/datasets/{code}/tasks/basics"
    form = basics(version=stamp_of(client.get(address)), tags="公交，线路、站", granularity="一行一条线路")
    sent = client.post(address, data=form)
    assert (sent.status_code, sent.location) == (302, address)
    entry = stage.read(code)
    assert (entry.themes, entry.tags, entry.object_flags) == (["6"], ["公交", "线路", "站"], 8)
    assert "此项必填" in text_of(client.get(address))
    again = client.post(address, data=form)
    assert again.status_code == 302
    assert stage.read(code).changed_at == entry.changed_at


def test_a_task_goes_on_to_the_next(stage: Stage) -> None:
    code = stage.draft(datasets.Description(title="公交线路"), items=False)
    client = stage.client(stage.cast.steward)
    address = f"/desk/datasets/{code}/tasks/basics"
    form = basics(version=stamp_of(client.get(address)), abstract="一行一条线路")
    assert client.post(address, data=form).location.endswith("/tasks/source")
    assert client.post(address, data={**form, "go": "list"}).location.endswith("/tasks")


def test_nothing_typed_is_lost(stage: Stage) -> None:
    code = stage.draft()
    client = stage.client(stage.cast.steward)
    address = f"/desk/datasets/{code}/tasks/basics"
    stamp = stamp_of(client.get(address))
    wrong = client.post(address, data=basics(version=stamp, time_from="2026-13-40", granularity="站点级"))
    assert wrong.status_code == 422
    assert "2026-13-40" in text_of(wrong)
    assert "站点级" in text_of(wrong)
    assert stage.read(code).granularity == ""
    overtaken = client.post(address, data=basics(version="0", granularity="站点级"))
    assert overtaken.status_code == 409
    assert "站点级" in text_of(overtaken)


def test_tasks_refuse_colleague_without_role_and_wrong_state(stage: Stage) -> None:
    code = stage.draft()
    reviewer = stage.client(stage.cast.reviewer)
    address = f"/desk/datasets/{code}/tasks/basics"
    form = basics(version=stamp_of(reviewer.get(address)), abstract="改")
    assert reviewer.post(address, data=form).status_code == 403
    with work.begin(stage.db, stage.cast.steward, stage.now) as deed:
        datasets.submit(deed, stage.entry(code, deed.session))
    steward = stage.client(stage.cast.steward)
    assert steward.post(address, data=form).status_code == 409
    assert steward.get(address).status_code == 302


def test_items_are_added_changed_and_removed(stage: Stage) -> None:
    code = stage.draft()
    client = stage.client(stage.cast.steward)
    address = f"/desk/datasets/{code}/tasks/items"
    form = {
        "version": stamp_of(client.get(address)),
        "rows": "4",
        "item-0-name": "line",
        "item-0-title": "线路编号",
        "item-0-type": "C",
        "item-1-name": "stops",
        "item-1-title": "站点数",
        "item-1-type": "I",
        "item-1-drop": "y",
        "item-2-name": "length_km",
        "item-2-title": "里程",
        "item-2-type": "N",
        "item-2-nullable": "y",
        "item-3-name": "",
        "item-3-type": "C",
    }
    assert client.post(address, data=form).status_code == 302
    found = [(one.name, one.title, one.nullable) for one in stage.read(code).items]
    assert found == [("line", "线路编号", False), ("length_km", "里程", True)]
    twice = {**form, "item-3-name": "length_km"}
    wrong = client.post(address, data=twice)
    assert wrong.status_code == 422
    assert 'value="里程"' in text_of(wrong)


def test_grading_finds_personal_information_masked(stage: Stage) -> None:
    code = stage.draft()
    stage.deliver(code)
    client = stage.client(stage.cast.steward)
    address = f"/desk/datasets/{code}/tasks/grading"
    form = {
        "version": stamp_of(client.get(address)),
        "rows": "2",
        "item-0-name": "line",
        "item-0-security_level": "L3",
        "item-0-desensitisation": "NONE",
        "item-0-personal_kind": "MOBILE",
        "item-1-name": "stops",
        "item-1-security_level": "L1",
        "item-1-desensitisation": "NONE",
    }
    assert client.post(address, data=form).status_code == 302
    entry = stage.read(code)
    assert (entry.security_level, entry.contains_personal) == (v.SecurityLevel.L3, True)
    assert "匿名化之前不得无条件开放" in text_of(client.get(address))


def test_opening_is_saved_unlawful_and_marked(stage: Stage) -> None:
    code = stage.draft()
    client = stage.client(stage.cast.steward)
    address = f"/desk/datasets/{code}/tasks/opening"
    form = {
        "version": stamp_of(client.get(address)),
        "rows": "0",
        "share_type": "SHARE_NONE",
        "open_type": "OPEN_RESTRICTED",
        "open_tier": "T0",
    }
    assert client.post(address, data=form).location == address
    entry = stage.read(code)
    assert (entry.share_type, entry.open_tier) == (v.ShareType.SHARE_NONE, v.OpenTier.T0)
    page = text_of(client.get(address))
    assert "与开放属性“受限开放”不符" in page
    assert "DB33/T 2350-2021" in page
    unknown = client.post(address, data={**form, "open_type": "ANYTHING"})
    assert unknown.status_code == 422


def test_check_lists_what_is_missing_and_submits_once(stage: Stage) -> None:
    client = stage.client(stage.cast.steward)
    empty = stage.draft(datasets.Description(title="空目录"), items=False)
    page = client.get(f"/desk/datasets/{empty}/check")
    assert "/tasks/upkeep#contact_office" in text_of(page)
    assert client.post(f"/desk/datasets/{empty}/check").status_code == 422
    code = stage.draft()
    stage.deliver(code)
    sent = client.post(f"/desk/datasets/{code}/check", data={"open": "y"})
    again = client.post(f"/desk/datasets/{code}/check", data={"open": "y"})
    assert sent.status_code == 302
    assert again.location == sent.location
    entry = stage.read(code)
    assert (entry.state, entry.open_state) == (v.EntryState.PUBLISH_REVIEW, v.OpenState.OPEN_REVIEW)
    assert stage.client(stage.cast.stranger).post(f"/desk/datasets/{code}/check").status_code == 404


def test_change_is_proposed_for_a_published_entry(stage: Stage) -> None:
    code = stage.published()
    client = stage.client(stage.cast.steward)
    page = client.get(f"/desk/datasets/{code}/change")
    assert page.status_code == 200
    form = whole_form(abstract="新的摘要")
    wrong = client.post(f"/desk/datasets/{code}/change", data={**form, "time_from": "昨天"})
    assert wrong.status_code == 422
    assert "新的摘要" in text_of(wrong)
    assert client.post(f"/desk/datasets/{code}/change", data=form).status_code == 302
    assert stage.read(code).state is v.EntryState.CHANGE_REVIEW
    assert client.post(f"/desk/datasets/{code}/change", data=form).status_code == 409
    assert stage.client(stage.cast.reviewer).get(f"/desk/datasets/{code}/change").status_code == 302


def test_suspend_restore_withdraw_and_discard(stage: Stage) -> None:
    code = stage.published()
    steward, officer = stage.client(stage.cast.steward), stage.client(stage.cast.officer)
    act = f"/desk/datasets/{code}/act"
    assert steward.get(f"{act}/suspend").status_code == 200
    assert steward.post(f"{act}/suspend", data={"reason": ""}).status_code == 422
    assert steward.post(f"{act}/suspend", data={"reason": "含个人信息"}).status_code == 302
    assert stage.read(code).state is v.EntryState.SUSPENDED
    assert steward.post(f"{act}/suspend", data={"reason": "再次"}).status_code == 409
    assert steward.post(f"{act}/restore", data={"reason": "已处理"}).status_code == 403
    assert officer.post(f"{act}/restore", data={"reason": "已处理"}).status_code == 302
    assert steward.post(f"{act}/withdraw", data={"reason": "职责调整"}).status_code == 302
    assert stage.read(code).state is v.EntryState.WITHDRAW_REVIEW
    assert steward.post(f"{act}/discard").status_code == 409
    draft = stage.draft(datasets.Description(title="误建"), items=False)
    assert stage.client(stage.cast.stranger).post(f"/desk/datasets/{draft}/act/discard").status_code == 404
    assert steward.post(f"/desk/datasets/{draft}/act/discard").status_code == 302
    assert steward.get(f"/desk/datasets/{draft}").status_code == 404
    assert steward.get(f"{act}/anything").status_code == 404


def test_release_is_asked_for_once(stage: Stage) -> None:
    code = stage.published()
    steward = stage.client(stage.cast.steward)
    assert "申请开放" in text_of(steward.get(f"/desk/datasets/{code}"))
    assert steward.post(f"/desk/datasets/{code}/release").status_code == 302
    assert steward.post(f"/desk/datasets/{code}/release").status_code == 409
    with stage.db.read() as session:
        case = cases.of_subject(session, stage.entry(code, session), "RELEASE")
        assert case is not None


@pytest.mark.parametrize("language", ["zh_Hans_CN", "en"])
def test_every_page_speaks_both_languages(stage: Stage, language: str) -> None:
    code = stage.draft()
    stage.deliver(code)
    live = stage.published(RESTRICTED)
    client = stage.client(stage.cast.steward, language)
    tasks = ["basics", "source", "items", "grading", "opening", "upkeep"]
    pages = [
        *(f"/desk/datasets/{code}/tasks/{name}" for name in tasks),
        *(f"/desk/datasets/{code}{rest}" for rest in ("", "/tasks", "/data", "/rules", "/check")),
        *("/desk", "/desk/datasets", "/desk/datasets/new", "/desk/demands", "/desk/demands/new"),
        *(f"/desk/datasets/{live}{rest}" for rest in ("", "/change", "/act/suspend", "/act/withdraw")),
    ]
    for page in pages:
        assert client.get(page).status_code == 200, page
