"""Files about the catalogue for programs: data.json, Croissant, structured data, OpenSearch; nothing hidden in any."""

import csv
import hashlib
import json
import re
from datetime import datetime
from io import StringIO
from typing import Any
from xml.etree import ElementTree as ET

import public_stage as stage
import pytest
from flask.testing import FlaskClient

from catalog.mapping import croissant, dcat_us
from catalog.models import Entry
from open_portal.wiring import Kit
from policies import vocabulary as v
from tenancy import work
from tenancy.actors import SYSTEM

REQUIRED = ("title", "description", "keyword", "modified", "publisher", "contactPoint", "identifier", "accessLevel")
MEDIA = re.compile(r"[-\w]+/[-\w]+(\.[-\w]+)*(\+[-\w]+)?")
MAIL = re.compile(r"mailto:[\w~!$&'()*+,;=:.-]+@[\w.-]+\.[\w.-]+")
CYCLE = re.compile(r"irregular|R/P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?")
DRAFT = "看不见的草稿"
HOSTILE = '</script><script>alert("1")</script> & \u2028 公交线路'
BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


@pytest.fixture
def slugs(kit: Kit, cast: Any, now: datetime) -> dict[str, str]:
    return {
        "open": stage.publish(kit, cast, now, HOSTILE, licence=v.Licence.CC_BY, tags=("公交", "</script>")),
        "restricted": stage.publish(kit, cast, now, "刷卡记录", v.OpenTier.T2),
        "closed": stage.publish(kit, cast, now, "只列出的数据", v.OpenTier.TX),
        "harvested": stage.harvest(kit, cast, now, "嘉兴公交"),
        "draft": stage.draft(kit, cast, now, DRAFT),
    }


def faults(dataset: dict[str, Any]) -> list[str]:
    """What of the schema of DCAT-US 1.1 a dataset breaks, by the rules for bodies that are not federal."""
    found = [name for name in REQUIRED if not dataset.get(name)]
    found += [name for name, value in dataset.items() if value in (None, "", [])]
    if dataset["accessLevel"] not in {"public", "restricted public", "non-public"}:
        found.append("accessLevel")
    if dataset["accessLevel"] != "public" and not 0 < len(dataset.get("rights", "")) <= 255:
        found.append("rights")
    contact = dataset["contactPoint"]
    if not contact.get("fn") or not MAIL.fullmatch(contact.get("hasEmail", "")):
        found.append("contactPoint")
    if not dataset["publisher"].get("name") or dataset["publisher"].get("@type") != "org:Organization":
        found.append("publisher")
    if not CYCLE.fullmatch(dataset.get("accrualPeriodicity", "irregular")):
        found.append("accrualPeriodicity")
    for name in ("modified", "issued"):
        datetime.fromisoformat(dataset.get(name, dataset["modified"]))
    for one in dataset.get("distribution", []):
        if "downloadURL" in one and not MEDIA.fullmatch(one.get("mediaType", "")):
            found.append("mediaType")
        found += [name for name in ("downloadURL", "accessURL") if not one.get(name, "https://").startswith("http")]
    return found


def test_data_json(client: FlaskClient, slugs: dict[str, str]) -> None:
    answer = client.get("/data.json")
    assert answer.mimetype == "application/json"
    assert DRAFT not in answer.text
    assert stage.SECRET_COLUMN not in answer.text
    whole = answer.get_json()
    assert (whole["conformsTo"], whole["@type"]) == (dcat_us.SCHEMA, "dcat:Catalog")
    found = {one["landingPage"].rpartition("/")[2]: one for one in whole["dataset"]}
    assert len(found) == len(whole["dataset"]) == 4
    assert {name: faults(one) for name, one in found.items()} == {name: [] for name in found}
    levels = {slugs["open"]: "public", slugs["restricted"]: "restricted public", slugs["closed"]: "non-public"}
    assert {name: found[name]["accessLevel"] for name in levels} == levels
    assert "仅用于研究" in found[slugs["restricted"]]["rights"]
    assert [list(one) for one in found[slugs["restricted"]]["distribution"]] == [
        ["@type", "title", "accessURL", "format"]
    ]
    assert "distribution" not in found[slugs["closed"]]
    assert {one["mediaType"] for one in found[slugs["open"]]["distribution"]} >= {"text/csv", "application/json"}


