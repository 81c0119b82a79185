"""Shapefiles in a zip: attributes exact, geometry as GeoJSON, encodings told apart, hostile ones bounded."""

import io
import json
import struct
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pyarrow.parquet as pq
import pytest
import shapefile

from catalog import reading_files
from catalog.reading_files import ColumnSpec, ColumnType, Intake
from catalog.reading_files.shapefile_rows import ShapefileRows
from catalog.reading_files.shapes import Layout
from policies.refusals import Invalid

FIELDS: Sequence[tuple[Any, ...]] = (
    ("代码", "C", 12),
    ("面积", "N", 12, 3),
    ("人口", "N", 9, 0),
    ("日期", "D"),
    ("有效", "L"),
)
RECORDS = [
    ("0330502", 12.5, 1000, date(2026, 11, 3), True),
    ("湖州市", None, None, None, None),
]
SQUARE = [[(0, 0), (0, 4), (4, 4), (4, 0), (0, 0)], [(1, 1), (2, 1), (2, 2), (1, 2), (1, 1)]]


def parts(
    codec: str = "utf-8", fields: Sequence[tuple[Any, ...]] = FIELDS, records: Sequence[Any] = RECORDS, **options: Any
) -> dict[str, bytes]:
    """A set of two squares with a hole, the second one without a shape."""
    shp, shx, dbf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    writer = shapefile.Writer(shp=shp, shx=shx, dbf=dbf, encoding=codec, shapeType=shapefile.POLYGON, **options)
    for field in fields:
        writer.field(*field)
    for place, record in enumerate(records):
        writer.record(*record)
        if place % 2:
            writer.null()
        else:
            writer.poly(SQUARE)
    writer.close()
    return {"a.shp": shp.getvalue(), "a.shx": shx.getvalue(), "a.dbf": dbf.getvalue()}


def table(*values: bytes) -> bytes:
    """An attribute table of one field."""
    content = parts(fields=[("n", "C", 4)], records=[("?" * 4,)] * len(values))["a.dbf"]
    for value in values:
        content = content.replace(b"????", value.ljust(4), 1)
    return content


