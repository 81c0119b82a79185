"""Entries as DCAT 3: written page by page, read back by an RDF parser, whole and in known code lists."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from rdflib import DCAT, DCTERMS, FOAF, RDF, SKOS, XSD, Graph, Literal, URIRef

from catalog.mapping import dcat
from catalog.mapping.codes import ACCESS_RIGHTS, AUTHORITY, FREQUENCIES
from catalog.mapping.offers import Offer
from catalog.models import Entry
from policies import vocabulary as v
from tenancy.models import Tenant, TenantName

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BASE = "https://data.example.org"


@pytest.fixture
def tenant() -> Tenant:
    name = TenantName(zh="湖州市", en="Huzhou", valid_from=date(2020, 1, 1))
    return Tenant(id="t-1", key="huzhou", kind=v.TenantKind.CITY, created_at=NOW, names=[name])


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


def parse(owner: Tenant, pages: list[list[dcat.Listed]]) -> Graph:
    """All pieces together, as a reader gets them."""
    return Graph().parse(data="".join(dcat.turtle(owner, pages, BASE)), format="turtle")


def test_pages_together_are_one_catalogue(tenant: Tenant, make: Any) -> None:
    pages = [[(make(1), [offer()]), (make(2), [])], [(make(3), [offer(id="r-3")])], []]
    graph = parse(tenant, pages)
    here = URIRef(f"{BASE}/catalog")
    assert (here, RDF.type, DCAT.Catalog) in graph
    assert set(graph.objects(here, DCTERMS.title)) == {Literal("湖州市", "zh"), Literal("Huzhou", "en")}
    assert set(graph.objects(here, DCAT.dataset)) == {URIRef(f"{BASE}/datasets/306001-00000{n}") for n in (1, 2, 3)}
    assert len(set(graph.subjects(RDF.type, DCAT.Distribution))) == 2
    for dataset in graph.objects(here, DCAT.dataset):
        for wanted in (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCTERMS.identifier, DCTERMS.spatial):
            assert graph.value(dataset, wanted) is not None, wanted
        theme = graph.value(dataset, DCAT.theme)
        assert set(graph.objects(theme, SKOS.prefLabel)) == {Literal("交通运输", "zh"), Literal("Transport", "en")}


def test_turtle_comes_in_pieces(tenant: Tenant, make: Any) -> None:
    asked: list[int] = []

    def pages() -> Any:
        for number in (1, 2):
            asked.append(number)
            yield [(make(number), [])]

    pieces = dcat.turtle(tenant, pages(), BASE)
    next(pieces)
    assert asked == []
    next(pieces)
    assert asked == [1]


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
    graph = parse(tenant, [[(entry, [offer()])]])
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
    assert graph.value(contact, dcat.VCARD.hasEmail) == URIRef("mailto:a%20b@example.org")
    publisher = graph.value(here, DCTERMS.publisher)
    assert Literal("湖州市", "zh") in graph.objects(publisher, FOAF.name)
    distribution = graph.value(here, DCAT.distribution)
    assert graph.value(distribution, DCAT.downloadURL) == URIRef(f"{BASE}/a%20b.csv")
    assert graph.value(distribution, DCAT.byteSize) == Literal(10, datatype=XSD.nonNegativeInteger)
    assert graph.value(distribution, DCTERMS.license) == URIRef(str(v.Licence.CC_BY.uri))
    checksum = graph.value(distribution, dcat.SPDX.checksum)
    assert graph.value(checksum, dcat.SPDX.algorithm) == dcat.SPDX.checksumAlgorithm_sha256


def test_restricted_data_have_an_address_but_no_file(tenant: Tenant, make: Any) -> None:
    entry = make(1, open_type=v.OpenType.OPEN_RESTRICTED, open_tier=v.OpenTier.T2)
    graph = parse(tenant, [[(entry, [offer(url=f"{BASE}/apply", restricted=True)])]])
    distribution = next(graph.subjects(RDF.type, DCAT.Distribution))
    assert graph.value(distribution, DCAT.accessURL) == URIRef(f"{BASE}/apply")
    for hidden in (DCAT.downloadURL, DCAT.byteSize, dcat.SPDX.checksum):
        assert graph.value(distribution, hidden) is None
    dataset = next(graph.subjects(RDF.type, DCAT.Dataset))
    assert graph.value(dataset, DCTERMS.accessRights) == URIRef(f"{AUTHORITY}access-right/RESTRICTED")


def test_harvested_entries_name_their_publisher_and_their_page(tenant: Tenant, make: Any) -> None:
    address = "https://neighbour.example.org/detail?id=1&name=数据 一"
    entry = make(1, origin=v.Origin.HARVESTED, publisher_name="舟山市海洋局", origin_url=address, region_code="330921")
    graph = parse(tenant, [[(entry, [])]])
    dataset = next(graph.subjects(RDF.type, DCAT.Dataset))
    publisher = graph.value(dataset, DCTERMS.publisher)
    assert list(graph.objects(publisher, FOAF.name)) == [Literal("舟山市海洋局", "zh")]
    page = str(graph.value(dataset, DCAT.landingPage))
    assert page.startswith("https://neighbour.example.org/detail?id=1&name=%E6%95%B0")
    assert " " not in page


def test_nothing_of_the_sharing_domain_is_told(tenant: Tenant, make: Any) -> None:
    entry = make(1, share_condition="仅限内部", share_basis="某文件", source_system="内部系统")
    told = "".join(dcat.turtle(tenant, [[(entry, [offer()])]], BASE))
    assert not any(hidden in told for hidden in ("仅限内部", "某文件", "内部系统", "SHARE_"))


def test_every_term_has_its_place_in_the_code_lists() -> None:
    assert FREQUENCIES.keys() == set(v.UpdateCycle)
    assert ACCESS_RIGHTS.keys() == set(v.OpenType)
