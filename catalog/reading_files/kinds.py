"""What a file is: told by its content, never by its name."""

import re
from functools import lru_cache
from pathlib import Path

from catalog.reading_files import containers, dialects, encodings, ole
from catalog.reading_files.shapes import FileKind, Note
from policies.refusals import Invalid

MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x7fELF", "binary"),
    (b"SQLite format 3\0", "sqlite"),
    (b"\0\1\0\0Standard ", "access"),
)
PARQUETS = (b"PAR1", b"PARE")
"""Marks of plain Parquet files, and of those whose list of columns is encrypted."""
TAR = (257, b"ustar")
BZIP2 = re.compile(rb"BZh[1-9]1AY&SY")
JSON_START = re.compile(r"""\s*(\{\s*["}]|\[\s*[\[\{"\]])""")
JSON_LINES = re.compile(r"\s*\{.*\}\s*\r?\n\s*\{")
MARKUP = (
    (
        re.compile(r"(?:\s|<!--.*?-->)*<(!doctype\s+html|html|table|head|meta|body|div|style|script)\b", re.I | re.S),
        "html",
    ),
    (re.compile(r"\s*MIME-Version:.{0,2000}?Content-Type:\s*(multipart/related|text/html)", re.I | re.S), "html"),
    (re.compile(r"\s*<\?xml\b|\s*<\w+:\w+"), "xml"),
)
OLE_STREAMS = {"Workbook": "xls", "Book": "xls", "WordDocument": "doc", "PowerPoint Document": "ppt"}

TEXT = {"csv", "tsv", "tab", "txt", "dat", "prn"}
EXTENSIONS = {
    "csv": TEXT,
    "tsv": TEXT,
    "xlsx": {"xlsx", "xlsm", "xltx", "xltm", "xlsb", "et"},
    "xls": {"xls", "xlt", "et"},
    "ods": {"ods", "ots"},
    "json": {"json", "geojson", "txt"},
    "jsonl": {"jsonl", "ndjson", "json", "txt"},
    "parquet": {"parquet", "pq"},
    "shapefile": {"zip", "shp"},
}
KNOWN = set().union(*EXTENSIONS.values(), {"doc", "docx", "pdf", "htm", "html", "xml", "gz", "png", "jpg", "gif"})


def inspect(path: Path, filename: str) -> FileKind:
    """Say what the file is; an empty, binary or undecodable one raises Invalid naming it.

    The whole file is looked at. It is looked at and read in turn, so what was found is kept as long as it lies there
    unchanged.
    """
    now = path.stat()
    return _inspected(path, filename, (now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns))


@lru_cache(maxsize=16)
def _inspected(path: Path, filename: str, state: tuple[int, ...]) -> FileKind:
    if not state[1]:
        raise Invalid("file.empty", filename=filename)
    if (kind := _binary_kind(path)) is not None:
        return FileKind(kind)
    found = encodings.examine(path)
    with path.open(encoding=found.codec, errors="replace", newline="") as file:
        start = file.read(1 << 16)
    if not start.strip():
        raise Invalid("file.empty", filename=filename)
    if (known := _text_kind(start)) is not None:
        if found.foreign is not None and known != "html":
            raise Invalid("file.encoding-broken", encoding=found.codec.upper(), line=found.foreign)
        return FileKind(known, found.codec)
    dialect = dialects.sniff(path, found.codec)
    if dialects.is_prose(start, dialect):
        raise Invalid("file.prose", filename=filename)
    return FileKind("tsv" if dialect.delimiter == "\t" else "csv", found.codec, dialect)


def misnamed(filename: str, kind: FileKind) -> Note | None:
    """What is to be said of a name that ends like another kind of file than this is."""
    extension = Path(filename).suffix.lower().removeprefix(".")
    if extension not in KNOWN or extension in EXTENSIONS.get(kind.kind, KNOWN):
        return None
    return Note("file.note-extension", {"extension": f".{extension}", "kind": kind.kind.upper()})


def _binary_kind(path: Path) -> str | None:
    """The kind of a file that is no text, by its first bytes and what they lead to."""
    with path.open("rb") as file:
        head = file.read(512)
        file.seek(max(0, path.stat().st_size - 4))
        tail = file.read()
    if head[:4] in containers.ZIP_MAGICS:
        return containers.zip_kind(path)
    if head.startswith(ole.MAGIC):
        return _ole_kind(path)
    if head.startswith(PARQUETS) and (tail in PARQUETS or b"\0" in head):
        return "parquet"
    if BZIP2.match(head):
        return "bzip2"
    if head[TAR[0] :].startswith(TAR[1]):
        return "tar"
    return next((kind for magic, kind in MAGIC if head.startswith(magic)), None)


def _ole_kind(path: Path) -> str:
    names = ole.streams(path)
    if "EncryptedPackage" in names:
        raise Invalid("file.archive-encrypted")
    return next((kind for name, kind in OLE_STREAMS.items() if name in names), "ole2")


def _text_kind(start: str) -> str | None:
    for pattern, kind in MARKUP:
        if pattern.match(start):
            return kind
    if JSON_START.match(start):
        return "jsonl" if JSON_LINES.match(start) else "json"
    return None
