"""Entries as DCAT-US 1.1 (data.json, the Project Open Data schema), by the profile of bodies that are not federal."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from catalog.mapping import ckan
from catalog.mapping.dcat import NO_DESCRIPTION, Site, licence_address, name_of
from catalog.mapping.linked import address
from catalog.mapping.offers import Listed, Offer, origin_of
from catalog.models import Entry
from policies import vocabulary as v

SCHEMA = "https://project-open-data.cio.gov/v1.1/schema"
MAIL = re.compile(r"[\w~!$&'()*+,;=:.-]+@[\w.-]+\.[\w.-]+")
NOWHERE = "not-stated@example.invalid"
"""Stands where the schema demands a mailbox and none is known; the domain is reserved for what does not exist."""
RIGHTS = 255
CYCLES: Mapping[v.UpdateCycle, str | None] = MappingProxyType(
    {
        v.UpdateCycle.REALTIME: "R/PT1S",
        v.UpdateCycle.MINUTELY: "R/PT1M",
        v.UpdateCycle.HOURLY: "R/PT1H",
        v.UpdateCycle.DAILY: "R/P1D",
        v.UpdateCycle.WEEKLY: "R/P1W",
        v.UpdateCycle.MONTHLY: "R/P1M",
        v.UpdateCycle.QUARTERLY: "R/P3M",
        v.UpdateCycle.HALF_YEARLY: "R/P6M",
        v.UpdateCycle.YEARLY: "R/P1Y",
        v.UpdateCycle.IRREGULAR: "irregular",
        v.UpdateCycle.NEVER: None,
    }
)


def head(address_of_file: str) -> dict[str, str]:
    """What stands before the datasets; the address is that of the file itself."""
    return {
        "@context": f"{SCHEMA}/catalog.jsonld",
        "@id": address_of_file,
        "@type": "dcat:Catalog",
        "conformsTo": SCHEMA,
        "describedBy": f"{SCHEMA}/catalog.json",
    }


def dataset(site: Site, listed: Listed, mailbox: str = "") -> dict[str, Any]:
    """An entry as a dataset; `mailbox` is that of the platform, for entries without one of their own."""
    entry = listed.entry
    level = access_level(entry)
    themes = [v.Theme(one).zh for one in entry.themes if one in set(v.Theme)]
    made: dict[str, Any] = {
        "@type": "dcat:Dataset",
        "identifier": entry.code,
        "title": entry.title,
        "description": entry.abstract or NO_DESCRIPTION[0],
        "keyword": [one for one in entry.tags if one] or themes or [v.Theme.OTHER.zh],
        "modified": (entry.data_updated_at or entry.changed_at).isoformat(timespec="seconds"),
        "issued": entry.published_at.isoformat(timespec="seconds") if entry.published_at else None,
        "publisher": {"@type": "org:Organization", "name": ckan.publisher(entry, "zh")},
        "contactPoint": _contact(entry, mailbox),
        "accessLevel": level,
        "rights": _rights(entry) if level != "public" else None,
        "license": licence_address(entry, site.base),
        "spatial": ckan.region(entry.region_code, "zh"),
        "temporal": f"{entry.time_from}/{entry.time_to}" if entry.time_from and entry.time_to else None,
        "accrualPeriodicity": CYCLES[entry.update_cycle],
        "language": ["zh-CN"] if entry.origin is v.Origin.OWN else None,
        "theme": list(dict.fromkeys(themes)),
        "landingPage": address(origin_of(entry) or name_of(site.base, entry.code)),
        "distribution": [_distribution(one) for one in listed.offers],
    }
    return {name: value for name, value in made.items() if value not in (None, "", [])}


def access_level(entry: Entry) -> str:
    """Who may have the data: everyone, those who meet a condition, or nobody outside."""
    if entry.open_type is v.OpenType.OPEN_FORBIDDEN:
        return "non-public"
    free = entry.open_type is v.OpenType.OPEN_UNCOND and entry.open_tier is v.OpenTier.T0
    return "public" if free and entry.offline_since is None else "restricted public"


def _rights(entry: Entry) -> str:
    """Why not everyone may have them, in words."""
    reason = entry.open_reason.zh if entry.open_reason else ""
    offline = "数据已下线" if entry.offline_since else ""
    parts = (offline, entry.open_tier.zh, entry.open_condition, reason, entry.open_basis)
    return "；".join(one for one in parts if one)[:RIGHTS]


def _contact(entry: Entry, mailbox: str) -> dict[str, str]:
    known = next((one for one in (entry.contact_email, mailbox) if MAIL.fullmatch(one or "")), NOWHERE)
    name = entry.contact_office or ckan.publisher(entry, "zh")
    return {"@type": "vcard:Contact", "fn": name, "hasEmail": f"mailto:{known}"}


def _distribution(offer: Offer) -> dict[str, str]:
    where = address(offer.url)
    made = {"@type": "dcat:Distribution", "title": offer.name or offer.format.zh, "description": offer.description}
    if offer.is_file:
        made |= {"downloadURL": where, "mediaType": offer.media, "format": offer.format_text or offer.format.en}
    else:
        made |= {"accessURL": where, "format": offer.format_text or offer.format.en}
    return {name: value for name, value in made.items() if value}
