"""Reads a set of shapefile parts in a process of its own, limited in memory and time; shapefile_rows runs it.

Standard output carries JSON lines: {"columns": [names], "quoted": [names], "encoding": codec, "rows": n}, then
[row number, [cell texts]] or [row number, [cell texts], reason code] for each row, at last {"deleted": n, "cut": n,
"starred": n, "measures": n}. A refusal is a last line on standard error. This file imports nothing of the project, so
that the limits hold for the file alone.

The attribute table is read here and not by pyshp, which turns numbers into floats, and into nothing what is no
number; cells are the text as it stands in the file. Geometries come as GeoJSON in the order of the file's
coordinates, with heights if they have any.
"""

import json
import resource
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import shapefile

HEADER = struct.Struct("<B3sIHH17xB2x")
FIELD = struct.Struct("<11sc4xBB14x")
END_OF_FIELDS = 0x0D
DELETED = 0x2A
END_OF_FILE = 0x1A
MOST_FIELDS = 2_000
LANGUAGES = {0x4D: "gb18030", 0x4F: "big5hkscs", 0x7A: "gb18030", 0x7B: "cp932", 0x78: "big5hkscs"}
"""The header's mark of the language, as far as it tells more than the text itself."""

PAGES = {
    "936": "gb18030", "GBK": "gb18030", "GB2312": "gb18030", "GB18030": "gb18030", "54936": "gb18030",
    "950": "big5hkscs", "BIG5": "big5hkscs", "BIG5HKSCS": "big5hkscs", "UTF8": "utf-8", "65001": "utf-8",
}  # fmt: skip
"""What a .cpg file calls the encodings that we read, without prefixes and signs."""

STARS = "*"
"""A number of nothing but stars is none, or was too wide for its field."""

SHAPES_MAGIC = struct.pack(">i", 9994)
WITH_HEIGHT = {11, 13, 15, 18}
WITH_MEASURE = {21, 23, 25, 28}


class RefusedError(Exception):
    """A reason code and its parameters."""


@dataclass(frozen=True)
class Field:
    """A column of the attribute table: name and place of its bytes in a record, and its one-letter type."""

    name: bytes
    type: str
    start: int
    end: int


def limit(memory: int, seconds: int) -> None:
    """Bound address space (bytes) and processor time; write no file and no core."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Table:
    """The attribute table: its fields first, then its records as bytes, as often as they are asked for."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("rb")
        head = self._file.read(32)
        if len(head) < 32:
            raise RefusedError("file.shapes-broken", {})
        _, _, self.rows, self._start, self.width, self.language = HEADER.unpack(head)
        self.fields = list(self._fields())
        if self.width < 1 or self._start < 33 or (self.fields and self.fields[-1].end > self.width):
            raise RefusedError("file.shapes-broken", {})
        if path.stat().st_size < self._start + self.rows * self.width:
            raise RefusedError("file.shapes-broken", {})

    def _fields(self) -> Iterator[Field]:
        place = 1
        for _ in range(MOST_FIELDS + 1):
            first = self._file.read(1)
            if not first or first[0] == END_OF_FIELDS:
                return
            head = first + self._file.read(31)
            if len(head) < 32 or self._file.tell() > self._start:
                raise RefusedError("file.shapes-broken", {})
            name, letter, width, more = FIELD.unpack(head)
            type_ = letter.decode("latin-1").upper()
            width += more << 8 if type_ == "C" else 0
            yield Field(name.split(b"\0")[0].strip(), type_, place, place + width)
            place += width
        raise RefusedError("file.too-many-columns", {"columns": MOST_FIELDS + 1, "limit": MOST_FIELDS})

    def records(self) -> Iterator[bytes | None]:
        """Each record; None for one that is marked as deleted."""
        self._file.seek(self._start)
        for _ in range(self.rows):
            record = self._file.read(self.width)
            yield None if record[0] == DELETED else record


def encoding(table: Table, page: str) -> str:
    """The codec that reads all text: what the set declares if that is true, else UTF-8 or GB 18030."""
    bare = page.upper().replace("-", "").replace("_", "").replace(" ", "").removeprefix("ANSI").removeprefix("CP")
    declared = [PAGES.get(bare), LANGUAGES.get(table.language)]
    single = "latin-1" if bare in {"ISO88591", "88591", "1252"} else None
    left = list(dict.fromkeys(codec for codec in [*declared, "utf-8", single, "gb18030"] if codec))
    for field in table.fields:
        left = [codec for codec in left if decoded(field.name, codec) is not None]
    texts = [field for field in table.fields if field.type == "C"]
    for record in table.records():
        if record is None or record.isascii():
            continue
        for field in texts:
            value = record[field.start : field.end]
            left = [codec for codec in left if decoded(value, codec) is not None]
    if not left:
        raise RefusedError("file.encoding-unknown", {})
    return left[0]


