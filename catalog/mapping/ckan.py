"""Entries, publishers and themes as dictionaries of CKAN's Action API v3, fit for its strictest readers.

Only what the open domain may know is written: nothing about sharing. Text is never null where a reader wants
text, and a restricted form of data bears the address of the page to apply on instead of a file.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from catalog.mapping import regions
from catalog.mapping.codes import AUTHORITY, FREQUENCIES
from catalog.mapping.offers import Offer
from catalog.mapping.resources import Resource
from catalog.models import Entry
from policies import vocabulary as v
from tenancy.models import PeerBody, Tenant

VERSION = "2.10.4"
"""The CKAN release whose contract the facade keeps."""

EXTRAS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "identifier": ("信息资源代码", "Information resource code"),
        "access_level": (
            "开放层级（T0完全开放、T1登录开放、T2申请开放、T3开放域内使用）",
            "Tier of opening, T0 to T3",
        ),
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
        "title_en": ("英文标题", "Title in English"),
        "notes_en": ("英文摘要", "Abstract in English"),
        "granularity": ("数据粒度", "Granularity"),
        "origin_portal": ("来源平台", "Portal of origin"),
        "origin_url": ("来源平台网址", "Address at the portal of origin"),
        "origin_id": ("来源平台标识", "Identifier at the portal of origin"),
    }
)
"""The fixed keys of a package's extras, with what each means in Chinese and English."""

STATES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "active": tuple(one.value for one in v.EntryState if one.live),
        "draft": ("DRAFT", "PUBLISH_REVIEW", "REJECTED"),
        "deleted": ("WITHDRAWN", "SUSPENDED", "DELETED"),
    }
)
"""The states of a package, and the states of an entry that each stands for."""

RESOURCE_FIELDS = frozenset({"id", "name", "description", "format", "url", "hash"})
"""The fields by which resources may be searched and put in order."""

_THEMES = {theme.value: theme for theme in v.Theme}
_REGIONS = {one.value: one for one in v.Region}


def name_of(entry: Entry) -> str:
    """The name of an entry in addresses: its code in lower case with a hyphen, never given again."""
    return entry.code.replace("/", "-").lower()


def state_of(entry: Entry) -> str:
    """The state of an entry as CKAN knows states."""
    return next(name for name, states in STATES.items() if entry.state.value in states)


def package(
    entry: Entry, offers: Sequence[Offer], base_url: str, language: str, *, private: bool = False
) -> dict[str, Any]:
    """An entry with its offers as a package; titles are the Chinese ones unless the language is English."""
    licence = entry.licence or v.Licence.UNSTATED
    office = publisher(entry, language)
    phone, email = entry.contact_phone, entry.contact_email
    resources = [_resource(entry, offer, place, language) for place, offer in enumerate(offers)]
    tags = [tag(one) for one in entry.tags]
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
        "private": private,
        "state": state_of(entry),
        "type": "dataset",
        "owner_org": entry.tenant_id,
        "organization": organization(entry.tenant, base_url, language),
        "creator_user_id": None,
        "metadata_created": instant(entry.created_at),
        "metadata_modified": instant(entry.changed_at),
        "num_resources": len(resources),
        "num_tags": len(tags),
        "resources": resources,
        "tags": tags,
        "groups": [group(_THEMES[code], language) for code in entry.themes],
        "extras": [{"key": key, "value": value} for key, value in _extras(entry, language).items()],
        "relationships_as_subject": [],
        "relationships_as_object": [],
    }


def organization(tenant: Tenant, base_url: str, language: str, *, packages: int | None = None) -> dict[str, Any]:
    """A tenant as an organization; every text is text, because readers refuse a null here."""
    name = tenant.name.label(language)
    made: dict[str, Any] = {
        "id": tenant.id,
        "name": tenant.key,
        "title": name,
        "display_name": name,
        "description": f"{base_url}/orgs/{tenant.key}",
        "type": "organization",
        "image_url": "",
        "image_display_url": "",
        "created": instant(tenant.created_at),
        "is_organization": True,
        "approval_status": "approved",
        "state": "deleted" if tenant.dissolved_on else "active",
    }
    return made if packages is None else made | {"package_count": packages}


def peer_body(row: PeerBody, base_url: str) -> dict[str, Any]:
    """A body or group of another platform, as that platform named it."""
    grouped = row.kind != "organization"
    return {
        "id": row.external_id,
        "name": row.name,
        "title": row.title,
        "display_name": row.title,
        "description": row.description,
        "type": row.kind,
        "image_url": "",
        "image_display_url": "",
        "created": instant(row.created_at),
        "is_organization": not grouped,
        "approval_status": "approved",
        "state": "active",
        "package_count": 0,
        "extras": [{"key": "platform", "value": base_url}],
        "packages": [],
        "users": [],
        "tags": [],
        "groups": [],
    }


def group(theme: v.Theme, language: str, *, packages: int | None = None) -> dict[str, Any]:
    """A theme as a group."""
    label = theme.label(language)
    made: dict[str, Any] = {
        "id": _uuid(f"theme:{theme.value}"),
        "name": f"theme-{theme.value}",
        "title": label,
        "display_name": label,
        "description": "",
        "image_display_url": "",
    }
    return made if packages is None else made | {"package_count": packages}


def licences(language: str) -> list[dict[str, Any]]:
    """Every licence in use, as `license_list` gives them."""
    return [
        {
            "id": _licence_id(one),
            "title": one.label(language),
            "url": one.uri or "",
            "family": "",
            "maintainer": "",
            "status": "active",
            "domain_content": one.free,
            "domain_data": one.free,
            "domain_software": False,
            "od_conformance": "approved" if one.free and one.uri else "not reviewed",
            "osd_conformance": "not reviewed",
            "is_okd_compliant": one.free and one.uri is not None,
            "is_osi_compliant": False,
            "is_generic": one.uri is None,
        }
        for one in v.Licence
    ]


