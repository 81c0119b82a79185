"""Tables handed out: every format gives the same cells back; files for people run nothing; names survive."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from catalog import exports, filters, reading_files
from catalog.exports import ExportFormat
from catalog.filters import Filter
from catalog.tables import TableStore
from policies.refusals import Invalid, Refused

ROWS: list[tuple[Any, ...]] = [
    ("织里镇", 1, 1.5, True, date(2026, 1, 31), datetime(2026, 1, 31, 8)),  # noqa: DTZ001 stored without a zone
    ('a,"b"\nc', -2, -0.25, False, date(1899, 1, 1), datetime(1899, 1, 1)),  # noqa: DTZ001
    ("=1+1", 330502199001010016, None, None, None, None),
    (None, 0, 1e20, None, None, datetime(2026, 1, 31, 8, 0, 1, 250000)),  # noqa: DTZ001
]
NAMES = ("=名称", "数", "额", "公开", "日", "时")
KINDS = (pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32(), pa.timestamp("us"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def tables(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TableStore]:
    store = TableStore([folder], scratch=tmp_path_factory.mktemp("scratch"), memory=256, seconds=60)
    yield store
    store.close()


@pytest.fixture(scope="module")
def table(folder: Path) -> Path:
    columns = [pa.array(values, kind) for values, kind in zip(zip(*ROWS, strict=True), KINDS, strict=True)]
    pq.write_table(pa.table(columns, NAMES), folder / "t.parquet")
    return folder / "t.parquet"


def whole(tables: TableStore, path: Path, wanted: ExportFormat, **choice: Any) -> bytes:
    return b"".join(exports.stream(tables, path, wanted, **choice))


def test_csv_for_people_has_a_mark_and_runs_nothing(tables: TableStore, table: Path) -> None:
    content = whole(tables, table, ExportFormat.CSV)
    assert content.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))) == [
        ["'=名称", "数", "额", "公开", "日", "时"],
        ["织里镇", "1", "1.5", "true", "2026-01-31", "2026-01-31 08:00:00"],
        ['a,"b"\nc', "-2", "-0.25", "false", "1899-01-01", "1899-01-01 00:00:00"],
        ["'=1+1", "330502199001010016", "", "", "", ""],
        ["", "0", "1e+20", "", "", "2026-01-31 08:00:01.250000"],
    ]


def test_csv_for_machines_is_exactly_the_data(tables: TableStore, table: Path) -> None:
    content = whole(tables, table, ExportFormat.CSV_PLAIN)
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert rows[0][0] == "=名称"
    assert rows[3][0] == "=1+1"


@pytest.mark.parametrize(
    ("given_", "shown"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+SUM(A1)", "'+SUM(A1)"),
        ("-1+cmd", "'-1+cmd"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("-12.5", "-12.5"),
        ("+8613800138000", "+8613800138000"),
        ("-1e3", "-1e3"),
        ("a=1", "a=1"),
        ("-", "'-"),
    ],
)
def test_only_what_a_spreadsheet_would_run_gets_an_apostrophe(
    tables: TableStore, folder: Path, given_: str, shown: str
) -> None:
    path = folder / "formula.parquet"
    pq.write_table(pa.table({"v": [given_], "w": ["x"]}), path)
    text = whole(tables, path, ExportFormat.CSV).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text, newline="")))[1][0] == shown


@pytest.mark.parametrize("wanted", [ExportFormat.JSON, ExportFormat.JSONL])
def test_json_keeps_types_and_nulls(tables: TableStore, table: Path, wanted: ExportFormat) -> None:
    text = whole(tables, table, wanted).decode()
    found = json.loads(text) if wanted is ExportFormat.JSON else [json.loads(line) for line in text.splitlines()]
    assert found[0] == {
        "=名称": "织里镇",
        "数": 1,
        "额": 1.5,
        "公开": True,
        "日": "2026-01-31",
        "时": "2026-01-31T08:00:00",
    }
    assert found[2]["额"] is None
    assert len(found) == len(ROWS)


def test_a_number_that_is_none_is_null_in_json(tables: TableStore, folder: Path) -> None:
    path = folder / "nan.parquet"
    pq.write_table(pa.table({"v": [float("nan"), float("inf"), 1.0]}), path)
    assert json.loads(whole(tables, path, ExportFormat.JSON)) == [{"v": None}, {"v": None}, {"v": 1.0}]
    whole(tables, path, ExportFormat.XLSX)


def test_xlsx_holds_no_formula_no_link_and_every_digit(tables: TableStore, table: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(whole(tables, table, ExportFormat.XLSX))
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    with CalamineWorkbook.from_path(path) as book:
        found = book.get_sheet_by_index(0).to_python()
    assert found[0] == list(NAMES)
    assert found[1] == list(ROWS[0])
    assert found[2][4:] == ["1899-01-01", "1899-01-01 00:00:00"]
    assert found[3][:2] == ["=1+1", "330502199001010016"]
    assert found[4][2] == "1e+20"


def test_a_cell_xlsx_cannot_hold_is_refused_before_the_first_byte(tables: TableStore, folder: Path) -> None:
    path = folder / "long.parquet"
    pq.write_table(pa.table({"长文": ["x" * 32_768]}), path)
    with pytest.raises(Refused) as caught:
        next(exports.stream(tables, path, ExportFormat.XLSX))
    assert caught.value.code == "file.export-cell-too-long"
    assert "长文" in caught.value.text("zh")


def test_more_rows_than_xlsx_holds_are_refused_at_once(tables: TableStore, folder: Path) -> None:
    path = folder / "rows.parquet"
    pq.write_table(pa.table({"v": pa.nulls(exports.XLSX_ROWS + 1, pa.int64())}), path)
    with pytest.raises(Refused) as caught:
        exports.stream(tables, path, ExportFormat.XLSX)
    assert caught.value.code == "file.export-too-many-rows"


def test_parquet_is_the_same_table(tables: TableStore, table: Path) -> None:
    found = pq.read_table(io.BytesIO(whole(tables, table, ExportFormat.PARQUET)))
    assert found.equals(pq.read_table(table))


@pytest.mark.parametrize("wanted", list(ExportFormat))
def test_columns_and_filter_hold_in_every_format(
    tables: TableStore, table: Path, tmp_path: Path, wanted: ExportFormat
) -> None:
    where = filters.parse(["数:ge:0", "额:notnull"], tables.columns(table))
    content = whole(tables, table, wanted, columns=["数", "=名称"], where=where)
    assert content
    for hidden in ("2026-01-31", "公开", "330502199001010016"):
        assert hidden.encode() not in content
    if wanted in {ExportFormat.CSV_PLAIN, ExportFormat.XLSX}:
        source = tmp_path / "again"
        source.write_bytes(content)
        account = reading_files.read_table(
            source, "again", items=None, out=tmp_path / "o.parquet", refusals=tmp_path / "r.jsonl"
        )
        assert [column.name for column in account.columns] == ["数", "=名称"]
        assert pq.read_table(tmp_path / "o.parquet")["数"].to_pylist() == [1, 0]


@pytest.mark.parametrize("wanted", list(ExportFormat))
def test_a_table_of_no_rows_is_still_a_file(tables: TableStore, table: Path, wanted: ExportFormat) -> None:
    where = filters.parse(["数:eq:42"], tables.columns(table))
    content = whole(tables, table, wanted, where=where)
    if wanted is ExportFormat.JSON:
        assert json.loads(content) == []
    if wanted is ExportFormat.PARQUET:
        assert pq.read_table(io.BytesIO(content)).schema.names == list(NAMES)


def test_an_unknown_column_is_refused_before_the_stream_begins(tables: TableStore, table: Path) -> None:
    with pytest.raises(Invalid):
        exports.stream(tables, table, ExportFormat.CSV, columns=["没有"])


def test_a_stream_given_up_halfway_frees_its_cursor(tables: TableStore, folder: Path) -> None:
    path = folder / "many.parquet"
    pq.write_table(pa.table({"v": list(range(100_000))}), path)
    for _ in range(20):
        pieces = exports.stream(tables, path, ExportFormat.CSV)
        assert [len(next(pieces)) > 0 for _ in range(3)] == [True] * 3
        pieces.close()  # type: ignore[attr-defined]
    assert tables.count(path) == 100_000


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=10)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.tuples(texts, texts), min_size=1, max_size=6))
def test_plain_csv_json_and_parquet_bring_every_text_back(
    tables: TableStore, folder: Path, values: list[tuple[str, str]]
) -> None:
    path = folder / "texts.parquet"
    left, right = zip(*values, strict=True)
    pq.write_table(pa.table({"l": left, "r": right}), path)
    text = whole(tables, path, ExportFormat.CSV_PLAIN).decode()
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == [list(pair) for pair in values]
    assert [tuple(row.values()) for row in json.loads(whole(tables, path, ExportFormat.JSON))] == values
    assert pq.read_table(io.BytesIO(whole(tables, path, ExportFormat.PARQUET))).equals(pq.read_table(path))


@pytest.mark.parametrize(
    ("name", "ascii_", "true"),
    [
        ("湖州市学校名录", "data.csv", "湖州市学校名录.csv"),
        ("POI 数据 2026", "POI_2026.csv", "POI 数据 2026.csv"),
        ('a"b\\c/d', "a_b_c_d.csv", "a b c d.csv"),
        ("../../etc/passwd", "etc_passwd.csv", "etc passwd.csv"),
        ("x\r\nSet-Cookie: y", "x_Set-Cookie_y.csv", "x Set-Cookie y.csv"),
        ("报告\u202egpj", "gpj.csv", "报告 gpj.csv"),
        ("", "data.csv", "data.csv"),
        ("...", "data.csv", "data.csv"),
        ("Café", "Cafe.csv", "Café.csv"),
        ("长" * 300, "data.csv", "长" * 80 + ".csv"),
    ],
)
def test_download_names(name: str, ascii_: str, true: str) -> None:
    header = exports.content_disposition(name, "csv")
    match = re.fullmatch(r"attachment; filename=\"([A-Za-z0-9._-]+)\"; filename\*=UTF-8''([A-Za-z0-9._~%-]+)", header)
    assert match is not None
    assert (match[1], unquote(match[2])) == (ascii_, true)


@given(st.text(max_size=60))
def test_no_name_whatever_breaks_the_header(name: str) -> None:
    header = exports.content_disposition(name, "csv")
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2


def test_every_format_has_type_and_ending() -> None:
    assert {wanted.extension for wanted in ExportFormat} == {"csv", "json", "jsonl", "xlsx", "parquet"}
    assert all("/" in wanted.media_type for wanted in ExportFormat)
    assert Filter() == filters.EVERY_ROW
