"""The administration: what this administrator can do, each part in a module of its own."""

from open_portal.pages.admin import (
    admin_metadata,
    admin_peers,
    admin_people,
    admin_records,
    admin_rule_changes,
    admin_rules,
    admin_scorecard,
    admin_scorecard_months,
    admin_sources,
    admin_standards,
    admin_synonyms,
    admin_tenants,
    admin_try,
)
from open_portal.pages.admin.admin_frame import pages, show
from open_portal.requests import actor

__all__ = [
    "admin_metadata",
    "admin_peers",
    "admin_people",
    "admin_records",
    "admin_rule_changes",
    "admin_rules",
    "admin_scorecard",
    "admin_scorecard_months",
    "admin_sources",
    "admin_standards",
    "admin_synonyms",
    "admin_tenants",
    "admin_try",
    "pages",
]


@pages.get("/admin")
def home() -> str:
    """What this administrator can do, and by which roles."""
    return show("home", roles=sorted({one.role for one in actor().standings if one.role}, key=str))
