"""The one file inside a gzip or zip, unpacked into a scratch folder, counted and bounded while it is written.

Nothing is ever unpacked under the name the container gives it. Workbooks and documents of spreadsheets are zips
too, and so is a set of shapefiles: these are left as they are, for their own readers.
"""

import re
import stat
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from catalog.reading_files import archives
from policies.refusals import Invalid

MAX_UNPACKED = 2 << 30
MAX_RATIO = 500
"""Tables gzip 5 to 30 times smaller, very uniform ones 300 times; nothing but zeros comes near 1,000."""
RATIO_FROM = 10 << 20

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
GZIP_WINDOW = zlib.MAX_WBITS | 16
PIECE = 1 << 16
OUTPUT = 1 << 20
SHOWN = 10
DRIVE = re.compile(r"[A-Za-z]:")
CHAFF = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
DAMAGE = (BadZipFile, ValueError, NotImplementedError, RuntimeError, OSError, zlib.error)
SHAPE_PARTS = {".shp", ".shx", ".dbf"}


@contextmanager
def unwrapped(path: Path, filename: str, scratch: Path) -> Iterator[tuple[Path, str]]:
    """Give the file inside a container and its name; any other file is given as it is.

    Invalid for a container that is broken, protected, too large, or holds anything but one file; the inner file
    lies in `scratch` only as long as the context is open.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(GZIP_MAGIC):
        with _inner(scratch) as (inner, target), path.open("rb") as packed:
            _gunzip(packed, target)
            _refuse_nested(inner, filename)
            yield inner, re.sub(r"\.gz(ip)?$", "", filename, flags=re.IGNORECASE)
    elif head in ZIP_MAGICS and (entry := _entry(path)) is not None:
        with _inner(scratch) as (inner, target), ZipFile(path) as archive:
            _unzip(archive, entry, target)
            name = PurePosixPath(true_name(entry)).name
            _refuse_nested(inner, name)
            yield inner, name
    else:
        yield path, filename


def zip_kind(path: Path) -> str:
    """What a zip is by its parts: xlsx, ods, shapefile, or zip for any other; Invalid if it is broken."""
    return _kind(archives.listed(path), path)


def true_name(entry: ZipInfo) -> str:
    """The name of a part as it was meant: Windows in Chinese writes GBK there and does not say so."""
    if entry.flag_bits & 0x800:
        return entry.filename.replace("\\", "/")
    try:
        written = entry.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename.replace("\\", "/")
    for codec in ("utf-8", "gb18030"):
        try:
            return written.decode(codec).replace("\\", "/")
        except UnicodeDecodeError:
            continue
    return entry.filename.replace("\\", "/")


@contextmanager
def _inner(scratch: Path) -> Iterator[tuple[Path, BinaryIO]]:
    with tempfile.NamedTemporaryFile(dir=scratch, prefix="inner-", delete=False) as target:
        inner = Path(target.name)
        try:
            yield inner, cast(BinaryIO, target.file)
        finally:
            inner.unlink(missing_ok=True)


def _kind(entries: Sequence[ZipInfo], path: Path) -> str:
    names = [true_name(entry) for entry in entries]
    if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
        return "xlsx"
    if names and "mimetype" in names and "content.xml" in names:
        return "ods" if b"opendocument.spreadsheet" in _start(path, names.index("mimetype")) else "zip"
    stems: dict[str, set[str]] = {}
    for name in names:
        if not CHAFF.search(name):
            stems.setdefault(str(PurePosixPath(name).with_suffix("")).casefold(), set()).add(_suffix(name))
    return "shapefile" if any(found >= SHAPE_PARTS for found in stems.values()) else "zip"


def _start(path: Path, position: int) -> bytes:
    with ZipFile(path) as archive:
        try:
            with archive.open(archive.infolist()[position]) as part:
                return part.read(200)
        except DAMAGE as error:
            raise Invalid("file.archive-broken") from error


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.casefold()


def _entry(path: Path) -> ZipInfo | None:
    """The only file of an archive; None where the zip itself is the document."""
    entries = archives.listed(path)
    kind = _kind(entries, path)
    if kind in {"xlsx", "ods"}:
        return None
    files = []
    for entry in entries:
        name = true_name(entry)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise Invalid("file.archive-link", name=name[:200])
        if name.startswith("/") or DRIVE.match(name) or ".." in PurePosixPath(name).parts:
            raise Invalid("file.archive-path", name=name[:200])
        if entry.flag_bits & 1:
            raise Invalid("file.archive-encrypted")
        if not name.endswith("/") and not CHAFF.search(name):
            files.append(entry)
    if kind == "shapefile":
        archives.prescan(path)
        return None
    if not files:
        raise Invalid("file.archive-empty")
    if len(files) > 1:
        names = [true_name(entry)[:200] for entry in files[:SHOWN]]
        raise Invalid("file.archive-several", files=len(files), names=names)
    return files[0]


def _unzip(archive: ZipFile, entry: ZipInfo, target: BinaryIO) -> None:
    if entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise Invalid("file.archive-method")
    total = 0
    for piece in _pieces(archive, entry):
        total += len(piece)
        _check(total, entry.compress_size)
        target.write(piece)
    target.flush()


def _pieces(archive: ZipFile, entry: ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(entry) as part:
            while piece := part.read(OUTPUT):
                yield piece
    except (*DAMAGE, EOFError) as error:
        raise Invalid("file.archive-broken") from error


def _gunzip(packed: BinaryIO, target: BinaryIO) -> None:
    """Inflate all members of a gzip file; zeros behind the last one are the padding of a tape."""
    taken = total = 0
    engine = zlib.decompressobj(GZIP_WINDOW)
    try:
        while piece := packed.read(PIECE):
            taken += len(piece)
            while piece:
                if engine.eof:
                    piece = piece.lstrip(b"\0")
                    engine = zlib.decompressobj(GZIP_WINDOW) if piece else engine
                    continue
                out = engine.decompress(piece, OUTPUT)
                total += len(out)
                _check(total, taken)
                target.write(out)
                piece = engine.unused_data if engine.eof else engine.unconsumed_tail
        if not engine.eof:
            target.write(engine.decompress(b"", OUTPUT))
    except zlib.error as error:
        raise Invalid("file.archive-broken") from error
    if not engine.eof:
        raise Invalid("file.archive-broken")
    target.flush()


def _check(total: int, packed: int) -> None:
    if total > MAX_UNPACKED or (total > RATIO_FROM and total > MAX_RATIO * packed):
        raise Invalid("file.archive-bomb", limit=f"{MAX_UNPACKED >> 30} GB")


def _refuse_nested(inner: Path, name: str) -> None:
    with inner.open("rb") as file:
        head = file.read(4)
    if head.startswith(GZIP_MAGIC) or (head in ZIP_MAGICS and zip_kind(inner) in {"zip", "shapefile"}):
        raise Invalid("file.archive-nested", name=name[:200])
