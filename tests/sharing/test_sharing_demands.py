"""Demands: asked, dispatched, answered, mounted; closed only by who asked, refused only with the authority's ruling."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sharing_stage as stage
from sqlalchemy import select

from catalog.models import Entry
from policies import vocabulary as v
from policies.refusals import Forbidden, Invalid, NotFound, Refused
from sharing.demand import demands
from sharing.demand.models import Demand, DemandChange
from tenancy import cases, work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.models import Tenant
from tenancy.records import Case, Decision, Notice

DAY = timedelta(days=1)
WANTED = ["站点", "客流"]


def ask(db: Database, cast: Any, who: Actor, now: datetime, **values: Any) -> str:
    """A demand of the other department; gives its number."""
    given = {"title": "公交客流", "purpose": "校车规划", "legal_basis": "校车条例", "items": WANTED, **values}
    with work.begin(db, who, now) as deed:
        tenant, city = (deed.session.get_one(Tenant, one.id) for one in (cast.other, cast.city))
        return demands.ask(deed, tenant, city, **given).number


def of(deed: work.Work, number: str) -> Demand:
    """A demand in a transaction, whoever may see it."""
    return deed.session.scalars(select(Demand).where(Demand.number == number)).one()


def dispatch(db: Database, who: Actor, number: str, provider: Tenant, now: datetime) -> None:
    """Send the demand to a provider."""
    with work.begin(db, who, now) as deed:
        demands.dispatch(deed, of(deed, number), deed.session.get_one(Tenant, provider.id))


def answer(db: Database, who: Actor, number: str, move: str, now: datetime, **words: str) -> None:
    """Answer as the provider."""
    with work.begin(db, who, now) as deed:
        demands.answer(deed, of(deed, number), move, **words)


def rule(db: Database, who: Actor, number: str, move: str, now: datetime, **words: Any) -> None:
    """Rule as the authority."""
    with work.begin(db, who, now) as deed:
        demands.rule(deed, of(deed, number), move, **words)


def mount(db: Database, who: Actor, number: str, entry_id: str, items: list[str], now: datetime) -> None:
    """Point to the entry that meets the demand."""
    with work.begin(db, who, now) as deed:
        demands.mount(deed, of(deed, number), deed.session.get_one(Entry, entry_id), items)


def confirm(db: Database, who: Actor, number: str, met: bool, now: datetime, **words: Any) -> None:
    """Say as the demander whether the need is met."""
    with work.begin(db, who, now) as deed:
        demands.confirm(deed, of(deed, number), met=met, **words)


def at_stage(db: Database, number: str) -> str:
    """Where the demand stands."""
    with db.read() as session:
        return session.scalars(select(Case.stage).where(Case.number == number)).one()


def mounted(db: Database, cast: Any, now: datetime) -> tuple[str, str]:
    """A demand that waits for the demander's word, and the entry that meets it."""
    entry_id = stage.published(db, cast, now)
    number = ask(db, cast, cast.stranger, now)
    dispatch(db, cast.officer, number, cast.department, now)
    answer(db, cast.reviewer, number, "accept", now + DAY)
    mount(db, cast.steward, number, entry_id, WANTED, now + 2 * DAY)
    return number, entry_id


def test_whole_way_with_its_dates(db: Database, cast: Any, now: datetime) -> None:
    number, entry_id = mounted(db, cast, now)
    assert number == "XQ-2026-000001"
    assert at_stage(db, number) == "CATALOG_MOUNTED"
    confirm(db, cast.stranger, number, True, now + 3 * DAY, rating=4)
    with db.read() as session:
        demand = demands.find(session, number, cast.stranger)
        assert (demand.accepted_at, demand.confirmed_at, demand.rating) == (now, now + 3 * DAY, 4)
        # Ten working days to mount it, counted from the day after Tuesday 24 November.
        assert demand.due_on == date(2026, 12, 8)
        assert (demand.entry_id, demand.supplied_items, demand.provider_id) == (entry_id, WANTED, cast.department.id)
        noted = session.scalars(select(DemandChange).order_by(DemandChange.sequence)).all()
        assert [one.what for one in noted] == [
            "demand.raised",
            "demand.dispatched",
            "demand.accept",
            "demand.mounted",
            "demand.confirmed",
        ]
        assert [one.facts["stage"] for one in noted] == [
            "SUBMITTED",
            "DISPATCHED",
            "CONFIRMED",
            "CATALOG_MOUNTED",
            "COMPLETED",
        ]
        told = set(session.scalars(select(Notice.person_id).where(Notice.created_at == now)))
        assert {cast.officer.id, cast.reviewer.id} <= told
        assert cast.stranger_reviewer.id not in told
    for who in (cast.stranger, cast.stranger_reviewer):
        with pytest.raises((Refused, Forbidden)):
            confirm(db, who, number, True, now + 4 * DAY)
    with db.read() as session:
        assert len(session.scalars(select(Decision).where(Decision.move == "confirm")).all()) == 1


