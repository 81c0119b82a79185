"""Pages of profile and risk: real files through the worker's check, then read as insider, reader and stranger."""

from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from desk_stage import WHOLE, Stage
from sqlalchemy import select

from catalog import datasets, versions
from catalog.models import Entry, Version
from open_portal import handlers
from policies import identifiers
from policies import vocabulary as v
from policies.refusals import Refused
from sharing import release
from tenancy import work
from tenancy.database import Database
from tenancy.records import Case

ROWS = 40
SECRET = [f"canary{at:03}" for at in range(ROWS)]


def number(at: int) -> str:
    """A made-up identity number with the right check character."""
    first = f"330599199{at % 10}01{at % 28 + 1:02}{at:03}"
    return first + identifiers.citizen_check_character(first)


def table() -> bytes:
    """Routes with a column that isn't open, and remarks two of which hold an identity number."""
    lines = ["line,stops,inner,remark"]
    for at in range(ROWS):
        remark = number(at) if at < 2 else "无"
        lines.append(f"{at},{at % 7 + 3},{SECRET[at]},{remark}")
    return "\n".join(lines).encode()


@pytest.fixture
def stage(db: Database, cast: Any, now: datetime, tmp_path: Path) -> Stage:
    """The portal over the cast."""
    return Stage(db, cast, now, tmp_path)


def checked(stage: Stage) -> tuple[str, str]:
    """An entry with one closed item, its file checked by the worker, published, its opening asked for."""
    closed = {"open_type": v.OpenType.OPEN_FORBIDDEN, "share_type": v.ShareType.SHARE_UNCOND}
    free = {"open_type": v.OpenType.OPEN_UNCOND, "share_type": v.ShareType.SHARE_UNCOND}
    with work.begin(stage.db, stage.cast.steward, stage.now) as deed:
        description = replace(WHOLE, title="线路明细")
        entry = datasets.register(deed, deed.session.merge(stage.cast.department), description)
        rows = [("line", free), ("stops", free), ("inner", closed), ("remark", free)]
        datasets.set_items(deed, entry, [datasets.ItemDescription(name, **how) for name, how in rows])
        blob = stage.kit.blobs.put(BytesIO(table()), limit=1 << 20)
        version_id = versions.receive(deed, entry, blob, "lines.csv").id
        entry_id = entry.id
    handlers.check_now(stage.kit, version_id)
    with work.begin(stage.db, stage.cast.steward, stage.now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        assert entry.open_type is v.OpenType.OPEN_UNCOND
        datasets.submit(deed, entry)
        release.request(deed, entry)
        code = entry.code.replace("/", "-")
    with work.begin(stage.db, stage.cast.officer, stage.now) as deed:
        datasets.review(deed, deed.session.get_one(Entry, entry_id), "approve")
    return code, entry_id


def test_from_finding_to_signature_to_the_public(stage: Stage) -> None:
    code, entry_id = checked(stage)
    with stage.db.read() as session:
        version = session.scalars(select(Version)).one()
        assert version.disclosure_verdict is v.RiskVerdict.STOP
        kept = str((version.personal_scan, version.disclosure))
        assert number(0) not in kept
        assert SECRET[0] not in kept
        case = session.scalars(select(Case.number).where(Case.kind == "RELEASE")).one()
    with pytest.raises(Refused), work.begin(stage.db, stage.cast.officer, stage.now) as deed:
        release.decide(deed, deed.session.get_one(Entry, entry_id), "approve")
    officer, steward = stage.client(stage.cast.officer), stage.client(stage.cast.steward)
    page = officer.get(f"/desk/cases/{case}").get_data(as_text=True)
    assert "不宜按现状开放" in page
    assert number(0) not in page
    risk = f"/desk/datasets/{code}/data/1/risk"
    assert "待认定" in steward.get(risk).get_data(as_text=True)
    answer = {"move": "settle", "finding": "CITIZEN_ID:remark", "answer": "dismissed"}
    assert steward.post(risk, data={**answer, "reason": ""}).status_code == 422
    assert steward.post(risk, data={**answer, "reason": "测试编号"}).status_code == 302
    assert officer.post(risk, data={**answer, "reason": "测试编号"}).status_code == 403
    signing = f"/desk/cases/{case}/disclosure"
    assert steward.post(signing, data={"version": "1", "reason": "好"}).status_code == 403
    assert officer.post(signing, data={"version": "1", "reason": ""}).status_code == 422
    assert officer.post(signing, data={"version": "9", "reason": "好"}).status_code == 409
    assert officer.post(signing, data={"version": "1", "reason": "已核对"}).status_code == 302
    assert "已核对" in officer.get(f"/desk/cases/{case}").get_data(as_text=True)
    with work.begin(stage.db, stage.cast.officer, stage.now) as deed:
        release.decide(deed, deed.session.get_one(Entry, entry_id), "approve")
    public = stage.client()
    for address in (f"/datasets/{code}/profile", f"/datasets/{code}/profile.json"):
        shown = public.get(address)
        assert shown.status_code == 200
        text = shown.get_data(as_text=True)
        assert "inner" in text
        assert not [one for one in SECRET if one in text]
    own = steward.get(f"/datasets/{code}/profile.json").get_json()
    assert [one["withheld"] for one in own["columns"]] == [False] * 4


def test_strangers_find_neither_profile_nor_risk(stage: Stage) -> None:
    code, _entry_id = checked(stage)
    stranger, public = stage.client(stage.cast.stranger), stage.client()
    for address in (f"/desk/datasets/{code}/data/1/risk", f"/desk/datasets/{code}/data/1/profile"):
        assert stage.client(stage.cast.steward).get(address).status_code == 200
        assert stranger.get(address).status_code == 404
        assert stranger.post(address.replace("profile", "risk"), data={"move": "assess"}).status_code == 404
    for address in (f"/datasets/{code}/profile", f"/datasets/{code}/profile.json"):
        assert public.get(address).status_code == 404
        missing = public.get(address.replace(code, "101001-999999"))
        assert missing.status_code == 404


def test_an_assessment_is_made_again_by_the_worker(stage: Stage) -> None:
    code, _entry_id = checked(stage)
    steward = stage.client(stage.cast.steward)
    chosen = {"move": "choose", "columns": ["line", "stops"]}
    assert steward.post(f"/desk/datasets/{code}/data/1/risk", data=chosen).status_code == 302
    with stage.db.read() as session:
        version_id = session.scalars(select(Version.id)).one()
    for _ in range(2):
        handlers.assess_version(stage.kit, {"version_id": version_id})
    with stage.db.read() as session:
        kept = session.get_one(Version, version_id).disclosure
        assert kept is not None
        assert (kept["quasi"], kept["chosen"], kept["classes"]) == (["line", "stops"], True, ROWS)
    page = steward.get(f"/desk/datasets/{code}/data/1/risk").get_data(as_text=True)
    assert "数据专员选定" in page
