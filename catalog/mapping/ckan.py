"""Entries, publishers and themes as the dictionaries of CKAN's Action API v3, strict enough for its strictest readers.

Only what the open domain may know is written: nothing about sharing. Text is never null where a reader insists on
text, and a restricted form of data bears the address of the page to apply on instead of a file.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from catalog.mapping.codes import AUTHORITY, FREQUENCIES
from catalog.mapping.offers import Offer
from catalog.models import Entry
from policies import vocabulary as v
from tenancy.models import Tenant

VERSION = "2.10.4"
"""The CKAN release whose contract the facade keeps."""

EXTRAS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "identifier": ("信息资源代码", "Information resource code"),
        "access_level": ("开放层级（T0完全开放、T1登录开放、T2申请开放、T3开放域内使用）", "Tier of opening, T0 to T3"),
        "open_type": ("开放属性", "Opening attribute"),
        "open_condition": ("开放条件", "Conditions of opening"),
        "update_cycle": ("更新周期", "Update cycle"),
        "frequency": ("更新周期（欧盟代码表地址）", "Update cycle as address in the EU code list"),
        "region_code": ("行政区划代码", "Division code"),
        "spatial-text": ("行政区划", "Division"),
        "themes": ("数据领域代码", "Codes of the themes"),
        "industry": ("行业门类", "Industry section"),
        "security_level": ("安全分级", "Security level"),
        "temporal_start": ("数据时间范围起", "Beginning of the time covered"),
        "temporal_end": ("数据时间范围止", "End of the time covered"),
        "data_updated": ("数据更新时间", "When the data were last updated"),
        "rows": ("数据量（条）", "Number of rows"),
        "quality_score": ("质量评分", "Quality score"),
        "quality_grade": ("质量等级", "Quality grade"),
        "publisher": ("数源单位", "Publisher"),
        "origin_portal": ("来源平台", "Portal of origin"),
        "origin_url": ("来源平台网址", "Address at the portal of origin"),
    }
)
"""The fixed keys of a package's extras, with what each means in Chinese and English."""


def name_of(entry: Entry) -> str:
    """The name of an entry in addresses: its code in lower case with a hyphen, never given again."""
    return entry.code.replace("/", "-").lower()


def package(entry: Entry, offers: Sequence[Offer], base_url: str, language: str) -> dict[str, Any]:
    """An entry with its offers as a package; titles are the Chinese ones unless the language is English."""
    licence = entry.licence or v.Licence.UNSTATED
    office = publisher(entry, language)
    phone, email = entry.contact_phone, entry.contact_email
    resources = [_resource(entry, offer, place, language) for place, offer in enumerate(offers)]
    tags = [_tag(tag) for tag in entry.tags]
    return {
        "id": entry.id,
        "name": name_of(entry),
        "title": _in(language, entry.title, entry.title_en),
        "notes": _in(language, entry.abstract, entry.abstract_en),
        "url": f"{base_url}/datasets/{name_of(entry)}",
        "version": None,
        "author": office,
        "author_email": None,
        "maintainer": " ".join(filter(None, (entry.contact_office, phone))) or None,
        "maintainer_email": email if "@" in email else None,
        "license_id": _licence_id(licence),
        "license_title": licence.label(language),
        "license_url": licence.uri,
        "isopen": licence.free,
        "private": False,
        "state": "active" if entry.state.live else "deleted",
        "type": "dataset",
        "owner_org": entry.tenant_id,
        "organization": organization(entry.tenant, base_url, language),
        "creator_user_id": None,
        "metadata_created": _instant(entry.created_at),
        "metadata_modified": _instant(entry.changed_at),
        "num_resources": len(resources),
        "num_tags": len(tags),
        "resources": resources,
        "tags": tags,
        "groups": [group(v.Theme.__members__[_THEMES[code]], base_url, language) for code in entry.themes],
        "extras": [{"key": key, "value": value} for key, value in _extras(entry, language).items()],
        "relationships_as_subject": [],
        "relationships_as_object": [],
    }
