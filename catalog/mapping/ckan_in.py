"""Packages of CKAN as a client sends them, read into our terms: the way back from `mapping.ckan`.

Pure. Nothing is guessed: a value that no table knows is refused with its place in the package, and a further
key that we have no field for is kept as the client wrote it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import String

from catalog.mapping import ckan_in_values as values
from catalog.mapping.ckan import EXTRAS
from catalog.mapping.resources import Resource
from catalog.models import Entry
from policies import vocabulary as v
from policies.refusals import Invalid, Refusal

MOST_RESOURCES, MOST_EXTRAS, MOST_TAGS = 200, 100, 50
LONGEST_ID, LONGEST_KEY, LONGEST_VALUE, LONGEST_TAG, LONGEST_TEXT = 100, 100, 10_000, 100, 100_000
NAME = re.compile(r"[a-z0-9_-]{2,100}")
PLAIN = MappingProxyType({"title": "title", "notes": "abstract", "maintainer_email": "contact_email"})
"""Keys of a package with the field that takes their text as it is."""
TEXTS = MappingProxyType({"title_en": "title_en", "notes_en": "abstract_en", "open_condition": "open_condition"})
"""The same of extras."""
TERMS: Mapping[str, tuple[str, type[v.Term]]] = MappingProxyType(
    {
        "access_level": ("open_tier", v.OpenTier),
        "open_type": ("open_type", v.OpenType),
        "update_cycle": ("update_cycle", v.UpdateCycle),
        "industry": ("industry", v.Industry),
        "security_level": ("security_level", v.SecurityLevel),
    }
)
DAYS = MappingProxyType({"temporal_start": "time_from", "temporal_end": "time_to"})
MEASURED = ("rows", "quality_score", "quality_grade")
"""Extras that tell what was measured on the other side; only a restored catalogue keeps them, as words."""
OURS = frozenset({*EXTRAS, *TEXTS})
"""Keys of extras that mean something here, so that nobody keeps words of his own under them."""


@dataclass(frozen=True)
class Sent:
    """A package as it was sent. `values` holds fields of an entry that the client spoke of, and no others.

    `owner` and `groups` (those that are no themes) are names, ids or titles as the client wrote them; `resources`
    and `extras` (the keys that have no field) are None where nothing was said of them; `told` are all extras.
    """

    id: str = ""
    name: str = ""
    owner: str = ""
    owner_name: str = ""
    publisher: str = ""
    url: str = ""
    private: bool = False
    state: str = "active"
    created: datetime | None = None
    modified: datetime | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    resources: tuple[Resource, ...] | None = None
    extras: Mapping[str, str] | None = None
    told: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()


def read(package: Mapping[str, Any]) -> Sent:
    """Read a package; Invalid with a refusal for each faulty part, under a path such as `resources.1.url`."""
    reader = _Reader(package)
    sent = reader.sent()
    if reader.faults:
        raise Invalid.gathered(reader.faults)
    return sent


def read_resource(sent: Mapping[str, Any], before: Resource | None = None) -> Resource:
    """Read one resource; what isn't spoken of stays as it was before."""
    reader = _Reader({})
    found = reader.resource(sent, "", before or Resource(url=""))
    if reader.faults or found is None:
        raise Invalid.gathered(reader.faults)
    return found


