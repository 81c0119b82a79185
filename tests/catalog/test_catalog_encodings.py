"""Files are read in the encoding they are in, or refused by its name; never into nonsense."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import reading_files
from catalog.reading_files import encodings
from policies.refusals import Invalid

SCHOOLS = "编号,名称,镇街\n001,湖州市第一中学,织里镇\n002,爱山小学,飞英街道\n"
SCHOOLS_TW = "編號,名稱,區別\n1,臺北市立建國高級中學,中正區\n2,國立臺灣師範大學附屬國民小學,大安區\n"


def kept(folder: Path, content: bytes) -> Path:
    path = folder / "given.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("codec", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030"), ("gbk", "gb18030")],
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


def test_big5_is_refused_by_name_although_it_decodes_as_gb18030(tmp_path: Path) -> None:
    content = SCHOOLS_TW.encode("big5")
    content.decode("gb18030", "replace")
    with pytest.raises(Invalid) as refusal:
        encodings.detect(kept(tmp_path, content))
    assert refusal.value.code == "file.encoding-unsupported"
    assert "BIG5" in refusal.value.text("en")


@pytest.mark.parametrize("codec", ["utf-16", "utf-32"])
def test_utf16_with_its_mark_is_refused_by_name(tmp_path: Path, codec: str) -> None:
    with pytest.raises(Invalid) as refusal:
        encodings.detect(kept(tmp_path, SCHOOLS.encode(codec)))
    assert refusal.value.code == "file.encoding-unsupported"


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
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "xls"),
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
