"""Uploads: resumed, doubled, wrong, damaged, at once, by others, too large, the same bytes again, given up."""

import hashlib
import io
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from catalog import uploads, versions
from catalog.models import Entry, StoredFile, Upload, Version
from catalog.quarantine import Quarantine, Waiting
from catalog.uploads import OPEN_AT_ONCE, Received
from policies import vocabulary as v
from policies.refusals import Forbidden, Invalid, NotFound, Refused, Stale
from tenancy import work
from tenancy.actors import Actor
from tenancy.database import Database
from tenancy.records import AuditLine, Job
from tenancy.types import new_id
from tenancy.work import Work

CONTENT = random.Random(11).randbytes(300_000)  # noqa: S311 - any bytes
LIMIT = 1_000_000
PART = 120_000


class Sender:
    """Somebody who uploads to one entry."""

    def __init__(self, db: Database, quarantine: Quarantine, who: Actor, now: datetime, entry_id: str) -> None:
        self.db, self.quarantine, self.who, self.now, self.entry_id = db, quarantine, who, now, entry_id

    def deed(self) -> AbstractContextManager[Work]:
        return work.begin(self.db, self.who, self.now)

    def start(self, size: int = len(CONTENT), filename: str = "桥梁.csv", **more: Any) -> str:
        with self.deed() as deed:
            entry = deed.session.get_one(Entry, self.entry_id)
            return uploads.begin(deed, self.quarantine, entry, filename, size, limit=LIMIT, **more).id

    def part(self, content: bytes) -> Waiting:
        return self.quarantine.take(io.BytesIO(content), limit=LIMIT)

    def append(self, upload: str, offset: int, content: bytes) -> int:
        part = self.part(content)
        try:
            return uploads.append(self.deed, self.quarantine, upload, offset, part)
        finally:
            self.quarantine.erase(part.name)

    def finish(self, upload: str) -> Received:
        return uploads.finish(self.deed, self.quarantine, upload)

    def send(self, content: bytes = CONTENT, filename: str = "桥梁.csv", **more: Any) -> Received:
        upload = self.start(len(content), filename, **more)
        for offset in range(0, len(content), PART):
            self.append(upload, offset, content[offset : offset + PART])
        return self.finish(upload)

    def upload(self, upload: str) -> Upload:
        with self.db.read() as session:
            return session.get_one(Upload, upload)

    def version(self, number: int) -> Version:
        with self.db.read() as session:
            return versions.find(session, session.get_one(Entry, self.entry_id), number)

    def settle(self, number: int, state: v.VersionState) -> None:
        """Put a version into a state, as if it had been scanned and checked."""
        with self.deed() as deed:
            version = versions.find(deed.session, deed.session.get_one(Entry, self.entry_id), number)
            version.state, version.quarantined = state, None


@pytest.fixture
def quarantine(tmp_path: Path) -> Quarantine:
    return Quarantine(tmp_path / "quarantine", reserve=0)


@pytest.fixture
def sender(db: Database, cast: Any, now: datetime, maker: Callable[..., Entry], quarantine: Quarantine) -> Sender:
    with work.begin(db, cast.steward, now) as deed:
        entry_id = maker(deed, deed.session.merge(cast.department), "桥梁", state=v.EntryState.DRAFT).id
    return Sender(db, quarantine, cast.steward, now, entry_id)


def names(quarantine: Quarantine) -> list[str]:
    return sorted(path.name for path in quarantine._folder.iterdir())


def test_a_file_in_parts_becomes_a_version_in_quarantine(sender: Sender) -> None:
    received = sender.send(note="首次")
    assert received == Received(1, hashlib.sha256(CONTENT).hexdigest(), None)
    version = sender.version(1)
    assert (version.state, version.original.sha256, version.original.size) == (
        v.VersionState.RECEIVED,
        received.sha256,
        len(CONTENT),
    )
    assert (version.original.name, version.note) == ("桥梁.csv", "首次")
    assert version.quarantined is not None
    assert sender.quarantine.path(version.quarantined).read_bytes() == CONTENT
    assert names(sender.quarantine) == [version.quarantined]
    with sender.db.read() as session:
        jobs = list(session.scalars(select(Job).where(Job.kind == "version.check")))
        assert [job.payload["version_id"] for job in jobs] == [version.id]
        assert uploads.waiting_names(session) == {version.quarantined}


def test_cut_off_half_way_and_resumed(sender: Sender) -> None:
    upload = sender.start()
    assert sender.append(upload, 0, CONTENT[:PART]) == PART
    with pytest.raises(Refused, match=r"120000"):
        sender.finish(upload)
    with sender.db.read() as session:
        assert session.scalars(select(Version)).all() == []
    assert sender.upload(upload).reached == PART
    assert sender.append(upload, PART, CONTENT[PART:]) == len(CONTENT)
    assert sender.finish(upload).number == 1


