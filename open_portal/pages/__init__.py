"""Pages: every blueprint with the face it belongs to and who is let in."""

from open_portal.doors import Access
from open_portal.pages import (
    account,
    admin,
    api,
    applying,
    ckan,
    data,
    datasets,
    desk,
    feeds,
    indicators,
    my,
    site,
)

BLUEPRINTS = (
    (site.pages, "public", Access.ANYONE),
    (datasets.pages, "public", Access.ANYONE),
    (data.pages, "public", Access.ANYONE),
    (indicators.pages, "public", Access.ANYONE),
    (feeds.pages, "public", Access.ANYONE),
    (account.pages, "public", Access.ANYONE),
    (applying.pages, "apply", Access.PERSON),
    (my.pages, "apply", Access.PERSON),
    (desk.pages, "desk", Access.STAFF),
    (admin.pages, "admin", Access.ADMINISTRATOR),
    (api.pages, "api", Access.MACHINE),
    (ckan.pages, "api", Access.MACHINE),
)
