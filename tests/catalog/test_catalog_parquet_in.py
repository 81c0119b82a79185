"""Parquet of any origin: types kept or turned into text, rows accounted for, hostile files stopped in the child."""

import base64
import datetime as dt
import json
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import reading_files
from catalog.reading_files import ColumnSpec, ColumnType, Intake
from catalog.reading_files.parquet_rows import ParquetRows
from catalog.reading_files.shapes import Layout
from policies.refusals import Invalid


def taken(
    folder: Path,
    table: pa.Table | bytes,
    items: list[ColumnSpec] | None = None,
    conversions: dict[str, str] | None = None,
    **options: Any,
) -> tuple[Intake, list[dict[str, Any]], list[Any]]:
    """Read; account, loaded rows, refused rows."""
    source = folder / "given.parquet"
    if isinstance(table, bytes):
        source.write_bytes(table)
    else:
        pq.write_table(table, source, **options)
    out, refusals = folder / "out.parquet", folder / "refused.jsonl"
    account = reading_files.read_table(
        source, "x.parquet", items=items, out=out, refusals=refusals, layout=Layout(conversions=conversions or {})
    )
    rows = pq.read_table(out).to_pylist()
    refused = [json.loads(line) for line in refusals.read_text("utf-8").splitlines()]
    assert account.rows_read == account.rows_loaded + account.rows_refused
    assert (len(rows), len(refused)) == (account.rows_loaded, account.rows_refused)
    return account, rows, refused


def refusal_of(folder: Path, table: pa.Table | bytes, **options: Any) -> Invalid:
    with pytest.raises(Invalid) as caught:
        taken(folder, table, **options)
    assert [path.name for path in folder.iterdir()] == ["given.parquet"]
    assert caught.value.text("zh")
    return caught.value


KEY = uuid.UUID("7d444840-9dc0-11d1-b245-5ffdce74fad2")
MOMENT = dt.datetime(2026, 1, 1, 0, 0)  # noqa: DTZ001 stored without a zone
TYPES = {
    "布尔": (pa.array([True, None]), "boolean", [True, None]),
    "字节": (pa.array([1, None], pa.uint8()), "integer", [1, None]),
    "长": (pa.array([2**62, None]), "integer", [2**62, None]),
    "无符": (pa.array([2**62, None], pa.uint64()), "integer", [2**62, None]),
    "无符大": (pa.array([2**63, None], pa.uint64()), "text", [str(2**63), None]),
    "半": (pa.array([1.5, None], pa.float16()), "decimal", [1.5, None]),
    "单": (pa.array([0.5, None], pa.float32()), "decimal", [0.5, None]),
    "非数": (pa.array([float("nan"), float("-inf")]), "decimal", [None, None]),
    "十进": (pa.array([Decimal("1.10"), None], pa.decimal128(38, 2)), "decimal", [1.1, None]),
    "十进长": (
        pa.array([Decimal("12345678901234567.89"), None], pa.decimal128(38, 2)),
        "text",
        ["12345678901234567.89", None],
    ),
    "十进整": (pa.array([Decimal(10**17), None], pa.decimal128(38, 0)), "integer", [10**17, None]),
    "日": (pa.array([dt.date(2026, 1, 1), None]), "date", [dt.date(2026, 1, 1), None]),
    "日64": (pa.array([dt.date(2026, 1, 1), None], pa.date64()), "date", [dt.date(2026, 1, 1), None]),
    "日远": (pa.array([2_932_897, None], pa.date32()), "text", ["10000-01-01", None]),
    "刻远": (
        pa.array([253_402_300_800, None], pa.timestamp("s", tz="UTC")),
        "text",
        ["10000-01-01 00:00:00.000Z", None],
    ),
    "时刻": (pa.array([dt.time(8, 30), None], pa.time32("s")), "text", ["08:30:00", None]),
    "时刻微": (pa.array([dt.time(8, 30, 0, 5), None], pa.time64("us")), "text", ["08:30:00.000005", None]),
    "刻秒": (pa.array([MOMENT, None], pa.timestamp("s")), "datetime", [MOMENT, None]),
    "刻纳": (pa.array([1000, None], pa.timestamp("ns")), "datetime", [dt.datetime(1970, 1, 1, 0, 0, 0, 1), None]),  # noqa: DTZ001
    "刻纳细": (pa.array([1, None], pa.timestamp("ns")), "text", ["1970-01-01 00:00:00.000000001", None]),
    "时区": (
        pa.array([dt.datetime(2025, 12, 31, 16, tzinfo=dt.UTC), None], pa.timestamp("ms", tz="Asia/Tokyo")),
        "datetime",
        [MOMENT, None],
    ),
    "时长": (pa.array([1500, None], pa.duration("ms")), "text", ["1500 ms", None]),
    "代码": (pa.array(["0012", "12"]), "text", ["0012", "12"]),
    "是非": (pa.array(["是", "2026-01-01"]), "text", ["是", "2026-01-01"]),
    "空串": (pa.array(["", None]), "text", ["", None]),
    "大文": (pa.array(["湖", None], pa.large_string()), "text", ["湖", None]),
    "字典": (pa.array(["湖", None]).dictionary_encode(), "text", ["湖", None]),
    "字典数": (pa.array([7, None]).dictionary_encode(), "integer", [7, None]),
    "字节文": (pa.array(["湖".encode(), None]), "text", ["湖", None]),
    "全空": (pa.nulls(2), "text", [None, None]),
    "标识": (pa.array([KEY.bytes, None], pa.uuid()), "text", [str(KEY), None]),
    "列表": (pa.array([[1, None], None]), "text", ["[1,null]", None]),
    "结构": (pa.array([{"x": float("nan"), "y": "甲"}, None]), "text", ['{"x":null,"y":"甲"}', None]),
    "映射": (pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())), "text", ['{"a":1}', None]),
    "a.b": (pa.array([1, 2]), "integer", [1, 2]),
}


