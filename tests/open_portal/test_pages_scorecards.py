"""Scorecards, metadata and reports on pages: figures open to their datasets, strangers see no value, both languages."""

import io
import re
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
from desk_stage import RESTRICTED, Stage
from sqlalchemy import select

from catalog import datasets
from catalog.models import Entry, StoredFile, Version
from open_portal import handlers
from policies import vocabulary as v
from quality.models import Run
from quality.rules.rules import Rule
from quality.scoring import docs, scorecards
from quality.scoring.scorecard_models import DataDocs
from quality.suites import suites
from sharing import release
from tenancy import work
from tenancy.actors import SYSTEM
from tenancy.types import new_id

NOW = datetime(2026, 12, 2, 2, 0, tzinfo=UTC)
NOVEMBER = date(2026, 11, 1)
SECRET = "13800000000-<svg onload=alert(1)>"
RULES = (
    Rule("not_null:line", "not_null", ("line",), severity="critical"),
    Rule("unique:line", "unique", ("line",)),
    Rule("row_count:", "row_count", (), {"min": 1}),
)


@pytest.fixture
def stage(db, cast, now, tmp_path) -> Stage:
    """A portal in November with one published dataset; `later` looks at it in December."""
    home = tmp_path / "home"
    home.mkdir()
    return Stage(db, cast, now, home)


def later(stage: Stage) -> Stage:
    """The same portal a few days after the end of the month."""
    return Stage(stage.db, stage.cast, NOW, stage.kit.settings.home)


def published(stage: Stage, description: datasets.Description | None = None, *, opened: bool = False) -> str:
    """A published dataset whose last run kept a value that broke a rule."""
    code = stage.published(description) if description else stage.published()
    if opened:
        with work.begin(stage.db, stage.cast.steward, stage.now) as unit:
            release.request(unit, stage.entry(code, unit.session))
        with work.begin(stage.db, stage.cast.officer, stage.now) as unit:
            release.decide(unit, stage.entry(code, unit.session), "approve")
    with work.begin(stage.db, SYSTEM, stage.now + timedelta(seconds=1)) as unit:
        entry = stage.entry(code, unit.session)
        suite = suites.propose(unit, entry, RULES)
        version = unit.session.get_one(Version, entry.live_version_id)
        version.columns = [{"name": "line", "type": "text"}, {"name": "stops", "type": "integer"}]
        results = [
            {"rule_id": "not_null:line", "evaluated": 4, "missing": 0, "unexpected": 0, "success": True},
            {
                "rule_id": "unique:line",
                "evaluated": 4,
                "missing": 0,
                "unexpected": 2,
                "success": False,
                "samples": [[3, SECRET], [4, SECRET]],
            },
            {"rule_id": "row_count:", "evaluated": 1, "missing": 0, "unexpected": 0, "success": True, "observed": 4},
        ]
        unit.session.add(
            Run(
                id=new_id(),
                version_id=version.id,
                suite_id=suite.id,
                engine="duckdb",
                engine_version="1",
                rows=4,
                seconds=0.1,
                results=results,
                at=unit.now,
            )
        )
    return code


def closed(stage: Stage) -> str:
    """One whose rows its own department alone may read."""
    code = published(stage, RESTRICTED)
    with work.begin(stage.db, SYSTEM, stage.now) as unit:
        stage.entry(code, unit.session).share_type = v.ShareType.SHARE_NONE
        stage.entry(code, unit.session).open_state = v.OpenState.OPEN
    return code


def freeze(stage: Stage) -> None:
    with work.begin(stage.db, SYSTEM, datetime(2026, 12, 1, 2, 0, tzinfo=UTC)) as unit:
        scorecards.freeze(unit, NOVEMBER)


@pytest.mark.parametrize("language", ["zh_Hans_CN", "en"])
def test_every_figure_opens_to_the_datasets_behind_it(stage: Stage, language: str) -> None:
    code = published(stage)
    leader = stage.client(stage.cast.leader, language)
    page = leader.get("/admin/scorecard?sort=punctuality").text
    assert "tx-heat-5" in page
    assert 'href="/admin/scorecard/hz-jtj/figures/quality"' in page
    assert ("质量合格率" if language.startswith("zh") else "Pass rate") in page
    figure = leader.get("/admin/scorecard/hz-jtj/figures/quality").text
    assert code in figure
    assert "97.5" in figure
    assert leader.get("/admin/scorecard/hz-jtj/figures/open").status_code == 200
    assert leader.get("/admin/scorecard/hz-jtj/figures/beauty").status_code == 404
    table = leader.get("/admin/scorecard/huzhou.csv").text.splitlines()
    assert len(table[0].split(",")) == len(next(one for one in table if "97.5" in one).split(","))


