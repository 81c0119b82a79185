"""A child process that reads a workbook, and may be killed at any time."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catalog.reading_files import archives
from catalog.reading_files.limited import LimitedProcess
from policies.refusals import Invalid

MEMORY = 1536 << 20
PROCESSOR_SECONDS = 120
SECONDS = 300
MOST_XLS = 256 << 20
"""An old workbook is no zip archive, so that its size on disk bounds it."""

KINDS = {"xlsx", "xls", "ods"}
ROOT = str(Path(__file__).resolve().parents[2])
START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from catalog.reading_workbooks import child; child.main(sys.argv[2:])"
)


class WorkbookProcess:
    """A running child; `messages()` once, then `close()`."""

    def __init__(self, path: Path, kind: str, *command: str, memory: int = MEMORY, seconds: int = SECONDS) -> None:
        if kind == "xls":
            _bound(path)
        else:
            archives.prescan(path)
        arguments = [str(memory), str(PROCESSOR_SECONDS), kind, str(path.resolve()), *command]
        self._process = LimitedProcess(["-B", "-c", START, ROOT, *arguments], seconds=seconds)

    def messages(self) -> Iterator[Any]:
        """What the child sends, rows as lines of text; a child that stops before its last word is a refusal."""
        for said in self._process.output:
            line = said.decode("utf-8", "replace")
            if not line.startswith("{"):
                yield line
                continue
            try:
                message = json.loads(line)
            except ValueError:
                break
            if "refused" in message:
                raise Invalid(message["refused"])
            if "end" in message:
                return
            yield message
        raise self._process.death("workbook")

    def close(self) -> None:
        """Stop the child, if it still runs, and wait for it."""
        self._process.close()


def _bound(path: Path) -> None:
    if path.stat().st_size > MOST_XLS:
        raise Invalid("file.workbook-too-large")
