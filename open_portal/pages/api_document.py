"""The OpenAPI document of the data interface, made by the library from the routes themselves."""

from functools import cache
from typing import Any

from apiflask import APIFlask
from flask import Response, jsonify, request
from flask_babel import get_locale

from open_portal.pages import api_datasets, api_indicators, api_rows
from open_portal.pages import api_schemas as schemas
from open_portal.pages.api_door import pages

PARTS = (api_datasets, api_rows, api_indicators)
"""Named so that every part has hung its routes on the blueprint before the document is made."""


@pages.get("/openapi.json")
@pages.doc(hide=True)
def document() -> Response:
    """The description of this interface as OpenAPI 3.1, in the reader's language."""
    return jsonify({**described(str(get_locale())), "servers": [{"url": request.root_url.rstrip("/")}]})


@cache
def described(_language: str) -> dict[str, Any]:
    """The document in one language; it is made once, by an application that serves nothing."""
    writer = APIFlask(
        "open_portal_api", title=str(schemas.TITLE), version="1", json_errors=False, docs_path=None, spec_path=None
    )
    writer.config.update(
        OPENAPI_VERSION="3.1.0",
        DESCRIPTION=str(schemas.ABOUT),
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_200_RESPONSE=False,
        SECURITY_SCHEMES=schemas.SCHEMES,
        TAGS=[{"name": "data", "description": str(schemas.ABOUT)}],
        LICENSE=None,
    )
    writer.register_blueprint(pages)
    with writer.test_request_context():
        found: dict[str, Any] = _plain(writer.spec)
    return found


def _plain(value: Any) -> Any:
    """The document with every text that waits for a language put into it."""
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
