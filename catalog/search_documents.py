"""What the search index holds of an entry: words, sounds, facets, labels, sort keys, and their hash."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from string import hexdigits

import tantivy

from catalog import reading, words
from catalog import search_values as values
from catalog.models import Entry
from policies import vocabulary as v

SHAPE = 9
"""Raised whenever the meaning of a field changes; each shape has its own folder, filled anew."""

FACETS = ("tenant", "theme", "tier", "format", "update_cycle", "region", "origin", "granularity")
SETS = ("theme", "format")
"""Facets of which an entry may have several values; they are counted by the set that it has, each set once."""
OPEN_ENDED = ("tenant", "granularity")
"""Facets whose values people name as they like, so that there is no end of them."""
JOINT = "|"
ORDERS = ("by_title", "by_code")
COUNTED = ("owner", "theme", "format", "tag", "licence", "tier", "region", "update_cycle", "origin", "state", "portal")
"""What programs count by and ask for by exact value; `owner` is the tenant in whose care an entry is."""
WORDS = ("title", "tags", "items", "publisher", "text")
SOUNDS = ("pinyin", "initials", "inside", "vocabulary", "short", "characters", "title_letters", "item_letters")
KEYS = ("kind", "code", "labels", "place", "resource")
INSTANTS = ("changed", "created")
"""When the description changed last and when it came to be, in whole microseconds since 1970."""
NUMBERED = ("by_id", "by_changed", "by_created", "by_updated", "by_score", "by_downloads")
"""Orders by whole numbers, which are found sooner than those by texts; see `_numbered`."""
ID_DIGITS, TIE_BITS = 15, 20
SPAN = ("time_from", "time_to")
"""First and last day of the time that the data are about, as whole numbers such as 20260131."""
WHOLE = (*SPAN, *INSTANTS, *NUMBERED)
"""The fields whose values are whole numbers."""
ALWAYS = (0, 99991231)
"""The days that stand for a range without beginning and for one without end."""
UNHASHED = frozenset({"by_downloads"})
"""Counted up without a change of the entry, so the index follows at the entry's next change or rebuild."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ENTRY = "entry"
MARK = "mark"


@cache
def schema() -> tantivy.Schema:
    """The fields of the index; text comes cut already, so that whitespace is the only separator."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("hash", "mark"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    for name in (*KEYS, *SOUNDS):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in dict.fromkeys((*COUNTED, *ORDERS, *FACETS, *map(valued, FACETS))):
        builder.add_text_field(name, fast=name in (*COUNTED, *ORDERS), tokenizer_name="raw", index_option="basic")
    for name in (*WHOLE, *map(counted, FACETS)):
        builder.add_integer_field(name, fast=True)
    for name in WORDS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    for name in ("title_pairs", "other_pairs"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    return builder.build()


def valued(facet: str) -> str:
    """The field that holds what is counted of a facet: its value, or the set of its values."""
    return f"{facet}_set" if facet in SETS else facet


def counted(facet: str) -> str:
    """The field by which a facet is counted: numbers that stand for the texts in the field that is `valued`."""
    return f"{facet}_number"


def fields(entry: Entry) -> dict[str, list[str]]:
    """Everything the index holds of an entry, by field; each field may have several values."""
    return {
        "kind": [ENTRY],
        "id": [entry.id],
        "code": [entry.code.lower()],
        "labels": sorted(label for label in reading.labels_of(entry) if not label.startswith("tenant:")),
        "owner": [entry.tenant_id],
        "place": surrounding(entry.region_code),
        "tag": list(dict.fromkeys(entry.tags)),
        "licence": [(entry.licence or v.Licence.UNSTATED).value],
        "state": [entry.state.value],
        "resource": list(dict.fromkeys(str(one["id"]) for one in entry.resources or () if one.get("id"))),
        "portal": [entry.origin_portal] if entry.origin_portal else [],
        **_numbered(entry),
        **_span(entry),
        **_facets(entry),
        **_orders(entry),
        **_texts(entry),
    }


def document(found: Mapping[str, list[str]]) -> tantivy.Document:
    """The fields of an entry as a document, with their hash."""
    whole = {name: list(map(int, found[name])) for name in WHOLE}
    numbers = {counted(name): list(map(values.number, found[valued(name)])) for name in FACETS}
    return tantivy.Document.from_dict({**found, **whole, **numbers, "hash": [digest(found)]}, schema())


def digest(found: Mapping[str, list[str]]) -> str:
    """Hash over all fields of an entry that change only together with the entry."""
    kept = {name: values for name, values in found.items() if name not in UNHASHED}
    return hashlib.sha256(json.dumps(kept, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def publisher_of(entry: Entry) -> str:
    """The value of the tenant facet: the owner's id, or the publisher's name as another portal gives it."""
    return entry.tenant_id if entry.origin is v.Origin.OWN else entry.publisher_name or entry.tenant_id


def surrounding(code: str) -> list[str]:
    """A division and all that it lies in: province, prefecture, county, town, as far as its code tells them."""
    if not (code.isascii() and code.isdecimal() and len(code) >= 6):
        return [code] if code else []
    above = [code[:2] + "0000", code[:4] + "00", code[:6], *([code[:9]] if len(code) > 9 else [])]
    return list(dict.fromkeys([*above, code]))


def micros(instant: datetime) -> int:
    """An instant as the index keeps it: whole microseconds since 1970."""
    return (instant.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def day_number(day: date) -> int:
    """A day as the index keeps it."""
    return day.year * 10_000 + day.month * 100 + day.day


def granularity_of(entry: Entry) -> list[str]:
    """The value of the facet: what a row stands for, in one normal form; none if the entry doesn't say."""
    said = " ".join(unicodedata.normalize("NFKC", entry.granularity).split())
    return [said] if said else []