def test_croissant_loads_what_the_public_may_have(client: FlaskClient, slugs: dict[str, str]) -> None:
    answer = client.get(f"/datasets/{slugs['open']}/croissant.json")
    assert answer.mimetype == "application/ld+json"
    made = json.loads(answer.text)
    assert made["conformsTo"] == croissant.VERSION
    wanted = ("name", "description", "url", "license", "creator", "datePublished", "version", "citeAs")
    assert all(made.get(name) for name in wanted)
    [file] = made["distribution"]
    body = client.get(file["contentUrl"].removeprefix("http://localhost")).data
    assert file["sha256"] == hashlib.sha256(body).hexdigest()
    assert file["contentSize"] == f"{len(body)} B"
    [records] = made["recordSet"]
    columns = [one["source"]["extract"]["column"] for one in records["field"]]
    assert columns == next(csv.reader(StringIO(body.decode()))) == ["线路", "站点数", "开通日期"]
    assert [one["dataType"] for one in records["field"]] == ["sc:Text", "sc:Integer", "sc:Date"]
    assert {one["source"]["fileObject"]["@id"] for one in records["field"]} == {file["@id"]}
    names = [one["@id"] for one in [file, records, *records["field"]]]
    assert len(set(names)) == len(names)
    assert records["key"] == {"@id": records["field"][0]["@id"]}
    assert stage.SECRET_COLUMN not in answer.text
    for kind in ("restricted", "closed", "harvested", "draft"):
        assert client.get(f"/datasets/{slugs[kind]}/croissant.json").status_code == 404, kind


def test_structured_data_of_a_page(
    kit: Kit, client: FlaskClient, slugs: dict[str, str], now: datetime, cast: Any
) -> None:
    with work.begin(kit.database, SYSTEM, now) as unit:
        entry = unit.session.query(Entry).filter_by(code=slugs["open"].replace("-", "/")).one()
        entry.time_from = now.date()
    page = client.get(f"/datasets/{slugs['open']}").text
    [block] = BLOCK.findall(page)
    made = json.loads(block)
    assert made["name"] == HOSTILE
    assert (made["@type"], made["isAccessibleForFree"]) == ("Dataset", True)
    assert made["license"] == v.Licence.CC_BY.uri
    assert made["temporalCoverage"] == f"{now.date()}/.."
    assert made["spatialCoverage"]["name"] == "湖州市"
    assert made["creator"]["name"] == "市交通运输局"
    assert [one["name"] for one in made["variableMeasured"]] == ["线路", "站点数", "开通日期"]
    assert f"http://localhost/datasets/{slugs['open']}/download.csv" in {
        one["contentUrl"] for one in made["distribution"]
    }
    restricted = json.loads(BLOCK.findall(client.get(f"/datasets/{slugs['restricted']}").text)[0])
    assert not {"distribution", "variableMeasured"} & restricted.keys()
    assert restricted["conditionsOfAccess"] == "仅用于研究"
    graph = json.loads(BLOCK.findall(client.get("/").text)[0])["@graph"]
    assert [one["@type"] for one in graph] == ["DataCatalog", "WebSite"]


def test_a_page_names_its_other_forms(client: FlaskClient, slugs: dict[str, str]) -> None:
    for page, least in (
        (f"/datasets/{slugs['open']}", 5),
        (f"/datasets/{slugs['closed']}", 4),
        ("/datasets", 5),
        ("/", 5),
    ):
        links = re.findall(r'<link rel="alternate" type="([^"]+)" title="[^"]+" href="([^"]+)">', client.get(page).text)
        assert len(links) >= least, page
        for kind, address in links:
            answer = client.get(address)
            assert (answer.status_code, answer.mimetype) == (200, kind), address
            answer.get_data()


def test_open_search(client: FlaskClient, slugs: dict[str, str]) -> None:
    space = "{http://a9.com/-/spec/opensearch/1.1/}"
    assert 'rel="search"' in client.get("/").text
    answer = client.get("/opensearch.xml")
    assert answer.mimetype == "application/opensearchdescription+xml"
    root = ET.fromstring(answer.text)  # noqa: S314 - our own
    assert 0 < len(root.findtext(f"{space}ShortName", "")) <= 16
    for one in root.iterfind(f"{space}Url"):
        address = one.get("template", "").replace("{searchTerms}", "刷卡").replace("{startPage?}", "1")
        found = client.get(address.removeprefix("http://localhost"))
        assert (found.status_code, found.mimetype) == (200, one.get("type"))
        assert "刷卡" in found.text or one.get("rel") == "self"
