"""Workbooks made to do harm: each is read plainly or refused plainly, and leaves nothing behind."""

import io
import random
import stat
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from sheets_made import Made, document, make

from catalog.reading_files import glances, kinds
from catalog.reading_files.shapes import Layout
from catalog.reading_files.workbook_process import WorkbookProcess
from catalog.reading_files.workbook_rows import WorkbookRows
from policies.refusals import Invalid

PLAIN = Made([["名", "数"], ["a", 1], ["b", 2]])
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"
BROKEN = {"file.workbook-broken", "file.archive-broken", "file.heading-missing", "file.workbook-empty"}


def rows_of(path: Path, kind: str = "", layout: Layout | None = None) -> list[list[str]]:
    found = []
    with closing(WorkbookRows(path, kind or path.suffix[1:], layout)) as source:
        for batch in source.batches():
            found += [batch.cells[at : at + batch.width] for at in range(0, len(batch.cells), batch.width)]
    return found


def refused(path: Path) -> str:
    """The code with which both reading and glancing refuse the file; nothing lies beside it."""
    codes = set()
    for look in (rows_of, lambda path: glances.glance(path, "表")):
        with pytest.raises(Invalid) as caught:
            look(path)
        assert caught.value.text("zh")
        codes.add(caught.value.code)
    assert [left.name for left in path.parent.iterdir()] == [path.name]
    assert len(codes) == 1
    return codes.pop()


def packed(path: Path, parts: dict[str, bytes]) -> Path:
    """A plain workbook with these parts replaced or added."""
    made = make(path, {"表": PLAIN})
    out = io.BytesIO()
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, parts.get(name, old.read(name)))
        for name in parts.keys() - set(old.namelist()):
            new.writestr(name, parts[name])
    path.write_bytes(out.getvalue())
    return path


def sheet(cells: str, before: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?><worksheet xmlns="{SPACE}">{before}<sheetData>{cells}</sheetData></worksheet>'.encode()
    )


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "docProps/core.xml", "xl/more.rels"]
)
def test_entities_in_any_part_are_refused(tmp_path: Path, part: str) -> None:
    path = packed(tmp_path / "a.xlsx", {part: f'<?xml version="1.0"?>{LAUGHS}<x>&b;</x>'.encode()})
    assert refused(path) == "file.workbook-doctype"


def test_entities_in_another_encoding_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.xlsx", {SHEET: f"{LAUGHS}<x>&b;</x>".encode("utf-16")})
    assert refused(path) == "file.workbook-doctype"


def test_entities_behind_a_comment_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.xlsx", {SHEET: f"<!-- <worksheet> -->{LAUGHS}<x>&b;</x>".encode()})
    assert refused(path) == "file.workbook-doctype"


def test_entities_in_a_document_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ods"
    path.write_bytes(document('<table:table table:name="表"/>', prolog=LAUGHS))
    assert refused(path) == "file.workbook-doctype"


def test_two_parts_of_one_name_are_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "a.xlsx", {"表": PLAIN})
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(SHEET, sheet(""))
    assert refused(path) == "file.archive-broken"


