"""Uploads: files that arrive in parts or whole, wait in quarantine, and become versions in the order they are complete.

What touches a file and a row takes three beats: look at the row, work on the file without any transaction, record.
The row says how many bytes are sure; whatever lies behind them in the file never counted.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog import versions
from catalog.blobs import HASH, readable
from catalog.models import Entry, Upload, Version
from catalog.quarantine import Quarantine, Waiting
from policies import vocabulary as v
from policies.refusals import Invalid, NotFound, Refused
from tenancy.actors import Actor
from tenancy.models import Person
from tenancy.types import new_id
from tenancy.work import Work

Begin = Callable[[], AbstractContextManager[Work]]
"""Opens a unit of work by whoever uploads."""

OPEN_AT_ONCE = 5
ROW_DIGITS = 15
LIFETIME = timedelta(days=1)
LONGEST_NAME = 300
STANDING = frozenset(
    {
        v.VersionState.RECEIVED,
        v.VersionState.CHECKING,
        v.VersionState.ASKED,
        v.VersionState.PASSED,
        v.VersionState.LIVE,
    }
)
"""States in which a version still goes somewhere, so that the same bytes need not come again."""
SHUT = frozenset({v.EntryState.WITHDRAWN, v.EntryState.DELETED})


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a file: the number of its version, its SHA-256, and which version already had these bytes.

    Where `number` is `same_as`, no version was made: the bytes were delivered before and still stand.
    """

    number: int
    sha256: str
    same_as: int | None

    @property
    def is_new(self) -> bool:
        """Whether the file became a version of its own."""
        return self.number != self.same_as


def begin(
    work: Work,
    quarantine: Quarantine,
    entry: Entry,
    filename: str,
    size: int,
    *,
    limit: int,
    expected: str | None = None,
    note: str = "",
    source_rows: int | None = None,
) -> Upload:
    """Open an upload of `size` bytes for an entry; `expected` is the SHA-256 that the whole file must have.

    Raises Invalid for an empty or too large file and Refused for an entry that takes none or one upload too many.
    """
    demand_open(work, entry)
    name = plain_name(filename)
    if size < 1:
        raise Invalid("file.empty", filename=name)
    if size > limit:
        raise Invalid("file.too-large", limit=readable(limit))
    if expected is not None and not HASH.fullmatch(expected := expected.lower()):
        raise Invalid("upload.header", name="sha256")
    work.session.scalars(select(Person.id).where(Person.id == work.actor.id).with_for_update()).one_or_none()
    if len(open_of(work.session, work.actor)) >= OPEN_AT_ONCE:
        raise Refused("upload.too-many", limit=OPEN_AT_ONCE)
    upload = Upload(
        id=new_id(),
        entry_id=entry.id,
        entry=entry,
        person_id=work.actor.id,
        state=v.UploadState.OPEN,
        filename=name,
        note=note,
        source_rows=source_rows,
        size=size,
        reached=0,
        expected=expected,
        quarantined=quarantine.begin(),
        created_at=work.now,
        touched_at=work.now,
    )
    work.session.add(upload)
    work.session.flush()
    work.record("upload.begun", upload, entry=entry.code, size=size)
    return upload


def rows_said(text: str) -> int | None:
    """How many rows the source has, as its steward writes it; None where nothing is said. Raises Invalid."""
    plain = text.strip().replace(",", "").replace("，", "")
    if not plain:
        return None
    if not plain.isdecimal() or len(plain) > ROW_DIGITS:
        raise Invalid("upload.rows", field="source_rows", value=text.strip()[:40])
    return int(plain)


def demand_open(work: Work, entry: Entry) -> None:
    """Go on only if the actor may deliver data to this entry, and the entry takes any."""
    work.demand("version.upload", entry)
    if entry.state in SHUT:
        raise Refused("entry.wrong-state", state=entry.state)


def find(session: Session, upload_id: str, actor: Actor) -> Upload:
    """An actor's own upload; anybody else's is not found."""
    upload = session.get(Upload, upload_id)
    if upload is None or upload.person_id != actor.id:
        raise NotFound("general.not-found")
    return upload


def open_of(session: Session, actor: Actor, entry: Entry | None = None) -> list[Upload]:
    """The uploads that an actor has not completed yet, to one entry if given, oldest first."""
    query = select(Upload).where(Upload.person_id == actor.id, Upload.state == v.UploadState.OPEN)
    if entry is not None:
        query = query.where(Upload.entry_id == entry.id)
    return list(session.scalars(query.order_by(Upload.created_at, Upload.id)))


def append(begin_: Begin, quarantine: Quarantine, upload_id: str, offset: int, part: Waiting) -> int:
    """Add a part that begins at `offset`; gives how many bytes are sure now.

    A part that is there already changes nothing. One that does not join on raises Stale with the right offset.
    """
    name = _look(begin_, upload_id)[0]
    with quarantine.held(name):
        _name, reached, size = _look(begin_, upload_id)
        if offset + part.size > size:
            raise Invalid("upload.too-long", size=size)
        after = quarantine.append(name, reached, offset, part)
        if after > reached:
            with begin_() as work:
                upload = find(work.session, upload_id, work.actor)
                upload.reached, upload.touched_at = after, work.now
    return after


