"""Signing in and out: exact counters against guessing, sessions kept on the server, ended when they must."""

import hashlib
import ipaddress
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from policies.refusals import Invalid, NotFound, Refused
from tenancy import actors, codes, encryption, passwords
from tenancy.actors import ANONYMOUS, Actor
from tenancy.database import insert
from tenancy.models import LoginCounter, OneTimeCode, Person, UserSession
from tenancy.work import Work

WINDOW = timedelta(minutes=15)
PER_ACCOUNT, PER_NETWORK = 10, 100
SEEN_EVERY = timedelta(minutes=1)
PUBLIC_IDLE, PUBLIC_LIMIT = timedelta(days=1), timedelta(days=7)
WORK_IDLE, WORK_LIMIT = timedelta(minutes=30), timedelta(hours=12)
RECOVERY = "recovery"


@dataclass(frozen=True)
class SignedIn:
    """A fresh session: the secret for the cookie, shown to nobody else, and who it belongs to."""

    secret: str
    person_id: str


def check(
    work: Work, *, login: str, password: str, one_time_code: str = "", address: str, agent: str
) -> SignedIn | Refused | Invalid:
    """Open a session for the right name, password and second factor.

    Returns the refusal instead of raising it, so that the failed try is counted in the same transaction.
    What it says is the same whether the account exists or not.
    """
    login = login.strip().lower()[:64]
    counters = _counters(work, login, address)
    if _blocked(work, counters):
        return Refused("sign-in.too-many", minutes=_minutes(WINDOW))
    person = work.session.scalars(select(Person).where(Person.login == login)).first()
    right = passwords.verify(person.password_hash if person else None, password)
    if person is None or not right or person.disabled_at or not _second_factor(work, person, one_time_code):
        _count(work, counters)
        work.record("sign-in.failed", "Person", login=login, address=address)
        return Invalid("sign-in.failed", field="password")
    counters[0].failures, counters[0].blocked_until = 0, None
    if person.password_hash and passwords.needs_rehash(person.password_hash):
        person.password_hash = passwords.hash(password)
    return _open(work, person, address, agent)


def confirm(work: Work, person: Person, password: str, address: str) -> Refused | Invalid | None:
    """Ask for the password again before something that a borrowed browser must not do.

    A wrong one counts as a failed sign-in, and is returned so that the count is kept; None is yes.
    """
    counters = _counters(work, person.login, address)
    if _blocked(work, counters):
        return Refused("sign-in.too-many", minutes=_minutes(WINDOW))
    if not passwords.verify(person.password_hash, password):
        _count(work, counters)
        work.record("sign-in.not-confirmed", person, address=address)
        return Invalid("sign-in.wrong-password", field="password")
    return None


def renew(work: Work, person: Person, *, address: str, agent: str) -> SignedIn:
    """End every session of the person who acts and open one under a new secret in their place."""
    work.demand("session.end", person)
    end_all(work, person)
    return _open(work, person, address, agent)


def actor_of(session: Session, secret: str | None, now: datetime) -> tuple[Actor, UserSession | None]:
    """Who a cookie's secret stands for; anonymous when the session is unknown, ended, idle or too old."""
    if not secret:
        return ANONYMOUS, None
    row = session.get(UserSession, _hash(secret))
    if row is None or row.ended_at or row.expires_at <= now:
        return ANONYMOUS, None
    if row.seen_at + timedelta(minutes=row.idle_minutes) <= now:
        return ANONYMOUS, None
    actor = actors.find(session, row.person_id, now)
    return (actor, row) if actor.is_person else (ANONYMOUS, None)


def touch(session: Session, row_id: str, now: datetime) -> None:
    """Note that a session is in use, at most once a minute."""
    session.execute(
        update(UserSession)
        .where(UserSession.id == row_id, UserSession.ended_at.is_(None), UserSession.seen_at < now - SEEN_EVERY)
        .values(seen_at=now)
    )


def needs_touch(row: UserSession, now: datetime) -> bool:
    """Whether a session's last sign of life is old enough to be written again."""
    return row.seen_at < now - SEEN_EVERY


def end(work: Work, secret: str) -> None:
    """Sign out: the session is over, wherever a copy of its cookie may be."""
    row = work.session.get(UserSession, _hash(secret))
    if row and row.ended_at is None:
        row.ended_at = work.now
        work.record("sign-in.ended", row)


def end_one(work: Work, row: UserSession) -> None:
    """End one session of one's own, on a device that is no longer at hand."""
    work.demand("session.end", row)
    if row.ended_at is None:
        row.ended_at = work.now
        work.record("sign-in.ended", row)


