"""The reference of the data interface as a page, made from its OpenAPI document: operations, parameters, shapes."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, current_app, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from open_portal.pages import front
from open_portal.pages.api import api_document

pages = Blueprint("api_reference", __name__)
METHODS = ("get", "post", "put", "patch", "delete")
SCHEMAS = "#/components/schemas/"
INDICATOR = "OPEN_CAT"
"""An indicator that every portal has, for examples."""
DOCUMENT = "api.document"


@dataclass(frozen=True)
class Shape:
    """What a value is: words such as "array of", and the name of the schema that they lead to."""

    words: str
    schema: str = ""


@pages.get("/developers/api")
def show() -> str:
    """Every operation with its parameters, answers and an example, and every shape."""
    found = api_document.described(str(get_locale()))
    schemas = found.get("components", {}).get("schemas", {})
    return render_template(
        "site/api_reference.html",
        about=found["info"],
        operations=list(_operations(found)),
        schemas=[{"name": name, "rows": _rows(schemas[name])} for name in sorted(schemas)],
        keys=found.get("components", {}).get("securitySchemes", {}),
        document=url_for(DOCUMENT) if DOCUMENT in current_app.view_functions else "",
    )


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The operations in the order of their addresses."""
    code = front.example_code()
    for path, methods in sorted(document["paths"].items()):
        for method in METHODS:
            if method not in methods:
                continue
            one = methods[method]
            parameters = [*methods.get("parameters", ()), *one.get("parameters", ())]
            yield {
                "method": method.upper(),
                "path": path,
                "anchor": _anchor(method, path),
                "summary": one.get("summary", ""),
                "description": one.get("description", ""),
                "keys": sorted({name for need in one.get("security", ()) for name in need}),
                "parameters": [_parameter(parameter) for parameter in parameters],
                "body": _shape(_content(one.get("requestBody", {}))) if "requestBody" in one else None,
                "answers": [_answer(status, answer) for status, answer in sorted(one.get("responses", {}).items())],
                "example": _example(method, path, one, code),
            }


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    schema = parameter.get("schema", {})
    return {
        "name": parameter["name"],
        "where": parameter["in"],
        "required": parameter.get("required", False),
        "shape": _shape(schema),
        "limits": _limits(schema),
        "text": parameter.get("description", ""),
    }


def _answer(status: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    return {"status": status, "text": answer.get("description", ""), "shape": _shape(_content(answer))}


def _content(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a body in its first form."""
    forms = list(holder.get("content", {}).values())
    found: Mapping[str, Any] = forms[0].get("schema", {}) if forms else {}
    return found


def _rows(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fields of a shape."""
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "shape": _shape(one),
            "limits": _limits(one),
            "required": name in required,
            "text": one.get("description", ""),
        }
        for name, one in schema.get("properties", {}).items()
    ]


def _shape(schema: Mapping[str, Any]) -> Shape:
    if "$ref" in schema:
        return Shape("", str(schema["$ref"]).removeprefix(SCHEMAS))
    choices = [one for word in ("anyOf", "oneOf", "allOf") for one in schema.get(word, ())]
    named = next((one for one in choices if "$ref" in one), None)
    if named is not None:
        rest = " | ".join(str(one["type"]) for one in choices if "type" in one)
        return Shape(rest and f"{rest} |", _shape(named).schema)
    kind = schema.get("type", "")
    words = " | ".join(kind) if isinstance(kind, list) else str(kind)
    if "items" in schema:
        inner = _shape(schema["items"])
        return Shape(f"{words} of {inner.words}".strip(), inner.schema)
    if isinstance(schema.get("additionalProperties"), Mapping):
        inner = _shape(schema["additionalProperties"])
        return Shape(f"{words} of {inner.words}".strip(), inner.schema)
    return Shape(f"{words} ({schema['format']})" if "format" in schema else words)


def _limits(schema: Mapping[str, Any]) -> str:
    """Bounds, choices and what holds when nothing is said, as short code."""
    found = []
    if "enum" in schema:
        found.append(" | ".join(str(one) for one in schema["enum"] if one not in ("", None)))
    if "minimum" in schema or "maximum" in schema:
        found.append(_span(schema.get("minimum"), schema.get("maximum")))
    if "maxLength" in schema:
        found.append(f"≤ {schema['maxLength']}")
    if schema.get("default") not in (None, "", []):
        found.append(_("else %(value)s", value=schema["default"]))
    return ", ".join(found)


def _span(least: Any, most: Any) -> str:
    if least is None or most is None:
        return f"≤ {most}" if least is None else f"≥ {least}"
    return f"{least}–{most}"


def _example(method: str, path: str, one: Mapping[str, Any], code: str) -> str:
    """A command that works as it stands; for what changes something, one with a place for the token."""
    if "{code}" in path:
        path = path.replace("{code}", INDICATOR if "indicators" in path else code)
    path = re.sub(r"{(\w+)}", r"<\1>", path)
    names = {parameter["name"] for parameter in one.get("parameters", ())}
    query = {name: value for name, value in (("q", "公交"), ("limit", "5"), ("per_page", "5")) if name in names}
    address = request.root_url.rstrip("/") + path + (f"?{urlencode(query)}" if query else "")
    if method == "get":
        return f"curl {shlex.quote(address)}"
    return f"curl -X {method.upper()} -H 'Authorization: Bearer <TOKEN>' {shlex.quote(address)}"


def _anchor(method: str, path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", f"{method}-{path.lower()}").strip("-")
