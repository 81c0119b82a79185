"""The search index: a copy of the catalogue in a folder that processes share and that follows its changes.

The copy knows how far it has come: a mark, written in the same commit as the documents, holds the sequence
number of the last change taken in. PostgreSQL gives out numbers before transactions commit, so the mark also
keeps the numbers that were passed over while somebody might still be committing them.
"""

import fcntl
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import tantivy
from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from catalog import search_documents as documents
from catalog import search_marks as marks
from catalog import search_soundness as soundness
from catalog import synonyms
from catalog.models import Entry
from catalog.search_marks import Mark
from catalog.search_values import Values
from catalog.search_views import Answers, View
from catalog.synonyms import Synonyms
from policies import vocabulary as v
from policies.refusals import Stale
from tenancy.database import Database
from tenancy.models import Tenant
from tenancy.types import new_id

HEAP = 100_000_000
BATCH = 500
PATIENCE = 30.0
"""Seconds for which a rebuild, or the first question to an empty index, waits until another process has finished."""
MOMENT = 0.25
"""Seconds for which any other question waits for a process that is taking in changes just now."""
PAUSE = 0.02
ATTEMPTS = 5


class Busy(Exception):  # noqa: N818  somebody else is writing, which is no error
    """Another writer holds the index."""


@dataclass(frozen=True)
class Differences:
    """How index and catalogue differ: ids that only one has, and ids of which the index says otherwise."""

    missing: tuple[str, ...]
    surplus: tuple[str, ...]
    different: tuple[str, ...]

    @property
    def none(self) -> bool:
        """Whether both say the same."""
        return not (self.missing or self.surplus or self.different)


