"""Data elements and code lists as sheets: written for a spreadsheet, read back row by row with every fault at once.

A heading names its column by the word before the first blank ("code_list 代码表" is code_list), so that headings can
say more for people. Reading looks at rows only; nothing of it reaches the tables of standards.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.reading_files.workbook_process import WorkbookProcess
from catalog.standard_versions import CodeValues, ElementValues, ListValues, Values
from policies import vocabulary as v
from policies.later import Later
from policies.refusals import Invalid

if TYPE_CHECKING:
    import xlsxwriter
else:
    xlsxwriter = Later("xlsxwriter")

MOST_ROWS = 5_000
ELEMENTS: Mapping[str, tuple[str, int]] = {
    "code": ("标识", 64),
    "name_zh": ("中文名称", 200),
    "name_en": ("英文名称", 200),
    "definition": ("定义", 4000),
    "type": ("数据类型", 40),
    "length": ("长度", 6),
    "pattern": ("格式", 300),
    "unit": ("计量单位", 50),
    "code_list": ("代码表", 70),
    "source": ("标准来源", 200),
}
CODES: Mapping[str, tuple[str, int]] = {
    "list": ("代码表", 64),
    "list_zh": ("代码表中文名称", 200),
    "list_en": ("代码表英文名称", 200),
    "source": ("标准来源", 200),
    "value": ("代码", 64),
    "zh": ("中文名称", 200),
    "en": ("英文名称", 200),
    "parent": ("上级代码", 64),
    "valid_from": ("生效日期", 10),
    "valid_until": ("失效日期", 10),
}
KINDS = {"elements": (ELEMENTS, ("code", "name_zh")), "codes": (CODES, ("list", "value"))}
"""Columns of each kind of sheet, and those by which it is known."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a row: the row as the sheet counts it, the column, and a refusal that says the remedy."""

    row: int
    column: str
    refusal: Invalid


