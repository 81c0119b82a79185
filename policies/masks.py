"""Masks: what may still be seen of a personal value. They are for showing, not for opening data.

A value whose form is not the expected one is masked wholly; only what is masked already comes back unchanged.
"""

import re
from collections.abc import Callable, Mapping

from policies.vocabulary import PersonalKind

STARS = "****"

_COMPOUND_SURNAMES = (
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "夏侯",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
    "司徒",
)


def mask_name(text: str) -> str:
    """Keep the surname and, of the given name, its length: 张三丰 becomes 张**."""
    kept = 2 if text.startswith(_COMPOUND_SURNAMES) and len(text) > 2 else 1
    return text[:kept] + "*" * (len(text) - kept) if len(text) > kept else STARS


def mask_citizen_id(text: str) -> str:
    """Keep the division and the last four: 6 + 0 + 4, the length unchanged."""
    return text[:6] + "*" * (len(text) - 10) + text[-4:] if len(text) in (15, 18) else STARS


def mask_mobile(text: str) -> str:
    """Keep the first three and the last four digits: 138****5678."""
    digits = re.sub(r"[^0-9]", "", text)
    return f"{digits[:3]}{STARS}{digits[-4:]}" if len(digits) == 11 else STARS


def mask_bank_card(text: str) -> str:
    """Keep the last four digits."""
    return f"{STARS}{text[-4:]}" if len(text) > 8 else STARS


def mask_address(text: str) -> str:
    """Keep the address down to its street or township: 湖州市吴兴区龙泉街道****."""
    kept = re.match(r".*?(?:街道|镇|乡)|.*?(?:路|街|大道)(?=.)", text)
    return (kept.group() if kept else "") + STARS


def mask_birth_date(text: str) -> str:
    """Keep the year."""
    year = re.match(r"(?:19|20)[0-9]{2}(?=.)", text)
    return (year.group() if year else "") + STARS


def mask_email(text: str) -> str:
    """Keep the first letter and the domain: a****@example.org."""
    box, at, domain = text.rpartition("@")
    return f"{box[:1]}{STARS}@{domain}" if at and len(box) > 1 else STARS


def mask_plate(text: str) -> str:
    """Keep the province and the city: 浙E****."""
    return text[:2] + STARS if len(text) > 4 else STARS


def mask_passport(text: str) -> str:
    """Keep the first letter and the last two digits."""
    return f"{text[:1]}{STARS}{text[-2:]}" if len(text) > 6 else STARS


def mask_coordinate(degrees: float) -> float:
    """Round a coordinate to three decimals, some hundred metres."""
    return round(degrees, 3)


_PLAIN = str.maketrans(
    "０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺｘ＠．－",
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZx@.-",
)
_GAP = r"[ \-]{0,2}"
_IN_TEXT: tuple[tuple[str, Callable[[str], str]], ...] = (
    (r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+", mask_email),
    (rf"(?<![0-9A-Za-z])[1-9][0-9]{{5}}{_GAP}[0-9]{{8}}{_GAP}[0-9]{{3}}[0-9Xx](?![0-9A-Za-z])", lambda _: STARS),
    (r"(?<![0-9])[0-9]{4}(?:[ -][0-9]{4}){2,3}(?:[ -][0-9]{1,7})?(?![0-9])", mask_bank_card),
    (r"(?<![0-9A-Za-z])[0-9]{15,19}(?![0-9A-Za-z])", lambda _: STARS),
    (rf"(?<![0-9])(?:\+?86{_GAP})?1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}(?![0-9])", lambda text: text[:3] + STARS),
    (r"(?<![0-9])0[0-9]{2,3}[ -]?[0-9]{7,8}(?![0-9])", lambda _: STARS),
    (r"(?<![0-9A-Za-z])[A-Z]{1,2}[0-9]{7,8}(?![0-9A-Za-z])", mask_passport),
)
"""Forms that are masked wherever they stand in a text, check digit or not: a slip of the writer's must not undo it."""


def mask_text(text: str) -> str:
    """A text in which identity, card, passport and telephone numbers and e-mail addresses are masked."""
    for form, masked in _IN_TEXT:
        # Full-width digits are digits to a reader; the plain copy has the same length, so places agree.
        parts, end = [], 0
        for found in re.finditer(form, text.translate(_PLAIN)):
            parts += [text[end : found.start()], masked(found.group())]
            end = found.end()
        text = "".join([*parts, text[end:]])
    return text


_MASKS: Mapping[PersonalKind, Callable[[str], str]] = {
    PersonalKind.NAME: mask_name,
    PersonalKind.CITIZEN_ID: mask_citizen_id,
    PersonalKind.MINOR: mask_citizen_id,
    PersonalKind.MOBILE: mask_mobile,
    PersonalKind.BANK_CARD: mask_bank_card,
    PersonalKind.ADDRESS: mask_address,
    PersonalKind.BIRTH_DATE: mask_birth_date,
    PersonalKind.EMAIL: mask_email,
    PersonalKind.PLATE: mask_plate,
    PersonalKind.PASSPORT: mask_passport,
}


def mask(kind: PersonalKind, text: str) -> str:
    """What may be shown of a value of some kind; of a kind without a form of its own nothing."""
    return _MASKS.get(kind, _wholly)(text)


def _wholly(text: str) -> str:
    return STARS if text else ""
