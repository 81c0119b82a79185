"""Real tables in the formats that departments deliver: each a small cut, written as its own programs write it."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq
import shapefile

from demo.originals import FILES, Row, names_of, read_coding, read_json, read_rows, rows_of_city

BEIJING = timezone(timedelta(hours=8))
STAMP = (2026, 1, 1, 0, 0, 0)
WINTER = ((2016, 11), (2016, 12), (2017, 1), (2017, 2))
TAINAN = "臺南市"
COLUMNS = 12
"""Of the education tables, the columns that are kept: place, total, and the highest levels."""
DBF_DAY = bytes((126, 1, 1))
"""2026-01-01 as dBASE counts years."""
GEOGRAPHIC = (
    'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)
SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "style")
)


def as_json(value: object) -> str:
    """Return a value as compact JSON with its Chinese as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write_archive(name: str, parts: Iterable[tuple[str, bytes]], plain: tuple[str, ...] = ()) -> None:
    """Write a zip whose parts bear one fixed time, so that its bytes are always the same; `plain` parts are stored."""
    with zipfile.ZipFile(FILES / name, "w") as archive:
        for part, content in parts:
            method = zipfile.ZIP_STORED if part in plain else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(part, STAMP), content, method)


def make_currencies(source: Path) -> None:
    """Currency codes (ISO 4217), tab-separated; blanks around names out, numeric codes keep their zeros."""
    lines = ["字母代码\t数字代码\t小数位数\t英文名称\t中文名称"]
    keys = ("code", "num", "digits", "name", "name_cn")
    lines.extend("\t".join(r[key].strip() for key in keys) for r in read_coding(source, "ISO-4217", "ISO-4217-CN"))
    (FILES / "iso4217_currencies.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def make_zhejiang(source: Path) -> None:
    """Divisions of Zhejiang: the lines of the source as they are, byte order mark, quotes and bare numbers included."""
    heading, *lines = (source / "cn_tables/admin/area_level3_bom.csv").read_bytes().splitlines(keepends=True)
    (FILES / "zhejiang_divisions_bom.csv").write_bytes(
        heading + b"".join(line for line in lines if line.startswith(b"33"))
    )


def make_anji_villages(source: Path) -> None:
    """The villages of Anji County as a JSON list of records."""
    _, towns = names_of(source)
    records = [
        {"code": r["code"], "name": r["name"], "town_code": r["streetCode"], "town": towns[r["streetCode"]]}
        for r in rows_of_city(source, "villages_china", "330523")
    ]
    lines = ",\n".join(map(as_json, records))
    (FILES / "anji_villages.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def make_town_answer(source: Path) -> None:
    """The towns of Huzhou as an interface answers: records in a wrapper, county and counts as objects of their own.

    A village is what the list calls 村委会, all others are communities.
    """
    counties, towns = names_of(source)
    villages: Counter[tuple[str, bool]] = Counter(
        (r["streetCode"], r["name"].endswith("村委会")) for r in rows_of_city(source, "villages_china", "3305")
    )
    records = [
        {
            "code": code,
            "name": name,
            "county": {"code": code[:6], "name": counties[code[:6]]},
            "counts": {"villages": villages[code, True], "communities": villages[code, False]},
        }
        for code, name in towns.items()
    ]
    answer = {"success": True, "message": "ok", "data": {"total": len(records), "records": records}}
    (FILES / "huzhou_towns_nested.json").write_text(as_json(answer) + "\n", encoding="utf-8")


def make_month_ends(source: Path) -> None:
    """COVID-19 counts of the delta on the last day given of each month, an OpenDocument sheet with typed cells."""
    rows = [r for r in read_rows(source / "cn_tables/ncov_yangtze_delta.csv.gz") if r["cityCode"]]
    rows.sort(key=lambda r: (r["date"][:7], r["cityCode"], r["date"]))
    last = [list(days)[-1] for _, days in groupby(rows, key=lambda r: (r["date"][:7], r["cityCode"]))]
    table: list[Row] = [("日期", "地区代码", "省份", "地市", "累计确诊", "累计治愈", "累计死亡")]
    for r in last:
        counts = (int(r[key]) for key in ("confirmed", "cured", "dead"))
        table.append((date.fromisoformat(r["date"]), r["cityCode"], r["province"], r["city"], *counts))
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content {SPACES} office:version="1.3">'
        '<office:body><office:spreadsheet><table:table table:name="月末">'
        f"{''.join(map(sheet_row, table))}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{media}"/>'
        for path, media in (("/", kind), ("content.xml", "text/xml"))
    )
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<manifest:manifest manifest:version="1.3"'
        f' xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{entries}</manifest:manifest>'
    )
    parts = (("mimetype", kind), ("content.xml", content), ("META-INF/manifest.xml", manifest))
    write_archive("delta_covid_month_ends.ods", ((name, text.encode()) for name, text in parts), plain=("mimetype",))


