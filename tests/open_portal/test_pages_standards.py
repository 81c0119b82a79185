"""Pages of data standards, sources and cleaning: from proposing to the run, and nothing for strangers."""

import io
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from desk_stage import RULES, Stage
from sqlalchemy import select

from catalog import national_codes, standards, versions
from catalog.models import Entry, Version
from catalog.standard_models import CodeList, DataElement, SourceClaim
from open_portal import handlers
from policies.calendars import local_date
from quality.cleaning import cleanings
from quality.cleaning.cleaning_models import CleaningRun
from tenancy import work
from tenancy.actors import SYSTEM
from tenancy.database import Database
from tenancy.models import Tenant
from tenancy.records import Case

CODES = "1,男,Male\n2,女,Female\n"
CSV = "line,stops,kind\n" + "".join(f"{n}, {n},{'男' if n % 2 else '1'}\n" for n in range(1, 41))


@pytest.fixture
def stage(db: Database, cast: Any, now: datetime, tmp_path: Path) -> Stage:
    """The portal with the national lists in force."""
    made = Stage(db, cast, now, tmp_path / "home")
    with work.begin(db, SYSTEM, now) as deed:
        national_codes.enter(deed, deed.session.get_one(Tenant, cast.city.id), local_date(now))
    return made


def case_number(db: Database, kind: str) -> str:
    """The newest case of a kind."""
    with db.read() as session:
        return session.scalars(select(Case.number).where(Case.kind == kind).order_by(Case.number.desc())).first() or ""


def in_force(stage: Stage, kind: Any, path: str, **values: str) -> None:
    """Propose, submit and approve through the pages."""
    steward, officer = stage.client(stage.cast.steward), stage.client(stage.cast.officer)
    answer = steward.post(f"/desk/standards/{path}/new", data={"tenant": "hz-jtj", **values})
    assert answer.status_code == 302, answer.text
    name = values["name"]
    assert steward.post(f"/desk/standards/{path}/{name}/1/submit").status_code == 302
    number = case_number(stage.db, "STANDARD_REVIEW")
    assert number in officer.get("/desk").text
    assert officer.get(f"/desk/cases/{number}").location == f"/desk/standards/cases/{number}"
    assert officer.get(f"/desk/standards/cases/{number}").status_code == 200
    assert officer.post(f"/desk/standards/cases/{number}", data={"move": "approve"}).status_code == 302
    with stage.db.read() as session:
        assert standards.in_force(session, kind, name, local_date(stage.now)) is not None


def test_a_list_and_an_element_from_draft_to_force(stage: Stage) -> None:
    steward = stage.client(stage.cast.steward)
    wrong = steward.post(
        "/desk/standards/lists/new", data={"tenant": "hz-jtj", "name": "line-kind", "zh": "线路", "codes": "1,甲\n1,乙"}
    )
    assert wrong.status_code == 422
    assert "重复" in wrong.text
    assert "1,乙" in wrong.text
    in_force(stage, CodeList, "lists", name="line-kind", zh="性别", codes=CODES)
    in_force(stage, DataElement, "elements", name="sex-of", zh="性别项", type="C", code_list="line-kind")
    for language in ("zh_Hans_CN", "en"):
        reader = stage.client(stage.cast.stranger, language)
        for path in ("", "?kind=lists", "?kind=lists&q=GB/T", "/lists/line-kind", "/elements/sex-of", "/lists/sex"):
            assert reader.get(f"/desk/standards{path}").status_code == 200, path
    assert steward.get("/desk/standards/lists/new?of=line-kind").text.count("1,男,Male") == 1
    assert steward.get("/desk/standards.xlsx").data[:2] == b"PK"
    assert "line-kind" in steward.get("/desk/standards/lists.csv").text


