"""Issues: opened by rules, mended by the unit, proved by the same rule on newer data, closed by whoever asked."""

from datetime import date, datetime, timedelta
from typing import Any

import issue_stage as stage
import pytest
from issue_stage import DOUBLES, NULLS, RANGE
from sqlalchemy import select

from catalog.models import Entry
from catalog.standard_models import SourceClaim
from policies import vocabulary as v
from policies.refusals import Forbidden, Refused, Stale
from quality.issues import issue_runs, issues
from quality.issues.issue_models import GATE, Issue
from tenancy import cases, work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.models import Tenant
from tenancy.records import Notice
from tenancy.types import new_id

DAY = timedelta(days=1)


def act(db: Database, who: Actor, number: str, move: str, now: datetime, comment: str = "", **more: Any) -> None:
    """Make a move on an issue, found without asking who may see it."""
    with work.begin(db, who, now) as deed:
        issue = deed.session.scalars(select(Issue).where(Issue.number == number)).one()
        to = more.pop("to", None)
        receiver = deed.session.get_one(Tenant, to.id) if to else None
        issues.act(deed, issue, move, comment=comment, to=receiver, **more)


def told(db: Database, kind: str) -> set[str]:
    """Who was told something of this kind."""
    with db.read() as session:
        return set(session.scalars(select(Notice.person_id).where(Notice.kind == kind)))


def test_from_a_failed_rule_to_the_proof(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    assert stage.issues_of(db, entry_id) == []
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES, RANGE])
    issue = stage.the(db, entry_id)
    assert (issue.rule_id, issue.source, issue.severity) == (DOUBLES, v.IssueSource.RULE, v.Severity.WARNING)
    assert (issue.number, issue.stage, issue.item, issue.tenant_id) == (
        "WT-2026-000001",
        "DISPATCHED",
        "站点",
        cast.department.id,
    )
    assert told(db, "issue.found") == {cast.steward.id, cast.colleague.id, cast.reviewer.id}
    act(db, cast.steward, issue.number, "confirm", now)
    issue = stage.the(db, entry_id)
    # Ten working days for a warning, counted from Monday 23 November.
    assert issue.case is not None
    assert (issue.stage, issue.case.due_on) == ("RECTIFYING", date(2026, 12, 7))
    with pytest.raises(Refused) as early:
        act(db, cast.steward, issue.number, "rectify", now, "已改")
    assert early.value.code == "issue.no-new-data"
    stage.deliver(db, cast, now + DAY, entry_id)
    issue = stage.the(db, entry_id)
    assert issue.case is not None
    assert (issue.stage, issue.closed_at, issue.proved_number) == ("CLOSED", now + DAY, 3)
    assert [one.move for one in issue.case.decisions] == ["confirm", "rectify", "reverify", "accept_fix"]
    assert [(one.number, one.held) for one in issue.occurred] == [(2, False), (3, True)]


