"""Outbound targets: hosts and ports inside the private network that the security administrator allows."""

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from policies.later import Later
from policies.refusals import Invalid, NotFound, Refused
from tenancy.records import OutboundTarget
from tenancy.types import new_id
from tenancy.work import Work

if TYPE_CHECKING:
    from tenancy import outbound
else:
    outbound = Later("tenancy.outbound")

LAST_PORT = 65535


def allow(work: Work, *, host: str, port: int, reason: str) -> OutboundTarget:
    """Put a host and port on the list, with the reason; one taken off before comes back."""
    wanted = OutboundTarget(id=new_id(), host=host.strip().lower(), port=port, reason=reason.strip())
    work.demand("outbound.allow", wanted)
    _check(wanted)
    known = work.session.scalars(
        select(OutboundTarget).where(OutboundTarget.host == wanted.host, OutboundTarget.port == port)
    ).first()
    target = known or wanted
    if known is not None and known.removed_at is None:
        raise Invalid("outbound.already-allowed", host=wanted.host, port=port, field="host")
    target.reason, target.added_by, target.added_at, target.removed_at = (
        wanted.reason,
        work.actor.id,
        work.now,
        None,
    )
    work.session.add(target)
    work.record("outbound.allowed", target, host=target.host, port=port, reason=target.reason)
    return target


def remove(work: Work, target: OutboundTarget) -> None:
    """Take a target off the list; from the next call on it is refused."""
    work.demand("outbound.allow", target)
    if target.removed_at is None:
        target.removed_at = work.now
        work.record("outbound.removed", target, host=target.host, port=target.port)


def allowed(session: Session) -> list[OutboundTarget]:
    """The targets on the list, by host and port."""
    query = select(OutboundTarget).where(OutboundTarget.removed_at.is_(None))
    return list(session.scalars(query.order_by(OutboundTarget.host, OutboundTarget.port)))


def find(session: Session, target_id: str) -> OutboundTarget:
    """A target by id; NotFound if there is none."""
    target = session.get(OutboundTarget, target_id)
    if target is None:
        raise NotFound("general.not-found")
    return target


def _check(wanted: OutboundTarget) -> None:
    problems = []
    if not 1 <= wanted.port <= LAST_PORT:
        problems.append(Invalid("outbound.bad-port", field="port"))
    if not wanted.reason:
        problems.append(Invalid("general.required", field="reason"))
    try:
        wanted.host = outbound.Allowed(wanted.host, wanted.port if not problems else 443).host
    except Refused:
        problems.append(Invalid("outbound.bad-host", host=wanted.host, field="host"))
    if problems:
        raise Invalid.gathered(problems)
