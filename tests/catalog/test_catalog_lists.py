"""The catalogues of four neighbouring portals, all of their records, and records spoilt on purpose."""

import gzip
import json
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog.mapping import headings, lists
from catalog.mapping.listing import Firmness, Listing, Reading
from catalog.mapping.portal_words import CONDITIONS
from policies import opening
from policies.refusals import Invalid
from policies.vocabulary import Format, Industry, Licence, OpenTier, OpenType, SecurityLevel, Theme, UpdateCycle

CATALOGUES = Path(__file__).parents[2] / "demo" / "catalogues"
COUNTS = {"zhejiang": 1309, "jiaxing": 378, "shaoxing": 726, "zhoushan": 522}


def records(portal: str) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = json.loads(gzip.decompress((CATALOGUES / f"{portal}.json.gz").read_bytes()))
    return content


@pytest.fixture(scope="module")
def readings() -> dict[str, Reading]:
    return {portal: lists.read(records(portal), portal) for portal in COUNTS}


@pytest.fixture(scope="module")
def first() -> dict[str, dict[str, Any]]:
    return {portal: records(portal)[0] for portal in COUNTS}


def one(record: dict[str, Any], **kept: str) -> Listing:
    reading = lists.read([record], "here", kept or None)
    assert reading.rejected == ()
    return reading.listings[0]


@pytest.mark.parametrize(("portal", "count"), COUNTS.items())
def test_every_record_becomes_a_listing(readings: dict[str, Reading], portal: str, count: int) -> None:
    reading = readings[portal]
    assert (reading.read, len(reading.listings), reading.repeated, reading.rejected) == (count, count, 0, ())
    assert len({entry.external_id for entry in reading.listings}) == count
    assert all(entry.themes and entry.published and entry.updated for entry in reading.listings)


def test_values_that_no_table_knows_are_counted(readings: dict[str, Reading]) -> None:
    counts = {
        portal: {(value.field, value.text): n for value, n in reading.unread().items()}
        for portal, reading in readings.items()
    }
    assert counts == {
        "zhejiang": {
            ("contact", "mailbox"): 59,
            ("open_condition", "0"): 6,
            ("open_condition", "1"): 2,
            ("open_condition", "3"): 7,
            ("open_condition", "否"): 1,
            ("industry", "社会信用"): 9,
            ("industry", "电子证照"): 4,
            ("industry", "法人基础信息,社会信用"): 1,
        },
        "jiaxing": {("formats", "自描述:MySQL"): 1},
        "shaoxing": {("open_condition", "否"): 2},
        "zhoushan": {},
    }


def test_tiers_are_those_the_portals_state(readings: dict[str, Reading]) -> None:
    tiers = {portal: Counter(entry.open_tier for entry in reading.listings) for portal, reading in readings.items()}
    t0, t1, t2, tx = OpenTier.T0, OpenTier.T1, OpenTier.T2, OpenTier.TX
    assert tiers == {
        "zhejiang": {t0: 88, t1: 730, t2: 27, tx: 1, None: 463},
        "jiaxing": {t0: 94, t2: 11, tx: 1, None: 272},
        "shaoxing": {t0: 2, t1: 119, t2: 10, None: 595},
        "zhoushan": {None: 522},
    }
    firmness = Counter(entry.open_reading for reading in readings.values() for entry in reading.listings)
    assert firmness == {Firmness.UNSTATED: 1852, Firmness.INFERRED: 826, Firmness.STATED: 257}
    for reading in readings.values():
        for entry in reading.listings:
            unstated = entry.open_reading is Firmness.UNSTATED
            assert (entry.open_type is None) == (entry.open_tier is None) == unstated


def test_no_contact_can_be_a_persons(readings: dict[str, Reading]) -> None:
    contacts = [entry.contact for reading in readings.values() for entry in reading.listings if entry.contact]
    assert len(contacts) == 1246
    assert not [contact for contact in contacts if "@" in contact or "0" not in contact]


@pytest.mark.parametrize("number", ["13800138000", "138****1234", "0571-87053347 13800138000", "a@b.example"])
def test_a_contact_that_may_be_private_is_left_out(first: dict[str, Any], number: str) -> None:
    entry = one(first["zhejiang"] | {"联系方式": number, "备注": f"咨询 {number}", "联系人": "某人"})
    assert entry.contact is None
    assert [value.field for value in entry.unread] == ["contact"]
    assert "某人" not in str(entry)
    assert all(part not in str(entry) for part in number.split() if "0571" not in part)
    assert ("备注", f"咨询 {number}".replace(number.rsplit(maxsplit=1)[-1], "***")) in entry.words


