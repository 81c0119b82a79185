"""Numbers that prove themselves: check digits of people, organisations and cards; codes of our resources.

Every ``valid_…`` takes the text as written, without surrounding space; ASCII digits only. A True says that
the number is well formed, not that it was ever issued.
"""

import re
from datetime import date

from policies.refusals import Invalid

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_PROVINCE = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91")
_RESOURCE_PREFIX = re.compile(r"[1-3][0-9]{5}[0-9A-Z]*")
_RESOURCE_CODE = re.compile(r"[1-3][0-9]{5}[0-9A-Z]*(/[0-9]{6})")
_LAST_SEQUENCE = 999_999


def uscc_check_character(first: str) -> str:
    """The 18th character for the first 17 of a unified social credit code (GB 32100-2015), upper case."""
    total = sum(USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(first))
    return USCC_ALPHABET[-total % 31]


def valid_uscc(text: str) -> bool:
    """Whether this is a unified social credit code (GB 32100-2015); lower case is accepted."""
    code = text.upper()
    if len(code) != 18 or any(c not in USCC_ALPHABET for c in code):
        return False
    return uscc_check_character(code[:17]) == code[17]


def organisation_check_character(first: str) -> str:
    """The 9th character for the first 8 of an organisation code (GB 11714), upper case."""
    total = sum(ORGANISATION_ALPHABET.index(c) * w for c, w in zip(first, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def valid_organisation_code(text: str) -> bool:
    """Whether this is an organisation code (GB 11714), with or without a hyphen before the last character."""
    code = text.upper()
    if not re.fullmatch(r"[0-9A-Z]{8}-?[0-9X]", code):
        return False
    return organisation_check_character(code[:8]) == code[-1]


def citizen_check_character(first: str) -> str:
    """The 18th character for the first 17 digits of a citizen identity number (ISO 7064 MOD 11-2)."""
    return "10X98765432"[sum(int(d) * w for d, w in zip(first, _CITIZEN_WEIGHTS, strict=True)) % 11]


def valid_citizen_id(text: str, today: date) -> bool:
    """Whether this is a citizen identity number (GB 11643-1999) of somebody born by ``today``.

    Only the province of the division code is looked at: people keep the codes of divisions long abolished.
    """
    number = text.upper()
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number) or not _PROVINCE.match(number):
        return False
    born = _date(number[6:14])
    return born is not None and born <= today and citizen_check_character(number[:17]) == number[17]


def valid_old_citizen_id(text: str, today: date) -> bool:
    """Whether this may be an identity number of the first generation: 15 digits, without a check digit."""
    if not re.fullmatch(r"[0-9]{15}", text) or not _PROVINCE.match(text):
        return False
    born = _date("19" + text[6:12])
    return born is not None and born <= today


def _date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def luhn_check_digit(first: str) -> str:
    """The last digit of a card number for the digits before it (Luhn)."""
    doubled = (int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(first)))
    return str(-sum(n - 9 if n > 9 else n for n in doubled) % 10)


def valid_bank_card(text: str) -> bool:
    """Whether this is a bank card number: 13 to 19 digits, not all the same, with the right Luhn digit."""
    if not re.fullmatch(r"[0-9]{13,19}", text) or len(set(text)) == 1:
        return False
    return luhn_check_digit(text[:-1]) == text[-1]


def valid_mobile(text: str) -> bool:
    """Whether this is a mainland mobile number of 11 digits, without a country code."""
    return re.fullmatch(r"1[3-9][0-9]{9}", text) is not None


def valid_division(text: str) -> bool:
    """Whether this can be a division code (GB/T 2260): a known province, and no county without a city."""
    if not re.fullmatch(r"[0-9]{6}", text) or not _PROVINCE.match(text):
        return False
    return text[2:4] != "00" or text[4:] == "00"


def registration_check_digit(first: str) -> str:
    """The 15th digit for the first 14 of a company registration number (ISO 7064 MOD 11,10)."""
    carried = 10
    for digit in first:
        carried = ((carried + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - carried) % 10)


def valid_registration_number(text: str) -> bool:
    """Whether this is a 15-digit company registration number with the right check digit."""
    return re.fullmatch(r"[0-9]{15}", text) is not None and registration_check_digit(text[:14]) == text[14]


def resource_code(prefix: str, sequence: int) -> str:
    """The code of a resource: the classification part, a slash, six digits counted per prefix from 000001.

    ``prefix`` is class (1 digit), item (2), sub-item (3) and as many finer characters as wanted. Raises
    Invalid for a malformed prefix or a sequence outside 1 to 999999.
    """
    code = f"{prefix}/{sequence:06d}"
    if not _RESOURCE_PREFIX.fullmatch(prefix) or not 1 <= sequence <= _LAST_SEQUENCE:
        raise Invalid("general.resource-code", value=code, field="code")
    return code


def valid_resource_code(text: str) -> bool:
    """Whether this is the code of a resource, as `resource_code` makes them."""
    return _RESOURCE_CODE.fullmatch(text) is not None and not text.endswith("/000000")


def item_code(code: str, number: int) -> str:
    """The code of a data item: the code of its entry, a hyphen and the item's number in three digits."""
    return f"{code}-{number:03d}"