def test_severity_decides_the_term(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    stage.deliver(db, cast, now, entry_id, failing=[NULLS])
    issue = stage.the(db, entry_id, NULLS)
    act(db, cast.reviewer, issue.number, "confirm", now)
    case = stage.the(db, entry_id, NULLS).case
    assert case is not None
    assert (case.due_on, case.urgency) == (date(2026, 11, 30), "critical")


def test_one_open_issue_for_each_rule_and_a_new_one_after_it(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    for _ in range(3):
        stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    first = stage.the(db, entry_id)
    assert (first.occurrences, first.seen_number, len(first.occurred)) == (3, 4, 3)
    stage.deliver(db, cast, now, entry_id)
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    closed, again = stage.issues_of(db, entry_id)
    assert (closed.stage, again.stage) == ("CLOSED", "DISPATCHED")
    assert (again.previous_id, again.reopened) == (closed.id, 1)


def test_the_table_itself_refuses_a_second_open_one(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    fault = issues.Fault(v.IssueSource.RULE, v.Severity.WARNING, rule_id=DOUBLES)
    with pytest.raises(Stale) as clash, work.begin(db, SYSTEM, now) as deed:
        issues.begin(deed, deed.session.get_one(Entry, entry_id), fault)
    assert clash.value.code == "general.already-there"


def test_following_the_same_run_twice_changes_nothing(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    for failing in ([DOUBLES], []):
        with work.begin(db, SYSTEM, now) as deed:
            version = issue_runs.live_runs(deed.session)[0][1]
            assert issue_runs.follow_run(deed, version, stage.found(failing)) == []
    issue = stage.the(db, entry_id)
    assert (issue.stage, issue.occurrences, len(issue.occurred)) == ("DISPATCHED", 1, 1)
    stage.deliver(db, cast, now, entry_id)
    with work.begin(db, SYSTEM, now) as deed:
        version = issue_runs.live_runs(deed.session)[0][1]
        issue_runs.follow_run(deed, version, stage.found([DOUBLES]))
    assert stage.the(db, entry_id).stage == "CLOSED"


def test_a_rule_is_judged_by_its_own_outcome_on_a_refused_version(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    stage.deliver(db, cast, now, entry_id, failing=[NULLS])
    issue = stage.the(db, entry_id, DOUBLES)
    assert issue.case is not None
    assert issue.stage == "CLOSED"
    proof = next(one for one in issue.case.decisions if one.move == "reverify")
    assert (proof.details["version"], proof.details["verdict"]) == (3, "FAIL")
    with db.read() as session:
        entry = session.get_one(Entry, entry_id)
        assert entry.live_version_id is not None
        assert stage.the(db, entry_id, GATE).stage == "DISPATCHED"


def test_mended_in_words_but_not_in_the_data_is_reopened(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    number = stage.the(db, entry_id).number
    act(db, cast.steward, number, "confirm", now)
    with work.begin(db, cast.steward, now) as deed:
        issue = deed.session.scalars(select(Issue)).one()
        issue.seen_number = 1  # as if a file had come that is not checked yet
    act(db, cast.steward, number, "rectify", now, "已去重")
    assert stage.the(db, entry_id).stage == "RECTIFIED"
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    issue = stage.the(db, entry_id)
    assert (issue.stage, issue.reopened, issue.rectified_at, issue.answer) == ("REOPENED", 1, None, "已去重")


@pytest.mark.parametrize("how", ["dropped", "broken"])
def test_a_rule_that_is_gone_closes_nothing(db: Database, cast: Any, now: datetime, how: str) -> None:
    entry_id = stage.published(db, cast, now)
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    number = stage.the(db, entry_id).number
    act(db, cast.steward, number, "confirm", now)
    stage.deliver(db, cast, now, entry_id, **{how: [DOUBLES]})
    issue = stage.the(db, entry_id)
    assert issue.case is not None
    assert (issue.stage, issue.unproven, issue.case.decisions[-1].move) == ("RECTIFYING", True, "unproven")
    with pytest.raises(Refused):
        act(db, cast.steward, number, "rectify", now, "已改")
    with pytest.raises(Refused):
        act(db, cast.steward, number, "answer", now, "已改")
    act(db, cast.steward, number, "explain", now, "该列已停用")
    for who in (cast.steward, cast.reviewer, cast.stranger, cast.leader):
        with pytest.raises((Forbidden, Refused)):
            act(db, who, number, "settle", now, "同意")
    act(db, cast.officer, number, "send_back", now, "请补充说明")
    act(db, cast.steward, number, "explain", now, "该列已停用，见目录变更")
    act(db, cast.officer, number, "settle", now, "情况属实")
    assert stage.the(db, entry_id).stage == "CLOSED"


def test_who_finds_nothing_wrong_needs_the_authority(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    number = stage.the(db, entry_id).number
    with pytest.raises(Refused) as wrong:
        act(db, cast.steward, number, "find_nothing", now, "无误")
    assert wrong.value.code == "issue.wrong-way"
    with pytest.raises(Refused):
        act(db, cast.steward, number, "deny", now)
    act(db, cast.steward, number, "deny", now, "同一站点两条线路，并非重复")
    assert stage.the(db, entry_id).answer == "同一站点两条线路，并非重复"
    act(db, cast.officer, number, "overrule", now, "请补充方向字段")
    assert stage.the(db, entry_id).stage == "RECTIFYING"


def test_strangers_learn_nothing_and_do_nothing(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    issue = stage.the(db, entry_id)
    outsiders = (cast.stranger, cast.stranger_reviewer, cast.requester, cast.system_admin, cast.auditor, cast.public)
    for who in outsiders:
        with db.read() as session:
            assert issues.all_of(session, who) == []
            assert not work.may(who, "issue.read", issue)
            assert issues.moves(who, issue) == ()
        for move in issues.ACTIONS:
            with pytest.raises((Forbidden, Refused)):
                act(db, who, issue.number, move, now, "说明")
    for who in (cast.steward, cast.reviewer, cast.officer, cast.leader):
        with db.read() as session:
            assert [one.number for one in issues.all_of(session, who)] == [issue.number]
    with db.read() as session:
        version = issue_runs.live_runs(session)[0][1]
        with pytest.raises(Forbidden):
            issue_runs.follow_run(work.Work(session, cast.steward, now), version, [])


def test_buttons_and_deeds_agree(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    issue = stage.the(db, entry_id)
    offered = {who.id: {move.code for move in issues.moves(who, issue)} for who in (cast.steward, cast.officer)}
    assert offered[cast.steward.id] == {"confirm", "deny", "rectify", "pass_on"}
    assert offered[cast.officer.id] == {"pass_on"}


def test_passed_on_with_a_reason_and_never_back(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    number = stage.the(db, entry_id).number
    due = stage.the(db, entry_id).case
    with pytest.raises(Refused):
        act(db, cast.steward, number, "pass_on", now, to=cast.other)
    act(db, cast.steward, number, "pass_on", now + DAY, "数据由教育局产生", to=cast.other)
    issue = stage.the(db, entry_id)
    assert issue.case is not None
    assert due is not None
    assert (issue.tenant_id, issue.case.tenant_id, issue.case.due_on) == (cast.other.id, cast.other.id, due.due_on)
    assert cast.stranger.id in told(db, "case.moved")
    with pytest.raises(Forbidden):
        act(db, cast.steward, number, "confirm", now)
    with db.read() as session:
        assert [one.number for one in issues.all_of(session, cast.steward)] == [number]
    with pytest.raises(Refused) as back:
        act(db, cast.stranger, number, "pass_on", now, "不是我们的", to=cast.department)
    assert back.value.code == "issue.passed-before"
    act(db, cast.officer, number, "pass_on", now, "职责在交通局", to=cast.department)
    act(db, cast.steward, number, "confirm", now)


def test_the_unit_where_data_arise_mends_and_the_one_that_mounted_them_hears(
    db: Database, cast: Any, now: datetime
) -> None:
    entry_id = stage.published(db, cast, now, source=cast.other)
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    issue = stage.the(db, entry_id)
    assert issue.tenant_id == cast.other.id
    assert told(db, "issue.found") == {cast.stranger.id, cast.stranger_reviewer.id}
    assert told(db, "issue.mounted") == {cast.steward.id, cast.colleague.id, cast.reviewer.id}
    with db.read() as session:
        assert [one.number for one in issues.all_of(session, cast.steward)] == [issue.number]
    nobody = stage.published(db, cast, now, source=cast.county, title="县区客流")
    stage.deliver(db, cast, now, nobody, failing=[DOUBLES])
    assert stage.the(db, nobody).tenant_id == cast.department.id


def test_overdue_goes_up_to_the_authority_once(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    for days, expected in ((3, 0), (4, 1), (5, 0)):
        with work.begin(db, SYSTEM, now + days * DAY) as deed:
            assert issue_runs.escalate(deed) == expected
    assert told(db, "issue.overdue") == {cast.officer.id, cast.second_officer.id}
    with work.begin(db, SYSTEM, now + 2 * DAY) as deed:
        cases.remind(deed)
    assert {cast.steward.id, cast.reviewer.id} <= told(db, "case.reminder")


def test_drafts_and_waived_rules_open_nothing(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    stage.deliver(db, cast, now, entry_id)
    with work.begin(db, SYSTEM, now) as deed:
        version = issue_runs.live_runs(deed.session)[0][1]
        assert issue_runs.follow_run(deed, version, stage.found([DOUBLES]), waived=[DOUBLES]) == []
        version.entry.state = v.EntryState.DRAFT
        assert issue_runs.follow_run(deed, version, stage.found([DOUBLES])) == []
    assert stage.issues_of(db, entry_id) == []


def test_what_was_found_before_publication_is_caught_up_with(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    with work.begin(db, SYSTEM, now) as deed:
        run = issue_runs.live_runs(deed.session)[0][0]
        run.results = [{**row, "success": row["rule_id"] != DOUBLES} for row in run.results]
    for expected in (1, 0):
        with work.begin(db, SYSTEM, now) as deed:
            assert issue_runs.catch_up(deed) == expected
    assert stage.the(db, entry_id).rule_id == DOUBLES


def test_a_fault_in_an_item_goes_to_the_ruled_source_of_its_element(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    claimed = {"scope_id": cast.city.id, "tenant_id": cast.other.id, "author_id": cast.stranger.id, "basis": "法定职责"}
    with work.begin(db, SYSTEM, now) as deed:
        item = next(one for one in deed.session.get_one(Entry, entry_id).items if one.name == "站点")
        item.element = "stop-name"
        claim = SourceClaim(id=new_id(), element="stop-name", state=v.ClaimState.OPEN, created_at=now, **claimed)
        deed.session.add(claim)
    with work.begin(db, SYSTEM, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        assert issues.owner_of(deed.session, entry, "站点").id == cast.department.id, "a claim is no ruling"
        deed.session.scalars(select(SourceClaim)).one().state = v.ClaimState.ACCEPTED
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    issue = stage.the(db, entry_id)
    assert (issue.item, issue.tenant_id) == ("站点", cast.other.id)
    assert cast.stranger.id in told(db, "issue.found")
    assert cast.steward.id in told(db, "issue.mounted")
