"""Which encoding a text file is in: byte order mark, pattern of NULs, strict UTF-8, then plausible Chinese.

The traps: nearly every Big5 file also decodes as GB18030, without an error and into nonsense, and so does every
second line of UTF-8. So GB18030 is believed only if what comes out is made of everyday characters, or if the
detector prefers it to its rivals. A file whose lines are in two encodings is read in the one of most lines; the
others are told line by line. To read one more encoding, add it to READABLE; until then it is refused by name.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from charset_normalizer import from_bytes

from catalog.reading_files import text_lines
from policies.refusals import Invalid

READABLE = {"gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030", "hz": "gb18030"} | dict.fromkeys(
    ("big5", "big5hkscs", "cp950"), "big5hkscs"
)
"""Detector's name -> codec that reads it."""

UTF8 = {"utf-8", "utf-8-sig"}
WIDE = {"utf-16", "utf-16-le", "utf-16-be", "utf-32"}
"""Here line ends are no single bytes: these files are decoded before they are cut into lines."""
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE = 1 << 16
FIRST_BLOCK, PER_BLOCK = 2_000, 50
"""Lines of the first block, and of every other, that are looked at where the file is no UTF-8."""

NOT_ASCII = re.compile(r"[^\x00-\x7f]")
NOT_ASCII_BYTE = re.compile(rb"[\x80-\xff]")
EVERYDAY = 0.7
"""Share of GB 2312 characters from which text counts as Chinese; Big5 read as GB18030 has far less."""
SENSIBLE = 0.9
STRAY = 100
"""One line in so many may be damaged beyond reading (or hold NULs) before the file is refused as a whole."""
UNKNOWN = "?"
"""Stands for the encoding of a line that none of ours can read."""
LEGACY = ("gb18030", "big5hkscs")
NAMES = {"utf-8": "UTF-8", "gb18030": "GB18030", "big5hkscs": "Big5-HKSCS"}


@dataclass(slots=True)
class _Scan:
    """What one walk through the bytes shows; `sample` holds lines that are not ASCII."""

    nul_lines: int = 0
    utf8: bool = True
    sample: list[bytes] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """The codec of a file, and the first line (from 1) that is in another encoding, if there is one."""

    codec: str
    foreign: int | None = None


def detect(path: Path) -> str:
    """Name the codec that reads the file, or raise Invalid: binary, unreadable or unknown encoding."""
    return examine(path).codec


def examine(path: Path) -> Found:
    """Name the codec that reads most lines of the file, and the first line that it does not read."""
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    marked = next((codec for mark, codec in MARKS if head.startswith(mark)), None)
    wide = marked if marked in WIDE else None if marked else _wide(head)
    if wide:
        if (line := _first_bad_line(path, wide)) is not None:
            raise Invalid("file.encoding-broken", encoding=wide[:6].upper(), line=line)
        return Found(wide)
    if head.count(b"\0") * STRAY > len(head):
        raise Invalid("file.binary")
    scan = _scan(path)
    if scan.nul_lines and scan.nul_lines * STRAY > sum(map(text_lines.count, text_lines.read(path))):
        raise Invalid("file.binary")
    if scan.utf8:
        return Found(marked or "utf-8")
    return _verified(path, marked or _main(scan.sample))


def decode(content: bytes, codec: str) -> tuple[str, dict[int, str]]:
    """Whole lines as text; lines in another encoding are decoded in that, and given by index with its name."""
    codec = "utf-8" if codec in UTF8 else codec
    with suppress(UnicodeDecodeError):
        text = content.decode(codec)
        if codec == "utf-8" or not _smuggled(content, codec):
            return text, {}
    texts, foreign = [], {}
    for index, line in enumerate(content.splitlines(keepends=True)):
        text, other = _line(line, codec)
        texts.append(text)
        if other:
            foreign[index] = other
    return "".join(texts), foreign


def _line(line: bytes, codec: str) -> tuple[str, str | None]:
    """The text of a line, and the name of its encoding if that is not the file's."""
    if line.isascii():
        return line.decode("ascii"), None
    if codec != "utf-8" and _is_utf8_rather(line, codec):
        return line.decode("utf-8"), NAMES["utf-8"]
    try:
        return line.decode(codec), None
    except UnicodeDecodeError:
        other = _likely(line)
    if other:
        return line.decode(other), NAMES[other]
    body = line.rstrip(b"\r\n")
    return body.decode(codec, "replace") + line[len(body) :].decode("ascii"), UNKNOWN


def _likely(line: bytes) -> str | None:
    """The encoding in which a line that is none in the file's makes the most sense; None if it makes none."""
    shares = {codec: _everyday_share(line, codec) for codec in LEGACY if _decodes(line, codec)}
    best = max(shares, key=lambda codec: shares[codec], default=None)
    return best if best and shares[best] > 0 else None


def _smuggled(content: bytes, codec: str) -> bool:
    """Is there a line of UTF-8 among lines that all decode otherwise? Hanzi in UTF-8 are sought as bytes first."""
    octets = np.frombuffer(content, np.uint8)
    following = (octets & 0xC0) == 0x80
    hanzi = (octets[:-2] >= 0xE3) & (octets[:-2] <= 0xE9) & following[1:-1] & following[2:]
    done = 0
    for at in np.flatnonzero(hanzi).tolist():
        if at >= done:
            start, done = _bounds(content, at)
            if _is_utf8_rather(content[start:done], codec):
                return True
    return False


