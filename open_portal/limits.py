"""Coarse limits on how often one address may ask, so that no crawler takes the portal away from its readers.

Exact counts (failed sign-ins, downloads of a grant) live in the database. These stand in the memory of each process:
with two processes an address may ask up to twice as often.
"""

import ipaddress
from typing import Any

from flask import Flask, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address

from open_portal import failures, keys

EVERYTHING = "1200 per minute"
SUGGESTIONS = "300 per minute"
SEARCHES = ("datasets.find", "datasets.listing", "datasets.feed", "datasets.compare")
"""Pages with as many addresses as there are combinations of filters: where crawlers get lost."""
PLAIN = frozenset({"q"})
"""Parameters that everybody types; anything beyond them counts as a combination."""
TOLD_APART = 64
"""Bits of an IPv6 address by which connections are told apart; the rest their holder may choose."""


def install(app: Flask) -> None:
    """Count the requests to every route registered so far, and more strictly those for combinations of filters."""
    limiter = Limiter(
        get_remote_address,
        app=app,
        default_limits=[EVERYTHING],
        default_limits_exempt_when=keys.sends_in_bulk,
        storage_uri="memory://",
    )
    app.register_error_handler(RateLimitExceeded, explain)
    counted = limiter.shared_limit(_rate, "searches", key_func=connection, exempt_when=_free, override_defaults=False)
    views: dict[str, Any] = app.view_functions
    for endpoint in SEARCHES:
        views[endpoint] = counted(views[endpoint])
    views["datasets.suggest"] = limiter.limit(SUGGESTIONS, key_func=connection)(views["datasets.suggest"])


def connection() -> str:
    """Whose requests are counted together: an IPv4 address, or the part of an IPv6 address that names a connection."""
    address = ipaddress.ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104 - nobody listens here
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((int(address), TOLD_APART), strict=False))


def explain(error: RateLimitExceeded) -> ResponseReturnValue:
    """Say what was too much, how long to wait and how to get everything without searching."""
    if request.endpoint not in SEARCHES:
        return failures.answer(429, "", "http.429")
    text = _(
        "From your address came more than %(limit)s filtered searches in a minute. Please wait a minute, or sign in: "
        "signed-in readers are not limited here. Programs find every dataset in the site map and the data interface.",
        limit=error.limit.limit.amount,
    )
    return failures.answer(429, text, "http.429")


def _rate() -> str:
    return f"{current_app.config['KIT'].settings.searches_per_minute} per minute"


def _free() -> bool:
    """Whether a request isn't counted: of somebody who signed in, or without any filter."""
    return g.actor.is_person or PLAIN.issuperset(request.args)
