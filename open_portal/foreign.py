"""Foreign catalogues: opened from a file or an address, told apart, and read into listings.

Nothing here touches entries; addresses are called through the guard of outbound calls alone.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pyarrow.parquet as pq
from sqlalchemy.orm import Session

from catalog.harvest_models import HarvestSource
from catalog.mapping import catalogues, graphs
from catalog.mapping.catalogues import Document
from catalog.mapping.listing import Kind, Reading, Rejected
from catalog.reading_files import intake
from open_portal.wiring import Kit
from policies.refusals import Invalid, Refused
from sharing.exchange import ckan_reading
from tenancy import outbound_targets
from tenancy.outbound import Allowed, Client, Response

SECONDS = 180.0
"""The longest that an address may take to hand over its catalogue."""
MOST_PAGES = 1000
"""Pages of one catalogue that are followed."""
GZIP = b"\x1f\x8b"
ENDINGS = frozenset(
    (".json", ".jsonl", ".ndjson", ".jsonld", ".csv", ".tsv", ".xlsx", ".xls", ".ods", ".ttl", ".rdf", ".xml", ".nt")
)
ENDING_OF = {
    "text/turtle": ".ttl",
    "application/rdf+xml": ".rdf",
    "application/n-triples": ".nt",
    "application/ld+json": ".jsonld",
    "application/json": ".json",
    "application/x-ndjson": ".jsonl",
    "text/csv": ".csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel": ".xls",
}
_API = re.compile(r"/api(/\d+)?(/(action|rest|search)(/.*)?)?/?$")


@dataclass(frozen=True)
class Catalogue:
    """A catalogue opened: its kind, and its readings, which may still have to be fetched page by page."""

    kind: Kind
    readings: Iterator[Reading]


def client(session: Session) -> Client:
    """What makes calls: to public addresses, and to those inside the network that are on the list."""
    named = frozenset(Allowed(one.host, one.port) for one in outbound_targets.allowed(session))
    return Client(allowed=named)


def of_file(path: Path, key: str, mapping: Mapping[str, str] | None, scratch: Path, name: str = "") -> Catalogue:
    """Open a file, packed with gzip or not; `name` where it isn't called what its ending should say."""
    name = name or path.name
    return _told_apart(catalogues.opened(path.read_bytes(), name), path, name, key, mapping, scratch)


def of_address(
    address: str, calls: Client, key: str, mapping: Mapping[str, str] | None, scratch: Path, kind: Kind | None = None
) -> Catalogue:
    """Open what an address offers: a CKAN platform by its base, or a file of any kind."""
    ending = _ending(urlsplit(address).path)
    base = _API.sub("", address)
    if kind is Kind.CKAN or (kind is None and not ending and ckan_reading.is_ckan(base, calls)):
        return Catalogue(Kind.CKAN, _of_ckan(base, calls, key))
    answer = _fetched(address, calls)
    name = _name_of(answer, ending)
    document = catalogues.opened(answer.body, name, into=graphs.Into(answer.url))
    if document.kind is Kind.DCAT:
        return Catalogue(Kind.DCAT, _of_pages(document, answer.url, calls, key))
    with TemporaryDirectory(dir=scratch) as folder:
        path = Path(folder) / "catalogue"
        path.write_bytes(answer.body)
        return _told_apart(document, path, name, key, mapping, scratch)


def readings(kit: Kit, source: HarvestSource, session: Session) -> Iterator[Reading]:
    """What a source offers at its address, fetched only when it is asked for."""
    calls, address, key, mapping, kind = client(session), source.address, source.key, source.mapping, source.kind

    def fetched() -> Iterator[Reading]:
        ckan = Kind.CKAN if kind is Kind.CKAN else None
        yield from of_address(address, calls, key, mapping, kit.scratch, ckan).readings

    return fetched()


def _fetched(address: str, calls: Client) -> Response:
    answer = calls.get(address, limit=catalogues.LARGEST, timeout=SECONDS)
    if answer.status != 200:
        raise Refused("harvest.http", address=address[:200], status=answer.status)
    return answer


