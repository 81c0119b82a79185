"""What other portals call things: their words in our terms. A word that isn't here is reported, never guessed."""

from collections.abc import Mapping
from types import MappingProxyType

from catalog.mapping.listing import Firmness
from policies.vocabulary import Format, Industry, OpenTier, OpenType, SecurityLevel, Theme, UpdateCycle

_C = UpdateCycle
_CYCLES: Mapping[UpdateCycle, str] = MappingProxyType(
    {
        _C.REALTIME: "实时 实时更新 即时 realtime real-time continuous continuously-updated R/PT1S UPDATE_CONT CONT",
        _C.MINUTELY: "分钟级 每分钟 minutely R/PT1M",
        _C.HOURLY: "小时级 每小时 hourly R/PT1H",
        _C.DAILY: "每天 每日 按日 日 daily R/P1D",
        _C.WEEKLY: "每周 按周 周 weekly R/P1W R/P7D",
        _C.MONTHLY: "每月 按月 月 月度 monthly R/P1M",
        _C.QUARTERLY: "每季度 每季 按季度 季度 quarterly R/P3M",
        _C.HALF_YEARLY: "每半年 半年 半年度 semiannual semi-annually ANNUAL_2 R/P6M",
        _C.YEARLY: "每年 按年 年 年度 yearly annual annually R/P1Y R/P12M",
        _C.IRREGULAR: "不定期 不定期更新 按需 按需更新 irregular irregularly as-needed asneeded IRREG AS_NEEDED",
        _C.NEVER: "不更新 不再更新 静态数据 never not-planned notplanned NOT_PLANNED",
    }
)
CYCLES: Mapping[str, UpdateCycle] = MappingProxyType(
    {
        word.casefold(): cycle
        for cycle, words in _CYCLES.items()
        for word in (*words.split(), cycle.value, cycle.zh, cycle.en.replace(" ", "-"))
    }
)
"""Cycles by words in small letters, spaces as hyphens: Chinese, English, ISO 8601 and the European code list."""
_FULLY = OpenType.OPEN_UNCOND, OpenTier.T0
_AFTER_LOGIN = OpenType.OPEN_UNCOND, OpenTier.T1
_ON_APPLICATION = OpenType.OPEN_RESTRICTED, OpenTier.T2
_IN_DOMAIN = OpenType.OPEN_RESTRICTED, OpenTier.T3
_NOT_OPEN = OpenType.OPEN_FORBIDDEN, OpenTier.TX
_WORDS: Mapping[Firmness, Mapping[tuple[OpenType, OpenTier], str]] = MappingProxyType(
    {
        Firmness.STATED: {
            _FULLY: "无条件开放 无条件 完全开放 T0 OPEN_UNCOND public open",
            _AFTER_LOGIN: "登录开放 T1 实名制开放 实名开放 实名公开 用户注册",
            _ON_APPLICATION: "有条件开放 有条件 T2 OPEN_RESTRICTED restricted restricted-public"
            " 提出申请 开放网站申请 依申请开放 需申请 申请开放 需要审批 受限开放 受限"
            " 涉及个人信息数据项有条件开放 涉及个人信息的数据项有条件开放 以公共数据平台审核为准",
            _IN_DOMAIN: "开放域内使用 T3",
            _NOT_OPEN: "禁止开放 不开放 不予开放 TX OPEN_FORBIDDEN non-public nonpublic NON_PUBLIC",
        },
        Firmness.INFERRED: {
            _FULLY: "开放 数据开放 信息开放 网页开放 面向社会开放相关数据 按相关政策要求,当前数据允许开放",
            # These name the door; the portals let a registered user through it.
            _AFTER_LOGIN: "开放网站 依托于开放网站 数据开放平台下载 浙江省数据开放平台开放",
            _ON_APPLICATION: "按需开放 按相关规定审核开放共享 审批同意后共享 仅投资项目相关领域系统使用"
            " 仅供个人查询自身记录 仅供机构/个人查询相关记录",
            _NOT_OPEN: "局内使用",
        },
    }
)
CONDITIONS: Mapping[str, tuple[OpenType, OpenTier, Firmness]] = MappingProxyType(
    {
        word.casefold(): (*attributes, reading)
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
        "可开放",
    ]
)
LEVELS: Mapping[str, SecurityLevel] = MappingProxyType(
    dict.fromkeys(("1级 不脱敏", "1不脱敏"), SecurityLevel.L1)
    | {word: level for level in SecurityLevel for word in (level.value, level.zh, level.en)}
)
_T = Theme
THEMES: Mapping[str, tuple[Theme, ...]] = MappingProxyType(
    {word.casefold(): (theme,) for theme in Theme for word in (theme.zh, theme.en)}
    | {
        "市场监管": (_T.MARKET,),
        "金融服务": (_T.FINANCE,),
        "纳税缴费": (_T.FINANCE,),
        "人社服务": (_T.EMPLOYMENT,),
        "社会保障": (_T.EMPLOYMENT,),
        "劳动就业": (_T.EMPLOYMENT,),
        "建设服务": (_T.HOUSING,),
        "城市建设": (_T.HOUSING,),
        "工程建设": (_T.HOUSING,),
        "住房保障": (_T.HOUSING,),
        "农业服务": (_T.INDUSTRY,),
        "三农服务": (_T.INDUSTRY,),
        "文化服务": (_T.EDUCATION,),
        "文化休闲": (_T.EDUCATION,),
        "文物保护": (_T.EDUCATION,),
        "教育服务": (_T.EDUCATION,),
        "教育培训": (_T.EDUCATION,),
        "教育科技": (_T.EDUCATION, _T.SCIENCE),
        "科技服务": (_T.SCIENCE,),
        "环保服务": (_T.ENVIRONMENT,),
        "环境资源": (_T.ENVIRONMENT, _T.ENERGY),
        "资源环境": (_T.ENERGY, _T.ENVIRONMENT),
        "卫生健康": (_T.HEALTH,),
        "道路交通": (_T.TRANSPORT,),
        "交通旅游": (_T.TRANSPORT, _T.DAILY_LIFE),
        "民生服务": (_T.DAILY_LIFE,),
        "地名地址": (_T.GEOSPATIAL,),
        "geospatial data": (_T.GEOSPATIAL,),
        # the themes of the European publications office
        "agri": (_T.INDUSTRY,),
        "econ": (_T.FINANCE,),
        "educ": (_T.EDUCATION,),
        "ener": (_T.ENERGY,),
        "envi": (_T.ENVIRONMENT,),
        "heal": (_T.HEALTH,),
        "just": (_T.LAW, _T.PUBLIC_SAFETY),
        "tech": (_T.SCIENCE,),
        "tran": (_T.TRANSPORT,),
    }
)
THEMELESS = frozenset(("默认主题", "默认行业", "其它", "综合类"))
"""Themes and sections that say only that nobody chose one."""
INDUSTRIES: Mapping[str, Industry] = MappingProxyType(
    {one.zh: one for one in Industry}
    | {
        "电力、燃气及水生产和供应业": Industry.D,
        "电力、势力、燃气及水生产和供应业": Industry.D,
    }
)
FORMATS: Mapping[str, Format] = MappingProxyType(
    {one.media_type: one for one in reversed(Format)}
    | {one.value: one for one in Format}
    | {
        "其他": Format.OTHER,
        # The family by its name; the old format is called by its suffix.
        "excel": Format.XLSX,
        "word": Format.DOCX,
        "jpeg": Format.JPG,
        "image/jpg": Format.JPG,
        "geo+json": Format.GEOJSON,
        "application/vnd.geo+json": Format.GEOJSON,
        "text/xml": Format.XML,
        "application/csv": Format.CSV,
        "text/comma-separated-values": Format.CSV,
        "application/x-ndjson": Format.JSONL,
        "ndjson": Format.JSONL,
        "json lines": Format.JSONL,
        "application/vnd.api+json": Format.API,
        "rest": Format.API,
        "rest api": Format.API,
        "web api": Format.API,
        "接口": Format.API,
        "shapefile": Format.SHP,
        "esri shapefile": Format.SHP,
        "rdf/xml": Format.RDF,
        "rdf_xml": Format.RDF,
        "rdf_turtle": Format.RDF,
        "text/turtle": Format.RDF,
        "ttl": Format.RDF,
        "web page": Format.HTML,
        "htm": Format.HTML,
        "text": Format.TXT,
        "plain text": Format.TXT,
        "pptx": Format.PPT,
        "application/x-zip-compressed": Format.ZIP,
    }
)
FORMLESS = frozenset(("data", "file", "database", "bin", "数据库", "库表", "文件"))
"""Words that say how a source keeps or hands out its data, not in which form."""
