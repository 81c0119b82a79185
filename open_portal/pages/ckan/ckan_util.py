"""The small addresses beside CKAN's actions: what somebody may be about to type, and whether the site is there."""

from collections.abc import Callable
from typing import Any, TypeAlias

from flask import Response, request

from open_portal.pages.ckan import ckan_bodies, ckan_packages, ckan_site
from open_portal.pages.ckan.ckan import in_json, pages
from open_portal.pages.ckan.ckan_actions import Params

RELEASES = ("", "/1", "/2", "/3")
View: TypeAlias = Callable[[], Response]


def at(path: str) -> Callable[[View], View]:
    """Answer at an address of the utilities, with and without the number of a release in it."""

    def enter(view: View) -> View:
        for release in RELEASES:
            pages.add_url_rule(f"/api{release}/util/{path}", view_func=view, methods=["GET"])
        return view

    return enter


def _asked() -> Params:
    """What was typed: each of these addresses calls it by a name of its own."""
    typed = next((request.args[name] for name in ("incomplete", "q", "query", "term") if request.args.get(name)), "")
    limit = request.args.get("limit", "")
    return {"q": typed, "limit": limit if limit.isdecimal() else "10"}


def _set(found: Any) -> Response:
    return in_json({"ResultSet": {"Result": found}}, 200)


@at("dataset/autocomplete")
def datasets() -> Response:
    """Entries."""
    return _set(ckan_packages.package_autocomplete(_asked()))


@at("tag/autocomplete")
def tags() -> Response:
    """Tags."""
    return _set([{"Name": one} for one in ckan_bodies.tag_autocomplete(_asked())])


@at("resource/format_autocomplete")
def formats() -> Response:
    """Formats."""
    return _set([{"Format": one} for one in ckan_bodies.format_autocomplete(_asked())])


@at("organization/autocomplete")
def organizations() -> Response:
    """Bodies."""
    return in_json(ckan_bodies.organization_autocomplete(_asked()), 200)


@at("group/autocomplete")
def groups() -> Response:
    """Themes."""
    return in_json(ckan_bodies.group_autocomplete(_asked()), 200)


@at("user/autocomplete")
def users() -> Response:
    """People; none are named."""
    return in_json([], 200)


@at("status")
def status() -> Response:
    """What this site is, as `status_show` tells it."""
    return in_json(ckan_site.status_show({}), 200)
