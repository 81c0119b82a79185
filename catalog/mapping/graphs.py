"""Catalogues in RDF: the data sets of DCAT, whoever wrote them, as Turtle, RDF/XML or JSON-LD.

Nothing is fetched: XML that declares entities and JSON-LD that names a context elsewhere are refused, but for the
contexts that stand for DCAT itself. A data set is known by its `dct:identifier`, or where that isn't unique by its name
in the graph.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog.mapping import dcat, identities, portal_words, regions, tidy
from catalog.mapping.drafts import Draft
from catalog.mapping.listing import Reading
from catalog.mapping.resources import Resource
from policies.later import Later
from policies.refusals import Invalid
from policies.vocabulary import Theme

if TYPE_CHECKING:
    import rdflib
    from rdflib.plugins.parsers import jsonld
else:
    rdflib, jsonld = Later("rdflib"), Later("rdflib.plugins.parsers.jsonld")

LARGEST = 50_000_000
"""Characters of a graph at most: it is held in memory as a whole."""
MOST_LEVELS = 200
HERE = "http://localhost/"
"""What relative names are taken to be relative to."""

DCAT = "http://www.w3.org/ns/dcat#"
DCT = "http://purl.org/dc/terms/"
FOAF = "http://xmlns.com/foaf/0.1/"
SKOS = "http://www.w3.org/2004/02/skos/core#"
VCARD = "http://www.w3.org/2006/vcard/ns#"
SPDX = "http://spdx.org/rdf/terms#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
ADMS = "http://www.w3.org/ns/adms#"
SCHEMA = "http://schema.org/"
HYDRA = "http://www.w3.org/ns/hydra/core#"
NEXT = ("next", "nextPage")
"""What Hydra calls the next page, and what it called it before."""
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
PREFIXES = {DCAT: "dcat:", DCT: "dct:", FOAF: "foaf:", ADMS: "adms:", RDFS: "rdfs:", SCHEMA: "schema:"}
LABELS = (SKOS + "prefLabel", RDFS + "label", FOAF + "name", DCT + "title", SCHEMA + "name")
OWN_CONTEXT: Mapping[str, Any] = {
    "dcat": DCAT,
    "dct": DCT,
    "dcterms": DCT,
    "foaf": FOAF,
    "skos": SKOS,
    "vcard": VCARD,
    "spdx": SPDX,
    "rdfs": RDFS,
    "adms": ADMS,
    "schema": SCHEMA,
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""The usual prefixes: what stands in for a context that only names them."""
EUROPEAN_THEMES = "http://publications.europa.eu/resource/authority/data-theme/"
_RIGHTS = {"PUBLIC": "public", "RESTRICTED": "restricted", "NON_PUBLIC": "non-public"}
_ENTITIES = re.compile(r"<!(?:ENTITY|DOCTYPE)", re.IGNORECASE)
_WORDS = (DCT + "rights", DCT + "provenance", ADMS + "versionNotes", DCT + "type", DCT + "conformsTo")


@dataclass(frozen=True)
class Into:
    """Where what is parsed came from, and the graph of the pages before it, which it is added to if there is one."""

    base: str = HERE
    graph: Any = None


