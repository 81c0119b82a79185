"""Lists for programs: sorted, paged, and as a table for whoever likes that better than JSON."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from apiflask import Schema, fields
from apiflask.validators import Length, OneOf
from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import RAISE
from sqlalchemy import Select, func

from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api.api_door import pages
from open_portal.pages.finder.finder_lists import line
from open_portal.requests import session

N_ = schemas.N_
Answer = dict[str, Any] | ResponseReturnValue
View = Callable[..., Answer]


def listed(
    path: str,
    summary: Any,
    name: str,
    row: type[Schema],
    sorts: Sequence[str],
    *,
    key: str = "",
    asks: Mapping[str, Any] | None = None,
    security: Sequence[Any] = schemas.OWN_KEY,
) -> Callable[[View], View]:
    """A route for a list: what may be asked, what is answered, which keys open it; a token of a person if not said.

    `path` follows `/api/v1/` and may hold arguments, which the view gets beside `asked`; `key` names the lines in the
    answer (the last part of the path, if left out); `asks` are fields to narrow the list by.
    """
    key = key or path.rpartition("/")[2].replace("-", "_")

    def wrap(view: View) -> View:
        made: Any = pages.output(listing(f"{name}List", row, key))(view)
        wanted = parameters(name, sorts, asks or {})
        made = pages.input(wanted, location="query", unknown=RAISE, arg_name="asked")(made)
        refusals = schemas.FAILURES if {} in security else schemas.KEYED
        made = pages.doc(summary=summary, responses=refusals, security=list(security))(made)
        found: View = pages.get(f"/api/v1/{path}")(made)
        return found

    return wrap


def parameters(name: str, sorts: Sequence[str], asks: Mapping[str, Any] | None = None) -> Any:
    """What may be asked of a list: page, size, order (the field, after a minus from the last to the first), form.

    `asks` are what else it may be narrowed by.
    """
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
        **(asks or {}),
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


def answer(key: str, row: type[Schema], rows: Sequence[Mapping[str, Any]], asked: Mapping[str, Any]) -> Answer:
    """One page of a list that is at hand, in the order and form that were asked for."""
    wish = str(asked["sort"])
    field = wish.removeprefix("-")
    if field:
        rows = sorted(rows, key=lambda one: _order(one[field]), reverse=wish.startswith("-"))
    page, size = int(asked["page"]), int(asked["per_page"])
    return one_page(key, row, rows[(page - 1) * size : page * size], len(rows), asked)


def answer_query(
    key: str,
    row: type[Schema],
    query: Select[*tuple[Any, ...]],
    orders: Mapping[str, Any],
    order: Sequence[Any],
    shape: Callable[..., Mapping[str, Any]],
    asked: Mapping[str, Any],
) -> Answer:
    """One page of a list too long to be at hand: counted, sorted and cut by the database.

    `query` has no order yet; `orders` are the columns behind the fields that may be sorted by; `order` is the usual
    one, which must tell every two rows apart and decides between equals too; `shape` makes a line of what a row holds.
    """
    wish = str(asked["sort"])
    total = session().scalar(query.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    if wish:
        column = orders[wish.removeprefix("-")]
        known = column.is_not(None)
        first = (known.desc(), column.desc()) if wish.startswith("-") else (known.asc(), column.asc())
        order = (*first, *order)
    page, size = int(asked["page"]), int(asked["per_page"])
    shown = session().execute(query.order_by(*order).limit(size).offset((page - 1) * size)).unique()
    return one_page(key, row, [shape(*one) for one in shown], total, asked)


def one_page(key: str, row: type[Schema], shown: Sequence[Any], total: int, asked: Mapping[str, Any]) -> Answer:
    """The lines of the page that was asked for, cut from `total` of them already."""
    page, size = int(asked["page"]), int(asked["per_page"])
    following = None
    if page * size < total:
        given: dict[str, Any] = {**request.args.to_dict(flat=False), **(request.view_args or {}), "page": page + 1}
        following = url_for(str(request.endpoint), **given, _external=True)
    if wanted(str(asked["format"])):
        return table(key, row(), shown, total, following)
    return {"total": total, "page": page, "per_page": size, "next": following, key: list(shown)}


def choice(values: Sequence[str], text: Any) -> Any:
    """A field to narrow a list by that has one of some values, or nothing."""
    allowed = OneOf(["", *values], error=N_("is not one of the values"))
    return fields.String(load_default="", validate=allowed, metadata=schemas.told(text))


def words(text: Any) -> Any:
    """A field to narrow a list by words."""
    short = Length(max=100, error=N_("is too long"))
    return fields.String(load_default="", validate=short, metadata=schemas.told(text))


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
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return "" if value is None else str(value)


def _order(value: Any) -> tuple[bool, Any]:
    """By which a value is sorted; what is not there comes first."""
    if isinstance(value, Mapping):
        value = value["code"]
    if isinstance(value, (datetime, date)):
        value = value.isoformat()
    return value is not None, value if value is not None else 0