def test_only_who_asked_closes_it_and_only_after_mounting(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    number = ask(db, cast, cast.stranger, now)
    for step in (
        lambda: dispatch(db, cast.officer, number, cast.department, now),
        lambda: answer(db, cast.reviewer, number, "accept", now),
        lambda: mount(db, cast.steward, number, entry_id, ["站点"], now),
    ):
        with pytest.raises(Refused):
            confirm(db, cast.stranger, number, True, now)
        step()
    for who in (cast.officer, cast.reviewer, cast.steward, cast.stranger_reviewer, cast.requester, cast.public, SYSTEM):
        with pytest.raises((Refused, Forbidden)):
            confirm(db, who, number, True, now)
    with pytest.raises(Refused) as silent:
        confirm(db, cast.stranger, number, False, now)
    assert silent.value.code == "approval.needs-comment"
    confirm(db, cast.stranger, number, False, now, comment="缺少客流")
    assert at_stage(db, number) == "CONFIRMED"
    with db.read() as session:
        assert demands.find(session, number, cast.stranger).confirmed_at is None
    mount(db, cast.reviewer, number, entry_id, WANTED, now)
    confirm(db, cast.stranger, number, True, now)
    assert at_stage(db, number) == "COMPLETED"


def test_providers_refusal_goes_to_the_authority(db: Database, cast: Any, now: datetime) -> None:
    number = ask(db, cast, cast.stranger, now)
    dispatch(db, cast.officer, number, cast.department, now)
    for words in ({"comment": "", "basis": "第八条"}, {"comment": "不掌握", "basis": ""}):
        with pytest.raises(Refused):
            answer(db, cast.reviewer, number, "refuse", now, **words)
    answer(db, cast.reviewer, number, "refuse", now + DAY, comment="不掌握", basis="第八条")
    assert at_stage(db, number) == "PROVIDER_RETURNED"
    with db.read() as session:
        case = session.scalars(select(Case)).first()
        assert case is not None
        assert (case.due_on, case.intervals[0]["stopped"]) == (date(2026, 11, 27), "2026-11-24")
        assert number in {one.number for one in cases.worklist(session, cast.officer)}
    for who in (cast.reviewer, cast.stranger, cast.stranger_reviewer):
        with pytest.raises(Forbidden):
            rule(db, who, number, "agree_return", now, comment="同意", basis="第八条", kind="ADMIN_AGREE_RETURN")
    with pytest.raises(Refused):
        rule(db, cast.officer, number, "agree_return", now + DAY, comment="同意", basis="第八条")
    rule(db, cast.second_officer, number, "refuse_return", now + 2 * DAY, comment="属于职责范围")
    assert at_stage(db, number) == "DISPATCHED"
    answer(db, cast.reviewer, number, "refuse", now + 2 * DAY, comment="涉及他人权益", basis="第九条")
    rule(
        db,
        cast.officer,
        number,
        "agree_return",
        now + 3 * DAY,
        comment="同意",
        basis="第九条",
        kind="ADMIN_AGREE_RETURN",
        lawful=True,
    )
    with db.read() as session:
        demand = demands.find(session, number, cast.stranger)
        assert (demand.returned_kind, demand.lawful_refusal) == ("ADMIN_AGREE_RETURN", True)
        assert demand.case is not None
        assert demand.case.ended_at == now + 3 * DAY


def test_strangers_are_refused_at_every_step(db: Database, cast: Any, now: datetime) -> None:
    for who in (cast.officer, cast.steward, cast.requester, cast.public):
        with pytest.raises(Forbidden):
            ask(db, cast, who, now)
    number = ask(db, cast, cast.stranger, now)
    for who in (cast.stranger, cast.reviewer, cast.leader, cast.public):
        with pytest.raises(Forbidden):
            dispatch(db, who, number, cast.department, now)
    with pytest.raises(Invalid):
        dispatch(db, cast.officer, number, cast.other, now)
    dispatch(db, cast.officer, number, cast.department, now)
    for who in (cast.stranger, cast.stranger_reviewer, cast.officer, cast.public):
        with pytest.raises(Forbidden):
            answer(db, who, number, "accept", now)
    with pytest.raises(Refused):
        answer(db, cast.steward, number, "accept", now)
    with db.read() as session:
        for who in (cast.requester, cast.public):
            with pytest.raises(NotFound):
                demands.find(session, number, who)
            assert demands.all_of(session, who) == []
        for who in (cast.stranger, cast.stranger_reviewer, cast.steward, cast.reviewer, cast.officer):
            assert [one.number for one in demands.all_of(session, who)] == [number]


def test_incomplete_takes_no_number(db: Database, cast: Any, now: datetime) -> None:
    with pytest.raises(Invalid) as refusal:
        ask(db, cast, cast.stranger, now, title=" ", purpose="", legal_basis="\n", items=["", " "])
    assert set(refusal.value.fields) == {"title", "purpose", "legal_basis", "items"}
    assert ask(db, cast, cast.stranger, now).endswith("000001")


def test_withdrawn_only_before_it_is_dispatched(db: Database, cast: Any, now: datetime) -> None:
    first, second = ask(db, cast, cast.stranger, now), ask(db, cast, cast.stranger, now)
    dispatch(db, cast.officer, second, cast.department, now)
    for number, who, error in (
        (first, cast.steward, Forbidden),
        (first, cast.stranger_reviewer, Refused),
        (second, cast.stranger, Refused),
    ):
        with pytest.raises(error), work.begin(db, who, now) as deed:
            demands.withdraw(deed, of(deed, number))
    with work.begin(db, cast.stranger, now) as deed:
        demands.withdraw(deed, of(deed, first))
    assert at_stage(db, first) == "WITHDRAWN"
    with pytest.raises(Refused):
        dispatch(db, cast.officer, first, cast.department, now)


def test_returned_by_the_authority_with_its_kind(db: Database, cast: Any, now: datetime) -> None:
    number = ask(db, cast, cast.stranger, now)
    for kind in ("", "ADMIN_AGREE_RETURN", "OTHER"):
        with pytest.raises(Refused):
            rule(db, cast.officer, number, "return", now, comment="材料不全", kind=kind)
    rule(db, cast.officer, number, "return", now, comment="材料不全", kind="ADMIN_MATERIAL")
    assert at_stage(db, number) == "RETURNED"


def test_only_published_shared_data_meet_a_demand(db: Database, cast: Any, now: datetime) -> None:
    draft = stage.registered(db, cast, now, "草稿")
    unshared = stage.published(db, cast, now, "不予共享")
    with work.begin(db, SYSTEM, now) as deed:
        deed.session.get_one(Entry, unshared).share_type = v.ShareType.SHARE_NONE
    entry_id = stage.published(db, cast, now)
    number = ask(db, cast, cast.stranger, now)
    dispatch(db, cast.officer, number, cast.department, now)
    with pytest.raises(Refused):
        mount(db, cast.steward, number, entry_id, WANTED, now)
    answer(db, cast.reviewer, number, "accept", now)
    for wrong in (draft, unshared):
        with pytest.raises(Refused) as refusal:
            mount(db, cast.steward, number, wrong, WANTED, now)
        assert refusal.value.code == "demand.entry-not-shared"
    for items in ([], ["不存在"]):
        with pytest.raises(Invalid):
            mount(db, cast.steward, number, entry_id, items, now)
    mount(db, cast.steward, number, entry_id, ["站点"], now)
    assert at_stage(db, number) == "CATALOG_MOUNTED"


def test_dissolved_body_gets_no_demand(db: Database, cast: Any, now: datetime) -> None:
    number = ask(db, cast, cast.stranger, now)
    with work.begin(db, SYSTEM, now) as deed:
        deed.session.get_one(Tenant, cast.department.id).dissolved_on = now.date()
    with pytest.raises(Refused) as refusal:
        dispatch(db, cast.officer, number, cast.department, now)
    assert refusal.value.code == "tenant.dissolved"
