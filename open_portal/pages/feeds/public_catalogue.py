"""What the public may see under the face of the request, as conditions on entries, whoever asks."""

from sqlalchemy import ColumnElement, select

from catalog import reading
from catalog.models import Entry
from catalog.reading import Purpose
from open_portal.requests import now, scope
from tenancy.actors import ANONYMOUS, Actor
from tenancy.models import TenantAncestor


def conditions(who: Actor = ANONYMOUS) -> list[ColumnElement[bool]]:
    """The conditions; for somebody else than the public, what he may see."""
    found = [reading.readable(who, Purpose.SEE, now())]
    if scope():
        below = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id == scope())
        found.append(Entry.tenant_id.in_(below))
    return found
