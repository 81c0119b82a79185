"""Files about the catalogue for programs that know one format: data.json, Croissant, OpenSearch, structured data."""

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from flask import Blueprint, Response, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from catalog import reading, versions
from catalog.exports import ExportFormat
from catalog.mapping import croissant, dcat_us, schema_org
from catalog.mapping.offers import Listed
from catalog.models import Entry, Version
from catalog.reading import Access
from open_portal.navigation import face_of
from open_portal.pages import dataset_words as words
from open_portal.pages.feeds import linked_data
from open_portal.pages.feeds.public_catalogue import conditions
from open_portal.pages.record import public_offers, stored_rows
from open_portal.requests import face, kit, now, session
from policies import vocabulary as v
from policies.refusals import NotFound
from tenancy.actors import ANONYMOUS

pages = Blueprint("machine_files", __name__)
MEASURED_CELLS = 2_000_000
"""Cells of a table up to which the hash of its file is worked out while somebody waits."""
MEASURED = 500
"""Files whose hash a process remembers."""
ENGINE_NAME = 16
"""Characters that a search engine's short name may have."""
UNSAFE = {ord(one): f"\\u{ord(one):04x}" for one in "<>&\u2028\u2029"}


@pages.get("/data.json")
def data_json() -> Response:
    """The whole catalogue as DCAT-US 1.1, streamed."""
    whose, mailbox = linked_data.site(), kit().settings.mail_from
    head = dcat_us.head(url_for("machine_files.data_json", _external=True))

    def written(listed: list[Listed]) -> str:
        found = (dcat_us.dataset(whose, one, mailbox) for one in listed)
        return ",\n".join(json.dumps(one, ensure_ascii=False) for one in found)

    return Response(_joined(head, linked_data.in_batches(conditions(), written)), mimetype="application/json")


@pages.get("/datasets/<code>/croissant.json")
def croissant_json(code: str) -> Response:
    """What a program needs to load the rows that everyone may download; nothing where there are none."""
    entry = reading.find(session(), code, ANONYMOUS, now())
    version, access = loadable(entry)
    if version is None:
        raise NotFound("general.not-found")
    columns = stored_rows.columns(kit(), version, access)
    items = [one for one in schema_org.open_items(entry) if one.name in columns]
    address = url_for("data.download", code=words.slug(entry), format="plain.csv", _external=True)
    file = croissant.Csv(address, *_measured(version, access, len(columns)))
    made = croissant.describe(linked_data.site(), entry, version, file, items)
    return Response(json.dumps(made, ensure_ascii=False, indent=1), mimetype="application/ld+json")


@pages.get("/opensearch.xml")
def opensearch() -> Response:
    """How a browser or a program asks our search: where, with which words, on which page."""
    name = face_of(face(), str(get_locale())).name
    urls = {
        "text/html": url_for("datasets.find", _external=True) + "?q={searchTerms}&page={startPage?}",
        "application/atom+xml": url_for("datasets.feed", _external=True) + "?q={searchTerms}&page={startPage?}",
        "text/csv": url_for("datasets.listing", _external=True) + "?q={searchTerms}",
    }
    own = url_for("machine_files.opensearch", _external=True)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">',
        f"<ShortName>{escape(name[:ENGINE_NAME])}</ShortName>",
        f"<LongName>{escape(name[:48])}</LongName>",
        f"<Description>{escape(_('Search the catalogue of public data'))}</Description>",
        *(f'<Url type="{kind}" template={quoteattr(where)}/>' for kind, where in urls.items()),
        f'<Url type="application/opensearchdescription+xml" rel="self" template={quoteattr(own)}/>',
        "<Language>zh-CN</Language>",
        "<Language>en</Language>",
        "<InputEncoding>UTF-8</InputEncoding>",
        "<OutputEncoding>UTF-8</OutputEncoding>",
        "</OpenSearchDescription>",
    ]
    return Response("\n".join(lines), content_type="application/opensearchdescription+xml; charset=utf-8")


def loadable(entry: Entry) -> tuple[Version | None, Access]:
    """The version whose rows everyone may download, with what may be read of it; None where there is none."""
    access = reading.access(session(), entry, ANONYMOUS, now())
    version = versions.live(session(), entry) if access.given else None
    return (version if version is not None and version.table is not None else None), access


def structured_dataset(entry: Entry) -> Markup | None:
    """The entry in the words of schema.org for its page; nothing of what the public may not know of."""
    if "open" not in reading.labels_of(entry):
        return None
    made = schema_org.dataset(linked_data.site(), public_offers.told_of(entry), str(get_locale()))
    return _data_block(made)


def structured_catalogue() -> Markup | None:
    """The catalogue in the words of schema.org for the home page; nothing before there is anybody whose it is."""
    if linked_data.owner() is None:
        return None
    forms = [url_for("linked.catalogue", form=form, _external=True) for form in linked_data.FORMS]
    return _data_block(schema_org.catalogue(linked_data.site(), str(get_locale()), forms))


def _data_block(data: dict[str, Any]) -> Markup:
    """JSON that can stand inside a script element, whatever its texts are; browsers run no such block."""
    return Markup(json.dumps(data, ensure_ascii=False).translate(UNSAFE))  # noqa: S704 - nothing in it can end the element


def _joined(head: dict[str, str], batches: Iterator[str]) -> Iterator[str]:
    """One document of JSON: the head, then the datasets as they come."""
    yield json.dumps(head)[:-1] + ', "dataset": ['
    between = "\n"
    for batch in filter(None, batches):
        yield between + batch
        between = ",\n"
    yield "\n]}\n"


def _measured(version: Version, access: Access, columns: int) -> tuple[str | None, int | None]:
    """Hash and size of the file as everyone gets it; neither for a large one, since somebody waits."""
    if (version.rows_loaded or 0) * columns > MEASURED_CELLS:
        return None, None
    return _hash(version.id, access.items)


@lru_cache(MEASURED)
def _hash(version_id: str, items: tuple[str, ...]) -> tuple[str, int]:
    """Of a version, which never changes, and the items that go out: worked out once in a process."""
    version = session().get_one(Version, version_id)
    digest, size = hashlib.sha256(), 0
    for piece in stored_rows.stream(kit(), version, Access(items, "open"), ExportFormat.CSV_PLAIN):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def alternates(entry: Entry) -> list[dict[str, str]]:
    """Other forms of a dataset's page, for programs and for the list on the page."""
    code = words.slug(entry)
    if "open" not in reading.labels_of(entry):
        return []
    titles = {"ttl": _("DCAT, Turtle"), "jsonld": _("DCAT, JSON-LD"), "rdf": _("DCAT, RDF/XML")}
    found = [
        {"type": one.media_type, "title": titles[form], "href": url_for("linked.record", code=code, form=form)}
        for form, one in linked_data.FORMS.items()
    ]
    ckan = url_for("ckan.act", name="package_show", id=entry.id)
    found.append({"type": "application/json", "title": _("CKAN, JSON"), "href": ckan})
    if entry.origin is v.Origin.OWN and loadable(entry)[0] is not None:
        where = url_for("machine_files.croissant_json", code=code)
        found.append({"type": "application/ld+json", "title": _("Croissant, for training sets"), "href": where})
    return found
