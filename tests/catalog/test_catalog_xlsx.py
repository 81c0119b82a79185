"""Workbooks: the first visible sheet, read in a limited child; bombs and wrecks are refused plainly."""

import io
import json
import struct
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import xlsxwriter

from catalog import reading_files
from catalog.reading_files import ColumnSpec, ColumnType, Intake, archives
from catalog.reading_files.workbook_rows import WorkbookRows
from policies.refusals import Invalid


def workbook(path: Path, rows: list[list[Any]], *, hidden_first: bool = False) -> Path:
    with xlsxwriter.Workbook(
        str(path), {"default_date_format": "yyyy-mm-dd hh:mm", "strings_to_numbers": False}
    ) as book:
        if hidden_first:
            secret = book.add_worksheet("隐藏")
            secret.write_string(0, 0, "不该读到")
        sheet = book.add_worksheet("数据")
        sheet.activate()
        if hidden_first:
            sheet.set_first_sheet()
            secret.hide()
        for position, row in enumerate(rows):
            sheet.write_row(position, 0, row)
    return path


def taken(path: Path, items: list[ColumnSpec] | None = None) -> tuple[Intake, list[Any], list[Any]]:
    out, refusals = path.with_name("out.parquet"), path.with_name("refused.jsonl")
    account = reading_files.read_table(path, "表.xlsx", items=items, out=out, refusals=refusals)
    assert account.rows_read == account.rows_loaded + account.rows_refused
    rows = [tuple(row.values()) for row in pq.read_table(out).to_pylist()]
    return account, rows, [json.loads(line) for line in refusals.read_text().splitlines()]


def test_the_first_visible_sheet_is_read_with_its_types(tmp_path: Path) -> None:
    rows = [
        ["代码", "数", "额", "日期", "时刻"],
        ["0571", 1, 1.5, date(2026, 1, 31), datetime(2026, 1, 31, 8, 30)],  # noqa: DTZ001 cells have no zone
        ["0572", 2, 2, date(2026, 2, 1), datetime(2026, 2, 1)],  # noqa: DTZ001
    ]
    account, found, _ = taken(workbook(tmp_path / "a.xlsx", rows, hidden_first=True))
    assert [column.type for column in account.columns] == ["text", "integer", "decimal", "date", "datetime"]
    assert found == [tuple(row) for row in rows[1:]]


def test_refused_rows_carry_the_row_number_of_the_sheet(tmp_path: Path) -> None:
    rows: list[list[Any]] = [[], ["数", "名"], [1, "a"], [], ["x", "b"], [3, "c", "多余"]]
    account, found, refused = taken(workbook(tmp_path / "a.xlsx", rows), [ColumnSpec("数", ColumnType.INTEGER)])
    assert found == [(1, "a")]
    assert [(row["line"], row["faults"][0]["code"]) for row in refused] == [
        (5, "file.row-not-integer"),
        (6, "file.row-width"),
    ]
    assert {note.code for note in account.notes} == {"file.note-blank-rows", "file.note-columns-undeclared"}


def test_numbers_too_long_for_a_spreadsheet_are_told(tmp_path: Path) -> None:
    account, _, _ = taken(workbook(tmp_path / "a.xlsx", [["证号"], [330502199001010016]]))
    assert account.columns[0].type is ColumnType.TEXT
    assert [note.code for note in account.notes] == ["file.note-digits-lost"]


def test_a_workbook_is_told_by_its_content(tmp_path: Path) -> None:
    assert reading_files.inspect(workbook(tmp_path / "a.csv", [["a"], [1]]), "a.csv").kind == "xlsx"


def repacked(path: Path, member: str, content: bytes) -> Path:
    """The workbook with one part replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == member else old.read(name))
    path.write_bytes(out.getvalue())
    return path


def code_of(path: Path) -> str:
    with pytest.raises(Invalid) as caught:
        taken(path)
    assert caught.value.text("zh")
    assert sorted(left.name for left in path.parent.iterdir()) == [path.name]
    return caught.value.code


SHEET = "xl/worksheets/sheet1.xml"


def test_a_bomb_of_blanks_is_refused(tmp_path: Path) -> None:
    path = repacked(workbook(tmp_path / "a.xlsx", [["a"]]), SHEET, b" " * (40 << 20))
    assert path.stat().st_size < 100_000
    assert code_of(path) == "file.archive-bomb"


def test_a_declared_size_is_not_believed(tmp_path: Path) -> None:
    """Every size field in the archive is forged to ten bytes; the count finds the truth."""
    path = repacked(workbook(tmp_path / "a.xlsx", [["a"]]), SHEET, b" " * (40 << 20))
    content = path.read_bytes().replace(struct.pack("<L", 40 << 20), struct.pack("<L", 10))
    path.write_bytes(content)
    assert code_of(path) == "file.archive-bomb"


def test_a_nest_of_thousands_of_parts_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["a"]])
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(archives.MAX_ENTRIES):
            archive.writestr(f"xl/x{number}", b"")
    assert code_of(path) == "file.archive-entries"


def test_entities_that_multiply_do_not(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    cell = '<c r="A1" t="inlineStr"><is><t>&l9;</t></is></c>'
    doctype = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{levels}]>'
    bomb = f'{doctype}<worksheet><sheetData><row r="1">{cell}</row></sheetData></worksheet>'
    path = repacked(workbook(tmp_path / "a.xlsx", [["a"]]), SHEET, bomb.encode())
    assert code_of(path) == "file.workbook-doctype"


def test_a_sheet_that_claims_every_cell_is_refused_not_allocated(tmp_path: Path) -> None:
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<?xml version="1.0"?><worksheet xmlns="{space}"><sheetData>{cells}</sheetData></worksheet>'
    path = repacked(workbook(tmp_path / "a.xlsx", [["a"]]), SHEET, sheet.encode())
    assert code_of(path) == "file.workbook-too-large"


@pytest.mark.parametrize("content", [b"", b"<worksheet><sheetData><row>", b"\x00" * 100])
def test_a_wrecked_sheet_is_refused(tmp_path: Path, content: bytes) -> None:
    path = repacked(workbook(tmp_path / "a.xlsx", [["a"]]), SHEET, content)
    assert code_of(path) in {"file.workbook-broken", "file.heading-missing"}


def test_a_truncated_workbook_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["a"], [1]])
    path.write_bytes(path.read_bytes()[:-100])
    assert code_of(path) in {"file.kind-unreadable", "file.archive-broken"}


def test_an_encrypted_part_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["a"]])
    content = bytearray(path.read_bytes())
    position = content.index(b"PK\x01\x02")
    content[position + 8] |= 1
    path.write_bytes(bytes(content))
    assert code_of(path) == "file.archive-encrypted"


def test_an_empty_sheet_has_no_heading(tmp_path: Path) -> None:
    assert code_of(workbook(tmp_path / "a.xlsx", [])) == "file.heading-missing"


def test_a_child_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["a", "b"], *[[number, "x"] for number in range(20_000)]])
    with pytest.raises(Invalid) as caught:
        WorkbookRows(path, "xlsx", seconds=0)
    assert caught.value.code == "file.workbook-too-slow"


def test_a_child_that_needs_too_much_memory_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["a", "b"], *[[number, "x"] for number in range(100_000)]])
    with pytest.raises(Invalid) as caught:
        WorkbookRows(path, "xlsx", memory=24 << 20)
    assert caught.value.code == "file.workbook-too-large"