@dataclass
class Read:
    """What the rows of some tables mean: values with the row they begin at, and every fault."""

    values: list[tuple[int, Values]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    rows: int = 0


def tables_of(path: Path, filename: str) -> list[list[list[str]]]:
    """The tables of a workbook (each visible sheet) or of a CSV file, as texts; Invalid for what is neither."""
    suffix = filename.rpartition(".")[2].lower()
    if suffix == "csv":
        return [_csv(path.read_bytes())]
    if suffix in {"xlsx", "xls", "ods"}:
        return [table for name in _sheets(path, suffix) if (table := _sheet(path, suffix, name))]
    raise Invalid("sheet.unreadable", field="file")


def read(tables: Sequence[Sequence[Sequence[str]]]) -> Read:
    """What tables mean, with every fault of every row; Invalid where a heading is not known."""
    found = Read()
    for table in tables:
        kind, columns = _kind(table[0] if table else ())
        rows = [
            (number, {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()})
            for number, row in enumerate(table[1:], 2)
            if any(cell.strip() for cell in row)
        ]
        found.rows += len(rows)
        if found.rows > MOST_ROWS:
            raise Invalid("sheet.too-long", field="file", limit=MOST_ROWS)
        widths = KINDS[kind][0]
        for number, values in rows:
            for name, text in values.items():
                if len(text) > widths[name][1]:
                    found.faults.append(Fault(number, name, Invalid("sheet.too-wide", limit=widths[name][1])))
        (_elements if kind == "elements" else _lists)(rows, found)
    return found


def _kind(heading: Sequence[str]) -> tuple[str, dict[str, int]]:
    words = [cell.strip().split(" ")[0].lower() if cell.strip() else "" for cell in heading]
    for kind, (columns, needed) in KINDS.items():
        places = {name: words.index(name) for name in columns if name in words}
        if all(name in places for name in needed):
            return kind, places
    raise Invalid("sheet.kind", field="file")


def _elements(rows: Iterable[tuple[int, Mapping[str, str]]], found: Read) -> None:
    seen: dict[str, int] = {}
    for number, row in rows:
        faults = [Fault(number, name, Invalid("sheet.missing")) for name in ("code", "name_zh") if not row[name]]
        if row["code"] in seen:
            faults.append(Fault(number, "code", Invalid("sheet.twice", row=seen[row["code"]])))
        seen.setdefault(row["code"], number)
        type_ = _type(row.get("type", ""))
        if type_ is None:
            faults.append(Fault(number, "type", Invalid("sheet.type", value=row["type"][:40])))
        length = row.get("length", "")
        if length and not length.isdecimal():
            faults.append(Fault(number, "length", Invalid("standard.length")))
        found.faults += faults
        if not faults:
            given = {name: row.get(name, "") for name in ("definition", "pattern", "unit", "source")}
            values = ElementValues(
                row["code"],
                row["name_zh"],
                row.get("name_en", ""),
                type=type_ or v.ItemType.TEXT,
                length=int(length) if length else None,
                code_list=row.get("code_list") or None,
                **given,
            )
            found.values.append((number, values))


def _lists(rows: Iterable[tuple[int, Mapping[str, str]]], found: Read) -> None:
    """Rows of one list stand together or not; what they say of the list must be the same."""
    lists: dict[str, tuple[int, Mapping[str, str], list[CodeValues]]] = {}
    places: dict[tuple[str, str], int] = {}
    for number, row in rows:
        faults = [Fault(number, name, Invalid("sheet.missing")) for name in ("list", "value") if not row[name]]
        if not row.get("zh"):
            faults.append(Fault(number, "zh", Invalid("sheet.missing")))
        key = (row["list"], row["value"])
        if key in places:
            faults.append(Fault(number, "value", Invalid("sheet.twice", row=places[key])))
        places.setdefault(key, number)
        days = {}
        for name in ("valid_from", "valid_until"):
            days[name] = _day(row.get(name, ""), number, name, faults)
        first, head, codes = lists.setdefault(row["list"], (number, row, []))
        differing = [name for name in ("list_zh", "list_en", "source") if row.get(name) and row[name] != head.get(name)]
        faults += [Fault(number, name, Invalid("sheet.differs", row=first)) for name in differing]
        found.faults += faults
        if not faults:
            codes.append(CodeValues(row["value"], row["zh"], row.get("en", ""), row.get("parent") or None, **days))
    faulty = {fault.row for fault in found.faults}
    for name, (number, head, codes) in lists.items():
        if name and number not in faulty and codes:
            said = {"zh": head.get("list_zh") or name, "en": head.get("list_en", ""), "source": head.get("source", "")}
            found.values.append((number, ListValues(name, codes=tuple(codes), **said)))


def _type(text: str) -> v.ItemType | None:
    if not text:
        return v.ItemType.TEXT
    return next((one for one in v.ItemType if text in {one.value, one.zh, one.en, one.name}), None)


def _day(text: str, row: int, column: str, faults: list[Fault]) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        faults.append(Fault(row, column, Invalid("sheet.day", value=text[:40])))
        return None


def rows_of(values: Iterable[Values]) -> dict[str, list[list[str]]]:
    """Sheets of elements and codes with their headings, as `read` takes them."""
    given = list(values)
    elements = [_heading(ELEMENTS)]
    codes = [_heading(CODES)]
    for one in given:
        if isinstance(one, ElementValues):
            length = str(one.length or "")
            row = [one.name, one.zh, one.en, one.definition, one.type.value, length, one.pattern, one.unit]
            elements.append([*row, one.code_list or "", one.source])
        else:
            head = [one.name, one.zh, one.en, one.source]
            for code in one.codes:
                days = [code.valid_from.isoformat() if code.valid_from else ""]
                days += [code.valid_until.isoformat() if code.valid_until else ""]
                codes.append([*head, code.value, code.zh, code.en, code.parent or "", *days])
    return {"elements": elements, "codes": codes}


def workbook(values: Iterable[Values]) -> bytes:
    """A workbook with a sheet of elements and one of codes; every cell is text, so that no code loses its zeros."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True})
        for name, rows in rows_of(values).items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(rows[0]) - 1, 18, text)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write_string(at, column, cell, bold if at == 0 else text)
    return out.getvalue()


def _heading(columns: Mapping[str, tuple[str, int]]) -> list[str]:
    return [f"{name} {said}" for name, (said, _width) in columns.items()]


def _csv(content: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return list(csv.reader(io.StringIO(content.decode(encoding)), strict=True))
        except UnicodeDecodeError:
            continue
        except csv.Error:
            break
    raise Invalid("sheet.unreadable", field="file")


def _sheets(path: Path, kind: str) -> list[str]:
    """The names of a workbook's visible sheets that hold anything."""
    found = _messages(path, kind, "glance", "1", "1")
    return [str(one["sheet"]) for one in found if isinstance(one, dict) and one.get("visible") and one.get("rows")]


def _sheet(path: Path, kind: str, name: str) -> list[list[str]]:
    """The rows of a sheet; empty ones are there too, so that rows are counted as the sheet counts them."""
    rows: list[list[str]] = []
    for message in _messages(path, kind, "rows", name, "0", "0"):
        if isinstance(message, str):
            number, texts, _merges = message.split("\t")
            rows += [[] for _ in range(int(number) - 1 - len(rows))]
            rows.append(json.loads(texts))
        if len(rows) > MOST_ROWS + 1:
            raise Invalid("sheet.too-long", field="file", limit=MOST_ROWS)
    return rows


def _messages(path: Path, kind: str, *command: str) -> list[Any]:
    process = WorkbookProcess(path, kind, *command, seconds=30)
    try:
        return list(process.messages())
    finally:
        process.close()
