"""Cases: opened with a number and a deadline, moved as the table allows, seen by those concerned, reminded of."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from catalog import datasets
from catalog.models import Entry
from policies import rulebook
from policies.refusals import NotFound, Refused, Stale
from tenancy import cases, work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.models import Membership, Tenant
from tenancy.records import AuditLine, Case, Decision, Notice, Reminder
from tenancy.types import new_id

MONDAY = date(2026, 11, 23)


@pytest.fixture
def number(db: Database, cast: Any, now: datetime) -> str:
    """An entry handed in for review by the department's steward."""
    with work.begin(db, cast.steward, now) as deed:
        tenant = deed.session.get_one(Tenant, cast.department.id)
        entry = datasets.register(deed, tenant, datasets.Description(title="公交线路"))
        return cases.begin(deed, "ENTRY_REVIEW", entry, title=entry.title, tenant=tenant).number


def move(db: Database, who: Actor, number: str, move_: str, now: datetime, **words: Any) -> None:
    """Move a case in a deed of its own."""
    with work.begin(db, who, now) as deed:
        cases.move(deed, deed.session.scalars(select(Case).where(Case.number == number)).one(), move_, **words)


def told(db: Database) -> set[tuple[str, str]]:
    """Who was told what."""
    with db.read() as session:
        return {tuple(row) for row in session.execute(select(Notice.person_id, Notice.kind))}


def test_begins_with_number_deadline_line_and_notices(db: Database, cast: Any, now: datetime, number: str) -> None:
    assert number == "BM-2026-000001"
    with db.read() as session:
        case = session.scalars(select(Case)).one()
        entry = session.scalars(select(Entry)).one()
        assert (case.stage, case.due_on, case.provisional, case.ended_at) == ("REVIEW", date(2026, 11, 25), False, None)
        assert case.rules_hash == rulebook.in_force().hash
        assert cases.of_subject(session, entry) is case
        assert cases.of_subject(session, entry, "RELEASE") is None
        assert session.scalars(select(AuditLine.what).where(AuditLine.about_id == case.id)).all() == ["case.opened"]
    assert told(db) == {(cast.officer.id, "case.moved"), (cast.second_officer.id, "case.moved")}


def test_moves_leave_a_decision_and_end_the_case(db: Database, cast: Any, now: datetime, number: str) -> None:
    with pytest.raises(Refused) as silent:
        move(db, cast.officer, number, "reject", now, comment="  ")
    assert silent.value.code == "approval.needs-comment"
    later = now + timedelta(hours=3)
    move(db, cast.officer, number, "reject", later, comment=" 目录不完整 ", basis="目录编制规范")
    with db.read() as session:
        case = session.scalars(select(Case)).one()
        decision = session.scalars(select(Decision)).one()
        assert (case.stage, case.ended_at, case.due_on) == ("REJECTED", later, None)
        assert (decision.before, decision.after, decision.sequence) == ("REVIEW", "REJECTED", 1)
        assert (decision.actor_id, decision.comment, decision.basis) == (cast.officer.id, "目录不完整", "目录编制规范")
        assert decision.capacity == "authority:authority_reviewer"
    assert (cast.steward.id, "case.moved") in told(db)
    for who, move_ in ((cast.officer, "reject"), (cast.second_officer, "approve"), (cast.steward, "recall")):
        with pytest.raises(Refused):
            move(db, who, number, move_, later, comment="再来")
    with db.read() as session:
        assert len(session.scalars(select(Decision)).all()) == 1


def test_strangers_neither_move_nor_see(db: Database, cast: Any, now: datetime, number: str) -> None:
    for who in (cast.stranger, cast.requester, cast.public, cast.steward, cast.reviewer):
        with pytest.raises(Refused) as refusal:
            move(db, who, number, "approve", now)
        assert refusal.value.code == "approval.not-your-turn"
    with db.read() as session:
        case = session.scalars(select(Case)).one()
        for who in (cast.stranger, cast.requester, cast.public):
            assert cases.open_moves(who, case) == ()
            assert cases.worklist(session, who) == []
            with pytest.raises(NotFound):
                cases.find(session, number, who)
        assert {one.code for one in cases.open_moves(cast.officer, case)} == {"approve", "reject"}
        assert {one.code for one in cases.open_moves(cast.steward, case)} == {"recall"}
        assert cases.worklist(session, cast.officer) == [case]
        assert cases.worklist(session, cast.steward) == []
        for who in (cast.steward, cast.colleague, cast.reviewer, cast.officer, cast.leader):
            assert cases.find(session, number, who) is case


