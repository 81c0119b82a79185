"""Agreements: shown word for word, accepted once by the applicant with the hash of what was shown."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sharing_stage as stage
from sqlalchemy import select

from catalog.models import Entry
from policies.refusals import Forbidden, Invalid, Refused, Stale
from sharing.access import agreements, applications
from sharing.access.models import Agreement, Credential, Grant
from tenancy import audit, work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.records import AuditLine, Case


def accept(db: Database, who: Actor, number: str, now: datetime, **values: str) -> str:
    """Accept the agreement with what was shown, unless a test shows something else."""
    with work.begin(db, who, now) as deed:
        application = stage.of(deed, number)
        language = values.get("language", "zh")
        shown = agreements.hash_of(agreements.text_of(application, language))
        given = {"signatory": "李明", "text_hash": shown, "language": language, **values}
        return applications.accept(deed, application, **given)


def shown(db: Database, number: str, language: str = "zh") -> str:
    """The text as a page shows it."""
    with db.read() as session:
        return agreements.text_of(stage.of(work.Work(session, SYSTEM, datetime.min), number), language)  # noqa: DTZ901


def nothing_signed(db: Database, number: str) -> bool:
    """Whether neither agreement nor grant nor key exists and the signature is still awaited."""
    with db.read() as session:
        stage_ = session.scalars(select(Case.stage).where(Case.number == number)).one()
        rows = [session.scalars(select(one)).all() for one in (Agreement, Grant, Credential)]
        return stage_ == "APPROVED" and not any(rows)


def test_accepted_text_is_kept_word_for_word(db: Database, cast: Any, now: datetime) -> None:
    number = stage.approved(db, cast, now, stage.published(db, cast, now))
    text = shown(db, number, "en")
    for part in (number, "公交客流", "站点、日期", "客流预测", "2026-11-23", "2027-03-01", "Transport", "Example Data"):
        assert part in text.replace("\\", "")
    assert "客流、" not in text
    accept(db, cast.requester, number, now, language="en", signatory="  李明 ")
    with db.read() as session:
        kept = session.scalars(select(Agreement)).one()
        assert (kept.text, kept.sha256, kept.language) == (text, agreements.hash_of(text), "en")
        assert (kept.accepted_by, kept.signatory, kept.accepted_at) == (cast.requester.id, "李明", now)
        line = session.scalars(select(AuditLine).where(AuditLine.what == "agreement.accepted")).one()
        assert line.details["sha256"] == kept.sha256


def test_text_that_changed_since_it_was_shown_is_stale(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    number = stage.approved(db, cast, now, entry_id)
    before = agreements.hash_of(shown(db, number))
    with work.begin(db, SYSTEM, now) as deed:
        deed.session.get_one(Entry, entry_id).title = "公交客流（日）"
    for hash_ in (before, "0" * 64, "", agreements.hash_of(shown(db, number, "en"))):
        with pytest.raises(Stale) as refusal:
            accept(db, cast.requester, number, now, text_hash=hash_)
        assert refusal.value.code == "agreement.changed"
    with pytest.raises(Invalid):
        accept(db, cast.requester, number, now, signatory="  ")
    assert nothing_signed(db, number)
    accept(db, cast.requester, number, now)


def test_only_the_verified_applicant_accepts(db: Database, cast: Any, now: datetime) -> None:
    number = stage.approved(db, cast, now, stage.published(db, cast, now))
    unverified = Actor("person", cast.requester.id, standings=cast.requester.standings)
    for who in (cast.stranger, cast.officer, cast.reviewer, cast.public, unverified):
        with pytest.raises(Forbidden):
            accept(db, who, number, now)
    assert nothing_signed(db, number)


def test_accepted_once_and_only_when_approved(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    early = stage.submitted(db, cast, now, entry_id, "early")
    with pytest.raises(Refused) as refusal:
        accept(db, cast.requester, early, now)
    assert refusal.value.code == "approval.wrong-stage"
    number = stage.approved(db, cast, now, entry_id)
    accept(db, cast.requester, number, now)
    with pytest.raises(Refused) as refusal:
        accept(db, cast.requester, number, now)
    assert refusal.value.code == "agreement.signed"
    with db.read() as session:
        assert len(session.scalars(select(Agreement)).all()) == 1
        assert len(session.scalars(select(Credential)).all()) == 1


def test_term_that_is_over_is_not_granted(db: Database, cast: Any, now: datetime) -> None:
    short = stage.FIRST + timedelta(days=2)
    number = stage.approved(db, cast, now, stage.published(db, cast, now), valid_to=short)
    with pytest.raises(Refused) as refusal:
        accept(db, cast.requester, number, now + timedelta(days=3))
    assert refusal.value.code == "grant.term-over"
    assert nothing_signed(db, number)


def test_chain_of_the_log_holds_after_a_whole_journey(db: Database, cast: Any, now: datetime) -> None:
    stage.granted(db, cast, now)
    with work.begin(db, SYSTEM, now) as deed:
        assert audit.seal(deed.session, now) > 30
    with db.read() as session:
        found = audit.verify(session)
        assert (found.bad_line, found.unsealed) == (None, 0)
