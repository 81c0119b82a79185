"""Deliveries: data that left, counted where they leave, and what the counts say."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, case, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from catalog import reading
from catalog.models import Delivery, Entry, Version
from catalog.reading import Purpose
from policies import calendars
from policies import vocabulary as v
from policies.refusals import Forbidden
from tenancy.actors import Actor
from tenancy.types import new_id
from tenancy.work import Work

PUBLIC_RULES = frozenset({"open", "open-signed-in"})
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Statistics:
    """What left of an entry: counts by way and by format, rows, known readers, and one count for each day."""

    total: int
    by_way: dict[str, int]
    by_format: dict[str, int]
    rows: int
    readers: int
    by_day: list[tuple[date, int]]


def deliver(
    work: Work,
    entry: Entry,
    version: Version,
    *,
    way: v.DeliveryMode,
    format: v.Format,  # noqa: A002 - the field's own word
    rows: int | None,
    grant_id: str | None = None,
) -> Delivery:
    """Count data that are leaving, for an actor who may have them; a download also counts on the entry.

    What leaves by a grant, by sharing or inside the owner's house is told to the audit log as well; of what
    everyone may have, the delivery itself is record enough.
    """
    access = reading.access(work.session, entry, work.actor, work.now)
    if not access.given:
        raise Forbidden("delivery.withheld", code=entry.code)
    delivery = Delivery(
        id=new_id(),
        entry_id=entry.id,
        version_id=version.id,
        actor_kind=work.actor.kind,
        actor_id=None if work.actor.kind == "anonymous" else work.actor.id,
        grant_id=grant_id or access.grant_id,
        way=way.value,
        format=format.value,
        rows=rows,
        at=work.now,
    )
    work.session.add(delivery)
    if way is v.DeliveryMode.DOWNLOAD:
        # Not through the object: two readers at once must both count, and neither changes the entry.
        work.session.execute(
            update(Entry)
            .where(Entry.id == entry.id)
            .values(downloads=Entry.downloads + 1)
            .execution_options(synchronize_session=False)
        )
        work.session.expire(entry, ["downloads"])
    if access.rule not in PUBLIC_RULES:
        work.record("data.delivered", delivery, entry=entry.code, rule=access.rule, way=way.value, rows=rows)
    return delivery


def statistics(session: Session, entry: Entry, now: datetime, days: int = 30) -> Statistics:
    """What left of an entry in the last days, today included; days are Shanghai's."""
    today = calendars.local_date(now)
    calendar = [today - timedelta(days=back) for back in reversed(range(days))]
    of_entry = and_(Delivery.entry_id == entry.id, Delivery.at >= _midnight(calendar[0]))
    sums = select(func.count(), func.sum(Delivery.rows), func.count(Delivery.actor_id.distinct()))
    count, rows, readers = session.execute(sums.where(of_entry)).one()
    on_days = (and_(Delivery.at >= _midnight(day), Delivery.at < _midnight(day + ONE_DAY)) for day in calendar)
    by_day = session.execute(select(*(func.count(case((one, 1))) for one in on_days)).where(of_entry)).one()
    return Statistics(
        total=count,
        by_way=_counted(session, Delivery.way, of_entry),
        by_format=_counted(session, Delivery.format, of_entry),
        rows=rows or 0,
        readers=readers,
        by_day=list(zip(calendar, by_day, strict=True)),
    )


def most_wanted(
    session: Session, actor: Actor, now: datetime, *, since: datetime, limit: int = 10
) -> list[tuple[Entry, int]]:
    """The entries delivered most often since an instant, of those the actor may know of, with counts."""
    counts = (
        select(Delivery.entry_id, func.count().label("count"))
        .where(Delivery.at >= since)
        .group_by(Delivery.entry_id)
        .subquery()
    )
    query = (
        select(Entry, counts.c.count)
        .join(counts, counts.c.entry_id == Entry.id)
        .where(reading.readable(actor, Purpose.SEE, now))
        .order_by(counts.c.count.desc(), Entry.code)
        .limit(limit)
    )
    return [(entry, count) for entry, count in session.execute(query)]


def total(session: Session, since: datetime | None = None) -> int:
    """How many deliveries there were, of all entries."""
    query = select(func.count()).select_from(Delivery)
    return session.scalars(query.where(Delivery.at >= since) if since else query).one()


def _counted(session: Session, column: InstrumentedAttribute[str], condition: ColumnElement[bool]) -> dict[str, int]:
    rows = session.execute(select(column, func.count()).where(condition).group_by(column))
    return {str(name): int(count) for name, count in rows}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), calendars.SHANGHAI)
