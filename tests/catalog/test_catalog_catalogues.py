"""Catalogues told apart, opened and read; every record accounted for, whatever comes in."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.mapping import catalogues, identities, lists
from catalog.mapping.listing import Kind, Reading
from policies.refusals import Refusal

TITLE = {"标题": "公交站点", "数源单位": "市交通运输局"}
PACKAGE = {"id": "p-1", "name": "bus", "title": "公交", "resources": [], "num_resources": 0, "notes": ""}
DATASET = {"title": "Buses", "identifier": "b-1", "accessLevel": "public", "description": "x"}
TURTLE = "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n<urn:x:1> a dcat:Dataset ."
RDF_XML = (
    '<?xml version="1.0" encoding="UTF-8"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    ' xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:dct="http://purl.org/dc/terms/">'
    '<dcat:Dataset rdf:about="urn:x:1"><dct:title xml:lang="zh">公交</dct:title></dcat:Dataset></rdf:RDF>'
)
JSON_LD = {"@context": {"dcat": "http://www.w3.org/ns/dcat#"}, "@id": "urn:x:1", "@type": "dcat:Dataset"}


def written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def rdf_with(entity: str) -> str:
    return RDF_XML.replace("<rdf:RDF", f"<!DOCTYPE r [<!ENTITY x {entity}>]><rdf:RDF")


def accounted(reading: Reading) -> bool:
    ids = {one.external_id for one in reading.listings}
    return reading.read == len(reading.listings) + reading.repeated + len(reading.rejected) and len(ids) == len(
        reading.listings
    )


def explained(refusal: Refusal) -> None:
    assert refusal.text("zh")
    assert refusal.text("en")


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (written([TITLE]), "", Kind.LIST),
        (written({"code": 0, "data": {"total": 1, "rows": [TITLE]}}), "", Kind.LIST),
        (written(TITLE) + b"\n" + written(TITLE), "a.jsonl", Kind.LIST),
        (json.dumps([TITLE], ensure_ascii=False).encode("gb18030"), "", Kind.LIST),
        (json.dumps([TITLE], ensure_ascii=False).encode("utf-16"), "", Kind.LIST),
        (b"\xef\xbb\xbf" + written([TITLE]), "", Kind.LIST),
        (written({"dataset": [DATASET]}), "data.json", Kind.DATA_JSON),
        (written(PACKAGE), "", Kind.CKAN),
        (written({"success": True, "result": PACKAGE}), "", Kind.CKAN),
        (written({"success": True, "result": {"count": 1, "results": [PACKAGE]}}), "", Kind.CKAN),
        (written(PACKAGE) + b"\n" + written(PACKAGE | {"id": "p-2"}), "dump.jsonl.gz", Kind.CKAN),
        (TURTLE.encode(), "catalog.ttl", Kind.DCAT),
        (TURTLE.encode(), "", Kind.DCAT),
        (RDF_XML.encode(), "catalog.xml", Kind.DCAT),
        (written(JSON_LD), "", Kind.DCAT),
        (written([{"@id": "urn:x:1", "@type": ["http://www.w3.org/ns/dcat#Dataset"]}]), "", Kind.DCAT),
        ("标题,摘要\n甲,乙".encode(), "目录.csv", Kind.SHEET),
        (b"PK\x03\x04rest", "目录.xlsx", Kind.SHEET),
    ],
)
def test_kinds_are_told_apart_packed_or_not(content: bytes, name: str, kind: Kind) -> None:
    assert catalogues.recognise(content, name) is kind
    assert catalogues.recognise(gzip.compress(content), f"{name}.gz") is kind


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "", "harvest.empty"),
        (gzip.compress(b"[]")[:-4], "", "harvest.unpack"),
        (b"\x80\xff\xff\xff", "", "harvest.no-text"),
        (b"<!DOCTYPE html><html></html>", "data.json", "harvest.web-page"),
        (b"hello", "", "harvest.unknown-kind"),
        (b'[{"a": 1},\n{"a" 2}]', "", "harvest.json"),
        (b"[" * 100_000, "", "harvest.json-deep"),
        (b'{"a": ' * 1500 + b"1" + b"}" * 1500, "", "harvest.json-deep"),
        (b"[1" + b"0" * 5000 + b"]", "", "harvest.json"),
        (b"[]", "", "harvest.no-list"),
        (b'{"a": 1}', "", "harvest.no-title-heading"),
        (b"@prefix dcat: <http", "a.ttl", "harvest.rdf"),
        (rdf_with('SYSTEM "file:///etc/passwd"').encode(), "", "harvest.rdf-entities"),
        (rdf_with('"y"').encode("utf-16"), "", "harvest.rdf-entities"),
        (written(JSON_LD | {"@context": "https://evil.example/c.jsonld"}), "", "harvest.remote-context"),
        (written(JSON_LD | {"@context": [{"t": {"@context": "http://x.example/"}}]}), "", "harvest.remote-context"),
        (b"PK\x03\x04rest", "a.xlsx", "harvest.rows-wanted"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_explained(content: bytes, name: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        catalogues.read(catalogues.recognise(content, name), content, "here", filename=name)
    assert caught.value.code == code
    explained(caught.value)


def test_a_file_is_never_unpacked_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogues, "LARGEST", 1000)
    with pytest.raises(Refusal) as caught:
        catalogues.recognise(gzip.compress(b"[" + b" " * 100_000 + b"]"), "")
    assert caught.value.code == "harvest.too-big"


def test_the_path_leads_to_the_record() -> None:
    reading = catalogues.read(Kind.LIST, written({"data": {"list": [TITLE, 3]}}), "here")
    assert [one.path for one in reading.rejected] == ["data.list[1]"]


def test_rows_of_a_sheet_are_read_as_they_come() -> None:
    rows = iter([TITLE, TITLE, TITLE | {"标题": None}, {None: ["zu viel"], **TITLE}])
    reading = catalogues.read(Kind.SHEET, rows, "here")
    assert accounted(reading)
    assert (reading.read, len(reading.listings), reading.repeated) == (4, 1, 1)


def test_a_data_set_is_known_again_by_its_page_or_its_name() -> None:
    rows = [
        TITLE | {"网址": "https://d.example/1", "更新日期": "2023-01-01"},
        TITLE | {"网址": "https://d.example/2", "更新日期": "2023-01-01"},
        {"标题": "甲", "网址": "https://d.example/all"},
        {"标题": "乙", "网址": "https://d.example/all"},
    ]
    found = lists.read(rows, "here").listings
    assert [one.external_id for one in found[:2]] == ["d.example/1", "d.example/2"]
    assert len({one.external_id for one in found}) == 4
    assert [one.source_url for one in found] == [rows[0]["网址"], rows[1]["网址"], "", ""]
    later = [row | {"更新日期": "2024-05-05"} for row in reversed(rows)]
    assert {one.external_id for one in lists.read(later, "here").listings} == {one.external_id for one in found}
    alone = lists.read([{"标题": "乙", "网址": "http://d.example/all/"}], "here").listings
    assert alone[0].external_id == "d.example/all"


def test_namesakes_are_told_apart_by_all_that_is_stable_and_then_by_number() -> None:
    rows = [TITLE | {"摘要": "甲", "更新日期": "2023-01-01"}, TITLE | {"摘要": "乙"}]
    rows += [TITLE | {"摘要": "甲", "更新日期": "2023-02-02", "数据量": 3}, dict(rows[0])]
    reading = lists.read(rows, "here")
    assert (len(reading.listings), reading.repeated, reading.rejected) == (3, 1, ())
    ids = [one.external_id for one in reading.listings]
    assert ids[2] == f"{ids[0]}:2"
    again = lists.read([row | {"更新日期": "2025-01-01"} for row in rows[:3]], "here")
    assert [one.external_id for one in again.listings] == ids


def test_one_identifier_for_two_records_rejects_the_second() -> None:
    rows: list[dict[str, Any]] = [{"标题": f"{n}", "目录编码": f"c-{n}"} for n in range(20)]
    rows[7]["目录编码"] = "c-3"
    reading = lists.read(rows, "here")
    (rejected,) = reading.rejected
    assert (rejected.position, rejected.path, rejected.problem.code) == (7, "[7]", "harvest.id-repeated")
    assert "c-3" in rejected.remedy.text("zh")
    assert accounted(reading)


def test_an_identifier_that_many_share_is_none() -> None:
    rows = [{"标题": f"{n}", "目录编码": f"{n % 3}"} for n in range(30)]
    reading = lists.read(rows, "here")
    assert (len(reading.listings), reading.rejected) == (30, ())
    assert all(one.external_id.startswith("sha256:") for one in reading.listings)
    assert ("identifier", "2") in reading.listings[2].words


def test_a_long_identity_still_fits() -> None:
    reading = lists.read([{"标题": "甲", "id": "x" * 5000}], "here")
    assert len(reading.listings[0].external_id) <= identities.LONGEST_ID


DEEP: Any = "x"
for _ in range(60):
    DEEP = [DEEP]


def test_an_unwieldy_record_is_rejected_alone() -> None:
    reading = catalogues.read(Kind.LIST, [TITLE | {"a": DEEP}, TITLE | {"a": "x" * (1 << 20)}, TITLE], "here")
    assert [one.problem.code for one in reading.rejected] == ["harvest.unwieldy"] * 2
    assert accounted(reading)


@pytest.mark.parametrize("filling", ["a", "/", "1", "'", "[", "'a',", " ", "（", "@a.", "-0571"])
def test_a_long_value_of_any_kind_takes_no_more_than_its_time(filling: str) -> None:
    long = (filling * (1 << 18))[: 1 << 18]
    lists.read([TITLE | dict.fromkeys(("数源单位", "许可", "更新周期", "数据格式"), f"[{long}x")], "here")
    lists.read([TITLE | dict.fromkeys(("联系电话", "备注", "标签", "发布日期"), f"{long}x")], "here")
    catalogues.read(Kind.DATA_JSON, {"dataset": [DATASET | {"license": long, "temporal": long, "modified": long}]}, "x")


CHINESE = ("标题", "摘要", "数源单位", "详情页网址", "更新日期", "标签")
ENGLISH = "id title dataset distribution result resources extras @type @id @context @graph publisher license theme"
MORE = "temporal modified organization name groups tags accessLevel keyword accessURL format key value state"
NAMES = st.sampled_from([*CHINESE, *ENGLISH.split(), *MORE.split()])
ODD = ["", "None", "\x00", "\ud800", "http://x.example/1", "dcat:Dataset", "2023-13-45", "1624638600000", "R/P1Y"]
ODDER = ["{}", "9" * 400, "9999-12-31T23:59:59-23:59", "0000/9999", "，、；", "http://[", "[" * 50, "2020-01/1999"]
WORDS = st.sampled_from([*ODD, *ODDER])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), WORDS)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.one_of(NAMES, st.text(max_size=4)), inner)),
    max_leaves=25,
)
RECORDS = st.lists(st.one_of(ANYTHING, st.dictionaries(NAMES, ANYTHING, max_size=8)), max_size=5)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.one_of(ANYTHING, RECORDS), kind=st.sampled_from(Kind), rows=RECORDS)
def test_any_json_gives_a_reading_or_a_clear_refusal(content: Any, kind: Kind, rows: list[Any]) -> None:
    for wrapped in (content, {"dataset": rows}, json.dumps(content), rows):
        for told in (kind, None):
            try:
                chosen = told or catalogues.recognise(wrapped)
                assert accounted(catalogues.read(chosen, wrapped, "here"))
            except Refusal as refusal:
                explained(refusal)


@settings(max_examples=40, deadline=None)
@given(
    content=st.one_of(st.binary(max_size=60), st.text(max_size=60)),
    name=st.sampled_from(("", "a.ttl", "a.rdf", "a.csv")),
)
def test_any_bytes_are_recognised_or_refused(content: bytes | str, name: str) -> None:
    try:
        catalogues.read(catalogues.recognise(content, name), content, "here", filename=name)
    except Refusal as refusal:
        explained(refusal)