def test_killed_between_file_and_row_loses_only_what_was_not_sure(sender: Sender) -> None:
    upload = sender.start()
    sender.append(upload, 0, CONTENT[:PART])
    name = sender.upload(upload).quarantined or ""
    sender.quarantine.append(name, PART, PART, sender.part(b"never recorded"))
    assert sender.append(upload, PART, CONTENT[PART:]) == len(CONTENT)
    assert sender.finish(upload).sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_doubled_part_changes_nothing_and_a_wrong_offset_is_told(sender: Sender) -> None:
    upload = sender.start()
    for _time in range(2):
        assert sender.append(upload, 0, CONTENT[:PART]) == PART
    with pytest.raises(Stale) as told:
        sender.append(upload, 2 * PART, CONTENT[2 * PART :])
    assert told.value.params["offset"] == PART
    with pytest.raises(Stale):
        sender.append(upload, 0, CONTENT[1 : PART + 1])
    with pytest.raises(Invalid, match="300000"):
        sender.append(upload, PART, CONTENT)
    sender.append(upload, PART, CONTENT[PART:])
    assert sender.finish(upload).sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_finished_twice_is_one_version(sender: Sender) -> None:
    upload = sender.start()
    sender.append(upload, 0, CONTENT)
    assert sender.finish(upload) == sender.finish(upload)
    with sender.db.read() as session:
        assert len(session.scalars(select(Version)).all()) == 1
    with pytest.raises(Refused, match="已经结束"):
        sender.append(upload, len(CONTENT), b"")


