"""Where the table lies in a sheet: titles and units above, headings, data, totals and notes, told by evidence.

Rows are judged against each other (types of cells, how many are filled, what is merged); a word alone
decides nothing that would lose a row unseen. What is proposed is shown before it is used.
"""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catalog.reading_files import cell_words
from catalog.reading_files.heading_rows import MOST_LEVELS, GridRow, joined
from catalog.reading_files.shapes import Layout, Note

TITLE, UNIT, TOTAL, NOTE = "file.aside-title", "file.aside-unit", "file.aside-total", "file.aside-note"
NUMBERING, REPEATED = "file.aside-numbering", "file.aside-heading"
ROLES = {TITLE: "title", UNIT: "unit", TOTAL: "total", NOTE: "note", NUMBERING: "note", REPEATED: "note"}
NO_HEADING = (0, 0)
"""The heading of a table that has none; its columns are called 列1, 列2 and so on."""
MOST_LEAD = 12
WIDE = 0.7
UNITS = {"单位", "计量单位"}
SHORT = 8


@dataclass(frozen=True, slots=True)
class Proposal:
    """A layout with the role of each row looked at; `plain` if there is nothing to ask."""

    layout: Layout
    plain: bool
    roles: Mapping[int, str]
    notes: tuple[Note, ...] = ()


