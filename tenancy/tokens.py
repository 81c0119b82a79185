"""Tokens: keys for programs, shown once and kept as a hash, each for certain uses only.

A token that writes drafts acts as its person. One that exchanges stands for another platform, and one that restores
opens an empty platform: both are inert until a second person has approved them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from policies import vocabulary as v
from policies.refusals import Invalid, NotFound, Refused
from policies.vocabulary import TokenScope
from tenancy import actors, codes
from tenancy.actors import ANONYMOUS, Actor
from tenancy.models import ApiToken, Peer
from tenancy.types import new_id
from tenancy.work import Work

LONGEST_NAME, LONGEST_DAYS = 100, 365
LONGEST_RESTORE = 14
"""Days for which a token may restore: as long as it takes, no longer."""
OWN_SCOPES = (TokenScope.READ, TokenScope.DRAFT)
"""What anybody may choose for a token of his own."""


@dataclass(frozen=True)
class Holder:
    """Whom a token stands for, what it may be used for, the platform that holds it, if one does, and its last use."""

    actor: Actor
    scopes: frozenset[TokenScope] = frozenset()
    peer: Peer | None = None
    used_at: datetime | None = None

    def may(self, scope: TokenScope) -> bool:
        """Whether the token may be used so."""
        return scope in self.scopes


NOBODY = Holder(ANONYMOUS)


def create(
    work: Work, *, name: str, days: int, scopes: Sequence[str] = (TokenScope.READ,), peer: Peer | None = None
) -> tuple[ApiToken, str]:
    """Make a token that ends after so many days (1 to 365); its text is returned here and never again.

    A token for writing drafts reads too. One for exchanging needs its platform, connected; neither that nor one for
    restoring may do anything else, and both wait for `approve`.
    """
    token = ApiToken(id=new_id(), person_id=work.actor.id, name=name.strip(), scopes=_scopes(scopes), peer=peer)
    work.demand("token.create", token)
    _check(token, days)
    plain, hash_, hint = codes.new_token()
    token.hash, token.hint, token.created_at = hash_, hint, work.now
    token.expires_at = work.now + timedelta(days=days)
    work.session.add(token)
    work.session.flush()
    work.record(
        "token.created", token, name=token.name, days=days, scopes=token.scopes, peer=peer.key if peer else None
    )
    return token, plain


def approve(work: Work, token: ApiToken) -> None:
    """Let a token that two persons are needed for work from now on; whoever made it never approves it."""
    work.demand("token.approve", token)
    if not token.waits or token.expires_at <= work.now:
        raise Refused("token.decided")
    token.approved_by, token.approved_at = work.actor.id, work.now
    work.record("token.approved", token, name=token.name, scopes=token.scopes)


def end(work: Work, token: ApiToken) -> None:
    """End somebody's wide token at once, or turn down one that waits; ending it again changes nothing."""
    work.demand("token.approve", token)
    if token.wide is None:
        raise NotFound("general.not-found")
    _end(work, token)


def revoke(work: Work, token: ApiToken) -> None:
    """End a token of one's own at once; ending it again changes nothing."""
    work.demand("token.create", token)
    _end(work, token)


def find(session: Session, token_id: str, person_id: str) -> ApiToken:
    """One of a person's tokens by id; NotFound for anybody else's."""
    token = session.get(ApiToken, token_id)
    if token is None or token.person_id != person_id:
        raise NotFound("general.not-found")
    return token


def find_wide(session: Session, token_id: str) -> ApiToken:
    """A token that two persons are needed for, by id; NotFound for any other."""
    token = session.get(ApiToken, token_id)
    if token is None or token.wide is None:
        raise NotFound("general.not-found")
    return token


def holder(session: Session, plain: str, now: datetime) -> Holder:
    """Whom a token stands for and what it may be used for; nobody when it is unknown, ended, revoked or waits."""
    if not codes.is_token(plain):
        return NOBODY
    row = session.scalars(select(ApiToken).where(ApiToken.hash == codes.token_hash(plain))).first()
    if row is None or row.revoked_at or row.waits or row.expires_at <= now:
        return NOBODY
    person = actors.find(session, row.person_id, now)
    scopes = frozenset(TokenScope(one) for one in row.scopes)
    if TokenScope.EXCHANGE not in scopes:
        return Holder(person, scopes, used_at=row.used_at) if person.is_person else NOBODY
    if row.peer is None or row.peer.state is not v.PeerState.CONNECTED:
        return NOBODY
    return Holder(actors.of_peer(row.peer), scopes, row.peer, row.used_at)


def actor_of(session: Session, plain: str, now: datetime) -> Actor:
    """Who a token stands for; anonymous when it is unknown, ended or revoked."""
    return holder(session, plain, now).actor


def touch(session: Session, plain: str, now: datetime) -> None:
    """Note that a token was used."""
    session.execute(update(ApiToken).where(ApiToken.hash == codes.token_hash(plain)).values(used_at=now))


def all_of(session: Session, person_id: str) -> list[ApiToken]:
    """A person's tokens, newest first."""
    query = select(ApiToken).where(ApiToken.person_id == person_id).order_by(ApiToken.created_at.desc())
    return list(session.scalars(query))


def wide(session: Session) -> list[ApiToken]:
    """Every token that two persons are needed for, newest first."""
    query = select(ApiToken).where(ApiToken.scopes.is_not(None)).order_by(ApiToken.created_at.desc(), ApiToken.id)
    return [one for one in session.scalars(query) if one.wide]


def _scopes(wanted: Collection[str]) -> list[str]:
    """The scopes in their order; drafts are read too."""
    known = {one.value for one in TokenScope}
    found = set(wanted)
    if found - known or not found:
        raise Invalid("token.scope", field="scopes")
    if TokenScope.DRAFT in found:
        found.add(TokenScope.READ)
    return [one.value for one in TokenScope if one in found]


def _check(token: ApiToken, days: int) -> None:
    problems = []
    if not token.name:
        problems.append(Invalid("general.required", field="name"))
    elif len(token.name) > LONGEST_NAME:
        problems.append(Invalid("general.too-long", limit=LONGEST_NAME, length=len(token.name), field="name"))
    longest = LONGEST_RESTORE if token.wide is TokenScope.RESTORE else LONGEST_DAYS
    if not 1 <= days <= longest:
        problems.append(Invalid("token.days", limit=longest, field="days"))
    if token.wide and len(token.scopes) > 1:
        problems.append(Invalid("token.scope", field="scopes"))
    connected = token.peer is not None and token.peer.state is v.PeerState.CONNECTED
    if (token.wide is TokenScope.EXCHANGE) != connected:
        problems.append(Invalid("token.peer", field="peer"))
    if problems:
        raise Invalid.gathered(problems)


def _end(work: Work, token: ApiToken) -> None:
    if token.revoked_at is None:
        token.revoked_at = work.now
        work.record("token.revoked", token, name=token.name)
