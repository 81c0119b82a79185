"""How fast, and in how much memory, a delimited file is read, typed, written and profiled.

    python -m benchmarks.intake [MB] [--quoted] [--encoding utf-8] [--ragged SHARE] [--file FILE | --keep FILE]

Makes a file of MB megabytes with seven columns as bureaus have them (credit code, name, phone, district, status,
capital, day; about ten million rows in a gigabyte), or takes one; then reads and profiles it in a process of its
own, as the worker does. `--quoted` encloses every cell, `--ragged` breaks this share of the rows. Beside the wall
clock stand the seconds of processor time, which other work on the machine hardly changes, and the peak of the
process up to then.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from benchmarks import register

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = ["uscc", "ent_name", "phone", "district", "status", "reg_capital", "found_date"]
HEADINGS = ["统一社会信用代码", "企业名称", "联系电话", "行政区划", "经营状态", "注册资本", "成立日期"]
CHUNK = 1_000_000


def make(path: Path, megabytes: int, *, quoted: bool, encoding: str, ragged: float) -> None:
    """Write a file of about so many megabytes; every million rows are the same million."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        source = Path(folder) / "register.parquet"
        register.write(source, CHUNK)
        table = pq.read_table(source, columns=COLUMNS).rename_columns(HEADINGS)
    names = pc.if_else(pc.is_valid(table[1]), table[1], "")
    table = table.set_column(1, HEADINGS[1], names)
    style = "all_valid" if quoted else "none"
    options = csv.WriteOptions(include_header=False, quoting_style=style)
    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink, options)
    rows = sink.getvalue().to_pybytes()
    if ragged:
        lines = rows.split(b"\n")
        every = int(1 / ragged)
        lines[::every] = [line + b",1" for line in lines[::every]]
        rows = b"\n".join(lines)
    rows = rows if encoding == "utf-8" else rows.decode().encode(encoding)
    with path.open("wb") as file:
        file.write((",".join(HEADINGS) + "\n").encode(encoding))
        while file.tell() < megabytes * 1_000_000:
            left = megabytes * 1_000_000 - file.tell()
            file.write(rows if left >= len(rows) else rows[: rows.index(b"\n", left - 1) + 1])


def read(path: Path, folder: Path) -> dict[str, Any]:
    """Read, type and write."""
    from catalog import reading_files  # noqa: PLC0415 each step loads what it needs, so that peaks are its own

    out, refusals = folder / "table.parquet", folder / "refused.jsonl"
    account = reading_files.read_table(path, path.name, items=None, out=out, refusals=refusals)
    return {"rows": account.rows_read, "refused": account.rows_refused}


def profile(folder: Path, memory: str) -> dict[str, Any]:
    """Profile what was read."""
    from quality.profiling import profiles  # noqa: PLC0415

    found = profiles.profile(folder / "table.parquet", memory_limit=memory)
    return {"rows": found.rows, "refused": 0}


def measured(path: Path, folder: Path, memory: str) -> list[dict[str, Any]]:
    """Both steps in this process, each with its seconds, processor seconds and the peak so far."""
    found = []
    for name, do in (("read", lambda: read(path, folder)), ("profile", lambda: profile(folder, memory))):
        began, spent = time.perf_counter(), time.process_time()
        one = do()
        took = {"wall": time.perf_counter() - began, "cpu": time.process_time() - spent, "peak": _peak()}
        found.append({"step": name} | one | took)
    return found


def _peak() -> int:
    """The peak of this process alone, in MB; what `getrusage` says begins with that of its parent."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    """Read the arguments; see the top of the file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("megabytes", nargs="?", type=int, default=1000)
    parser.add_argument("--quoted", action="store_true")
    parser.add_argument("--encoding", default="utf-8")
    parser.add_argument("--ragged", type=float, default=0.0)
    parser.add_argument("--memory", default="300MB")
    parser.add_argument("--file", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--keep", type=Path, help="keep the file that is made here")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        print(json.dumps(measured(given.file, given.folder, given.memory)))
        return
    with tempfile.TemporaryDirectory(prefix="tiaoxi-intake-") as folder:
        path = given.file or given.keep or Path(folder) / "register.csv"
        if not given.file:
            make(path, given.megabytes, quoted=given.quoted, encoding=given.encoding, ragged=given.ragged)
        order = [sys.executable, "-m", "benchmarks.intake", "--here", "--file", str(path), "--folder", folder]
        order += ["--memory", given.memory]
        done = subprocess.run(order, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)  # noqa: S603
        steps = json.loads(done.stdout.splitlines()[-1])
        show(path, steps)


def show(path: Path, steps: list[dict[str, Any]]) -> None:
    """Print the table."""
    size = path.stat().st_size / 1e6
    print(f"{path.name}: {size:,.0f} MB, {steps[0]['rows']:,} rows, {steps[0]['refused']:,} refused")
    print(f"{'step':<10}{'seconds':>9}{'cpu s':>9}{'MB/cpu s':>10}{'peak MB':>9}")
    both = {key: sum(one[key] for one in steps) for key in ("wall", "cpu")} | {"peak": steps[-1]["peak"]}
    for one in [*steps, {"step": "both"} | both]:
        rate = size / one["cpu"]
        print(f"{one['step']:<10}{one['wall']:>9.1f}{one['cpu']:>9.1f}{rate:>10.0f}{one['peak']:>9}")


if __name__ == "__main__":
    main()
