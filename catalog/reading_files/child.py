"""Reads one sheet of a workbook in a process of its own, limited in memory and time; xlsx_rows runs it.

Standard output carries JSON lines: {"sheet": name}, then [row number, [cell texts]] for each row that is
not blank, at last {"blank": n, "digits_lost": n}. A refusal is {"refused": reason code}. This file imports
nothing of the project, so that the limits hold for the workbook alone.
"""

import json
import resource
import sys
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

EXACT = 10**15
"""From here on a spreadsheet number no longer holds every digit that was typed."""


def limit(memory: int, seconds: int) -> None:
    """Bound address space (bytes) and processor time; write no file and no core."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def text(cell: object) -> str:
    """A cell as it would stand in a CSV file; whole numbers without a decimal point, dates as in ISO 8601."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return format(cell, ".0f") if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return str(cell) if isinstance(cell, (int, timedelta)) else ""


def say(value: object) -> None:
    """Write one JSON line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def read(path: str) -> None:
    """Send the first visible worksheet."""
    with CalamineWorkbook.from_path(path) as book:
        names = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible
        ]
        if not names:
            say({"refused": "file.workbook-empty"})
            return
        say({"sheet": names[0]})
        blank = lost = 0
        for number, row in enumerate(book.get_sheet_by_name(names[0]).iter_rows(), 1):
            cells = [text(cell) for cell in row]
            if any(cells):
                lost += sum(1 for cell in row if isinstance(cell, (int, float)) and abs(cell) >= EXACT)
                say([number, cells])
            else:
                blank += 1
        say({"blank": blank, "digits_lost": lost})


def main() -> None:
    """Arguments: path, memory in bytes, seconds of processor time."""
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    path, memory, seconds = sys.argv[1:]
    limit(int(memory), int(seconds))
    try:
        read(path)
    except PasswordError:
        say({"refused": "file.archive-encrypted"})
    except MemoryError:
        say({"refused": "file.workbook-too-large"})


if __name__ == "__main__":
    main()
