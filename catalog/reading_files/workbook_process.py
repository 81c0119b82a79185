"""A child process that reads a workbook, and may be killed at any time."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catalog.reading_files import archives
from policies.refusals import Invalid

MEMORY = 1536 << 20
PROCESSOR_SECONDS = 120
SECONDS = 300
MOST_XLS = 256 << 20
"""An old workbook is no zip archive, so that its size on disk bounds it."""

KINDS = {"xlsx", "xls", "ods"}
OUT_OF_MEMORY_SIGNS = ("memory allocation", "MemoryError", "capacity overflow")
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
        self._late = False
        self._child = subprocess.Popen(  # noqa: S603 our own program, no shell, a path of our choosing
            [sys.executable, "-I", "-B", "-c", START, ROOT, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env={},
        )
        self._errors: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._timer = threading.Timer(seconds, self._kill)
        self._timer.start()

    def messages(self) -> Iterator[Any]:
        """What the child sends, rows as lines of text; a child that stops before its last word is a refusal."""
        if self._child.stdout is None:
            raise RuntimeError("the child has no output")
        for line in self._child.stdout:
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
        self._child.wait()
        self._listener.join()
        raise self._died()

    def close(self) -> None:
        """Stop the child, if it still runs, and wait for it."""
        self._timer.cancel()
        self._child.kill()
        self._child.wait()
        self._listener.join()
        for pipe in (self._child.stdout, self._child.stderr):
            if pipe is not None:
                pipe.close()

    def _died(self) -> Invalid:
        if self._late or self._child.returncode == -24:
            return Invalid("file.workbook-too-slow")
        said = "".join(self._errors)
        big = any(sign in said for sign in OUT_OF_MEMORY_SIGNS)
        return Invalid("file.workbook-too-large" if big else "file.workbook-broken")

    def _listen(self) -> None:
        """Keep the last of what the child complains about, and never let its pipe fill up."""
        for line in self._child.stderr or ():
            self._errors = [*self._errors[-20:], line[:500]]

    def _kill(self) -> None:
        self._late = True
        self._child.kill()


def _bound(path: Path) -> None:
    if path.stat().st_size > MOST_XLS:
        raise Invalid("file.workbook-too-large")
