"""Harvests: counted to the last record, archived only when sure, stopped, broken off, taken over, rehearsed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import harvest_stage as stage
import pytest
from harvest_stage import changes, counts, listings, reading, states
from sqlalchemy import func, select

from catalog import harvest_sources, harvests, search_index
from catalog.harvest_models import HarvestRefusal, HarvestRun
from catalog.mapping.listing import Reading
from catalog.models import Entry
from open_portal import handlers, harvesting
from open_portal.wiring import Kit
from policies import vocabulary as v
from policies.refusals import Forbidden, Refused
from tenancy import work
from tenancy.actors import SYSTEM

PUBLISHED, WITHDRAWN = v.EntryState.PUBLISHED, v.EntryState.WITHDRAWN


@pytest.fixture
def source(kit: Kit, cast: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A source to read, in small batches."""
    monkeypatch.setattr(harvesting, "BATCH", 3)
    return stage.found_source(kit, address="https://example.org/data.json")


def test_every_record_is_counted_and_the_second_time_changes_nothing(kit: Kit, source: Any) -> None:
    whole = reading([*listings(*range(8)), *listings(1, abstract="别的")], [{"标题": "水"}, "?"], repeated=2)
    assert counts(stage.run(kit, whole)) == {"read": 13, "created": 8, "unchanged": 2, "refused": 3}
    before = changes(kit)
    search_index.catch_up(kit.index, kit.database)
    assert counts(stage.run(kit, whole)) == {"read": 13, "unchanged": 10, "refused": 3}
    assert (changes(kit), search_index.catch_up(kit.index, kit.database)) == (before, 0)
    row = stage.last_run(kit)
    assert (row.state, counts(row)) == (v.HarvestState.DONE, {"read": 13, "unchanged": 10, "refused": 3})
    with kit.database.read() as session:
        told = [(one.position, one.path, one.title) for one in harvests.refusals(session, row)]
        assert told == [(0, "标题", "水"), (1, "标题", ""), (None, "external_id", "邻市目录1")]
        assert harvest_sources.find(session, stage.KEY).read_at == kit.clock()


def test_what_vanished_is_archived_and_comes_back(kit: Kit, source: Any) -> None:
    stage.run(kit, reading(listings(*range(8))))
    known = reading(listings(0, 1, 2, 3), [{"标题": "邻市目录4"}, {"url": "https://e.org/5"}])
    assert counts(stage.run(kit, known)) == {"read": 6, "unchanged": 4, "refused": 2, "archived": 2}
    assert {one for one, state in states(kit).items() if state is WITHDRAWN} == {"6", "7"}, "a faulty record is listed"
    assert counts(stage.run(kit, known)) == {"read": 6, "unchanged": 4, "refused": 2}
    part = reading(listings(7, 8))
    assert counts(stage.run(kit, part, archiving=False)) == {"read": 2, "created": 1, "updated": 1}
    assert sorted(one for one, state in states(kit).items() if state is PUBLISHED) == [*"01234578"]


def test_a_source_that_shrinks_to_less_than_half_waits_for_a_person(kit: Kit, source: Any, cast: Any) -> None:
    stage.run(kit, reading(listings(*range(8))))
    small = reading(listings(0, 1, 2))
    tally = stage.run(kit, small)
    assert (tally.state, tally.held, tally.archived) == (v.HarvestState.HELD, 5, 0)
    assert set(states(kit).values()) == {PUBLISHED}
    stage.run(kit, small)
    with work.begin(kit.database, cast.officer, kit.clock()) as unit:
        runs = harvests.runs(unit.session, unit.session.merge(source), 2)
        with pytest.raises(Refused, match="之后又采集过"):
            harvests.settle(unit, runs[1], archive=True)
        assert harvests.settle(unit, runs[0], archive=True) == 5
    assert counts(stage.last_run(kit)) == {"read": 3, "unchanged": 3, "archived": 5}
    assert sorted(one for one, state in states(kit).items() if state is PUBLISHED) == [*"012"]
    assert stage.run(kit, reading([])).state is v.HarvestState.HELD, "a catalogue that lists nothing is no catalogue"
    with work.begin(kit.database, cast.system_admin, kit.clock()) as unit:
        last = harvests.runs(unit.session, unit.session.merge(source), 1)[0]
        assert harvests.settle(unit, last, archive=False) == 0
    assert stage.last_run(kit).state is v.HarvestState.DONE


