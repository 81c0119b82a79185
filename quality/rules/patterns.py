"""Known forms of text values: what a column of codes, numbers or dates kept as text may look like.

The expressions hold in RE2, Python and Java alike: explicit classes, no captured groups, no look-around, no
backslash classes, so that a rule means the same on every engine. Sources: GB 32100, GB 11643, GB/T 2260, GB/T
7408, the numbering plan for telephones.
"""

from dataclasses import dataclass

_MONTH = "(?:0[1-9]|1[0-2])"
_DAY = "(?:0[1-9]|[12][0-9]|3[01])"
_YEAR = "(?:1[89]|20)[0-9]{2}"
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_PROVINCE = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"


@dataclass(frozen=True)
class Pattern:
    """A form of text: `regex` matches the whole value; `digits` names its check-digit scheme, if it has one.

    `hints` are parts of column names or titles which speak for it; `needs_hint` marks a form too common to be
    believed without one (any six digits may be a post code).
    """

    code: str
    zh: str
    en: str
    regex: str
    digits: str | None = None
    hints: tuple[str, ...] = ()
    needs_hint: bool = False


_ALL = (
    Pattern(
        "uscc",
        "统一社会信用代码",
        "unified social credit code",
        "^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$",
        "uscc",
        ("信用代码", "uscc", "tyshxydm", "xydm", "credit_code"),
    ),
    Pattern(
        "citizen_id",
        "公民身份号码",
        "citizen identity number",
        f"^[1-9][0-9]{{5}}{_YEAR}{_MONTH}{_DAY}[0-9]{{3}}[0-9Xx]$",
        "citizen_id",
        ("身份证", "身份号码", "sfzh", "zjhm", "id_card", "idcard"),
    ),
    Pattern(
        "organisation_code",
        "组织机构代码",
        "organisation code",
        "^[0-9A-Z]{8}-?[0-9X]$",
        "organisation_code",
        ("组织机构代码", "机构代码", "zzjgdm", "jgdm", "org_code", "organisation_code"),
        needs_hint=True,
    ),
    Pattern(
        "registration",
        "十五位工商注册号",
        "company registration number (15 digits)",
        "^[0-9]{15}$",
        "registration",
        ("注册号", "工商登记号", "zch", "registration_n", "reg_no"),
        needs_hint=True,
    ),
    Pattern(
        "bank_card",
        "银行卡号",
        "bank card number",
        "^[0-9]{13,19}$",
        "bank_card",
        ("银行卡", "卡号", "yhkh", "bank_card", "card_no"),
        needs_hint=True,
    ),
    Pattern("mobile", "手机号码", "mobile number", "^1[3-9][0-9]{9}$", None, ("手机", "mobile", "sjh")),
    Pattern(
        "telephone",
        "固定电话号码",
        "landline number",
        "^(?:0[1-9][0-9]{1,2}[-]?)?[2-8][0-9]{6,7}(?:[-][0-9]{1,6})?$",
        None,
        ("电话", "联系方式", "传真", "phone", "tel", "lxdh", "fax"),
        needs_hint=True,
    ),
    Pattern(
        "division",
        "六位行政区划代码",
        "six-digit division code",
        f"^{_PROVINCE}[0-9]{{4}}$",
        None,
        ("区划", "行政区", "地区代码", "区县代码", "xzqh", "qhdm", "adcode", "division", "area_code"),
    ),
    Pattern(
        "division_long",
        "统计用区划代码",
        "statistical division code",
        f"^{_PROVINCE}[0-9]{{7}}(?:[0-9]{{3}})?$",
        None,
        ("区划", "街道代码", "村", "社区", "division", "town", "village"),
        needs_hint=True,
    ),
    Pattern(
        "postcode",
        "邮政编码",
        "post code",
        "^[0-9]{6}$",
        None,
        ("邮编", "邮政编码", "postcode", "zip", "yzbm"),
        needs_hint=True,
    ),
    Pattern("date", "日期(年-月-日)", "date (year-month-day)", f"^{_YEAR}-{_MONTH}-{_DAY}$"),
    Pattern(
        "date_slash",
        "日期(年/月/日)",
        "date (year/month/day)",
        f"^{_YEAR}/(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12][0-9]|3[01])$",
    ),
    Pattern("date_compact", "日期(八位数字)", "date (eight digits)", f"^{_YEAR}{_MONTH}{_DAY}$"),
    Pattern(
        "datetime",
        "日期时间",
        "date and time",
        f"^{_YEAR}-{_MONTH}-{_DAY}[ T]{_CLOCK}(?:[.][0-9]+)?(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})?$",
    ),
    Pattern("month", "年月", "year and month", f"^{_YEAR}-{_MONTH}$"),
    Pattern("year", "年份", "year", f"^{_YEAR}$", None, ("年份", "年度", "year"), needs_hint=True),
    Pattern(
        "email",
        "电子邮箱",
        "e-mail address",
        "^[0-9A-Za-z._%+-]+@(?:[0-9A-Za-z-]+[.])+[A-Za-z]{2,}$",
        None,
        ("邮箱", "mail"),
    ),
    Pattern("url", "网址", "web address", "^https?://[^ ]+$", None, ("网址", "链接", "url", "website")),
)
PATTERNS = {pattern.code: pattern for pattern in _ALL}
"""Every known form by its code, the more particular one first."""

