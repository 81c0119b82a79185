"""Atom feeds under the addresses at which CKAN has them: all entries, those of a body, theme or tag, or of a query."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Response, request, url_for

from catalog.mapping import ckan as mapping
from catalog.models import Entry
from catalog.search_conditions import ALWAYS, Condition, Every, Has
from catalog.search_programs import Wish
from open_portal.navigation import face_of
from open_portal.pages.ckan import ckan_bodies as bodies
from open_portal.pages.ckan import ckan_packages as packages
from open_portal.pages.ckan import ckan_view as view
from open_portal.pages.ckan.ckan import pages
from open_portal.pages.ckan.ckan_actions import invalid
from open_portal.pages.feeds.feeds import ATOM
from open_portal.requests import face, now

PER_PAGE = 20
MOST_PAGE = 1_000_000


@pages.get("/feeds/dataset.atom")
def newest() -> Response:
    """Every entry, the last changed first."""
    return _feed(_site(), ALWAYS)


@pages.get("/feeds/organization/<name>.atom")
def of_organization(name: str) -> Response:
    """The entries of a body."""
    found = bodies.organization_show({"id": name})
    return _feed(f"{_site()} · {found['title']}", Has("owner", (found["id"],)))


@pages.get("/feeds/group/<name>.atom")
def of_group(name: str) -> Response:
    """The entries of a theme."""
    found = bodies.group_show({"id": name})
    return _feed(f"{_site()} · {found['title']}", Has("theme", (found["name"].removeprefix("theme-"),)))


@pages.get("/feeds/tag/<name>.atom")
def of_tag(name: str) -> Response:
    """The entries with a tag."""
    found = bodies.tag_show({"id": name})
    return _feed(f"{_site()} · {found['name']}", Has("tag", (found["name"],)))


@pages.get("/feeds/custom.atom")
def of_query() -> Response:
    """The entries that meet q, fq and fields of the address."""
    asked: dict[str, Any] = {name: request.args[name] for name in ("q", "fq") if request.args.get(name)}
    fields = {"organization", "groups", "tags", "res_format", "license_id"} & set(request.args)
    quoted = [f'{name}:"{one.replace(chr(34), "")}"' for name in sorted(fields) for one in request.args.getlist(name)]
    wanted = packages.asked_for({**asked, "fq_list": quoted})
    order = packages.order_of({"sort": request.args.get("sort", "")})
    return _feed(_site(), wanted, *order)


def _site() -> str:
    return face_of(face(), "zh").name


def _feed(title: str, wanted: Condition, order: str = "by_changed", descending: bool = True) -> Response:
    """One page of a feed, with the ways to the others."""
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= MOST_PAGE):
        raise invalid(page=["Must be a natural number"])
    number = int(text[:9])
    first = (number - 1) * PER_PAGE
    found = view.selected({}, Every((wanted,)), Wish(order or "by_changed", descending, first, PER_PAGE))
    last = max(-(-found.total // PER_PAGE), 1)
    root = Element("feed", xmlns=ATOM)
    latest = max((one.changed_at for one in found.entries), default=now())
    _texts(root, {"id": _address(None), "title": title, "updated": latest.isoformat()})
    turns = {"self": number, "first": 1, "last": last}
    turns |= ({"previous": number - 1} if number > 1 else {}) | ({"next": number + 1} if number < last else {})
    for rel, page in turns.items():
        SubElement(root, "link", rel=rel, href=_address(page), type="application/atom+xml")
    for entry in found.entries:
        _entry(root, entry)
    body = tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(body, content_type="application/atom+xml; charset=utf-8")


def _entry(root: Element, entry: Entry) -> None:
    item = SubElement(root, "entry")
    name = mapping.name_of(entry)
    address = url_for("datasets.show", code=name, _external=True)
    times = {"updated": entry.changed_at.isoformat(), "published": entry.created_at.isoformat()}
    _texts(item, {"id": address, "title": entry.title, **times})
    SubElement(item, "link", rel="alternate", href=address)
    record = url_for("ckan.act", name="package_show", _external=True) + f"?id={name}"
    SubElement(item, "link", rel="enclosure", href=record, type="application/json")
    _texts(SubElement(item, "author"), {"name": mapping.publisher(entry, "zh")})
    for tag in entry.tags:
        SubElement(item, "category", term=_clean(tag))
    _texts(item, {"summary": entry.abstract})


def _address(page: int | None) -> str:
    """This feed's own address, at a page."""
    rest = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
    asked = urlencode([*rest, *([("page", page)] if page and page > 1 else [])])
    return request.url_root.rstrip("/") + request.path + (f"?{asked}" if asked else "")


def _texts(parent: Element, values: Mapping[str, str]) -> None:
    for name, text in values.items():
        SubElement(parent, name).text = _clean(text)


def _clean(text: str) -> str:
    """A text without characters that XML can't hold."""
    return "".join(one for one in text if one >= " " or one in "\n\t")