def test_a_rehearsal_tells_the_same_and_writes_nothing(kit: Kit, source: Any) -> None:
    stage.run(kit, reading(listings(*range(8))))
    known = reading([*listings(0, 1, 2, 9), *listings(3, abstract="新")], [7], repeated=1)
    before = changes(kit)
    told = harvesting.rehearse(kit, source, [known], archiving=True)
    assert changes(kit) == before
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        asked = harvests.ask(unit, unit.session.merge(source), dry_run=True).id
        assert harvests.begin_asked(unit, asked, "h:1", harvesting.alive)
    assert counts(harvesting.run(kit, asked, [known])) == counts(told)
    assert counts(stage.last_run(kit)) == counts(told)
    assert changes(kit) == before
    assert (
        counts(stage.run(kit, known))
        == counts(told)
        == {"read": 7, "created": 1, "updated": 1, "unchanged": 4, "refused": 1, "archived": 4}
    )


def test_a_stop_ends_after_the_batch_and_archives_nothing(kit: Kit, source: Any, cast: Any) -> None:
    stage.run(kit, reading(listings(20, 21)))
    run_id = stage.begin(kit)

    def stop(tally: harvesting.Tally) -> None:
        if tally.created == 3:
            with work.begin(kit.database, cast.officer, kit.clock()) as unit:
                harvests.stop(unit, unit.session.get_one(HarvestRun, run_id))

    tally = harvesting.run(kit, run_id, [reading(listings(*range(8)))], stop)
    assert (tally.state, counts(tally)) == (v.HarvestState.STOPPED, {"read": 3, "created": 3})
    assert counts(stage.last_run(kit)) == {"read": 3, "created": 3}
    assert set(states(kit).values()) == {PUBLISHED}
    with pytest.raises(Refused), work.begin(kit.database, cast.officer, kit.clock()) as unit:
        harvests.stop(unit, unit.session.get_one(HarvestRun, run_id))


def test_a_catalogue_that_breaks_off_archives_nothing_and_says_why(kit: Kit, source: Any) -> None:
    stage.run(kit, reading(listings(20, 21)))

    def broken() -> Iterator[Reading]:
        yield reading(listings(1, 2))
        raise Refused("outbound.broken", host="example.org")

    with pytest.raises(Refused):
        harvesting.run(kit, stage.begin(kit), broken())
    row = stage.last_run(kit)
    assert (row.state, row.problem["code"], counts(row)) == (
        v.HarvestState.FAILED,
        "outbound.broken",
        {"read": 2, "created": 2},
    )
    assert set(states(kit).values()) == {PUBLISHED}


def test_a_source_is_held_by_one_run_until_its_lease_is_over(kit: Kit, source: Any) -> None:
    first = stage.begin(kit, holder="elsewhere:1")
    with pytest.raises(Refused, match="正在采集"):
        stage.begin(kit)
    with pytest.raises(Refused, match="正在采集"), work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        harvests.ask(unit, unit.session.merge(source))
    later = replace(kit, clock=lambda: kit.clock() + harvests.LEASE + timedelta(seconds=1))
    second = stage.begin(later)
    with pytest.raises(Refused, match="已被中断"):
        harvesting.run(kit, first, [reading(listings(1))])
    assert states(kit) == {}, "who lost the lease writes no more"
    assert counts(harvesting.run(later, second, [reading(listings(1))])) == {"read": 1, "created": 1}
    with kit.database.read() as session:
        assert session.get_one(HarvestRun, first).state is v.HarvestState.LOST


