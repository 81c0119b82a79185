"""The catalogues of four neighbouring portals, all of their records, and records spoilt on purpose."""

import gzip
import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from catalog.mapping import portals
from catalog.mapping.portal_words import CONDITIONS, HEADINGS, Fault, Portal, Reading
from policies import opening
from policies.vocabulary import Format, OpenTier, SecurityLevel, Theme, UpdateCycle

CATALOGUES = Path(__file__).parents[2] / "demo" / "catalogues"


def records(portal: Portal) -> list[dict[str, object]]:
    content: list[dict[str, object]] = json.loads(gzip.decompress((CATALOGUES / f"{portal}.json.gz").read_bytes()))
    return content


@pytest.fixture(scope="module")
def harvests() -> dict[Portal, portals.Harvest]:
    return {portal: portals.read_all(portal, records(portal)) for portal in Portal}


def listing(changes: dict[str, object], portal: Portal = Portal.ZHEJIANG) -> portals.Listing:
    result = portals.read(portal, records(portal)[0] | changes)
    assert isinstance(result, portals.Listing)
    return result


@pytest.mark.parametrize(
    ("portal", "count"),
    [(Portal.ZHEJIANG, 1309), (Portal.JIAXING, 378), (Portal.SHAOXING, 726), (Portal.ZHOUSHAN, 522)],
)
def test_every_record_becomes_a_listing(harvests: dict[Portal, portals.Harvest], portal: Portal, count: int) -> None:
    harvest = harvests[portal]
    assert (len(harvest.listings), len(harvest.rejected)) == (count, 0)
    assert len({entry.external_id for entry in harvest.listings}) == count
    assert len({(entry.provider, entry.title) for entry in harvest.listings}) == count
    assert all(entry.themes and entry.published and entry.updated for entry in harvest.listings)


def test_values_that_no_table_knows_are_counted(harvests: dict[Portal, portals.Harvest]) -> None:
    counts = {
        portal: {(v.field, v.text): n for v, n in harvest.unread().items()} for portal, harvest in harvests.items()
    }
    assert counts == {
        Portal.ZHEJIANG: {
            ("contact", "mailbox"): 59,
            ("open_condition", "0"): 6,
            ("open_condition", "1"): 2,
            ("open_condition", "3"): 7,
            ("open_condition", "否"): 1,
        },
        Portal.JIAXING: {("formats", "自描述:MySQL"): 1},
        Portal.SHAOXING: {("open_condition", "否"): 2},
        Portal.ZHOUSHAN: {},
    }


def test_tiers_are_those_the_portals_state(harvests: dict[Portal, portals.Harvest]) -> None:
    tiers = {portal: Counter(entry.open_tier for entry in harvest.listings) for portal, harvest in harvests.items()}
    t0, t1, t2, tx = OpenTier.T0, OpenTier.T1, OpenTier.T2, OpenTier.TX
    assert tiers == {
        Portal.ZHEJIANG: {t0: 88, t1: 730, t2: 27, tx: 1, None: 463},
        Portal.JIAXING: {t0: 94, t2: 11, tx: 1, None: 272},
        Portal.SHAOXING: {t0: 2, t1: 119, t2: 10, None: 595},
        Portal.ZHOUSHAN: {None: 522},
    }
    readings = Counter(entry.open_reading for h in harvests.values() for entry in h.listings)
    assert readings == {Reading.UNSTATED: 1852, Reading.INFERRED: 826, Reading.STATED: 257}


def test_what_is_not_stated_has_no_attribute(harvests: dict[Portal, portals.Harvest]) -> None:
    for harvest in harvests.values():
        for entry in harvest.listings:
            unstated = entry.open_reading is Reading.UNSTATED
            assert (entry.open_type is None) == (entry.open_tier is None) == unstated


def test_no_contact_can_be_a_persons(harvests: dict[Portal, portals.Harvest]) -> None:
    contacts = [entry.contact for harvest in harvests.values() for entry in harvest.listings if entry.contact]
    assert len(contacts) == 1246
    assert not [contact for contact in contacts if "@" in contact or "0" not in contact]


@pytest.mark.parametrize("number", ["13800138000", "138****1234", "0571-87053347 13800138000", "a@b.example"])
def test_a_contact_that_may_be_private_is_left_out(number: str) -> None:
    entry = listing({"联系方式": number})
    assert entry.contact is None
    assert [value.field for value in entry.unread] == ["contact"]
    assert number not in str(entry)


