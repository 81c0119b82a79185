"""Hostile, broken and odd text files: each is read as a person would read it, or refused with a reason that helps."""

import csv
import gzip
import io
import json
import stat
import zipfile
import zlib
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import exports, filters, reading_files
from catalog.reading_files import ColumnSpec, ColumnType, Intake, containers, looking
from catalog.reading_files.looking import How
from catalog.tables import TableStore
from policies.refusals import Invalid
from quality.engines import expectations
from quality.profiling import profiles
from quality.rules.rules import Rule

NAMES = ['他说"好"', "a]b", "😀", "名" * 300, "'; DROP TABLE t; --", "a", "A", "select", "%", "file_row_number", "../x"]


def taken(
    folder: Path, content: bytes | str, name: str = "表.csv", items: list[ColumnSpec] | None = None
) -> tuple[Intake, list[Any], list[Any]]:
    source = folder / "given"
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    out, refusals = folder / "out.parquet", folder / "refused.jsonl"
    account = reading_files.read_table(source, name, items=items, out=out, refusals=refusals)
    refused = [json.loads(line) for line in refusals.read_text().splitlines()]
    rows = [tuple(row.values()) for row in pq.read_table(out).to_pylist()]
    assert account.rows_read == account.rows_loaded + account.rows_refused == len(rows) + len(refused)
    return account, rows, refused


def refusal_of(folder: Path, content: bytes | str, name: str = "表.csv") -> Invalid:
    with pytest.raises(Invalid) as caught:
        taken(folder, content, name)
    assert [path.name for path in folder.iterdir()] == ["given"]
    assert caught.value.text("zh") != caught.value.text("en")
    return caught.value


def codes(account: Intake) -> list[str]:
    return [note.code for note in account.notes]


