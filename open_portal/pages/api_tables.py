"""Lists for programs: sorted, paged, and as a table for whoever likes that better than JSON."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from apiflask import Schema, fields
from apiflask.validators import OneOf
from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from open_portal.pages import api_schemas as schemas
from open_portal.pages.finder_lists import line

N_ = schemas.N_


def parameters(name: str, sorts: Sequence[str]) -> Any:
    """What may be asked of a list: page, size, order (the field, after a minus from the last to the first), form."""
    orders = [*sorts, *(f"-{one}" for one in sorts)]
    found: dict[str, Any] = {
        "page": schemas.whole(1, 1, 10_000, N_("Page, counted from 1")),
        "per_page": schemas.whole(20, 1, schemas.MOST_PER_PAGE, N_("Lines on a page")),
        "sort": fields.String(
            load_default="",
            validate=OneOf(["", *orders], error=N_("is not one of the orders")),
            metadata=schemas.told(N_("Field to sort by; with a minus before it, the other way round")),
        ),
        "format": schemas.FORMAT,
    }
    return schemas.Parameters.from_dict(found, name=f"{name}Query")


def listing(name: str, row: type[Schema], key: str) -> Any:
    """The answer that is one page of a list."""
    found: dict[str, Any] = {
        "total": fields.Integer(required=True),
        "page": fields.Integer(required=True),
        "per_page": fields.Integer(required=True),
        "next": fields.String(required=True, allow_none=True),
        key: fields.List(fields.Nested(row), required=True),
    }
    return Schema.from_dict(found, name=name)


def answer(
    key: str, row: type[Schema], rows: Sequence[Mapping[str, Any]], asked: Mapping[str, Any], **place: str
) -> dict[str, Any] | ResponseReturnValue:
    """One page of a list in the order and form that were asked for; `place` are the arguments of the route."""
    wish = str(asked["sort"])
    field = wish.removeprefix("-")
    if field:
        rows = sorted(rows, key=lambda one: _order(one[field]), reverse=wish.startswith("-"))
    page, size = int(asked["page"]), int(asked["per_page"])
    shown = rows[(page - 1) * size : page * size]
    following = None
    if page * size < len(rows):
        given: dict[str, Any] = {**request.args.to_dict(flat=False), **place, "page": page + 1}
        following = url_for(str(request.endpoint), **given, _external=True)
    if wanted(str(asked["format"])):
        return table(key, row(), shown, len(rows), following)
    return {"total": len(rows), "page": page, "per_page": size, "next": following, key: shown}


def wanted(form: str) -> bool:
    """Whether a table is asked for, in the address or by the Accept header."""
    if form:
        return form == "csv"
    accepted = request.accept_mimetypes
    return accepted.quality("text/csv") > accepted.quality("application/json")


def table(name: str, schema: Schema, rows: Sequence[Mapping[str, Any]], total: int, following: str | None) -> Response:
    """Rows as CSV with a byte order mark: a term in two columns, of its code and its label; a list with blanks."""
    shape = dict(schema.fields)
    names = [column for one, kind in shape.items() for column in _columns(one, kind)]
    dumped: Any = schema.dump(list(rows), many=True)
    cells = [[cell for one, kind in shape.items() for cell in _cells(kind, row.get(one))] for row in dumped]
    text = "\ufeff" + line(names) + "".join(map(line, cells))
    response = Response(text, content_type="text/csv; charset=utf-8")
    response.headers["X-Total-Count"] = str(total)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


def _columns(name: str, kind: Any) -> list[str]:
    nested = kind.schema.fields if isinstance(kind, fields.Nested) else {}
    return [name if one == "code" else f"{name}_{one}" for one in nested] or [name]


def _cells(kind: Any, value: Any) -> list[str]:
    if isinstance(kind, fields.Nested):
        return [_text((value or {}).get(one)) for one in kind.schema.fields]
    return [_text(value)]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(str(one.get("code", "")) if isinstance(one, dict) else str(one) for one in value)
    return "" if value is None else str(value)


def _order(value: Any) -> tuple[bool, Any]:
    """By which a value is sorted; what is not there comes first."""
    if isinstance(value, Mapping):
        value = value["code"]
    if isinstance(value, (datetime, date)):
        value = value.isoformat()
    return value is not None, value if value is not None else 0
