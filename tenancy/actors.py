"""Who acts: a person, a credential, another platform, nobody in particular, or the system itself."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from policies.permissions import Principal
from policies.vocabulary import Role, TenantKind
from tenancy.models import Membership, Peer, Person


@dataclass(frozen=True)
class Standing:
    """A tenant in which the actor has a place, with the role held there (none: plain member) and the tenant's path."""

    role: Role | None
    tenant_id: str
    path: tuple[str, ...]
    kind: TenantKind


@dataclass(frozen=True)
class Actor:
    """Whoever does or reads something; always present, never a global."""

    kind: str
    id: str
    name: str = ""
    verified: bool = False
    standings: tuple[Standing, ...] = field(default=())

    @property
    def is_person(self) -> bool:
        """Whether a human being is signed in."""
        return self.kind == "person"

    @property
    def tenant_ids(self) -> frozenset[str]:
        """Every tenant in which the actor has a place."""
        return frozenset(one.tenant_id for one in self.standings)

    @property
    def in_government(self) -> bool:
        """Whether the actor belongs to any body inside government, and so to the sharing domain."""
        return any(one.kind is not TenantKind.APPLICANT for one in self.standings)

    @property
    def staff_of(self) -> frozenset[str]:
        """Tenants inside which the actor holds a role, and whose unpublished entries he may therefore see."""
        return frozenset(one.tenant_id for one in self.standings if one.role in INSIDE)

    def roles_at(self, path: tuple[str, ...]) -> frozenset[Role]:
        """Roles the actor holds in any of these tenants."""
        return frozenset(one.role for one in self.standings if one.role and one.tenant_id in path)

    def holds(self, *roles: Role) -> bool:
        """Whether the actor holds any of the roles anywhere."""
        return any(one.role in roles for one in self.standings)

    def principal(self) -> Principal:
        """The actor as permissions know him."""
        standings = tuple((one.role.value, one.tenant_id) for one in self.standings if one.role)
        members = tuple(("member", one.tenant_id) for one in self.standings if not one.role)
        return Principal(id=self.id, kind=self.kind, verified=self.verified, standings=standings + members)


# The three administrators of the system keep it running; they don't look into departments' drafts.
INSIDE = frozenset(
    {
        Role.STEWARD,
        Role.DEPARTMENT_REVIEWER,
        Role.LEADER,
        Role.CHIEF_DATA_OFFICER,
        Role.AUTHORITY_REVIEWER,
        Role.TENANT_ADMIN,
    }
)

ANONYMOUS = Actor("anonymous", "anonymous")
SYSTEM = Actor("system", "system", "system", verified=True)


def of_person(person: Person) -> Actor:
    """The actor that a person is now, from the memberships that have not ended."""
    standings = tuple(_standing(one) for one in person.memberships if one.ended_at is None)
    return Actor("person", person.id, person.name, person.verified_at is not None, standings)


def of_peer(peer: Peer) -> Actor:
    """The actor that another platform is: known by its key, with a place in no tenant."""
    return Actor("peer", peer.key, peer.name_zh, verified=True)


def find(session: Session, person_id: str, now: datetime) -> Actor:
    """The actor behind a person's id; anonymous when the account is gone or disabled at `now`."""
    person = session.get(Person, person_id)
    if person is None or (person.disabled_at and person.disabled_at <= now):
        return ANONYMOUS
    return of_person(person)


def _standing(membership: Membership) -> Standing:
    tenant = membership.tenant
    return Standing(membership.role, tenant.id, tenant.path, tenant.kind)
