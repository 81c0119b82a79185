"""Harvesting: a reading of another platform's catalogue taken over batch by batch, by the worker and by hand.

Each batch is a transaction of its own that first makes sure that its run still holds the source; the catalogue's
text is fetched and read outside any transaction, while a thread keeps the lease.
"""

import os
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from catalog import harvests, importing
from catalog.harvest_models import HarvestRun, HarvestSource
from catalog.harvests import Problem
from catalog.importing import Imported, Seen
from catalog.mapping.listing import Listing, Reading, Rejected
from open_portal import heartbeats
from open_portal.wiring import Kit
from policies import vocabulary as v
from policies.refusals import Invalid, Refusal, Refused, Stale
from tenancy import work
from tenancy.actors import SYSTEM

BATCH = 300
NOT_LISTED = "harvest.inactive"
"""The reason by which a reader rejects what its source itself no longer publishes."""
TRIES = 5
"""How often a batch is begun anew when somebody else changed one of its entries meanwhile."""
TOLD = 1000
"""The problems that a tally holds in memory; all of them are on record."""

Tell = Callable[["Tally"], None]
T = TypeVar("T")


@dataclass
class Tally:
    """What a harvest has come to so far; `read` = created + updated + unchanged + refused."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    archived: int = 0
    held: int = 0
    state: v.HarvestState = v.HarvestState.RUNNING
    problems: list[Problem] = field(default_factory=list)

    def add(self, imported: Imported, problems: Sequence[Problem], *, repeated: int = 0) -> dict[str, int]:
        """Count a batch in; the counts that it added."""
        added = {
            "created": imported.created,
            "updated": imported.updated,
            "unchanged": imported.unchanged + repeated,
            "refused": len(problems),
        }
        added["read"] = sum(added.values())
        for name, count in added.items():
            setattr(self, name, getattr(self, name) + count)
        self.problems += problems[: max(0, TOLD - len(self.problems))]
        return added


class _Stopped(Exception):  # noqa: N818 - somebody's wish, no error
    """The run was asked to stop."""


def holder() -> str:
    """This process, by the name that others can look for."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}"


def alive(name: str) -> bool:
    """Whether a process may still be there: certain only of this machine's own."""
    host, _, number = name.rpartition(":")
    if host != socket.gethostname()[:60] or not number.isdigit():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def run(kit: Kit, run_id: str, readings: Iterable[Reading], tell: Tell = lambda _tally: None) -> Tally:
    """Do a run that has begun, to its end; what went wrong is on its record and raised again."""
    with kit.database.read() as session:
        row = session.get_one(HarvestRun, run_id)
        harvest = _Harvest(kit, row.source, tell, run_id=run_id, dry=row.dry_run, archiving=row.archiving)
    with heartbeats.prolonging(kit, lambda unit: harvests.hold(unit, run_id), harvests.LEASE / 4, "harvest.lease"):
        try:
            harvest.take(readings)
            harvest.end()
        except _Stopped:
            harvest.break_off(v.HarvestState.STOPPED)
        except KeyboardInterrupt:
            harvest.break_off(v.HarvestState.STOPPED)
            raise
        except Refusal as refusal:
            harvest.break_off(v.HarvestState.FAILED, refusal)
            raise
        except BaseException as error:
            harvest.break_off(v.HarvestState.FAILED, Refused("harvest.crashed", error=type(error).__name__))
            raise
    return harvest.tally


def rehearse(
    kit: Kit, source: HarvestSource, readings: Iterable[Reading], *, archiving: bool, tell: Tell = lambda _tally: None
) -> Tally:
    """Tell what taking over would come to; nothing is written at all, not even that it was asked."""
    harvest = _Harvest(kit, source, tell, run_id=None, dry=True, archiving=archiving)
    harvest.take(readings)
    harvest.end()
    return harvest.tally