def zipped(parts: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def linked() -> bytes:
    packed, link = io.BytesIO(), zipfile.ZipInfo("表.csv")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    return packed.getvalue()


def gigabyte_of_zeros() -> bytes:
    packer, zeros = zlib.compressobj(9, wbits=31), bytes(1 << 20)
    return b"".join(packer.compress(zeros) for _ in range(1024)) + packer.flush()


NO_TABLES: list[tuple[bytes, str | None]] = [
    (b"", "file.empty"),
    (b"\xef\xbb\xbf\r\n\r\n", "file.empty"),
    (bytes(range(256)) * 50, "file.binary"),
    (b"a,b\n" + bytes(5000), "file.binary"),
    (bytes(100_000), "file.binary"),
    (b"GIF89a,b\n1,2\n", "file.kind-unreadable"),
    (b"%PDF-1.7\na,b\n1,2\n" + zipped({"a.csv": b"a\n1\n"}), "file.kind-unreadable"),
    (b"a,b\n1,2\n" + zipped({"a.csv": b"a\n" * 500}), "file.binary"),
    (b"<html><body><table><tr><td>a</td></tr></table></body></html>", "file.web-page"),
    ("<HTML>\n<meta charset=gb2312><table><tr><td>湖州市".encode("gbk"), "file.web-page"),
    (b"<!DOCTYPE html>\n<title>502 Bad Gateway</title>", "file.web-page"),
    (b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "file.kind-unreadable"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file.kind-unreadable"),
    (b"PAR1,a\n", None),
    (gzip.compress(b""), "file.empty"),
    (gzip.compress(gzip.compress(b"a,b\n1,2\n")), "file.archive-nested"),
    (zipped({}), "file.archive-empty"),
    (zipped({"a.csv": b"a\n1\n", "b.csv": b"a\n1\n"}), "file.archive-several"),
    (zipped({"../../a.csv": b"a\n1\n"}), "file.archive-path"),
    (zipped({"a.csv": bytes(100 << 20)}), "file.archive-bomb"),
    (linked(), "file.archive-link"),
    (gzip.compress(b"a,b\n1,2\n")[:-9], "file.archive-broken"),
]


@pytest.mark.parametrize(
    ("content", "code"), NO_TABLES, ids=[f"{place}-{code}" for place, (_, code) in enumerate(NO_TABLES)]
)
def test_what_is_no_table_says_why(tmp_path: Path, content: bytes, code: str | None) -> None:
    if code is None:
        assert codes(taken(tmp_path, content)[0]) == ["file.note-no-rows"]
    else:
        assert refusal_of(tmp_path, content).code == code


ODD_TABLES = [
    "编号,名称\n1,织里镇\n2,八里店\n".encode() * 40 + "3,湖州市\n".encode("gb18030"),
    "编号,名称\n1,织里镇\n".encode("utf-16"),
    "编号,名称\n1,织里镇\n".encode("utf-32"),
    "編號,名稱\n1,臺北市\n".encode("big5hkscs"),
    b"a,b\n" + b"1,2\n" * 120 + b"3,\0\n",
    b'a,b\n1,"2\n' + b"3,4\n" * 200,
    b"a,,b,\n1,,2,\n" * 30,
    b"a,b\r1,2\r3\r" * 50,
    gzip.compress(b"a,b\n1,2\n", mtime=0),
]


@pytest.mark.parametrize("content", [*ODD_TABLES, *(content for content, _ in NO_TABLES)], ids=lambda _: "")
def test_at_first_sight_and_read_by_what_it_shows_nothing_breaks(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "given"
    path.write_bytes(content)
    fine = nullcontext() if content in ODD_TABLES else suppress(Invalid)
    with fine, containers.unwrapped(path, "表.csv", tmp_path) as (inner, name):
        _, layout = looking.look(inner, name, How())
        out, refusals = tmp_path / "out.parquet", tmp_path / "refused.jsonl"
        account = reading_files.read_table(inner, name, items=None, out=out, refusals=refusals, layout=layout)
        assert account.rows_read == account.rows_loaded + account.rows_refused
        assert content in ODD_TABLES or content.startswith(b"PAR1")


def test_a_gigabyte_of_zeros_is_refused(tmp_path: Path) -> None:
    content = gigabyte_of_zeros()
    assert len(content) < 2 << 20
    assert refusal_of(tmp_path, content, "表.csv.gz").code == "file.archive-bomb"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_heading_alone_is_a_table(tmp_path: Path, end: str) -> None:
    account, rows, _ = taken(tmp_path, f"编号,名称{end}")
    assert (rows, codes(account)) == ([], ["file.note-no-rows"])


@pytest.mark.parametrize("name", ["表.xlsx", "表.xls", "表.json", "表.pdf"])
def test_a_misleading_name_is_told_and_does_not_matter(tmp_path: Path, name: str) -> None:
    account, rows, _ = taken(tmp_path, "a,b\n1,2\n", name)
    assert rows == [(1, 2)]
    assert codes(account) == ["file.note-extension"]
    assert account.notes[0].params["kind"] == "CSV"


@pytest.mark.parametrize(("main", "other"), [("utf-8", "gb18030"), ("gb18030", "utf-8"), ("utf-8", "big5hkscs")])
def test_rows_in_another_encoding_are_refused_and_readable(tmp_path: Path, main: str, other: str) -> None:
    """Concatenated by hand: the bureau's own rows, and those that another system has sent."""
    usual = [f"{number},織里鎮" if "big5" in other else f"{number},织里镇" for number in range(1, 40)]
    strange = ["901,臺北市" if "big5" in other else "901,湖州市", "902,八里店"]
    lines = [line.encode(main) for line in ["编号,名称" if "big5" not in other else "編號,名稱", *usual]]
    lines[20:20] = [line.encode(other) for line in strange]
    account, rows, refused = taken(tmp_path, b"\r\n".join(lines) + b"\r\n")
    assert rows == [tuple(line.split(",")) for line in usual]
    assert [(row["line"], row["raw"], row["faults"][0]["code"]) for row in refused] == [
        (21, strange[0], "file.row-encoding"),
        (22, strange[1], "file.row-encoding"),
    ]
    (note,) = account.notes
    assert (note.code, note.params["rows"], note.params["lines"]) == ("file.note-mixed-encodings", 2, [21, 22])


def test_one_damaged_row_in_many_is_refused_alone(tmp_path: Path) -> None:
    content = "编号,名称\n".encode() + "1,织里镇\n".encode() * 150 + b"2,\xff\xfe\n" + "3,八里店镇\n".encode()
    account, rows, refused = taken(tmp_path, content)
    assert (len(rows), [row["line"] for row in refused]) == (151, [152])
    assert refused[0]["raw"] == "2,\ufffd\ufffd"
    assert codes(account) == ["file.note-mixed-encodings"]


def test_a_stray_nul_costs_its_row(tmp_path: Path) -> None:
    _, rows, refused = taken(tmp_path, b"a,b\n" + b"1,2\n" * 120 + b'3,"x\0\ny"\n' + b"4,5\n")
    assert len(rows) == 121
    assert [(row["line"], row["raw"], row["faults"][0]["code"]) for row in refused] == [
        (122, '3,"x\0\ny"', "file.row-nul")
    ]


def test_a_hundred_thousand_columns_are_refused(tmp_path: Path) -> None:
    names = ",".join(f"c{number}" for number in range(100_000))
    refusal = refusal_of(tmp_path, f"{names}\n" + "1," * 99_999 + "1\n")
    assert (refusal.code, refusal.params["columns"]) == ("file.too-many-columns", 100_000)


def test_a_column_without_name_and_values_is_left_out(tmp_path: Path) -> None:
    account, rows, refused = taken(tmp_path, "a,,b,\n1,,2,\n3,,4,\n")
    assert (rows, refused) == ([(1, 2), (3, 4)], [])
    assert [column.name for column in account.columns] == ["a", "b"]
    assert codes(account) == ["file.note-columns-dropped"]


def test_a_column_of_values_without_a_name_keeps_them(tmp_path: Path) -> None:
    account, rows, _ = taken(tmp_path, "a,,b\n1,x,2\n")
    assert rows == [(1, "x", 2)]
    assert [column.name for column in account.columns] == ["a", "列2", "b"]


def test_names_given_twice_are_told(tmp_path: Path) -> None:
    refusal = refusal_of(tmp_path, "a,b,a , b\n1,2,3,4\n")
    assert (refusal.code, refusal.params["names"]) == ("file.heading-duplicate", ["a", "b"])


def test_any_name_is_loaded_and_can_be_used_everywhere(tmp_path: Path) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([NAMES, *[[f"{row}-{place}" for place in range(len(NAMES))] for row in range(30)]])
    account, rows, _ = taken(tmp_path, text.getvalue())
    assert [column.name for column in account.columns] == NAMES
    table = tmp_path / "out.parquet"
    store = TableStore([tmp_path], scratch=tmp_path / "scratch", memory=256, seconds=20)
    try:
        for place, name in enumerate(NAMES):
            only = filters.Filter((filters.Condition(name, filters.Op.EQ, (f"7-{place}",)),))
            page = store.page(table, where=only, limit=5)
            assert [tuple(row) for row in page.rows] == [rows[7]]
        for wanted in exports.ExportFormat:
            content = b"".join(exports.stream(store, table, wanted))
            if wanted is exports.ExportFormat.CSV_PLAIN:
                assert next(csv.reader(io.StringIO(content.decode(), newline=""))) == NAMES
    finally:
        store.close()
    profile = profiles.profile(table)
    assert [column.name for column in profile.columns] == NAMES
    rules = tuple(Rule(f"r{place}", "not_null", (name,), {}) for place, name in enumerate(NAMES))
    assert all(one.success for one in expectations.run(table, rules).results)


def test_ragged_rows_are_refused_one_by_one(tmp_path: Path) -> None:
    _, rows, refused = taken(tmp_path, "a,b,c\n1,2,3\n4,5\n6,7,8,9\n\n10,11,12")
    assert rows == [(1, 2, 3), (10, 11, 12)]
    assert [(row["line"], row["raw"]) for row in refused] == [(3, "4,5"), (4, "6,7,8,9")]


def test_ten_thousand_digits_stay_text(tmp_path: Path) -> None:
    number = "9" * 10_000
    account, rows, _ = taken(tmp_path, f"a,b\n1,{number}\n2,-{number}.{number}\n")
    assert account.columns[1].type is ColumnType.TEXT
    assert rows == [(1, number), (2, f"-{number}.{number}")]
    items = [ColumnSpec("b", ColumnType.INTEGER)]
    assert len(taken(tmp_path, f"a,b\n1,{number}\n2,7\n", items=items)[2]) == 1
    items = [ColumnSpec("b", ColumnType.DECIMAL)]
    assert len(taken(tmp_path, f"a,b\n1,{number}\n2,7\n", items=items)[2]) == 1


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+86 13", "-x", "=cmd|'/c calc'!A0"])
def test_a_formula_is_text_like_any_other(tmp_path: Path, cell: str) -> None:
    assert taken(tmp_path, f'a,b\n1,"{cell}"\n')[1] == [(1, cell)]


def test_a_line_without_end_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    refusal = refusal_of(tmp_path, b"a,b\n1,2\n" + b"x" * (17 << 20))
    assert (refusal.code, refusal.params["line"]) == ("file.line-too-long", 3)


def test_a_cell_without_end_is_refused_with_its_line(tmp_path: Path) -> None:
    refusal = refusal_of(tmp_path, b"a,b\n1,2\n3," + b"x" * (5 << 20) + b"\n")
    assert (refusal.code, refusal.params["line"]) == ("file.field-too-long", 3)


def test_a_million_empty_lines_cost_nothing(tmp_path: Path) -> None:
    account, rows, _ = taken(tmp_path, "a,b\n" + "\n" * 1_000_000 + "1,2\n")
    assert rows == [(1, 2)]
    assert account.notes[0].params["rows"] == 1_000_000


letters = st.characters(exclude_categories=["Cs", "Co", "Cn"], exclude_characters="\0\ufeff\x1a")
chinese = st.sampled_from([bytes([lead, 0xA1 + n]).decode("gb2312") for lead in range(0xB0, 0xD7) for n in range(94)])
traditional = st.sampled_from("編號名稱臺北縣鄉鎮區數據開放戶籍國學醫院書")


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, list[list[str]]]:
    """An encoding and a table that can be written in it."""
    codec = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "big5hkscs"]))
    ascii_ = st.characters(max_codepoint=126, exclude_characters="\0\x1a")
    plain = st.characters(min_codepoint=32, max_codepoint=126)
    signs = {"big5hkscs": st.one_of(ascii_, traditional), "gb18030": st.one_of(ascii_, chinese)}
    unmarked = st.one_of(plain, st.sampled_from("湖州市吴兴区织里镇第一中学数据开放\n（，。"))
    sign = unmarked if codec in {"utf-16-le", "utf-16-be"} else signs.get(codec, letters)
    width = draw(st.integers(2, 4))
    cell = st.text(sign, max_size=8)
    rows = draw(st.lists(st.lists(cell, min_size=width, max_size=width), max_size=10))
    return codec, rows


