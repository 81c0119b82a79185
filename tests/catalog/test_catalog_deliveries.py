"""Deliveries: counted for whoever may have the data, refused to others, and what the counts say."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from catalog import deliveries
from catalog.models import Delivery, Entry, StoredFile, Version
from policies import vocabulary as v
from policies.refusals import Forbidden
from tenancy import work
from tenancy.actors import SYSTEM, Actor
from tenancy.records import AuditLine
from tenancy.types import new_id


@pytest.fixture
def put(db: Any, cast: Any, now: Any, maker: Any) -> Any:
    """Makes an entry of the department with a live version; gives its id."""

    def make(title: str = "甲", **values: Any) -> str:
        with work.begin(db, SYSTEM, now) as deed:
            file = StoredFile(
                id=new_id(), sha256="0" * 64, size=1, name="a.csv", kind="original", created_by="x", created_at=now
            )
            entry = maker(deed, deed.session.merge(cast.department), title, ("a",), **values)
            version = Version(
                id=new_id(),
                entry_id=entry.id,
                number=1,
                state=v.VersionState.LIVE,
                original=file,
                uploaded_by="x",
                uploaded_at=now,
            )
            deed.session.add(version)
            entry.live_version_id = version.id
            return str(entry.id)

    return make


def take(db: Any, entry_id: str, actor: Actor, at: Any, **values: Any) -> None:
    given = {"way": v.DeliveryMode.DOWNLOAD, "format": v.Format.CSV, "rows": 10} | values
    with work.begin(db, actor, at) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        version = deed.session.get_one(Version, entry.live_version_id)
        deliveries.deliver(deed, entry, version, **given)


def test_a_download_counts_without_changing_the_entry(db: Any, put: Any, cast: Any, now: Any) -> None:
    entry_id = put()
    with db.read() as session:
        before = session.get_one(Entry, entry_id).version
    for actor in (cast.public, cast.public, cast.requester):
        take(db, entry_id, actor, now)
    take(db, entry_id, cast.public, now, way=v.DeliveryMode.API, format=v.Format.JSON)
    with db.read() as session:
        entry = session.get_one(Entry, entry_id)
        assert (entry.downloads, entry.version) == (3, before)
        rows = list(session.scalars(select(Delivery).order_by(Delivery.actor_kind)))
        assert [(row.actor_kind, row.actor_id) for row in rows][-1] == ("person", cast.requester.id)
        assert {row.actor_id for row in rows if row.actor_kind == "anonymous"} == {None}
        assert not list(session.scalars(select(AuditLine).where(AuditLine.what == "data.delivered")))


def test_two_at_once_both_count(db: Any, put: Any, cast: Any, now: Any) -> None:
    entry_id = put()
    with db.read() as first:
        first.get_one(Entry, entry_id)
        take(db, entry_id, cast.public, now)
        take(db, entry_id, cast.public, now)
    with db.read() as session:
        assert session.get_one(Entry, entry_id).downloads == 2


def test_who_may_not_have_the_data_is_refused(db: Any, put: Any, cast: Any, now: Any) -> None:
    entry_id = put(open_tier=v.OpenTier.T2, open_type=v.OpenType.OPEN_RESTRICTED, share_type=v.ShareType.SHARE_NONE)
    for actor in (cast.public, cast.requester, cast.stranger):
        with pytest.raises(Forbidden) as refused:
            take(db, entry_id, actor, now)
        assert refused.value.code == "delivery.withheld"
    take(db, entry_id, cast.steward, now)
    with db.read() as session:
        assert session.get_one(Entry, entry_id).downloads == 1
        line = session.scalars(select(AuditLine).where(AuditLine.what == "data.delivered")).one()
        assert line.details["rule"] == "own-tenant"


def test_statistics_by_day_way_and_format(db: Any, put: Any, cast: Any, now: Any) -> None:
    entry_id, other = put("甲"), put("乙")
    take(db, entry_id, cast.public, now)
    take(db, entry_id, cast.requester, now - timedelta(hours=3), rows=None)  # 7 o'clock in Shanghai, still today
    take(db, entry_id, cast.requester, now - timedelta(hours=11), way=v.DeliveryMode.API, format=v.Format.JSON)
    take(db, entry_id, cast.public, now - timedelta(days=40))
    take(db, other, cast.public, now)
    with db.read() as session:
        found = deliveries.statistics(session, session.get_one(Entry, entry_id), now, days=3)
        assert (found.total, found.rows, found.readers) == (3, 20, 1)
        assert found.by_way == {"DOWNLOAD": 2, "API": 1}
        assert found.by_format == {"csv": 2, "json": 1}
        assert [(day.isoformat(), count) for day, count in found.by_day] == [
            ("2026-11-21", 0),
            ("2026-11-22", 1),
            ("2026-11-23", 2),
        ]
        assert deliveries.total(session) == 5
        assert deliveries.total(session, now - timedelta(days=1)) == 4


def test_the_most_wanted_are_those_the_actor_may_know_of(db: Any, put: Any, cast: Any, now: Any) -> None:
    often, inside = put("甲"), put("乙", open_state=v.OpenState.NOT_OPEN)
    for _ in range(2):
        take(db, often, cast.public, now)
    for _ in range(3):
        take(db, inside, cast.stranger, now)
    with db.read() as session:
        since = now - timedelta(days=1)
        seen = deliveries.most_wanted(session, cast.public, now, since=since)
        assert [(entry.id, count) for entry, count in seen] == [(often, 2)]
        seen = deliveries.most_wanted(session, cast.stranger, now, since=since)
        assert [(entry.id, count) for entry, count in seen] == [(inside, 3), (often, 2)]
        assert deliveries.most_wanted(session, cast.stranger, now, since=now + timedelta(1)) == []