def sheet_row(cells: Row) -> str:
    """Return a row of an OpenDocument sheet; equal neighbours become one repeated cell, as the programs write them."""
    drawn = []
    for cell, equal in groupby(cells):
        count = len(list(equal))
        repeated = f' table:number-columns-repeated="{count}"' if count > 1 else ""
        drawn.append(f"<table:table-cell{repeated} {sheet_cell(cell)}</table:table-cell>")
    return f"<table:table-row>{''.join(drawn)}</table:table-row>"


def sheet_cell(cell: object) -> str:
    """Return the attributes and the text of a cell; a date is shown as people write it and kept as ISO 8601."""
    if isinstance(cell, date):
        shown = f"{cell.year}年{cell.month}月{cell.day}日"
        return f'office:value-type="date" office:date-value="{cell.isoformat()}"><text:p>{shown}</text:p>'
    if isinstance(cell, int):
        return f'office:value-type="float" office:value="{cell}"><text:p>{cell}</text:p>'
    return f'office:value-type="string"><text:p>{escape(str(cell))}</text:p>'


def winter_lines(source: Path, station: str) -> tuple[bytes, list[bytes]]:
    """Return the heading and the lines of a station's readings from November 2016 to February 2017 as they stand."""
    raw = gzip.decompress((source / f"iot/beijing_air_{station}.csv.gz").read_bytes())
    heading, *lines = raw.splitlines(keepends=True)
    kept = [line for line in lines if tuple(map(int, line.split(b",")[1:3])) in WINTER]
    return heading, kept


def make_air_parquet(source: Path) -> None:
    """Hourly readings of the station Aotizhongxin, a typed Parquet table; NA becomes null, times bear their zone.

    A few temperatures near 1e-16, residues of the source's own arithmetic, are 0.
    """
    heading, lines = winter_lines(source, "Aotizhongxin")
    names = heading.decode().strip().replace('"', "").split(",")
    rows = [dict(zip(names, line.decode().strip().replace('"', "").split(","), strict=True)) for line in lines]
    hours = [datetime(*(int(r[key]) for key in ("year", "month", "day", "hour")), tzinfo=BEIJING) for r in rows]
    measures = {"PM2.5": "PM2.5", "PM10": "PM10", "O3": "O3", "TEMP": "气温", "RAIN": "降水量"}
    table = pa.table(
        {
            "时间": pa.array(hours, pa.timestamp("ms", tz="Asia/Shanghai")),
            "测点": pa.array([r["station"] for r in rows]).dictionary_encode(),
            **{zh: pa.array([number(r[key]) for r in rows], pa.float64()) for key, zh in measures.items()},
            "风向": pa.array([None if r["wd"] == "NA" else r["wd"] for r in rows]),
        }
    )
    pq.write_table(table, FILES / "air_hourly_aotizhongxin.parquet", compression="zstd")


def number(text: str) -> float | None:
    """Return a reading, None where the sensor gave none; a residue of the source's arithmetic is 0."""
    return None if text == "NA" else 0.0 if "e-" in text else float(text)


def make_air_gzip(source: Path) -> None:
    """Hourly readings of the station Huairou: the lines of the source as they are, gaps as NA, gzipped."""
    heading, lines = winter_lines(source, "Huairou")
    (FILES / "air_hourly_huairou.csv.gz").write_bytes(gzip.compress(heading + b"".join(lines), mtime=0))


def make_roads(source: Path) -> None:
    """Two series of NAB about roads: occupancy as CSV in a zip, speed as JSON lines in gzip; values untouched."""
    occupancy = (
        (source / "iot/nab/occupancy_6005.csv").read_bytes().replace(b"timestamp,value", "采集时间,占有率".encode())
    )
    write_archive("road_occupancy.zip", [("道路占有率.csv", occupancy)])
    rows = read_rows(source / "iot/nab/speed_7578.csv")
    lines = [as_json({"time": r["timestamp"].replace(" ", "T"), "speed": float(r["value"])}) for r in rows]
    (FILES / "road_speed.jsonl.gz").write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0))


