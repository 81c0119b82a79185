"""Records of the neighbours' open-data portals, each with its own headings, read into one kind of listing.

Pure: a record goes in, a listing or a fault comes out. What a portal says in free words is kept beside what
it was taken to mean, a value that no table knows is reported and left out, and a record is refused only when
it could not be named, attributed or found again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType

from catalog.mapping.portal_words import (
    BESIDE_THE_POINT,
    CONDITIONS,
    COUNTIES,
    CYCLES,
    HEADINGS,
    LEVELS,
    SILENT,
    Fault,
    Headings,
    Portal,
    Reading,
)
from policies import calendars
from policies.vocabulary import Format, OpenTier, OpenType, SecurityLevel, Theme, UpdateCycle

TITLE_LENGTH = 2, 500
ABSTRACT_LENGTH = 1000
MOST_TAGS = 20


@dataclass(frozen=True)
class Unread:
    """A value that no table of ours knows: the field it stood in and its words."""

    field: str
    text: str


@dataclass(frozen=True)
class Listing:
    """One data set of another portal in our terms; `None` or an empty tuple means that it doesn't say."""

    portal: Portal
    external_id: str
    title: str
    abstract: str
    provider: str
    region_code: str
    themes: tuple[Theme, ...]
    tags: tuple[str, ...]
    formats: tuple[Format, ...]
    format_text: str
    update_cycle: UpdateCycle | None
    update_note: str
    open_type: OpenType | None
    open_tier: OpenTier | None
    open_reading: Reading
    open_condition: str
    security_level: SecurityLevel | None
    published: date | None
    updated: date | None
    rows: int | None
    contact: str | None
    source_url: str
    unread: tuple[Unread, ...]


@dataclass(frozen=True)
class Rejected:
    """A record that could not become a listing, kept whole, with its place counted from 0."""

    position: int
    fault: Fault
    record: Mapping[str, object]


@dataclass(frozen=True)
class Harvest:
    """What one catalogue came to: listings and rejected records, together as many as records went in."""

    listings: tuple[Listing, ...]
    rejected: tuple[Rejected, ...]

    def unread(self) -> Counter[Unread]:
        """Count the values that no table of ours knows."""
        return Counter(value for listing in self.listings for value in listing.unread)


_FORMATS: Mapping[str, Format] = MappingProxyType(
    {"其他": Format.OTHER} | {format_.value: format_ for format_ in Format}
)
_THEMES: Mapping[str, Theme] = MappingProxyType({theme.zh: theme for theme in Theme})
_IDENTIFIER = re.compile(r"(?:[?&]i?id=|/detail/)(\d+)$")
_NOTE = re.compile(r"^(?P<cycle>[^(（]+)[(（](?:更新说明[:：])?(?P<note>.*)[)）]$")
_LANDLINE = re.compile(r"\(?0\d{2,3}\)?-?\d{7,9}")
_MOBILE = re.compile(r"(?<!\d)1[3-9][\d*]{9}(?!\d)")


