"""People: accounts opened, verified and closed, and the roles they hold in tenants."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from policies import permissions
from policies.refusals import Invalid, NotFound, Refused
from policies.vocabulary import Role
from tenancy import encryption, passwords, sign_in
from tenancy.models import Membership, Person, Tenant
from tenancy.types import new_id
from tenancy.work import Work


def register(
    work: Work, *, login: str, name: str, email: str | None, phone: str | None, password: str, is_demo: bool = False
) -> Person:
    """Open an account for somebody from outside; its identity is not verified yet. Anyone may do this."""
    return _open(work, login=login, name=name, email=email, phone=phone, password=password, is_demo=is_demo)


def add(
    work: Work,
    tenant: Tenant,
    *,
    login: str,
    name: str,
    email: str | None = None,
    phone: str | None = None,
    password: str,
    is_demo: bool = False,
) -> Person:
    """Open a verified account for a colleague in a tenant."""
    work.demand("person.manage", tenant)
    person = _open(work, login=login, name=name, email=email, phone=phone, password=password, is_demo=is_demo)
    person.verified_at = work.now
    _join(work, person, tenant, None)
    return person


def verify(work: Work, person: Person, tenant: Tenant | None = None) -> None:
    """Record that a person's identity has been proved, and for whom he acts."""
    work.demand("person.manage", tenant or person)
    person.verified_at = work.now
    if tenant:
        _join(work, person, tenant, None)
    work.record("person.verified", person, tenant=tenant.key if tenant else None)


def grant_role(work: Work, person: Person, tenant: Tenant, role: Role) -> Membership:
    """Give a person a role in a tenant; nobody holds two of the three administrators' roles."""
    work.demand("role.grant", _RoleGrant(person, tenant, role))
    held = {one.role for one in person.memberships if one.role and one.ended_at is None}
    if not permissions.compatible({*held, role}):
        raise Refused("role.incompatible", role=role)
    existing = [
        one for one in person.memberships if (one.tenant_id, one.role, one.ended_at) == (tenant.id, role, None)
    ]
    if existing:
        return existing[0]
    membership = _join(work, person, tenant, role)
    work.record("role.granted", person, role=role.value, tenant=tenant.key)
    return membership


def end_role(work: Work, membership: Membership) -> None:
    """Take a role away; the person's sessions end, so that nothing opened with it stays open."""
    role = membership.role or Role.STEWARD
    work.demand("role.grant", _RoleGrant(membership.person, membership.tenant, role))
    membership.ended_at = work.now
    sign_in.end_all(work, membership.person)
    work.record("role.ended", membership.person, role=role.value, tenant=membership.tenant.key)


def disable(work: Work, person: Person, reason: str) -> None:
    """Close an account at once."""
    work.demand("person.manage", person)
    person.disabled_at = work.now
    sign_in.end_all(work, person)
    work.record("person.disabled", person, reason=reason)


def change_password(work: Work, person: Person, old: str, new: str) -> None:
    """Set another password after the old one was shown; every other session ends."""
    work.demand("session.end", person)
    if not passwords.verify(person.password_hash, old):
        raise Invalid("sign-in.wrong-password", field="old")
    passwords.check_policy(new, [person.login, person.name])
    person.password_hash = passwords.hash(new)
    sign_in.end_all(work, person)
    work.record("person.password-changed", person)


def find(session: Session, login: str) -> Person:
    """A person by login name; NotFound if there is none."""
    person = session.scalars(select(Person).where(Person.login == login.strip().lower())).first()
    if person is None:
        raise NotFound("general.not-found")
    return person


class _RoleGrant:
    """What permissions know of a role about to be granted."""

    def __init__(self, person: Person, tenant: Tenant, role: Role) -> None:
        self.person, self.tenant, self.role = person, tenant, role

    def facts(self) -> dict[str, object]:
        """The person who gets it, the tenant, and the role itself."""
        return {
            "type": "Person",
            "id": self.person.id,
            "path": self.tenant.path,
            "role": self.role.value,
            "tenant_kind": self.tenant.kind.value,
        }


def _open(
    work: Work, *, login: str, name: str, email: str | None, phone: str | None, password: str, is_demo: bool
) -> Person:
    login = login.strip().lower()
    if not (3 <= len(login) <= 64 and login.replace("-", "").replace(".", "").replace("_", "").isalnum()):
        raise Invalid("person.bad-login", field="login")
    if work.session.scalars(select(Person.id).where(Person.login == login)).first():
        raise Invalid("person.login-taken", field="login")
    passwords.check_policy(password, [login, name])
    person = Person(
        id=new_id(),
        login=login,
        name=name,
        email=email,
        email_lookup=encryption.in_use().lookup(email) if email else None,
        phone=phone,
        password_hash=passwords.hash(password),
        is_demo=is_demo,
        created_at=work.now,
        memberships=[],
    )
    work.session.add(person)
    work.session.flush()
    work.record("person.registered", person, login=login)
    return person


def _join(work: Work, person: Person, tenant: Tenant, role: Role | None) -> Membership:
    membership = Membership(
        id=new_id(),
        tenant=tenant,
        tenant_id=tenant.id,
        role=role,
        granted_by=work.actor.id,
        granted_at=work.now,
    )
    person.memberships.append(membership)
    work.session.flush()
    return membership
