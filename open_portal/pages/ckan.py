"""A door for programs that speak CKAN: the reading actions of its API over the public catalogue."""

import json
import logging
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import HTTPException

from open_portal.pages import ckan_actions
from open_portal.pages.ckan_actions import ActionError
from policies.refusals import NotFound, Refusal

pages = Blueprint("ckan", __name__)
log = logging.getLogger(__name__)


class BadRequestError(ValueError):
    """A body that can't be read; CKAN answers it with a bare text."""


@pages.get("/api/3")
def version() -> Response:
    """The version of the interface."""
    return _json({"version": 3}, 200)


@pages.route("/api/3/action/<name>", methods=["GET", "POST"])
@pages.route("/api/action/<name>", methods=["GET", "POST"])
def act(name: str) -> Response:
    """Answer one action; all of them only read, so that GET and POST are the same."""
    action = ckan_actions.ACTIONS.get(name)
    if action is None:
        return _json(f"Bad request - Action name not known: {name[:80]}", 400)
    found = action(_params())
    return _json({"help": _help(name), "success": True, "result": found}, 200)


@pages.errorhandler(BadRequestError)
def bad_request(error: BadRequestError) -> Response:
    """A body that is no JSON object."""
    return _json(f"Bad request - {error}", 400)


@pages.errorhandler(ActionError)
def failed(error: ActionError) -> Response:
    """A failure in CKAN's own kinds."""
    return _failure(error.status, error.body)


@pages.errorhandler(Refusal)
def refused(refusal: Refusal) -> Response:
    """A refusal of ours in CKAN's words: what isn't there, else what may not be."""
    if isinstance(refusal, NotFound):
        return _failure(404, {"__type": "Not Found Error", "message": "Not found"})
    return _failure(409, {"__type": "Validation Error", "message": [refusal.text("en")]})


@pages.errorhandler(Exception)
def broken(error: Exception) -> Response | HTTPException:
    """Our fault, told in JSON; what the framework refuses keeps its own answer."""
    if isinstance(error, HTTPException):
        return error
    log.exception("request.failed", extra={"error": type(error).__name__, "path": request.path})
    return _failure(500, {"__type": "Internal Server Error", "message": "Internal Server Error"})


def _params() -> dict[str, Any]:
    """What was asked, from the address and the body in any of the forms that CKAN takes."""
    found: dict[str, Any] = {}
    for name, values in request.args.lists():
        found[name] = values if len(values) > 1 else values[0]
    if request.method == "GET":
        return found
    if request.is_json:
        text = request.get_data(as_text=True).strip()
        return {**found, **(_object(text) if text else {})}
    form = request.form.to_dict()
    if len(form) == 1 and next(iter(form.values())) in {"", "1"} and next(iter(form)).startswith("{"):
        return {**found, **_object(next(iter(form)))}
    text = "" if form else request.get_data(as_text=True).strip()
    return {**found, **form, **(_object(text) if text.startswith("{") else {})}


def _object(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequestError("JSON Error: Error decoding JSON data.") from error
    if not isinstance(body, dict):
        raise BadRequestError("Request data JSON decoded to a non-object.")
    return body


def _failure(status: int, error: dict[str, Any]) -> Response:
    name = (request.view_args or {}).get("name", "")
    return _json({"help": _help(name), "success": False, "error": error}, status)


def _help(name: str) -> str:
    return url_for("ckan.act", name="help_show", _external=True) + f"?name={name}"


def _json(body: object, status: int) -> Response:
    text = json.dumps(body, ensure_ascii=False)
    return Response(text, status, content_type="application/json;charset=utf-8")