class _Reader:
    """One record being read under the headings of its portal; gathers the values that no table knows."""

    def __init__(self, headings: Headings, record: Mapping[str, object]) -> None:
        self.headings, self.record, self.unread = headings, record, list[Unread]()

    def text(self, heading: str | None) -> str:
        """Return a value as one line of text; an absent or silent one as the empty string."""
        value = self.record.get(heading) if heading else None
        return "" if value is None else " ".join(str(value).split())

    def words(self, heading: str | None) -> list[str]:
        """Return the parts of a list, or of a text that joins them by commas or semicolons of any script."""
        value = self.record.get(heading) if heading else None
        parts = value if isinstance(value, list) else re.split("[、,，;；]", self.text(heading))
        return [str(part).strip() for part in parts if str(part).strip()]

    def report(self, field: str, text: str) -> None:
        """Note a value that no table knows."""
        self.unread.append(Unread(field, text))

    def day(self, field: str, heading: str) -> date | None:
        """Return a date given as ISO 8601 or as milliseconds since 1970; the day is Shanghai's."""
        value = self.record[heading]
        try:
            if isinstance(value, int):
                return calendars.local_date(datetime.fromtimestamp(value / 1000, UTC))
            return date.fromisoformat(str(value).strip())
        except (ValueError, OverflowError, OSError):
            self.report(field, str(value))
            return None

    def themes(self) -> tuple[Theme, ...]:
        """Return the themes, in the portal's order and each once."""
        found = dict[Theme, None]()
        for word in self.words(self.headings.themes):
            if word in _THEMES:
                found[_THEMES[word]] = None
            else:
                self.report("themes", word)
        return tuple(found)

    def tags(self) -> tuple[str, ...]:
        """Return the tags that hold a letter or digit, each once; those beyond the limit are reported."""
        tags = list(dict.fromkeys(tag for tag in self.words(self.headings.tags) if re.search(r"[^\W_]", tag)))
        for tag in tags[MOST_TAGS:]:
            self.report("tags", tag)
        return tuple(tags[:MOST_TAGS])

    def formats(self) -> tuple[Format, ...]:
        """Return the file formats; a kind of database tells how the source keeps its data, not a format."""
        found = dict[Format, None]()
        for word in self.words(self.headings.formats):
            group, _, kind = re.sub("[-:：/]", ":", word, count=1).partition(":")
            if group == "数据库":
                continue
            if group == "接口":
                found[Format.API] = None
            if kind.lower() in _FORMATS:
                found[_FORMATS[kind.lower()]] = None
            else:
                self.report("formats", word)
        return tuple(found)

    def cycle(self) -> tuple[UpdateCycle | None, str]:
        """Return the update cycle and the explanation that the province puts behind it in brackets."""
        text = self.text(self.headings.cycle)
        match = _NOTE.match(text)
        word, note = (match["cycle"], match["note"]) if match else (text, "")
        if word not in CYCLES and word not in SILENT:
            self.report("update_cycle", text)
        return CYCLES.get(word), note

    def opening(self, condition: str) -> tuple[OpenType | None, OpenTier | None, Reading]:
        """Return what the condition was taken to mean, and how firmly it says so."""
        known = condition in CONDITIONS or condition in LEVELS or condition in BESIDE_THE_POINT
        if not known and condition not in SILENT:
            self.report("open_condition", condition)
        return CONDITIONS.get(condition, (None, None, Reading.UNSTATED))

    def rows(self) -> int | None:
        """Return the number of rows the portal gives."""
        text = self.text(self.headings.rows)
        if text.isdecimal():
            return int(text)
        if text not in SILENT:
            self.report("rows", text)
        return None

    def contact(self) -> str | None:
        """Return an office's land line; mobile numbers and mailboxes may be a person's and are left out."""
        text = self.text(self.headings.contact)
        if _LANDLINE.search(text) and not _MOBILE.search(text) and "@" not in text:
            return text
        if text not in SILENT:
            self.report("contact", "mailbox" if "@" in text else "number")
        return None


def _fault(headings: Headings, reader: _Reader) -> Fault | None:
    """Return what keeps the record from being named, attributed or found again."""
    if any(heading not in reader.record for heading in headings.required()):
        return Fault.HEADING_MISSING
    least, most = TITLE_LENGTH
    if not least <= len(reader.text(headings.title)) <= most:
        return Fault.TITLE_UNUSABLE
    if not 0 < len(reader.text(headings.abstract)) <= ABSTRACT_LENGTH:
        return Fault.ABSTRACT_UNUSABLE
    if reader.text(headings.provider) in SILENT:
        return Fault.PROVIDER_MISSING
    return None if _IDENTIFIER.search(reader.text(headings.address)) else Fault.ADDRESS_UNUSABLE


def region_of(provider: str, otherwise: str) -> str:
    """Return the code of the county that a provider's name contains, else the portal's own region."""
    return next((code for name, code in COUNTIES.items() if name in provider), otherwise)


def read(portal: Portal, record: Mapping[str, object]) -> Listing | Fault:
    """Read one record under the headings of its portal."""
    headings = HEADINGS[portal]
    reader = _Reader(headings, record)
    if fault := _fault(headings, reader):
        return fault
    address, provider = reader.text(headings.address), reader.text(headings.provider)
    condition = reader.text(headings.condition)
    open_type, open_tier, reading = reader.opening(condition)
    cycle, note = reader.cycle()
    return Listing(
        portal=portal,
        external_id=_IDENTIFIER.findall(address)[-1],
        title=reader.text(headings.title),
        abstract=reader.text(headings.abstract),
        provider=provider,
        region_code=region_of(provider, headings.region),
        themes=reader.themes(),
        tags=reader.tags(),
        formats=reader.formats(),
        format_text=reader.text(headings.formats),
        update_cycle=cycle,
        update_note=note,
        open_type=open_type,
        open_tier=open_tier,
        open_reading=reading,
        open_condition=condition,
        security_level=LEVELS.get(condition),
        published=reader.day("published", headings.published),
        updated=reader.day("updated", headings.updated),
        rows=reader.rows(),
        contact=reader.contact(),
        source_url=address,
        unread=tuple(reader.unread),  # last: everything above may have reported
    )


def read_all(portal: Portal, records: Iterable[Mapping[str, object]]) -> Harvest:
    """Read a whole catalogue; of records with one identifier the first stands and the others are rejected."""
    listings, rejected = dict[str, Listing](), list[Rejected]()
    for position, record in enumerate(records):
        result = read(portal, record)
        if isinstance(result, Listing) and result.external_id in listings:
            result = Fault.REPEATED
        if isinstance(result, Fault):
            rejected.append(Rejected(position, result, record))
        else:
            listings[result.external_id] = result
    return Harvest(tuple(listings.values()), tuple(rejected))