SPACES = " \t\r\n\u00a0\u3000"
"""What counts as space at the ends of a text: the full-width one is among them."""
BLANK = f"^[{SPACES}]*$"
"""A value which holds nothing but spaces, full-width ones included."""
UNTRIMMED = f"^[{SPACES}]|[{SPACES}]$"
"""A value with space before or after it."""
GARBLED = "[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]|锟斤拷|烫烫烫"
"""A value with control characters or the traces of a wrong decoding."""
OURS = frozenset({*(pattern.regex for pattern in _ALL), BLANK, UNTRIMMED, GARBLED})
"""The expressions made here: a `$` in them is always the end."""
PLACEHOLDERS = frozenset((
    "NULL", "null", "Null", "N/A", "n/a", "NA", "NaN", "nan", "None", "none", "nil", "#N/A",
    "#REF!", "#VALUE!", "#NAME?", "-", "--", "---", "—", "——", "/", "\\", ".", "*", "?", "？",
    "无", "暂无", "空", "未知", "不详", "待定", "待补充", "test", "测试",
))  # fmt: skip
"""Words written where a value is missing; read from real tables."""

_START = (
    "开始",
    "起始",
    "起日",
    "自日",
    "成立",
    "受理",
    "签订",
    "入学",
    "出生",
    "start",
    "begin",
    "from_",
    "kssj",
    "qssj",
    "ksrq",
)
_END = (
    "结束",
    "截止",
    "终止",
    "到期",
    "期至",
    "止日",
    "办结",
    "注销",
    "失效",
    "毕业",
    "end",
    "expire",
    "until",
    "jssj",
    "jzsj",
    "jsrq",
)
_LESS = ("实缴", "实收", "最小", "最低", "下限", "已用", "paid", "min_", "_min", "lower", "used")
_MORE = ("认缴", "注册", "应收", "最大", "最高", "上限", "总", "reg_", "max_", "_max", "upper", "total")


def in_order(first: str, second: str, *, dates: bool) -> bool:
    """Do the names of two columns say that the first is never after (or above) the second?"""
    before, after = (_START, _END) if dates else (_LESS, _MORE)
    one, two = first.casefold(), second.casefold()
    return has_hint(one, before) and has_hint(two, after) and not has_hint(two, before)


def has_hint(name: str, hints: tuple[str, ...]) -> bool:
    """Does a name hold one of the hints, whatever its case?"""
    folded = name.casefold()
    return any(hint in folded for hint in hints)