def decoded(value: bytes, codec: str) -> tuple[str, bool] | None:
    """The text, and whether half a character at the end of a full field was cut off; None if it is no such text."""
    try:
        return value.decode(codec), False
    except UnicodeDecodeError as error:
        place = error.start
        if place < max(1, len(value) - 3) or error.end < len(value):
            return None
    try:
        return value[:place].decode(codec), True
    except UnicodeDecodeError:
        return None


def cell(value: bytes, type_: str, codec: str) -> tuple[str, bool]:
    """A value as text, and whether half a character was cut off its end."""
    if type_ == "I" and len(value) == 4:
        return str(struct.unpack("<i", value)[0]), False
    if type_ in "OB" and len(value) == 8:
        return repr(struct.unpack("<d", value)[0]), False
    text, cut = decoded(value, codec) or (value.decode("latin-1"), False)
    text = text.rstrip("\0 ") if type_ == "C" else text.strip("\0 ")
    if type_ in "NF" and text and not text.strip("*"):
        return STARS, cut
    if type_ == "D" and not text.strip("0"):
        return "", cut
    if type_ == "D":
        return (f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text), cut
    if type_ == "L":
        return {"T": "true", "Y": "true", "F": "false", "N": "false", "?": ""}.get(text.upper(), text), cut
    return text, cut


def geometry(shape: Any) -> str | None:
    """A shape as GeoJSON text; None for none. ValueError if it has coordinates that are no numbers."""
    if shape.shapeType == shapefile.NULL or not len(shape.points):
        return None
    if shape.shapeType == shapefile.MULTIPATCH:
        raise ValueError("patches in space have no form in GeoJSON")
    if shape.shapeType in WITH_HEIGHT:
        shape.points = [(point[0], point[1], height) for point, height in zip(shape.points, shape.z, strict=True)]
    return json.dumps(shape.__geo_interface__, allow_nan=False, separators=(",", ":"))


def read(folder: Path) -> None:
    """Say the columns, then send the rows."""
    table = Table(folder / "table.dbf")
    page = folder / "table.cpg"
    codec = encoding(table, page.read_bytes()[:40].decode("latin-1").strip() if page.exists() else "")
    index = folder / "table.shx"
    with (folder / "table.shp").open("rb") as shapes:
        if shapes.read(4) != SHAPES_MAGIC:
            raise RefusedError("file.shapes-broken", {})
        shapes.seek(0)
        reader = shapefile.Reader(shp=shapes, shx=index.open("rb") if index.exists() else None)
        count = len(reader)
        if count != table.rows:
            raise RefusedError("file.shapes-unequal", {"shapes": count, "records": table.rows})
        names = [(decoded(field.name, codec) or ("", False))[0] for field in table.fields]
        quoted = [name for name, field in zip(names, table.fields, strict=True) if field.type == "C"]
        say({"columns": names, "quoted": quoted, "encoding": codec, "rows": count})
        send(reader, table, codec)


def send(reader: Any, table: Table, codec: str) -> None:
    """The rows, and at last the counts."""
    deleted = cut = starred = measures = 0
    for place, record in enumerate(table.records()):
        if record is None:
            deleted += 1
            continue
        values = [cell(record[field.start : field.end], field.type, codec) for field in table.fields]
        cut += sum(short for _, short in values)
        stars = [text == STARS and field.type in "NF" for (text, _), field in zip(values, table.fields, strict=True)]
        starred += sum(stars)
        cells: list[str | None] = ["" if star else text for (text, _), star in zip(values, stars, strict=True)]
        fault: Sequence[str] = ()
        try:
            shape = reader.shape(place)
            measures += shape.shapeType in WITH_MEASURE
            cells.append(geometry(shape))
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 whatever a library makes of broken bytes, the row is refused
            cells.append("")
            fault = ("file.row-geometry",)
        say([place + 1, cells, *fault])
    say({"deleted": deleted, "cut": cut, "starred": starred, "measures": measures})


def say(value: object) -> None:
    """Write one JSON line."""
    sys.stdout.write(json.dumps(value) + "\n")


def main() -> None:
    """Arguments: folder with the parts named table.*, memory in bytes, seconds of processor time."""
    folder, memory, seconds = sys.argv[1:]
    limit(int(memory), int(seconds))
    try:
        read(Path(folder))
    except RefusedError as error:
        refuse(*error.args)
    except (shapefile.ShapefileException, struct.error, OSError, ValueError, IndexError):
        refuse("file.shapes-broken", {})


def refuse(code: str, params: dict[str, Any]) -> None:
    """Say why the set is not read, and stop."""
    sys.stdout.flush()
    sys.stderr.write("\n" + json.dumps({"refused": code, "params": params}) + "\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
