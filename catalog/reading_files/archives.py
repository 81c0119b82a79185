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
END = struct.Struct("<4s4H2LH")
END64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR = 20
MAX_DIRECTORY = 4 << 20
"""Bytes of a directory of MAX_ENTRIES parts, at any sensible length of their names."""


def listed(path: Path) -> list[ZipInfo]:
    """The parts a zip says it has; Invalid if it is broken or has too many, before its directory is in memory."""
    if (size := _directory_size(path)) > MAX_DIRECTORY:
        raise Invalid("file.archive-entries", entries=f">{size // 1024}", limit=MAX_ENTRIES)
    try:
        with ZipFile(path) as archive:
            entries = archive.infolist()
    except (BadZipFile, LargeZipFile, ValueError, NotImplementedError, OSError) as error:
        raise Invalid("file.archive-broken") from error
    if len(entries) > MAX_ENTRIES:
        raise Invalid("file.archive-entries", entries=len(entries), limit=MAX_ENTRIES)
    return entries


def _directory_size(path: Path) -> int:
    """The bytes of the directory as the end of the archive states them; nothing else says where it begins."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - END.size - LOCATOR - END64.size - 0xFFFF))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + END.size > len(tail):
        raise Invalid("file.archive-broken")
    stated: int = END.unpack_from(tail, at)[5]
    large = at - LOCATOR - END64.size
    if large >= 0 and tail.startswith(b"PK\x06\x06", large):
        stated = max(stated if stated != 0xFFFFFFFF else 0, END64.unpack_from(tail, large)[8])
    return stated


def prescan(path: Path) -> int:
    """Count what the archive really unpacks to, in bytes; Invalid if it is a bomb, broken or encrypted."""
    entries = listed(path)
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
