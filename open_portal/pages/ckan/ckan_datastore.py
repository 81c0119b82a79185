"""Actions that read rows as CKAN's datastore gives them, out of the tables we hold; there is no SQL from anybody.

A resource of ours stands for the table of its entry's live version. Which columns are in it `catalog.reading.access`
says, asked for the open domain: whoever works in government reads here what everybody who signed in may read.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from catalog import filters, reading, versions
from catalog.filters import Condition, Filter, Op, Order, Somewhere
from catalog.models import Entry, Version
from catalog.reading import Access
from catalog.reading_files.shapes import ColumnType
from catalog.tables import NUMBER, Page
from open_portal.pages.api import api_rows
from open_portal.pages.ckan import ckan_params as given
from open_portal.pages.ckan import ckan_view as view
from open_portal.pages.ckan.ckan_actions import ActionError, Params, answers, denied, invalid, not_found
from open_portal.pages.record import stored_rows
from open_portal.requests import actor, deed, kit, now, session
from policies import vocabulary as v
from policies.refusals import Refused
from tenancy.actors import Actor

MOST_ROWS = 32_000
TYPES: Mapping[ColumnType, str] = {
    ColumnType.TEXT: "text",
    ColumnType.INTEGER: "int",
    ColumnType.DECIMAL: "float8",
    ColumnType.BOOLEAN: "bool",
    ColumnType.DATE: "date",
    ColumnType.DATETIME: "timestamp",
}
FORMATS = ("objects", "lists", "csv", "tsv")
TOKEN = re.compile(r"after-(\d{1,15})")
RULES_OF_ABSENCE = frozenset({"no-data", "not-live", "not-open"})


@dataclass(frozen=True)
class Table:
    """The table behind a resource: the columns that the asker may read, with their types, and by which rule."""

    entry: Entry
    version: Version
    access: Access
    columns: Mapping[str, ColumnType]


@dataclass(frozen=True)
class Span:
    """Which of the rows are wanted: how many, past so many others, or after the row with a number.

    Distinct ones are told apart by the columns asked for; only rows in the order of the table itself are `counted`,
    so that one can go on after any of them.
    """

    limit: int
    offset: int = 0
    after: int = 0
    distinct: bool = False
    counted: bool = True


@answers()
def datastore_search(params: Params) -> dict[str, Any]:
    """Rows of a resource, by filters, q, fields, distinct, sort, limit (at most 32000), offset, records_format."""
    resource_id, table = given.needed(params, "resource_id"), _table(given.needed(params, "resource_id"))
    form = given.text(params, "records_format", "objects")
    if form not in FORMATS:
        raise invalid(records_format=[f"Value must be one of {', '.join(FORMATS)}"])
    names = _fields(params, table)
    where, order = _where(params, table), _order(params, table)
    span = _span(params, names, order)
    limit, offset = span.limit, span.offset
    found, last = _read(table, names, where, order, span)
    answer: dict[str, Any] = {
        "resource_id": resource_id,
        "fields": _described(table, names),
        "records_format": form,
        "records": _records(found, form),
        "limit": limit,
        "include_total": given.true(params.get("include_total"), default=True),
        "total_was_estimated": False,
        "_links": _links(params, limit, offset),
    }
    if answer["include_total"]:
        answer["total"] = found.total
    if offset:
        answer["offset"] = offset
    for name in ("filters", "q"):
        if params.get(name):
            answer[name] = params[name]
    if given.true(params.get("include_next_page")):
        answer["next_page"] = _following(found, span, last)
    _count_call(table, len(found.rows))
    return answer


@answers()
def datastore_info(params: Params) -> dict[str, Any]:
    """What a resource's table holds: its columns, with what they mean, and how many rows."""
    wanted = given.text(params, "id") or given.needed(params, "resource_id")
    table = _table(wanted)
    count = stored_rows.count(kit(), table.version, filters.EVERY_ROW)
    return {
        "meta": {"id": wanted, "count": count, "table_type": "BASE TABLE"},
        "fields": _described(table, [NUMBER, *table.columns])[1:],
    }


