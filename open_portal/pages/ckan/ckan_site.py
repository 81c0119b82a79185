"""Actions about the site itself: what it is, what it can do, and under which licences data are given."""

from typing import Any

from catalog.mapping import ckan as mapping
from open_portal.navigation import face_of
from open_portal.pages.ckan import ckan_params as given
from open_portal.pages.ckan import ckan_view as view
from open_portal.pages.ckan.ckan_actions import ACTIONS, Params, answers, base_address, not_found
from open_portal.requests import actor, face

EXTENSIONS = ("datastore",)
"""What of CKAN's extensions is kept to here: reading of tables."""


@answers()
def license_list(params: Params) -> list[dict[str, Any]]:
    """The licences."""
    return mapping.licences(given.language(params))


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
        "extensions": list(EXTENSIONS),
    }


@answers()
def site_read(_params: Params) -> bool:
    """Whether anybody may read the site."""
    return True


@answers()
def help_show(params: Params) -> str:
    """What an action does."""
    action = ACTIONS.get(given.needed(params, "name"))
    if action is None:
        raise not_found("Action")
    return action.run.__doc__ or ""


@answers()
def user_list(_params: Params) -> list[Any]:
    """The people; none are named."""
    return []


@answers()
def user_autocomplete(_params: Params) -> list[Any]:
    """People whose name begins so; none are named."""
    return []


@answers()
def user_show(params: Params) -> dict[str, Any]:
    """Whoever shows his token, to himself; of nobody else is anything told, and of nobody a password or its hash."""
    wanted = given.text(params, "id")
    if not actor().is_person or wanted not in {"", actor().id}:
        raise not_found("User")
    return {
        "id": actor().id,
        "name": actor().id,
        "fullname": actor().name,
        "display_name": actor().name,
        "about": None,
        "state": "active",
        "sysadmin": False,
        "image_url": "",
        "image_display_url": "",
    }


@answers()
def resource_view_list(params: Params) -> list[Any]:
    """The views of a resource; there are none."""
    view.with_resource(given.needed(params, "id"))
    return []
