"""Instants as clients of CKAN write them in queries: ISO 8601, or NOW with some days more or less."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

STEP = re.compile(r"([+-]\d{1,6}|/)(YEAR|MONTH|DAY|HOUR|MINUTE|SECOND)S?")
NOW = re.compile(rf"NOW(?:{STEP.pattern.replace('(', '(?:')})*")
UNITS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")


class MomentError(ValueError):
    """What was written is no instant."""


def moment(text: str, now: datetime) -> datetime:
    """The instant that a text stands for, in UTC where it names no zone; MomentError for anything else."""
    if NOW.fullmatch(text):
        found = now.astimezone(UTC)
        try:
            for step in STEP.finditer(text):
                found = _stepped(found, step[1], step[2])
        except (ValueError, OverflowError) as error:
            raise MomentError(f"{text!r} is out of range") from error
        return found
    try:
        read = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MomentError(f"{text!r} is no date") from error


def _stepped(at: datetime, amount: str, unit: str) -> datetime:
    """An instant some units earlier or later, or cut down to the whole unit."""
    if amount == "/":
        parts = at.timetuple()[: UNITS.index(unit) + 1]
        return datetime(*(*parts, 1, 1)[: max(len(parts), 3)], tzinfo=UTC)  # type: ignore[misc, arg-type]
    count = int(amount)
    if unit in {"YEAR", "MONTH"}:
        months = at.year * 12 + at.month - 1 + count * (12 if unit == "YEAR" else 1)
        year, month = divmod(months, 12)
        return at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))
    return at + timedelta(**{f"{unit.lower()}s": count})
