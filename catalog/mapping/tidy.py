"""Values of unknown origin as text, days and numbers: nothing that comes in can break what we keep."""

import json
import math
import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from policies import calendars

SILENT = frozenset(
    ("", "无", "暂无", "暂无联系方式", "none", "null", "nil", "nan", "n/a", "na", "-", "--", "—", "/", "undefined")
)
"""Literals that stand for no value, in small letters; 无 may mean "no condition" as well as "no entry"."""
DEEPEST = 24
"""Levels of nesting in a record at most."""
LARGEST_RECORD = 1 << 20
"""Characters of a record at most, written as JSON."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_QUOTED = re.compile(r"'[^']*'")
_SHOWN = re.compile(r"^\[\s*(?:'[^']*'\s*(?:,\s*'[^']*'\s*)*)?\]$")
_LISTED = re.compile(r"^\[.*\]$", re.DOTALL)
_DAY = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:$|[T\s])")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_INSTANT = re.compile(r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*(?:Z|[+-]\d{2}:?\d{2})$")
_EPOCH = re.compile(r"^\d{10}(\d{3})?$")
_ROWS = re.compile(r"^(\d{1,3}(?:,\d{3})+|\d{1,15})\s*(?:条|行|rows?|records?)?$", re.IGNORECASE)
_MOBILE = re.compile(r"(?<!\d)1[3-9][\d*]{9}(?!\d)")
# Bounded, and begun only where a word begins: a long text without a mailbox must not take its length squared.
_MAILBOX = re.compile(r"(?<![\w.+*-])[\w.+*-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_LANDLINE = re.compile(r"\(?0\d{2,3}\)?-?\d{7,9}")


def prose(value: object) -> str:
    """A value as text in which lines are kept; what no text may hold is taken out, a silent literal is empty."""
    if isinstance(value, str):
        return _clean(value)
    if value is None or isinstance(value, bool | Mapping):
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return ""
    if isinstance(value, int) and value.bit_length() > 1000:
        return ""
    if isinstance(value, Sequence):
        return "、".join(filter(None, (line(one) for one in value if isinstance(one, str | int | float))))
    return _clean(str(value))


def _clean(value: str) -> str:
    text = value.strip()
    if not text.isprintable():
        text = _SURROGATE.sub("\ufffd", _CONTROL.sub("", text)).strip()
    return "" if text.casefold() in SILENT else text


def line(value: object) -> str:
    """A value as one line of text."""
    return " ".join(prose(value).split())


def says(value: object) -> bool:
    """Whether a value says anything."""
    return bool(value) if isinstance(value, Mapping) else bool(prose(value))


def several(value: object) -> list[str]:
    """The parts of a list, of a text that looks like one, or of a text that joins them by commas or semicolons."""
    if isinstance(value, str) and _LISTED.match(value.strip()) and len(value) < LARGEST_RECORD:
        value = _literal(value.strip())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [text for one in value if (text := line(one))]
    return [text for part in re.split("[、,，;；|]", line(value)) if (text := line(part))]


def day(value: object) -> date | None:
    """A date: ISO 8601, with slashes or points, in Chinese, compact, or seconds or milliseconds since 1970.

    An instant with a zone is the day in Shanghai; a bare year or month is no day.
    """
    if isinstance(value, datetime):
        return calendars.local_date(value) if value.tzinfo else value.date()
    if isinstance(value, date):
        return value
    text = line(value) if not isinstance(value, float) else line(int(value) if math.isfinite(value) else None)
    try:
        if found := _COMPACT.match(text):
            return date(*map(int, found.groups()))
        if found := _EPOCH.match(text):
            seconds = int(text) / (1000 if found[1] else 1)
            return calendars.local_date(datetime.fromtimestamp(seconds, UTC))
        if _INSTANT.match(text):
            return calendars.local_date(datetime.fromisoformat(text))
        return date(*map(int, found.groups())) if (found := _DAY.match(text)) else None
    except (ValueError, OverflowError, OSError):
        return None


def instant(text: str) -> str:
    """A day or an instant in ISO 8601; empty where a text is neither."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return ""
    return text


def period(text: str) -> tuple[date | None, date | None]:
    """A period written "start/end" by ISO 8601; a bare year or month stands for its first or last day."""
    start, stroke, end = text.partition("/")
    if not stroke:
        return None, None
    first, last = _edge(start, last=False), _edge(end, last=True)
    return (first, last) if not (first and last and first > last) else (None, None)


def count(value: object) -> int | None:
    """A number of rows."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    found = _ROWS.match(line(value))
    return int(found[1].replace(",", "")) if found else None


def landline(text: str) -> str | None:
    """An office's land line; a text with a mobile number or a mailbox may be a person's and gives none."""
    return text if _LANDLINE.search(text) and not private(text) else None


def private(text: str) -> bool:
    """Whether a text holds a mobile number or a mailbox."""
    return bool(_MOBILE.search(text) or _MAILBOX.search(text))


def masked(text: str) -> str:
    """A text without the mobile numbers and mailboxes in it."""
    return _MAILBOX.sub("***", _MOBILE.sub("***", text))


def written(record: object) -> str:
    """A record as JSON in one form, for comparing; ValueError if it is nested too deep or too large."""
    if _depth(record) > DEEPEST:
        raise ValueError("deep")
    text = json.dumps(record, sort_keys=True, ensure_ascii=True, default=str)
    if len(text) > LARGEST_RECORD:
        raise ValueError("large")
    return text


def _depth(value: object) -> int:
    """How deep a value is nested, walked level by level; beyond the limit it isn't looked at further."""
    level: list[object] = [value]
    for depth in range(DEEPEST + 1):
        nested: list[object] = []
        for one in level:
            if isinstance(one, Mapping):
                nested.extend(one.values())
            elif isinstance(one, list | tuple):
                nested.extend(one)
        if not nested:
            return depth
        level = nested
    return DEEPEST + 1


def _literal(text: str) -> object:
    """A list written as JSON or as Python shows a list of texts."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return [one[1:-1] for one in _QUOTED.findall(text)] if _SHOWN.match(text) else text


def _edge(text: str, *, last: bool) -> date | None:
    text = text.strip()
    if found := re.match(r"^(\d{4})(?:-(\d{2}))?$", text):
        year, month = int(found[1]), int(found[2] or (12 if last else 1))
        try:
            first = date(year, month, 1)
            return first.replace(day=monthrange(year, month)[1]) if last else first
        except (ValueError, OverflowError):
            return None
    return day(text)
