"""Tokens: a person's keys for programs, shown once and kept as a hash."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from policies.refusals import Invalid, NotFound
from tenancy import actors, codes
from tenancy.actors import ANONYMOUS, Actor
from tenancy.models import ApiToken
from tenancy.types import new_id
from tenancy.work import Work

LONGEST_NAME, LONGEST_DAYS = 100, 365


def create(work: Work, *, name: str, days: int) -> tuple[ApiToken, str]:
    """Make a token that ends after so many days (1 to 365); its text is returned here and never again."""
    token = ApiToken(id=new_id(), person_id=work.actor.id, name=name.strip())
    work.demand("token.create", token)
    _check(token.name, days)
    plain, hash_, hint = codes.new_token()
    token.hash, token.hint, token.created_at = hash_, hint, work.now
    token.expires_at = work.now + timedelta(days=days)
    work.session.add(token)
    work.record("token.created", token, name=token.name, days=days)
    return token, plain


def revoke(work: Work, token: ApiToken) -> None:
    """End a token at once; ending it again changes nothing."""
    work.demand("token.create", token)
    if token.revoked_at is None:
        token.revoked_at = work.now
        work.record("token.revoked", token, name=token.name)


def find(session: Session, token_id: str, person_id: str) -> ApiToken:
    """One of a person's tokens by id; NotFound for anybody else's."""
    token = session.get(ApiToken, token_id)
    if token is None or token.person_id != person_id:
        raise NotFound("general.not-found")
    return token


def actor_of(session: Session, plain: str, now: datetime) -> Actor:
    """Who a token stands for; anonymous when it is unknown, ended or revoked."""
    if not codes.is_token(plain):
        return ANONYMOUS
    row = session.scalars(select(ApiToken).where(ApiToken.hash == codes.token_hash(plain))).first()
    if row is None or row.revoked_at or row.expires_at <= now:
        return ANONYMOUS
    return actors.find(session, row.person_id, now)


def touch(session: Session, plain: str, now: datetime) -> None:
    """Note that a token was used."""
    session.execute(update(ApiToken).where(ApiToken.hash == codes.token_hash(plain)).values(used_at=now))


def all_of(session: Session, person_id: str) -> list[ApiToken]:
    """A person's tokens, newest first."""
    query = select(ApiToken).where(ApiToken.person_id == person_id).order_by(ApiToken.created_at.desc())
    return list(session.scalars(query))


def _check(name: str, days: int) -> None:
    problems = []
    if not name:
        problems.append(Invalid("general.required", field="name"))
    elif len(name) > LONGEST_NAME:
        problems.append(Invalid("general.too-long", limit=LONGEST_NAME, length=len(name), field="name"))
    if not 1 <= days <= LONGEST_DAYS:
        problems.append(Invalid("token.days", field="days"))
    if problems:
        raise Invalid.gathered(problems)
