"""A text file as blocks of whole lines in UTF-8, whatever it is encoded in."""

import codecs
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from catalog.reading_files import encodings, text_lines

MARK = "\ufeff".encode()


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines as UTF-8; `foreign` gives, by index from 0, the likely encoding of those in another one."""

    content: bytes
    foreign: Mapping[int, str] = field(default_factory=dict)


def read(path: Path, codec: str, size: int = text_lines.BLOCK) -> Generator[Block, None, None]:
    """Walk through a file block by block, its byte order mark left out."""
    blocks = _wide(path, codec, size) if codec in encodings.WIDE else _narrow(path, codec, size)
    for position, block in enumerate(blocks):
        marked = position == 0 and block.content.startswith(MARK)
        yield Block(block.content[len(MARK) :], block.foreign) if marked else block


def _narrow(path: Path, codec: str, size: int) -> Iterator[Block]:
    """In these encodings lines can be cut before they are decoded, and each may be decoded for itself."""
    for content in text_lines.read(path, size):
        text, foreign = encodings.decode(content, codec)
        yield Block(content if codec in encodings.UTF8 and not foreign else text.encode(), foreign)


def _wide(path: Path, codec: str, size: int) -> Iterator[Block]:
    decoder = codecs.getincrementaldecoder(codec)("strict")
    with path.open("rb") as file:
        pieces = iter(partial(file.read, size), b"")
        lines = 0
        try:
            for content in text_lines.cut(decoder.decode(piece).encode() for piece in pieces):
                lines += text_lines.count(content)
                yield Block(content)
        except text_lines.LongLineError as error:
            raise text_lines.too_long(lines + 1) from error