class Index:
    """An open index; threads share it, and every question takes a view of its own.

    Its folder may be filled by other processes, damaged or removed at any time. Before each answer the stamp of
    the list of files tells of new commits, and their sizes of damage; a damaged copy is worth nothing, so it is
    put aside for whoever wants to look, and filled anew.
    """

    def __init__(self, folder: Path) -> None:
        self.schema = documents.schema()
        self.values = Values()
        self._folder = folder
        self._place = folder / f"shape-{documents.SHAPE}"
        self._lock = threading.RLock()
        self._view: View | None = None
        self._synonyms = synonyms.NONE
        self._open()

    @classmethod
    def open(cls, folder: Path) -> "Index":
        """Open the index in a folder, or begin an empty one; each shape has its own subfolder."""
        return cls(folder)

    def view(self) -> View:
        """The newest commit of any process; a folder that is damaged or gone is begun anew."""
        with self._lock:
            for _ in range(ATTEMPTS):
                seen, now = self._view, soundness.stamp(self._place)
                if seen and now and seen.stamp == now and soundness.unchanged(seen.files):
                    return seen
                try:
                    if seen is None or now is None or seen.stamp is None or seen.stamp.folder != now.folder:
                        self._open()
                    elif seen.stamp == now:
                        self._open(damaged=True)
                    else:
                        self._look()
                except (OSError, ValueError, KeyError):
                    # Another process may be about to mend it, or it is for us to do.
                    self._open(damaged=True)
            return self._look()

    def reload(self) -> None:
        """See what other processes have committed."""
        self.view()

    def synonyms(self, session: Session) -> Synonyms:
        """The list of synonyms as the session sees it, read again only after somebody has changed it."""
        self._synonyms = synonyms.current(session, self._synonyms)
        return self._synonyms

    def forget(self) -> None:
        """Forget the answers that are kept, so that the next ones are worked out anew."""
        with self._lock:
            self._view = replace(self.view(), answers=Answers())

    def mend(self) -> bool:
        """Whether the files in use had to be put aside because they aren't what was written; reads all of them."""
        with self._lock:
            damaged = next(soundness.faults(self._place), None) is not None
            if damaged:
                self._open(damaged=True)
            return damaged

    @contextmanager
    def writing(self) -> Iterator[tantivy.IndexWriter]:
        """Hold the only writer and commit at the end, or change nothing; Busy while another holds it."""
        self.view()
        try:
            writer = self._index.writer(HEAP, 1)
        except ValueError as refused:
            if "LockBusy" not in str(refused):
                raise
            raise Busy from refused
        try:
            self.view()
            yield writer
            writer.commit()
        except BaseException:
            writer.rollback()
            raise
        finally:
            writer.wait_merging_threads()
            self.view()

    def _open(self, *, damaged: bool = False) -> None:
        """Open what lies in the folder, or begin an empty copy if it can't be read or is known to be damaged."""
        with self._alone():
            now = soundness.stamp(self._place)
            replaced = now and self._view and self._view.stamp and self._view.stamp.folder != now.folder
            if now is None or (damaged and not replaced):
                self._put_aside()
            try:
                self._begin()
            except (OSError, ValueError, KeyError):
                self._put_aside()
                self._begin()

    def _begin(self) -> None:
        self._place.mkdir(parents=True, exist_ok=True)
        self._index = tantivy.Index(self.schema, path=str(self._place))
        self._index.config_reader("manual")
        self._look()

    def _put_aside(self) -> None:
        """Keep the present copy, in place of an older one, for whoever wants to look at it."""
        if self._place.exists() and any(self._place.iterdir()):
            for older in self._folder.glob("damaged-*"):
                shutil.rmtree(older, ignore_errors=True)
            self._place.rename(self._folder / f"damaged-{new_id()}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the only process that opens or mends, so that none puts aside what another has just begun."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "opening.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _look(self) -> View:
        """Take the newest commit into view, and the files that belong to it."""
        for _ in range(10):
            before = soundness.stamp(self._place)
            self._index.reload()
            searcher = self._index.searcher()
            files = soundness.sizes(self._place)
            if before is not None and before == soundness.stamp(self._place):
                break
        self._view = View(searcher, _mark(self.schema, searcher), before, files)
        return self._view


def _mark(schema: tantivy.Schema, searcher: tantivy.Searcher) -> Mark | None:
    query = tantivy.Query.term_query(schema, "kind", documents.MARK)
    hits = searcher.search(query, 1, count=False).hits
    return Mark.restored(searcher.doc(hits[0][1]).get_first("mark")) if hits else None


def catch_up(index: Index, database: Database) -> int:
    """Take in every change since the mark; fill an empty index. Returns how many entries were read again.

    An index whose last change the catalogue doesn't know belongs to another history, as after a restore, and
    is built anew. Does nothing while another process is writing.
    """
    with database.read() as session:
        try:
            return _follow(index, session, index.view())
        except Busy:
            return 0


def current(index: Index, session: Session) -> tuple[View, frozenset[str]]:
    """A view that is as new as the session allows, and the ids of entries about which it is out of date.

    The ids are empty unless another process is writing for long just now; whoever asks must leave those entries
    out. Raises Stale while another process fills an empty index, as there is nothing yet to answer from.
    """
    view = index.view()
    news = _news(session, view)
    started = time.monotonic()
    while news is None or news.changes:
        try:
            _follow(index, session, view)
        except Busy:
            time.sleep(PAUSE)
        except (OSError, ValueError):
            if not index.mend():
                if news is None:
                    raise
                # A full disk is the worker's to report; readers get what is certain.
                break
        view = index.view()
        news = _news(session, view)
        waited = time.monotonic() - started
        if news is not None and waited > MOMENT:
            break
        if waited > PATIENCE:
            raise Stale("search.busy")
    return view, news.entry_ids if news else frozenset()


def rebuild(index: Index, database: Database) -> int:
    """Write every entry anew, while readers keep the old copy until the end. Returns how many there are."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with database.read() as session:
                return _build(index, session)
        except Busy:
            if time.monotonic() > deadline:
                raise Stale("search.busy") from None
            time.sleep(PAUSE)


def verify(index: Index, database: Database) -> Differences:
    """Compare index and catalogue both ways, every entry and every field but the download counts."""
    held = dict(_held(index))
    missing, different = [], []
    with database.read() as session:
        for batch in _batches(session):
            for entry in _load(session, batch):
                hash_ = held.pop(entry.id, None)
                if hash_ is None:
                    missing.append(entry.id)
                elif hash_ != documents.digest(documents.fields(entry)):
                    different.append(entry.id)
            session.expunge_all()
    return Differences(tuple(missing), tuple(sorted(held)), tuple(different))


def lag(index: Index, session: Session) -> int:
    """How many changes of the catalogue the index has not taken in; all of them if it was never filled."""
    news = _news(session, index.view())
    return news.changes if news else marks.news(session, Mark(0)).changes


def _news(session: Session, view: View) -> marks.News | None:
    """What has happened since a view; None where it is empty or belongs to another history."""
    if view.mark is None:
        return None
    news = marks.news(session, view.mark)
    if news.known:
        return news
    # A session that began before the newest change can't know it: only one that begins now can tell for certain.
    with Session(session.get_bind(), autoflush=False) as fresh:
        known = marks.news(fresh, view.mark).known
    return marks.News(frozenset(), 0, view.mark) if known else None


def _follow(index: Index, session: Session, view: View) -> int:
    """Bring the index to where the session stands; returns how many entries were read again."""
    news = _news(session, view)
    if news is None:
        return _build(index, session)
    return _take_in(index, session) if news.changes else 0


def _take_in(index: Index, session: Session) -> int:
    with index.writing() as writer:
        # Only now is it certain that no other process has taken the same changes in.
        news = _news(session, index.view())
        if news is None or not news.changes:
            return 0
        ids = sorted(news.entry_ids)
        with _aside(session) as reading:
            for start in range(0, len(ids), BATCH):
                for one in ids[start : start + BATCH]:
                    writer.delete_documents_by_term("id", one)
                _write(writer, reading, ids[start : start + BATCH])
        _set_mark(writer, news.mark)
    return len(ids)


def _build(index: Index, session: Session) -> int:
    count = 0
    with index.writing() as writer, _aside(session) as reading:
        mark = marks.newest(reading)
        # Held in hand, they are found again by each entry that belongs to them.
        _bodies = list(reading.scalars(select(Tenant)))
        writer.delete_all_documents()
        for batch in _batches(reading):
            count += _write(writer, reading, batch)
        _set_mark(writer, mark)
    return count


def _write(writer: tantivy.IndexWriter, session: Session, ids: Sequence[str]) -> int:
    entries = _load(session, ids)
    for entry in entries:
        writer.add_document(documents.document(documents.fields(entry)))
    return len(entries)


@contextmanager
def _aside(session: Session) -> Iterator[Session]:
    """A second session in the same transaction, so that the caller's objects are left alone."""
    with Session(session.connection(), autoflush=False) as other:
        yield other


def _set_mark(writer: tantivy.IndexWriter, mark: Mark) -> None:
    writer.delete_documents_by_term("kind", documents.MARK)
    document = tantivy.Document()
    document.add_text("kind", documents.MARK)
    document.add_text("mark", mark.text())
    writer.add_document(document)


def _load(session: Session, ids: Sequence[str]) -> list[Entry]:
    query = select(Entry).where(Entry.id.in_(ids), Entry.state != v.EntryState.DELETED)
    return list(session.scalars(query.options(lazyload(Entry.tenant), lazyload(Entry.source_tenant))))


def _batches(session: Session) -> Iterator[list[str]]:
    after = ""
    while True:
        query = select(Entry.id).where(Entry.id > after).order_by(Entry.id).limit(BATCH)
        batch = list(session.scalars(query))
        if not batch:
            return
        yield batch
        after = batch[-1]


def _held(index: Index) -> Iterator[tuple[str, str]]:
    searcher = index.view().searcher
    query = tantivy.Query.term_query(index.schema, "kind", documents.ENTRY)
    for _, address in searcher.search(query, max(searcher.num_docs, 1), count=False).hits:
        document = searcher.doc(address)
        yield str(document.get_first("id")), str(document.get_first("hash"))
