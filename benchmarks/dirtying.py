"""Puts errors of known kinds into a clean table, so that what finds errors can be measured on tables of any sort."""

import csv
import random
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

_SHARE = {"typo": 0.01, "swap": 0.005, "outlier": 0.003, "missing": 0.005}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def dirty(table: Path, folder: Path, chance: random.Random, *, most: int = 5_000) -> Mapping[tuple[int, int], str]:
    """Writes `clean.csv` and `dirty.csv` into a folder; returns the kind of each error by (row from 1, column from 0).

    A typo changes one letter of a text, a swap puts in a value of another row, an outlier is a number ten to a
    thousand times as far from nothing, and a missing value is empty.
    """
    with table.open(encoding="utf-8-sig", newline="") as file:
        heading, *rows = [row for row in csv.reader(file) if row][: most + 1]
    rows = [row for row in rows if len(row) == len(heading) and any(cell.strip() for cell in row)]
    _write(folder / "clean.csv", heading, rows)
    found: dict[tuple[int, int], str] = {}
    changed = [list(row) for row in rows]
    for column in range(len(heading)):
        values = [row[column] for row in rows]
        for at, value in enumerate(values):
            kind = _kind(chance)
            made = _made(kind, value, values, chance) if kind and value.strip() else None
            if made is not None and made != value:
                changed[at][column] = made
                found[at + 1, column] = kind
    _write(folder / "dirty.csv", heading, changed)
    return found


def _write(path: Path, heading: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heading, *rows])


def _kind(chance: random.Random) -> str:
    drawn = chance.random()
    for kind, share in _SHARE.items():
        drawn -= share
        if drawn < 0:
            return kind
    return ""


def _made(kind: str, value: str, values: list[str], chance: random.Random) -> str | None:
    """The wrong value, or None where a column takes no error of the kind."""
    number = re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", value)
    if kind == "missing":
        return ""
    if kind == "swap":
        return chance.choice(values) if len(set(values)) < 0.5 * len(values) else None
    if kind == "outlier":
        return f"{float(value) * 10 ** chance.uniform(1, 3):g}" if number and "." in value else None
    return _typo(value, chance) if not number and len(value) >= 3 else None


def _typo(value: str, chance: random.Random) -> str:
    at = chance.randrange(len(value) - 1)
    letter = chance.choice(Counter(value).most_common())[0] if not value.isascii() else chance.choice(_LETTERS)
    return chance.choice(
        (
            value[:at] + value[at + 1 :],
            value[:at] + letter + value[at:],
            value[:at] + letter + value[at + 1 :],
            value[:at] + value[at + 1] + value[at] + value[at + 2 :],
        )
    )
