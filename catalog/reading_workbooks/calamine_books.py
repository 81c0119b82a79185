"""XLSX and XLS workbooks through calamine, which gives values alone; the rest is looked up in their parts."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from catalog.reading_workbooks import compound, office_parts, stream_records
from catalog.reading_workbooks.cells import MOST_COLUMNS, MOST_ROWS, Flags, Row, Sheet, WorkbookError

STREAMS = ("Workbook", "Book")


class CalamineBook:
    """An open workbook of either kind, told by its content; calamine would believe the name's ending."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parts = office_parts.check(path) if compound.magic(path) != compound.MAGIC else None
        self._ole = None if self._parts is not None else compound.CompoundFile(path.read_bytes())
        if self._ole is not None and "EncryptedPackage" in self._ole.names:
            raise WorkbookError("file.archive-encrypted")
        self._open: tuple[str, CalamineSheet] | None = None
        try:
            with path.open("rb") as file:
                self._book = CalamineWorkbook.from_filelike(file)
        except PasswordError as error:
            raise WorkbookError("file.archive-encrypted") from error
        except CalamineError as error:
            raise WorkbookError("file.workbook-broken") from error

    def sheets(self) -> Sequence[Sheet]:
        """The worksheets; charts and macro sheets have no cells."""
        return [
            Sheet(sheet.name, sheet.visible is SheetVisibleEnum.Visible)
            for sheet in self._book.sheets_metadata
            if sheet.typ is SheetTypeEnum.WorkSheet
        ]

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of a sheet; calamine begins at row 1, but at the first column that is used."""
        sheet = self._sheet(name)
        if sheet.end is not None and (sheet.end[0] >= MOST_ROWS or sheet.end[1] >= MOST_COLUMNS):
            raise WorkbookError("file.workbook-broken")
        merges = defaultdict(list)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
            merges[top + 1].append((left, bottom + 1, right))
        before: list[object] = [""] * (sheet.start[1] if sheet.start else 0)
        for number, cells in enumerate(sheet.iter_rows(), 1):
            yield Row(number, [*before, *cells], merges.get(number, ()))

    def _sheet(self, name: str) -> CalamineSheet:
        if self._open is None or self._open[0] != name:
            self._open = None
            try:
                self._open = (name, self._book.get_sheet_by_name(name))
            except CalamineError as error:
                raise WorkbookError("file.workbook-broken") from error
        return self._open[1]

    def flags(self, name: str, first: int) -> Flags:
        """Formulas without a value and error cells, from the XML of the sheet or the records of the stream."""
        if self._parts is not None:
            return office_parts.flags(self._path, self._parts, name, first)
        stream = next((name for name in STREAMS if self._ole and name in self._ole.names), None)
        return stream_records.flags(self._ole.stream(stream), name, first) if self._ole and stream else Flags()

    def properties(self) -> dict[str, str]:
        """Core, application and custom properties, or the summary information of an old workbook."""
        if self._parts is not None:
            return office_parts.properties(self._path)
        return self._ole.properties() if self._ole is not None else {}
