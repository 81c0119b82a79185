"""The intake reads every file of the demonstration to the last cell as the file's own library does."""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from catalog.reading_files import ColumnSpec, Intake, containers, looking
from catalog.reading_files.intake import read_table
from catalog.reading_files.shapes import Glance, Layout
from demo import references
from open_portal.demonstration import files
from open_portal.demonstration.deliveries import layout_of
from policies import vocabulary as v
from quality.reading import TYPES

Entry = dict[str, Any]
Cell = str | int | float | bool | date | datetime | None

DATASETS: list[Entry] = list(files.table("datasets.toml")["dataset"])
BY_KEY = {entry["key"]: entry for entry in DATASETS}
NO_QUESTION = {"tainan-education-2016", "huzhou-towns-composition"}
"""They are plain to see, but read otherwise than their steward wants it."""

every_dataset = pytest.mark.parametrize("entry", DATASETS, ids=lambda entry: entry["key"])


def read(entry: Entry, folder: Path) -> tuple[Intake, Glance, list[dict[str, Cell]]]:
    """The account of an entry's file, what it shows at first sight, and the rows as they are stored."""
    path, layout = files.FOLDER / entry["file"], layout_of(entry)
    converted = layout.conversions if layout else {}
    named = ((item.get("column", item["zh"]), v.ItemType(item["type"])) for item in entry["items"])
    specs = [ColumnSpec(name, None if name in converted else TYPES.get(type_)) for name, type_ in named]
    out = folder / "table.parquet"
    with containers.unwrapped(path, path.name, folder) as (inner, name):
        glance, _ = looking.look(inner, name, looking.How(ask=True))
        how = layout or glance.layout
        intake = read_table(inner, name, items=specs, out=out, refusals=folder / "refused.jsonl", layout=how)
    rows: list[dict[str, Cell]] = pq.read_table(out).to_pylist()
    return intake, glance, rows


def in_type(text: str | None, cell: Cell) -> Cell:
    """A reference's text in the type that the intake gave the cell."""
    if text is None or isinstance(cell, str):
        return text
    if isinstance(cell, datetime):
        return datetime.fromisoformat(text).replace(tzinfo=None)
    if isinstance(cell, date):
        year, month, day = map(int, re.findall("[0-9]+", text))
        return date(year, month, day)
    return type(cell)(text) if cell is not None else text


@every_dataset
def test_every_cell_is_loaded(entry: Entry, tmp_path: Path) -> None:
    intake, _, rows = read(entry, tmp_path)
    wanted = references.table(entry)
    assert (intake.rows_read, intake.rows_loaded, intake.rows_refused) == (len(wanted), len(wanted), 0)
    names = [item.get("column", item["zh"]) for item in entry["items"] if item.get("column") != "geometry"]
    for row, reference in zip(rows, wanted, strict=True):
        assert {name: row[name] for name in names} == {name: in_type(reference[name], row[name]) for name in names}


@every_dataset
def test_a_steward_is_asked_where_there_is_a_layout(entry: Entry, tmp_path: Path) -> None:
    _, glance, _ = read(entry, tmp_path)
    assert glance.plain == ("layout" not in entry or entry["key"] in NO_QUESTION)


def codes(items: Any) -> set[str]:
    """The reason codes of some notes or flags."""
    return {one.code for one in items}


def test_a_report_is_proposed_as_it_lies(tmp_path: Path) -> None:
    intake, glance, rows = read(BY_KEY["huzhou-county-summary"], tmp_path)
    assert glance.layout == layout_of(BY_KEY["huzhou-county-summary"])
    aside = [(one.line, one.code.removeprefix("file.aside-")) for one in intake.set_aside]
    assert aside == [(1, "title"), (2, "unit"), (5, "numbering"), (6, "total"), (12, "note"), (13, "note")]
    assert sum(row["村级组织/村委会"] + row["村级组织/居委会"] for row in rows) == 1301


def test_a_ledger_has_its_damage_shown(tmp_path: Path) -> None:
    intake, glance, rows = read(BY_KEY["huzhou-collection-ledger"], tmp_path)
    assert {"file.note-sheets", "file.note-hidden-sheets"} <= codes(glance.notes)
    assert {"file.note-formula-empty", "file.note-digits-lost"} <= codes(intake.notes)
    first = rows[0]
    assert (first["统一社会信用代码"], first["核对数"]) == ("12330502TX0005013H", None)
    assert (first["记录数"], first["占全市比重"]) == (19, 26.4)
    assert (first["开始日期"], first["完成日期"]) == (date(2026, 10, 12), date(2026, 10, 16))
    assert len({row["任务流水号"] for row in rows}) < len(rows)


def test_what_a_layout_leaves_open_is_as_it_is_anywhere() -> None:
    assert layout_of({"file": "files/huzhou_towns.csv"}) is None
    assert layout_of({"layout": {"nested": "columns"}}) == Layout(nested="columns")
