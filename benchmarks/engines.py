"""The engines which `benchmarks.quality` compares, each as one function over a file; run in a process of its own.

ours       the product: the scan engine, as the worker runs it
ledger     the same, writing the ledger of rows
pandas     Great Expectations' own engine on a frame, which is read before the clock starts
library    Great Expectations' own SQL engine on DuckDB: our dialect and functions, its metrics one query each
spark      Great Expectations' own engine on Spark, local; the session and the reading before the clock starts
floor      one DuckDB statement written by hand: counts only, keys by hash alone, the check digit as the same function
"""

import datetime as dt
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from duckdb.func import ARROW, SPECIAL

from benchmarks import register
from quality.engines import check_digits, engine_peak
from quality.rules import patterns
from quality.rules.rules import Rule

ENGINES = ("ours", "ledger", "pandas", "library", "spark", "floor")
TODAY = dt.date(2026, 11, 23)
USCC, MOBILE = patterns.PATTERNS["uscc"].regex, patterns.PATTERNS["mobile"].regex
DISTRICTS = ["330502", "330503", "330521", "330522", "330523"]
INDUSTRIES = [chr(65 + at) for at in range(20)]
STATES = ["存续", "注销", "吊销", "迁出"]


@dataclass(frozen=True)
class Spent:
    """What one validation took: seconds of the validation alone, seconds with opening, CPU seconds, MiB at most."""

    seconds: float
    whole: float
    cpu: float
    peak_mb: float
    found: dict[str, list[Any]]


def rules(count: int = 25) -> list[Rule]:
    """The first of twenty-five rules of every kind; beyond those, more ranges and lengths of the same columns."""
    made: list[tuple[Any, ...]] = [
        ("row_count", (), {"min": 1, "max": 100_000_000}),
        ("columns_match", tuple(register.COLUMNS), {"exact": False}),
        ("not_null", ("uscc",), {}),
        ("unique", ("uscc",), {}),
        ("length", ("uscc",), {"min": 18, "max": 18}),
        ("matches_pattern", ("uscc",), {"pattern": "uscc"}),
        ("check_digits", ("uscc",), {"scheme": "uscc"}, 0.999),
        ("not_null", ("ent_name",), {}, 0.9995),
        ("length", ("ent_name",), {"min": 4, "max": 60}),
        ("lacks_pattern", ("ent_name",), {"regex": patterns.UNTRIMMED}),
        ("not_null", ("phone",), {}, 0.9),
        ("matches_pattern", ("phone",), {"pattern": "mobile"}, 0.98),
        ("in_set", ("district",), {"values": DISTRICTS}),
        ("in_set", ("industry",), {"values": INDUSTRIES}),
        ("in_set", ("status",), {"values": STATES}),
        ("between", ("reg_capital",), {"min": 0, "max": 1e7}, 0.999),
        ("mean", ("reg_capital",), {"min": 10, "max": 1e6}),
        ("in_order", ("paid_capital", "reg_capital"), {}, 0.99),
        ("not_null", ("paid_capital",), {"when": {"column": "status", "values": ["存续"]}}, 0.85),
        ("between", ("found_date",), {"min": "1949-10-01", "max": {"parameter": "today"}}),
        ("type", ("found_date",), {"type": "date"}),
        ("newest", ("update_time",), {"days": 30}),
        ("between", ("lon",), {"min": 119.2, "max": 120.8}, 0.99),
        ("between", ("lat",), {"min": 30.3, "max": 31.3}, 0.99),
        ("unique_together", ("ent_name", "found_date"), {}, 0.9),
    ]
    numbers = ("reg_capital", "paid_capital", "lon", "lat")
    made += [("between", (numbers[at % 4],), {"min": at, "max": 1e7 + at}) for at in range(max(0, count - len(made)))]
    return [
        Rule(f"r{at}", one[0], one[1], one[2], mostly=one[3] if len(one) > 3 else 1.0)
        for at, one in enumerate(made[:count])
    ]


def measure(engine: str, path: Path, warm: Path, memory: str, repeat: int, count: int) -> Spent:
    """Medians of runs in this process, after one over a small table: a worker is warm, too, when a table comes."""
    run = {"floor": lambda: by_hand, "library": _as_the_library_does}.get(engine, lambda: _with(engine))()
    _once(run, warm, memory, count)
    spent = [_once(run, path, memory, count) for _ in range(repeat)]
    return Spent(
        seconds=statistics.median(one.seconds for one in spent),
        whole=statistics.median(one.whole for one in spent),
        cpu=statistics.median(one.cpu for one in spent),
        peak_mb=max(one.peak_mb for one in spent),
        found=spent[-1].found,
    )


