"""Names: what other programs call an entry, beside its code, each kept for ever by whoever wished for it.

Names of different holders may be the same: a name that is free for everyone who asks tells nobody of an entry that
he may not see. Where several entries have a name, the one that was published first answers to it.
"""

import re

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from catalog import reading
from catalog.models import Entry, EntryName
from catalog.reading import Purpose
from policies import vocabulary as v
from policies.refusals import Invalid
from tenancy.work import Work

RESTORE = "restore"
"""The holder of names that came with a restored catalogue."""
CODE_LIKE = re.compile(r"[1-3][0-9]{5}[0-9a-z]*[-/][0-9]{6}")


def keep(work: Work, entry: Entry, holder: str, *wanted: str) -> None:
    """Let an entry answer to names; Invalid for one that the holder gave to another entry or that everyone can see.

    What looks like a code of ours is never kept as a name, so that no name stands before a code.
    """
    for name in filter(None, dict.fromkeys(wanted)):
        if CODE_LIKE.fullmatch(name) or name == entry.id:
            continue
        row = work.session.get(EntryName, (holder, name))
        if row is not None and row.entry_id != entry.id:
            if _stands(work.session, row.entry_id):
                raise Invalid("ckan.name-taken", field="name")
            row.entry_id, row.since = entry.id, work.now
        elif row is None:
            _demand_free(work, holder, name)
            work.session.add(EntryName(holder=holder, name=name, entry_id=entry.id, since=work.now))
    work.session.flush()


def find(session: Session, name: str, visible: ColumnElement[bool]) -> Entry | None:
    """The entry that answers to a name, of those that may be seen."""
    query = select(Entry).join(EntryName, EntryName.entry_id == Entry.id).where(EntryName.name == name, visible)
    order = (Entry.published_at.is_(None), Entry.published_at, Entry.created_at, Entry.id)
    return session.scalars(query.order_by(*order)).first()


def of_holder(session: Session, holder: str, name: str) -> Entry | None:
    """The entry that a holder gave a name to."""
    row = session.get(EntryName, (holder, name))
    return None if row is None else session.get_one(Entry, row.entry_id)


def _stands(session: Session, entry_id: str) -> bool:
    """Whether an entry is more than a draft that was thrown away."""
    entry = session.get_one(Entry, entry_id)
    return entry.state is not v.EntryState.DELETED or entry.published_at is not None


def _demand_free(work: Work, holder: str, name: str) -> None:
    others = (
        select(Entry.id)
        .join(EntryName, EntryName.entry_id == Entry.id)
        .where(EntryName.name == name, EntryName.holder != holder)
        .where(reading.readable(work.actor, Purpose.SEE, work.now))
    )
    if work.session.scalars(others).first():
        raise Invalid("ckan.name-taken", field="name")