def _table(resource_id: str) -> Table:
    """The table of a resource; NotFound for what has none, and denied where the asker may not have rows."""
    owner, _, form = resource_id.rpartition("-")
    entry = session().scalars(select(Entry).where(Entry.id == owner, *view.visible())).first()
    version = versions.live(session(), entry) if entry else None
    if entry is None or version is None or version.table is None or form not in {one.value for one in v.Format}:
        raise not_found(f'Resource "{resource_id[:80]}"')
    access = reading.access(session(), entry, _outside(actor()), now())
    if access.rule in RULES_OF_ABSENCE:
        raise not_found(f'Resource "{resource_id[:80]}"')
    if not access.given:
        raise denied("these data are opened to whoever signed in, or on application")
    return Table(entry, version, access, stored_rows.columns(kit(), version, access))


def _outside(who: Actor) -> Actor:
    """Somebody as the open domain knows him: with what he holds as a user of data, without his office."""
    kept = tuple(one for one in who.standings if one.kind is v.TenantKind.APPLICANT)
    return replace(who, standings=kept)


def _fields(params: Params, table: Table) -> list[str]:
    """The columns wanted, in the order they were asked for; all, after the row's number, by default."""
    asked = params.get("fields")
    if asked in (None, "", []):
        return [NUMBER, *table.columns]
    names = given.names(asked)
    if len(names) == 1 and names[0] not in table.columns:
        names = [name.strip() for name in names[0].split(",") if name.strip()]
    for name in names:
        if name not in table.columns and name != NUMBER:
            raise invalid(fields=[f'field "{name[:80]}" not in table'])
    return list(dict.fromkeys(names))


def _where(params: Params, table: Table) -> Filter:
    """What the rows must meet: values of columns, and texts in one column or in any."""
    types = {NUMBER: ColumnType.INTEGER, **table.columns}
    written = []
    for name, value in _mapping(params, "filters").items():
        if name not in types:
            raise invalid(filters=[f'field "{str(name)[:80]}" not in table'])
        written.append(_condition(name, value))
    asked = params.get("q")
    if isinstance(asked, str) and asked.lstrip().startswith("{"):
        asked = _mapping(params, "q")
    if not isinstance(asked, Mapping):
        words = [] if asked in (None, "") else str(asked).split()
        texts = [Somewhere(tuple(table.columns), word) for word in words[: filters.MAX_CONDITIONS]]
    elif unknown := [name for name in asked if name not in table.columns]:
        raise invalid(q=[f'field "{str(unknown[0])[:80]}" not in table'])
    else:
        texts = [Somewhere((name,), str(text).removesuffix(":*")) for name, text in asked.items()]
    return replace(filters.parse(written, types), texts=tuple(texts))


def _condition(name: str, value: Any) -> str:
    """One column's values in our own grammar of filters."""
    column = re.sub(r"([:\\])", r"\\\1", name)
    if value is None:
        return f"{column}:null"
    values = [_plain(one) for one in (value if isinstance(value, list) else [value])]
    return f"{column}:in:" + ",".join(re.sub(r"([,\\])", r"\\\1", one) for one in values)


def _plain(value: Any) -> str:
    if isinstance(value, dict | list) or value is None:
        raise invalid(filters=["A value must be a text, a number or a list of these"])
    return str(value).lower() if isinstance(value, bool) else str(value)


def _mapping(params: Params, name: str) -> Mapping[str, Any]:
    value = params.get(name)
    if value in (None, "", [], {}):
        return {}
    found = given.parsed(value)
    if not isinstance(found, dict):
        raise invalid(**{name: ["Must be a JSON object"]})
    return found


def _order(params: Params, table: Table) -> tuple[Order, ...]:
    """The order asked for: column, or column asc or desc, several after commas."""
    found = []
    texts = given.names(params.get("sort"))
    for part in (one.strip() for text in texts for one in text.split(",")):
        match = re.fullmatch(r"\"?(.+?)\"?(?:\s+(asc|desc))?(?:\s+nulls\s+(?:first|last))?", part, re.IGNORECASE)
        name = match[1] if match else part
        if match is None or (name not in table.columns and name != NUMBER):
            raise invalid(sort=[f'field "{name[:80]}" not in table'])
        found.append(Order(name, (match[2] or "").lower() == "desc"))
    return tuple(found[: filters.MAX_ORDERS])


