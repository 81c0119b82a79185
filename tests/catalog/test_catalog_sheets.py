"""Sheets of XLSX, XLS and ODS read as their layout says: headings, merged cells, rows set aside, cells flagged."""

import string
import struct
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sheets_made import Made, make

from catalog.reading_files import glances, remembered
from catalog.reading_files.shapes import Layout
from catalog.reading_files.workbook_rows import WorkbookRows
from catalog.reading_workbooks import stream_records
from policies.refusals import Invalid

KINDS = ("xlsx", "xls", "ods")
KEPT = "file.flag-formula-empty"


def read(path: Path, layout: Layout | None = None) -> tuple[WorkbookRows, list[tuple[int, list[str]]]]:
    """The source when it was read to its end, and its good rows under their numbers."""
    rows = []
    with closing(WorkbookRows(path, path.suffix[1:], layout)) as source:
        for batch in source.batches():
            cells = [batch.cells[at : at + batch.width] for at in range(0, len(batch.cells), batch.width)]
            rows += list(zip(batch.lines, cells, strict=True))
    return source, rows


def proposed(path: Path) -> tuple[WorkbookRows, list[tuple[int, list[str]]]]:
    """The sheet read by the layout that is proposed for it."""
    return read(path, glances.glance(path, path.name).layout)


