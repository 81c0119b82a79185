"""JSON in the shapes people send it: where the records are, what is refused, and nothing lost on the way."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import reading_files
from catalog.reading_files import ColumnSpec, ColumnType, Intake, json_rows, json_text
from catalog.reading_files.shapes import Layout
from policies.refusals import Invalid


def taken(
    folder: Path, content: str | bytes, items: list[ColumnSpec] | None = None, nested: str = "text"
) -> tuple[Intake, list[dict[str, Any]], list[Any]]:
    """Read; account, loaded rows, refused rows."""
    source = folder / "given.json"
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    out, refusals = folder / "out.parquet", folder / "refused.jsonl"
    account = reading_files.read_table(
        source, "given.json", items=items, out=out, refusals=refusals, layout=Layout(nested=nested)
    )
    rows = pq.read_table(out).to_pylist()
    refused = [json.loads(line) for line in refusals.read_text("utf-8").splitlines()]
    assert account.rows_read == account.rows_loaded + account.rows_refused
    assert (len(rows), len(refused)) == (account.rows_loaded, account.rows_refused)
    return account, rows, refused


def code_of(folder: Path, content: str | bytes) -> str:
    with pytest.raises(Invalid) as caught:
        taken(folder, content)
    assert [path.name for path in folder.iterdir()] == ["given.json"]
    return caught.value.code


RECORDS = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


@pytest.mark.parametrize(
    "document",
    [
        RECORDS,
        {"data": RECORDS},
        {"code": 200, "msg": "ok", "data": RECORDS},
        {"result": {"records": RECORDS, "total": 2}},
        {"result": {"fields": [{"id": "a"}, {"id": "b"}], "records": RECORDS}},
        {"d": {"page": {"inner": {"whatever": RECORDS}}}},
        [["a", "b"], [1, "x"], [2, None]],
        {"columns": ["a", "b"], "data": [[1, "x"], [2, None]]},
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig"])
def test_records_are_found_wherever_they_are(tmp_path: Path, document: Any, indent: int | None, codec: str) -> None:
    _, rows, refused = taken(tmp_path, json.dumps(document, indent=indent).encode(codec))
    assert rows == RECORDS
    assert refused == []


def test_what_stands_beside_the_records_is_told(tmp_path: Path) -> None:
    account, _, _ = taken(tmp_path, json.dumps({"code": 200, "page": {"total": 2}, "data": RECORDS}))
    assert [(note.code, note.params) for note in account.notes] == [
        ("file.note-wrapper", {"names": ["code", "page/total"]})
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('["a", "b"]', "file.no-records"),
        ('{"data": []}', "file.no-records"),
        ('{"type": "FeatureCollection", "features": []}', "file.no-records"),
        ('{"data": [1, 2], "code": 0}', "file.no-records"),
        ("[]", "file.no-records"),
        ("{}", "file.no-records"),
        ('{"a": [{"x": 1}], "b": [{"y": 1}]}', "file.json-several-lists"),
        ('[{"a": 1}', "file.json-broken"),
        ('[{"a": 1}]]', "file.json-broken"),
        ('[{"a": 1} {"a": 2}]', "file.json-broken"),
        ('[{"a": 1},]', "file.json-broken"),
        ('{"data": [{"a": 1}], x}', "file.json-broken"),
        ("[" * 100_000, "file.json-too-deep"),
        ('[{"a":' + "[" * 100_000, "file.json-too-deep"),
        ('[{"": 2}]', "file.heading-empty"),
        ('[{"a": 1, " a": 2}]', "file.heading-duplicate"),
        ('[{"\\ud800": 1}]', "file.heading-unusable"),
        ("[" + ",".join(f'{{"k{n}": 1}}' for n in range(3000)) + "]", "file.too-many-columns"),
    ],
)
def test_a_document_that_is_no_table_is_refused(tmp_path: Path, content: str, code: str) -> None:
    assert code_of(tmp_path, content) == code


def test_a_break_is_named_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="line 3"):
        taken(tmp_path, '[{"a": 1},\n{"a": 2},\n{"a": }]')


def test_bad_lines_are_refused_one_by_one(tmp_path: Path) -> None:
    lines = [
        '{"a": 1}',
        '{"a": 2',
        "",
        "[3]",
        '{"a": 4, "a": 5}',
        '{"a": ' + "[" * 5000 + "}",
        '{"a": "\\ud800"}',
        '{"a": 6} x',
        '{"a": 7}',
    ]
    account, rows, refused = taken(tmp_path, "\n".join(lines))
    assert [row["a"] for row in rows] == ["1", "7"] or [row["a"] for row in rows] == [1, 7]
    assert [(row["line"], row["faults"][0]["code"]) for row in refused] == [
        (2, "file.not-a-record"),
        (4, "file.not-a-record"),
        (5, "file.row-doubled-key"),
        (6, "file.json-too-deep"),
        (7, "file.row-characters"),
        (8, "file.not-a-record"),
    ]
    assert [(note.code, note.params["rows"]) for note in account.notes] == [("file.note-blank-rows", 1)]


def test_bad_elements_are_refused_one_by_one(tmp_path: Path) -> None:
    _, rows, refused = taken(tmp_path, '[{"a": 1}, 5, {"a": 2, "a": 2}, [1], {"b": {"c": 1, "c": 2}}, {}]')
    assert [row["a"] for row in rows] == [1, None]
    assert [(row["line"], row["raw"]) for row in refused] == [
        (2, "5"),
        (3, '{"a": 2, "a": 2}'),
        (4, "[1]"),
        (5, '{"b": {"c": 1, "c": 2}}'),
    ]


def test_rows_of_the_wrong_length_are_refused(tmp_path: Path) -> None:
    _, rows, refused = taken(tmp_path, '[["a", "b"], [1, 2], [3], [4, 5, 6]]')
    assert rows == [{"a": 1, "b": 2}]
    assert [(row["line"], row["faults"][0]["code"]) for row in refused] == [
        (3, "file.row-width"),
        (4, "file.row-width"),
    ]


def test_one_object_alone_is_one_record(tmp_path: Path) -> None:
    _, rows, _ = taken(tmp_path, '{"编号": "001", "tags": ["x", "y"], "none": []}')
    assert rows == [{"编号": "001", "tags": '["x","y"]', "none": "[]"}]


def test_numbers_keep_every_digit(tmp_path: Path) -> None:
    big, long = "9" * 10_000, "0.1234567890123456789"
    content = f'[{{"big": {big}, "long": {long}, "in": [{big}, {long}], "f": 1e3}}]'
    _, rows, _ = taken(tmp_path, content)
    assert rows == [{"big": big, "long": long, "in": f"[{big},{long}]", "f": 1000.0}]


def test_text_in_quotation_marks_is_no_number(tmp_path: Path) -> None:
    content = json.dumps([{"t": "12", "d": "2026-11-03", "y": "是", "n": 1, "x": "NA"}, {"t": 3, "n": 2, "x": 5}])
    account, rows, _ = taken(tmp_path, content)
    assert rows[0] == {"t": "12", "d": date(2026, 11, 3), "y": True, "n": 1, "x": None}
    assert account.columns[0].inferred_reason == "file.text-quoted"
    assert [(offer.column, offer.code, offer.rows) for offer in account.offers] == [("t", "number", 2)]
    account, rows, _ = taken(tmp_path, content, [ColumnSpec("t", ColumnType.INTEGER)])
    assert [row["t"] for row in rows] == [12, 3]


def test_nan_and_infinity_become_null_and_are_counted(tmp_path: Path) -> None:
    account, rows, _ = taken(tmp_path, '[{"a": NaN, "b": [Infinity]}, {"a": -Infinity}, {"a": 1.5}]')
    assert [row["a"] for row in rows] == [None, None, 1.5]
    assert rows[0]["b"] == "[null]"
    assert [(note.code, note.params["cells"]) for note in account.notes] == [("file.note-not-finite", 3)]


def test_nested_members_stay_json_or_become_columns(tmp_path: Path) -> None:
    content = '[{"n": 1, "at": {"x": 1.50, "in": {"y": "甲"}}, "l": [{"z": 1}], "e": {}}, {"n": 2, "at": null}]'
    _, rows, _ = taken(tmp_path, content)
    assert rows[0]["at"] == '{"x":1.50,"in":{"y":"甲"}}'
    _, rows, _ = taken(tmp_path, content, nested="columns")
    assert rows[0] == {"n": 1, "at/x": 1.5, "at/in/y": "甲", "l": '[{"z":1}]', "e": "{}", "at": None}
    _, _, refused = taken(tmp_path, '[{"a/b": 1, "a": {"b": 2}}, {"a/b": 3}]', nested="columns")
    assert refused[0]["faults"][0] == {"column": "a/b", "code": "file.row-doubled-key", "value": None}


def test_geojson(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [120.1, 30.2]}
    features = [
        {"type": "Feature", "id": 7, "properties": {"名称": "甲", "geometry": "石"}, "geometry": point},
        {"type": "Feature", "id": 8, "properties": None, "geometry": None},
        {"type": "Feature", "properties": {"id": 9, "at": {"x": 1}}, "geometry": point, "bbox": [1, 2]},
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    account, rows, _ = taken(tmp_path, json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    assert rows[0]["feature/geometry"] == '{"type":"Point","coordinates":[120.1,30.2]}'
    assert [(row["id"], row["名称"], row["geometry"]) for row in rows] == [
        ("7", "甲", "石"),
        ("8", None, None),
        ("9", None, '{"type":"Point","coordinates":[120.1,30.2]}'),
    ]
    assert [(note.code, note.params) for note in account.notes] == [
        ("file.note-crs", {"crs": "urn:ogc:def:crs:EPSG::4490"})
    ]


def test_a_document_longer_than_what_is_held_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "PIECE", 7)
    monkeypatch.setattr(json_rows, "BATCH_CHARACTERS", 100)
    records = [{"n": n, "t": "湖州\n" * (n % 7)} for n in range(300)]
    _, rows, _ = taken(tmp_path, json.dumps({"data": records}, ensure_ascii=False, indent=1))
    assert rows == [{"n": one["n"], "t": one["t"] or None} for one in records]


def test_a_value_longer_than_allowed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "MOST", 1000)
    monkeypatch.setattr(json_text, "PIECE", 100)
    assert code_of(tmp_path, '[{"a": "' + "x" * 5000 + '"}]') == "file.json-broken"
    assert code_of(tmp_path, '{"a": 1}\n{"a": "' + "x" * 5000 + '"}') == "file.line-too-long"


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).map(lambda text: "字" + text)
columns = {
    "文": st.none() | texts,
    "整": st.none() | st.integers(-(10**15) + 1, 10**15 - 1),
    "大": st.none() | st.integers(10**15, 10**40),
    "小": st.none() | st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: number % 1 != 0),
    "真": st.none() | st.booleans(),
    "日": st.none() | st.dates(date(1000, 1, 1)),
    "号": st.none() | st.from_regex("[0-9]{1,20}", fullmatch=True),
}


@pytest.mark.parametrize("shape", ["list", "lines", "lists"])
@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.fixed_dictionaries(columns), min_size=2, max_size=6))
def test_any_table_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, shape: str, rows: list[Any]) -> None:
    said = [{**row, "日": row["日"] and row["日"].isoformat()} for row in rows]
    document = {
        "list": json.dumps(said),
        "lines": "\n".join(json.dumps(one, ensure_ascii=False) for one in said),
        "lists": json.dumps([list(columns), *([one[name] for name in columns] for one in said)]),
    }[shape]
    account, stored, _ = taken(tmp_path_factory.mktemp("json"), document)
    types = {"整": "integer", "小": "decimal", "真": "boolean", "日": "date"}
    for column in account.columns:
        filled = any(row[column.name] is not None for row in rows)
        assert column.type == (types.get(column.name, "text") if filled else "text")
    expected = [{**row, "大": row["大"] if row["大"] is None else str(row["大"])} for row in rows]
    assert stored == expected
