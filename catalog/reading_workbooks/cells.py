"""Cells as text with a letter for what they were, and the account of cells that need a look."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

EXACT = 10**15
"""From here on a spreadsheet number no longer holds every digit that was typed."""

MOST_ROWS, MOST_COLUMNS = 1 << 20, 1 << 14
"""What a sheet may have at most in any spreadsheet program."""

MOST_FLAGS = 1_000
MOST_CELLS = 50_000_000
"""Of one sheet, empty ones within its rows counted."""

DIGITS_LOST = "file.flag-digits-lost"
FORMULA_EMPTY = "file.flag-formula-empty"
ERROR = "file.flag-error"
SERIAL_DATE = "file.flag-serial-date"


class WorkbookError(Exception):
    """The workbook is refused; `code` is a reason code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet and whether a reader of the workbook sees it."""

    name: str
    visible: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A row as the sheet numbers it (from 1), cells from column A on.

    `merges` are the merged ranges that begin in it: [first column from 0, last row from 1, last column].
    """

    number: int
    cells: Sequence[object]
    merges: Sequence[Sequence[int]] = ()


@dataclass(slots=True)
class Flags:
    """Cells that need a look, by reason code: how many, and the addresses of the first thousand."""

    counts: Counter[str] = field(default_factory=Counter)
    cells: list[tuple[str, str]] = field(default_factory=list)

    def add(self, code: str, address: str) -> None:
        """Count the cell, and keep its address while there is room."""
        self.counts[code] += 1
        if len(self.cells) < MOST_FLAGS:
            self.cells.append((address, code))


class Book(Protocol):
    """An open workbook; rows that hold nothing need not be given."""

    def sheets(self) -> Sequence[Sheet]:
        """The worksheets in the order of the workbook."""
        ...

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of a sheet from the top."""
        ...

    def flags(self, name: str, first: int) -> Flags:
        """Formulas without a value and error cells from row `first` on; asked for when the rows were read."""
        ...

    def properties(self) -> dict[str, str]:
        """What the document says of itself: title, keywords, company, custom properties and so on."""
        ...


def is_inexact(cell: object) -> bool:
    """A number that has lost digits, or may have."""
    return type(cell) in {int, float} and abs(cell) >= EXACT  # type: ignore[arg-type] # a number has a size


def _decimal(cell: float) -> str:
    return format(cell + 0.0, ".0f") if cell.is_integer() else repr(cell)  # -0.0 becomes 0.0


def _elapsed(cell: timedelta) -> str:
    minutes, seconds = divmod(int(cell.total_seconds()), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"


TEXTS: dict[type, Callable[[Any], str]] = {
    str: str,
    float: _decimal,
    int: str,
    bool: lambda cell: "true" if cell else "false",
    datetime: lambda cell: cell.isoformat(" "),
    date: date.isoformat,
    time: time.isoformat,
    timedelta: _elapsed,
    type(None): lambda _: "",
}
"""A cell as it would stand in a CSV file: whole numbers without a decimal point, dates as in ISO 8601."""


def address(row: int, column: int) -> str:
    """The name of a cell as the spreadsheet shows it: row from 1, column from 0."""
    name, left = "", column + 1
    while left:
        left, place = divmod(left - 1, 26)
        name = chr(ord("A") + place) + name
    return f"{name}{row}"
