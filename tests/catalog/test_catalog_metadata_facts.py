"""What entries meet of the 405 points, told from the catalogue alone."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import event

from catalog import datasets, metadata_facts, versions
from catalog.blobs import Blob
from catalog.models import Entry
from policies import mqa
from policies import vocabulary as v
from policies.vocabulary import MqaMetric
from tenancy import work
from tenancy.actors import SYSTEM
from tenancy.database import Database

BARE = datasets.Description(title="公交线路", abstract="一行一条线路")
FULL = replace(
    BARE,
    title="公交站点",
    themes=("6",),
    tags=("公交",),
    time_from=datetime(2026, 1, 1).date(),  # noqa: DTZ001 - a day has no zone
    licence=v.Licence.CC_BY,
    contact_office="数据科",
    open_condition="注明来源",
)


def facts_of(db: Database, title: str) -> mqa.Facts:
    with db.read() as session:
        return next(one.facts for one in metadata_facts.collect(session) if one.title == title)


def test_a_bare_draft_meets_little_and_a_described_one_more(db: Database, cast: Any, now: datetime) -> None:
    with work.begin(db, cast.steward, now) as unit:
        for description in (BARE, FULL):
            datasets.register(unit, unit.session.merge(cast.department), description)
    bare, full = facts_of(db, "公交线路"), facts_of(db, "公交站点")
    for metric in (MqaMetric.KEYWORD, MqaMetric.THEME, MqaMetric.TEMPORAL, MqaMetric.LICENCE, MqaMetric.CONTACT):
        assert (bare[metric], full[metric]) == (False, True), metric
    assert full[MqaMetric.LICENCE_LISTED]
    assert full[MqaMetric.TERMS]
    assert full[MqaMetric.ACCESS_OK] is False
    assert MqaMetric.ACCESS_OK in mqa.missing(full)
    assert mqa.assess([full]).total > mqa.assess([bare]).total


def test_live_data_are_reachable_and_files_count_only_where_the_public_may_fetch_them(
    db: Database, cast: Any, now: datetime
) -> None:
    with work.begin(db, cast.steward, now) as unit:
        entry = datasets.register(unit, unit.session.merge(cast.department), FULL)
        datasets.set_items(unit, entry, [datasets.ItemDescription("a", open_type=v.OpenType.OPEN_UNCOND)])
        version = versions.receive(unit, entry, Blob("0" * 64, 5), "a.csv")
        keys = entry.id, version.id
    with work.begin(db, SYSTEM, now) as unit:
        loaded = versions.Loaded(Blob("1" * 64, 9), None, 3, 3, 0, [], "utf-8", {})
        judged = versions.Judged(v.Verdict.PASS, [], 97.0, v.Grade.A, {}, 1, 0)
        versions.settle(unit, unit.session.get_one(versions.Version, keys[1]), loaded, judged)
        entry = unit.session.get_one(Entry, keys[0])
        versions.make_live(unit, unit.session.get_one(versions.Version, keys[1]))
        entry.state = v.EntryState.PUBLISHED
    closed = facts_of(db, "公交站点")
    assert closed[MqaMetric.ACCESS_OK]
    assert not closed[MqaMetric.DOWNLOAD]
    with work.begin(db, SYSTEM, now) as unit:
        entry = unit.session.get_one(Entry, keys[0])
        entry.open_state, entry.open_tier = v.OpenState.OPEN, v.OpenTier.T0
    opened = facts_of(db, "公交站点")
    for metric in (MqaMetric.DOWNLOAD, MqaMetric.DOWNLOAD_OK, MqaMetric.MACHINE_READABLE, MqaMetric.FORMAT_LISTED):
        assert opened[metric], metric


def test_an_address_elsewhere_that_was_never_probed_is_not_known(db: Database, cast: Any, now: datetime) -> None:
    with work.begin(db, cast.steward, now) as unit:
        entry = datasets.register(unit, unit.session.merge(cast.department), BARE)
        entry.origin, entry.origin_url = v.Origin.HARVESTED, "https://example.org/1"
    assert facts_of(db, "公交线路")[MqaMetric.ACCESS_OK] is None
    with work.begin(db, cast.steward, now) as unit:
        unit.session.query(Entry).one().probe_ok = False
    assert facts_of(db, "公交线路")[MqaMetric.ACCESS_OK] is False


def test_many_entries_take_one_statement(db: Database, cast: Any, now: datetime) -> None:
    with work.begin(db, cast.steward, now) as unit:
        for number in range(30):
            datasets.register(unit, unit.session.merge(cast.department), replace(BARE, title=f"线路{number}"))
    sent: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    with db.read() as session:
        assert len(metadata_facts.collect(session)) == 30
    assert len([one for one in sent if one.startswith("SELECT entry")]) == 1
