"""The rows of a workbook's first visible sheet, read by a child process that may be killed at any time."""

import json
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from catalog.reading_files import archives, child
from catalog.reading_files.csv_rows import BATCH_CHARACTERS, bad_row, batch_size
from catalog.reading_files.shapes import Batch, Fault, Note
from policies.refusals import Invalid

MEMORY = 1536 << 20
PROCESSOR_SECONDS = 120
SECONDS = 300
OUT_OF_MEMORY_SIGNS = ("memory allocation", "MemoryError", "capacity overflow")


class XlsxRows:
    """An open workbook: `heading` first, then `batches()` once; line numbers are the sheet's row numbers."""

    def __init__(self, path: Path, *, memory: int = MEMORY, seconds: int = SECONDS) -> None:
        archives.prescan(path)
        self.blank = 0
        self.workbook = True
        self.digits_lost = 0
        self.quoted: Collection[str] = ()
        self.notes: Sequence[Note] = ()
        self._late = False
        self._child = subprocess.Popen(  # noqa: S603 our own script, no shell, a path of our choosing
            [sys.executable, "-I", child.__file__, str(path.resolve()), str(memory), str(PROCESSOR_SECONDS)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={},
        )
        self._errors: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._timer = threading.Timer(seconds, self._kill)
        self._timer.start()
        try:
            self._messages = self._receive()
            self.heading: Sequence[str] = self._heading()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop the child, if it still runs, and wait for it."""
        self._timer.cancel()
        self._child.kill()
        self._child.wait()
        self._listener.join()
        for pipe in (self._child.stdout, self._child.stderr):
            if pipe is not None:
                pipe.close()

    def batches(self) -> Iterator[Batch]:
        """The rows below the heading; a row with a filled cell outside the headings is put aside."""
        width = len(self.heading)
        batch, characters = Batch(width), 0
        for number, cells in self._messages:
            raw = json.dumps(cells, ensure_ascii=False)
            characters += len(raw)
            if any(cells[width:]):
                batch.bad.append(bad_row(number, raw, Fault(None, "file.row-width")))
            else:
                batch.lines.append(number)
                batch.raws.append(raw)
                batch.cells.extend((cells + [""] * width)[:width])
            if len(batch) + len(batch.bad) >= batch_size(width) or characters >= BATCH_CHARACTERS:
                yield batch
                batch, characters = Batch(width), 0
        yield batch

    def _heading(self) -> list[str]:
        number, cells = next(self._messages, (0, []))
        if not number:
            raise Invalid("file.heading-missing")
        while cells and not cells[-1].strip():
            cells.pop()
        return cells

    def _receive(self) -> Iterator[tuple[int, list[str]]]:
        """The rows the child sends; a child that stops short of its last word is a refusal of the file."""
        if self._child.stdout is None:
            raise RuntimeError("the child has no output")
        for line in self._child.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                break
            if isinstance(message, list):
                yield message[0], message[1]
            elif "refused" in message:
                raise Invalid(message["refused"])
            elif "blank" in message:
                self.blank, self.digits_lost = message["blank"], message["digits_lost"]
                return
        self._child.wait()
        self._listener.join()
        raise self._died()

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
