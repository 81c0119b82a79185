"""Failures: from a refusal or an HTTP error to its status and a page (or JSON) that says what to do next."""

import logging
import secrets
from typing import Any

from flask import Flask, Response, g, jsonify, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException

from policies.refusals import Forbidden, Invalid, NotFound, Refusal, Refused, Stale
from tenancy.actors import ANONYMOUS

STATUS: dict[type[Refusal], int] = {Forbidden: 403, NotFound: 404, Refused: 409, Stale: 409, Invalid: 422}
log = logging.getLogger(__name__)


def install(app: Flask) -> None:
    """Hang the handlers; views don't catch refusals unless they show a form again."""
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(RecursionError, too_deep)
    app.register_error_handler(OperationalError, database_busy)
    app.register_error_handler(DataError, unstorable)
    app.register_error_handler(Exception, broken)


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal."""
    return next(code for kind, code in STATUS.items() if isinstance(refusal, kind))


def refused(refusal: Refusal) -> tuple[Any, int]:
    """Answer a domain refusal with its reason in the reader's language."""
    return answer(status_of(refusal), refusal.text(str(get_locale())), refusal.code)


def http_error(error: HTTPException) -> Any:
    """Answer what the framework refuses: wrong method, too large, unknown address."""
    if error.code is None or error.code < 400:
        return error
    body, status = answer(error.code, "", f"http.{error.code}")
    response = Response(body) if isinstance(body, str) else body
    response.status_code = status
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def too_deep(_error: RecursionError) -> tuple[Any, int]:
    """A document nested beyond reason is a bad request, not a fault of ours."""
    return answer(400, "", "http.400")


def database_busy(error: OperationalError) -> tuple[Any, int]:
    """The database is locked or away: say so and ask to come back."""
    log.error("database.unavailable", extra={"error": type(error.orig).__name__, "request": request_number()})
    return answer(503, "", "http.503")


def unstorable(error: DataError) -> tuple[Any, int]:
    """A value no column can hold (a NUL character, a number beyond its range) is the sender's to mend."""
    log.warning(
        "request.unstorable",
        extra={"error": type(error.orig).__name__, "path": request.path, "request": request_number()},
    )
    return answer(400, "", "http.400")


def broken(error: Exception) -> tuple[Any, int]:
    """Anything else is our fault: a number for the reader, the rest for the log alone."""
    log.exception(
        "request.failed", extra={"error": type(error).__name__, "path": request.path, "request": request_number()}
    )
    return answer(500, "", "http.500")


def answer(status: int, reason: str, code: str) -> tuple[Any, int]:
    """The failure as a page, or as JSON where a program asks."""
    if wants_json():
        return jsonify(status=status, code=code, message=reason or title_of(status), request=request_number()), status
    if "actor" not in g:
        g.actor = ANONYMOUS
    page = render_template(
        "errors/error.html", status=status, heading=title_of(status), reason=reason, request_number=request_number()
    )
    return page, status


def wants_json() -> bool:
    """Whether the caller is a program."""
    return request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json"


def request_number() -> str:
    """The number by which this request can be found in the log."""
    if "request_number" not in g:
        g.request_number = secrets.token_hex(6)
    number: str = g.request_number
    return number


def title_of(status: int) -> str:
    """What went wrong, in one line."""
    titles = {
        400: _("The request could not be understood"),
        401: _("Please sign in first"),
        403: _("You are not allowed to do this"),
        404: _("This page does not exist"),
        405: _("This cannot be done at this address"),
        406: _("This is not to be had in the form you asked for"),
        409: _("This cannot be done now"),
        410: _("This is no longer here"),
        413: _("What was sent is too large"),
        415: _("This kind of content is not accepted here"),
        422: _("Please check what you entered"),
        429: _("Too many requests, please wait a moment"),
        503: _("The service is busy, please try again shortly"),
    }
    return str(titles.get(status, _("Something went wrong on our side")))