def test_one_record_of_the_province() -> None:
    entry = listing({"开放条件": "1级\t不脱敏", "资源格式": "电子表格-xlsx;接口:json;数据库-mysql", "数据量": ""})
    assert (entry.external_id, entry.region_code, entry.themes) == ("4208", "330000", (Theme.INDUSTRY,))
    assert (entry.update_cycle, entry.update_note) == (UpdateCycle.IRREGULAR, "暂无新业务数据产生")
    assert (entry.open_type, entry.security_level) == (None, SecurityLevel.L1)
    assert entry.formats == (Format.XLSX, Format.API, Format.JSON)
    assert (entry.rows, entry.published) == (None, date(2019, 1, 29))
    assert entry.open_condition == "1级 不脱敏"


def test_zhoushan_dates_are_days_in_shanghai() -> None:
    # 16:30 UTC is half past midnight of the next day in Shanghai
    assert listing({"上线日期": 1624638600000}, Portal.ZHOUSHAN).published == date(2021, 6, 26)


@pytest.mark.parametrize(
    ("provider", "region"),
    [("平湖市文旅体局", "330482"), ("嘉兴市统计局", "330400"), ("港区政务数据办", "330400")],
)
def test_region_is_the_county_in_the_providers_name(provider: str, region: str) -> None:
    assert listing({"数源单位": provider}, Portal.JIAXING).region_code == region


@pytest.mark.parametrize(
    ("heading", "value", "field"),
    [
        ("数据领域", "工业农业,星际航行", "themes"),
        ("更新周期", "每世纪", "update_cycle"),
        ("资源格式", "电子文件-鱼", "formats"),
        ("开放条件", "看情况", "open_condition"),
        ("更新日期", "去年", "updated"),
        ("发布日期", 10**30, "published"),
        ("数据量", "很多", "rows"),
        ("标签", "、".join(f"词{n}" for n in range(21)), "tags"),
    ],
)
def test_a_value_nobody_knows_is_reported_and_the_record_kept(heading: str, value: object, field: str) -> None:
    entry = listing({"联系方式": "暂无联系方式", heading: value})
    assert [unread.field for unread in entry.unread] == [field]


@pytest.mark.parametrize(
    ("heading", "value", "fault"),
    [
        ("标题", " ", Fault.TITLE_UNUSABLE),
        ("标题", "长" * 501, Fault.TITLE_UNUSABLE),
        ("摘要", None, Fault.ABSTRACT_UNUSABLE),
        ("摘要", "长" * 1001, Fault.ABSTRACT_UNUSABLE),
        ("数源单位", "暂无", Fault.PROVIDER_MISSING),
        ("详情页网址", "https://data.zjzwfw.gov.cn/", Fault.ADDRESS_UNUSABLE),
    ],
)
def test_a_record_that_cannot_be_named_or_found_is_rejected_whole(heading: str, value: object, fault: Fault) -> None:
    good, bad = records(Portal.ZHEJIANG)[:2]
    bad[heading] = value
    harvest = portals.read_all(Portal.ZHEJIANG, [good, bad])
    assert len(harvest.listings) == 1
    assert harvest.rejected == (portals.Rejected(1, fault, bad),)


def test_a_missing_heading_and_a_repeated_identifier_are_rejected() -> None:
    first, second = records(Portal.SHAOXING)[:2]
    shorter = {heading: value for heading, value in second.items() if heading != "更新周期"}
    harvest = portals.read_all(Portal.SHAOXING, [first, shorter, first])
    assert [(r.position, r.fault) for r in harvest.rejected] == [
        (1, Fault.HEADING_MISSING),
        (2, Fault.REPEATED),
    ]


def test_headings_are_exactly_those_used() -> None:
    unused = {Portal.ZHEJIANG: {"行业分类"}, Portal.JIAXING: {"行业分类"}}
    for portal in Portal:
        assert set(HEADINGS[portal].required()) == set(records(portal)[0]) - unused.get(portal, set())


def test_every_condition_fits_its_tier() -> None:
    for open_type, tier, reading in CONDITIONS.values():
        assert tier in opening.tiers_for(open_type)
        assert reading is not Reading.UNSTATED
