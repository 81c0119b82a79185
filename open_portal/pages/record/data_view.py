"""A view of rows: filters, order and page as the address says them, and the addresses that lead on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from catalog import filters
from catalog.filters import BARE, EVERY_ROW, Filter, Op, Order
from catalog.models import Entry, Version
from catalog.reading import Access
from catalog.reading_files.shapes import ColumnType
from open_portal.pages import dataset_words as words
from open_portal.pages.record import record, stored_rows
from open_portal.wiring import Kit
from policies.refusals import Invalid, Refusal

PER_PAGE = 50


@dataclass(frozen=True)
class View:
    """One view of an entry's rows; `filters` and `order` are the parameters as written in the address."""

    kit: Kit
    entry: Entry
    version: Version
    access: Access
    types: Mapping[str, ColumnType]
    filters: tuple[str, ...] = ()
    order: str = ""
    page: int = 1
    where: Filter = EVERY_ROW
    sorting: tuple[Order, ...] = ()
    refusal: Refusal | None = None
    typed: Mapping[str, str] = field(default_factory=dict)

    def href(self, **changed: Any) -> str:
        """The address of this view, or of one that differs; the first page unless another is named."""
        other = replace(self, **{"page": 1, **changed})
        return url_for("data.rows", code=words.slug(self.entry)) + other.query(page=True)

    def query(self, *, page: bool = False) -> str:
        """The parameters of this view."""
        pairs = [("filter", one) for one in self.filters]
        pairs += [("order", self.order)] if self.order else []
        pairs += [("page", str(self.page))] if page and self.page > 1 else []
        return "?" + urlencode(pairs) if pairs else ""


def wanted(kit: Kit, version: Version, access: Access, params: Sequence[str]) -> Filter:
    """A filter over the columns that may be read; one over any other column doesn't exist."""
    return filters.parse(params, stored_rows.columns(kit, version, access))


def read(kit: Kit, entry: Entry, version: Version, access: Access, args: MultiDict[str, str]) -> View:
    """The view of an address; what can't be read stands in `refusal`, and every row is shown."""
    number = args.get("page", "")
    page = int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else 1
    types = stored_rows.columns(kit, version, access)
    view = View(kit, entry, version, access, types, page=max(page, 1))
    try:
        where = filters.parse(args.getlist("filter"), types)
        sorting = filters.parse_order([one for one in [args.get("order", "")] if one], types)
    except Invalid as refusal:
        return replace(view, refusal=refusal, typed={"filter": " ".join(args.getlist("filter"))})
    rendered = filters.render(where)
    return replace(view, filters=rendered, order=args.get("order", ""), where=where, sorting=sorting)


def adding(kit: Kit, entry: Entry, version: Version, access: Access, args: MultiDict[str, str]) -> View:
    """The view with the filter of the form added to those it had; if that can't be, with what was typed."""
    view = read(kit, entry, version, access, args)
    typed = {name: args.get(name, "") for name in ("column", "op", "value")}
    name = typed["column"].replace("\\", "\\\\").replace(":", "\\:")
    bare = typed["op"] in set(BARE)
    condition = f"{name}:{typed['op']}" if bare else f"{name}:{typed['op']}:{typed['value']}"
    try:
        added = filters.parse([*view.filters, condition], view.types)
    except Invalid as refusal:
        return replace(view, refusal=refusal, typed=typed)
    return replace(view, filters=filters.render(added), where=added, page=1)


def page_of(view: View) -> dict[str, Any]:
    """Everything the page shows."""
    try:
        page = stored_rows.page(
            view.kit,
            view.version,
            view.access,
            where=view.where,
            order=view.sorting,
            limit=PER_PAGE,
            offset=(view.page - 1) * PER_PAGE,
        )
        rows, total, refusal = stored_rows.glanced(page.rows), page.total, view.refusal
    except Refusal as slow:
        rows, total, refusal = [], 0, slow
    pages = -(-total // PER_PAGE)
    return {
        "view": view,
        "entry": view.entry,
        "code": words.slug(view.entry),
        "title": words.title(view.entry),
        "columns": _columns(view),
        "rows": rows,
        "total": total,
        "pages": pages,
        "url_of": lambda number: view.href(page=number),
        "chips": _chips(view),
        "operators": operators(),
        "fields": [{"name": name, "label": label} for name, label in _labels(view).items()],
        "error": refusal.text(str(get_locale())) if refusal else "",
        "call": _call(view),
        "file_href": url_for("data.download", code=words.slug(view.entry), format="csv") + view.query(),
        "sections": record.sections(view.entry, view.access, "rows"),
    }


def operators() -> dict[str, str]:
    """What may be asked of a column, in words."""
    return {
        Op.EQ.value: _("is"),
        Op.NE.value: _("is not"),
        Op.CONTAINS.value: _("contains"),
        Op.STARTS.value: _("begins with"),
        Op.GT.value: _("is more than"),
        Op.GE.value: _("is at least"),
        Op.LT.value: _("is less than"),
        Op.LE.value: _("is at most"),
        Op.IN.value: _("is one of"),
        Op.NULL.value: _("is empty"),
        Op.NOTNULL.value: _("is not empty"),
    }


def _labels(view: View) -> dict[str, str]:
    items = {item.name: words.label(item) for item in view.entry.items}
    return {name: items.get(name, name) for name in view.types}


def _columns(view: View) -> list[dict[str, Any]]:
    """Headings, each a link that sorts by it, the other way round the second time."""
    found = stored_rows.headings(view.entry, list(view.types), view.types)
    current = view.sorting[0] if view.sorting else None
    for name, heading in zip(view.types, found, strict=True):
        mine = current is not None and current.column == name
        descending = mine and current is not None and current.descending
        escaped = name.replace("\\", "\\\\").replace(":", "\\:")
        heading["sort_href"] = view.href(order=f"{escaped}:{'desc' if mine and not descending else 'asc'}")
        heading["sorted"] = ("descending" if descending else "ascending") if mine else None
    return found


def _chips(view: View) -> list[dict[str, str]]:
    labels, verbs = _labels(view), operators()
    chips = []
    for number, condition in enumerate(view.where.conditions):
        values = words.together(str(one) for one in condition.values)
        text = f"{labels[condition.column]} {verbs[condition.op.value]} {values}".strip()
        left = tuple(one for place, one in enumerate(view.filters) if place != number)
        chips.append({"text": text, "remove_href": view.href(filters=left)})
    return chips


def _call(view: View) -> dict[str, str]:
    """The same view as a call of the data interface."""
    address = record.api_address(view.entry) + view.query()
    return {"address": address, "text": record.curl(address, keyed=view.access.rule != "open")}
