"""What a child does with files before it is killed: it uploads one in parts, or does the worker's work on it."""

import io
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import event, select

from catalog import blobs, uploads
from catalog.blobs import BlobStore
from catalog.models import Entry, Upload
from catalog.quarantine import Quarantine
from catalog.search_index import Index
from open_portal import handlers
from policies import vocabulary as v
from tenancy import work
from tenancy.actors import Actor
from tenancy.database import Database
from tenancy.records import Job
from tenancy.work import Work

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PART = 90
FILE_EVENTS = frozenset({"os.rename", "os.remove", "os.link", "os.chmod", "os.truncate"})


class Limits(NamedTuple):
    """As much of the settings as a run needs."""

    memory_mb: int = 200
    run_seconds: int = 20


LIMITS = Limits()


@dataclass(frozen=True)
class Yard:
    """As much of the kit as a delivered file needs."""

    database: Database
    quarantine: Quarantine
    blobs: BlobStore
    scratch: Path
    index: Index | None = None
    settings: Limits = LIMITS

    @staticmethod
    def clock() -> datetime:
        """The instant of every test."""
        return NOW


def yard_of(database: Database, home: Path) -> Yard:
    """Quarantine and store in a folder."""
    store = blobs.open_store(str(home / "store"), reserve=0)
    (home / "scratch").mkdir(exist_ok=True)
    return Yard(database, Quarantine(home / "quarantine", reserve=0), store, home / "scratch")


def run(database: Database, who: Actor | None, order: Mapping[str, Any]) -> None:
    """Do what was ordered; die at the fault if there is one."""
    yard = yard_of(database, Path(order["home"]))
    if order.get("fault"):
        die_at(database, yard, order["home"], order["fault"])
    if order["do"] == "check":
        check(yard)
    elif order["do"] == "judge":
        judge(replace(yard, index=Index.open(Path(order["home"]) / "index")))
    elif who is not None:
        send(yard, who, order["entry"], order["content"].encode(), order["filename"])


def die_at(database: Database, yard: Yard, home: str, fault: int) -> None:
    """Kill this process at the n-th write, commit or step with a file in the home folder."""
    left = [fault]

    def step(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(name: str, arguments: tuple[object, ...]) -> None:
        opened_to_write = name == "open" and bool(set("wxa+") & set(str(arguments[1] or "")))
        if (name in FILE_EVENTS or opened_to_write) and str(arguments[0]).startswith(home):
            step()

    def statement(_connection: object, _cursor: object, sql: str, *_: object) -> None:
        if not sql.startswith(("SELECT", "BEGIN", "PRAGMA")):
            step()

    event.listen(database.writer, "after_cursor_execute", statement)
    event.listen(database.engine, "commit", step)
    sys.addaudithook(audit)


def send(yard: Yard, who: Actor, entry_id: str, content: bytes, filename: str) -> None:
    """Upload a file in parts, going on where an earlier child died."""

    def deed() -> AbstractContextManager[Work]:
        return work.begin(yard.database, who, NOW)

    with yard.database.read() as session:
        begun = session.scalars(select(Upload).where(Upload.filename == filename)).first()
    if begun is None:
        with deed() as unit:
            entry = unit.session.get_one(Entry, entry_id)
            begun = uploads.begin(unit, yard.quarantine, entry, filename, len(content), limit=1_000_000)
    reached = begun.reached
    while reached < len(content) and begun.state is v.UploadState.OPEN:
        part = yard.quarantine.take(io.BytesIO(content[reached : reached + PART]), limit=PART)
        reached = uploads.append(deed, yard.quarantine, begun.id, reached, part)
        yard.quarantine.erase(part.name)
    uploads.finish(deed, yard.quarantine, begun.id)


def check(yard: Yard) -> None:
    """Scan every file that a job tells of."""
    with yard.database.read() as session:
        payloads = list(session.scalars(select(Job.payload).where(Job.kind == "version.check")))
    for payload in payloads:
        handlers.scan(yard, payload["version_id"])  # type: ignore[arg-type]


def judge(yard: Yard) -> None:
    """Do what the newest jobs tell of, that of the file first and then that of its run, as a worker would."""
    for kind, handler in (("version.check", handlers.check_version), ("quality.run", handlers.run_quality)):
        newest = select(Job.payload).where(Job.kind == kind).order_by(Job.sequence.desc()).limit(1)
        with yard.database.read() as session:
            payload = session.scalars(newest).first()
        if payload is not None:
            handler(yard, payload)  # type: ignore[arg-type]
