"""Linked data against the shapes of DCAT-AP: entries of every kind break no rule, and a broken one is noticed.

`dcat_ap.toml` holds the rules. With TIAOXI_DCAT_AP_SHAPES naming a folder with the files that the European Commission
publishes (releases/3.0.1/html/shacl/shapes.ttl of SEMICeu/DCAT-AP), these judge as well.
"""

import os
import tomllib
from datetime import UTC, date, datetime
from itertools import cycle, islice, product
from pathlib import Path
from typing import Any

import pyshacl
import pytest
from rdflib import DCAT, DCTERMS, RDF, SH, XSD, BNode, Graph, URIRef
from rdflib import Literal as RdfLiteral
from rdflib.collection import Collection

from catalog.mapping import dcat, linked_writing, offers
from catalog.mapping.dcat import Part, Site
from catalog.mapping.linked import expanded
from catalog.mapping.offers import Listed, Offer
from catalog.mapping.resources import Resource
from catalog.models import Version
from policies import vocabulary as v
from tenancy.models import Tenant, TenantName

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BASE = "https://data.example.org"
OFFICIAL = os.environ.get("TIAOXI_DCAT_AP_SHAPES", "")
KINDS = {"literal": SH.Literal, "node": SH.BlankNodeOrIRI, "iri": SH.IRI}
LICENCES = (None, v.Licence.CC_BY, v.Licence.PLATFORM, v.Licence.UNSTATED)
DATES = (XSD.date, XSD.dateTime, XSD.gYear, XSD.gYearMonth)


def shapes() -> Graph:
    """The rules of the table as shapes, with the official ones where they are at hand."""
    graph = Graph()
    for kind, rules in tomllib.loads(Path(__file__).with_name("dcat_ap.toml").read_text("utf-8")).items():
        shape = BNode()
        graph.add((shape, RDF.type, SH.NodeShape))
        graph.add((shape, SH.targetClass, URIRef(expanded(kind))))
        for path, rule in rules.items():
            graph.add((shape, SH.property, _property(graph, path, rule)))
    if OFFICIAL:
        graph.parse(Path(OFFICIAL) / "shapes.ttl")
    return graph


def _property(graph: Graph, path: str, rule: str) -> BNode:
    wanted, _, count = rule.partition(" ")
    least, _, most = count.partition("..")
    one = BNode()
    graph.add((one, SH.path, URIRef(expanded(path))))
    for bound, name in ((least, SH.minCount), (most, SH.maxCount)):
        if bound:
            graph.add((one, name, RdfLiteral(int(bound))))
    if wanted == "date":
        choices = [BNode() for _ in DATES]
        for choice, kind in zip(choices, DATES, strict=True):
            graph.add((choice, SH.datatype, kind))
        graph.add((one, SH["or"], Collection(graph, BNode(), list(choices)).uri))
    elif wanted in KINDS:
        graph.add((one, SH.nodeKind, KINDS[wanted]))
    elif wanted != "any":
        graph.add((one, SH.datatype, URIRef(expanded(wanted))))
    return one


@pytest.fixture(scope="module")
def site() -> Site:
    name = TenantName(zh="湖州市", en="Huzhou", valid_from=date(2020, 1, 1))
    values = {"id": "t-1", "key": "huzhou", "region_code": "330500", "kind": v.TenantKind.CITY, "created_at": NOW}
    return Site(Tenant(names=[name], **values), BASE, dict.fromkeys(v.Dimension, 20))


@pytest.fixture(scope="module")
def listed(loose: Any, site: Site) -> list[Listed]:
    """Entries of every kind: own and harvested, open, restricted, closed, offline, with much or little said."""
    kinds = product(v.Origin, v.OpenType, LICENCES, (True, False))
    return [_entry(loose, site.owner, number, *kind, cycle_) for number, (kind, cycle_) in enumerate(_mixed(kinds), 1)]


def _mixed(kinds: Any) -> Any:
    found = list(kinds)
    return zip(found, islice(cycle(v.UpdateCycle), len(found)), strict=True)


