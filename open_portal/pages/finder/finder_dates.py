"""Dates as people type them into the time filter: a year, a month or a day, in several spellings."""

import re
import unicodedata
from calendar import monthrange
from datetime import date

_PLAIN = re.compile(r"(\d{4})(?:(\d{2})(\d{2})?)?")
_PARTED = re.compile(r"(\d{4})(?:年|[-/.](?=\d)|$)(?:(\d{1,2})(?:月|[-/.](?=\d)|$)(?:(\d{1,2})日?)?)?")
_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
MOST = 20
"""Characters that a date may have; more is no date."""


def first_day(text: str) -> date | None:
    """The first day of the year, month or day that a text names; None if it names none."""
    parts = _parts(text)
    return _day(parts[0], parts[1] or 1, parts[2] or 1) if parts else None


def last_day(text: str) -> date | None:
    """The last day of the year, month or day that a text names; None if it names none."""
    parts = _parts(text)
    if parts is None or not 1 <= (parts[1] or 12) <= 12:
        return None
    year, month = parts[0], parts[1] or 12
    return _day(year, month, parts[2] or monthrange(year, month)[1])


def _parts(text: str) -> tuple[int, int, int] | None:
    """Year, month and day as numbers, 0 for what was left out."""
    if len(text) > MOST:
        return None
    plain = unicodedata.normalize("NFKC", text).translate(_DIGITS).replace(" ", "")
    found = _PLAIN.fullmatch(plain) or _PARTED.fullmatch(plain)
    if found is None or int(found[1]) < 1:
        return None
    year, month, day = (int(part or 0) for part in found.groups())
    # A part that was typed as nought is no date, unlike one that was left out.
    return None if (found[2] and not month) or (found[3] and not day) else (year, month, day)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
