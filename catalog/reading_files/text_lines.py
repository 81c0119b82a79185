"""Lines of bytes: LF, CR and CR LF each end one, in every encoding where these bytes mean nothing else."""

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from policies.refusals import Invalid

BLOCK = 4 << 20
MAX_LINE = 16 << 20


def read(path: Path, size: int = BLOCK) -> Iterator[bytes]:
    """A file in pieces of about `size` bytes, each of whole lines; a line over 16 MiB raises Invalid."""
    with path.open("rb") as file:
        yield from cut(iter(partial(file.read, size), b""))


def cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join and cut pieces so that each ends with a line; CR LF is never torn."""
    rest, lines = b"", 0
    for piece in pieces:
        rest += piece
        end = rest.rfind(b"\n") + 1 or rest.rfind(b"\r", 0, -1) + 1
        if end:
            whole, rest = rest[:end], rest[end:]
            lines += count(whole)
            yield whole
        if len(rest) > MAX_LINE:
            raise Invalid("file.line-too-long", line=lines + 1, limit=MAX_LINE)
    if rest:
        yield rest


def count(content: bytes) -> int:
    """How many lines these are; the last one need not be ended."""
    ends = content.count(b"\n")
    if b"\r" in content:
        ends += content.count(b"\r") - content.count(b"\r\n")
    return ends + (not content.endswith((b"\n", b"\r")) if content else 0)
