"""The names of the streams in an OLE2 file: they say whether it is an old workbook, a document, or a locked one."""

import struct
from pathlib import Path
from typing import BinaryIO

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SECTORS = 2_000
"""More sectors than this no directory has: what goes on longer goes round in a circle."""
BIGGEST = 0xFFFFFFFA
FAT_IN_HEADER = 109


def streams(path: Path) -> set[str]:
    """The names in the directory of the file, as far as it can be followed; empty if it is no OLE2 file."""
    found: set[str] = set()
    with path.open("rb") as file:
        header = file.read(512)
        if len(header) < 512 or not header.startswith(MAGIC):
            return found
        shift = struct.unpack_from("<H", header, 30)[0]
        if shift not in {9, 12}:
            return found
        size = 1 << shift
        fat = [sector for sector in struct.unpack_from(f"<{FAT_IN_HEADER}L", header, 76) if sector < BIGGEST]
        sector: int = struct.unpack_from("<L", header, 48)[0]
        for _ in range(SECTORS):
            if sector >= BIGGEST:
                break
            entries = _sector(file, sector, size)
            found |= {_name(entries[at : at + 128]) for at in range(0, len(entries), 128)}
            sector = _next(file, fat, sector, size)
    return found - {""}


def _sector(file: BinaryIO, number: int, size: int) -> bytes:
    file.seek((number + 1) * size)
    return file.read(size)


def _name(entry: bytes) -> str:
    length = struct.unpack_from("<H", entry, 64)[0] if len(entry) == 128 else 0
    return entry[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")


def _next(file: BinaryIO, fat: list[int], sector: int, size: int) -> int:
    """The sector that follows in a chain; the end of chains for what lies beyond the table."""
    table, place = divmod(sector, size // 4)
    if table >= len(fat):
        return BIGGEST
    entry = _sector(file, fat[table], size)[place * 4 : place * 4 + 4]
    return int.from_bytes(entry, "little") if len(entry) == 4 else BIGGEST