def test_another_file_than_announced_is_not_taken(sender: Sender) -> None:
    upload = sender.start(expected=hashlib.sha256(b"another").hexdigest().upper())
    sender.append(upload, 0, CONTENT)
    with pytest.raises(Invalid) as told:
        sender.finish(upload)
    assert told.value.params["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert sender.upload(upload).state is v.UploadState.ENDED
    assert names(sender.quarantine) == []
    with pytest.raises(Refused):
        sender.finish(upload)
    with sender.db.read() as session:
        assert session.scalars(select(Version)).all() == []
    assert sender.send(expected=hashlib.sha256(CONTENT).hexdigest()).number == 1
    with pytest.raises(Invalid):
        sender.start(expected="not a hash")


def test_the_same_bytes_are_recognised_and_kept_once(sender: Sender) -> None:
    first = sender.send()
    again = sender.send(filename="又名.csv")
    assert (again.number, again.same_as, again.is_new) == (1, 1, False)
    assert len(names(sender.quarantine)) == 1
    with sender.db.read() as session:
        assert len(session.scalars(select(StoredFile)).all()) == 1
        assert session.scalars(select(AuditLine.what).where(AuditLine.what == "version.known")).all()
    sender.settle(1, v.VersionState.LIVE)
    assert sender.send(b"other").number == 2
    assert sender.send().number == 1
    assert first.sha256 == again.sha256


@pytest.mark.parametrize("state", [v.VersionState.FAILED, v.VersionState.REFUSED, v.VersionState.SUPERSEDED])
def test_bytes_that_no_longer_stand_may_come_again_and_it_is_said(sender: Sender, state: v.VersionState) -> None:
    sender.send()
    sender.settle(1, state)
    again = sender.send()
    assert (again.number, again.same_as, again.is_new) == (2, 1, True)


def test_the_same_bytes_in_another_entry_are_a_version_there(
    sender: Sender, cast: Any, maker: Callable[..., Entry]
) -> None:
    sender.send()
    with sender.deed() as deed:
        other = maker(deed, deed.session.merge(cast.department), "隧道", state=v.EntryState.DRAFT).id
    elsewhere = Sender(sender.db, sender.quarantine, sender.who, sender.now, other)
    assert elsewhere.send() == Received(1, hashlib.sha256(CONTENT).hexdigest(), None)


def test_a_whole_file_is_received_like_one_in_parts(sender: Sender) -> None:
    with sender.deed() as deed:
        entry = deed.session.get_one(Entry, sender.entry_id)
        file = sender.part(CONTENT)
        assert uploads.receive(deed, entry, file, "C:\\desk\\桥梁.csv", "注") == Received(1, file.sha256, None)
    assert sender.version(1).original.name == "桥梁.csv"
    with sender.deed() as deed, pytest.raises(Invalid):
        uploads.receive(deed, deed.session.get_one(Entry, sender.entry_id), sender.part(b""), "a.csv")


def test_empty_too_large_and_shut_are_refused(sender: Sender) -> None:
    with pytest.raises(Invalid, match="空"):
        sender.start(0)
    with pytest.raises(Invalid, match="超过"):
        sender.start(LIMIT + 1)
    with sender.deed() as deed:
        deed.session.get_one(Entry, sender.entry_id).state = v.EntryState.WITHDRAWN
    with pytest.raises(Refused):
        sender.start()
    assert names(sender.quarantine) == []


def test_only_who_may_and_only_his_own(sender: Sender, cast: Any) -> None:
    upload = sender.start()
    for who in (cast.reviewer, cast.stranger, cast.requester, cast.public):
        other = Sender(sender.db, sender.quarantine, who, sender.now, sender.entry_id)
        with pytest.raises(Forbidden):
            other.start()
    for who in (cast.colleague, cast.stranger):
        other = Sender(sender.db, sender.quarantine, who, sender.now, sender.entry_id)
        with pytest.raises(NotFound):
            other.append(upload, 0, CONTENT)
        with pytest.raises(NotFound):
            other.finish(upload)
    with pytest.raises(NotFound):
        sender.append(new_id(), 0, CONTENT)


def test_not_too_many_at_once(sender: Sender) -> None:
    begun = [sender.start() for _ in range(OPEN_AT_ONCE)]
    with pytest.raises(Refused, match="5"):
        sender.start()
    with sender.deed() as deed:
        name = uploads.cancel(deed, uploads.find(deed.session, begun[0], sender.who))
    sender.quarantine.erase(name or "")
    assert sender.start()
    with sender.deed() as deed, pytest.raises(Refused):
        uploads.cancel(deed, uploads.find(deed.session, begun[0], sender.who))


def test_given_up_after_a_day_and_orphans_are_swept(sender: Sender) -> None:
    old, done = sender.start(), sender.send(b"done").number
    sender.now += timedelta(hours=23)
    young = sender.start()
    sender.append(old, 0, CONTENT[: PART // 2])
    sender.now += timedelta(hours=2)
    sender.append(old, PART // 2, CONTENT[PART // 2 : PART])
    with sender.deed() as deed:
        assert uploads.expire(deed) == []
    sender.now += timedelta(hours=22, minutes=30)
    with sender.deed() as deed:
        gone = uploads.expire(deed)
    assert len(gone) == 1
    assert sender.upload(young).state is v.UploadState.ENDED
    assert sender.upload(old).state is v.UploadState.OPEN
    with sender.db.read() as session:
        known = uploads.waiting_names(session)
    assert known == {sender.upload(old).quarantined, sender.version(done).quarantined}
    assert sender.quarantine.sweep(known, datetime.max.replace(tzinfo=sender.now.tzinfo)) == tuple(gone)


@contextmanager
def all_at_once(*tasks: Callable[[], None]) -> Iterator[list[BaseException]]:
    """Run tasks in threads that begin together."""
    gate, failed = threading.Barrier(len(tasks)), list[BaseException]()

    def run(task: Callable[[], None]) -> None:
        gate.wait()
        try:
            task()
        except BaseException as error:  # noqa: BLE001 - told to the test
            failed.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield failed


def test_several_at_once_to_one_entry_become_versions_one_after_the_other(sender: Sender) -> None:
    contents = [CONTENT + bytes([number]) for number in range(4)]
    begun = [sender.start(len(content), f"{number}.csv") for number, content in enumerate(contents)]
    for upload, content in zip(begun, contents, strict=True):
        sender.append(upload, 0, content)
    received: list[Received] = []
    tasks = [lambda upload=upload: received.append(sender.finish(upload)) for upload in begun]
    with all_at_once(*tasks) as failed:
        assert failed == []
    assert sorted(one.number for one in received) == [1, 2, 3, 4]
    assert {one.sha256 for one in received} == {hashlib.sha256(content).hexdigest() for content in contents}


def test_the_same_file_at_once_becomes_one_version(sender: Sender) -> None:
    begun = [sender.start() for _ in range(4)]
    for upload in begun:
        sender.append(upload, 0, CONTENT)
    received: list[Received] = []
    tasks = [lambda upload=upload: received.append(sender.finish(upload)) for upload in begun]
    with all_at_once(*tasks) as failed:
        assert failed == []
    assert {one.number for one in received} == {1}
    assert sum(one.is_new for one in received) == 1
    assert len(names(sender.quarantine)) == 1


def test_one_part_twice_at_once_stands_once(sender: Sender) -> None:
    upload, codes = sender.start(), []

    def send() -> None:
        try:
            sender.append(upload, 0, CONTENT)
        except Refused as refusal:
            codes.append(refusal.code)

    with all_at_once(send, send, send) as failed:
        assert failed == []
    assert set(codes) <= {"upload.busy"}
    assert sender.finish(upload).sha256 == hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\u202efdp.exe", "a fdp.exe"),
        ("a\r\nSet-Cookie: x.csv", "a Set-Cookie: x.csv"),
        ("", "data"),
        ("\x00", "data"),
        ("桥" * 400 + ".csv", "桥" * 296 + ".csv"),
    ],
)
def test_names_are_plain(given: str, kept: str) -> None:
    assert uploads.plain_name(given) == kept
