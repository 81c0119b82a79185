"""Single values of a package in our terms: each gives None where no table knows the value."""

import re
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from catalog.mapping import ckan
from catalog.mapping.codes import AUTHORITY, FREQUENCIES
from policies import vocabulary as v

T = TypeVar("T", bound=v.Term)
PHONE = re.compile(r"[+0-9][0-9 ()转,，-]{4,48}")
SCHEMES = frozenset({"http", "https", "ftp", "ftps"})
LICENCES = {
    name.lower(): one
    for one in v.Licence
    for name in (one.value, one.zh, one.en, one.uri or one.value, (one.uri or one.value).rstrip("/"))
} | {
    "notspecified": v.Licence.UNSTATED,
    "": v.Licence.UNSTATED,
    "cc-by": v.Licence.CC_BY,
    "cc-by-sa": v.Licence.CC_BY_SA,
    "cc-zero": v.Licence.CC0,
    "odc-by": v.Licence.ODC_BY,
    "odc-odbl": v.Licence.ODBL,
    "odc-pddl": v.Licence.PDDL,
}
"""Licences by our codes, by their names and addresses, and by the identifiers that CKAN comes with."""
THEMES = {
    name: one
    for one in v.Theme
    for group in (ckan.group(one, "zh"),)
    for name in (str(group["id"]), str(group["name"]), one.zh, one.en)
}


def term(kind: type[T], text: str) -> T | None:
    """A term by its code or one of its labels."""
    return next((one for one in kind if text in (one.value, one.zh, one.en)), None)


def cycle(address: str) -> v.UpdateCycle | None:
    """An update cycle by its address in the European code list."""
    code = address.removeprefix(AUTHORITY).removeprefix("frequency/")
    return next((one for one, known in FREQUENCIES.items() if known == code), None)


def licence(text: str) -> v.Licence | None:
    """A licence by identifier, name or address."""
    return LICENCES.get(text.strip().lower().rstrip("/"))


def theme(words: tuple[str, ...]) -> v.Theme | None:
    """The theme that a group means by its id, name or title."""
    return next((THEMES[one] for one in words if one in THEMES), None)


def office(maintainer: str) -> tuple[str, str]:
    """Office and telephone, which are written behind one another."""
    name, _space, last = maintainer.rpartition(" ")
    return (name, last) if PHONE.fullmatch(last) else (maintainer, "")


def is_address(text: str) -> bool:
    """Whether a text is an address of the web that bears no password."""
    try:
        parts = urlsplit(text)
        known = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return known and not parts.username and not parts.password and not re.search(r"[\s\x00-\x1f\x7f]", text)


def day(text: str) -> date | None:
    """A day, also as the beginning of an instant."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def instant(text: str) -> datetime | None:
    """An instant in UTC, as CKAN writes it without a zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def size(value: Any) -> int | None:
    """A number of bytes."""
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def yes(value: Any) -> bool:
    """A switch, also as text."""
    return value is True or str(value).lower() in {"true", "1", "yes"}
