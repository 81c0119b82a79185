"""A door for programs that speak CKAN: its Action API over the open domain.

The open domain is what is shown; whoever shows a token sees besides what is his own. A token counts in the headers
alone: cookies mean nothing here, so that no other site can act through a reader's browser.
"""

import json
import logging
from typing import Any
from urllib.parse import unquote_plus

from flask import Blueprint, Response, g, request, url_for
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException

from open_portal import failures, keys
from open_portal.pages.api.api_door import from_allowed_address, key_in_address
from open_portal.pages.ckan import (
    ckan_bodies,
    ckan_datastore,
    ckan_packages,
    ckan_site,
    ckan_write,
    ckan_write_bodies,
    ckan_write_packages,
    ckan_write_resources,
)
from open_portal.pages.ckan.ckan_actions import ACTIONS, ActionError, BadRequestError, Changed, denied, scopes
from open_portal.requests import actor, now, session
from policies.refusals import Forbidden, Invalid, NotFound, Refusal
from sharing.access import grants
from tenancy.actors import ANONYMOUS

__all__ = [
    "ckan_bodies",
    "ckan_datastore",
    "ckan_packages",
    "ckan_site",
    "ckan_write_bodies",
    "ckan_write_packages",
    "ckan_write_resources",
    "pages",
]

pages = Blueprint("ckan", __name__)
log = logging.getLogger(__name__)
KEY_HEADERS = ("X-CKAN-API-Key", "X-API-Key")


@pages.before_request
def identify() -> None:
    """Whoever asks is whom the token in the headers stands for; an unknown token stands for nobody, as in CKAN."""
    request.cookies = ImmutableMultiDict()
    g.actor, g.key, g.scopes = ANONYMOUS, _shown_key(), frozenset()
    if key_in_address():
        raise BadRequestError("A key never belongs into an address; send it in the Authorization header.")
    if g.key.startswith(grants.KEY_PREFIX):
        g.actor, grant = grants.actor_of(session(), g.key, now())
        if grant is not None and not from_allowed_address(grant):
            raise denied("this key is not allowed from your address")
    elif g.key:
        holder = keys.holder_of(g.key)
        g.actor, g.scopes, g.peer = holder.actor, holder.scopes, holder.peer


@pages.after_request
def finish(response: Response) -> Response:
    """Public answers may be read by any page; what a token opens may not, and is kept nowhere."""
    response.vary.update(["Authorization", *KEY_HEADERS])
    if not g.get("key") and actor().kind == "anonymous":
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/api/3")
def version() -> Response:
    """The version of the interface."""
    return in_json({"version": 3}, 200)


@pages.route("/api/3/action/<name>", methods=["GET", "POST"])
@pages.route("/api/action/<name>", methods=["GET", "POST"])
def act(name: str) -> Response:
    """Answer one action; what only reads may be asked for by GET too."""
    action = ACTIONS.get(name)
    if action is None:
        raise BadRequestError(f"Action name not known: {name[:80]}")
    if not action.reads and request.method != "POST":
        raise BadRequestError("This action changes something: send it with POST.")
    if action.scopes and not action.scopes & scopes():
        raise denied("a token is needed that may do this")
    if not action.reads:
        keys.count_writing(g.key, scopes())
        ckan_write.make_room(name)
    found = action.run(_params())
    body = {"help": _help(name), "success": True}
    if isinstance(found, Changed):
        return in_json({**body, "result": found.result, "changed_entities": found.entities}, 200)
    return in_json({**body, "result": found}, 200)


@pages.get("/api/3/<path:rest>")
@pages.get("/api/action/<path:rest>")
def nothing(rest: str) -> Response:
    """What isn't there, in the shape of every failure here."""
    return _failure(404, "Not Found Error", f"Not found: nothing is called {rest[:80]}")


@pages.errorhandler(BadRequestError)
def bad_request(error: BadRequestError) -> Response:
    """A request that can't be read, an action that doesn't exist, or GET where POST is needed."""
    return in_json(f"Bad request - {error}", 400)


@pages.errorhandler(ActionError)
def failed(error: ActionError) -> Response:
    """A failure in CKAN's own kinds."""
    return _fail(error.status, error.body)


