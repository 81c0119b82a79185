"""Webhooks: addresses of other programs that are called when something happens to entries their owner may see."""

import ipaddress
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from catalog import reading, search_marks
from catalog.hook_models import Follower, Webhook, WebhookDelivery
from policies import vocabulary as v
from policies.later import Later
from policies.refusals import Invalid, NotFound, Refusal, Refused
from tenancy import outbound_targets, tenants
from tenancy.actors import Actor
from tenancy.models import Tenant
from tenancy.types import new_id
from tenancy.work import Work, may

if TYPE_CHECKING:
    from tenancy import outbound
else:
    outbound = Later("tenancy.outbound")

FOLLOWER = "webhooks"
MOST = 20
"""Addresses that a person, or a unit, may have."""
LONGEST_ADDRESS = 1000
PING = "ping"
SIGNING = "txw_"
"""What every secret begins with, so that one that got lost is known for what it is."""


@dataclass(frozen=True)
class Narrowing:
    """Of which entries an address is told: parameters of a search, the code of one entry, the key of one publisher."""

    query: str = ""
    code: str = ""
    publisher: str = ""


def register(
    work: Work, *, address: str, events: Collection[str], tenant: Tenant | None = None, only: Narrowing | None = None
) -> tuple[Webhook, str]:
    """Enter an address, for oneself or for a unit; the secret that signs its messages is returned here, never again."""
    hook = Webhook(id=new_id(), person_id=work.actor.id, tenant=tenant, tenant_id=tenant.id if tenant else None)
    work.demand("hook.manage", hook)
    hook.secret = _new_secret()
    faults = _describe(work, hook, address, events, only or Narrowing())
    if len(_of_owner(work.session, hook)) >= MOST:
        faults.append(Invalid("hook.too-many", limit=MOST))
    if faults:
        raise Invalid.gathered(faults)
    hook.state, hook.created_at, hook.failures = v.HookState.ACTIVE, work.now, 0
    work.session.add(hook)
    _begin_following(work.session)
    work.record("webhook.registered", hook, address=hook.address, events=hook.events, tenant_id=hook.tenant_id)
    return hook, hook.secret


def change(work: Work, hook: Webhook, *, address: str, events: Collection[str], only: Narrowing) -> None:
    """Say anew which address is called, of what and of which entries; secret, owner and log stay.

    It holds for what happens from now on; a message that waits goes to the new address, unless the new search no
    longer finds its entry.
    """
    work.demand("hook.manage", hook)
    before = told(hook)
    faults = _describe(work, hook, address, events, only)
    if faults:
        raise Invalid.gathered(faults)
    after = told(hook)
    changed = {name: value for name, value in after.items() if value != before[name]}
    if changed:
        work.record("webhook.changed", hook, before={name: before[name] for name in changed}, after=changed)


def renew_secret(work: Work, hook: Webhook) -> str:
    """Sign with a new secret from the next call on; it is returned here, never again."""
    work.demand("hook.manage", hook)
    hook.secret = _new_secret()
    work.record("webhook.secret-renewed", hook, address=hook.address)
    return hook.secret


def told(hook: Webhook) -> dict[str, Any]:
    """What its owner chose for an address: where it is, of what it is told and how that is narrowed."""
    return {name: getattr(hook, name) for name in ("address", "events", "query", "entry_id", "publisher_id")}


def end(work: Work, hook: Webhook) -> None:
    """Call an address no more; its log goes with time."""
    work.demand("hook.manage", hook)
    if hook.state is not v.HookState.ENDED:
        hook.state, hook.off_at = v.HookState.ENDED, work.now
        work.record("webhook.ended", hook, address=hook.address)


def switch_on(work: Work, hook: Webhook) -> None:
    """Call an address again that was switched off; what happened meanwhile is not told."""
    work.demand("hook.manage", hook)
    if hook.state is v.HookState.OFF:
        hook.state, hook.off_at, hook.failures = v.HookState.ACTIVE, None, 0
        work.record("webhook.switched-on", hook, address=hook.address)


def ping(work: Work, hook: Webhook) -> WebhookDelivery:
    """Send a message that says nothing but that it came."""
    work.demand("hook.manage", hook)
    _demand_active(hook)
    message = WebhookDelivery(id=new_id(), hook_id=hook.id, event=PING, happened_at=work.now, created_at=work.now)
    message.state, message.next_at = v.CallState.WAITING, work.now
    work.session.add(message)
    work.enqueue("hook.call", delivery_id=message.id)
    return message


def resend(work: Work, message: WebhookDelivery) -> None:
    """Send a message again, under the same id; nothing happens while it still waits."""
    work.demand("hook.manage", message.hook)
    _demand_active(message.hook)
    if message.state is not v.CallState.WAITING:
        message.state, message.tries, message.next_at = v.CallState.WAITING, 0, work.now
        work.enqueue("hook.call", delivery_id=message.id)
        work.record("webhook.resent", message.hook, message=message.id)


