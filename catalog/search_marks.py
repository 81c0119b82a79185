"""How far the search index has followed the catalogue, exact though numbers may commit out of order."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, Row, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from catalog.models import CatalogChange


@dataclass(frozen=True)
class Gap:
    """Numbers passed over, first to last; who may still commit them is below the horizon."""

    first: int
    last: int
    horizon: int


@dataclass(frozen=True)
class Mark:
    """The last change taken in, a stamp by which its row is known again, and the numbers passed over."""

    sequence: int
    stamp: str = ""
    gaps: tuple[Gap, ...] = ()

    def text(self) -> str:
        """The mark as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def restored(cls, text: Any) -> "Mark":
        """The mark that was written as this text."""
        values = json.loads(str(text))
        return cls(values["sequence"], values["stamp"], tuple(Gap(**one) for one in values["gaps"]))


@dataclass(frozen=True)
class News:
    """What happened since a mark: which entries, in how many changes, and the mark once they are taken in."""

    entry_ids: frozenset[str]
    changes: int
    mark: Mark
    sequences: tuple[int, ...] = ()
    """The numbers of these changes, in their order."""
    known: bool = True
    """Whether the last change taken in is one of this catalogue's; if not, nothing else here means anything."""


def news(session: Session, mark: Mark) -> News:
    """Everything since a mark that the session can see."""
    running = _oldest_running(session) if mark.gaps else 0
    wanted = [CatalogChange.sequence >= mark.sequence]
    wanted += [CatalogChange.sequence.between(one.first, one.last) for one in mark.gaps]
    columns = select(CatalogChange.sequence, CatalogChange.entry_id, CatalogChange.at)
    found = session.execute(columns.where(or_(*wanted)).order_by(CatalogChange.sequence)).all()
    rows = [row for row in found if row.sequence != mark.sequence]
    if mark.sequence and not any(_is(mark, row) for row in found):
        return News(frozenset(), len(rows), mark, known=False)
    if not rows:
        return News(frozenset(), 0, mark)
    seen = {row.sequence for row in rows}
    last = rows[-1]
    gaps = list(_left(mark.gaps, seen, running))
    if not _in_order(session):
        gaps += _gaps(mark.sequence, seen, _next_transaction(session))
    if last.sequence > mark.sequence:
        mark = Mark(last.sequence, _stamp(last.entry_id, last.at), tuple(gaps))
    else:
        mark = Mark(mark.sequence, mark.stamp, tuple(gaps))
    sequences = tuple(row.sequence for row in rows)
    return News(frozenset(row.entry_id for row in rows), len(rows), mark, sequences)


def newest(session: Session) -> Mark:
    """The mark of an index that is about to be filled from what the session sees from now on."""
    query = select(CatalogChange.sequence, CatalogChange.entry_id, CatalogChange.at)
    last = session.execute(query.order_by(CatalogChange.sequence.desc()).limit(1)).first()
    if last is None:
        return Mark(0)
    gaps: tuple[Gap, ...] = ()
    if not _in_order(session):
        before = func.coalesce(func.lag(CatalogChange.sequence).over(order_by=CatalogChange.sequence), 0)
        pairs = (
            select(before.label("before"), CatalogChange.sequence)
            .where(CatalogChange.sequence <= last.sequence)
            .subquery()
        )
        jumps = session.execute(select(pairs).where(pairs.c.sequence > pairs.c.before + 1)).all()
        horizon = _next_transaction(session)
        gaps = tuple(Gap(one.before + 1, one.sequence - 1, horizon) for one in jumps)
    return Mark(last.sequence, _stamp(last.entry_id, last.at), gaps)


def _left(gaps: Iterable[Gap], seen: set[int], running: int) -> Iterator[Gap]:
    """What is still passed over: nothing of a gap whose every possible writer has ended."""
    for gap in gaps:
        if running < gap.horizon:
            yield from _runs((one for one in range(gap.first, gap.last + 1) if one not in seen), gap.horizon)


def _gaps(after: int, seen: set[int], horizon: int) -> list[Gap]:
    passed = (one for one in range(after + 1, max(seen) + 1) if one not in seen)
    return list(_runs(passed, horizon))


def _runs(numbers: Iterable[int], horizon: int) -> Iterator[Gap]:
    """Neighbouring numbers as gaps."""
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        members = [number for _, number in run]
        yield Gap(members[0], members[-1], horizon)


def _is(mark: Mark, row: Row[int, str, datetime]) -> bool:
    return bool(row.sequence == mark.sequence and _stamp(row.entry_id, row.at) == mark.stamp)


def _stamp(entry_id: str, at: Any) -> str:
    return f"{at.isoformat()} {entry_id}"


def _in_order(session: Session) -> bool:
    """Whether numbers become visible in their order: SQLite has one writer at a time."""
    return session.get_bind().dialect.name == "sqlite"


def _oldest_running(session: Session) -> int:
    if _in_order(session):
        return 0
    oldest = cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)
    return session.scalars(select(oldest)).one()


def _next_transaction(session: Session) -> int:
    following = cast(cast(func.pg_snapshot_xmax(func.pg_current_snapshot()), Text), BigInteger)
    return session.scalars(select(following)).one()
