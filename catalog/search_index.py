"""The search index: a copy of the catalogue in a folder that processes share and that follows its changes.

The copy knows how far it has come: a mark, written in the same commit as the documents, holds the sequence
number of the last change taken in. PostgreSQL gives out numbers before transactions commit, so the mark also
keeps the numbers that were passed over while somebody might still be committing them.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tantivy
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import search_documents as documents
from catalog import search_marks as marks
from catalog.models import Entry
from catalog.search_marks import Mark
from policies import vocabulary as v
from policies.refusals import Stale
from tenancy.database import Database
from tenancy.types import new_id

HEAP = 50_000_000
BATCH = 500
PATIENCE = 30.0
"""Seconds for which a rebuild waits until another process has finished writing."""
PAUSE = 0.05


class Busy(Exception):  # noqa: N818  somebody else is writing, which is no error
    """Another writer holds the index."""


@dataclass(frozen=True)
class View:
    """The index as of one commit: a searcher and the mark that belongs to it (none: never filled)."""

    searcher: tantivy.Searcher
    mark: Mark | None


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
    """An open index; threads share it, and every question takes a view of its own."""

    def __init__(self, folder: Path) -> None:
        self.schema = documents.schema()
        self._index = tantivy.Index(self.schema, path=str(folder))
        self._index.config_reader("manual")

    @classmethod
    def open(cls, folder: Path) -> "Index":
        """Open the index in a folder, or begin an empty one; each shape has its own subfolder."""
        place = folder / f"shape-{documents.SHAPE}"
        place.mkdir(parents=True, exist_ok=True)
        try:
            return cls(place)
        except ValueError:
            # A damaged copy is worth nothing: it is put aside for whoever wants to look, and filled anew.
            place.rename(folder / f"damaged-{new_id()}")
            place.mkdir()
            return cls(place)

    def view(self) -> View:
        """What the last reload saw."""
        searcher = self._index.searcher()
        query = tantivy.Query.term_query(self.schema, "kind", documents.MARK)
        hits = searcher.search(query, 1, count=False).hits
        mark = Mark.restored(searcher.doc(hits[0][1]).get_first("mark")) if hits else None
        return View(searcher, mark)

    def reload(self) -> None:
        """See what other processes have committed."""
        self._index.reload()

    @contextmanager
    def writing(self) -> Iterator[tantivy.IndexWriter]:
        """Hold the only writer and commit at the end, or change nothing; Busy while another holds it."""
        try:
            writer = self._index.writer(HEAP, 1)
        except ValueError as refused:
            if "LockBusy" not in str(refused):
                raise
            raise Busy from refused
        try:
            self.reload()
            yield writer
            writer.commit()
        except BaseException:
            writer.rollback()
            raise
        finally:
            writer.wait_merging_threads()
            self.reload()


def catch_up(index: Index, database: Database) -> int:
    """Take in every change since the mark; fill an empty index. Returns how many entries were read again.

    An index whose last change the catalogue doesn't know belongs to another history, as after a restore, and
    is built anew. Does nothing while another process is writing.
    """
    index.reload()
    with database.read() as session:
        view, behind = _compare(index, session)
        try:
            if view.mark is None or not marks.known(session, view.mark):
                return _build(index, session)
            return _take_in(index, session) if behind else 0
        except Busy:
            index.reload()
            return 0


def current(index: Index, session: Session) -> tuple[View, frozenset[str]]:
    """A view that is as new as the session allows, and the ids of entries about which it is out of date.

    The ids are empty unless another process is writing just now; whoever asks must leave those entries out.
    """
    view, behind = _compare(index, session)
    if view.mark is None or behind:
        index.reload()
        view, behind = _compare(index, session)
    if view.mark is None or behind:
        try:
            _build(index, session) if view.mark is None else _take_in(index, session)
        except (Busy, OSError, ValueError):
            # A full disk or a damaged file is the worker's to report; readers get what is certain.
            index.reload()
        view, behind = _compare(index, session)
    return view, behind


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
    index.reload()
    return marks.news(session, index.view().mark or Mark(0)).changes


def _compare(index: Index, session: Session) -> tuple[View, frozenset[str]]:
    view = index.view()
    return view, marks.news(session, view.mark).entry_ids if view.mark else frozenset()


def _take_in(index: Index, session: Session) -> int:
    with index.writing() as writer:
        # Only now is it certain that no other process has taken the same changes in.
        news = marks.news(session, index.view().mark or Mark(0))
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
        writer.delete_all_documents()
        for batch in _batches(reading):
            count += _write(writer, reading, batch)
        _set_mark(writer, mark)
    return count


def _write(writer: tantivy.IndexWriter, session: Session, ids: Sequence[str]) -> int:
    entries = _load(session, ids)
    for entry in entries:
        writer.add_document(documents.document(documents.fields(entry)))
    session.expunge_all()
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
    return list(session.scalars(select(Entry).where(Entry.id.in_(ids), Entry.state != v.EntryState.DELETED)))


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
    index.reload()
    searcher = index.view().searcher
    query = tantivy.Query.term_query(index.schema, "kind", documents.ENTRY)
    for _, address in searcher.search(query, max(searcher.num_docs, 1), count=False).hits:
        document = searcher.doc(address)
        yield str(document.get_first("id")), str(document.get_first("hash"))
