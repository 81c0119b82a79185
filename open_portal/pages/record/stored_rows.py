"""Rows of a live version as far as somebody may read them: one page, or the whole as a file."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from decimal import Decimal
from typing import Any, BinaryIO

from catalog import exports
from catalog.exports import ExportFormat
from catalog.filters import EVERY_ROW, Filter, Order
from catalog.models import Entry, Version
from catalog.reading import Access
from catalog.reading_files.shapes import ColumnType
from catalog.tables import Page
from open_portal.pages import dataset_words as words
from open_portal.wiring import Kit
from policies.refusals import NotFound

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".et", ".ods", ".zip")
PIECE = 1 << 18
GLANCE = 160
NUMERIC = {ColumnType.INTEGER, ColumnType.DECIMAL}


def columns(kit: Kit, version: Version, access: Access) -> dict[str, ColumnType]:
    """The columns that may be read, with their types, in the order of the data items."""
    with kit.blobs.local_path(_table(version)) as path:
        stored = kit.tables.columns(path)
    return {name: stored[name] for name in access.items if name in stored}


def page(
    kit: Kit,
    version: Version,
    access: Access,
    *,
    where: Filter = EVERY_ROW,
    order: Sequence[Order] = (),
    limit: int = 50,
    offset: int = 0,
) -> Page:
    """Some rows; only columns that may be read are in it, and only by these may be filtered and sorted."""
    readable = columns(kit, version, access)
    if not readable:
        raise NotFound("general.not-found")
    with kit.blobs.local_path(_table(version)) as path:
        return kit.tables.page(path, columns=list(readable), where=where, order=order, limit=limit, offset=offset)


def glanced(rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Rows as a table on a page shows them: a long text, such as a boundary, takes no more than a glance.

    Numbers stand as they are delivered: a year or a number of a line bears no thousands separator.
    """
    return [tuple(_glanced(one) for one in row) for row in rows]


def _glanced(value: Any) -> Any:
    if isinstance(value, str):
        return f"{value[:GLANCE]}…" if len(value) > GLANCE else value
    return str(value) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else value


def count(kit: Kit, version: Version, where: Filter) -> int:
    """How many rows pass a filter."""
    with kit.blobs.local_path(_table(version)) as path:
        return kit.tables.count(path, where)


def headings(entry: Entry, names: Sequence[str], types: Mapping[str, ColumnType] | None = None) -> list[dict[str, Any]]:
    """Headings of a table of rows: the item's title with the column's own name below it, and the unit."""
    items = {item.name: item for item in entry.items}
    found = []
    for name in names:
        item = items.get(name)
        label = words.label(item) if item else name
        code = name if label != name else ""
        numeric = (types or {}).get(name) in NUMERIC
        found.append({"label": label, "code": code, "note": item.unit if item else "", "numeric": numeric})
    return found


def stream(
    kit: Kit, version: Version, access: Access, wanted: ExportFormat, where: Filter = EVERY_ROW
) -> Iterator[bytes]:
    """The readable columns of the rows that pass a filter, as a file; refusals come before the first byte."""
    names = list(columns(kit, version, access))
    with ExitStack() as stack:
        path = stack.enter_context(kit.blobs.local_path(_table(version)))
        pieces = exports.stream(kit.tables, path, wanted, columns=names, where=where)
        return _held(pieces, stack.pop_all())


def original(kit: Kit, version: Version) -> Iterator[bytes]:
    """The file as it was delivered, opened at once and read piece by piece."""
    return _pieces(kit.blobs.open(version.original.sha256))


def whole(kit: Kit, version: Version, access: Access) -> bool:
    """Whether the file as delivered holds nothing that is withheld.

    A file may have columns that nobody has described, and a workbook sheets that nobody has looked at; only
    those inside the tenant get these.
    """
    if access.rule == "own-tenant":
        return True
    workbook = version.original.name.lower().endswith(WORKBOOKS)
    with kit.blobs.local_path(_table(version)) as path:
        return not workbook and set(kit.tables.columns(path)) <= set(access.items)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def _held(pieces: Iterator[bytes], stack: ExitStack) -> Iterator[bytes]:
    with stack:
        yield from pieces


def _table(version: Version) -> str:
    if version.table is None:
        raise NotFound("general.not-found")
    return version.table.sha256
