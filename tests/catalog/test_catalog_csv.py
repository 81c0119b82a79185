"""Delimited text: dialects, exact line numbers, refused rows with their text, and nothing lost on the way."""

import csv
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import reading_files
from catalog.reading_files import ColumnSpec, ColumnType, Intake
from policies.refusals import Invalid


def taken(
    folder: Path, content: bytes | str, items: list[ColumnSpec] | None = None
) -> tuple[Intake, list[Any], list[Any]]:
    """Read; give the account, the loaded rows and the refused ones."""
    source = folder / "given.csv"
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    out, refusals = folder / "out.parquet", folder / "refused.jsonl"
    account = reading_files.read_table(source, "given.csv", items=items, out=out, refusals=refusals)
    rows = [tuple(row.values()) for row in pq.read_table(out).to_pylist()]
    refused = [json.loads(line) for line in refusals.read_text().splitlines()]
    assert account.rows_read == account.rows_loaded + account.rows_refused
    assert (len(rows), len(refused)) == (account.rows_loaded, account.rows_refused)
    assert sorted(path.name for path in folder.iterdir()) == ["given.csv", "out.parquet", "refused.jsonl"]
    return account, rows, refused


def refusal_of(folder: Path, content: bytes | str, items: list[ColumnSpec] | None = None) -> Invalid:
    with pytest.raises(Invalid) as caught:
        taken(folder, content, items)
    assert [path.name for path in folder.iterdir()] == ["given.csv"]
    assert caught.value.text("zh")
    assert caught.value.text("en")
    return caught.value


def in_a_zip(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("夹/表.csv", content)
    return packed.getvalue()


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030"])
def test_dialects(tmp_path: Path, delimiter: str, end: str, codec: str) -> None:
    lines = ["代码", "名称"], ["01", f"甲{delimiter}乙"], ["02", '丙"丁']
    quoted = end.join(delimiter.join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)
    account, rows, _ = taken(tmp_path, (quoted + end).encode(codec))
    assert rows == [("01", f"甲{delimiter}乙"), ("02", '丙"丁')]
    assert account.dialect is not None
    assert (account.dialect.delimiter, account.dialect.line_end) == (delimiter, end)


def test_mixed_line_ends_and_line_breaks_in_cells(tmp_path: Path) -> None:
    _, rows, refused = taken(tmp_path, 'a,b\r\n1,"x\ny"\n2,z\r3,"p\r\nq"\nbad\n')
    assert rows == [(1, "x\ny"), (2, "z"), (3, "p\r\nq")]
    assert [(row["line"], row["raw"]) for row in refused] == [(7, "bad")]


def test_a_row_of_the_wrong_width_keeps_line_text_and_reason(tmp_path: Path) -> None:
    account, rows, refused = taken(tmp_path, "a,b\n1,2\n3\n4,5,6\n7,8\n")
    assert account.rows_read == 4
    assert rows == [(1, 2), (7, 8)]
    assert refused == [
        {"line": 3, "raw": "3", "faults": [{"column": None, "code": "file.row-width", "value": None}]},
        {"line": 4, "raw": "4,5,6", "faults": [{"column": None, "code": "file.row-width", "value": None}]},
    ]


def test_a_row_with_misplaced_quotes_is_refused_and_reading_goes_on(tmp_path: Path) -> None:
    _, rows, refused = taken(tmp_path, 'a,b\n1,"x" y\n2,z\n')
    assert rows == [(2, "z")]
    assert [(row["line"], row["raw"], row["faults"][0]["code"]) for row in refused] == [
        (2, '1,"x" y', "file.row-quotes")
    ]


def test_a_value_unfit_for_its_declared_type_names_every_fault_of_the_row(tmp_path: Path) -> None:
    items = [ColumnSpec("数", ColumnType.INTEGER), ColumnSpec("日", ColumnType.DATE)]
    account, rows, refused = taken(tmp_path, "数,日,注\n1,2026-01-31,a\nx,2026-02-30,b\n3,2026/2/1,c\n", items)
    assert [row[0] for row in rows] == [1, 3]
    assert account.rows_refused == 1
    assert refused[0]["line"] == 3
    assert refused[0]["raw"] == "x,2026-02-30,b"
    assert [(fault["column"], fault["code"], fault["value"]) for fault in refused[0]["faults"]] == [
        ("数", "file.row-not-integer", "x"),
        ("日", "file.row-not-date", "2026-02-30"),
    ]
    assert [note.code for note in account.notes] == ["file.note-columns-undeclared"]


def test_refused_rows_stand_in_file_order(tmp_path: Path) -> None:
    _, _, refused = taken(tmp_path, "a,b\nx,1\n1\ny,2\n2,2\n1,2,3\n", [ColumnSpec("a", ColumnType.INTEGER)])
    assert [row["line"] for row in refused] == [2, 3, 4, 6]


def test_blank_rows_are_passed_over_and_told(tmp_path: Path) -> None:
    account, rows, _ = taken(tmp_path, "\na,b\n1,2\n\n,\n3,4\n\n")
    assert rows == [(1, 2), (3, 4)]
    assert [(note.code, note.params["rows"]) for note in account.notes] == [("file.note-blank-rows", 3)]


def test_a_heading_alone_is_a_table_of_no_rows(tmp_path: Path) -> None:
    account, rows, _ = taken(tmp_path, "编号,名称\n")
    assert rows == []
    assert [column.name for column in account.columns] == ["编号", "名称"]
    assert [note.code for note in account.notes] == ["file.note-no-rows"]


def test_headings_are_trimmed_and_otherwise_kept(tmp_path: Path) -> None:
    account, _, _ = taken(tmp_path, '\ufeff 编号（全角）\u3000,"金额\n(万元)",*\n1,2,3\n')
    assert [column.name for column in account.columns] == ["编号（全角）", "金额\n(万元)", "*"]


def test_excels_separator_line_is_obeyed_and_not_taken_for_data(tmp_path: Path) -> None:
    _, rows, _ = taken(tmp_path, "sep=;\r\na;b\r\n1,5;2\r\n")
    assert rows == [("1,5", 2)]


def test_one_column_is_a_table_too(tmp_path: Path) -> None:
    assert taken(tmp_path, "镇街\n织里镇\n八里店镇\n")[1] == [("织里镇",), ("八里店镇",)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("a,a\n1,2\n", "file.heading-duplicate"),
        (",,c\n1,2,3\n", "file.heading-empty"),
        ("a,b\x01\n1,2\n", "file.heading-unusable"),
        ("a\n" + '"x\n' + "y\n" * 30, "file.quote-unclosed"),
        ('"a" x,b\n1,2\n', "file.heading-quotes"),
        (",".join(f"c{number}" for number in range(2001)) + "\n", "file.too-many-columns"),
        (b"a,b\n\x00\x01,2\n", "file.binary"),
        (b"%PDF-1.4\n", "file.kind-unreadable"),
        (b"", "file.empty"),
        (",,\n,,\n", "file.heading-missing"),
    ],
)
def test_what_is_no_table_is_refused_and_leaves_no_file(tmp_path: Path, content: bytes | str, code: str) -> None:
    assert refusal_of(tmp_path, content).code == code