@dataclass(slots=True)
class _Sheet:
    """The rows of a sheet from the top, and those at its end as evidence."""

    rows: Sequence[GridRow]
    tail: Sequence[GridRow]
    left: int
    width: int
    roles: dict[int, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def propose(rows: Sequence[GridRow], tail: Sequence[GridRow] = ()) -> Proposal:
    """Find the table in the first rows of a sheet that are not blank, and perhaps its last ones."""
    left, width = _columns(rows)
    sheet = _Sheet(rows, tail, left, width)
    if not rows:
        return Proposal(Layout(), plain=True, roles={})
    start = _lead(sheet)
    end = _heading(sheet, start)
    first = _numbering(sheet, end)
    asides = _body(sheet, start, end, first)
    heading = (rows[start].number, rows[end - 1].number) if end > start else NO_HEADING
    names = joined(rows[start:end], width)[left:]
    clean = all(names) and len(set(names)) == len(names) and (end - start) == 1
    merged = any(row.merges for row in rows[start:])
    plain = start == 0 and clean and first == end and not asides and not merged and not sheet.notes
    behind = rows[first].number if first < len(rows) else None
    skipped = behind is not None and first > end
    layout = Layout(heading=heading, first=behind if skipped or not heading[0] else None, set_aside=not plain)
    return Proposal(layout, plain, sheet.roles, tuple(sheet.notes))


def lead_code(row: GridRow) -> str:
    """Whether a row above the heading is a title or says units, reporter and date."""
    said = [row.cell(column) for column in row.filled()]
    labelled = any(cell_words.is_labelled(one) or cell_words.is_label(one) or cell_words.is_signed(one) for one in said)
    return UNIT if labelled else TITLE


def aside_code(row: GridRow, width: int) -> str | None:
    """Whether a row among or below the data is a total, a note or the title of a section; None for data."""
    hinted = [cell for cell in row.cells[:width] if cell][:3]
    if width < 2 or not hinted or (len(hinted) == 3 and not any(map(cell_words.HINT.search, hinted))):
        return None
    filled = row.filled(width)
    if not filled:
        return None
    said = [row.cells[column].strip() for column in filled]
    if _is_total(said):
        return TOTAL
    if len(said) <= 2 and cell_words.is_note(said[0]):
        return NOTE
    if all(cell_words.is_signed(one) for one in said):
        return NOTE
    if len(said) > 1 or cell_words.is_value(said[0]):
        return None
    wide = row.span(filled[0]) >= max(2, WIDE * width) or (width > 2 and cell_words.is_enumerated(said[0]))
    if cell_words.is_sentence(said[0]) and (wide or width > 2):
        return NOTE
    return TITLE if wide else None


def known_rows(heading: Sequence[GridRow], lead: Sequence[GridRow] = ()) -> dict[tuple[str, ...], str]:
    """The rows of heading and lead by their cells: on the next printed page they come again."""
    again = {tuple(row.cells): lead_code(row) for row in lead}
    return again | {tuple(row.cells): REPEATED for row in heading}


def side_note(row: GridRow, width: int) -> str | None:
    """The only text right of the table, a column away from it and no value: a note beside the rows."""
    if len(row.cells) <= width:
        return None
    outer = [column for column in row.filled() if column >= width]
    alone = len(outer) == 1 and outer[0] > width and not cell_words.is_value(row.cell(outer[0]))
    return row.cell(outer[0]) if alone else None


def _is_total(said: Sequence[str]) -> bool:
    """A label of sums among the first words of the row, and hardly anything but values behind it."""
    for place, one in enumerate(said[:3]):
        if cell_words.is_value(one):
            return False
        if cell_words.is_total(one):
            rest = said[place + 1 :]
            words = sum(1 for other in rest if cell_words.is_text(other) and not cell_words.is_measure(other))
            return words * 2 <= len(rest)
    return False


def _columns(rows: Sequence[GridRow]) -> tuple[int, int]:
    """The first column of the table and the one behind its last; sparse words beyond an empty column are not in it."""
    counts = Counter(column for row in rows for column in row.filled())
    if not counts:
        return 0, 0
    blocks: list[list[int]] = []
    for column in sorted(counts):
        if blocks and blocks[-1][-1] == column - 1:
            blocks[-1].append(column)
        else:
            blocks.append([column])
    sizes = [sum(counts[column] for column in block) for block in blocks]
    main = sizes.index(max(sizes))
    fill = max(counts[column] for column in blocks[main])
    ends = [block for place, block in enumerate(blocks) if place == main or _belongs(block, counts, fill)]
    return ends[0][0], ends[-1][-1] + 1


def _belongs(block: Sequence[int], counts: Mapping[int, int], fill: int) -> bool:
    return max(counts[column] for column in block) * 2 >= fill


def _lead(sheet: _Sheet) -> int:
    """How many rows stand above the heading."""
    place = 0
    while place < len(sheet.rows) - 1 and place < MOST_LEAD and _is_lead(sheet, place):
        sheet.roles[sheet.rows[place].number] = ROLES[lead_code(sheet.rows[place])]
        place += 1
    return place


def _is_lead(sheet: _Sheet, place: int) -> bool:
    row, width = sheet.rows[place], sheet.width - sheet.left
    said = [row.cell(column) for column in row.filled()]
    if width < 2:
        return False
    if len(said) == 1:
        return not _is_group(row, sheet)
    if cell_words.numbering([one.strip("'\"") for one in said]) is not None:
        behind = sheet.rows[place + 1]
        return len(behind.filled()) >= len(said) and all(cell_words.is_text(behind.cell(at)) for at in behind.filled())
    if all(cell_words.is_labelled(one) for one in said):
        return True
    below = max((len(other.filled(sheet.width)) for other in sheet.rows[place + 1 : place + 4]), default=0)
    few = len(said) <= max(2, WIDE * width) and any(map(cell_words.is_labelled, said))
    return (few or _in_pairs(said)) and len(said) < below


def _in_pairs(said: Sequence[str]) -> bool:
    """Labels and values in turn, as 填报单位 | 民政局 | 填报日期 | 2026-03-01."""
    labels = [cell_words.is_label(one) for one in said]
    return len(said) % 2 == 0 and all(labels[::2]) and not any(labels[1::2])


def _is_group(row: GridRow, sheet: _Sheet) -> bool:
    """A lone heading merged over a part of the columns, not the first: a level of the heading."""
    column = row.filled()[0]
    return column > sheet.left and 1 < row.span(column) < sheet.width - sheet.left


def _heading(sheet: _Sheet, start: int) -> int:
    """The place behind the heading; `start` itself if there is no heading."""
    rows = sheet.rows
    if _is_data(sheet, start):
        sheet.notes.append(Note("file.note-no-heading", {"line": rows[start].number}))
        return start
    end, bottom = start + 1, rows[start].number
    while True:
        last = rows[end - 1]
        bottom = max([bottom, *(below for _, below, _ in last.merges if below < last.number + MOST_LEVELS)])
        if end >= len(rows) or end - start >= MOST_LEVELS or rows[end].number > rows[start].number + MOST_LEVELS:
            break
        if rows[end].number > bottom and not _is_level(sheet, rows[start:end], rows[end], end):
            break
        end += 1
    sheet.roles.update({row.number: "heading" for row in rows[start:end]})
    return end


def _is_data(sheet: _Sheet, place: int) -> bool:
    """A row with values where those below have values too is data, unless its values count up as headings do."""
    row, below = sheet.rows[place], sheet.rows[place + 1 : place + 21]
    values = [column for column in row.filled(sheet.width) if cell_words.is_value(row.cell(column))]
    said = [cell_words.bare(row.cell(column)).rstrip("年月日") for column in values]
    if not values or _counts_up(said):
        return False
    alike = [column for column in values if _is_alike(row.cell(column), below, column)] if below else values
    return 2 * len(alike) >= len(values)


def _is_alike(said: str, rows: Sequence[GridRow], column: int) -> bool:
    """Whether most values of the column are of the kind of this one: days, or other values."""
    dates = sum(1 for row in rows if cell_words.is_date(row.cell(column)))
    filled = sum(1 for row in rows if row.cell(column))
    return _share(rows, column) > 0.5 and (2 * dates > filled) == cell_words.is_date(said)


def _counts_up(said: Sequence[str]) -> bool:
    """Years, months, days: each one more than the one before."""
    if len(said) < 2 or not all(one.isdecimal() and len(one) <= 4 for one in said):
        return False
    numbers = [int(one) for one in said]
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    return steps in ({1}, {-1})


def _share(rows: Sequence[GridRow], column: int) -> float:
    """Of the filled cells of a column, the share that are values."""
    said = [row.cell(column) for row in rows if row.cell(column)]
    return sum(1 for one in said if cell_words.is_value(one)) / len(said) if said else 0.0


def _is_level(sheet: _Sheet, above: Sequence[GridRow], row: GridRow, place: int) -> bool:
    """Whether a row is one more level of the heading above it."""
    width, last = sheet.width, above[-1]
    filled = row.filled(width)
    said = [row.cell(column) for column in filled]
    if not said or any(cell_words.is_value(one) and not cell_words.is_period(one) for one in said):
        return False
    body = sheet.rows[place + 1 : place + 21]
    valued = [column for column in range(sheet.left, width) if _share(body, column) > 0.5]
    bracketed = all(map(cell_words.in_brackets, said)) and cell_words.numbering(said) is None
    if bracketed or (cell_words.bare(said[0]) in UNITS and len(said) > 1 and max(map(len, said)) < SHORT):
        return bool(valued)
    groups = [(left, right) for left, _, right in last.merges if right > left]
    if groups:
        parts = max(sum(1 for column in filled if left <= column <= right) for left, right in groups)
        return parts > 1 and (not body or bool(valued) or len(filled) < width - sheet.left)
    gaps = [column for column in range(sheet.left, width) if not any(one.cell(column) for one in above)]
    if not gaps or not set(gaps) <= set(filled) or aside_code(row, width):
        return False
    return bool(valued) or len(filled) < width - sheet.left or len(set(said)) < len(said)


def _numbering(sheet: _Sheet, end: int) -> int:
    """The place of the first data row, behind a row that numbers the columns."""
    rows = sheet.rows
    if end >= len(rows):
        return end
    row, body = rows[end], rows[end + 1 : end + 21]
    kind = cell_words.numbering(row.cells[: sheet.width])
    if kind == "bare":
        kind = kind if body and any(_share(body, column) < 0.2 for column in row.filled(sheet.width)) else None
    if kind is None or 2 * len(row.filled(sheet.width)) < sheet.width - sheet.left:
        return end
    sheet.roles[row.number] = ROLES[NUMBERING]
    return end + 1


def _body(sheet: _Sheet, start: int, end: int, first: int) -> bool:
    """Give each row below the heading its role; True if there is one among them that is no data."""
    rows = sheet.rows
    known = known_rows(rows[start:end], rows[:start])
    asides = False
    for place, row in enumerate(rows[first:], first):
        code = known.get(tuple(row.cells)) or aside_code(row, sheet.width)
        if code is None and side_note(row, sheet.width):
            sheet.notes.append(Note("file.note-side-notes", {"line": row.number}))
        sheet.roles[row.number] = ROLES[code] if code else "data"
        asides = asides or code is not None
        if code is None and _begins_anew(sheet, first, place):
            sheet.notes.append(Note("file.note-two-tables", {"line": row.number}))
            break
    for row in sheet.tail:
        code = known.get(tuple(row.cells)) or aside_code(row, sheet.width)
        if code:
            sheet.roles[row.number] = ROLES[code]
            asides = True
    if end > start and not sheet.notes and _is_transposed(sheet, [rows[start], *rows[first:]]):
        sheet.notes.append(Note("file.note-transposed"))
    return asides


def _begins_anew(sheet: _Sheet, first: int, place: int) -> bool:
    """A row of words behind a gap, over columns that had values and have values below again: another heading."""
    rows = sheet.rows
    row = rows[place]
    if place <= first or place + 1 >= len(rows):
        return False
    before = rows[place - 1]
    gap = row.number > before.number + 1 or len(before.filled()) == 1
    words = [column for column in row.filled() if cell_words.is_text(row.cell(column))]
    if not gap or len(words) < 2 or len(words) < len(row.filled()):
        return False
    had = [column for column in words if _share(rows[first : place - 1] or rows[first:place], column) > 0.5]
    has = [column for column in words if cell_words.is_value(rows[place + 1].cell(column))]
    return bool(had) and bool(has)


def _is_transposed(sheet: _Sheet, rows: Sequence[GridRow]) -> bool:
    """Rows of one type each and columns of several: the names stand in the first column."""
    columns = list(range(sheet.left + 1, sheet.width))
    if len(rows) < 3 or len(columns) < 2 or sheet.tail:
        return False
    kinds = [{_kind(row.cell(column)) for column in columns if row.cell(column)} for row in rows]
    if any(len(kind) != 1 for kind in kinds) or len({next(iter(kind)) for kind in kinds[1:]}) < 2:
        return False
    names = [row.cell(sheet.left) for row in rows]
    return all(map(cell_words.is_text, names)) and len(set(names)) == len(names)


def _kind(text: str) -> str:
    return "value" if cell_words.is_value(text) else "word"
