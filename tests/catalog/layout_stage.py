"""A sheet drawn as text, with what is expected of it."""

from dataclasses import dataclass

from catalog.reading_files.heading_rows import GridRow


@dataclass(frozen=True)
class Case:
    """A sheet drawn with one row a line and | between cells; `marks` has a letter for each row that is not blank.

    T title, U unit, H heading, N note, S total, . data. `merges` are written as a spreadsheet writes them.
    """

    name: str
    drawn: str
    marks: str
    names: str = ""
    merges: str = ""
    notes: tuple[str, ...] = ()
    plain: bool = False


ROLES = {"T": "title", "U": "unit", "H": "heading", "N": "note", "S": "total", ".": "data"}


def place(address: str) -> tuple[int, int]:
    letters = "".join(one for one in address if one.isalpha())
    column = 0
    for one in letters:
        column = column * 26 + ord(one) - ord("A") + 1
    return int(address[len(letters) :]), column - 1


def grid(drawn: str, merges: str = "") -> list[GridRow]:
    ranges: dict[int, list[tuple[int, int, int]]] = {}
    for said in merges.split():
        (top, left), (bottom, right) = (place(corner) for corner in said.split(":"))
        ranges.setdefault(top, []).append((left, bottom, right))
    rows = []
    for number, line in enumerate(drawn.strip("\n").split("\n"), 1):
        cells = tuple(cell.strip() for cell in line.split("|"))
        if any(cells):
            rows.append(GridRow(number, cells, tuple(ranges.get(number, ()))))
    return rows
