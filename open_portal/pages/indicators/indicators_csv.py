"""Tables as CSV for people: what a spreadsheet would take for a formula is made harmless."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from flask import Response

BYTE_ORDER_MARK = "\ufeff"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def answer(name: str, rows: Iterable[Sequence[object]]) -> Response:
    """The rows as a file to download; the byte order mark makes spreadsheets read it as UTF-8."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    response = Response(BYTE_ORDER_MARK + written.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(DANGEROUS) and not re.fullmatch(r"[+-]?[\d.,]+", value):
        return "'" + value
    return "" if value is None else value
