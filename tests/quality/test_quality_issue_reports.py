"""Reports of people: examined before anybody sees them, followed with a code, masked, and never a flood."""

from datetime import datetime, timedelta
from typing import Any

import issue_stage as stage
import pytest
from issue_stage import DOUBLES
from sqlalchemy import select, text

from catalog import reading
from policies import masks
from policies import vocabulary as v
from policies.refusals import Forbidden, Invalid, NotFound, Refused
from quality.issues import issue_figures, issue_reports, issue_runs, issues
from quality.issues.issue_models import Issue
from quality.issues.issue_reports import Typed
from tenancy import work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.models import Tenant

DAY = timedelta(days=1)
SECRET = "ABCD2345EFGH6789"
PHONE, IDENTITY = "13812345678", "330501199001011234"


def report(db: Database, who: Actor, now: datetime, entry_id: str, words: str = "客流为负数", **more: Any) -> str:
    """Hand in a report; gives its number."""
    secret = "" if who.is_person else more.pop("secret", SECRET)
    with work.begin(db, who, now) as deed:
        entry = reading.find(deed.session, entry_id, who, now)
        return issue_reports.report(deed, entry, Typed(words, **{"item": "客流", **more}), secret=secret).number


def act(db: Database, who: Actor, number: str, move: str, now: datetime, comment: str = "", **more: Any) -> None:
    """Make a move on an issue, found without asking who may see it."""
    with work.begin(db, who, now) as deed:
        issues.act(deed, of(deed, number), move, comment=comment, **more)


def of(deed: work.Work, number: str) -> Issue:
    """An issue in a transaction, whoever may see it."""
    return deed.session.scalars(select(Issue).where(Issue.number == number)).one()


def reporter(db: Database, number: str, secret: str = SECRET) -> Actor:
    """The reporter who shows his code."""
    with db.read() as session:
        return issue_reports.reporter(session, number, secret)


