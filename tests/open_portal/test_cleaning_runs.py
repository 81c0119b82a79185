"""Cleaning from plan to a version of its own: previewed, run, traced, checked; by the owner's steward alone."""

from datetime import datetime
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from catalog import datasets, versions
from catalog.models import Entry, Version
from open_portal import handlers
from open_portal.wiring import Kit
from policies import vocabulary as v
from policies.refusals import Forbidden, Invalid, Refused
from quality.cleaning import cleanings
from quality.cleaning.cleaning import Step
from quality.cleaning.cleaning_models import CleaningRun
from tenancy import work
from tenancy.actors import Actor
from tenancy.models import Membership, Tenant

CSV = "编号,性别,区县\n" + "".join(f"{n},{'男' if n % 2 else '女'}, 吴兴区\n" for n in range(1, 41)) + "40,女, 吴兴区\n"
STEPS = [
    Step("trim", "区县"),
    Step("translate", "性别", {"map": {"男": "1", "女": "2"}}),
    Step("duplicates"),
]


def upload(kit: Kit, cast: Any, now: datetime, title: str = "从业人员", csv: str = CSV) -> str:
    """A draft with a checked version; the entry's id."""
    path = kit.scratch / "in.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(csv, "utf-8")
    with path.open("rb") as stream:
        blob = kit.blobs.put(stream, limit=1 << 20)
    with work.begin(kit.database, cast.steward, now) as deed:
        tenant = deed.session.get_one(Tenant, cast.department.id)
        entry = datasets.register(deed, tenant, datasets.Description(title=title))
        version_id, entry_id = versions.receive(deed, entry, blob, "名册.csv").id, entry.id
    handlers.check_now(kit, version_id)
    return entry_id


def plan(kit: Kit, who: Actor, entry_id: str, now: datetime, steps: list[Step] = STEPS) -> int:
    """Keep a plan; its number."""
    with work.begin(kit.database, who, now) as deed:
        return cleanings.set_plan(deed, deed.session.get_one(Entry, entry_id), steps).number


def ask(kit: Kit, who: Actor, entry_id: str, now: datetime, *, preview: bool = False) -> str:
    """Ask for a run; its id."""
    with work.begin(kit.database, who, now) as deed:
        return cleanings.request(deed, deed.session.get_one(Entry, entry_id), preview=preview).id


def run_of(kit: Kit, run_id: str) -> CleaningRun:
    """A run as it stands."""
    with kit.database.read() as session:
        run = session.get_one(CleaningRun, run_id)
        _ = (run.entry.tenant.path, run.version, run.ledger)
        return run


def test_a_plan_is_previewed_and_run(kit: Kit, cast: Any, now: datetime) -> None:
    entry_id = upload(kit, cast, now)
    assert plan(kit, cast.steward, entry_id, now) == 1
    assert plan(kit, cast.colleague, entry_id, now) == 1
    preview = ask(kit, cast.steward, entry_id, now, preview=True)
    with pytest.raises(Refused):
        ask(kit, cast.steward, entry_id, now)
    for _ in range(2):
        handlers.do_cleaning(kit, {"run_id": preview})
    shown = run_of(kit, preview)
    assert (shown.state, shown.changed, shown.version_id) == (v.CleaningState.DONE, 41 + 41 + 1, None)
    assert [one["changed"] for one in shown.outcome["steps"]] == [41, 41, 1]

    run_id = ask(kit, cast.steward, entry_id, now)
    for _ in range(2):
        handlers.do_cleaning(kit, {"run_id": run_id})
    run = run_of(kit, run_id)
    assert (run.state, run.outcome["rows_before"], run.outcome["rows_after"]) == (v.CleaningState.DONE, 41, 40)
    with kit.blobs.local_path(run.ledger.sha256) as path:
        ledger = pq.read_table(path).to_pylist()
    assert len(ledger) == run.changed == 83
    assert ledger[0] == {"row": 1, "column": "区县", "before": " 吴兴区", "after": "吴兴区", "step": 1}
    assert ledger[-1] == {"row": 41, "column": None, "before": "40", "after": None, "step": 3}
    handlers.check_now(kit, run.version_id)
    with kit.database.read() as session:
        entry = session.get_one(Entry, entry_id)
        newest, original = versions.all_of(session, entry)
        assert (newest.number, newest.cleaned_from_id, newest.uploaded_by) == (2, original.id, cast.steward.id)
        assert newest.rows_loaded == 40
        assert original.rows_loaded == 41
        assert newest.verdict is not None
        assert "第 1 版" in newest.note
        assert cleanings.of_version(session, newest).id == run_id
        with kit.blobs.local_path(newest.table.sha256) as path:
            assert set(pq.read_table(path).column("性别").to_pylist()) == {"1", "2"}
        assert cleanings.may_read_rows(run, cast.officer)
        assert not cleanings.may_read_rows(run, cast.stranger)
        assert not cleanings.may_read_rows(run, cast.public)


