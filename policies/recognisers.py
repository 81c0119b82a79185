"""Personal data in a column, found by what its values prove (check digits, forms) and by what its name says.

A finding is a proposal to the steward, who decides. Its examples are masked and hold no more of the value.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from policies import identifiers, masks
from policies.vocabulary import Confidence, PersonalKind

EXAMPLES = 3
CHILD_BELOW = 14
"""The age under which all personal information of a child is sensitive (PIPL, article 28)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of personal data in a column.

    ``hits`` of the ``checked`` values that were not empty show it, ``named`` says that the name of the column
    does; with 0 hits the name alone speaks.
    """

    kind: PersonalKind
    hits: int
    checked: int
    named: bool
    confidence: Confidence
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Recogniser:
    """Looks for a form in the values and, where there is one, for the proof that it is no accident.

    ``share`` is the part of the values that must show the form when the name of the column says nothing;
    None leaves the form unregarded then. ``name_speaks``: the name counts even if no value shows the form.
    """

    kind: PersonalKind
    form: str
    names: str
    share: float | None
    confidence: Confidence
    proof: Callable[[str, date], bool] = lambda _text, _today: True
    name_speaks: bool = False


def _card(text: str, today: date) -> bool:
    return identifiers.valid_bank_card(text) and not identifiers.valid_citizen_id(text, today)


def _mobile(text: str, _today: date) -> bool:
    return identifiers.valid_mobile(re.sub("[ -]", "", text))


def _child(text: str, today: date) -> bool:
    if not identifiers.valid_citizen_id(text, today):
        return False
    born = int(text[6:14])
    return today.year * 10000 + today.month * 100 + today.day - born < CHILD_BELOW * 10000


def _person(text: str, _today: date) -> bool:
    return text[-1] not in _PLACE_ENDINGS


_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶"
    "阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖"
    "龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿"
    "牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包柏宁柯阮桂闵解柴华车冉房边"
)
_COMPOUND = "欧阳|司马|上官|诸葛|夏侯|东方|皇甫|尉迟|公孙|慕容|令狐|司徒"
_PLACE_ENDINGS = "省市区县镇乡村街道路巷弄里桥站局院校厂园店馆所中部科处室组类型"
_HAN = "一-龥"
_DIGITS_18 = r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])"
_PROVINCES = "京津沪渝冀晋辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新"
_POSSIBLE, _LIKELY, _CERTAIN = Confidence
_IDENTITY = r"身份证|身份号码|公民.{0,4}号码|证件号|sfz|id_?card|identity|id_?(no|number)$"

_RECOGNISERS = (
    _Recogniser(PersonalKind.CITIZEN_ID, _DIGITS_18, _IDENTITY, 0, _CERTAIN, identifiers.valid_citizen_id),
    _Recogniser(
        PersonalKind.CITIZEN_ID,
        r"(?<![0-9])[0-9]{15}(?![0-9])",
        _IDENTITY,
        None,
        _POSSIBLE,
        identifiers.valid_old_citizen_id,
    ),
    _Recogniser(PersonalKind.MINOR, _DIGITS_18, r"儿童|婴幼儿|未成年", 0, _CERTAIN, _child),
    _Recogniser(
        PersonalKind.MOBILE,
        r"(?:(?<![0-9])|(?<=\+86)|(?<=\b86))1[3-9][0-9]([ -]?)[0-9]{4}\1[0-9]{4}(?![0-9])",
        r"手机|移动电话|联系电话|联系方式|mobile|phone|tel(_|$)|sjh|lxdh",
        0,
        _LIKELY,
        _mobile,
    ),
    _Recogniser(
        PersonalKind.EMAIL,
        r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+",
        r"邮箱|电子邮件|e-?mail",
        0,
        _LIKELY,
    ),
    _Recogniser(
        PersonalKind.BANK_CARD,
        r"(?<![0-9A-Za-z])[0-9]{15,19}(?![0-9A-Za-z])",
        r"银行卡|银行账[号户]|卡号|开户账号|bank_?(card|account)|yhkh",
        0.8,
        _LIKELY,
        _card,
    ),
    _Recogniser(
        PersonalKind.PLATE,
        rf"[{_PROVINCES}][A-HJ-NP-Z][·•]?(?:[A-HJ-NP-Z0-9]{{5,6}}|[A-HJ-NP-Z0-9]{{4}}[挂学警港澳领])"
        r"(?![A-Za-z0-9])",
        r"车牌|号牌|plate",
        0,
        _LIKELY,
    ),
    _Recogniser(
        PersonalKind.PASSPORT,
        r"(?<![0-9A-Za-z])[A-Z]{1,2}[0-9]{7,8}(?![0-9A-Za-z])",
        r"护照|通行证|passport",
        None,
        _LIKELY,
    ),
    _Recogniser(
        PersonalKind.NAME,
        rf"(?<![{_HAN}])(?:{_COMPOUND}|[{_SURNAMES}])[{_HAN}]{{1,2}}(?![{_HAN}])",
        r"^(?!.*(电话|手机|号|证|码|址|邮|日期|时间|部门|单位|意见|类型)).*"
        r"(姓名|联系人|负责人|法定代表人|法人代表|经办人|户主|当事人|监护人|患者|人员名单|real_?name|person_?name|^xm$)",
        0.9,
        _POSSIBLE,
        _person,
        name_speaks=True,
    ),
    _Recogniser(
        PersonalKind.ADDRESS,
        rf"(?<![{_HAN}])[{_HAN}]{{2,60}}[0-9]{{1,5}}(?:号|幢|栋|弄|组)[{_HAN}0-9-]{{0,12}}[0-9]{{1,5}}(?:室|单元|户)",
        r"住址|家庭.{0,2}地址|户籍.{0,3}地|居住.{0,2}地|home_?address|residence",
        0.3,
        _POSSIBLE,
        name_speaks=True,
    ),
    _Recogniser(
        PersonalKind.BIRTH_DATE,
        r"(?<![0-9])(?:19|20)[0-9]{2}[-/.年]?[01]?[0-9][-/.月]?[0-3]?[0-9]日?(?![0-9])",
        r"出生|生日|birth|csrq",
        None,
        _LIKELY,
        name_speaks=True,
    ),
)
_TELLING_NAMES = {
    PersonalKind.HEALTH: r"诊断|病情|病历|病史|疾病|血型|残疾|用药|过敏|孕|diagnos|disease|patient",
    PersonalKind.BIOMETRIC: r"指纹|人脸|虹膜|声纹|基因|fingerprint|face_?(id|image)|iris",
    PersonalKind.RELIGION: r"宗教信仰|信仰|religio",
    PersonalKind.WHEREABOUTS: r"行踪|轨迹|行程|住宿记录|trajectory|whereabouts",
    PersonalKind.FINANCE: r"工资|薪资|个人.{0,2}收入|家庭.{0,3}收入|存款|账户余额|salary|income",
    PersonalKind.DEMOGRAPHIC: r"性别|民族|婚姻|学历|政治面貌|年龄|gender|ethnic|marital",
}


PLAIN_DIGIT = "[0-9０-９]"
SUSPECT = (
    rf"{PLAIN_DIGIT}{{17}}[0-9Xx０-９Ｘｘ]|[1１][3-9３-９]{PLAIN_DIGIT}[ -]?{PLAIN_DIGIT}{{4}}[ -]?"
    rf"{PLAIN_DIGIT}{{4}}|[@＠]|[{_PROVINCES}][A-HJ-NP-ZＡ-Ｚ]"
)
"""What a text must hold for `proven` to be worth asking; readable by RE2 as well, so an engine can ask first."""
PROVEN = frozenset(one.kind for one in _RECOGNISERS if one.share == 0)
"""Kinds of which a single value counts wherever it stands: its form or its check digit proves it."""


def proven(values: Iterable[object], today: date) -> dict[PersonalKind, int]:
    """How many of the values hold personal data of a kind that a single value shows, whatever the column is called."""
    texts = [text for value in values if (text := _plain(value))]
    found = {
        one.kind: sum(_first(one, text, today) is not None for text in texts)
        for one in _RECOGNISERS
        if one.kind in PROVEN and one.share == 0
    }
    return {kind: hits for kind, hits in found.items() if hits}


def recognise(name: str, values: Iterable[object], today: date) -> tuple[Finding, ...]:
    """What personal data a sample of a column seems to hold, the surest finding first, one for each kind.

    ``name`` is what the column is called, in Chinese or English or both; values are read as text, empty ones
    are not counted. Of the values only masked examples are kept.
    """
    texts = [text for value in values if (text := _plain(value))]
    best: dict[PersonalKind, Finding] = {}
    for recogniser in _RECOGNISERS:
        finding = _find(recogniser, name, texts, today)
        if finding and (finding.kind not in best or finding.hits > best[finding.kind].hits):
            best[finding.kind] = finding
    for kind, names in _TELLING_NAMES.items():
        if _says(names, name):
            best[kind] = Finding(kind, 0, len(texts), True, Confidence.POSSIBLE, ())
    return tuple(sorted(best.values(), key=lambda found: (-found.confidence.rank, -found.hits, found.kind)))


def _plain(value: object) -> str:
    """The value as text, full-width letters and digits made plain; NaN, the missing number, is empty."""
    if value is None or value != value:  # noqa: PLR0124  only NaN differs from itself
        return ""
    return unicodedata.normalize("NFKC", str(value)).strip()


def _says(names: str, name: str) -> bool:
    return re.search(names, name, re.IGNORECASE) is not None


def _find(recogniser: _Recogniser, name: str, texts: Sequence[str], today: date) -> Finding | None:
    named = _says(recogniser.names, name)
    hits = [hit for text in texts if (hit := _first(recogniser, text, today))]
    if named and not hits and (recogniser.name_speaks or not texts):
        return Finding(recogniser.kind, 0, len(texts), True, Confidence.POSSIBLE, ())
    least = 0 if named else recogniser.share
    if not hits or least is None or len(hits) < least * len(texts):
        return None
    confidence = _confidence(recogniser, named, len(hits) * 2 >= len(texts))
    examples = dict.fromkeys(masks.mask(recogniser.kind, hit) for hit in hits)
    return Finding(recogniser.kind, len(hits), len(texts), named, confidence, tuple(examples)[:EXAMPLES])


def _confidence(recogniser: _Recogniser, named: bool, often: bool) -> Confidence:
    if recogniser.confidence is Confidence.CERTAIN or (named and often):
        return Confidence.CERTAIN
    if named:
        return Confidence.LIKELY
    return recogniser.confidence if often else Confidence.POSSIBLE


def _first(recogniser: _Recogniser, text: str, today: date) -> str | None:
    candidates = (match.group() for match in re.finditer(recogniser.form, text))
    return next((found for found in candidates if recogniser.proof(found, today)), None)
