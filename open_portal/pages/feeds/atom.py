"""Atom feeds: a head, links and entries as a document."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Response

from catalog.models import Entry
from open_portal.pages import dataset_words as words

ATOM = "http://www.w3.org/2005/Atom"
OPEN_SEARCH = "http://a9.com/-/spec/opensearch/1.1/"
TYPE = "application/atom+xml; charset=utf-8"


@dataclass(frozen=True)
class Head:
    """What a feed says of itself: its lasting address, title, last change if nothing is in it, links by relation."""

    id: str
    title: str
    updated: str
    links: Mapping[str, str]
    counts: Mapping[str, int] | None = None
    """Of a feed that is a search: totalResults, startIndex and itemsPerPage as OpenSearch calls them."""


def answer(head: Head, entries: Iterable[Entry]) -> Response:
    """A feed of entries as an HTTP answer."""
    listed = list(entries)
    root = Element("feed", {"xmlns": ATOM, **({"xmlns:opensearch": OPEN_SEARCH} if head.counts else {})})
    texts(root, id=head.id, title=head.title, updated=max(map(changed, listed), default=head.updated))
    for relation, address in head.links.items():
        SubElement(root, "link", rel=relation, href=address)
    for name, count in (head.counts or {}).items():
        SubElement(root, f"opensearch:{name}").text = str(count)
    for entry in listed:
        _add(root, entry)
    return Response(tostring(root, encoding="utf-8", xml_declaration=True), content_type=TYPE)


def _add(root: Element, entry: Entry) -> None:
    item = SubElement(root, "entry")
    address = words.address(entry, absolute=True)
    texts(item, id=address, title=words.title(entry), updated=changed(entry))
    SubElement(item, "link", rel="alternate", href=address)
    texts(SubElement(item, "author"), name=words.publisher(entry))
    for tag in entry.tags:
        SubElement(item, "category", term=clean(tag))
    texts(item, summary=words.abstract(entry))


def changed(entry: Entry) -> str:
    """When data or description changed last."""
    return (entry.data_updated_at or entry.published_at or entry.changed_at).isoformat()


def texts(parent: Element, **values: str) -> None:
    """Add elements that hold nothing but text."""
    for name, text in values.items():
        SubElement(parent, name).text = clean(text)


def clean(text: str) -> str:
    """A text without the characters that XML can't hold."""
    return "".join(one for one in text if (one >= " " or one in "\n\t") and one not in "\ufffe\uffff")
