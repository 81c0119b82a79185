"""The rows of the demonstration's files as their own libraries give them: what the intake is held against.

Every value is text, an empty cell None, under the heading in the file; days and amounts that a `layout` converts
are written plainly. Nothing of the portal is used.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import shapefile
from python_calamine import CalamineWorkbook

HERE = Path(__file__).resolve().parent
NO_DATA = ("合计", "注：", "填报")
WORKBOOKS = ("xlsx", "xls", "ods")

Entry = Mapping[str, Any]
Record = dict[str, str | None]


def table(entry: Entry) -> list[Record]:
    """The rows of an entry's file by heading."""
    path = HERE / entry["file"]
    kind = entry["format"]
    if kind in WORKBOOKS:
        rows = of_workbook(path, entry)
    elif kind == "shp":
        rows = of_shapes(path, entry["encoding"])
    elif kind == "parquet":
        rows = [{name: text(cell) for name, cell in row.items()} for row in pq.read_table(path).to_pylist()]
    else:
        content = unpacked(path).decode(entry["encoding"])
        rows = of_csv(content, entry) if kind == "csv" else [flat(one, entry) for one in records(content, kind)]
    absent = {
        item.get("column", item["zh"]): entry.get("missing", ()) for item in entry["items"] if item["type"] != "C"
    }
    conversions = entry.get("layout", {}).get("conversions", {})
    return [
        {
            name: None if cell in {"", *absent.get(name, ())} else plain(cell, conversions.get(name, ""))
            for name, cell in row.items()
        }
        for row in rows
    ]


def unpacked(path: Path) -> bytes:
    """The bytes of a file, or of the only file in its gzip or zip."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            (name,) = archive.namelist()
            return archive.read(name)
    return path.read_bytes()


def of_csv(content: str, entry: Entry) -> list[dict[str, str]]:
    """The rows of a delimited text; what stands above the heading goes."""
    rows = list(csv.reader(io.StringIO(content, newline=""), delimiter=entry.get("delimiter", ","), strict=True))
    heading, *data = rows[entry.get("layout", {}).get("heading", (1,))[0] - 1 :]
    return [dict(zip(heading, row, strict=True)) for row in data]


def records(content: str, kind: str) -> list[Any]:
    """The records of JSON lines, of a list, of a wrapper, or of GeoJSON."""
    if kind == "jsonl":
        return [json.loads(line) for line in content.splitlines()]
    found = json.loads(content)
    if kind == "geojson":
        return [one["properties"] | {"geometry": json.dumps(one["geometry"])} for one in found["features"]]
    rows: list[Any] = found if isinstance(found, list) else found["data"]["records"]
    return rows


def flat(record: Mapping[str, Any], entry: Entry, above: str = "") -> dict[str, str]:
    """A record with every value as text; nested members under outer/inner where the layout asks for columns."""
    cells: dict[str, str] = {}
    for name, value in record.items():
        if isinstance(value, Mapping) and entry.get("layout", {}).get("nested") == "columns":
            cells |= flat(value, entry, f"{above}{name}/")
        else:
            cells[above + name] = text(value)
    return cells


def of_workbook(path: Path, entry: Entry) -> list[dict[str, str]]:
    """The rows of a sheet: empty merged cells filled, heading levels joined, totals and notes left out."""
    layout = entry.get("layout", {})
    book = CalamineWorkbook.from_path(str(path))
    sheet = book.get_sheet_by_name(entry["sheet"]) if "sheet" in entry else book.get_sheet_by_index(0)
    grid = [[text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    top, bottom = layout.get("heading", (1, 1))
    last = layout.get("last", len(grid))
    body = [row for row in grid[bottom:last] if not next(filter(None, row), "").startswith(NO_DATA)]
    data = [row for row in body if "甲" not in row]
    for (up, left), (down, right) in sheet.merged_cell_ranges or () if path.suffix != ".ods" else ():
        for row in grid[max(up, top - 1) : down + 1]:
            row[left : right + 1] = [grid[up][left]] * (right + 1 - left)
    names = [joined(levels) for levels in zip(*grid[top - 1 : bottom], strict=True)]
    return [dict(zip(names, row, strict=True)) for row in data]


def joined(levels: Iterable[str]) -> str:
    """One name for a column: its levels without white space, each once."""
    return "/".join(dict.fromkeys("".join(level.split()) for level in levels if level))


def of_shapes(path: Path, encoding: str) -> list[dict[str, str]]:
    """The attributes of a Shapefile in a zip, with each geometry as GeoJSON."""
    with shapefile.Reader(str(path), encoding=encoding) as reader:
        return [
            {name: text(cell) for name, cell in one.record.as_dict().items()}
            | {"geometry": json.dumps(one.shape.__geo_interface__)}
            for one in reader.iterShapeRecords()
        ]


def text(cell: object) -> str:
    """A cell as text: whole numbers without a point, days and times as in ISO 8601."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return format(cell, ".0f") if cell.is_integer() else repr(cell)
    return cell.isoformat() if isinstance(cell, date | datetime) else str(cell)


def plain(cell: str, conversion: str) -> str:
    """A cell as an accepted conversion reads it."""
    if conversion == "thousands":
        return cell.replace(",", "")
    if conversion == "percent":
        return cell.removesuffix("%")
    if conversion.startswith("serial-date"):
        return (date(1899, 12, 30) + timedelta(days=int(cell))).isoformat()
    return cell


def shape(rows: Sequence[Record]) -> tuple[int, int]:
    """How many rows and columns there are."""
    return len(rows), len({name for row in rows for name in row})
