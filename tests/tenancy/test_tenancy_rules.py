"""Changes of the rules: one proposes, another puts in force, every process follows, nothing broken gets through."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from policies import rulebook
from policies.refusals import Forbidden, Invalid, Refused
from policies.rulebook import RulebookError
from tenancy import rules, work
from tenancy.database import Database
from tenancy.records import AuditLine

LIMIT = """[limits.SHARE_CONFORMITY]
days = 1
unit = "workday"
zh = "共享申请形式审查"
en = "Formal check of a sharing request"
basis = "市数据局 2026 年第 1 号通知"
basis_en = "Notice 1 of 2026"
confidence = "H"
"""


@pytest.fixture(autouse=True)
def packaged() -> Iterator[None]:
    """Each test begins and ends with the rules that came with the platform."""
    before = rulebook.in_force()
    yield
    rulebook.put_in_force(before)


def propose(db: Database, cast: Any, now: datetime, text: str = LIMIT, file: str = "limits.toml") -> str:
    with work.begin(db, cast.system_admin, now) as unit:
        return rules.propose(unit, file=file, text=text, reason="notice").id


def follow(db: Database) -> None:
    with db.read() as session:
        rules.follow(session)


def test_a_change_is_in_force_only_once_another_has_enacted_it(db: Database, cast: Any, now: datetime) -> None:
    before = rulebook.in_force()
    change = propose(db, cast, now)
    follow(db)
    assert rulebook.in_force().hash == before.hash
    with work.begin(db, cast.security_admin, now) as unit:
        after = rules.enact(unit, change)
    follow(db)
    assert rulebook.in_force().hash == after.hash != before.hash
    assert rulebook.in_force().limits["SHARE_CONFORMITY"].days == 1
    assert rulebook.in_force().limits["SHARE_UNCOND_GRANT"] == before.limits["SHARE_UNCOND_GRANT"]
    changed = {one.key for one in rulebook.differences(before, after)}
    assert "limits.SHARE_CONFORMITY.days" in changed
    assert all(key.startswith("limits.SHARE_CONFORMITY.") for key in changed)


def test_the_audit_log_keeps_both_hashes(db: Database, cast: Any, now: datetime) -> None:
    before = rulebook.in_force().hash
    change = propose(db, cast, now)
    with work.begin(db, cast.security_admin, now) as unit:
        after = rules.enact(unit, change).hash
    with db.read() as session:
        line = session.scalars(select(AuditLine).where(AuditLine.what == "rules.enacted")).one()
        assert (line.details["before"], line.details["after"]) == (before, after)
        assert rules.find(session, change).enacted_hash == after


def test_who_may_not_enact_or_propose(db: Database, cast: Any, now: datetime) -> None:
    change = propose(db, cast, now)
    for actor in (cast.system_admin, cast.officer, cast.steward, cast.public):
        with pytest.raises(Forbidden), work.begin(db, actor, now) as unit:
            rules.enact(unit, change)
    for actor in (cast.security_admin, cast.officer, cast.steward, cast.public):
        with pytest.raises(Forbidden), work.begin(db, actor, now) as unit:
            rules.propose(unit, file="limits.toml", text=LIMIT, reason="mine")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("limits.toml", "warn = [50"),
        ("limits.toml", "unknown = 1"),
        ("limits.toml", "[limits.SHARE_CONFORMITY]\ndays = 1"),
        ("../limits.toml", LIMIT),
        ("procedures/../../x.toml", LIMIT),
        ("secrets.toml", LIMIT),
        ("quality.toml", 'bar = "-1"'),
    ],
)
def test_what_makes_no_rulebook_is_refused(db: Database, cast: Any, now: datetime, file: str, text: str) -> None:
    with pytest.raises(RulebookError):
        propose(db, cast, now, text, file)


def test_a_change_without_effect_is_refused(db: Database, cast: Any, now: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        propose(db, cast, now, "warn = [50, 80, 100]")
    assert refused.value.code == "rules.no-difference"


def test_a_decided_change_is_decided(db: Database, cast: Any, now: datetime) -> None:
    change = propose(db, cast, now)
    with work.begin(db, cast.security_admin, now) as unit:
        rules.decline(unit, change, "not this year")
    for deed in (rules.enact, lambda unit, one: rules.decline(unit, one, "again")):
        with pytest.raises(Refused), work.begin(db, cast.security_admin, now) as unit:
            deed(unit, change)


def test_later_changes_lie_over_earlier_ones(db: Database, cast: Any, now: datetime) -> None:
    first, second = propose(db, cast, now), propose(db, cast, now, LIMIT.replace("days = 1", "days = 3"))
    for number, change in enumerate((first, second)):
        with work.begin(db, cast.security_admin, now + timedelta(minutes=number)) as unit:
            rules.enact(unit, change)
        follow(db)
    assert rulebook.in_force().limits["SHARE_CONFORMITY"].days == 3
