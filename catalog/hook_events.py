"""What changes of the catalogue mean to other programs: each change becomes one message to each address it concerns.

The mark, the messages and their jobs are written in one transaction, so a killed worker repeats nothing and forgets
nothing; the pair of address and change is unique besides.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from catalog import search_marks
from catalog.hook_models import Follower, Webhook, WebhookDelivery
from catalog.hooks import FOLLOWER
from catalog.models import CatalogChange
from catalog.reading import LIVE, OPENED
from catalog.search_marks import Mark
from policies import vocabulary as v
from policies.vocabulary import HookEvent
from tenancy.types import new_id
from tenancy.work import Work

PORTION = 500
"""Changes read at once."""
LIVES = frozenset(one.value for one in LIVE)
OPEN = frozenset(one.value for one in OPENED)
BACK = frozenset({"entry.restored", "entry.harvest-returned", "entry.online"})
SAID = {
    "version.live": HookEvent.DATA_UPDATED,
    "entry.offline": HookEvent.WITHDRAWN,
    "entry.online": HookEvent.RESTORED,
    "entry.approve": HookEvent.CHANGED,
    "entry.described": HookEvent.CHANGED,
    "entry.items": HookEvent.CHANGED,
    "entry.items-linked": HookEvent.CHANGED,
    "entry.harvest-changed": HookEvent.CHANGED,
    "entry.exchanged": HookEvent.CHANGED,
    "entry.inherited": HookEvent.CHANGED,
    "tenant.moved": HookEvent.CHANGED,
}
"""What a change says of an entry that was and stays in the catalogue; steps of a procedure say nothing yet."""

Facts = Mapping[str, Any]


def follow(work: Work) -> int:
    """Write the messages for everything that happened since the mark; how many there are."""
    query = select(Follower).where(Follower.name == FOLLOWER).with_for_update()
    follower = work.session.scalars(query).first()
    if follower is None:
        return 0
    news = search_marks.news(work.session, Mark.restored(follower.mark))
    if not news.known:
        # The catalogue is another one than before: nothing of it is news.
        follower.mark = search_marks.newest(work.session).text()
        return 0
    if news.mark.text() != follower.mark:
        follower.mark = news.mark.text()
    hooks = list(work.session.scalars(select(Webhook).where(Webhook.state == v.HookState.ACTIVE)))
    if not hooks:
        return 0
    portions = range(0, len(news.sequences), PORTION)
    return sum(_tell(work, hooks, news.sequences[first : first + PORTION]) for first in portions)


def event_of(what: str, before: Facts | None, after: Facts) -> HookEvent | None:
    """What a change means, from the facts before (None for an entry that is new) and after it."""
    was, lives = _lives(before), _lives(after)
    if was and not lives:
        return HookEvent.WITHDRAWN
    if lives and not was:
        return HookEvent.RESTORED if what in BACK else HookEvent.PUBLISHED
    if not lives:
        return None
    if _opened(after) and not _opened(before):
        return HookEvent.PUBLISHED
    if _opened(before) and not _opened(after):
        return HookEvent.WITHDRAWN
    return SAID.get(what)


def _tell(work: Work, hooks: Sequence[Webhook], sequences: Sequence[int]) -> int:
    found = work.session.scalars(
        select(CatalogChange).where(CatalogChange.sequence.in_(sequences)).order_by(CatalogChange.sequence)
    )
    count = 0
    for change in found:
        before = _before(work, change)
        event = event_of(change.what, before, change.facts)
        for hook in hooks if event else ():
            if event and _concerns(hook, event, change):
                _write(work, hook, event, change, was_open=_open_to_all(before))
                count += 1
    return count


def _before(work: Work, change: CatalogChange) -> Facts | None:
    query = select(CatalogChange.facts).where(
        CatalogChange.entry_id == change.entry_id, CatalogChange.sequence < change.sequence
    )
    return work.session.scalars(query.order_by(CatalogChange.sequence.desc()).limit(1)).first()


def _concerns(hook: Webhook, event: HookEvent, change: CatalogChange) -> bool:
    """Whether an address asked for this; its search and what its owner may see are judged when it is called."""
    if event.value not in hook.events or change.at < hook.created_at:
        return False
    if hook.entry_id and hook.entry_id != change.entry_id:
        return False
    return not hook.publisher_id or hook.publisher_id in change.facts["path"]


def _write(work: Work, hook: Webhook, event: HookEvent, change: CatalogChange, *, was_open: bool) -> None:
    known = select(WebhookDelivery.id).where(
        WebhookDelivery.hook_id == hook.id, WebhookDelivery.change_sequence == change.sequence
    )
    if work.session.scalars(known).first() is not None:
        return
    message = WebhookDelivery(
        id=new_id(),
        hook_id=hook.id,
        change_sequence=change.sequence,
        entry_id=change.entry_id,
        event=event.value,
        happened_at=change.at,
        was_open=was_open,
        state=v.CallState.WAITING,
        created_at=work.now,
        next_at=work.now,
    )
    work.session.add(message)
    work.enqueue("hook.call", delivery_id=message.id)


def _lives(facts: Facts | None) -> bool:
    return facts is not None and facts["state"] in LIVES


def _opened(facts: Facts | None) -> bool:
    return facts is not None and facts["open_state"] in OPEN


def _open_to_all(facts: Facts | None) -> bool:
    """Whether everybody could know of an entry: it was opened, or another platform's."""
    return facts is not None and _lives(facts) and (_opened(facts) or facts["origin"] == v.Origin.HARVESTED.value)
