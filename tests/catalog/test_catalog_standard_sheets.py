"""Sheets of data standards: written and read back the same, every fault told, taken over whole or not."""

import csv
import io
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import test_catalog_standards as stage
from hypothesis import given
from hypothesis import strategies as st

from catalog import standard_imports, standard_sheets, standards
from catalog.standard_models import CodeList, DataElement, StandardSheet
from catalog.standard_versions import CodeValues, ElementValues, ListValues
from policies import vocabulary as v
from policies.refusals import Forbidden, Invalid, NotFound, Refused
from tenancy import work
from tenancy.actors import Actor
from tenancy.database import Database
from tenancy.models import Tenant

WHOLE = [
    replace(stage.ELEMENT, type=v.ItemType.TEXT, length=1, definition='一, "引号"\n两行', pattern="^[12]$", unit="=个"),
    replace(
        stage.SEX,
        codes=(
            CodeValues("01", "男", "Male", None, date(2020, 1, 1), date(2030, 1, 1)),
            CodeValues("02", "女", "Female", "01"),
        ),
        source="GB/T 2261.1",
    ),
]
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)


def test_a_workbook_comes_back_the_same(tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    path.write_bytes(standard_sheets.workbook(WHOLE))
    found = standard_sheets.read(standard_sheets.tables_of(path, "s.xlsx"))
    assert found.faults == []
    assert [values for _row, values in found.values] == WHOLE


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_csv_comes_back_the_same(tmp_path: Path, encoding: str) -> None:
    for kind, values in (("elements", WHOLE[0]), ("codes", WHOLE[1])):
        path = tmp_path / f"{kind}.csv"
        text = io.StringIO()
        csv.writer(text).writerows(standard_sheets.rows_of([values])[kind])
        path.write_bytes(text.getvalue().encode(encoding))
        assert [one for _row, one in standard_sheets.read(standard_sheets.tables_of(path, path.name)).values] == [
            values
        ]


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=6, unique_by=lambda one: one[0]))
def test_any_words_come_back(codes: list[tuple[str, str]]) -> None:
    values = ListValues("any", "任意", codes=tuple(CodeValues(*one) for one in codes))
    found = standard_sheets.read([standard_sheets.rows_of([values])["codes"]])
    assert [one for _row, one in found.values] == [values]


def test_every_fault_is_told_with_its_row() -> None:
    elements = [
        ["code", "name_zh", "type", "length"],
        ["", "甲", "", ""],
        ["a1", "", "", ""],
        ["a2", "乙", "彩色", "x"],
        [],
        ["a2", "乙", "C", ""],
        ["a" * 65, "丙", "C", ""],
    ]
    codes = [
        ["list", "value", "zh", "list_zh", "valid_from"],
        ["l1", "1", "甲", "表", "昨天"],
        ["l1", "1", "", "另一表", ""],
        ["", "2", "乙", "", ""],
    ]
    found = standard_sheets.read([elements, codes])
    assert [(one.row, one.column, one.refusal.code) for one in found.faults] == [
        (7, "code", "sheet.too-wide"),
        (2, "code", "sheet.missing"),
        (3, "name_zh", "sheet.missing"),
        (4, "type", "sheet.type"),
        (4, "length", "standard.length"),
        (6, "code", "sheet.twice"),
        (2, "valid_from", "sheet.day"),
        (3, "zh", "sheet.missing"),
        (3, "value", "sheet.twice"),
        (3, "list_zh", "sheet.differs"),
        (4, "list", "sheet.missing"),
    ]


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", b"x,y\n1,2\n"), ("a.csv", b"\xff\xff\x00"), ("a.doc", b"x"), ("a.xlsx", b"x")]
)
def test_what_is_no_sheet_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Invalid):
        standard_sheets.read(standard_sheets.tables_of(path, name))


def keep(db: Database, who: Actor, tenant: Tenant, now: datetime, values: list[Any]) -> str:
    """A kept sheet; its id."""
    with work.begin(db, who, now) as deed:
        tables = list(standard_sheets.rows_of(values).values())
        return standard_imports.keep(deed, deed.session.get_one(Tenant, tenant.id), "s.xlsx", tables).id


def test_an_import_is_tried_and_taken_over(db: Database, cast: Any, now: datetime) -> None:
    for nobody in (cast.stranger, cast.requester, cast.public):
        with pytest.raises(Forbidden):
            keep(db, nobody, cast.department, now, WHOLE)
    sheet_id = keep(db, cast.steward, cast.department, now, WHOLE)
    for _ in range(2):
        with work.begin(db, cast.steward, now) as deed:
            trial = standard_imports.attempt(deed, standard_imports.find(deed.session, sheet_id, cast.steward))
            assert [one.outcome for one in trial.lines] == ["new", "new"]
    with db.read() as session:
        assert standards.every_version(session, CodeList, "sex-local") == []
        with pytest.raises(NotFound):
            standard_imports.find(session, sheet_id, cast.colleague)
    with work.begin(db, cast.steward, now) as deed:
        standard_imports.apply(deed, standard_imports.find(deed.session, sheet_id, cast.steward))
    with db.read() as session:
        (made,) = standards.every_version(session, CodeList, "sex-local")
        assert (made.state, len(made.codes)) == (v.StandardState.DRAFT, 2)
        assert session.get(StandardSheet, sheet_id) is None
        element = standards.every_version(session, DataElement, "person-sex")[0]
    with work.begin(db, cast.steward, now) as deed, pytest.raises(Invalid):
        stage.standard_versions.submit(deed, deed.session.get_one(DataElement, element.id))


def test_one_faulty_row_and_nothing_comes_of_it(db: Database, cast: Any, now: datetime) -> None:
    wrong = ElementValues("1x", "错")
    sheet_id = keep(db, cast.steward, cast.department, now, [*WHOLE, wrong])
    with work.begin(db, cast.steward, now) as deed:
        sheet = standard_imports.find(deed.session, sheet_id, cast.steward)
        trial = standard_imports.attempt(deed, sheet)
        assert [(one.row, one.refusal.code) for one in trial.faults] == [(3, "standard.name")]
    with pytest.raises(Refused), work.begin(db, cast.steward, now) as deed:
        standard_imports.apply(deed, standard_imports.find(deed.session, sheet_id, cast.steward))
    with db.read() as session:
        assert standards.every_version(session, CodeList, "sex-local") == []


def test_what_is_in_force_already_stays(db: Database, cast: Any, now: datetime) -> None:
    stage.agree(db, cast, stage.SEX, now)
    sheet_id = keep(db, cast.steward, cast.department, now, [stage.SEX, replace(stage.ELEMENT, zh="性别代码")])
    with work.begin(db, cast.steward, now) as deed:
        trial = standard_imports.apply(deed, standard_imports.find(deed.session, sheet_id, cast.steward))
    assert [one.outcome for one in trial.lines] == ["new", "same"] or [one.outcome for one in trial.lines] == [
        "same",
        "new",
    ]
