"""Conversions that a column invites, counted over the whole file; none of them is done until a steward accepts it.

A percentage stays the number that is written, 12.5 for 12.5%, and the sign goes into the particulars: nobody who
looks a figure up in the source should find another. Amounts with a unit likewise become the number, and only if
nine values in ten have the same unit. A value that the conversion would not take makes its row a refused one;
how many there are stands in the particulars as `misfits`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from catalog.reading_files import conversions, meanings, octets
from catalog.reading_files.meanings import Meaning
from catalog.reading_files.shapes import ColumnType, Offer

SHARE = 0.9
"""So many of all values must fit before a conversion is offered."""

AMOUNTS = ("thousands", "percent", "number")
DAYS = ("roc-date", "day-first-date", "month-first-date")
DAYS_UNDER_HEADING = ("serial-date", "serial-datetime", "roc-digits")
"""What looks like a plain number, and is offered only where the heading or the data item speaks of days."""

PAIRS = (("有", "无"), ("有", "没有"), ("√", "×"), ("对", "错"), ("真", "假"))
PROOF = {
    "thousands": "[0-9],[0-9]",
    "percent": "%",
    "roc-date": "^1[0-9]{2}[-/.年 ]|民",
    "roc-digits": "^1[0-9]{6}$",
    "serial-datetime": r"\.",
}
"""At least one value must look like this, or the column does not need the conversion."""

UNIT = (
    rf"^(?P<before>[{conversions.CURRENCIES}])? ?{conversions.AMOUNT}"
    r" ?(?P<behind>[^0-9\s,.%，:：~～至(（+\-][^0-9]{0,11}[23]?)?$"
)
WIDE_TEXT = r"\xef(?:\xbc[\x90-\x99\xa1-\xba]|\xbd[\x81-\x9a])"
"""Full-width digits and letters in UTF-8; a search among bytes takes half the time."""

ORDINALS = tuple("号號室栋棟幢楼樓层層班组組级級届屆期批路弄巷村区區街座排线線条條")
"""What ends so numbers a thing, and counts none: 3号楼, 101室."""


@dataclass(slots=True)
class _Candidate:
    """One conversion and how well it has fitted so far; `retypes` if it changes even what it does not rewrite."""

    code: str
    retypes: bool = False
    fits: int = 0
    rows: int = 0
    proved: bool = False
    shown: tuple[str, str] = ("", "")

    @property
    def kind(self) -> str:
        return self.code.partition(":")[0]

    def see(self, present: pa.Array) -> None:
        """Try the conversion on some values."""
        done = conversions.convert(present, self.code)
        self.fits += len(present) - done.null_count
        proof = PROOF.get(self.kind)
        self.proved = self.proved or proof is None or _any(present, proof)
        changed = pc.is_valid(done) if self.retypes else pc.fill_null(pc.not_equal(done, present), fill_value=False)
        if count := pc.sum(changed).as_py() or 0:
            if not self.rows:
                first = pc.index(changed, value=True).as_py()
                self.shown = present[first].as_py()[:200], done[first].as_py()[:200]
            self.rows += count

    def offer(self, column: str, seen: int) -> Offer:
        """What the steward is shown."""
        _, params = conversions.parsed(self.code)
        said: dict[str, str | int] = {**params, **({"unit": "%"} if self.kind == "percent" else {})}
        if self.fits < seen:
            said["misfits"] = seen - self.fits
        return Offer(column, self.code, said, self.rows, *self.shown)


class Watch:
    """Looks at every batch of one column for conversions that most of its values invite.

    `declared` is the type its data item gives, if it does; `quoted` says that the file itself calls it text.
    """

    def __init__(self, name: str, declared: ColumnType | None = None, *, quoted: bool = False) -> None:
        self._name = name
        meaning = meanings.meaning(name)
        by_day = declared in {ColumnType.DATE, ColumnType.DATETIME} or (declared is None and meaning is Meaning.DAY)
        by_yes = declared is ColumnType.BOOLEAN or (declared is None and meaning is Meaning.YES_NO)
        text = declared is ColumnType.TEXT or (declared is None and meaning is Meaning.CODE)
        kinds = () if text else _kinds(declared)
        pairs = PAIRS if declared in {None, ColumnType.BOOLEAN} and not text else ()
        always = [*(DAYS_UNDER_HEADING if by_day else ()), *(["yes-no:1/0"] if by_yes else [])]
        always += ["number"] if quoted and "number" in kinds else []
        self._always = {_whole(code) for code in always}
        codes = [*kinds, *(f"yes-no:{yes}/{no}" for yes, no in pairs), *always]
        self._candidates = {code: _Candidate(code, quoted and code == "number") for code in map(_whole, codes)}
        self._units = "thousands" in kinds
        self._seen = 0
        self._wide = _Candidate("full-width") if declared in {None, ColumnType.TEXT} else None

    @property
    def open(self) -> bool:
        """Whether `see` is still of use."""
        return bool(self._candidates)

    def see(self, present: pa.Array, *, typed: bool, number: bool) -> None:
        """Take in the present values of a batch, trimmed; `typed` ones have a form already, `number` that of one."""
        self._seen += len(present)
        if self._units and not typed:
            self._units = False
            if unit := _unit(present):
                self._candidates[unit] = _Candidate(unit)
        for code, candidate in list(self._candidates.items()):
            tried = not typed or code in self._always
            if tried:
                candidate.see(present)
            elif number and code in {"thousands", "number"}:
                candidate.fits += len(present)
            if tried and candidate.fits * 2 < self._seen:
                del self._candidates[code]

    def see_text(self, values: pa.Array) -> None:
        """Take in a batch of a column that is text, as it stands in the file."""
        if self._wide is None or not octets.may_hold(values, *octets.FULL_WIDTH):
            return
        wide = pc.match_substring_regex(values.cast(pa.binary()), WIDE_TEXT)
        if count := pc.sum(wide).as_py() or 0:
            if not self._wide.rows:
                self._wide.see(values.filter(wide).slice(0, 1))
                self._wide.rows = 0
            self._wide.rows += count

    def offers(self) -> Iterator[Offer]:
        """What the column may be read by; of several kinds of amount only the most particular one."""
        fit = [one for one in self._candidates.values() if one.rows and one.proved]
        fit = [one for one in fit if one.fits >= self._seen * SHARE]
        others = any(one.kind in {"thousands", "percent", "unit"} for one in fit)
        dates = any(one.kind == "serial-date" for one in fit)
        for one in fit:
            if not (one.kind == "number" and others) and not (one.kind == "serial-datetime" and dates):
                yield one.offer(self._name, self._seen)
        if self._wide and self._wide.rows and not fit:
            yield self._wide.offer(self._name, 0)


def _whole(code: str) -> str:
    return conversions.coded(*conversions.parsed(code))


def _kinds(declared: ColumnType | None) -> tuple[str, ...]:
    if declared is None:
        return (*AMOUNTS, *DAYS)
    if declared in {ColumnType.INTEGER, ColumnType.DECIMAL}:
        return AMOUNTS
    return DAYS if declared in {ColumnType.DATE, ColumnType.DATETIME} else ()


def _unit(present: pa.Array) -> str | None:
    """The code of the commonest unit, unless it numbers things."""
    parts = pc.extract_regex(present, UNIT)
    if parts.null_count * 2 > len(present):
        return None
    both = pc.binary_join_element_wise(pc.struct_field(parts, "before"), pc.struct_field(parts, "behind"), "")
    counts = pc.value_counts(both.drop_null())
    ranked = sorted(counts.to_pylist(), key=lambda one: -one["counts"])
    unit = next((one["values"].strip() for one in ranked if one["values"].strip()), "")
    return None if not unit or unit.endswith(ORDINALS) else conversions.coded("unit", {"unit": unit})


def _any(values: pa.Array, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(values, pattern)).as_py())