def _bounds(content: bytes, at: int) -> tuple[int, int]:
    """Where the line begins and ends in which this byte lies."""
    start = content.rfind(b"\n", 0, at) + 1
    start = max(start, content.rfind(b"\r", start, at) + 1)
    end = content.find(b"\n", at)
    end = end if end >= 0 else len(content)
    carriage = content.find(b"\r", at, end)
    return start, carriage if carriage >= 0 else end


def _is_utf8_rather(line: bytes, codec: str) -> bool:
    """Does the line make sense as UTF-8, and less in the encoding of its file?"""
    try:
        foreign = NOT_ASCII.findall(line.decode("utf-8"))
    except UnicodeDecodeError:
        return False
    sensible = sum(1 for character in foreign if ord(character) >= 0x2000 and _usual(character))
    return sensible >= EVERYDAY * len(foreign) and _everyday_share(line, codec) < EVERYDAY


def _wide(head: bytes) -> str | None:
    """UTF-16 without its mark: half of what is ASCII in it is NUL, and read so, nearly all of it makes sense."""
    if b"\0" not in head:
        return None
    for codec in ("utf-16-le", "utf-16-be"):
        with suppress(UnicodeDecodeError):
            text = codecs.getincrementaldecoder(codec)("strict").decode(head)
            sensible = sum(1 for one in text if one in "\t\r\n" or (one.isprintable() and _usual(one)))
            if sensible >= SENSIBLE * len(text):
                return codec
    return None


def _scan(path: Path) -> _Scan:
    scan = _Scan()
    for position, block in enumerate(text_lines.read(path)):
        if b"\0" in block:
            scan.nul_lines += sum(1 for line in block.splitlines() if b"\0" in line)
        if block.isascii():
            continue
        scan.utf8 = scan.utf8 and _decodes(block, "utf-8")
        scan.sample += islice(_foreign(block), PER_BLOCK if position else FIRST_BLOCK)
    return scan


def _foreign(block: bytes) -> Iterator[bytes]:
    """The lines that are not ASCII; of a very long one only its first part behind the ASCII."""
    at = 0
    while found := NOT_ASCII_BYTE.search(block, at):
        start, at = _bounds(block, found.start())
        yield block[start:at] if at - start <= SAMPLE else block[found.start() : found.start() + SAMPLE]


def _decodes(content: bytes, codec: str) -> bool:
    try:
        content.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _main(sample: Sequence[bytes]) -> str:
    """The encoding of most lines of the sample."""
    others = [line for line in sample if not _decodes(line, "utf-8")]
    if len(others) * 2 <= len(sample):
        return "utf-8"
    text = b"\n".join(others)[:SAMPLE]
    text = text[: text.rfind(b"\n")] if len(text) == SAMPLE and b"\n" in text else text
    gb, big5 = _everyday_share(text, "gb18030"), _everyday_share(text, "big5hkscs")
    if max(gb, big5) >= EVERYDAY:
        return "gb18030" if gb >= big5 else "big5hkscs"
    best = from_bytes(text).best()
    if best is None:
        likely = _likely(text)
        if likely is None:
            raise Invalid("file.encoding-unknown")
        return likely
    if best.encoding not in READABLE:
        raise Invalid("file.encoding-unsupported", encoding=best.encoding.upper())
    return READABLE[best.encoding]


def _verified(path: Path, codec: str) -> Found:
    """Walk through the file in this encoding; Invalid where more than a few lines are in none that we know."""
    lines = unknown = 0
    first = broken = None
    for block in text_lines.read(path):
        for index, name in decode(block, codec)[1].items():
            first = first or lines + index + 1
            if name == UNKNOWN:
                unknown += 1
                broken = broken or lines + index + 1
        lines += text_lines.count(block)
    if unknown * STRAY > lines:
        raise Invalid("file.encoding-broken", encoding=codec.upper(), line=broken)
    return Found(codec, first)


def _everyday_share(sample: bytes, codec: str) -> float:
    """Of the non-ASCII characters of the sample read in an encoding, the share that any Chinese text uses."""
    foreign = NOT_ASCII.findall(sample.decode(codec, "replace"))
    usual = _everyday if codec == "gb18030" else _everyday_traditional
    return sum(1 for character in foreign if usual(character)) / len(foreign) if foreign else 0.0


def _everyday(character: str) -> bool:
    try:
        lead = character.encode("gb2312")[0]
    except UnicodeEncodeError:
        return False
    return lead in {0xA1, 0xA3} or lead >= 0xB0  # punctuation, full-width forms, hanzi; not kana, Greek, Cyrillic


def _everyday_traditional(character: str) -> bool:
    try:
        lead = character.encode("big5")[0]
    except UnicodeEncodeError:
        return False
    return 0xA1 <= lead <= 0xC6 and lead != 0xA3  # punctuation and the 5,401 frequent hanzi


def _usual(character: str) -> bool:
    return character.isascii() or _everyday(character) or _everyday_traditional(character)


def _first_bad_line(path: Path, codec: str) -> int | None:
    """The number of the first line that the codec cannot read (from 1), or None if it reads them all."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    line = 1
    with path.open("rb") as file:
        for chunk in iter(partial(file.read, 1 << 20), b""):
            try:
                line += decoder.decode(chunk).count("\n")
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].decode(codec, "replace").count("\n")
    try:
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return line
    return None
