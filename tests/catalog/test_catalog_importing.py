"""Importing neighbours' catalogues: whole, twice, changed, faulty, and apart from what is our own."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from catalog import importing, reading
from catalog.mapping import lists
from catalog.mapping.listing import Listing
from catalog.mapping.portal_words import Portal
from catalog.models import CatalogChange, Entry
from catalog.reading import Purpose
from policies import identifiers
from policies import vocabulary as v
from policies.refusals import Forbidden
from tenancy import work
from tenancy.actors import ANONYMOUS, SYSTEM, Actor
from tenancy.records import AuditLine

CATALOGUES = Path(__file__).parents[2] / "demo" / "catalogues"


def listings(portal: Portal, most: int | None = None) -> tuple[Listing, ...]:
    with gzip.open(CATALOGUES / f"{portal.value}.json.gz") as file:
        return lists.read(json.load(file)[:most], portal.value).listings


@pytest.fixture
def take(db: Any, cast: Any, now: Any) -> Any:
    """Imports listings into the care of the authority."""

    def run(portal: Portal, records: Any, actor: Actor = SYSTEM) -> importing.Imported:
        with work.begin(db, actor, now) as deed:
            return importing.import_records(deed, deed.session.merge(cast.authority), portal, records)

    return run


def test_a_whole_catalogue_twice(db: Any, take: Any, cast: Any) -> None:
    records = listings(Portal.SHAOXING)
    first, again = take(Portal.SHAOXING, records), take(Portal.SHAOXING, iter(records))
    assert (first.created, first.updated, first.unchanged, first.refused) == (len(records), 0, 0, ())
    assert (again.created, again.updated, again.unchanged, again.refused) == (0, 0, len(records), ())
    with db.read() as session:
        entries = list(session.scalars(select(Entry)))
        assert len({entry.code for entry in entries}) == len(entries) == len(records)
        assert all(identifiers.valid_resource_code(entry.code) for entry in entries)
        assert {entry.code[3:6] for entry in entries} == {"900"}
        assert {(entry.origin, entry.tenant_id) for entry in entries} == {(v.Origin.HARVESTED, cast.authority.id)}
        assert len({entry.title for entry in entries}) < len(entries), "titles may repeat among publishers"
        assert session.scalar(select(func.count()).select_from(CatalogChange)) == len(records)
        lines = list(session.scalars(select(AuditLine).where(AuditLine.what == "entries.harvested")))
        assert [line.details["created"] for line in lines] == [len(records), 0]


def test_everything_a_listing_says_is_kept(db: Any, take: Any, now: Any) -> None:
    record = replace(
        listings(Portal.JIAXING, 1)[0],
        title="公交站点",
        provider="桐乡市交通运输局",
        region_code="330483",
        themes=(v.Theme.TRANSPORT,),
        formats=(v.Format.CSV, v.Format.API),
        open_type=v.OpenType.OPEN_RESTRICTED,
        open_tier=v.OpenTier.T2,
        open_condition="依申请开放",
        published=datetime(2023, 5, 1, tzinfo=UTC).date(),
        rows=12,
        words=(("开放条件", "依申请开放"), ("数据容量", "12")),
        source_url="https://example.org/detail?id=1",
    )
    take(Portal.JIAXING, [record])
    with db.read() as session:
        entry = session.scalars(select(Entry)).one()
        assert (entry.title, entry.publisher_name, entry.region_code) == ("公交站点", "桐乡市交通运输局", "330483")
        assert (entry.themes, entry.formats, entry.data_range) == (["6"], ["csv", "api"], v.DataRange.COUNTY)
        assert (entry.open_type, entry.open_tier) == (v.OpenType.OPEN_RESTRICTED, v.OpenTier.T2)
        assert entry.origin_text.splitlines()[0] == "开放条件：依申请开放"
        assert entry.origin_text.splitlines()[-1] == "数据容量：12"
        assert entry.rows is None, "rows are measured here, not taken on trust"
        assert entry.published_at == datetime(2023, 4, 30, 16, tzinfo=UTC)
        assert entry.origin_url == "https://example.org/detail?id=1"
        assert session.scalar(select(Entry.id).where(reading.readable(ANONYMOUS, Purpose.SEE, now)))


def test_only_what_changed_is_written(db: Any, take: Any, now: Any) -> None:
    one, two, three = listings(Portal.ZHOUSHAN, 3)
    take(Portal.ZHOUSHAN, [one, two])
    done = take(Portal.ZHOUSHAN, [replace(one, abstract="改过的摘要"), two, three])
    assert (done.created, done.updated, done.unchanged) == (1, 1, 1)
    with db.read() as session:
        kinds = session.execute(select(CatalogChange.what, func.count()).group_by(CatalogChange.what)).all()
        assert dict(kinds) == {"entry.harvested": 3, "entry.harvest-changed": 1}
        changed = session.scalars(select(Entry).where(Entry.external_id == one.external_id)).one()
        assert (changed.abstract, changed.version) == ("改过的摘要", 2)


def test_what_was_suspended_here_stays_suspended(db: Any, take: Any, now: Any) -> None:
    (record,) = listings(Portal.ZHOUSHAN, 1)
    take(Portal.ZHOUSHAN, [record])
    with work.begin(db, SYSTEM, now) as deed:
        deed.session.scalars(select(Entry)).one().state = v.EntryState.SUSPENDED
    assert take(Portal.ZHOUSHAN, [replace(record, title="新名称")]).updated == 1
    with db.read() as session:
        entry = session.scalars(select(Entry)).one()
        assert (entry.title, entry.state) == ("新名称", v.EntryState.SUSPENDED)
        assert session.scalar(select(Entry.id).where(reading.readable(ANONYMOUS, Purpose.SEE, now))) is None


def test_faulty_records_are_given_back_with_their_reason(take: Any) -> None:
    good, other = listings(Portal.ZHOUSHAN, 2)
    stranger = listings(Portal.JIAXING, 1)[0]
    long = replace(other, provider="局" * 201)
    done = take(Portal.ZHOUSHAN, [good, replace(good, title="又一次"), stranger, long])
    assert done.created == 1
    assert [(listing, refusal.code) for listing, refusal in done.refused] == [
        (replace(good, title="又一次"), "harvest.repeated"),
        (stranger, "harvest.portal"),
        (long, "harvest.too-long"),
    ]
    assert all(refusal.text(language) for _, refusal in done.refused for language in ("zh", "en"))


def test_the_same_number_at_two_portals_is_two_entries(take: Any) -> None:
    (record,) = listings(Portal.ZHOUSHAN, 1)
    assert take(Portal.ZHOUSHAN, [record]).created == 1
    assert take(Portal.JIAXING, [replace(record, source_key="jiaxing")]).created == 1


def test_strangers_do_not_import(db: Any, take: Any, cast: Any) -> None:
    for actor in (cast.stranger, cast.requester, cast.public):
        with pytest.raises(Forbidden):
            take(Portal.ZHOUSHAN, listings(Portal.ZHOUSHAN, 1), actor)
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Entry)) == 0
