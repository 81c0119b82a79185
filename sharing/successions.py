"""Successions: demands, applications and grants of a merged tenant go on under its heir."""

from sqlalchemy import or_, select

from sharing.access.models import Application, Grant
from sharing.demand import demands
from sharing.demand.models import Demand
from tenancy import tenants
from tenancy.models import Tenant
from tenancy.work import Work


def follow(work: Work, tenant_id: str) -> int:
    """Hand over what a merged tenant had asked for or must provide, and note its demands anew; returns how many.

    Done again, it changes nothing but notes the same facts once more.
    """
    tenant = work.session.get_one(Tenant, tenant_id)
    work.demand("tenant.manage", tenant)
    heir = tenants.heir_of(work.session, tenant)
    branch = [tenant.id] if heir is not tenant else tenants.descendants(work.session, tenant.id)
    query = select(Demand).where(or_(Demand.tenant_id.in_(branch), Demand.provider_id.in_(branch)))
    found = list(work.session.scalars(query))
    if heir is not tenant:
        _inherit(work, found, tenant, heir)
    for demand in found:
        demands.note(work, demand, "demand.followed")
    return len(found)


def _inherit(work: Work, found: list[Demand], old: Tenant, heir: Tenant) -> None:
    for demand in found:
        if demand.tenant_id == old.id:
            demand.tenant, demand.tenant_id = heir, heir.id
        if demand.provider_id == old.id:
            demand.provider, demand.provider_id = heir, heir.id
    for application in work.session.scalars(select(Application).where(Application.tenant_id == old.id)):
        application.tenant_id = heir.id
    for grant in work.session.scalars(select(Grant).where(Grant.tenant_id == old.id)):
        grant.tenant_id = heir.id