def finish(begin_: Begin, quarantine: Quarantine, upload_id: str) -> Received:
    """Make a version of a complete upload; done again, it gives the same answer.

    Raises Refused while bytes are missing, and Invalid (the upload has then ended) where the file is not the one
    that was announced.
    """
    with begin_() as work:
        before = outcome(work.session, find(work.session, upload_id, work.actor))
    if before is not None:
        return before
    name, reached, size = _look(begin_, upload_id)
    if reached < size:
        raise Refused("upload.incomplete", offset=reached, size=size)
    with quarantine.held(name):
        blob = quarantine.measure(name, size)
        damaged = None
        with begin_() as work:
            upload = find(work.session, upload_id, work.actor)
            if upload.state is v.UploadState.OPEN:
                damaged = _complete(work, upload, Waiting(name, blob.size, blob.sha256))
            received, unused = outcome(work.session, upload), _unused(work.session, name)
    if unused:
        quarantine.erase(name)
    if damaged is not None or received is None:
        raise damaged or Refused("upload.ended")
    return received


def _complete(work: Work, upload: Upload, file: Waiting) -> Invalid | None:
    """End an upload in a version; or, where the file is another than was announced, in the refusal to give."""
    upload.quarantined, upload.sha256, upload.touched_at = None, file.sha256, work.now
    if upload.expected not in {None, file.sha256}:
        upload.state = v.UploadState.ENDED
        work.record("upload.damaged", upload, sha256=file.sha256)
        return Invalid("upload.damaged", sha256=file.sha256)
    received, version = _receive(work, upload.entry, file, upload.filename, upload.note, upload.source_rows)
    upload.state, upload.version_id, upload.same_as = v.UploadState.DONE, version.id, received.same_as
    return None


def receive(
    work: Work, entry: Entry, file: Waiting, filename: str, note: str = "", source_rows: int | None = None
) -> Received:
    """Make a version of a whole file in quarantine; the caller erases the file where none became of it."""
    demand_open(work, entry)
    if not file.size:
        raise Invalid("file.empty", field="file", filename=plain_name(filename))
    return _receive(work, entry, file, plain_name(filename), note, source_rows)[0]


def _receive(
    work: Work, entry: Entry, file: Waiting, filename: str, note: str, source_rows: int | None
) -> tuple[Received, Version]:
    work.session.scalars(select(Entry.id).where(Entry.id == entry.id).with_for_update()).one()
    same = _same_bytes(work.session, entry, file.sha256)
    if same is not None and same.state in STANDING:
        work.record("version.known", same, entry=entry.code, sha256=file.sha256)
        return Received(same.number, file.sha256, same.number), same
    version = versions.receive(work, entry, file.blob, filename, note, source_rows=source_rows, quarantined=file.name)
    return Received(version.number, file.sha256, same.number if same else None), version


def _same_bytes(session: Session, entry: Entry, sha256: str) -> Version | None:
    """The newest version of an entry with these bytes; one that still stands comes first."""
    found = [one for one in versions.all_of(session, entry) if one.original.sha256 == sha256]
    return next((one for one in found if one.state in STANDING), next(iter(found), None))


def outcome(session: Session, upload: Upload) -> Received | None:
    """What became of an upload; none while it is open or when it was given up."""
    if upload.version_id is None or upload.sha256 is None:
        return None
    return Received(session.get_one(Version, upload.version_id).number, upload.sha256, upload.same_as)


def cancel(work: Work, upload: Upload) -> str | None:
    """Give an upload up; gives the name of the file that is to be erased once this is committed."""
    if upload.state is not v.UploadState.OPEN:
        raise Refused("upload.ended")
    name, upload.quarantined, upload.state = upload.quarantined, None, v.UploadState.ENDED
    work.record("upload.cancelled", upload, reached=upload.reached)
    return name


def expire(work: Work) -> list[str]:
    """Give up what nobody went on with for a day; gives the names of the files that are to be erased."""
    idle = select(Upload).where(Upload.state == v.UploadState.OPEN, Upload.touched_at < work.now - LIFETIME)
    return [name for upload in work.session.scalars(idle.with_for_update()) if (name := cancel(work, upload))]


def waiting_names(session: Session) -> frozenset[str]:
    """Names of the files in quarantine that a row refers to."""
    return frozenset(
        name
        for column in (Upload.quarantined, Version.quarantined)
        for name in session.scalars(select(column).where(column.is_not(None)))
        if name
    )


def plain_name(filename: str) -> str:
    """The last part of a file's name as it came, without what steers a terminal or disguises the ending."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return _shown(last).strip()[-LONGEST_NAME:] or "data"


def _shown(characters: Iterable[str]) -> str:
    text = "".join(one if unicodedata.category(one)[0] != "C" else " " for one in characters)
    return re.sub(r" {2,}", " ", text)


def _look(begin_: Begin, upload_id: str) -> tuple[str, int, int]:
    """Where an open upload's file waits, how many bytes are sure, and how many there will be."""
    with begin_() as work:
        upload = find(work.session, upload_id, work.actor)
        if upload.state is not v.UploadState.OPEN or upload.quarantined is None:
            raise Refused("upload.ended")
        return upload.quarantined, upload.reached, upload.size


def _unused(session: Session, name: str) -> bool:
    """Whether no version waits for a file."""
    return not session.scalar(select(func.count()).select_from(Version).where(Version.quarantined == name))