def test_every_type_is_kept_or_loses_nothing_as_text(tmp_path: Path) -> None:
    account, rows, _ = taken(tmp_path, pa.table({name: values for name, (values, _, _) in TYPES.items()}))
    for column in account.columns:
        assert (column.name, column.type) == (column.name, TYPES[column.name][1])
        assert [row[column.name] for row in rows] == TYPES[column.name][2], column.name
        assert column.inferred_reason == ("file.typed-zoned" if column.name == "时区" else "file.typed-by-file")
    assert [(note.code, note.params) for note in account.notes] == [("file.note-not-finite", {"cells": 2})]


def test_declared_types_are_honoured_and_misfits_refused_by_row(tmp_path: Path) -> None:
    table = pa.table(
        {
            "数": ["1", "x", "NaN"],
            "整": [1.0, 2.0, 2.5],
            "日": pa.array([MOMENT, MOMENT, None]),
            "文": [1, 2, None],
            "同": [1, 2, 3],
        }
    )
    types = {"数": "integer", "整": "integer", "日": "date", "文": "text", "同": "integer"}
    items = [ColumnSpec(name, ColumnType(type_)) for name, type_ in types.items()]
    _, rows, refused = taken(tmp_path, table, items)
    assert rows == [{"数": 1, "整": 1, "日": MOMENT.date(), "文": "1", "同": 1}]
    assert [(row["line"], [(fault["column"], fault["code"]) for fault in row["faults"]]) for row in refused] == [
        (2, [("数", "file.row-not-integer")]),
        (3, [("整", "file.row-not-integer")]),
    ]
    assert json.loads(refused[0]["raw"])["数"] == "x"


def test_a_conversion_may_be_accepted_for_any_column(tmp_path: Path) -> None:
    table = pa.table({"登记日期": [45000, 45001], "占比": ["1%", "x"]})
    account, _, _ = taken(tmp_path, table)
    assert account.rows_loaded == 2
    account, rows, refused = taken(tmp_path, table, conversions={"登记日期": "serial-date:1900", "占比": "percent"})
    assert rows == [{"登记日期": dt.date(2023, 3, 15), "占比": 1}]
    assert [row["faults"][0]["code"] for row in refused] == ["file.row-unconverted"]


def test_text_that_is_all_numbers_is_offered_as_numbers(tmp_path: Path) -> None:
    account, _, _ = taken(tmp_path, pa.table({"金额": ["1", "2.5"], "代码": ["1", "2"], "名": ["甲", "1"]}))
    assert [(offer.column, offer.code, offer.rows) for offer in account.offers] == [("金额", "number", 2)]


def test_an_empty_table_keeps_its_types(tmp_path: Path) -> None:
    account, _, _ = taken(tmp_path, pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())}))
    assert [column.type for column in account.columns] == ["integer", "text"]
    assert [note.code for note in account.notes] == ["file.note-no-rows"]