def _span(params: Params, names: Sequence[str], order: Sequence[Order]) -> Span:
    """Which rows are wanted; a token that a page gave stands for the row after which it ended."""
    limit = given.number(params, "limit", 100, MOST_ROWS)
    # With its number every row differs from every other.
    distinct = given.true(params.get("distinct")) and NUMBER not in names
    if unknown := [by.column for by in order if distinct and by.column not in names]:
        raise invalid(sort=[f'field "{unknown[0][:80]}" has to be among the fields of distinct rows'])
    counted = not (order or distinct)
    token = TOKEN.fullmatch(given.text(params, "offset"))
    if token is None:
        offset = given.number(params, "offset", 0, given.MOST_OFFSET)
        return Span(limit, offset, distinct=distinct, counted=counted)
    if not counted:
        raise invalid(offset=["A token goes with the order of the table alone"])
    return Span(limit, after=int(token[1]))


def _read(table: Table, names: Sequence[str], where: Filter, order: Sequence[Order], span: Span) -> tuple[Page, int]:
    """The rows and the number of the last of them; how many there are counts those that lie behind too."""
    assert table.version.table is not None  # noqa: S101 - a table without a file was refused
    wanted = list(names) if span.distinct else list(dict.fromkeys([*names, NUMBER]))
    with kit().blobs.local_path(table.version.table.sha256) as path:
        store = kit().tables
        if not span.limit:
            return Page(tuple(names), (), store.count(path, where, columns=names, distinct=span.distinct)), 0
        beyond = where
        if span.after:
            beyond = replace(where, conditions=(*where.conditions, Condition(NUMBER, Op.GT, (span.after,))))
        found = store.page(
            path,
            columns=wanted,
            where=beyond,
            order=order,
            limit=span.limit,
            offset=span.offset,
            most=MOST_ROWS,
            distinct=span.distinct,
        )
        last = found.rows[-1][wanted.index(NUMBER)] if found.rows and not span.distinct else 0
        rows = tuple(row[: len(names)] for row in found.rows)
        return Page(tuple(names), rows, store.count(path, where) if span.after else found.total), last


def _described(table: Table, names: Sequence[str]) -> list[dict[str, Any]]:
    """Columns with type and meaning."""
    items = {item.name: item for item in table.entry.items}
    found: list[dict[str, Any]] = []
    for name in names:
        if name == NUMBER and name not in table.columns:
            found.append({"id": NUMBER, "type": "int"})
            continue
        described: dict[str, Any] = {"id": name, "type": TYPES[table.columns[name]]}
        if item := items.get(name):
            info = {"label": item.title or name, "label_en": item.title_en, "notes": item.meaning, "unit": item.unit}
            described["info"] = {key: text for key, text in info.items() if text}
        found.append(described)
    return found


def _records(found: Page, form: str) -> Any:
    rows = [[_value(one) for one in row] for row in found.rows]
    if form == "objects":
        return [dict(zip(found.columns, row, strict=True)) for row in rows]
    if form == "lists":
        return rows
    text = io.StringIO()
    csv.writer(text, delimiter="," if form == "csv" else "\t", lineterminator="\n").writerows(rows)
    return text.getvalue()


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds" if not value.microsecond else "microseconds")
    return value.isoformat() if isinstance(value, date) else value


def _links(params: Params, limit: int, offset: int) -> dict[str, str]:
    """Addresses of the first page and of the next."""
    kept = {name: value for name, value in params.items() if name != "offset" and value not in (None, "")}
    written = {name: value if isinstance(value, str) else given.written(value) for name, value in kept.items()}
    start = "/api/3/action/datastore_search?" + urlencode(written)
    return {"start": start, "next": f"{start}&offset={offset + limit}"}


def _following(found: Page, span: Span, last: int) -> str | None:
    """What to send as offset for the next page; nothing after the last."""
    if not found.rows or len(found.rows) < span.limit:
        return None
    return f"after-{last}" if span.counted else str(span.offset + span.limit)


def _count_call(table: Table, rows: int) -> None:
    """Count the rows that are about to leave, as our own interface does; none of them leaves where that is refused."""
    if not rows:
        return
    entry_id, version_id, access = table.entry.id, table.version.id, table.access
    try:
        with deed() as work:
            if not api_rows.count_call(work, entry_id, version_id, access, rows):
                raise denied("the grant has ended")
    except Refused as refusal:
        if refusal.code != api_rows.NO_QUOTA:
            raise
        raise ActionError(429, "Quota Error", message=refusal.text("en")) from refusal
