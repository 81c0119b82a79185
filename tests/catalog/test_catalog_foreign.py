"""Catalogues of other platforms read in our terms: data.json, CKAN packages, DCAT, and our own answers read back."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from catalog.mapping import catalogues, ckan, dcat, dcat_us, licences, linked_writing
from catalog.mapping.listing import Firmness, Kind, Listing
from catalog.mapping.offers import Listed, Offer
from policies import vocabulary as v
from tenancy.models import Tenant, TenantName

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BASE = "https://data.example.org"
DATASET: dict[str, Any] = {
    "@type": "dcat:Dataset",
    "title": "Notes printed",
    "identifier": "015-BEP-001",
    "description": "Number of notes.\nBy year.",
    "accessLevel": "public",
    "rights": "None, write to someone@agency.example",
    "accrualPeriodicity": "R/P1Y",
    "temporal": "2000/2024-09-30",
    "issued": "2015-02-27",
    "modified": "2019-06-12",
    "language": ["en-US"],
    "license": "http://creativecommons.org/publicdomain/zero/1.0/",
    "keyword": ["currency", "currency", "a / b / " + "c" * 100],
    "theme": ["Transport", "Wireline"],
    "contactPoint": {"fn": "Some Body", "hasEmail": "mailto:some.body@agency.example"},
    "publisher": {"name": "Bureau", "subOrganizationOf": {"name": "Department"}},
    "landingPage": "https://agency.example/notes",
    "distribution": [
        {"downloadURL": "https://agency.example/n.csv", "mediaType": "text/csv", "title": "Table"},
        {"accessURL": "https://agency.example/api", "format": "API"},
        {"title": "no address"},
        "no distribution",
    ],
}


@pytest.fixture
def tenant() -> Tenant:
    name = TenantName(zh="市交通运输局", en="Transport Bureau", valid_from=date(2020, 1, 1))
    kind, place = v.TenantKind.DEPARTMENT, "330500"
    return Tenant(id="t-1", key="hz-jtj", kind=kind, region_code=place, created_at=NOW, names=[name])


@pytest.fixture
def entry(loose: Any, tenant: Tenant) -> Any:
    return loose(
        tenant,
        "公交线路",
        NOW,
        (),
        id="11111111-2222-4333-8444-555555555555",
        code="306001/000042",
        title_en="Bus routes",
        abstract="线路与站点\n第二行",
        abstract_en="",
        tags=["公交", "站点"],
        themes=["6", "18"],
        industry="G",
        region_code="330521",
        update_cycle=v.UpdateCycle.DAILY,
        open_type=v.OpenType.OPEN_UNCOND,
        open_tier=v.OpenTier.T1,
        licence=v.Licence.CC_BY,
        contact_office="信息中心",
        contact_phone="0572-1234567",
        contact_email="someone@example.org",
        open_condition="",
        origin_text="",
        time_from=date(2020, 1, 1),
        time_to=date(2024, 12, 31),
        rows=120,
        published_at=NOW,
        data_updated_at=NOW,
    )


def offers() -> list[Offer]:
    values: dict[str, Any] = {"created": NOW, "modified": NOW}
    table = Offer(id="r-1", format=v.Format.CSV, url=f"{BASE}/a.csv", size=10, sha256="ab" * 32, **values)
    return [table, Offer(id="r-2", format=v.Format.API, url=f"{BASE}/api", **values)]


def datasets(*changes: dict[str, Any]) -> tuple[Listing, ...]:
    document = {"dataset": [DATASET | {"identifier": f"d-{n}"} | one for n, one in enumerate(changes)]}
    reading = catalogues.read(Kind.DATA_JSON, json.dumps(document), "us")
    assert reading.rejected == ()
    return reading.listings


def test_a_data_set_of_data_json() -> None:
    (one,) = datasets({"identifier": "015-BEP-001"})
    assert (one.source_key, one.external_id, one.title, one.title_en) == (
        "us",
        "015-BEP-001",
        "Notes printed",
        one.title,
    )
    assert (one.abstract, one.provider) == ("Number of notes.\nBy year.", "Bureau")
    assert (one.open_type, one.open_tier, one.open_reading) == (
        v.OpenType.OPEN_UNCOND,
        v.OpenTier.T0,
        Firmness.STATED,
    )
    assert (one.update_cycle, one.licence) == (v.UpdateCycle.YEARLY, v.Licence.CC0)
    assert (one.time_from, one.time_to) == (date(2000, 1, 1), date(2024, 9, 30))
    assert (one.published, one.updated) == (date(2015, 2, 27), date(2019, 6, 12))
    assert one.tags[:3] == ("currency", "a", "b")
    assert one.themes == (v.Theme.TRANSPORT,)
    assert one.formats == (v.Format.CSV, v.Format.API)
    assert [kept.url for kept in one.resources] == ["https://agency.example/n.csv", "https://agency.example/api"]
    said = dict(one.words)
    assert said["publisher"] == "Department › Bureau"
    assert said["rights"] == "None, write to ***"
    assert said["distribution[2].accessURL"] == "no address"
    assert not any("Some Body" in text or "some.body" in text for text in said.values())
    assert [(gone.field, gone.text) for gone in one.unread] == [
        ("themes", "Wireline"),
        ("resources", "distribution[2].accessURL: "),
        ("resources", "distribution[3]"),
    ]


def test_access_decides_what_is_taken_over() -> None:
    restricted, closed, unknown, ours = datasets(
        {"accessLevel": "restricted public"},
        {"accessLevel": "non-public"},
        {"accessLevel": "perhaps"},
        {"accessLevel": "restricted public", "rights": "登录开放；注明来源", "spatial": "德清县"},
    )
    assert (ours.open_type, ours.open_tier, ours.region_code) == (v.OpenType.OPEN_UNCOND, v.OpenTier.T1, "330521")
    assert (restricted.open_type, restricted.open_tier) == (v.OpenType.OPEN_RESTRICTED, v.OpenTier.T2)
    assert (closed.open_type, closed.open_tier) == (v.OpenType.OPEN_FORBIDDEN, v.OpenTier.TX)
    assert restricted.resources == closed.resources == ()
    assert ("resources[0]", "https://agency.example/n.csv") in restricted.words
    assert (unknown.open_tier, unknown.resources != ()) == (None, True)
    assert ("open_condition", "perhaps") in [(gone.field, gone.text) for gone in unknown.unread]


def test_what_data_json_writes_oddly() -> None:
    odd = {"modified": "R/P1D", "accrualPeriodicity": None, "license": "http://www.usa.gov/publicdomain/label/1.0/"}
    worse = {"publisher": "Bureau", "distribution": {"downloadURL": "ftp://x.example/a.xls"}, "keyword": "a, b"}
    one, two = datasets(odd, worse | {"modified": "2023", "temporal": "last year", "title": "公交"})
    assert (one.update_cycle, one.updated, one.licence) == (v.UpdateCycle.DAILY, None, v.Licence.UNSTATED)
    assert ("license", odd["license"]) in one.words
    assert (two.provider, two.tags, two.resources[0].url) == ("Bureau", ("a", "b"), "ftp://x.example/a.xls")
    assert {"updated", "time_from"} <= {gone.field for gone in two.unread}
    assert ("temporal", "last year") in two.words


def test_paths_lead_into_the_file() -> None:
    document = {"dataset": [DATASET, {"title": " "}, "x", DATASET]}
    reading = catalogues.read(Kind.DATA_JSON, document, "us")
    assert (reading.read, len(reading.listings), reading.repeated) == (4, 1, 1)
    assert [(one.position, one.path) for one in reading.rejected] == [(1, "dataset[1].title"), (2, "dataset[2]")]


def same(one: Listing, entry: Any) -> None:
    """What every way out and in again must keep of an entry."""
    assert (one.title, one.abstract, one.provider) == (entry.title, entry.abstract, "市交通运输局")
    assert set(one.tags) == set(entry.tags)
    assert {theme.value for theme in one.themes} == set(entry.themes)
    assert (one.region_code, one.licence, one.update_cycle) == (entry.region_code, entry.licence, entry.update_cycle)
    assert (one.time_from, one.time_to) == (entry.time_from, entry.time_to)
    assert (one.published, one.updated) == (date(2026, 11, 23), date(2026, 11, 23))
    assert one.open_type is entry.open_type
    assert one.source_url == f"{BASE}/datasets/306001-000042"
    assert set(one.formats) >= {v.Format.CSV}
    assert {kept.url for kept in one.resources} == {f"{BASE}/a.csv", f"{BASE}/api"}
    assert next(kept.size for kept in one.resources if kept.url.endswith("csv")) == 10
    assert one.unread == ()


@pytest.mark.parametrize("shape", ["package", "answer", "search", "lines"])
def test_our_own_packages_read_back(entry: Any, shape: str) -> None:
    package = ckan.package(entry, offers(), BASE, "zh")
    wrapped = {
        "package": package,
        "answer": {"help": "", "success": True, "result": package},
        "search": {"success": True, "result": {"count": 1, "results": [package]}},
    }
    text = json.dumps(wrapped.get(shape, package)) + ("\n" + json.dumps(package) if shape == "lines" else "")
    assert catalogues.recognise(text, "x.json") is Kind.CKAN
    reading = catalogues.read(Kind.CKAN, text, "peer")
    assert (len(reading.listings), reading.repeated, reading.rejected) == (1, int(shape == "lines"), ())
    (one,) = reading.listings
    same(one, entry)
    assert (one.external_id, one.rows, one.industry) == (entry.id, 120, v.Industry.G)
    assert (one.open_tier, one.security_level) == (v.OpenTier.T1, entry.security_level)
    assert "0572" not in str(one.words)


def test_a_package_of_another_server() -> None:
    package = {
        "id": "p-1",
        "name": "bus",
        "title": "Bus",
        "title_translated": {"en": "Bus", "zh_CN": "公交"},
        "notes": None,
        "state": "active",
        "organization": {"title": "Bureau"},
        "tags": [{"name": "a", "display_name": "A"}, "b"],
        "groups": [{"title": "教育文化"}],
        "license_id": "cc-zero",
        "metadata_created": "2023-06-01T20:00:00.000000",
        "extras": [
            {"key": "frequency", "value": "http://publications.europa.eu/resource/authority/frequency/MONTHLY"},
            {
                "key": "access_rights",
                "value": "http://publications.europa.eu/resource/authority/access-right/RESTRICTED",
            },
            {"key": "theme", "value": '["http://publications.europa.eu/resource/authority/data-theme/HEAL"]'},
            {"key": "contact_email", "value": "some.body@example.org"},
            {"key": "provenance", "value": "collected"},
        ],
        "resources": [{"id": "r", "url": "https://x.example/a", "format": "GeoJSON", "size": "12"}],
    }
    reading = catalogues.read(Kind.CKAN, iter([package, package | {"id": "p-2", "state": "deleted"}]), "c", site=BASE)
    (one,) = reading.listings
    assert (one.title, one.title_en, one.abstract_missing, one.provider) == ("公交", "Bus", True, "Bureau")
    assert (one.tags, one.themes) == (("A", "b"), (v.Theme.HEALTH, v.Theme.EDUCATION))
    assert (one.update_cycle, one.licence, one.open_tier) == (v.UpdateCycle.MONTHLY, v.Licence.CC0, v.OpenTier.T2)
    assert one.published == date(2023, 6, 2), "CKAN writes UTC; the day is Shanghai's"
    assert (one.source_url, one.formats, one.resources) == (f"{BASE}/dataset/bus", (v.Format.GEOJSON,), ())
    assert dict(one.words)["provenance"] == "collected"
    assert "some.body" not in str(one)
    assert [rejected.problem.code for rejected in reading.rejected] == ["harvest.inactive"]


@pytest.mark.parametrize("form", linked_writing.FORMS)
def test_our_own_catalogue_reads_back(entry: Any, tenant: Tenant, form: str) -> None:
    site = dcat.Site(tenant, BASE, dict.fromkeys(v.Dimension, 20))
    listed = [Listed(entry, tuple(offers()))]
    text = "".join(linked_writing.FORMS[form].write([dcat.head(site), dcat.datasets(site, listed)]))
    assert catalogues.recognise(text, f"c.{form}") is Kind.DCAT
    reading = catalogues.read(Kind.DCAT, text.encode(), "peer", filename=f"c.{form}")
    (one,) = reading.listings
    same(one, entry)
    assert (one.external_id, one.title_en, one.contact) == (entry.code, "Bus routes", "0572-1234567")
    assert "someone" not in str(one)


def test_a_stated_lack_of_a_description_reads_back_as_none(entry: Any, tenant: Tenant) -> None:
    """DCAT wants a description of every data set; a catalogue of ours says that there is none."""
    entry.abstract = ""
    made = dcat_us.dataset(dcat.Site(tenant, BASE, {}), Listed(entry, ()))
    assert made["description"] == dcat.NO_DESCRIPTION[0]
    (one,) = catalogues.read(Kind.DATA_JSON, {"dataset": [made]}, "peer").listings
    assert (one.abstract, one.abstract_missing) == ("", True)


@pytest.mark.parametrize("tier", [v.OpenTier.T0, v.OpenTier.T1])
def test_our_own_data_json_reads_back(entry: Any, tenant: Tenant, tier: v.OpenTier) -> None:
    entry.open_tier = tier
    site = dcat.Site(tenant, BASE, dict.fromkeys(v.Dimension, 20))
    made = dcat_us.dataset(site, Listed(entry, tuple(offers())))
    reading = catalogues.read(Kind.DATA_JSON, json.dumps(dcat_us.head(BASE) | {"dataset": [made]}), "peer")
    (one,) = reading.listings
    assert one.open_tier is tier
    assert one.external_id == entry.code
    if tier is v.OpenTier.T0:
        assert len(one.resources) == 2
    assert (one.title, one.provider, one.region_code) == (entry.title, "市交通运输局", entry.region_code)
    assert (one.licence, one.update_cycle, one.unread) == (entry.licence, entry.update_cycle, ())
    assert (one.time_from, one.time_to) == (entry.time_from, entry.time_to)


EUROPEAN = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix eu: <http://publications.europa.eu/resource/authority/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<https://eu.example/set/1> a dcat:Dataset ; dct:identifier "same" ;
  dct:title "Verkehr"@de, "Traffic"@en ; dct:description "Zahlen"@de ;
  dct:publisher [ a foaf:Agent ; foaf:name "Ministerium" ] ;
  dcat:theme <http://publications.europa.eu/resource/authority/data-theme/TRAN> ;
  dct:rights [ <http://www.w3.org/2000/01/rdf-schema#label> "Namensnennung" ] ;
  dct:accrualPeriodicity <http://publications.europa.eu/resource/authority/frequency/BIENNIAL> ;
  dct:temporal [ dcat:startDate "2019"^^xsd:gYear ] ; dct:spatial [ skos:prefLabel "Bayern" ] ;
  dcat:spatialResolutionInMeters 30 ;
  dcat:distribution [ dcat:accessURL <https://eu.example/p> ; dcat:downloadURL <https://eu.example/a.csv> ;
    dct:license <http://publications.europa.eu/resource/authority/licence/CC_BY_4_0> ; dcat:byteSize 12.0 ;
    dct:format <http://publications.europa.eu/resource/authority/file-type/CSV> ] .
<https://eu.example/set/2> a dcat:Dataset ; dct:identifier "same" ; dct:title "Zwei" ;
  dct:description "（来源没有提供说明）" ;
  dcat:theme <http://publications.europa.eu/resource/authority/data-theme/JUST>, <https://x.example/themes/17> .
<https://eu.example/catalog> dcat:dataset [ dct:description "nameless" ] .
"""