def make_dengue_villages(source: Path) -> None:
    """Dengue cases of one week in Tainan counted by village, with the first and the last day of confirmation.

    Big5-HKSCS with CRLF and days like 2015/8/25, as the source has them; case numbers, roads and positions go.
    """
    rows = read_rows(source / "cn_tables/dengue_big5_20150829.csv", "big5hkscs")
    days: dict[tuple[str, str], list[str]] = {}
    for r in rows:
        days.setdefault((r["區別"].replace("\u3000", ""), r["里別"]), []).append(r["確診日期"])
    lines = ["區別,里別,病例數,最早確診日期,最近確診日期"]
    for (district, village), found in sorted(days.items()):
        found.sort(key=lambda day: int(day.rpartition("/")[2]))
        lines.append(f"{district},{village},{len(found)},{found[0]},{found[-1]}")
    (FILES / "tainan_dengue_villages_big5.csv").write_bytes(("\r\n".join(lines) + "\r\n").encode("big5hkscs"))


def make_education(source: Path) -> None:
    """Education by village in Tainan, two years in the two shapes of the source; rows of the city, first columns.

    2014: UTF-16 with a byte order mark, tabs though the name says CSV. 2016: UTF-8 with a byte order mark and
    two heading rows, codes above names.
    """
    old = gzip.decompress((source / "cn_tables/tw_education/education_2014.csv.gz").read_bytes()).decode("utf-16")
    heading, *rows = ("\t".join(line.split("\t")[:COLUMNS]) for line in old.splitlines())
    kept = [heading, *(row for row in rows if TAINAN in row)]
    text = "\r\n".join(kept) + "\r\n"
    (FILES / "tainan_education_2014_utf16.csv").write_bytes(b"\xff\xfe" + text.encode("utf-16-le"))
    new = gzip.decompress((source / "cn_tables/tw_education/education_2016.csv.gz").read_bytes()).decode("utf-8-sig")
    codes, names, *rows = (",".join(line.split(",")[:COLUMNS]) for line in new.splitlines())
    kept = [codes, names, *(row for row in rows if TAINAN in row)]
    (FILES / "tainan_education_2016_headings.csv").write_bytes(("\n".join(kept) + "\n").encode("utf-8-sig"))


def make_dengue_report(source: Path) -> None:
    """A workbook of Excel 97 as the health bureau of Tainan published it, byte for byte."""
    shutil.copyfile(source / "excel/dengue_20151216.xls", FILES / "tainan_dengue_report.xls")


def make_outlines(source: Path) -> None:
    """Outlines of Hangzhou's counties as a Shapefile in a zip, attributes in GBK; repeated vertices go."""
    features = read_json(source / "geo/zhejiang_hang2_zhou1.geojson.gz")["features"]
    parts = {ending: io.BytesIO() for ending in ("shp", "shx", "dbf")}
    with shapefile.Writer(**parts, shapeType=shapefile.POLYGON, encoding="gbk") as writer:
        for field in (("CODE", "C", 6), ("NAME", "C", 20), ("LON", "N", 12, 6), ("LAT", "N", 12, 6)):
            writer.field(*field)
        for feature in sorted(features, key=lambda feature: str(feature["id"])):
            writer.poly(rings_of(feature["geometry"]))
            writer.record(str(feature["id"]), feature["properties"]["name"], *feature["properties"]["cp"])
    contents = {ending: part.getvalue() for ending, part in parts.items()}
    contents["dbf"] = contents["dbf"][:1] + DBF_DAY + contents["dbf"][4:]  # else the day on which it is made
    contents |= {"prj": GEOGRAPHIC.encode(), "cpg": b"GBK"}
    write_archive(
        "hangzhou_counties_shp.zip", [(f"hangzhou_counties.{ending}", raw) for ending, raw in contents.items()]
    )


def rings_of(geometry: Mapping[str, Any]) -> list[list[list[float]]]:
    """Return the rings of a polygon or of several, each vertex once, outer rings clockwise as the format wants them."""
    bodies = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    rings = []
    for body in bodies:
        for place, ring in enumerate(body):
            points = [list(point) for point, _ in groupby(ring)]
            turn = sum((b[0] - a[0]) * (b[1] + a[1]) for a, b in pairwise(points))
            rings.append(points if (turn > 0) == (place == 0) else points[::-1])
    return rings


MAKERS: tuple[Callable[[Path], None], ...] = (
    make_currencies,
    make_zhejiang,
    make_anji_villages,
    make_town_answer,
    make_month_ends,
    make_air_parquet,
    make_air_gzip,
    make_roads,
    make_dengue_villages,
    make_education,
    make_dengue_report,
    make_outlines,
)
