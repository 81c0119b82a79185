"""The whole catalogue as one dated file: everything that the public may know of, what is not open with its reason.

Whoever asks gets the public's catalogue. It is read batch by batch, each in a session of its own, so that neither a
long catalogue nor a slow reader takes memory or keeps a connection.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from flask import Response, request, stream_with_context
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from catalog.models import Entry
from catalog.reading import OPENED
from open_portal import language
from open_portal.pages import dataset_words as words
from open_portal.pages.feeds.machine_files import pages
from open_portal.pages.feeds.public_catalogue import conditions
from open_portal.pages.finder.finder_lists import line
from open_portal.requests import kit, now, session
from policies.later import Later
from policies.terms import Term

if TYPE_CHECKING:
    import xlsxwriter
else:
    xlsxwriter = Later("xlsxwriter")

BATCH = 200
CHUNK = 1 << 16
LONGEST_CELL = 32_767
"""Characters that a cell of a workbook holds."""
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TERMS = ("catalogue_class", "open_type", "open_tier", "open_reason", "share_type", "licence", "update_cycle")
"""Fields that hold a term: the file has its code, and beside it its label in the reader's language."""
Row = dict[str, str | int | float | None]


@pages.get("/catalogue.csv")
def catalogue_csv() -> Response:
    """The file as CSV with a byte order mark; its first line says what it is, unless `?head=no`."""
    head = "" if request.args.get("head") == "no" else "# " + "; ".join(_about(_count()).values()) + "\r\n"
    lines = (line([_text(value) for value in row.values()]) for row in _rows())
    names = line(list(_fields()))
    return _sent(_chain("\ufeff" + head + names, lines), "text/csv; charset=utf-8", "csv")


@pages.get("/catalogue.json")
def catalogue_json() -> Response:
    """The file as JSON: what it is, then one object for each entry."""
    count = _count()
    head = json.dumps({**_about(count), "count": count, "as_of": now().isoformat()}, ensure_ascii=False)

    def written() -> Iterator[str]:
        between = "\n"
        for row in _rows():
            yield between + json.dumps(row, ensure_ascii=False)
            between = ",\n"
        yield "\n]}\n"

    return _sent(_chain(head[:-1] + ', "datasets": [', written()), "application/json", "json")


@pages.get("/catalogue.xlsx")
def catalogue_xlsx() -> Response:
    """The file as a workbook: the entries on one sheet, what they are on another."""
    return _sent(_workbook(_about(_count())), SHEET, "xlsx")


def _about(count: int) -> dict[str, str]:
    """What the file says of itself: as of when, what is in it, how many there are."""
    return {
        "about": _("As of %(instant)s", instant=language.datetime(now())),
        "definition": _(
            "All entries of the catalogue that the public may know of: opened ones, those of other platforms, and "
            "those that are not open but listed, with the kind of reason"
        ),
        "counted": _("%(count)s entries", count=count),
    }


def _count() -> int:
    return session().scalar(select(func.count()).select_from(Entry).where(*conditions())) or 0


def _rows() -> Iterator[Row]:
    """Every entry as a row, in the order of ids; the request's own connection goes back before the first is read."""
    public = conditions()
    session().rollback()
    last = ""
    while True:
        with kit().database.read() as reader:
            query = select(Entry).where(*public, Entry.id > last).order_by(Entry.id).limit(BATCH)
            query = query.options(selectinload(Entry.tenant), selectinload(Entry.harvest_source))
            entries = list(reader.scalars(query))
            rows = [_row(entry) for entry in entries]
            last = entries[-1].id if entries else last
        yield from rows
        if len(entries) < BATCH:
            return


def _row(entry: Entry) -> Row:
    found: Row = {
        "code": entry.code,
        "title": entry.title,
        "title_en": entry.title_en,
        "publisher": words.publisher(entry),
        "publisher_key": entry.tenant.key if entry.publisher_name is None else None,
        "origin": entry.origin.value,
        "state": entry.state.value,
        "open": "yes" if entry.open_state in OPENED else "no",
    }
    for name in TERMS:
        value: Term | None = getattr(entry, name)
        found[name] = value.value if value else None
        found[f"{name}_label"] = language.term(value) if value else None
    return found | {
        "open_condition": entry.open_condition,
        "open_basis": entry.open_basis,
        "themes": " ".join(entry.themes),
        "tags": " ".join(entry.tags),
        "region": entry.region_code,
        "formats": " ".join(words.formats(entry)),
        "granularity": entry.granularity,
        "time_from": entry.time_from.isoformat() if entry.time_from else None,
        "time_to": entry.time_to.isoformat() if entry.time_to else None,
        "published_at": entry.published_at.isoformat() if entry.published_at else None,
        "data_updated_at": entry.data_updated_at.isoformat() if entry.data_updated_at else None,
        "changed_at": entry.changed_at.isoformat(),
        "rows": entry.rows,
        "quality_score": entry.score,
        "quality_grade": entry.grade.value if entry.grade else None,
        "page": words.address(entry, absolute=True),
    }


def _fields() -> tuple[str, ...]:
    labelled = [name for one in TERMS for name in (one, f"{one}_label")]
    return (*FIRST, *labelled, *LAST)


FIRST = ("code", "title", "title_en", "publisher", "publisher_key", "origin", "state", "open")
LAST = (
    *("open_condition", "open_basis", "themes", "tags", "region", "formats", "granularity", "time_from", "time_to"),
    *("published_at", "data_updated_at", "changed_at", "rows", "quality_score", "quality_grade", "page"),
)


def _text(value: str | float | None) -> str:
    return "" if value is None else str(value)


def _workbook(about: dict[str, str]) -> Iterator[bytes]:
    """The workbook, written row by row into a folder that goes away with it."""
    with TemporaryDirectory(dir=kit().scratch) as folder:
        path = Path(folder) / "catalogue.xlsx"
        options = {"constant_memory": True, "tmpdir": folder, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(path), options) as book:
            note = book.add_worksheet(_("About"))
            for place, text in enumerate(about.values()):
                note.write_string(place, 0, text)
            sheet = book.add_worksheet(_("Catalogue"))
            for column, name in enumerate(_fields()):
                sheet.write_string(0, column, name)
            for number, row in enumerate(_rows(), 1):
                for column, value in enumerate(row.values()):
                    if isinstance(value, str):
                        sheet.write_string(number, column, value[:LONGEST_CELL])
                    elif value is not None:
                        sheet.write_number(number, column, value)
            sheet.activate()
        with path.open("rb") as file:
            while piece := file.read(CHUNK):
                yield piece


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _sent(pieces: Iterator[str] | Iterator[bytes], kind: str, ending: str) -> Response:
    response = Response(stream_with_context(pieces), content_type=kind)
    name = f"catalogue-{language.day(now())}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Robots-Tag"] = "noindex"
    return response
