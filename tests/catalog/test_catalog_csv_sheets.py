"""Sheets that were saved as CSV: the same table is found in them, and the same rows are set aside."""

from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import reading_files
from catalog.reading_files import glances, kinds
from catalog.reading_files.csv_sheets import CsvSheetRows
from catalog.reading_files.shapes import Intake, Layout
from policies.refusals import Invalid

BUREAU = """湖州市2026年养老机构统计表,,,,
填报单位：湖州市民政局,,,,单位：张
县区,机构,床位,,备注
,,公办,民办,
吴兴,南园,100,20,
吴兴,北园,60,0,新建
,,,,
南浔,"东
园",30,5,
合 计,,190,25,
注：床位数为核定数。,,,,
填表人：甲,,审核人：乙,,
"""


def taken(path: Path, layout: Layout | None = None) -> tuple[Intake, list[tuple[object, ...]], list[str]]:
    layout = layout or glances.glance(path, path.name).layout
    out, refusals = path.with_name("out.parquet"), path.with_name("refused.jsonl")
    account = reading_files.read_table(path, path.name, items=None, out=out, refusals=refusals, layout=layout)
    assert account.rows_read == account.rows_loaded + account.rows_refused
    return account, [tuple(row.values()) for row in pq.read_table(out).to_pylist()], refusals.read_text().splitlines()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_bureaus_sheet_saved_as_csv(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "表.csv"
    path.write_bytes(BUREAU.encode(encoding))
    account, rows, refused = taken(path)
    assert [column.name for column in account.columns] == ["县区", "机构", "床位/公办", "床位/民办", "备注"]
    assert rows == [
        ("吴兴", "南园", 100, 20, None),
        ("吴兴", "北园", 60, 0, "新建"),
        ("南浔", "东\n园", 30, 5, None),
    ]
    assert [(aside.line, aside.code) for aside in account.set_aside] == [
        (1, "file.aside-title"),
        (2, "file.aside-unit"),
        (10, "file.aside-total"),
        (11, "file.aside-note"),
        (12, "file.aside-note"),
    ]
    assert not refused
    assert [(note.code, note.params) for note in account.notes] == [("file.note-blank-rows", {"rows": 1})]


def test_titles_and_notes_without_commas(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("代码,名称,数量\n1,甲,10\n2,乙,20\n合计,,30\n注：仅供参考\n说明\n", "utf-8")
    account, rows, refused = taken(path)
    assert len(rows) == 2
    assert [(aside.line, aside.code) for aside in account.set_aside] == [
        (4, "file.aside-total"),
        (5, "file.aside-note"),
    ]
    assert len(refused) == 1


def test_a_total_within_a_long_file_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [f"吴兴,{number}" for number in range(5_000)]
    rows[2_500] = "小计,9"
    path.write_text("\n".join(["县区,数", *rows, "总计,99"]), "utf-8")
    layout = glances.glance(path, "a.csv").layout
    assert layout.set_aside
    account, found, _ = taken(path, layout)
    assert len(found) == 4_999
    assert [aside.line for aside in account.set_aside] == [2_502, 5_002]


def test_first_and_last_bound_the_data(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n3,4\n5,6\n7,8\n", "utf-8")
    account, rows, _ = taken(path, Layout(first=3, last=4))
    assert rows == [(3, 4), (5, 6)]
    assert [aside.line for aside in account.set_aside] == [2, 5]


def test_columns_without_a_heading_are_dropped_only_where_they_are_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("表\n,a,,b,\n,1,,2,\n,3,x,4,\n", "utf-8")
    account, rows, refused = taken(path, Layout(heading=(2, 2)))
    assert [column.name for column in account.columns] == ["a", "b"]
    assert rows == [(1, 2)]
    assert '"line": 4' in refused[0]


def test_a_column_of_data_without_a_name_is_called_by_its_position(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("表,,\n,2023,2024\n吴兴,1,2\n南浔,3,4\n", "utf-8")
    account, rows, _ = taken(path)
    assert [column.name for column in account.columns] == ["列1", "2023", "2024"]
    assert rows == [("吴兴", 1, 2), ("南浔", 3, 4)]
    assert "file.note-columns-named" in {note.code for note in account.notes}


def test_numbers_without_a_heading_get_names(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1,2.5\n3,4.5\n", "utf-8")
    account, rows, _ = taken(path)
    assert [column.name for column in account.columns] == ["列1", "列2"]
    assert rows == [(1, 2.5), (3, 4.5)]


def test_the_heading_on_every_page(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("月报表,\n县区,数\n吴兴,1\n月报表,\n县区,数\n南浔,2\n", "utf-8")
    account, rows, _ = taken(path)
    assert rows == [("吴兴", 1), ("南浔", 2)]
    assert [aside.line for aside in account.set_aside] == [1, 4, 5]


@pytest.mark.parametrize("content", ["标题,\n", "标题\n,\n\n", '标题,\n"a,b\n'])
def test_a_heading_that_is_not_there_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(Invalid):
        taken(path, Layout(heading=(2, 2)))


def test_a_plain_file_has_nothing_to_ask(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("sep=;\na;b\n1;2\n", "utf-8")
    assert glances.glance(path, "a.csv").plain
    path.write_text("a,b\n1,2\n", "utf-8")
    seen = glances.glance(path, "a.csv")
    assert seen.plain
    assert seen.layout == Layout()
    assert seen.heads == {"": ("a\tb", "1\t2")}


CELL = st.text(st.sampled_from("ab中文,\"' \n\r12-"), max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELL, min_size=3, max_size=3).filter(any), max_size=8), st.booleans())
def test_below_a_title_the_same_rows_are_read(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], asides: bool
) -> None:
    """Whatever is not set aside comes back as it was written, and nothing is lost."""
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    rows = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table]
    path.write_text("标题,,\n甲,乙,丙\n" + "".join(row + "\n" for row in rows), "utf-8", newline="")
    kind = kinds.inspect(path, "a.csv")
    assert kind.encoding is not None
    assert kind.dialect is not None
    layout = Layout(heading=(2, 2), set_aside=asides)
    with closing(CsvSheetRows(path, kind.encoding, kind.dialect, layout)) as source:
        found = []
        for batch in source.batches():
            assert not batch.bad
            found += list(zip(*(batch.column(place).to_pylist() for place in range(3)), strict=True))
        lost = len(source.set_aside) - 1
    assert len(found) + lost == len(table)
    if not asides:
        assert found == [tuple(row) for row in table]