def test_one_record_of_the_province(first: dict[str, Any]) -> None:
    changes = {"开放条件": "1级\t不脱敏", "资源格式": "电子表格-xlsx;接口:json;数据库-mysql", "数据量": ""}
    entry = one(first["zhejiang"] | changes)
    assert entry.external_id == "data.zjzwfw.gov.cn/jdop_front/detail/data.do?iid=4208"
    assert (entry.region_code, entry.themes) == ("330000", (Theme.INDUSTRY,))
    assert (entry.update_cycle, entry.update_note) == (UpdateCycle.IRREGULAR, "暂无新业务数据产生")
    assert (entry.open_type, entry.security_level) == (None, SecurityLevel.L1)
    assert entry.formats == (Format.XLSX, Format.API, Format.JSON)
    assert (entry.rows, entry.published) == (None, date(2019, 1, 29))
    assert entry.open_condition == "1级 不脱敏"
    assert ("更新周期", "不定期（暂无新业务数据产生）") in entry.words


def test_a_record_under_other_headings_with_everything() -> None:
    entry = one(
        {
            "信息资源代码（必填）": "330500/1",
            "資料集名稱": "空气质量",
            "提供機關": "湖州市安吉县生态环境局",
            "Description": "第一行\n第二行\x00\ud800",
            "数据 领域：": ["生态环境", "气象服务"],
            "所属行业": "水利、环境和公共设施管理业",
            "更新频率": "R/P1D",
            "开放属性": "T2",
            "安全分级": "L2",
            "License": "https://creativecommons.org/licenses/by/4.0/deed.zh",
            "数据格式": "['csv', 'xlsx']",
            "数据量": "1,204 条",
            "数据起始时间": "2020/1/1",
            "发布时间": datetime(2023, 6, 1, 9),  # noqa: DTZ001 a cell of a sheet has no zone
            "更新时间": 1624638600000,
        }
    )
    assert (entry.external_id, entry.title, entry.abstract) == ("330500/1", "空气质量", "第一行\n第二行\ufffd")
    assert (entry.provider, entry.region_code) == ("湖州市安吉县生态环境局", "330523")
    assert (entry.themes, entry.industry) == ((Theme.ENVIRONMENT, Theme.WEATHER), Industry.N)
    assert (entry.update_cycle, entry.open_tier, entry.open_type) == (
        UpdateCycle.DAILY,
        OpenTier.T2,
        OpenType.OPEN_RESTRICTED,
    )
    assert (entry.security_level, entry.licence) == (SecurityLevel.L2, Licence.CC_BY)
    assert (entry.formats, entry.rows, entry.time_from) == ((Format.CSV, Format.XLSX), 1204, date(2020, 1, 1))
    # 16:30 UTC is half past midnight of the next day in Shanghai
    assert (entry.published, entry.updated) == (date(2023, 6, 1), date(2021, 6, 26))
    assert entry.unread == ()


@pytest.mark.parametrize(
    ("provider", "region"),
    [
        ("平湖市文旅体局", "330482"),
        ("嘉兴市统计局", "330400"),
        ("港区政务数据办", "330400"),
        ("国家税务总局海宁市税务局", "330481"),
    ],
)
def test_region_is_the_division_in_the_providers_name(first: dict[str, Any], provider: str, region: str) -> None:
    assert one(first["jiaxing"] | {"数源单位": provider}).region_code == region


@pytest.mark.parametrize(
    ("heading", "value", "field"),
    [
        ("数据领域", "工业农业,星际航行", "themes"),
        ("更新周期", "每世纪", "update_cycle"),
        ("资源格式", "电子文件-鱼", "formats"),
        ("开放条件", "看情况", "open_condition"),
        ("更新日期", "去年", "updated"),
        ("发布日期", 10**30, "published"),
        ("发布日期", "2023", "published"),
        ("数据量", "很多", "rows"),
        ("标签", "、".join(f"词{n}" for n in range(21)), "tags"),
        ("数源单位", "局" * 201, "provider"),
        ("开放条件", "长" * 256, "open_condition"),
        ("详情页网址", "javascript:alert(1)", "source_url"),
        ("详情页网址", "https://data.example.cn/" + "x" * 1000, "source_url"),
    ],
)
def test_a_value_that_cannot_be_taken_is_reported_and_kept(
    first: dict[str, Any], heading: str, value: Any, field: str
) -> None:
    entry = one(first["zhejiang"] | {"联系方式": "暂无联系方式", heading: value})
    assert {unread.field for unread in entry.unread} == {field}
    said = dict(entry.words).get(heading, "") + entry.format_text
    assert str(value)[-4:] in said or heading == "数据量"