def taken(
    folder: Path, files: dict[str, bytes], items: list[ColumnSpec] | None = None, layer: str | None = None
) -> tuple[Intake, list[dict[str, Any]], list[Any]]:
    """Read; account, loaded rows, refused rows."""
    source = folder / "given.zip"
    with ZipFile(source, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    out, refusals = folder / "out.parquet", folder / "refused.jsonl"
    try:
        account = reading_files.read_table(
            source, "x.zip", items=items, out=out, refusals=refusals, layout=Layout(sheet=layer)
        )
    except Invalid:
        assert [path.name for path in folder.iterdir()] == ["given.zip"]
        raise
    assert sorted(path.name for path in folder.iterdir()) == ["given.zip", "out.parquet", "refused.jsonl"]
    rows = pq.read_table(out).to_pylist()
    refused = [json.loads(line) for line in refusals.read_text("utf-8").splitlines()]
    assert account.rows_read == account.rows_loaded + account.rows_refused
    assert (len(rows), len(refused)) == (account.rows_loaded, account.rows_refused)
    return account, rows, refused


def code_of(folder: Path, files: dict[str, bytes], layer: str | None = None) -> str:
    with pytest.raises(Invalid) as caught:
        taken(folder, files, layer=layer)
    assert caught.value.text("zh")
    return caught.value.code


def test_attributes_and_geometry(tmp_path: Path) -> None:
    account, rows, _ = taken(
        tmp_path, parts() | {"a.prj": b'GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM[]]'}
    )
    assert [(column.name, column.type) for column in account.columns] == [
        ("代码", "text"),
        ("面积", "decimal"),
        ("人口", "integer"),
        ("日期", "date"),
        ("有效", "boolean"),
        ("geometry", "text"),
    ]
    shape = json.loads(rows[0].pop("geometry"))
    assert shape == {"type": "Polygon", "coordinates": [[list(point) for point in ring] for ring in SQUARE]}
    assert rows == [
        {"代码": "0330502", "面积": 12.5, "人口": 1000, "日期": date(2026, 11, 3), "有效": True},
        {"代码": "湖州市", "面积": None, "人口": None, "日期": None, "有效": None, "geometry": None},
    ]
    assert [(note.code, note.params) for note in account.notes] == [
        ("file.note-crs", {"crs": "GCS_China_Geodetic_Coordinate_System_2000"}),
        ("file.note-shapes-starred", {"rows": 2}),
    ]


@pytest.mark.parametrize(
    ("codec", "page"),
    [
        ("utf-8", None),
        ("gb18030", None),
        ("utf-8", "UTF-8"),
        ("gb18030", "GBK"),
        ("gb18030", "ANSI 936"),
        ("gb18030", "UTF-8"),
        ("utf-8", "ISO-8859-1"),
        ("big5hkscs", "Big5"),
        ("big5hkscs", "950"),
        ("latin-1", "88591"),
    ],
)
def test_the_encoding_is_what_the_set_says_unless_that_is_untrue(tmp_path: Path, codec: str, page: str | None) -> None:
    name, text = ("nom", "Genève") if codec == "latin-1" else ("名稱", "臺灣省湖州")
    files = parts(codec, [(name, "C", 30)], [(text,)])
    _, rows, _ = taken(tmp_path, files | ({"a.cpg": page.encode()} if page else {}))
    assert rows[0][name] == text


def test_half_a_character_at_the_end_of_a_field_is_left_out_and_told(tmp_path: Path) -> None:
    files = parts("utf-8", [("名", "C", 8)], [("湖州",)])
    files["a.dbf"] = files["a.dbf"].replace("湖州  ".encode(), "湖州市".encode()[:8])
    account, rows, _ = taken(tmp_path, files)
    assert rows[0]["名"] == "湖州"
    assert [(note.code, note.params["rows"]) for note in account.notes] == [("file.note-shapes-cut", 1)]


def test_numbers_are_read_as_they_are_written(tmp_path: Path) -> None:
    files = parts("utf-8", [("号", "N", 18, 0), ("值", "N", 18, 10), ("溢", "N", 4, 0)], [(1, 1, 1)])
    files["a.dbf"] = files["a.dbf"].replace(b"1".rjust(18), b"330502199001010018")
    files["a.dbf"] = files["a.dbf"].replace(b"      1.0000000000", b"  1.12345678901234")
    files["a.dbf"] = files["a.dbf"].removesuffix(b"   1") + b"****"
    _, rows, _ = taken(tmp_path, files)
    assert (rows[0]["号"], rows[0]["值"], rows[0]["溢"]) == ("330502199001010018", 1.12345678901234, None)


def test_deleted_records_are_passed_over_with_their_shapes(tmp_path: Path) -> None:
    records = [(str(n), None, n, None, None) for n in range(4)]
    files = parts(records=records)
    content = bytearray(files["a.dbf"])
    start, width = struct.unpack_from("<HH", content, 8)
    content[start + width] = 0x2A
    files["a.dbf"] = bytes(content)
    account, rows, _ = taken(tmp_path, files)
    assert [(row["人口"], row["geometry"] is None) for row in rows] == [(0, False), (2, False), (3, True)]
    assert [(note.code, note.params["rows"]) for note in account.notes] == [
        ("file.note-shapes-deleted", 1),
        ("file.note-shapes-starred", 3),
    ]


@pytest.mark.parametrize("index", [True, False])
def test_points_and_lines_keep_their_heights(tmp_path: Path, index: bool) -> None:
    shp, shx, dbf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with shapefile.Writer(shp=shp, shx=shx, dbf=dbf, shapeType=shapefile.POLYGONZ) as writer:
        writer.field("n", "N", 4)
        writer.polyz([[(x, y, 7) for x, y in ring] for ring in SQUARE])
        writer.record(1)
    files = {"a.SHP": shp.getvalue(), "a.dbf": dbf.getvalue(), "a.shx": shx.getvalue()}
    _, rows, _ = taken(tmp_path, files)
    assert json.loads(rows[0]["geometry"])["coordinates"][1][0] == [1, 1, 7]


def test_a_broken_shape_refuses_its_row(tmp_path: Path) -> None:
    shp, shx, dbf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with shapefile.Writer(shp=shp, shx=shx, dbf=dbf, shapeType=shapefile.POINT) as writer:
        writer.field("n", "N", 4)
        for n in range(3):
            writer.point(n, n)
            writer.record(n)
    content = bytearray(shp.getvalue())
    struct.pack_into("<d", content, 100 + 28 + 12, float("nan"))
    files = {"a.shp": bytes(content), "a.dbf": dbf.getvalue(), "a.shx": shx.getvalue()}
    _, rows, refused = taken(tmp_path, files)
    assert [row["n"] for row in rows] == [0, 2]
    assert [(row["line"], row["faults"][0]["code"]) for row in refused] == [(2, "file.row-geometry")]


def test_declared_items_refuse_rows_that_do_not_fit(tmp_path: Path) -> None:
    _, rows, refused = taken(tmp_path, parts(), [ColumnSpec("代码", ColumnType.INTEGER)])
    assert [row["代码"] for row in rows] == [330502]
    assert [row["faults"][0]["value"] for row in refused] == ["湖州市"]


def test_one_of_several_sets_is_chosen_by_name(tmp_path: Path) -> None:
    files = {f"层/{stem}{name[1:]}": content for stem in ("甲", "乙") for name, content in parts().items()}
    files |= {"__MACOSX/层/._甲.shp": b"x"}
    assert code_of(tmp_path, files) == "file.shapes-several"
    assert taken(tmp_path, files, layer="乙")[0].rows_loaded == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"a.dbf": b"x" * 10}, "file.shapes-broken"),
        ({"a.dbf": bytes(3000)}, "file.shapes-broken"),
        ({"a.shp": b"x" * 200}, "file.shapes-broken"),
        ({"a.shx": b""}, "file.shapes-broken"),
        ({"a.cpg": b"UTF-8", "a.dbf": parts(fields=[("n", "C", 4)], records=[("x",)])["a.dbf"]}, "file.shapes-unequal"),
        (
            {
                "a.dbf": parts(fields=[("n", "C", 4)], records=[("xxxx",)] * 2)["a.dbf"].replace(
                    b"xxxx", b"\xff\xff\xffx"
                )
            },
            "file.encoding-unknown",
        ),
    ],
)
def test_a_set_that_cannot_be_read_is_refused(tmp_path: Path, change: dict[str, bytes], code: str) -> None:
    assert code_of(tmp_path, {**parts(), **change}) == code


