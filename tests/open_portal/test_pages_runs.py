"""Quality runs: started again and cancelled from the page of a version; when one is cut off, no verdict is made up."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from desk_stage import WHOLE, Stage
from werkzeug.test import TestResponse

from catalog import versions
from catalog.models import Version
from open_portal import handlers
from open_portal.pages.desk import desk_rules
from open_portal.requests import session
from policies import vocabulary as v
from policies.refusals import Refused
from quality import checks, reading, runs
from quality.models import Run
from tenancy import work
from tenancy.actors import SYSTEM

GOOD = "编号,名称\n" + "".join(f"{number:03d},{number}号桥\n" for number in range(60))
BAD = "编号,名称\n" + "".join(f"{number // 2:03d},\n" for number in range(60))


@pytest.fixture
def stage(db: Any, cast: Any, now: Any, tmp_path: Path) -> Stage:
    return Stage(db, cast, now, tmp_path)


def send(stage: Stage, code: str, text: str) -> str:
    """A version that was read and waits for its run; its id."""
    blob = stage.put(text.encode())
    with work.begin(stage.db, stage.cast.steward, stage.now) as deed:
        version_id = versions.receive(deed, stage.entry(code, deed.session), blob, "桥.csv").id
    handlers.check_version(stage.kit, {"version_id": version_id})
    return version_id


def run_of(stage: Stage, version_id: str) -> Run:
    with stage.db.read() as session:
        version = session.get_one(Version, version_id)
        run = runs.under_way(session, version) or runs.newest_done(session, version_id)
        assert run is not None
        return run


def state_of(stage: Stage, version_id: str) -> v.VersionState:
    with stage.db.read() as session:
        return session.get_one(Version, version_id).state


def test_a_version_is_read_once_and_judged_by_a_run_of_its_own(stage: Stage) -> None:
    version_id = send(stage, stage.draft(items=False), GOOD)
    assert state_of(stage, version_id) is v.VersionState.CHECKING
    run = run_of(stage, version_id)
    assert (run.state, run.results) == (v.RunState.QUEUED, [])
    handlers.run_quality(stage.kit, {"run_id": run.id})
    done = run_of(stage, version_id)
    assert (done.state, done.rows, done.starts) == (v.RunState.DONE, 60, 1)
    assert state_of(stage, version_id) is v.VersionState.PASSED
    handlers.run_quality(stage.kit, {"run_id": run.id})
    assert run_of(stage, version_id).starts == 1, "a job that comes twice does nothing"


def test_a_steward_cancels_and_starts_again(stage: Stage) -> None:
    code = stage.draft(items=False)
    version_id, client = send(stage, code, GOOD), stage.client(stage.cast.steward)
    page = f"/desk/datasets/{code}/data/1"
    assert client.get(page).headers["Refresh"]
    assert client.post(f"{page}/runs/cancel").status_code == 302
    assert state_of(stage, version_id) is v.VersionState.FAILED
    handlers.run_quality(stage.kit, {"run_id": first_run(stage)})
    assert state_of(stage, version_id) is v.VersionState.FAILED, "what is cancelled is not run"
    shown = client.get(page).text
    assert "检测已被取消" in shown
    assert "重新检测" in shown
    assert client.post(f"{page}/runs/cancel").status_code == 409
    assert client.post(f"{page}/runs").status_code == 302
    assert client.post(f"{page}/runs").status_code == 302, "asking twice gives one run"
    handlers.run_quality(stage.kit, {"run_id": run_of(stage, version_id).id})
    assert state_of(stage, version_id) is v.VersionState.PASSED
    with stage.db.read() as session:
        assert session.query(Run).count() == 2


def first_run(stage: Stage) -> str:
    with stage.db.read() as session:
        return session.query(Run).order_by(Run.at).first().id  # type: ignore[union-attr]


def test_others_neither_start_nor_cancel(stage: Stage) -> None:
    code = stage.draft(items=False)
    send(stage, code, GOOD)
    page = f"/desk/datasets/{code}/data/1"
    for who in (stage.cast.stranger, stage.cast.requester):
        assert stage.client(who).post(f"{page}/runs").status_code in {403, 404}
        assert stage.client(who).post(f"{page}/runs/cancel").status_code in {403, 404}


def test_a_run_under_way_lets_go_when_cancelled(stage: Stage) -> None:
    version_id = send(stage, stage.draft(items=False), GOOD)
    with work.begin(stage.db, SYSTEM, stage.now) as unit:
        plan = checks.gather(unit, run_of(stage, version_id).id)
    assert plan is not None
    with work.begin(stage.db, stage.cast.steward, stage.now) as unit:
        runs.cancel(unit, unit.session.get_one(Run, plan.run_id))
    stop = Event()
    stop.set()
    found = checks.act(plan, stage.blobs, stage.now, memory_mb=200, seconds=20, cancelled=stop)
    assert isinstance(found, Refused)
    with work.begin(stage.db, SYSTEM, stage.now) as unit:
        checks.record(unit, plan, found)
    with stage.db.read() as session:
        run = session.get_one(Run, plan.run_id)
        assert (run.state, run.results) == (v.RunState.CANCELLED, [])


@pytest.mark.parametrize(("seconds", "memory", "code"), [(0.0001, 200, "run.out-of-time")])
def test_a_run_that_is_cut_off_says_why(stage: Stage, seconds: float, memory: int, code: str) -> None:
    version_id = send(stage, stage.draft(items=False), GOOD)
    with work.begin(stage.db, SYSTEM, stage.now) as unit:
        plan = checks.gather(unit, run_of(stage, version_id).id)
    assert plan is not None
    found = checks.act(plan, stage.blobs, stage.now, memory_mb=memory, seconds=seconds)
    with work.begin(stage.db, SYSTEM, stage.now) as unit:
        checks.record(unit, plan, found)
    with stage.db.read() as session:
        version = session.get_one(Version, version_id)
        assert version.state is v.VersionState.FAILED
        assert (version.problem or {})["code"] == code


def test_a_failing_version_does_not_replace_a_good_one_and_is_judged_again_in_its_place(stage: Stage) -> None:
    code = stage.draft(items=False)
    first = send(stage, code, GOOD)
    handlers.run_quality(stage.kit, {"run_id": run_of(stage, first).id})
    with work.begin(stage.db, SYSTEM, stage.now) as unit:
        version = unit.session.get_one(Version, first)
        versions.make_live(unit, version)
    second = send(stage, code, BAD)
    handlers.run_quality(stage.kit, {"run_id": run_of(stage, second).id})
    assert state_of(stage, first) is v.VersionState.LIVE
    assert state_of(stage, second) is v.VersionState.REFUSED
    assert stage.client(stage.cast.steward).post(f"/desk/datasets/{code}/data/1/runs").status_code == 302
    handlers.run_quality(stage.kit, {"run_id": run_of(stage, first).id})
    with stage.db.read() as session:
        version = session.get_one(Version, first)
        assert version.state is v.VersionState.LIVE
        assert (version.verdict, version.entry.score) == (v.Verdict.PASS, version.score)


def test_a_file_that_is_no_table_has_no_run(stage: Stage) -> None:
    code = stage.draft(items=False)
    version_id = send(stage, code, "")
    assert state_of(stage, version_id) is v.VersionState.FAILED
    answer = stage.client(stage.cast.steward).post(f"/desk/datasets/{code}/data/1/runs")
    assert answer.status_code == 409
    with stage.db.read() as session:
        assert reading.gather(session, version_id) is None


def test_rows_are_held_against_those_of_the_source(stage: Stage) -> None:
    code, client = stage.draft(items=False), stage.client(stage.cast.steward)
    page = f"/desk/datasets/{code}/data"

    def upload(said: str) -> TestResponse:
        return client.post(page, data={"file": (BytesIO(GOOD.encode()), "桥.csv"), "source_rows": said, "note": "九月"})

    wrong = upload("六十一")
    assert wrong.status_code == 422
    assert "六十一" in wrong.text
    assert "九月" in wrong.text
    assert upload("1,061").status_code == 302
    with stage.db.read() as session:
        version_id = session.query(Version).one().id
    handlers.check_now(stage.kit, version_id)
    found = {row["rule_id"]: row for row in run_of(stage, version_id).results}["rows_as_source:"]
    assert (found["success"], found["lacking"]) == (False, None)
    other = send(stage, stage.draft(replace(WHOLE, title="另一座桥"), items=False), GOOD)
    handlers.run_quality(stage.kit, {"run_id": run_of(stage, other).id})
    found = {row["rule_id"]: row for row in run_of(stage, other).results}["rows_as_source:"]
    assert (found["success"], found["lacking"]) == (True, "source_rows")


def test_counts_of_rules_stay_while_another_run_waits(stage: Stage) -> None:
    code = stage.draft(items=False)
    version_id, client = send(stage, code, BAD), stage.client(stage.cast.steward)
    done = run_of(stage, version_id).id
    handlers.run_quality(stage.kit, {"run_id": done})
    assert client.post(f"/desk/datasets/{code}/data/1/runs").status_code == 302
    with stage.app.test_request_context("/"):
        stage.app.preprocess_request()
        last = desk_rules.last_run(stage.entry(code, session()))
        assert last is not None
        assert last[0].id == done
