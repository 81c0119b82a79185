"""Actions about the site itself: what it is, what it can do, and under which licences data are given."""

from typing import Any

from catalog.mapping import ckan as mapping
from open_portal.navigation import face_of
from open_portal.pages.ckan_actions import ACTIONS, Params, answers, base_address, not_found
from open_portal.pages.ckan_params import language, needed
from open_portal.requests import face


@answers()
def license_list(params: Params) -> list[dict[str, Any]]:
    """The licences."""
    return mapping.licences(language(params))


@answers()
def status_show(_params: Params) -> dict[str, Any]:
    """What this site is and which release of the contract it keeps."""
    shown = face_of(face(), "zh")
    return {
        "ckan_version": mapping.VERSION,
        "site_title": shown.name,
        "site_description": shown.footer,
        "site_url": base_address(),
        "error_emails_to": "",
        "locale_default": "zh_Hans_CN",
        "extensions": [],
    }


@answers()
def site_read(_params: Params) -> bool:
    """Whether anybody may read the site."""
    return True


@answers()
def help_show(params: Params) -> str:
    """What an action does."""
    action = ACTIONS.get(needed(params, "name"))
    if action is None:
        raise not_found("Action")
    return action.run.__doc__ or ""


@answers()
def resource_view_list(_params: Params) -> list[Any]:
    """The views of a resource; there are none."""
    return []
