"""The rows of a sheet as messages, and what is found out about its cells while they go by."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from catalog.reading_workbooks.cells import DIGITS_LOST, SERIAL_DATE, TEXTS, Book, Flags, Row, address, is_inexact

SERIALS = (10_000, 80_000)
EXACT_DIGITS = 15
DATES = {date, datetime}
ENCODE = json.JSONEncoder(ensure_ascii=False).encode


class SheetMessages:
    """One sheet, of which rows `first` to `last` are data (0: behind the first filled row, to the end)."""

    def __init__(self, book: Book, name: str, first: int, last: int) -> None:
        self._book, self._name = book, name
        self._first, self._last = first, last
        self._flags = Flags()
        self._dates: dict[int, int] = {}

    def all(self) -> Iterator[Any]:
        """{"used": columns}, then "row TAB texts TAB merges" for each filled row, then {"flags", "counts"}."""
        yield {"used": self.used()}
        for row in self._book.rows(self._name):
            texts = trimmed(row)
            if not texts:
                continue
            self._first = self._first or row.number + 1
            if self._is_data(row.number):
                self._look(row, texts)
            yield f"{row.number}\t{ENCODE(texts)}\t{ENCODE(row.merges) if row.merges else ''}"
        self._look_back()
        found = self._book.flags(self._name, self._first)
        cells = (self._flags.cells + found.cells)[:1000]
        yield {"flags": cells, "counts": dict(self._flags.counts + found.counts)}

    def used(self) -> list[int]:
        """The columns with data in them, as far as headings may stand over them."""
        width, used = 0, set[int]()
        first = self._first
        for row in self._book.rows(self._name):
            filled = [column for column, cell in enumerate(row.cells) if cell not in ("", None)]
            if not filled:
                continue
            if row.number < first or not (first or width):
                width = max(width, filled[-1] + 1)
                continue
            if self._last and row.number > self._last:
                break
            width = width or filled[-1] + 1
            if not used.issuperset(filled):
                used.update(filled)
                if used.issuperset(range(width)):
                    break
        return sorted(column for column in used if column < width)

    def _is_data(self, number: int) -> bool:
        return number >= self._first and not (self._last and number > self._last)

    def _look(self, row: Row, texts: Sequence[str]) -> None:
        """Numbers too long for a spreadsheet, and bare numbers among the dates of a column."""
        if max(map(len, texts)) > EXACT_DIGITS:
            for column, cell in enumerate(row.cells):
                if is_inexact(cell):
                    self._flags.add(DIGITS_LOST, address(row.number, column))
        if not DATES.isdisjoint(map(type, row.cells)):
            for column, cell in enumerate(row.cells):
                if type(cell) in DATES:
                    self._dates.setdefault(column, row.number)
        for column in self._dates:
            if is_serial(cell_of(row, column)):
                self._flags.add(SERIAL_DATE, address(row.number, column))

    def _look_back(self) -> None:
        """Bare numbers above the first date of their column."""
        until = max(self._dates.values(), default=0)
        for row in self._book.rows(self._name) if until > self._first else ():
            if row.number >= until:
                break
            for column, date_at in self._dates.items():
                if self._first <= row.number < date_at and is_serial(cell_of(row, column)):
                    self._flags.add(SERIAL_DATE, address(row.number, column))


def is_serial(cell: object) -> bool:
    """A bare number that may count days since 1900, between 1927 and 2119."""
    return type(cell) in {int, float} and SERIALS[0] <= cell < SERIALS[1]  # type: ignore[operator] # a number


def cell_of(row: Row, column: int) -> object:
    """A cell, or empty text beyond the end of the row."""
    return row.cells[column] if column < len(row.cells) else ""


def trimmed(row: Row) -> list[str]:
    """The texts of a row up to its last filled cell."""
    texts = [TEXTS.get(type(cell), str)(cell) for cell in row.cells]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def glance(book: Book, head: int, tail: int) -> Iterator[Any]:
    """For each sheet {"sheet", "visible", "rows", "head", "tail"}: its first and last filled rows."""
    for sheet in book.sheets():
        first: list[list[Any]] = []
        last: list[list[Any]] = []
        count = 0
        for row in book.rows(sheet.name):
            if not (texts := trimmed(row)):
                continue
            count = row.number
            (first if len(first) < head else last).append([row.number, short(texts), row.merges])
            if len(last) > 2 * tail:
                del last[:-tail]
        yield {"sheet": sheet.name, "visible": sheet.visible, "rows": count, "head": first, "tail": last[-tail:]}
    yield {"properties": book.properties()}


def short(texts: Iterable[str]) -> list[str]:
    """Texts for a look: none longer than a thousand characters."""
    return [said[:1000] for said in texts]
