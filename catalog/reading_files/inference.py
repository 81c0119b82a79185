"""Which type a column has when no item declares it: the whole file decides, never a sample.

A column is typed only if every value in it has one written form that loses nothing when it is read. A
number with a leading zero, an identifier of more than fifteen digits, two forms side by side: the column
stays text, and the reason is kept.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from catalog.reading_files import forms
from catalog.reading_files.forms import Form
from catalog.reading_files.shapes import Column, ColumnType

LEADING_ZERO = r"^0[0-9]+$"
LONG_DIGITS = r"^[0-9]{16,}[Xx]?$"


class Judge:
    """What is known so far about one column; `see` each batch, then `verdict`."""

    def __init__(self, name: str, *, workbook: bool) -> None:
        self._name = name
        self._ladders: list[Sequence[Form]] = list(forms.WORKBOOK_LADDERS if workbook else forms.LADDERS)
        self._seen = False
        self._why = "file.text-plain"

    def see(self, values: pa.Array) -> None:
        """Take in a batch of the column as it stands in the file; drop the forms that some value lacks."""
        if not self._ladders:
            return
        bare = forms.trimmed(values)
        present = bare.drop_null()
        if not len(present):
            return
        left = [ladder for ladder in (_climb(ladder, present) for ladder in self._ladders) if ladder]
        if not left:
            self._why = self._reason(present)
        self._ladders = left
        self._seen = True

    def verdict(self) -> tuple[Column, Form | None]:
        """The column as it will be stored, and the form its values have (None: text as it stands)."""
        if not self._seen:
            return Column(self._name, ColumnType.TEXT, "file.text-empty"), None
        if not self._ladders:
            return Column(self._name, ColumnType.TEXT, self._why), None
        form = self._ladders[0][0]
        zoned = form is forms.DATETIME_ZONED
        return Column(self._name, form.type, "file.typed-zoned" if zoned else "file.typed-by-values"), form

    def _reason(self, present: pa.Array) -> str:
        if _any(present, LEADING_ZERO):
            return "file.text-leading-zeros"
        if _any(present, LONG_DIGITS):
            return "file.text-long-digits"
        mixed = self._seen or any(
            form.read(present).null_count < len(present) for ladder in self._ladders for form in ladder[-1:]
        )
        return "file.text-mixed" if mixed else "file.text-plain"


def _climb(ladder: Sequence[Form], present: pa.Array) -> Sequence[Form]:
    """The rungs that are left when these values are read: none if even the widest does not hold them."""
    for rung, form in enumerate(ladder):
        if form.read(present).null_count == 0:
            return ladder[rung:]
    return ()


def _any(values: pa.Array, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(values, pattern)).as_py())
