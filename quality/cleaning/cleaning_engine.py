"""Cleaning done: a plan over one Parquet table in DuckDB, with every changed cell written down.

Steps become views over each other; values reach SQL as literals and columns by aliases, as everywhere (see
`engine_tables`). Rows keep their numbers, counted from 1, to the end: a ledger line names the row of the version that
was cleaned. Memory is bounded; what does not fit is spilled.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from policies.refusals import Invalid
from quality.cleaning import cleaning
from quality.cleaning.cleaning import NARROW, SPACES, WIDE, Step
from quality.engines import engine_tables
from quality.engines.engine_tables import ROW, SOURCE, Scan, literal

BATCH = 20_000
TROUBLE = (duckdb.Error, pa.ArrowInvalid, engine_tables.OutOfTimeError)
"""What a table may raise that was not to be foreseen from the plan."""
SAMPLES = 8
MOST_REFERENCE = 2_000_000
SQL_TYPES = {"integer": "BIGINT", "number": "DOUBLE", "date": "DATE", "datetime": "TIMESTAMP", "boolean": "BOOLEAN"}
TYPES = {"number": "decimal", "other": "text"}
LEDGER = pa.schema(
    [
        ("row", pa.int64()),
        ("column", pa.string()),
        ("before", pa.string()),
        ("after", pa.string()),
        ("step", pa.int32()),
    ]
)
"""One line per changed cell and step, steps from 1. A repeated row taken out has no column; `before` is the number of
the row that was kept in its place."""

_CLOCK = "(?: 0{1,2}:00(?::00(?:[.]0+)?)?)?"
_YMD = f"^([0-9]{{4}})[-/.年]([0-9]{{1,2}})[-/.月]([0-9]{{1,2}})日?{_CLOCK}$"
_COMPACT = "^([0-9]{4})([0-9]{2})([0-9]{2})$"
_YEAR_LAST = f"^([0-9]{{1,2}})[-/.]([0-9]{{1,2}})[-/.]([0-9]{{4}}){_CLOCK}$"


@dataclass(frozen=True)
class Counts:
    """What one step did: rows before and after, cells changed, empty cells of its column before and after, and the
    most frequent changes as (before, after, cells, first row)."""

    rows_before: int
    rows_after: int
    changed: int
    empty_before: int | None
    empty_after: int | None
    samples: tuple[tuple[str | None, str | None, int, int], ...]


@dataclass(frozen=True)
class Outcome:
    """What a plan did step by step; `changed` counts ledger lines, rows taken out among them."""

    rows_before: int
    rows_after: int
    changed: int
    steps: tuple[Counts, ...]

    def to_json(self) -> dict[str, Any]:
        """The outcome as a row keeps it."""
        return asdict(self)


@dataclass
class _Column:
    """A column on its way: its name, its alias in the views, its sort."""

    name: str
    alias: str
    sort: str


@dataclass(frozen=True)
class _Change:
    """What a step does to cells: the column, its value before and after as SQL, and what the rows come from."""

    column: _Column
    before: str
    after: str
    source: str


@dataclass(frozen=True)
class Reference:
    """A table to fill from."""

    path: Path
    key: str
    value: str


def clean(
    table: Path,
    steps: Sequence[Step],
    *,
    out: Path | None = None,
    ledger: Path | None = None,
    references: Mapping[str, Reference] | None = None,
    memory_limit: str = "512MB",
    timeout: float | None = None,
) -> Outcome:
    """Run the steps; with `out` and `ledger` write the cleaned table and the changed cells, without only count.

    `references` gives the table of each `fill` step by its entry. Raises Invalid for a step that does not fit the
    table, and what `engine_tables.open_table` raises.
    """
    with engine_tables.open_table(table, memory_limit=memory_limit, timeout=timeout) as scan:
        work = _Cleaning(scan, references or {})
        cleaning.check(steps, {one.name: TYPES.get(one.sort, one.sort) for one in work.columns})
        found = [work.take(number, step) for number, step in enumerate(steps)]
        if out is not None:
            _write_table(work, out)
        if ledger is not None:
            _write_ledger(work, ledger)
        after = found[-1].rows_after if found else scan.rows
        return Outcome(scan.rows, after, sum(one.changed for one in found), tuple(found))


class _Cleaning:
    """The views so far: `relation` is the newest of them, `changes` what each step changed."""

    def __init__(self, scan: Scan, references: Mapping[str, Reference]) -> None:
        self.scan, self.references = scan, references
        self.columns = [_Column(one.name, one.alias, one.sort) for one in scan.columns]
        self.relation, self.rows = SOURCE, scan.rows
        self.changes: list[list[str]] = []
        """Per step, the statements that give its ledger lines."""

    def take(self, number: int, step: Step) -> Counts:
        """Lay the view of a step over the ones before, and count what it does."""
        if step.kind == "duplicates":
            return self._distinct(number)
        changes = self._split(number, step) if step.kind == "split" else [self._change(number, step)]
        replaced = {one.column.alias: one.after for one in changes}
        shown = [f"{replaced.get(one.alias, 'p.' + one.alias)} AS {one.alias}" for one in self.columns]
        added = [one.column for one in changes if one.column not in self.columns]
        shown += [f"{replaced[one.alias]} AS {one.alias}" for one in added]
        self.changes.append([_lines(one, number + 1) for one in changes])
        counts = self._count(changes)
        self.scan.query(
            f"CREATE TEMP VIEW step{number} AS SELECT {', '.join([*shown, 'p.' + ROW])} FROM {changes[0].source}"
        )
        self.relation = f"step{number}"
        self.columns += added
        if step.kind == "translate":
            changes[0].column.sort = "text"
        return counts

    def _change(self, number: int, step: Step) -> _Change:
        column = next(one for one in self.columns if one.name == step.column)
        before = f"p.{column.alias}"
        if step.kind == "fill":
            return self._fill(number, step, column)
        if step.kind == "translate":
            before = f"p.{column.alias}::VARCHAR"
        return _Change(column, before, _EXPRESSIONS[step.kind](before, step.parameters), f"{self.relation} AS p")

    def _split(self, number: int, step: Step) -> list[_Change]:
        """New columns with the parts of a value; the last of them holds what is left."""
        column = next(one for one in self.columns if one.name == step.column)
        separator = literal(step.parameters["separator"])
        parts, names = f"string_split(p.{column.alias}, {separator})", step.parameters["into"]
        found = []
        for at, name in enumerate(names):
            last = at == len(names) - 1
            part = f"array_to_string({parts}[{at + 1}:], {separator})" if last else f"{parts}[{at + 1}]"
            made = _Column(name, f"n{number}_{at}", "text")
            value = f"nullif(trim({part}, {literal(SPACES)}), '')"
            found.append(_Change(made, "NULL::VARCHAR", value, f"{self.relation} AS p"))
        return found

    def _fill(self, number: int, step: Step, column: _Column) -> _Change:
        """Empty cells from the reference, where it knows one value only for the key."""
        given = step.parameters
        reference = self.references.get(given["entry"])
        key = next(one for one in self.columns if one.name == given["key"])
        if reference is None:
            raise Invalid("cleaning.reference", field=str(number), name=given["entry"])
        self.scan.connection.register(f"reference{number}", _two_columns(reference, number))
        kind = SQL_TYPES.get(column.sort, "VARCHAR")
        self.scan.query(
            f"CREATE TEMP TABLE known{number} AS "
            f"SELECT k::VARCHAR AS k, try_cast(any_value(v)::VARCHAR AS {kind}) AS v "
            f"FROM reference{number} WHERE k IS NOT NULL AND v IS NOT NULL GROUP BY 1 HAVING count(DISTINCT v) = 1"
        )
        self.scan.connection.unregister(f"reference{number}")
        before = f"p.{column.alias}"
        blank = f" OR trim({before}, {literal(SPACES)}) = ''" if column.sort == "text" else ""
        source = f"{self.relation} AS p LEFT JOIN known{number} AS r ON r.k = p.{key.alias}::VARCHAR"
        after = f"CASE WHEN {before} IS NULL{blank} THEN coalesce(r.v, {before}) ELSE {before} END"
        return _Change(column, before, after, source)

    def _distinct(self, number: int) -> Counts:
        """Rows that repeat an earlier one, told by all columns, with the row kept in their place."""
        every = ", ".join(one.alias for one in self.columns) or "1"
        self.scan.query(
            f"CREATE TEMP TABLE repeated{number} AS SELECT * FROM (SELECT {ROW} AS r, min({ROW}) OVER "
            f"(PARTITION BY {every}) AS kept FROM {self.relation}) WHERE r <> kept"
        )
        self.scan.query(
            f"CREATE TEMP VIEW step{number} AS SELECT * FROM {self.relation} "
            f"WHERE {ROW} NOT IN (SELECT r FROM repeated{number})"
        )
        self.relation, before = f"step{number}", self.rows
        ((gone,),) = self.scan.query(f"SELECT count(*) FROM repeated{number}")
        line = f"r + 1, NULL::VARCHAR, (kept + 1)::VARCHAR, NULL::VARCHAR, {number + 1}::INTEGER"
        self.changes.append([f"SELECT {line} FROM repeated{number} ORDER BY 1"])
        self.rows = before - gone
        return Counts(before, self.rows, gone, None, None, ())

    def _count(self, changes: Sequence[_Change]) -> Counts:
        changed = empty_before = empty_after = 0
        samples: list[tuple[Any, ...]] = []
        for one in changes:
            where = f"FROM {one.source} WHERE {_differs(one)}"
            tests = (_differs(one), f"({one.before}) IS NULL", f"({one.after}) IS NULL")
            counted = ", ".join(f"count(*) FILTER (WHERE {test})" for test in tests)
            ((count, before, after),) = self.scan.query(f"SELECT {counted} FROM {one.source}")
            changed, empty_before, empty_after = changed + count, empty_before + before, empty_after + after
            samples += self.scan.query(
                f"SELECT ({one.before})::VARCHAR, ({one.after})::VARCHAR, count(*), min(p.{ROW}) + 1 {where} "
                f"GROUP BY 1, 2 ORDER BY 3 DESC, 4 LIMIT {SAMPLES}"
            )
        rows = [(_short(before), _short(after), cells, row) for before, after, cells, row in samples]
        return Counts(self.rows, self.rows, changed, empty_before, empty_after, tuple(rows[:SAMPLES]))


def _differs(one: _Change) -> str:
    return f"(({one.before}) IS DISTINCT FROM ({one.after}))"


def _lines(one: _Change, step: int) -> str:
    """The ledger lines of a change."""
    return (
        f"SELECT p.{ROW} + 1, {literal(one.column.name)}, ({one.before})::VARCHAR, ({one.after})::VARCHAR, "
        f"{step}::INTEGER FROM {one.source} WHERE {_differs(one)} ORDER BY 1"
    )


def _short(text: str | None, most: int = 200) -> str | None:
    return text if text is None or len(text) <= most else text[:most] + "…"


def _trim(value: str, _given: Mapping[str, Any]) -> str:
    return f"trim({value}, {literal(SPACES)})"


def _width(value: str, _given: Mapping[str, Any]) -> str:
    return f"translate({value}, {literal(WIDE)}, {literal(NARROW)})"


def _case(value: str, given: Mapping[str, Any]) -> str:
    return f"{given['to']}({value})" if given["to"] in cleaning.CASES else value


def _translate(value: str, given: Mapping[str, Any]) -> str:
    pairs = " ".join(f"WHEN {literal(before)} THEN {literal(after)}" for before, after in given["map"].items())
    return f"CASE {value} {pairs} ELSE {value} END"


def _empty(value: str, given: Mapping[str, Any]) -> str:
    words = ", ".join(literal(word) for word in ("", *given["words"]))
    return f"CASE WHEN trim({value}, {literal(SPACES)}) IN ({words}) THEN NULL ELSE {value} END"


def _date(value: str, given: Mapping[str, Any]) -> str:
    """A day with the year first in any order asked for; with the year last only in the one asked for."""
    text = f"trim({value}, {literal(SPACES)})"
    tried = [(_YMD, (1, 2, 3)), (_COMPACT, (1, 2, 3))]
    places = {"dmy": (3, 2, 1), "mdy": (3, 1, 2)}.get(given.get("order", "ymd"))
    tried += [(_YEAR_LAST, places)] if places else []
    days = []
    for pattern, (year, month, day) in tried:
        part = [f"regexp_extract({text}, {literal(pattern)}, {group})" for group in (year, month, day)]
        days.append(f"try_cast({part[0]} || '-' || lpad({part[1]}, 2, '0') || '-' || lpad({part[2]}, 2, '0') AS DATE)")
    return f"coalesce(coalesce({', '.join(days)})::VARCHAR, {value})"


_EXPRESSIONS = {
    "trim": _trim,
    "width": _width,
    "case": _case,
    "translate": _translate,
    "empty": _empty,
    "date": _date,
}


def _two_columns(reference: Reference, number: int) -> pa.Table:
    with pq.ParquetFile(reference.path) as file:
        if file.metadata.num_rows > MOST_REFERENCE:
            raise Invalid("cleaning.reference-large", field=str(number), limit=MOST_REFERENCE)
        if not {reference.key, reference.value} <= set(file.schema_arrow.names):
            raise Invalid("cleaning.reference", field=str(number), name=reference.value)
        table = file.read(columns=[reference.key, reference.value])
        return pa.table([table.column(reference.key), table.column(reference.value)], names=["k", "v"])


def _write_table(work: _Cleaning, out: Path) -> None:
    shown = ", ".join(one.alias for one in work.columns)
    names = [one.name for one in work.columns]
    _write(_stream(work.scan, f"SELECT {shown} FROM {work.relation} ORDER BY {ROW}", names), out)


def _write_ledger(work: _Cleaning, ledger: Path) -> None:
    def lines() -> Iterator[pa.RecordBatch]:
        yield pa.RecordBatch.from_pylist([], schema=LEDGER)
        for statements in work.changes:
            for sql in statements:
                for batch in _stream(work.scan, sql, LEDGER.names):
                    arrays = [column.cast(kind) for column, kind in zip(batch.columns, LEDGER.types, strict=True)]
                    yield pa.RecordBatch.from_arrays(arrays, schema=LEDGER)

    _write(lines(), ledger)


def _stream(scan: Scan, sql: str, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Batches of a statement under these names, one at least, so that the columns of no rows are known too."""
    reader: Any = scan.connection.sql(sql).to_arrow_reader(BATCH)
    empty = pa.RecordBatch.from_arrays([pa.array([], one.type) for one in reader.schema], names=list(names))
    yield empty
    for batch in reader:
        yield pa.RecordBatch.from_arrays(batch.columns, names=list(names))


def _write(batches: Iterator[pa.RecordBatch], path: Path) -> None:
    first = next(batches)
    with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
