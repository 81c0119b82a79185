"""What the text of a cell looks like: a value, a label, a total, a note; pure, no cell decides alone."""

import re
import unicodedata
from collections.abc import Sequence

SPACES = re.compile(r"[\s\u3000\u00a0\ufeff]+")
VALUE = re.compile(
    r"[¥￥$€]?[+\-−]?[¥￥$€]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][+\-]?\d+)?[%‰]?"
    r"|\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[ T]?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
    r"|\d{1,2}:\d{2}(?::\d{2})?"
)
MISSING = re.compile(r"[-—–−/\\.…*]+|无|null|n/?a|#\S+", re.IGNORECASE)
PERIOD = re.compile(r"(?:19|20)\d{2}(?:年(?:\d{1,2}月)?|[-/.]\d{1,2})?")
LABELLED = re.compile(r"[（(]?(?!其中)[^\d\s：:，。；][^：:，。；]{0,15}[：:].{0,60}", re.DOTALL)
LABEL_ALONE = re.compile(
    r"(?:填报|填表|编报|报送|上报|制表|统计|报表|编制|主管|责任|计量|金额|数据)?"
    r"(?:单位|部门|机关|机构|日期|时间|人员|周期|年度|年月|来源|截止日期|表号|文号|批准文号|制定机关)"
    r"(?:[（(]盖章[)）])?[：:]?"
)
UNIT_ALONE = re.compile(
    r"[（(](?:计量)?单位[：:]?.{1,20}[)）]|(?:计量)?单位[：:].{1,20}"
    r"|(?:计量)?单位(?:(?:百|千|万|十万|百万|亿)?(?:元|人|人次|户|个|家|件|台|辆|吨|斤|公斤|米|公里|千米|亩|公顷|平方米|平方公里)|[%％])"
)
TOTAL = re.compile(
    r"(?:全[国省市县区镇乡校院局]|本[页年月季]|上[页年月]|分类|地区|各[市县区]|年度|总的)*"
    r"(?:合计|总计|小计|共计|总和|总数|累计|汇总|合算|计|合計|總計|小計|共計|總和|總數|累計|計)"
    r"(?:数|数量|金额|户数|人数)?(?:[（(].{0,20}[)）])?[：:]?"
    r"|(?:grand|sub)?[- ]?totals?[：:]?|sum[：:]?",
    re.IGNORECASE,
)
NOTE = re.compile(
    r"[（(【]?(?:备注|附注|说明|填表说明|注意|附|注|数据来源|资料来源|来源)(?:事项)?[0-9０-９一二三①-⑨]?[：:.、】]"
    r"|[※★☆]|[*＊]+\s*[^\s*＊\d]|[①-⑨]\S{6,}"
    r"|(?:本表|本页|以上(?:数据|为)|上述|数据截[至止]|截[至止])"
    r"|(?:notes?|sources?|remarks?)\s*[:：.]",
    re.IGNORECASE,
)
SIGNED = re.compile(
    r"(?:填表|填报|制表|审核|复核|审批|统计|经办|联系|录入|负责|单位负责|统计负责|报送|填写|批准|分管领导|主管领导)"
    r"(?:人|负责人|人员|单位|部门|领导|电话|日期|时间)?(?:[（(]\S{1,6}[)）])?[：:].*"
    r"|(?:联系)?电话[：:].*|(?:填报|填表|报送|报出|制表)?(?:日期|时间)[：:].*|第\s*\d+\s*页.*|(?:-|—)\s*\d+\s*(?:-|—)",
    re.DOTALL,
)
ENUMERATED = re.compile(
    r"[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十\d]{1,3}[)）]\s*\D|\d{1,2}(?:[、．]|\.\D)"
)
MEASURE = re.compile(r"[¥￥+-]?\d")
DATED = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}")
HINT = re.compile("[计总小累汇合和：:]|total|sum|第|—|-", re.IGNORECASE)
"""Something of this stands in the first three cells of every row of sums and every row of signatures."""
STEMS = "甲乙丙丁戊己庚辛壬癸"
NUMBERED = re.compile(r"[（(]\s*(\d{1,3})\s*[)）]|(\d{1,3})(?:\s*[=＝].+)?|[A-Z]")
CIRCLED = {chr(0x2460 + place): place + 1 for place in range(20)}
SENTENCE = re.compile(r"[。；！？]|，.*，")
IN_BRACKETS = re.compile(r"[（(\[【][^）)\]】]{1,12}[)）\]】]")
LONG = 24


