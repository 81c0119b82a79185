"""Feeds for machines: the map of the site, what changed lately, and the catalogue as linked data."""

from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring
from xml.sax.saxutils import escape

from flask import Blueprint, Response, request, url_for
from sqlalchemy import ColumnElement, func, select

from catalog.models import Entry
from open_portal.navigation import face_of
from open_portal.pages import dataset_words as words
from open_portal.pages.feeds.public_catalogue import conditions
from open_portal.requests import face, kit, session
from policies import vocabulary as v
from policies.refusals import NotFound

pages = Blueprint("feeds", __name__)
PART = 20_000
"""Entries in one part of the site map; the protocol allows 50,000 addresses."""
BATCH = 1000
RECENT = 50
LISTED = 100
"""Entries in one page of the linked data."""
TURTLE = "text/turtle; charset=utf-8"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
NEWEST = func.coalesce(Entry.data_updated_at, Entry.published_at, Entry.changed_at)
"""When something came that a reader of news wants to hear of: data, else the publication; not every change of a row."""
ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


@pages.get("/sitemap.xml")
def sitemap() -> Response:
    """Every entry the public may see; in parts, with a list of these, where there are too many for one."""
    count = session().scalar(select(func.count()).where(*conditions())) or 0
    number = request.args.get("page", "")
    if number:
        if not number.isdecimal() or not 1 <= int(number) <= -(-count // PART):
            raise NotFound("general.not-found")
        return _xml(_addresses(int(number)))
    return _xml(_addresses(1) if count <= PART else iter(list(_parts(-(-count // PART)))))


@pages.get("/feed.atom")
def feed() -> Response:
    """The entries that were updated or published last, fifty on a page, with the way to older ones (RFC 5005)."""
    number = request.args.get("page", "1")
    public = [*conditions(), Entry.origin == v.Origin.OWN]
    most = max(-(-(session().scalar(select(func.count()).where(*public)) or 0) // RECENT), 1)
    if not number.isdecimal() or not 1 <= int(number[:9]) <= most:
        raise NotFound("general.not-found")
    here = int(number)
    query = select(Entry).where(*public).order_by(NEWEST.desc(), Entry.id)
    entries = list(session().scalars(query.limit(RECENT).offset((here - 1) * RECENT)))
    root = Element("feed", xmlns=ATOM)
    own = url_for("feeds.feed", _external=True)
    latest = max((_changed(one) for one in entries), default=NEVER)
    _texts(root, id=own, title=face_of(face(), "en" if words.english() else "zh").name, updated=latest.isoformat())
    SubElement(root, "link", rel="alternate", href=url_for("site.home", _external=True))
    around = {"self": here, "first": 1, "previous": here - 1, "next": here + 1, "last": most}
    for name, page in around.items():
        if 1 <= page <= most:
            SubElement(root, "link", rel=name, href=own if page == 1 else f"{own}?page={page}")
    for entry in entries:
        _add(root, entry)
    body = tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(body, content_type="application/atom+xml; charset=utf-8")


def _add(root: Element, entry: Entry) -> None:
    item = SubElement(root, "entry")
    address = words.address(entry, absolute=True)
    _texts(item, id=address, title=words.title(entry), updated=_changed(entry).isoformat())
    if entry.published_at:
        _texts(item, published=entry.published_at.isoformat())
    SubElement(item, "link", rel="alternate", href=address)
    _texts(SubElement(item, "author"), name=words.publisher(entry))
    _texts(item, summary=words.abstract(entry))


def _xml(pieces: Iterator[str]) -> Response:
    return Response(pieces, content_type="application/xml; charset=utf-8")


def _addresses(number: int) -> Iterator[str]:
    """One part of the site map, read batch by batch while it is sent."""
    base = url_for("datasets.show", code="CODE", _external=True)
    fixed = ["site.home", "datasets.find", "datasets.orgs", "site.developers", "site.help"] if number == 1 else []
    return _written(base, [url_for(one, _external=True) for one in fixed], number, conditions())


def _written(base: str, fixed: list[str], number: int, public: list[ColumnElement[bool]]) -> Iterator[str]:
    """The lines; the request is over when they are read, so that they need a session of their own."""
    database = kit().database

    def lines() -> Iterator[str]:
        yield f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{SITEMAP}">\n'
        for address in fixed:
            yield f"<url><loc>{escape(address)}</loc></url>\n"
        columns = select(Entry.code, Entry.changed_at).where(*public).order_by(Entry.id)
        query = columns.limit(PART).offset((number - 1) * PART)
        with database.read() as reader:
            for code, changed in reader.execute(query.execution_options(yield_per=BATCH)):
                address = base.replace("CODE", code.replace("/", "-"))
                yield f"<url><loc>{escape(address)}</loc><lastmod>{changed.date()}</lastmod></url>\n"
        yield "</urlset>\n"

    return lines()


def _parts(count: int) -> Iterator[str]:
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="{SITEMAP}">\n'
    for number in range(1, count + 1):
        address = url_for("feeds.sitemap", page=number, _external=True)
        yield f"<sitemap><loc>{escape(address)}</loc></sitemap>\n"
    yield "</sitemapindex>\n"


def _changed(entry: Entry) -> datetime:
    """What NEWEST says of an entry at hand."""
    return entry.data_updated_at or entry.published_at or entry.changed_at


def _texts(parent: Element, **values: str) -> None:
    for name, text in values.items():
        SubElement(parent, name).text = "".join(one for one in text if one >= " " or one in "\n\t")
