"""All counts and samples of a whole suite from one pass over a table, and uniqueness from a pass over hashes.

Every condition is one bit of a mask a row; the masks are counted, not the conditions. Bits are cut into words
of twelve, each word a GROUPING SET of the same statement, so that there are never more than 4096 groups a word,
however independently the conditions hold. Plain SQL over `engine_tables`: no Great Expectations here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from quality.engines.engine_tables import ROW, SOURCE, Scan

WORD = 12
SAMPLES = 20
_FEW = 500_000


@dataclass(frozen=True)
class Keys:
    """A question for rows whose key occurs more than once among the rows where `where` holds ("" for all).

    A key of one column ignores nulls; in a key of several a null equals a null.
    """

    columns: tuple[str, ...]
    where: str = ""


@dataclass(frozen=True)
class Figure:
    """An aggregate expression over the rows where `where` holds ("" for all)."""

    expression: str
    where: str = ""


@dataclass
class Plan:
    """What is to be found: conditions to count, those to sample with the columns to show, figures, and keys."""

    conditions: dict[str, set[str]] = field(default_factory=dict)
    figures: dict[Figure, None] = field(default_factory=dict)
    keys: dict[Keys, None] = field(default_factory=dict)
    ordinary: dict[str, None] = field(default_factory=dict)

    def count(self, condition: str, *, ordinary: bool = False) -> None:
        """Asks for the number of rows where a condition holds; `ordinary` says that most rows are expected to."""
        self.conditions.setdefault(condition, set())
        if ordinary:
            self.ordinary[condition] = None

    def sample(self, condition: str, columns: Sequence[str]) -> None:
        """Asks for the count of a condition and the first rows where it holds."""
        self.conditions.setdefault(condition, set()).update(columns)


@dataclass
class Answers:
    """Counts and first rows (in order of the file, with the columns asked for) by condition or keys, figures,
    errors.

    `rows` holds, where they were to be kept, a SELECT of all row numbers (from 0, any order) of what was sampled.
    """

    counts: dict[str | Keys, int] = field(default_factory=dict)
    samples: dict[str | Keys, list[tuple[int, Mapping[str, Any]]]] = field(default_factory=dict)
    figures: dict[Figure, Any] = field(default_factory=dict)
    errors: dict[str | Keys | Figure, str] = field(default_factory=dict)
    rows: dict[str | Keys, str] = field(default_factory=dict)


def run(scan: Scan, plan: Plan, *, keep: bool = False) -> Answers:
    """Answers a plan. A part which can't be evaluated has an error of its own and harms no other part.

    `keep` leaves the masks of all flagged rows in the connection, so that every row of a condition can be listed
    afterwards. Raises OutOfTimeError, CancelledError, and duckdb.OutOfMemoryException, which no part can be blamed
    for.
    """
    answers = Answers()
    rows: dict[str, list[int]] = {}
    # kept masks are worth their room only for the few rows which break something
    apart = [one for one in plan.ordinary if not plan.conditions[one]] if keep else []
    _count(scan, plan, [one for one in plan.conditions if one not in apart], answers, rows, keep=keep)
    _fetch(scan, plan, rows, answers)
    counted = {Figure(f"count(*) FILTER (WHERE {condition})"): condition for condition in apart}
    figures = [*plan.figures, *counted]
    for where in dict.fromkeys(figure.where for figure in figures):
        _figures(scan, [figure for figure in figures if figure.where == where], answers)
    for figure, condition in counted.items():
        if figure in answers.errors:
            answers.errors[condition] = answers.errors.pop(figure)
        else:
            answers.counts[condition] = answers.figures.pop(figure)
    for keys in plan.keys:
        try:
            _duplicates(scan, keys, answers, keep=keep)
        except duckdb.Error as error:
            answers.errors[keys] = _blame(error)
    return answers


def _blame(error: duckdb.Error) -> str:
    """The first line of an error, unless it is the machine's fault and not the statement's: then it is raised
    again."""
    if isinstance(error, duckdb.OutOfMemoryException | duckdb.InterruptException):
        raise error
    return str(error).splitlines()[0]


def _count(
    scan: Scan, plan: Plan, conditions: list[str], answers: Answers, rows: dict[str, list[int]], *, keep: bool
) -> None:
    """Counts conditions together; if that fails, halves them until the one that fails stands alone."""
    if not conditions:
        return
    sampled = [bool(plan.conditions[condition]) for condition in conditions]
    kept = f"masks_{len(scan.statements)}" if keep and any(sampled) else ""
    try:
        groups = _histogram(scan, conditions, sampled, kept)
    except duckdb.Error as error:
        reason = _blame(error)
        if len(conditions) == 1:
            answers.errors[conditions[0]] = reason
            return
        middle = len(conditions) // 2
        _count(scan, plan, conditions[:middle], answers, rows, keep=keep)
        _count(scan, plan, conditions[middle:], answers, rows, keep=keep)
        return
    for at, condition in enumerate(conditions):
        answers.counts[condition] = 0
        rows[condition] = []
        if kept and sampled[at]:
            answers.rows[condition] = f"SELECT {ROW} FROM {kept} WHERE m{at // WORD} & {1 << at % WORD} <> 0"
    for word, mask, count, first in groups:
        for at, condition in enumerate(conditions[word * WORD : (word + 1) * WORD]):
            if mask >> at & 1:
                answers.counts[condition] += count
                if first and plan.conditions[condition]:
                    rows[condition] += first


def _histogram(
    scan: Scan, conditions: list[str], sampled: list[bool], kept: str
) -> list[tuple[int, int, int, list[int] | None]]:
    """(word, mask, rows with it, the first of them) for every mask which occurs.

    With a name in `kept` the masks of all rows with any bit are put into a table of that name first.
    """
    words = [conditions[at : at + WORD] for at in range(0, len(conditions), WORD)]
    masks = [
        " | ".join(f"(CASE WHEN {condition} THEN {1 << at} ELSE 0 END)" for at, condition in enumerate(word))
        for word in words
    ]
    wanted = [
        sum(1 << at for at, sample in enumerate(sampled[word * WORD : (word + 1) * WORD]) if sample)
        for word in range(len(words))
    ]
    any_wanted = " OR ".join(f"(m{word} & {bits}) <> 0" for word, bits in enumerate(wanted) if bits)
    first = f"min({ROW}, {SAMPLES}) FILTER (WHERE {any_wanted})" if any_wanted else "NULL"
    names = [f"m{word}" for word in range(len(words))]
    shown = ", ".join(f"({mask})::USMALLINT AS {name}" for mask, name in zip(masks, names, strict=True))
    masked = f"(SELECT {shown}, {ROW} FROM {SOURCE})"
    if kept:
        flagged = " OR ".join(f"{name} <> 0" for name in names)
        scan.query(f"CREATE TEMP TABLE {kept} AS FROM {masked} WHERE {flagged}")
        masked = kept
    groups = scan.query(
        f"SELECT {', '.join(names)}, count(*), {first} FROM {masked} "
        f"GROUP BY GROUPING SETS ({', '.join(f'({name})' for name in names)})"
    )
    found = []
    for *values, count, rows in groups:
        word = next((at for at, value in enumerate(values) if value is not None), 0)
        found.append((word, values[word] or 0, count, rows))
    return found


def _fetch(scan: Scan, plan: Plan, rows: dict[str, list[int]], answers: Answers) -> None:
    """Looks the sampled rows up, all in one statement."""
    chosen = {condition: sorted(set(found))[:SAMPLES] for condition, found in rows.items() if found}
    columns = sorted({column for condition in chosen for column in plan.conditions[condition]})
    numbers = sorted({number for found in chosen.values() for number in found})
    if not numbers:
        return
    shown = scan.query(
        f"SELECT {', '.join([ROW, *columns])} FROM {SOURCE} WHERE {ROW} IN ({', '.join(map(str, numbers))})"
    )
    by_number = {line[0]: dict(zip(columns, line[1:], strict=True)) for line in shown}
    for condition, found in chosen.items():
        answers.samples[condition] = [(number + 1, by_number[number]) for number in found]


def _figures(scan: Scan, figures: list[Figure], answers: Answers) -> None:
    """Aggregates over the same rows in one statement; one by one if that fails."""
    where = f" WHERE {figures[0].where}" if figures[0].where else ""
    listed = ", ".join(figure.expression for figure in figures)
    try:
        (values,) = scan.query(f"SELECT {listed} FROM {SOURCE}{where}")
    except duckdb.Error as error:
        reason = _blame(error)
        if len(figures) == 1:
            answers.errors[figures[0]] = reason
            return
        for figure in figures:
            _figures(scan, [figure], answers)
        return
    answers.figures.update(zip(figures, values, strict=True))


def _duplicates(scan: Scan, keys: Keys, answers: Answers, *, keep: bool) -> None:
    """Rows whose key occurs more than once, exactly.

    A hash seen once proves its key unique, so only rows whose hash was seen twice are looked at by the key
    itself: eight bytes a key instead of the key, and exact whatever collides.
    """
    listed = ", ".join(keys.columns)
    conditions = [f"({keys.where})"] if keys.where else []
    if len(keys.columns) == 1:
        conditions.append(f"{listed} IS NOT NULL")
    where = " AND ".join(conditions) or "true"
    scan.query(
        f"CREATE OR REPLACE TEMP TABLE twice AS SELECT hash({listed}) AS h, count(*) AS n FROM {SOURCE} "
        f"WHERE {where} GROUP BY h HAVING n > 1"
    )
    answers.counts[keys], answers.samples[keys] = 0, []
    rows = scan.query("SELECT coalesce(sum(n), 0)::BIGINT FROM twice")[0][0]
    if not rows:
        return
    suspects = f"SELECT {ROW}, {listed} FROM {SOURCE} WHERE {where} AND hash({listed}) IN (SELECT h FROM twice)"
    if rows <= _FEW:
        scan.query(f"CREATE OR REPLACE TEMP TABLE suspects AS {suspects}")
        suspects = "FROM suspects"
    repeated = f"SELECT {listed}, count(*) AS n FROM ({suspects}) GROUP BY {listed} HAVING n > 1"
    scan.query(f"CREATE OR REPLACE TEMP TABLE repeated AS {repeated}")
    answers.counts[keys] = scan.query("SELECT coalesce(sum(n), 0)::BIGINT FROM repeated")[0][0]
    same = " AND ".join(f"s.{column} IS NOT DISTINCT FROM r.{column}" for column in keys.columns)
    doubled = f"FROM ({suspects}) AS s SEMI JOIN repeated AS r ON {same}"
    shown = scan.query(f"{doubled} ORDER BY {ROW} LIMIT {SAMPLES}")
    answers.samples[keys] = [(line[0] + 1, dict(zip(keys.columns, line[1:], strict=True))) for line in shown]
    if keep:
        kept = f"doubled_{len(scan.statements)}"
        scan.query(f"CREATE TEMP TABLE {kept} AS SELECT {ROW} {doubled}")
        answers.rows[keys] = f"SELECT {ROW} FROM {kept}"