@dataclass
class _Harvest:
    """One run of a harvest: whether it writes, what it has seen and what it came to."""

    kit: Kit
    source: HarvestSource
    tell: Tell
    run_id: str | None
    dry: bool
    archiving: bool
    tally: Tally = field(default_factory=Tally)
    seen: Seen = field(default_factory=Seen)
    traces: set[str] = field(default_factory=set)

    def take(self, readings: Iterable[Reading]) -> None:
        """Take over every reading, batch by batch."""
        for reading in readings:
            if reading.pages and self.run_id is not None:
                with self.unit() as (unit, row):
                    harvests.note_pages(unit, row, reading.pages)
            self.book(Imported(), [_problem(one) for one in reading.rejected], repeated=reading.repeated)
            for one in reading.rejected:
                if one.problem.code != NOT_LISTED:
                    self.traces.update(_texts(one.record))
            for batch in _batches(reading.listings):
                taken, sifted = self.seen.sift(batch)
                self.write(taken, sifted)
                self.tell(self.tally)

    def write(self, taken: Sequence[Listing], sifted: Imported) -> None:
        """Take over a batch in one transaction, or foresee what that would come to."""
        problems = [_fault(listing, refusal) for listing, refusal in sifted.refused]
        if self.dry:
            with self.kit.database.read() as session:
                found = importing.foresee(session, self.source, taken)
            self.book(importing.together(found, sifted), problems)
            return
        for left in reversed(range(TRIES)):
            try:
                with self.unit() as (unit, row):
                    found = importing.take(unit, row.source, taken)
                    added = Tally().add(importing.together(found, sifted), problems)
                    harvests.account(unit, row, problems, **added)
                break
            except Stale:
                if not left:
                    raise
        self.tally.add(importing.together(found, sifted), problems)

    def book(self, imported: Imported, problems: Sequence[Problem], *, repeated: int = 0) -> None:
        """Count what needs no entry, on the record too if there is one."""
        added = self.tally.add(imported, problems, repeated=repeated)
        if self.run_id is not None:
            with self.unit() as (unit, row):
                harvests.account(unit, row, problems, **added)

    def end(self) -> None:
        """After the whole source was read: archive what it lists no more, unless that is too much."""
        with self.kit.database.read() as session:
            before = importing.listed(session, self.source) if self.archiving else ()
            row = session.get(HarvestRun, self.run_id) if self.run_id else None
            had = row.listed_before if row else len(before)
        gone = [one.id for one in before if not self.still_there(one)]
        held = harvests.too_few(had, len(gone))
        self.tally.held = len(gone) if held else 0
        self.tally.state = v.HarvestState.HELD if held else v.HarvestState.DONE
        if not held and self.dry:
            self.tally.archived = len(gone)
        elif not held:
            for ids in _batches(gone):
                with self.unit() as (unit, row):
                    count = importing.archive(unit, row.source, ids)
                    harvests.account(unit, row, (), archived=count)
                self.tally.archived += count
                self.tell(self.tally)
        if self.run_id is not None:
            with self.unit() as (unit, row):
                if self.dry:
                    row.archived = self.tally.archived
                harvests.conclude(unit, row, gone)

    def still_there(self, entry: Any) -> bool:
        """Whether the source listed an entry this time, be it in a record that could not be taken."""
        if entry.external_id in self.seen.marks:
            return True
        return bool(self.traces.intersection((entry.external_id, entry.title, entry.origin_url)))

    def break_off(self, state: v.HarvestState, problem: Refusal | None = None) -> None:
        """End the run as it is; one that another process has taken over is left to it."""
        self.tally.state = state
        if self.run_id is None:
            return
        with suppress(Refusal, SQLAlchemyError), work.begin(self.kit.database, SYSTEM, self.kit.clock()) as unit:
            harvests.break_off(unit, harvests.hold(unit, self.run_id), state, problem)

    @contextmanager
    def unit(self) -> Iterator[tuple[work.Work, HarvestRun]]:
        """A transaction of the run, which holds its source all through it; ends the run if somebody wants that."""
        assert self.run_id is not None  # noqa: S101 - a rehearsal writes nothing
        with work.begin(self.kit.database, SYSTEM, self.kit.clock()) as unit:
            row = harvests.hold(unit, self.run_id)
            if row.asked_to_stop:
                raise _Stopped
            yield unit, row


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _problem(rejected: Rejected) -> Problem:
    record = rejected.record
    texts = [one for one in _texts(record) if not one.startswith(("http://", "https://"))]
    return Problem(rejected.position, texts[0] if texts else "", rejected.path, rejected.problem, rejected.remedy)


def _fault(listing: Listing, refusal: Refusal) -> Problem:
    remedy = Invalid(f"{refusal.code}.remedy")
    return Problem(None, listing.title or listing.external_id, refusal.field or "external_id", refusal, remedy)


def _texts(record: object) -> list[str]:
    """The texts that stand in a record, without those inside lists: among them its title, identifier or address."""
    if not isinstance(record, dict):
        return []
    return [text for value in record.values() if isinstance(value, str) and (text := " ".join(value.split()))]
