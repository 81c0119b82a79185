"""What the account pages share: the blueprint with its guard, the way in, and the way back."""

from flask import Blueprint, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user
from werkzeug.exceptions import HTTPException

from open_portal.entrants import Entrant
from open_portal.requests import actor
from tenancy.sign_in import SignedIn

pages = Blueprint("account", __name__)
PUBLIC = frozenset({"account.sign_in", "account.open_session", "account.register"})
LONGEST_NEXT = 2000
LAST_CONTROL, DELETE = 32, 127


@pages.before_request
def guard() -> ResponseReturnValue | None:
    """What is personal is for whoever signed in; the door lets everybody as far as the sign-in page."""
    if request.endpoint in PUBLIC or actor().is_person:
        return None
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("account.sign_in", next=wanted))


def enter(signed_in: SignedIn) -> None:
    """Begin the browser's session anew for whoever has just signed in."""
    session.clear()
    login_user(Entrant(signed_in.secret))


def address() -> str:
    """Where the request comes from."""
    return request.remote_addr or ""


def agent() -> str:
    """What the browser says it is."""
    return request.user_agent.string


def safe_next(target: str | None) -> str | None:
    """The address to go on to, if it is a path of this portal that can be read; else none."""
    if not target or len(target) > LONGEST_NEXT or not target.startswith("/"):
        return None
    if "//" in target or "\\" in target or any(ord(one) <= LAST_CONTROL or ord(one) == DELETE for one in target):
        return None
    path, _mark, query = target.partition("?")
    try:
        endpoint, _values = current_app.url_map.bind(request.host).match(path.partition("#")[0], method="GET")
    except HTTPException:
        return None
    if endpoint in {"static", "account.sign_in"}:
        return None
    return request.script_root + path + ("?" + query if query else "")