def test_a_european_catalogue() -> None:
    reading = catalogues.read(Kind.DCAT, EUROPEAN, "eu", filename="a.ttl")
    one, two = sorted(reading.listings, key=lambda listing: listing.external_id)
    assert [one.external_id, two.external_id] == ["https://eu.example/set/1", "https://eu.example/set/2"]
    assert (one.title_en, one.abstract, one.provider) == ("Traffic", "Zahlen", "Ministerium")
    assert (one.themes, one.licence, one.granularity) == ((v.Theme.TRANSPORT,), v.Licence.CC_BY, "30 m")
    assert (one.formats, one.resources[0].url, one.resources[0].size) == (
        (v.Format.CSV,),
        "https://eu.example/a.csv",
        12,
    )
    assert {gone.field for gone in one.unread} == {"update_cycle", "time_from"}
    assert ("dct:spatial", "Bayern") in one.words
    assert ("dct:rights", "Namensnennung") in one.words
    assert (two.abstract, two.abstract_missing, two.themes) == ("", True, (v.Theme.LAW,))
    (rejected,) = reading.rejected
    assert rejected.problem.code == "harvest.title-missing"
    assert rejected.record["dct:description"] == "nameless"  # type: ignore[index]
    assert reading.read == 3


@pytest.mark.parametrize(
    ("words", "licence"),
    [
        ("https://creativecommons.org/licenses/by-sa/4.0/legalcode.de", v.Licence.CC_BY_SA),
        ("HTTP://www.opendatacommons.org/licenses/odbl/1.0/", v.Licence.ODBL),
        ("CC-BY-4.0", v.Licence.CC_BY),
        ("知识共享 署名 4.0", v.Licence.CC_BY),
        ("cc-by", None),
        ("https://creativecommons.org/licenses/by/3.0/", None),
        ("", None),
    ],
)
def test_a_licence_is_known_by_what_names_it_alone(words: str, licence: v.Licence | None) -> None:
    assert licences.read(words) is licence
