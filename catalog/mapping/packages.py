"""Packages of CKAN, as `package_show` gives them and `ckanapi dump` writes them, with what harvesters put in extras.

Known among the extras are those of our own facade and those of ckanext-dcat. An identifier in the extras (`identifier`,
`guid`, `uri`) is the one at an earlier source; a data set is known again by its `id` on the server it is read from.
"""

import json
from collections.abc import Iterable, Mapping

from catalog.mapping import identities, portal_words, tidy
from catalog.mapping.drafts import Draft, Unusable, opening_of
from catalog.mapping.listing import Reading
from catalog.mapping.resources import Resource

_OF_ACCESS = ("access_level", "access_rights", "open_type", "open_condition", "security_level")
_OF_TIME = ("temporal_start", "temporal_end", "data_updated", "issued", "modified", "update_cycle", "frequency")
_OF_SUBJECT = ("region_code", "themes", "theme", "industry", "rows", "granularity")
_OF_SOURCE = ("publisher", "publisher_name", "origin_url", "origin_portal")
EXTRAS = frozenset((*_OF_ACCESS, *_OF_TIME, *_OF_SUBJECT, *_OF_SOURCE))
"""Extras that have a field of ours; all others are kept as words, but for what may be about a person."""
PERSONAL = ("contact", "author", "maintainer", "email", "phone", "creator")
_RIGHTS = {"PUBLIC": "public", "RESTRICTED": "restricted", "NON_PUBLIC": "non-public"}


def read(packages: Iterable[object], source_key: str, site: str = "") -> Reading:
    """Read packages, as many as there are; `site` is the server's address, by which pages are found."""
    return identities.gather(source_key, packages, lambda record, path: draft(record, path, site))


def draft(record: Mapping[str, object], path: str, site: str = "") -> Draft:
    """Read one package; Unusable if it has no name or isn't published at its source."""
    state = tidy.line(record.get("state")) or "active"
    state = "private" if record.get("private") in (True, "true", "True") else state
    if state != "active":
        raise Unusable(f"{path}.state", "harvest.inactive", state=state)
    found = Draft(remote_id=tidy.line(record.get("id")) or tidy.line(record.get("name")))
    extras = _extras(record.get("extras"))
    title = _translated(record, "title") or tidy.line(record.get("name"))
    found.title(title, "title", f"{path}.title")
    english = _translated(record, "title", "en")
    found.put("title_en", english if english != title else "", "title_translated")
    found.abstract(_translated(record, "notes"), "notes", f"{path}.notes")
    found.put("provider", _provider(record, extras), "organization")
    _page(found, record, extras, site)
    found.region(extras.get("region_code", ""), found.values.get("provider", ""), "")
    found.themes(_themes(record, extras), "groups")
    found.tags(_names(record.get("tags"), "display_name", "name"), "tags")
    _opening(found, extras)
    found.cycle(_tail(extras.get("update_cycle") or extras.get("frequency", "")), "", "frequency")
    found.licence([tidy.line(record.get(f"license_{name}")) for name in ("id", "url", "title")], "license")
    found.put("granularity", extras.get("granularity", ""), "granularity")
    _days(found, record, extras)
    found.values["rows"] = tidy.count(extras.get("rows"))
    found.values["security_level"] = portal_words.LEVELS.get(extras.get("security_level", ""))
    sections = {one.value: one for one in portal_words.INDUSTRIES.values()}
    found.values["industry"] = sections.get(extras.get("industry", ""))
    _resources(found, record.get("resources"))
    for name, value in extras.items():
        if name not in EXTRAS and not any(word in name.casefold() for word in PERSONAL):
            found.say(name, value)
    found.stable = (tidy.line(record.get("name")), found.values["abstract"])
    found.withhold()
    return found


def _extras(value: object) -> dict[str, str]:
    """Extras as text by key, from a list of pairs or from a mapping."""
    if isinstance(value, Mapping):
        return {tidy.line(name): tidy.prose(one) for name, one in value.items() if tidy.says(one)}
    found: dict[str, str] = {}
    for pair in value if isinstance(value, list) else ():
        if isinstance(pair, Mapping) and tidy.says(pair.get("value")):
            found.setdefault(tidy.line(pair.get("key")), tidy.prose(pair.get("value")))
    return found


def _translated(record: Mapping[str, object], name: str, language: str = "") -> str:
    """A text in a language, where the server keeps translations; without a language in Chinese, else as it stands."""
    texts = record.get(f"{name}_translated")
    by_language = texts if isinstance(texts, Mapping) else {}
    wanted = [language] if language else ["zh", "zh_CN", "zh_Hans_CN", "zh-CN", "zh_hans"]
    said = next((text for one in wanted if (text := tidy.prose(by_language.get(one)))), "")
    if not said and not language:
        said = tidy.prose(record.get(name))
    return said if name == "notes" else tidy.line(said)


