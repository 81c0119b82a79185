"""A record being read: the values found so far, what could not be understood, and what keeps it from being used."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from catalog.mapping import licences, portal_words, regions, tidy
from catalog.mapping.listing import Firmness, Unread
from catalog.mapping.resources import Resource
from policies.refusals import Invalid, Refusal
from policies.vocabulary import Format, Licence, OpenTier, Theme, UpdateCycle

LONGEST: Mapping[str, int] = MappingProxyType(
    {
        "title": 500,
        "abstract": 20_000,
        "title_en": 500,
        "provider": 200,
        "format_text": 500,
        "update_note": 500,
        "granularity": 100,
        "open_condition": 255,
        "contact": 50,
        "source_url": 1000,
    }
)
"""Characters at most. A longer title or abstract rejects the record, because it is known by them; any other longer text
is left out of its field, reported, and kept whole among the words. Nothing is cut."""
LONGEST_OF_RESOURCES: Mapping[str, int] = MappingProxyType(
    {"id": 200, "name": 500, "description": 5000, "format": 100, "media_type": 100, "hash": 200}
)
VITAL = frozenset(("title", "abstract"))
MOST_TAGS = 20
LONGEST_TAG = 100
MOST_RESOURCES = 200
MOST_UNREAD = 100
LONGEST_WORDS = 20_000
LONGEST_ADDRESS = 4000
SCHEMES = ("http://", "https://", "ftp://")


class Unusable(Exception):  # noqa: N818  it never leaves the readers
    """The record can't become a listing: where the fault is, what it is and what to do about it."""

    def __init__(self, path: str, code: str, **params: Any) -> None:
        super().__init__(code)
        self.path = path
        self.problem: Refusal = Invalid(code, **params)
        self.remedy: Refusal = Invalid(f"{code}.remedy", **params)


