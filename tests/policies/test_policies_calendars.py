"""Working days: the packaged years against an independent calendar, and the counting rules."""

from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import rulebook
from policies.calendars import Calendar, local_date

CALENDAR = rulebook.load().calendar
DAYS = st.dates(date(2024, 1, 1), date(2029, 12, 31))


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_day_of_an_announced_year_agrees_with_the_independent_calendar(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(n) for n in range(366)]
    wrong = [d for d in days if d.year == year and CALENDAR.is_workday(d) != chinese_calendar.is_workday(d)]
    assert wrong == []
    assert CALENDAR.years[year].notice


def test_the_worked_examples_with_a_worked_weekend_and_a_holiday() -> None:
    assert CALENDAR.add_workdays(date(2026, 9, 18), 3) == date(2026, 9, 22)
    assert CALENDAR.add_workdays(date(2026, 9, 30), 10) == date(2026, 10, 20)
    assert CALENDAR.is_workday(date(2026, 9, 20))
    assert not CALENDAR.is_workday(date(2026, 9, 25))


def test_a_year_without_notice_has_its_statutory_days_and_is_provisional() -> None:
    year = CALENDAR.years[2027]
    assert not year.notice
    assert not year.on
    # Thirteen days for all citizens: 1 + 4 + 1 + 2 + 1 + 1 + 3.
    assert len(year.off) == 13
    assert {
        date(2027, 2, 5),
        date(2027, 2, 8),
        date(2027, 4, 5),
        date(2027, 6, 9),
        date(2027, 9, 15),
    } <= year.off
    assert CALENDAR.provisional(date(2027, 3, 1))
    assert not CALENDAR.provisional(date(2026, 12, 31))


def test_a_year_without_a_file_has_weekends_only_and_is_provisional() -> None:
    assert CALENDAR.is_workday(date(2028, 10, 2))
    assert not CALENDAR.is_workday(date(2028, 10, 1))
    assert CALENDAR.provisional(date(2028, 10, 2))
    assert Calendar({}).provisional(date(2026, 1, 5))


@settings(deadline=None)
@given(DAYS, st.integers(0, 60))
def test_adding_and_counting_working_days_are_inverse(day: date, count: int) -> None:
    due = CALENDAR.add_workdays(day, count)
    assert CALENDAR.workdays_between(day, due) == count
    assert count == 0 or (CALENDAR.is_workday(due) and due > day)


@settings(deadline=None)
@given(DAYS, DAYS)
def test_working_days_never_exceed_days_and_an_earlier_end_counts_nothing(start: date, end: date) -> None:
    found = CALENDAR.workdays_between(start, end)
    assert 0 <= found <= max((end - start).days, 0)


@settings(deadline=None)
@given(DAYS)
def test_the_next_workday_is_the_first_one_not_before_the_day(day: date) -> None:
    found = CALENDAR.next_workday(day)
    assert CALENDAR.is_workday(found)
    assert not any(CALENDAR.is_workday(day + timedelta(n)) for n in range((found - day).days))


def test_working_days_are_not_counted_backwards() -> None:
    with pytest.raises(ValueError, match="forward"):
        CALENDAR.add_workdays(date(2026, 1, 5), -1)


def test_the_date_is_the_one_in_china() -> None:
    assert local_date(datetime(2026, 11, 23, 15, 59, tzinfo=UTC)) == date(2026, 11, 23)
    assert local_date(datetime(2026, 11, 23, 16, 0, tzinfo=UTC)) == date(2026, 11, 24)
    with pytest.raises(ValueError, match="aware"):
        local_date(datetime(2026, 11, 23, 16, 0))  # noqa: DTZ001 - the naive instant is the point
