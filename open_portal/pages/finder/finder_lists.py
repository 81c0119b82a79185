"""The answer of a search in other forms: as a table and as a feed, with what the asker may see."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO

from flask import Response, stream_with_context
from flask_babel import gettext as _

from catalog.models import Entry
from open_portal.navigation import face_of
from open_portal.pages import dataset_words as words
from open_portal.pages.feeds import atom
from open_portal.pages.finder import finder
from open_portal.pages.finder.finder_asked import MOST_ROWS, Asked
from open_portal.requests import face, now, session
from policies.refusals import Invalid

BATCH = 500
FED = 50
LAST_PAGE = 200
UNLISTED = {"X-Robots-Tag": "noindex"}


def table(asked: Asked) -> Response:
    """The answer as a CSV table, read batch by batch while it is sent; how many there are stands in a header."""
    check(asked)
    total = finder.ask(asked.query(page=1, per_page=1)).total
    response = Response(stream_with_context(_lines(asked)), mimetype="text/csv")
    response.headers.update(UNLISTED)
    response.headers["X-Total-Count"] = str(total)
    response.headers["Content-Disposition"] = 'attachment; filename="datasets.csv"'
    return response


def feed(asked: Asked) -> Response:
    """The answer as an Atom feed, page by page."""
    check(asked)
    page = min(asked.page, LAST_PAGE)
    found = finder.ask(asked.query(page=page, per_page=FED))
    links = {
        "self": asked.href(endpoint="datasets.feed", page=page, absolute=True),
        "alternate": asked.href(absolute=True),
        "first": asked.href(endpoint="datasets.feed", absolute=True),
    }
    if page * FED < found.total and page < LAST_PAGE:
        links["next"] = asked.href(endpoint="datasets.feed", page=page + 1, absolute=True)
    if page > 1:
        links["previous"] = asked.href(endpoint="datasets.feed", page=page - 1, absolute=True)
    name = face_of(face(), "en" if words.english() else "zh").name
    head = atom.Head(
        id=asked.href(endpoint="datasets.feed", absolute=True),
        title=_("“%(text)s” in %(site)s", text=asked.text, site=name) if asked.text else name,
        updated=now().isoformat(),
        links=links,
        counts={"totalResults": found.total, "startIndex": (page - 1) * FED + 1, "itemsPerPage": FED},
    )
    response = atom.answer(head, found.entries)
    response.headers.update(UNLISTED)
    return response


def check(asked: Asked) -> None:
    """Raise Invalid for a time that can't be read: a program must not take more than it asked for."""
    if asked.faults:
        raise Invalid(
            "search.unreadable-time", fields={name: Invalid("search.unreadable-time") for name in asked.faults}
        )


def _lines(asked: Asked) -> Iterator[str]:
    """The table with a byte order mark; a text that a spreadsheet would run gets an apostrophe."""
    yield "\ufeff" + line(_heading())
    seen: set[str] = set()
    query = asked.query(page=1, per_page=BATCH)
    for page in range(1, MOST_ROWS // BATCH + 1):
        entries = finder.ask(replace(query, page=page)).entries
        # While this is sent the catalogue goes on: what moved from one batch to the next is written once.
        yield "".join(line(_row(entry)) for entry in entries if entry.id not in seen)
        seen.update(entry.id for entry in entries)
        session().expunge_all()
        if len(entries) < BATCH:
            return


def line(cells: list[str]) -> str:
    """A line of CSV; a text that a spreadsheet would run gets an apostrophe."""
    written = StringIO()
    csv.writer(written).writerow("'" + cell if cell[:1] in "=+-@\t\r" and cell else cell for cell in cells)
    return written.getvalue()


def _heading() -> list[str]:
    titles = [_("Code"), _("Title"), _("Publisher"), _("Open tier"), _("Update cycle"), _("Last update"), _("Rows")]
    return [
        *titles,
        _("Place"),
        _("Time from"),
        _("Time to"),
        _("Granularity"),
        _("Formats"),
        _("Quality"),
        _("Address"),
    ]


def _row(entry: Entry) -> list[str]:
    return [
        entry.code,
        words.title(entry),
        words.publisher(entry),
        entry.open_tier.value,
        entry.update_cycle.value,
        entry.data_updated_at.date().isoformat() if entry.data_updated_at else "",
        "" if entry.rows is None else str(entry.rows),
        entry.region_code,
        entry.time_from.isoformat() if entry.time_from else "",
        entry.time_to.isoformat() if entry.time_to else "",
        entry.granularity,
        " ".join(words.formats(entry)),
        entry.grade.value if entry.grade else "",
        words.address(entry, absolute=True),
    ]
