"""Subscriptions: searches of which somebody hears by mail, at once, daily or weekly, if there is anything new."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import search_marks
from catalog.hook_events import BACK, SAID
from catalog.hook_models import Subscription
from catalog.models import CatalogChange
from catalog.search_marks import Mark
from policies import vocabulary as v
from policies.refusals import Invalid, NotFound, Refused
from tenancy.actors import Actor
from tenancy.types import new_id
from tenancy.work import Work

PERIODS = {v.Often.AT_ONCE: timedelta(), v.Often.DAILY: timedelta(days=1), v.Often.WEEKLY: timedelta(days=7)}
MOST = 50
"""Subscriptions that a person may have."""
LONGEST_NAME, LONGEST_QUERY = 200, 4000
PORTION = 500
NEWS = ({*SAID, *BACK} | {"release.approve", "entry.harvested", "entry.restored-from-dump"}) - {"entry.offline"}
"""Changes that subscribers hear of; steps of a procedure say nothing to a reader."""


def subscribe(work: Work, *, name: str, query: str, often: v.Often, scope_id: str | None = None) -> Subscription:
    """Hear of what a search finds from now on; `query` are its parameters in their one order."""
    made = Subscription(id=new_id(), person_id=work.actor.id, name=name.strip(), query=query, scope_id=scope_id)
    work.demand("hook.manage", made)
    if not made.name or len(made.name) > LONGEST_NAME or len(query) > LONGEST_QUERY:
        raise (
            Invalid("general.required", field="name")
            if not made.name
            else Invalid("general.too-long", limit=LONGEST_NAME, length=len(made.name), field="name")
        )
    known = all_of(work.session, work.actor.id)
    if any((one.query, one.scope_id) == (query, scope_id) for one in known):
        raise Invalid("subscription.same")
    if len(known) >= MOST:
        raise Refused("hook.too-many", limit=MOST)
    made.often, made.created_at, made.next_at = often, work.now, work.now + PERIODS[often]
    made.mark = search_marks.newest(work.session).text()
    work.session.add(made)
    work.record("subscription.made", made, query=query, often=often.value)
    return made


def change(work: Work, subscription: Subscription, often: v.Often) -> None:
    """Hear of it more or less often, from now on."""
    work.demand("hook.manage", subscription)
    subscription.often, subscription.next_at = often, work.now + PERIODS[often]


def end(work: Work, subscription: Subscription) -> None:
    """Hear of it no more."""
    work.demand("hook.manage", subscription)
    if subscription.ended_at is None:
        subscription.ended_at = work.now
        work.record("subscription.ended", subscription, query=subscription.query)


def find(session: Session, subscription_id: str, actor: Actor) -> Subscription:
    """A subscription of the actor's own; NotFound for any other, and for one that has ended."""
    found = session.get(Subscription, subscription_id)
    if found is None or found.ended_at is not None or found.person_id != actor.id:
        raise NotFound("general.not-found")
    return found


def all_of(session: Session, person_id: str) -> list[Subscription]:
    """A person's subscriptions, newest first."""
    query = select(Subscription).where(Subscription.person_id == person_id, Subscription.ended_at.is_(None))
    return list(session.scalars(query.order_by(Subscription.created_at.desc(), Subscription.id)))


def due(session: Session, now: datetime) -> list[str]:
    """Ids of those whose turn it is."""
    query = select(Subscription.id).where(Subscription.ended_at.is_(None), Subscription.next_at <= now)
    return list(session.scalars(query.order_by(Subscription.next_at)))


def news(session: Session, subscription: Subscription) -> tuple[list[str], Mark]:
    """Ids of the entries to which something worth telling happened since the last look, and the new mark."""
    found = search_marks.news(session, Mark.restored(subscription.mark))
    if not found.known:
        return [], search_marks.newest(session)
    ids: dict[str, None] = {}
    for first in range(0, len(found.sequences), PORTION):
        query = select(CatalogChange.entry_id).where(
            CatalogChange.sequence.in_(found.sequences[first : first + PORTION]), CatalogChange.what.in_(NEWS)
        )
        ids.update(dict.fromkeys(session.scalars(query)))
    return list(ids), found.mark


def keep(work: Work, subscription_id: str, number: int, mark: Mark, entry_ids: Sequence[str], count: int) -> bool:
    """Set the mark, and leave a letter for the mailer if there is anything to tell; False if somebody was first."""
    subscription = work.session.get_one(Subscription, subscription_id, with_for_update=True)
    if subscription.number != number or subscription.ended_at is not None:
        return False
    subscription.next_at = work.now + PERIODS[subscription.often]
    if subscription.mark != mark.text():
        subscription.mark = mark.text()
    if entry_ids:
        subscription.number += 1
        work.enqueue(
            "subscription.mail",
            subscription_id=subscription_id,
            number=subscription.number,
            entry_ids=list(entry_ids),
            count=count,
        )
    return True
