"""Pages: every blueprint with the face it belongs to and who is let in."""

from open_portal.doors import ANY_FACE, Access
from open_portal.pages import (
    account,
    admin,
    api,
    api_reference,
    applying,
    ckan,
    ckan_feeds,
    ckan_util,
    corrections,
    data,
    datasets,
    desk,
    feeds,
    health,
    indicators,
    linked_data,
    machine_files,
    my,
    robots,
    site,
    subscriptions,
    unsubscribing,
    webhooks,
    whole_catalogue,
)

BLUEPRINTS = (
    (health.pages, ANY_FACE, Access.ANYONE),
    (robots.pages, ANY_FACE, Access.ANYONE),
    (site.pages, "public", Access.ANYONE),
    (datasets.pages, "public", Access.ANYONE),
    (data.pages, "public", Access.ANYONE),
    (corrections.pages, "public", Access.ANYONE),
    (indicators.pages, "public", Access.ANYONE),
    (feeds.pages, "public", Access.ANYONE),
    (linked_data.pages, "public", Access.ANYONE),
    (machine_files.pages, "public", Access.ANYONE),
    (api_reference.pages, "public", Access.ANYONE),
    (unsubscribing.pages, ANY_FACE, Access.ANYONE),
    (account.pages, ANY_FACE, Access.ANYONE),
    (applying.pages, "apply", Access.PERSON),
    (my.pages, "apply", Access.PERSON),
    (desk.pages, "desk", Access.STAFF),
    (admin.pages, "admin", Access.ADMINISTRATOR),
    (api.pages, "api", Access.MACHINE),
    (ckan.pages, "api", Access.MACHINE),
)

__all__ = ["BLUEPRINTS", "ckan_feeds", "ckan_util", "subscriptions", "webhooks", "whole_catalogue"]
