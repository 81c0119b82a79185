"""What it costs to take over another platform's catalogue, and to read it again when nothing in it has changed.

    python -m benchmarks.harvest                           # a list of 100,000 records, first and again
    python -m benchmarks.harvest --records 2e4 --seed shanghai_shanghai

The records are real ones of a platform's list, repeated with another title and address each time. They go the way of
`tiaoxi catalog import`, each turn in a process of its own, into SQLite in the folder of temporary files. Memory is what
the process holds at its peak, beside what it held when it was ready to begin; the index of search isn't part of it.
"""

import argparse
import gzip
import json
import multiprocessing
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from open_portal.cli import catalogues
from open_portal.cli.setting_up import ready_kit

CATALOGUES = Path(__file__).parents[1] / "tests" / "data" / "catalogues"
TITLES = ("资源名称", "标题", "数据集名称", "目录名称")
ADDRESS = "详情页网址"
MIB = 1024
"""Kibibytes, in which the system counts, of a mebibyte."""


def main() -> None:
    """Make the list, then take it over twice."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--records", type=lambda text: int(float(text)), default=100_000)
    asked.add_argument("--seed", default="zhejiang_hangzhou", help="file of tests/data/catalogues")
    chosen = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue.json.gz"
        size = make(path, chosen.seed, chosen.records)
        print(f"{chosen.records:,} records like those of {chosen.seed}, {size / 1e6:.0f} MB of JSON\n")
        print("| turn | created | unchanged | CPU s | records a CPU s | ready, MB | peak, MB | more by, MB |")
        print("|---|---:|---:|---:|---:|---:|---:|---:|")
        for turn in ("first", "again"):
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                told = pool.apply(take_over, (str(Path(folder) / "home"), str(path)))
            pace = told["read"] / told["cpu"]
            print(
                f"| {turn} | {told['created']:,} | {told['unchanged']:,} | {told['cpu']:.1f} | {pace:,.0f} "
                f"| {told['before']:.0f} | {told['peak']:.0f} | {told['peak'] - told['before']:.0f} |",
                flush=True,
            )


def make(path: Path, seed: str, wanted: int) -> int:
    """Write a list of so many records, none like another; its size in bytes unpacked."""
    records = json.loads(gzip.decompress((CATALOGUES / f"{seed}.json.gz").read_bytes()).decode("utf-8-sig"))
    title = next(name for name in TITLES if name in records[0])
    made = [
        record | {title: f"{record[title]}（{number}）", ADDRESS: f"{record.get(ADDRESS, '')}#{number}"}
        for number in range(wanted)
        for record in (records[number % len(records)],)
    ]
    text = json.dumps(made, ensure_ascii=False).encode()
    path.write_bytes(gzip.compress(text, compresslevel=1))
    return len(text)


def take_over(home: str, path: str) -> dict[str, Any]:
    """Import once in this process: the counts, the processor's seconds, the memory before and at the peak in MiB."""
    os.environ["TIAOXI_HOME"] = home
    kit = ready_kit()
    before, began = peak(), time.process_time()
    tally = catalogues.take_over(kit, catalogues.Asked(path, "catalogue"))
    cpu = time.process_time() - began
    kit.database.close()
    counts = {name: getattr(tally, name) for name in catalogues.COUNTS}
    return {**counts, "cpu": cpu, "before": before, "peak": peak()}


def peak() -> float:
    """The most memory that this process has held so far, in MiB."""
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return int(told.partition("VmHWM:")[2].split()[0]) / MIB


if __name__ == "__main__":
    main()
