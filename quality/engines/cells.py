"""Cells which break a rule that is sure enough, as `row,column,rule`, with rows numbered as the file has them.

A row is counted from 1 below the heading. Rows that were refused or set aside count, though they hold no flagged
cell; empty lines don't.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import pyarrow.parquet as pq

from catalog.reading_files import containers
from catalog.reading_files.shapes import Intake
from quality.rules.rules import SURE, Rule

HEADING = ("row", "column", "rule")
_LAST = {"determined_by", "filled_as_group"}


def blamed(rule: Rule) -> str | None:
    """The column whose cell is wrong where a rule is broken; none if it is a matter of the row, or not sure enough.

    Of columns that should agree, only the last one of a rule about groups is to blame: the others are its witnesses.
    """
    if rule.confidence < SURE or not rule.columns:
        return None
    return rule.columns[-1] if len(rule.columns) == 1 or rule.kind in _LAST else None


def write(out: TextIO, rules: Sequence[Rule], ledger: Path, rows: Sequence[int] | None) -> int:
    """Writes one line for each cell and rule, in order of the ledger; returns how many.

    `rows` gives the file's number of each loaded row where the two differ.
    """
    columns = {rule.rule_id: column for rule in rules if (column := blamed(rule)) is not None}
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADING)
    written = 0
    for row, rule_id in _lines(ledger):
        if rule_id in columns:
            writer.writerow((rows[row - 1] if rows is not None else row, columns[rule_id], rule_id))
            written += 1
    return written


def _lines(ledger: Path) -> Iterator[tuple[int, str]]:
    with pq.ParquetFile(ledger) as file:
        for batch in file.iter_batches():
            yield from zip(batch.column("row").to_pylist(), batch.column("rule_id").to_pylist(), strict=True)


def numbers(original: Path, filename: str, intake: Intake, refused: Path, folder: Path) -> Sequence[int] | None:
    """The file's number of each loaded row, or None when every row was loaded and they are the same."""
    blank = any(note.code == "file.note-blank-rows" for note in intake.notes)
    if not intake.rows_refused and not intake.set_aside and not blank:
        return None
    gone = {one.line for one in intake.set_aside} | set(_refused(refused))
    if intake.dialect is not None and intake.encoding is not None:
        with containers.unwrapped(original, filename, folder) as (inner, _):
            found = _of_text(inner, intake, gone)
        if len(found) == intake.rows_loaded:
            return found
    return _of_lines(intake, gone)


def _refused(path: Path) -> Iterator[int]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line)["line"] for line in lines)


def _of_text(path: Path, intake: Intake, gone: set[int]) -> list[int]:
    """Rows of a delimited file, some of them over several lines; a row of empty cells is a row, an empty line none."""
    dialect = intake.dialect
    assert dialect is not None  # noqa: S101 - asked before
    found: list[int] = []
    with path.open(encoding=intake.encoding, errors="replace", newline="") as text:
        reader = csv.reader(text, delimiter=dialect.delimiter, quotechar=dialect.quote)
        first, number, heading = 1, 0, intake.layout.heading[1]
        for fields in reader:
            line, first = first, reader.line_num + 1
            if not fields or line <= heading:
                continue
            number += 1
            if any(fields) and line not in gone:
                found.append(number)
    return found


def _of_lines(intake: Intake, gone: set[int]) -> list[int]:
    """Rows of a file which counts them one by one."""
    first = intake.layout.heading[1]
    found: list[int] = []
    number = 0
    while len(found) < intake.rows_loaded:
        number += 1
        if number + first not in gone:
            found.append(number)
    return found
