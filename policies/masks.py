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
