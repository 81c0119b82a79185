"""Lists of data sets under headings of any portal, from JSON or from a sheet: records as dictionaries.

Which heading means which field is decided over the whole list (`headings`); what has no field of ours is kept in the
source's own words, apart from what may be about a person.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from catalog.mapping import headings, identities, portal_words, regions, tidy
from catalog.mapping.drafts import Draft
from catalog.mapping.headings import Assignment
from catalog.mapping.listing import Reading
from policies.vocabulary import Industry

FLEETING = frozenset(("published", "updated", "rows", "contact"))
"""Fields that change while the data set remains the same."""
NOTED = ("provider", "title_en")
_NOTE = re.compile(r"^(?P<cycle>[^()（）]+)[(（](?:更新说明[:：])?(?P<note>.*)[)）]$")


def read(
    records: list[Any],
    source_key: str,
    mapping: Mapping[str, str] | None = None,
    where: str = "",
    *,
    spend: bool = False,
) -> Reading:
    """Read a list; Invalid if it has no title, is ambiguous, or the mapping doesn't fit it.

    Of a list that may be spent no record is held longer than it is needed.
    """
    named = [one for one in records if isinstance(one, Mapping) and all(isinstance(name, str) for name in one)]
    if not named:
        return identities.gather(source_key, records, _nothing, where)
    found = headings.assign(named, mapping)
    area = _area(named, found)
    del named
    one_by_one = identities.spent(records) if spend else records
    reading = identities.gather(source_key, one_by_one, lambda record, path: _draft(record, path, found, area), where)
    return replace(reading, headings=tuple(found.fields.items()))


def _nothing(_record: Mapping[str, object], _path: str) -> Draft:
    """What is read of a list that holds no records: each item is rejected for what it is."""
    return Draft()


def _area(records: Sequence[Mapping[str, object]], found: Assignment) -> str:
    """The area of the portal that the records come from, by the address of the first that has one."""
    heading = found.fields.get("source_url")
    addresses = (tidy.line(record.get(heading)) for record in records) if heading else iter(())
    return next((area for address in addresses if (area := regions.of_address(address))), "")


def _draft(record: Mapping[str, object], path: str, found: Assignment, area: str) -> Draft:
    draft = Draft(shareable=False)
    name = found.fields

    def text(field: str) -> str:
        return tidy.line(record.get(name[field])) if field in name else ""

    def parts(field: str) -> list[str]:
        return tidy.several(record.get(name[field])) if field in name else []

    draft.title(text("title"), name["title"], f"{path}.{name['title']}")
    abstract = tidy.prose(record.get(name["abstract"])) if "abstract" in name else ""
    draft.abstract(abstract, name.get("abstract", ""), f"{path}.{name.get('abstract', '')}")
    for field in NOTED:
        draft.put(field, text(field), name.get(field, ""))
    draft.remote_id = text("identifier")
    draft.page(text("source_url"), name.get("source_url", ""))
    draft.region(text("region_code"), text("provider"), area)
    draft.themes(parts("themes"), name.get("themes", ""))
    draft.tags(parts("tags"), name.get("tags", ""))
    draft.formats(_formats(parts("formats")))
    note = _NOTE.match(text("update_cycle"))
    cycle, said = (note["cycle"].strip(), note["note"]) if note else (text("update_cycle"), "")
    draft.cycle(cycle, said, name.get("update_cycle", ""))
    draft.opening(text("open_condition"), name.get("open_condition", ""))
    draft.licence([text("licence")], name.get("licence", ""))
    draft.put("granularity", text("granularity"), name.get("granularity", ""))
    draft.contact(text("contact"))
    for field in ("published", "updated", "time_from", "time_to"):
        if field in name:
            draft.day(field, record.get(name[field]), name[field])
    _industry(draft, text("industry"), name.get("industry", ""))
    _level(draft, text("security_level"))
    _rows(draft, record, name.get("rows", ""))
    for heading in found.others:
        draft.say(heading, _plain(record.get(heading)))
    fleeting = {name[field] for field in FLEETING & name.keys()} | found.private
    draft.stable = tuple(f"{heading}={_plain(record[heading])}" for heading in sorted(record.keys() - fleeting))
    return draft


def _formats(words: Sequence[str]) -> list[str]:
    """The parts of what stands under formats; a sheet's may be joined by a stroke or a blank: xls/csv, xls csv."""
    found: list[str] = []
    for word in words:
        split = re.split(r"[/\s]+", word)
        fine = len(split) > 1 and all(one.casefold() in portal_words.FORMATS for one in split)
        found += split if fine and word.casefold() not in portal_words.FORMATS else [word]
    return found


def _industry(draft: Draft, text: str, heading: str) -> None:
    found = portal_words.INDUSTRIES.get(text) or next((one for one in Industry if one.value == text), None)
    draft.say(heading, text)
    # Some portals repeat the theme here: that is no industry, but no riddle either.
    if text and not found and text.casefold() not in portal_words.THEMES and text not in portal_words.THEMELESS:
        draft.report("industry", text)
    draft.values["industry"] = found


def _level(draft: Draft, text: str) -> None:
    if level := portal_words.LEVELS.get(text):
        draft.values["security_level"] = level
    elif text:
        draft.report("security_level", text)


def _rows(draft: Draft, record: Mapping[str, object], heading: str) -> None:
    value = record.get(heading)
    draft.values["rows"] = tidy.count(value)
    draft.say(heading, tidy.line(value))
    if tidy.says(value) and draft.values["rows"] is None:
        draft.report("rows", tidy.line(value))


def _plain(value: object) -> str:
    """A value of any kind as text: what is nested as JSON."""
    if isinstance(value, Mapping):
        return tidy.written(value)
    return value.isoformat() if isinstance(value, date) else tidy.prose(value)
