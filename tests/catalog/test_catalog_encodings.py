"""Files are read in the encoding they are in, or refused by its name; never into nonsense."""

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import reading_files
from catalog.reading_files import FileKind, encodings, kinds, ole
from policies.refusals import Invalid

SCHOOLS = "编号,名称,镇街\n001,湖州市第一中学,织里镇\n002,爱山小学,飞英街道\n"
SCHOOLS_TW = "編號,名稱,區別\n1,臺北市立建國高級中學,中正區\n2,國立臺灣師範大學附屬國民小學,大安區\n"


def kept(folder: Path, content: bytes) -> Path:
    path = folder / "given.csv"
    path.write_bytes(content)
    return path


def ole2(stream: str) -> bytes:
    """The smallest OLE2 file: a header, a table of sectors, and a directory with this stream."""
    header = ole.MAGIC + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10) + struct.pack("<L", 1)
    header += struct.pack("<L", 1) + bytes(8) + struct.pack("<L", 0xFFFFFFFE) + bytes(12)
    header += struct.pack("<109L", 0, *[0xFFFFFFFF] * 108)
    fat = struct.pack("<128L", 0xFFFFFFFD, 2, 0xFFFFFFFE, *[0xFFFFFFFF] * 125)
    entries = [
        name.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 2 * len(name) + 2) + bytes(62)
        for name in ("Root Entry", "x", "y", "z", stream)
    ]
    return header + fat + b"".join(entries).ljust(1024, b"\0")


@pytest.mark.parametrize(
    ("codec", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
    ],
)
def test_each_encoding_is_told_by_content(tmp_path: Path, codec: str, found: str) -> None:
    path = kept(tmp_path, SCHOOLS.encode(codec))
    assert encodings.detect(path) == found
    assert path.read_text(encoding=found) == SCHOOLS


@pytest.mark.parametrize(
    "text", ["名称,数量\n", "编码\n330502\n", "a,b\n1,湖\n", "序号,姓名\n1,王芳\n", "code\n清波街道\n"]
)
def test_short_chinese_files_are_not_taken_for_korean_or_big5(tmp_path: Path, text: str) -> None:
    assert encodings.detect(kept(tmp_path, text.encode("gb18030"))) == "gb18030"


def test_ascii_is_utf8(tmp_path: Path) -> None:
    assert encodings.detect(kept(tmp_path, b"a,b\n1,2\n")) == "utf-8"


def test_four_byte_gb18030_is_read(tmp_path: Path) -> None:
    text = "姓名,生僻字\n" + "湖州市吴兴区居民,𠮷\n" * 5
    path = kept(tmp_path, text.encode("gb18030"))
    assert path.read_text(encoding=encodings.detect(path)) == text


@pytest.mark.parametrize(
    "text", [SCHOOLS_TW, "名稱\n", "編號,名稱\n1,臺北\n", "地區,鄉鎮\n1,礁溪\n", "港,𨋢\n深水埗,邨\n屋邨,名稱\n"]
)
def test_big5_is_read_although_it_decodes_as_gb18030(tmp_path: Path, text: str) -> None:
    content = text.encode("big5hkscs")
    content.decode("gb18030", "replace")
    path = kept(tmp_path, content)
    assert encodings.detect(path) == "big5hkscs"
    assert path.read_text(encoding="big5hkscs") == text


@pytest.mark.parametrize("codec", ["shift_jis", "cp1251"])
def test_an_encoding_that_is_not_read_is_refused_by_name(tmp_path: Path, codec: str) -> None:
    texts = {
        "shift_jis": "番号,名前\n1,とうきょうタワー\n2,おおさかじょう\n",
        "cp1251": "номер,название\n1,Московский государственный университет\n",
    }
    with pytest.raises(Invalid) as refusal:
        encodings.detect(kept(tmp_path, texts[codec].encode(codec) * 20))
    assert refusal.value.code in {"file.encoding-unsupported", "file.encoding-broken"}


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_without_its_mark_is_told_from_binary(tmp_path: Path, codec: str) -> None:
    path = kept(tmp_path, ("名称,说明\n" + "第一,一" * 300 + "\n").encode(codec))
    assert encodings.detect(path) == codec
    with pytest.raises(Invalid) as refusal:
        encodings.detect(kept(tmp_path, bytes(range(256)) * 40))
    assert refusal.value.code == "file.binary"


