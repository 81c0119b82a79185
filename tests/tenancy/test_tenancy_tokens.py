"""Tokens: shown once, kept as a hash, dead when they should be."""

from datetime import timedelta

import pytest

from policies.refusals import Forbidden, Invalid, NotFound
from tenancy import tokens, work
from tenancy.actors import ANONYMOUS, SYSTEM
from tenancy.models import ApiToken, Person


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