def find(session: Session, hook_id: str, actor: Actor) -> Webhook:
    """An address that the actor keeps; NotFound for any other."""
    hook = session.get(Webhook, hook_id)
    if hook is None or hook.state is v.HookState.ENDED or not may(actor, "hook.manage", hook):
        raise NotFound("general.not-found")
    return hook


def all_of(session: Session, actor: Actor) -> list[Webhook]:
    """The addresses that the actor keeps, his own and those of his units, newest first."""
    query = select(Webhook).where(
        Webhook.state != v.HookState.ENDED,
        or_(Webhook.person_id == actor.id, Webhook.tenant_id.in_(actor.tenant_ids)),
    )
    found = session.scalars(query.order_by(Webhook.created_at.desc(), Webhook.id))
    return [one for one in found if may(actor, "hook.manage", one)]


def messages(session: Session, hook: Webhook, first: int = 0, limit: int = 50) -> list[WebhookDelivery]:
    """The log of an address, newest first; a message that was never sent is not in it, for it may come to nothing."""
    query = sent(hook).order_by(WebhookDelivery.created_at.desc(), WebhookDelivery.id)
    return list(session.scalars(query.offset(first).limit(limit)))


def sent(hook: Webhook) -> Select[WebhookDelivery]:
    """The log of an address, in no order yet."""
    return select(WebhookDelivery).where(WebhookDelivery.hook_id == hook.id, WebhookDelivery.body != "")


def message(session: Session, hook: Webhook, message_id: str) -> WebhookDelivery:
    """One message of the log; NotFound if there is none."""
    found = session.get(WebhookDelivery, message_id)
    if found is None or found.hook_id != hook.id or not found.body:
        raise NotFound("general.not-found")
    return found


def units(session: Session, actor: Actor) -> list[Tenant]:
    """The units for which the actor may enter an address."""
    held = [session.get_one(Tenant, one) for one in sorted(actor.tenant_ids)]
    return [one for one in held if may(actor, "hook.manage", Webhook(id="", tenant=one))]


def _new_secret() -> str:
    return SIGNING + secrets.token_urlsafe(32)


def _describe(work: Work, hook: Webhook, address: str, events: Collection[str], only: Narrowing) -> list[Refusal]:
    """Write what was chosen into the address; what is wrong with it."""
    hook.address = address.strip()
    hook.events = [one.value for one in v.HookEvent if one.value in events]
    return [*_faults(work.session, hook), *_narrow(work, hook, only)]


def _demand_active(hook: Webhook) -> None:
    if hook.state is not v.HookState.ACTIVE:
        raise Refused("hook.off")


def _of_owner(session: Session, hook: Webhook) -> list[str]:
    query = select(Webhook.id).where(Webhook.state != v.HookState.ENDED)
    if hook.tenant_id:
        return list(session.scalars(query.where(Webhook.tenant_id == hook.tenant_id)))
    return list(session.scalars(query.where(Webhook.tenant_id.is_(None), Webhook.person_id == hook.person_id)))


def _faults(session: Session, hook: Webhook) -> list[Refusal]:
    """What is wrong with address and events; each call is judged once more where the connection is made."""
    faults: list[Refusal] = [] if hook.events else [Invalid("hook.events", field="events")]
    try:
        parts = urlsplit(hook.address)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return [*faults, Invalid("hook.address", field="address")]
    named = any((one.host, one.port) == (host, port) for one in outbound_targets.allowed(session))
    schemes = {"https", "http"} if named else {"https"}
    if parts.scheme not in schemes or not host or parts.username is not None or len(hook.address) > LONGEST_ADDRESS:
        return [*faults, Invalid("hook.address", field="address")]
    if not named and not _may_be_public(host):
        faults.append(Invalid("hook.private", field="address"))
    return faults


def _may_be_public(host: str) -> bool:
    try:
        return bool(outbound.is_public(ipaddress.ip_address(host)))
    except ValueError:
        return host.rstrip(".") != "localhost"


def _narrow(work: Work, hook: Webhook, only: Narrowing) -> list[Refusal]:
    """Write the narrowing into the address; what its owner may not see narrows nothing."""
    faults: list[Refusal] = []
    hook.query, hook.entry_id, hook.publisher_id = only.query, None, None
    if only.code:
        try:
            hook.entry_id = reading.find(work.session, only.code.strip(), work.actor, work.now).id
        except NotFound:
            faults.append(Invalid("hook.dataset", field="code"))
    if only.publisher:
        try:
            hook.publisher_id = tenants.find(work.session, only.publisher).id
        except NotFound:
            faults.append(Invalid("hook.publisher", field="publisher"))
    return faults


def _begin_following(session: Session) -> None:
    """From the first address on the changes of the catalogue are followed."""
    if session.get(Follower, FOLLOWER) is None:
        session.add(Follower(name=FOLLOWER, mark=search_marks.newest(session).text()))
