"""Which days are working days in China, and which calendar date an instant falls on.

One file per year (`rules/calendars/CN-YYYY.toml`) names the days off and the weekend days worked instead. A
year whose State Council notice is not out, or that has no file at all, is counted provisionally (暂定): every
answer that touches it can be told apart through `Calendar.provisional`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

# China has kept one time without summer time since 1992, so a fixed offset needs no time-zone files.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
ONE_DAY = timedelta(days=1)
SATURDAY = 5


def local_date(instant: datetime) -> date:
    """The date in Asia/Shanghai of a time-zone aware instant; a naive one is a ValueError."""
    if instant.tzinfo is None:
        raise ValueError("a legal date needs a time-zone aware instant")
    return instant.astimezone(SHANGHAI).date()


@dataclass(frozen=True)
class Holiday:
    """A run of days off, both ends included."""

    zh: str
    en: str
    first: date
    last: date

    def days(self) -> frozenset[date]:
        """Every date of the run."""
        return frozenset(self.first + n * ONE_DAY for n in range((self.last - self.first).days + 1))


@dataclass(frozen=True)
class CalendarYear:
    """The days off and the worked weekend days of one year; `notice` tells whether the State Council has
    announced it."""

    year: int
    off: frozenset[date]
    on: frozenset[date]
    notice: bool
    basis: str
    holidays: tuple[Holiday, ...] = ()


@dataclass(frozen=True)
class Calendar:
    """The years known; a year that is missing has weekends only."""

    years: Mapping[int, CalendarYear]

    def is_workday(self, day: date) -> bool:
        """Whether offices work on this day: Monday to Friday not off, or a weekend day declared worked."""
        year = self.years.get(day.year)
        if year is None:
            return day.weekday() < SATURDAY
        return day in year.on or (day.weekday() < SATURDAY and day not in year.off)

    def add_workdays(self, day: date, count: int) -> date:
        """The last of `count` working days after `day`, which itself does not count (Civil Code art. 201)."""
        if count < 0:
            raise ValueError("working days are counted forward")
        while count:
            day += ONE_DAY
            count -= self.is_workday(day)
        return day

    def workdays_between(self, start: date, end: date) -> int:
        """How many working days lie after `start` up to and including `end`; 0 when `end` is not later."""
        return sum(self.is_workday(start + n * ONE_DAY) for n in range(1, (end - start).days + 1))

    def next_workday(self, day: date) -> date:
        """The day itself when it is worked, otherwise the first working day after it (Civil Code art.
        203)."""
        return day if self.is_workday(day) else self.add_workdays(day, 1)

    def provisional(self, day: date) -> bool:
        """Whether the State Council notice for this day's year is missing, so that the count may still change
        (暂定)."""
        year = self.years.get(day.year)
        return year is None or not year.notice
