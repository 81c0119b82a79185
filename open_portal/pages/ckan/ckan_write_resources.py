"""Actions that write resources: a file becomes a version of an entry's data, an address a link to data elsewhere."""

from dataclasses import replace
from typing import Any

from flask import request

from catalog import drafting, exchanging, uploads
from catalog.mapping import ckan as mapping
from catalog.mapping import ckan_in
from catalog.mapping.ckan_in import Sent
from catalog.mapping.resources import Resource
from catalog.models import Entry
from open_portal import arrivals
from open_portal.pages.ckan.ckan_actions import Changed, Params, base_address, denied, not_found
from open_portal.pages.ckan.ckan_params import needed, text
from open_portal.pages.ckan.ckan_write import editable, entry_of, entry_with, link, refuse_files, scope, sender, writes
from open_portal.requests import deed, kit, now, session
from policies.refusals import Invalid
from policies.vocabulary import TokenScope
from tenancy.types import new_id
from tenancy.work import Work


@writes
def resource_create(params: Params) -> Changed:
    """Add a form of a dataset's data: a file in `upload` as its new version, or the address in `url` as a link."""
    wanted = needed(params, "package_id")
    if request.files:
        return _upload(params, wanted)
    sent = ckan_in.read_resource(params)
    sent = replace(sent, id=new_id())
    with deed() as work:
        entry = entry_of(work.session, wanted)
        before = _links(work, entry)
        _write(work, entry, [*before, sent])
        entry_id = entry.id
    return _told(entry_id, sent.id)


@writes
def resource_update(params: Params) -> Changed:
    """Replace what is said of a link, or send a new version of the data."""
    return _change(params, whole=True)


@writes
def resource_patch(params: Params) -> Changed:
    """Change some of what is said of a link, or send a new version of the data."""
    return _change(params, whole=False)


@writes
def resource_delete(params: Params) -> Changed:
    """Take a link away; versions of data are kept at the desk."""
    wanted = needed(params, "id")
    with deed() as work:
        entry = entry_with(work.session, wanted)
        before = _links(work, entry)
        _position(before, wanted)
        _write(work, entry, [one for one in before if one.id != wanted])
        entry_id = entry.id
    return Changed(None, {"packages": [entry_id], "resources": [wanted]})


def _change(params: Params, *, whole: bool) -> Changed:
    wanted = needed(params, "id")
    if request.files:
        return _upload(params, entry_with(session(), wanted).id)
    with deed() as work:
        entry = entry_with(work.session, wanted)
        links = _links(work, entry)
        place = _position(links, wanted)
        before = Resource(url="", id=wanted) if whole else links[place]
        links[place] = replace(ckan_in.read_resource(params, before), id=wanted)
        _write(work, entry, links)
        entry_id = entry.id
    return _told(entry_id, wanted)


def _links(work: Work, entry: Entry) -> list[Resource]:
    """The links of an entry, if the writer may change them."""
    if scope() is TokenScope.RESTORE:
        raise denied()
    if scope() is TokenScope.EXCHANGE:
        work.demand("entry.edit", entry)
        return [Resource.restored(one) for one in entry.resources]
    return drafting.resources(editable(work, entry))


def _write(work: Work, entry: Entry, links: list[Resource]) -> None:
    if scope() is TokenScope.EXCHANGE:
        peer = work.session.merge(sender(), load=False)
        sent = Sent(values={"title": entry.title}, resources=tuple(links))
        exchanging.take(work, peer, sent, entry, whole=False)
    else:
        drafting.set_resources(work, entry, links)


def _position(links: list[Resource], wanted: str) -> int:
    """Where a link stands; what isn't one is a version of data, which is not changed so."""
    for place, one in enumerate(links):
        if one.id == wanted:
            return place
    raise Invalid.gathered([Invalid("ckan.no-resource-change", field="id")])


def _upload(params: Params, wanted: str) -> Changed:
    """Take a file into quarantine and make a version of it, which is scanned, read and judged like any other."""
    if scope() is not TokenScope.DRAFT:
        refuse_files()
    file = request.files.get("upload")
    if file is None:
        raise Invalid.gathered([Invalid("ckan.missing", field="upload")])
    waiting, kept = arrivals.keep(file), False
    try:
        with deed() as work:
            entry = entry_of(work.session, wanted)
            received = uploads.receive(
                work, entry, waiting, file.filename or "data", text(params, "description").strip()[:2000]
            )
            entry_id, kept = entry.id, received.is_new
    finally:
        if not kept:
            kit().quarantine.erase(waiting.name)
    return Changed(
        _version(session().get_one(Entry, entry_id), params, file.filename or "data", received),
        {"packages": [entry_id], "resources": [f"{entry_id}-v{received.number}"]},
    )


def _version(entry: Entry, params: Params, filename: str, received: uploads.Received) -> dict[str, Any]:
    """A version that was received, as a resource of the draft."""
    place = f"{base_address()}/desk/datasets/{mapping.name_of(entry)}/versions/{received.number}"
    one = Resource(
        url=place,
        id=f"{entry.id}-v{received.number}",
        name=text(params, "name") or uploads.plain_name(filename),
        description=text(params, "description"),
        format=filename.rpartition(".")[2].upper() if "." in filename else "",
        hash=received.sha256,
        created=mapping.instant(now()),
    )
    return link(entry, one, received.number - 1) | {"url_type": "upload", "state": "draft", "revision": received.number}


def _told(entry_id: str, wanted: str) -> Changed:
    entry = session().get_one(Entry, entry_id)
    links = drafting.resources(entry)
    place = next((number for number, one in enumerate(links) if one.id == wanted), None)
    if place is None:
        raise not_found("Resource")
    return Changed(link(entry, links[place], place), {"packages": [entry_id], "resources": [wanted]})