def bad_text() -> pa.Table:
    return pa.table({"a": pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"]).buffers())})


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (pa.table({"a": [b"\xff\x00"]}), "file.parquet-column"),
        (bad_text(), "file.parquet-text"),
        (pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), "file.heading-duplicate"),
        (pa.table([pa.array([1]), pa.array([2])], names=["a", " a"]), "file.heading-duplicate"),
        (pa.table([pa.array([1])], names=[""]), "file.heading-empty"),
        (pa.table({f"c{n}": [1] for n in range(2001)}), "file.too-many-columns"),
        (b"PAR1", "file.parquet-broken"),
        (b"PAR1" + bytes(100) + b"PAR1", "file.parquet-broken"),
        (b"PARE" + bytes(100) + b"PARE", "file.archive-encrypted"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, table: pa.Table | bytes, code: str) -> None:
    assert refusal_of(tmp_path, table).code == code


def test_a_file_cut_off_is_refused_wherever_the_cut_is(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": list(range(5000)), "b": [str(n) for n in range(5000)]}), tmp_path / "given.parquet")
    whole = (tmp_path / "given.parquet").read_bytes()
    for cut in (200, len(whole) // 2, len(whole) - 5):
        assert refusal_of(tmp_path, whole[:cut]).code == "file.parquet-broken"
    middle = whole[:200] + bytes(len(whole) // 2) + whole[200 + len(whole) // 2 :]
    assert refusal_of(tmp_path, middle).code.startswith("file.parquet-")


def test_a_few_bytes_that_unfold_into_gigabytes_are_stopped(tmp_path: Path) -> None:
    text = pa.array(["x" * (10 << 20)])
    bomb = pa.table({"a": pa.DictionaryArray.from_arrays(pa.array([0] * 60_000, pa.int32()), text)})
    assert refusal_of(tmp_path, bomb).code == "file.parquet-too-large"
    assert (tmp_path / "given.parquet").stat().st_size < 1 << 20


def test_a_child_out_of_time_is_stopped(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    with pytest.raises(Invalid) as caught:
        ParquetRows(tmp_path / "a.parquet", seconds=0)
    assert caught.value.code == "file.parquet-too-slow"


class Keys(pe.KmsClient):  # type: ignore[misc]
    """Keys that are no secret."""

    def wrap_key(self, key_bytes: bytes, _master: str) -> bytes:
        return base64.b64encode(key_bytes)

    def unwrap_key(self, wrapped_key: bytes, _master: str) -> bytes:
        return base64.b64decode(wrapped_key)


@pytest.mark.parametrize("plaintext_footer", [True, False])
def test_an_encrypted_file_is_refused_as_one(tmp_path: Path, plaintext_footer: bool) -> None:
    made = pe.EncryptionConfiguration(footer_key="f", column_keys={"c": ["a"]}, plaintext_footer=plaintext_footer)
    secret = pe.CryptoFactory(lambda _: Keys()).file_encryption_properties(pe.KmsConnectionConfig(), made)
    with pq.ParquetWriter(tmp_path / "given", pa.schema([("a", pa.int64())]), encryption_properties=secret) as writer:
        writer.write_table(pa.table({"a": [1]}))
    content = (tmp_path / "given").read_bytes()
    (tmp_path / "given").unlink()
    assert refusal_of(tmp_path, content).code == "file.archive-encrypted"


kinds = {
    "文": (pa.string(), st.text(st.characters(exclude_categories=["Cs"]), max_size=8)),
    "整": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "数": (pa.float64(), st.floats(allow_nan=False, allow_infinity=False)),
    "真": (pa.bool_(), st.booleans()),
    "日": (pa.date32(), st.dates()),
    "刻": (pa.timestamp("us"), st.datetimes()),
    "字典": (pa.dictionary(pa.int32(), pa.string()), st.sampled_from(["甲", "001", ""])),
}
table_rows = st.lists(
    st.fixed_dictionaries({name: st.none() | values for name, (_, values) in kinds.items()}), max_size=6
)


@settings(max_examples=8, deadline=None)
@given(st.lists(table_rows, min_size=1, max_size=3))
def test_any_table_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, groups: list[list[Any]]) -> None:
    """Whatever the row groups: the same values, the same types."""
    folder = tmp_path_factory.mktemp("parquet")
    schema = pa.schema([(name, type_) for name, (type_, _) in kinds.items()])
    with pq.ParquetWriter(folder / "made", schema) as writer:
        for rows in groups:
            writer.write_table(pa.Table.from_pylist(rows, schema))
    content = (folder / "made").read_bytes()
    account, stored, _ = taken(folder, content)
    assert stored == [row for rows in groups for row in rows]
    types = ["text", "integer", "decimal", "boolean", "date", "datetime", "text"]
    assert [column.type for column in account.columns] == types
