"""Notices: each person hears only of his own, with a job that mails it, and none when the deed fails."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from policies.refusals import Refused
from tenancy import cases, notices, work
from tenancy.actors import SYSTEM
from tenancy.database import Database
from tenancy.models import Membership, Tenant
from tenancy.records import Case, Job, Notice


def test_told_counted_newest_first_and_mailed(db: Database, cast: Any, now: datetime) -> None:
    for minutes, person in enumerate((cast.steward, cast.steward, cast.stranger)):
        with work.begin(db, SYSTEM, now + timedelta(minutes=minutes)) as deed:
            tenant = deed.session.get_one(Tenant, cast.city.id)
            notices.tell(deed, person.id, "entry.updated", tenant, code=f"c{minutes}")
    with db.read() as session:
        mine = notices.latest(session, cast.steward.id)
        assert [one.params for one in mine] == [{"code": "c1"}, {"code": "c0"}]
        assert [one.about_id for one in mine] == [cast.city.id] * 2
        assert [notices.unread(session, one.id) for one in (cast.steward, cast.stranger, cast.officer)] == [2, 1, 0]
        assert len(notices.latest(session, cast.steward.id, limit=1)) == 1
        mailed = {row["notice_id"] for row in session.scalars(select(Job.payload).where(Job.kind == "notice.mail"))}
        assert mailed == set(session.scalars(select(Notice.id)))
    with work.begin(db, SYSTEM, now) as deed:
        deed.session.scalars(select(Notice).where(Notice.person_id == cast.steward.id)).first().read_at = now
    with db.read() as session:
        assert notices.unread(session, cast.steward.id) == 1


def begin(db: Database, cast: Any, now: datetime) -> None:
    """An application of the company to the department, handed in."""
    with work.begin(db, cast.requester, now) as deed:
        department, company = (deed.session.get_one(Tenant, one.id) for one in (cast.department, cast.company))
        case = cases.begin(
            deed, "APPLICATION", company, title="甲", tenant=department, applicant_tenant=company, number="SQ-1"
        )
        cases.move(deed, case, "submit")


def move(db: Database, who: Any, move_: str, now: datetime, **words: str) -> set[str]:
    """Move the case; gives the ids of whom that told."""
    with db.read() as session:
        before = set(session.scalars(select(Notice.id)))
    with work.begin(db, who, now) as deed:
        cases.move(deed, deed.session.scalars(select(Case)).one(), move_, **words)
    with db.read() as session:
        return set(session.scalars(select(Notice.person_id).where(Notice.id.not_in(before))))


def test_those_whose_turn_it_is_and_the_applicant_hear(db: Database, cast: Any, now: datetime) -> None:
    begin(db, cast, now)
    with db.read() as session:
        assert set(session.scalars(select(Notice.person_id))) == {cast.officer.id, cast.second_officer.id}
    assert move(db, cast.officer, "ask_supplement", now, comment="请补充用途") == {cast.requester.id}
    assert move(db, cast.requester, "supplement", now) == {cast.officer.id, cast.second_officer.id}
    assert move(db, cast.officer, "approve", now) == {cast.requester.id, cast.reviewer.id}


def test_who_left_and_who_was_refused_hear_nothing(db: Database, cast: Any, now: datetime) -> None:
    with work.begin(db, SYSTEM, now) as deed:
        gone = deed.session.scalars(select(Membership).where(Membership.person_id == cast.second_officer.id)).one()
        gone.ended_at = now
    begin(db, cast, now)
    with db.read() as session:
        assert session.scalars(select(Notice.person_id)).all() == [cast.officer.id]
        jobs_before = len(session.scalars(select(Job)).all())
    with pytest.raises(Refused):
        move(db, cast.officer, "reject", now)
    with db.read() as session:
        assert len(session.scalars(select(Notice)).all()) == 1
        assert len(session.scalars(select(Job)).all()) == jobs_before
