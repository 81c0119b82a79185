"""The originals as they were collected, read; and the folders that the demonstration's files are written to."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FILES = HERE / "files"
CATALOGUES = HERE / "catalogues"
LICENCES = HERE / "licences"
DELTA = ("31", "32", "33", "34")  # Shanghai, Jiangsu, Zhejiang, Anhui
EARTH_RADIUS_KM = 6371.0088

Row = Sequence[object]


def read_rows(path: Path, encoding: str = "utf-8") -> list[dict[str, str]]:
    """Return the rows of a CSV file, gzipped or plain, every value as text."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(raw.decode(encoding), newline="")))


def read_json(path: Path) -> Any:
    """Return the content of a JSON file, gzipped or plain."""
    raw = path.read_bytes()
    return json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)


def read_coding(source: Path, name: str, table: str = "") -> list[dict[str, str]]:
    """Return the rows of one list in the archive of standard codes, or of another table in its folder."""
    with tarfile.open(source / "cn_tables/standard_codes.tar.xz") as archive:
        member = archive.extractfile(f"coding/{name}/{table or name}.csv")
        if member is None:
            raise FileNotFoundError(name)
        return list(csv.DictReader(io.StringIO(member.read().decode("utf-8-sig"), newline="")))


def write_rows(name: str, heading: Row, rows: Iterable[Row], encoding: str = "utf-8", newline: str = "\n") -> None:
    """Write one CSV file with its heading into the folder of files."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=newline)
    writer.writerow(heading)
    writer.writerows(rows)
    (FILES / name).write_bytes(text.getvalue().encode(encoding))


def rows_of_city(source: Path, table: str, prefix: str) -> list[dict[str, str]]:
    """Return the streets or villages whose code begins with a prefix, in the order of their codes."""
    rows = read_rows(source / f"cn_tables/admin/{table}.csv.gz")
    return sorted((row for row in rows if row["code"].startswith(prefix)), key=lambda row: row["code"])


def names_of(source: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the names of all counties and of Huzhou's towns and streets by code."""
    counties = {row["code"]: row["name"] for row in read_rows(source / "cn_tables/admin/areas.csv")}
    towns = {row["code"]: row["name"] for row in rows_of_city(source, "streets", "3305")}
    return counties, towns


def county_outlines(source: Path) -> list[dict[str, Any]]:
    """Return the outlines of Huzhou's counties as GeoJSON features, in the order of their codes."""
    features: list[dict[str, Any]] = read_json(source / "geo/zhejiang_hu2_zhou1.geojson.gz")["features"]
    return sorted(features, key=lambda feature: str(feature["id"]))


def ring_area(ring: Sequence[Sequence[float]]) -> float:
    """Return the area in km² that a ring of [longitude, latitude] degrees encloses on a sphere."""
    total = 0.0
    for (lon1, lat1), (lon2, lat2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        total += math.radians(lon2 - lon1) * (2 + math.sin(math.radians(lat1)) + math.sin(math.radians(lat2)))
    return abs(total) * EARTH_RADIUS_KM**2 / 2
