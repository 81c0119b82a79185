"""Waivers in the judgement: a waived rule stops no data, counts in the score, and is over on its day."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from catalog import datasets
from policies import grading, rulebook
from policies import vocabulary as v
from policies.refusals import Forbidden, Invalid, Refused, Stale
from quality.rules.rules import Rule
from quality.suites import suite_changes, suites, waivers
from quality.suites.suite_models import Waiver
from tenancy import work
from tenancy.actors import SYSTEM
from tenancy.models import Tenant

RULES = (Rule("nn", "not_null", ("a",), severity="critical"), Rule("u", "unique", ("a",)))


@pytest.fixture
def entry_id(db: Any, cast: Any, now: Any) -> str:
    with work.begin(db, cast.steward, now) as unit:
        tenant = unit.session.get_one(Tenant, cast.department.id)
        entry = datasets.register(unit, tenant, datasets.Description(title="桥梁台账"))
        suites.set_rules(unit, entry, RULES)
        return entry.id


def entry_in(unit: Any, entry_id: str) -> Any:
    return unit.session.get_one(datasets.Entry, entry_id)


def asked(db: Any, cast: Any, now: Any, entry_id: str, days: int = 30) -> str:
    with work.begin(db, cast.steward, now) as unit:
        until = now.date() + timedelta(days=days)
        return waivers.ask(unit, entry_in(unit, entry_id), "nn", reason="待整改", until=until).id


def test_the_gate_lets_a_waived_rule_pass_and_the_score_counts_it() -> None:
    rules = rulebook.load().quality
    bad = grading.RuleResult("nn", v.Dimension.COMPLETENESS, 1, v.Severity.CRITICAL, 100, 10, success=False)  # type: ignore[arg-type]
    good = grading.RuleResult("u", v.Dimension.ACCURACY, 1, v.Severity.WARNING, 100, 0, success=True)  # type: ignore[arg-type]
    total = grading.score([bad, good], rules, rows=100).total
    assert grading.gate([bad, good], total, 100, rules).verdict is v.Verdict.FAIL
    assert grading.gate([bad, good], total, 100, rules, None, {"nn"}).verdict is v.Verdict.PASS
    assert grading.scored([bad, good], rules, {"nn"}) == [bad, good]
    assert grading.scored([bad, good], replace(rules, waived_count=False), {"nn"}) == [good]


def test_asking_needs_a_rule_a_reason_and_a_day_and_happens_once(db: Any, cast: Any, now: Any, entry_id: str) -> None:
    today = now.date()
    with work.begin(db, cast.steward, now) as unit:
        entry = entry_in(unit, entry_id)
        with pytest.raises(Refused):
            waivers.ask(unit, entry, "moon", reason="x", until=today + timedelta(days=3))
        for reason, until in (("", today + timedelta(days=3)), ("x", today), ("x", today + timedelta(days=181))):
            with pytest.raises(Invalid):
                waivers.ask(unit, entry, "nn", reason=reason, until=until)
    for who in (cast.stranger, cast.reviewer, cast.officer, cast.public):
        with pytest.raises(Forbidden), work.begin(db, who, now) as unit:
            waivers.ask(unit, entry_in(unit, entry_id), "nn", reason="x", until=today + timedelta(days=3))
    asked(db, cast, now, entry_id)
    with pytest.raises(Refused):
        asked(db, cast, now, entry_id)


def test_nobody_approves_his_own_and_only_who_may(db: Any, cast: Any, now: Any, entry_id: str) -> None:
    waiver_id = asked(db, cast, now, entry_id)
    for who in (cast.steward, cast.colleague, cast.stranger_reviewer, cast.leader):
        with pytest.raises((Forbidden, Refused)), work.begin(db, who, now) as unit:
            waivers.decide(unit, unit.session.get_one(Waiver, waiver_id), "approve")
    with db.read() as session:
        assert waivers.in_force(session, session.get_one(datasets.Entry, entry_id), now.date()) == {}
    with work.begin(db, cast.reviewer, now) as unit:
        waivers.decide(unit, unit.session.get_one(Waiver, waiver_id), "approve")
    with pytest.raises(Refused), work.begin(db, cast.officer, now) as unit:
        waivers.decide(unit, unit.session.get_one(Waiver, waiver_id), "approve")
    with db.read() as session:
        entry = session.get_one(datasets.Entry, entry_id)
        assert list(waivers.in_force(session, entry, now.date() + timedelta(days=30))) == ["nn"]
        assert waivers.in_force(session, entry, now.date() + timedelta(days=31)) == {}


def test_what_is_asked_too_late_lapses_and_a_successor_may_be_asked_in_time(
    db: Any, cast: Any, now: Any, entry_id: str
) -> None:
    waiver_id = asked(db, cast, now, entry_id)
    with pytest.raises(Refused), work.begin(db, cast.officer, now + timedelta(days=31)) as unit:
        waivers.decide(unit, unit.session.get_one(Waiver, waiver_id), "approve")
    with work.begin(db, cast.steward, now) as unit:
        waivers.decide(unit, unit.session.get_one(Waiver, waiver_id), "recall")
    second = asked(db, cast, now, entry_id)
    with work.begin(db, cast.officer, now) as unit:
        waivers.decide(unit, unit.session.get_one(Waiver, second), "approve")
    with pytest.raises(Refused):
        asked(db, cast, now + timedelta(days=1), entry_id)
    asked(db, cast, now + timedelta(days=20), entry_id)
    with work.begin(db, SYSTEM, now + timedelta(days=31)) as unit:
        assert waivers.follow(unit) == 1
        assert waivers.follow(unit) == 0
        assert unit.session.get_one(Waiver, second).state is v.WaiverState.ENDED


def test_a_suite_changes_from_the_version_one_has_seen(db: Any, cast: Any, now: Any, entry_id: str) -> None:
    with work.begin(db, cast.steward, now) as unit:
        suite_changes.set_rules(unit, entry_in(unit, entry_id), RULES[:1], base=1)
    with pytest.raises(Stale), work.begin(db, cast.colleague, now) as unit:
        suite_changes.set_rules(unit, entry_in(unit, entry_id), RULES, base=1)
    with pytest.raises(Forbidden), work.begin(db, cast.reviewer, now) as unit:
        suite_changes.restore(unit, entry_in(unit, entry_id), 1)
    with work.begin(db, cast.steward, now) as unit:
        again = suite_changes.restore(unit, entry_in(unit, entry_id), 1, base=2)
        assert (again.number, again.origin, again.note) == (3, "restored", "1")
        with pytest.raises(Refused):
            suite_changes.restore(unit, entry_in(unit, entry_id), 1)
        broken = [Rule("r", "lacks_pattern", ("a",), {"regex": "(?=a)"})]
        with pytest.raises(Invalid):
            suite_changes.set_rules(unit, entry_in(unit, entry_id), broken)
