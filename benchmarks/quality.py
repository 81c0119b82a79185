"""How fast and how small the engines are, side by side, as a table in Markdown.

    python -m benchmarks.quality [--rows 100 1e5 1e6] [--engines ours pandas library floor] [--repeat 3]
    python -m benchmarks.quality --growth            # with rows, columns and expectations
    python -m benchmarks.quality --small             # many tables of 100 rows, one after the other

Makes (once, in the folder of temporary files) a synthetic register of enterprises with seeded defects and judges it
by twenty-five rules. Every measurement has a process of its own, so that peaks don't mix; the engines take turns, and
medians are told. Seconds are those of the validation alone. Ratios are what counts: absolute times are the machine's.
Spark runs where `--spark PYTHON` says, which `make test-spark` makes.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import engines, register
from benchmarks.engines import Spent

ROOT = Path(__file__).resolve().parents[1]
SPARK = ROOT / ".venv-spark" / "bin" / "python"
ROWS = [100, 100_000, 1_000_000, 5_000_000, 20_000_000]
LIMITS = {20_000_000: "400MB"}
"""What DuckDB may use, where it is less than a gigabyte."""
LARGEST = {"pandas": 5_000_000, "spark": 5_000_000}
"""Beyond that the machine would be too small, or the wait too long."""


def table(rows: int, columns: int = len(register.COLUMNS)) -> Path:
    """A register of so many rows, made once; beyond twelve, columns are repeated under other names."""
    path = Path(tempfile.gettempdir()) / f"tiaoxi-register-{rows}-{columns}.parquet"
    if not path.exists():
        unfinished = path.with_suffix(".part")
        register.write(unfinished, rows)
        if columns > len(register.COLUMNS):
            _widen(unfinished, columns)
        unfinished.replace(path)
    return path


def _widen(path: Path, columns: int) -> None:
    whole = pq.read_table(path)
    more = [(f"{name}_{at}", whole[name]) for at in range(columns) for name in register.COLUMNS]
    for name, values in more[: columns - whole.num_columns]:
        whole = whole.append_column(pa.field(name, values.type), values)
    pq.write_table(whole, path, compression="zstd", row_group_size=register.GROUP)


def child(engine: str, path: Path, memory: str, repeat: int, rules: int, python: Path) -> Spent:
    """One measurement in a fresh process."""
    order = [str(python), "-m", "benchmarks.quality", "--measure", engine, "--file", str(path), str(table(100))]
    order += ["--memory", memory, "--repeat", str(repeat), "--rules", str(rules)]
    done = subprocess.run(order, check=True, capture_output=True, text=True, cwd=ROOT)  # noqa: S603
    return Spent(**json.loads(done.stdout.splitlines()[-1]))


def compare(rows: list[int], names: list[str], repeat: int, memory: str | None, spark: Path) -> None:
    """The table of all engines over all sizes, with ratios to ours; the engines take turns."""
    print(f"\n{len(engines.rules())} rules, {len(register.COLUMNS)} columns; {_machine()}\n")
    print("| rows | engine | validation s | CPU s | peak MB | s, times ours | peak, times ours | counts |")
    print("|---:|---|---:|---:|---:|---:|---:|---|")
    for size in rows:
        path, limit = table(size), memory or LIMITS.get(size, "1GB")
        chosen = [one for one in names if size <= LARGEST.get(one, size) and (one != "spark" or spark.exists())]
        found: dict[str, list[Spent]] = {name: [] for name in chosen}
        for _ in range(repeat):
            for name in chosen:
                # what is over in no time is measured a few times in one process
                times = 12 if size <= 1000 and name != "spark" else 1
                found[name].append(child(name, path, limit, times, 25, spark if name == "spark" else _own()))
        middle = {name: _middle(spent) for name, spent in found.items()}
        _lines(size, limit, middle)


def _middle(spent: list[Spent]) -> Spent:
    return Spent(
        *(statistics.median(getattr(one, name) for one in spent) for name in ("seconds", "whole", "cpu", "peak_mb")),
        found=spent[-1].found,
    )


def _lines(size: int, limit: str, found: dict[str, Spent]) -> None:
    mine = found.get("ours") or next(iter(found.values()))
    for name, one in found.items():
        differ = [rule for rule, counts in one.found.items() if counts != mine.found.get(rule)]
        counts = "–" if not one.found else "equal" if not differ else f"differ: {', '.join(differ)}"
        ratio, peak = one.seconds / mine.seconds, one.peak_mb / mine.peak_mb
        label = f"{name} ({limit})" if name not in {"pandas", "spark"} else name
        print(
            f"| {size:,} | {label} | {one.seconds:.2f} | {one.cpu:.2f} | {one.peak_mb:,.0f} | {ratio:.2f} "
            f"| {peak:.2f} | {counts} |",
            flush=True,
        )


def growth(repeat: int, memory: str) -> None:
    """How the cost of ours grows with rows, with columns and with expectations."""
    print(f"\nours; {_machine()}\n\n| rows | columns | expectations | validation s | CPU s | peak MB |")
    print("|---:|---:|---:|---:|---:|---:|")
    wide = len(register.COLUMNS)
    shapes = [(size, wide, 25) for size in (250_000, 500_000, 1_000_000)]
    shapes += [(250_000, columns, 25) for columns in (2 * wide, 4 * wide)]
    shapes += [(250_000, wide, rules) for rules in (50, 100, 200)]
    for size, columns, rules in shapes:
        path = table(size, columns)
        one = _middle([child("ours", path, memory, 1, rules, _own()) for _ in range(repeat)])
        print(
            f"| {size:,} | {columns} | {rules} | {one.seconds:.2f} | {one.cpu:.2f} | {one.peak_mb:,.0f} |", flush=True
        )


def small(seconds: float) -> None:
    """How many tables of 100 rows one process judges in a minute, with a new connection each."""
    from quality.engines import expectations  # noqa: PLC0415 - only this needs the library in this process

    path, rules = table(100), engines.rules()
    expectations.run(path, rules, parameters={"today": engines.TODAY})
    began, spent, done = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < seconds:
        expectations.run(path, rules, parameters={"today": engines.TODAY})
        done += 1
    wall, cpu = time.perf_counter() - began, time.process_time() - spent
    print(f"\n{_machine()}\n\n| tables of 100 rows, {len(rules)} rules each | a minute | a minute of CPU |")
    print("|---|---:|---:|")
    print(f"| {done} | {done / wall * 60:.0f} | {done / cpu * 60:.0f} |")


def _own() -> Path:
    return Path(sys.executable)


def _machine() -> str:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{os.cpu_count()} cores, load before: {load}"


def main() -> None:
    """Reads the arguments; see the top of the file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", nargs="+", type=float, default=ROWS)
    parser.add_argument("--engines", nargs="+", choices=engines.ENGINES, default=list(engines.ENGINES))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--memory", help="what DuckDB may use; by default 1GB, and 400MB for 20 million rows")
    parser.add_argument("--spark", type=Path, default=SPARK, help="the Python which has Spark")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--small", nargs="?", type=float, const=30.0, metavar="SECONDS")
    parser.add_argument("--measure", choices=engines.ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--rules", type=int, default=25, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        spent = engines.measure(given.measure, *given.file, given.memory or "1GB", given.repeat, given.rules)
        print(json.dumps(asdict(spent)))
    elif given.growth:
        growth(given.repeat, given.memory or "1GB")
    elif given.small:
        small(given.small)
    else:
        compare([int(one) for one in given.rows], given.engines, given.repeat, given.memory, given.spark)


if __name__ == "__main__":
    main()
