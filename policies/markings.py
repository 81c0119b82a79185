"""Classification markings (密级标志) in texts: what forbids that a file stays on this platform at all.

State secrets lie outside the rules on public data (Law on Guarding State Secrets; the regulation of Zhejiang
says so too). A document that holds any bears its level, often with a star and the term, in the heading, in the
file's name or in its properties. A column that tells levels, or a word that merely contains one, is no marking.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """What a marking says: one of the three levels of state secrets, or that the text is internal."""

    TOP = "绝密"
    HIGH = "机密"
    BASIC = "秘密"
    INTERNAL = "内部"


@dataclass(frozen=True, slots=True)
class Marking:
    """A marking that was found: its level, and the marking itself as written (without what it stands beside)."""

    level: Level
    text: str


LONGEST = 400
"""Running text longer than this bears its marking at an end, where people see it, or with a star."""
_PLAIN = str.maketrans("絕機級內資開長啟啓註僅傳參閱專祕☆⭐✩✭✮✯✰✪∗﹡⁎", "绝机级内资开长启启注仅传参阅专秘★★★★★★★★***")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_TELLING = re.compile("密|内部|不予|注意|外传")
_WORDS = ("绝密", "机密", "秘密", "密级", "内部资料", "内部文件", "不予公开", "注意保存")
_SPACED = re.compile("|".join(" *".join(word) for word in _WORDS))
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff"
_LEVEL = "绝密|机密|秘密"
_TERM = r"(?:[0-9一二三四五六七八九十百]{1,4} ?(?:年|个月|月|日|天)|长期|永久|启用前|解密前|公布前|[0-9]{4}[-./年])"
_STARRED = re.compile(rf"(?P<trade>商业|核心|普通|工作)?(?P<level>{_LEVEL}|商密)级? ?[★*] ?(?P<term>{_TERM})?")
_LABELLED = re.compile(
    rf"(?:密级|秘密等级|保密等级|保密级别|涉密等级|涉密级别|密级标[志识])(?:及?保密期限)?[ :=为【\[(「『■☑√✓]*"
    rf"(?P<level>{_LEVEL})级?(?: ?[(★*]? ?{_TERM})?(?![{_HAN}]|[ ]?[、/,|;][ □]?(?:{_LEVEL}))"
)
_ALONE = re.compile(rf"(?P<level>{_LEVEL})(?:级|件|文件|资料|材料)? ?{_TERM}?")
_INTERNAL = re.compile(
    "(?:(?:公开(?:属性|方式|类[别型])|此件)[: ]*)?"
    "(?:(?:仅供|仅限|限)?(?:单位|本单位|机关)?内部(?:资料|文件|材料|使用|参考|参阅|传阅|掌握|发行)|不予公开|"
    "(?:请)?注意(?:保存|保密)|(?:不得|不准|严禁|请勿|禁止)外传|工作秘密|(?:核心|普通)商密)"
)
_SEPARATORS = re.compile(r"[\s_\-—–~·.,;:!|/\\、。()\[\]{}【】「」『』〔〕<>\"'“”‘’■●◆※]+")
_BRACKETED = re.compile(r"[(\[【「『〔<{]([^()\[\]【】「」『』〔〕<>{}]{1,24})[)\]】」』〕>}]")


def find(text: str) -> Marking | None:
    """The marking that a text bears, if it bears one.

    A level counts with a star behind it or a label before it wherever it stands; alone it counts in brackets or at
    an end of the text, cut off from the words beside it. A list of levels explains them and marks nothing.
    """
    plain = normalise(text)
    if not _TELLING.search(plain):
        return None
    return _starred(plain) or _labelled(plain) or _alone(plain) or _internal(plain)


def find_strong(text: str) -> Marking | None:
    """The marking of a column's name: there a level counts with its star or its label only."""
    plain = normalise(text)
    return (_starred(plain) or _labelled(plain)) if _TELLING.search(plain) else None


def normalise(text: str) -> str:
    """The text in one writing: full width made plain, traditional made simplified, letters of markings closed up."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text).translate(_PLAIN))
    plain = re.sub(r"\s+", " ", plain.translate(_PLAIN)).strip()
    return _SPACED.sub(lambda found: found[0].replace(" ", ""), plain)


def _starred(plain: str) -> Marking | None:
    for found in _STARRED.finditer(plain):
        if found["trade"] or found["level"] == "商密":
            return Marking(Level.INTERNAL, found[0].strip())
        if found["term"] or "★" in found[0] or _cut_off(plain, found):
            return Marking(Level(found["level"]), found[0].strip())
    return None


def _cut_off(plain: str, found: re.Match[str]) -> bool:
    """Whether a level with a mere asterisk has no words around it."""
    before, after = plain[: found.start()][-1:], plain[found.end() :][:1]
    return not re.search(f"[{_HAN}A-Za-z0-9]", before + after)


def _labelled(plain: str) -> Marking | None:
    found = _LABELLED.search(plain)
    return Marking(Level(found["level"]), found[0].strip()) if found else None


def _alone(plain: str) -> Marking | None:
    if len(set(re.findall(_LEVEL, plain))) > 1:
        return None
    for piece in _prominent(plain):
        found = _ALONE.fullmatch(piece)
        if found:
            return Marking(Level(found["level"]), piece)
    return None


def _internal(plain: str) -> Marking | None:
    for piece in _prominent(plain):
        if _INTERNAL.fullmatch(piece):
            return Marking(Level.INTERNAL, piece)
    return None


def _prominent(plain: str) -> list[str]:
    """What stands apart: the text as a whole, what is in brackets, and the pieces at both ends."""
    bracketed = [one.strip() for one in _BRACKETED.findall(plain)]
    head = [one for one in _SEPARATORS.split(plain[:LONGEST]) if one]
    tail = [one for one in _SEPARATORS.split(plain[-LONGEST:]) if one]
    return [plain, *bracketed, *head[:1], *tail[-1:]]
