"""What the intake makes of every file in a folder, as a Markdown table.

    python -m benchmarks.survey FOLDER > docs/intake.md

Archives of several files (tar.xz) are refused by the intake; for the survey their tables are taken out and read one
by one.
"""

import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog.reading_files import containers, looking
from catalog.reading_files.intake import read_table
from catalog.reading_files.looking import How
from policies.refusals import Invalid

TABLES = {".csv", ".tsv", ".txt", ".json", ".jsonl", ".geojson", ".xls", ".xlsx", ".ods", ".parquet"}
MOST_MEMBERS = 400
HEAD = """# What the intake makes of real files

Made by `python -m benchmarks.survey FOLDER` over the public files that the platform is developed with. Every row is
accounted for: read = loaded + refused; rows set aside are titles, totals and notes. A file that is no table is refused
with its reason. Where the layout was not plain, the table was read as proposed; in the portal a steward confirms it
first. Tables out of an archive stand under it.

| File | Kind | Encoding | Read | Loaded | Refused | Set aside | Columns | Layout | Outcome |
|---|---|---|--:|--:|--:|--:|--:|---|---|
"""


@dataclass
class Tally:
    """How many files were read, refused, and lost a row."""

    read: int = 0
    refused: int = 0
    rows: int = 0
    wrong: int = 0


def main(folder: Path) -> None:
    """Print the table."""
    tally = Tally()
    print(HEAD, end="")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            print(row(path, path.relative_to(folder).as_posix(), tally), flush=True)
            for member, name in members(path):
                print(row(member, f"↳ {name}", tally), flush=True)
    print(
        f"\n{tally.read} files were read, {tally.rows:,} rows in all; {tally.refused} were refused with a reason; "
        f"{tally.wrong} lost a row."
    )


def row(path: Path, name: str, tally: Tally) -> str:
    """One line: the account of a file, or why it was refused."""
    with TemporaryDirectory() as scratch:
        out = Path(scratch) / "table.parquet"
        try:
            with containers.unwrapped(path, path.name, Path(scratch)) as (inner, inner_name):
                glance, layout = looking.look(inner, inner_name, How())
                found = read_table(
                    inner, inner_name, items=None, out=out, refusals=out.with_suffix(".refused"), layout=layout
                )
        except Invalid as refusal:
            tally.refused += 1
            return line(name, "", "", "", "", "", "", "", "", "refused: " + refusal.text("en"))
    tally.read, tally.rows = tally.read + 1, tally.rows + found.rows_read
    tally.wrong += found.rows_read != found.rows_loaded + found.rows_refused
    top, bottom = found.layout.heading
    where = "plain" if glance.plain else f"heading {top}–{bottom}" if top != bottom else f"heading {top}"
    counts = (found.rows_read, found.rows_loaded, found.rows_refused, len(found.set_aside), len(found.columns))
    numbers = [f"{count:,}" for count in counts]
    return line(name, glance.kind.kind, found.encoding or "", *numbers, where, "read")


def line(*cells: str) -> str:
    """Cells as a line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ")[:200] for cell in cells) + " |"


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The members of a tar in a folder of their own."""
    with TemporaryDirectory() as folder, tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")
        yield Path(folder)


def members(path: Path) -> Iterator[tuple[Path, str]]:
    """The tables in an archive."""
    if not path.name.endswith(".tar.xz"):
        return
    with unpacked(path) as folder:
        found = [one for one in sorted(folder.rglob("*")) if one.is_file() and one.suffix.lower() in TABLES]
        for one in found[:MOST_MEMBERS]:
            yield one, one.relative_to(folder).as_posix()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