def test_utf16_that_breaks_off_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        encodings.detect(kept(tmp_path, SCHOOLS.encode("utf-16")[:-1]))
    assert (refusal.value.code, refusal.value.params["line"]) == ("file.encoding-broken", 3)


def test_nul_bytes_mean_no_text(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        encodings.detect(kept(tmp_path, b"a,b\n1,\x002\n"))
    assert refusal.value.code == "file.binary"


def test_the_line_of_a_broken_byte_is_named(tmp_path: Path) -> None:
    good = SCHOOLS.encode("gb18030")
    with pytest.raises(Invalid) as refusal:
        encodings.detect(kept(tmp_path, good + b"003,\xff\xff,x\n"))
    assert refusal.value.code == "file.encoding-broken"
    assert refusal.value.params["line"] == 4


@pytest.mark.parametrize(
    ("main", "other", "name"),
    [
        ("utf-8", "gb18030", "GB18030"),
        ("utf-8-sig", "gb18030", "GB18030"),
        ("utf-8", "big5hkscs", "Big5-HKSCS"),
        ("gb18030", "utf-8", "UTF-8"),
        ("big5hkscs", "utf-8", "UTF-8"),
    ],
)
def test_lines_in_another_encoding_are_told_and_readable(tmp_path: Path, main: str, other: str, name: str) -> None:
    """An even number of hanzi in UTF-8 decodes as GB18030 too, an odd one does not: both are found."""
    usual, strange = ("編號", "名稱臺北") if "big5" in main + other else ("编号", "名称湖州")
    lines = [
        f"{number},{usual}\n".encode(main if number == 0 else main[:5] if "sig" in main else main)
        for number in range(9)
    ]
    for at, text in ((3, f"{strange}\n"), (6, f"{strange}臺,1\r\n"), (7, f"{strange}\n")):
        lines[at] = text.replace("臺", "臺" if "big5" in main + other else "市").encode(other)
    path = kept(tmp_path, b"".join(lines))
    found = encodings.examine(path)
    assert (found.codec, found.foreign) == (main, 4)
    text, foreign = encodings.decode(path.read_bytes(), main)
    assert foreign == {3: name, 6: name, 7: name}
    assert strange in text
    assert "\ufffd" not in text


def test_two_thirds_of_damage_are_refused_and_a_hundredth_is_not(tmp_path: Path) -> None:
    broken = b"1,\xe6\x9d\n"
    path = kept(tmp_path, SCHOOLS.encode() * 34 + broken)
    assert encodings.examine(path) == encodings.Found("utf-8", 103)
    assert encodings.decode(path.read_bytes(), "utf-8")[1] == {102: "?"}
    with pytest.raises(Invalid) as refusal:
        encodings.detect(kept(tmp_path, SCHOOLS.encode() + broken))
    assert (refusal.value.code, refusal.value.params["line"]) == ("file.encoding-broken", 4)


@pytest.mark.parametrize("stray", [1, 2])
def test_a_few_nuls_in_good_text_do_not_make_it_binary(tmp_path: Path, stray: int) -> None:
    path = kept(tmp_path, b"a,b\n" + b"1,2\n" * 150 + b"3,\0\n" * stray)
    if stray == 1:
        assert encodings.detect(path) == "utf-8"
    else:
        with pytest.raises(Invalid) as refusal:
            encodings.detect(path)
        assert refusal.value.code == "file.binary"


hanzi = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=10)


