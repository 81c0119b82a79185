"""Applications: begun once, kept as typed, handed in whole, decided by three people, clocks right to the day."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sharing_stage as stage
from sqlalchemy import select

from catalog.models import Entry
from policies import vocabulary as v
from policies.approval import Moved
from policies.refusals import Forbidden, Invalid, NotFound, Refused
from sharing.access import applications
from sharing.access.models import Agreement, Application, Grant
from tenancy import actors, cases, work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.models import Membership, Person, Tenant
from tenancy.records import Case, Decision, Job
from tenancy.types import new_id

DAY = timedelta(days=1)


def case_of(db: Database, number: str) -> Case:
    """The case as it stands."""
    with db.read() as session:
        return session.scalars(select(Case).where(Case.number == number)).one()


def refused(db: Database, who: Actor, number: str, move: str, now: datetime, **words: Any) -> str:
    """Why a decision is refused."""
    with pytest.raises((Refused, Forbidden)) as refusal:
        stage.decide(db, who, number, move, now, **words)
    return refusal.value.code


def test_whole_chain(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    number = stage.submitted(db, cast, now, entry_id)
    assert number == "SQ-2026-000001"
    case = case_of(db, number)
    assert (case.stage, case.due_on) == ("INITIAL_REVIEW", date(2026, 11, 26))
    assert refused(db, cast.reviewer, number, "approve", now) == "approval.not-your-turn"
    steps = [
        (cast.officer, now + DAY, "PROVIDER_REVIEW", date(2026, 12, 1)),
        (cast.reviewer, now + 2 * DAY, "FINAL_REVIEW", date(2026, 11, 27)),
        (cast.second_officer, now + 3 * DAY, "APPROVED", date(2026, 12, 10)),
    ]
    for who, at, after, due in steps:
        moved = stage.decide(db, who, number, "approve", at)
        assert isinstance(moved, Moved)
        assert (moved.stage, case_of(db, number).due_on) == (after, due)
    stage.accepted(db, cast, now + 4 * DAY, number)
    with db.read() as session:
        application = applications.find(session, number, cast.requester)
        assert (application.stage, application.submitted_at) == ("ACTIVE", now)
        assert application.case is not None
        assert [(one.move, one.actor_id) for one in application.case.decisions] == [
            ("submit", cast.requester.id),
            ("approve", cast.officer.id),
            ("approve", cast.reviewer.id),
            ("approve", cast.second_officer.id),
            ("sign", cast.requester.id),
        ]
        assert [one.number for one in applications.of_actor(session, cast.requester)] == [number]
        assert applications.of_actor(session, cast.stranger) == []


def test_supplement_stops_the_clock(db: Database, cast: Any, now: datetime) -> None:
    number = stage.submitted(db, cast, now, stage.published(db, cast, now))
    assert refused(db, cast.officer, number, "ask_supplement", now + DAY) == "approval.needs-comment"
    stage.decide(db, cast.officer, number, "ask_supplement", now + DAY, comment="请补充目标系统说明")
    case = case_of(db, number)
    # Ten working days to supply it, counted from the day after Tuesday 24 November.
    assert (case.stage, case.due_on) == ("SUPPLEMENT_REQUIRED", date(2026, 12, 8))
    assert refused(db, cast.officer, number, "approve", now + DAY) == "approval.wrong-stage"
    with work.begin(db, cast.requester, now + 10 * DAY) as deed:
        application = stage.of(deed, number)
        answers = {"target_system": "公交调度辅助系统二期"}
        applications.answer(deed, application, answers=answers, valid_from=stage.FIRST)
        applications.submit(deed, application)
        assert application.answers["target_system"] == "公交调度辅助系统二期"
        assert application.submitted_at == now
    case = case_of(db, number)
    # One of three days was used before; two are left after Thursday 3 December: Friday and Monday.
    assert (case.stage, case.due_on) == ("INITIAL_REVIEW", date(2026, 12, 7))
    total = [(one["started"], one["stopped"]) for one in case.total]
    assert total == [("2026-11-23", "2026-11-24"), ("2026-12-03", None)]
    stage.decide(db, cast.officer, number, "approve", now + 11 * DAY)
    # Of ten days in all two are used by Friday 4 December; five for the provider end before the eight that are left.
    assert case_of(db, number).due_on == date(2026, 12, 11)


def test_provider_may_ask_for_a_supplement_and_consult(db: Database, cast: Any, now: datetime) -> None:
    number = stage.submitted(db, cast, now, stage.published(db, cast, now))
    stage.decide(db, cast.officer, number, "approve", now)
    stage.decide(db, cast.reviewer, number, "consult", now, comment="征求权利人意见")
    assert case_of(db, number).stage == "CONSENT_PENDING"
    stage.decide(db, cast.reviewer, number, "end_consultation", now + DAY, comment="权利人同意")
    stage.decide(db, cast.reviewer, number, "ask_supplement", now + DAY, comment="请补充网络地址")
    with work.begin(db, cast.requester, now + 2 * DAY) as deed:
        applications.submit(deed, stage.of(deed, number))
    case = case_of(db, number)
    assert (case.stage, case.return_stage) == ("PROVIDER_REVIEW", None)
    stage.decide(db, cast.reviewer, number, "extend", now + 2 * DAY, comment="材料较多", days=5)
    assert refused(db, cast.reviewer, number, "extend", now + 2 * DAY, comment="再延", days=1) == (
        "approval.already-extended"
    )


def test_refusal_needs_words_and_basis(db: Database, cast: Any, now: datetime) -> None:
    number = stage.submitted(db, cast, now, stage.published(db, cast, now))
    assert refused(db, cast.officer, number, "reject", now) == "approval.needs-comment"
    assert refused(db, cast.officer, number, "reject", now, comment="不符") == "approval.needs-basis"
    assert refused(db, cast.officer, number, "reject", now, comment=" ", basis="第十条") == "approval.needs-comment"
    stage.decide(db, cast.officer, number, "reject", now, comment="用途不符", basis="《条例》第三十条")
    case = case_of(db, number)
    assert (case.stage, case.ended_at, case.due_on) == ("REJECTED", now, None)
    with db.read() as session:
        row = session.scalars(select(Decision).where(Decision.move == "reject")).one()
        assert (row.comment, row.basis) == ("用途不符", "《条例》第三十条")
        assert not session.scalars(select(Agreement)).all()
    for move in ("approve", "withdraw"):
        with pytest.raises((Refused, Forbidden)):
            stage.decide(db, cast.second_officer, number, move, now)


def test_one_person_never_decides_two_stages(db: Database, cast: Any, now: datetime) -> None:
    number = stage.submitted(db, cast, now, stage.published(db, cast, now))
    stage.decide(db, cast.officer, number, "approve", now)
    stage.decide(db, cast.reviewer, number, "approve", now)
    assert refused(db, cast.officer, number, "approve", now) == "approval.same-person"
    stage.decide(db, cast.second_officer, number, "approve", now)
    assert case_of(db, number).stage == "APPROVED"


def test_applicants_own_organisation_never_reviews(db: Database, cast: Any, now: datetime) -> None:
    number = stage.submitted(db, cast, now, stage.published(db, cast, now))
    with work.begin(db, SYSTEM, now) as deed:
        place = Membership(id=new_id(), person_id=cast.officer.id, tenant_id=cast.company.id, granted_at=now)
        deed.session.add(place)
        deed.session.flush()
        person = deed.session.get_one(Person, cast.officer.id, populate_existing=True)
        both = actors.of_person(person)
    assert refused(db, both, number, "approve", now) == "permissions.denied"
    assert refused(db, cast.requester, number, "approve", now) == "permissions.denied"
    with db.read() as session:
        assert cases.worklist(session, both) == []
        assert len(cases.worklist(session, cast.second_officer)) == 1


def test_strangers_see_and_do_nothing(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    draft = stage.begun(db, cast, now, entry_id, "draft")
    number = stage.submitted(db, cast, now, entry_id, "in")
    for who in (cast.stranger, cast.stranger_reviewer, cast.public, cast.steward):
        assert refused(db, who, number, "approve", now) == "permissions.denied"
        for attempt in (applications.submit, applications.withdraw):
            with pytest.raises(Forbidden), work.begin(db, who, now) as deed:
                attempt(deed, stage.of(deed, number))
        with pytest.raises(Forbidden), work.begin(db, who, now) as deed:
            applications.answer(deed, stage.of(deed, draft), answers={"purpose": "x"})
    with db.read() as session:
        for who in (cast.stranger, cast.stranger_reviewer, cast.public):
            for one in (draft, number):
                with pytest.raises(NotFound):
                    applications.find(session, one, who)
        for who in (cast.officer, cast.reviewer, cast.steward):
            assert applications.find(session, number, who)
            with pytest.raises(NotFound):
                applications.find(session, draft, who)
    with pytest.raises(Forbidden):
        stage.started(db, cast.public, now, entry_id)


def test_same_form_gives_the_same_draft_and_answers_are_kept_as_typed(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    first = stage.begun(db, cast, now, entry_id)
    assert stage.begun(db, cast, now, entry_id) == first
    assert stage.begun(db, cast, now, entry_id, "another") != first
    with work.begin(db, cast.requester, now) as deed:
        application = stage.of(deed, first)
        answers = {"purpose": "  新用途 ", "unknown": "x", "network": ""}
        applications.answer(deed, application, answers=answers, items=["站点", "不存在"])
    with db.read() as session:
        application = applications.find(session, first, cast.requester)
        assert application.answers["purpose"] == "新用途"
        assert application.answers["contact_name"] == "李明"
        assert "unknown" not in application.answers
        assert application.items == ["站点"]
        assert application.valid_to == stage.LAST


def test_incomplete_is_refused_with_every_field_and_nothing_is_lost(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    with work.begin(db, cast.requester, now) as deed:
        company = deed.session.get_one(Tenant, cast.company.id)
        entry = deed.session.get_one(Entry, entry_id)
        empty = applications.start(deed, entry, "empty", tenant=company, kind=v.ApplicantKind.LEGAL)
        applications.answer(deed, empty, answers={"purpose": "预测"}, items=[])
        number = empty.number
    with pytest.raises(Invalid) as refusal, work.begin(db, cast.requester, now) as deed:
        applications.submit(deed, stage.of(deed, number))
    assert set(refusal.value.fields) == {*applications.REQUIRED, "items", "valid_to"} - {"purpose"}
    wrong = [
        ({"valid_from": date(2026, 11, 22)}, "valid_from"),
        ({"valid_to": date(2026, 11, 23)}, "valid_to"),
        ({"valid_to": date(2027, 11, 26)}, "valid_to"),
        ({"items": []}, "items"),
    ]
    for place, (values, field) in enumerate(wrong):
        with pytest.raises(Invalid) as refusal:
            stage.submitted(db, cast, now, entry_id, f"t{place}", **values)
        assert set(refusal.value.fields) == {field}
    with db.read() as session:
        assert applications.find(session, number, cast.requester).answers == {"purpose": "预测"}
        assert not session.scalars(select(Case).where(Case.kind == "APPLICATION")).all()


def test_handed_in_twice_changes_nothing(db: Database, cast: Any, now: datetime) -> None:
    number = stage.submitted(db, cast, now, stage.published(db, cast, now))
    with db.read() as session:
        jobs = len(session.scalars(select(Job)).all())
    with work.begin(db, cast.requester, now + DAY) as deed:
        assert applications.submit(deed, stage.of(deed, number)).number == number
    with pytest.raises(Refused), work.begin(db, cast.requester, now) as deed:
        applications.answer(deed, stage.of(deed, number), answers={"purpose": "x"})
    with db.read() as session:
        assert len(session.scalars(select(Decision).where(Decision.move == "submit")).all()) == 1
        assert len(session.scalars(select(Job)).all()) == jobs


def test_only_restricted_open_data_can_be_applied_for(db: Database, cast: Any, now: datetime) -> None:
    free = stage.published(db, cast, now, "站点名录", v.OpenTier.T0)
    draft = stage.registered(db, cast, now, "草稿目录")
    for entry_id, who in ((free, cast.requester), (draft, cast.steward)):
        with pytest.raises(Refused) as refusal:
            stage.started(db, who, now, entry_id)
        assert refusal.value.code == "application.not-restricted"


def test_unverified_person_cannot_hand_in(db: Database, cast: Any, now: datetime) -> None:
    number = stage.begun(db, cast, now, stage.published(db, cast, now))
    unverified = Actor("person", cast.requester.id, standings=cast.requester.standings)
    with pytest.raises(Forbidden) as refusal, work.begin(db, unverified, now) as deed:
        applications.submit(deed, stage.of(deed, number))
    assert "实名认证" in str(refusal.value)


def test_withdrawn_stays_withdrawn(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    number = stage.submitted(db, cast, now, entry_id)
    with work.begin(db, cast.requester, now) as deed:
        applications.withdraw(deed, stage.of(deed, number))
    assert case_of(db, number).stage == "WITHDRAWN"
    assert refused(db, cast.officer, number, "approve", now) == "approval.wrong-stage"
    with pytest.raises(Refused), work.begin(db, cast.requester, now) as deed:
        applications.withdraw(deed, stage.of(deed, number))
    draft = stage.begun(db, cast, now, entry_id, "draft")
    with pytest.raises(Refused), work.begin(db, cast.requester, now) as deed:
        applications.withdraw(deed, stage.of(deed, draft))


def test_what_lies_beyond_its_term_lapses(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    waiting = stage.submitted(db, cast, now, entry_id, "a")
    stage.decide(db, cast.officer, waiting, "ask_supplement", now, comment="请补充")
    signing = stage.approved(db, cast, now, entry_id, "b")
    last = date(2026, 12, 7)
    assert {case_of(db, one).due_on for one in (waiting, signing)} == {last}
    for days, count in ((14, 0), (15, 2), (15, 0)):
        with work.begin(db, SYSTEM, now + days * DAY) as deed:
            assert applications.lapse(deed) == count
    assert [case_of(db, one).stage for one in (waiting, signing)] == ["WITHDRAWN", "LAPSED"]
    with pytest.raises(Refused):
        stage.accepted(db, cast, now + 15 * DAY, signing)
    with db.read() as session:
        assert not session.scalars(select(Grant)).all()
        assert not session.scalars(select(Agreement)).all()
        assert len(session.scalars(select(Application)).all()) == 2