def test_an_unclosed_quote_costs_the_row_it_opens_in_and_no_other(tmp_path: Path) -> None:
    for behind in ("5,6\n", '5,"6"\n', '"5","6"\n'):
        _, rows, refused = taken(tmp_path, f'a,b\n1,2\n3,"4\n{behind}')
        assert rows == [(1, 2), (5, 6)]
        assert [(row["line"], row["raw"], row["faults"][0]["code"]) for row in refused] == [
            (3, '3,"4', "file.row-quote-unclosed")
        ]


def test_a_quote_left_open_by_a_cut_off_upload_costs_the_last_row(tmp_path: Path) -> None:
    _, rows, refused = taken(tmp_path, 'a,b\n1,"x\ny"\n3,"4\n5')
    assert rows == [(1, "x\ny")]
    assert [(row["line"], row["raw"]) for row in refused] == [(4, '3,"4\n5')]


def test_a_quote_left_open_swallows_nothing_of_a_long_file(tmp_path: Path) -> None:
    """Whether the next mark is far away, makes sense where it stands, or never comes."""
    for tail in ("", '9,"\n', '9,"x"\n'):
        text = 'a,b\n1,"2\n' + "3,4\n" * 600_000 + tail
        account, _, refused = taken(tmp_path, text)
        assert account.rows_loaded >= 600_000
        assert [row["line"] for row in refused] == ([2] if tail != '9,"\n' else [2, 600_003])


def test_where_no_row_can_be_made_out_behind_an_open_quote_the_line_is_named(tmp_path: Path) -> None:
    refusal = refusal_of(tmp_path, "a\nx\n" + '"y\n' + "z\n" * 50)
    assert (refusal.code, refusal.params["line"]) == ("file.quote-unclosed", 3)


def test_a_declared_column_that_is_missing_is_named(tmp_path: Path) -> None:
    refusal = refusal_of(tmp_path, "a\n1\n", [ColumnSpec("镇街", ColumnType.TEXT)])
    assert refusal.code == "file.columns-missing"
    assert "镇街" in refusal.text("zh")


def test_two_thousand_columns_are_read(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(2000)]
    account, rows, _ = taken(tmp_path, "\n".join([",".join(names), *[",".join(["7"] * 2000)] * 500]))
    assert account.rows_loaded == 500
    assert rows[-1] == (7,) * 2000


def test_line_numbers_hold_across_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.reading_files.csv_rows.SCOPE", 90)
    chance = random.Random(7)  # noqa: S311 a fixed shuffle
    bad = set(chance.sample(range(2, 3000), 200))
    lines = ["a,b", *("1" if line in bad else f"{line},x" for line in range(2, 3001))]
    _, rows, refused = taken(tmp_path, "\n".join(lines))
    assert [row["line"] for row in refused] == sorted(bad)
    assert [row[0] for row in rows] == [line for line in range(2, 3001) if line not in bad]


@pytest.mark.parametrize("wrap", [gzip.compress, in_a_zip])
def test_a_wrapped_table_is_read_like_a_bare_one(tmp_path: Path, wrap: Callable[[bytes], bytes]) -> None:
    _, rows, refused = taken(tmp_path, wrap("代码,名称\n01,织里镇\n02\n".encode("gb18030")))
    assert rows == [("01", "织里镇")]
    assert refused[0]["line"] == 3


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=12))
def test_what_python_writes_is_read_back_cell_by_cell(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["甲", "乙", "丙"], *table])
    items = [ColumnSpec(name, ColumnType.TEXT) for name in ("甲", "乙", "丙")]
    _, rows, _ = taken(tmp_path_factory.mktemp("csv"), text.getvalue(), items)
    assert rows == [tuple(cell or None for cell in row) for row in table if any(row)]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300) | st.text(',"\n\r\t;1a. 湖', max_size=80).map(str.encode))
def test_no_bytes_whatever_do_anything_but_read_or_refuse(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    with suppress(Invalid):
        taken(folder, content)
