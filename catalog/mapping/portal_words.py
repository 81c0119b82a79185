"""What the neighbours' portals call things: their headings, their counties, and their words in our terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from policies.vocabulary import OpenTier, OpenType, SecurityLevel, Term, UpdateCycle


class Portal(Term):
    """A portal whose catalogue we can read."""

    ZHEJIANG = "zhejiang", "浙江省公共数据开放平台", "Zhejiang open-data portal"
    JIAXING = "jiaxing", "嘉兴市公共数据开放平台", "Jiaxing open-data portal"
    SHAOXING = "shaoxing", "绍兴市公共数据开放平台", "Shaoxing open-data portal"
    ZHOUSHAN = "zhoushan", "舟山市公共数据开放平台", "Zhoushan open-data portal"


class Reading(Term):
    """How firmly an opening attribute stands in the portal's own words."""

    STATED = "STATED", "原文明示", "stated"
    INFERRED = "INFERRED", "按原文推断", "inferred"
    UNSTATED = "UNSTATED", "原文未说明", "not stated"


class Fault(Term):
    """Why a record could not become a listing."""

    HEADING_MISSING = "HEADING_MISSING", "缺少该平台应有的字段", "a heading of this portal is missing"
    TITLE_UNUSABLE = (
        "TITLE_UNUSABLE",
        "标题为空或长度不在2至500字之间",
        "title empty or not of 2 to 500 characters",
    )
    ABSTRACT_UNUSABLE = "ABSTRACT_UNUSABLE", "摘要为空或超过1000字", "abstract empty or over 1000 characters"
    PROVIDER_MISSING = "PROVIDER_MISSING", "未写明提供单位", "no provider is named"
    ADDRESS_UNUSABLE = "ADDRESS_UNUSABLE", "详情页网址中没有编号", "the page address holds no identifier"
    REPEATED = "REPEATED", "编号与前面的记录重复", "the identifier occurred before"


@dataclass(frozen=True)
class Headings:
    """What one portal calls each field; `None` where it has no such field."""

    region: str
    title: str
    abstract: str
    provider: str
    themes: str
    rows: str
    published: str
    updated: str
    address: str
    tags: str | None
    formats: str | None
    cycle: str | None
    condition: str | None
    contact: str | None

    def required(self) -> tuple[str, ...]:
        """Return the headings that every record of the portal carries, though perhaps with an empty value."""
        return tuple(value for name, value in vars(self).items() if value and name != "region")


_FAMILY = Headings(  # the province's own software, which Jiaxing runs too
    region="330000",
    title="标题",
    abstract="摘要",
    provider="数源单位",
    themes="数据领域",
    rows="数据量",
    published="发布日期",
    updated="更新日期",
    address="详情页网址",
    tags="标签",
    formats="资源格式",
    cycle="更新周期",
    condition="开放条件",
    contact="联系方式",
)
HEADINGS: Mapping[Portal, Headings] = MappingProxyType(
    {
        Portal.ZHEJIANG: _FAMILY,
        Portal.JIAXING: replace(_FAMILY, region="330400", rows="数据容量"),
        Portal.SHAOXING: replace(_FAMILY, region="330600", tags="资源标签", formats=None),
        Portal.ZHOUSHAN: Headings(
            region="330900",
            title="资源名称",
            abstract="摘要",
            provider="资源提供方",
            themes="数据领域",
            rows="数据量",
            published="上线日期",
            updated="更新日期",
            address="详情页网址",
            tags=None,
            formats="资源格式",
            cycle=None,
            condition=None,
            contact=None,
        ),
    }
)
COUNTIES: Mapping[str, str] = MappingProxyType(
    {
        "南湖区": "330402",
        "秀洲区": "330411",
        "嘉善县": "330421",
        "海盐县": "330424",
        "海宁市": "330481",
        "平湖市": "330482",
        "桐乡市": "330483",
        "越城区": "330602",
        "柯桥区": "330603",
        "上虞区": "330604",
        "新昌县": "330624",
        "诸暨市": "330681",
        "嵊州市": "330683",
        "定海区": "330902",
        "普陀区": "330903",
        "岱山县": "330921",
        "嵊泗县": "330922",
    }
)
CYCLES: Mapping[str, UpdateCycle] = MappingProxyType(
    {
        "实时": UpdateCycle.REALTIME,
        "分钟级": UpdateCycle.MINUTELY,
        "小时级": UpdateCycle.HOURLY,
        "每天": UpdateCycle.DAILY,
        "每日": UpdateCycle.DAILY,
        "每周": UpdateCycle.WEEKLY,
        "每月": UpdateCycle.MONTHLY,
        "每季度": UpdateCycle.QUARTERLY,
        "每半年": UpdateCycle.HALF_YEARLY,
        "每年": UpdateCycle.YEARLY,
        "不定期": UpdateCycle.IRREGULAR,
        "不更新": UpdateCycle.NEVER,
    }
)
_FULLY = OpenType.OPEN_UNCOND, OpenTier.T0
_AFTER_LOGIN = OpenType.OPEN_UNCOND, OpenTier.T1
_ON_APPLICATION = OpenType.OPEN_RESTRICTED, OpenTier.T2
_NOT_OPEN = OpenType.OPEN_FORBIDDEN, OpenTier.TX
_WORDS: Mapping[Reading, Mapping[tuple[OpenType, OpenTier], str]] = MappingProxyType(
    {
        Reading.STATED: {
            _FULLY: "无条件开放 无条件 完全开放",
            _AFTER_LOGIN: "实名制开放 实名开放 实名公开 用户注册",
            _ON_APPLICATION: "提出申请 开放网站申请 依申请开放 需申请 申请开放 需要审批 受限开放 受限"
            " 涉及个人信息数据项有条件开放 涉及个人信息的数据项有条件开放 以公共数据平台审核为准",
            _NOT_OPEN: "禁止开放",
        },
        Reading.INFERRED: {
            _FULLY: "开放 数据开放 信息开放 网页开放 面向社会开放相关数据 按相关政策要求,当前数据允许开放",
            # These name the door; the portals let a registered user through it.
            _AFTER_LOGIN: "开放网站 依托于开放网站 数据开放平台下载 浙江省数据开放平台开放",
            _ON_APPLICATION: "按需开放 按相关规定审核开放共享 审批同意后共享 仅投资项目相关领域系统使用"
            " 仅供个人查询自身记录 仅供机构/个人查询相关记录",
            _NOT_OPEN: "局内使用",
        },
    }
)
CONDITIONS: Mapping[str, tuple[OpenType, OpenTier, Reading]] = MappingProxyType(
    {
        word: (*attributes, reading)
        for reading, groups in _WORDS.items()
        for attributes, words in groups.items()
        for word in words.split()
    }
)
# A use, a level or a sharing attribute, but no word on who may have the data.
BESIDE_THE_POINT = frozenset(
    [
        "用于数据校验",
        "信息参考",
        "业务协同",
        "用于业务协调",
        "业务对接",
        "大综合一体化场景",
        "根据接口规范",
        "无条件共享",
    ]
)
SILENT = frozenset({"", "无", "暂无", "暂无联系方式"})  # "无" may mean "no condition" as well as "no entry"
LEVELS: Mapping[str, SecurityLevel] = MappingProxyType(dict.fromkeys(("1级 不脱敏", "1不脱敏", "L1"), SecurityLevel.L1))
