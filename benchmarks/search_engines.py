"""The engines which `benchmarks.search` compares: each takes the same records and answers the same questions.

ours               the product: its index over its database, asked by `catalog.search.find` as a visitor
fts5               SQLite FTS5 as it comes (unicode61), text as it is
fts5-trigram       SQLite FTS5 with its trigram tokenizer, text as it is
fts5-jieba         SQLite FTS5 fed with the words that rjieba cuts
postgres-jieba     PostgreSQL full text (`simple`, GIN) fed with the words that rjieba cuts
postgres-trigram   PostgreSQL's pg_trgm (GIN): every word typed is somewhere in the text

The words' weights are the same everywhere they can be set: title 6, tags 3, provider 1.5, abstract 1. Those which can
ask for all words or for any ask for all, and fill up with any where that gives less than a page.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import search_home, search_peers
from benchmarks.search_records import Record
from benchmarks.search_shapes import PAGE, Answer, Engine, Ticked
from catalog import search, search_asking
from catalog.search_asking import Asked
from catalog.search_index import Index
from tenancy import actors

NAMES = ("ours", "fts5", "fts5-trigram", "fts5-jieba", "postgres-jieba", "postgres-trigram")


class Ours:
    """The product."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.elsewhere = 0.0
        self.forgets = True
        """Whether each question is the first since the last commit, so that nothing kept of earlier ones helps."""
        for owner, name in ((Asked, "read"), (Asked, "named"), (search_asking, "current"), (Index, "synonyms")):
            setattr(owner, name, self._timed(getattr(owner, name)))

    def _timed(self, deed: Callable[..., Any]) -> Callable[..., Any]:
        """The same, with its seconds counted as spent in the database."""

        def timed(*given: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return deed(*given, **named)
            finally:
                self.elsewhere += time.perf_counter() - began

        return timed

    def build(self, records: Iterable[Record]) -> float:
        """Fill the database, which is not counted, then build the index, which is."""
        self.kit = search_home.filled(self.home, records)
        began = time.perf_counter()
        search.rebuild(self.kit.index, self.kit.database)
        return time.perf_counter() - began

    def size(self) -> int:
        """Bytes of all files of the index."""
        return sum(path.stat().st_size for path in (self.home / "index").rglob("*") if path.is_file())

    def ask(self, text: str, ticked: Ticked, *, counted: bool) -> Answer:  # noqa: ARG002 - it always counts
        """Ask as a visitor does, in a session of its own."""
        with self.kit.database.read() as session:
            query = search.Query(text, ticked, per_page=PAGE)
            if self.forgets:
                self.kit.index.forget()
            began, before = time.perf_counter(), self.elsewhere
            found = search.find(self.kit.index, session, actors.ANONYMOUS, search_home.NOW, query)
            seconds = time.perf_counter() - began - (self.elsewhere - before)
            return Answer(found.total, [entry.id for entry in found.entries], found.facets, seconds)

    def close(self) -> None:
        """Close the database."""
        self.kit.database.close()


@contextmanager
def opened(name: str, folder: Path) -> Iterator[Engine]:
    """An empty engine whose files lie in a folder."""
    if name.startswith("postgres"):
        with search_peers.served(folder) as url:
            engine: Engine = search_peers.Postgres(url, jieba=name == "postgres-jieba")
            yield engine
            engine.close()
        return
    if name == "ours":
        engine = Ours(folder)
    else:
        engine = search_peers.Sqlite(
            folder, "trigram" if name == "fts5-trigram" else "unicode61", jieba=name == "fts5-jieba"
        )
    yield engine
    engine.close()
