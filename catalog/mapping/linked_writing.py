"""Linked data as Turtle, JSON-LD and RDF/XML, written piece by piece: one valid document, whatever its length."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from catalog.mapping.linked import PREFIXES, Fact, Link, Literal, Thing, expanded

Pages = Iterable[Sequence[Thing]]
ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})


@dataclass(frozen=True)
class Form:
    """A way to write linked data: its media type, and the writer, which gives one piece for each page."""

    media_type: str
    write: Callable[[Pages], Iterator[str]]


def turtle(pages: Pages) -> Iterator[str]:
    """Turtle: the prefixes once, then subject after subject."""
    codes: dict[str, str] = {}
    yield "".join(f"@prefix {name}: <{space}> .\n" for name, space in PREFIXES.items())
    for things in pages:
        yield "".join(_subjects(things, codes))
    yield "".join(f"\n<{where}> a {kind} .\n" for where, kind in codes.items())


def json_ld(pages: Pages) -> Iterator[str]:
    """JSON-LD: one graph under one context."""
    codes: dict[str, str] = {}
    between = "\n"
    yield f'{{"@context": {json.dumps(dict(PREFIXES))},\n"@graph": ['
    for things in pages:
        piece = ",\n".join(json.dumps(_object(one, codes), ensure_ascii=False) for one in things)
        if piece:
            yield between + piece
            between = ",\n"
    rest = [json.dumps({"@id": where, "@type": kind}) for where, kind in codes.items()]
    yield (between + ",\n".join(rest) if rest else "") + "\n]}\n"


def rdf_xml(pages: Pages) -> Iterator[str]:
    """RDF/XML: one root, in it an element for each thing."""
    codes: dict[str, str] = {}
    spaces = "".join(f"\n  xmlns:{name}={quoteattr(space)}" for name, space in PREFIXES.items())
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF{spaces}>\n'
    for things in pages:
        yield "".join(_element(one, codes) for one in things)
    yield "".join(f"<{kind} rdf:about={quoteattr(where)}/>\n" for where, kind in codes.items())
    yield "</rdf:RDF>\n"


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "ttl": Form("text/turtle", turtle),
        "jsonld": Form("application/ld+json", json_ld),
        "rdf": Form("application/rdf+xml", rdf_xml),
    }
)
"""The forms by the ending of their addresses; the first is the one for whoever takes any."""


def _subjects(things: Iterable[Thing], codes: dict[str, str]) -> Iterator[str]:
    """Every thing as a subject of its own, followed by those with an address that stand in it."""
    for thing in things:
        inner: list[Thing] = []
        lines = _lines(thing, codes, inner)
        if lines:
            yield f"\n<{thing.address}> " + " ;\n    ".join(lines) + " .\n"
        yield from _subjects(inner, codes)


def _lines(thing: Thing, codes: dict[str, str], inner: list[Thing]) -> list[str]:
    """A thing's classes and facts, those of one name in a row together."""
    found = [f"a {', '.join(thing.kinds)}"] if thing.kinds else []
    for name, facts in groupby(thing.facts, key=lambda one: one[0]):
        found.append(f"{name} {', '.join(_object_of(one, codes, inner) for _, one in facts)}")
    return found


def _object_of(fact: Fact, codes: dict[str, str], inner: list[Thing]) -> str:
    if isinstance(fact, Literal):
        quoted = f'"{fact.text.translate(ESCAPES)}"'
        return quoted + (f"@{fact.language}" if fact.language else f"^^{fact.type}" if fact.type else "")
    if isinstance(fact, Link):
        return f"<{_noted(fact, codes)}>"
    if fact.address:
        inner.append(fact)
        return f"<{fact.address}>"
    return f"[ {' ; '.join(_lines(fact, codes, inner))} ]"


def _object(thing: Thing, codes: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"@id": thing.address} if thing.address else {}
    if thing.kinds:
        found["@type"] = list(thing.kinds)
    for name, fact in thing.facts:
        found.setdefault(name, []).append(_json_of(fact, codes))
    return found


def _json_of(fact: Fact, codes: dict[str, str]) -> dict[str, Any]:
    if isinstance(fact, Thing):
        return _object(fact, codes)
    if isinstance(fact, Link):
        return {"@id": _noted(fact, codes)}
    more = {"@language": fact.language} if fact.language else {"@type": fact.type} if fact.type else {}
    return {"@value": fact.text, **more}


def _element(thing: Thing, codes: dict[str, str]) -> str:
    name, *others = thing.kinds or ("rdf:Description",)
    about = f" rdf:about={quoteattr(thing.address)}" if thing.address else ""
    kinds = "".join(f"<rdf:type rdf:resource={quoteattr(expanded(one))}/>\n" for one in others)
    return f"<{name}{about}>\n{kinds}" + "".join(_property(*one, codes) for one in thing.facts) + f"</{name}>\n"


def _property(name: str, fact: Fact, codes: dict[str, str]) -> str:
    if isinstance(fact, Thing):
        return f"<{name}>{_element(fact, codes)}</{name}>\n"
    if isinstance(fact, Link):
        return f"<{name} rdf:resource={quoteattr(_noted(fact, codes))}/>\n"
    type_ = f" rdf:datatype={quoteattr(expanded(fact.type))}" if fact.type else ""
    language = f" xml:lang={quoteattr(fact.language)}" if fact.language else ""
    return f"<{name}{language}{type_}>{escape(fact.text)}</{name}>\n"


def _noted(link: Link, codes: dict[str, str]) -> str:
    """The address of a link; a term of a code list is kept for the end of the document."""
    if link.kind:
        codes[link.address] = link.kind
    return link.address
