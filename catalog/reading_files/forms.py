"""The written forms of numbers, dates and times, and how a whole column of text turns into typed values.

A value that has none of a column's forms becomes null in the result; the caller compares null counts, so
nothing is lost unseen. Values are trimmed first (full-width spaces too) and their full-width digits and signs
read as narrow ones. These stand for "no value" in any column that is not text, in upper or lower case: an empty
cell, NA, N/A, #N/A, NULL, \\N, and NaN and infinity, which no exchange format can carry. In text columns only the
empty cell is null, everything else is kept as it stands.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from catalog.reading_files import days, numerals, octets
from catalog.reading_files.shapes import ColumnType

INFINITIES = tuple(sign + word for sign in ("", "+", "-") for word in ("inf", "infinity"))
NULL_TOKENS = ("", "na", "n/a", "#n/a", "nan", "-nan", "null", "\\n", *INFINITIES)
ARROW = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.DECIMAL: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.DATETIME: pa.timestamp("us"),
}
LONGEST_TOKEN = max(map(len, NULL_TOKENS))
SPACES = " \t\r\n\u00a0\u3000"


@dataclass(frozen=True, slots=True)
class Form:
    """One way of writing values of a type: a whole-value pattern (RE2) and the reading of what matches it.

    `reason` is the reason code that a column has when this form gave it its type. A form of the type text only
    recognises: such a column is kept as it stands, and the reason says what it holds.
    """

    name: str
    type: ColumnType
    pattern: str
    parse: Callable[[pa.Array, str], pa.Array]
    reason: str = "file.typed-by-values"

    def read(self, values: pa.Array) -> pa.Array:
        """Typed values; null where the text does not have this form."""
        fits = pc.match_substring_regex(values, f"^(?:{self.pattern})$")
        return self.parse(pc.if_else(fits, values, pa.scalar(None, pa.string())), self.pattern)

    def read_again(self, values: pa.Array) -> pa.Array:
        """Typed values of which each is known to have this form."""
        return self.parse(values, self.pattern)


@dataclass(frozen=True, slots=True)
class Bare:
    """Values made ready for reading, and in how many cells a word for "no value" or a full-width sign stood."""

    values: pa.Array
    tokens: int
    wide: int


def bared(values: pa.Array) -> Bare:
    """Values without outer spaces and full-width signs, the tokens for "no value" turned into null."""
    bare, wide = numerals.narrowed(pc.utf8_trim(values, SPACES))
    if (pc.min(pc.binary_length(bare)).as_py() or 0) > LONGEST_TOKEN:
        return Bare(bare, 0, wide)
    empty = pc.equal(bare, "")
    absent = empty
    if (octets.of(bare) > ord("9")).any():
        absent = pc.is_in(pc.ascii_lower(bare), value_set=pa.array(NULL_TOKENS))
    found = pc.sum(absent).as_py() or 0
    tokens = found - (pc.sum(empty).as_py() or 0) if found else 0
    return Bare(pc.if_else(absent, pa.scalar(None, pa.string()), bare) if found else bare, tokens, wide)


def trimmed(values: pa.Array) -> pa.Array:
    """Values as `bared` makes them."""
    return bared(values).values


def text(values: pa.Array) -> pa.Array:
    """Text as it stands, the empty cell as null."""
    empty = pc.equal(values, "")
    return pc.if_else(empty, pa.scalar(None, pa.string()), values) if pc.any(empty).as_py() else values


def read_as(values: pa.Array, forms: tuple[Form, ...]) -> pa.Array:
    """Typed values of a column whose type is declared: each value may have any of the forms."""
    found = forms[0].read(values)
    for form in forms[1:]:
        if found.null_count == values.null_count:
            break
        found = pc.coalesce(found, form.read(values))
    return found


def _integer(values: pa.Array, _pattern: str) -> pa.Array:
    return values.cast(pa.int64())


def _declared_integer(values: pa.Array, _pattern: str) -> pa.Array:
    bare = pc.replace_substring_regex(values, r"^\+|\.0+$", "")
    return bare.cast(pa.int64())


def _decimal(values: pa.Array, _pattern: str) -> pa.Array:
    return numerals.exact_floats(values)


def _declared_decimal(values: pa.Array, _pattern: str) -> pa.Array:
    return numerals.floats(values)


def _boolean(values: pa.Array, _pattern: str) -> pa.Array:
    said = pc.is_in(pc.utf8_lower(values), value_set=pa.array(TRUE_WORDS))
    return pc.if_else(pc.is_valid(values), said, pa.scalar(None, pa.bool_()))


def _as_it_stands(values: pa.Array, _pattern: str) -> pa.Array:
    return values


def _day(name: str, pattern: str, parse: Callable[[pa.Array, str], pa.Array] = days.read_day) -> Form:
    return Form(f"date-{name}", ColumnType.DATE, pattern, parse, f"file.typed-date-{name}")


def _moment(name: str, pattern: str, parse: Callable[[pa.Array, str], pa.Array] = days.read_moment) -> Form:
    return Form(f"datetime-{name}", ColumnType.DATETIME, pattern, parse, f"file.typed-datetime-{name}")


def _recognised(name: str, pattern: str) -> Form:
    return Form(name, ColumnType.TEXT, pattern, _as_it_stands, f"file.text-{name}")


TRUE_WORDS = ("true", "t", "yes", "y", "1", "是", "真")
FALSE_WORDS = ("false", "f", "no", "n", "0", "否", "假")
BOOLEAN_PATTERN = f"(?i:{'|'.join(TRUE_WORDS + FALSE_WORDS)})"
WHOLE = "0|-?[1-9][0-9]{0,14}"
NUMBER = r"-?(?:(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,60})?|\.[0-9]{1,60})(?:[eE][+-]?[0-9]{1,3})?"

INTEGER = Form("integer", ColumnType.INTEGER, WHOLE, _integer)
DECIMAL = Form("decimal", ColumnType.DECIMAL, NUMBER, _decimal)
NUMBERS = (INTEGER, DECIMAL)
DATE_DASHED = _day("dashed", days.DASHED, days.read_iso_day)
DATE_SLASHED = _day("slashed", days.SLASHED)
DATE_DOTTED = _day("dotted", days.DOTTED)
DATE_CHINESE = _day("chinese", days.CHINESE)
DATE_REPUBLICAN = _day("republican", days.REPUBLICAN)
DATETIME_DASHED = _moment("dashed", f"{days.DASHED}[ T]{days.CLOCK}", days.read_iso_moment)
DATETIME_SLASHED = _moment("slashed", f"{days.SLASHED} {days.CLOCK}")
DATETIME_DOTTED = _moment("dotted", rf"{days.DOTTED} {days.CLOCK}")
DATETIME_CHINESE = _moment("chinese", f"{days.CHINESE} ?{days.CLOCK}")
DATETIME_WORDS = _moment("words", f"{days.CHINESE} ?{days.CLOCK_CHINESE}")
DATETIME_ZONED = Form(
    "datetime-zoned",
    ColumnType.DATETIME,
    f"{days.DASHED}[ T]{days.CLOCK} ?{days.ZONE}",
    days.read_zoned,
    "file.typed-zoned",
)
DATE_OR_TIME = _moment("dashed", f"{days.DASHED}(?:[ T]{days.CLOCK})?", days.read_iso_moment)
"""For workbooks only: a spreadsheet hands midnight over as a bare date."""

YES_NO = Form("yes-no", ColumnType.BOOLEAN, "是|否", _boolean, "file.typed-yes-no")
TRUE_FALSE = Form("true-false", ColumnType.BOOLEAN, "(?i:true|false)", _boolean, "file.typed-true-false")
Y_N = Form("y-n", ColumnType.BOOLEAN, "(?i:[yn])", _boolean, "file.typed-y-n")
ENGLISH_YES_NO = Form("english-yes-no", ColumnType.BOOLEAN, "(?i:yes|no)", _boolean, "file.typed-english-yes-no")
BOTH_WANTED = (Y_N, ENGLISH_YES_NO)
"""A column of nothing but N, or of nothing but No, may mean something else (north, a number)."""

MONTHS = _recognised("months", "(?:(?:民[國国] ?)?[0-9]{2,4} ?年 ?|[12][0-9]{3}[-/])(?:0?[1-9]|1[0-2]) ?月?份?")
TIMES = _recognised("times", r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?")
CODES = _recognised("code-heading", f"{NUMBER}")
QUOTED = _recognised("quoted", f"{NUMBER}")

GIVEN = _recognised("given", "(?s:.*)")
"""For columns that the file itself calls text: they are kept as they stand, the empty text too."""

LADDERS: tuple[tuple[Form, ...], ...] = (
    NUMBERS,
    (DATE_DASHED,),
    (DATE_SLASHED,),
    (DATE_DOTTED,),
    (DATE_CHINESE,),
    (DATE_REPUBLICAN,),
    (DATETIME_DASHED,),
    (DATETIME_SLASHED,),
    (DATETIME_DOTTED,),
    (DATETIME_CHINESE,),
    (DATETIME_WORDS,),
    (DATETIME_ZONED,),
    (YES_NO,),
    (TRUE_FALSE,),
    (Y_N,),
    (ENGLISH_YES_NO,),
    (MONTHS,),
    (TIMES,),
)
"""Forms a column may be found to have; each ladder goes from narrow to wide, wide holding all of narrow."""

DAY_LADDERS = (
    (_day("compact", days.RECENT),),
    (_moment("compact", f"{days.RECENT}[ T]?{days.CLOCK_COMPACT}"),),
    (_recognised("months", r"(?:19|20)[0-9]{2}\.(?:0?[1-9]|1[0-2])"),),
)
"""What only a heading that speaks of days lets the values be; without it they are numbers."""

REPUBLICAN_LADDERS = (
    (_day("republican", days.REPUBLICAN_BARE),),
    (_day("republican", days.REPUBLICAN_SIGNS),),
    (_day("republican", days.REPUBLICAN_COMPACT),),
)
"""What only a heading that speaks of the Republic's years lets the values be."""