def test_drafts_and_cases_are_hidden_from_strangers(stage: Stage) -> None:
    steward, stranger = stage.client(stage.cast.steward), stage.client(stage.cast.stranger)
    data = {"tenant": "hz-jtj", "name": "secret-list", "zh": "草稿表", "codes": CODES}
    assert stranger.post("/desk/standards/lists/new", data=data).status_code == 404
    steward.post("/desk/standards/lists/new", data=data)
    assert stranger.get("/desk/standards/lists/secret-list").status_code == 404
    assert "草稿表" not in stranger.get("/desk/standards?kind=lists").text
    assert stranger.post("/desk/standards/lists/secret-list/1/submit").status_code == 404
    steward.post("/desk/standards/lists/secret-list/1/submit")
    number = case_number(stage.db, "STANDARD_REVIEW")
    assert stranger.get(f"/desk/standards/cases/{number}").status_code == 404
    assert steward.post(f"/desk/standards/cases/{number}", data={"move": "approve"}).status_code in {403, 409}
    assert stage.client(stage.cast.requester).get("/desk/standards").status_code in {403, 404}
    assert stage.client().get("/desk/standards").status_code == 302


def test_a_sheet_is_tried_and_taken_over(stage: Stage) -> None:
    steward = stage.client(stage.cast.steward)
    good = "list,value,zh\nroad,1,国道\nroad,2,省道\n"

    def send(text: str) -> str:
        sent = {"tenant": "hz-jtj", "file": (io.BytesIO(text.encode()), "道路.csv")}
        answer = steward.post("/desk/standards/import", data=sent, content_type="multipart/form-data")
        assert answer.status_code == 302, answer.text
        return str(answer.location)

    faulty = send(good + "road,2,重复\n")
    page = steward.get(faulty).text
    assert "与第 3 行重复" in page
    assert steward.post(faulty, data={"move": "take"}).status_code == 422
    assert stage.client(stage.cast.colleague).get(faulty).status_code == 404
    fine = send(good)
    assert "road" in steward.get(fine).text
    assert steward.post(fine, data={"move": "take"}).status_code == 302
    with stage.db.read() as session:
        assert len(standards.every_version(session, CodeList, "road")[0].codes) == 2
    bad = {"tenant": "hz-jtj", "file": (io.BytesIO(b"x,y\n1,2"), "a.csv")}
    assert steward.post("/desk/standards/import", data=bad, content_type="multipart/form-data").status_code == 422


def test_items_are_linked_measured_and_cleaned(stage: Stage) -> None:
    in_force(stage, CodeList, "lists", name="line-kind", zh="线路类别", codes=CODES)
    in_force(stage, DataElement, "elements", name="kind", zh="类别", type="C", code_list="line-kind")
    code = stage.draft(items=False)
    steward = stage.client(stage.cast.steward)
    with work.begin(stage.db, stage.cast.steward, stage.now) as deed:
        version_id = versions.receive(deed, stage.entry(code, deed.session), stage.put(CSV.encode()), "l.csv").id
    handlers.check_now(stage.kit, version_id)
    at = [one.name for one in stage.read(code).items].index("kind")
    page = f"/desk/datasets/{code}/standards"
    assert "kind" in steward.get(page).text
    assert steward.post(page, data={f"element-{at}": "无此数据元", f"list-{at}": ""}).status_code == 422
    assert steward.post(page, data={f"element-{at}": "类别", f"list-{at}": ""}).status_code == 302
    assert stage.read(code).items[at].element == "kind"
    shown = steward.get(page).text
    assert "“男” × 20 → 1" in shown
    coverage = steward.get("/desk/standards/coverage").text
    assert "“男” × 20" in coverage
    assert "“男” × 20" not in stage.client(stage.cast.stranger).get("/desk/standards/coverage").text
    assert "男" in steward.get("/desk/standards/deviations.csv").text
    leader = stage.client(stage.cast.leader)
    assert "市交通运输局" in leader.get("/admin/standards").text
    assert "“男”" not in leader.get("/admin/standards").text
    assert "市交通运输局" in leader.get("/admin/standards.csv").text
    assert stage.client(stage.cast.stranger).get(page).status_code == 404

    clean = f"/desk/datasets/{code}/cleaning"
    text = steward.get(clean).text
    steps = [one.replace("&#34;", '"') for one in re.findall(r'name="step" value="([^"]+)"', text)]
    translate = next(one for one in steps if "translate" in one)
    assert steward.post(clean, data={"do": "take", "step": translate}).status_code == 302
    assert steward.post(clean, data={"do": "add", "kind": "case", "column": "kind", "to": "title"}).status_code == 422
    assert steward.post(clean, data={"do": "take", "step": "{"}).status_code == 422
    assert steward.post(f"{clean}/run", data={"what": "preview"}).status_code == 302
    assert steward.post(f"{clean}/run", data={"what": "preview"}).status_code == 409
    _work(stage)
    assert "“男” → “1” × 20" in re.sub(r"\s+", " ", steward.get(clean).text)
    assert steward.post(f"{clean}/run", data={"what": "run"}).status_code == 302
    run = _work(stage)
    assert run.version_id is not None
    handlers.check_now(stage.kit, run.version_id)
    for language in ("zh_Hans_CN", "en"):
        assert stage.client(stage.cast.officer, language).get(clean).status_code == 200
    ledger = steward.get(f"{clean}/{run.id}/changes.parquet")
    assert ledger.data[:4] == b"PAR1"
    stranger = stage.client(stage.cast.stranger)
    assert stranger.get(clean).status_code == 404
    assert stranger.get(f"{clean}/{run.id}/changes.parquet").status_code == 404
    assert stranger.post(f"{clean}/run", data={"what": "run"}).status_code == 404
    assert stage.client(stage.cast.officer).post(f"{clean}/run", data={"what": "run"}).status_code == 403


