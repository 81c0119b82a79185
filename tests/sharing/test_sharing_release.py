"""Release: asked for by the owner, decided by the authority, refused while a condition of opening is not met."""

from datetime import date, datetime
from typing import Any

import pytest
import sharing_stage as stage
from sqlalchemy import select

from catalog import datasets, reading
from catalog.models import CatalogChange, Entry
from policies import vocabulary as v
from policies.refusals import Forbidden, Refused
from sharing import release
from tenancy import cases, work
from tenancy.actors import Actor
from tenancy.database import Database
from tenancy.records import Case


def ask(db: Database, who: Actor, entry_id: str, now: datetime) -> str:
    """Ask for the opening; gives the case's number."""
    with work.begin(db, who, now) as deed:
        return release.request(deed, deed.session.get_one(Entry, entry_id)).number


def decide(db: Database, who: Actor, entry_id: str, move: str, now: datetime, **words: str) -> None:
    """Decide on the opening."""
    with work.begin(db, who, now) as deed:
        release.decide(deed, deed.session.get_one(Entry, entry_id), move, **words)


def submit(db: Database, cast: Any, entry_id: str, now: datetime) -> None:
    """Hand the entry in for review."""
    with work.begin(db, cast.steward, now) as deed:
        datasets.submit(deed, deed.session.get_one(Entry, entry_id))


def review(db: Database, cast: Any, entry_id: str, now: datetime) -> None:
    """Publish the entry."""
    with work.begin(db, cast.officer, now) as deed:
        datasets.review(deed, deed.session.get_one(Entry, entry_id), "approve")


def open_state(db: Database, entry_id: str) -> v.OpenState:
    """How the opening stands."""
    with db.read() as session:
        return session.get_one(Entry, entry_id).open_state


def refused(db: Database, who: Actor, entry_id: str, move: str, now: datetime, **words: str) -> str:
    """Why a decision is refused."""
    with pytest.raises(Refused) as refusal:
        decide(db, who, entry_id, move, now, **words)
    return refusal.value.code


def test_public_reads_only_after_the_authority_agreed(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.registered(db, cast, now, tier=v.OpenTier.T0)
    stage.deliver(db, cast, now, entry_id)
    submit(db, cast, entry_id, now)
    number = ask(db, cast.steward, entry_id, now)
    with db.read() as session:
        assert cases.find(session, number, cast.officer).due_on == date(2026, 11, 30)
    assert open_state(db, entry_id) is v.OpenState.OPEN_REVIEW
    assert refused(db, cast.officer, entry_id, "approve", now) == "release.not-published"
    review(db, cast, entry_id, now)
    with db.read() as session:
        assert not reading.access(session, session.get_one(Entry, entry_id), cast.public, now).given
    decide(db, cast.officer, entry_id, "approve", now)
    with db.read() as session:
        found = reading.find(session, entry_id, cast.public, now)
        assert reading.access(session, found, cast.public, now).items == stage.ITEMS
        noted = session.scalars(select(CatalogChange.what).order_by(CatalogChange.sequence)).all()
        assert [one for one in noted if one.startswith("release.")] == ["release.requested", "release.approve"]
    assert refused(db, cast.officer, entry_id, "approve", now) == "entry.no-review"
    with pytest.raises(Refused) as twice:
        ask(db, cast.steward, entry_id, now)
    assert twice.value.code == "release.wrong-state"
    with db.read() as session:
        assert len(session.scalars(select(Case).where(Case.kind == "RELEASE")).all()) == 1


def test_strangers_neither_ask_nor_decide(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.registered(db, cast, now)
    submit(db, cast, entry_id, now)
    for who in (cast.stranger, cast.stranger_reviewer, cast.officer, cast.requester, cast.public):
        with pytest.raises(Forbidden):
            ask(db, who, entry_id, now)
    ask(db, cast.reviewer, entry_id, now)
    for who in (cast.steward, cast.reviewer, cast.stranger_reviewer, cast.leader, cast.public):
        with pytest.raises(Forbidden):
            decide(db, who, entry_id, "approve", now)
    assert open_state(db, entry_id) is v.OpenState.OPEN_REVIEW


def test_conditions_of_opening(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.registered(db, cast, now)
    submit(db, cast, entry_id, now)
    ask(db, cast.steward, entry_id, now)
    review(db, cast, entry_id, now)
    assert refused(db, cast.officer, entry_id, "approve", now) == "release.no-data"
    stage.deliver(db, cast, now, entry_id, passes=False)
    assert refused(db, cast.officer, entry_id, "approve", now) == "release.no-data"
    stage.deliver(db, cast, now, entry_id, score=59.99)
    assert refused(db, cast.officer, entry_id, "approve", now) == "release.below-bar"
    stage.deliver(db, cast, now, entry_id)
    decide(db, cast.officer, entry_id, "approve", now)
    assert open_state(db, entry_id) is v.OpenState.OPEN


def test_neither_drafts_nor_forbidden_data_can_be_asked_for(db: Database, cast: Any, now: datetime) -> None:
    draft = stage.registered(db, cast, now)
    forbidden = stage.published(db, cast, now, "内部名录", v.OpenTier.TX)
    for entry_id, code in ((draft, "entry.wrong-state"), (forbidden, "release.forbidden")):
        with pytest.raises(Refused) as refusal:
            ask(db, cast.steward, entry_id, now)
        assert refusal.value.code == code
        assert open_state(db, entry_id) is v.OpenState.NOT_OPEN


def test_refused_or_recalled_can_be_asked_again(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.registered(db, cast, now)
    stage.deliver(db, cast, now, entry_id)
    submit(db, cast, entry_id, now)
    review(db, cast, entry_id, now)
    ask(db, cast.steward, entry_id, now)
    assert refused(db, cast.officer, entry_id, "reject", now) == "approval.needs-comment"
    decide(db, cast.officer, entry_id, "reject", now, comment="缺少开放条件说明")
    assert open_state(db, entry_id) is v.OpenState.OPEN_REJECTED
    ask(db, cast.steward, entry_id, now)
    assert refused(db, cast.colleague, entry_id, "recall", now) == "approval.not-your-turn"
    decide(db, cast.steward, entry_id, "recall", now)
    assert open_state(db, entry_id) is v.OpenState.NOT_OPEN
    ask(db, cast.steward, entry_id, now)
    decide(db, cast.second_officer, entry_id, "approve", now)
    assert open_state(db, entry_id) is v.OpenState.OPEN
