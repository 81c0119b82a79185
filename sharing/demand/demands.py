"""Demands: a department asks, the authority dispatches, the provider accepts and mounts, the demander confirms."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from catalog.models import Entry
from catalog.reading import LIVE
from policies import vocabulary as v
from policies.approval import Moved
from policies.calendars import local_date
from policies.refusals import Invalid, NotFound, Refused
from sharing.demand.models import Demand, DemandChange
from tenancy import cases
from tenancy.actors import Actor
from tenancy.models import Tenant, TenantAncestor
from tenancy.numbers import number_of_year
from tenancy.records import Case
from tenancy.types import new_id
from tenancy.work import Work


def ask(
    work: Work,
    tenant: Tenant,
    authority: Tenant,
    *,
    title: str,
    purpose: str,
    legal_basis: str,
    items: Sequence[str],
    wanted_by: date | None = None,
) -> Demand:
    """Raise a tenant's demand; it goes to the authority, which finds out who can provide the data."""
    demand = Demand(
        id=new_id(),
        tenant_id=tenant.id,
        tenant=tenant,
        person_id=work.actor.id,
        title=title.strip(),
        purpose=purpose.strip(),
        legal_basis=legal_basis.strip(),
        items=[one.strip() for one in items if one.strip()],
        supplied_items=[],
        wanted_by=wanted_by,
        created_at=work.now,
    )
    work.demand("demand.raise", demand)
    fields = {
        name: Invalid("demand.missing", field=name)
        for name in ("title", "purpose", "legal_basis", "items")
        if not getattr(demand, name)
    }
    if fields:
        raise Invalid("demand.incomplete", fields=fields)
    demand.number = number_of_year(work.session, "XQ", "demand", work.now)
    work.session.add(demand)
    work.session.flush()
    demand.case = cases.begin(
        work,
        "DEMAND",
        demand,
        title=demand.title,
        tenant=authority,
        applicant_tenant=tenant,
        number=demand.number,
    )
    work.record("demand.raised", demand, number=demand.number)
    note(work, demand, "demand.raised")
    return demand


def dispatch(work: Work, demand: Demand, provider: Tenant) -> Moved:
    """Send a demand to the tenant that can provide the data; from now on it counts as accepted."""
    work.demand("demand.dispatch", demand)
    if provider.id == demand.tenant_id:
        raise Invalid("demand.own-provider", field="provider")
    if provider.dissolved_on is not None:
        raise Refused("tenant.dissolved", name=provider.name.zh)
    moved = cases.move(work, _case(demand), "dispatch", details={"provider": provider.key}, hand_to=provider)
    demand.provider, demand.provider_id, demand.accepted_at = provider, provider.id, work.now
    note(work, demand, "demand.dispatched")
    return moved


def answer(work: Work, demand: Demand, move: str, *, comment: str = "", basis: str = "") -> Moved:
    """The provider's answer: accept, or refuse with reason and basis, which goes to the authority for a ruling."""
    work.demand("demand.answer", demand)
    moved = cases.move(work, _case(demand), move, comment=comment, basis=basis)
    note(work, demand, f"demand.{move}")
    return moved


def rule(
    work: Work, demand: Demand, move: str, *, comment: str, basis: str = "", kind: str = "", lawful: bool = False
) -> Moved:
    """The authority returns a demand or rules on a provider's refusal; a lawful refusal is reported beside the rate."""
    work.demand("demand.dispatch", demand)
    extra = {"kind": kind} if kind else {}
    moved = cases.move(work, _case(demand), move, comment=comment, basis=basis, details=extra)
    if moved.ended:
        demand.returned_kind, demand.lawful_refusal = kind or move, lawful
        demand.accepted_at = demand.accepted_at or work.now
    note(work, demand, f"demand.{move}")
    return moved


def mount(work: Work, demand: Demand, entry: Entry, items: Sequence[str]) -> Moved:
    """Point to the published entry that meets the demand, and to the wanted items it supplies."""
    work.demand("demand.answer", demand)
    if entry.state not in LIVE or entry.live_version_id is None or entry.share_type is v.ShareType.SHARE_NONE:
        raise Refused("demand.entry-not-shared", code=entry.code)
    unknown = [one for one in items if one not in demand.items]
    if unknown or not items:
        raise Invalid("demand.items", field="items")
    moved = cases.move(work, _case(demand), "mount", details={"entry": entry.code})
    demand.entry, demand.entry_id, demand.supplied_items = entry, entry.id, list(items)
    note(work, demand, "demand.mounted")
    return moved


def confirm(work: Work, demand: Demand, *, met: bool, rating: int | None = None, comment: str = "") -> Moved:
    """The demander says whether the need is met; nobody else can close a demand."""
    work.demand("demand.confirm", demand)
    moved = cases.move(work, _case(demand), "confirm" if met else "send_back", comment=comment)
    if met:
        demand.confirmed_at, demand.rating = work.now, rating
    note(work, demand, "demand.confirmed" if met else "demand.sent-back")
    return moved


def withdraw(work: Work, demand: Demand) -> Moved:
    """Take a demand back before it is dispatched."""
    work.demand("demand.confirm", demand)
    moved = cases.move(work, _case(demand), "withdraw")
    note(work, demand, "demand.withdrawn")
    return moved


def visible(actor: Actor) -> Any:
    """Which demands an actor may read: those of his tenants, and those his tenants must answer or oversee."""
    below = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id.in_(actor.staff_of))
    return or_(Demand.tenant_id.in_(below), Demand.provider_id.in_(below), Demand.person_id == actor.id)


def find(session: Session, number: str, actor: Actor) -> Demand:
    """A demand by number, if the actor may read it; else NotFound."""
    demand = session.scalars(select(Demand).where(Demand.number == number, visible(actor))).first()
    if demand is None:
        raise NotFound("general.not-found")
    return demand


def all_of(session: Session, actor: Actor) -> list[Demand]:
    """Every demand that the actor may read, newest first."""
    return list(session.scalars(select(Demand).where(visible(actor)).order_by(Demand.created_at.desc())))


def facts(demand: Demand) -> dict[str, Any]:
    """What rates and replays need to know of a demand, as JSON."""
    stage = demand.case.stage if demand.case else "DRAFT"
    purpose = "|".join([demand.tenant_id, demand.provider_id or "", demand.purpose, *sorted(demand.items)])
    return {
        "id": demand.id,
        "number": demand.number,
        "title": demand.title,
        "tenant_id": demand.tenant_id,
        "path": list(demand.tenant.path),
        "stage": stage,
        "accepted_on": local_date(demand.accepted_at).isoformat() if demand.accepted_at else None,
        "confirmed_on": local_date(demand.confirmed_at).isoformat() if demand.confirmed_at else None,
        "due_on": demand.due_on.isoformat() if demand.due_on else None,
        "lawful_refusal": demand.lawful_refusal,
        "returned_kind": demand.returned_kind,
        "items_requested": len(demand.items),
        "items_supplied": len(demand.supplied_items),
        "dedupe": purpose,
    }


def note(work: Work, demand: Demand, what: str) -> None:
    """Keep what is true of a demand after a change, in the change's own transaction."""
    case = _case(demand)
    if case.stage == "CONFIRMED":
        demand.due_on = case.due_on
    work.session.flush()
    work.record(what, demand, number=demand.number, stage=case.stage)
    work.session.add(
        DemandChange(at=work.now, actor_id=work.actor.id, demand_id=demand.id, what=what, facts=facts(demand))
    )


def _case(demand: Demand) -> Case:
    if demand.case is None:
        raise Refused("demand.no-case", number=demand.number or "")
    return demand.case