def test_the_public_way_with_a_code_from_report_to_confirmation(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    number = report(db, cast.public, now, entry_id, contact=PHONE)
    issue = stage.the(db, entry_id)
    assert (issue.source, issue.stage, issue.closed_at) == (v.IssueSource.PUBLIC, "REVIEW", None)
    with db.read() as session:
        assert issues.shown_publicly(session, issue.entry) == []
        for who in (cast.steward, cast.reviewer, cast.leader, cast.stranger, cast.requester):
            assert issues.all_of(session, who) == []
        assert [one.number for one in issues.all_of(session, cast.officer)] == [number]
    act(db, cast.officer, number, "accept", now)
    with db.read() as session:
        assert [one.number for one in issues.shown_publicly(session, issue.entry)] == [number]
    act(db, cast.steward, number, "confirm", now)
    act(db, cast.steward, number, "answer", now + DAY, "已更正，原因是设备故障")
    me = reporter(db, number)
    with db.read() as session:
        assert {one.code for one in issues.moves(me, issues.find(session, number, me))} == {"accept_fix", "dispute"}
    act(db, me, number, "dispute", now + DAY, "仍有负数")
    assert stage.the(db, entry_id).stage == "REOPENED"
    act(db, cast.steward, number, "answer", now + 2 * DAY, "已重新核对")
    act(db, me, number, "accept_fix", now + 2 * DAY)
    assert (stage.the(db, entry_id).stage, stage.the(db, entry_id).reopened) == ("CLOSED", 1)


def test_the_code_is_hashed_and_a_wrong_one_opens_nothing(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    number = report(db, cast.public, now, entry_id, contact=PHONE, words=f"联系 {PHONE}")
    other = report(db, cast.public, now, entry_id, secret="ZZZZ2345EFGH6789")
    for wrong in ("", "ABCD2345EFGH6788", "ZZZZ2345EFGH6789", "abcd"):
        with pytest.raises(NotFound):
            reporter(db, number, wrong)
    assert reporter(db, f" {number.lower()} ", "abcd-2345 efgh-6789").id != reporter(db, other, "ZZZZ2345EFGH6789").id
    with pytest.raises((Forbidden, Refused)):
        act(db, reporter(db, other, "ZZZZ2345EFGH6789"), number, "withdraw", now)
    with pytest.raises((Forbidden, Refused)):
        act(db, cast.public, number, "withdraw", now)
    with db.engine.connect() as connection:
        stored = str(connection.execute(text("SELECT * FROM issue")).all())
    assert SECRET not in stored
    assert PHONE not in stored


def test_refused_with_a_reason_and_never_shown(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    number = report(db, cast.public, now, entry_id)
    with pytest.raises(Refused):
        act(db, cast.officer, number, "refuse", now)
    for who in (cast.steward, cast.reviewer, cast.leader, cast.stranger_reviewer, cast.public):
        with pytest.raises((Forbidden, Refused)):
            act(db, who, number, "refuse", now, "不属于数据问题")
    act(db, cast.officer, number, "refuse", now, "不属于数据问题")
    with pytest.raises(Refused):
        act(db, cast.officer, number, "accept", now)
    issue = stage.the(db, entry_id)
    with db.read() as session:
        assert issues.shown_publicly(session, issue.entry) == []
        assert issues.find(session, number, reporter(db, number)).answer == "不属于数据问题"
        with pytest.raises(NotFound):
            issues.find(session, number, cast.steward)


def test_nothing_wrong_can_be_contested(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    number = report(db, cast.requester, now, entry_id)
    act(db, cast.officer, number, "accept", now)
    with pytest.raises(Refused):
        act(db, cast.steward, number, "find_nothing", now)
    act(db, cast.steward, number, "find_nothing", now, "负数表示换乘")
    with pytest.raises((Forbidden, Refused)):
        act(db, cast.stranger, number, "contest", now, "不认可")
    act(db, cast.requester, number, "contest", now, "说明中没有写")
    act(db, cast.officer, number, "overrule", now, "应补充说明")
    assert stage.the(db, entry_id).stage == "RECTIFYING"


def test_silence_is_consent_after_the_term(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    number = report(db, cast.requester, now, entry_id)
    act(db, cast.officer, number, "accept", now)
    act(db, cast.steward, number, "confirm", now)
    act(db, cast.steward, number, "answer", now, "已更正")
    for days, expected in ((7, 0), (8, 1), (9, 0)):
        with work.begin(db, SYSTEM, now + days * DAY) as deed:
            assert issue_runs.lapse(deed) == expected
    issue = stage.the(db, entry_id)
    assert issue.case is not None
    assert (issue.stage, issue.case.decisions[-1].move) == ("CLOSED", "lapse")


def test_a_using_department_goes_straight_to_the_unit(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    number = report(db, cast.stranger, now, entry_id)
    issue = stage.the(db, entry_id)
    assert (issue.source, issue.stage, issue.reporter_tenant_id) == (
        v.IssueSource.DEPARTMENT,
        "DISPATCHED",
        cast.other.id,
    )
    with db.read() as session:
        assert issues.shown_publicly(session, issue.entry) == []
        assert [one.number for one in issues.all_of(session, cast.stranger_reviewer)] == [number]
    act(db, cast.reviewer, number, "confirm", now)
    with work.begin(db, cast.steward, now) as deed:
        issues.attach_rule(deed, of(deed, number), DOUBLES)
    with pytest.raises(Refused):
        act(db, cast.steward, number, "answer", now, "已去重")
    stage.deliver(db, cast, now + DAY, entry_id)
    assert stage.the(db, entry_id).stage == "REVERIFIED"
    act(db, cast.stranger_reviewer, number, "accept_fix", now + DAY)
    assert stage.the(db, entry_id).stage == "CLOSED"


def test_who_mends_the_data_has_nothing_to_report(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    with pytest.raises(Refused) as own:
        report(db, cast.steward, now, entry_id)
    assert own.value.code == "issue.own-data"
    report(db, cast.officer, now, entry_id)
    assert stage.the(db, entry_id).stage == "DISPATCHED"


def test_an_attached_rule_is_free_and_known(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    number = report(db, cast.stranger, now, entry_id)
    with pytest.raises(Refused), work.begin(db, cast.steward, now) as deed:
        issues.attach_rule(deed, of(deed, number), DOUBLES)
    act(db, cast.steward, number, "confirm", now)
    for rule, code in ((DOUBLES, "issue.rule-taken"), ("nothing", "general.choice")):
        with pytest.raises((Refused, Invalid)) as refusal, work.begin(db, cast.steward, now) as deed:
            issues.attach_rule(deed, of(deed, number), rule)
        assert refusal.value.code == code
    with pytest.raises(Forbidden), work.begin(db, cast.stranger, now) as deed:
        issues.attach_rule(deed, of(deed, number), DOUBLES)


def test_the_form_says_what_is_wrong_and_sent_twice_makes_one(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    with pytest.raises(Invalid) as empty:
        report(db, cast.public, now, entry_id, words=" ", item="没有的列", contact="x" * 201)
    assert set(empty.value.fields) == {"description", "item", "contact"}
    first = report(db, cast.public, now, entry_id, form_token="t" * 32)
    assert report(db, cast.public, now, entry_id, form_token="t" * 32) == first
    assert issue_reports.secret_of("key", "t" * 32) == issue_reports.secret_of("key", "t" * 32)
    assert issue_reports.secret_of("key", "t" * 32) != issue_reports.secret_of("key", "u" * 32)


def test_a_network_sends_no_flood(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    for _ in range(issue_reports.PER_NETWORK):
        report(db, cast.public, now, entry_id, network="192.0.2.1")
    with pytest.raises(Refused) as flood:
        report(db, cast.public, now, entry_id, network="192.0.2.1")
    assert flood.value.code == "issue.too-many"
    report(db, cast.public, now, entry_id, network="192.0.2.2")
    report(db, cast.public, now + 2 * issue_reports.WINDOW, entry_id, network="192.0.2.1")


def test_numbers_of_persons_are_read_in_the_handling_unit_alone(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    words = f"机主{PHONE}，身份证{IDENTITY}"
    number = report(db, cast.public, now, entry_id, words=words)
    act(db, cast.officer, number, "accept", now)
    issue = stage.the(db, entry_id)
    assert issue_reports.seen_by(cast.steward, issue, issue.description) == words
    for who in (cast.public, reporter(db, number), cast.officer, cast.leader, cast.stranger):
        shown = issue_reports.seen_by(who, issue, issue.description)
        assert PHONE not in shown
        assert IDENTITY not in shown


@pytest.mark.parametrize(
    ("written", "gone"),
    [
        ("电话 138 1234 5678 打不通", "5678"),
        ("电话１３８１２３４５６７８打不通", "２３４５"),
        ("+86-13812345678", "12345678"),
        ("座机0572-2398765。", "2398765"),
        (f"身份证{IDENTITY}错", "1990"),
        ("身份证33050119900101123x错", "1990"),
        ("身份证 330501 19900101 1234", "19900101"),
        ("卡号6222 0212 3456 7890 123", "0212"),
        ("卡号6222021234567890123", "622202"),
        ("邮箱 li.ming@example.org", "li.ming"),
        ("护照E12345678", "E12345678"),
    ],
)
def test_what_is_masked_in_a_text(written: str, gone: str) -> None:
    assert gone not in masks.mask_text(written)


@pytest.mark.parametrize("plain", ["目录编码 330500/000123", "2026-11-23 第 12 版", "共 1234567 行", "经度 120.123456"])
def test_what_is_not_masked(plain: str) -> None:
    assert masks.mask_text(plain) == plain


def test_figures_by_unit(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now)
    stage.deliver(db, cast, now, entry_id, failing=[DOUBLES])
    first = stage.the(db, entry_id).number
    act(db, cast.steward, first, "confirm", now)
    stage.deliver(db, cast, now + 2 * DAY, entry_id)
    second = report(db, cast.stranger, now, entry_id)
    waiting = report(db, cast.public, now, entry_id)
    third = report(db, cast.stranger, now, entry_id)
    act(db, cast.steward, second, "confirm", now)
    act(db, cast.steward, third, "find_nothing", now, "无误")
    act(db, cast.stranger, third, "agree", now)
    assert waiting
    with db.read() as session:
        found = issue_figures.figures(session, [cast.department.id, cast.other.id], now + 30 * DAY)
        ours = found[cast.department.id]
        assert (ours.open, ours.overdue, ours.dismissed) == (1, 1, 1)
        assert (ours.closure.numerator, ours.closure.denominator, ours.closure.value) == (1, 2, 0.5)
        assert (ours.days_to_mend.numerator, ours.days_to_mend.denominator) == (2, 1)
        assert found[cast.other.id].closure.value is None
        assert session.get(Tenant, cast.other.id)
