"""What a file is: told by its content, never by its name."""

import re
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from catalog.reading_files import dialects, encodings
from catalog.reading_files.shapes import FileKind
from policies.refusals import Invalid

MAGIC = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    (b"PAR1", "parquet"),
    (b"\x1f\x8b", "gzip"),
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n", "image"),
    (b"GIF8", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"7z\xbc\xaf\x27\x1c", "binary"),
    (b"Rar!\x1a\x07", "binary"),
    (b"\x7fELF", "binary"),
    (b"SQLite format 3\0", "binary"),
)
ZIP_MAGIC = b"PK\x03\x04"
OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
JSON_START = re.compile(r"""\s*(\{\s*["}]|\[\s*[\[\{"\]])""")
JSON_LINES = re.compile(r"\s*\{.*\}\s*\r?\n\s*\{")
MARKUP = (
    (re.compile(r"\s*<(!doctype html|html|table|head|meta)\b", re.IGNORECASE), "html"),
    (re.compile(r"\s*<\?xml\b|\s*<\w+:\w+"), "xml"),
)


def inspect(path: Path, filename: str) -> FileKind:
    """Say what the file is; an empty, binary or undecodable one raises Invalid naming it."""
    if path.stat().st_size == 0:
        raise Invalid("file.empty", filename=filename)
    with path.open("rb") as file:
        head = file.read(64)
    if head.startswith(ZIP_MAGIC):
        return FileKind(_zip_kind(path))
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return FileKind(kind)
    encoding = encodings.detect(path)
    with path.open(encoding=encoding, newline="") as file:
        start = file.read(1 << 16)
    if not start.strip():
        raise Invalid("file.empty", filename=filename)
    if (known := _text_kind(start)) is not None:
        return FileKind(known, encoding)
    dialect = dialects.sniff(path, encoding)
    return FileKind("tsv" if dialect.delimiter == "\t" else "csv", encoding, dialect)


def _zip_kind(path: Path) -> str:
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
            sheets = "mimetype" in names and _starts(archive, "mimetype", OPEN_DOCUMENT)
    except (BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
        return "zip"
    if "content.xml" in names and sheets:
        return "ods"
    return "xlsx" if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names) else "zip"


def _starts(archive: ZipFile, part: str, start: bytes) -> bool:
    with archive.open(part) as file:
        return file.read(len(start)) == start


def _text_kind(start: str) -> str | None:
    for pattern, kind in MARKUP:
        if pattern.match(start):
            return kind
    if JSON_START.match(start):
        return "jsonl" if JSON_LINES.match(start) else "json"
    return None
