"""The data interface for programs: its routes hang on one blueprint, which comes in by one door."""

from open_portal.pages.api import api_document
from open_portal.pages.api.api_door import pages

DESCRIBED = api_document.described

__all__ = ["DESCRIBED", "pages"]