def test_nobody_reviews_for_his_own_organisation(db: Database, cast: Any, now: datetime) -> None:
    with work.begin(db, SYSTEM, now) as deed:
        place = Membership(id=new_id(), person_id=cast.officer.id, tenant_id=cast.company.id, granted_at=now)
        deed.session.add(place)
    from_both = type(cast.officer)(
        "person", cast.officer.id, standings=(*cast.officer.standings, *cast.requester.standings)
    )
    with work.begin(db, cast.requester, now) as deed:
        department, company = (deed.session.get_one(Tenant, one.id) for one in (cast.department, cast.company))
        case = cases.begin(
            deed, "APPLICATION", company, title="甲", tenant=department, applicant_tenant=company, number="SQ-1"
        )
        cases.move(deed, case, "submit")
        assert cases.capacities(from_both, case) == {"applicant:member"}
        assert cases.open_moves(from_both, case) == ()
        assert cases.capacities(cast.officer, case) == {"authority:authority_reviewer"}
        assert cases.capacities(SYSTEM, case) == {"system:system"}
    with pytest.raises(Refused):
        move(db, from_both, "SQ-1", "approve", now)


def attached(deed: work.Work, held: Case) -> Case:
    """A case as it was read before, in this transaction."""
    deed.session.add(held)
    return held


def test_two_who_read_the_same_case_give_one_winner(db: Database, cast: Any, now: datetime, number: str) -> None:
    with db.read() as session:
        held = session.scalars(select(Case)).one()
        _ = held.decisions
    move(db, cast.officer, number, "approve", now)
    with pytest.raises(Stale), work.begin(db, cast.second_officer, now) as deed:
        cases.move(deed, attached(deed, held), "approve")
    with db.read() as session:
        assert session.scalars(select(Decision.actor_id)).all() == [cast.officer.id]


def test_handed_over_case_is_told_to_whom_it_was_handed(db: Database, cast: Any, now: datetime) -> None:
    with work.begin(db, cast.stranger, now) as deed:
        city, mine = (deed.session.get_one(Tenant, one.id) for one in (cast.city, cast.other))
        cases.begin(deed, "DEMAND", mine, title="甲", tenant=city, applicant_tenant=mine, number="XQ-1")
    with work.begin(db, cast.officer, now) as deed:
        case = deed.session.scalars(select(Case)).one()
        cases.move(deed, case, "dispatch", hand_to=deed.session.get_one(Tenant, cast.department.id))
    assert (cast.reviewer.id, "case.moved") in told(db)
    assert (cast.stranger_reviewer.id, "case.moved") not in told(db)
    with db.read() as session:
        assert [one.number for one in cases.worklist(session, cast.reviewer)] == ["XQ-1"]


def test_reminders_at_half_at_eight_tenths_and_at_the_end(db: Database, cast: Any, now: datetime) -> None:
    with work.begin(db, cast.steward, now) as deed:
        tenant = deed.session.get_one(Tenant, cast.department.id)
        entry = datasets.register(deed, tenant, datasets.Description(title="公交线路"))
        cases.begin(deed, "RELEASE", entry, title=entry.title, tenant=tenant)
    found = []
    for day in range(12):
        with work.begin(db, SYSTEM, now + timedelta(days=day)) as deed:
            found.append(cases.remind(deed))
            assert cases.remind(deed) == 0
    # Five working days from Monday: half is used up after three, eight tenths after four, all of it next Monday.
    assert [day for day, count in enumerate(found) if count] == [3, 4, 7]
    with db.read() as session:
        rows = session.execute(select(Reminder.level, Reminder.on).order_by(Reminder.level)).all()
        assert [tuple(row) for row in rows] == [
            (50, date(2026, 11, 26)),
            (80, date(2026, 11, 27)),
            (100, date(2026, 11, 30)),
        ]
    assert (cast.officer.id, "case.reminder") in told(db)
    assert (cast.steward.id, "case.reminder") not in told(db)


def test_worklist_puts_the_most_urgent_first(db: Database, cast: Any, now: datetime) -> None:
    with work.begin(db, cast.steward, now) as deed:
        tenant = deed.session.get_one(Tenant, cast.department.id)
        for title, kind in (("甲目录", "RELEASE"), ("乙目录", "ENTRY_REVIEW")):
            entry = datasets.register(deed, tenant, datasets.Description(title=title))
            cases.begin(deed, kind, entry, title=title, tenant=tenant)
    with db.read() as session:
        assert [one.title for one in cases.worklist(session, cast.officer)] == ["乙目录", "甲目录"]