def _work(stage: Stage) -> CleaningRun:
    """Do what waits, as the worker would."""
    with stage.db.read() as session:
        run_id = session.scalars(select(CleaningRun.id).where(CleaningRun.state == "WAITING")).one()
    handlers.do_cleaning(stage.kit, {"run_id": run_id})
    with stage.db.read() as session:
        return session.get_one(CleaningRun, run_id)


def test_a_source_is_claimed_disputed_and_ruled_on(stage: Stage) -> None:
    in_force(stage, DataElement, "elements", name="road-name", zh="道路名称", type="C")
    steward, stranger = stage.client(stage.cast.steward), stage.client(stage.cast.stranger)
    given = {"tenant": "hz-jtj", "element": "road-name", "basis": "三定规定"}
    assert steward.post("/desk/sources/new", data={**given, "basis": ""}).status_code == 422
    assert steward.post("/desk/sources/new", data={**given, "entry": "nothing"}).status_code == 422
    assert stranger.post("/desk/sources/new", data=given).status_code == 404
    assert steward.post("/desk/sources/new", data=given).status_code == 302
    where = f"/desk/sources/cases/{case_number(stage.db, 'SOURCE_CLAIM')}"
    assert "三定规定" in stranger.get(where).text
    assert stranger.post(f"{where}/dispute", data={"tenant": "hz-jyj", "reason": ""}).status_code == 422
    assert (
        stranger.post(f"{where}/dispute", data={"tenant": "hz-jyj", "reason": "校车道路由我局维护"}).status_code == 302
    )
    assert stranger.post(where, data={"move": "accept", "comment": "x"}).status_code == 404
    officer = stage.client(stage.cast.officer)
    assert "校车道路由我局维护" in officer.get(where).text
    assert officer.post(where, data={"move": "accept"}).status_code == 422
    assert officer.post(where, data={"move": "accept", "comment": "依职责"}).status_code == 302
    with stage.db.read() as session:
        assert session.scalars(select(SourceClaim)).one().state == "ACCEPTED"
    for path in ("/desk/sources", "/desk/standards", "/desk/standards/elements/road-name"):
        for language in ("zh_Hans_CN", "en"):
            answer = stage.client(stage.cast.stranger, language).get(path)
            assert answer.status_code == 200
    assert "100%" in steward.get("/desk/sources").text
    assert stage.client(stage.cast.requester).get(where).status_code in {403, 404}


def test_cleaning_without_data_says_so(stage: Stage) -> None:
    code = stage.draft()
    steward = stage.client(stage.cast.steward)
    assert steward.get(f"/desk/datasets/{code}/cleaning").status_code == 200
    assert steward.post(f"/desk/datasets/{code}/cleaning/run").status_code == 409
    assert RULES
    with stage.db.read() as session:
        assert cleanings.newest_table(session, session.scalars(select(Entry)).one()) is None
        assert session.scalars(select(Version)).first() is None
