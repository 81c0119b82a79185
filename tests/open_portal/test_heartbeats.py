"""Heartbeats: a lease is prolonged while work goes on, over errors, until it is lost or the work is done."""

import threading
from datetime import timedelta

import pytest

from open_portal import heartbeats
from open_portal.wiring import Kit
from policies.refusals import Stale
from tenancy.work import Work

OFTEN = timedelta(milliseconds=1)
AT_MOST = 20
"""Seconds that something may take on a busy machine before the test says that it didn't happen."""


def threads() -> set[threading.Thread]:
    return set(threading.enumerate())


def test_a_lease_is_prolonged_over_errors_until_it_is_lost(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    beats, lost = list[Work](), threading.Event()

    def prolong(unit: Work) -> None:
        beats.append(unit)
        if len(beats) == 1:
            raise ConnectionError("the database is away")
        if len(beats) == 3:
            lost.set()
            raise Stale("harvest.lost")

    before = threads()
    with heartbeats.prolonging(kit, prolong, OFTEN, "some.lease"):
        assert lost.wait(AT_MOST)
        for thread in threads() - before:
            thread.join(AT_MOST)
    assert len(beats) == 3
    assert {unit.now for unit in beats} == {kit.clock()}
    assert [one.message for one in caplog.records if one.name == heartbeats.__name__] == ["some.lease"]


def test_the_beat_ends_with_the_work_also_where_that_fails(kit: Kit) -> None:
    begun, before = threading.Event(), threads()

    def fail() -> None:
        with heartbeats.prolonging(kit, lambda _: begun.set(), OFTEN, "some.lease"):
            assert begun.wait(AT_MOST)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert threads() <= before