_Run = Callable[[Path, str, int], tuple[float, dict[str, list[Any]], float]]


def _once(run: _Run, path: Path, memory: str, count: int) -> Spent:
    began, spent = time.perf_counter(), _cpu()
    with engine_peak.measured() as peak:
        seconds, found, other = run(path, memory, count)
        held = max(peak(), other)
    return Spent(seconds, time.perf_counter() - began, _cpu() - spent, held, found)


def _cpu() -> float:
    """CPU seconds of this process and of those it has started."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = sum(os.times()[:4])
    for one in engine_peak.descendants(os.getpid()):
        try:
            fields = (one / "stat").read_text("ascii").rpartition(")")[2].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) / ticks
    return total


def _with(engine: str) -> _Run:
    """One of the product's engines."""
    from quality.engines import expectations  # noqa: PLC0415 - the floor must not pay for what it doesn't use

    def run(path: Path, memory: str, count: int) -> tuple[float, dict[str, list[Any]], float]:
        with tempfile.TemporaryDirectory() as folder:
            done = expectations.run(
                path,
                rules(count),
                engine={"ours": "duckdb", "ledger": "duckdb"}.get(engine, engine),
                memory_limit=memory,
                parameters={"today": TODAY},
                ledger=Path(folder) / "ledger.parquet" if engine == "ledger" else None,
            )
        found = {one.rule_id: [one.evaluated, one.unexpected, one.error] for one in done.results}
        return done.seconds, found, done.peak_memory_mb

    return run


def _as_the_library_does() -> _Run:
    """The library's own way with its metrics, on our dialect and functions."""
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine  # noqa: PLC0415

    from quality.engines import engine, expectations  # noqa: PLC0415

    engine.ParquetScanEngine.resolve_metrics = SqlAlchemyExecutionEngine.resolve_metrics  # type: ignore[method-assign]
    expectations._samples = lambda _: ()  # type: ignore[assignment]  # noqa: SLF001
    return _with("ours")


def by_hand(path: Path, memory: str, count: int) -> tuple[float, dict[str, list[Any]], float]:  # noqa: ARG001
    """The floor: the twenty-five rules as one statement."""
    connection = duckdb.connect(":memory:", config={"memory_limit": memory, "preserve_insertion_order": False})
    connection.create_function(
        "check_uscc", check_digits.uscc, ["VARCHAR"], "BOOLEAN", type=ARROW, null_handling=SPECIAL
    )
    broken = [
        "uscc IS NULL",
        "length(uscc) <> 18",
        f"NOT regexp_matches(uscc, '{USCC}')",
        "NOT check_uscc(uscc)",
        "ent_name IS NULL",
        "length(ent_name) NOT BETWEEN 4 AND 60",
        f"regexp_matches(ent_name, '{patterns.UNTRIMMED}')",
        "phone IS NULL",
        f"NOT regexp_matches(phone, '{MOBILE}')",
        *(
            f"{name} NOT IN ({', '.join(map(repr, values))})"
            for name, values in (("district", DISTRICTS), ("industry", INDUSTRIES), ("status", STATES))
        ),
        "reg_capital NOT BETWEEN 0 AND 1e7",
        "paid_capital > reg_capital",
        "paid_capital IS NULL AND status = '存续'",
        f"found_date NOT BETWEEN DATE '1949-10-01' AND DATE '{TODAY}'",
        "lon NOT BETWEEN 119.2 AND 120.8",
        "lat NOT BETWEEN 30.3 AND 31.3",
    ]
    counts = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in broken)
    source = f"read_parquet('{path}')"
    keys = [("uscc IS NOT NULL", "uscc"), ("true", "ent_name, found_date")]
    repeated = ", ".join(
        f"(SELECT sum(n) FROM (SELECT count(*) n FROM {source} WHERE {where} GROUP BY hash({key}) HAVING n > 1))"
        for where, key in keys
    )
    began = time.perf_counter()
    connection.execute(f"SELECT count(*), {counts}, avg(reg_capital), max(update_time), {repeated} FROM {source}")
    connection.fetchall()
    seconds = time.perf_counter() - began
    connection.close()
    return seconds, {}, 0.0
