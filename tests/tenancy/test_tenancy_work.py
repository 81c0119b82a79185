"""Work: a deed commits once or leaves nothing, asks first, and turns races into Stale."""

from datetime import datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from policies.refusals import Forbidden, Refused, Stale
from tenancy import tenants, work
from tenancy.actors import SYSTEM
from tenancy.database import Database
from tenancy.models import Tenant
from tenancy.records import AuditLine, Case, Counter, Job
from tenancy.types import new_id


def counts(db: Database) -> list[int | None]:
    """How many tenants, audit lines and jobs there are."""
    with db.read() as session:
        return [session.scalar(select(func.count()).select_from(one)) for one in (Tenant, AuditLine, Job)]


def test_commits_once_with_line_and_job(db: Database, cast: Any, now: datetime) -> None:
    commits: list[object] = []
    event.listen(db.engine, "commit", commits.append)
    before = counts(db)
    with work.begin(db, cast.system_admin, now) as deed:
        deed.record("thing.done", deed.session.get_one(Tenant, cast.other.id), why="因为")
        deed.enqueue("index.rebuild", note="x")
    assert len(commits) == 1
    assert [after - one for one, after in zip(before, counts(db), strict=True)] == [0, 1, 1]
    with db.read() as session:
        line = session.scalars(select(AuditLine).order_by(AuditLine.sequence.desc())).first()
        assert line is not None
        assert (line.at, line.actor_kind, line.actor_id) == (now, "person", cast.system_admin.id)
        assert (line.about_kind, line.about_id, line.details) == ("Tenant", cast.other.id, {"why": "因为"})


@pytest.mark.parametrize("trouble", [ZeroDivisionError(), Refused("general.not-found"), KeyboardInterrupt()])
def test_whatever_goes_wrong_leaves_nothing(db: Database, cast: Any, now: datetime, trouble: BaseException) -> None:
    before = counts(db)
    with pytest.raises(type(trouble)), work.begin(db, SYSTEM, now) as deed:
        half_done(deed, trouble)
    assert counts(db) == before


def half_done(deed: work.Work, trouble: BaseException) -> None:
    """A deed that goes wrong when all its rows are written."""
    tenants.enrol(deed, key="half", zh="半", en="Half", uscc=None, region_code="330500")
    deed.enqueue("index.rebuild")
    deed.session.flush()
    raise trouble


def test_clash_and_lost_update_are_stale(db: Database, cast: Any, now: datetime) -> None:
    before = counts(db)
    with pytest.raises(Stale) as clash, work.begin(db, SYSTEM, now) as deed:
        tenants.enrol(deed, key="hz-jtj", zh="甲", en="A", uscc=None, region_code="330500")
    assert clash.value.code == "general.already-there"
    assert counts(db) == before
    with work.begin(db, SYSTEM, now) as deed:
        deed.session.add(a_case(cast, now))
    with db.read() as session:
        held = session.scalars(select(Case)).one()
    with work.begin(db, SYSTEM, now) as deed:
        deed.session.scalars(select(Case)).one().title = "第一"
    held.title = "第二"
    with pytest.raises(Stale) as lost, work.begin(db, SYSTEM, now) as deed:
        deed.session.add(held)
    assert lost.value.code == "general.stale"
    with db.read() as session:
        assert session.scalars(select(Case.title)).one() == "第一"


def a_case(cast: Any, now: datetime) -> Case:
    """A case that no procedure moves."""
    return Case(
        id=new_id(),
        number="BM-1",
        kind="ENTRY_REVIEW",
        subject_kind="Entry",
        subject_id=new_id(),
        title="题",
        tenant_id=cast.department.id,
        opened_by=cast.steward.id,
        opened_at=now,
        chain=["REVIEW"],
        stage="REVIEW",
        deciders=[],
        intervals=[],
        total=[],
        rules_hash="0" * 64,
    )


def test_deadlock_is_stale_and_other_trouble_is_not(db: Database, now: datetime) -> None:
    with pytest.raises(Stale), work.begin(db, SYSTEM, now):
        raise OperationalError("UPDATE", {}, psycopg.errors.DeadlockDetected())
    with pytest.raises(OperationalError), work.begin(db, SYSTEM, now):
        raise OperationalError("UPDATE", {}, psycopg.errors.LockNotAvailable())


def test_demand_refuses_before_anything_changes(db: Database, cast: Any, now: datetime) -> None:
    before = counts(db)
    for who in (cast.steward, cast.public):
        with pytest.raises(Forbidden) as refusal, work.begin(db, who, now) as deed:
            deed.demand("tenant.manage", deed.session.get_one(Tenant, cast.department.id))
        assert refusal.value.text("zh") != refusal.value.text("en")
        assert not work.may(who, "tenant.manage", cast.department)
    assert work.may(cast.system_admin, "tenant.manage", cast.department)
    assert counts(db) == before


def test_job_is_seen_only_after_the_commit(db: Database, now: datetime) -> None:
    with work.begin(db, SYSTEM, now) as deed:
        deed.enqueue("audit.seal")
        deed.session.add(Counter(key="x", value=1))
        deed.session.flush()
        assert counts(db)[2] == 0
    assert counts(db)[2] == 1