DECLARED: dict[ColumnType, tuple[Form, ...]] = {
    ColumnType.INTEGER: (
        Form("declared-integer", ColumnType.INTEGER, r"[+-]?[0-9]{1,18}(?:\.0+)?", _declared_integer),
    ),
    ColumnType.DECIMAL: (
        Form(
            "declared-decimal",
            ColumnType.DECIMAL,
            r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?",
            _declared_decimal,
        ),
    ),
    ColumnType.BOOLEAN: (Form("declared-boolean", ColumnType.BOOLEAN, BOOLEAN_PATTERN, _boolean),),
    ColumnType.DATE: (
        Form("declared-dashed", ColumnType.DATE, days.DASHED + days.MIDNIGHT, days.read_iso_day),
        *(
            Form("declared-day", ColumnType.DATE, pattern + days.MIDNIGHT, days.read_day)
            for pattern in (days.SLASHED, days.CHINESE, days.COMPACT, days.DOTTED, days.REPUBLICAN)
        ),
    ),
    ColumnType.DATETIME: (
        DATE_OR_TIME,
        Form("declared-slashed", ColumnType.DATETIME, f"{days.SLASHED}(?: {days.CLOCK})?", days.read_moment),
        DATETIME_ZONED,
        Form("declared-chinese", ColumnType.DATETIME, f"{days.CHINESE}(?: ?{days.CLOCK})?", days.read_moment),
        DATETIME_WORDS,
        DATETIME_DOTTED,
        Form("declared-compact", ColumnType.DATETIME, f"{days.COMPACT}[ T]?{days.CLOCK_COMPACT}", days.read_moment),
    ),
}
"""What a declared type accepts; unlike an inferred one it takes several forms in one column."""
