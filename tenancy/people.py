"""People: accounts opened, verified and closed, and the roles they hold in tenants."""

import re

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from policies import identifiers, permissions
from policies.refusals import Invalid, NotFound, Refused
from policies.vocabulary import Role
from tenancy import encryption, passwords, sign_in
from tenancy.actors import Actor
from tenancy.models import Membership, Person, Tenant, TenantAncestor
from tenancy.records import AuditLine
from tenancy.sign_in import WINDOW, SignedIn
from tenancy.types import new_id
from tenancy.work import Work

LANGUAGES = ("zh_Hans_CN", "en")
LONGEST_NAME, LONGEST_EMAIL = 100, 254
NEW_ACCOUNTS = 20
"""Accounts that one network may open in a quarter of an hour."""


def register(
    work: Work,
    *,
    login: str,
    name: str,
    email: str | None,
    phone: str | None,
    password: str,
    is_demo: bool = False,
    address: str = "",
) -> Person:
    """Open an account for somebody from outside; its identity is not verified yet. Anyone may do this.

    Nobody has shown yet that the mail address is his, so it is kept but claims nothing: an account already
    held under it neither shows nor is blocked.
    """
    network = sign_in.network(address)
    if address and _opened_from(work, network) >= NEW_ACCOUNTS:
        raise Refused("person.too-many")
    return _open(
        work,
        login=login,
        name=name,
        email=email,
        phone=phone,
        password=password,
        is_demo=is_demo,
        network=network,
    )


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
    _claim_email(work, person)
    _join(work, person, tenant, None)
    return person


def verify(work: Work, person: Person, tenant: Tenant | None = None) -> None:
    """Record that a person's identity has been proved, and for whom he acts."""
    work.demand("person.manage", tenant or person)
    person.verified_at = person.verified_at or work.now
    if person.email_lookup is None:
        _claim_email(work, person)
    if tenant and not any(one.tenant_id == tenant.id and one.ended_at is None for one in person.memberships):
        _join(work, person, tenant, None)
    work.record("person.verified", person, tenant=tenant.key if tenant else None)


def grant_role(work: Work, person: Person, tenant: Tenant, role: Role) -> Membership:
    """Give a person a role in a tenant; nobody holds two of the three administrators' roles.

    The person's sessions end: work with a role has shorter limits than a visit has.
    """
    work.demand("role.grant", RoleGrant(person, tenant, role))
    # Two grants at once must not make one person both system administrator and auditor.
    work.session.execute(select(Person.id).where(Person.id == person.id).with_for_update())
    work.session.refresh(person, ["memberships"])
    held = {one.role for one in person.memberships if one.role and one.ended_at is None}
    if not permissions.compatible({*held, role}):
        raise Refused("role.incompatible", role=role)
    existing = [one for one in person.memberships if (one.tenant_id, one.role, one.ended_at) == (tenant.id, role, None)]
    if existing:
        return existing[0]
    membership = _join(work, person, tenant, role)
    sign_in.end_all(work, person)
    work.record("role.granted", person, role=role.value, tenant=tenant.key)
    return membership


def end_role(work: Work, membership: Membership) -> None:
    """Take a role away; the person's sessions end, so that nothing opened with it stays open."""
    role = membership.role or Role.STEWARD
    work.demand("role.grant", RoleGrant(membership.person, membership.tenant, role))
    if membership.ended_at is not None:
        return
    membership.ended_at = work.now
    sign_in.end_all(work, membership.person)
    work.record("role.ended", membership.person, role=role.value, tenant=membership.tenant.key)


def disable(work: Work, person: Person, reason: str) -> None:
    """Close an account at once; whoever does it must manage every tenant in which the person stands."""
    _demand_everywhere(work, person)
    if person.id == work.actor.id:
        raise Refused("person.not-yourself")
    if not reason.strip():
        raise Invalid("general.required", field="reason")
    if person.disabled_at is None:
        person.disabled_at = work.now
        sign_in.end_all(work, person)
        work.record("person.disabled", person, reason=reason.strip())


def enable(work: Work, person: Person) -> None:
    """Open a closed account again, with the places it had."""
    _demand_everywhere(work, person)
    if person.disabled_at is not None:
        person.disabled_at = None
        work.record("person.enabled", person)


def change_password(
    work: Work, person: Person, *, old: str, new: str, address: str, agent: str
) -> SignedIn | Refused | Invalid:
    """Set another password after the old one was shown; all sessions end, a new one opens for this browser.

    A wrong old password is returned and counted, see `sign_in.confirm`; a weak new one raises Invalid.
    """
    work.demand("session.end", person)
    passwords.check_policy(new, _words(person), field="new")
    refusal = sign_in.confirm(work, person, old, address)
    if refusal:
        return refusal
    person.password_hash = passwords.hash(new)
    work.record("person.password-changed", person)
    return sign_in.renew(work, person, address=address, agent=agent)


