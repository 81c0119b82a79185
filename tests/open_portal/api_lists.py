"""What holds of every list for programs: it pages, sorts, makes a table and answers as the document says."""

import csv
import io
import json
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator

PREFIX = "/api/v1/"
MOST = 100
"""Lines on a page at most."""
Ask = Callable[..., Any]
"""Asks for an address below the prefix, with headers; gives the answer."""


def lists_of(
    document: Mapping[str, Any], below: str = PREFIX, without: tuple[str, ...] = ()
) -> dict[str, Mapping[str, Any]]:
    """The lists below a prefix that the document knows, each with its operation."""
    return {
        path: routes["get"]
        for path, routes in document["paths"].items()
        if path.startswith(below)
        and not (without and path.startswith(without))
        and "per_page" in {one["name"] for one in routes["get"].get("parameters", ())}
    }


def orders_of(operation: Mapping[str, Any]) -> list[str]:
    """What a list may be sorted by, both ways where it goes both ways."""
    sort = next(one for one in operation["parameters"] if one["name"] == "sort")
    return [one for one in sort["schema"]["enum"] if one]


def lines_of(answer: Any) -> list[dict[str, Any]]:
    """The lines of a page."""
    return next(value for value in answer.json.values() if isinstance(value, list))


def check(document: Mapping[str, Any], path: str, address: str, ask: Ask) -> list[dict[str, Any]]:
    """That a list keeps every promise; gives its lines."""
    answer = ask(address)
    assert answer.status_code == 200, (path, answer.text)
    operation = document["paths"][path]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json)
    told, lines = answer.json, lines_of(answer)
    assert (told["page"], told["next"] is None) == (1, told["total"] <= told["per_page"])
    assert len(lines) == min(told["total"], told["per_page"]), path
    form = "output" if path.endswith("v1/datasets") else "format"
    between = "&" if "?" in address else "?"
    table = ask(f"{address}{between}{form}=csv")
    assert table.mimetype == "text/csv", path
    rows = list(csv.reader(io.StringIO(table.data.decode("utf-8-sig"))))
    assert len(rows) - 1 == len(lines)
    assert len(set(map(len, rows))) == 1
    assert table.headers["X-Total-Count"] == str(told["total"])
    assert ask(address, Accept="text/csv").data == table.data
    assert ask(f"{address}{between}sort=odd").status_code == 422
    assert ask(f"{address}{between}odd=1").status_code == 422
    for order in orders_of(operation):
        assert ask(f"{address}{between}sort={order}").status_code == 200, (path, order)
    return lines


def compare(
    document: Mapping[str, Any], path: str, address: str, ask: Ask, numbers: Collection[str] = ()
) -> list[dict[str, Any]]:
    """That a table tells what the JSON tells, every order is one, and two pages make the whole; gives its lines.

    `numbers` are fields whose texts are numbers; of a long list its first lines are looked at.
    """
    operation = document["paths"][path]["get"]
    assert operation["summary"], path
    assert {"page", "per_page", "sort", "format"} <= {one["name"] for one in operation["parameters"]}, path
    between = "&" if "?" in address else "?"
    address = f"{address}{between}per_page="
    answer = ask(f"{address}100")
    assert answer.status_code == 200, (path, answer.text)
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json)
    lines = lines_of(answer)
    total = answer.json["total"]
    assert len(lines) == min(total, MOST), path
    table = ask(f"{address}100", Accept="text/csv")
    assert (table.mimetype, table.headers["X-Total-Count"]) == ("text/csv", str(total)), path
    rows = list(csv.DictReader(io.StringIO(table.data.decode("utf-8-sig"))))
    assert len(rows) == len(lines), path
    for line, row in zip(lines, rows, strict=True):
        assert not [name for name, value in line.items() if not _told(row, name, value)], (path, line, row)
    if len(lines) < 2:
        return lines
    orders = orders_of(operation)
    for order in [one for one in orders if not one.startswith("-") or one == f"-{orders[0]}"]:
        field = order.removeprefix("-")
        values = [one[field] for one in lines_of(ask(f"{address}100&sort={order}"))]
        keys = [_key(Decimal(one) if isinstance(one, str) and one and field in numbers else one) for one in values]
        assert keys == sorted(keys, reverse=order.startswith("-")), (path, order)
    first = ask(f"{address}{-(-len(lines) // 2)}")
    assert lines_of(first) + lines_of(ask(first.json["next"].partition(PREFIX)[2])) == lines, path
    return lines


def _told(row: Mapping[str, str], name: str, value: Any) -> bool:
    if isinstance(value, dict) and row.get(name, "").startswith("{"):
        return bool(json.loads(row[name]) == value)
    if isinstance(value, dict):
        cells = {one: row[name if one == "code" else f"{name}_{one}"] for one in value}
        return all(_plain(cells[one]) == str(each) for one, each in value.items())
    if isinstance(value, list):
        return row[name] == " ".join(str(one.get("code", "")) if isinstance(one, dict) else str(one) for one in value)
    return _plain(row.get(name, "")) == ("" if value is None else str(value))


def _plain(text: str) -> str:
    """A cell without the mark that keeps a spreadsheet from taking it for a formula."""
    return text.removeprefix("'")


def _key(value: Any) -> tuple[bool, Any]:
    value = value["code"] if isinstance(value, dict) else value
    return value is not None, value if value is not None else 0
