"""Gzip and zip: the one file inside is read, bounded and under a name of ours; everything else is refused plainly."""

import gzip
import io
import stat
import struct
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.reading_files import archives, containers
from policies.refusals import Invalid

TABLE = "代码,名称\n01,织里镇\n".encode()


def opened(path: Path, filename: str) -> tuple[bytes, str]:
    """What is inside, and its name; the scratch folder is left as it was."""
    scratch = path.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    try:
        with containers.unwrapped(path, filename, scratch) as (inner, name):
            return inner.read_bytes(), name
    finally:
        assert not list(scratch.iterdir())


def kept(folder: Path, content: bytes) -> Path:
    path = folder / "given"
    path.write_bytes(content)
    return path


def zipped(folder: Path, parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder / "given.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def code_of(path: Path, filename: str = "表.zip") -> str:
    with pytest.raises(Invalid) as caught:
        opened(path, filename)
    assert caught.value.text("zh")
    assert caught.value.text("en")
    return caught.value.code


@pytest.mark.parametrize("content", [TABLE, b"", b"PK", b"%PDF"])
def test_what_is_no_container_passes_untouched(tmp_path: Path, content: bytes) -> None:
    path = kept(tmp_path, content)
    with containers.unwrapped(path, "表.gz", tmp_path) as found:
        assert found == (path, "表.gz")


@pytest.mark.parametrize(("given", "inside"), [("表.csv.gz", "表.csv"), ("表.GZIP", "表"), ("表.csv", "表.csv")])
def test_a_gzip_is_inflated(tmp_path: Path, given: str, inside: str) -> None:
    assert opened(kept(tmp_path, gzip.compress(TABLE)), given) == (TABLE, inside)


def test_a_gzip_of_several_members_and_padding_is_one_file(tmp_path: Path) -> None:
    content = gzip.compress(TABLE) + gzip.compress(b"02,\n") + b"\0" * 1000
    assert opened(kept(tmp_path, content), "a.gz")[0] == TABLE + b"02,\n"


@pytest.mark.parametrize(
    "harm", [lambda c: c[:-5], lambda c: c[:12], lambda c: c + b"x", lambda c: c[:-8] + b"12345678"]
)
def test_a_damaged_gzip_is_refused(tmp_path: Path, harm: object) -> None:
    assert code_of(kept(tmp_path, harm(gzip.compress(TABLE * 99)))) == "file.archive-broken"  # type: ignore[operator]


def test_a_gigabyte_of_zeros_is_refused_after_some_megabytes(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    path = kept(tmp_path, b"".join(packer.compress(zeros) for _ in range(1024)) + packer.flush())
    assert path.stat().st_size < 2 << 20
    written: list[int] = []

    class Counting(io.BytesIO):
        def write(self, piece: object) -> int:
            written.append(len(piece))  # type: ignore[arg-type]
            return written[-1]

    with path.open("rb") as packed, pytest.raises(Invalid) as caught:
        containers._gunzip(packed, Counting())
    assert caught.value.code == code_of(path) == "file.archive-bomb"
    assert sum(written) < 80 << 20


def test_a_file_too_large_is_refused_whatever_its_ratio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_UNPACKED", 100)
    assert code_of(kept(tmp_path, gzip.compress(bytes(range(101))))) == "file.archive-bomb"
    assert code_of(zipped(tmp_path, {"a.csv": bytes(range(101))})) == "file.archive-bomb"


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_the_one_file_of_a_zip_is_given_with_its_name(tmp_path: Path, method: int) -> None:
    parts = {"夹/": b"", "夹/表.csv": TABLE, "__MACOSX/夹/._表.csv": b"\0\1", "夹/.DS_Store": b"x"}
    assert opened(zipped(tmp_path, parts, method), "包.zip") == (TABLE, "表.csv")


@pytest.mark.parametrize("codec", ["gbk", "utf-8"])
def test_a_name_written_without_the_flag_is_read_as_it_was_meant(tmp_path: Path, codec: str) -> None:
    stand_in = "湖州市.csv".encode(codec)
    path = zipped(tmp_path, {"x" * len(stand_in): TABLE})
    path.write_bytes(path.read_bytes().replace(b"x" * len(stand_in), stand_in))
    assert opened(path, "包.zip") == (TABLE, "湖州市.csv")


def test_several_files_are_named_with_what_to_do(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"甲.csv": TABLE, "乙.csv": TABLE})
    with pytest.raises(Invalid) as caught:
        opened(path, "包.zip")
    assert caught.value.code == "file.archive-several"
    assert "甲.csv、乙.csv" in caught.value.text("zh")


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({}, "file.archive-empty"),
        ({"夹/": b""}, "file.archive-empty"),
        ({"../../etc/表.csv": TABLE}, "file.archive-path"),
        ({"/etc/表.csv": TABLE}, "file.archive-path"),
        ({"C:\\表.csv": TABLE}, "file.archive-path"),
        ({"..\\表.csv": TABLE}, "file.archive-path"),
        ({"内.gz": gzip.compress(TABLE)}, "file.archive-nested"),
        ({"a.csv": bytes(64 << 20)}, "file.archive-bomb"),
    ],
)
def test_zips_that_are_refused(tmp_path: Path, parts: dict[str, bytes], code: str) -> None:
    assert code_of(zipped(tmp_path, parts)) == code