@pytest.mark.parametrize(
    ("heading", "value", "code"),
    [
        ("标题", " ", "harvest.title-missing"),
        ("标题", None, "harvest.title-missing"),
        ("标题", {"zh": "x"}, "harvest.title-missing"),
        ("标题", "长" * 501, "harvest.long"),
        ("摘要", "长" * 20_001, "harvest.long"),
    ],
)
def test_a_record_that_cannot_be_named_is_rejected_whole(heading: str, value: object, code: str) -> None:
    good, bad = records("zhejiang")[:2]
    bad[heading] = value
    reading = lists.read([good, bad, 7], "here", where="data")
    assert (reading.read, len(reading.listings), reading.repeated) == (3, 1, 0)
    assert [(r.position, r.path, r.problem.code) for r in reading.rejected] == [
        (1, f"data[1].{heading}", code),
        (2, "data[2]", "harvest.no-record"),
    ]
    assert reading.rejected[0].record is bad
    assert all(r.remedy.text(language) for r in reading.rejected for language in ("zh", "en"))


def test_what_is_missing_does_not_reject() -> None:
    entry = one({"标题": "公交站点", "摘要": "暂无", "数源单位": "None"})
    assert (entry.abstract, entry.abstract_missing, entry.provider) == ("", True, "")


def test_one_title_the_best_heading_and_the_rest_as_words() -> None:
    rows = [{"名称": "一号线", "目录名称": "公交站点", "开放类型": "可开放", "开放条件": "有条件开放"}]
    reading = lists.read(rows, "here")
    assert dict(reading.headings) == {"title": "目录名称", "open_condition": "开放条件"}
    assert reading.listings[0].words == (("开放条件", "有条件开放"), ("名称", "一号线"), ("开放类型", "可开放"))


def test_a_heading_of_two_meanings_serves_the_field_that_has_none() -> None:
    both = {"标题": "甲", "创建日期": "2022-12-14", "发布日期": "2023-06-13"}
    assert (one(both).published, one(both).updated) == (date(2022, 12, 14), date(2023, 6, 13))
    beside = both | {"更新日期": "2023-07-01"}
    assert (one(beside).published, one(beside).updated) == (date(2022, 12, 14), date(2023, 7, 1))
    alone = {"标题": "甲", "发布日期": "2023-06-13"}
    assert (one(alone).published, one(alone).updated) == (date(2023, 6, 13), None)


def test_two_equally_good_headings_ask_for_a_mapping() -> None:
    rows = [{"数据集名称": "甲", "资源名称": "乙"}]
    with pytest.raises(Invalid) as caught:
        lists.read(rows, "here")
    assert caught.value.code == "harvest.ambiguous"
    for language in ("zh", "en"):
        text = caught.value.text(language)
        assert 'title = "数据集名称"' in text
        assert 'title = "资源名称"' in text
    assert lists.read(rows, "here", {"title": "资源名称"}).listings[0].title == "乙"
    same = [{"数据集名称": "甲", "资源名称": "甲"}]
    assert lists.read(same, "here").listings[0].title == "甲"


def test_a_mapping_says_what_is_not_recognised() -> None:
    rows = [{"what": "甲", "who": "某局"}]
    with pytest.raises(Invalid, match="what"):
        lists.read(rows, "here")
    given = headings.mapping('title = "what"\nprovider = "WHO"', "mapping.toml")
    assert [(x.title, x.provider) for x in lists.read(rows, "here", given).listings] == [("甲", "某局")]
    assert headings.mapping('{"title": "what"}', "mapping.json") == {"title": "what"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("title", "harvest.mapping-form"),
        ("", "harvest.mapping-form"),
        ("title = 3", "harvest.mapping-form"),
        ('name = "what"', "harvest.mapping-field"),
        ('title = "where"', "harvest.mapping-heading"),
    ],
)
def test_a_faulty_mapping_is_explained(text: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        lists.read([{"what": "甲"}], "here", headings.mapping(text, "m.toml"))
    assert caught.value.code == code


def test_every_condition_fits_its_tier() -> None:
    for open_type, tier, reading in CONDITIONS.values():
        assert tier in opening.tiers_for(open_type)
        assert reading is not Firmness.UNSTATED


@pytest.mark.parametrize(
    "told",
    [
        "title=资源名称 provider=发布部门 region_code=所属区县 updated=更新时间 open_condition=开放等级",
        "title=数据集名称 tags=数据标签 published=首次发布日期 update_cycle=更新频度 provider=数据提供方",
        "title=资源名称 open_condition=开放类型 updated=资源更新日期 provider=所属单位 themes=所属主题",
        "title=目录名称 abstract=目录摘要 tags=关键字 provider=提供部门 themes=领域分类 source_url=详情页网址",
        "title=标题 abstract=摘要描述 provider=提供单位 themes=所属领域 updated=更新时间",
        "title=标题 themes=主题名称 industry=所属行业 provider=数据提供方 abstract=数据摘要 update_cycle=更新频率",
        "title=resourceName provider=orgName abstract=remark formats=data_formats open_condition=openTypeName",
    ],
)
def test_headings_of_other_portals_are_recognised(told: str) -> None:
    wanted = dict(pair.split("=") for pair in told.split())
    record = dict.fromkeys(wanted.values(), "某值")
    assert dict(lists.read([record], "here").headings) == wanted
