"""Stored files, named by the SHA-256 of their content, in a local folder or in S3 through pyarrow.fs.

A file comes in under a temporary name in a local folder, is hashed and counted on the way, and gets its hash
as name only when it is whole; what a killed process leaves behind is swept by age.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Set
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Protocol

from policies.later import Later
from policies.refusals import Invalid, NotFound, Refused

if TYPE_CHECKING:
    from pyarrow import fs
else:
    # Only a store in S3 needs it, and it is slow to load.
    fs = Later("pyarrow.fs")

PIECE = 1 << 20
SPACE_CHECK = 64 << 20
RESERVE = 2 << 30
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored file: hexadecimal SHA-256 of its content, and its size in bytes."""

    sha256: str
    size: int


class Source(Protocol):
    """Anything bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        ...


class BlobStore(Protocol):
    """What local folder and S3 have in common."""

    def put(self, stream: Source, *, limit: int) -> Blob:
        """Take in a stream of at most `limit` bytes; content that is there already is not stored again."""
        ...

    def open(self, sha256: str) -> BinaryIO:
        """Open for reading, or raise NotFound."""
        ...

    def local_path(self, sha256: str) -> AbstractContextManager[Path]:
        """A path to the content that is good inside the `with` block; read only. Raises NotFound."""
        ...

    def sweep(self, known: Set[str], older_than: datetime) -> tuple[str, ...]:
        """Delete blobs not in `known`, and half-taken files, last touched before `older_than`; name them."""
        ...


def open_store(url: str, *, reserve: int | None = None, cache: Path | None = None) -> BlobStore:
    """Open the store at a folder, file:// or s3://bucket/prefix?endpoint_override=… address.

    Nothing is taken in while less than `reserve` bytes of local disk are free (by default the greater of
    2 GiB and 5 %). `cache` is the local folder in which S3 content passes in and out.
    """
    if url.startswith("s3://"):
        remote, base = fs.FileSystem.from_uri(url)
        folder = cache or Path(tempfile.gettempdir()) / "tiaoxi-blobs"
        return S3Store(remote, base.rstrip("/"), folder, reserve)
    return LocalStore(Path(url.removeprefix("file://")), reserve)


class LocalStore:
    """Blobs in a folder: blobs/ab/cd/<hash>; half-taken files in incoming/."""

    def __init__(self, root: Path, reserve: int | None = None) -> None:
        self._blobs = root / "blobs"
        self._spool = _Spool(root / "incoming", reserve)
        self._blobs.mkdir(parents=True, exist_ok=True)

    def put(self, stream: Source, *, limit: int) -> Blob:
        """Take in a stream, synchronised to the disk before its name is."""
        with self._spool.taken(stream, limit) as (temporary, blob):
            final = self._path(blob.sha256)
            if final.exists():
                os.utime(final)
            else:
                final.parent.mkdir(parents=True, exist_ok=True)
                temporary.chmod(0o444)
                temporary.rename(final)
                synchronise(final.parent)
        return blob

    def open(self, sha256: str) -> BinaryIO:
        """Open for reading."""
        try:
            return self._path(sha256).open("rb")
        except FileNotFoundError as error:
            raise NotFound("file.no-blob") from error

    @contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        """The blob itself."""
        path = self._path(sha256)
        if not path.exists():
            raise NotFound("file.no-blob")
        yield path

    def sweep(self, known: Set[str], older_than: datetime) -> tuple[str, ...]:
        """Delete what nothing refers to and is old enough."""
        self._spool.sweep(older_than)
        return tuple(_swept(self._blobs, known, older_than))

    def _path(self, sha256: str) -> Path:
        name = _checked(sha256)
        return self._blobs / name[:2] / name[2:4] / name


class S3Store:
    """Blobs as objects <prefix>/<hash>, uploaded under their final name, which S3 shows when whole."""

    def __init__(self, remote: fs.FileSystem, base: str, cache: Path, reserve: int | None = None) -> None:
        self._remote = remote
        self._base = base
        self._cache = cache / "blobs"
        self._leases = cache / "leases"
        self._spool = _Spool(cache / "incoming", reserve)
        for folder in (self._cache, self._leases):
            folder.mkdir(parents=True, exist_ok=True)

    def put(self, stream: Source, *, limit: int) -> Blob:
        """Take in a stream; content that is there is sent again, since only that renews an object's age."""
        with self._spool.taken(stream, limit) as (temporary, blob):
            self._upload(temporary, self._key(blob.sha256))
            temporary.replace(self._cache / blob.sha256)
        return blob

    def open(self, sha256: str) -> BinaryIO:
        """Open for reading, straight from S3."""
        try:
            found: BinaryIO = self._remote.open_input_file(self._key(sha256))
        except FileNotFoundError as error:
            raise NotFound("file.no-blob") from error
        return found

    @contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        """A link of its own to the cached copy, so that the cache may be cleared meanwhile."""
        lease = self._leases / f"{uuid.uuid4().hex}-{_checked(sha256)}"
        cached = self._cache / sha256
        try:
            os.link(cached, lease)
        except FileNotFoundError:
            self._download(sha256, cached)
            os.link(cached, lease)
        try:
            yield lease
        finally:
            lease.unlink(missing_ok=True)

    def sweep(self, known: Set[str], older_than: datetime) -> tuple[str, ...]:
        """Delete objects nothing refers to, and cached copies of that age."""
        self._spool.sweep(older_than)
        list(_swept(self._cache, frozenset(), older_than))
        list(_swept(self._leases, frozenset(), older_than))
        gone = []
        for entry in self._remote.get_file_info(fs.FileSelector(self._base, allow_not_found=True)):
            stale = entry.is_file and entry.mtime is not None and entry.mtime < older_than
            if stale and HASH.fullmatch(entry.base_name) and entry.base_name not in known:
                self._remote.delete_file(entry.path)
                gone.append(entry.base_name)
        return tuple(gone)

    def _key(self, sha256: str) -> str:
        return f"{self._base}/{_checked(sha256)}"

    def _upload(self, source: Path, key: str) -> None:
        with source.open("rb") as file, self._remote.open_output_stream(key) as target:
            shutil.copyfileobj(file, target, PIECE)

    def _download(self, sha256: str, cached: Path) -> None:
        with (
            self.open(sha256) as remote,
            self._spool.taken(remote, self._remote.get_file_info(self._key(sha256)).size) as (
                temporary,
                blob,
            ),
        ):
            if blob.sha256 != sha256:
                raise NotFound("file.blob-damaged")
            temporary.replace(cached)


