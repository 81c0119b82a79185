"""The entrance of the data interface: by which key a program comes in, and what its answers carry."""

import ipaddress
from typing import Any

from apiflask import APIBlueprint
from apiflask.exceptions import HTTPError
from flask import Response, abort, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import ImmutableMultiDict

from open_portal import doors, failures, keys
from open_portal.doors import ANY_FACE, Door
from open_portal.requests import actor, kit, now, session
from policies.refusals import Forbidden, NotFound
from policies.vocabulary import TokenScope
from sharing.access import grants
from sharing.access.models import Grant
from tenancy import codes
from tenancy.actors import ANONYMOUS, INSIDE

PERSON_PREFIX = "tx_"
NAMES_OF_KEYS = frozenset({"key", "api_key", "apikey", "token", "access_token", "authorization", "x-api-key"})

LIBRARY = {
    "BASE_RESPONSE_SCHEMA": None,
    "VALIDATION_ERROR_STATUS_CODE": 422,
    "VALIDATION_ERROR_DESCRIPTION": "",
}

pages = APIBlueprint("api", __name__, tag={"name": "data"})


@pages.record
def _settle(state: Any) -> None:
    """What the library's own application would have set."""
    for name, value in LIBRARY.items():
        state.app.config.setdefault(name, value)


@pages.before_request
def identify() -> ResponseReturnValue | None:
    """Whoever asks is whom the key in the headers stands for; cookies don't count here, nor do keys in addresses."""
    request.cookies = ImmutableMultiDict()
    g.actor, g.key = ANONYMOUS, shown_key()
    if key_in_address():
        text = _("A key never belongs into an address; send it in the Authorization header")
        return failure(400, text, "api.key-in-address")
    if g.key is None:
        return None
    if g.key.startswith(grants.KEY_PREFIX):
        g.actor, grant = grants.actor_of(session(), g.key, now())
        if grant is not None and not from_allowed_address(grant):
            return failure(403, _("This key is not allowed from your address"), "api.address")
    elif g.key.startswith(PERSON_PREFIX):
        holder = keys.holder_of(g.key)
        g.actor = holder.actor
        if holder.scopes and not holder.may(TokenScope.READ):
            return failure(403, _("This token is not for reading"), "api.scope")
    return unknown_key() if g.actor.kind == "anonymous" else None


@pages.after_request
def finish(response: Response) -> Response:
    """Public answers may be read by any page; what a key opens may not, and is kept nowhere."""
    response.vary.update(["Authorization", "X-API-Key", "Accept-Language"])
    if g.get("key") is None and actor().kind == "anonymous":
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response


@pages.errorhandler(HTTPError)
def unfit(error: HTTPError) -> ResponseReturnValue:
    """What the library finds wrong with the parameters, in the shape of every failure here."""
    found = error.detail.get("query", {}) if isinstance(error.detail, dict) else {}
    fields = {str(name): [str(text) for text in _texts(texts)] for name, texts in found.items()}
    text = "; ".join(f"{name}: {texts[0]}" for name, texts in fields.items())
    return failure(error.status_code, text, "api.parameters")


def failure(status: int, text: str, code: str, **headers: str) -> ResponseReturnValue:
    """A failure as JSON, with headers."""
    body, status = failures.answer(status, text, code)
    response = current_app.make_response((body, status))
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def needs_person() -> None:
    """Go on only for the token of a person; nothing else has anything of its own here."""
    if actor().kind == "anonymous":
        text = _("Send the token of your account in the Authorization header")
        abort(current_app.make_response(failure(401, text, "api.sign-in", WWW_Authenticate="Bearer")))
    if not actor().is_person:
        abort(current_app.make_response(failure(403, _("This needs the token of a person"), "api.person")))


def needs_staff() -> None:
    """Go on only for the token of somebody who works in government."""
    needs_person()
    if not actor().holds(*INSIDE):
        text = _("This is for those who work in government")
        abort(current_app.make_response(failure(403, text, "api.staff")))


def needs_door(name: str) -> None:
    """Go on only for the token of a person whom the door of a blueprint of pages lets in, where it is open at all."""
    door: Door = current_app.extensions["doors"][name]
    if door.face not in {ANY_FACE, *kit().settings.faces}:
        raise NotFound("general.not-found")
    needs_person()
    if not doors.let_in(door.access, actor()):
        raise Forbidden("permissions.default")


def unknown_key() -> ResponseReturnValue:
    """The answer to a key that is unknown, over or revoked."""
    return failure(401, _("This key is unknown, has ended or was revoked"), "api.key", WWW_Authenticate="Bearer")


def shown_key() -> str | None:
    """The key in the headers, if any."""
    scheme, _space, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return key.strip()
    return request.headers.get("X-API-Key") or (f"{scheme} " if scheme else None)


def key_in_address() -> bool:
    """Whether somebody put a key, or something named like one, into the query string."""
    pairs = [(name.lower(), value.strip()) for name, value in request.args.items(multi=True)]
    return any(
        name in NAMES_OF_KEYS or codes.is_token(value, grants.KEY_PREFIX) or codes.is_token(value, PERSON_PREFIX)
        for name, value in pairs
    )


def from_allowed_address(grant: Grant) -> bool:
    """Whether the caller's address is one of those agreed on; none agreed on allows every one."""
    if not grant.addresses:
        return True
    try:
        caller = ipaddress.ip_address(request.remote_addr or "")
        return any(caller in ipaddress.ip_network(one, strict=False) for one in grant.addresses)
    except ValueError:
        return False


def _texts(found: Any) -> list[Any]:
    """The texts of one field; those of a list stand under the places in it."""
    if isinstance(found, dict):
        return [text for texts in found.values() for text in _texts(texts)]
    return list(found) if isinstance(found, (list, tuple)) else [found]
