"""What a column's heading says of its values, where their digits alone do not tell: a code, a day, a yes or no.

Chinese headings end in what they name (联系电话, 电话数量), so their end is looked at; of English ones the last
word. A heading of several levels is judged by its last.
"""

import re
import unicodedata
from enum import Enum

CODE_ENDS = (
    "代码", "编码", "编号", "号码", "代号", "号", "码", "电话", "手机", "传真", "热线", "邮编", "联系方式", "区划",
    "身份证", "标识", "主键", "代碼", "編碼", "編號", "號碼", "代號", "號", "碼", "電話", "手機", "傳真", "郵遞區號",
)  # fmt: skip
NO_CODE_ENDS = ("序号", "序號", "信号", "信號", "尺码", "数码", "是否标识")
CODE_WORDS = {
    "id", "ids", "code", "codes", "no", "nr", "tel", "phone", "telephone", "mobile", "cellphone", "fax", "zip",
    "zipcode", "postcode", "uuid", "guid", "uscc", "isbn", "issn", "imei", "vin", "sn", "adcode", "barcode", "key",
    "serial", "account", "fid", "gid", "oid", "pid", "uid", "cid", "objectid",
    "dm", "bm", "bh", "hm", "lxdh", "sjh", "sjhm", "sfzh", "sfzhm", "yzbm", "xzqh", "xzqhdm", "tyshxydm",
}  # fmt: skip
COUNTED = {
    "total", "sum", "average", "avg", "mean", "max", "maximum", "min", "minimum", "actual", "planned", "people",
    "person", "persons", "population", "staff", "the", "employee", "employees", "visitor", "visitors", "real",
}  # fmt: skip
"""Before "number" these say that something is counted; other words that it is named."""

NAMED = {"phone", "tel", "mobile", "account", "id", "card", "cert", "licence", "license", "plate", "serial", "room"}
"""Before "num" these say that something is named; other words that it is counted."""

PINYIN_CODE = re.compile(r"^[b-df-hj-np-tv-z]{2,}(?:dm|bm|bh|hm)$")
"""Initials of Pinyin without a vowel that end like 代码, 编码, 编号 or 号码."""

DAY_ENDS = ("日期", "时间", "時間", "年月日", "生日", "时刻", "年月", "月份", "日", "日期时间", "日期時間")
DAY_WORDS = {"date", "day", "datetime", "time", "timestamp", "dob", "birthday", "birthdate", "rq", "sj", "month"}
DAY_LAST = {"at", "on"}
REPUBLICAN = re.compile("民[國国]|(?<![A-Za-z])ROC(?![A-Za-z])")
BRACKETS = re.compile(r"[(（\[【〔<＜《][^)）\]】〕>＞》]*[)）\]】〕>＞》]?")
WORDS = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*")
MARKS = " \t\r\n_:*#.、,-"
COUNTER = re.compile(r"(?:(?<=[^ -~])|(?<=[_\s-]))(?:[0-9]+|[一二三四五])$")
"""A count behind the name (电话2, phone_2); the 2 of NO2 belongs to the name."""

NITRIC_OXIDE = "NO"
"""In capitals and alone it is as often measured as it numbers."""


class Meaning(Enum):
    """What the values of a column are, going by its heading."""

    CODE = "code"
    DAY = "day"
    YES_NO = "yes-no"
    OPEN = "open"


def meaning(heading: str) -> Meaning:
    """Tell codes and numbers that name things, days and times, and yes or no, from all else."""
    bare = _bare(heading)
    words = [_word(word) for word in WORDS.findall(bare)] if bare.isascii() else []
    if "是否" in bare or words[:1] in (["is"], ["has"], ["sf"]):
        return Meaning.YES_NO
    if _is_code(bare, words) or heading.strip().endswith("NO."):
        return Meaning.CODE
    if bare.endswith(DAY_ENDS) or (words and (words[-1] in DAY_WORDS or (len(words) > 1 and words[-1] in DAY_LAST))):
        return Meaning.DAY
    return Meaning.OPEN


def _bare(heading: str) -> str:
    """The last level of a heading without what stands in brackets, marks, and a count behind it."""
    last = [level for level in heading.split("/") if level.strip()][-1:] or [heading]
    named = BRACKETS.sub("", unicodedata.normalize("NFKC", last[0]))
    return COUNTER.sub("", named.strip(MARKS)).strip(MARKS)


def _word(word: str) -> str:
    """In small letters, without a count behind it unless it may be a chemical formula."""
    stem = word.rstrip("0123456789")
    return (stem if len(stem) > 2 else word).lower()


def is_republican(heading: str) -> bool:
    """Whether a heading says that years are those of the Republic of China."""
    return REPUBLICAN.search(heading) is not None


def _is_code(bare: str, words: list[str]) -> bool:
    if bare == NITRIC_OXIDE or bare.endswith(NO_CODE_ENDS):
        return False
    mixed = re.search(r"(?:^|[^A-Za-z])(?:ID|Id|id|NO|No|no|UUID|Code|code|CODE)$", bare)
    if bare.endswith(CODE_ENDS) or mixed:
        return True
    if not words:
        return False
    last = words[-1]
    if last in {"number", "num", "nbr"} and len(words) > 1:
        return words[-2] in NAMED or (last == "number" and words[-2] not in COUNTED)
    return last in CODE_WORDS or PINYIN_CODE.match("".join(words)) is not None
