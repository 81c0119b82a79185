"""Catalogues in the form of data.json (DCAT-US 1.1), as agencies of the United States publish them.

`accessLevel` decides what is taken over: public data are open to all; of restricted public ones only the description
is, to be had on application at the source; non-public ones are listed as not open. The names and mailboxes of contact
persons are left out.
"""

import re
from collections.abc import Mapping, Sequence

from catalog.mapping import dcat, identities, regions, tidy
from catalog.mapping.drafts import Draft, opening_of
from catalog.mapping.listing import Reading
from catalog.mapping.resources import Resource
from policies.vocabulary import OpenTier

ACCESS_LEVELS = ("public", "restricted public", "non-public")
MOST_PARENTS = 10
_NOTED = ("rights", "spatial", "temporal", "issued", "modified", "isPartOf", "describedBy", "conformsTo", "references")
_CODES = ("bureauCode", "programCode", "primaryITInvestmentUII", "systemOfRecords", "language", "dataQuality")
_DURATION = re.compile(r"^R\d*/P", re.IGNORECASE)


def datasets(document: object) -> object:
    """The list of data sets in a document."""
    return document.get("dataset") if isinstance(document, Mapping) else None


def read(document: object, source_key: str, *, spend: bool = False) -> Reading:
    """Read a catalogue; of one that may be spent no data set is held longer than it is needed."""
    found = datasets(document)
    records = found if isinstance(found, list) else [found]
    return identities.gather(source_key, identities.spent(records) if spend else records, _draft, "dataset")


def _draft(record: Mapping[str, object], path: str) -> Draft:
    draft = Draft(remote_id=tidy.line(record.get("identifier")))
    draft.title(tidy.line(record.get("title")), "title", f"{path}.title")
    if any("en" in word.lower().split("-") for word in tidy.several(record.get("language"))):
        draft.put("title_en", draft.values["title"], "title")
    abstract = tidy.prose(record.get("description"))
    abstract = "" if abstract in dcat.NO_DESCRIPTION else abstract
    draft.abstract(abstract, "description", f"{path}.description")
    chain = publishers(record.get("publisher"))
    draft.put("provider", chain[0] if chain else "", "publisher")
    if len(chain) > 1:
        draft.say("publisher", " › ".join(reversed(chain)))
    draft.page(tidy.line(record.get("landingPage")), "landingPage")
    draft.themes(tidy.several(record.get("theme")), "theme")
    draft.tags(_keywords(record.get("keyword")), "keyword")
    _opening(draft, tidy.line(record.get("accessLevel")), tidy.line(record.get("rights")))
    _cycle(draft, record)
    draft.licence([tidy.line(record.get("license"))], "license")
    _time(draft, record)
    draft.region(regions.of_name(tidy.line(record.get("spatial")), ""), draft.values.get("provider", ""), "")
    draft.contact(_phone(record.get("contactPoint")))
    _distributions(draft, record)
    for name in (*_NOTED, *_CODES):
        draft.say(name, _plain(record.get(name)))
    urls = (one.url for one in draft.values.get("resources", ()))
    draft.stable = (draft.values["abstract"], draft.address, *urls)
    draft.withhold()
    return draft


def publishers(value: object) -> list[str]:
    """The names of a publisher and of the bodies it belongs to, the smallest first."""
    found: list[str] = []
    while isinstance(value, Mapping) and len(found) < MOST_PARENTS:
        if name := tidy.line(value.get("name")):
            found.append(name)
        value = value.get("subOrganizationOf")
    if not found and isinstance(value, str):
        found = [name] if (name := tidy.line(value)) else []
    return found


def _keywords(value: object) -> list[str]:
    return tidy.several(value) if isinstance(value, list | str) else []


def _opening(draft: Draft, level: str, rights: str) -> None:
    """Who may have the data; a catalogue of ours says the tier of what is restricted at the beginning of the rights."""
    known = opening_of(level) if level.casefold() in ACCESS_LEVELS else None
    if known and known[1] is OpenTier.T2:
        tier = next((one for one in OpenTier if rights.partition("；")[0] == one.zh), None)
        known = (opening_of(tier.value) if tier else None) or known
    if level and known is None:
        draft.report("open_condition", level)
    draft.say("accessLevel", level)
    if known:
        draft.values |= {"open_type": known[0], "open_tier": known[1], "open_reading": known[2]}
        draft.values["open_condition"] = level


def _cycle(draft: Draft, record: Mapping[str, object]) -> None:
    """The cycle, which some give as the date of modification: R/P1D."""
    told = tidy.line(record.get("accrualPeriodicity"))
    modified = tidy.line(record.get("modified"))
    repeating = bool(_DURATION.match(modified))
    draft.cycle(told or (modified if repeating else ""), "", "accrualPeriodicity")
    draft.day("published", record.get("issued"), "issued")
    draft.day("updated", "" if repeating else record.get("modified"), "modified")


def _time(draft: Draft, record: Mapping[str, object]) -> None:
    temporal = tidy.line(record.get("temporal"))
    start, end = tidy.period(temporal)
    draft.values |= {"time_from": start, "time_to": end}
    if temporal and not (start or end):
        draft.report("time_from", temporal)


def _phone(value: object) -> str:
    return tidy.line(value.get("hasTelephone")).removeprefix("tel:") if isinstance(value, Mapping) else ""


def _distributions(draft: Draft, record: Mapping[str, object]) -> None:
    told = record.get("distribution")
    found: Sequence[object] = told if isinstance(told, list) else [] if told is None else [told]
    if not found and tidy.says(record.get("accessURL")):  # as in version 1.0
        found = [{name: record.get(name) for name in ("accessURL", "format", "title")}]
    formats: list[str] = []
    for number, one in enumerate(found):
        path = f"distribution[{number}]"
        if not isinstance(one, Mapping):
            draft.report("resources", path)
            draft.say(path, _plain(one))
            continue
        name = "downloadURL" if tidy.says(one.get("downloadURL")) else "accessURL"
        format_, media = tidy.line(one.get("format")), tidy.line(one.get("mediaType"))
        if format_ or media:
            formats.append(format_ or media)
        draft.offer(
            Resource(
                url=tidy.line(one.get(name)),
                name=draft.fitting("name", tidy.line(one.get("title")), path),
                description=draft.fitting("description", tidy.prose(one.get("description")), path),
                format=draft.fitting("format", format_, path),
                media_type=draft.fitting("media_type", media, path),
            ),
            f"{path}.{name}",
        )
    draft.formats(list(dict.fromkeys(formats)))


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return tidy.written(value) if isinstance(value, Mapping) else tidy.prose(value)
