"""The catalogue as linked data: whole and streamed, page by page, and one record, in the form that is asked for."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import TypeVar

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, func, select
from werkzeug.exceptions import NotAcceptable

from catalog import reading
from catalog.mapping import dcat, linked_writing
from catalog.mapping.dcat import Part, Site
from catalog.mapping.offers import Listed
from catalog.models import Entry
from open_portal.pages.feeds.public_catalogue import conditions
from open_portal.pages.record import public_offers
from open_portal.requests import face, kit, now, session
from policies import rulebook
from policies.refusals import NotFound
from policies.vocabulary import TenantKind
from tenancy.actors import ANONYMOUS
from tenancy.models import Tenant

pages = Blueprint("linked", __name__)
LISTED = 100
"""Entries in one page for harvesters."""
BATCH = 100
"""Entries read at once while the whole catalogue is sent."""
FORMS = linked_writing.FORMS
Made = TypeVar("Made")
HTML = ("text/html", "application/xhtml+xml")


@pages.get("/catalog")
def negotiated() -> ResponseReturnValue:
    """The catalogue in the form that is asked for: the search for people, linked data for programs."""
    form = _wanted("text/turtle")
    if form is None and not _takes_pages():
        raise NotAcceptable
    response = catalogue(form) if form else redirect(url_for("datasets.find"))
    response.vary.add("Accept")
    return response


@pages.get("/catalog.<any(ttl, jsonld, rdf):form>")
def catalogue(form: str) -> Response:
    """The whole catalogue in a form, streamed; with `?page=` a hundred entries and the way to the next."""
    number = request.args.get("page")
    if number is not None:
        return _page(form, number)
    address = url_for("linked.catalogue", form=form, page=1, _external=True)
    whose = site()
    parts = in_batches(conditions(), lambda listed: dcat.datasets(whose, listed))
    pieces = FORMS[form].write(chain([dcat.head(whose)], parts))
    response = Response(pieces, content_type=_content_type(form))
    response.headers["Link"] = f'<{address}>; rel="first"'
    return response


@pages.get("/datasets/<code>/metadata.<any(ttl, jsonld, rdf):form>")
def record(code: str, form: str) -> Response:
    """One entry as linked data, as far as the public may know of it."""
    entry = reading.find(session(), code, ANONYMOUS, now())
    things = dcat.record(site(), public_offers.told_of(entry))
    return Response("".join(FORMS[form].write([things])), content_type=_content_type(form))


def asked_of_record() -> str | None:
    """The form of linked data in which the request wants a dataset's record; None where a page will do."""
    return _wanted("text/html")


def in_batches(public: list[ColumnElement[bool]], make: Callable[[list[Listed]], Made]) -> Iterator[Made]:
    """What is made of everything the public may see, in the order of ids, batch by batch.

    The request is over when it is read: each batch has a reading session of its own, which ends before the batch is
    handed on, so that a slow reader keeps neither a connection nor many entries.
    """
    database, here = kit().database, public_offers.ways()

    def made(last: str) -> tuple[str, Made | None]:
        with database.read() as reader:
            # First the ids as the key has them: asked all at once, a database would sort what is left every time.
            ids = list(reader.scalars(select(Entry.id).where(Entry.id > last).order_by(Entry.id).limit(BATCH)))
            if not ids:
                return last, None
            entries = list(reader.scalars(select(Entry).where(Entry.id.in_(ids), *public).order_by(Entry.id)))
            return ids[-1], make(public_offers.told(reader, here, entries))

    def batches() -> Iterator[Made]:
        last, batch = made("")
        while batch is not None:
            yield batch
            last, batch = made(last)

    return batches()


def site() -> Site:
    """Whose catalogue it is and where it lies; NotFound while there is nobody whose it could be."""
    found = owner()
    if found is None:
        raise NotFound("general.not-found")
    return Site(found, base(), rulebook.in_force().quality.weights)


def owner() -> Tenant | None:
    """The tenant of the face; before there is any face, the city."""
    shown = face()
    return shown.tenant if shown else session().scalars(select(Tenant).where(Tenant.kind == TenantKind.CITY)).first()


def base() -> str:
    """The address under which everything here lies."""
    return url_for("site.home", _external=True).rstrip("/")


def _page(form: str, number: str) -> Response:
    public = conditions()
    total = session().scalar(select(func.count()).where(*public)) or 0
    most = max(-(-total // LISTED), 1)
    if not number.isdecimal() or not 1 <= int(number[:9]) <= most:
        raise NotFound("general.not-found")
    here = int(number)
    # Ids are sorted without the rest of the rows; these are read for one page alone.
    query = select(Entry.id).where(*public).order_by(Entry.id).limit(LISTED).offset((here - 1) * LISTED)
    entries = list(
        session().scalars(select(Entry).where(Entry.id.in_(list(session().scalars(query)))).order_by(Entry.id))
    )

    def at(page: int) -> str:
        return url_for("linked.catalogue", form=form, page=page, _external=True)

    before, after = at(here - 1) if here > 1 else None, at(here + 1) if here < most else None
    paging = Part(at(here), at(1), at(most), before, after, total, LISTED)
    things = dcat.part(site(), public_offers.told(session(), public_offers.ways(), entries), paging)
    response = Response("".join(FORMS[form].write([things])), content_type=_content_type(form))
    named = {"first": paging.first, "prev": before, "next": after, "last": paging.last}
    response.headers["Link"] = ", ".join(f'<{where}>; rel="{name}"' for name, where in named.items() if where)
    return response


def _content_type(form: str) -> str:
    """The media type; only that of Turtle, a kind of text, takes a character set."""
    media = FORMS[form].media_type
    return f"{media}; charset=utf-8" if media.startswith("text/") else media


def _wanted(otherwise: str) -> str | None:
    """The form whose media type the request likes best; None for a page or for nothing that there is."""
    by_media = {one.media_type: form for form, one in FORMS.items()}
    accepted = request.accept_mimetypes
    if not accepted:
        return by_media.get(otherwise)
    offered = [otherwise, *(one for one in (*HTML, *by_media) if one != otherwise)]
    return by_media.get(accepted.best_match(offered) or "")


def _takes_pages() -> bool:
    return not request.accept_mimetypes or request.accept_mimetypes.best_match(HTML) is not None
