"""Signing in and out: exact counters against guessing, sessions kept on the server, ended when they must."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from policies.refusals import Invalid, Refused
from tenancy import actors, codes, passwords
from tenancy.actors import ANONYMOUS, Actor
from tenancy.models import LoginCounter, Person, UserSession
from tenancy.work import Work

WINDOW = timedelta(minutes=15)
PER_ACCOUNT, PER_NETWORK = 10, 100
SEEN_EVERY = timedelta(minutes=1)
PUBLIC_IDLE, PUBLIC_LIMIT = timedelta(days=1), timedelta(days=7)
WORK_IDLE, WORK_LIMIT = timedelta(minutes=30), timedelta(hours=12)


@dataclass(frozen=True)
class SignedIn:
    """A fresh session: the secret for the cookie, shown to nobody else, and who it belongs to."""

    secret: str
    person_id: str


def check(
    work: Work, *, login: str, password: str, one_time_code: str = "", address: str, agent: str
) -> SignedIn | Refused | Invalid:
    """Open a session for the right name, password and second factor.

    Returns the refusal instead of raising it, so that the failed try is counted in the same transaction. What it says is
    the same whether the account exists or not.
    """
    login = login.strip().lower()[:64]
    keys = {f"account:{login}": PER_ACCOUNT, f"network:{_network(address)}": PER_NETWORK}
    if any(_blocked(work, key) for key in keys):
        return Refused("sign-in.too-many", minutes=int(WINDOW.total_seconds() // 60))
    person = work.session.scalars(select(Person).where(Person.login == login)).first()
    right = passwords.verify(person.password_hash if person else None, password)
    if person is None or not right or person.disabled_at or not _second_factor(work, person, one_time_code):
        for key, most in keys.items():
            _count(work, key, most)
        work.record("sign-in.failed", "Person", login=login, address=address)
        return Invalid("sign-in.failed", field="password")
    work.session.execute(
        update(LoginCounter).where(LoginCounter.key == f"account:{login}").values(failures=0, blocked_until=None)
    )
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


def end_all(work: Work, person: Person) -> None:
    """Sign a person out everywhere."""
    work.session.execute(
        update(UserSession)
        .where(UserSession.person_id == person.id, UserSession.ended_at.is_(None))
        .values(ended_at=work.now)
    )
    work.record("sign-in.ended-all", person)


def sessions_of(session: Session, person_id: str, now: datetime) -> list[UserSession]:
    """A person's sessions that are still open, newest first."""
    query = select(UserSession).where(
        UserSession.person_id == person_id, UserSession.ended_at.is_(None), UserSession.expires_at > now
    )
    return list(session.scalars(query.order_by(UserSession.seen_at.desc())))


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
        idle_minutes=int(idle.total_seconds() // 60),
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
        return False
    person.totp_counter = counter
    return True


def _blocked(work: Work, key: str) -> bool:
    row = work.session.get(LoginCounter, key)
    return bool(row and row.blocked_until and row.blocked_until > work.now)


def _count(work: Work, key: str, most: int) -> None:
    row = work.session.get(LoginCounter, key, with_for_update=True)
    if row is None:
        row = LoginCounter(key=key, failures=0, since=work.now)
        work.session.add(row)
    if row.since + WINDOW <= work.now:
        row.failures, row.since, row.blocked_until = 0, work.now, None
    row.failures += 1
    if row.failures >= most:
        row.blocked_until = work.now + WINDOW


def _network(address: str) -> str:
    return address.rsplit(".", 1)[0] if "." in address else ":".join(address.split(":")[:4])


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
