"""What other platforms' readers demand of a CKAN catalogue, written down as checks of our own."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

ADDRESS = re.compile(r"https?://[^\s/?#]+\.?[^\s]*")
KINDS = {"", "file", "file.upload", "api", "documentation", "image", "visualization"}
TEXT = (str,)
MAYBE = (str, type(None))
PACKAGE: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("id", "name", "title", "license_id", "metadata_created", "metadata_modified", "type"), TEXT),
    **dict.fromkeys(("notes", "license_title", "author", "author_email", "maintainer", "maintainer_email"), MAYBE),
    "state": MAYBE,
    "tags": (list,),
    "resources": (list,),
    "private": (bool,),
    "organization": (dict, type(None)),
}
RESOURCE: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("id", "format", "created", "url", "resource_type"), TEXT),
    **dict.fromkeys(("name", "description", "mimetype", "hash", "last_modified"), MAYBE),
    "position": (int,),
    "size": (int, type(None)),
}
HASHES = {0, 32, 40, 64}


def demand_strict(package: dict[str, Any]) -> None:
    """The strictest reader's schema; one bad resource costs it the whole dataset."""
    _demand_kinds(package, PACKAGE)
    assert package["type"] == "dataset"
    assert re.fullmatch(r"[a-z0-9_-]{2,100}", package["name"])
    for name in ("author_email", "maintainer_email"):
        assert not package[name] or "@" in package[name], name
    for name in ("metadata_created", "metadata_modified"):
        datetime.fromisoformat(package[name])
    assert all(isinstance(tag[key], str) and tag[key] for tag in package["tags"] for key in ("id", "name"))
    assert all(isinstance(extra[key], str) for extra in package["extras"] for key in ("key", "value"))
    assert len({one["id"] for one in package["resources"]}) == len(package["resources"])
    for place, resource in enumerate(package["resources"]):
        demand_strict_resource(resource)
        assert resource["position"] == place
    body = package["organization"]
    if body:
        assert all(isinstance(body[key], str) for key in ("description", "image_url", "created", "name", "title"))
        assert (body["type"], body["approval_status"]) == ("organization", "approved")


def demand_strict_resource(resource: dict[str, Any]) -> None:
    """The schema of one resource."""
    _demand_kinds(resource, RESOURCE)
    assert ADDRESS.fullmatch(resource["url"]), resource["url"]
    assert resource["resource_type"] in KINDS
    assert len(resource["hash"] or "") in HASHES
    for name in ("created", "last_modified"):
        datetime.fromisoformat(resource[name])


def harvest(search: Callable[..., dict[str, Any]], rows: int = 100, **asked: Any) -> Iterator[dict[str, Any]]:
    """Page as ckanext-harvest does: until an empty page, and failing where two pages are equal."""
    start, before = 0, None
    while True:
        page = search(rows=rows, start=start, sort="id asc", **asked)["results"]
        ids = [one["id"] for one in page]
        assert ids != before or not ids, "the paging doesn't seem to work"
        if not page:
            return
        yield from page
        start, before = start + rows, ids


def _demand_kinds(found: dict[str, Any], kinds: dict[str, tuple[type, ...]]) -> None:
    for name, allowed in kinds.items():
        assert name in found, name
        assert isinstance(found[name], allowed), (name, found[name])
