"""Lines of bytes: LF, CR and CR LF each end one, in every encoding where these bytes mean nothing else."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from policies.refusals import Invalid

BLOCK = 4 << 20
MAX_LINE = 16 << 20


class LongLineError(ValueError):
    """A line is longer than any line of a table."""


def read(path: Path, size: int = BLOCK) -> Iterator[bytes]:
    """A file in pieces of about `size` bytes, each of whole lines; a line over 16 MiB raises Invalid."""
    with path.open("rb") as file:
        try:
            yield from cut(iter(partial(file.read, size), b""))
        except LongLineError as error:
            file.seek(0)
            raise too_long(_lines(iter(partial(file.read, size), b"")) + 1) from error


def cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join and cut pieces so that each ends with a line; CR LF is never torn. May raise LongLineError."""
    rest = b""
    for piece in pieces:
        rest += piece
        end = rest.rfind(b"\n") + 1 or rest.rfind(b"\r", 0, -1) + 1
        if end:
            whole, rest = rest[:end], rest[end:]
            yield whole
        if len(rest) > MAX_LINE:
            raise LongLineError
    if rest:
        yield rest


def too_long(line: int) -> Invalid:
    """Why a file with such a line is refused."""
    return Invalid("file.line-too-long", line=line, limit=MAX_LINE)


def _lines(pieces: Iterator[bytes]) -> int:
    """How many lines there are before the long one: counted only when it matters, because it takes its time."""
    lines = 0
    with suppress(LongLineError):
        for piece in cut(pieces):
            lines += count(piece)
    return lines


def count(content: bytes) -> int:
    """How many lines these are; the last one need not be ended."""
    ends = content.count(b"\n")
    if b"\r" in content:
        ends += content.count(b"\r") - content.count(b"\r\n")
    return ends + (not content.endswith((b"\n", b"\r")) if content else 0)