def test_an_archive_in_an_archive_is_refused(tmp_path: Path) -> None:
    inner = zipped(tmp_path, {"a.csv": TABLE}).read_bytes()
    assert code_of(zipped(tmp_path, {"内.zip": inner})) == "file.archive-nested"
    assert code_of(kept(tmp_path, gzip.compress(inner))) == "file.archive-nested"


def test_a_link_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("表.csv")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "given.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert code_of(path) == "file.archive-link"


def test_an_encrypted_or_strangely_packed_part_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped(tmp_path, {"a.csv": TABLE}).read_bytes())
    at = content.index(b"PK\x01\x02")
    assert code_of(kept(tmp_path, bytes(content[: at + 8] + b"\x01" + content[at + 9 :]))) == "file.archive-encrypted"
    assert code_of(zipped(tmp_path, {"a.csv": TABLE}, zipfile.ZIP_LZMA)) == "file.archive-method"


def test_a_size_that_lies_or_a_wrong_checksum_is_found(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"a.csv": TABLE * 50})
    crc = struct.pack("<L", zlib.crc32(TABLE * 50))
    path.write_bytes(path.read_bytes().replace(crc, b"\1\2\3\4"))
    assert code_of(path) == "file.archive-broken"


def test_a_directory_of_a_million_parts_is_never_read(tmp_path: Path) -> None:
    """The end of the archive says so; nothing is built from it."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *[0] * 9, 1, *[0] * 6) + b"a"
    directory = entry * 1_000_000
    end = archives.END.pack(b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(directory), 4, 0)
    assert code_of(kept(tmp_path, b"PK\x03\x04" + directory + end)) == "file.archive-entries"


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ({"[Content_Types].xml": b"", "xl/workbook.xml": b""}, "xlsx"),
        ({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b""}, "ods"),
        ({"镇.shp": b"1", "镇.shx": b"2", "镇.DBF": b"3", "镇.prj": b"4"}, "shapefile"),
        ({"[Content_Types].xml": b"", "word/document.xml": b""}, "zip"),
        ({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b""}, "zip"),
    ],
)
def test_documents_that_are_zips_are_told_from_containers(tmp_path: Path, parts: dict[str, bytes], kind: str) -> None:
    path = zipped(tmp_path, parts)
    assert containers.zip_kind(path) == kind
    if kind != "zip":
        with containers.unwrapped(path, "x.zip", tmp_path) as found:
            assert found == (path, "x.zip")


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_damage_to_a_container_does_anything_but_refuse_or_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damage")
    whole = data.draw(st.sampled_from([gzip.compress(TABLE), zipped(folder, {"a.csv": TABLE}).read_bytes()]))
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Invalid):
        opened(kept(folder, bytes(content)), "a")
