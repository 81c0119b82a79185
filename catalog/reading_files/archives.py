"""A look into a zip archive before anything else opens it: its true size, whatever it declares."""

import struct
import zlib
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, LargeZipFile, ZipFile, ZipInfo

from policies.refusals import Invalid

MAX_ENTRIES = 2_000
MAX_UNPACKED = 500 << 20
MAX_RATIO = 200
RATIO_FROM = 10 << 20
"""Small parts may be as repetitive as they like: the ratio counts from so many unpacked bytes on."""

PIECE = 1 << 16
OUTPUT = 1 << 20
LOCAL_HEADER = struct.Struct("<4s5H3L2H")


def prescan(path: Path) -> int:
    """Count what the archive really unpacks to, in bytes; Invalid if it is a bomb, broken or encrypted."""
    try:
        with ZipFile(path) as archive:
            entries = archive.infolist()
    except (BadZipFile, LargeZipFile, ValueError, NotImplementedError, OSError) as error:
        raise Invalid("file.archive-broken") from error
    if len(entries) > MAX_ENTRIES:
        raise Invalid("file.archive-entries", entries=len(entries), limit=MAX_ENTRIES)
    total = 0
    with path.open("rb") as file:
        for entry in entries:
            total += _unpacked(file, entry, MAX_UNPACKED - total)
    return total


def _unpacked(file: BinaryIO, entry: ZipInfo, allowed: int) -> int:
    if entry.flag_bits & 1:
        raise Invalid("file.archive-encrypted")
    if entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise Invalid("file.archive-broken")
    file.seek(entry.header_offset)
    header = file.read(LOCAL_HEADER.size)
    if len(header) < LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
        raise Invalid("file.archive-broken")
    *_, name_length, extra_length = LOCAL_HEADER.unpack(header)
    file.seek(name_length + extra_length, 1)
    if entry.compress_type == ZIP_STORED:
        return _check(entry.compress_size, entry.compress_size, allowed)
    return _inflated(file, entry.compress_size, allowed)


def _inflated(file: BinaryIO, packed: int, allowed: int) -> int:
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    taken = total = 0
    try:
        while taken < packed and not engine.eof:
            piece = file.read(min(PIECE, packed - taken))
            if not piece:
                raise Invalid("file.archive-broken")
            taken += len(piece)
            while piece and not engine.eof:
                total = _check(total + len(engine.decompress(piece, OUTPUT)), taken, allowed)
                piece = engine.unconsumed_tail
    except zlib.error as error:
        raise Invalid("file.archive-broken") from error
    return total


def _check(total: int, packed: int, allowed: int) -> int:
    if total > allowed or (total > RATIO_FROM and total > MAX_RATIO * packed):
        raise Invalid("file.archive-bomb", limit=f"{MAX_UNPACKED >> 20} MB")
    return total
