"""A window on the lines of a delimited file that are not dealt with yet.

It grows by a block when a row reaches beyond it, and is cut when rows are done; so a reader that was misled by a
quotation mark can go back and read the same lines again.
"""

import csv
import re
from collections.abc import Iterator

from catalog.reading_files import text_lines
from catalog.reading_files.text_blocks import Block

LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
MAX_ROW = text_lines.MAX_LINE


class EndlessError(csv.Error):
    """A row goes on over more bytes than any row has."""


class Window:
    """The lines not yet dealt with: their bytes, the number of the first one, and those in another encoding."""

    def __init__(self, blocks: Iterator[Block]) -> None:
        self._blocks = blocks
        self.content = b""
        self.line = 1
        self.foreign: dict[int, str] = {}
        self.ended = False

    def grow(self) -> bool:
        """Take in another block; False at the end of the file."""
        block = next(self._blocks, None)
        if block is None:
            self.ended = True
            return False
        if block.foreign:
            first = self.line + text_lines.count(self.content)
            self.foreign.update({first + index: name for index, name in block.foreign.items()})
        self.content += block.content
        return True

    def cut(self, size: int, lines: int) -> None:
        """Forget what is dealt with: so many bytes, which are so many lines."""
        self.content = self.content[size:]
        self.line += lines
        if self.foreign:
            self.foreign = {line: name for line, name in self.foreign.items() if line >= self.line}

    def head(self, size: int) -> bytes:
        """About so many bytes of its first lines, or all of them."""
        if len(self.content) <= size:
            return self.content
        end = self.content.rfind(b"\n", 0, size) + 1 or self.content.rfind(b"\r", 0, size) + 1
        if end and self.content.startswith(b"\n", end) and self.content.endswith(b"\r", 0, end):
            end += 1
        return self.content[:end] if end else self.content

    def other_encoding(self, first: int, behind: int) -> str | None:
        """The encoding of the first of these lines that is not in the file's own; None if all are."""
        if not self.foreign:
            return None
        return next((self.foreign[line] for line in range(first, behind) if line in self.foreign), None)


class Lines:
    """The lines of a window for `csv.reader`: `at` bytes are handed out, the next line is `line`.

    `start` and `first` are the place and the number of the line where the row being read begins.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self.at = self.start = 0
        self.line = self.first = window.line

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        found = LINE.match(self._window.content, self.at)
        if found is None:
            if not self._window.grow():
                raise StopIteration
            return next(self)
        if found.end() - self.start > MAX_ROW:
            raise EndlessError
        self.at = found.end()
        self.line += 1
        return found.group().decode()

    @property
    def raw(self) -> str:
        """The text of the row that has been read."""
        return self._window.content[self.start : self.at].decode()

    def done(self) -> None:
        """The row is done: the next one begins here."""
        self.start, self.first = self.at, self.line

    def back(self) -> str:
        """Go back behind the first line of the row, and give that line."""
        found = LINE.match(self._window.content, self.start)
        if found is None:
            raise RuntimeError("a row without a line")
        self.at, self.line = found.end(), self.first + 1
        return found.group().decode()
