"""Listings: the data sets of another platform in our terms, whatever shape its catalogue came in.

Pure: a catalogue goes in, a `Reading` comes out, in which every record is accounted for. What a source says in
words of its own is kept beside what they were taken to mean; a value that no table knows is reported and left out,
never guessed.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from catalog.mapping.resources import Resource
from policies.refusals import Refusal
from policies.terms import Term
from policies.vocabulary import Format, Industry, Licence, OpenTier, OpenType, SecurityLevel, Theme, UpdateCycle


class Kind(Term):
    """The shape in which another platform's catalogue comes."""

    CKAN = "CKAN", "CKAN 数据集", "CKAN packages"
    DCAT = "DCAT", "DCAT 目录（RDF）", "DCAT catalogue (RDF)"
    DATA_JSON = "DATA_JSON", "data.json 目录", "data.json catalogue"
    LIST = "LIST", "JSON 清单", "JSON list"
    SHEET = "SHEET", "表格清单", "Spreadsheet list"


class Firmness(Term):
    """How firmly an opening attribute stands in the source's own words."""

    STATED = "STATED", "原文明示", "stated"
    INFERRED = "INFERRED", "按原文推断", "inferred"
    UNSTATED = "UNSTATED", "原文未说明", "not stated"


@dataclass(frozen=True, slots=True)
class Unread:
    """A value that no table of ours knows or that has no room with us: its field (as in Listing) and its words."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One data set of another platform in our terms; `None`, "" or an empty tuple means that it doesn't say.

    `external_id` is unique among a source's listings and the same each time it is read. Where `provider` or
    `region_code` is empty, those of the source stand in; an empty abstract has `abstract_missing`. `rows` is the
    source's own count. `words` are what the source says under its own headings, (heading, text) each: conditions,
    notes, licences and whatever has no field of ours or no room in it, so that nothing is lost.
    """

    source_key: str
    external_id: str
    title: str
    title_en: str = ""
    abstract: str = ""
    abstract_missing: bool = False
    provider: str = ""
    region_code: str = ""
    themes: tuple[Theme, ...] = ()
    industry: Industry | None = None
    tags: tuple[str, ...] = ()
    formats: tuple[Format, ...] = ()
    format_text: str = ""
    update_cycle: UpdateCycle | None = None
    update_note: str = ""
    open_type: OpenType | None = None
    open_tier: OpenTier | None = None
    open_reading: Firmness = Firmness.UNSTATED
    open_condition: str = ""
    security_level: SecurityLevel | None = None
    licence: Licence = Licence.UNSTATED
    time_from: date | None = None
    time_to: date | None = None
    granularity: str = ""
    published: date | None = None
    updated: date | None = None
    rows: int | None = None
    contact: str | None = None
    source_url: str = ""
    resources: tuple[Resource, ...] = ()
    words: tuple[tuple[str, str], ...] = ()
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True)
class Rejected:
    """A record that could not become a listing, kept whole.

    `position` counts from 0; `path` leads to the part at fault, as in `dataset[17].distribution[2].accessURL`;
    `problem` says what is wrong and `remedy` what to do about it, both in either language by `.text(language)`.
    """

    position: int
    path: str
    problem: Refusal
    remedy: Refusal
    record: Mapping[str, object] | object


@dataclass(frozen=True)
class Reading:
    """What one catalogue came to: `read` = listings + repeated + rejected.

    `repeated` counts records that are word for word the same as one before them. `headings` says which heading
    was taken for which field, where the source has headings at all. `pages` are the addresses of its parts, where
    each told of the next.
    """

    listings: tuple[Listing, ...]
    rejected: tuple[Rejected, ...]
    repeated: int
    read: int
    headings: tuple[tuple[str, str], ...] = ()
    pages: tuple[str, ...] = ()

    def unread(self) -> Counter[Unread]:
        """Count the values that no table of ours knows."""
        return Counter(value for listing in self.listings for value in listing.unread)