@dataclass
class Draft:
    """One record on its way to a Listing.

    `stable` are its own words that tell it from others of its title and provider: no dates, no counts. `shareable`
    says that several data sets may have one page; otherwise an address that several bear is nobody's.
    """

    remote_id: str = ""
    address: str = ""
    shareable: bool = True
    stable: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    words: list[tuple[str, str]] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def report(self, name: str, text: str) -> None:
        """Note a value that no table knows; of a record that has nothing else the first ones are enough."""
        if len(self.unread) < MOST_UNREAD:
            self.unread.append(Unread(name, text[:500]))

    def say(self, heading: object, text: object) -> None:
        """Keep what the source says in its own words; mobile numbers and mailboxes in it are masked."""
        said, named = tidy.prose(text), tidy.line(heading)[:200]
        if len(said) > LONGEST_WORDS:
            self.report("words", f"{named}: {len(said)}")
        elif said and named:
            self.words.append((named, tidy.masked(said)))

    def put(self, name: str, text: str, heading: object, path: str = "") -> None:
        """Take a text for a field if it has room for it."""
        if len(text) <= LONGEST[name]:
            self.values[name] = text
        elif name in VITAL:
            raise Unusable(path, "harvest.long", name=tidy.line(heading), length=len(text), limit=LONGEST[name])
        else:
            self.report(name, text)
            self.say(heading, text)

    def title(self, text: str, heading: object, path: str) -> None:
        """Take the title, without which nothing can be found again."""
        if not text:
            raise Unusable(path, "harvest.title-missing")
        self.put("title", text, heading, path)

    def abstract(self, text: str, heading: object, path: str) -> None:
        """Take the abstract, or note that there is none."""
        self.put("abstract", text, heading, path)
        self.values["abstract_missing"] = not text

    def page(self, address: str, heading: object) -> None:
        """Take the address of the data set's page, if it is one of the web."""
        if address.startswith(SCHEMES[:2]) and " " not in address:
            self.address = address
            self.put("source_url", address, heading)
        elif address:
            self.report("source_url", address)
            self.say(heading, address)

    def themes(self, words: list[str], heading: object) -> None:
        """Take the themes, in the source's order and each once."""
        found: dict[Theme, None] = {}
        for word in words:
            known = portal_words.THEMES.get(word.casefold(), ())
            found |= dict.fromkeys(known)
            if not known and word not in portal_words.THEMELESS:
                self.report("themes", word)
        if words:
            self.say(heading, words)
        self.values["themes"] = tuple(found)

    def tags(self, words: list[str], heading: object) -> None:
        """Take the tags that hold a letter or digit, each once; those beyond the limit are reported."""
        parts = [re.split("[/,;]", word) if len(word) > LONGEST_TAG else [word] for word in words]
        flat = (part.strip() for some in parts for part in some)
        tags = list(dict.fromkeys(word for word in flat if any(sign.isalnum() for sign in word)))
        fitting = [tag for tag in tags if len(tag) <= LONGEST_TAG]
        for tag in [*(tag for tag in tags if len(tag) > LONGEST_TAG), *fitting[MOST_TAGS:]]:
            self.report("tags", tag)
        if len(tags) > len(fitting[:MOST_TAGS]):
            self.say(heading, tags)
        self.values["tags"] = tuple(fitting[:MOST_TAGS])

    def cycle(self, text: str, note: str, heading: object) -> None:
        """Take the update cycle and what is said about it."""
        found = cycle_of(text)
        if text and found is None:
            self.report("update_cycle", text)
        self.values["update_cycle"] = found
        self.put("update_note", note, heading)
        self.say(heading, f"{text}（{note}）" if note else text)

    def opening(self, condition: str, heading: object) -> None:
        """Take what is said about who may have the data, with what it was taken to mean and how firmly."""
        known = opening_of(condition)
        level = portal_words.LEVELS.get(condition)
        if condition and not (known or level or condition in portal_words.BESIDE_THE_POINT):
            self.report("open_condition", condition)
        open_type, tier, reading = known or (None, None, Firmness.UNSTATED)
        self.values |= {"open_type": open_type, "open_tier": tier, "open_reading": reading}
        if level:
            self.values["security_level"] = level
        self.put("open_condition", condition, heading)
        self.say(heading, condition)

    def licence(self, candidates: list[str], heading: object) -> None:
        """Take the first licence of ours among some names and addresses; the source's words stand beside."""
        said = [one for one in candidates if one and one.casefold() not in licences.UNSTATED]
        found = next((known for one in said if (known := licences.read(one))), None)
        if said and found is None:
            self.report("licence", said[0])
        if said:
            self.say(heading, " ".join(dict.fromkeys(said)))
        self.values["licence"] = found or Licence.UNSTATED

    def day(self, name: str, value: object, heading: object) -> None:
        """Take a date; what is none is reported and kept as words."""
        found = tidy.day(value)
        if found is None and tidy.says(value):
            self.report(name, tidy.line(value))
            self.say(heading, value)
        self.values[name] = found

    def contact(self, text: str) -> None:
        """Take an office's land line; mobile numbers and mailboxes may be a person's and are left out."""
        phone = tidy.landline(text)
        if phone and len(phone) <= LONGEST["contact"]:
            self.values["contact"] = phone
        elif text:
            self.report("contact", "mailbox" if "@" in text else "number")

    def region(self, told: str, provider: str, area: str) -> None:
        """Take the division: the one told, else the one in the provider's name, else the area of the portal."""
        found = told if regions.known(told) else regions.of_name(told, area) if told else ""
        if told and not found:
            self.report("region_code", told)
            self.say("region", told)
        self.values["region_code"] = found or regions.of_body(provider, area) or area

    def offer(self, resource: Resource, path: str) -> None:
        """Take one of the forms in which the data are offered, if its address is one that may be offered on."""
        found: list[Resource] = self.values.setdefault("resources", [])
        usable = resource.url.lower().startswith(SCHEMES) and len(resource.url) <= LONGEST_ADDRESS
        if usable and len(found) < MOST_RESOURCES:
            found.append(resource)
        else:
            self.report("resources", f"{path}: {resource.url}")
            self.say(path, resource.url or resource.name)

    def fitting(self, name: str, text: str, path: str) -> str:
        """A text of a resource if there is room for it; a longer one is kept as words."""
        if len(text) <= LONGEST_OF_RESOURCES[name]:
            return text
        self.report("resources", f"{path}.{name}")
        self.say(f"{path}.{name}", text)
        return ""

    def formats(self, words: list[str]) -> None:
        """Take the file formats; a kind of database tells how the source keeps its data, not a format."""
        found: dict[Format, None] = {}
        for word in words:
            known, understood = formats_of(word)
            found |= dict.fromkeys(known)
            if not understood:
                self.report("formats", word)
        self.values["formats"] = tuple(found)
        self.put("format_text", "；".join(dict.fromkeys(words)), "format")

    def withhold(self) -> None:
        """Keep the addresses of data that may not be had freely as words: only their description is taken over."""
        tier = self.values.get("open_tier")
        if tier is None or tier < OpenTier.T2:
            return
        for number, one in enumerate(self.values.pop("resources", [])):
            self.say(f"resources[{number}]", one.url)


def cycle_of(text: str) -> UpdateCycle | None:
    """The cycle that some words mean, if a table of ours knows them."""
    return portal_words.CYCLES.get("-".join(text.casefold().split()))


def opening_of(text: str) -> tuple[Any, Any, Firmness] | None:
    """What some words say about who may have data, if a table of ours knows them."""
    known = portal_words.CONDITIONS
    return known.get(text.casefold()) or known.get("-".join(text.casefold().split()))


def formats_of(word: str) -> tuple[tuple[Format, ...], bool]:
    """The formats that a word names, and whether it is understood at all: 接口:json, 电子表格-xlsx, text/csv."""
    form = word.strip().casefold().lstrip(".").partition(";")[0].strip()
    if form in portal_words.FORMATS:
        return (portal_words.FORMATS[form],), True
    if form in portal_words.FORMLESS:
        return (), True
    group, stroke, kind = next((form.partition(sign) for sign in ":：-/" if sign in form), (form, "", ""))
    if group in portal_words.FORMLESS and stroke and group == "数据库":
        return (), True
    found = (portal_words.FORMATS[group],) if group == "接口" else ()
    if kind in portal_words.FORMATS:
        return (*found, portal_words.FORMATS[kind]), True
    return found, bool(found) and not kind