def test_only_the_owners_steward_cleans(kit: Kit, cast: Any, now: datetime) -> None:
    entry_id = upload(kit, cast, now)
    with pytest.raises(Refused):
        ask(kit, cast.steward, entry_id, now)
    for nobody in (cast.stranger, cast.reviewer, cast.officer, cast.leader, cast.public):
        with pytest.raises(Forbidden):
            plan(kit, nobody, entry_id, now)
    plan(kit, cast.steward, entry_id, now)
    for nobody in (cast.stranger, cast.reviewer, cast.officer, cast.public):
        for preview in (True, False):
            with pytest.raises(Forbidden):
                ask(kit, nobody, entry_id, now, preview=preview)
    for wrong in ([Step("trim", "无此列")], [Step("case", "区县")], [Step("trim", "区县")] * 51):
        with pytest.raises(Invalid):
            plan(kit, cast.steward, entry_id, now, wrong)


def test_a_newer_version_is_not_overtaken(kit: Kit, cast: Any, now: datetime) -> None:
    entry_id = upload(kit, cast, now)
    plan(kit, cast.steward, entry_id, now)
    run_id = ask(kit, cast.steward, entry_id, now)
    with kit.database.read() as session:
        task = cleanings.gather(session, run_id)
    found = cleanings.act(task, kit.blobs, kit.scratch, memory_mb=256)
    with work.begin(kit.database, cast.steward, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        (first,) = versions.all_of(deed.session, entry)
        version_id = versions.receive(deed, entry, versions.Blob(first.original.sha256, 1), "b.csv").id
    handlers.check_now(kit, version_id)
    with work.begin(kit.database, cast.steward, now) as deed:
        cleanings.record(deed, task, found)
    run = run_of(kit, run_id)
    assert (run.state, run.problem["code"]) == (v.CleaningState.FAILED, "cleaning.overtaken")
    with kit.database.read() as session:
        assert len(versions.all_of(session, session.get_one(Entry, entry_id))) == 2


def test_nothing_to_clean_makes_no_version(kit: Kit, cast: Any, now: datetime) -> None:
    entry_id = upload(kit, cast, now)
    plan(kit, cast.steward, entry_id, now, [Step("translate", "性别", {"map": {"其他": "9"}})])
    run_id = ask(kit, cast.steward, entry_id, now)
    handlers.do_cleaning(kit, {"run_id": run_id})
    assert run_of(kit, run_id).problem["code"] == "cleaning.nothing"


def test_who_lost_his_place_makes_no_version(kit: Kit, cast: Any, now: datetime) -> None:
    entry_id = upload(kit, cast, now)
    plan(kit, cast.steward, entry_id, now)
    run_id = ask(kit, cast.steward, entry_id, now)
    with kit.database.write() as session:
        place = session.scalars(select(Membership).where(Membership.person_id == cast.steward.id)).one()
        place.ended_at = now
        session.commit()
    handlers.do_cleaning(kit, {"run_id": run_id})
    assert run_of(kit, run_id).state is v.CleaningState.FAILED
    with kit.database.read() as session:
        assert len(session.scalars(select(Version).where(Version.entry_id == entry_id)).all()) == 1


def test_a_reference_must_be_readable_and_no_more_secret(kit: Kit, cast: Any, now: datetime) -> None:
    entry_id = upload(kit, cast, now)
    other = upload(kit, cast, now, "区县代码", "区县,代码\n吴兴区,330502\n南浔区,330503\n")
    with kit.database.read() as session:
        code = session.get_one(Entry, other).code
    given = {"key": "区县", "entry": code, "their_key": "区县", "their_value": "代码"}
    # Its version is not live, so that nobody reads its rows as data.
    with pytest.raises(Invalid, match="参照数据"):
        plan(kit, cast.steward, entry_id, now, [Step("fill", "性别", given)])
    with pytest.raises(Invalid, match="参照数据"):
        plan(kit, cast.steward, entry_id, now, [Step("fill", "性别", {**given, "entry": "nothing"})])