def test_only_readers_of_the_rows_see_which_broke_a_rule(stage: Stage) -> None:
    code = published(stage)
    address = f"/admin/scorecard-datasets/{code}?rule=unique:line"
    leader = stage.client(stage.cast.leader).get(address)
    assert "13800000000" in leader.text
    assert "onload=alert" not in leader.text.replace("&lt;svg onload=alert", "")
    for path in ("/admin/scorecard", "/admin/scorecards", address, "/admin/metadata"):
        assert stage.client(stage.cast.stranger).get(path).status_code == 403, path
        assert stage.client(stage.cast.system_admin).get(path).status_code in {403, 404}, path
        assert stage.client().get(path).status_code == 302, path


def test_the_public_page_tells_scores_by_rule_and_item_and_never_a_value(stage: Stage) -> None:
    code = published(stage, opened=True)
    for who in (None, stage.cast.steward, stage.cast.stranger):
        page = stage.client(who).get(f"/datasets/{code}/quality").text
        assert "怎样看懂这些得分" in page
        assert "13800000000" not in page
        # completeness 100, consistency or accuracy 50: the rule that is broken is the only one that gains.
        assert page.count('<td class="tx-table__number">+') == 1
        assert "按数据项得分" in page
    assert "How to read these scores" in stage.client(language="en").get(f"/datasets/{code}/quality").text


def test_a_frozen_month_is_shown_compared_and_taken_away(stage: Stage) -> None:
    code = published(stage)
    freeze(stage)
    leader = later(stage).client(stage.cast.leader)
    assert "2026-11" in leader.get("/admin/scorecards").text
    month = leader.get("/admin/scorecards/2026-11").text
    assert "哈希一致" in month
    assert 'href="/admin/scorecards/2026-11/hz-jtj"' in month
    line = leader.get("/admin/scorecards/2026-11/hz-jtj").text
    assert code.replace("-", "/") in line or code in line
    table = leader.get("/admin/scorecards/2026-11.csv").text
    assert "97.5000" in table
    assert leader.get("/admin/scorecards/2026-10").status_code == 404
    assert leader.get("/admin/scorecards/2026-11/hz-jyj").status_code == 404


def test_an_appeal_goes_from_the_unit_to_two_officers(stage: Stage) -> None:
    published(stage)
    freeze(stage)
    december = later(stage)
    reviewer, page = december.client(stage.cast.reviewer), "/desk/scorecards/2026-11/hz-jtj"
    shown = reviewer.get(page).text
    entry_id = re.search(r'name="entries" type="checkbox" value="([^"]+)"', shown)[1]
    empty = reviewer.post(page, data={"reason": " ", "entries": entry_id})
    assert empty.status_code == 422
    assert "checked" in empty.text
    made = reviewer.post(page, data={"reason": "系统停机三天", "entries": entry_id})
    assert made.status_code == 302
    case = made.location
    assert reviewer.post(page, data={"reason": "又一次"}).status_code == 409
    assert december.client(stage.cast.stranger).get(page).status_code == 404
    assert december.client(stage.cast.stranger).get(case).status_code == 404
    first, second = (december.client(one) for one in (stage.cast.officer, stage.cast.second_officer))
    assert case in first.get("/desk").text
    assert first.get(case.replace("appeals", "cases")).location == case
    assert first.post(case, data={"move": "uphold", "comment": ""}).status_code == 422
    assert first.post(case, data={"move": "uphold", "comment": "属实"}).status_code == 302
    assert "确认裁定" not in first.get(case).text
    assert second.post(case, data={"move": "confirm"}).status_code == 302
    line = reviewer.get(page).text
    assert "申诉成立" in line
    assert "更正后" in line
    assert "申诉后更正" in december.client(stage.cast.leader).get("/admin/scorecards/2026-11").text


