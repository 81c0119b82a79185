"""What the child process does: it reads one workbook, limited in memory and time, and can write no file.

Standard output carries lines of JSON and rows (see `sending`), at last {"end": true}. A refusal is {"refused":
reason code}. Commands: `glance HEAD TAIL` looks at every sheet, `rows SHEET FIRST LAST` sends one of them.
"""

import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catalog.reading_workbooks.calamine_books import CalamineBook
from catalog.reading_workbooks.cells import Book, WorkbookError
from catalog.reading_workbooks.ods_books import OdsBook
from catalog.reading_workbooks.sending import SheetMessages, glance

MOST_OUTPUT = 1 << 30
"""Characters: a few long texts that thousands of cells refer to unpack to more than their file shows."""


def limit(memory: int, seconds: int) -> None:
    """Bound address space (bytes) and processor time; write no file and no core."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(arguments: list[str]) -> None:
    """Arguments: memory in bytes, seconds of processor time, kind, path, command and what it takes."""
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    memory, seconds, kind, path, command, *wanted = arguments
    limit(int(memory), int(seconds))
    try:
        book: Book = OdsBook(Path(path)) if kind == "ods" else CalamineBook(Path(path))
        _send(glance(book, *map(int, wanted)) if command == "glance" else _rows(book, *wanted))
    except WorkbookError as refusal:
        _say({"refused": refusal.code})
    except (MemoryError, RecursionError):
        _say({"refused": "file.workbook-too-large"})


def _rows(book: Book, name: str, first: str, last: str) -> Iterator[Any]:
    """The sheet of this name, or the first visible one that has rows if no name is given."""
    sheets = book.sheets()
    visible = [sheet.name for sheet in sheets if sheet.visible]
    if not visible and not name:
        raise WorkbookError("file.workbook-empty")
    if name and name not in {sheet.name for sheet in sheets}:
        raise WorkbookError("file.sheet-missing")
    chosen = name or next((one for one in visible if any(any(row.cells) for row in book.rows(one))), visible[0])
    yield {"sheet": chosen}
    yield from SheetMessages(book, chosen, int(first), int(last)).all()


def _send(messages: Iterator[Any]) -> None:
    sent = 0
    for message in messages:
        sent += _say(message)
        if sent > MOST_OUTPUT:
            raise WorkbookError("file.workbook-too-large")
    _say({"end": True})


def _say(value: object) -> int:
    """Write one line, text as it is and all else as JSON; its length."""
    return sys.stdout.write((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) + "\n")
