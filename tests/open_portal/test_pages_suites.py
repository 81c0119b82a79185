"""Rules on the desk: added, changed, tried, kept, compared, restored, taken away and brought back; waivers."""

import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_stage import WHOLE, Stage
from flask.testing import FlaskClient

from catalog.models import Entry
from open_portal import handlers
from policies import vocabulary as v
from quality.models import Suite
from quality.rules import standing
from quality.rules.rules import Rule
from quality.suites import suites, waivers
from quality.suites.suite_models import Trial, Waiver
from tenancy import work
from tenancy.actors import SYSTEM
from tenancy.records import Case


@pytest.fixture
def stage(db: Any, cast: Any, now: Any, tmp_path: Path) -> Stage:
    return Stage(db, cast, now, tmp_path)


@pytest.fixture
def code(stage: Stage) -> str:
    found = stage.draft()
    stage.deliver(found)
    return found


def rules_now(stage: Stage, code: str) -> tuple[Rule, ...]:
    with stage.db.read() as session:
        suite = suites.latest(session, stage.entry(code, session))
        found = suites.rules_of(suite) if suite else ()
        return tuple(rule for rule in found if rule.origin != standing.ORIGIN)


def number_now(stage: Stage, code: str) -> int:
    with stage.db.read() as session:
        suite = suites.latest(session, stage.entry(code, session))
        return suite.number if suite else 0


def between(**changes: str) -> dict[str, str]:
    form = {"kind": "between", "column-0": "stops", "p.min": "10", "p.max": "25", "severity": "warning"}
    return {**form, "dimension": "accuracy", "weight": "1", "mostly": "100", "version": "1", "action": "save"} | changes


def test_a_rule_is_added_by_its_kind_and_changed(stage: Stage, code: str) -> None:
    client, base = stage.client(stage.cast.steward), f"/desk/datasets/{code}/rules"
    assert "取值范围" in client.get(f"{base}/new").text
    page = client.get(f"{base}/new?kind=between").text
    assert "站点数 (stops)" in page
    assert "today-30" in page
    wrong = client.post(f"{base}/new", data=between(**{"p.min": "30"}))
    assert wrong.status_code == 422
    assert "下限大于上限" in wrong.text
    assert 'value="30"' in wrong.text
    assert client.post(f"{base}/new", data=between()).status_code == 302
    added = rules_now(stage, code)[-1]
    assert (added.rule_id, added.parameters) == ("between:stops", {"min": 10, "max": 25})
    change = {"rule": added.rule_id, "version": "2", "p.max": "20", "severity": "critical"}
    page = client.get(f"{base}/change", query_string={"rule": added.rule_id}).text
    assert 'value="25"' in page
    assert client.post(f"{base}/change", data=between(**change)).status_code == 302
    changed = rules_now(stage, code)[-1]
    assert (changed.rule_id, changed.parameters["max"], changed.severity) == (added.rule_id, 20, "critical")
    difference = client.get(f"{base}/versions/compare?before=2&after=3").text
    assert "上限：25 → 20" in difference
    assert "严重程度：一般 → 严重" in difference


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"p.min": "", "p.max": ""}, "请填写这类规则需要的参数"),
        ({"p.min": '{"a'}, "参数的值不正确"),
        ({"column-0": ""}, "请选择这类规则所需数目的字段"),
        ({"column-0": "nonsense"}, "没有名为“nonsense”的信息项"),
        ({"weight": "heavy"}, "权重"),
        ({"mostly": "0"}, "百分"),
        ({"severity": "loud"}, "loud"),
        ({"dimension": "loud"}, "loud"),
        ({"when-column": "line"}, "一行一个"),
        ({"kind": "matches_pattern", "p.regex": "(?=a)"}, "RE2"),
        ({"kind": "in_set"}, "请填写这类规则需要的参数"),
    ],
)
def test_a_wrong_field_is_told_and_nothing_is_lost(stage: Stage, code: str, changes: dict[str, str], said: str) -> None:
    client = stage.client(stage.cast.steward)
    sent = between(**{"why": "自己写的理由", **changes})
    page = client.post(f"/desk/datasets/{code}/rules/new", data=sent)
    assert page.status_code == 422
    assert said in page.text
    assert "自己写的理由" in page.text
    assert number_now(stage, code) == 1