class _Spool:
    """The folder where streams arrive under temporary names."""

    def __init__(self, folder: Path, reserve: int | None) -> None:
        self._folder = folder
        self._reserve = reserve
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def taken(self, stream: Source, limit: int) -> Iterator[tuple[Path, Blob]]:
        """The arrived file, synchronised to the disk; whoever wants it moves it away, else it is deleted."""
        temporary = self._folder / uuid.uuid4().hex
        try:
            try:
                with temporary.open("xb") as file:
                    blob = self._receive(stream, file, limit)
            except OSError as error:
                if error.errno in FULL:
                    raise Refused("file.no-space") from error
                raise
            yield temporary, blob
        finally:
            temporary.unlink(missing_ok=True)

    def sweep(self, older_than: datetime) -> None:
        """Delete what killed processes left behind."""
        list(_swept(self._folder, frozenset(), older_than))

    def _receive(self, stream: Source, file: IO[bytes], limit: int) -> Blob:
        digest, size, unchecked = hashlib.sha256(), 0, SPACE_CHECK
        while True:
            if unchecked >= SPACE_CHECK:
                demand_space(self._folder, self._reserve)
                unchecked = 0
            piece = stream.read(PIECE)
            if not piece:
                break
            size += len(piece)
            unchecked += len(piece)
            if size > limit:
                raise Invalid("file.too-large", limit=readable(limit))
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
        return Blob(digest.hexdigest(), size)


def demand_space(folder: Path, reserve: int | None) -> None:
    """Raise Refused unless a folder's disk has room to spare: `reserve` bytes, or the greater of 2 GiB and 5 %."""
    disk = shutil.disk_usage(folder)
    least = max(RESERVE, disk.total // 20) if reserve is None else reserve
    if disk.free < least:
        raise Refused("file.no-space")


def _checked(sha256: str) -> str:
    """The name, if it is one: nothing else ever becomes part of a path."""
    if not HASH.fullmatch(sha256):
        raise NotFound("file.no-blob")
    return sha256


def _swept(folder: Path, known: Set[str], older_than: datetime) -> Iterator[str]:
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        if path.name not in known and datetime.fromtimestamp(path.stat().st_mtime, UTC) < older_than:
            path.unlink(missing_ok=True)
            yield path.name


def synchronise(folder: Path) -> None:
    """Make a new name in the folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def readable(size: int) -> str:
    """A size in bytes as people say it."""
    return f"{size / (1 << 20):.0f} MB" if size >= 1 << 20 else f"{size} B"