def change_profile(
    work: Work,
    person: Person,
    *,
    email: str | None,
    phone: str | None,
    language: str,
    password: str,
    address: str,
) -> Refused | Invalid | None:
    """Change how a person is reached and addressed, after the password; the proved name stays."""
    work.demand("session.end", person)
    problems = [*_contact_problems(email, phone)]
    if language not in LANGUAGES:
        problems.append(Invalid("general.choice", value=language, field="language"))
    if problems:
        raise Invalid.gathered(problems)
    refusal = sign_in.confirm(work, person, password, address)
    if refusal:
        return refusal
    if (email or None) != person.email:
        person.email, person.email_lookup = email or None, None
    person.phone, person.language = phone or None, language
    work.record("person.profile-changed", person)
    return None


def find(session: Session, login: str) -> Person:
    """A person by login name; NotFound if there is none."""
    person = session.scalars(select(Person).where(Person.login == login.strip().lower())).first()
    if person is None:
        raise NotFound("general.not-found")
    return person


def managed(actor: Actor) -> ColumnElement[bool]:
    """Which people an administrator may look at: his tenants' and all below; two offices see everyone."""
    if actor.kind == "system" or actor.holds(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
        return true()
    over = [one.tenant_id for one in actor.standings if one.role is Role.TENANT_ADMIN]
    below = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id.in_(over))
    return Person.id.in_(
        select(Membership.person_id).where(Membership.tenant_id.in_(below), Membership.ended_at.is_(None))
    )


def find_managed(session: Session, login: str, actor: Actor) -> Person:
    """A person by login name, if the administrator may look at him; else NotFound."""
    person = session.scalars(select(Person).where(Person.login == login.strip().lower(), managed(actor))).first()
    if person is None:
        raise NotFound("general.not-found")
    return person


class RoleGrant:
    """What permissions know of a role about to be granted or taken away."""

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
    work: Work,
    *,
    login: str,
    name: str,
    email: str | None,
    phone: str | None,
    password: str,
    is_demo: bool,
    network: str = "",
) -> Person:
    login, name, email, phone = (
        login.strip().lower(),
        name.strip(),
        (email or "").strip(),
        (phone or "").strip(),
    )
    problems = [*_name_problems(work, login, name), *_contact_problems(email, phone)]
    try:
        passwords.check_policy(password, [login, name, email])
    except Invalid as weak:
        problems.append(weak)
    if problems:
        raise Invalid.gathered(problems)
    person = Person(
        id=new_id(),
        login=login,
        name=name,
        email=email or None,
        phone=phone or None,
        password_hash=passwords.hash(password),
        is_demo=is_demo,
        created_at=work.now,
        memberships=[],
    )
    work.session.add(person)
    work.session.flush()
    work.record("person.registered", person, login=login, network=network)
    return person


def _name_problems(work: Work, login: str, name: str) -> list[Invalid]:
    found = []
    if not re.fullmatch(r"[a-z0-9._-]{3,64}", login):
        found.append(Invalid("person.bad-login", field="login"))
    elif work.session.scalars(select(Person.id).where(Person.login == login)).first():
        found.append(Invalid("person.login-taken", field="login"))
    if not name:
        found.append(Invalid("general.required", field="name"))
    elif len(name) > LONGEST_NAME:
        found.append(Invalid("general.too-long", limit=LONGEST_NAME, length=len(name), field="name"))
    return found


def _contact_problems(email: str | None, phone: str | None) -> list[Invalid]:
    found = []
    if email and (len(email) > LONGEST_EMAIL or not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)*", email)):
        found.append(Invalid("general.email", value=email, field="email"))
    if phone and not identifiers.valid_mobile(phone) and not re.fullmatch(r"0\d{2,3}-?\d{7,8}(-\d{1,6})?", phone):
        found.append(Invalid("person.phone", field="phone"))
    return found


def _claim_email(work: Work, person: Person) -> None:
    """Tie a mail address to the account that somebody has vouched for; one address belongs to one account."""
    if not person.email:
        return
    claim = encryption.in_use().lookup(person.email)
    if work.session.scalars(select(Person.id).where(Person.email_lookup == claim, Person.id != person.id)).first():
        raise Invalid.gathered([Invalid("person.email-taken", field="email")])
    person.email_lookup = claim


def _opened_from(work: Work, network: str) -> int:
    lines = work.session.scalars(
        select(AuditLine.details).where(AuditLine.what == "person.registered", AuditLine.at > work.now - WINDOW)
    )
    return sum(details.get("network") == network for details in lines)


def _demand_everywhere(work: Work, person: Person) -> None:
    tenants = {one.tenant_id: one.tenant for one in person.memberships if one.ended_at is None}
    for tenant in tenants.values():
        work.demand("person.manage", tenant)
    if not tenants:
        work.demand("person.manage", person)


def _words(person: Person) -> list[str]:
    return [person.login, person.name, person.email or ""]


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