def test_rules_are_reordered_weighed_and_dropped(stage: Stage, code: str) -> None:
    client, base = stage.client(stage.cast.steward), f"/desk/datasets/{code}/rules"
    form = {
        "version": "1",
        "place:unique:line": "0",
        "weight:unique:line": "2.5",
        "dimension:unique:line": "consistency",
    }
    for bad in ({"weight:unique:line": "-1"}, {"place:unique:line": "first"}, {"dimension:unique:line": "x"}):
        assert client.post(base, data=form | bad).status_code == 422
    assert client.post(base, data=form).status_code == 302
    first = rules_now(stage, code)[0]
    assert (first.rule_id, first.weight, first.dimension) == ("unique:line", 2.5, "consistency")
    assert client.post(base, data={"version": "1", "drop:unique:line": "y"}).status_code == 409
    assert client.post(base, data={"version": "2", "drop:unique:line": "y"}).status_code == 302
    assert [rule.rule_id for rule in rules_now(stage, code)] == ["not_null:line"]


def test_a_trial_counts_before_anything_is_kept(stage: Stage, code: str) -> None:
    client, base = stage.client(stage.cast.steward), f"/desk/datasets/{code}/rules"
    answer = client.post(f"{base}/new", data=between(action="try"))
    assert answer.status_code == 302
    assert "正在" in client.get(answer.location).text
    with stage.db.read() as session:
        trial_id = session.query(Trial).one().id
    for _time in range(2):
        handlers.try_rules(stage.kit, {"trial_id": trial_id})
    page = client.get(answer.location).text
    assert "共 2" in page
    with stage.db.read() as session:
        trial = session.get_one(Trial, trial_id)
        assert trial.results is not None
        assert trial.results["between:stops"]["unexpected"] == 1
    assert number_now(stage, code) == 1
    edited = client.get(f"{base}?trial={trial_id}").text
    assert "“站点数”在 10 与 25 之间" in edited
    assert stage.client(stage.cast.reviewer).get(answer.location).status_code == 403
    assert stage.client(stage.cast.stranger).get(answer.location).status_code == 404
    assert client.post(answer.location).status_code == 302
    assert number_now(stage, code) == 2
    assert client.post(answer.location).status_code == 302
    assert number_now(stage, code) == 2
    assert "不能再保留" in client.get(answer.location).text


def test_versions_are_listed_and_an_older_one_is_restored(stage: Stage, code: str) -> None:
    client, base = stage.client(stage.cast.steward), f"/desk/datasets/{code}/rules"
    client.post(base, data={"version": "1", "drop:unique:line": "y"})
    page = client.get(f"{base}/versions").text
    assert "新增 0 条，修改 0 条，删去 1 条" in page
    assert client.post(f"{base}/versions/1/restore", data={"version": "1"}).status_code == 409
    assert client.post(f"{base}/versions/1/restore", data={"version": "2"}).status_code == 302
    assert len(rules_now(stage, code)) == 2
    assert "恢复第 1 版" in client.get(f"{base}/versions").text
    client.post(f"{base}/versions/1/restore", data={"version": "3"})
    assert number_now(stage, code) == 3
    assert client.post(f"{base}/versions/9/restore", data={"version": "3"}).status_code == 404
    assert (
        stage.client(stage.cast.reviewer).post(f"{base}/versions/1/restore", data={"version": "3"}).status_code == 403
    )


@pytest.mark.parametrize("ending", ["json", "xlsx"])
def test_rules_go_out_as_a_file_and_come_back(stage: Stage, code: str, ending: str) -> None:
    client, base = stage.client(stage.cast.steward), f"/desk/datasets/{code}/rules"
    file = client.get(f"{base}/export.{ending}")
    assert "attachment" in file.headers["Content-Disposition"]
    same = send(client, base, file.data, f"rules.{ending}")
    assert "没有规则会变化" in same.text
    client.post(base, data={"version": "1", "drop:unique:line": "y"})
    page = send(client, base, file.data, f"rules.{ending}")
    assert page.status_code == 200
    assert "“线路”不重复" in page.text
    assert number_now(stage, code) == 2
    sent = hidden(page.text)
    assert client.post(f"{base}/apply", data={**sent, "action": "save"}).status_code == 302
    assert [rule.rule_id for rule in rules_now(stage, code)] == ["not_null:line", "unique:line"]
    late = client.post(f"{base}/apply", data={**sent, "action": "save"})
    assert late.status_code == 409
    reviewer = stage.client(stage.cast.reviewer)
    assert reviewer.post(f"{base}/apply", data={**sent, "version": "3"}).status_code == 403
    assert send(reviewer, base, file.data, f"rules.{ending}").status_code == 403
    assert stage.client(stage.cast.stranger).get(f"{base}/export.{ending}").status_code == 404


