"""The catalogue as linked data: three forms that say the same, streamed or by page, negotiated, and nothing hidden."""

from datetime import datetime, timedelta
from typing import Any

import public_stage as stage
import pytest
from flask.testing import FlaskClient
from rdflib import DCAT, DCTERMS, RDF, Graph, Namespace, URIRef
from rdflib.compare import isomorphic

from open_portal.pages.feeds import linked_data
from open_portal.wiring import Kit
from policies import vocabulary as v

HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
DQV = Namespace("http://www.w3.org/ns/dqv#")
PARSERS = {"ttl": "turtle", "jsonld": "json-ld", "rdf": "xml"}
MEDIA = {"ttl": "text/turtle", "jsonld": "application/ld+json", "rdf": "application/rdf+xml"}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
ACCEPTED = [
    (BROWSER, "text/html"),
    ("*/*", "text/html"),
    ("", "text/html"),
    ("image/png", "text/html"),
    ("text/turtle", "text/turtle"),
    ("application/ld+json;q=0.9, text/html;q=0.5", "application/ld+json"),
    ("application/rdf+xml, text/turtle;q=0.8", "application/rdf+xml"),
    ("text/html;q=0.9, text/turtle;q=0.8", "text/html"),
]
DRAFT = "看不见的草稿"
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")


@pytest.fixture
def slugs(kit: Kit, cast: Any, now: datetime) -> dict[str, str]:
    return {
        "open": stage.publish(kit, cast, now - timedelta(days=1), "公交线路 & <站点>"),
        "restricted": stage.publish(kit, cast, now, "刷卡记录", v.OpenTier.T2),
        "closed": stage.publish(kit, cast, now, "只列出的数据", v.OpenTier.TX),
        "harvested": stage.harvest(kit, cast, now, "嘉兴公交"),
        "draft": stage.draft(kit, cast, now, DRAFT),
    }


def named(slug: str) -> URIRef:
    return URIRef(f"http://localhost/datasets/{slug}")


def read(client: FlaskClient, address: str, form: str) -> Graph:
    """An answer read by a parser of its form."""
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, MEDIA[form]), address
    assert DRAFT not in answer.text
    assert stage.SECRET_COLUMN not in answer.text
    return Graph().parse(data=answer.text, format=PARSERS[form])


def test_the_whole_and_its_pages_say_the_same_in_every_form(
    client: FlaskClient, slugs: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linked_data, "BATCH", 1)
    monkeypatch.setattr(linked_data, "LISTED", 3)
    whole = {form: read(client, f"/catalog.{form}", form) for form in PARSERS}
    assert isomorphic(whole["ttl"], whole["jsonld"])
    assert isomorphic(whole["ttl"], whole["rdf"])
    listed = {named(slug) for kind, slug in slugs.items() if kind != "draft"}
    assert set(whole["ttl"].subjects(RDF.type, DCAT.Dataset)) == listed
    assert set(whole["ttl"].objects(URIRef("http://localhost/catalog"), DCAT.dataset)) == listed
    for form in PARSERS:
        pages, address = Graph(), f"/catalog.{form}?page=1"
        for _ in range(2):
            graph = read(client, address, form)
            [view] = graph.subjects(RDF.type, HYDRA.PartialCollectionView)
            assert str(view) == f"http://localhost{address.removeprefix('http://localhost')}"
            pages += graph
            following = client.get(address).headers["Link"]
            address = str(graph.value(view, HYDRA.next, default=""))
            assert (f'<{address}>; rel="next"' in following) is bool(address)
        assert address == ""
        assert set(pages.subjects(RDF.type, DCAT.Dataset)) == listed
        assert int(pages.value(URIRef("http://localhost/catalog"), HYDRA.totalItems)) == len(listed)  # type: ignore[arg-type]
    for wrong in ("0", "3", "x", "9" * 30):
        assert client.get(f"/catalog.ttl?page={wrong}").status_code == 404


def test_what_is_told_of_an_entry(client: FlaskClient, slugs: dict[str, str]) -> None:
    graph = read(client, "/catalog.ttl", "ttl")
    files = {str(one) for one in graph.objects(None, DCAT.downloadURL)}
    assert f"http://localhost/datasets/{slugs['open']}/download.csv" in files
    assert all(slugs["open"] in one for one in files)
    [offer] = graph.objects(named(slugs["restricted"]), DCAT.distribution)
    assert graph.value(offer, DCAT.accessURL) == named(slugs["restricted"])
    assert not list(graph.objects(named(slugs["closed"]), DCAT.distribution))
    rights = {str(one).rpartition("/")[2] for one in graph.objects(None, DCTERMS.accessRights)}
    assert rights == {"PUBLIC", "RESTRICTED", "NON_PUBLIC"}
    source = graph.value(named(slugs["harvested"]), DCTERMS.source)
    assert str(source) == "https://data.example.cn/1?a=1&b=2"

    address = f"/datasets/{slugs['open']}/metadata."
    graphs = {form: read(client, address + form, form) for form in PARSERS}
    assert isomorphic(graphs["ttl"], graphs["jsonld"])
    assert isomorphic(graphs["ttl"], graphs["rdf"])
    graph = graphs["ttl"]
    found = {}
    for one in graph.objects(named(slugs["open"]), DQV.hasQualityMeasurement):
        metric = graph.value(one, DQV.isMeasurementOf)
        assert graph.value(metric, URIRef("http://www.w3.org/2004/02/skos/core#definition")) is not None
        found[str(metric).rpartition("-")[2]] = float(graph.value(one, DQV.value))  # type: ignore[arg-type]
    assert found == {"score": 91.0, "completeness": 100.0, "accuracy": 66.67}
    for form in PARSERS:
        assert client.get(f"/datasets/{slugs['draft']}/metadata.{form}").status_code == 404
    assert client.get(address + "csv").status_code == 404


def test_the_form_that_is_asked_for(client: FlaskClient, slugs: dict[str, str]) -> None:
    """A dataset's page gives way to linked data that is liked better; nobody with a browser is turned away."""
    for accept, mimetype in ACCEPTED:
        headers = {"Accept": accept} if accept else {}
        answer = client.get(f"/datasets/{slugs['open']}", headers=headers)
        assert (answer.status_code, answer.mimetype) == (200, mimetype), accept
        assert "Accept" in answer.vary
        assert client.get(f"/datasets/{slugs['draft']}", headers=headers).status_code == 404
    for accept, mimetype in (("", "text/turtle"), ("*/*", "text/turtle"), *((one, one) for one in MEDIA.values())):
        answer = client.get("/catalog", headers={"Accept": accept} if accept else {})
        assert (answer.status_code, answer.mimetype) == (200, mimetype), accept
        assert "Accept" in answer.vary
    page = client.get("/catalog", headers={"Accept": BROWSER})
    assert (page.status_code, page.location) == (302, "/datasets")
    assert client.get("/catalog", headers={"Accept": "image/png"}).status_code == 406
