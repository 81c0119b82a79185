"""Our terms in the code lists of the European publications office, which readers of DCAT and CKAN know."""

from collections.abc import Mapping
from types import MappingProxyType

from policies.vocabulary import OpenType, UpdateCycle

AUTHORITY = "http://publications.europa.eu/resource/authority/"
FREQUENCIES: Mapping[UpdateCycle, str] = MappingProxyType(
    {
        UpdateCycle.REALTIME: "UPDATE_CONT",
        UpdateCycle.MINUTELY: "UPDATE_CONT",
        UpdateCycle.HOURLY: "HOURLY",
        UpdateCycle.DAILY: "DAILY",
        UpdateCycle.WEEKLY: "WEEKLY",
        UpdateCycle.MONTHLY: "MONTHLY",
        UpdateCycle.QUARTERLY: "QUARTERLY",
        UpdateCycle.HALF_YEARLY: "ANNUAL_2",
        UpdateCycle.YEARLY: "ANNUAL",
        UpdateCycle.IRREGULAR: "IRREG",
        UpdateCycle.NEVER: "NEVER",
    }
)
ACCESS_RIGHTS: Mapping[OpenType, str] = MappingProxyType(
    {
        OpenType.OPEN_UNCOND: "PUBLIC",
        OpenType.OPEN_RESTRICTED: "RESTRICTED",
        OpenType.OPEN_FORBIDDEN: "NON_PUBLIC",
    }
)