@settings(max_examples=150, deadline=None)
@given(st.lists(hanzi, min_size=1, max_size=8), st.sampled_from(["utf-8", "gb18030", "big5hkscs"]))
def test_decoding_line_by_line_loses_no_line(texts: list[str], codec: str) -> None:
    content = "".join(f"{text}\r\n" for text in texts).encode(codec, "replace")
    for other in ("utf-8", "gb18030", "big5hkscs"):
        text, foreign = encodings.decode(content, other)
        assert text.count("\r\n") == len(texts)
        assert set(foreign) <= set(range(len(texts)))
        if codec == other and not foreign:
            assert text.encode(codec) == content


def test_a_late_foreign_byte_is_still_seen(tmp_path: Path) -> None:
    """The whole file decides: three megabytes of ASCII, then one Chinese line."""
    content = b"a,b\n" + b"1,2\n" * 800_000 + "织里镇,湖州\n".encode("gb18030")
    assert encodings.detect(kept(tmp_path, content)) == "gb18030"


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=40))
def test_utf8_is_always_read_as_utf8(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    assert encodings.detect(kept(tmp_path_factory.mktemp("text"), f"列\n{text}\n".encode())) == "utf-8"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7 ...", "pdf"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "html"),
        (b"<?xml version='1.0'?><a/>", "xml"),
        (b'[{"a": 1}]', "json"),
        (b'{"a": 1}\n{"a": 2}\n', "jsonl"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "ole2"),
        (ole2("Workbook"), "xls"),
        (ole2("Book"), "xls"),
        (ole2("WordDocument"), "doc"),
        (b"PAR1\0\0PAR1", "parquet"),
        (b"PAR1,b\n1,2\n", "csv"),
        (b"GIF89a,b\n1,2\n", "image"),
        (b"%PDF-1.7\na,b\n1,2\nPK\x03\x04", "pdf"),
        (b"Rar!\x1a\x07\x01\x00", "rar"),
        (b"BZh91AY&SY\0\0", "bzip2"),
        (b"a.csv" + bytes(252) + b"ustar\x0000", "tar"),
        (b"\r\n<!-- x --> <TABLE border=1><tr><td>1", "html"),
        (b"\xef\xbb\xbf<!DOCTYPE  html><html>", "html"),
        ("<html><td>湖州市</td></html>".encode("gbk"), "html"),
        (b"MIME-Version: 1.0\r\nX: y\r\nContent-Type: multipart/related; boundary=x\r\n", "html"),
        (b"a\tb\n1\t2\n", "tsv"),
        (b"a,b\n1,2\n", "csv"),
    ],
)
def test_a_file_is_what_it_holds_whatever_its_name(tmp_path: Path, content: bytes, kind: str) -> None:
    assert reading_files.inspect(kept(tmp_path, content), "table.csv").kind == kind


@pytest.mark.parametrize("content", [b"", b"\n\n  \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        reading_files.inspect(kept(tmp_path, content), "空.csv")
    assert refusal.value.code == "file.empty"


def test_a_locked_workbook_says_so(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        reading_files.inspect(kept(tmp_path, ole2("EncryptedPackage")), "表.xlsx")
    assert refusal.value.code == "file.archive-encrypted"


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_damage_to_an_old_workbook_confuses_its_directory(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(ole2("Workbook"))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = kept(tmp_path_factory.mktemp("ole"), bytes(content[: data.draw(st.integers(8, len(content)))]))
    assert isinstance(ole.streams(path), set)


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("a.csv", "csv", False),
        ("a.TXT", "tsv", False),
        ("a.xls", "csv", True),
        ("a.csv", "xlsx", True),
        ("2024.12", "csv", False),
        ("a", "xlsx", False),
    ],
)
def test_a_name_that_misleads_is_told(name: str, kind: str, said: bool) -> None:
    assert (kinds.misnamed(name, FileKind(kind)) is not None) is said