def _told_apart(
    document: Document, path: Path, name: str, key: str, mapping: Mapping[str, str] | None, scratch: Path
) -> Catalogue:
    if document.kind is not Kind.SHEET or document.content is not None:
        reading = catalogues.read(document.kind, document, key, mapping, filename=name)
        return Catalogue(document.kind, iter([reading]))
    return Catalogue(Kind.SHEET, iter([_of_sheet(path, name, key, mapping, scratch)]))


def _of_pages(document: Document, here: str, calls: Client, key: str) -> Iterator[Reading]:
    """A graph and the pages that follow it, read into one so that they come to what the whole would come to.

    Pages are followed on one host alone: what is public doesn't lead inside. What isn't read whole must not look so,
    thus a page that can't be read ends it all.
    """
    graph, size, seen, home = document.content, document.size, [here], _joined(here, "")[1]
    after = graphs.following(graph, here)
    while after:
        after, host = _joined(here, after)
        if after in seen:
            raise Refused("harvest.pages-again", address=after[:200])
        if host != home:
            raise Refused("harvest.page-elsewhere", address=after[:200])
        if len(seen) >= MOST_PAGES:
            raise Refused("harvest.pages-many", limit=MOST_PAGES)
        answer = _fetched(after, calls)
        name = _name_of(answer, _ending(urlsplit(after).path))
        page = catalogues.opened(answer.body, name, into=graphs.Into(answer.url, graph))
        if page.kind is not Kind.DCAT:
            raise Refused("harvest.page-kind", address=after[:200])
        size += page.size
        if size > catalogues.LARGEST:
            raise Invalid("harvest.too-big", limit=catalogues.LARGEST // 1_000_000)
        seen.append(after)
        here, after = answer.url, graphs.following(graph, answer.url)
    reading = catalogues.read(Kind.DCAT, document, key)
    yield replace(reading, pages=tuple(seen) if len(seen) > 1 else ())


def _joined(here: str, link: str) -> tuple[str, str]:
    """The address to which a link on a page leads, and its host."""
    try:
        found = urljoin(here, link)
        return found, urlsplit(found).hostname or ""
    except ValueError:
        return link, ""


def _of_ckan(base: str, calls: Client, key: str) -> Iterator[Reading]:
    read = 0
    for page in ckan_reading.pages(base, calls):
        found = catalogues.read(Kind.CKAN, page, key, site=base)
        rejected = tuple(replace(one, position=one.position + read) for one in found.rejected)
        read += found.read
        yield replace(found, rejected=rejected)


def _of_sheet(path: Path, name: str, key: str, mapping: Mapping[str, str] | None, scratch: Path) -> Reading:
    """A spreadsheet or CSV as a list; rows that no table could be made of are rejected with their place."""
    with TemporaryDirectory(dir=scratch) as folder:
        out, bad = Path(folder) / "table.parquet", Path(folder) / "refused.jsonl"
        found = intake.read_table(path, name, items=None, out=out, refusals=bad)
        rows = [{name: _told(value) for name, value in row.items()} for row in pq.read_table(out).to_pylist()]
        refused = _refused(bad) if found.rows_refused else []
    document = catalogues.Document(Kind.SHEET, rows)
    reading = catalogues.read(Kind.SHEET, document, key, mapping, filename=name)
    return replace(reading, rejected=(*reading.rejected, *refused), read=reading.read + len(refused))


def _told(value: Any) -> Any:
    """A value as JSON would hold it."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _refused(path: Path) -> list[Rejected]:
    with path.open(encoding="utf-8") as rows:
        return [_rejected(json.loads(row)) for row in rows]


def _rejected(row: Mapping[str, Any]) -> Rejected:
    """A row that the table had no room for: its line, and what is wrong with it in the words of tables."""
    fault = row["faults"][0]
    problem = Invalid("harvest.row", line=row["line"], code=fault["code"])
    return Rejected(row["line"], fault["column"] or "", problem, Invalid("harvest.row.remedy"), row["raw"])


def _ending(path: str) -> str:
    plain = PurePosixPath(unquote(path).lower().removesuffix(".gz"))
    return plain.suffix if plain.suffix in ENDINGS else ""


def _name_of(answer: Response, ending: str) -> str:
    """A name whose ending says what came: that of the address, else that of the type it was sent as."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    found = ending or _ending(urlsplit(answer.url).path) or ENDING_OF.get(kind, "")
    return f"catalogue{found}" + (".gz" if answer.body[:2] == GZIP else "")
