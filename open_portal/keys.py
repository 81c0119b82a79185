"""Tokens in requests: whom one stands for, when it was last used, and how often it may write."""

from collections.abc import Collection
from datetime import timedelta

from flask import current_app, request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from open_portal.requests import deed, now, session
from policies.vocabulary import TokenScope
from tenancy import codes, tokens
from tenancy.actors import SYSTEM
from tenancy.tokens import Holder

NOTED_EVERY = timedelta(minutes=5)
"""How exactly the last use of a token is known: noting each would make a write of every read."""
WRITING: RateLimitItem = RateLimitItemPerMinute(300)
IN_BULK: RateLimitItem = RateLimitItemPerMinute(6000)
"""How often a token may write in a minute, in each process; platforms send whole catalogues."""


def holder_of(plain: str) -> Holder:
    """Whom a token stands for; its use is noted from time to time."""
    holder = tokens.holder(session(), plain, now())
    used = holder.used_at
    if holder.actor.kind != "anonymous" and (used is None or used < now() - NOTED_EVERY):
        with deed(SYSTEM) as unit:
            tokens.touch(unit.session, plain, now())
        return tokens.holder(session(), plain, now())
    return holder


def count_writing(plain: str, scopes: Collection[TokenScope]) -> None:
    """Count an action that writes; too many in a minute are refused for a while."""
    limiter: FixedWindowRateLimiter = current_app.extensions.setdefault(
        "writing", FixedWindowRateLimiter(MemoryStorage())
    )
    limit = WRITING if TokenScope.DRAFT in scopes else IN_BULK
    if not limiter.hit(limit, codes.token_hash(plain)):
        raise TooManyRequests(retry_after=60)


def sends_in_bulk() -> bool:
    """Whether a request shows a token by which a platform sends a whole catalogue: it has a limit of its own."""
    if request.endpoint != "ckan.act":
        return False
    shown = request.headers.get("Authorization", "").rpartition(" ")[2]
    return bool({TokenScope.EXCHANGE, TokenScope.RESTORE} & tokens.holder(session(), shown, now()).scopes)
