"""The parts of the data interface that list what the administration's pages and that of one's account show."""

from open_portal.pages.api import (
    api_account,
    api_admin_changes,
    api_admin_figures,
    api_admin_metadata,
    api_admin_months,
    api_admin_people,
    api_admin_records,
    api_admin_rules,
    api_admin_sources,
)

PARTS = (
    *(api_admin_people, api_admin_records, api_admin_rules, api_admin_changes, api_admin_sources),
    *(api_admin_figures, api_admin_months, api_admin_metadata, api_account),
)
"""Named so that every part has hung its routes on the blueprint before the document is made."""
