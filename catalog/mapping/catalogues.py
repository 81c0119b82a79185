"""Catalogues of other platforms: told apart, opened and read, whatever shape they come in.

`opened` takes the bytes of a file or an answer and tells what they are; `read` makes listings of them. Files may be
compressed with gzip; unpacked they are at most LARGEST bytes, because JSON and RDF are held in memory as a whole.
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any

from catalog.mapping import data_json, graphs, identities, lists, packages, tidy
from catalog.mapping.listing import Kind, Reading
from policies.refusals import Invalid

LARGEST = 100_000_000
"""Bytes of a catalogue at most, unpacked."""
HOLDERS = ("dataset", "datasets", "records", "rows", "items", "list", "data", "results", "result", "content", "page")
"""Members of a document that may hold the list of records, the likeliest first."""
DEEPEST_LIST = 4
SHEETS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".et")
RDF_FORMS = {".ttl": "turtle", ".n3": "turtle", ".nt": "nt", ".rdf": "xml", ".owl": "xml", ".jsonld": "json-ld"}
_PACKAGE = ("resources", "owner_org", "organization", "num_resources", "metadata_modified", "license_id")


class Document:
    """A catalogue opened: what kind it is, and what `read` needs of it.

    `where` is the path to its records, `size` how many characters it had.
    """

    def __init__(self, kind: Kind, content: Any, where: str = "") -> None:
        self.kind, self.content, self.where, self.size = kind, content, where, 0


def recognise(content: object, filename: str = "") -> Kind:
    """Tell what kind of catalogue some bytes, a text or parsed JSON are; Invalid if it is none."""
    return opened(content, filename).kind


def read(
    kind: Kind,
    content: object,
    source_key: str,
    mapping: Mapping[str, str] | None = None,
    *,
    filename: str = "",
    site: str = "",
) -> Reading:
    """Read a catalogue of a kind: from bytes, text, parsed JSON, a Document, or an iterable of records.

    A Document is spent: its records are let go of one by one, so that a large catalogue isn't held twice. A
    spreadsheet must have been read into an iterable of records. `mapping` says which heading of a list or sheet
    means which field; `site` is the address of a CKAN server. Invalid says what is wrong with the whole.
    """
    if isinstance(content, bytes | bytearray | str):
        content = opened(content, filename, kind)
    spend = isinstance(content, Document)
    document = content if isinstance(content, Document) else Document(kind, content)
    found = document.content
    match kind:
        case Kind.DCAT:
            return graphs.read(found if spend else graphs.of_json(found), source_key)
        case Kind.DATA_JSON:
            return data_json.read(found, source_key, spend=spend)
        case Kind.CKAN:
            return packages.read(_records(found)[0], source_key, site)
        case Kind.SHEET if found is None:
            raise Invalid("harvest.rows-wanted")
    records, where = _records(found)
    spend = spend and isinstance(records, list)
    listed = records if isinstance(records, list) else list(_limited(records))
    if len(listed) > identities.LARGEST_CATALOGUE:
        raise Invalid("harvest.too-many-records", limit=identities.LARGEST_CATALOGUE)
    return lists.read(listed, source_key, mapping, document.where or where, spend=spend)


def opened(
    content: object, filename: str = "", kind: Kind | None = None, *, into: graphs.Into | None = None
) -> Document:
    """Open a catalogue; with a kind it is taken for that, where its form allows. `into` is for RDF."""
    name = filename.lower().removesuffix(".gz")
    if isinstance(content, bytes | bytearray):
        content = _unpacked(bytes(content))
        if content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
            return Document(Kind.SHEET, None)
        content = _text(content)
    if not isinstance(content, str):
        return _json(content, kind, into=into)
    if len(content) > LARGEST:
        raise Invalid("harvest.too-big", limit=LARGEST // 1_000_000)
    text = content.lstrip("\ufeff \t\r\n")
    del content
    if not text:
        raise Invalid("harvest.empty")
    document = _json_text(text, name, kind, into) if text[0] in "[{" else None
    document = document or _other(text, name, kind, into)
    document.size = len(text)
    return document


def _other(text: str, name: str, kind: Kind | None, into: graphs.Into | None) -> Document:
    """What is no JSON: RDF, a sheet of text, or nothing that can be read."""
    head = text[:4000].lower()
    form = next((form for suffix, form in RDF_FORMS.items() if name.endswith(suffix)), "")
    if head.startswith(("<!doctype html", "<html")):
        raise Invalid("harvest.web-page")
    if text.startswith("<?xml") or "<rdf:rdf" in head:
        return Document(Kind.DCAT, graphs.parse(text, "xml", into))
    if form in ("turtle", "nt") or head.startswith(("@prefix", "@base", "prefix ", "base ", "# ")) or kind is Kind.DCAT:
        return Document(Kind.DCAT, graphs.parse(text, form or "turtle", into))
    if name.endswith(SHEETS) or kind is Kind.SHEET:
        return Document(Kind.SHEET, None)
    if "http://www.w3.org/ns/dcat#" in head:
        return Document(Kind.DCAT, graphs.parse(text, "turtle", into))
    raise Invalid("harvest.unknown-kind")


def _json_text(text: str, name: str, kind: Kind | None, into: graphs.Into | None) -> Document | None:
    """JSON or JSON lines; None for a text that only begins like one, as Turtle may with a bracket."""
    try:
        return _json(json.loads(text), kind, name, into)
    except RecursionError as error:
        raise Invalid("harvest.json-deep") from error
    except ValueError as error:
        first, _, rest = text.partition("\n")
        if rest.strip() and _parses(first):
            return _json(packages.lines(text), kind)
        if text[0] == "[" and kind in (None, Kind.DCAT) and name.endswith((".ttl", ".n3")):
            return None
        row = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise Invalid("harvest.json", row=row, detail=tidy.line(str(error))[:200]) from error


def _parses(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _json(document: object, kind: Kind | None, name: str = "", into: graphs.Into | None = None) -> Document:
    """A parsed document by what it holds."""
    records, where = _records(document)
    first = next((one for one in records if isinstance(one, Mapping)), {})
    found = kind or _kind(document, first, name)
    if found is Kind.DCAT:
        return Document(Kind.DCAT, graphs.of_json(document, into))
    if found is Kind.DATA_JSON:
        return Document(Kind.DATA_JSON, document)
    return Document(found, records, where)


def _kind(document: object, first: Mapping[str, object], name: str) -> Kind:
    if isinstance(document, Mapping):
        if isinstance(document.get("dataset"), list) and _is_data_json(document, first):
            return Kind.DATA_JSON
        if "@graph" in document or ("@context" in document and "dataset" not in document) or name.endswith(".jsonld"):
            return Kind.DCAT
    if any(isinstance(key, str) and key.startswith(("@", "http://")) for key in first):
        return Kind.DCAT
    if sum(key in first for key in _PACKAGE) >= 2 and ("name" in first or "id" in first):
        return Kind.CKAN
    if not first:
        raise Invalid("harvest.no-list")
    return Kind.LIST


def _is_data_json(document: Mapping[str, object], first: Mapping[str, object]) -> bool:
    told = " ".join(tidy.line(document.get(name)) for name in ("conformsTo", "@context", "describedBy"))
    return "project-open-data" in told or "accessLevel" in first or first.get("@type") == "dcat:Dataset"


def _records(document: object) -> tuple[Iterable[object], str]:
    """The records of a document and the path to them: a list, or the likeliest list in it, or one record."""
    if not isinstance(document, Mapping):
        return (document, "") if isinstance(document, Iterable) and not isinstance(document, str) else ([document], "")
    found, path = document, ""
    for _ in range(DEEPEST_LIST):
        held = next((name for name in HOLDERS if isinstance(found.get(name), list | dict) and found[name]), None)
        if held is None:
            break
        path = f"{path}.{held}" if path else held
        if isinstance(found[held], list):
            return found[held], path
        found = found[held]
    lists_ = [(name, value) for name, value in document.items() if _of_records(value)]
    if len(lists_) == 1 and not any(name in document for name in _PACKAGE):
        return lists_[0][1], str(lists_[0][0])
    return [found], path


def _of_records(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _limited(records: Iterable[object]) -> Iterable[object]:
    for number, record in enumerate(records):
        if number >= identities.LARGEST_CATALOGUE:
            raise Invalid("harvest.too-many-records", limit=identities.LARGEST_CATALOGUE)
        yield record


def _unpacked(data: bytes) -> bytes:
    """The bytes without gzip around them, however often; never more than LARGEST."""
    for _ in range(2):
        if data[:2] != b"\x1f\x8b":
            break
        try:
            with gzip.open(BytesIO(data)) as file:
                data = file.read(LARGEST + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise Invalid("harvest.unpack") from error
    if len(data) > LARGEST:
        raise Invalid("harvest.too-big", limit=LARGEST // 1_000_000)
    return data


def _text(data: bytes) -> str:
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("harvest.no-text")
