"""One item, one source (一数一源): which unit is the source of a data element in a city or county.

A unit claims, others may dispute with their reason, the authority rules. In each scope an element has one accepted
source at most; a claim accepted later takes over from the one before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import standards
from catalog.models import Entry
from catalog.standard_models import DataElement, SourceClaim, SourceDispute
from policies.calendars import local_date
from policies.refusals import Invalid, NotFound, Refused
from policies.vocabulary import ClaimState, TenantKind
from tenancy import cases, notices
from tenancy.actors import Actor
from tenancy.models import Tenant
from tenancy.records import Case
from tenancy.types import new_id
from tenancy.work import Work

KIND = "SOURCE_CLAIM"
PENDING = (ClaimState.OPEN, ClaimState.DISPUTED)
SCOPES = (TenantKind.CITY, TenantKind.COUNTY, TenantKind.ZONE)


@dataclass(frozen=True)
class Coverage:
    """How many elements in force have an accepted source in a scope, of how many, as of a day."""

    sourced: int
    elements: int
    on: date

    @property
    def share(self) -> float | None:
        """Per cent; none where there is no element."""
        return 100 * self.sourced / self.elements if self.elements else None


def claim(work: Work, tenant: Tenant, element: str, *, basis: str, entry: Entry | None = None) -> Case:
    """Claim to be the source of an element, in a tenant's name, within the city or county it belongs to."""
    place = SourceClaim(id=new_id(), tenant=tenant, tenant_id=tenant.id, author_id=work.actor.id, state=ClaimState.OPEN)
    work.demand("source.claim", place)
    if standards.in_force(work.session, DataElement, element, local_date(work.now)) is None:
        raise Invalid("standard.unknown-element", field="element", name=element)
    if not basis.strip():
        raise Invalid("general.required", field="basis")
    if entry is not None and entry.tenant_id != tenant.id:
        raise NotFound("general.not-found")
    scope = scope_of(work.session, tenant)
    known = of_element(work.session, element, scope)
    if any(one.tenant_id == tenant.id and one.state in (*PENDING, ClaimState.ACCEPTED) for one in known):
        raise Refused("source.claimed", name=element)
    place.element, place.basis, place.entry_id = element, basis.strip(), entry.id if entry else None
    place.scope, place.scope_id, place.created_at = scope, scope.id, work.now
    work.session.add(place)
    work.session.flush()
    title = f"{element} · {tenant.name.zh}"
    case = cases.begin(work, KIND, place, title=title, tenant=scope, applicant_tenant=tenant)
    work.record("source.claimed", place, element=element, scope=scope.key, case=case.number)
    return case


def dispute(work: Work, row: SourceClaim, tenant: Tenant, *, reason: str) -> None:
    """Object to a claim in another tenant's name, once, while it waits for a ruling."""
    work.demand("source.dispute", _Objector(tenant))
    if tenant.id == row.tenant_id:
        raise Refused("source.own")
    if row.state not in PENDING or scope_of(work.session, tenant).id != row.scope_id:
        raise Refused("source.wrong-state", state=row.state)
    if not reason.strip():
        raise Invalid("general.required", field="reason")
    if any(one.tenant_id == tenant.id for one in row.disputes):
        raise Refused("source.disputed-already")
    row.disputes.append(
        SourceDispute(
            id=new_id(),
            claim_id=row.id,
            tenant_id=tenant.id,
            tenant=tenant,
            person_id=work.actor.id,
            reason=reason.strip(),
            at=work.now,
        )
    )
    row.state = ClaimState.DISPUTED
    work.session.flush()
    work.record("source.disputed", row, element=row.element, tenant=tenant.key)
    notices.tell(work, row.author_id, "source.disputed", row, element=row.element)


def rule(work: Work, row: SourceClaim, move: str, *, comment: str = "") -> None:
    """Accept or reject a claim as the authority, or recall it as who made it; an accepted one ends the one before."""
    work.demand("source.claim" if move == "recall" else "source.rule", row)
    case = cases.of_subject(work.session, row, KIND)
    if case is None or row.state not in PENDING:
        raise Refused("source.wrong-state", state=row.state)
    cases.move(work, case, move, comment=comment)
    if move == "accept":
        for before in of_element(work.session, row.element, row.scope):
            if before.state is ClaimState.ACCEPTED:
                before.state, before.ended_at = ClaimState.ENDED, work.now
        work.session.flush()
    row.state = {"accept": ClaimState.ACCEPTED, "reject": ClaimState.REJECTED}.get(move, ClaimState.WITHDRAWN)
    row.ruled_at = work.now
    work.session.flush()
    work.record("source.ruled", row, element=row.element, move=move, scope=row.scope.key)


def scope_of(session: Session, tenant: Tenant) -> Tenant:
    """The city, county or zone that a tenant belongs to: the nearest above it, or itself."""
    rows = {one.id: one for one in session.scalars(select(Tenant).where(Tenant.id.in_(tenant.path)))}
    found = (rows[one] for one in tenant.path if rows[one].kind in SCOPES)
    return next(found, rows[tenant.path[-1]])


def of_element(session: Session, element: str, scope: Tenant | None = None) -> list[SourceClaim]:
    """Claims of an element, newest first, in one scope if given."""
    query = select(SourceClaim).where(SourceClaim.element == element)
    if scope is not None:
        query = query.where(SourceClaim.scope_id == scope.id)
    return list(session.scalars(query.order_by(SourceClaim.created_at.desc(), SourceClaim.id)))


def sources_of(session: Session, elements: Iterable[str], scope: Tenant) -> dict[str, SourceClaim]:
    """The accepted source of each element in a scope."""
    query = select(SourceClaim).where(
        SourceClaim.element.in_(sorted(set(elements))),
        SourceClaim.scope_id == scope.id,
        SourceClaim.state == ClaimState.ACCEPTED,
    )
    return {one.element: one for one in session.scalars(query)}


def all_claims(session: Session, states: Sequence[ClaimState] = ()) -> list[SourceClaim]:
    """Claims in some states, newest first; every claim if none is named."""
    query = select(SourceClaim).order_by(SourceClaim.created_at.desc(), SourceClaim.id)
    return list(session.scalars(query.where(SourceClaim.state.in_(states)) if states else query))


def coverage(session: Session, scope: Tenant, on: date) -> Coverage:
    """Elements in force that have an accepted source in a scope, of all in force."""
    names = [row.name for row in standards.all_in_force(session, DataElement, on)]
    return Coverage(len(sources_of(session, names, scope)), len(names), on)


def find(session: Session, claim_id: str, actor: Actor) -> SourceClaim:
    """A claim, for whoever works in government; claims are no secret among units."""
    row = session.get(SourceClaim, claim_id)
    if row is None or not actor.in_government:
        raise NotFound("general.not-found")
    return row


class _Objector:
    """What permissions know of a tenant that objects."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant

    def facts(self) -> dict[str, object]:
        """A claim as the objecting tenant sees it."""
        return {"type": "Claim", "id": "dispute", "path": self.tenant.path}
