"""What a Parquet table holds, column by column: the ground for proposed rules and for its page.

A handful of statements whatever the number of columns: one over the whole table, one which keeps a fixed sample, and a
few that read only the columns they ask about. Row counts, nulls, blanks, extremes, and the values of columns with few
of them are exact; shares of known forms come from the sample; distinct values say themselves whether they are exact.
"""

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from quality.engines import check_digits, engine_tables
from quality.engines.engine_tables import ROW, SOURCE, Column, Scan, literal
from quality.profiling import findings, profile_missing, profile_pairs, profile_shapes, profile_sums
from quality.profiling.findings import Finding
from quality.profiling.profile_missing import Gaps
from quality.profiling.profile_pairs import PairProfile
from quality.rules import patterns

SAMPLE = 20_000
FEW = 300
TOP = 20
QUANTILES = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
_BINS = 20
_KEY_SHARE = 0.95
_KEYS = 6
_SPACES = " \t\r\n\u00a0\u3000"
_ORDERED = {"integer", "number", "date", "datetime"}


@dataclass(frozen=True)
class ColumnProfile:
    """One column. `sort` is text, integer, number, date, datetime, boolean or other; values are JSON values.

    `top` are (value as text, rows), all of them when `top_exact`, else those of the sample; `quantiles` are
    (share, value); `histogram` (upper edge, rows), the last edge None; `patterns` shares of the sampled,
    non-blank text which has a known form, `digits` those with a right check digit, `dirt` those untrimmed or
    garbled; `shapes` the most frequent shapes of the sampled text, each with its rows.
    """

    name: str
    sort: str
    sql_type: str
    nulls: int
    blanks: int
    distinct: int
    distinct_exact: bool
    minimum: Any = None
    maximum: Any = None
    mean: float | None = None
    deviation: float | None = None
    quantiles: tuple[tuple[float, Any], ...] = ()
    lengths: tuple[int, float, int] | None = None
    usual_length: tuple[int, float] | None = None
    top: tuple[tuple[str, int], ...] = ()
    top_exact: bool = False
    histogram: tuple[tuple[Any, int], ...] = ()
    patterns: Mapping[str, float] | None = None
    digits: Mapping[str, float] | None = None
    dirt: Mapping[str, float] | None = None
    numeric: float | None = None
    shapes: tuple[tuple[str, int], ...] = ()

    def quantile(self, share: float) -> Any:
        """The value at one of the shares kept, or None."""
        return dict(self.quantiles).get(share)


