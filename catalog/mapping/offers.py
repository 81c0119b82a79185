"""Offers: the ways to get at an entry's data, as other platforms are told of them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from catalog.mapping.resources import Resource
from catalog.models import Entry, Version
from policies.vocabulary import Format

SHA256 = re.compile(r"[0-9a-fA-F]{64}")
NO_FILES = frozenset({Format.HTML, Format.API})
OTHER_WORDS: Mapping[str, Format] = MappingProxyType(
    {
        "excel": Format.XLSX,
        "shapefile": Format.SHP,
        "htm": Format.HTML,
        "web": Format.HTML,
        "链接": Format.HTML,
        "接口": Format.API,
        "rest": Format.API,
        "webservice": Format.API,
        "jpeg": Format.JPG,
        "rdf/xml": Format.RDF,
        "ndjson": Format.JSONL,
    }
)
_CODES = {one.value: one for one in Format}
_MEDIA = {one.media_type: one for one in Format if one not in {Format.API, Format.OTHER}}


@dataclass(frozen=True)
class Offer:
    """One form in which data can be had; `url` is the file or API, or the page to apply on when `restricted`.

    `size` is in bytes and `sha256` in hex, both only of a file that everyone may fetch. `elsewhere`: another
    platform serves it, whose own name, description, word for the format and identifier these are.
    """

    id: str
    format: Format
    url: str
    created: datetime
    modified: datetime
    size: int | None = None
    sha256: str | None = None
    restricted: bool = False
    elsewhere: bool = False
    name: str = ""
    description: str = ""
    format_text: str = ""
    media_type: str = ""
    given_id: str = ""

    @property
    def is_file(self) -> bool:
        """Whether the address leads to a file that everyone may fetch."""
        return not self.restricted and self.format not in NO_FILES

    @property
    def media(self) -> str:
        """The media type: the other side's own, else that of the format."""
        return self.media_type or self.format.media_type


@dataclass(frozen=True)
class Listed:
    """An entry with what else the public is told of it: offers, the live version, codes of related entries."""

    entry: Entry
    offers: tuple[Offer, ...] = ()
    version: Version | None = None
    related: tuple[str, ...] = field(default=())


def of_resources(entry: Entry) -> list[Offer]:
    """What another platform offers of an entry's data, each address once; none that is no web address."""
    found = {one.url: one for one in _offers(entry)}
    return list(found.values())


def safe_address(text: str) -> str | None:
    """An address of the web without a password in it; None for anything else that somebody wrote there."""
    text = text.strip().replace(" ", "%20")
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return None
    unfit = parts.username or parts.password or any(one <= " " or one == "\x7f" for one in text)
    return text if usable and not unfit else None


def origin_of(entry: Entry) -> str | None:
    """The address of an entry's record at the platform that it was taken over from."""
    return safe_address(entry.origin_url or "")


def format_of(resource: Resource) -> Format:
    """What a resource is in our terms, by its word, its media type, else the end of its address."""
    word = resource.format.strip().lower().lstrip(".")
    ending = urlsplit(resource.url).path.rpartition("/")[2].rpartition(".")[2].lower()
    return (
        _CODES.get(word)
        or OTHER_WORDS.get(word)
        or _MEDIA.get(word)
        or _MEDIA.get(_plain_media(resource.media_type))
        or _CODES.get(ending)
        or Format.OTHER
    )


def _offers(entry: Entry) -> Iterator[Offer]:
    for kept in entry.resources or ():
        one = Resource.restored(kept)
        url = safe_address(one.url)
        if url is None:
            continue
        otherwise = entry.data_updated_at or entry.published_at or entry.created_at
        created = _instant(one.created) or otherwise
        hash_ = one.hash if SHA256.fullmatch(one.hash) else None
        yield Offer(
            id=str(uuid5(NAMESPACE_URL, f"tiaoxi:resource:{entry.id}:{one.id or url}")),
            format=format_of(one),
            url=url,
            created=created,
            modified=_instant(one.modified) or created,
            size=one.size,
            sha256=hash_.lower() if hash_ else None,
            elsewhere=True,
            name=one.name,
            description=one.description,
            format_text=one.format,
            media_type=_plain_media(one.media_type),
            given_id=one.id,
        )


def _plain_media(text: str) -> str:
    """A media type without parameters; empty where it is none."""
    text = text.partition(";")[0].strip().lower()
    return text if re.fullmatch(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+_-]*", text) else ""


def _instant(text: str) -> datetime | None:
    """An instant as ISO 8601; without a zone it is taken as UTC."""
    try:
        found = datetime.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found
