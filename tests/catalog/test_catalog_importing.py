"""Importing other platforms' listings: whole, twice, changed, faulty, gone and back, apart from what is our own."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from catalog import harvest_sources, importing, reading
from catalog.harvest_models import HarvestSource
from catalog.importing import Imported, Seen
from catalog.mapping.listing import Kind, Listing
from catalog.mapping.resources import Resource
from catalog.models import CatalogChange, Entry
from catalog.reading import Purpose
from policies import identifiers
from policies import vocabulary as v
from policies.refusals import Forbidden
from tenancy import work
from tenancy.actors import ANONYMOUS, SYSTEM, Actor
from tenancy.records import AuditLine

ONE = Listing(
    source_key="jiaxing",
    external_id="1",
    title="公交站点",
    title_en="Bus stops",
    abstract="全市公交站点的位置",
    provider="桐乡市交通运输局",
    region_code="330483",
    themes=(v.Theme.TRANSPORT,),
    tags=("公交",),
    formats=(v.Format.CSV, v.Format.API),
    open_type=v.OpenType.OPEN_RESTRICTED,
    open_tier=v.OpenTier.T2,
    open_condition="依申请开放",
    licence=v.Licence.UNSTATED,
    time_from=date(2020, 1, 1),
    time_to=date(2022, 12, 31),
    granularity="站点",
    published=date(2023, 5, 1),
    rows=12,
    source_url="https://example.org/detail?id=1",
    resources=(Resource("https://example.org/1.csv", id="r1", format="CSV"),),
    words=(("开放条件", "依申请开放"), ("数据容量", "12")),
)
BARE = Listing(source_key="jiaxing", external_id="2", title="公交站点", abstract_missing=True)


def some(count: int) -> list[Listing]:
    return [replace(ONE, external_id=str(number), title=f"目录{number}") for number in range(count)]


@pytest.fixture
def sources(db: Any, cast: Any, now: Any) -> dict[str, HarvestSource]:
    with work.begin(db, SYSTEM, now) as deed:
        place = deed.session.merge(cast.authority)
        names = {"jiaxing": "嘉兴平台", "zhoushan": "舟山平台"}
        return {
            key: harvest_sources.add(deed, place, key=key, zh=zh, kind=Kind.LIST, region_code="330400")
            for key, zh in names.items()
        }


@pytest.fixture
def take(db: Any, sources: Any, now: Any) -> Any:
    """Imports listings of a source."""

    def run(records: Sequence[Listing], key: str = "jiaxing", actor: Actor = SYSTEM) -> Imported:
        with db.read() as session:
            foreseen = importing.foresee(session, sources[key], records)
        with work.begin(db, actor, now) as deed:
            done = importing.import_records(deed, deed.session.merge(sources[key]), records)
        assert (of(foreseen), len(foreseen.refused)) == (of(done), len(done.refused)), "a rehearsal tells what happens"
        return done

    return run


def of(done: Imported) -> tuple[int, int, int]:
    return done.created, done.updated, done.unchanged


def changes(session: Any) -> dict[str, int]:
    counted = select(CatalogChange.what, func.count()).group_by(CatalogChange.what)
    return dict(list(session.execute(counted)))


def test_the_same_twice_changes_nothing(db: Any, take: Any, cast: Any) -> None:
    records = some(120)
    assert of(take(records)) == (120, 0, 0)
    assert of(take(records)) == (0, 0, 120)
    with db.read() as session:
        entries = list(session.scalars(select(Entry)))
        assert len({entry.code for entry in entries}) == len(entries) == 120
        assert all(identifiers.valid_resource_code(entry.code) for entry in entries)
        assert {entry.code[3:6] for entry in entries} == {"900"}
        assert {(entry.origin, entry.tenant_id, entry.version) for entry in entries} == {
            (v.Origin.HARVESTED, cast.authority.id, 1)
        }
        assert changes(session) == {"entry.harvested": 120}
        lines = list(session.scalars(select(AuditLine).where(AuditLine.what == "entries.harvested")))
        assert [line.details["created"] for line in lines] == [120]


def test_everything_a_listing_says_is_kept(db: Any, take: Any, now: Any) -> None:
    take([ONE])
    with db.read() as session:
        entry = session.scalars(select(Entry)).one()
        assert (entry.title, entry.title_en, entry.publisher_name) == ("公交站点", "Bus stops", "桐乡市交通运输局")
        assert (entry.region_code, entry.data_range) == ("330483", v.DataRange.COUNTY)
        assert (entry.themes, entry.formats, entry.tags) == (["6"], ["csv", "api"], ["公交"])
        assert (entry.open_type, entry.open_tier) == (v.OpenType.OPEN_RESTRICTED, v.OpenTier.T2)
        assert (entry.time_from, entry.time_to, entry.granularity) == (date(2020, 1, 1), date(2022, 12, 31), "站点")
        assert entry.resources == [{"url": "https://example.org/1.csv", "id": "r1", "format": "CSV"}]
        assert entry.origin_text == "开放条件：依申请开放\n数据容量：12"
        assert entry.rows is None, "rows are measured here, not taken on trust"
        assert entry.published_at == datetime(2023, 4, 30, 16, tzinfo=UTC)
        assert entry.origin_url == "https://example.org/detail?id=1"
        assert entry.harvest_source.label("en") == "嘉兴平台"
        assert session.scalar(select(Entry.id).where(reading.readable(ANONYMOUS, Purpose.SEE, now)))


def test_the_source_stands_in_for_what_is_not_said(db: Any, take: Any) -> None:
    assert of(take([ONE, BARE])) == (2, 0, 0), "two may have one title"
    assert of(take([ONE, BARE])) == (0, 0, 2)
    with db.read() as session:
        entry = session.scalars(select(Entry).where(Entry.external_id == "2")).one()
        assert (entry.publisher_name, entry.region_code, entry.abstract) == ("嘉兴平台", "330400", "")
        assert entry.open_tier is v.OpenTier.T1


def test_only_what_changed_is_written(db: Any, take: Any) -> None:
    one, two, three = some(3)
    take([one, two])
    assert of(take([replace(one, abstract="改过的摘要"), two, three])) == (1, 1, 1)
    with db.read() as session:
        assert changes(session) == {"entry.harvested": 3, "entry.harvest-changed": 1}
        changed = session.scalars(select(Entry).where(Entry.external_id == one.external_id)).one()
        assert (changed.abstract, changed.version) == ("改过的摘要", 2)


@pytest.mark.parametrize("state", [v.EntryState.SUSPENDED, v.EntryState.WITHDRAWN, v.EntryState.DELETED])
def test_what_somebody_took_away_here_stays_away(db: Any, take: Any, now: Any, state: v.EntryState) -> None:
    take([ONE])
    with work.begin(db, SYSTEM, now) as deed:
        deed.session.scalars(select(Entry)).one().state = state
    assert of(take([replace(ONE, title="新名称")])) == (0, 1, 0)
    with db.read() as session:
        entry = session.scalars(select(Entry)).one()
        assert (entry.title, entry.state) == ("新名称", state)
        assert session.scalar(select(Entry.id).where(reading.readable(ANONYMOUS, Purpose.SEE, now))) is None


def test_what_was_archived_comes_back_when_it_is_listed_again(db: Any, take: Any, sources: Any, now: Any) -> None:
    take(some(3))
    take(some(1), "zhoushan")
    with db.read() as session:
        listed = {one.external_id: one.id for one in importing.listed(session, sources["jiaxing"])}
        theirs = importing.listed(session, sources["zhoushan"])[0].id
    with work.begin(db, SYSTEM, now) as deed:
        source = deed.session.merge(sources["jiaxing"])
        assert importing.archive(deed, source, [listed["1"], theirs, "nothing"]) == 1, "only this source's own"
        assert importing.archive(deed, source, [listed["1"]]) == 0
    with db.read() as session:
        gone = session.get_one(Entry, listed["1"])
        assert (gone.state, gone.archived_at, gone.version) == (v.EntryState.WITHDRAWN, now, 2)
        assert listed["1"] not in {one.id for one in importing.listed(session, sources["jiaxing"])}
        (line,) = session.scalars(select(AuditLine).where(AuditLine.what == "entries.archived"))
        assert line.details["codes"] == [gone.code]
    assert of(take(some(3))) == (0, 1, 2)
    with db.read() as session:
        back = session.get_one(Entry, listed["1"])
        assert (back.state, back.archived_at, back.code) == (v.EntryState.PUBLISHED, None, gone.code)
        assert changes(session) == {"entry.harvested": 4, "entry.archived": 1, "entry.harvest-returned": 1}


def test_every_record_is_accounted_for(take: Any) -> None:
    good, other = some(2)
    long, short = replace(other, provider="局" * 201), replace(other, external_id="9", title="水")
    records = [good, replace(good, title="又一次"), good, long, short]
    done = take(records)
    assert of(done) == (1, 0, 1)
    assert [(listing, refusal.code) for listing, refusal in done.refused] == [
        (replace(good, title="又一次"), "harvest.repeated"),
        (long, "harvest.too-long"),
        (short, "harvest.title"),
    ]
    assert done.created + done.updated + done.unchanged + len(done.refused) == len(records)
    assert all(refusal.text(language) for _, refusal in done.refused for language in ("zh", "en"))


def test_what_was_seen_is_known_from_batch_to_batch() -> None:
    seen = Seen()
    assert seen.sift([ONE])[0] == [ONE]
    taken, sifted = seen.sift([ONE, replace(ONE, title="别的"), BARE])
    assert (taken, sifted.unchanged, len(sifted.refused)) == ([BARE], 1, 1)


def test_the_same_number_at_two_sources_is_two_entries(take: Any) -> None:
    assert of(take([ONE])) == (1, 0, 0)
    assert of(take([ONE], "zhoushan")) == (1, 0, 0)


def test_strangers_do_not_import(db: Any, take: Any, cast: Any, sources: Any, now: Any) -> None:
    for actor in (cast.stranger, cast.requester, cast.public):
        with pytest.raises(Forbidden):
            take([ONE], actor=actor)
        with pytest.raises(Forbidden), work.begin(db, actor, now) as deed:
            importing.archive(deed, deed.session.merge(sources["jiaxing"]), [])
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Entry)) == 0