def _entry(
    loose: Any,
    owner: Tenant,
    number: int,
    origin: v.Origin,
    open_type: v.OpenType,
    licence: v.Licence | None,
    much: bool,
    update_cycle: v.UpdateCycle,
) -> Listed:
    harvested = origin is v.Origin.HARVESTED
    kept = Resource("https://n.example.org/a b.csv", format="CSV", size=3, hash="ab" * 32, media_type="text/csv").kept()
    values: dict[str, Any] = {
        "id": f"e-{number}",
        "code": f"306001/{number:06d}",
        "origin": origin,
        "open_type": open_type,
        "licence": licence,
        "update_cycle": update_cycle,
        "title_en": "Buses" if much else "",
        "abstract": '线路与"站点"\n\x07第二行' if much else " ",
        "abstract_en": "",
        "open_condition": "仅用于研究" if much else "",
        "tags": ["公交", "<b>"] if much else [],
        "themes": ["6", "99"] if much else [],
        "contact_office": "数据科" if much else "",
        "contact_phone": "0572-2000000 转 8" if much else "",
        "contact_email": "a b@example.org" if much else "",
        "time_from": date(2020, 1, 1) if much else None,
        "published_at": NOW if much else None,
        "data_updated_at": NOW if much else None,
        "offline_since": NOW if much and number % 4 == 0 else None,
        "publisher_name": "邻市某局" if harvested else None,
        "origin_portal": "jiaxing" if harvested else None,
        "origin_url": "https://n.example.org/d?id=1&n=数据 一" if harvested and much else None,
        "resources": [kept] if harvested and much else [],
    }
    entry = loose(owner, f"公交{number} & <站点>", NOW, **values)
    version = Version(number=2, score=91.0, dimensions={"accuracy": 66.67, "timeliness": None}, checked_at=NOW)
    page = Offer(f"r-{number}", v.Format.HTML, f"{BASE}/p", NOW, NOW, restricted=True)
    files = [
        Offer(f"r-{number}-{form}", form, f"{BASE}/f.{form.value}", NOW, NOW)
        for form in list(v.Format)[number % 20 :][:4]
    ]
    shown = {v.OpenType.OPEN_UNCOND: files if much else [], v.OpenType.OPEN_RESTRICTED: [page]}.get(open_type, [])
    given = offers.of_resources(entry) if harvested else shown
    return Listed(entry, tuple(given), version if much and not harvested else None, ("306001/000001",) if much else ())


def broken(data: Graph) -> list[str]:
    """The rules that are broken, as texts."""
    _fits, found, _text = pyshacl.validate(data, shacl_graph=shapes())
    return sorted(
        f"{found.value(one, SH.focusNode)} {found.value(one, SH.resultPath)}"
        for one in found.subjects(RDF.type, SH.ValidationResult)
        if found.value(one, SH.resultSeverity) == SH.Violation
    )


def test_no_rule_is_broken_and_a_broken_one_is_noticed(site: Site, listed: list[Listed]) -> None:
    assert len(listed) == 48
    things = dcat.part(site, listed, Part(f"{BASE}/catalog.ttl?page=1", "", "", None, None, len(listed), 100))
    graph = Graph().parse(data="".join(linked_writing.turtle([things])), format="turtle")
    assert broken(graph) == []
    record = Graph().parse(data="".join(linked_writing.turtle([dcat.record(site, listed[0])])), format="turtle")
    assert broken(record) == []
    dataset = URIRef(dcat.name_of(BASE, listed[0].entry.code))
    graph.remove((dataset, DCTERMS.title, None))
    graph.add((dataset, DCAT.theme, RdfLiteral("交通")))
    graph.add((dataset, DCTERMS.issued, RdfLiteral("gestern")))
    paths = {one.rpartition("/")[2].rpartition("#")[2] for one in broken(graph)}
    assert {"title", "theme", "issued"} <= paths
