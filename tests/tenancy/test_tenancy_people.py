"""People: accounts opened and checked, roles kept apart, closings that reach everywhere."""

import pytest
from sqlalchemy import select

from policies.refusals import Forbidden, Invalid, NotFound, Refused
from policies.vocabulary import Role
from tenancy import actors, people, work
from tenancy.actors import ANONYMOUS, SYSTEM
from tenancy.models import Membership, Person, Tenant
from tenancy.records import AuditLine

PASSWORD = "quiet river under the bridge"
FIELDS = {"login": "li-ming", "name": "李明", "email": "li@example.com", "phone": "13900000000", "password": PASSWORD}


def register(db, now, who=ANONYMOUS, **changed):
    with work.begin(db, who, now) as unit:
        return people.register(unit, **{**FIELDS, **changed}).id


def test_anyone_registers_and_is_not_verified_yet(db, cast, now):
    key = register(db, now, login="  Li-Ming ")
    with db.read() as session:
        person = session.get_one(Person, key)
        assert (person.login, person.verified_at, person.email_lookup) == ("li-ming", None, None)
        assert PASSWORD not in person.password_hash
        assert session.scalars(select(AuditLine).where(AuditLine.what == "person.registered")).one()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("login", "ab"), ("login", "李明"), ("login", "a b c"), ("login", "steward"), ("name", " "),
        ("name", "x" * 101),
        ("email", "no mail"), ("email", "a@b..c"), ("phone", "12"), ("password", "short"),
        ("password", "li-ming li-ming"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_field(db, cast, now, field, value):
    with pytest.raises(Invalid) as caught:
        register(db, now, **{field: value})
    assert set(caught.value.fields) == {field}


def test_an_unproved_mail_address_claims_nothing_until_somebody_vouches(db, cast, now):
    first = register(db, now)
    second = register(db, now, login="li-ming-2")
    with work.begin(db, cast.system_admin, now) as unit:
        people.verify(unit, unit.session.get_one(Person, second))
    with pytest.raises(Invalid) as caught, work.begin(db, cast.system_admin, now) as unit:
        people.verify(unit, unit.session.get_one(Person, first))
    assert set(caught.value.fields) == {"email"}
    with db.read() as session:
        assert session.get_one(Person, first).verified_at is None


def test_a_network_opens_only_so_many_accounts(db, cast, now):
    for number in range(people.NEW_ACCOUNTS):
        with work.begin(db, SYSTEM, now) as unit:
            unit.record("person.registered", "Person", network="10.1.2.0/24", number=number)
    with pytest.raises(Refused):
        register(db, now, address="10.1.2.3")
    register(db, now, address="10.1.3.3")


def test_only_administrators_verify(db, cast, now):
    key = register(db, now)
    with pytest.raises(Forbidden), work.begin(db, cast.steward, now) as unit:
        people.verify(unit, unit.session.get_one(Person, key))


def grant(db, who, now, target, tenant, role):
    with work.begin(db, who, now) as unit:
        person, place = unit.session.get_one(Person, target.id), unit.session.get_one(Tenant, tenant.id)
        return people.grant_role(unit, person, place, role).id


def test_the_three_offices_are_kept_apart(db, cast, now):
    first = grant(db, cast.security_admin, now, cast.colleague, cast.city, Role.AUDITOR)
    assert grant(db, cast.security_admin, now, cast.colleague, cast.city, Role.AUDITOR) == first
    with pytest.raises(Refused):
        grant(db, cast.security_admin, now, cast.colleague, cast.city, Role.SYSTEM_ADMIN)
    with pytest.raises(Forbidden):
        grant(db, cast.system_admin, now, cast.colleague, cast.department, Role.LEADER)
    with pytest.raises(Forbidden):
        grant(db, cast.security_admin, now, cast.security_admin, cast.city, Role.SECURITY_ADMIN)


def test_a_role_ends_once(db, cast, now):
    key = grant(db, cast.security_admin, now, cast.colleague, cast.city, Role.AUDITOR)
    for _ in range(2):
        with work.begin(db, cast.security_admin, now) as unit:
            people.end_role(unit, unit.session.get_one(Membership, key))
    with db.read() as session:
        assert len(session.scalars(select(AuditLine).where(AuditLine.what == "role.ended")).all()) == 1
    with pytest.raises(Forbidden), work.begin(db, cast.stranger, now) as unit:
        people.end_role(unit, unit.session.get_one(Membership, key))


def test_who_closes_an_account_must_manage_every_place_of_the_person(db, cast, now):
    grant(db, SYSTEM, now, cast.reviewer, cast.department, Role.TENANT_ADMIN)
    grant(db, SYSTEM, now, cast.colleague, cast.other, Role.STEWARD)
    with db.read() as session:
        admin = people.find(session, "reviewer")
        actor = actors.of_person(admin)
        assert people.find_managed(session, "colleague", actor)
        with pytest.raises(NotFound):
            people.find_managed(session, "stranger", actor)
    with work.begin(db, actor, now) as unit:
        people.disable(unit, unit.session.get_one(Person, cast.steward.id), "left")
    with pytest.raises(Forbidden), work.begin(db, actor, now) as unit:
        people.disable(unit, unit.session.get_one(Person, cast.colleague.id), "left")
    with pytest.raises(Refused), work.begin(db, actor, now) as unit:
        people.disable(unit, unit.session.get_one(Person, actor.id), "left")
