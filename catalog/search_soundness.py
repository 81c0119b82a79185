"""Whether the files of an index folder are as they were written: the list of those in use, and their checksums."""

import json
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

META = "meta.json"
FOOTER = struct.Struct("<II")
"""How every file ends: the length of the words before that hold its checksum, and a magic number."""
MAGIC = 1337
PIECE = 1 << 20


@dataclass(frozen=True)
class Stamp:
    """By what the list of files in use is known again: each commit puts a new file in its place."""

    inode: int
    changed: int
    folder: int


def stamp(folder: Path) -> Stamp | None:
    """The stamp of a folder's present commit; None where folder or list are gone."""
    try:
        found = (folder / META).stat()
        return Stamp(found.st_ino, found.st_mtime_ns, folder.stat().st_ino)
    except OSError:
        return None


def sizes(folder: Path) -> tuple[tuple[str, int], ...]:
    """Every file in use with its size. Raises OSError and ValueError where the list can't be read."""
    segments = json.loads((folder / META).read_bytes())["segments"]
    in_use = {str(one["segment_id"]).replace("-", "") for one in segments}
    with os.scandir(folder) as found:
        files = [one for one in found if one.name.partition(".")[0] in in_use]
        return tuple((one.path, one.stat().st_size) for one in files)


def unchanged(files: tuple[tuple[str, int], ...]) -> bool:
    """Whether every file still has its size: to read past the end of a mapped file would end the process."""
    try:
        # This is asked before each answer, and a Path takes three times as long.
        return all(os.stat(path).st_size == size for path, size in files)  # noqa: PTH116
    except OSError:
        return False


def faults(folder: Path) -> Iterator[str]:
    """Names of files in use whose content is not what was written; reads all of them."""
    try:
        files = sizes(folder)
    except (OSError, ValueError, KeyError):
        yield META
        return
    for path, size in files:
        if not _sound(path, size):
            yield Path(path).name


def _sound(path: str, size: int) -> bool:
    try:
        with Path(path).open("rb") as file:
            file.seek(size - FOOTER.size)
            length, magic = FOOTER.unpack(file.read(FOOTER.size))
            body = size - FOOTER.size - length
            if magic != MAGIC or body < 0:
                return False
            file.seek(body)
            expected = json.loads(file.read(length))["crc"]
            file.seek(0)
            checksum = 0
            while body:
                piece = file.read(min(body, PIECE))
                if not piece:
                    return False
                checksum, body = zlib.crc32(piece, checksum), body - len(piece)
    except (OSError, ValueError, KeyError, struct.error):
        return False
    return bool(checksum == expected)
