"""How legal time limits run: started by a receipt, stopped while someone else is awaited, extended once at
most.

A running term is a tuple of `Interval`s, plain values that a case keeps; nothing here knows the time of day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal, Self

from policies.calendars import Calendar

Unit = Literal["workday", "day"]
AfterSupplement = Literal["resume", "restart"]


@dataclass(frozen=True)
class Limit:
    """One legal or agreed time limit with its source; confidence is H, M or L."""

    code: str
    days: int
    unit: Unit
    basis: str
    confidence: str
    zh: str
    en: str
    basis_en: str = ""


@dataclass(frozen=True)
class Interval:
    """A stretch in which a clock ran: the day of receipt, the day it stopped (None while running), days of
    extension."""

    limit: str
    started: date
    stopped: date | None = None
    extra: int = 0

    def as_mapping(self) -> dict[str, Any]:
        """The interval as JSON values, read back by `of`."""
        stopped = self.stopped.isoformat() if self.stopped else None
        return {
            "limit": self.limit,
            "started": self.started.isoformat(),
            "stopped": stopped,
            "extra": self.extra,
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """The interval that `as_mapping` wrote."""
        stopped = stored.get("stopped")
        return cls(
            limit=str(stored["limit"]),
            started=date.fromisoformat(stored["started"]),
            stopped=date.fromisoformat(stopped) if stopped else None,
            extra=int(stored.get("extra", 0)),
        )


Intervals = tuple[Interval, ...]


def start(limit: str, day: date) -> Intervals:
    """A fresh term whose day of receipt is `day`."""
    return (Interval(limit, day),)


def stop(intervals: Intervals, day: date) -> Intervals:
    """The same term, standing still from the end of `day`."""
    return tuple(i if i.stopped else replace(i, stopped=day) for i in intervals)


def resume(intervals: Intervals, day: date, rule: AfterSupplement) -> Intervals:
    """A stopped term running again: the days left (`resume`) or the whole term (`restart`) counted from the
    day after.

    A restarted term is the original one: an extension granted before is not added again.
    """
    if not intervals or rule == "restart":
        return tuple(Interval(i.limit, day) for i in intervals[-1:])
    return (*stop(intervals, day), Interval(intervals[-1].limit, day))


def extend(intervals: Intervals, days: int) -> Intervals:
    """The running term made longer by `days`; the caller has checked that this is lawful (`may_extend`)."""
    return tuple(i if i.stopped else replace(i, extra=i.extra + days) for i in intervals)


def may_extend(limit: Limit, days: int) -> bool:
    """Whether an extension by `days` is of a lawful length: at least a day, never longer than the original
    term."""
    return 1 <= days <= limit.days


@dataclass(frozen=True)
class Clock:
    """A limit, the intervals in which it ran, and the calendar it is counted by."""

    limit: Limit
    intervals: Intervals
    calendar: Calendar

    @property
    def running(self) -> bool:
        """Whether time is passing."""
        return bool(self.intervals) and self.intervals[-1].stopped is None

    @property
    def term(self) -> int:
        """The days allowed in all, extension included."""
        return self.limit.days + sum(i.extra for i in self.intervals)

    def used(self, today: date) -> int:
        """The days used up to and including `today`; the day of receipt does not count, the day of stopping
        does."""
        return sum(self._count(i.started, min(i.stopped or today, today)) for i in self.intervals)

    def remaining(self, today: date) -> int:
        """The days left after `today`; below zero when overdue."""
        return self.term - self.used(today)

    def due(self) -> date | None:
        """The last day of the term, None while the clock stands still.

        A term stopped on its very last day leaves one day on resumption; one stopped when already overdue
        stays overdue.
        """
        if not self.running:
            return None
        left = self.term
        for interval in self.intervals[:-1]:
            used = self._count(interval.started, interval.stopped or interval.started)
            if used > left:
                return self._advance(interval.started, left)
            left -= used
        return self._advance(self.intervals[-1].started, left or min(self.term, 1))

    def overdue(self, today: date) -> bool:
        """Whether the last day has passed while the clock ran."""
        due = self.due()
        return due is not None and today > due

    @property
    def provisional(self) -> bool:
        """Whether the last day depends on a year whose holidays are not announced (暂定)."""
        due = self.due()
        if due is None:
            return False
        years = range(self.intervals[0].started.year, due.year + 1)
        return any(self.calendar.provisional(date(year, 1, 1)) for year in years)

    def warning(self, today: date, levels: Sequence[int]) -> int:
        """The highest of `levels` (per cent of the term, rising) that is reached today, 0 below the first.

        A clock standing still keeps the level it had.
        """
        share = 100 * self.used(today) // self.term if self.term else 100
        return max((level for level in levels if level <= share), default=0)

    def _count(self, start: date, end: date) -> int:
        if self.limit.unit == "workday":
            return self.calendar.workdays_between(start, end)
        return max((end - start).days, 0)

    def _advance(self, start: date, days: int) -> date:
        if self.limit.unit == "workday" or not days:
            return self.calendar.add_workdays(start, days)
        return self.calendar.next_workday(start + timedelta(days=days))
