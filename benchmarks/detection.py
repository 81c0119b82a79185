"""How many wrong cells of dirty tables the proposed rules find, and how many right ones they call wrong.

    python -m benchmarks.detection FOLDER [--also TABLE.csv ...]

FOLDER holds, at any depth (also inside .tar.xz), folders with `dirty.csv` and `clean.csv` of the same shape, perhaps
`error_types.csv` with a code for each cell. Tables which share a folder of three or more are one data set. `--also`
names clean tables: each is dirtied here with known errors of four kinds, and is looked at as it is for false alarms.

What counts as an error: a cell whose two values differ. Not an error is

- a difference in how the same value is written: spaces around it, 1 and 1.0, 2.5E3 and 2500;
- empty against empty: nothing, N/A, NA, NaN, null, none, -1, or signs without any letter or digit;
- a column that was reformatted as a whole: more than nine of ten filled cells differ.
"""

import argparse
import csv
import random
import re
import sys
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import dirtying
from quality import checks, reading
from quality.engines import cells
from quality.reading import Asked

Table = list[list[str]]
_EMPTY = {"", "n/a", "na", "nan", "null", "none", "-1"}
_REFORMATTED = 0.9
_GROUP = 3


@dataclass
class Score:
    """Cells looked at, wrong ones by kind, flagged ones, and the wrong ones among them by kind."""

    tables: int = 0
    cells: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    flagged: int = 0
    found: Counter[str] = field(default_factory=Counter)
    clean_flagged: int = 0
    clean_cells: int = 0

    def line(self, name: str) -> str:
        """The score as a row of a Markdown table."""
        errors, right = self.wrong.total(), self.found.total()
        precision = right / self.flagged if self.flagged else 0.0
        recall = right / errors if errors else 0.0
        both = 2 * precision * recall / (precision + recall) if right else 0.0
        kinds = ", ".join(f"{kind} {self.found[kind]}/{count}" for kind, count in sorted(self.wrong.items()))
        return (
            f"| {name} | {self.tables} | {self.cells:,} | {errors:,} | {self.flagged:,} | {precision:.3f} "
            f"| {recall:.3f} | {both:.3f} | {kinds} | {self.clean_flagged} of {self.clean_cells:,} |"
        )


HEADING = (
    "| data set | tables | cells | errors | flagged | precision | recall | F1 | found by kind "
    "| flagged in clean tables |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|---|---:|"
)


def flagged(path: Path) -> set[tuple[int, int]]:
    """The cells which `tiaoxi quality check --cells` writes for a file: (row from 1, column from 0)."""
    now = datetime.now(UTC)  # noqa: TID251 - a benchmark starts its own clock
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        read = reading.read(path, path.name, folder, now, items=())
        if isinstance(read, Asked):
            raise TypeError(f"{path} is not plainly a table")
        ledger = folder / "ledger.parquet"
        checks.judge(read.table, read.rules, now, rows=read.intake.rows_loaded, ledger=ledger)
        rows = cells.numbers(path, path.name, read.intake, read.refused, folder)
        text = StringIO()
        cells.write(text, read.rules, ledger, rows)
    text.seek(0)
    places = {column.name: at for at, column in enumerate(read.intake.columns)}
    return {(int(line["row"]), places[line["column"]]) for line in csv.DictReader(text)}


def rows_of(path: Path) -> Table:
    """The rows of a CSV file below its heading, as wide as it; empty lines are none."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        heading, *rows = [row for row in csv.reader(file) if row]
    return [(row + [""] * len(heading))[: len(heading)] for row in rows]


def meant(value: str) -> str:
    """A value freed of how it is written; "" for what stands for nothing."""
    bare = value.strip()
    if bare.casefold() in _EMPTY or not re.search(r"\w", bare):
        return ""
    try:
        return repr(float(bare))
    except ValueError:
        return bare


def errors(dirty: Table, clean: Table) -> set[tuple[int, int]]:
    """The wrong cells: (row from 1, column from 0)."""
    found: set[tuple[int, int]] = set()
    for column in range(len(clean[0])):
        pairs = [(meant(one[column]), meant(other[column])) for one, other in zip(dirty, clean, strict=True)]
        differing = {at for at, (one, other) in enumerate(pairs, 1) if one != other}
        filled = sum(1 for one, other in pairs if one or other)
        if len(differing) <= _REFORMATTED * filled:
            found |= {(row, column) for row in differing}
    return found


def measure(score: Score, dirty: Path, clean: Path, kinds: Mapping[tuple[int, int], str] | str) -> None:
    """Adds one table to a score, dirty and clean."""
    right = rows_of(clean)
    wrong = errors(rows_of(dirty), right)
    known = dict.fromkeys(wrong, kinds) if isinstance(kinds, str) else kinds
    seen = flagged(dirty)
    score.tables += 1
    score.cells += len(right) * len(right[0])
    score.wrong.update(known.get(cell, "other") for cell in wrong)
    score.flagged += len(seen)
    score.found.update(known.get(cell, "other") for cell in wrong & seen)
    score.clean_flagged += len(flagged(clean))
    score.clean_cells += len(right) * len(right[0])


def data_sets(folder: Path, scratch: Path) -> Iterator[tuple[str, Path]]:
    """(name of the data set, folder of a table) for all tables below a folder."""
    for archive in sorted(folder.rglob("*.tar.xz")):
        with tarfile.open(archive) as packed:
            packed.extractall(scratch / archive.stem, filter="data")
    tables = sorted(path.parent for root in (folder, scratch) for path in root.rglob("dirty.csv"))
    beside = Counter(table.parent for table in tables)
    for table in tables:
        grouped = beside[table.parent] >= _GROUP
        yield (table.parent.name if grouped else table.name), table


def kinds_of(table: Path, name: str) -> Mapping[tuple[int, int], str] | str:
    """The kind of error of each cell as the data set says it, else the data set's own name."""
    types = table / "error_types.csv"
    if not types.exists():
        return name.rpartition("_")[2]
    return {(row, at): kind for row, line in enumerate(rows_of(types), 1) for at, kind in enumerate(line)}


def main(arguments: Sequence[str]) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--also", type=Path, nargs="*", default=[])
    asked = parser.parse_args(arguments)
    scores: dict[str, Score] = defaultdict(Score)
    with TemporaryDirectory() as scratch:
        if asked.folder:
            for name, table in data_sets(asked.folder, Path(scratch)):
                measure(scores[name], table / "dirty.csv", table / "clean.csv", kinds_of(table, name))
        _held_out(scores, asked.also, Path(scratch))
    print(HEADING)
    for name, score in scores.items():
        print(score.line(name))


def _held_out(scores: dict[str, Score], tables: Iterable[Path], scratch: Path) -> None:
    """Dirties clean tables, each with its own seed."""
    for at, table in enumerate(tables):
        folder = scratch / f"also-{at}"
        folder.mkdir()
        kinds = dirtying.dirty(table, folder, random.Random(at))  # noqa: S311 - errors to be found, no secrets
        measure(scores["dirtied here"], folder / "dirty.csv", folder / "clean.csv", kinds)


if __name__ == "__main__":
    main(sys.argv[1:])