def test_a_set_without_attributes_is_refused(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.shp", parts()["a.shp"])
    with pytest.raises(Invalid) as caught:
        ShapefileRows(tmp_path / "a.zip", tmp_path)
    assert caught.value.code == "file.shapes-incomplete"


def test_a_header_that_promises_more_than_there_is_is_refused(tmp_path: Path) -> None:
    files = parts()
    content = bytearray(files["a.dbf"])
    struct.pack_into("<I", content, 4, 2**31)
    assert code_of(tmp_path, {**files, "a.dbf": bytes(content)}) == "file.shapes-broken"
    content = bytearray(files["a.shp"])
    struct.pack_into("<i", content, 100 + 8 + 36, 2**30)
    _, rows, refused = taken(tmp_path, {**files, "a.shp": bytes(content)})
    assert (len(rows), [row["line"] for row in refused]) == (1, [1])


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    assert code_of(tmp_path, {**parts(), "a.prj": bytes(30 << 20)}) == "file.archive-bomb"


def test_a_child_out_of_time_is_stopped_and_nothing_is_left(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, content in parts().items():
            archive.writestr(name, content)
    with pytest.raises(Invalid) as caught:
        ShapefileRows(tmp_path / "a.zip", tmp_path, seconds=0)
    assert caught.value.code == "file.shapes-too-slow"
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_everything_else_is_read_without_the_library() -> None:
    code = "import sys; sys.modules['shapefile'] = None; import catalog.reading_files"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
