"""Suites as files: JSON of Great Expectations or a workbook, read and written wherever rules go in or out."""

import datetime as dt
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.reading_files.workbook_process import WorkbookProcess
from policies.later import Later
from policies.refusals import Invalid
from quality.rules.rules import Rule
from quality.suites import suite_exchange, suite_sheets
from quality.suites.suite_import import Read

if TYPE_CHECKING:
    import xlsxwriter
else:
    xlsxwriter = Later("xlsxwriter")

SECONDS = 30
MEMORY = 768 << 20
LARGEST = 2_000_000
"""Bytes of a file that holds a suite."""
_WIDTHS = {"rule_id": 26, "sentence": 40, "kind": 16, "columns": 20}
_BOOK = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def read(path: Path) -> tuple[Rule, ...]:
    """The rules of a file; Invalid with every problem by its place in `fields`."""
    found = parse(path)
    if found.problems:
        first = found.problems[0]
        fields = {str(one.field): one for one in reversed(found.problems)}
        raise Invalid(first.code, fields=dict(reversed(fields.items())), **first.params)
    return found.rules


def parse(path: Path, name: str | None = None) -> Read:
    """The rules of a file, or what is wrong with it; the ending of its name says which kind it is."""
    ending = Path(name or path.name).suffix.casefold()
    if path.stat().st_size > LARGEST:
        return Read((), (Invalid("suite.too-large", field="", limit=LARGEST // 1000),))
    if ending == ".json":
        return suite_exchange.load(path.read_bytes())
    if ending != ".xlsx":
        return Read((), (Invalid("suite.file-kind", field=""),))
    try:
        return suite_sheets.read(_rows(path))
    except Invalid as refusal:
        return Read((), (refusal,))


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The filled rows of the first sheet, as a limited child reads them."""
    process = WorkbookProcess(path, "xlsx", "rows", "", "0", "0", memory=MEMORY, seconds=SECONDS)
    try:
        for message in process.messages():
            if isinstance(message, str):
                number, cells, _merges = message.split("\t")
                yield int(number), json.loads(cells)
    finally:
        process.close()


def as_json(name: str, rules: Sequence[Rule], today: dt.date) -> bytes:
    """A suite as JSON of Great Expectations."""
    return suite_exchange.dump(name, rules, today).encode()


def as_workbook(rules: Sequence[Rule], language: str = "zh") -> bytes:
    """A suite as a workbook: a sheet of rules, one a row, and a sheet of the kinds there are."""
    out = io.BytesIO()
    rows = suite_sheets.rows_of(rules, language)
    with xlsxwriter.Workbook(out, _BOOK) as book:
        heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        for name, table in ((suite_sheets.SHEET, rows), ("kinds", suite_sheets.kinds_table(language))):
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 1)
            for number, cells in enumerate(table):
                for place, cell in enumerate(cells):
                    if cell:
                        sheet.write_string(number, place, cell, text if number else heading)
            for place, title in enumerate(table[0]):
                sheet.set_column(place, place, _WIDTHS.get(title.split()[-1], 14), text)
    return out.getvalue()
