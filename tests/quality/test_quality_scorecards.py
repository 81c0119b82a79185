"""Months frozen, appealed against, ruled upon and closed; what was frozen is never changed."""

from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from catalog import datasets, versions
from catalog.blobs import Blob
from catalog.models import Entry, Version
from policies import vocabulary as v
from policies.refusals import Forbidden, Invalid, Refused
from policies.scorecard_figures import Updates
from quality.scoring import department_figures, scorecards
from quality.scoring.scorecard_models import Appeal, FrozenScorecard, ScorecardLine
from tenancy import cases, work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.work import Work

OCTOBER = date(2026, 10, 1)
START = datetime(2026, 10, 5, 2, 0, tzinfo=UTC)
FIRST_WORKDAY = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)


class World:
    """The cast with two published datasets of the department, delivered in October."""

    def __init__(self, db: Database, cast: Any) -> None:
        self.db, self.cast = db, cast
        self.good = self.publish("公交线路", 90.0, v.Grade.B)
        self.bad = self.publish("桥梁台账", 50.0, v.Grade.E)

    def deed(self, who: Actor, at: datetime) -> AbstractContextManager[Work]:
        """A unit of work at an instant."""
        return work.begin(self.db, who, at)

    def publish(self, title: str, score: float, grade: v.Grade) -> str:
        """A published entry with a live version; its id."""
        described = datasets.Description(
            title=title,
            abstract="一行一条",
            themes=("6",),
            object_flags=8,
            contact_office="数据科",
            contact_phone="0572-2000000",
            update_cycle=v.UpdateCycle.WEEKLY,
            open_type=v.OpenType.OPEN_FORBIDDEN,
            open_tier=v.OpenTier.TX,
            open_reason=v.ReasonKind.LAW,
            open_basis="《浙江省公共数据条例》",
        )
        with self.deed(self.cast.steward, START) as unit:
            entry = datasets.register(unit, unit.session.merge(self.cast.department), described)
            datasets.set_items(unit, entry, [datasets.ItemDescription("a", open_type=described.open_type)])
            key = entry.id
        self.deliver(key, score, grade, START)
        with self.deed(self.cast.steward, START) as unit:
            datasets.submit(unit, unit.session.get_one(Entry, key))
        with self.deed(self.cast.officer, START) as unit:
            datasets.review(unit, unit.session.get_one(Entry, key), "approve")
        return key

    def deliver(self, entry_id: str, score: float, grade: v.Grade, at: datetime) -> None:
        """A version that passed."""
        with self.deed(self.cast.steward, at) as unit:
            version = versions.receive(unit, unit.session.get_one(Entry, entry_id), Blob("0" * 64, 5), "a.csv")
            key = version.id
        with self.deed(SYSTEM, at) as unit:
            loaded = versions.Loaded(Blob("1" * 64, 9), None, 3, 3, 0, [], "utf-8", {})
            judged = versions.Judged(v.Verdict.PASS, [], score, grade, {"accuracy": score}, 1, 0)
            versions.settle(unit, unit.session.get_one(Version, key), loaded, judged)

    def freeze(self, at: datetime = FIRST_WORKDAY) -> None:
        """October, frozen."""
        with self.deed(SYSTEM, at) as unit:
            scorecards.freeze(unit, OCTOBER)

    def line(self, session: Any, tenant_id: str | None = None) -> ScorecardLine:
        """The line of the department."""
        wanted = tenant_id or self.cast.department.id
        found: ScorecardLine = session.scalars(select(ScorecardLine).where(ScorecardLine.tenant_id == wanted)).one()
        return found


@pytest.fixture
def world(db: Database, cast: Any) -> World:
    return World(db, cast)


def test_datasets_are_replayed_as_they_stood(world: World) -> None:
    world.deliver(world.good, 99.0, v.Grade.A, START + 10 * DAY)
    with world.db.read() as session:
        before = {one.title: one for one in department_figures.datasets(session, START + DAY)}
        after = {one.title: one for one in department_figures.datasets(session, START + 15 * DAY)}
        assert department_figures.datasets(session, START - DAY) == []
    assert before["公交线路"].facts.score == Decimal("90.0000")
    assert before["公交线路"].facts.updates == Updates(0, 0)
    assert after["公交线路"].facts.score == Decimal("99.0000")
    assert after["公交线路"].facts.updates == Updates(2, 1)
    assert not after["公交线路"].late
    assert after["桥梁台账"].late


def test_a_month_is_frozen_on_the_first_working_day_after_it(world: World) -> None:
    with world.db.read() as session:
        assert scorecards.due(session, datetime(2026, 11, 1, 2, 0, tzinfo=UTC)) is None
        assert scorecards.due(session, FIRST_WORKDAY) == OCTOBER
    world.freeze()
    with world.db.read() as session:
        assert scorecards.due(session, FIRST_WORKDAY) is None
        card = session.scalars(select(FrozenScorecard)).one()
        assert (card.month, card.state) == ("2026-10", v.ScorecardState.PROVISIONAL)
        assert card.appeals_until == date(2026, 11, 9)
        assert {line.tenant.key for line in card.lines} == {"hz-jtj", "huzhou"}
        line = world.line(session)
        figures = scorecards.figures_of(line)
        assert figures["quality"].value == 70
        assert figures["pass_rate"].value == 50
        # 26 days since the delivery on the 5th: three whole weeks each, nothing delivered since.
        assert (figures["punctuality"].numerator, figures["punctuality"].denominator) == (0, 6)
        assert line.card is v.Card.RED
        assert {one["entry_id"] for one in line.evidence} == {world.good, world.bad}
        assert all(scorecards.is_whole(one) for one in card.lines)


