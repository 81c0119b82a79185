"""Heading rows of one to three levels, joined into one name for each column."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.reading_files import cell_words

MOST_LEVELS = 4


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row that is not blank: its number in the file (from 1), its cells from the first column on.

    `merges` are the merged ranges that begin in it: (first column from 0, last row from 1, last column).
    """

    number: int
    cells: Sequence[str]
    merges: Sequence[tuple[int, int, int]] = ()

    def cell(self, column: int) -> str:
        """The text of a cell without outer spaces; empty beyond the end."""
        return self.cells[column].strip() if column < len(self.cells) else ""

    def filled(self, until: int | None = None) -> list[int]:
        """The columns with text, before `until` if it is given."""
        return [column for column, cell in enumerate(self.cells[:until]) if cell.strip()]

    def span(self, column: int) -> int:
        """How many columns the cell covers."""
        return next((right - left + 1 for left, _, right in self.merges if left == column), 1)


def joined(rows: Sequence[GridRow], width: int) -> list[str]:
    """One name for each column: its levels from above joined with "/", equal ones not repeated, "" if it has none.

    A merged cell counts for every cell it covers. Where nothing is merged, as in CSV, an upper heading
    also counts for the empty cells to its right that have a lower heading.
    """
    grid = _spread(rows, width)
    names = []
    for column in range(width):
        levels: list[str] = []
        for level in grid:
            if level[column] and (not levels or levels[-1] != level[column]):
                levels.append(level[column])
        names.append("/".join(levels))
    return names


def merged_with_left(rows: Sequence[GridRow], column: int) -> bool:
    """Whether the lowest heading of the column is one merged cell with its left neighbour's."""
    for row in reversed(rows):
        for left, bottom, right in row.merges:
            if left < column <= right and bottom >= rows[-1].number:
                return True
    return False


def letters(column: int) -> str:
    """A column as a spreadsheet calls it; the first is 0."""
    name, left = "", column + 1
    while left:
        left, place = divmod(left - 1, 26)
        name = chr(ord("A") + place) + name
    return name


def _spread(rows: Sequence[GridRow], width: int) -> list[list[str]]:
    grid = [[cell_words.tidy(row.cell(column)) for column in range(width)] for row in rows]
    merged = False
    for level, row in enumerate(rows):
        for left, bottom, right in row.merges:
            said = grid[level][left] if left < width else ""
            merged = merged or (right > left and bool(said))
            for below, other in enumerate(rows[level:], level):
                if other.number <= bottom and said:
                    grid[below][left : min(right, width - 1) + 1] = [said] * (min(right, width - 1) + 1 - left)
    if not merged:
        for level in range(len(rows) - 1):
            _reach_right(grid, level, width)
    return grid


def _reach_right(grid: list[list[str]], level: int, width: int) -> None:
    """A heading above others reaches as far right as there are headings below and none beside it."""
    below = grid[level + 1]
    for column in range(1, width):
        if not grid[level][column] and below[column] and grid[level][column - 1] and below[column - 1]:
            grid[level][column] = grid[level][column - 1]
