"""Entries as Croissant 1.1: what a program needs to load the rows as a training set, file and columns with types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from catalog.mapping import schema_org
from catalog.mapping.dcat import Site, licence_address, name_of
from catalog.mapping.linked import address
from catalog.models import Entry, Item, Version
from policies import vocabulary as v

VERSION = "http://mlcommons.org/croissant/1.1"
_OWN_WORDS = (
    *("annotation", "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "excludes", "extract"),
    *("field", "fileObject", "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath"),
    *("key", "md5", "parentField", "path", "readLines", "recordSet", "references", "regex", "repeated", "replace"),
    *("samplingRate", "sdVersion", "separator", "source", "subField", "transform", "unArchive", "value"),
)
CONTEXT: Mapping[str, Any] = MappingProxyType(
    {
        # The library of the makers looks for a language here, and fails where there is none.
        "@language": "zh",
        "@vocab": "https://schema.org/",
        "sc": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "dct": "http://purl.org/dc/terms/",
        "conformsTo": "dct:conformsTo",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
        **{word: f"cr:{word}" for word in _OWN_WORDS},
    }
)
TYPES: Mapping[v.ItemType, str] = MappingProxyType(
    {
        v.ItemType.TEXT: "sc:Text",
        v.ItemType.NUMBER: "sc:Float",
        v.ItemType.MONEY: "sc:Float",
        v.ItemType.DATE: "sc:Date",
        v.ItemType.DATETIME: "sc:DateTime",
        v.ItemType.BOOLEAN: "sc:Boolean",
        v.ItemType.MEMO: "sc:Text",
        v.ItemType.GENERAL: "sc:Text",
        v.ItemType.DOUBLE: "sc:Float",
        v.ItemType.INTEGER: "sc:Integer",
        v.ItemType.FLOAT: "sc:Float",
    }
)
FILE = "rows.csv"
RECORDS = "rows"


@dataclass(frozen=True)
class Csv:
    """The file with the rows: its address, and its SHA-256 and size in bytes where the file was measured."""

    url: str
    sha256: str | None = None
    size: int | None = None


def describe(site: Site, entry: Entry, version: Version, file: Csv, items: Sequence[Item]) -> dict[str, Any]:
    """A dataset with one CSV file and the records in it; `items` are those that are columns of the file.

    The address always gives the live version. Where the hash is not known the dataset is declared as a live one, as
    the specification wants it.
    """
    where = name_of(site.base, entry.code)
    creator = schema_org.creator(site, entry, "zh")
    published = version.published_at or version.uploaded_at
    made: dict[str, Any] = {
        "@context": dict(CONTEXT),
        "@type": "sc:Dataset",
        "@id": where,
        "conformsTo": VERSION,
        "name": entry.title,
        "alternateName": entry.title_en,
        "description": entry.abstract or entry.title,
        "url": where,
        "license": licence_address(entry, site.base) or (entry.licence or v.Licence.UNSTATED).zh,
        "creator": creator,
        "publisher": schema_org.publisher(site, entry, "zh"),
        "datePublished": (entry.published_at or published).isoformat(),
        "dateModified": published.isoformat(),
        "version": f"{version.number}.0.0",
        "inLanguage": "zh-CN",
        "keywords": [*entry.tags, *(v.Theme(one).zh for one in entry.themes if one in set(v.Theme))],
        "citeAs": f"{creator['name']}（{published.year}）：{entry.title}，第{version.number}版。{where}",
        "isLiveDataset": None if file.sha256 else True,
        "distribution": [_file(file)],
        "recordSet": [_records(entry, items)],
    }
    return {name: value for name, value in made.items() if value not in (None, "", [])}


def _file(file: Csv) -> dict[str, Any]:
    made: dict[str, Any] = {
        "@type": "cr:FileObject",
        "@id": FILE,
        "name": FILE,
        "contentUrl": address(file.url),
        "encodingFormat": "text/csv",
    }
    if file.sha256:
        made["sha256"] = file.sha256
    if file.size is not None:
        made["contentSize"] = f"{file.size} B"
    return made


def _records(entry: Entry, items: Sequence[Item]) -> dict[str, Any]:
    keys = [{"@id": _name(one)} for one in items if one.is_primary]
    made: dict[str, Any] = {
        "@type": "cr:RecordSet",
        "@id": RECORDS,
        "name": RECORDS,
        "description": entry.title,
        "field": [_field(one) for one in items],
    }
    if keys:
        made["key"] = keys if len(keys) > 1 else keys[0]
    return made


def _field(item: Item) -> dict[str, Any]:
    told = "；".join(one for one in (item.title, item.meaning, item.unit) if one)
    return {
        "@type": "cr:Field",
        "@id": _name(item),
        "name": item.name,
        "description": told or item.name,
        "dataType": TYPES[item.type],
        "source": {"fileObject": {"@id": FILE}, "extract": {"column": item.name}},
    }


def _name(item: Item) -> str:
    return f"{RECORDS}/{quote(item.name, safe='')}"
