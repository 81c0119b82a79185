"""Kills on the way of a check: whenever a worker dies, nothing is lost, doubled or judged by halves."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kills_upload import Yard, yard_of
from kills_victim import KILLED, Victim
from sqlalchemy import select
from test_house_upload_kills import CLEAN, do, order

from catalog.models import StoredFile, Version
from open_portal import handlers
from policies import vocabulary as v
from quality.models import Run, Suite
from tenancy.database import Database
from tenancy.records import AuditLine, Job

__all__ = ["order"]
LATER = datetime(2100, 1, 1, tzinfo=UTC)
EARLY = {v.VersionState.RECEIVED, v.VersionState.CHECKING}


def agree(db: Database, yard: Yard) -> list[Version]:
    """Check that no version is half read or half judged; gives them, newest first."""
    with db.read() as session:
        found = list(session.scalars(select(Version).order_by(Version.number.desc())))
        runs = {one.version_id: one for one in session.scalars(select(Run))}
        files = session.scalars(select(StoredFile.sha256)).all()
        asked = [one["run_id"] for one in session.scalars(select(Job.payload).where(Job.kind == "quality.run"))]
        judged = session.scalars(select(AuditLine.about_id).where(AuditLine.what == "version.judged")).all()
    waiting = {one.original.sha256 for one in found if one.quarantined}
    for sha256 in set(files) - waiting:
        with yard.blobs.open(sha256) as file:
            assert file.read(1)
    assert sorted(asked) == sorted(one.id for one in runs.values())
    for version in found:
        run = runs.get(version.id)
        assert (version.state is v.VersionState.RECEIVED) == (run is None) == (version.table is None)
        done = run is not None and run.state is v.RunState.DONE
        assert done == (version.state not in EARLY) == (version.verdict is not None) == (version.id in judged)
        assert not done or len(run.results) > 3  # type: ignore[union-attr]
    assert len(judged) == len(set(judged))
    return found


def test_killed_at_every_step_of_reading_and_judging(
    db: Database, victim: Victim, order: dict[str, Any], tmp_path: Path
) -> None:
    yard, fault, ended = yard_of(db, tmp_path), 0, KILLED
    # The steps are the same on both; every one is tried on the database that opens fastest.
    stride = 1 if db.engine.dialect.name == "sqlite" else 4
    while ended == KILLED:
        fault += stride
        file = {"filename": f"{fault}.csv", "content": f"{CLEAN}{fault + 100},{fault}\n"}
        assert do(victim, 0, do="send", **order, **file) == 0
        ended = do(victim, fault, do="judge", **order)
        agree(db, yard)
        assert do(victim, 0, do="judge", **order) == 0, "the retry works"
        assert agree(db, yard)[0].state is v.VersionState.PASSED
    assert ended == 0
    assert fault > 20
    with db.read() as session:
        assert len(session.scalars(select(Suite)).all()) == 1
        assert max(one.starts for one in session.scalars(select(Run))) == 2
    assert list(yard.scratch.glob("tmp*/table.parquet"))
    handlers.sweep_scratch(yard.scratch, LATER)
    assert not list(yard.scratch.iterdir())
