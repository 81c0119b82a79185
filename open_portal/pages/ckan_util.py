"""The small addresses beside CKAN's actions: what somebody may be about to type, and whether the site is there."""

from typing import Any

from flask import Response, request

from open_portal.pages import ckan_bodies, ckan_packages, ckan_site
from open_portal.pages.ckan import in_json, pages
from open_portal.pages.ckan_actions import Params


def _asked() -> Params:
    """What was typed: each of these addresses calls it by a name of its own."""
    typed = next((request.args[name] for name in ("incomplete", "q", "query", "term") if request.args.get(name)), "")
    limit = request.args.get("limit", "")
    return {"q": typed, "limit": limit if limit.isdecimal() else "10"}


def _set(found: Any) -> Response:
    return in_json({"ResultSet": {"Result": found}}, 200)


@pages.get("/api/util/dataset/autocomplete")
@pages.get("/api/<int:release>/util/dataset/autocomplete")
def datasets(release: int = 2) -> Response:
    """Entries."""
    return _set(ckan_packages.package_autocomplete(_asked()))


@pages.get("/api/util/tag/autocomplete")
@pages.get("/api/<int:release>/util/tag/autocomplete")
def tags(release: int = 2) -> Response:
    """Tags."""
    return _set([{"Name": one} for one in ckan_bodies.tag_autocomplete(_asked())])


@pages.get("/api/util/resource/format_autocomplete")
@pages.get("/api/<int:release>/util/resource/format_autocomplete")
def formats(release: int = 2) -> Response:
    """Formats."""
    return _set([{"Format": one} for one in ckan_bodies.format_autocomplete(_asked())])


@pages.get("/api/util/organization/autocomplete")
@pages.get("/api/<int:release>/util/organization/autocomplete")
def organizations(release: int = 2) -> Response:
    """Bodies."""
    return in_json(ckan_bodies.organization_autocomplete(_asked()), 200)


@pages.get("/api/util/group/autocomplete")
@pages.get("/api/<int:release>/util/group/autocomplete")
def groups(release: int = 2) -> Response:
    """Themes."""
    return in_json(ckan_bodies.group_autocomplete(_asked()), 200)


@pages.get("/api/util/user/autocomplete")
@pages.get("/api/<int:release>/util/user/autocomplete")
def users(release: int = 2) -> Response:
    """People; none are named."""
    return in_json([], 200)


@pages.get("/api/util/status")
@pages.get("/api/<int:release>/util/status")
def status(release: int = 2) -> Response:
    """What this site is, as `status_show` tells it."""
    return in_json(ckan_site.status_show({}), 200)
