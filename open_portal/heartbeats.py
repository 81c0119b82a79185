"""Heartbeats: something done from time to time by a thread beside the work of a block, such as prolonging its lease."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from open_portal.wiring import Kit
from policies.refusals import Refusal
from tenancy import work
from tenancy.actors import SYSTEM
from tenancy.work import Work

log = logging.getLogger(__name__)


@contextmanager
def repeating(act: Callable[[], bool], every: timedelta) -> Iterator[None]:
    """Act from time to time until the block is left or the act says that it was the last."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(every.total_seconds()):
            if act():
                return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def prolonging(kit: Kit, prolong: Callable[[Work], object], every: timedelta, event: str) -> Iterator[None]:
    """Prolong a lease from time to time, each time in a transaction of its own, as long as the block lasts.

    A Refusal says that there is nothing left to hold; any other error is logged as an event, and tried again.
    """

    def beat() -> bool:
        try:
            with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
                prolong(unit)
        except Refusal:
            return True
        except Exception as error:  # noqa: BLE001 - the next beat may find the database back
            log.error(event, extra={"error": type(error).__name__})  # noqa: TRY400 - the trace says nothing more
        return False

    with repeating(beat, every):
        yield
