"""Races: whatever many do at once, one wins, the others are told so, and the rows agree with each other."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
import sharing_stage as stage
from sqlalchemy import func, select

from policies.refusals import Refused, Stale
from sharing.access import agreements, applications
from sharing.access.models import Agreement, Application, Credential, Grant
from tenancy import work
from tenancy.database import Database
from tenancy.records import AuditLine, Case, Decision, Notice

THREADS, CASES, WINDOWS = 16, 50, 20


def at_once(pool: ThreadPoolExecutor, deeds: Sequence[Callable[[], str]]) -> list[str]:
    """Begin all deeds at the same moment; gives what each came to, a refusal as its class and code."""
    start = threading.Barrier(len(deeds))

    def run(deed: Callable[[], str]) -> str:
        start.wait()
        try:
            return deed()
        except (Stale, Refused) as refusal:
            return f"{type(refusal).__name__} {refusal.code}"

    return list(pool.map(run, deeds))


def test_sixteen_officers_and_fifty_cases(db: Database, cast: Any, now: datetime) -> None:
    stage.patient(db)
    entry_id = stage.published(db, cast, now)
    numbers = [stage.submitted(db, cast, now, entry_id, f"t{place}") for place in range(CASES)]
    officers = [cast.officer, cast.second_officer]
    moves: list[dict[str, str]] = [
        {"move": "approve"},
        {"move": "reject", "comment": "用途不符", "basis": "第三十条"},
        {"move": "ask_supplement", "comment": "请补充"},
        {"move": "approve"},
    ]
    lost: Counter[str] = Counter()
    with ThreadPoolExecutor(THREADS) as pool:
        for number in numbers:

            def deed(place: int, number: str = number) -> str:
                stage.decide(db, officers[place % 2], number, now=now, **moves[place // 2 % 4])
                return "won"

            outcomes = at_once(pool, [lambda place=place: deed(place) for place in range(THREADS)])  # type: ignore[misc]
            assert outcomes.count("won") == 1, outcomes
            lost.update(one for one in outcomes if one != "won")
    late = {"Refused approval.wrong-stage", "Refused approval.not-your-turn"}
    assert set(lost) <= {"Stale general.stale", "Stale general.already-there", *late}
    assert sum(lost.values()) == CASES * (THREADS - 1)
    consistent(db, CASES)


def consistent(db: Database, cases: int) -> None:
    """Stage, decision rows, audit lines and notices of each case tell the same story: handed in, decided once."""
    after = {"approve": "PROVIDER_REVIEW", "reject": "REJECTED", "ask_supplement": "SUPPLEMENT_REQUIRED"}
    with db.read() as session:
        rows = session.scalars(select(Case).where(Case.kind == "APPLICATION")).all()
        assert len(rows) == cases
        for case in rows:
            assert [one.sequence for one in case.decisions] == [1, 2]
            first, second = case.decisions
            assert (first.move, first.after, second.before) == ("submit", "INITIAL_REVIEW", "INITIAL_REVIEW")
            assert second.after == case.stage == after[second.move]
            assert (case.ended_at is not None) == (case.stage == "REJECTED")
            lines = select(AuditLine.actor_id).where(AuditLine.about_id == case.id, AuditLine.what == "case.moved")
            assert session.scalars(lines.order_by(AuditLine.sequence)).all() == [first.actor_id, second.actor_id]
            told = select(func.count()).select_from(Notice).where(Notice.about_id == case.id)
            # Two officers hear of a new case; the applicant of the decision, and the provider if it goes on to him.
            heard = session.scalar(told.where(Notice.person_id == case.opened_by))
            assert heard == 1


def test_one_form_in_twenty_windows_is_one_application(db: Database, cast: Any, now: datetime) -> None:
    stage.patient(db)
    entry_id = stage.published(db, cast, now)
    with ThreadPoolExecutor(WINDOWS) as pool:
        numbers = at_once(pool, [lambda: stage.begun(db, cast, now, entry_id)] * WINDOWS)
        known = {one for one in numbers if not one.startswith("Stale")}
        assert len(known) == 1
        number = known.pop()
        # Windows that also write answers may find that another was first; beginning alone never fails.
        assert set(numbers) <= {number, "Stale general.stale"}

        def hand_in() -> str:
            with work.begin(db, cast.requester, now) as deed:
                return applications.submit(deed, stage.of(deed, number)).number

        assert at_once(pool, [hand_in] * WINDOWS) == [number] * WINDOWS
    with db.read() as session:
        assert session.scalars(select(Application.number)).all() == [number]
        assert session.scalars(select(Case.number).where(Case.kind == "APPLICATION")).all() == [number]
        assert session.scalars(select(Decision.move).join(Case).where(Case.number == number)).all() == ["submit"]
        assert len(session.scalars(select(AuditLine).where(AuditLine.what == "application.submitted")).all()) == 1


def test_beginning_alone_answers_every_window(db: Database, cast: Any, now: datetime) -> None:
    stage.patient(db)
    entry_id = stage.published(db, cast, now)
    with ThreadPoolExecutor(WINDOWS) as pool:
        numbers = at_once(pool, [lambda: stage.started(db, cast.requester, now, entry_id)] * WINDOWS)
    with db.read() as session:
        assert numbers == [session.scalars(select(Application.number)).one()] * WINDOWS


def test_one_signature_gives_one_grant(db: Database, cast: Any, now: datetime) -> None:
    stage.patient(db)
    number = stage.approved(db, cast, now, stage.published(db, cast, now))
    with db.read() as session:
        text = agreements.text_of(session.scalars(select(Application)).one(), "zh")

    def sign() -> str:
        with work.begin(db, cast.requester, now) as deed:
            shown = agreements.hash_of(text)
            values = {"signatory": "李明", "text_hash": shown, "language": "zh"}
            return applications.accept(deed, stage.of(deed, number), **values)

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = at_once(pool, [sign] * THREADS)
    keys = [one for one in outcomes if one.startswith("txk_")]
    assert len(keys) == 1, outcomes
    with db.read() as session:
        for kind in (Agreement, Grant, Credential):
            assert len(session.scalars(select(kind)).all()) == 1


@pytest.mark.parametrize("rival", ["withdraw", "revoke"])
def test_signature_against_its_rival(db: Database, cast: Any, now: datetime, rival: str) -> None:
    stage.patient(db)
    entry_id = stage.published(db, cast, now)

    def against(number: str) -> str:
        if rival == "revoke":
            stage.decide(db, cast.officer, number, "revoke", now, comment="撤销", basis="第六条")
        else:
            with work.begin(db, cast.requester, now) as deed:
                applications.withdraw(deed, stage.of(deed, number))
        return rival

    with ThreadPoolExecutor(2) as pool:
        for place in range(6):
            number = stage.approved(db, cast, now, entry_id, f"t{place}")
            deeds = [lambda: stage.accepted(db, cast, now, number), lambda: against(number)]  # noqa: B023
            outcomes = at_once(pool, deeds)
            signed, ended = outcomes[0].startswith("txk_"), outcomes[1] == rival
            # Signed data may be revoked afterwards; what was withdrawn or revoked is never signed.
            assert (signed, ended) in {(True, False), (False, True), (True, rival == "revoke")}, outcomes
            agrees(db, number, signed, ended)


def agrees(db: Database, number: str, signed: bool, ended: bool) -> None:
    """Stage, grant and keys in force of an application agree with what was answered."""
    with db.read() as session:
        application = session.scalars(select(Application).where(Application.number == number)).one()
        found = session.scalars(select(Grant).where(Grant.application_id == application.id)).all()
        assert len(found) == signed
        live = [one for grant in found for one in grant.credentials if one.revoked_at is None]
        assert len(live) == (signed and not ended)
        assert (application.stage == "ACTIVE") == (signed and not ended)


def test_numbers_of_applications_are_unique_and_dense(db: Database, cast: Any, now: datetime) -> None:
    stage.patient(db)
    entry_id = stage.published(db, cast, now)
    with ThreadPoolExecutor(THREADS) as pool:
        deeds = [lambda place=place: stage.begun(db, cast, now, entry_id, f"t{place}") for place in range(THREADS)]  # type: ignore[misc]
        numbers = at_once(pool, deeds)
    assert sorted(numbers) == [f"SQ-2026-{place:06d}" for place in range(1, THREADS + 1)]