def _span(entry: Entry) -> dict[str, list[str]]:
    if entry.time_from is None and entry.time_to is None:
        return {name: [] for name in SPAN}
    days = zip((entry.time_from, entry.time_to), ALWAYS, strict=True)
    return {name: [str(day_number(day) if day else end)] for name, (day, end) in zip(SPAN, days, strict=True)}


def _facets(entry: Entry) -> dict[str, list[str]]:
    found = {
        "tenant": [publisher_of(entry)],
        "theme": list(entry.themes),
        "tier": [entry.open_tier.value],
        "format": list(entry.formats),
        "update_cycle": [entry.update_cycle.value],
        "region": [entry.region_code],
        "origin": [entry.origin.value],
        "granularity": granularity_of(entry),
    }
    return found | {valued(name): [JOINT.join(sorted(set(found[name])))] for name in SETS}


def _orders(entry: Entry) -> dict[str, list[str]]:
    """Texts whose alphabetical order is the order wanted; the id at the end makes it total."""
    spoken = words.spoken(entry.title)[:64]
    return {
        "by_title": [f"{spoken} {entry.title[:64]} {entry.id}"],
        "by_code": [entry.code.lower()],
    }


def _numbered(entry: Entry) -> dict[str, list[str]]:
    """Instants, and numbers whose order is that of the ids, or of something else and then of the ids.

    The others are instants (changed and created to the millisecond, updated to the second), the score, where none comes
    before nought, and the downloads.
    """
    digits = entry.id.replace("-", "")[:ID_DIGITS]
    number = int(digits, 16) if len(digits) == ID_DIGITS and set(digits) <= set(hexdigits) else _hashed(entry.id)
    tie = number >> (4 * ID_DIGITS - TIE_BITS)
    instants = {"changed": micros(entry.changed_at), "created": micros(entry.created_at)}
    first = {name: at // 1000 for name, at in instants.items()}
    first["updated"] = _seconds(entry.data_updated_at)
    first["score"] = 0 if entry.score is None else round(entry.score * 1000) + 1
    first["downloads"] = entry.downloads
    orders = {f"by_{name}": (value << TIE_BITS) + tie for name, value in first.items()}
    return {name: [str(value)] for name, value in {**instants, **orders, "by_id": number}.items()}


def _hashed(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS], 16)


def _texts(entry: Entry) -> dict[str, list[str]]:
    publisher = [entry.publisher_name] if entry.publisher_name else [entry.tenant.name.zh, entry.tenant.name.en]
    titles = [entry.title, entry.title_en]
    items = [text for item in entry.items for text in (item.name, item.title, item.title_en)]
    prose = [entry.abstract, entry.abstract_en]
    named = (entry.title, *entry.tags)
    spoken = [tail for text in named for tail in words.tails(text)]
    vocabulary = _once(word for text in (*titles, *entry.tags) for word in words.of_document(text))
    return {
        "title": [_cut(titles)],
        "tags": [_cut(entry.tags)],
        "items": [_cut(items)],
        "publisher": [_cut(publisher)],
        "text": [_cut(prose)],
        "title_pairs": [_paired(titles)],
        "other_pairs": [_paired([*entry.tags, *publisher, *items, *prose])],
        "characters": words.characters(entry.title),
        # By themselves, since the beginning of a word is looked for among all words of a field.
        "title_letters": _lettered(titles),
        "item_letters": _lettered(items),
        "pinyin": _once(full for full, _ in spoken),
        "initials": _once(short for _, short in spoken),
        "inside": _once(one for text in named for one in words.inside(text)),
        "vocabulary": [f"{words.sound(word)}={word}" for word in vocabulary if len(word) > 1],
        "short": [f"{words.initials(word)}={word}" for word in vocabulary if words.is_han(word) and len(word) > 1],
    }


def _cut(texts: Iterable[str]) -> str:
    return " ".join(word for text in texts if text for word in words.of_document(text))


def _paired(texts: Iterable[str]) -> str:
    return " ".join(pair for text in texts if text for pair in words.pairs(text))


def _lettered(texts: Iterable[str]) -> list[str]:
    return _once(word for text in texts if text for word in words.of_document(text) if words.is_latin(word))


def _once(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})


def _seconds(instant: datetime | None) -> int:
    return int(instant.timestamp()) if instant else 0