def bare(text: str) -> str:
    """A text without any spaces, in half-width characters where they mean the same."""
    return SPACES.sub("", text if text.isascii() else unicodedata.normalize("NFKC", text).replace(":", "："))


def tidy(text: str) -> str:
    """A heading in one line: line breaks and runs of spaces become one space, none between Chinese characters."""
    words = SPACES.sub(" ", text).strip()
    return re.sub(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])", "", words)


def is_value(text: str) -> bool:
    """A number, an amount, a share, a date or a time."""
    plain = bare(text).replace("：", ":")
    return bool(plain) and any(map(str.isdigit, plain)) and VALUE.fullmatch(plain) is not None


def is_missing(text: str) -> bool:
    """What people write for "no value"."""
    return MISSING.fullmatch(text.strip()) is not None


def is_period(text: str) -> bool:
    """A year or a month, which may well be a heading."""
    return PERIOD.fullmatch(bare(text)) is not None


def is_text(text: str) -> bool:
    """Words: neither empty nor a value nor a sign for none."""
    return bool(text.strip()) and not is_value(text) and not is_missing(text)


def is_date(text: str) -> bool:
    """A day, with or without a time."""
    return DATED.match(bare(text)) is not None


def is_measure(text: str) -> bool:
    """A number, perhaps with its unit: 20公里."""
    return MEASURE.match(text.strip()) is not None


def is_enumerated(text: str) -> bool:
    """An item of a list: 一、… （二）… 3、…"""
    return ENUMERATED.match(text.strip()) is not None


def is_labelled(text: str) -> bool:
    """A label with its value behind a colon, as 填报单位：… or （单位：万元）."""
    return LABELLED.fullmatch(bare(text)) is not None or UNIT_ALONE.fullmatch(bare(text)) is not None


def is_label(text: str) -> bool:
    """The label of a form without its value."""
    return LABEL_ALONE.fullmatch(bare(text)) is not None


def is_total(text: str) -> bool:
    """The label of a row of sums."""
    return TOTAL.fullmatch(bare(text)) is not None


def is_note(text: str) -> bool:
    """The beginning of a note."""
    return NOTE.match(text.strip()) is not None


def is_signed(text: str) -> bool:
    """Who has filled in, checked or sent the table, and when; or a page number."""
    return SIGNED.fullmatch(text.strip()) is not None


def is_sentence(text: str) -> bool:
    """Prose rather than a name."""
    return SENTENCE.search(text) is not None or len(bare(text)) > LONG


def in_brackets(text: str) -> bool:
    """A unit as it stands under a heading: （万元）, (%), [人]."""
    return IN_BRACKETS.fullmatch(text.strip()) is not None


def numbering(cells: Sequence[str]) -> str | None:
    """How a row numbers its columns: "stems" (甲 乙 1 2), "brackets" ((1) (2), ①), "bare" (1 2 3), or not at all."""
    said = [cell.strip() for cell in cells if cell.strip()]
    stems = 0
    while stems < len(said) and stems < len(STEMS) and said[stems] == STEMS[stems]:
        stems += 1
    rest = said[stems:]
    numbers = [_place(one) for one in rest]
    if len(said) < 3 - bool(stems) or None in numbers:
        return None
    counted = [number for number in numbers if number is not None]
    if counted and (counted[0] not in {0, 1, stems + 1} or counted != list(range(counted[0], counted[0] + len(rest)))):
        return None
    if stems:
        return "stems"
    return "bare" if all(one.isdecimal() for one in rest) else "brackets"


def _place(text: str) -> int | None:
    if text in CIRCLED:
        return CIRCLED[text]
    found = NUMBERED.fullmatch(text)
    if found is None:
        return None
    if text.isalpha():
        return ord(text) - ord("A") + 1
    return int(found[1] or found[2])
