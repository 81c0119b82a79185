"""Entries as CKAN packages: every key the readers want, text where they want text, nothing about sharing."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog.mapping import ckan, ckan_docs
from catalog.mapping.offers import Offer
from catalog.models import Entry
from policies import vocabulary as v
from tenancy.models import Tenant, TenantName

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BASE = "https://data.example.org"
ID = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def tenant() -> Tenant:
    name = TenantName(zh="市交通运输局", en="Transport Bureau", valid_from=date(2020, 1, 1))
    return Tenant(id="t-1", key="hz-jtj", kind=v.TenantKind.DEPARTMENT, created_at=NOW, names=[name])


@pytest.fixture
def entry(loose: Any, tenant: Tenant) -> Entry:
    return loose(
        tenant,
        "公交线路",
        NOW,
        ("a",),
        id=ID,
        code="306001/000042",
        title_en="Bus routes",
        abstract="线路与站点",
        abstract_en="",
        tags=["公交", "bus stop"],
        themes=["6", "18"],
        licence=v.Licence.CC_BY,
        contact_office="信息中心",
        contact_phone="0572-1234567",
        contact_email="data@example.org",
        share_condition="仅限内部",
        share_basis="某文件",
        source_system="内部系统",
        open_condition="",
        origin_text="",
        time_from=date(2020, 1, 1),
        rows=120,
        score=98.5,
        grade=v.Grade.A,
        downloads=3,
    )


def offer(**values: Any) -> Offer:
    defaults = {"id": "r-1", "format": v.Format.CSV, "url": f"{BASE}/a.csv", "created": NOW, "modified": NOW}
    return Offer(**(defaults | {"size": 10, "sha256": "ab" * 32} | values))


def demand_strict(package: dict[str, Any]) -> None:
    """What the strictest reader insists on; one bad resource costs the whole dataset."""
    text, maybe = str, (str, type(None))
    kinds: dict[str, Any] = {
        **dict.fromkeys(("id", "name", "title", "license_id", "metadata_created", "metadata_modified"), text),
        **dict.fromkeys(("notes", "license_title", "author", "author_email", "maintainer", "maintainer_email"), maybe),
        "state": maybe,
        "tags": list,
        "resources": list,
        "private": bool,
        "organization": (dict, type(None)),
    }
    for key, kind in kinds.items():
        assert isinstance(package[key], kind), key
    assert package["type"] == "dataset"
    assert re.fullmatch(r"[a-z0-9_-]{2,100}", package["name"])
    assert all("@" in package[key] for key in ("author_email", "maintainer_email") if package[key])
    assert all(isinstance(tag[key], str) for tag in package["tags"] for key in ("id", "name"))
    assert all(isinstance(extra[key], str) for extra in package["extras"] for key in ("key", "value"))
    for resource in package["resources"]:
        demand_strict_resource(resource)
    body = package["organization"]
    if body:
        assert all(isinstance(body[key], str) for key in ("description", "image_url", "created", "name", "title"))
        assert (body["type"], body["approval_status"]) == ("organization", "approved")


def demand_strict_resource(resource: dict[str, Any]) -> None:
    wanted = "id position name description format mimetype size hash created last_modified url resource_type"
    assert set(wanted.split()) <= resource.keys()
    assert isinstance(resource["position"], int)
    assert isinstance(resource["format"], str)
    assert isinstance(resource["created"], str)
    assert re.fullmatch(r"https?://[^\s]+", resource["url"])
    assert resource["resource_type"] in {"", "file", "file.upload", "api", "documentation", "image", "visualization"}
    assert resource["hash"] in {None, ""} or len(resource["hash"]) in {32, 40, 64}
    for instant in ("created", "last_modified"):
        datetime.fromisoformat(resource[instant])


def test_a_package_holds_every_key_and_passes_the_strictest_reader(entry: Entry) -> None:
    package = ckan.package(entry, [offer(), offer(id="r-2", format=v.Format.API, size=None, sha256=None)], BASE, "zh")
    demand_strict(package)
    assert json.loads(json.dumps(package)) == package
    assert package["name"] == "306001-000042"
    assert (package["title"], package["notes"]) == ("公交线路", "线路与站点")
    assert package["url"] == f"{BASE}/datasets/306001-000042"
    assert (package["owner_org"], package["organization"]["title"]) == ("t-1", "市交通运输局")
    assert (package["license_id"], package["isopen"]) == ("CC-BY-4.0", True)
    assert package["metadata_modified"] == "2026-11-23T02:00:00.000000"
    assert [group["name"] for group in package["groups"]] == ["theme-6", "theme-18"]
    assert (package["num_resources"], package["num_tags"]) == (2, 2)
    file, api = package["resources"]
    assert (file["resource_type"], file["format"], file["size"], file["hash"]) == ("file", "CSV", 10, "ab" * 32)
    assert (api["resource_type"], api["datastore_active"], api["position"]) == ("api", True, 1)


def test_english_titles_where_there_are_any(entry: Entry) -> None:
    package = ckan.package(entry, [], BASE, "en")
    assert (package["title"], package["notes"]) == ("Bus routes", "线路与站点")
    assert package["organization"]["title"] == "Transport Bureau"
    assert package["groups"][0]["title"] == "Transport"


def test_a_missing_abstract_is_no_sentence_of_ours(entry: Entry) -> None:
    """A later load would keep it as the abstract."""
    entry.abstract, entry.origin = "", v.Origin.HARVESTED
    assert [ckan.package(entry, [], BASE, language)["notes"] for language in ("zh", "en")] == ["", ""]


def test_extras_have_fixed_keys_and_text_values(entry: Entry) -> None:
    extras = {extra["key"]: extra["value"] for extra in ckan.package(entry, [], BASE, "zh")["extras"]}
    assert extras.keys() <= ckan.EXTRAS.keys()
    assert extras["identifier"] == "306001/000042"
    assert extras["access_level"] == "T0"
    assert extras["spatial-text"] == "湖州市"
    assert extras["temporal_start"] == "2020-01-01"
    assert extras["rows"] == "120"
    assert extras["frequency"].endswith("/frequency/DAILY")
    assert "temporal_end" not in extras
    assert "origin_portal" not in extras


def test_nothing_of_the_sharing_domain_is_told(entry: Entry) -> None:
    told = json.dumps(ckan.package(entry, [offer()], BASE, "zh"), ensure_ascii=False)
    for hidden in ("仅限内部", "某文件", "内部系统", "SHARE_"):
        assert hidden not in told


def test_restricted_data_point_to_the_page_to_apply_on(entry: Entry) -> None:
    entry.open_type, entry.open_tier = v.OpenType.OPEN_RESTRICTED, v.OpenTier.T2
    entry.open_condition, entry.licence = "审核后提供", v.Licence.AGREEMENT
    apply = f"{BASE}/datasets/306001-000042/apply"
    package = ckan.package(entry, [offer(url=apply, restricted=True)], BASE, "zh")
    demand_strict(package)
    (resource,) = package["resources"]
    assert resource["url"] == apply
    assert (resource["url_type"], resource["resource_type"]) == (None, "")
    assert (resource["size"], resource["hash"], resource["mimetype"]) == (None, None, None)
    assert not resource["datastore_active"]
    assert package["isopen"] is False


def test_what_is_unknown_is_still_well_formed(entry: Entry) -> None:
    entry.licence, entry.contact_email, entry.contact_office, entry.contact_phone = None, "not an address", "", ""
    entry.code, entry.score, entry.grade, entry.rows = "399900/000001", None, None, None
    entry.publisher_name, entry.origin, entry.region_code = "舟山市海洋局", v.Origin.HARVESTED, "330921"
    entry.state = v.EntryState.WITHDRAWN
    package = ckan.package(entry, [], BASE, "zh")
    demand_strict(package)
    assert package["license_id"] == "notspecified"
    assert (package["maintainer"], package["maintainer_email"]) == (None, None)
    assert (package["author"], package["state"]) == ("舟山市海洋局", "deleted")
    assert {extra["key"]: extra["value"] for extra in package["extras"]}["spatial-text"] == "岱山县"


def test_the_same_entry_is_always_the_same_package(entry: Entry) -> None:
    assert ckan.package(entry, [offer()], BASE, "zh") == ckan.package(entry, [offer()], BASE, "zh")


def test_lists_of_organizations_groups_and_licences(tenant: Tenant) -> None:
    body = ckan.organization(tenant, BASE, "zh", packages=4)
    assert (body["name"], body["package_count"], body["state"]) == ("hz-jtj", 4, "active")
    tenant.dissolved_on = date(2026, 1, 1)
    assert ckan.organization(tenant, BASE, "zh")["state"] == "deleted"
    groups = [ckan.group(theme, "zh", packages=0) for theme in v.Theme]
    assert len({group["id"] for group in groups}) == len({group["name"] for group in groups}) == len(v.Theme)
    licences = ckan.licences("en")
    wanted = "id title url family maintainer status domain_content domain_data domain_software od_conformance"
    wanted += " osd_conformance is_okd_compliant is_osi_compliant is_generic"
    assert all(licence.keys() == set(wanted.split()) for licence in licences)
    assert len({licence["id"] for licence in licences}) == len(v.Licence)


def test_every_extra_is_explained_in_both_languages() -> None:
    assert all(zh.strip() and en.strip() for zh, en in ckan.EXTRAS.values())


def test_the_page_about_the_mapping_is_the_mapping() -> None:
    kept = (Path(__file__).parents[2] / "docs" / "ckan.md").read_text(encoding="utf-8")
    assert kept == ckan_docs.page()
