"""Every blueprint of the pages with the face it belongs to and who is let in."""

from open_portal.doors import ANY_FACE, Access
from open_portal.pages import corrections, datasets, health, site
from open_portal.pages.account import account
from open_portal.pages.admin import admin
from open_portal.pages.api import api, api_reference
from open_portal.pages.ckan import ckan, ckan_feeds, ckan_util
from open_portal.pages.desk import desk
from open_portal.pages.feeds import feeds, linked_data, machine_files, robots, whole_catalogue
from open_portal.pages.indicators import indicators
from open_portal.pages.my import applying, my, subscriptions, unsubscribing, webhooks
from open_portal.pages.record import data

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
