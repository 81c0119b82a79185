"""The OpenAPI document of the data interface, made by the library from the routes themselves."""

from functools import cache
from typing import Any

from apiflask import APIFlask
from flask import Response, jsonify, request
from flask_babel import Babel, get_locale

from open_portal.pages.api import (
    api_administration,
    api_cases,
    api_cleaning,
    api_datasets,
    api_deliveries,
    api_desk,
    api_indicators,
    api_mine,
    api_public,
    api_quality,
    api_records,
    api_rows,
    api_scorecards,
    api_standards,
    api_suites,
)
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api.api_door import pages

PARTS = (
    api_datasets,
    api_records,
    api_rows,
    api_public,
    api_indicators,
    api_mine,
    api_desk,
    api_deliveries,
    api_suites,
    api_cleaning,
    api_cases,
    api_standards,
    api_quality,
    api_scorecards,
    *api_administration.PARTS,
)
"""Named so that every part has hung its routes on the blueprint before the document is made."""


@pages.get("/openapi.json")
@pages.doc(hide=True)
def document() -> Response:
    """The description of this interface as OpenAPI 3.1, in the reader's language."""
    return jsonify({**described(str(get_locale())), "servers": [{"url": request.root_url.rstrip("/")}]})


@cache
def described(reader: str) -> dict[str, Any]:
    """The document in one language; it is made once, by an application that serves nothing."""
    writer = APIFlask("open_portal", json_errors=False, docs_path=None, spec_path=None)
    Babel(writer, default_locale=reader)
    writer.config.update(
        OPENAPI_VERSION="3.1.0",
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_200_RESPONSE=False,
        SECURITY_SCHEMES=schemas.SCHEMES,
        SUCCESS_DESCRIPTION=schemas.N_("The answer"),
    )
    writer.register_blueprint(pages)
    with writer.test_request_context():
        about = {"title": schemas.TITLE, "description": schemas.ABOUT, "version": "1"}
        found: dict[str, Any] = _plain({**_spec(writer), "info": about})
    return found


def _spec(writer: APIFlask) -> dict[str, Any]:
    found: Any = writer.spec
    return dict(found)


def _plain(value: Any) -> Any:
    """The document with every text that waits for a language put into it."""
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