BUREAU = Made(
    [
        ["湖州市2026年养老机构统计表"],
        ["填报单位：湖州市民政局", "", "", "", "单位：张"],
        ["县区", "机构", "床位", "", "备注"],
        ["", "", "公办", "民办", ""],
        ["吴兴", "南园", 100, 20, ""],
        ["", "北园", 60, 0, "新建"],
        [],
        ["南浔", "东园", 30, 5, ""],
        ["合 计", "", 190, 25, ""],
        ["注：床位数为核定数。"],
        ["填表人：甲", "", "审核人：乙"],
    ],
    merges=((0, 0, 0, 4), (2, 0, 3, 0), (2, 1, 3, 1), (2, 2, 2, 3), (2, 4, 3, 4), (4, 0, 5, 0), (8, 0, 8, 1)),
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bureaus_sheet_is_read_as_a_person_would(tmp_path: Path, kind: str) -> None:
    source, rows = proposed(make(tmp_path / f"a.{kind}", {"表": BUREAU}))
    assert source.heading == ["县区", "机构", "床位/公办", "床位/民办", "备注"]
    assert rows == [
        (5, ["吴兴", "南园", "100", "20", ""]),
        (6, ["吴兴", "北园", "60", "0", "新建"]),
        (8, ["南浔", "东园", "30", "5", ""]),
    ]
    assert [(aside.line, aside.code) for aside in source.set_aside] == [
        (1, "file.aside-title"),
        (2, "file.aside-unit"),
        (9, "file.aside-total"),
        (10, "file.aside-note"),
        (11, "file.aside-note"),
    ]
    assert source.set_aside[2].raw == "合 计 190 25"
    assert source.blank == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_types_of_cells_become_texts(tmp_path: Path, kind: str) -> None:
    cells: list[Any] = ["0571", 7, 1.5, True, date(2026, 1, 31), datetime(2026, 1, 31, 8, 30), "a\nb", "是 否"]  # noqa: DTZ001
    sheet = Made([["文", "整", "小", "真", "日", "时", "行", "空"], cells])
    _, rows = proposed(make(tmp_path / f"a.{kind}", {"表": sheet}))
    assert rows == [(2, ["0571", "7", "1.5", "true", "2026-01-31", "2026-01-31 08:30:00", "a\nb", "是 否"])]


@pytest.mark.parametrize("kind", KINDS)
def test_row_numbers_and_columns_are_those_of_the_sheet(tmp_path: Path, kind: str) -> None:
    rows: list[list[Any]] = [[], [], ["", "", "码", "数"], ["", "", "a", 1], [], ["", "", "b", 10**16]]
    source, found = proposed(make(tmp_path / f"a.{kind}", {"表": Made(rows)}))
    assert found[0] == (4, ["a", "1"])
    assert found[1][0] == 6
    assert source.flags == [("D6", "file.flag-digits-lost")]
    assert source.digits_lost == 1


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_formulas_without_a_value_are_told_by_cell(tmp_path: Path, kind: str) -> None:
    formulas = {(1, 1): None, (2, 1): 5, (3, 1): "#REF!"}
    sheet = Made([["名", "数"], ["a"], ["b"], ["c"], ["d", 4]], formulas=formulas)
    source, rows = read(make(tmp_path / f"a.{kind}", {"表": sheet}))
    assert [cells for _, cells in rows] == [["a", ""], ["b", "5"], ["c", ""], ["d", "4"]]
    assert source.flags == [("B2", KEPT), ("B4", "file.flag-error")]
    assert {note.code: note.params["addresses"] for note in source.notes} == {
        "file.note-formula-empty": ["B2"],
        "file.note-error": ["B4"],
    }
    assert all(Invalid(note.code, **note.params).text("zh") for note in source.notes)


def test_errors_of_an_old_workbook_are_told(tmp_path: Path) -> None:
    path = make(tmp_path / "a.xls", {"一": Made([["x"]]), "二": Made([["a", "b"], [1]], formulas={(1, 1): "#REF!"})})
    source, rows = read(path, Layout(sheet="二"))
    assert source.flags == [("B2", "file.flag-error")]
    assert rows == [(2, ["1", ""])]


def test_formulas_of_an_old_workbook_that_wait_to_be_computed_are_told() -> None:
    def record(kind: int, content: bytes) -> bytes:
        return struct.pack("<HH", kind, len(content)) + content

    def formula(column: int, kind: int, options: int) -> bytes:
        value = bytes([kind, 0, 0, 0, 0, 0]) + b"\xff\xff"
        return record(6, struct.pack("<HHH", 4, column, 0) + value + struct.pack("<HI", options, 0))

    name = record(0x85, struct.pack("<IBBBB", 18, 0, 0, 2, 0) + b"S1") + record(10, b"")
    assert len(name) == 18
    cells = formula(0, 3, 1) + formula(1, 3, 0) + formula(2, 2, 0) + record(10, b"")
    found = stream_records.flags(name + cells, "S1", 5)
    assert found.cells == [("A5", KEPT), ("C5", "file.flag-error")]
    assert not stream_records.flags(name + cells, "S1", 6).cells
    assert not stream_records.flags(name + cells[:-20], "S2", 0).cells


def test_flags_count_on_when_their_addresses_are_full(tmp_path: Path) -> None:
    sheet = Made([["号"], *[[10**17 + number] for number in range(1_500)]])
    source, _ = read(make(tmp_path / "a.xlsx", {"表": sheet}))
    assert source.flag_counts == {"file.flag-digits-lost": 1_500}
    assert len(source.flags) == 1_000


@pytest.mark.parametrize("kind", KINDS)
def test_bare_numbers_among_dates_are_told(tmp_path: Path, kind: str) -> None:
    rows = [["日期", "数"], [45992, 45992], [date(2025, 12, 2), 3], [45994, 4], [7, 5]]
    source, found = read(make(tmp_path / f"a.{kind}", {"表": Made(rows)}))
    assert sorted(source.flags) == [("A2", "file.flag-serial-date"), ("A4", "file.flag-serial-date")]
    assert [cells[0] for _, cells in found] == ["45992", "2025-12-02", "45994", "7"]


def test_a_total_that_is_not_set_aside_is_told(tmp_path: Path) -> None:
    path = make(tmp_path / "a.xlsx", {"表": Made([["地区", "数"], ["吴兴", 1], ["合计", 1]])})
    source, rows = read(path)
    assert len(rows) == 2
    assert [(note.code, note.params["lines"]) for note in source.notes] == [("file.note-totals-loaded", [3])]
    source, rows = proposed(path)
    assert len(rows) == 1
    assert not source.notes


@pytest.mark.parametrize("kind", KINDS)
def test_first_and_last_bound_the_data(tmp_path: Path, kind: str) -> None:
    path = make(tmp_path / f"a.{kind}", {"表": Made([["a", "b"], [1, 2], [3, 4], [5, 6], ["完"]])})
    source, rows = read(path, Layout(first=3, last=4))
    assert rows == [(3, ["3", "4"]), (4, ["5", "6"])]
    assert [(aside.line, aside.raw) for aside in source.set_aside] == [(2, "1 2"), (5, "完")]


def test_columns_without_heading_and_data_are_left_out(tmp_path: Path) -> None:
    rows = [["", "码", "", "数", "", "空"], ["", "a", "", 1], ["", "b", "", 2]]
    source, found = read(make(tmp_path / "a.xlsx", {"表": Made(rows)}))
    assert source.heading == ["码", "数", "空"]
    assert found == [(2, ["a", "1", ""]), (3, ["b", "2", ""])]
    assert [(note.code, note.params) for note in source.notes] == [
        ("file.note-columns-dropped", {"columns": ["C", "E"]})
    ]


def test_a_column_over_two_cells_is_one_column(tmp_path: Path) -> None:
    sheet = Made([["名", "备注", "", "数"], ["a", "x", "", 1], ["b", "y", "", 2]], merges=((0, 1, 0, 2), (1, 1, 1, 2)))
    source, found = read(make(tmp_path / "a.xlsx", {"表": sheet}), Layout())
    assert source.heading == ["名", "备注", "数"]
    assert found == [(2, ["a", "x", "1"]), (3, ["b", "y", "2"])]
    assert not source.notes


def test_merged_cells_stay_as_they_are_if_wanted(tmp_path: Path) -> None:
    path = make(tmp_path / "a.xlsx", {"表": Made([["县", "镇"], ["吴兴", "a"], ["", "b"]], merges=((1, 0, 2, 0),))})
    assert read(path, Layout())[1][1] == (3, ["吴兴", "b"])
    assert read(path, Layout(fill_merged=False))[1][1] == (3, ["", "b"])


def test_a_value_below_a_merged_cell_is_flagged_and_what_is_seen_is_read(tmp_path: Path) -> None:
    rows = [["县", "镇", "数"], ["吴兴", "a", 19], ["德清", "b", 0], ["", "c", 3]]
    path = make(tmp_path / "a.xlsx", {"表": Made(rows, merges=((1, 0, 2, 0), (1, 2, 2, 2)))})
    source, found = read(path, Layout())
    assert [cells for _, cells in found] == [["吴兴", "a", "19"], ["吴兴", "b", "19"], ["", "c", "3"]]
    assert source.flags == [("A3", "file.flag-hidden-value"), ("C3", "file.flag-hidden-value")]
    assert "file.note-hidden-value" in {note.code for note in source.notes}


def test_a_row_beyond_the_headings_is_put_aside_and_a_note_beside_it_is_not(tmp_path: Path) -> None:
    rows = [["a", "b"], [1, 2, 3], [4, 5, "", "说明：含开发区"], [6, 7]]
    path = make(tmp_path / "a.xlsx", {"表": Made(rows)})
    with closing(WorkbookRows(path, "xlsx", Layout(set_aside=True))) as source:
        batches = list(source.batches())
    assert [bad.line for batch in batches for bad in batch.bad] == [2]
    assert [line for batch in batches for line in batch.lines] == [3, 4]
    assert [(aside.line, aside.raw) for aside in source.set_aside] == [(3, "说明：含开发区")]


def test_a_sheet_without_heading_gets_names(tmp_path: Path) -> None:
    source, rows = proposed(make(tmp_path / "a.xlsx", {"表": Made([[], [1, 2.5], [3, 4.5]])}))
    assert source.heading == ["列1", "列2"]
    assert [line for line, _ in rows] == [2, 3]


def test_the_chosen_sheet_is_read(tmp_path: Path) -> None:
    sheets = {"封面": Made([["说明"]]), "数据": Made([["a"], [1]]), "底稿": Made([["机密"], [2]], hidden=True)}
    for kind in KINDS:
        path = make(tmp_path / f"a.{kind}", sheets)
        source, rows = read(path, Layout(sheet="数据"))
        assert (source.sheet, source.heading, rows) == ("数据", ["a"], [(2, ["1"])])
        with pytest.raises(Invalid, match="工作表"):
            read(path, Layout(sheet="别的"))


def test_an_empty_first_sheet_is_passed_over(tmp_path: Path) -> None:
    path = make(tmp_path / "a.xlsx", {"空": Made([]), "数据": Made([["a"], [1]])})
    assert read(path)[0].sheet == "数据"
    assert glances.glance(path, "a.xlsx").plain


@pytest.mark.parametrize("kind", KINDS)
def test_a_glance_names_sheets_and_properties(tmp_path: Path, kind: str) -> None:
    sheets = {"一": Made([["a"], [1]]), "二": Made([["b"], [2]]), "底稿": Made([["内部资料"]], hidden=True)}
    seen = glances.glance(make(tmp_path / f"a.{kind}", sheets, title="甲", 密级="内部"), "a")
    assert seen.kind.kind == kind
    assert [(sheet.name, sheet.visible, sheet.rows) for sheet in seen.sheets] == [
        ("一", True, 2),
        ("二", True, 2),
        ("底稿", False, 1),
    ]
    assert {note.code: note.params["names"] for note in seen.notes} == {
        "file.note-sheets": ["一", "二"],
        "file.note-hidden-sheets": ["底稿"],
    }
    assert not seen.plain
    assert seen.layout.sheet == "一"
    assert seen.heads["底稿"] == ("内部资料",)
    if kind != "xls":
        assert seen.properties.items() >= {("title", "甲"), ("密级", "内部")}
    assert glances.glance(tmp_path / f"a.{kind}", "a", "二").layout.sheet == "二"


def test_a_plain_sheet_has_nothing_to_ask(tmp_path: Path) -> None:
    seen = glances.glance(make(tmp_path / "a.xlsx", {"表": Made([["a", "b"], [1, 2]])}), "a.xlsx")
    assert seen.plain
    assert seen.layout == Layout()
    assert [row.role for row in seen.rows] == ["heading", "data"]


def test_the_end_of_a_long_sheet_is_seen(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["地区", "数"], *[["吴兴", number] for number in range(500)], ["合计", 9]]
    seen = glances.glance(make(tmp_path / "a.xlsx", {"表": Made(rows)}), "a.xlsx")
    assert not seen.plain
    assert (seen.rows[-1].number, seen.rows[-1].role) == (502, "total")


def test_a_layout_is_remembered_and_held_against_the_next_file(tmp_path: Path) -> None:
    first = glances.glance(make(tmp_path / "1.xlsx", {"1月": BUREAU}), "1.xlsx")
    headings = remembered.fingerprint(first.layout, first)
    again = glances.glance(make(tmp_path / "2.xlsx", {"2月": Made(BUREAU.rows, BUREAU.merges)}), "2.xlsx")
    assert remembered.refit(first.layout, headings, again) == first.layout
    lower = Made([[], *BUREAU.rows], [(a + 1, b, c + 1, d) for a, b, c, d in BUREAU.merges])
    moved = glances.glance(make(tmp_path / "3.xlsx", {"3月": lower}), "3.xlsx")
    fitted = remembered.refit(first.layout, headings, moved)
    assert fitted is not None
    assert fitted.heading == (4, 5)
    other = glances.glance(make(tmp_path / "4.xlsx", {"表": Made([["县区", "机构"], ["a", 1]])}), "4.xlsx")
    assert not remembered.fits(first.layout, headings, other)
    assert not remembered.fits(Layout(sheet="甲"), headings, again)


CELLS = st.one_of(
    st.text(st.sampled_from(string.ascii_letters + "中文字符，。“” \"'<>&;=+-@0123456789\n"), max_size=12),
    st.integers(-(10**14), 10**14),
    st.floats(-1e9, 1e9, allow_nan=False).map(lambda number: round(number, 3)),
    st.booleans(),
    st.dates(date(1980, 1, 1), date(2090, 1, 1)),
)


def as_text(cell: Any) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell if isinstance(cell, str) else str(cell)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(KINDS), st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6))
def test_any_table_comes_back_from_any_workbook(
    tmp_path_factory: pytest.TempPathFactory, kind: str, table: list[list[Any]]
) -> None:
    path = tmp_path_factory.mktemp("sheet") / f"a.{kind}"
    make(path, {"表": Made([["甲", "乙", "丙"], *table])})
    _, rows = read(path, Layout())
    wanted = [[as_text(cell) for cell in cells] for cells in table]
    assert [cells for _, cells in rows] == [cells for cells in wanted if any(cells)]
