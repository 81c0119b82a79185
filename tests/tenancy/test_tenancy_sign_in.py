"""Signing in: exact counts, second factors, sessions that end when they must."""

import threading
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select, update

from policies.refusals import Forbidden, Invalid, NotFound, Refused
from tenancy import passwords, second_factors, sign_in, work
from tenancy.actors import ANONYMOUS, SYSTEM
from tenancy.models import LoginCounter, Person
from tenancy.records import AuditLine
from tenancy.sign_in import SignedIn

PASSWORD = "quiet river under the bridge"
HASH = passwords.hash(PASSWORD)


@pytest.fixture
def people(db, cast, now):
    with work.begin(db, SYSTEM, now) as unit:
        unit.session.execute(update(Person).values(password_hash=HASH))
    return cast


def attempt(db, now, login="steward", password=PASSWORD, code="", address="10.1.2.3"):
    with work.begin(db, ANONYMOUS, now) as unit:
        return sign_in.check(unit, login=login, password=password, one_time_code=code, address=address, agent="test")


def who(db, secret, now):
    with db.read() as session:
        return sign_in.actor_of(session, secret, now)[0]


def recorded(db, what):
    with db.read() as session:
        return len(session.scalars(select(AuditLine).where(AuditLine.what == what)).all())


def test_the_right_password_opens_a_session(db, people, now):
    opened = attempt(db, now, login="  Steward ")
    assert isinstance(opened, SignedIn)
    assert who(db, opened.secret, now).id == people.steward.id
    assert recorded(db, "sign-in.opened") == 1
    with db.read() as session:
        assert opened.secret not in session.scalars(select(sign_in.UserSession.id)).all()


@pytest.mark.parametrize("login", ["steward", "nobody-of-that-name"])
def test_a_wrong_try_says_the_same_of_known_and_unknown_accounts(db, people, now, login):
    refusal = attempt(db, now, login=login, password="wrong wrong wrong")
    assert isinstance(refusal, Invalid)
    assert refusal.code == "sign-in.failed"
    assert recorded(db, "sign-in.failed") == 1


def test_ten_wrong_tries_lock_an_account_and_the_eleventh_is_not_even_checked(db, people, now):
    for _ in range(sign_in.PER_ACCOUNT):
        assert attempt(db, now, password="wrong wrong wrong").code == "sign-in.failed"
    assert attempt(db, now).code == "sign-in.too-many"
    assert recorded(db, "sign-in.failed") == sign_in.PER_ACCOUNT
    # another account from the same network still gets in
    assert isinstance(attempt(db, now, login="reviewer"), SignedIn)
    later = now + sign_in.WINDOW
    assert isinstance(attempt(db, later), SignedIn)


def test_success_forgets_earlier_failures(db, people, now):
    for _ in range(sign_in.PER_ACCOUNT - 1):
        attempt(db, now, password="wrong wrong wrong")
    assert isinstance(attempt(db, now), SignedIn)
    assert attempt(db, now, password="wrong wrong wrong").code == "sign-in.failed"
    assert isinstance(attempt(db, now), SignedIn)


def test_the_count_is_exact_when_many_try_at_once(db, people, now):
    outcomes = []

    def one(number):
        for _ in range(3):
            answer = attempt(db, now, password="wrong wrong wrong", address=f"10.0.{number}.1")
            outcomes.append(answer.code)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["sign-in.failed"] * 10 + ["sign-in.too-many"] * 8
    with db.read() as session:
        assert session.get_one(LoginCounter, "account:steward").failures == sign_in.PER_ACCOUNT


def test_a_network_that_tries_many_accounts_is_locked(db, people, now):
    with work.begin(db, SYSTEM, now) as unit:
        unit.session.add(LoginCounter(key="network:10.1.2.0/24", failures=sign_in.PER_NETWORK - 1, since=now))
    assert attempt(db, now, login="nobody", password="wrong wrong wrong", address="10.1.2.77").code == "sign-in.failed"
    assert attempt(db, now, address="10.1.2.99").code == "sign-in.too-many"
    assert isinstance(attempt(db, now, address="10.1.3.99"), SignedIn)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.0/24"),
        ("::ffff:10.1.2.3", "10.1.2.0/24"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:1::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no address", "no address"),
        ("", ""),
    ],
)
def test_networks(address, network):
    assert sign_in.network(address) == network


def test_a_closed_account_cannot_sign_in_and_its_session_is_dead(db, people, now):
    opened = attempt(db, now)
    with work.begin(db, SYSTEM, now) as unit:
        unit.session.get_one(Person, people.steward.id).disabled_at = now
    assert not who(db, opened.secret, now).is_person
    assert attempt(db, now).code == "sign-in.failed"


