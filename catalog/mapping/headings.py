"""Headings of catalogue lists: which of them means which field, decided over the whole file.

Every heading of `headings.toml` stands for one field, rarely for two. Fields are served in such a way that as many as
possible get a heading and each gets the best of those it may have; a field that finds two equally good headings with
different values makes the file ambiguous, and a mapping must say which is meant.
"""

import json
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import opencc

from catalog.mapping import tidy
from policies.refusals import Invalid

SYNONYMS = Path(__file__).parent / "headings.toml"
PERSON = "person"
"""The field of what may be about a person: recognised so that it is left out."""
LONGEST_HEADING = 200
MOST_HEADINGS = 1000

_SIMPLIFIED = opencc.OpenCC("t2s")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕|<[^<>]*>")


@dataclass(frozen=True)
class Meaning:
    """A field that a heading may stand for: `rank` is 0 for the best heading of the field."""

    field: str
    rank: int


@dataclass(frozen=True)
class Assignment:
    """What each field is called in one file; headings that serve no field are in `others`, in their order."""

    fields: Mapping[str, str]
    others: tuple[str, ...]
    private: frozenset[str] = frozenset()


def normal(heading: str) -> str:
    """A heading in the form in which headings are compared: script, width, case and punctuation made the same."""
    text = _SIMPLIFIED.convert(unicodedata.normalize("NFKC", heading[:LONGEST_HEADING])).casefold()
    return re.sub(r"[\W_]+", "", text)


def bare(heading: str) -> str:
    """The same without what stands in brackets."""
    return normal(_BRACKETS.sub("", unicodedata.normalize("NFKC", heading[:LONGEST_HEADING])))


def meanings(heading: str) -> tuple[Meaning, ...]:
    """The fields a heading may stand for; one in brackets, or joined by a stroke, for what it is without."""
    known = _meanings()
    for form in (normal(heading), bare(heading), *map(normal, re.split(r"[/|／]", heading)[:1])):
        if form in known:
            return known[form]
    return ()


def fields() -> tuple[str, ...]:
    """The fields that a mapping may name."""
    return tuple(name for name in _table() if name != PERSON)


def assign(records: Sequence[Mapping[str, object]], mapping: Mapping[str, str] | None = None) -> Assignment:
    """Decide over a whole file; Invalid if it has no title or is ambiguous, or if the mapping doesn't fit it."""
    told = _told(records)
    headings = list(told)
    if len(headings) > MOST_HEADINGS:
        raise Invalid("harvest.too-many-headings", count=len(headings), limit=MOST_HEADINGS)
    fixed = _fixed(headings, mapping or {})
    choices = {
        heading: [one for one in meanings(heading) if one.field not in fixed]
        for heading in headings
        if heading not in fixed.values()
    }
    private = _about(choices, PERSON)
    open_ = {heading: found for heading, found in choices.items() if told[heading] and heading not in private}
    chosen = fixed | _served(open_, records)
    if "title" not in chosen:
        raise Invalid("harvest.no-title-heading", headings=headings[:40])
    used = set(chosen.values())
    private = (private | _about(choices, "contact")) - used
    return Assignment(chosen, tuple(h for h in headings if h not in used and h not in private), private)


def mapping(text: str, filename: str) -> Mapping[str, str]:
    """Read a mapping file, field = "heading", as TOML or (by its name) JSON; Invalid says what is wrong with it."""
    try:
        found = json.loads(text) if filename.lower().endswith(".json") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("harvest.mapping-form", detail=tidy.line(str(error))[:200]) from error
    return checked(found)


def checked(found: object) -> Mapping[str, str]:
    """A mapping as it was given, if it is one: known fields, each with one heading."""
    if not isinstance(found, Mapping) or not found:
        raise Invalid("harvest.mapping-form", detail="{}")
    for name, heading in found.items():
        if name not in fields():
            raise Invalid("harvest.mapping-field", name=tidy.line(name)[:80], known=list(fields()))
        if not isinstance(heading, str) or not heading:
            raise Invalid("harvest.mapping-form", detail=f"{name} = {tidy.line(heading)[:80]}")
    return MappingProxyType(dict(found))


def _fixed(headings: Sequence[str], mapping_: Mapping[str, str]) -> dict[str, str]:
    """What the mapping says; a heading is found in its exact form or the one in which headings are compared."""
    found: dict[str, str] = {}
    by_form = {normal(heading): heading for heading in reversed(headings)}
    for name, heading in (checked(mapping_) if mapping_ else {}).items():
        actual = heading if heading in headings else by_form.get(normal(heading))
        if actual is None:
            raise Invalid("harvest.mapping-heading", name=name, heading=heading, headings=list(headings[:40]))
        found[name] = actual
    return found


def _about(choices: Mapping[str, Sequence[Meaning]], name: str) -> frozenset[str]:
    """The headings that may stand for a field."""
    return frozenset(heading for heading, found in choices.items() if any(one.field == name for one in found))


def _told(records: Sequence[Mapping[str, object]]) -> dict[str, bool]:
    """The headings of a file in their order, and whether any record says something under them."""
    told: dict[str, bool] = {}
    for record in records:
        for heading, value in record.items():
            if not told.get(heading):
                told[heading] = tidy.says(value)
    return told


def _served(choices: Mapping[str, Sequence[Meaning]], records: Sequence[Mapping[str, object]]) -> dict[str, str]:
    """A heading for as many fields as can have one: those that may serve two go where nothing else would."""
    found: dict[str, str] = {}
    # Headings with a single meaning come first; what is left over may then serve the second field.
    for single in (True, False):
        wanted: dict[str, list[tuple[int, str]]] = {}
        for heading, several in choices.items():
            if heading in found.values() or (len(several) == 1) is not single:
                continue
            free = [one for one in several if one.field not in found]
            for one in free[:1]:
                wanted.setdefault(one.field, []).append((one.rank, heading))
        for name, ranked in wanted.items():
            found[name] = _best(name, ranked, records)
    return found


def _best(name: str, ranked: list[tuple[int, str]], records: Sequence[Mapping[str, object]]) -> str:
    ranked.sort(key=lambda one: one[0])
    best = [heading for rank, heading in ranked if rank == ranked[0][0]]
    for other in best[1:]:
        if any(tidy.line(record.get(best[0])) != tidy.line(record.get(other)) for record in records):
            raise Invalid("harvest.ambiguous", name=name, one=best[0], other=other)
    return best[0]


@cache
def _table() -> Mapping[str, Mapping[str, Sequence[Any]]]:
    return MappingProxyType(tomllib.loads(SYNONYMS.read_text(encoding="utf-8")))


@cache
def _meanings() -> Mapping[str, tuple[Meaning, ...]]:
    """Every heading in the form of comparison, with its fields; the one where it ranks best comes first."""
    found: dict[str, list[Meaning]] = {}
    for name, languages in _table().items():
        for ranked in languages.values():
            for rank, equals in enumerate(ranked):
                for heading in equals if isinstance(equals, list) else [equals]:
                    found.setdefault(normal(heading), []).append(Meaning(name, rank))
    return MappingProxyType({form: tuple(sorted(some, key=lambda one: one.rank)) for form, some in found.items()})
