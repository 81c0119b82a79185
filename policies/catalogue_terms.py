"""Names for what a catalogue entry says about its data: sharing, opening, classification, grading, form."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Self

from policies.terms import Ranked, Term


class ShareType(Ranked):
    """共享属性, from the freest to the strictest; ``national`` is its code in the national guideline."""

    national: str

    SHARE_UNCOND = "SHARE_UNCOND", "无条件共享", "Unconditional sharing", "1"
    SHARE_RESTRICTED = "SHARE_RESTRICTED", "受限共享", "Restricted sharing", "2"
    SHARE_NONE = "SHARE_NONE", "不共享", "Not shared", "3"

    def __new__(cls, code: str, zh: str = "", en: str = "", national: str = "") -> Self:
        """Make the member with its number in the national guideline."""
        member = cls._labelled(code, zh, en)
        member.national = national
        return member


class OpenType(Ranked):
    """开放属性, from the freest to the strictest."""

    OPEN_UNCOND = "OPEN_UNCOND", "无条件开放", "Unconditional opening"
    OPEN_RESTRICTED = "OPEN_RESTRICTED", "受限开放", "Restricted opening"
    OPEN_FORBIDDEN = "OPEN_FORBIDDEN", "禁止开放", "Not open"


class OpenTier(Ranked):
    """开放层级, from open to all to closed: what a reader needs before data are delivered."""

    needs_login: bool
    needs_approval: bool

    T0 = "T0", "完全开放", "Open to all", False, False
    T1 = "T1", "登录开放", "Open after login", True, False
    T2 = "T2", "申请开放", "Open on application", True, True
    T3 = "T3", "开放域内使用", "Use inside the open domain", True, True
    TX = "TX", "禁止开放", "Not open", True, True

    def __new__(
        cls, code: str, zh: str = "", en: str = "", needs_login: bool = False, needs_approval: bool = False
    ) -> Self:
        """Make the member with what it asks of the reader."""
        member = cls._labelled(code, zh, en)
        member.needs_login = needs_login
        member.needs_approval = needs_approval
        return member


class DeliveryMode(Term):
    """开放方式: how open data reach their user."""

    DOWNLOAD = "DOWNLOAD", "下载", "Download"
    API = "API", "接口调用", "API call"
    MODEL_RESULT = "MODEL_RESULT", "以算法模型获取结果数据", "Results of an algorithm run inside the domain"
    OTHER = "OTHER", "法定其他方式", "Another way provided by law"


class ShareMode(Term):
    """共享方式: how shared data reach another department."""

    PLATFORM = "PLATFORM", "共享平台方式", "Sharing platform"
    MAIL = "MAIL", "邮件", "Mail"
    MEDIA = "MEDIA", "拷盘/介质", "Storage media"


class Channel(Term):
    """提供渠道: the network data are provided on."""

    EXTRANET = "1", "政务外网", "Government extranet"
    INTERNET = "2", "互联网", "Internet"
    DEPARTMENTAL = "3", "部门专网", "Departmental network"


class Edition(Term):
    """The domain an entry is released to: within government, or to everyone."""

    SHARED = "SHARED", "共享域", "Sharing domain"
    OPEN = "OPEN", "开放域", "Open domain"


class UpdateCycle(Term):
    """更新周期; ``max_age`` is how old the newest data may be, None where no age can be too great."""

    max_age: timedelta | None

    REALTIME = "REALTIME", "实时", "Real time", timedelta(hours=1)
    MINUTELY = "MINUTELY", "分钟级", "By the minute", timedelta(minutes=10)
    HOURLY = "HOURLY", "小时级", "Hourly", timedelta(hours=2)
    DAILY = "DAILY", "每日", "Daily", timedelta(days=1)
    WEEKLY = "WEEKLY", "每周", "Weekly", timedelta(days=7)
    MONTHLY = "MONTHLY", "每月", "Monthly", timedelta(days=31)
    QUARTERLY = "QUARTERLY", "每季度", "Quarterly", timedelta(days=92)
    HALF_YEARLY = "HALF_YEARLY", "每半年", "Half-yearly", timedelta(days=184)
    YEARLY = "YEARLY", "每年", "Yearly", timedelta(days=366)
    IRREGULAR = "IRREGULAR", "不定期", "Irregular", None
    NEVER = "NEVER", "不更新", "Never", None

    def __new__(cls, code: str, zh: str = "", en: str = "", max_age: timedelta | None = None) -> Self:
        """Make the member with its greatest age."""
        member = cls._labelled(code, zh, en)
        member.max_age = max_age
        return member


class SecurityLevel(Ranked):
    """安全分级 of DB33/T 2350-2021, from not sensitive to sensitive."""

    L1 = "L1", "不敏感", "Not sensitive"
    L2 = "L2", "低敏感", "Low sensitivity"
    L3 = "L3", "较敏感", "Rather sensitive"
    L4 = "L4", "敏感", "Sensitive"


class NationalGrade(Ranked):
    """国家分级 of GB/T 43697-2024."""

    GENERAL = "GENERAL", "一般数据", "General data"
    IMPORTANT = "IMPORTANT", "重要数据", "Important data"
    CORE = "CORE", "核心数据", "Core data"


class Theme(Term):
    """数据领域: the 21 fields of the open-data pilots and one for the rest."""

    CREDIT = "1", "信用服务", "Credit"
    HEALTH = "2", "医疗卫生", "Health"
    EMPLOYMENT = "3", "社保就业", "Social security and employment"
    PUBLIC_SAFETY = "4", "公共安全", "Public safety"
    HOUSING = "5", "城建住房", "Urban construction and housing"
    TRANSPORT = "6", "交通运输", "Transport"
    EDUCATION = "7", "教育文化", "Education and culture"
    SCIENCE = "8", "科技创新", "Science and innovation"
    ENERGY = "9", "资源能源", "Resources and energy"
    ENVIRONMENT = "10", "生态环境", "Ecology and environment"
    INDUSTRY = "11", "工业农业", "Industry and agriculture"
    COMMERCE = "12", "商贸流通", "Commerce"
    FINANCE = "13", "财税金融", "Finance and tax"
    WORK_SAFETY = "14", "安全生产", "Work safety"
    MARKET = "15", "市场监督", "Market regulation"
    ASSISTANCE = "16", "社会救助", "Social assistance"
    LAW = "17", "法律服务", "Legal services"
    DAILY_LIFE = "18", "生活服务", "Daily life"
    WEATHER = "19", "气象服务", "Weather"
    GEOSPATIAL = "20", "地理空间", "Geospatial"
    INSTITUTIONS = "21", "机构团体", "Institutions"
    OTHER = "99", "其他", "Other"


class CatalogueClass(Term):
    """类: the first digit of a resource code."""

    BASE = "1", "基础信息资源", "Base information resources"
    THEMATIC = "2", "主题信息资源", "Thematic information resources"
    DEPARTMENTAL = "3", "部门信息资源", "Departmental information resources"


class DataRange(Term):
    """数据范围: whose territory the data cover."""

    WHOLE_CITY = "01", "全市", "Whole city"
    CITY_DEPARTMENTS = "02", "市直", "City departments"
    COUNTY = "03", "区县", "District or county"


class ObjectFlag(Term):
    """基本对象: what the data are about; several at once are stored as the sum of their bits."""

    bit: int

    PERSON = "PERSON", "人", "Person", 1
    PLACE = "PLACE", "地", "Place", 2
    MATTER = "MATTER", "事", "Matter", 4
    THING = "THING", "物", "Thing", 8
    ORGANISATION = "ORGANISATION", "组织", "Organisation", 16
    OTHER = "OTHER", "其他", "Other", 32

    def __new__(cls, code: str, zh: str = "", en: str = "", bit: int = 0) -> Self:
        """Make the member with its bit."""
        member = cls._labelled(code, zh, en)
        member.bit = bit
        return member

    @classmethod
    def packed(cls, flags: "Iterable[ObjectFlag]") -> int:
        """The sum of the bits of some flags."""
        return sum({flag.bit for flag in flags})

    @classmethod
    def unpacked(cls, bits: int) -> "tuple[ObjectFlag, ...]":
        """The flags of a sum of bits, in order of declaration; ValueError for a bit that means nothing."""
        if bits < 0 or bits & ~cls.packed(cls):
            raise ValueError(f"{bits} holds bits that stand for no object")
        return tuple(flag for flag in cls if flag.bit & bits)


class UseScene(Term):
    """应用场景 of an entry."""

    GOVERNMENT_SERVICE = "1", "政务服务", "Government service"
    PUBLIC_SERVICE = "2", "公共服务", "Public service"
    REGULATION = "3", "监管", "Regulation"
    OTHER = "4", "其他", "Other"


class Industry(Term):
    """行业分类: the sections of GB/T 4754-2017."""

    A = "A", "农、林、牧、渔业", "Agriculture, forestry, animal husbandry and fishery"
    B = "B", "采矿业", "Mining"
    C = "C", "制造业", "Manufacturing"
    D = "D", "电力、热力、燃气及水生产和供应业", "Electricity, heat, gas and water supply"
    E = "E", "建筑业", "Construction"
    F = "F", "批发和零售业", "Wholesale and retail trade"
    G = "G", "交通运输、仓储和邮政业", "Transport, storage and post"
    H = "H", "住宿和餐饮业", "Accommodation and catering"
    I = "I", "信息传输、软件和信息技术服务业", "Information transmission, software and IT services"  # noqa: E741
    J = "J", "金融业", "Finance"
    K = "K", "房地产业", "Real estate"
    L = "L", "租赁和商务服务业", "Leasing and business services"
    M = "M", "科学研究和技术服务业", "Scientific research and technical services"
    N = "N", "水利、环境和公共设施管理业", "Water, environment and public facilities"
    O = "O", "居民服务、修理和其他服务业", "Resident services, repair and other services"  # noqa: E741
    P = "P", "教育", "Education"
    Q = "Q", "卫生和社会工作", "Health and social work"
    R = "R", "文化、体育和娱乐业", "Culture, sports and entertainment"
    S = "S", "公共管理、社会保障和社会组织", "Public administration, social security, social organisations"
    T = "T", "国际组织", "International organisations"


class CollectionKind(Term):
    """归集方式: what kind of source data are collected from."""

    DB = "DB", "库表", "Database table"
    FILE = "FILE", "文件", "File"
    API = "API", "接口", "API"
    IOT = "IOT", "物联感知", "Internet of things"
    SPATIAL = "SPATIAL", "空间地图", "Spatial map"
    VIDEO = "VIDEO", "视频", "Video"


class ResourceKind(Term):
    """挂接资源类型: what is mounted on an entry."""

    TABLE = "TABLE", "库表", "Table"
    FILE = "FILE", "文件", "File"
    API = "API", "接口", "API"
    IOT = "IOT", "物联感知", "Internet of things"
    SPATIAL = "SPATIAL", "空间地图", "Spatial map"


class SystemLevel(Term):
    """来源系统层级: who built and runs the source system."""

    OWN = "1", "自建自用", "Own system"
    NATIONAL = "2", "国直", "National"
    PROVINCIAL = "3", "省直", "Provincial"
    CITY = "4", "市直", "City"
    COUNTY = "5", "县直", "County"


class ProcessingLevel(Term):
    """加工程度 of the data."""

    RAW = "1", "原始（明细）", "Raw records"
    DESENSITISED = "2", "脱敏", "Desensitised"
    TAGS = "3", "标签", "Tags"
    STATISTICS = "4", "统计", "Statistics"
    FUSED = "5", "融合", "Fused"


class SyncMode(Term):
    """同步方式: whether an update brings what is new or everything."""

    INCREMENTAL = "1", "增量", "Incremental"
    FULL = "2", "全量", "Full"


class ReasonKind(Term):
    """不予共享或开放的理由类别: what kind of basis restricts sharing or opening."""

    LAW = "1", "法律法规", "Law or regulation"
    POLICY = "2", "政策文件", "Policy document"
    SENSITIVE = "3", "涉及敏感信息", "Sensitive information"
    OTHER = "4", "其他", "Other"


class CollectState(Term):
    """归集状态 of an entry's data."""

    NONE = "NONE", "未归集", "Not collected"
    PARTIAL = "PARTIAL", "部分归集", "Partly collected"
    FULL = "FULL", "全部归集", "Wholly collected"


