"""Personal data in a stored table: how many values of each column show it, by check digits, forms and names.

Two looks. Every text of the table is asked by the engine whether it could hold a number or an address that proves
itself, and what could is judged by the recognisers; a sample is judged by all of them, those included which need a
share of a column. Only counts are kept, never a value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from policies import recognisers
from policies.vocabulary import Confidence, PersonalKind
from quality.engines.engine_tables import ROW, SOURCE, Column, Scan, literal

JUDGED = 20_000
"""So many suspicious values of a column are judged one by one; of more, as many are drawn."""
SAMPLED = 1_000
_ACCIDENT = 0.001
"""Fewer proofs among the suspicious numbers of a column than this may be an accident of the check digits."""
_LONG = 10**10


@dataclass(frozen=True)
class Found:
    """One kind of personal data in a column: `hits` of the `checked` values that are not empty show it.

    `exact` is False where both were counted in a sample or projected from one; `named`: the column's name says so.
    """

    column: str
    kind: PersonalKind
    hits: int
    checked: int
    exact: bool
    named: bool
    confidence: Confidence

    def to_json(self) -> dict[str, Any]:
        """The finding as a version keeps it."""
        return asdict(self) | {"kind": self.kind.value, "confidence": self.confidence.value}


def find(scan: Scan, titles: Mapping[str, str], today: date) -> tuple[Found, ...]:
    """Everything found, column by column; `titles` are further names of columns (name → title)."""
    columns = [column for column in scan.columns if column.sort in {"text", "integer", "date", "datetime"}]
    filled, suspects = _suspects(scan, columns)
    sample = _sample(scan, columns)
    found = []
    for column in columns:
        label = f"{column.name}\n{titles.get(column.name, '')}".strip()
        whole = _proven(scan, column, suspects.get(column.alias, 0), today)
        found += _joined(column, label, filled[column.alias], whole, sample[column.alias], today)
    return tuple(found)


def _is_read(column: Column) -> bool:
    return column.sort == "text" or column.sql_type in {"BIGINT", "UBIGINT", "HUGEINT"}


def _suspicious(column: Column) -> str:
    """Whether a value may hold what proves itself, as SQL."""
    if column.sort == "text":
        return f"regexp_matches({column.alias}, {literal(recognisers.SUSPECT)})"
    return f"{column.alias} >= {_LONG}"


def _suspects(scan: Scan, columns: Sequence[Column]) -> tuple[dict[str, int], dict[str, int]]:
    """Values that are there, and those that are suspicious, by alias: one statement over all of the table."""
    read = [column for column in columns if _is_read(column)]
    asked = [f"count({column.alias})" for column in columns]
    asked += [f"count_if({_suspicious(column)})" for column in read]
    if not asked:
        return {}, {}
    (counts,) = scan.query(f"SELECT {', '.join(asked)} FROM {SOURCE}")
    filled = dict(zip((column.alias for column in columns), counts, strict=False))
    return filled, dict(zip((column.alias for column in read), counts[len(columns) :], strict=True))


def _proven(scan: Scan, column: Column, suspects: int, today: date) -> dict[PersonalKind, tuple[int, bool, bool]]:
    """By kind: hits, whether they are exact, and whether they are too many to be an accident."""
    if not suspects:
        return {}
    drawn = f" AND hash({ROW}) % {suspects} < {JUDGED}" if suspects > JUDGED else ""
    rows = scan.query(f"SELECT {column.alias}::VARCHAR FROM {SOURCE} WHERE {_suspicious(column)}{drawn}")
    hits = recognisers.proven((row[0] for row in rows), today)
    judged = len(rows) or 1
    return {
        kind: (
            count if not drawn else max(count, round(count * suspects / judged)),
            not drawn,
            count > judged * _ACCIDENT,
        )
        for kind, count in hits.items()
    }


def _sample(scan: Scan, columns: Sequence[Column]) -> dict[str, list[Any]]:
    if not columns:
        return {}
    texts = ", ".join(f"{column.alias}::VARCHAR" for column in columns)
    where = f"WHERE hash({ROW}) % {scan.rows} < {SAMPLED}" if scan.rows > SAMPLED else ""
    rows = scan.query(f"SELECT {texts} FROM {SOURCE} {where}")
    return {column.alias: [row[at] for row in rows] for at, column in enumerate(columns)}


def _joined(
    column: Column,
    label: str,
    filled: int,
    whole: Mapping[PersonalKind, tuple[int, bool, bool]],
    sample: Sequence[Any],
    today: date,
) -> list[Found]:
    """What the sample shows, with the counts of the whole table in the place of its own where there are any."""
    found = {}
    for one in recognisers.recognise(label, sample, today):
        if column.sort in {"date", "datetime"} and one.kind is not PersonalKind.BIRTH_DATE and one.hits:
            continue
        exact = one.checked == filled
        found[one.kind] = Found(column.name, one.kind, one.hits, one.checked, exact, one.named, one.confidence)
    for kind, (hits, exact, sure) in whole.items():
        before = found.get(kind)
        proof = Confidence.CERTAIN if kind in {PersonalKind.CITIZEN_ID, PersonalKind.MINOR} else Confidence.POSSIBLE
        confidence = max(before.confidence if before else proof, proof) if sure else Confidence.POSSIBLE
        named = before.named if before else False
        found[kind] = Found(column.name, kind, hits, filled, exact, named, confidence)
    return sorted(found.values(), key=lambda one: (-one.confidence.rank, -one.hits, one.kind))
