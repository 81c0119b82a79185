"""Entries and the catalogue in the words of schema.org, for search engines: only what everyone may know and have."""

from typing import Any

from catalog.mapping import ckan
from catalog.mapping.dcat import Site, licence_address, name_of
from catalog.mapping.linked import address
from catalog.mapping.offers import Listed, Offer, origin_of
from catalog.models import Entry, Item
from policies import vocabulary as v
from tenancy.models import Tenant

CONTEXT = "https://schema.org/"
ABSTRACT = 5000
"""Characters of a description that search engines take."""


def dataset(site: Site, listed: Listed, language: str) -> dict[str, Any]:
    """An entry as a Dataset, in the reader's language where it speaks it."""
    entry = listed.entry
    english = v.speaks_english(language)
    own = entry.origin is v.Origin.OWN
    made: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "Dataset",
        "@id": name_of(site.base, entry.code),
        "url": name_of(site.base, entry.code),
        "identifier": entry.code,
        "name": (english and entry.title_en) or entry.title,
        "alternateName": entry.title if english else entry.title_en,
        "description": ((english and entry.abstract_en) or entry.abstract or entry.title)[:ABSTRACT],
        "keywords": [*entry.tags, *(v.Theme(one).label(language) for one in entry.themes if one in set(v.Theme))],
        "inLanguage": "zh-CN" if own else None,
        "isAccessibleForFree": entry.open_tier is v.OpenTier.T0,
        "conditionsOfAccess": entry.open_condition,
        "license": licence_address(entry, site.base),
        "creator": creator(site, entry, language),
        "publisher": publisher(site, entry, language),
        "datePublished": entry.published_at.isoformat() if entry.published_at else None,
        "dateModified": (entry.data_updated_at or entry.changed_at).isoformat(),
        "version": str(listed.version.number) if listed.version else None,
        "temporalCoverage": _time(entry),
        "spatialCoverage": _place(entry, language),
        "sameAs": address(origin_of(entry) or "") or None,
        "includedInDataCatalog": {
            "@type": "DataCatalog",
            "@id": site.catalogue,
            "name": _catalogue_name(site, language),
            "url": f"{site.base}/",
        },
        "variableMeasured": [_variable(one, language) for one in open_items(entry)],
        "distribution": [_download(one, language) for one in listed.offers if not one.restricted],
    }
    return {name: value for name, value in made.items() if value not in (None, "", [])}


def catalogue(site: Site, language: str, described_at: list[str]) -> dict[str, Any]:
    """The whole as a DataCatalog that is also a site to be searched; `described_at`: its forms as linked data."""
    name = _catalogue_name(site, language)
    search = {"@type": "EntryPoint", "urlTemplate": f"{site.base}/datasets?q={{search_term_string}}"}
    return {
        "@context": CONTEXT,
        "@graph": [
            {
                "@type": "DataCatalog",
                "@id": site.catalogue,
                "name": name,
                "url": f"{site.base}/",
                "inLanguage": ["zh-CN", "en"],
                "publisher": _organization(site, site.owner, language),
                "subjectOf": [{"@type": "CreativeWork", "url": one} for one in described_at],
            },
            {
                "@type": "WebSite",
                "name": name,
                "url": f"{site.base}/",
                "potentialAction": {
                    "@type": "SearchAction",
                    "target": search,
                    "query-input": "required name=search_term_string",
                },
            },
        ],
    }


def open_items(entry: Entry) -> list[Item]:
    """The data items that go to everyone; nothing else may be named to machines."""
    return [one for one in entry.items if one.open_type is v.OpenType.OPEN_UNCOND and not one.secret]


def creator(site: Site, entry: Entry, language: str) -> dict[str, Any]:
    """The body whose data these are."""
    if entry.publisher_name:
        return {"@type": "Organization", "name": entry.publisher_name}
    return _organization(site, entry.source_tenant, language)


def publisher(site: Site, entry: Entry, language: str) -> dict[str, Any]:
    """The body that publishes them, with its contact."""
    if entry.publisher_name:
        return {"@type": "Organization", "name": entry.publisher_name}
    made = _organization(site, entry.tenant, language)
    reached = {"telephone": entry.contact_phone, "email": entry.contact_email, "name": entry.contact_office}
    point = {name: value for name, value in reached.items() if value}
    return {**made, "contactPoint": {"@type": "ContactPoint", **point}} if point else made


def _organization(site: Site, tenant: Tenant, language: str) -> dict[str, Any]:
    where = address(f"{site.base}/orgs/{tenant.key}")
    return {"@type": "Organization", "@id": where, "url": where, "name": tenant.name.label(language)}


def _catalogue_name(site: Site, language: str) -> str:
    name = site.owner.name.label(language)
    return f"Public data, {name}" if v.speaks_english(language) else f"{name}公共数据目录"


def _time(entry: Entry) -> str | None:
    """An interval of ISO 8601; two dots stand for an open end."""
    if not (entry.time_from or entry.time_to):
        return None
    return "/".join(one.isoformat() if one else ".." for one in (entry.time_from, entry.time_to))


def _place(entry: Entry, language: str) -> dict[str, Any]:
    name = ckan.region(entry.region_code, language)
    return {"@type": "Place", "name": name, "identifier": entry.region_code}


def _variable(item: Item, language: str) -> dict[str, Any]:
    english = v.speaks_english(language)
    made = {
        "@type": "PropertyValue",
        "name": item.name,
        "alternateName": (english and item.title_en) or item.title,
        "description": item.meaning,
        "unitText": item.unit,
    }
    return {name: value for name, value in made.items() if value}


def _download(offer: Offer, language: str) -> dict[str, Any]:
    made = {
        "@type": "DataDownload",
        "name": offer.name or offer.format.label(language),
        "contentUrl": address(offer.url),
        "encodingFormat": offer.media,
        "contentSize": f"{offer.size} B" if offer.size is not None else None,
        "sha256": offer.sha256,
        "dateModified": offer.modified.isoformat(),
    }
    return {name: value for name, value in made.items() if value is not None}
