"""Quarantine: where uploaded files wait under random names until they are scanned, apart from all stored files.

Nothing here bears a hash for its name, nothing here is in the blob store or in its backups, and no page hands
anything of it out. A file leaves into the store when it is clean; else it is erased.
"""

import fcntl
import hashlib
import io
import os
import re
import secrets
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from catalog.blobs import FULL, PIECE, SPACE_CHECK, Blob, Source, demand_space, readable, synchronise
from policies.refusals import Invalid, NotFound, Refused, Stale

NAME = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file in quarantine: the random name it waits under, its size in bytes and hexadecimal SHA-256."""

    name: str
    size: int
    sha256: str

    @property
    def blob(self) -> Blob:
        """The file as the store will know it."""
        return Blob(self.sha256, self.size)


class Quarantine:
    """The folder of waiting files; nothing is taken in while less than `reserve` bytes of its disk are free."""

    def __init__(self, folder: Path, reserve: int | None = None) -> None:
        self._folder = folder
        self._reserve = reserve
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)

    def arrive(self) -> "Arrival":
        """A new file to be written from its beginning; it is gone when it is closed before it was kept."""
        demand_space(self._folder, self._reserve)
        return Arrival(self._folder, secrets.token_hex(16), self._reserve)

    def take(self, stream: Source, *, limit: int) -> Waiting:
        """Take in a stream of at most `limit` bytes, synchronised to the disk."""
        with self.arrive() as arrival:
            while piece := stream.read(PIECE):
                arrival.write(piece)
                if arrival.size > limit:
                    raise Invalid("file.too-large", limit=readable(limit))
            return arrival.keep()

    def begin(self) -> str:
        """Make an empty file that parts are appended to; gives its name."""
        with self.arrive() as arrival:
            return arrival.keep().name

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Keep every other thread and process from a file meanwhile; Refused where one has it already."""
        with self.open(name) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as busy:
                raise Refused("upload.busy") from busy
            yield

    def append(self, name: str, reached: int, offset: int, part: Waiting) -> int:
        """Append a part that begins at `offset` to a file of which `reached` bytes are sure; gives how far it reaches.

        What a killed process wrote behind the sure bytes is cut off first. A part that is there already changes
        nothing; one that does not join on raises Stale with the offset at which the next part has to begin.
        """
        with self.path(name).open("r+b") as file, self.open(part.name) as source:
            if offset + part.size <= reached and self._same(file, offset, source):
                return reached
            if offset != reached:
                raise Stale("upload.offset", offset=reached)
            file.truncate(reached)
            file.seek(reached)
            try:
                demand_space(self._folder, self._reserve)
                _copy(source, file)
            except OSError as error:
                file.truncate(reached)
                raise _refusal(error) from error
        return reached + part.size

    def measure(self, name: str, size: int) -> Blob:
        """The hash and size of a file, of which just the first `size` bytes count."""
        digest = hashlib.sha256()
        with self.path(name).open("r+b") as file:
            file.truncate(size)
            while piece := file.read(PIECE):
                digest.update(piece)
            os.fsync(file.fileno())
            return Blob(digest.hexdigest(), file.tell())

    def open(self, name: str) -> io.BufferedReader:
        """Open a waiting file for reading; NotFound where there is none."""
        return self.path(name).open("rb")

    def path(self, name: str) -> Path:
        """Where a file waits; NotFound where it does not (any more), as after a restore from a backup."""
        path = self._folder / name
        if not NAME.fullmatch(name) or not path.is_file():
            raise NotFound("file.quarantine-lost")
        return path

    def erase(self, name: str) -> None:
        """Remove a file's only name; that it was gone already is no error.

        Its blocks are not written over: neither flash memory nor a journalling file system would write to the same
        place. Where they must be unreadable too, the folder has to lie on an encrypted disk.
        """
        if NAME.fullmatch(name):
            (self._folder / name).unlink(missing_ok=True)
            synchronise(self._folder)

    def sweep(self, known: Set[str], older_than: datetime) -> tuple[str, ...]:
        """Erase what no row refers to and nobody has written to since `older_than`; name it."""
        gone = []
        for path in sorted(self._folder.iterdir()):
            if path.name in known or not path.is_file():
                continue
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < older_than:
                path.unlink(missing_ok=True)
                gone.append(path.name)
        return tuple(gone)

    @staticmethod
    def _same(file: BinaryIO, offset: int, part: BinaryIO) -> bool:
        file.seek(offset)
        while piece := part.read(PIECE):
            if file.read(len(piece)) != piece:
                return False
        return True


class Arrival(io.BufferedRandom):
    """A file on its way in, counted and hashed as it is written; closed without `keep`, it never was."""

    def __init__(self, folder: Path, name: str, reserve: int | None) -> None:
        self._path = folder / name
        self._reserve = reserve
        self._digest = hashlib.sha256()
        self._unchecked = 0
        self._kept = False
        self.size = 0
        super().__init__(io.FileIO(self._path, "x+b", opener=lambda path, flags: os.open(path, flags, 0o600)))

    def write(self, data: bytes, /) -> int:  # type: ignore[override] # only bytes ever come
        """Add bytes at the end; Refused when the disk is full."""
        self.size += len(data)
        self._unchecked += len(data)
        if self._unchecked >= SPACE_CHECK:
            demand_space(self._path.parent, self._reserve)
            self._unchecked = 0
        self._digest.update(data)
        try:
            return super().write(data)
        except OSError as error:
            raise _refusal(error) from error

    def seek(self, target: int, whence: int = 0, /) -> int:
        """Go somewhere to read; what was written so far must find its place before."""
        try:
            return super().seek(target, whence)
        except OSError as error:
            raise _refusal(error) from error

    def keep(self) -> Waiting:
        """Leave the file in quarantine, synchronised to the disk."""
        try:
            self.flush()
            os.fsync(self.fileno())
        except OSError as error:
            raise _refusal(error) from error
        synchronise(self._path.parent)
        self._kept = True
        return Waiting(self._path.name, self.size, self._digest.hexdigest())

    def close(self) -> None:
        """Let go of the file, and remove it unless it was kept."""
        try:
            super().close()
        except OSError:
            if self._kept:
                raise
        finally:
            if not self._kept:
                self._path.unlink(missing_ok=True)


def _copy(source: BinaryIO, target: BinaryIO) -> None:
    while piece := source.read(PIECE):
        target.write(piece)
    target.flush()
    os.fsync(target.fileno())


def _refusal(error: OSError) -> Exception:
    return Refused("file.no-space") if error.errno in FULL else error
