"""How fast and how small the scan engine is, beside Great Expectations on pandas and a statement written by
hand.

    python -m benchmarks.quality [ROWS] [--repeat N] [--memory 1GB] [--skip-pandas] [--fixed]

Makes (once) a synthetic enterprise register of ROWS rows and twelve columns with seeded defects, judges it by
25 rules with every engine in turn, each in a process of its own, and prints medians and ratios. `--fixed` times
100 rows instead, where only the fixed cost of a run counts. Ratios are what counts: absolute times are the
machine's.
"""

import argparse
import datetime as dt
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
from duckdb.func import ARROW, SPECIAL

from benchmarks import register
from quality import check_digits, patterns
from quality.rules import Rule

ROOT = Path(__file__).resolve().parents[1]
TODAY = dt.date(2026, 11, 23)
USCC, MOBILE = patterns.PATTERNS["uscc"].regex, patterns.PATTERNS["mobile"].regex
DISTRICTS = ["330502", "330503", "330521", "330522", "330523"]
INDUSTRIES = [chr(65 + at) for at in range(20)]
STATES = ["存续", "注销", "吊销", "迁出"]


def rules() -> list[Rule]:
    """Twenty-five rules of every kind which the first releases know."""
    made: list[tuple[Any, ...]] = [
        ("row_count", (), {"min": 1, "max": 100_000_000}),
        ("columns_match", tuple(register.COLUMNS), {"exact": True}),
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
    return [
        Rule(f"r{at}", one[0], one[1], one[2], mostly=one[3] if len(one) > 3 else 1.0) for at, one in enumerate(made)
    ]


def by_hand(path: Path, memory: str) -> None:
    """The floor: one statement with counts only, keys by hash alone, the check digit as the same function."""
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
    connection.execute(f"SELECT count(*), {counts}, avg(reg_capital), max(update_time), {repeated} FROM {source}")
    connection.fetchall()
    connection.close()


def as_the_library_does(path: Path, memory: str) -> None:
    """Great Expectations' own SQL engine on the same dialect and functions, one query after the other."""
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine  # noqa: PLC0415

    from quality import engine, expectations  # noqa: PLC0415

    engine.ParquetScanEngine.resolve_metrics = SqlAlchemyExecutionEngine.resolve_metrics  # type: ignore[method-assign]
    expectations._samples = lambda _: ()  # type: ignore[assignment]  # noqa: SLF001
    with_engine("duckdb", path, memory)


def with_engine(name: str, path: Path, memory: str) -> dict[str, Any]:
    """One run of the rules; counts by rule."""
    from quality import expectations  # noqa: PLC0415

    run = expectations.run(path, rules(), engine=name, memory_limit=memory, parameters={"today": TODAY})
    return {one.rule_id: [one.evaluated, one.unexpected, one.error] for one in run.results}


def measure(engine: str, path: Path, memory: str, repeat: int) -> dict[str, Any]:
    """Median seconds, CPU seconds and the peak memory of this process, first run left out when there are more."""
    if engine not in {"hand"}:
        from quality import expectations  # noqa: F401, PLC0415
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    seconds, work, found = [], [], {}
    for _ in range(repeat):
        began, spent = time.perf_counter(), sum(os.times()[:2])
        if engine == "hand":
            by_hand(path, memory)
        elif engine == "library":
            as_the_library_does(path, memory)
        else:
            found = with_engine(engine, path, memory)
        seconds.append(time.perf_counter() - began)
        work.append(sum(os.times()[:2]) - spent)
    return {
        "seconds": statistics.median(seconds[1:] or seconds),
        "cpu": statistics.median(work[1:] or work),
        "before_mb": before,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "found": found,
    }


def child(engine: str, path: Path, memory: str, repeat: int) -> dict[str, Any]:
    """`measure` in a fresh process, so that peaks don't mix."""
    order = [
        sys.executable,
        "-m",
        "benchmarks.quality",
        "--engine",
        engine,
        "--file",
        str(path),
        "--memory",
        memory,
        "--repeat",
        str(repeat),
    ]
    done = subprocess.run(order, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)  # noqa: S603
    return dict(json.loads(done.stdout.splitlines()[-1]))


def compare(path: Path, rows: int, *, memory: str, repeat: int, engines: list[str]) -> None:
    """Runs the engines in turn and prints the table of ratios."""
    found = {engine: child(engine, path, memory, 1 if engine == "pandas" else repeat) for engine in engines}
    mine = found["duckdb"]
    print(f"{rows:,} rows, {len(rules())} rules, memory limit {memory}; medians of {repeat} (pandas once)")
    print(f"{'engine':<10}{'seconds':>9}{'cpu':>8}{'peak MB':>9}{'x ours':>8}{'peak x':>8}")
    for engine, one in found.items():
        ratio, peak = one["seconds"] / mine["seconds"], one["peak_mb"] / mine["peak_mb"]
        print(f"{engine:<10}{one['seconds']:>9.2f}{one['cpu']:>8.2f}{one['peak_mb']:>9}{ratio:>8.2f}{peak:>8.2f}")
    if "pandas" in found:
        judge = found["pandas"]["found"]
        differ = [name for name, counts in mine["found"].items() if counts != judge[name] and name != "r20"]
        print("counts equal to pandas" if not differ else f"counts differ: {differ}")


def main() -> None:
    """Reads the arguments; see the top of the file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", nargs="?", type=float, default=1e6)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--memory", default="1GB")
    parser.add_argument("--skip-pandas", action="store_true")
    parser.add_argument("--fixed", action="store_true")
    parser.add_argument("--engine")
    parser.add_argument("--file", type=Path)
    given = parser.parse_args()
    if given.engine:
        print(json.dumps(measure(given.engine, given.file, given.memory, given.repeat)))
        return
    rows = 100 if given.fixed else int(given.rows)
    path = Path(tempfile.gettempdir()) / f"tiaoxi-register-{rows}.parquet"
    if not path.exists():
        register.write(path, rows)
    engines = ["duckdb", "library", "hand"] + ([] if given.skip_pandas else ["pandas"])
    compare(path, rows, memory=given.memory, repeat=10 if given.fixed else given.repeat, engines=engines)


if __name__ == "__main__":
    main()