@settings(max_examples=100, deadline=None)
@given(
    tables(),
    st.sampled_from([",", "\t", ";", "|"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.booleans(),
)
def test_any_table_is_read_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    table: tuple[str, list[list[str]]],
    delimiter: str,
    end: str,
    quoting: Any,
    packed: bool,
) -> None:
    codec, rows = table
    width = len(rows[0]) if rows else 3
    names = (
        ["編號", "名稱", "鄉鎮", "學校"][:width] if codec == "big5hkscs" else ["编号", "名称", "镇街", "学校"][:width]
    )
    told = ["國立臺灣"] * width if codec == "big5hkscs" else ["湖州市"] * width
    breaks = any(set(cell) & {"\r", "\n"} for row in rows for cell in row)
    quoting = csv.QUOTE_ALL if breaks else quoting  # Python leaves a lone CR bare, which nobody can tell from a line
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([names, *[told] * 5, *rows])
    content = text.getvalue().encode(codec)
    items = [ColumnSpec(name, ColumnType.TEXT) for name in names]
    folder = tmp_path_factory.mktemp("round")
    account, found, refused = taken(folder, gzip.compress(content) if packed else content, items=items)
    assert refused == []
    assert found[5:] == [tuple(cell or None for cell in row) for row in rows if any(row)]
    assert account.encoding == codec or (account.encoding == "utf-8" and codec == "utf-8")
    assert account.dialect is not None
    assert account.dialect.delimiter == delimiter