def test_sessions_end_by_signing_out_idling_and_age(db, people, now):
    opened = attempt(db, now)
    assert not who(db, opened.secret, now + sign_in.WORK_IDLE).is_person
    with work.begin(db, SYSTEM, now) as unit:
        key = sign_in.sessions_of(unit.session, people.steward.id, now)[0].id
        sign_in.touch(unit.session, key, now + sign_in.WORK_LIMIT - timedelta(minutes=1))
    assert who(db, opened.secret, now + sign_in.WORK_LIMIT - timedelta(seconds=1)).is_person
    assert not who(db, opened.secret, now + sign_in.WORK_LIMIT).is_person
    with work.begin(db, people.steward, now) as unit:
        sign_in.end(unit, opened.secret)
        sign_in.end(unit, opened.secret)
    assert not who(db, opened.secret, now).is_person
    assert recorded(db, "sign-in.ended") == 1


def test_only_the_owner_ends_a_session(db, people, now):
    opened = attempt(db, now)
    with db.read() as session:
        key = sign_in.sessions_of(session, people.steward.id, now)[0].id
        with pytest.raises(NotFound):
            sign_in.find_session(session, people.stranger.id, key)
    with pytest.raises(Forbidden), work.begin(db, people.stranger, now) as unit:
        sign_in.end_one(unit, unit.session.get_one(sign_in.UserSession, key))
    with work.begin(db, people.steward, now) as unit:
        sign_in.end_one(unit, sign_in.find_session(unit.session, people.steward.id, key))
    assert not who(db, opened.secret, now).is_person


def test_a_password_asked_for_again_is_counted_like_a_sign_in(db, people, now):
    for _ in range(sign_in.PER_ACCOUNT):
        with work.begin(db, people.steward, now) as unit:
            person = unit.session.get_one(Person, people.steward.id)
            assert sign_in.confirm(unit, person, "wrong wrong wrong", "10.1.2.3").code == "sign-in.wrong-password"
    with work.begin(db, people.steward, now) as unit:
        person = unit.session.get_one(Person, people.steward.id)
        assert isinstance(sign_in.confirm(unit, person, PASSWORD, "10.1.2.3"), Refused)
    assert attempt(db, now).code == "sign-in.too-many"


@pytest.fixture
def with_codes(db, people, now):
    """The steward with a second factor; gives its secret and recovery codes."""
    secret = pyotp.random_base32(32)
    with work.begin(db, people.steward, now) as unit:
        person = unit.session.get_one(Person, people.steward.id)
        code = pyotp.TOTP(secret).at(now)
        made = second_factors.set_up(unit, person, secret=secret, code=code, password=PASSWORD, address="10.1.2.3")
    return secret, made


def test_a_one_time_code_works_once(db, people, now, with_codes):
    secret, _ = with_codes
    later = now + timedelta(minutes=5)
    code = pyotp.TOTP(secret).at(later)
    assert attempt(db, later).code == "sign-in.failed"
    assert isinstance(attempt(db, later, code=code), SignedIn)
    assert attempt(db, later, code=code).code == "sign-in.failed"


def test_a_recovery_code_works_once_and_only_for_its_owner(db, people, now, with_codes):
    _, recovery = with_codes
    assert len(set(recovery)) == 10
    assert isinstance(attempt(db, now, code=recovery[0].lower().replace("-", " ")), SignedIn)
    assert attempt(db, now, code=recovery[0]).code == "sign-in.failed"
    assert isinstance(attempt(db, now, code=recovery[1]), SignedIn)
    with db.read() as session:
        assert second_factors.codes_left(session, people.steward.id) == 8
        assert sign_in.recovery_hash("a", recovery[2]) != sign_in.recovery_hash("b", recovery[2])


def set_up(db, now, who, owner, **values):
    """Turn the owner's second factor on, as somebody."""
    with work.begin(db, who, now) as unit:
        person = unit.session.get_one(Person, owner.id)
        return second_factors.set_up(unit, person, address="10.1.2.3", **values)


def test_setting_up_needs_the_right_code_and_password(db, people, now):
    secret = pyotp.random_base32(32)
    code, me = pyotp.TOTP(secret).at(now), people.steward
    with pytest.raises(Invalid, match="动态口令"):
        set_up(db, now, me, me, secret=secret, code="000", password=PASSWORD)
    assert isinstance(set_up(db, now, me, me, secret=secret, code=code, password="wrong"), Invalid)
    with db.read() as session:
        assert session.get_one(Person, me.id).totp_secret is None
    with pytest.raises(Forbidden):
        set_up(db, now, people.colleague, me, secret=secret, code=code, password=PASSWORD)


def test_taking_off_voids_the_recovery_codes(db, people, now, with_codes):
    with work.begin(db, people.steward, now) as unit:
        person = unit.session.get_one(Person, people.steward.id)
        assert isinstance(second_factors.take_off(unit, person, password="wrong", address=""), Invalid)
        assert second_factors.take_off(unit, person, password=PASSWORD, address="") is None
    with db.read() as session:
        assert second_factors.codes_left(session, people.steward.id) == 0
    assert isinstance(attempt(db, now), SignedIn)