def parse(text: str, form: str, into: Into | None = None) -> Any:
    """A graph from text in a form of rdflib ("turtle", "xml", "nt"); Invalid says what is wrong with it."""
    into = into or Into()
    if form == "xml":
        text = _safe_xml(text)
    if len(text) > LARGEST:
        raise Invalid("harvest.too-big", limit=LARGEST // 1_000_000)
    return _filled(lambda graph: graph.parse(data=text, format=form, publicID=into.base), into.graph)


def of_json(document: object, into: Into | None = None) -> Any:
    """A graph from parsed JSON-LD, named graphs in it put together; Invalid says what is wrong with it."""
    into = into or Into()
    # The parser keeps the names of blank nodes: those of the next page must not become those of this one.
    safe = _safe_json(document, "" if into.graph is None else f"p{len(into.graph)}-")
    return _filled(lambda graph: jsonld.to_rdf(safe, graph, base=into.base), into.graph)


def following(graph: Any, here: str) -> str:
    """The address of the page after the one that lies `here`, as Hydra says it; empty where there is none.

    Where pages of several things are told of, the one named `here` counts; Invalid if none is. What is told of pages
    is taken out of the graph, so that the next page can be read into it.
    """
    told = [pair for name in NEXT for pair in graph.subject_objects(rdflib.URIRef(HYDRA + name))]
    for name in NEXT:
        graph.remove((None, rdflib.URIRef(HYDRA + name), None))
    found = {str(after) for _, after in told}
    if len(found) > 1:
        found = {str(after) for page, after in told if str(page) == here}
    if len(found) > 1 or (told and not found):
        raise Invalid("harvest.pages-unclear", address=here[:200])
    return next(iter(found), "")


def _filled(parse_into: Callable[[Any], object], graph: Any) -> Any:
    # Pages are read into one graph: graphs put together afterwards have lost the order of their triples.
    graph = rdflib.Graph(bind_namespaces="none") if graph is None else graph
    try:
        parse_into(graph)
    except Exception as error:  # whatever a parser of somebody else's may raise
        raise Invalid("harvest.rdf", detail=tidy.line(str(error))[:300] or type(error).__name__) from error
    return graph


def read(graph: Any, source_key: str) -> Reading:
    """Read the data sets of a graph, in its order."""
    found = list(_datasets(graph))
    told = Counter(view.text(DCT + "identifier", ADMS + "identifier") for view in found)
    records = [{"@id": str(view.node), **view.plain()} for view in found]
    by_record = {id(record): view for record, view in zip(records, found, strict=True)}

    def draft(record: Mapping[str, object], _path: str) -> Draft:
        view = by_record[id(record)]
        identifier = view.text(DCT + "identifier", ADMS + "identifier")
        return _draft(view, identifier if told[identifier] == 1 else view.address)

    return identities.gather(source_key, records, draft, "dcat:Dataset")


class _View:
    """A node of a graph, asked for its values; literals in Chinese come first, then those without a language."""

    def __init__(self, graph: Any, node: Any) -> None:
        self.graph, self.node = graph, node
        self.path = str(node)

    @property
    def address(self) -> str:
        """The node's name, if it has one of its own."""
        return "" if isinstance(self.node, rdflib.BNode) else str(self.node)

    def values(self, *names: str) -> Iterator[Any]:
        """All values of some properties."""
        for name in names:
            yield from self.graph.objects(self.node, rdflib.URIRef(name))

    def views(self, *names: str) -> "list[_View]":
        """All values of some properties, as nodes to be asked further."""
        return [_View(self.graph, one) for one in self.values(*names)]

    def literals(self, *names: str, language: str = "") -> list[str]:
        """The literals of some properties, the best language first; with a language only those in it."""
        found: list[tuple[int, str]] = []
        for one in self.values(*names):
            if isinstance(one, rdflib.Literal):
                spoken = (one.language or "").lower()
                if not language or spoken.startswith(language):
                    found.append((0 if spoken.startswith("zh") else 1 if not spoken else 2, str(one)))
        return [text for _, text in sorted(found, key=lambda one: one[0]) if text.strip()]

    def text(self, *names: str) -> str:
        """The best literal of some properties as one line, else the address of a value."""
        said = next(iter(self.literals(*names)), "")
        return tidy.line(said) or next((tidy.line(view.address) for view in self.views(*names) if view.address), "")

    def label(self) -> str:
        """What the node is called, or the literal that it is."""
        return tidy.line(self.node) if isinstance(self.node, rdflib.Literal) else self.text(*LABELS)

    def plain(self) -> dict[str, object]:
        """Its properties as a record, for whoever is to look at one that was rejected."""
        found: dict[str, list[str]] = {}
        for name, value in self.graph.predicate_objects(self.node):
            found.setdefault(_short(str(name)), []).append(str(value))
        return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _datasets(graph: Any) -> Iterator[_View]:
    seen: dict[Any, None] = {}
    for node in graph.subjects(rdflib.URIRef(TYPE), rdflib.URIRef(DCAT + "Dataset")):
        seen.setdefault(node)
    for node in graph.objects(None, rdflib.URIRef(DCAT + "dataset")):
        if not isinstance(node, rdflib.Literal) and (node, None, None) in graph:
            seen.setdefault(node)
    return (_View(graph, node) for node in seen)


def _draft(view: _View, identifier: str) -> Draft:
    draft = Draft(remote_id=identifier)
    title = view.text(DCT + "title")
    draft.title(title, "dct:title", f"{view.path} dct:title")
    english = tidy.line(next(iter(view.literals(DCT + "title", language="en")), ""))
    draft.put("title_en", "" if english == title else english, "dct:title")
    abstract = tidy.prose(next(iter(view.literals(DCT + "description")), ""))
    abstract = "" if abstract in dcat.NO_DESCRIPTION else abstract
    draft.abstract(abstract, "dct:description", f"{view.path} dct:description")
    publisher = next((name for one in view.views(DCT + "publisher", DCT + "creator") if (name := one.label())), "")
    draft.put("provider", publisher, "dct:publisher")
    landing = next((one.address for one in view.views(DCAT + "landingPage", FOAF + "page") if one.address), "")
    draft.page(landing or (view.address if view.address.startswith("http") else ""), "dcat:landingPage")
    draft.themes(_themes(view), "dcat:theme")
    draft.tags([tidy.line(one) for one in view.literals(DCAT + "keyword")], "dcat:keyword")
    _opening(draft, view)
    _cycle(draft, view)
    _licence(draft, view)
    draft.day("published", view.text(DCT + "issued"), "dct:issued")
    draft.day("updated", view.text(DCT + "modified"), "dct:modified")
    _time(draft, view)
    _place(draft, view, publisher)
    draft.put("granularity", _granularity(view), "dcat:spatialResolutionInMeters")
    phones = (one.text(VCARD + "hasTelephone", VCARD + "hasValue") for one in view.views(DCAT + "contactPoint"))
    draft.contact(next((phone.removeprefix("tel:") for phone in phones if phone), ""))
    _distributions(draft, view)
    for name in _WORDS:
        draft.say(_short(name), "；".join(filter(None, (one.label() or one.address for one in view.views(name)))))
    draft.stable = (view.address, abstract)
    draft.withhold()
    return draft


def _themes(view: _View) -> list[str]:
    """What the themes are called; those of the European list count only where no other is known to us.

    They are broader: 公共安全 and 法律服务 have one European theme between them.
    """
    names = [(_concept(one), one.address.startswith(EUROPEAN_THEMES)) for one in view.views(DCAT + "theme")]
    known = [name for name, european in names if not european and name.casefold() in portal_words.THEMES]
    return [name for name, european in names if not (european and known)]


def _concept(view: _View) -> str:
    """What a theme is called: its label, or the last part of its name, which in our own lists is its code."""
    if view.address.startswith(EUROPEAN_THEMES):
        return view.address.removeprefix(EUROPEAN_THEMES)
    if label := view.label():
        return label
    tail = view.address.rstrip("/").rpartition("/")[2]
    own = next((theme.zh for theme in Theme if theme.value == tail), "") if "/themes/" in view.address else ""
    return own or tail


def _opening(draft: Draft, view: _View) -> None:
    one = next(iter(view.views(DCT + "accessRights")), None)
    if one is not None:
        told = _RIGHTS.get(one.address.rpartition("/")[2]) or one.label() or one.address
        draft.opening(told, "dct:accessRights")


def _cycle(draft: Draft, view: _View) -> None:
    one = next(iter(view.views(DCT + "accrualPeriodicity")), None)
    if one is None:
        return
    tail = re.split("[/#]", one.address.rstrip("/"))[-1]
    told = tail or one.label()
    draft.cycle("" if told in ("UNKNOWN", "OTHER") else told, "", "dct:accrualPeriodicity")


def _licence(draft: Draft, view: _View) -> None:
    """The licence of the data set, or of the first of its distributions that has one."""
    places = [view, *view.views(DCAT + "distribution")]
    told = [text for place in places for one in place.views(DCT + "license") for text in (one.address, one.label())]
    draft.licence([text for text in told if text], "dct:license")


def _time(draft: Draft, view: _View) -> None:
    for one in view.views(DCT + "temporal"):
        start = one.text(DCAT + "startDate", SCHEMA + "startDate")
        end = one.text(DCAT + "endDate", SCHEMA + "endDate")
        draft.day("time_from", start, "dcat:startDate")
        draft.day("time_to", end, "dcat:endDate")
        if not (start or end):
            draft.say("dct:temporal", one.label() or one.address)
        return


def _place(draft: Draft, view: _View, publisher: str) -> None:
    places = view.views(DCT + "spatial")
    codes = [code for one in places if regions.known(code := one.text(DCT + "identifier"))]
    names = [name for one in places if (name := one.label() or one.address)]
    if codes or not names:
        draft.region(codes[0] if codes else "", publisher, "")
    else:
        draft.say("dct:spatial", "；".join(names))
        draft.region(regions.of_name(names[0], ""), publisher, "")


def _granularity(view: _View) -> str:
    metres = view.text(DCAT + "spatialResolutionInMeters")
    return "；".join(filter(None, (f"{metres} m" if metres else "", view.text(DCAT + "temporalResolution"))))


def _distributions(draft: Draft, view: _View) -> None:
    formats: list[str] = []
    for number, one in enumerate(view.views(DCAT + "distribution")):
        path = f"dcat:distribution[{number}]"
        download = next((found.address for found in one.views(DCAT + "downloadURL") if found.address), "")
        url = download or one.text(DCAT + "accessURL")
        format_, media = _format(one, DCT + "format"), _format(one, DCAT + "mediaType")
        formats += [text for text in (media, format_) if text][:1]
        sum_ = next((found.text(SPDX + "checksumValue") for found in one.views(SPDX + "checksum")), "")
        draft.offer(
            Resource(
                url=url,
                id=draft.fitting("id", one.text(DCT + "identifier"), path),
                name=draft.fitting("name", one.text(DCT + "title"), path),
                description=draft.fitting("description", one.text(DCT + "description"), path),
                format=draft.fitting("format", format_, path),
                media_type=draft.fitting("media_type", media, path),
                size=tidy.count(one.text(DCAT + "byteSize").partition(".")[0]),
                hash=draft.fitting("hash", sum_, path),
                created=tidy.instant(one.text(DCT + "issued")),
                modified=tidy.instant(one.text(DCT + "modified")),
            ),
            f"{path} dcat:accessURL",
        )
    draft.formats(list(dict.fromkeys(formats)))


def _format(view: _View, name: str) -> str:
    """A format by its label or the end of its name: text/csv, or CSV in the European list."""
    for one in view.views(name):
        if label := one.label():
            return label
        address = one.address.rstrip("/")
        return address.partition("media-types/")[2] or address.rpartition("/")[2]
    return ""


def _short(name: str) -> str:
    return next((prefix + name.removeprefix(base) for base, prefix in PREFIXES.items() if name.startswith(base)), name)


def _safe_xml(text: str) -> str:
    """XML without a declaration of its encoding, which was read already; Invalid if it declares entities."""
    if _ENTITIES.search(text):
        raise Invalid("harvest.rdf-entities")
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", text)


def _safe_json(document: object, mark: str) -> object:
    """JSON-LD that needs nothing from elsewhere, its blank nodes marked."""
    level: list[Any] = [document]
    for _ in range(MOST_LEVELS):
        nested: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                for name in ("@context", "@import"):
                    if name in one:
                        one[name] = _local(one[name])
            children = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
            for name, value in list(children):
                if mark and isinstance(value, str) and value.startswith("_:"):
                    one[name] = f"_:{mark}{value[2:]}"
                nested.append(value)
        if not nested:
            return document
        level = nested
    raise Invalid("harvest.json-deep")


def _local(context: object) -> object:
    """A context without references: those to DCAT's own are replaced by its prefixes."""
    if isinstance(context, list):
        return [_local(one) for one in context]
    if isinstance(context, str):
        if "dcat" in context.lower() and context.startswith(("http://www.w3.org/", "https://www.w3.org/")):
            return dict(OWN_CONTEXT)
        raise Invalid("harvest.remote-context", address=tidy.line(context)[:200])
    return context
