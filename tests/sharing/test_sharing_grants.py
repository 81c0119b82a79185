"""Grants: key shown once, rights born and ended with it in one transaction, quota exact, items only those granted."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sharing_stage as stage
from sqlalchemy import String, select

from catalog import datasets, reading
from catalog.models import Entitlement, Entry
from policies import vocabulary as v
from policies.refusals import Forbidden, NotFound, Refused
from sharing.access import grants
from sharing.access.models import Credential, Grant, Usage
from tenancy import codes, work
from tenancy.actors import ANONYMOUS, SYSTEM, Actor
from tenancy.database import Database
from tenancy.records import AuditLine, Case, Job
from tenancy.types import Base

SHANGHAI = ZoneInfo("Asia/Shanghai")
THREADS = 16


def opens(db: Database, key: str, now: datetime) -> bool:
    """Whether a key stands for anybody."""
    with db.read() as session:
        actor, grant = grants.actor_of(session, key, now)
    assert (actor is ANONYMOUS) == (grant is None)
    return grant is not None


def readable(db: Database, who: Actor, entry_id: str, now: datetime) -> tuple[str, ...]:
    """Which items somebody may read."""
    with db.read() as session:
        return reading.access(session, session.get_one(Entry, entry_id), who, now).items


def rights(db: Database) -> tuple[v.GrantState, int, int]:
    """State of the only grant, entitlements in force, keys in force."""
    with db.read() as session:
        state = session.scalars(select(Grant.state)).one()
        held = session.scalars(select(Entitlement).where(Entitlement.ended_at.is_(None))).all()
        keys = session.scalars(select(Credential).where(Credential.revoked_at.is_(None))).all()
        return state, len(held), len(keys)


def test_key_is_shown_once_and_kept_as_a_hash(db: Database, cast: Any, now: datetime) -> None:
    _, number, key = stage.granted(db, cast, now)
    assert codes.is_token(key, grants.KEY_PREFIX)
    with db.read() as session:
        credential = session.scalars(select(Credential)).one()
        assert credential.hash == codes.token_hash(key)
        assert key.startswith(credential.hint.rstrip("…"))
        assert len(credential.hint) < len(key) / 3
        assert not [table.name for table in Base.metadata.sorted_tables if holds(session, table, key)]
        grant = grants.of_actor(session, cast.requester)[0]
        assert grants.find(session, grant.number, cast.requester) is grant
        with pytest.raises(NotFound):
            grants.find(session, grant.number, cast.stranger)
        assert grant.starts_at == now
        assert grant.ends_at == datetime(2027, 3, 2, tzinfo=SHANGHAI)
        assert (grant.number, grant.application.number) == ("GR-2026-000001", number)


def holds(session: Any, table: Any, key: str) -> bool:
    """Whether any column of any row of a table holds the key in clear."""
    body = key.removeprefix(grants.KEY_PREFIX)
    return any(
        session.scalar(select(column).where(column.cast(String).contains(body)).limit(1)) is not None
        for column in table.columns
    )


def test_rights_are_born_and_ended_in_one_transaction(db: Database, cast: Any, now: datetime) -> None:
    entry_id, number, key = stage.granted(db, cast, now)
    assert rights(db) == (v.GrantState.ACTIVE, 1, 1)
    later = now + timedelta(hours=1)
    for move, who, state, held, keys in (
        ("suspend", cast.reviewer, v.GrantState.SUSPENDED, 0, 1),
        ("restore", cast.officer, v.GrantState.ACTIVE, 1, 1),
        ("suspend", cast.officer, v.GrantState.SUSPENDED, 0, 1),
        ("revoke", cast.second_officer, v.GrantState.REVOKED, 0, 0),
    ):
        stage.decide(db, who, number, move, later, comment="核查", basis="协议第六条")
        assert rights(db) == (state, held, keys)
        assert opens(db, key, later) == (state is v.GrantState.ACTIVE)
        assert bool(readable(db, cast.requester, entry_id, later)) == (state is v.GrantState.ACTIVE)
    for move in ("restore", "suspend", "revoke"):
        with pytest.raises(Refused):
            stage.decide(db, cast.officer, number, move, later, comment="核查", basis="协议第六条")
    with db.read() as session:
        lines = session.scalars(select(AuditLine.what).where(AuditLine.about_kind == "Grant")).all()
    assert sorted(lines) == sorted(
        ["grant.issued", "credential.issued", "grant.suspend", "grant.restore", "grant.suspend", "grant.revoke"]
    )


def test_deed_that_fails_leaves_key_and_right(db: Database, cast: Any, now: datetime) -> None:
    entry_id, number, key = stage.granted(db, cast, now)

    def revoke_and_fail() -> None:
        with work.begin(db, cast.officer, now) as deed:
            grants.revoke(deed, stage.grant_in(deed, number), comment="核查", basis="协议第六条")
            deed.session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        revoke_and_fail()
    assert rights(db) == (v.GrantState.ACTIVE, 1, 1)
    assert opens(db, key, now)
    assert readable(db, cast.requester, entry_id, now)


def test_revoked_at_once_with_words_by_the_right_people(db: Database, cast: Any, now: datetime) -> None:
    entry_id, number, key = stage.granted(db, cast, now)
    for who in (cast.stranger, cast.stranger_reviewer, cast.public, cast.steward):
        with pytest.raises(Forbidden), work.begin(db, who, now) as deed:
            grants.revoke(deed, stage.grant_in(deed, number), comment="核查", basis="第六条")
    for words in ({"comment": "", "basis": "第六条"}, {"comment": "核查", "basis": ""}):
        with pytest.raises(Refused), work.begin(db, cast.officer, now) as deed:
            grants.revoke(deed, stage.grant_in(deed, number), **words)
    assert opens(db, key, now)
    with work.begin(db, cast.officer, now) as deed:
        grants.revoke(deed, stage.grant_in(deed, number), comment="违反协议", basis="第六条")
    assert not opens(db, key, now)
    assert readable(db, cast.requester, entry_id, now) == ()
    with db.read() as session:
        grant = session.scalars(select(Grant)).one()
        assert (grant.ended_at, grant.end_reason) == (now, "违反协议")
        assert session.scalars(select(Case.stage).where(Case.number == number)).one() == "REVOKED"
    with pytest.raises(Refused), work.begin(db, cast.officer, now) as deed:
        grants.revoke(deed, stage.grant_in(deed, number), comment="再次", basis="第六条")
    with pytest.raises(Forbidden), work.begin(db, cast.requester, now) as deed:
        grants.new_key(deed, stage.grant_in(deed, number))


def test_new_key_ends_the_old_one(db: Database, cast: Any, now: datetime) -> None:
    _, number, old = stage.granted(db, cast, now)
    for who in (cast.stranger, cast.officer, cast.public):
        with pytest.raises(Forbidden), work.begin(db, who, now) as deed:
            grants.new_key(deed, stage.grant_in(deed, number))
    with work.begin(db, cast.requester, now) as deed:
        new = grants.new_key(deed, stage.grant_in(deed, number))
    assert (opens(db, old, now), opens(db, new, now)) == (False, True)
    for wrong in ("", "txk_", new[:-1], new.upper(), "tx_" + new[4:], codes.new_token(grants.KEY_PREFIX)[0]):
        assert not opens(db, wrong, now)


def test_items_are_only_those_of_the_grant(db: Database, cast: Any, now: datetime) -> None:
    entry_id, _, key = stage.granted(db, cast, now, items=["日期"])
    with db.read() as session:
        credential, grant = grants.actor_of(session, key, now)
        assert grant is not None
        assert credential.kind == "credential"
    other_id = stage.published(db, cast, now, "站点名录二")
    for who in (credential, cast.requester):
        assert readable(db, who, entry_id, now) == ("日期",)
        assert readable(db, who, other_id, now) == ()
    assert readable(db, cast.public, entry_id, now) == ()
    with work.begin(db, SYSTEM, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        entry.items.remove(next(one for one in entry.items if one.name == "日期"))
    assert readable(db, credential, entry_id, now) == ()
    with work.begin(db, cast.officer, now) as deed:
        datasets.suspend(deed, deed.session.get_one(Entry, other_id), "核查")
    with db.read() as session:
        entry = session.get_one(Entry, other_id)
        assert not reading.access(session, entry, credential, now).given


def test_term_in_local_days_then_expired_once(db: Database, cast: Any, now: datetime) -> None:
    entry_id, number, key = stage.granted(db, cast, now, valid_from=stage.FIRST + timedelta(days=1))
    begin, end = datetime(2026, 11, 24, tzinfo=SHANGHAI), datetime(2027, 3, 2, tzinfo=SHANGHAI)
    second = timedelta(seconds=1)
    for moment, expected in ((begin - second, False), (begin, True), (end - second, True), (end, False)):
        assert opens(db, key, moment) == expected
        assert bool(readable(db, cast.requester, entry_id, moment)) == expected
        with work.begin(db, SYSTEM, moment) as deed:
            grant = stage.grant_in(deed, number)
            if not expected:
                with pytest.raises(Refused):
                    grants.spend(work.Work(deed.session, cast.requester, moment), grant, 1)
            assert grants.expire(deed) == (moment >= end)
    assert rights(db) == (v.GrantState.EXPIRED, 0, 0)
    with work.begin(db, SYSTEM, end + second) as deed:
        assert grants.expire(deed) == 0
    with db.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        assert case.stage == "EXPIRED"
        assert case.due_on is not None


def test_suspended_grant_expires_too(db: Database, cast: Any, now: datetime) -> None:
    _, number, _ = stage.granted(db, cast, now)
    stage.decide(db, cast.officer, number, "suspend", now, comment="核查")
    with work.begin(db, SYSTEM, now + timedelta(days=200)) as deed:
        assert grants.expire(deed) == 1
    assert rights(db) == (v.GrantState.EXPIRED, 0, 0)


def spend(db: Database, who: Actor, number: str, rows: int, now: datetime) -> str:
    """Spend a call; gives what it came to."""
    try:
        with work.begin(db, who, now) as deed:
            grants.spend(deed, stage.grant_in(deed, number), rows)
    except Refused as refusal:
        return refusal.code
    return "spent"


def test_quota_is_exact_under_sixteen_threads(db: Database, cast: Any, now: datetime) -> None:
    stage.patient(db)
    _, number, key = stage.granted(db, cast, now)
    calls, tries = 40, 64
    with work.begin(db, SYSTEM, now) as deed:
        stage.grant_in(deed, number).calls_per_day = calls
    with db.read() as session:
        credential, _ = grants.actor_of(session, key, now)
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda _: spend(db, credential, number, 3, now), range(tries)))
    assert sorted(found) == ["grant.quota"] * (tries - calls) + ["spent"] * calls
    with db.read() as session:
        used = session.scalars(select(Usage)).one()
        assert (used.calls, used.rows, used.day) == (calls, 3 * calls, stage.FIRST)
    assert spend(db, credential, number, 3, datetime(2026, 11, 23, 23, 59, tzinfo=SHANGHAI)) == "grant.quota"
    assert spend(db, credential, number, 3, datetime(2026, 11, 24, tzinfo=SHANGHAI)) == "spent"


def test_rows_of_a_day_are_exact_and_strangers_spend_nothing(db: Database, cast: Any, now: datetime) -> None:
    _, number, _ = stage.granted(db, cast, now)
    with work.begin(db, SYSTEM, now) as deed:
        stage.grant_in(deed, number).rows_per_day = 10
    for rows, outcome in ((6, "spent"), (5, "grant.quota"), (4, "spent"), (1, "grant.quota"), (0, "spent")):
        assert spend(db, cast.requester, number, rows, now) == outcome
    for who in (cast.stranger, cast.officer, cast.public, Actor("credential", "another", verified=True)):
        with pytest.raises(Forbidden):
            spend(db, who, number, 1, now)
    with db.read() as session:
        grant = session.scalars(select(Grant)).one()
        used = grants.usage(session, grant, stage.FIRST)
        assert used is not None
        assert (used.calls, used.rows) == (3, 10)
        assert grants.usage(session, grant, stage.LAST) is None
        assert session.scalars(select(Job.kind).where(Job.kind == "notice.mail")).first()