def test_a_month_is_frozen_once_and_only_when_it_is_over(world: World) -> None:
    with pytest.raises(Refused, match="尚未结束"), world.deed(SYSTEM, START + 20 * DAY) as unit:
        scorecards.freeze(unit, OCTOBER)
    world.freeze()
    with pytest.raises(Refused, match="已经定格"), world.deed(SYSTEM, FIRST_WORKDAY) as unit:
        scorecards.freeze(unit, OCTOBER)
    with pytest.raises(Forbidden), world.deed(world.cast.officer, FIRST_WORKDAY) as unit:
        scorecards.freeze(unit, OCTOBER)
    with world.deed(SYSTEM, FIRST_WORKDAY) as unit:
        assert scorecards.freeze(unit, date(2026, 9, 1)) is None


def test_what_happens_later_does_not_alter_the_frozen_month(world: World) -> None:
    world.deliver(world.bad, 100.0, v.Grade.A, FIRST_WORKDAY)
    world.freeze(FIRST_WORKDAY + DAY)
    with world.db.read() as session:
        assert scorecards.figures_of(world.line(session))["quality"].value == 70
    with world.db.write() as session:
        line = world.line(session)
        line.figures = {**line.figures, "quality": {"value": "99", "numerator": "198", "denominator": "2"}}
        session.commit()
    with world.db.read() as session:
        assert not scorecards.is_whole(world.line(session))


def appeal(world: World, at: datetime = FIRST_WORKDAY + DAY, who: Actor | None = None, reason: str = "系统停机") -> str:
    with world.deed(who or world.cast.reviewer, at) as unit:
        return scorecards.appeal(unit, world.line(unit.session), reason, [world.bad]).number


def ruled(world: World, who: Actor, move: str, comment: str = "属实", at: datetime = FIRST_WORKDAY + 2 * DAY) -> None:
    with world.deed(who, at) as unit:
        scorecards.rule(unit, unit.session.scalars(select(Appeal)).one(), move, comment=comment)


def test_an_upheld_appeal_stands_beside_the_frozen_figures(world: World) -> None:
    world.freeze()
    number = appeal(world)
    assert number.startswith("SS-2026-")
    ruled(world, world.cast.officer, "uphold")
    with pytest.raises(Refused):
        ruled(world, world.cast.officer, "confirm")
    ruled(world, world.cast.second_officer, "confirm")
    with world.db.read() as session:
        line = world.line(session)
        assert scorecards.figures_of(line, corrected=False)["quality"].value == 70
        assert scorecards.figures_of(line)["quality"].value == 90
        assert scorecards.figures_of(line)["pass_rate"].value == 100
        assert line.appeals[0].upheld
        assert line.appeals[0].corrected["left_out"] == [world.bad]
        assert scorecards.is_whole(line)
    with pytest.raises(Refused):
        ruled(world, world.cast.second_officer, "dismiss")


def test_a_dismissed_or_recalled_appeal_changes_nothing_and_another_may_follow(world: World) -> None:
    world.freeze()
    appeal(world)
    with pytest.raises(Refused, match="正在办理"):
        appeal(world)
    ruled(world, world.cast.reviewer, "recall")
    appeal(world)
    with world.deed(world.cast.officer, FIRST_WORKDAY + 2 * DAY) as unit:
        made = unit.session.scalars(select(Appeal).where(Appeal.ended_at.is_(None))).one()
        with pytest.raises(Refused):
            scorecards.rule(unit, made, "dismiss")
        scorecards.rule(unit, made, "dismiss", comment="停机未报备")
    with world.db.read() as session:
        assert scorecards.figures_of(world.line(session))["quality"].value == 70
        assert [one.upheld for one in world.line(session).appeals] == [False, False]


def test_strangers_neither_appeal_nor_rule(world: World) -> None:
    world.freeze()
    for who in (world.cast.stranger, world.cast.stranger_reviewer, world.cast.requester, world.cast.public):
        with pytest.raises(Forbidden):
            appeal(world, who=who)
    appeal(world)
    for who in (world.cast.stranger, world.cast.reviewer, world.cast.leader):
        with pytest.raises(Forbidden):
            ruled(world, who, "uphold")


def test_an_appeal_needs_a_reason_known_datasets_and_an_open_window(world: World) -> None:
    world.freeze()
    with pytest.raises(Invalid):
        appeal(world, reason="  ")
    with world.deed(world.cast.steward, FIRST_WORKDAY + DAY) as unit, pytest.raises(Invalid):
        scorecards.appeal(unit, world.line(unit.session), "系统停机", ["nowhere"])
    with pytest.raises(Refused, match="已于 2026-11-09 结束"):
        appeal(world, datetime(2026, 11, 10, 2, 0, tzinfo=UTC))


def test_a_month_is_final_once_the_window_and_the_rulings_are_over(world: World) -> None:
    world.freeze()
    appeal(world)
    late = datetime(2026, 11, 10, 2, 0, tzinfo=UTC)
    for at, closed in ((FIRST_WORKDAY + DAY, []), (late, [])):
        with world.deed(SYSTEM, at) as unit:
            assert scorecards.close(unit) == closed
    ruled(world, world.cast.officer, "dismiss", at=late)
    with world.deed(SYSTEM, late) as unit:
        assert scorecards.close(unit) == ["2026-10"]
        assert scorecards.close(unit) == []
    with pytest.raises(Refused, match="已于"):
        appeal(world)
    with world.db.read() as session:
        assert scorecards.months(session)[0].state is v.ScorecardState.FINAL
        assert cases.worklist(session, world.cast.officer) == []