class ItemType(Term):
    """数据项类型: the letters of the national catalogue guideline."""

    TEXT = "C", "字符型", "Text"
    NUMBER = "N", "数值型", "Decimal number"
    MONEY = "Y", "货币型", "Money"
    DATE = "D", "日期型", "Date"
    DATETIME = "T", "日期时间型", "Date and time"
    BOOLEAN = "L", "逻辑型", "True or false"
    MEMO = "M", "备注型", "Long text"
    GENERAL = "G", "通用型", "General"
    DOUBLE = "B", "双精度型", "Double precision"
    INTEGER = "I", "整型", "Integer"
    FLOAT = "F", "浮点型", "Floating point"


class PersonalKind(Term):
    """个人信息类别 of a data item; ``sensitive`` as article 28 of the protection law (PIPL) means it."""

    sensitive: bool

    NAME = "NAME", "姓名", "Name", False
    CITIZEN_ID = "CITIZEN_ID", "公民身份号码", "Citizen identity number", True
    PASSPORT = "PASSPORT", "护照或通行证号码", "Passport or travel permit number", True
    MOBILE = "MOBILE", "手机号码", "Mobile number", False
    EMAIL = "EMAIL", "电子邮箱", "E-mail address", False
    ADDRESS = "ADDRESS", "住址", "Home address", False
    BIRTH_DATE = "BIRTH_DATE", "出生日期", "Date of birth", False
    PLATE = "PLATE", "车牌号码", "Number plate", False
    BANK_CARD = "BANK_CARD", "银行账号", "Bank card or account", True
    FINANCE = "FINANCE", "财产收入", "Property and income", True
    HEALTH = "HEALTH", "医疗健康", "Medical and health", True
    BIOMETRIC = "BIOMETRIC", "生物识别", "Biometrics", True
    RELIGION = "RELIGION", "宗教信仰", "Religion", True
    WHEREABOUTS = "WHEREABOUTS", "行踪轨迹", "Whereabouts", True
    MINOR = "MINOR", "不满十四周岁未成年人信息", "Child under fourteen", True
    DEMOGRAPHIC = "DEMOGRAPHIC", "人口属性", "Demographic attribute", False
    OTHER = "OTHER", "其他个人信息", "Other personal information", False

    def __new__(cls, code: str, zh: str = "", en: str = "", sensitive: bool = False) -> Self:
        """Make the member with its sensitivity."""
        member = cls._labelled(code, zh, en)
        member.sensitive = sensitive
        return member


class Confidence(Ranked):
    """把握程度 of a proposal made by the platform."""

    POSSIBLE = "POSSIBLE", "可能", "Possible"
    LIKELY = "LIKELY", "很可能", "Likely"
    CERTAIN = "CERTAIN", "确定", "Certain"


class Desensitisation(Ranked):
    """脱敏程度: whether a person can still be found in the data."""

    NONE = "NONE", "未脱敏", "None"
    DEIDENTIFIED = "DEIDENTIFIED", "去标识化", "De-identified"
    ANONYMISED = "ANONYMISED", "匿名化", "Anonymised"


class Origin(Term):
    """来源: whether the entry was registered here or taken over from another platform."""

    OWN = "OWN", "本平台", "Registered here"
    HARVESTED = "HARVESTED", "外部采集", "Harvested"
