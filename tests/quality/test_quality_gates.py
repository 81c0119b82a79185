"""The gate of live data: failing keeps the last good version, and only after the days of grace goes offline."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import issue_stage as stage
import pytest
from issue_stage import NULLS
from sqlalchemy import select

from catalog import reading
from catalog.models import Entry, Follow, Version
from catalog.reading import Purpose
from policies import rulebook
from policies import vocabulary as v
from policies.grading import GateTerms
from policies.refusals import Forbidden
from quality.issues import gates
from quality.issues.issue_models import GATE
from tenancy import work
from tenancy.actors import SYSTEM
from tenancy.database import Database
from tenancy.records import Notice
from tenancy.types import new_id

DAY = timedelta(days=1)


def watch(db: Database, now: datetime) -> int:
    """What the schedule does."""
    with work.begin(db, SYSTEM, now) as deed:
        return gates.watch(deed)


def spoil(db: Database, entry_id: str, now: datetime, score: float = 60.0) -> None:
    """Judge the live version anew, as a check with other rules would."""
    with work.begin(db, SYSTEM, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        deed.session.get_one(Version, entry.live_version_id).score = score


def live(db: Database, entry_id: str) -> tuple[int, bool, list[Any]]:
    """The number of the live version, whether it is offline and why."""
    with db.read() as session:
        entry = session.get_one(Entry, entry_id)
        number = session.get_one(Version, entry.live_version_id).number
        return number, entry.offline_since is not None, [one["code"] for one in entry.offline_reasons or ()]


def rows_for(db: Database, entry_id: str, who: Any, now: datetime) -> tuple[bool, bool, str]:
    """Whether somebody gets rows by the list and by the answer, and the rule that says so."""
    with db.read() as session:
        entry = session.get_one(Entry, entry_id)
        listed = session.scalars(select(Entry.id).where(reading.readable(who, Purpose.DATA, now))).all()
        access = reading.access(session, entry, who, now)
        return entry_id in listed, access.given, access.rule


def test_a_failing_delivery_keeps_the_good_version_and_opens_the_gates_issue(
    db: Database, cast: Any, now: datetime
) -> None:
    entry_id = stage.published(db, cast, now)
    stage.deliver(db, cast, now, entry_id, failing=[NULLS], score=50.0)
    stage.deliver(db, cast, now, entry_id, score=50.0)
    assert live(db, entry_id) == (1, False, [])
    issue = stage.the(db, entry_id, GATE)
    assert (issue.source, issue.severity, issue.stage) == (v.IssueSource.GATE, v.Severity.CRITICAL, "DISPATCHED")
    assert (issue.occurrences, issue.grace_until) == (2, None)
    assert issue.reasons
    # The good version goes on being handed out however long this lasts, and doesn't end the issue.
    assert watch(db, now + 60 * DAY) == 0
    assert stage.the(db, entry_id, GATE).stage == "DISPATCHED"
    stage.deliver(db, cast, now + DAY, entry_id)
    assert stage.the(db, entry_id, GATE).stage == "CLOSED"
    assert live(db, entry_id) == (4, False, [])


def test_failing_live_data_go_offline_after_grace_and_come_back_by_themselves(
    db: Database, cast: Any, now: datetime
) -> None:
    entry_id = stage.published(db, cast, now)
    with work.begin(db, SYSTEM, now) as deed:
        deed.session.add(Follow(id=new_id(), person_id=cast.requester.id, entry_id=entry_id, since=now))
    spoil(db, entry_id, now)
    # Five working days from Monday 23 November end on Monday 30 November.
    for days in (0, 1, 7):
        assert watch(db, now + days * DAY) == 0
        assert rows_for(db, entry_id, cast.public, now) == (True, True, "open")
    assert stage.the(db, entry_id, GATE).grace_until == (now + 7 * DAY).date()
    assert watch(db, now + 8 * DAY) == 1
    assert watch(db, now + 9 * DAY) == 1
    assert live(db, entry_id) == (1, True, ["gate.below-bar"])
    for who in (cast.public, cast.requester, cast.stranger, cast.officer):
        inside = who is cast.officer
        expected = (inside, inside, "own-tenant" if inside else "offline")
        assert rows_for(db, entry_id, who, now + 9 * DAY) == expected
    assert rows_for(db, entry_id, cast.steward, now)[1]
    with db.read() as session:
        kinds = set(session.scalars(select(Notice.kind).where(Notice.person_id == cast.requester.id)))
        assert "entry.offline" in kinds
        assert "issue.offline" in set(session.scalars(select(Notice.kind).where(Notice.person_id == cast.steward.id)))
    stage.deliver(db, cast, now + 10 * DAY, entry_id)
    assert live(db, entry_id) == (2, False, [])
    assert stage.the(db, entry_id, GATE).stage == "CLOSED"
    assert rows_for(db, entry_id, cast.public, now + 10 * DAY) == (True, True, "open")


def test_a_failing_delivery_does_not_bring_it_back(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    spoil(db, entry_id, now)
    watch(db, now)
    watch(db, now + 8 * DAY)
    stage.deliver(db, cast, now + 9 * DAY, entry_id, failing=[NULLS])
    assert live(db, entry_id)[:2] == (1, True)
    assert watch(db, now + 9 * DAY) == 1


def test_judged_good_again_within_grace_nothing_happens(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    spoil(db, entry_id, now)
    watch(db, now)
    spoil(db, entry_id, now, score=95.0)
    assert watch(db, now + 30 * DAY) == 0
    assert stage.the(db, entry_id, GATE).stage == "CLOSED"


def test_late_data_go_offline_only_long_after(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now, update_cycle=v.UpdateCycle.DAILY)
    assert watch(db, now) == 0
    assert stage.issues_of(db, entry_id) == []
    assert watch(db, now + 3 * DAY) == 0
    issue = stage.the(db, entry_id, GATE)
    terms = rulebook.in_force().quality.terms("T0", "SHARE_UNCOND")
    assert terms.late_days is not None
    calendar = rulebook.in_force().calendar
    assert issue.grace_until == calendar.add_workdays((now + 3 * DAY).date(), terms.late_days)
    assert watch(db, datetime.combine(issue.grace_until, now.timetz()) + DAY) == 1
    assert live(db, entry_id) == (1, True, ["gate.late"])


def test_drafts_pass_the_strictest_gate_and_others_their_own(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    with db.read() as session:
        entry = session.get_one(Entry, entry_id)
        rules = rulebook.in_force().quality
        assert gates.terms_of(entry) == rules.terms("T0", entry.share_type.value)
        entry.open_tier, entry.share_type = v.OpenTier.TX, v.ShareType.SHARE_NONE
        assert gates.terms_of(entry).bar == Decimal(70)
        entry.state = v.EntryState.DRAFT
        assert gates.terms_of(entry).bar == max(one.bar for one in rules.gates.values())


def test_only_the_platform_takes_data_offline(db: Database, cast: Any, now: datetime) -> None:
    stage.published(db, cast, now)
    for who in (cast.steward, cast.officer, cast.public):
        with db.read() as session:
            version = session.scalars(select(Version)).one()
            with pytest.raises(Forbidden):
                gates.follow(work.Work(session, who, now), version)


def test_what_the_public_reads_names_no_item(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    strict = GateTerms(Decimal(99), frozenset({"accuracy", "completeness", "info"}))
    with work.begin(db, SYSTEM, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        version = deed.session.get_one(Version, entry.live_version_id)
        version.verdict, entry.update_cycle = v.Verdict.FAIL, v.UpdateCycle.DAILY
        quality = replace(rulebook.in_force().quality, gates={"T0": strict})
        before = rulebook.in_force()
        rulebook.put_in_force(replace(before, quality=quality))
        try:
            poor, old = gates.faults(deed.session, entry, version, now + 30 * DAY)
        finally:
            rulebook.put_in_force(before)
    assert [one.code for one in [*poor, *old]] == ["gate.failing", "gate.below-bar", "gate.late"]
    assert not [one for one in [*poor, *old] for name in ("站点", "客流") if name in str(one)]
