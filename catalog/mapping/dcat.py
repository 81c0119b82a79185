"""Entries as DCAT 3 with the code lists of DCAT-AP, page by page: a large catalogue needs little memory."""

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from rdflib import DCAT, DCTERMS, FOAF, RDF, SKOS, XSD, BNode, Graph, Literal, Namespace, URIRef

from catalog.mapping import ckan
from catalog.mapping.codes import ACCESS_RIGHTS, AUTHORITY, FREQUENCIES
from catalog.mapping.offers import Offer
from catalog.models import Entry
from policies import vocabulary as v
from tenancy.models import Tenant

SPDX = Namespace("http://spdx.org/rdf/terms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
MEDIA = "https://www.iana.org/assignments/media-types/"
PREFIXES = {
    "dcat": DCAT,
    "dct": DCTERMS,
    "foaf": FOAF,
    "skos": SKOS,
    "spdx": SPDX,
    "vcard": VCARD,
    "xsd": XSD,
}

Listed = tuple[Entry, Sequence[Offer]]
"""An entry with the offers of its data."""


def turtle(owner: Tenant, pages: Iterable[Sequence[Listed]], base_url: str) -> Iterator[str]:
    """The catalogue of a tenant as Turtle, one piece for its head and one for each page."""
    yield _text(head(owner, base_url))
    for listed in pages:
        yield _text(page(listed, base_url))


def head(owner: Tenant, base_url: str) -> Graph:
    """The catalogue itself: its title, publisher and themes, without any entry."""
    graph = _graph()
    here = catalogue(base_url)
    graph.add((here, RDF.type, DCAT.Catalog))
    for language, title in (("zh", owner.name.zh), ("en", owner.name.en)):
        if title:
            graph.add((here, DCTERMS.title, Literal(title, lang=language)))
    graph.add((here, DCTERMS.publisher, _agent(graph, base_url, owner.key, owner.name.zh, owner.name.en)))
    graph.add((here, FOAF.homepage, _address(base_url)))
    scheme = _address(f"{base_url}/themes")
    graph.add((here, DCAT.themeTaxonomy, scheme))
    graph.add((scheme, RDF.type, SKOS.ConceptScheme))
    for theme in v.Theme:
        concept = _theme(base_url, theme.value)
        graph.add((concept, RDF.type, SKOS.Concept))
        graph.add((concept, SKOS.inScheme, scheme))
        graph.add((concept, SKOS.notation, Literal(theme.value)))
        for language in ("zh", "en"):
            graph.add((concept, SKOS.prefLabel, Literal(theme.label(language), lang=language)))
    return graph


def page(listed: Sequence[Listed], base_url: str) -> Graph:
    """Some entries as datasets of the catalogue."""
    graph = _graph()
    for entry, offers in listed:
        dataset = _dataset(graph, entry, base_url)
        graph.add((catalogue(base_url), DCAT.dataset, dataset))
        for offer in offers:
            graph.add((dataset, DCAT.distribution, _distribution(graph, entry, offer, dataset)))
    return graph


def catalogue(base_url: str) -> URIRef:
    """The name of the catalogue."""
    return _address(f"{base_url}/catalog")


def _dataset(graph: Graph, entry: Entry, base_url: str) -> URIRef:
    here = _address(f"{base_url}/datasets/{ckan.name_of(entry)}")
    graph.add((here, RDF.type, DCAT.Dataset))
    graph.add((here, DCTERMS.identifier, Literal(entry.code)))
    _say(graph, here, DCTERMS.title, entry.title, entry.title_en)
    _say(graph, here, DCTERMS.description, entry.abstract, entry.abstract_en)
    for tag in entry.tags:
        graph.add((here, DCAT.keyword, Literal(tag, lang="zh")))
    for theme in entry.themes:
        graph.add((here, DCAT.theme, _theme(base_url, theme)))
    rights = ACCESS_RIGHTS[entry.open_type]
    graph.add((here, DCTERMS.accessRights, URIRef(f"{AUTHORITY}access-right/{rights}")))
    frequency = FREQUENCIES[entry.update_cycle]
    graph.add((here, DCTERMS.accrualPeriodicity, URIRef(f"{AUTHORITY}frequency/{frequency}")))
    graph.add((here, DCTERMS.publisher, _publisher(graph, entry, base_url)))
    graph.add((here, DCAT.landingPage, _address(entry.origin_url or str(here))))
    for predicate, instant in (
        (DCTERMS.issued, entry.published_at),
        (DCTERMS.modified, entry.data_updated_at or entry.changed_at),
    ):
        if instant:
            graph.add((here, predicate, Literal(instant.isoformat(), datatype=XSD.dateTime)))
    _place(graph, here, entry)
    _time(graph, here, entry)
    _contact(graph, here, entry)
    return here


def _distribution(graph: Graph, entry: Entry, offer: Offer, dataset: URIRef) -> URIRef:
    here = URIRef(f"{dataset}#{quote(offer.id)}")
    address = _address(offer.url)
    graph.add((here, RDF.type, DCAT.Distribution))
    graph.add((here, DCAT.accessURL, address))
    for language in ("zh", "en"):
        graph.add((here, DCTERMS.title, Literal(offer.format.label(language), lang=language)))
    graph.add((here, DCTERMS.issued, Literal(offer.created.isoformat(), datatype=XSD.dateTime)))
    graph.add((here, DCTERMS.modified, Literal(offer.modified.isoformat(), datatype=XSD.dateTime)))
    graph.add((here, DCAT.mediaType, URIRef(MEDIA + offer.format.media_type)))
    if entry.licence and entry.licence.uri:
        graph.add((here, DCTERMS.license, URIRef(entry.licence.uri)))
    if offer.restricted:
        return here
    if offer.format is not v.Format.API:
        graph.add((here, DCAT.downloadURL, address))
    if offer.size is not None:
        graph.add((here, DCAT.byteSize, Literal(offer.size, datatype=XSD.nonNegativeInteger)))
    if offer.sha256:
        sum_ = BNode()
        graph.add((here, SPDX.checksum, sum_))
        graph.add((sum_, RDF.type, SPDX.Checksum))
        graph.add((sum_, SPDX.algorithm, SPDX.checksumAlgorithm_sha256))
        graph.add((sum_, SPDX.checksumValue, Literal(offer.sha256, datatype=XSD.hexBinary)))
    return here


def _publisher(graph: Graph, entry: Entry, base_url: str) -> URIRef | BNode:
    if entry.publisher_name:
        return _agent(graph, base_url, None, entry.publisher_name, "")
    return _agent(graph, base_url, entry.tenant.key, entry.tenant.name.zh, entry.tenant.name.en)


def _agent(graph: Graph, base_url: str, key: str | None, zh: str, en: str) -> URIRef | BNode:
    """A body with its names; one that is no tenant of ours has no address of its own."""
    here = _address(f"{base_url}/orgs/{key}") if key else BNode()
    graph.add((here, RDF.type, FOAF.Organization))
    _say(graph, here, FOAF.name, zh, en)
    return here


def _place(graph: Graph, dataset: URIRef, entry: Entry) -> None:
    place = BNode()
    graph.add((dataset, DCTERMS.spatial, place))
    graph.add((place, RDF.type, DCTERMS.Location))
    graph.add((place, DCTERMS.identifier, Literal(entry.region_code)))
    for language in ("zh", "en"):
        label = ckan.region(entry.region_code, language)
        if label != entry.region_code:
            graph.add((place, SKOS.prefLabel, Literal(label, lang=language)))


def _time(graph: Graph, dataset: URIRef, entry: Entry) -> None:
    if not (entry.time_from or entry.time_to):
        return
    period = BNode()
    graph.add((dataset, DCTERMS.temporal, period))
    graph.add((period, RDF.type, DCTERMS.PeriodOfTime))
    for predicate, day in ((DCAT.startDate, entry.time_from), (DCAT.endDate, entry.time_to)):
        if day:
            graph.add((period, predicate, Literal(day.isoformat(), datatype=XSD.date)))


def _contact(graph: Graph, dataset: URIRef, entry: Entry) -> None:
    if not (entry.contact_office or entry.contact_phone or entry.contact_email):
        return
    contact = BNode()
    graph.add((dataset, DCAT.contactPoint, contact))
    graph.add((contact, RDF.type, VCARD.Organization))
    graph.add((contact, VCARD.fn, Literal(entry.contact_office or ckan.publisher(entry, "zh"), lang="zh")))
    if entry.contact_phone:
        graph.add((contact, VCARD.hasTelephone, URIRef("tel:" + quote(entry.contact_phone.replace(" ", "")))))
    if entry.contact_email:
        graph.add((contact, VCARD.hasEmail, URIRef("mailto:" + quote(entry.contact_email, safe="@"))))


def _say(graph: Graph, subject: URIRef | BNode, predicate: URIRef, zh: str, en: str) -> None:
    graph.add((subject, predicate, Literal(zh, lang="zh")))
    if en:
        graph.add((subject, predicate, Literal(en, lang="en")))


def _theme(base_url: str, code: str) -> URIRef:
    return _address(f"{base_url}/themes/{code}")


def _address(text: str) -> URIRef:
    """An address in which every character is allowed, whatever somebody typed."""
    return URIRef(quote(text, safe=":/?#[]@!$&'()*+,;=%~"))


def _graph() -> Graph:
    graph = Graph(bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    return graph


def _text(graph: Graph) -> str:
    return graph.serialize(format="turtle")