def test_names_that_climb_and_links_are_never_followed(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    path = make(folder / "a.xlsx", {"表": PLAIN})
    link = zipfile.ZipInfo("xl/link")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../climbed.xml", "<x/>")
        archive.writestr("/rooted.xml", "<x/>")
        archive.writestr(link, "/etc/passwd")
    assert rows_of(path) == [["a", "1"], ["b", "2"]]
    assert [left.name for left in tmp_path.rglob("*")] == ["in", "a.xlsx"]


def test_a_declared_size_of_all_cells_is_not_believed(tmp_path: Path) -> None:
    cells = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="XFD1" s="1"/></row><row r="1048576"/>'
    path = packed(tmp_path / "a.xlsx", {SHEET: sheet(cells, '<dimension ref="A1:XFD1048576"/>')})
    assert rows_of(path) == []
    assert glances.glance(path, "a.xlsx").sheets[0].rows == 1


def test_a_cell_at_the_far_corner_is_refused_not_allocated(tmp_path: Path) -> None:
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    assert refused(packed(tmp_path / "a.xlsx", {SHEET: sheet(cells)})) == "file.workbook-too-large"


@pytest.mark.parametrize("address", ["A0", "A99999999999", "ZZZZZZ1", "1A", "", "A-1"])
def test_addresses_out_of_this_world_are_clean(tmp_path: Path, address: str) -> None:
    path = packed(tmp_path / "a.xlsx", {SHEET: sheet(f'<row r="1"><c r="{address}"><v>1</v></c></row>')})
    with closing_refusal():
        rows_of(path)


class closing_refusal:  # noqa: N801 reads as a phrase
    """Whatever is in the block either goes well or is refused with a reason."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, refusal: BaseException | None, _trace: object) -> bool:
        return isinstance(refusal, Invalid) and bool(refusal.text("zh"))


def test_long_texts_that_many_cells_refer_to_are_bounded(tmp_path: Path) -> None:
    strings = f'<sst xmlns="{SPACE}"><si><t>{"长" * 400_000}</t></si></sst>'.encode()
    cells = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(1, 5_000))
    path = packed(tmp_path / "a.xlsx", {SHEET: sheet(cells), "xl/sharedStrings.xml": strings})
    assert path.stat().st_size < 100_000
    assert refused(path) == "file.workbook-too-large"


def test_numbers_of_ten_thousand_digits_stay_text(tmp_path: Path) -> None:
    digits = "9" * 10_000
    for kind in ("xlsx", "ods"):
        path = make(tmp_path / f"a.{kind}", {"表": Made([["号", "数"], [digits, 1]])})
        assert rows_of(path) == [[digits, "1"]]


def test_a_number_beyond_floats_is_clean(tmp_path: Path) -> None:
    row = f'<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>{"9" * 10_000}</v></c></row>'
    with closing_refusal():
        rows_of(packed(tmp_path / "a.xlsx", {SHEET: sheet(row)}))


def test_a_nul_is_kept_or_refused(tmp_path: Path) -> None:
    raw = '<row r="1"><c r="A1" t="inlineStr"><is><t>a{}b</t></is></c></row>'
    assert refused(packed(tmp_path / "a.xlsx", {SHEET: sheet(raw.format("\0"))})) in BROKEN
    path = packed(tmp_path / "a.xlsx", {SHEET: sheet(raw.format("_x0000_"))})
    with closing(WorkbookRows(path, "xlsx")) as source:
        assert source.heading == ["a\0b"]


def test_a_wrong_ending_does_not_matter(tmp_path: Path) -> None:
    made = make(tmp_path / "a.xlsx", {"表": PLAIN}).read_bytes()
    for name in ("a.xls", "a.ods", "a.csv", "a"):
        path = tmp_path / name
        path.write_bytes(made)
        assert kinds.inspect(path, name).kind == "xlsx"
        assert rows_of(path, "xlsx") == [["a", "1"], ["b", "2"]]


def test_a_polyglot_is_what_it_begins_with(tmp_path: Path) -> None:
    made = make(tmp_path / "a.xlsx", {"表": PLAIN}).read_bytes()
    path = tmp_path / "b.xlsx"
    path.write_bytes(b"GIF89a" + bytes(100) + made)
    assert kinds.inspect(path, "b.xlsx").kind == "image"
    path.write_bytes(b"%PDF-1.7\n" + made)
    assert kinds.inspect(path, "b.xlsx").kind == "pdf"


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_any_truncation_is_clean(tmp_path: Path, kind: str) -> None:
    path = make(tmp_path / f"a.{kind}", {"表": PLAIN})
    content = path.read_bytes()
    for share in (0.1, 0.5, 0.9):
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(Invalid):
            rows_of(path)


def test_protected_workbooks_are_said_to_be(tmp_path: Path) -> None:
    document_ = tmp_path / "a.ods"
    document_.write_bytes(document('<table:table table:name="表"/>'))
    with zipfile.ZipFile(document_, "a") as archive:
        archive.writestr("META-INF/manifest.xml", "<m><manifest:encryption-data/></m>")
    assert refused(document_) == "file.archive-encrypted"


def repeated(rows: int, columns: int, cell: str = "<text:p>x</text:p>") -> str:
    said = 'office:value-type="string"' if cell else ""
    cells = f'<table:table-cell {said} table:number-columns-repeated="{columns}">{cell}</table:table-cell>'
    return f'<table:table-row table:number-rows-repeated="{rows}">{cells}</table:table-row>'


@pytest.mark.parametrize(
    ("rows", "columns"), [(1_048_576, 16_384), (1, 999_999_999), (999_999_999, 1), (1_048_577, 1), (60_000, 1_000)]
)
def test_repeated_cells_do_not_multiply(tmp_path: Path, rows: int, columns: int) -> None:
    path = tmp_path / "a.ods"
    path.write_bytes(document(f'<table:table table:name="表">{repeated(rows, columns)}</table:table>'))
    assert refused(path) == "file.workbook-too-large"


def test_repeated_blanks_cost_nothing(tmp_path: Path) -> None:
    head = "<table:table-row><table:table-cell><text:p>名</text:p></table:table-cell></table:table-row>"
    blanks = repeated(1_048_570, 16_384, "")
    path = tmp_path / "a.ods"
    path.write_bytes(document(f'<table:table table:name="表">{head}{repeated(3, 1)}{blanks}</table:table>'))
    assert rows_of(path) == [["x"], ["x"], ["x"]]


@pytest.mark.parametrize("content", ["", "<table:table", "<x/>", '<table:table table:name="表"><table:table-row>'])
def test_a_wrecked_document_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.ods"
    path.write_bytes(document(content))
    assert refused(path) in BROKEN


@pytest.mark.parametrize("seed", range(12))
def test_an_old_workbook_with_flipped_bytes_is_clean(tmp_path: Path, seed: int) -> None:
    """Whatever calamine or our own reading of the container makes of it, the process ends in rows or a reason."""
    chance = random.Random(seed)  # noqa: S311 no secret
    path = make(tmp_path / "a.xls", {"表": PLAIN, "二": PLAIN})
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 20, 200])):
        content[chance.randrange(8, len(content))] = chance.randrange(256)
    path.write_bytes(bytes(content))
    with closing_refusal():
        rows_of(path)
    with closing_refusal():
        glances.glance(path, "a.xls")


def test_a_chain_of_sectors_in_a_circle_ends(tmp_path: Path) -> None:
    path = make(tmp_path / "a.xls", {"表": PLAIN})
    content = bytearray(path.read_bytes())
    table = (int.from_bytes(content[76:80], "little") + 1) * 512
    for at in range(table, table + 512, 4):
        content[at : at + 4] = (0).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    with closing_refusal():
        rows_of(path)


def test_an_old_workbook_is_bounded_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    with path.open("wb") as file:
        file.write(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
        file.truncate(300 << 20)
    with pytest.raises(Invalid) as caught:
        rows_of(path)
    assert caught.value.code == "file.workbook-too-large"


def test_the_child_can_write_no_file_and_is_bounded(tmp_path: Path) -> None:
    """The limits are set before the workbook is opened, and hold for the process that has it open."""
    path = make(tmp_path / "a.xlsx", {"表": Made([["a"], *[[number] for number in range(20_000)]])})
    with closing(WorkbookProcess(path, "xlsx", "rows", "", "0", "0", memory=1 << 30)) as process:
        messages = process.messages()
        assert next(messages) == {"sheet": "表"}
        limits = Path(f"/proc/{process._process._child.pid}/limits").read_text()
        said = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()}
        assert (said["Max file size"], said["Max core file size"]) == ("0", "0")
        assert (said["Max address space"], said["Max cpu time"]) == (str(1 << 30), "120")
        assert sum(1 for message in messages if isinstance(message, str)) == 20_001
