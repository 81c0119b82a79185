"""OLE2 compound files, as old workbooks are: their streams, and the summary information in them."""

import struct
from collections.abc import Iterator
from pathlib import Path

from catalog.reading_workbooks.cells import WorkbookError
from catalog.reading_workbooks.xml_parts import MOST_PROPERTY

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
END = 0xFFFFFFFA
"""Sector numbers from here on are no sectors."""
ENTRY = 128
SMALL_SECTOR = 64
SUMMARIES = ("\x05SummaryInformation", "\x05DocumentSummaryInformation")
SUMMARY_NAMES = {2: "title", 3: "subject", 4: "creator", 5: "keywords", 6: "description", 8: "lastModifiedBy"}
DOCUMENT_NAMES = {2: "category", 14: "manager", 15: "company"}
CODE_PAGE, DICTIONARY = 1, 0
CODECS = {936: "gb18030", 950: "big5", 1200: "utf-16-le", 1252: "cp1252", 54936: "gb18030", 65001: "utf-8"}
ANSI, WIDE = 30, 31
MOST_PROPERTIES = 500


def magic(path: Path) -> bytes:
    """The first eight bytes of a file."""
    with path.open("rb") as file:
        return file.read(len(MAGIC))


class CompoundFile:
    """The streams of a compound file by name; WorkbookError if its tables lead nowhere."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        try:
            self._open()
        except (struct.error, IndexError, ValueError) as error:
            raise WorkbookError("file.workbook-broken") from error

    def _open(self) -> None:
        shift, small_shift = struct.unpack_from("<HH", self._content, 30)
        if shift not in {9, 12} or small_shift != 6:
            raise ValueError(shift)
        self._sector = 1 << shift
        directory, _, self._cutoff, small, _, more, _ = struct.unpack_from("<7I", self._content, 48)
        blocks = [block for block in struct.unpack_from("<109I", self._content, 76) if block < END]
        seen = set()
        while more < END and more not in seen:
            seen.add(more)
            numbers = struct.unpack(f"<{self._sector // 4}I", self._block(more))
            blocks += [block for block in numbers[:-1] if block < END]
            more = numbers[-1]
        self._table: list[int] = []
        for block in blocks:
            self._table += struct.unpack(f"<{self._sector // 4}I", self._block(block))
        entries = self._chain(directory)
        self.names: dict[str, tuple[int, int]] = {}
        root = (END, 0)
        for start in range(0, len(entries) - ENTRY + 1, ENTRY):
            length, kind = struct.unpack_from("<HB", entries, start + 64)
            name = entries[start : start + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            place = struct.unpack_from("<II", entries, start + 116)
            if kind == 5:
                root = place
            elif kind == 2:
                self.names.setdefault(name, place)
        table = self._chain(small)
        self._small_table = struct.unpack(f"<{len(table) // 4}I", table)
        self._small = self._chain(root[0])

    def _block(self, number: int) -> bytes:
        start = (number + 1) * self._sector
        block = self._content[start : start + self._sector]
        if len(block) < self._sector:
            block = block.ljust(self._sector, b"\0") if block else b""
        if not block:
            raise IndexError(number)
        return block

    def _chain(self, number: int) -> bytes:
        blocks, left = [], len(self._table)
        while number < END:
            blocks.append(self._block(number))
            number, left = self._table[number], left - 1
            if left < 0:
                raise ValueError("a chain of sectors runs in a circle")
        return b"".join(blocks)

    def stream(self, name: str) -> bytes:
        """The content of a stream; KeyError if there is none of this name."""
        number, size = self.names[name]
        try:
            if size >= self._cutoff:
                return self._chain(number)[:size]
            blocks: list[bytes] = []
            while number < END and len(blocks) <= len(self._small_table):
                blocks.append(self._small[number * SMALL_SECTOR : (number + 1) * SMALL_SECTOR])
                number = self._small_table[number]
            return b"".join(blocks)[:size]
        except (struct.error, IndexError, ValueError) as error:
            raise WorkbookError("file.workbook-broken") from error

    def properties(self) -> dict[str, str]:
        """The summary information, with custom properties under their own names; what is damaged is left out."""
        found: dict[str, str] = {}
        for name, known in zip(SUMMARIES, (SUMMARY_NAMES, DOCUMENT_NAMES), strict=True):
            if name in self.names:
                try:
                    for property_, value in _property_set(self.stream(name), known):
                        found.setdefault(property_, value[:MOST_PROPERTY])
                except (struct.error, IndexError, ValueError, LookupError):
                    continue
        return found


def _property_set(content: bytes, known: dict[int, str]) -> Iterator[tuple[str, str]]:
    """The text properties of a property set stream; its second section holds the custom ones."""
    (sections,) = struct.unpack_from("<I", content, 24)
    for section in range(min(sections, 2)):
        (start,) = struct.unpack_from("<I", content, 28 + 20 * section + 16)
        _, count = struct.unpack_from("<II", content, start)
        places = dict(struct.iter_unpack("<II", content[start + 8 : start + 8 + 8 * min(count, MOST_PROPERTIES)]))
        codec = "cp1252"
        if CODE_PAGE in places:
            (page,) = struct.unpack_from("<H", content, start + places[CODE_PAGE] + 4)
            codec = CODECS.get(page, f"cp{page}")
        names = known if section == 0 else _dictionary(content, start + places[DICTIONARY], codec)
        for id_, place in places.items():
            value = _value(content, start + place, codec) if id_ in names else ""
            if value:
                yield names[id_], value


def _value(content: bytes, place: int, codec: str) -> str:
    kind, size = struct.unpack_from("<II", content, place)
    if kind == ANSI:
        return content[place + 8 : place + 8 + size].decode(codec, "replace").rstrip("\0")
    if kind == WIDE:
        return content[place + 8 : place + 8 + 2 * size].decode("utf-16-le", "replace").rstrip("\0")
    return ""


def _dictionary(content: bytes, place: int, codec: str) -> dict[int, str]:
    """The names of custom properties by their numbers."""
    (count,) = struct.unpack_from("<I", content, place)
    place, wide, names = place + 4, codec == "utf-16-le", {}
    for _ in range(min(count, MOST_PROPERTIES)):
        id_, size = struct.unpack_from("<II", content, place)
        length = size * 2 if wide else size
        names[id_] = content[place + 8 : place + 8 + length].decode(codec, "replace").rstrip("\0")
        place += 8 + (length + 3) // 4 * 4 if wide else 8 + length
    return names