def _provider(record: Mapping[str, object], extras: Mapping[str, str]) -> str:
    office = record.get("organization")
    named = tidy.line(office.get("title")) if isinstance(office, Mapping) else ""
    return tidy.line(extras.get("publisher_name") or extras.get("publisher")) or named


def _page(found: Draft, record: Mapping[str, object], extras: Mapping[str, str], site: str) -> None:
    name = tidy.line(record.get("name"))
    own = f"{site.rstrip('/')}/dataset/{name}" if site and name else ""
    found.page(own or tidy.line(record.get("url")), "url")
    found.say("origin_url", extras.get("origin_url", ""))
    if own:
        found.say("url", tidy.line(record.get("url")))


def _themes(record: Mapping[str, object], extras: Mapping[str, str]) -> list[str]:
    """The themes: our own codes, those of the European publications office, or the titles of the groups."""
    by_code = {theme.value: theme.zh for themes in portal_words.THEMES.values() for theme in themes}
    if own := [by_code[code] for code in extras.get("themes", "").split(",") if code in by_code]:
        return own
    told = [_tail(one) for one in tidy.several(extras.get("theme", ""))]
    return told + _names(record.get("groups"), "title", "display_name", "name")


def _names(value: object, *names: str) -> list[str]:
    """The first of some texts of every mapping in a list; a bare text stands for itself."""
    found: list[str] = []
    for one in value if isinstance(value, list) else ():
        texts = (tidy.line(one.get(name)) for name in names) if isinstance(one, Mapping) else iter((tidy.line(one),))
        found += [text for text in texts if text][:1]
    return found


def _opening(found: Draft, extras: Mapping[str, str]) -> None:
    rights = extras.get("access_rights", "")
    told = extras.get("access_level") or _RIGHTS.get(_tail(rights)) or extras.get("open_type") or rights
    found.opening(told if opening_of(told) or not rights else rights, "access_rights")
    found.put("open_condition", extras.get("open_condition", ""), "open_condition")
    found.say("open_condition", extras.get("open_condition", ""))


def _days(found: Draft, record: Mapping[str, object], extras: Mapping[str, str]) -> None:
    """Dates; CKAN writes its own in UTC without saying so."""
    found.day("published", extras.get("issued") or _utc(record.get("metadata_created")), "issued")
    updated = extras.get("data_updated") or extras.get("modified")
    found.day("updated", _utc(updated) or _utc(record.get("metadata_modified")), "modified")
    found.day("time_from", extras.get("temporal_start"), "temporal_start")
    found.day("time_to", extras.get("temporal_end"), "temporal_end")


def _utc(value: object) -> str:
    text = tidy.line(value)
    return f"{text}+00:00" if "T" in text and not text.endswith("Z") and "+" not in text else text


def _resources(found: Draft, value: object) -> None:
    formats: list[str] = []
    for number, one in enumerate(value if isinstance(value, list) else ()):
        if not isinstance(one, Mapping):
            found.report("resources", f"resources[{number}]")
            found.say(f"resources[{number}]", one)
            continue
        path = f"resources[{number}]"
        format_, media = tidy.line(one.get("format")), tidy.line(one.get("mimetype"))
        formats += [text for text in (format_, media) if text][:1]
        resource = Resource(
            url=tidy.line(one.get("url")),
            id=found.fitting("id", tidy.line(one.get("id")), path),
            name=found.fitting("name", tidy.line(one.get("name")), path),
            description=found.fitting("description", tidy.prose(one.get("description")), path),
            format=found.fitting("format", format_, path),
            media_type=found.fitting("media_type", media, path),
            size=tidy.count(one.get("size")),
            hash=found.fitting("hash", tidy.line(one.get("hash")), path),
            created=tidy.instant(_utc(one.get("created"))),
            modified=tidy.instant(_utc(one.get("last_modified"))),
        )
        found.offer(resource, f"{path}.url")
    found.formats(list(dict.fromkeys(formats)))


def _tail(address: str) -> str:
    """The last part of an address in a code list; anything else as it is."""
    return address.rstrip("/").rpartition("/")[2] if address.startswith(("http://", "https://")) else address


def lines(text: str) -> list[object]:
    """The records of JSON lines; a line that is no JSON stands as its text, to be rejected in its place."""
    return [_line(one) for one in text.split("\n") if one.strip()]


def _line(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