def end_all(work: Work, person: Person) -> None:
    """Sign a person out everywhere; with nothing open, nothing is recorded."""
    result = work.session.execute(
        update(UserSession)
        .where(UserSession.person_id == person.id, UserSession.ended_at.is_(None))
        .values(ended_at=work.now)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker what an UPDATE returns
    if result.rowcount:
        work.record("sign-in.ended-all", person, sessions=result.rowcount)


def find_session(session: Session, person_id: str, key: str) -> UserSession:
    """One of a person's open sessions by its key; NotFound for anybody else's."""
    row = session.get(UserSession, key)
    if row is None or row.person_id != person_id or row.ended_at:
        raise NotFound("general.not-found")
    return row


def sessions_of(session: Session, person_id: str, now: datetime) -> list[UserSession]:
    """A person's sessions that are still open, newest first."""
    query = select(UserSession).where(
        UserSession.person_id == person_id, UserSession.ended_at.is_(None), UserSession.expires_at > now
    )
    rows = session.scalars(query.order_by(UserSession.seen_at.desc()))
    return [row for row in rows if row.seen_at + timedelta(minutes=row.idle_minutes) > now]


def recovery_hash(person_id: str, code: str) -> str:
    """What is kept of a recovery code: a keyed hash; the key is in no database."""
    plain = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", code)).upper()
    return encryption.in_use().lookup(f"{RECOVERY} {person_id} {plain}")


def _open(work: Work, person: Person, address: str, agent: str) -> SignedIn:
    secret = secrets.token_urlsafe(32)
    works = any(one.role for one in person.memberships if one.ended_at is None)
    idle, limit = (WORK_IDLE, WORK_LIMIT) if works else (PUBLIC_IDLE, PUBLIC_LIMIT)
    row = UserSession(
        id=_hash(secret),
        person_id=person.id,
        created_at=work.now,
        seen_at=work.now,
        expires_at=work.now + limit,
        idle_minutes=_minutes(idle),
        agent=agent[:200],
        address=address[:64],
        second_factor=bool(person.totp_secret),
    )
    work.session.add(row)
    work.record("sign-in.opened", person, address=address)
    return SignedIn(secret, person.id)


def _second_factor(work: Work, person: Person, one_time_code: str) -> bool:
    if not person.totp_secret:
        return True
    counter = codes.verify_totp(person.totp_secret, one_time_code, work.now, person.totp_counter)
    if counter is None:
        return _recovery_code(work, person, one_time_code)
    person.totp_counter = counter
    return True


def _recovery_code(work: Work, person: Person, code: str) -> bool:
    """Use a recovery code up; whether there was one."""
    used = work.session.execute(
        update(OneTimeCode)
        .where(
            OneTimeCode.person_id == person.id,
            OneTimeCode.purpose == RECOVERY,
            OneTimeCode.hash == recovery_hash(person.id, code),
            OneTimeCode.used_at.is_(None),
            OneTimeCode.expires_at > work.now,
        )
        .values(used_at=work.now)
    )
    assert isinstance(used, CursorResult)  # noqa: S101 - tells the type checker what an UPDATE returns
    if used.rowcount:
        work.record("sign-in.recovery-code-used", person)
    return bool(used.rowcount)


def _counters(work: Work, login: str, address: str) -> list[LoginCounter]:
    """The counters of the account and of the network, locked until the end of this transaction.

    The lock makes the count exact: of many tries at once each sees the failures of those before it.
    """
    found = []
    for key in (f"account:{login}", f"network:{network(address)}"):
        work.session.execute(
            insert(work.session, LoginCounter).values(key=key, failures=0, since=work.now).on_conflict_do_nothing()
        )
        found.append(work.session.get_one(LoginCounter, key, with_for_update=True, populate_existing=True))
    return found


def _blocked(work: Work, counters: list[LoginCounter]) -> bool:
    return any(row.blocked_until is not None and row.blocked_until > work.now for row in counters)


def _count(work: Work, counters: list[LoginCounter]) -> None:
    for row, most in zip(counters, (PER_ACCOUNT, PER_NETWORK), strict=True):
        if row.since + WINDOW <= work.now:
            row.failures, row.since, row.blocked_until = 0, work.now, None
        row.failures += 1
        if row.failures >= most:
            row.blocked_until = work.now + WINDOW


def network(address: str) -> str:
    """The network an address belongs to: /24 of IPv4, /64 of IPv6, the text itself when it is no address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ipaddress.ip_network(f"{found}/{24 if found.version == 4 else 64}", strict=False))


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
