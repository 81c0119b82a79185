#!/usr/bin/env python3
"""Measure the demonstration files and write the numbers between the two markers of SOURCES.md."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

from demo import references

HERE = Path(__file__).resolve().parent
BEGIN, END = "<!-- numbers -->\n", "<!-- end of numbers -->"


def entries() -> list[dict[str, Any]]:
    """Return the entries of datasets.toml."""
    rows: list[dict[str, Any]] = tomllib.loads((HERE / "datasets.toml").read_text(encoding="utf-8"))["dataset"]
    return rows


def entry_rows(key: str) -> list[references.Record]:
    """Return the rows of one entry's file."""
    return references.table(next(entry for entry in entries() if entry["key"] == key))


def shapes() -> dict[str, tuple[int, int]]:
    """Return how many records and columns each of our files has, as its own format counts them."""
    found = {entry["file"]: references.shape(references.table(entry)) for entry in entries()}
    for path in HERE.glob("catalogues/*"):
        records = json.loads(gzip.decompress(path.read_bytes()))
        found[path.relative_to(HERE).as_posix()] = len(records), len(records[0])
    return found


def measure() -> str:
    """Return the table of numbers: a line a file with records, columns, bytes, start of its SHA-256."""
    lines = ["| file | records | columns | bytes | sha256 |", "|---|---:|---:|---:|---|"]
    total, counted = 0, shapes()
    for path in sorted((*HERE.glob("files/*"), *HERE.glob("catalogues/*"))):
        raw = path.read_bytes()
        name = path.relative_to(HERE).as_posix()
        records, columns = counted[name]
        digest = hashlib.sha256(raw).hexdigest()[:16]
        lines.append(f"| `{name}` | {records:,} | {columns} | {len(raw):,} | `{digest}` |")
        total += len(raw)
    lines.append(f"| all | | | {total:,} | |")
    return "\n".join(lines) + "\n"


def rows_of(name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file in UTF-8 as text by heading."""
    return list(csv.DictReader(io.StringIO((HERE / "files" / name).read_text(encoding="utf-8"))))


def faults() -> str:
    """Return the real faults that were left in the files, counted now, as a Markdown list."""
    totals = rows_of("hangzhou_housing_totals.csv")
    bare = sum(not any(list(row.values())[1:]) for row in totals)
    unsold = sum(not row["可售套数"] for row in totals)
    schools = rows_of("hangzhou_schools.csv")
    odd = sum(re.fullmatch("[0-9]{13}", row["学校代码"]) is None for row in schools)
    falls = sum(
        int(after["累计确诊"]) < int(before["累计确诊"])
        for before, after in pairwise(rows_of("huzhou_covid_daily.csv"))
    )
    air = rows_of("air_hourly_dongsi.csv")
    gaps = sum(value == "" for row in air for value in row.values())
    centres = rows_of("huzhou_county_centres.csv")
    vertices, repeated = (sum(int(row[key]) for row in centres) for key in ("顶点数", "重复顶点数"))
    days = len({row["日期"] for row in rows_of("hangzhou_housing_2023h1.csv")})
    report = entry_rows("tainan-dengue-report")
    nameless = sum(row["區別"] is None for row in report)
    ledger = [str(row["任务流水号"]) for row in entry_rows("huzhou-collection-ledger")]
    return "\n".join(
        (
            (
                f"- `hangzhou_housing_totals.csv`: {bare:,} of {len(totals):,} rows hold only the date;"
                f" {unsold:,} lack the dwellings for sale."
            ),
            f"- `hangzhou_housing_2023h1.csv`: {days} of the 181 days of the half-year are there.",
            f"- `hangzhou_schools.csv`: {odd} of {len(schools)} codes are not 13 digits.",
            f"- `huzhou_covid_daily.csv`: the cumulative count falls {falls} time(s).",
            f"- `air_hourly_dongsi.csv`: {gaps:,} of {len(air) * len(air[0]):,} cells are empty.",
            f"- `huzhou_counties.geojson`: {repeated:,} of {vertices:,} vertices repeat the one before.",
            f"- `tainan_dengue_report.xls`: {nameless} of {len(report)} villages lack their district.",
            (
                f"- `huzhou_collection_ledger_bureau.xlsx`: of {len(ledger)} serial numbers {len(set(ledger))} are left"
                " different; the formulas were never computed."
            ),
            "",
        )
    )


def write_numbers(page: Path) -> None:
    """Replace what stands between the two markers of the page by the numbers measured now."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    page.write_text(
        before + BEGIN + measure() + "\nFaults left in on purpose:\n\n" + faults() + END + rest.split(END)[1],
        encoding="utf-8",
    )


if __name__ == "__main__":
    write_numbers(HERE / "SOURCES.md")
