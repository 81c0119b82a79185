"""Kills: a process that dies at any moment leaves either what was before or what was to be, never half of it."""

import random
import subprocess
import time
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from kills_child import latest
from kills_victim import KILLED, Victim
from sqlalchemy import func, inspect, select, text
from sqlalchemy.orm import Session

from catalog import assessments, datasets, versions
from catalog.blobs import Blob
from catalog.models import Entitlement, Entry
from open_portal import migrating
from policies import vocabulary as v
from sharing import release
from sharing.access.models import Agreement, Application, Credential, Grant
from tenancy import records, work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.models import Tenant
from tenancy.records import AuditLine, Job, Notice

KILLS = 50
GRANT_OF = {"ACTIVE": "ACTIVE", "SUSPENDED": "SUSPENDED", "REVOKED": "REVOKED", "CLOSED": "REVOKED"}


@pytest.fixture
def migrant(empty: Database, forker: subprocess.Popen[str]) -> Victim:
    """A child over a database without tables."""
    return Victim(empty, forker)


@pytest.fixture
def order(db: Database, cast: Any, now: datetime) -> dict[str, Any]:
    """Restricted data that can be applied for, and the people who do it."""
    with work.begin(db, cast.steward, now) as deed:
        tenant = deed.session.get_one(Tenant, cast.department.id)
        described = datasets.Description(
            title="公交客流",
            abstract="公交刷卡客流",
            themes=("6",),
            object_flags=2,
            contact_office="信息中心",
            contact_phone="0572-2398765",
            open_type=v.OpenType.OPEN_RESTRICTED,
            open_tier=v.OpenTier.T2,
            open_condition="经申请审核",
            open_reason=v.ReasonKind.LAW,
            open_basis="《浙江省公共数据条例》",
            licence=v.Licence.AGREEMENT,
        )
        entry = datasets.register(deed, tenant, described)
        item = datasets.ItemDescription(name="客流", open_type=v.OpenType.OPEN_RESTRICTED)
        datasets.set_items(deed, entry, [item])
        version = versions.receive(deed, entry, Blob("0" * 64, 5), "客流.csv")
        loaded = versions.Loaded(Blob("1" * 64, 9), None, 3, 3, 0, [], "utf-8", {})
        judged = versions.Judged(v.Verdict.PASS, [], 97.0, v.Grade.A, {}, 3, 0)
        platform = work.Work(deed.session, SYSTEM, now)
        assessments.keep(platform, version, [], {"rows": 3})
        versions.settle(platform, version, loaded, judged)
        datasets.submit(deed, entry)
        release.request(deed, entry)
        entry_id = entry.id
    with work.begin(db, cast.officer, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        datasets.review(deed, entry, "approve")
        release.decide(deed, entry, "approve")
    names = ("requester", "officer", "reviewer", "second_officer")
    return {"entry": entry_id, "people": {name: place_of(getattr(cast, name)) for name in names}}


def place_of(who: Actor) -> list[object]:
    """What a child must know of somebody."""
    (one,) = who.standings
    return [who.id, one.role and one.role.value, one.tenant_id, list(one.path), one.kind.value]


def agree(db: Database) -> dict[str, int]:
    """Check that stage, decisions, audit lines, rights, keys, notices and jobs agree; gives how many moves of each."""
    moves: Counter[str] = Counter()
    with db.read() as session:
        found = session.scalars(select(Application).order_by(Application.number)).unique().all()
        for application in found:
            moves.update(agree_on(session, application))
        mailed = [one["notice_id"] for one in session.scalars(select(Job.payload).where(Job.kind == "notice.mail"))]
        assert sorted(mailed) == sorted(session.scalars(select(Notice.id)))
        granted = session.scalar(select(func.count()).select_from(Grant)) or 0
        for key, count in (("application:2026", len(found)), ("grant:2026", granted)):
            assert (session.scalar(select(records.Counter.value).where(records.Counter.key == key)) or 0) == count
    return dict(moves)


def agree_on(session: Session, application: Application) -> list[str]:
    """Check one application; gives the moves of its case."""
    case = application.case
    assert (case is None) == (application.submitted_at is None)
    assert told(session, application) == ["application.started"] if case is None else True
    if case is None:
        return []
    decisions = [(one.before, one.after) for one in case.decisions]
    moves = [one.move for one in case.decisions]
    assert [one.sequence for one in case.decisions] == list(range(1, len(decisions) + 1))
    assert decisions[0][0] == "DRAFT"
    assert all(first[1] == second[0] for first, second in pairwise(decisions))
    assert decisions[-1][1] == case.stage
    assert case.version == len(decisions) + 1
    lines = session.scalars(audit_of(case.id)).all()
    assert [line.what for line in lines] == ["case.opened", *["case.moved"] * len(decisions)]
    assert [(line.details["before"], line.details["after"]) for line in lines[1:]] == decisions
    signed = session.scalars(select(Agreement).where(Agreement.application_id == application.id)).all()
    grants = session.scalars(select(Grant).where(Grant.application_id == application.id)).all()
    assert len(signed) == len(grants) == moves.count("sign") == (case.stage in GRANT_OF)
    for grant in grants:
        agree_on_grant(session, grant, case.stage, moves)
    return moves


def agree_on_grant(session: Session, grant: Grant, stage: str, moves: list[str]) -> None:
    """Check that a grant, its right and its key stand as the case does."""
    assert grant.state.value == GRANT_OF[stage]
    rights = session.scalars(select(Entitlement.ended_at).where(Entitlement.grant_id == grant.id)).all()
    keys = session.scalars(select(Credential.revoked_at).where(Credential.grant_id == grant.id)).all()
    assert rights.count(None) == (stage == "ACTIVE")
    assert keys.count(None) == (stage in {"ACTIVE", "SUSPENDED"})
    assert (len(keys), len(rights)) == (1, 1 + moves.count("restore"))
    expected = [f"grant.{move}" for move in moves if move in {"suspend", "restore", "revoke"}]
    assert told(session, grant) == ["grant.issued", "credential.issued", *expected]


def told(session: Session, row: Application | Grant) -> list[str]:
    """What the audit log tells of a row, in order."""
    return [line.what for line in session.scalars(audit_of(row.id))]


def audit_of(row_id: str) -> Any:
    """The audit lines of a row."""
    return select(AuditLine).where(AuditLine.about_id == row_id).order_by(AuditLine.sequence)


def test_fifty_kills_while_applications_are_decided(db: Database, victim: Victim, order: dict[str, Any]) -> None:
    rng = random.Random(20261123)  # noqa: S311 - moments to die at
    moves: dict[str, int] = {}
    victim.ask(do="step", **order)
    began = time.monotonic()
    assert victim.reap() == 0
    one_deed = time.monotonic() - began
    for _ in range(KILLS):
        assert victim.kill_after(rng.uniform(0, 1.5 * one_deed), do="walk", **order) == KILLED
        after = agree(db)
        assert all(after.get(move, 0) >= count for move, count in moves.items()), "what was done is never lost"
        moves = after
    ends = moves.get("close", 0)
    while moves.get("close", 0) == ends:
        victim.ask(do="step", **order)
        assert victim.reap() == 0, "whoever comes after the killed goes on to the end"
        moves = agree(db)


def test_killed_after_every_statement_of_a_signature(db: Database, victim: Victim, order: dict[str, Any]) -> None:
    for _ in range(5):
        victim.ask(do="step", **order)
        assert victim.reap() == 0
    with db.read() as session:
        found = latest(session)
        assert found is not None
        assert found.stage == "APPROVED"
    before, statement = everything(db), 0
    while True:
        statement += 1
        victim.ask(do="step", fault=statement, **order)
        if victim.reap() == 0:
            break
        assert everything(db) == before, f"after statement {statement}"
    assert statement > 9
    assert agree(db)["sign"] == 1


def everything(db: Database) -> dict[str, int | None]:
    """How many rows each table has, and at which version each case and application stands."""
    with db.read() as session:
        counts = {
            table.name: session.scalar(select(func.count()).select_from(table))
            for table in migrating.METADATA.sorted_tables
        }
        versions_ = session.execute(
            text("SELECT sum(version) FROM procedure_case UNION ALL SELECT sum(version) FROM entry")
        )
        return counts | {f"versions {place}": row[0] for place, row in enumerate(versions_)}


def state(db: Database) -> str:
    """Whether the database is empty, at the newest revision, or something between."""
    found = set(inspect(db.engine).get_table_names())
    if not found:
        return "empty"
    whole = found == {*migrating.METADATA.tables, "alembic_version"}
    return "newest" if whole and migrating.is_current(db) else f"between: {sorted(found)}"


def clear(db: Database) -> None:
    """Take every table away."""
    if not db.is_sqlite:
        with db.writer.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        return
    db.close()
    for path in Path(str(db.engine.url.database)).parent.glob("tiaoxi.sqlite*"):
        path.unlink()


def test_fifty_kills_while_migrating(empty: Database, migrant: Victim) -> None:
    rng = random.Random(330500)  # noqa: S311 - moments to die at
    began = time.monotonic()
    migrant.ask(do="upgrade")
    assert migrant.reap() == 0
    whole = time.monotonic() - began
    seen = Counter([state(empty)])
    clear(empty)
    for kill in range(KILLS):
        migrant.kill_after(rng.uniform(0, 1.1 * whole), do="upgrade")
        found = state(empty)
        seen[found] += 1
        if found == "newest" and kill % 2:
            clear(empty)
        elif kill % 10 == 9:
            migrating.upgrade(empty)
            assert state(empty) == "newest"
            clear(empty)
    assert set(seen) == {"empty", "newest"}, seen
    migrating.upgrade(empty)
    migrating.check(empty)