def send(client: FlaskClient, base: str, content: bytes, name: str, mode: str = "replace") -> Any:
    return client.post(f"{base}/import", data={"file": (io.BytesIO(content), name), "mode": mode})


def hidden(page: str) -> dict[str, str]:
    found = {}
    for name in ("version", "origin", "note", "rules"):
        value = page.split(f'name="{name}" value="', 1)[1].split('"', 1)[0]
        found[name] = value.replace("&#34;", '"').replace("&#39;", "'").replace("&amp;", "&")
    return found


def test_a_file_that_is_wrong_is_told_by_place_and_changes_nothing(stage: Stage, code: str) -> None:
    client, base = stage.client(stage.cast.steward), f"/desk/datasets/{code}/rules"
    bad = {"name": "x", "expectations": [{"type": "expect_moonlight", "kwargs": {}}]}
    page = send(client, base, json.dumps(bad).encode(), "x.json")
    assert page.status_code == 422
    assert "expectations[0].type" in page.text
    assert send(client, base, b"", "").status_code == 422
    assert send(client, base, b"a,b", "x.csv").status_code == 422
    added = {
        "name": "x",
        "expectations": [{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}],
    }
    page = send(client, base, json.dumps(added).encode(), "x.json", "add")
    client.post(f"{base}/apply", data={**hidden(page.text), "action": "save"})
    assert [rule.rule_id for rule in rules_now(stage, code)] == ["not_null:line", "unique:line", "row_count:"]
    for rules in ("", "{}", "[1]", '[{"rule_id": "a"}]', '[{"rule_id": "a", "kind": "moon"}]'):
        sent = {"rules": rules, "origin": "imported", "note": "", "version": "2"}
        assert client.post(f"{base}/apply", data=sent).status_code == 422
    assert number_now(stage, code) == 2


def test_a_template_shows_what_it_adds_and_what_not(stage: Stage, code: str) -> None:
    client, base = stage.client(stage.cast.steward), f"/desk/datasets/{code}/rules"
    assert "GB/T 36344" in client.get(f"{base}/templates").text
    page = client.get(f"{base}/templates/base").text
    assert "没有完全相同的记录" in page
    assert "已有同类规则：not_null:line" in page
    assert client.get(f"{base}/templates/moon").status_code == 404
    assert client.post(f"{base}/apply", data={**hidden(page), "action": "save"}).status_code == 302
    assert "row_count:" in {rule.rule_id for rule in rules_now(stage, code)}
    kept = client.post(f"{base}/templates", data={"name": "公交"})
    assert kept.status_code == 302
    assert client.post(f"{base}/templates", data={"name": "公交"}).status_code == 422
    assert client.post(f"{base}/templates", data={"name": " "}).status_code == 422
    assert stage.client(stage.cast.reviewer).post(f"{base}/templates", data={"name": "别的"}).status_code == 403
    other = stage.draft(replace(WHOLE, title="公交站点"))
    page = client.get(f"/desk/datasets/{other}/rules/templates").text
    assert "公交" in page
    template = page.split("/rules/templates/", 1)[1].split('"', 1)[0]
    assert "“线路”不重复" in client.get(f"/desk/datasets/{other}/rules/templates/{template}").text
    assert stage.client(stage.cast.reviewer).post(f"{base}/templates/{template}/end").status_code == 403
    assert client.post(f"{base}/templates/{template}/end").status_code == 302
    assert client.post(f"{base}/templates/{template}/end").status_code == 404


