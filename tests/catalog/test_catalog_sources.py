"""One item, one source: claimed by a unit, disputed by another, ruled on by the authority, one at a time."""

from datetime import datetime
from typing import Any

import pytest
import test_catalog_standards as stage
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from catalog import sources
from catalog.standard_models import SourceClaim
from policies.calendars import local_date
from policies.refusals import Forbidden, Invalid, NotFound, Refused
from policies.vocabulary import ClaimState
from tenancy import cases, work
from tenancy.actors import Actor
from tenancy.database import Database
from tenancy.models import Tenant
from tenancy.records import Notice


def claim(db: Database, who: Actor, tenant: Tenant, now: datetime, **more: Any) -> str:
    """A claim of the element; its id."""
    given = {"element": "person-sex", "basis": "三定规定", **more}
    with work.begin(db, who, now) as deed:
        return sources.claim(deed, deed.session.get_one(Tenant, tenant.id), **given).subject_id


def dispute(db: Database, who: Actor, tenant: Tenant, claim_id: str, now: datetime, reason: str = "我局办理") -> None:
    """Object to it."""
    with work.begin(db, who, now) as deed:
        row = sources.find(deed.session, claim_id, who)
        sources.dispute(deed, row, deed.session.get_one(Tenant, tenant.id), reason=reason)


def rule(db: Database, who: Actor, claim_id: str, move: str, now: datetime, comment: str = "依职责") -> None:
    """Rule on it."""
    with work.begin(db, who, now) as deed:
        sources.rule(deed, deed.session.get_one(SourceClaim, claim_id), move, comment=comment)


def state(db: Database, claim_id: str) -> ClaimState:
    """Where a claim stands."""
    with db.read() as session:
        return session.get_one(SourceClaim, claim_id).state


def test_claimed_disputed_and_ruled(db: Database, cast: Any, now: datetime) -> None:
    with pytest.raises(Invalid):
        claim(db, cast.steward, cast.department, now)
    stage.agree(db, cast, stage.SEX, now)
    stage.agree(db, cast, stage.ELEMENT, now)
    for nobody in (cast.stranger, cast.officer, cast.requester, cast.public):
        with pytest.raises(Forbidden):
            claim(db, nobody, cast.department, now)
    with pytest.raises(Invalid):
        claim(db, cast.steward, cast.department, now, basis=" ")
    first = claim(db, cast.steward, cast.department, now)
    with pytest.raises(Refused):
        claim(db, cast.steward, cast.department, now)
    with pytest.raises(Refused):
        dispute(db, cast.reviewer, cast.department, first, now)
    with pytest.raises(Invalid):
        dispute(db, cast.stranger, cast.other, first, now, " ")
    dispute(db, cast.stranger, cast.other, first, now)
    with pytest.raises(Refused):
        dispute(db, cast.stranger_reviewer, cast.other, first, now)
    assert state(db, first) is ClaimState.DISPUTED
    with db.read() as session:
        assert (
            session.scalars(select(Notice).where(Notice.kind == "source.disputed")).one().person_id == cast.steward.id
        )
        case = cases.of_subject(session, session.get_one(SourceClaim, first))
        assert case.number.startswith("SY-")
        assert case.due_on is not None
        with pytest.raises(NotFound):
            sources.find(session, first, cast.requester)
    for nobody in (cast.steward, cast.stranger, cast.leader):
        with pytest.raises(Forbidden):
            rule(db, nobody, first, "accept", now)
    with pytest.raises(Refused):
        rule(db, cast.officer, first, "accept", now, "")
    rule(db, cast.officer, first, "accept", now)
    with pytest.raises(Refused):
        rule(db, cast.officer, first, "reject", now)
    assert state(db, first) is ClaimState.ACCEPTED


def test_a_later_ruling_takes_over(db: Database, cast: Any, now: datetime) -> None:
    stage.agree(db, cast, stage.SEX, now)
    stage.agree(db, cast, stage.ELEMENT, now)
    first = claim(db, cast.steward, cast.department, now)
    second = claim(db, cast.stranger, cast.other, now)
    rule(db, cast.officer, first, "accept", now)
    with db.read() as session:
        city = session.get_one(Tenant, cast.city.id)
        found = sources.coverage(session, city, local_date(now))
        assert (found.sourced, found.elements, found.share) == (1, 1, 100.0)
        assert sources.sources_of(session, ["person-sex"], city)["person-sex"].id == first
    rule(db, cast.officer, second, "accept", now)
    assert (state(db, first), state(db, second)) == (ClaimState.ENDED, ClaimState.ACCEPTED)
    third = claim(db, cast.steward, cast.department, now)
    rule(db, cast.steward, third, "recall", now)
    assert state(db, third) is ClaimState.WITHDRAWN


def test_the_database_holds_one_source_for_each_element_and_scope(db: Database, cast: Any, now: datetime) -> None:
    stage.agree(db, cast, stage.SEX, now)
    stage.agree(db, cast, stage.ELEMENT, now)
    ids = [claim(db, cast.steward, cast.department, now), claim(db, cast.stranger, cast.other, now)]
    with db.write() as session:
        for claim_id in ids:
            session.get_one(SourceClaim, claim_id).state = ClaimState.ACCEPTED
        with pytest.raises(IntegrityError):
            session.flush()
        session.rollback()