@pages.errorhandler(Refusal)
def refused(refusal: Refusal) -> Response:
    """A refusal of ours in CKAN's words: what isn't there, what may not be done, else what can't be taken."""
    if isinstance(refusal, NotFound):
        return _failure(404, "Not Found Error", "Not found")
    if isinstance(refusal, Forbidden):
        return _failure(403, "Authorization Error", f"Access denied: {refusal.text('en')}")
    if isinstance(refusal, Invalid) and refusal.fields:
        fields = {name: [one.text("en")] for name, one in refusal.fields.items()}
        return _fail(409, {"__type": "Validation Error", **fields})
    return _fail(409, {"__type": "Validation Error", "message": [refusal.text("en")]})


@pages.errorhandler(HTTPException)
def unfit(error: HTTPException) -> Response | HTTPException:
    """What the framework refuses (too large, too often, a closed door), with its headers."""
    if error.code is None or error.code < 400:
        return error
    kind = "Not Found Error" if error.code == 404 else f"{error.name} Error"
    response = _failure(error.code, kind, error.name)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


@pages.errorhandler(RecursionError)
def too_deep(_error: RecursionError) -> Response:
    """A document nested beyond reason is a bad request."""
    return in_json("Bad request - nested too deeply", 400)


@pages.errorhandler(DataError)
def unstorable(_error: DataError) -> Response:
    """A value that no column can hold."""
    return _failure(400, "Integrity Error", "A value is out of range")


@pages.errorhandler(OperationalError)
def busy(error: OperationalError) -> Response:
    """The database is locked or away."""
    log.error("database.unavailable", extra={"error": type(error.orig).__name__, "path": request.path})
    response = _failure(503, "Service Unavailable Error", "The service is busy, please try again shortly")
    response.headers["Retry-After"] = "5"
    return response


@pages.errorhandler(Exception)
def broken(error: Exception) -> Response:
    """Our fault, told in JSON; the rest is for the log alone."""
    number = failures.request_number()
    log.exception("request.failed", extra={"error": type(error).__name__, "path": request.path, "request": number})
    return _failure(500, "Internal Server Error", f"Internal Server Error ({number})")


def in_json(body: object, status: int) -> Response:
    """An answer as CKAN writes it."""
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json;charset=utf-8")


def _shown_key() -> str:
    """The token in the headers, bare or after Bearer; of another scheme (a proxy's) none."""
    scheme, space, rest = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme and not space:
        return scheme
    return next(filter(None, (request.headers.get(name, "").strip() for name in KEY_HEADERS)), "")


def _params() -> dict[str, Any]:
    """What was asked, from the address and the body in any of the forms that CKAN takes."""
    found = _several(request.args)
    if request.method != "POST":
        return found
    if request.mimetype == "multipart/form-data":
        return {**found, **_several(request.form)}
    body = request.get_data(as_text=True)
    if request.mimetype == "application/x-www-form-urlencoded":
        whole = unquote_plus(body).strip()
        if not whole.startswith("{"):
            return {**found, **_several(request.form)}
        body = whole.removesuffix("=1").removesuffix("=")
    if request.is_json or body.lstrip().startswith("{"):
        return {**found, **(_object(body) if body.strip() else {})}
    return found


def _several(sent: Any) -> dict[str, Any]:
    """Names with their value, or with a list where one was sent several times."""
    return {name: values if len(values) > 1 else values[0] for name, values in sent.lists()}


def _object(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BadRequestError("JSON Error: Error decoding JSON data.") from error
    if not isinstance(body, dict):
        raise BadRequestError("Request data JSON decoded to a non-object.")
    if _holds_nul(body):
        raise BadRequestError("JSON Error: a text holds a NUL character.")
    return body


def _holds_nul(body: Any) -> bool:
    """Whether any text within has a NUL character, which no column can hold."""
    rest = [body]
    while rest:
        one = rest.pop()
        if isinstance(one, str) and "\0" in one:
            return True
        if isinstance(one, dict):
            rest += [*one, *one.values()]
        elif isinstance(one, list):
            rest += one
    return False


def _failure(status: int, kind: str, message: str) -> Response:
    return _fail(status, {"__type": kind, "message": message})


def _fail(status: int, error: dict[str, Any]) -> Response:
    name = str((request.view_args or {}).get("name", ""))
    return in_json({"help": _help(name), "success": False, "error": error}, status)


def _help(name: str) -> str:
    return url_for("ckan.act", name="help_show", _external=True) + f"?name={name}"
