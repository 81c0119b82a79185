"""Clocks: the day of receipt, stops, resumption or restart, one extension, warnings, provisional days."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import deadlines, rulebook
from policies.deadlines import Clock, Interval, Limit

BOOK = rulebook.load()
TEN = BOOK.limits["OPEN_DECISION"]
DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 31))


def clock(intervals: deadlines.Intervals, limit: Limit = TEN) -> Clock:
    return Clock(limit, intervals, BOOK.calendar)


def test_the_day_of_receipt_does_not_count() -> None:
    running = clock(deadlines.start(TEN.code, date(2026, 9, 30)))
    assert running.used(date(2026, 9, 30)) == 0
    assert running.due() == date(2026, 10, 20)
    assert running.remaining(date(2026, 10, 9)) == 8
    assert not running.overdue(date(2026, 10, 20))
    assert running.overdue(date(2026, 10, 21))
    assert running.remaining(date(2026, 10, 21)) == -1


def test_a_stopped_clock_has_no_due_date_and_keeps_its_days() -> None:
    term = deadlines.stop(deadlines.start(TEN.code, date(2026, 3, 2)), date(2026, 3, 4))
    standing = clock(term)
    assert standing.due() is None
    assert not standing.running
    assert standing.used(date(2026, 6, 1)) == 2
    assert not standing.overdue(date(2026, 6, 1))
    assert not standing.provisional


def test_resuming_goes_on_with_the_days_left() -> None:
    term = deadlines.stop(deadlines.start(TEN.code, date(2026, 3, 2)), date(2026, 3, 4))
    term = deadlines.resume(term, date(2026, 3, 20), "resume")
    assert len(term) == 2
    assert clock(term).due() == BOOK.calendar.add_workdays(date(2026, 3, 20), 8)


def test_restarting_gives_the_whole_term_again() -> None:
    term = deadlines.stop(deadlines.start(TEN.code, date(2026, 3, 2)), date(2026, 3, 4))
    term = deadlines.resume(term, date(2026, 3, 20), "restart")
    assert term == (Interval(TEN.code, date(2026, 3, 20)),)
    assert clock(term).due() == BOOK.calendar.add_workdays(date(2026, 3, 20), 10)


def test_a_term_stopped_on_its_last_day_leaves_one_day() -> None:
    term = deadlines.stop(deadlines.start(TEN.code, date(2026, 3, 2)), date(2026, 3, 16))
    assert clock(term).remaining(date(2026, 3, 16)) == 0
    assert clock(deadlines.resume(term, date(2026, 3, 20), "resume")).due() == date(2026, 3, 23)


def test_a_term_stopped_when_overdue_stays_overdue() -> None:
    term = deadlines.stop(deadlines.start(TEN.code, date(2026, 3, 2)), date(2026, 3, 18))
    resumed = clock(deadlines.resume(term, date(2026, 3, 20), "resume"))
    assert resumed.due() == date(2026, 3, 16)
    assert resumed.overdue(date(2026, 3, 20))


@settings(deadline=None)
@given(DAYS, st.integers(0, 9), st.integers(0, 40))
def test_a_stop_moves_the_last_day_by_the_working_days_it_lasted(start: date, used: int, pause: int) -> None:
    stop = BOOK.calendar.add_workdays(start, used)
    again = stop + timedelta(pause)
    term = deadlines.resume(deadlines.stop(deadlines.start(TEN.code, start), stop), again, "resume")
    lasted = BOOK.calendar.workdays_between(stop, again)
    plain = clock(deadlines.start(TEN.code, start)).due()
    assert plain is not None
    assert clock(term).due() == BOOK.calendar.add_workdays(plain, lasted)


@settings(deadline=None)
@given(DAYS, st.integers(0, 60))
def test_used_and_remaining_make_up_the_term(start: date, later: int) -> None:
    running = clock(deadlines.start(TEN.code, start))
    today = start + timedelta(later)
    assert running.used(today) + running.remaining(today) == TEN.days


def test_an_extension_is_never_longer_than_the_original_term() -> None:
    assert deadlines.may_extend(TEN, 10)
    assert not deadlines.may_extend(TEN, 11)
    assert not deadlines.may_extend(TEN, 0)
    term = deadlines.extend(deadlines.start(TEN.code, date(2026, 3, 2)), 5)
    assert clock(term).term == 15
    assert clock(term).due() == BOOK.calendar.add_workdays(date(2026, 3, 2), 15)


def test_an_extension_survives_a_stop() -> None:
    term = deadlines.extend(deadlines.start(TEN.code, date(2026, 3, 2)), 5)
    term = deadlines.resume(deadlines.stop(term, date(2026, 3, 4)), date(2026, 3, 4), "resume")
    assert clock(term).due() == BOOK.calendar.add_workdays(date(2026, 3, 2), 15)


def test_a_limit_in_calendar_days_ends_on_a_working_day() -> None:
    thirty = BOOK.limits["PI_SUBJECT_REQUEST"]
    # 30 days after 1 September 2026 is 1 October; the holiday lasts to the 7th.
    assert clock(deadlines.start(thirty.code, date(2026, 9, 1)), thirty).due() == date(2026, 10, 8)
    assert clock(deadlines.start(thirty.code, date(2026, 3, 2)), thirty).used(date(2026, 3, 9)) == 7


def test_at_once_means_the_same_day_even_on_a_day_off() -> None:
    at_once = BOOK.limits["WITHDRAW_SUSPEND"]
    immediate = clock(deadlines.start(at_once.code, date(2026, 10, 3)), at_once)
    assert immediate.due() == date(2026, 10, 3)
    assert immediate.warning(date(2026, 10, 3), BOOK.warn) == 100


@pytest.mark.parametrize(("used", "level"), [(0, 0), (4, 0), (5, 50), (7, 50), (8, 80), (9, 80), (10, 100), (14, 100)])
def test_warnings_rise_with_the_share_of_the_term(used: int, level: int) -> None:
    start = date(2026, 3, 2)
    today = BOOK.calendar.add_workdays(start, used)
    assert clock(deadlines.start(TEN.code, start)).warning(today, BOOK.warn) == level


def test_a_term_that_touches_a_year_without_notice_is_provisional() -> None:
    assert clock(deadlines.start(TEN.code, date(2026, 12, 25))).provisional
    assert not clock(deadlines.start(TEN.code, date(2026, 11, 23))).provisional


def test_intervals_survive_being_stored() -> None:
    term = deadlines.stop(deadlines.extend(deadlines.start(TEN.code, date(2026, 3, 2)), 5), date(2026, 3, 4))
    term = deadlines.resume(term, date(2026, 3, 9), "resume")
    assert tuple(Interval.of(i.as_mapping()) for i in term) == term