def test_a_steward_sees_what_costs_most_and_what_is_missing_with_the_way_to_the_field(stage: Stage) -> None:
    code = published(stage)
    draft = stage.draft(datasets.Description(title="空白目录"), items=False)
    steward = stage.client(stage.cast.steward)
    page = steward.get("/desk/quality").text
    assert "失分最多的问题" in page
    assert f"/desk/datasets/{code}/rules" in page
    metadata = steward.get("/desk/metadata").text
    assert f"/desk/datasets/{draft}/tasks/basics#tags" in metadata
    assert f"/desk/datasets/{code}/change#time_from" in metadata
    assert 'id="tags"' in steward.get(f"/desk/datasets/{draft}/tasks/basics").text
    assert 'id="time_from"' in steward.get(f"/desk/datasets/{code}/change").text
    stranger = stage.client(stage.cast.stranger)
    assert "公交线路" not in stranger.get("/desk/quality").text
    assert "公交线路" not in stranger.get("/desk/metadata").text
    assert "Descriptions to be mended" in stage.client(stage.cast.steward, "en").get("/desk/metadata").text


def test_metadata_points_by_body_and_metric_down_to_entries(stage: Stage) -> None:
    code = published(stage)
    leader = stage.client(stage.cast.leader)
    page = leader.get("/admin/metadata").text
    assert 'href="/admin/metadata/hz-jtj"' in page
    assert 'href="/admin/metadata/huzhou/temporal"' in page
    assert code.replace("-", "/") in leader.get("/admin/metadata/huzhou/temporal").text
    assert leader.get("/admin/metadata/huzhou/beauty").status_code == 404
    table = leader.get("/admin/metadata/huzhou.csv").text.splitlines()
    assert len(table) == 2
    assert len(table[0].split(",")) == 4 + len(v.MqaMetric)


def make_docs(stage: Stage, code: str) -> str:
    with stage.db.read() as session:
        version_id = str(stage.entry(code, session).live_version_id)
    handlers.make_docs(stage.kit, {"version_id": version_id})
    return version_id


def test_the_report_for_experts_is_made_by_the_worker_and_goes_to_readers_of_the_rows_alone(stage: Stage) -> None:
    code = closed(stage)
    ask, fetch = f"/datasets/{code}/quality/docs", f"/datasets/{code}/quality/docs.zip"
    steward = stage.client(stage.cast.steward)
    assert steward.get(fetch).status_code == 404
    for who in (None, stage.cast.stranger, stage.cast.requester):
        assert stage.client(who).post(ask).status_code in {302, 404}
    with stage.db.read() as session:
        assert session.scalars(select(DataDocs)).all() == []
    assert steward.post(ask).status_code == 302
    assert "正在生成" in steward.get(f"/datasets/{code}/quality").text
    make_docs(stage, code)
    answer = steward.get(fetch)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.mimetype == "application/zip"
    for who in (None, stage.cast.stranger, stage.cast.requester, stage.cast.system_admin):
        assert stage.client(who).get(fetch).status_code == 404
        assert "docs.zip" not in stage.client(who).get(f"/datasets/{code}/quality").text
    check_pages(answer.data)


def check_pages(archive: bytes) -> None:
    """The pages hold the counts, load nothing and run nothing."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        pages = {name: packed.read(name).decode() for name in packed.namelist()}
    validation = next(text for name, text in pages.items() if name.startswith("validations/"))
    assert "13800000000" in validation
    assert "50%" in validation
    for name, text in pages.items():
        lowered = text.lower()
        assert "<script" not in lowered, name
        assert "<link" not in lowered, name
        assert not re.search(r'\bsrc\s*=\s*"?https?:', lowered), name
        if name.endswith(".html"):
            assert "default-src 'none'" in text


def test_a_report_is_not_made_twice_and_goes_when_its_time_or_its_run_is_over(stage: Stage) -> None:
    code = closed(stage)
    for _ in range(2):
        assert stage.client(stage.cast.steward).post(f"/datasets/{code}/quality/docs").status_code == 302
    version_id = make_docs(stage, code)
    with stage.db.read() as session:
        row = docs.of_version(session, version_id)
        assert row is not None
        assert row.state is v.DocsState.READY
        file_id = row.file_id
    handlers.make_docs(stage.kit, {"version_id": version_id})
    handlers.expire_docs(stage.kit, {})
    with stage.db.read() as session:
        assert docs.of_version(session, version_id).file_id == file_id
    with work.begin(stage.db, SYSTEM, stage.now + timedelta(days=8)) as unit:
        assert docs.expire(unit) == 1
    with stage.db.read() as session:
        assert docs.of_version(session, version_id) is None
        assert session.get(StoredFile, file_id) is None


def test_the_worker_freezes_the_month_that_is_over(stage: Stage) -> None:
    published(stage)
    for _ in range(2):
        handlers.keep_scorecards(later(stage).kit, {})
    with stage.db.read() as session:
        assert [one.month for one in scorecards.months(session)] == ["2026-11"]
        assert session.scalars(select(Entry)).one().score == 97.5
