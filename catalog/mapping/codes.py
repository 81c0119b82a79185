"""Our terms in the code lists of the European publications office, which readers of DCAT and CKAN know."""

from collections.abc import Mapping
from types import MappingProxyType

from policies.vocabulary import Format, OpenType, Theme, UpdateCycle

AUTHORITY = "http://publications.europa.eu/resource/authority/"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
SCHEME_OF_THEMES = f"{AUTHORITY}data-theme"
LANGUAGES = MappingProxyType({"zh": f"{AUTHORITY}language/ZHO", "en": f"{AUTHORITY}language/ENG"})
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
FILE_TYPES: Mapping[Format, str] = MappingProxyType(
    {
        Format.CSV: "CSV",
        Format.JSON: "JSON",
        Format.JSONL: "JSONL",
        Format.XML: "XML",
        Format.RDF: "RDF_XML",
        Format.GEOJSON: "GEOJSON",
        Format.PARQUET: "PARQUET",
        Format.ODS: "ODS",
        Format.XLSX: "XLSX",
        Format.XLS: "XLS",
        Format.SHP: "SHP",
        Format.TXT: "TXT",
        Format.HTML: "HTML",
        Format.PDF: "PDF",
        Format.DOC: "DOC",
        Format.DOCX: "DOCX",
        Format.PPT: "PPT",
        Format.JPG: "JPEG",
        Format.PNG: "PNG",
        Format.MP4: "MPEG4",
        Format.ZIP: "ZIP",
    }
)
"""Formats in the list of file types; the Chinese office formats are not in it."""
EUROPEAN_THEMES: Mapping[Theme, str] = MappingProxyType(
    {
        Theme.CREDIT: "ECON",
        Theme.HEALTH: "HEAL",
        Theme.EMPLOYMENT: "SOCI",
        Theme.PUBLIC_SAFETY: "JUST",
        Theme.HOUSING: "REGI",
        Theme.TRANSPORT: "TRAN",
        Theme.EDUCATION: "EDUC",
        Theme.SCIENCE: "TECH",
        Theme.ENERGY: "ENER",
        Theme.ENVIRONMENT: "ENVI",
        Theme.INDUSTRY: "ECON",
        Theme.COMMERCE: "ECON",
        Theme.FINANCE: "ECON",
        Theme.WORK_SAFETY: "JUST",
        Theme.MARKET: "GOVE",
        Theme.ASSISTANCE: "SOCI",
        Theme.LAW: "JUST",
        Theme.DAILY_LIFE: "SOCI",
        Theme.WEATHER: "ENVI",
        Theme.GEOSPATIAL: "REGI",
        Theme.INSTITUTIONS: "GOVE",
    }
)
"""Our fields of data in the list of data themes; the rest has no place there."""
NAMES_OF_EUROPEAN_THEMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ECON": ("经济与金融", "Economy and finance"),
        "EDUC": ("教育、文化与体育", "Education, culture and sport"),
        "ENER": ("能源", "Energy"),
        "ENVI": ("环境", "Environment"),
        "GOVE": ("政府与公共部门", "Government and public sector"),
        "HEAL": ("健康", "Health"),
        "JUST": ("司法与公共安全", "Justice, legal system and public safety"),
        "REGI": ("区域与城市", "Regions and cities"),
        "SOCI": ("人口与社会", "Population and society"),
        "TECH": ("科学与技术", "Science and technology"),
        "TRAN": ("交通运输", "Transport"),
    }
)