def test_a_run_of_a_process_that_is_no_more_is_begun_again(kit: Kit, source: Any) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    dead = harvesting.holder().rpartition(":")[0] + ":" + gone.stdout.decode().strip()
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        asked = harvests.ask(unit, unit.session.merge(source)).id
        assert harvests.begin_asked(unit, asked, dead, harvesting.alive)
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        again = harvests.begin_asked(unit, asked, harvesting.holder(), harvesting.alive)
        assert again is not None
        assert (again.number, again.id != asked, again.state) == (2, True, v.HarvestState.RUNNING)
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        assert harvests.begin_asked(unit, asked, harvesting.holder(), harvesting.alive) is None
    assert harvesting.alive("elsewhere:1")
    assert harvesting.alive(harvesting.holder())


def test_schedules_ask_for_what_is_due(kit: Kit, source: Any, cast: Any) -> None:
    with work.begin(kit.database, cast.officer, kit.clock()) as unit:
        kept = unit.session.merge(source)
        same = {"zh": kept.zh, "kind": kept.kind, "address": kept.address}
        harvest_sources.change(unit, kept, **same, every_hours=24)
        assert kept.next_at == kit.clock() + timedelta(hours=24)
    later = replace(kit, clock=lambda: kit.clock() + timedelta(hours=25))
    handlers.ask_for_harvests(kit, {})
    with kit.database.read() as session:
        assert session.scalar(select(func.count()).select_from(HarvestRun)) == 0
    for _ in range(2):
        handlers.ask_for_harvests(later, {})
    row = stage.last_run(kit)
    assert (row.number, row.state, row.asked_by) == (1, v.HarvestState.WAITING, SYSTEM.id)
    with work.begin(kit.database, cast.officer, kit.clock()) as unit:
        harvests.stop(unit, unit.session.get_one(HarvestRun, row.id))
        kept = unit.session.merge(source)
        harvest_sources.pause(unit, kept, True)
        with pytest.raises(Refused, match="已停用"):
            harvests.ask(unit, kept)
    for actor in (cast.steward, cast.security_admin, cast.public):
        with pytest.raises(Forbidden), work.begin(kit.database, actor, kit.clock()) as unit:
            harvests.ask(unit, unit.session.merge(source))


VICTIM = """
import os, sys
sys.path.insert(0, sys.argv[1])
import harvest_stage as stage
from open_portal import harvesting, settings
from open_portal.wiring import wire
harvesting.BATCH = 10
whole = stage.reading([*stage.listings(*range(0, 30)), *stage.listings(*range(30, 55), abstract="新")])

def die_at(point):
    kit = wire(settings.read())
    def tell(tally):
        if tally.read + tally.archived >= point:
            os.kill(os.getpid(), 9)
    harvesting.run(kit, stage.begin(kit), [whole], tell)

for point in (10, 40, 60, 999):
    if not (child := os.fork()):
        die_at(point)
        os._exit(0)
    print(os.waitpid(child, 0)[1])
"""


def test_killed_at_any_batch_and_begun_again_it_comes_to_the_same(kit: Kit, cast: Any) -> None:
    stage.found_source(kit)
    url = kit.database.engine.url.render_as_string(hide_password=False)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIAOXI_")}
    settings = kept | {"TIAOXI_HOME": str(kit.settings.home), "TIAOXI_DATABASE_URL": url.replace("+psycopg", "")}
    stage.run(kit, reading(listings(*range(20, 60))))
    words = [sys.executable, "-c", VICTIM, str(Path(__file__).parent)]
    done = subprocess.run(words, env=settings, check=False, capture_output=True, timeout=100)
    assert done.stdout.split() == [b"9", b"9", b"9", b"0"], done.stderr.decode()[-2000:]
    found = states(kit)
    assert {one for one, state in found.items() if state is WITHDRAWN} == {str(one) for one in range(55, 60)}
    assert len(found) == 60
    with kit.database.read() as session:
        assert session.scalar(select(func.count()).where(Entry.abstract == "新")) == 25
        kinds = session.scalars(select(HarvestRun.state).order_by(HarvestRun.number)).all()
        assert kinds == [v.HarvestState.DONE, *[v.HarvestState.LOST] * 3, v.HarvestState.DONE]
        assert session.scalar(select(func.count()).select_from(HarvestRefusal)) == 0
    search_index.catch_up(kit.index, kit.database)
    assert search_index.verify(kit.index, kit.database).none