@dataclass(frozen=True)
class Profile:
    """A table: its rows, how many repeat an earlier one in every column, its columns, its ordered pairs, its
    candidate keys (of one or two columns), which columns are empty together, and totals with their parts (names,
    the total last; rows with a total; rows where it is the sum), and what a look at values found."""

    rows: int
    sampled: int
    repeated_rows: int
    columns: tuple[ColumnProfile, ...]
    pairs: tuple[PairProfile, ...] = ()
    keys: tuple[tuple[str, ...], ...] = ()
    gaps: Gaps | None = None
    sums: tuple[tuple[tuple[str, ...], int, int], ...] = ()
    findings: tuple[Finding, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The profile as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Profile":
        """A stored profile."""
        return cls(
            row["rows"],
            row["sampled"],
            row["repeated_rows"],
            tuple(ColumnProfile(**_frozen(column)) for column in row["columns"]),
            tuple(PairProfile(**pair) for pair in row["pairs"]),
            keys=tuple(tuple(key) for key in row.get("keys", ())),
            gaps=Gaps.from_json(row["gaps"]) if row.get("gaps") else None,
            sums=tuple((tuple(names), both, held) for names, both, held in row.get("sums", ())),
            findings=tuple(Finding(**{**one, "columns": tuple(one["columns"])}) for one in row.get("findings", ())),
        )


def _frozen(column: Mapping[str, Any]) -> dict[str, Any]:
    """JSON's lists as the tuples they were."""
    return {
        key: tuple(tuple(each) if isinstance(each, list) else each for each in value)
        if isinstance(value, list)
        else value
        for key, value in column.items()
    }


def profile(
    table: Path, *, memory_limit: str = "1GB", threads: int | None = None, timeout: float | None = None
) -> Profile:
    """Profiles a Parquet file; raises what `engine_tables.open_table` raises, OutOfTimeError included."""
    with engine_tables.open_table(table, memory_limit=memory_limit, threads=threads, timeout=timeout) as scan:
        figures: dict[str, dict[str, Any]] = {column.alias: {} for column in scan.columns}
        _whole(scan, figures)
        sampled = _keep_sample(scan)
        _forms(scan, figures)
        _values(scan, figures)
        _histograms(scan, figures)
        _shapes(scan, figures)
        repeated, keys, gaps = _keys(scan, figures, sampled)
        columns = tuple(ColumnProfile(one.name, one.sort, one.sql_type, **figures[one.alias]) for one in scan.columns)
        totals, found = profile_sums.sums(scan), findings.look(scan)
        return Profile(scan.rows, sampled, repeated, columns, profile_pairs.pairs(scan), keys, gaps, totals, found)


def _select(scan: Scan, asked: Mapping[tuple[str, str], str], source: str = SOURCE) -> dict[tuple[str, str], Any]:
    """One row of aggregates; `asked` maps (column, figure) to SQL."""
    if not asked:
        return {}
    (values,) = scan.query(f"SELECT {', '.join(asked.values())} FROM {source}")
    return dict(zip(asked, values, strict=True))


def _whole(scan: Scan, figures: dict[str, dict[str, Any]]) -> None:
    """The one statement over all of the table."""
    shares = ", ".join(str(share) for share in QUANTILES)
    asked: dict[tuple[str, str], str] = {}
    for column in scan.columns:
        alias = column.alias
        asked[alias, "nulls"] = f"count(*) - count({alias})"
        asked[alias, "distinct"] = f"approx_count_distinct({alias})"
        if column.sort in _ORDERED | {"text", "boolean"}:
            asked[alias, "minimum"], asked[alias, "maximum"] = f"min({alias})", f"max({alias})"
        if column.sort in _ORDERED:
            asked[alias, "quantiles"] = f"approx_quantile({alias}, [{shares}])"
        if column.sort in {"integer", "number"}:
            asked[alias, "mean"], asked[alias, "deviation"] = f"avg({alias})", f"stddev_pop({alias}::DOUBLE)"
        if column.sort == "text":
            asked[alias, "blanks"] = f"count_if(CASE WHEN {_may_be_blank(alias)} THEN {_blank(alias)} ELSE false END)"
            asked[alias, "lengths"] = f"[min(length({alias})), avg(length({alias})), max(length({alias}))]"
    for (alias, figure), value in _select(scan, asked).items():
        figures[alias][figure] = _json(value)
    for found in figures.values():
        found["blanks"] = found.get("blanks") or 0
        found["distinct_exact"] = False
        found["quantiles"] = tuple(zip(QUANTILES, found.get("quantiles") or (), strict=False))
        lengths = found.pop("lengths", None)
        if lengths and None not in lengths:
            found["lengths"] = (int(lengths[0]), round(float(lengths[1]), 2), int(lengths[2]))
        for text in ("minimum", "maximum"):
            if isinstance(found.get(text), str):
                found[text] = found[text][:200]


def _blank(alias: str) -> str:
    return f"length(trim({alias}, {literal(_SPACES)})) = 0"


def _may_be_blank(alias: str) -> str:
    """Whether a text is empty or begins with a space, told by its order alone: trimming every text costs far more."""
    wide = [f"({alias} >= {literal(one)} AND {alias} < {literal(chr(ord(one) + 1))})" for one in _SPACES if one > " "]
    return " OR ".join([f"{alias} < '!'", *wide])


def _keep_sample(scan: Scan) -> int:
    """Keeps the same rows whenever the table is profiled; returns how many."""
    texts = sum(column.sort == "text" for column in scan.columns)
    size = SAMPLE if texts <= 40 else SAMPLE // 4
    where = f"WHERE hash({ROW}) % {scan.rows} < {size}" if scan.rows > size else ""
    scan.query(f"CREATE TEMP TABLE sample AS SELECT * FROM {SOURCE} {where}")
    return int(scan.query("SELECT count(*) FROM sample")[0][0])


def _forms(scan: Scan, figures: dict[str, dict[str, Any]]) -> None:
    """Known forms, check digits and dirt of the sampled text; blank values don't count."""
    asked: dict[tuple[str, str], str] = {}
    for column in (column for column in scan.columns if column.sort == "text"):
        alias = column.alias
        for code, pattern in patterns.PATTERNS.items():
            asked[alias, f"patterns {code}"] = f"count_if(regexp_matches({alias}, {literal(pattern.regex)}))"
        for scheme in check_digits.PLAIN:
            asked[alias, f"digits {scheme}"] = f"count_if(check_{scheme}({alias}))"
        asked[alias, "digits citizen_id"] = f"count_if(length({alias}) = 18 AND check_citizen_id({alias}, 99991231))"
        asked[alias, "dirt untrimmed"] = f"count_if(regexp_matches({alias}, {literal(patterns.UNTRIMMED)}))"
        asked[alias, "dirt garbled"] = f"count_if(regexp_matches({alias}, {literal(patterns.GARBLED)}))"
        asked[alias, "numeric"] = f"count(try_cast({alias} AS DOUBLE))"
        asked[alias, "filled"] = f"count_if(length(trim({alias}, {literal(_SPACES)})) > 0)"
        asked[alias, "usual"] = f"mode(length({alias}))"
    found = _select(scan, asked, "sample")
    usual = {alias: value for (alias, what), value in found.items() if what == "usual" and value is not None}
    same = _select(scan, {(alias, "same"): f"count_if(length({alias}) = {n})" for alias, n in usual.items()}, "sample")
    for (alias, what), value in found.items():
        part, _, name = what.partition(" ")
        filled = max(1, found[alias, "filled"] or 0)
        if name:
            figures[alias].setdefault(part, {})
            if value:
                figures[alias][part][name] = value / filled
        elif part == "numeric":
            figures[alias]["numeric"] = (value or 0) / filled
        elif part == "usual" and value is not None:
            figures[alias]["usual_length"] = (int(value), same[alias, "same"] / filled)


def _shapes(scan: Scan, figures: dict[str, dict[str, Any]]) -> None:
    texts = [column for column in scan.columns if column.sort == "text"]
    part = f"(SELECT * FROM sample WHERE hash({ROW} + 1) % 4 = 0)" if scan.rows > SAMPLE else "sample"
    for alias, found in profile_shapes.find(scan, texts, part).items():
        figures[alias]["shapes"] = found


def _values(scan: Scan, figures: dict[str, dict[str, Any]]) -> None:
    """All values of columns with few of them, the frequent ones of the sample of others."""
    shown = [column for column in scan.columns if column.sort != "other"]
    few = [column for column in shown if figures[column.alias]["distinct"] <= FEW * 0.9]
    exact = _top(scan, few, SOURCE, FEW)
    rough = _top(scan, [column for column in shown if column not in few], "sample", TOP)
    for column in few:
        found = exact.get(column.alias, [])
        figures[column.alias].update(
            top=tuple(found), top_exact=True, distinct=len(found), distinct_exact=len(found) < FEW
        )
    for alias, found in rough.items():
        figures[alias]["top"] = tuple((value, count) for value, count in found if count > 1)


def _top(scan: Scan, columns: Iterable[Column], source: str, most: int) -> dict[str, list[tuple[str, int]]]:
    """The most frequent values of columns, each as text, in one statement."""
    parts = [
        f"(SELECT '{column.alias}' AS c, {column.alias}::VARCHAR AS v, count(*) AS n FROM {source} "
        f"WHERE {column.alias} IS NOT NULL GROUP BY ALL ORDER BY n DESC, v LIMIT {most})"
        for column in columns
    ]
    found: dict[str, list[tuple[str, int]]] = {}
    for alias, value, count in scan.query(" UNION ALL ".join(parts)) if parts else []:
        found.setdefault(alias, []).append((value[:200], count))
    return {alias: sorted(values, key=lambda each: (-each[1], each[0])) for alias, values in found.items()}


def _histograms(scan: Scan, figures: dict[str, dict[str, Any]]) -> None:
    """Equal steps between the first and the last hundredth, the rest beyond the last edge."""
    edges: dict[str, list[Any]] = {}
    for column in scan.columns:
        found = dict(figures[column.alias]["quantiles"])
        low, high = found.get(0.01), found.get(0.99)
        if column.sort in _ORDERED and low is not None and high is not None and low < high:
            edges[column.alias] = _steps(low, high, column.sort)
    asked = {
        (alias, "histogram"): f"histogram({alias}, [{', '.join(_edge(edge) for edge in found)}])"
        for alias, found in edges.items()
    }
    for (alias, _), counts in _select(scan, asked).items():
        inner = [(_json(edge), counts.get(edge, 0)) for edge in sorted(edge for edge in counts if _inner(edge))]
        beyond = sum(count for edge, count in counts.items() if not _inner(edge))
        figures[alias]["histogram"] = (*inner, (None, beyond))


def _steps(low: Any, high: Any, sort: str) -> list[Any]:
    if sort in {"date", "datetime"}:
        first, last = dt.datetime.fromisoformat(low), dt.datetime.fromisoformat(high)
        steps = [first + (last - first) * at / _BINS for at in range(1, _BINS + 1)]
        return sorted({step.date() if sort == "date" else step for step in steps})
    numbers = [low + (high - low) * at / _BINS for at in range(1, _BINS + 1)]
    return sorted({math.ceil(number) if sort == "integer" else number for number in numbers})


def _edge(edge: Any) -> str:
    if isinstance(edge, dt.datetime):
        return f"TIMESTAMP '{edge.isoformat(sep=' ')}'"
    return f"DATE '{edge.isoformat()}'" if isinstance(edge, dt.date) else repr(edge)


def _inner(edge: Any) -> bool:
    """DuckDB names what lies beyond the last edge by the highest value of the type."""
    if isinstance(edge, dt.date):
        return edge.year < 9999
    return bool(math.isfinite(edge) and abs(edge) < 2**63 - 1)


def _keys(
    scan: Scan, figures: dict[str, dict[str, Any]], sampled: int
) -> tuple[int, tuple[tuple[str, ...], ...], Gaps | None]:
    """Exact distinct values of what may be a key, the rows which repeat an earlier one in every column, candidate
    keys, and which columns are empty together."""
    asked: dict[tuple[str, str], str] = {}
    for column in scan.columns:
        found, filled = figures[column.alias], scan.rows - figures[column.alias]["nulls"]
        likely = column.sort in {"text", "integer"} and found["distinct"] >= filled * _KEY_SHARE * 0.95
        if likely and filled and not found["distinct_exact"] and len(asked) < _KEYS:
            asked[column.alias, "distinct"] = (
                f"count(DISTINCT hash({column.alias})) FILTER ({column.alias} IS NOT NULL)"
            )
    every = ", ".join(column.alias for column in scan.columns)
    if scan.columns:
        asked["", "rows"] = f"count(DISTINCT hash({every}))"
    pairs = _likely_pairs(scan, figures, sampled)
    for at, (first, second) in enumerate(pairs):
        asked["", f"pair {at}"] = f"count(DISTINCT hash({first.alias}, {second.alias}))"
    gapped = profile_missing.with_gaps(scan.columns, {key: one["nulls"] for key, one in figures.items()}, scan.rows)
    if patterns_ := profile_missing.asked(gapped):
        asked["", "gaps"] = patterns_
    counted = _select(scan, asked)
    for (alias, _), value in counted.items():
        if alias:
            figures[alias].update(distinct=value, distinct_exact=True)
    singles = [(column.name,) for column in scan.columns if scan.rows and _is_key(scan, figures[column.alias])]
    doubles = [
        (first.name, second.name)
        for at, (first, second) in enumerate(pairs)
        if counted["", f"pair {at}"] == scan.rows and not {(first.name,), (second.name,)} & set(singles)
    ]
    gaps = profile_missing.read(gapped, counted["", "gaps"], scan.rows) if ("", "gaps") in counted else None
    return scan.rows - counted.get(("", "rows"), scan.rows), (*singles, *doubles), gaps


def _is_key(scan: Scan, found: Mapping[str, Any]) -> bool:
    return bool(found["distinct_exact"] and found["distinct"] == scan.rows and not found["nulls"])


def _likely_pairs(scan: Scan, figures: Mapping[str, Mapping[str, Any]], sampled: int) -> list[tuple[Column, Column]]:
    """Pairs that may be a key where no column alone seems to be one: of full columns."""
    if any(found["distinct"] >= scan.rows * _KEY_SHARE and not found["nulls"] for found in figures.values()):
        return []
    distinct = {alias: found["distinct"] for alias, found in figures.items()}
    full = [
        column
        for column in scan.columns
        if column.sort in {"text", "integer", "date", "datetime"}
        and not figures[column.alias]["nulls"]
        and 1 < distinct[column.alias] < scan.rows * _KEY_SHARE * 0.95
    ]
    return profile_missing.likely_keys(scan, full, distinct, sampled)


def _json(value: Any) -> Any:
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_json(each) for each in value)
    return value
