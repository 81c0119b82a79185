"""Tokens: shown once, kept as a hash, dead when they should be."""

from datetime import timedelta

import pytest

from policies import vocabulary as v
from policies.refusals import Forbidden, Invalid, NotFound, Refused
from tenancy import peers, tokens, work
from tenancy.actors import ANONYMOUS, SYSTEM
from tenancy.models import ApiToken, Person, Tenant


@pytest.fixture
def made(db, cast, now):
    with work.begin(db, cast.requester, now) as unit:
        token, plain = tokens.create(unit, name=" nightly ", days=30)
        return token.id, plain


def who(db, plain, now):
    with db.read() as session:
        return tokens.actor_of(session, plain, now)


def test_a_token_stands_for_its_owner_until_it_ends(db, cast, now, made):
    key, plain = made
    assert who(db, plain, now).id == cast.requester.id
    assert who(db, plain, now + timedelta(days=30)) == ANONYMOUS
    assert who(db, plain[:-1] + ("b" if plain.endswith("a") else "a"), now) == ANONYMOUS
    assert who(db, "", now) == ANONYMOUS
    with db.read() as session:
        row = session.get_one(ApiToken, key)
        assert (row.name, plain in (row.hash, row.hint)) == ("nightly", False)


def test_it_dies_with_the_account(db, cast, now, made):
    with work.begin(db, SYSTEM, now) as unit:
        unit.session.get_one(Person, cast.requester.id).disabled_at = now
    assert who(db, made[1], now) == ANONYMOUS


def test_only_its_owner_revokes_it_and_once(db, cast, now, made):
    key, plain = made
    with db.read() as session, pytest.raises(NotFound):
        tokens.find(session, key, cast.stranger.id)
    with pytest.raises(Forbidden), work.begin(db, cast.stranger, now) as unit:
        tokens.revoke(unit, unit.session.get_one(ApiToken, key))
    for minutes in (0, 5):
        with work.begin(db, cast.requester, now + timedelta(minutes=minutes)) as unit:
            tokens.revoke(unit, tokens.find(unit.session, key, cast.requester.id))
    with db.read() as session:
        assert session.get_one(ApiToken, key).revoked_at == now
    assert who(db, plain, now) == ANONYMOUS


@pytest.mark.parametrize(
    ("name", "days", "field"), [("", 30, "name"), ("x" * 101, 30, "name"), ("a", 0, "days"), ("a", 366, "days")]
)
def test_name_and_term_are_checked(db, cast, now, name, days, field):
    with pytest.raises(Invalid) as caught, work.begin(db, cast.requester, now) as unit:
        tokens.create(unit, name=name, days=days)
    assert set(caught.value.fields) == {field}


def test_nobody_unknown_makes_one(db, cast, now):
    with pytest.raises(Forbidden), work.begin(db, ANONYMOUS, now) as unit:
        tokens.create(unit, name="a", days=1)


def held(db, plain, now):
    with db.read() as session:
        return tokens.holder(session, plain, now)


def proposed(db, cast, now, by=None, key="province"):
    with work.begin(db, by or cast.system_admin, now) as unit:
        tenant = unit.session.get_one(Tenant, cast.authority.id)
        names = {"name_zh": "省平台", "name_en": "Province", "address": "https://data.example.cn", "reason": "协议"}
        return peers.propose(unit, tenant, key=key, **names).id


def test_a_token_says_what_it_may_be_used_for(db, cast, now, made):
    assert held(db, made[1], now).scopes == {v.TokenScope.READ}
    with work.begin(db, cast.steward, now) as unit:
        token, plain = tokens.create(unit, name="a", days=9, scopes=["draft"])
        assert token.scopes == ["read", "draft"]
    holder = held(db, plain, now)
    assert (holder.actor.id, holder.may(v.TokenScope.DRAFT), holder.peer) == (cast.steward.id, True, None)
    for scopes, who in (([], cast.steward), (["everything"], cast.steward), (["restore", "read"], cast.system_admin)):
        with pytest.raises(Invalid), work.begin(db, who, now) as unit:
            tokens.create(unit, name="a", days=9, scopes=scopes)
    with pytest.raises(Forbidden), work.begin(db, cast.steward, now) as unit:
        tokens.create(unit, name="a", days=9, scopes=["restore"])


def test_a_platform_writes_after_two_persons_said_so_twice(db, cast, now):
    peer_id = proposed(db, cast, now)

    def make(scope="exchange", peer=peer_id, days=9):
        with work.begin(db, cast.system_admin, now) as unit:
            found = peers.find(unit.session, peer) if peer else None
            token, plain = tokens.create(unit, name="a", days=days, scopes=[scope], peer=found)
            return token.id, plain

    with pytest.raises(Invalid):
        make()
    with pytest.raises(Forbidden), work.begin(db, cast.system_admin, now) as unit:
        peers.connect(unit, peer_id)
    with work.begin(db, cast.security_admin, now) as unit:
        peers.connect(unit, peer_id)
    key, plain = make()
    assert held(db, plain, now) == tokens.NOBODY
    with pytest.raises(Forbidden), work.begin(db, cast.system_admin, now) as unit:
        tokens.approve(unit, tokens.find_wide(unit.session, key))
    with work.begin(db, cast.security_admin, now) as unit:
        tokens.approve(unit, tokens.find_wide(unit.session, key))
    holder = held(db, plain, now)
    assert (holder.actor.kind, holder.actor.id, holder.peer.key) == ("peer", "province", "province")
    with pytest.raises(Refused), work.begin(db, cast.security_admin, now) as unit:
        peers.connect(unit, peer_id)
    with work.begin(db, cast.security_admin, now) as unit:
        peers.disconnect(unit, peer_id)
    assert held(db, plain, now) == tokens.NOBODY
    with pytest.raises(Invalid):
        proposed(db, cast, now)


def test_restoring_waits_for_a_second_person_and_not_long(db, cast, now):
    with pytest.raises(Invalid), work.begin(db, cast.system_admin, now) as unit:
        tokens.create(unit, name="a", days=15, scopes=["restore"])
    with work.begin(db, cast.system_admin, now) as unit:
        token, plain = tokens.create(unit, name="a", days=14, scopes=["restore"])
        key = token.id
    assert held(db, plain, now) == tokens.NOBODY
    with pytest.raises(Forbidden), work.begin(db, cast.auditor, now) as unit:
        tokens.approve(unit, tokens.find_wide(unit.session, key))
    with work.begin(db, cast.security_admin, now) as unit:
        tokens.approve(unit, tokens.find_wide(unit.session, key))
    assert held(db, plain, now).scopes == {v.TokenScope.RESTORE}
    with work.begin(db, cast.security_admin, now) as unit:
        tokens.end(unit, tokens.find_wide(unit.session, key))
    assert held(db, plain, now) == tokens.NOBODY
