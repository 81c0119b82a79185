"""The rows of one sheet of a workbook as its layout says: heading, data, and what is set aside."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.reading_files import heading_rows, layouts
from catalog.reading_files.csv_rows import BATCH_CHARACTERS, batch_size
from catalog.reading_files.heading_rows import GridRow
from catalog.reading_files.shapes import Batch, Fault, Layout, Note, SetAside, bad_row
from catalog.reading_files.workbook_process import MEMORY, SECONDS, WorkbookProcess
from policies.refusals import Invalid

MOST_ASIDE = 10_000
"""Rows set aside within the data; what would go beyond is loaded, so that nothing is lost unseen."""
DIGITS_LOST = "file.flag-digits-lost"
HIDDEN = "file.flag-hidden-value"
MOST_FLAGS = 1_000
DECODE = json.JSONDecoder().decode


@dataclass(frozen=True, slots=True)
class _Sent(GridRow):
    """A row with the text of its cells as it came."""

    raw: str = ""


class WorkbookRows:
    """An open sheet: `heading` first, then `batches()` once; line numbers are the sheet's row numbers.

    Without a layout the first filled row of the first visible sheet is the heading. When the batches are done,
    `set_aside` holds the rows that are no data, `flags` the cells that need a look as (address, reason code),
    of which `flag_counts` has the whole number, and `notes` says what was done to columns and cells.
    """

    def __init__(
        self, path: Path, kind: str, layout: Layout | None = None, *, memory: int = MEMORY, seconds: int = SECONDS
    ) -> None:
        self.blank = 0
        self.workbook = True
        self.digits_lost = 0
        self.quoted: Collection[str] = ()
        self.set_aside: list[SetAside] = []
        self.flags: list[tuple[str, str]] = []
        self.flag_counts: dict[str, int] = {}
        self._hidden: list[tuple[str, str]] = []
        self.notes: list[Note] = []
        self.sheet = ""
        self._plan = layout
        self._totals: list[int] = []
        self._used: set[int] = set()
        self._merged: list[tuple[int, int, int, str]] = []
        first = (layout.first or layout.heading[1] + 1) if layout else 0
        last = (layout.last or 0) if layout else 0
        wanted = (layout.sheet or "") if layout else ""
        command = ("rows", wanted, str(first), str(last))
        self._process = WorkbookProcess(path, kind, *command, memory=memory, seconds=seconds)
        try:
            self._rows = self._receive(self._process.messages())
            self.heading: Sequence[str] = self._heading()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop the child, if it still runs."""
        self._process.close()

    def batches(self) -> Iterator[Batch]:
        """The rows of data; a row with a filled cell outside the headings is put aside."""
        width, columns, until = len(self._columns), self._columns, self._until
        whole = columns == list(range(until))
        batch, characters = Batch(width), 0
        for row in self._data():
            cells = row.cells
            characters += len(row.raw)
            if len(cells) > until:
                batch.bad.append(bad_row(row.number, row.raw, Fault(None, "file.row-width")))
            else:
                batch.lines.append(row.number)
                batch.raws.append(row.raw)
                cells = [*cells, *[""] * (until - len(cells))]
                batch.cells.extend(cells if whole else [cells[column] for column in columns])
            if len(batch) + len(batch.bad) >= batch_size(width) or characters >= BATCH_CHARACTERS:
                yield batch
                batch, characters = Batch(width), 0
        yield batch
        self._finish()

    def _receive(self, messages: Iterator[Any]) -> Iterator[_Sent]:
        """The filled rows of the sheet; other messages are kept."""
        filled = last = 0
        for message in messages:
            if isinstance(message, str):
                said, raw, merges = message.split("\t")
                filled, last = filled + 1, int(said)
                yield _Sent(last, DECODE(raw), json.loads(merges) if merges.strip() else (), raw)
            elif "sheet" in message:
                self.sheet = message["sheet"]
            elif "used" in message:
                self._used = set(message["used"])
            else:
                self.flags = [(address, code) for address, code in message["flags"]]
                self.flag_counts = message["counts"]
                self.digits_lost = self.flag_counts.get(DIGITS_LOST, 0)
        self.blank = last - filled

    def _heading(self) -> list[str]:
        """Read down to the first row of data; what stands above is set aside."""
        rows: list[GridRow] = []
        lead: list[GridRow] = []
        self._next: _Sent | None = None
        for row in self._rows:
            if self._plan is None:
                self._plan = Layout(heading=(row.number, row.number), set_aside=False)
            top, bottom = self._plan.heading
            if row.number >= (self._plan.first or bottom + 1):
                self._next = row
                break
            if top <= row.number <= bottom:
                rows.append(row)
            elif row.number < top:
                lead.append(row)
                self._put_aside(row, layouts.lead_code(row))
            else:
                self._put_aside(row, layouts.NUMBERING)
        if self._plan is None or (not rows and self._plan.heading[0]):
            raise Invalid("file.heading-missing")
        self._layout = self._plan
        self._known = layouts.known_rows(rows, lead)
        return self._named(rows)

    def _named(self, rows: Sequence[GridRow]) -> list[str]:
        """The names of the columns that are kept: none that is empty in heading and data alike."""
        if not rows:
            self._columns = list(range(min(self._used, default=0), max(self._used, default=-1) + 1))
            self._left, self._until = min(self._used, default=0), max(self._used, default=-1) + 1
            return [f"列{place}" for place in range(1, len(self._columns) + 1)]
        names = heading_rows.joined(rows, max(len(row.cells) for row in rows))
        while names and not names[-1]:
            names.pop()
        self._columns, dropped = [], []
        for column, name in enumerate(names):
            doubled = column > 0 and name == names[column - 1] and heading_rows.merged_with_left(rows, column)
            if column in self._used or (name and not doubled):
                self._columns.append(column)
            elif self._columns and not doubled:
                dropped.append(heading_rows.letters(column))
        if dropped:
            self.notes.append(Note("file.note-columns-dropped", {"columns": dropped}))
        self._left, self._until = min(self._columns, default=0), len(names)
        return [names[column] for column in self._columns]

    def _data(self) -> Iterator[_Sent]:
        """The rows of data with merged cells filled; the others are set aside on the way."""
        plan, width = self._layout, self._until
        for row in self._following():
            if plan.last is not None and row.number > plan.last:
                self._put_aside(row, layouts.aside_code(row, width) or layouts.NOTE)
                continue
            code = self._known.get(tuple(row.cells)) or layouts.aside_code(row, width) if plan.set_aside else None
            if code is not None and len(self.set_aside) < MOST_ASIDE:
                self._put_aside(row, code)
                continue
            if not plan.set_aside and layouts.aside_code(row, width) == layouts.TOTAL:
                self._totals.append(row.number)
            if plan.set_aside and (said := layouts.side_note(row, width)):
                self.set_aside.append(SetAside(row.number, said, layouts.NOTE))
                row = _Sent(row.number, row.cells[:width], row.merges, row.raw)  # noqa: PLW2901 the row without its note
            yield self._filled(row) if plan.fill_merged and (row.merges or self._merged) else row

    def _following(self) -> Iterator[_Sent]:
        if self._next is not None:
            yield self._next
        yield from self._rows

    def _filled(self, row: _Sent) -> _Sent:
        """The row with what merged cells from above and beside put into it: what is seen, not what lies below."""
        cells = [*row.cells, *[""] * (self._until - len(row.cells))]
        self._merged = [merged for merged in self._merged if merged[1] >= row.number]
        for left, bottom, right in row.merges:
            if left < self._until and cells[left]:
                self._merged.append((left, bottom, min(right, self._until - 1), cells[left]))
        anchors = {left for left, _, _ in row.merges}
        for left, _, right, said in self._merged:
            for column in range(left, right + 1):
                if cells[column] not in {"", said} and column not in anchors:
                    self._hidden.append((f"{heading_rows.letters(column)}{row.number}", HIDDEN))
                cells[column] = cells[column] if column in anchors else said
        return _Sent(row.number, cells, (), row.raw)

    def _put_aside(self, row: GridRow, code: str) -> None:
        said = " ".join(cell.strip() for cell in row.cells if cell.strip())
        self.set_aside.append(SetAside(row.number, said[:1000], code))

    def _finish(self) -> None:
        """What can be said only when all was read."""
        if self._totals:
            found = {"rows": len(self._totals), "lines": self._totals[:20]}
            self.notes.append(Note("file.note-totals-loaded", found))
        if self._hidden:
            self.flags = [*self.flags, *self._hidden][:MOST_FLAGS]
            self.flag_counts = {**self.flag_counts, HIDDEN: len(self._hidden)}
        for code, count in self.flag_counts.items():
            if code != DIGITS_LOST:
                cells = [address for address, why in self.flags if why == code]
                self.notes.append(Note(code.replace(".flag-", ".note-"), {"cells": count, "addresses": cells[:20]}))