class _Reader:
    """Reads one package and gathers what is wrong with it."""

    def __init__(self, package: Mapping[str, Any]) -> None:
        self.package = package
        self.faults: list[Refusal] = []
        self.told: dict[str, str] = {}
        self.kept: dict[str, str] = {}
        self.values: dict[str, Any] = {}
        self.groups: tuple[str, ...] = ()

    def sent(self) -> Sent:
        package = self.package
        self._read_extras()
        for key, name in PLAIN.items():
            if key in package:
                self.values[name] = self.text(package[key], key)
        if "maintainer" in package:
            office, phone = values.office(self.text(package["maintainer"], "maintainer"))
            self.values |= {"contact_office": office, "contact_phone": phone}
        if package.get("license_id") is not None:
            self._read_licence()
        if "tags" in package or "tag_string" in package:
            self.values["tags"] = self._tags()
        self._read_groups()
        self._fit()
        body = package.get("organization")
        body = body if isinstance(body, Mapping) else {}
        owner_name = self.text(body.get("name"), "organization", LONGEST_ID)
        resources = package.get("resources")
        return Sent(
            id=self.text(package.get("id"), "id", LONGEST_ID),
            name=self._name(),
            owner=self.text(package.get("owner_org"), "owner_org", LONGEST_ID) or owner_name,
            owner_name=owner_name,
            publisher=self.told.get("publisher") or self.text(body.get("title"), "organization", 200),
            url=self._address(package.get("url"), "url"),
            private=values.yes(package.get("private")),
            state=self.text(package.get("state"), "state", 20) or "active",
            created=self._instant("metadata_created"),
            modified=self._instant("metadata_modified"),
            values=self.values,
            resources=None if resources is None else self._resources(resources),
            extras=self.kept if "extras" in package else None,
            told=self.told,
            groups=self.groups,
        )

    def resource(self, sent: Any, path: str, before: Resource) -> Resource | None:
        if not isinstance(sent, Mapping):
            self._fault("ckan.object", path.rstrip(".") or "resource")
            return None
        found = {name: getattr(before, name) for name in ("url", "id", "name", "description", "format", "hash")}
        found |= {key: self.text(sent[key], path + key, 2000) for key in found if key in sent}
        found["url"] = self._address(found["url"], path + "url")
        if not found["url"]:
            self._fault("ckan.missing", path + "url")
        size = before.size
        if "size" in sent:
            size = values.size(sent["size"])
            if size is None and sent["size"] not in (None, ""):
                self._fault("ckan.number", path + "size")
        return Resource(
            **found,
            media_type=self.text(sent.get("mimetype", before.media_type), path + "mimetype", 200),
            size=size,
            created=self.text(sent.get("created", before.created), path + "created", 40),
            modified=self.text(sent.get("last_modified", before.modified), path + "last_modified", 40),
        )

    def text(self, value: Any, path: str, limit: int = LONGEST_TEXT) -> str:
        """A value that has to be text; a number is one, nothing is the empty one."""
        if value is None:
            return ""
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            self._fault("ckan.text", path)
            return ""
        text = str(value).strip()
        if len(text) > limit:
            self.faults.append(Invalid("general.too-long", limit=limit, length=len(text), field=path))
            return text[:limit]
        return text

    def _read_extras(self) -> None:
        for place, (key, value) in enumerate(self._pairs()):
            path = f"extras.{place}.value"
            if key in self.told:
                self._fault("ckan.twice", f"extras.{place}.key")
                continue
            self.told[key] = value
            if key in TERMS:
                name, kind = TERMS[key]
                term = values.term(kind, value)
                if term is None:
                    self._fault("ckan.choice", path, value=value[:40])
                else:
                    self.values[name] = term.value if kind is v.Industry else term
            elif key in DAYS:
                day = values.day(value)
                if day is None:
                    self.faults.append(Invalid("general.not-a-date", value=value[:40], field=path))
                else:
                    self.values[DAYS[key]] = day
            elif key == "region_code":
                self.values["region_code"] = value
            elif key in TEXTS:
                self.values[TEXTS[key]] = value
            elif key not in OURS:
                self.kept[key] = value
        if "update_cycle" not in self.values and (cycle := values.cycle(self.told.get("frequency", ""))):
            self.values["update_cycle"] = cycle

    def _pairs(self) -> list[tuple[str, str]]:
        """The extras in their order; those without a value count as not said."""
        sent = self._list("extras", MOST_EXTRAS)
        found = []
        for place, one in enumerate(sent):
            if not isinstance(one, Mapping):
                self._fault("ckan.object", f"extras.{place}.key")
                continue
            key = self.text(one.get("key"), f"extras.{place}.key", LONGEST_KEY)
            value = self.text(one.get("value"), f"extras.{place}.value", LONGEST_VALUE)
            if not key:
                self._fault("ckan.missing", f"extras.{place}.key")
            elif value:
                found.append((key, value))
        return found

    def _read_licence(self) -> None:
        licence = values.licence(self.text(self.package["license_id"], "license_id", 200))
        if licence is None:
            self._fault("ckan.licence", "license_id")
        else:
            self.values["licence"] = licence

    def _tags(self) -> tuple[str, ...]:
        if "tags" not in self.package:
            named = self.text(self.package["tag_string"], "tag_string").split(",")
            return tuple(dict.fromkeys(one.strip()[:LONGEST_TAG] for one in named if one.strip()))
        found = []
        for place, one in enumerate(self._list("tags", MOST_TAGS)):
            name = one.get("name") if isinstance(one, Mapping) else one
            text = self.text(name, f"tags.{place}.name", LONGEST_TAG)
            if text:
                found.append(text)
            else:
                self._fault("ckan.missing", f"tags.{place}.name")
        return tuple(dict.fromkeys(found))

    def _read_groups(self) -> None:
        """Themes from groups, by name, id or title; else from the codes in the extras."""
        if "groups" in self.package:
            named = [self._naming(one, place) for place, one in enumerate(self._list("groups", len(v.Theme) * 2))]
            themes = [values.theme(one) for one in named]
            self.values["themes"] = tuple(dict.fromkeys(one.value for one in themes if one))
            self.groups = tuple(
                words[-1] for words, theme in zip(named, themes, strict=True) if theme is None and words
            )
        elif codes := self.told.get("themes"):
            known = {one.value for one in v.Theme}
            self.values["themes"] = tuple(one for one in codes.split(",") if one in known)

    def _naming(self, one: Any, place: int) -> tuple[str, ...]:
        if not isinstance(one, Mapping):
            return (text,) if (text := self.text(one, f"groups.{place}.name", 200)) else ()
        found = (self.text(one.get(key), f"groups.{place}.{key}", 200) for key in ("id", "name", "title"))
        words = tuple(filter(None, found))
        if not words:
            self._fault("ckan.missing", f"groups.{place}.name")
        return words

    def _resources(self, sent: Any) -> tuple[Resource, ...]:
        listed = self._list("resources", MOST_RESOURCES) if isinstance(sent, list) else self._list("resources", 0)
        found = (self.resource(one, f"resources.{place}.", Resource(url="")) for place, one in enumerate(listed))
        return tuple(one for one in found if one is not None)

    def _name(self) -> str:
        name = self.text(self.package.get("name"), "name")
        if name and not NAME.fullmatch(name):
            self._fault("ckan.name", "name")
        return name

    def _address(self, value: Any, path: str) -> str:
        url = self.text(value, path, 1000)
        if url and not values.is_address(url):
            self._fault("ckan.address", path)
            return ""
        return url

    def _instant(self, key: str) -> datetime | None:
        text = self.text(self.package.get(key), key, 40)
        found = values.instant(text)
        if text and found is None:
            self.faults.append(Invalid("general.not-a-date", value=text, field=key))
        return found

    def _list(self, key: str, most: int) -> list[Any]:
        sent = self.package.get(key)
        if sent is None:
            return []
        if not isinstance(sent, list):
            self._fault("ckan.list", key)
            return []
        if len(sent) > most:
            self.faults.append(Invalid("ckan.too-many", limit=most, count=len(sent), field=key))
            return []
        return sent

    def _fit(self) -> None:
        """Texts that their columns have no room for."""
        keys = {name: key for key, name in PLAIN.items()}
        for name, value in self.values.items():
            kind = Entry.__table__.columns[name].type
            limit = kind.length if type(kind) is String else None
            if limit and isinstance(value, str) and len(value) > limit:
                path = keys.get(name, name)
                self.faults.append(Invalid("general.too-long", limit=limit, length=len(value), field=path))

    def _fault(self, code: str, path: str, **params: Any) -> None:
        self.faults.append(Invalid(code, field=path, **params))
