"""Which encoding a text file is in: byte order mark, strict UTF-8, then plausible Chinese, then the detector.

The trap: nearly every Big5 file also decodes as GB18030, without an error and into nonsense. So GB18030 is
believed only if what comes out is made of everyday characters, or if the detector prefers it to its rivals.
To read one more encoding, add it to READABLE; until then a file in it is refused by name.
"""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from policies.refusals import Invalid

READABLE = {"utf_8": "utf-8", "utf_8_sig": "utf-8-sig", "gb18030": "gb18030"}
"""Detector's name -> codec that reads it; GB 2312 and GBK are parts of GB 18030."""

MARKS = (
    (codecs.BOM_UTF8, "utf_8_sig"),
    (codecs.BOM_UTF32_LE, "utf_32_le"),
    (codecs.BOM_UTF32_BE, "utf_32_be"),
    (codecs.BOM_UTF16_LE, "utf_16_le"),
    (codecs.BOM_UTF16_BE, "utf_16_be"),
)
CHUNK = 1 << 20
SAMPLE = 1 << 16
EVERYDAY = 0.7
"""Share of GB 2312 characters from which text counts as Chinese; Big5 read as GB18030 has far less."""


@dataclass(frozen=True, slots=True)
class _Scan:
    """What one walk through the bytes shows."""

    nul: bool
    utf8: bool
    foreign: bytes


def detect(path: Path) -> str:
    """Name the codec that reads the whole file, or raise Invalid: binary, unreadable or unknown encoding."""
    with path.open("rb") as file:
        head = file.read(4)
    marked = next((name for mark, name in MARKS if head.startswith(mark)), None)
    if marked is not None and marked not in READABLE:
        raise Invalid("file.encoding-unsupported", encoding=marked.upper().replace("_", "-"))
    scan = _scan(path)
    if scan.nul:
        raise Invalid("file.binary")
    if scan.utf8:
        return "utf-8-sig" if marked else "utf-8"
    if marked:
        raise Invalid("file.encoding-broken", encoding="UTF-8", line=_first_bad_line(path, "utf-8"))
    return _legacy(path, scan.foreign)


def _scan(path: Path) -> _Scan:
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    nul, utf8, foreign = False, True, bytearray()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            nul = nul or b"\0" in chunk
            if not chunk.isascii() and len(foreign) < SAMPLE:
                foreign += b"\n".join(line for line in chunk.splitlines() if not line.isascii())[:SAMPLE]
            if utf8:
                utf8 = _decodes(decoder, chunk, final=False)
    return _Scan(nul, utf8 and _decodes(decoder, b"", final=True), bytes(foreign))


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _legacy(path: Path, foreign: bytes) -> str:
    sample = foreign[: foreign.rfind(b"\n")] if len(foreign) >= SAMPLE else foreign
    if _everyday_share(sample) >= EVERYDAY:
        found = "gb18030"
    else:
        best = from_bytes(sample).best()
        if best is None:
            raise Invalid("file.encoding-unknown")
        found = best.encoding
    if found not in READABLE:
        raise Invalid("file.encoding-unsupported", encoding=found.upper())
    codec = READABLE[found]
    line = _first_bad_line(path, codec)
    if line is not None:
        raise Invalid("file.encoding-broken", encoding=codec.upper(), line=line)
    return codec


def _everyday_share(sample: bytes) -> float:
    """Of the non-ASCII characters of the sample read as GB18030, the share that any Chinese text uses."""
    foreign = re.sub(r"[\x00-\x7f]", "", sample.decode("gb18030", "replace"))
    usual = sum(1 for character in foreign if _everyday(character))
    return usual / len(foreign) if foreign else 0.0


def _everyday(character: str) -> bool:
    try:
        lead = character.encode("gb2312")[0]
    except UnicodeEncodeError:
        return False
    return lead in {0xA1, 0xA3} or lead >= 0xB0  # punctuation, full-width forms, hanzi; not kana, Greek, Cyrillic


def _first_bad_line(path: Path, codec: str) -> int | None:
    """The number of the first line that the codec cannot read (from 1), or None if it reads them all."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    line = 1
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            line += chunk.count(b"\n")
    return None if _decodes(decoder, b"", final=True) else line
