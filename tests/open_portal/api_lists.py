"""What holds of every list for programs: it pages, sorts, makes a table and answers as the document says."""

import csv
import io
import json
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator

PREFIX = "/api/v1/"
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


def check(
    document: Mapping[str, Any], path: str, address: str, ask: Ask, *, sorting: bool = True
) -> list[dict[str, Any]]:
    """That a list keeps every promise; gives its lines. Without `sorting`, orders are left to `compare`."""
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
    for order in orders_of(operation) if sorting else ():
        assert ask(f"{address}{between}sort={order}").status_code == 200, (path, order)
    return lines


def compare(document: Mapping[str, Any], path: str, address: str, ask: Ask, numbers: Collection[str] = ()) -> str:
    """That a table tells what the JSON tells, every order is one, and small pages make the whole; gives the table.

    `numbers` are fields whose texts are numbers.
    """
    lines = lines_of(ask(f"{address}?per_page=100"))
    table = ask(f"{address}?per_page=100&format=csv").data.decode("utf-8-sig")
    for line, row in zip(lines, csv.DictReader(io.StringIO(table)), strict=True):
        for name, value in line.items():
            assert _told(row, name, value), (path, name, value, row)
    for order in orders_of(document["paths"][path]["get"]):
        field = order.removeprefix("-")
        sorted_ = lines_of(ask(f"{address}?sort={order}&per_page=100"))
        keys = [_key(Decimal(one[field]) if field in numbers and one[field] else one[field]) for one in sorted_]
        assert keys == sorted(keys, reverse=order.startswith("-")), (path, order)
    found: list[dict[str, Any]] = []
    following: str | None = f"{address}?per_page={max(1, len(lines) // 2)}"
    while following and len(found) < len(lines):
        page = ask(following.partition(PREFIX)[2] or following)
        found += lines_of(page)
        following = page.json["next"]
    assert found[: len(lines)] == lines, path
    return str(table)


def _told(row: Mapping[str, str], name: str, value: Any) -> bool:
    if isinstance(value, dict) and row.get(name, "").startswith("{"):
        return json.loads(row[name]) == value
    if isinstance(value, dict):
        return all(_plain(row[name if one == "code" else f"{name}_{one}"]) == str(each) for one, each in value.items())
    if isinstance(value, list):
        return row[name] == " ".join(str(one.get("code", "")) if isinstance(one, dict) else str(one) for one in value)
    return _plain(row.get(name, "")) == ("" if value is None else str(value))


def _plain(text: str) -> str:
    """A cell without the mark that keeps a spreadsheet from taking it for a formula."""
    return text[1:] if text.startswith("'") else text


def _key(value: Any) -> tuple[bool, Any]:
    value = value["code"] if isinstance(value, dict) else value
    return value is not None, value if value is not None else 0
