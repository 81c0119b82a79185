"""Kills on the way of a file: whenever a process dies, nothing is lost, doubled, or seen half-made."""

import hashlib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kills_upload import Yard, yard_of
from kills_victim import KILLED, Victim
from sqlalchemy import func, select
from test_house_kills import place_of

from catalog import datasets, uploads
from catalog.models import Upload, Version
from catalog.scanning import ERASED
from policies import vocabulary as v
from policies.refusals import NotFound
from tenancy import work
from tenancy.database import Database
from tenancy.models import Tenant
from tenancy.records import AuditLine, Job, Notice

CLEAN = "编号,名称\n" + "".join(f"{number},{number}号桥\n" for number in range(9))
MARKED = "机密★10年\n" + CLEAN
SOON = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def order(db: Database, cast: Any, now: datetime, tmp_path: Path) -> dict[str, Any]:
    """An entry and the steward who uploads to it."""
    with work.begin(db, cast.steward, now) as deed:
        tenant = deed.session.get_one(Tenant, cast.department.id)
        entry_id = datasets.register(deed, tenant, datasets.Description(title="桥梁台账")).id
    people = {"steward": place_of(cast.steward)}
    return {"entry": entry_id, "people": people, "home": str(tmp_path)}


def agree(db: Database, yard: Yard) -> list[Version]:
    """Check that what rows say of files is true; gives the versions, newest first."""
    with db.read() as session:
        found = list(session.scalars(select(Version).order_by(Version.number.desc())))
        begun = session.scalars(select(Upload)).all()
        jobs = session.scalar(select(func.count()).where(Job.kind == "version.check"))
        lines = session.scalars(select(AuditLine.what).where(AuditLine.about_kind == "Version")).all()
    assert len({one.original.sha256 for one in found}) == len(found) == jobs == lines.count("version.received")
    names = [one.filename for one in begun if one.filename != ERASED]
    assert len(set(names)) == len(names)
    for upload in begun:
        if upload.state is v.UploadState.OPEN:
            assert yard.quarantine.path(upload.quarantined or "").stat().st_size >= upload.reached
        else:
            assert upload.version_id in {one.id for one in found}
    for version in found:
        agree_on(yard, version)
    return found


def agree_on(yard: Yard, version: Version) -> None:
    """A version's file is whole where its row says it is, and never in the store when it was stopped."""
    whole = version.original.sha256
    if version.state is v.VersionState.RECEIVED and version.quarantined:
        held = yard.quarantine.path(version.quarantined).read_bytes()
    elif version.state is v.VersionState.RECEIVED:
        with yard.blobs.open(whole) as file:
            held = file.read()
    else:
        with pytest.raises(NotFound):
            yard.blobs.open(whole)
        return
    assert hashlib.sha256(held).hexdigest() == whole


def swept(db: Database, yard: Yard) -> list[str]:
    """What is left in quarantine when the sweep has been."""
    with db.read() as session:
        known = uploads.waiting_names(session)
    yard.quarantine.sweep(known, SOON)
    return sorted(path.name for path in yard.quarantine._folder.iterdir())


def do(victim: Victim, fault: int, **order: object) -> int:
    """Let a child do something; gives how it ended."""
    victim.ask(fault=fault, **order)
    return victim.reap()


def test_killed_at_every_step_of_an_upload(db: Database, victim: Victim, order: dict[str, Any], tmp_path: Path) -> None:
    yard, fault, ended = yard_of(db, tmp_path), 0, KILLED
    while ended == KILLED:
        fault += 1
        file = {"filename": f"{fault}.csv", "content": f"{CLEAN}{fault}"}
        ended = do(victim, fault, do="send", **order, **file)
        agree(db, yard)
        assert do(victim, 0, do="send", **order, **file) == 0, "the retry works"
        assert len(agree(db, yard)) == fault
    assert ended == 0
    assert fault > 20
    assert swept(db, yard) == sorted(one.quarantined or "" for one in agree(db, yard))


@pytest.mark.parametrize("content", [CLEAN, MARKED], ids=["clean", "marked"])
def test_killed_at_every_step_of_the_scan(
    db: Database, victim: Victim, order: dict[str, Any], tmp_path: Path, content: str
) -> None:
    yard, fault, ended = yard_of(db, tmp_path), 0, KILLED
    while ended == KILLED:
        fault += 1
        file = {"filename": f"{fault}.csv", "content": f"{content}{fault}"}
        assert do(victim, 0, do="send", **order, **file) == 0
        ended = do(victim, fault, do="check", **order)
        agree(db, yard)
        assert do(victim, 0, do="check", **order) == 0, "the retry works"
        newest = agree(db, yard)[0]
        assert newest.quarantined is None
        assert newest.state is (v.VersionState.FAILED if content == MARKED else v.VersionState.RECEIVED)
    assert ended == 0
    assert fault > 6
    assert swept(db, yard) == []
    with db.read() as session:
        lines = Counter(session.scalars(select(AuditLine.what).where(AuditLine.about_kind == "Version")))
        told = session.scalar(select(func.count()).select_from(Notice))
    assert lines == {"version.received": fault, f"version.{'classified' if content == MARKED else 'scanned'}": fault}
    assert told == (2 * fault if content == MARKED else 0)
