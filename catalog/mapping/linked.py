"""Linked data as trees: a thing with its facts, in which other things may stand; the writers turn them into text.

Names are given as `prefix:local`; a thing without an address of its own stands inside the one that mentions it and
is never named, so that pages written one after the other can't confuse theirs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote

PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "adms": "http://www.w3.org/ns/adms#",
        "dcat": "http://www.w3.org/ns/dcat#",
        "dct": "http://purl.org/dc/terms/",
        "dqv": "http://www.w3.org/ns/dqv#",
        "foaf": "http://xmlns.com/foaf/0.1/",
        "hydra": "http://www.w3.org/ns/hydra/core#",
        "prov": "http://www.w3.org/ns/prov#",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "spdx": "http://spdx.org/rdf/terms#",
        "vcard": "http://www.w3.org/2006/vcard/ns#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    }
)
UNWRITABLE = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold; left out everywhere, so that all forms say the same."""
BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Link:
    """An address; `kind` is the class of a term from somebody's code list, which is told once a document."""

    address: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Literal:
    """A text in a language, or a value of a type such as `xsd:date`, or just a text."""

    text: str
    language: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something with its classes and facts, in their order; without an address it has no name."""

    address: str
    kinds: tuple[str, ...]
    facts: list[tuple[str, "Fact"]] = field(default_factory=list)

    def say(self, name: str, *values: "Fact | None") -> None:
        """Add facts of one name; what is None is not said."""
        for one in values:
            if one is not None:
                self.facts.append((name, one))

    def say_both(self, name: str, zh: str, en: str) -> None:
        """Add a text in both languages, where there is one."""
        self.say(name, text(zh, "zh"), text(en, "en"))


Fact = Link | Literal | Thing


def text(words: str, language: str = "") -> Literal | None:
    """A text as every form can hold it; None for an empty one."""
    words = UNWRITABLE.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))
    return Literal(words, language) if words.strip() else None


def value(of: object, type_: str) -> Literal | None:
    """A value of a type; None where there is none."""
    return None if of is None else Literal(str(of), type=type_)


def expanded(name: str) -> str:
    """The full address of `prefix:local`."""
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local


def address(words: str) -> str:
    """An address in which every character is allowed, whatever somebody typed."""
    body, mark, rest = words.strip().partition("#")
    kept = ":/?@!$&'()*+,;=%~" + ("[]" if "://[" in body else "")
    quoted = quote(body, safe=kept, errors="replace") + (mark and "#" + quote(rest, safe=kept, errors="replace"))
    return BROKEN_ESCAPE.sub("%25", quoted)
