"""Readings: equal to an oracle that counts by hand, at any past instant; harvested entries never count."""

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import rates_oracle as oracle
import rates_world
import sharing_stage as stage
from rates_world import DAY, World
from sqlalchemy import select

from catalog import datasets
from catalog.models import CatalogChange, Entry
from policies import rulebook
from policies import vocabulary as v
from policies.refusals import Forbidden
from sharing.demand import demands
from sharing.demand.models import Demand
from sharing.rates import readings
from sharing.rates.models import Reading
from tenancy import work
from tenancy.actors import SYSTEM
from tenancy.database import Database
from tenancy.records import AuditLine

ENTRY_CODES = (
    *("OPEN_CAT", "OPEN_ITEM", "OPEN_DUE", "OPEN_UNCOND", "OPEN_EFFECTIVE"),
    *("SHARE_MOUNTED", "SHARE_ATTR", "SHARE_UNCOND", "SHARE_ITEM", "MOUNTED", "TIMELY"),
)
DEMAND_CODES = ["SAT_COUNT", "SAT_ONTIME", "SAT_ITEM"]


def agree(world: World, as_of: datetime, scope: str | None) -> dict[str, tuple[int, int]]:
    """Compare every reading with the oracle; gives the figures."""
    found = {}
    for rate in readings.compute(world.session, as_of, scope=scope):
        code, reading = rate.definition.code, rate.reading
        if rate.definition.subject == "entry":
            below, above = oracle.sets_of(code, oracle.pool(world.entries, as_of, scope), as_of)
        else:
            below, above = oracle.demand_sets(world.demands, code, as_of, scope)
        figures = oracle.counted(code, below, above)
        assert (reading.numerator, reading.denominator) == figures, (code, as_of, scope)
        assert reading.value == oracle.rounded(*figures), code
        assert set(reading.denominator_ids) == {one["id"] for one in below}, code
        assert set(reading.numerator_ids) == {one["id"] for one in above}, code
        found[code] = figures
    assert set(found) == {*ENTRY_CODES, *DEMAND_CODES}
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_every_rate_equals_the_oracle_at_any_instant(db: Database, cast: Any, now: datetime, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same worlds every time
    mounts_id = stage.published(db, cast, now - DAY)
    with db.write() as session:
        world = World(session, cast)
        mounts = session.get_one(Entry, mounts_id)
        told = rates_world.told_of(
            cast.department.id, [cast.department.id, cast.city.id], cast.department.id, stage.ITEMS
        )
        restricted = {"open": "OPEN_RESTRICTED", "open_state": "OPEN", "state": "PUBLISHED", "mounted": True}
        world.note(
            now, mounts, {**told, **restricted, **rates_world.live_data(now), "items": [rates_world.OPEN_ITEM] * 3}
        )
        rates_world.grow_entries(world, rng, now)
        rates_world.grow_demands(world, rng, now, mounts)
        seen = set()
        for days in (0, 3, 9.5, 20, 33, 47, 61, 380):
            for scope in (None, cast.city.id, cast.department.id, cast.other.id, cast.county.id, cast.company.id):
                seen.update(agree(world, now + days * DAY, scope).items())
        assert len(seen) > 100
        figures = agree(world, now + 33 * DAY, None)
        session.commit()
    with db.read() as session:
        again = World(session, cast, world.entries, world.demands)
        assert agree(again, now + 33 * DAY, None) == figures


def test_figures_of_the_worked_example(db: Database, cast: Any, now: datetime) -> None:
    with db.write() as session:
        world = World(session, cast)
        rows = [example_entry(world, now, place) for place in range(10)]
        for place in range(20):
            example_demand(world, now, place, rows[0])
        at = now + 60 * DAY
        found = {one.definition.code: one for one in readings.compute(session, at, scope=cast.city.id)}
        values = {code: str(rate.reading.value) for code, rate in found.items()}
        assert values == {
            "OPEN_CAT": "40.0000",
            "OPEN_ITEM": "25.0000",
            "OPEN_DUE": "57.1429",
            "OPEN_UNCOND": "20.0000",
            "OPEN_EFFECTIVE": "30.0000",
            "SHARE_ATTR": "90.0000",
            "SHARE_MOUNTED": "88.8889",
            "SHARE_UNCOND": "60.0000",
            "SHARE_ITEM": "90.0000",
            "MOUNTED": "90.0000",
            "TIMELY": "100.0000",
            "SAT_COUNT": "85.0000",
            "SAT_ONTIME": "75.0000",
            "SAT_ITEM": "87.5000",
        }
        beside = {name: len(ids) for name, ids in found["SAT_COUNT"].reading.beside.items()}
        assert beside == {"lawful_refusal": 1, "returned": 1, "overdue": 1}
        headline = readings.headline(session, at, scope=None)
        assert [one.definition.code for one in headline] == ["OPEN_CAT", "SHARE_MOUNTED", "SAT_COUNT"]
        assert [one.standing.met for one in headline if one.standing] == [True, False, False]
        nowhere = readings.headline(session, at, scope=cast.company.id)
        assert [one.reading.value for one in nowhere] == [None, None, None]
        evidence = readings.evidence(session, found["OPEN_CAT"])
        assert len(evidence.rows) == 10
        assert {one["id"] for one in evidence.rows} >= evidence.counted
        assert len(evidence.counted) == 4


def example_entry(world: World, now: datetime, place: int) -> Entry:
    """One of ten entries with ten items each: four open, three barred from opening, one not shared, nine mounted."""
    department = world.cast.department
    names = [f"{place}-{number}" for number in range(10)]
    entry = rates_world.draft(world, now, department, department, names, f"例{place}")
    openness = ["OPEN_UNCOND"] * 2 + ["OPEN_RESTRICTED"] * 2 + ["OPEN_FORBIDDEN"] * 3 + ["OPEN_UNCOND"] * 3
    open_items = [10, 5, 5, 5][place] if place < 4 else 0
    told = {
        **rates_world.told_of(department.id, [department.id, world.cast.city.id], department.id, names),
        "state": oracle.LIVE[place % 3],
        "open": openness[place],
        "open_state": "OPEN" if place < 4 else "NOT_OPEN",
        "share": (["SHARE_UNCOND"] * 6 + ["SHARE_RESTRICTED"] * 3 + ["SHARE_NONE"])[place],
        "mounted": place != 8,
        "probe": place != 8,
        "rows": 0 if place == 3 else 7,
        "grade": "B",
        "cycle": "NEVER",
        "updated": now,
        "items": [
            ("OPEN_UNCOND" if one < open_items else "OPEN_FORBIDDEN", "SHARE_UNCOND", False) for one in range(10)
        ],
    }
    rates_world.write(entry, told)
    world.note(now, entry, told)
    return entry


def example_demand(world: World, now: datetime, place: int, mounts: Entry) -> None:
    """One of twenty demands: 17 done, two of them late, one lawfully refused, one returned, one overdue."""
    cast = world.cast
    wanted = ["甲", "乙", "丙", "丁"]
    demand = demands.ask(
        world.by(cast.stranger, now),
        world.tenant(cast.other),
        world.tenant(cast.city),
        title="需求",
        purpose=f"用途{place}",
        legal_basis="条例",
        items=wanted,
    )
    officer, reviewer = world.by(cast.officer, now), world.by(cast.reviewer, now)
    if place == 18:
        demands.rule(officer, demand, "return", comment="平台已有", kind="ADMIN_PORTAL")
        return
    demands.dispatch(officer, demand, world.tenant(cast.department))
    if place == 19:
        demands.answer(reviewer, demand, "refuse", comment="负面清单", basis="第九条")
        words = {"comment": "同意", "basis": "第九条", "kind": "ADMIN_AGREE_RETURN"}
        demands.rule(officer, demand, "agree_return", lawful=True, **words)
        return
    demands.answer(reviewer, demand, "accept")
    demands.mount(reviewer, demand, mounts, wanted if place < 17 else wanted[:2])
    if place < 17:
        late = 14 * DAY if place < 15 else 15 * DAY
        demands.confirm(world.by(cast.stranger, now + late), demand, met=True)


def test_harvested_entries_never_count(db: Database, cast: Any, now: datetime) -> None:
    stage.published(db, cast, now, tier=v.OpenTier.T0)
    with db.read() as session:
        before = [one.reading for one in readings.compute(session, now, scope=None)]
    with work.begin(db, SYSTEM, now) as deed:
        world = World(deed.session, cast)
        assert [rates_world.harvested(world, now, entry)["origin"] for entry in rates_world.harvest(world, now, 3)] == [
            "HARVESTED"
        ] * 3
    with db.read() as session:
        after = [one.reading for one in readings.compute(session, now, scope=None)]
        assert after == before
        assert next(one for one in after if one.code == "OPEN_CAT").denominator == 1


def test_kept_with_evidence_by_the_platform_alone(db: Database, cast: Any, now: datetime) -> None:
    entry_id = stage.published(db, cast, now, tier=v.OpenTier.T0)
    with db.read() as session:
        rates = readings.compute(session, now, scope=cast.city.id)
    for who in (cast.officer, cast.steward, cast.public):
        with pytest.raises(Forbidden), work.begin(db, who, now) as deed:
            readings.keep(deed, rates, scope=cast.city.id)
    for hours in (0, 1, 24):
        with db.read() as session:
            rates = readings.compute(session, now + timedelta(hours=hours), scope=cast.city.id)
        with work.begin(db, SYSTEM, now + timedelta(hours=hours)) as deed:
            readings.keep(deed, rates, scope=cast.city.id)
    with work.begin(db, cast.officer, now + 2 * DAY) as deed:
        datasets.suspend(deed, deed.session.get_one(Entry, entry_id), "核查")
    with db.read() as session:
        trend = readings.trend(session, "OPEN_CAT", scope=cast.city.id)
        assert [one.as_of for one in trend] == [now + timedelta(hours=1), now + DAY]
        kept = trend[-1]
        assert (kept.value, kept.numerator_ids, kept.denominator_ids) == (Decimal(100), [entry_id], [entry_id])
        assert kept.rules_hash == rulebook.in_force().hash
        assert readings.trend(session, "OPEN_CAT", scope=None) == []
        replayed = readings.compute(session, kept.as_of, scope=cast.city.id, codes=["OPEN_CAT"])[0].reading
        assert (replayed.value, list(replayed.denominator_ids)) == (kept.value, kept.denominator_ids)
        today = readings.compute(session, now + 2 * DAY, scope=cast.city.id, codes=["OPEN_CAT"])[0].reading
        assert (today.denominator, today.value) == (0, None)
        assert len(session.scalars(select(Reading)).all()) == 3 * len(rates)
        lines = session.scalars(select(AuditLine).where(AuditLine.what == "indicators.kept")).all()
        assert len(lines) == 3
        assert session.scalars(select(CatalogChange.what)).all()[-1] == "entry.suspended"
        assert session.scalars(select(Demand)).all() == []
