"""Which type a column has when no item declares it: the whole file decides, never a sample.

A column is typed only if every value in it has one written form that loses nothing when it is read. A
number with a leading zero, an identifier of more than fifteen digits, a fraction that no float holds, digits
under a heading that names codes, two forms side by side: the column stays text, and the reason is kept.
Months and times of the day stay text too: no type of column holds them without a day made up.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from catalog.reading_files import forms, meanings
from catalog.reading_files.forms import Form
from catalog.reading_files.meanings import Meaning
from catalog.reading_files.offers import Watch
from catalog.reading_files.shapes import Column, ColumnType, Offer

LEADING_ZERO = r"^0[0-9]+$"
LONG_DIGITS = r"^[0-9]{16,}[Xx]?$"
ANY_NUMBER = f"^(?:{forms.NUMBER})$"


class Judge:
    """What is known so far about one column; `see` each batch, then `verdict`.

    `workbook`: the cells come from a spreadsheet. `quoted`: the file itself tells text from numbers, and says
    that this is text. `tokens` counts the cells with a word for "no value", `wide` those
    with full-width signs, as long as the column may still have a type.
    """

    def __init__(self, name: str, *, workbook: bool = False, quoted: bool = False) -> None:
        self.name = name
        self._ladders: list[Sequence[Form]] = _ladders(name, workbook=workbook, quoted=quoted)
        self._seen = False
        self._why = "file.text-plain"
        self._said: set[str] = set()
        self._watch = Watch(name, quoted=quoted)
        self.tokens = self.wide = 0

    def see(self, values: pa.Array) -> None:
        """Take in a batch of the column as it stands in the file; drop the forms that some value lacks."""
        if self._ladders:
            self._judge(values)
        elif self._watch.open:
            self._watch.see(forms.trimmed(values).drop_null(), typed=False, number=False)
        if not self._ladders or self._ladders[0][0].type is ColumnType.TEXT:
            self._watch.see_text(values)

    def _judge(self, values: pa.Array) -> None:
        bare = forms.bared(values)
        self.tokens += bare.tokens
        self.wide += bare.wide
        present = bare.values.drop_null()
        if not len(present):
            return
        left = [ladder for ladder in (_climb(ladder, present) for ladder in self._ladders) if ladder]
        if not left:
            self._why = self._reason(present)
        elif left[0][0] in forms.BOTH_WANTED:
            self._said.update(word.as_py() for word in pc.unique(pc.utf8_lower(present)))
        if self._watch.open:
            self._watch.see(present, typed=bool(left), number=bool(left) and left[0][0] in forms.NUMBERS)
        self._ladders = left
        self._seen = True

    def offers(self) -> tuple[Offer, ...]:
        """The conversions that the column invites."""
        return tuple(self._watch.offers())

    def verdict(self) -> tuple[Column, Form | None]:
        """The column as it will be stored, and the form its values have (None: text as it stands)."""
        if not self._seen:
            return Column(self.name, ColumnType.TEXT, "file.text-empty"), None
        if not self._ladders:
            return Column(self.name, ColumnType.TEXT, self._why), None
        form = self._ladders[0][0]
        if form in forms.BOTH_WANTED and len(self._said) < 2:
            return Column(self.name, ColumnType.TEXT, "file.text-plain"), None
        return Column(self.name, form.type, form.reason), None if form.type is ColumnType.TEXT else form

    def _reason(self, present: pa.Array) -> str:
        if _any(present, LEADING_ZERO):
            return "file.text-leading-zeros"
        if _any(present, LONG_DIGITS):
            return "file.text-long-digits"
        numbers = present.filter(pc.match_substring_regex(present, ANY_NUMBER))
        if forms.DECIMAL.read(numbers).null_count:
            return "file.text-long-decimals"
        mixed = self._seen or any(
            form.read(present).null_count < len(present)
            for ladder in self._ladders
            for form in ladder[-1:]
            if form not in forms.BOTH_WANTED
        )
        return "file.text-mixed" if mixed else "file.text-plain"


def _ladders(name: str, *, workbook: bool, quoted: bool) -> list[Sequence[Form]]:
    """The forms that a column may have, going by its heading and by the kind of file it stands in."""
    meaning = meanings.meaning(name)
    if meaning is Meaning.CODE:
        return [(forms.CODES,)]
    ladders: list[Sequence[Form]] = list(forms.LADDERS)
    if workbook:
        ladders[ladders.index((forms.DATE_DASHED,))] = (forms.DATE_DASHED, forms.DATE_OR_TIME)
        ladders.remove((forms.DATETIME_DASHED,))
    if quoted:
        ladders[0] = (forms.QUOTED,)
        ladders = [ladder for ladder in ladders if ladder[0] not in {forms.TRUE_FALSE, *forms.BOTH_WANTED}]
    if meanings.is_republican(name):
        ladders = [*forms.REPUBLICAN_LADDERS, *ladders]
    return [*forms.DAY_LADDERS, *ladders] if meaning is Meaning.DAY else ladders


def _climb(ladder: Sequence[Form], present: pa.Array) -> Sequence[Form]:
    """The rungs that are left when these values are read: none if even the widest does not hold them."""
    for rung, form in enumerate(ladder):
        if form.read(present).null_count == 0:
            return ladder[rung:]
    return ()


def _any(values: pa.Array, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(values, pattern)).as_py())