def activity(entry: Entry) -> dict[str, Any]:
    """The latest change of an entry, as activity streams tell of it; who made it stays inside."""
    fresh = entry.changed_at == entry.created_at
    package_ = {"id": entry.id, "name": name_of(entry), "title": entry.title}
    return {
        "id": _uuid(f"activity:{entry.id}:{entry.changed_at.isoformat()}"),
        "timestamp": instant(entry.changed_at),
        "user_id": None,
        "object_id": entry.id,
        "activity_type": "new package" if fresh else "changed package",
        "data": {"package": package_, "actor": None},
    }


def tag(name: str) -> dict[str, Any]:
    """A tag."""
    return {
        "id": _uuid(f"tag:{name}"),
        "name": name,
        "display_name": name,
        "vocabulary_id": None,
        "state": "active",
    }


def publisher(entry: Entry, language: str) -> str:
    """The body that publishes an entry: its tenant, or whom the portal of origin names."""
    return entry.publisher_name or entry.tenant.name.label(language)


def region(code: str, language: str) -> str:
    """The name of a division of ours or of the neighbours; its code where none is known."""
    return _REGIONS[code].label(language) if code in _REGIONS else (regions.name_of(code) or code)


def link(entry: Entry, one: Resource, place: int) -> dict[str, Any]:
    """A link of a draft as a resource of its package."""
    return {
        "id": one.id,
        "package_id": entry.id,
        "name": one.name,
        "description": one.description,
        "url": one.url,
        "url_type": None,
        "format": one.format,
        "mimetype": one.media_type or None,
        "mimetype_inner": None,
        "size": one.size,
        "hash": one.hash,
        "position": place,
        "resource_type": "",
        "created": one.created or instant(entry.created_at),
        "last_modified": one.modified or None,
        "metadata_modified": instant(entry.changed_at),
        "cache_url": None,
        "cache_last_updated": None,
        "datastore_active": False,
        "state": "active",
    }


def resource_id(entry: Entry, offer: Offer) -> str:
    """The id of an offer as a resource: the one it came with, else one that begins with the entry's."""
    if not offer.elsewhere:
        return offer.id
    return offer.given_id or f"{entry.id}-{offer.id[:8]}"


def _resource(entry: Entry, offer: Offer, position: int, language: str) -> dict[str, Any]:
    is_api = offer.format is v.Format.API
    open_ = not offer.restricted
    modified = instant(offer.modified)
    return {
        "id": resource_id(entry, offer),
        "package_id": entry.id,
        "name": offer.name or f"{_in(language, entry.title, entry.title_en)} ({offer.format.label(language)})",
        "description": entry.open_condition if offer.restricted else offer.description,
        "url": offer.url,
        "url_type": None,
        "format": (offer.format_text.strip() or offer.format.value).upper(),
        "mimetype": offer.media if open_ else None,
        "mimetype_inner": None,
        "size": offer.size if open_ else None,
        "hash": (offer.sha256 or "") if open_ else None,
        "position": position,
        "resource_type": ("api" if is_api else "file") if open_ else "",
        "created": instant(offer.created),
        "last_modified": modified,
        "metadata_modified": modified,
        "cache_url": None,
        "cache_last_updated": None,
        "datastore_active": open_ and not offer.elsewhere and offer.format is not v.Format.HTML,
        "state": "active",
    }


def _extras(entry: Entry, language: str) -> dict[str, str]:
    """Everything CKAN has no key for, as text; what is not known has no key at all."""
    found: dict[str, object] = {
        "identifier": entry.code,
        "access_level": entry.open_tier.value,
        "open_type": entry.open_type.value,
        "open_condition": entry.open_condition,
        "update_cycle": entry.update_cycle.value,
        "frequency": f"{AUTHORITY}frequency/{FREQUENCIES[entry.update_cycle]}",
        "region_code": entry.region_code,
        "spatial-text": region(entry.region_code, language),
        "themes": ",".join(entry.themes),
        "industry": entry.industry,
        "security_level": entry.security_level.value,
        "temporal_start": _day(entry.time_from),
        "temporal_end": _day(entry.time_to),
        "data_updated": instant(entry.data_updated_at) if entry.data_updated_at else None,
        "rows": entry.rows,
        "quality_score": entry.score,
        "quality_grade": entry.grade.value if entry.grade else None,
        "publisher": publisher(entry, language),
        "title_en": entry.title_en,
        "notes_en": entry.abstract_en,
        "granularity": entry.granularity,
        "origin_portal": entry.origin_portal,
        "origin_url": entry.origin_url,
        "origin_id": entry.external_id,
    }
    ours = {key: str(found[key]) for key in EXTRAS if found[key] not in (None, "")}
    kept = {str(key): str(value) for key, value in (entry.extras or {}).items()}
    merged = kept | ours
    return {key: merged[key] for key in (*EXTRAS, *kept) if key in merged}


def _licence_id(licence: v.Licence) -> str:
    return "notspecified" if licence is v.Licence.UNSTATED else licence.value


def _in(language: str, zh: str, en: str) -> str:
    return en if v.speaks_english(language) and en else zh


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def instant(when: datetime) -> str:
    """As CKAN writes instants: ISO 8601 in UTC, with microseconds and without a zone."""
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def _uuid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"tiaoxi:{name}"))
