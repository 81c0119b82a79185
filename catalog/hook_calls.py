"""One call to another program: what is to be sent, and what becomes of the message afterwards."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalog import reading
from catalog.hook_models import Webhook, WebhookDelivery
from catalog.hooks import PING
from catalog.models import Entry
from catalog.reading import Purpose
from policies import vocabulary as v
from policies.refusals import Refused
from policies.vocabulary import CallState, HookState
from tenancy import actors, notices
from tenancy.actors import Actor
from tenancy.work import Work

PAUSES = tuple(timedelta(minutes=one) for one in (1, 5, 15, 60, 120, 360, 840))
"""After each try that failed; eight tries in 23 hours and 21 minutes."""
MOST_FAILED = 3
"""Messages in a row that came to nothing, after which an address is switched off."""
KEPT = timedelta(days=30)
Fits = Callable[[Actor, str, Entry], bool]
"""Whether a search, given by its parameters, finds an entry for an actor."""


@dataclass(frozen=True)
class Call:
    """What is to be sent: the entry as the owner may see it now; none for a ping or where only its code may be told."""

    hook: Webhook
    message: WebhookDelivery
    owner: Actor
    entry: Entry | None = None
    code: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a call went: what was sent, what the other side answered or why nothing came back, and how long it took."""

    body: str
    status: int | None
    milliseconds: int
    problem: Refused | None = None

    @property
    def taken(self) -> bool:
        """Whether the other side took it."""
        return self.status is not None and 200 <= self.status < 300


def gather(session: Session, delivery_id: str, now: datetime, fits: Fits) -> Call | None:
    """What is to be sent now; None when the message is gone, settled, or its owner may not see what it is about."""
    message = session.get(WebhookDelivery, delivery_id)
    if message is None or message.state is not CallState.WAITING or message.hook.state is not HookState.ACTIVE:
        return None
    hook = message.hook
    owner = actors.find(session, hook.person_id, now)
    if not owner.is_person or (hook.tenant_id and hook.tenant_id not in owner.tenant_ids):
        return None
    if message.event == PING:
        return Call(hook, message, owner)
    visible = select(Entry).where(Entry.id == message.entry_id, reading.readable(owner, Purpose.SEE, now))
    entry = session.scalars(visible).first()
    if entry is not None:
        return Call(hook, message, owner, entry) if not hook.query or fits(owner, hook.query, entry) else None
    # A code that everybody had may be taken back by whoever had it; nothing else of the entry is said.
    gone = session.get(Entry, message.entry_id) if message.entry_id else None
    if gone is not None and message.was_open and message.event == v.HookEvent.WITHDRAWN and not hook.query:
        return Call(hook, message, owner, code=gone.code)
    return None


def signature(secret: str, body: bytes, at: datetime) -> str:
    """The value of the header X-Tiaoxi-Signature: the instant and an HMAC-SHA256 over "instant.body"."""
    instant = int(at.timestamp())
    digest = hmac.new(secret.encode(), f"{instant}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={instant},v1={digest}"


def drop(work: Work, delivery_id: str) -> None:
    """Let go of a message that is not to be sent: it leaves no trace, for a trace would tell of what is hidden."""
    message = work.session.get(WebhookDelivery, delivery_id)
    if message is None or message.state is not CallState.WAITING:
        return
    if message.body:
        _settle(message, CallState.FAILED, Refused("hook.unseen"))
    else:
        work.session.delete(message)


def record(work: Work, delivery_id: str, outcome: Outcome) -> None:
    """Keep how a call went, and try again later or give the message up."""
    message = work.session.get(WebhookDelivery, delivery_id, with_for_update=True)
    if message is None or message.state is not CallState.WAITING:
        return
    message.tries += 1
    message.body, message.status, message.milliseconds = outcome.body, outcome.status, outcome.milliseconds
    message.tried_at = work.now
    if outcome.taken:
        message.hook.failures = 0
        _settle(message, CallState.DELIVERED, None)
        return
    problem = outcome.problem or Refused("hook.refused", status=outcome.status or 0)
    if message.event != PING and message.tries <= len(PAUSES):
        message.next_at = work.now + PAUSES[message.tries - 1]
        message.problem = _kept(problem)
        work.enqueue("hook.call", not_before=message.next_at, delivery_id=message.id)
        return
    _settle(message, CallState.FAILED, problem)
    if message.event != PING:
        _count_failure(work, message.hook)


def prune(work: Work) -> None:
    """Forget messages when their time is over, and what still waits for an address that is called no more."""
    rows = delete(WebhookDelivery)
    work.session.execute(rows.where(WebhookDelivery.created_at < work.now - KEPT))
    asleep = select(Webhook.id).where(Webhook.state != HookState.ACTIVE)
    waits = (WebhookDelivery.state == CallState.WAITING) & (WebhookDelivery.body == "")
    work.session.execute(rows.where(waits, WebhookDelivery.hook_id.in_(asleep)))


def _count_failure(work: Work, hook: Webhook) -> None:
    hook.failures += 1
    if hook.failures >= MOST_FAILED and hook.state is HookState.ACTIVE:
        hook.state, hook.off_at = HookState.OFF, work.now
        notices.tell(work, hook.person_id, "webhook.off", hook, address=hook.address)
        work.record("webhook.switched-off", hook, address=hook.address)


def _settle(message: WebhookDelivery, state: CallState, problem: Refused | None) -> None:
    message.state, message.next_at = state, None
    message.problem = _kept(problem) if problem else None


def _kept(problem: Refused) -> dict[str, Any]:
    return {"code": problem.code, "zh": problem.text("zh"), "en": problem.text("en")}
