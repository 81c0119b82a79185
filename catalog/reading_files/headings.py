"""The heading row: trimmed, otherwise kept exactly as it stands in the file."""

import re
from collections import Counter
from collections.abc import Sequence

from catalog.reading_files.shapes import ColumnSpec
from policies.refusals import Invalid

MAX_COLUMNS = 2_000
MAX_NAME = 1_000
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Tabs and line breaks are let through: headings from spreadsheets do hold them."""


def check(cells: Sequence[str]) -> tuple[str, ...]:
    """Give the column names of a heading row, or raise Invalid naming the first thing wrong with it.

    Among named columns one without a name is called 列 and its position, so that its values are not lost.
    """
    if len(cells) > MAX_COLUMNS:
        raise Invalid("file.too-many-columns", columns=len(cells), limit=MAX_COLUMNS)
    names = tuple(cell.strip() for cell in cells)
    empty = unnamed(names)
    if len(empty) * 2 > len(names):
        raise Invalid("file.heading-empty", positions=[str(position) for position in empty[:10]])
    names = tuple(name or _own(position, names) for position, name in enumerate(names, 1))
    doubled = [name for name, count in Counter(names).items() if count > 1]
    if doubled:
        raise Invalid("file.heading-duplicate", names=doubled[:10])
    for position, name in enumerate(names, 1):
        if len(name) > MAX_NAME or CONTROL.search(name):
            raise Invalid("file.heading-unusable", position=position)
    return names


def unnamed(cells: Sequence[str]) -> list[int]:
    """The positions (from 1) of columns without a name."""
    return [position for position, name in enumerate(cells, 1) if not name.strip()]


def _own(position: int, names: Sequence[str]) -> str:
    name = f"列{position}"
    while name in names:
        name += "_"
    return name


def declared(names: Sequence[str], items: Sequence[ColumnSpec] | None) -> tuple[ColumnSpec, ...]:
    """One specification for each column of the file; an item that the file lacks raises Invalid."""
    by_name = {item.name.strip(): item for item in items or ()}
    missing = [name for name in by_name if name not in names]
    if missing:
        raise Invalid("file.columns-missing", names=missing[:10])
    return tuple(by_name.get(name) or ColumnSpec(name) for name in names)