def test_a_waiver_is_asked_for_decided_by_another_and_shown(stage: Stage, code: str) -> None:
    steward, base = stage.client(stage.cast.steward), f"/desk/datasets/{code}/rules"
    form = {"rule": "unique:line", "reason": "历史数据待清理", "until": "2027-02-01"}
    assert "历史" not in steward.get(f"{base}/waivers/new?rule=unique:line").text
    for bad in ({"reason": ""}, {"until": ""}, {"until": "2026-11-23"}, {"until": "2028-01-01"}):
        page = steward.post(f"{base}/waivers/new", data=form | bad)
        assert page.status_code == 422
    assert steward.post(f"{base}/waivers/new", data=form | {"rule": "moon"}).status_code == 404
    assert stage.client(stage.cast.reviewer).post(f"{base}/waivers/new", data=form).status_code == 403
    sent = steward.post(f"{base}/waivers/new", data=form)
    assert sent.status_code == 302
    assert steward.post(f"{base}/waivers/new", data=form).status_code == 422
    where = sent.location
    assert stage.client(stage.cast.stranger).get(where).status_code == 404
    assert stage.client(stage.cast.stranger_reviewer).post(where, data={"move": "approve"}).status_code == 404
    assert steward.post(where, data={"move": "approve"}).status_code in {403, 409}
    reviewer = stage.client(stage.cast.reviewer)
    assert "历史数据待清理" in reviewer.get(where).text
    assert reviewer.post(where, data={"move": "reject"}).status_code == 422
    assert reviewer.post(where, data={"move": "approve"}).status_code == 302
    page = steward.get(base).text
    assert "已豁免" in page
    assert "历史数据待清理" in page
    assert "有效" in steward.get(f"{base}/waivers").text
    case = where.rsplit("/", 1)[1]
    assert reviewer.get(f"/desk/cases/{case}").location == where
    assert reviewer.post(f"{where}/end").status_code == 403
    assert steward.post(f"{where}/end").status_code == 302
    assert steward.post(f"{where}/end").status_code == 409
    assert "已豁免" not in steward.get(base).text


def test_an_officer_may_decide_and_waivers_end_by_themselves(stage: Stage, code: str) -> None:
    with work.begin(stage.db, stage.cast.steward, stage.now) as unit:
        until = stage.now.date() + timedelta(days=20)
        waiver = waivers.ask(unit, stage.entry(code, unit.session), "unique:line", reason="清理中", until=until)
        waiver_id, number = waiver.id, unit.session.get_one(Case, waiver.case_id).number
    officer = stage.client(stage.cast.officer)
    assert officer.post(f"/desk/waivers/{number}", data={"move": "approve"}).status_code == 302
    for days, state in ((3, "IN_FORCE"), (7, "IN_FORCE"), (20, "IN_FORCE"), (21, "ENDED")):
        with work.begin(stage.db, SYSTEM, stage.now + timedelta(days=days)) as unit:
            waivers.follow(unit)
            waivers.follow(unit)
            found = unit.session.get_one(Waiver, waiver_id)
            assert found.state == v.WaiverState(state)
    home = stage.client(stage.cast.steward).get("/desk").text
    assert home.count("将于 2026-12-13 到期") == 1
    assert home.count("已于 2026-12-13 到期") == 1


def test_who_has_no_part_in_an_entry_sees_none_of_its_rules(stage: Stage, code: str) -> None:
    stranger = stage.client(stage.cast.stranger)
    for rest in (
        "",
        "/new",
        "/new?kind=between",
        "/change?rule=unique:line",
        "/versions",
        "/versions/compare",
        "/import",
    ):
        assert stranger.get(f"/desk/datasets/{code}/rules{rest}").status_code == 404
    for rest in ("/templates", "/templates/base", "/waivers", "/waivers/new?rule=unique:line", "/export.json"):
        assert stranger.get(f"/desk/datasets/{code}/rules{rest}").status_code == 404
    reviewer = stage.client(stage.cast.reviewer)
    for rest in ("", "/versions", "/versions/compare", "/import", "/templates", "/waivers", "/export.xlsx"):
        assert reviewer.get(f"/desk/datasets/{code}/rules{rest}").status_code == 200
    assert reviewer.get(f"/desk/datasets/{code}/rules/new").status_code == 403


def test_every_page_speaks_english(stage: Stage, code: str) -> None:
    client = stage.client(stage.cast.steward, "en")
    for rest in (
        "",
        "/new",
        "/new?kind=between",
        "/new?kind=columns_match",
        "/new?kind=in_order",
        "/versions",
        "/import",
    ):
        assert client.get(f"/desk/datasets/{code}/rules{rest}").status_code == 200
    for rest in ("/templates", "/templates/legal_persons", "/waivers", "/waivers/new?rule=unique:line"):
        assert client.get(f"/desk/datasets/{code}/rules{rest}").status_code == 200


def test_the_suite_of_an_older_day_stays(stage: Stage, code: str) -> None:
    with stage.db.read() as session:
        entry: Entry = stage.entry(code, session)
        assert [one.number for one in suites.history(session, entry)] == [1]
        assert session.query(Suite).one().note is None
