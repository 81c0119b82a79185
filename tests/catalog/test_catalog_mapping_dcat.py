"""Entries as DCAT 3: read back by an RDF parser, whole and in known code lists; hostile texts in three forms."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import DCAT, DCTERMS, FOAF, RDF, SKOS, XSD, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic

from catalog.mapping import dcat, linked, linked_writing, offers
from catalog.mapping.codes import ACCESS_RIGHTS, AUTHORITY, EUROPEAN_THEMES, FREQUENCIES
from catalog.mapping.dcat import Site
from catalog.mapping.linked import Link, Thing
from catalog.mapping.offers import Listed, Offer
from catalog.mapping.resources import Resource
from catalog.models import Entry
from policies import vocabulary as v
from tenancy.models import Tenant, TenantName

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BASE = "https://data.example.org"
SPDX = Namespace("http://spdx.org/rdf/terms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
PARSERS = {"ttl": "turtle", "jsonld": "json-ld", "rdf": "xml"}
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")


@pytest.fixture
def tenant() -> Tenant:
    name = TenantName(zh="湖州市", en="Huzhou", valid_from=date(2020, 1, 1))
    return Tenant(id="t-1", key="huzhou", region_code="330500", kind=v.TenantKind.CITY, created_at=NOW, names=[name])


@pytest.fixture
def make(loose: Any, tenant: Tenant) -> Any:
    def entry(number: int, **values: Any) -> Entry:
        defaults = {
            "id": f"e-{number}",
            "code": f"306001/{number:06d}",
            "title_en": "",
            "abstract": '线路与"站点"\n第二行',
            "abstract_en": "",
            "contact_office": "",
            "contact_phone": "",
            "contact_email": "",
        }
        return loose(tenant, f"公交{number}", NOW, **(defaults | values))

    return entry


def offer(**values: Any) -> Offer:
    defaults = {"id": "r-1", "format": v.Format.CSV, "url": f"{BASE}/a b.csv", "created": NOW, "modified": NOW}
    return Offer(**(defaults | {"size": 10, "sha256": "ab" * 32} | values))


def written(owner: Tenant, pages: Sequence[Sequence[Listed]], form: str = "ttl") -> str:
    """All pieces together, as a reader gets them."""
    site = Site(owner, BASE, dict.fromkeys(v.Dimension, 20))
    parts = [dcat.head(site), *(dcat.datasets(site, page) for page in pages)]
    return "".join(linked_writing.FORMS[form].write(parts))


def parse(owner: Tenant, pages: Sequence[Sequence[Listed]]) -> Graph:
    """The Turtle of some pages, read."""
    return Graph().parse(data=written(owner, pages), format="turtle")


def test_pages_together_are_one_catalogue(tenant: Tenant, make: Any) -> None:
    pages = [[Listed(make(1), (offer(),)), Listed(make(2))], [Listed(make(3), (offer(id="r-3"),))], []]
    graph = parse(tenant, pages)
    here = URIRef(f"{BASE}/catalog")
    assert (here, RDF.type, DCAT.Catalog) in graph
    assert Literal("湖州市公共数据目录", "zh") in graph.objects(here, DCTERMS.title)
    assert set(graph.objects(here, DCAT.dataset)) == {URIRef(f"{BASE}/datasets/306001-00000{n}") for n in (1, 2, 3)}
    assert len(set(graph.subjects(RDF.type, DCAT.Distribution))) == 2
    for dataset in graph.objects(here, DCAT.dataset):
        for wanted in (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCTERMS.identifier, DCTERMS.spatial):
            assert graph.value(dataset, wanted) is not None, wanted
        [theme] = [one for one in graph.objects(dataset, DCAT.theme) if str(one).startswith(BASE)]
        assert set(graph.objects(theme, SKOS.prefLabel)) == {Literal("交通运输", "zh"), Literal("Transport", "en")}
    # Bodies without a page of their own, of different pages, stay different bodies.
    neighbours = [[Listed(make(n, publisher_name=f"邻市{n}局"))] for n in (4, 5)]
    assert len(set(parse(tenant, neighbours).subjects(RDF.type, FOAF.Organization))) == 3


def test_a_writer_gives_a_piece_for_each_page() -> None:
    asked: list[int] = []

    def pages() -> Any:
        for number in (1, 2):
            asked.append(number)
            yield [Thing(f"{BASE}/{number}", ("dcat:Dataset",))]

    for form in linked_writing.FORMS.values():
        asked.clear()
        pieces = form.write(pages())
        next(pieces)
        assert asked == []
        next(pieces)
        assert asked == [1]


@settings(max_examples=25, deadline=None)
@given(words=st.text(max_size=12), typed=st.text(max_size=12), mark=st.sampled_from(["", "zh"]))
def test_every_form_holds_any_text_and_address(words: str, typed: str, mark: str) -> None:
    inner = Thing(linked.address(f"{BASE}/b#{typed}"), ("dcat:Distribution",))
    here = Thing(linked.address(f"{BASE}/{typed}"), ("dcat:Dataset", "foaf:Document"))
    here.say("dct:title", linked.text(words, mark), linked.text('"]]> <\\'))
    here.say("dcat:distribution", inner, Thing("", ("dcat:Distribution",)))
    here.say("dct:license", Link(linked.address(f"{BASE}/?{typed}"), "dct:LicenseDocument"))
    graphs = [
        Graph().parse(data="".join(one.write([[here], [], [inner]])), format=PARSERS[form])
        for form, one in linked_writing.FORMS.items()
    ]
    assert isomorphic(graphs[0], graphs[1])
    assert isomorphic(graphs[0], graphs[2])


def test_a_dataset_says_what_the_entry_says(tenant: Tenant, make: Any) -> None:
    entry = make(
        1,
        title_en="Buses",
        tags=["公交"],
        licence=v.Licence.CC_BY,
        published_at=NOW,
        data_updated_at=NOW,
        time_from=date(2020, 1, 1),
        contact_office="信息中心",
        contact_phone="0572 123",
        contact_email="a b@example.org",
    )
    graph = parse(tenant, [[Listed(entry, (offer(),))]])
    here = URIRef(f"{BASE}/datasets/306001-000001")
    assert set(graph.objects(here, DCTERMS.title)) == {Literal("公交1", "zh"), Literal("Buses", "en")}
    assert graph.value(here, DCTERMS.description) == Literal('线路与"站点"\n第二行', "zh")
    assert graph.value(here, DCTERMS.accessRights) == URIRef(f"{AUTHORITY}access-right/PUBLIC")
    assert graph.value(here, DCTERMS.accrualPeriodicity) == URIRef(f"{AUTHORITY}frequency/DAILY")
    assert graph.value(here, DCTERMS.modified) == Literal(NOW.isoformat(), datatype=XSD.dateTime)
    place = graph.value(here, DCTERMS.spatial)
    assert graph.value(place, DCTERMS.identifier) == Literal("330500")
    period = graph.value(here, DCTERMS.temporal)
    assert graph.value(period, DCAT.startDate) == Literal("2020-01-01", datatype=XSD.date)
    assert graph.value(period, DCAT.endDate) is None
    contact = graph.value(here, DCAT.contactPoint)
    assert graph.value(contact, VCARD.hasEmail) == URIRef("mailto:a%20b@example.org")
    publisher = graph.value(here, DCTERMS.publisher)
    assert Literal("湖州市", "zh") in graph.objects(publisher, FOAF.name)
    distribution = graph.value(here, DCAT.distribution)
    assert graph.value(distribution, DCAT.downloadURL) == URIRef(f"{BASE}/a%20b.csv")
    assert graph.value(distribution, DCAT.byteSize) == Literal(10, datatype=XSD.nonNegativeInteger)
    assert graph.value(distribution, DCTERMS.license) == URIRef(str(v.Licence.CC_BY.uri))
    checksum = graph.value(distribution, SPDX.checksum)
    assert graph.value(checksum, SPDX.algorithm) == SPDX.checksumAlgorithm_sha256


def test_restricted_data_have_an_address_but_no_file(tenant: Tenant, make: Any) -> None:
    entry = make(1, open_type=v.OpenType.OPEN_RESTRICTED, open_tier=v.OpenTier.T2)
    graph = parse(tenant, [[Listed(entry, (offer(url=f"{BASE}/apply", restricted=True),))]])
    distribution = next(graph.subjects(RDF.type, DCAT.Distribution))
    assert graph.value(distribution, DCAT.accessURL) == URIRef(f"{BASE}/apply")
    for hidden in (DCAT.downloadURL, DCAT.byteSize, SPDX.checksum):
        assert graph.value(distribution, hidden) is None
    dataset = next(graph.subjects(RDF.type, DCAT.Dataset))
    assert graph.value(dataset, DCTERMS.accessRights) == URIRef(f"{AUTHORITY}access-right/RESTRICTED")


def test_harvested_entries_name_their_publisher_and_their_page(tenant: Tenant, make: Any) -> None:
    address = "https://neighbour.example.org/detail?id=1&name=数据 一"
    entry = make(1, origin=v.Origin.HARVESTED, publisher_name="舟山市海洋局", origin_url=address, region_code="330921")
    graph = parse(tenant, [[Listed(entry)]])
    dataset = next(graph.subjects(RDF.type, DCAT.Dataset))
    publisher = graph.value(dataset, DCTERMS.publisher)
    assert list(graph.objects(publisher, FOAF.name)) == [Literal("舟山市海洋局", "zh")]
    page = str(graph.value(dataset, DCAT.landingPage))
    assert page.startswith("https://neighbour.example.org/detail?id=1&name=%E6%95%B0")
    assert " " not in page


def test_nothing_of_the_sharing_domain_is_told(tenant: Tenant, make: Any) -> None:
    entry = make(1, share_condition="仅限内部", share_basis="某文件", source_system="内部系统")
    told = written(tenant, [[Listed(entry, (offer(),))]])
    assert not any(hidden in told for hidden in ("仅限内部", "某文件", "内部系统", "SHARE_"))


def test_every_term_has_its_place_in_the_code_lists() -> None:
    assert FREQUENCIES.keys() == set(v.UpdateCycle)
    assert ACCESS_RIGHTS.keys() == set(v.OpenType)
    assert EUROPEAN_THEMES.keys() == set(v.Theme) - {v.Theme.OTHER}


def test_what_another_platform_offers(tenant: Tenant, make: Any) -> None:
    """An offer for each form of data there; an address that is none of the web is not passed on."""
    kept = [
        Resource("https://n.example.org/a.csv", id="1", name="站点", format="CSV", size=12, hash="AB" * 32),
        Resource("https://n.example.org/api?x=1", format="接口"),
        Resource("https://n.example.org/b.xlsx", created="2020-01-02", media_type="application/vnd.ms-excel; x=1"),
        Resource("https://n.example.org/b.xlsx"),
        *(
            Resource(bad)
            for bad in ("javascript:alert(1)", "ftp://n.example.org/a", "https://a:b@n.example.org/", "/x")
        ),
        *(Resource(bad) for bad in ("https://", "https://[1", "https://n.example.org/a\nb", "data:text/html,x")),
    ]
    entry = make(1, origin=v.Origin.HARVESTED, resources=[one.kept() for one in kept])
    found = offers.of_resources(entry)
    assert [one.url.rpartition("/")[2] for one in found] == ["a.csv", "api?x=1", "b.xlsx"]
    assert [one.format for one in found] == [v.Format.CSV, v.Format.API, v.Format.XLSX]
    assert (found[0].sha256, found[0].size, found[0].elsewhere) == ("ab" * 32, 12, True)
    assert len({one.id for one in found}) == 3
    graph = parse(tenant, [[Listed(entry, tuple(found))]])
    assert Literal("站点") in graph.objects(None, DCTERMS.title)
    assert len(set(graph.objects(None, DCAT.accessURL))) == 3
    files = {str(one).rpartition("/")[2] for one in graph.objects(None, DCAT.downloadURL)}
    assert files == {"a.csv", "b.xlsx"}
