"""The written forms of numbers, dates and times, and how a whole column of text turns into typed values.

A value that has none of a column's forms becomes null in the result; the caller compares null counts, so
nothing is lost unseen. Values are trimmed first (full-width spaces too), and these stand for "no value" in
any column that is not text, in upper or lower case: an empty cell, NA, N/A, #N/A, NaN, NULL, \\N. In text
columns only the empty cell is null, everything else is kept as it stands.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from catalog.reading_files.shapes import ColumnType

NULL_TOKENS = ("", "na", "n/a", "#n/a", "nan", "null", "\\n")
ARROW = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.DECIMAL: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.DATETIME: pa.timestamp("us"),
}
SPACES = " \t\r\n\u00a0\u3000"
BEIJING_SECONDS = 8 * 3600


@dataclass(frozen=True, slots=True)
class Form:
    """One way of writing values of a type: a whole-value pattern (RE2) and the reading of what matches it."""

    name: str
    type: ColumnType
    pattern: str
    parse: Callable[[pa.Array, str], pa.Array]

    def read(self, values: pa.Array) -> pa.Array:
        """Typed values; null where the text does not have this form."""
        fits = pc.match_substring_regex(values, f"^(?:{self.pattern})$")
        return self.parse(pc.if_else(fits, values, pa.scalar(None, pa.string())), self.pattern)


def trimmed(values: pa.Array) -> pa.Array:
    """Values without outer spaces, the tokens for "no value" turned into null."""
    bare = pc.utf8_trim(values, SPACES)
    absent = pc.is_in(pc.utf8_lower(bare), value_set=pa.array(NULL_TOKENS))
    return pc.if_else(absent, pa.scalar(None, pa.string()), bare)


def text(values: pa.Array) -> pa.Array:
    """Text as it stands, the empty cell as null."""
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


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
    numbers = pc.replace_substring_regex(values, r"^\+", "").cast(pa.float64())
    return pc.if_else(pc.is_finite(numbers), numbers, pa.scalar(None, pa.float64()))


def _boolean(values: pa.Array, _pattern: str) -> pa.Array:
    said = pc.is_in(pc.utf8_lower(values), value_set=pa.array(TRUE_WORDS))
    return pc.if_else(pc.is_valid(values), said, pa.scalar(None, pa.bool_()))


def _date(values: pa.Array, pattern: str) -> pa.Array:
    try:
        return values.cast(pa.date32())
    except pa.ArrowInvalid:
        return _moments(_iso(values, pattern)).cast(pa.date32())


def _datetime(values: pa.Array, pattern: str) -> pa.Array:
    try:
        return values.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return _moments(_iso(values, pattern))


def _zoned(values: pa.Array, pattern: str) -> pa.Array:
    """Moments with a zone, as Beijing wall-clock time."""
    try:
        utc = values.cast(pa.timestamp("us", tz="UTC"))
    except pa.ArrowInvalid:
        zones = pc.struct_field(pc.extract_regex(values, f"^(?:{pattern})$"), "z")
        utc = _moments(pc.binary_join_element_wise(_iso(values, pattern), _offsets(zones), ""), zoned=True)
    return pc.add(utc.cast(pa.int64()), BEIJING_SECONDS * 1_000_000).cast(pa.timestamp("us"))


def _offsets(zones: pa.Array) -> pa.Array:
    """Zones as +hh:mm, whether they were written Z, +0800 or +08:00."""
    colons = pc.replace_substring_regex(zones, r"^([+-][0-9]{2})([0-9]{2})$", r"\1:\2")
    return pc.replace_substring(colons, "Z", "+00:00")


def _iso(values: pa.Array, pattern: str) -> pa.Array:
    """Moments of any form as YYYY-MM-DD hh:mm:ss[.ffffff], not yet checked against the calendar."""
    parts = pc.extract_regex(values, f"^(?:{pattern})$")
    names = {field.name for field in parts.type}

    def part(name: str, width: int) -> pa.Array:
        if name not in names:
            return pc.if_else(pc.is_valid(values), "0" * width, pa.scalar(None, pa.string()))
        return pc.utf8_lpad(pc.struct_field(parts, name), width, "0")

    day = pc.binary_join_element_wise(part("y", 4), part("m", 2), part("d", 2), "-")
    time = pc.binary_join_element_wise(part("h", 2), part("i", 2), part("s", 2), ":")
    if "f" not in names:
        return pc.binary_join_element_wise(day, time, " ")
    fraction = pc.utf8_rpad(pc.struct_field(parts, "f"), 6, "0")
    return pc.binary_join_element_wise(day, pc.binary_join_element_wise(time, fraction, "."), " ")


def _moments(iso: pa.Array, *, zoned: bool = False) -> pa.Array:
    """ISO text as timestamps; what is no day of the calendar becomes null."""
    type_ = pa.timestamp("us", tz="UTC") if zoned else pa.timestamp("us")
    try:
        return iso.cast(type_)
    except pa.ArrowInvalid:
        return pa.array([_moment(value) for value in iso.to_pylist()], type_)


def _moment(iso: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(iso) if iso else None
    except ValueError:
        return None


TRUE_WORDS = ("true", "t", "yes", "y", "1", "是", "真")
FALSE_WORDS = ("false", "f", "no", "n", "0", "否", "假")
BOOLEAN_PATTERN = f"(?i:{'|'.join(TRUE_WORDS + FALSE_WORDS)})"

DASHED = "(?P<y>[0-9]{4})-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})"
SLASHED = "(?P<y>[0-9]{4})/(?P<m>[0-9]{1,2})/(?P<d>[0-9]{1,2})"
DOTTED = r"(?P<y>[0-9]{4})\.(?P<m>[0-9]{1,2})\.(?P<d>[0-9]{1,2})"
CHINESE = "(?P<y>[0-9]{4})年(?P<m>[0-9]{1,2})月(?P<d>[0-9]{1,2})日"
COMPACT = "(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})"
CLOCK = r"(?P<h>[0-9]{1,2}):(?P<i>[0-9]{2})(?::(?P<s>[0-9]{2})(?:\.(?P<f>[0-9]{1,6})0{0,3})?)?"
MIDNIGHT = r"(?:[ T]0{1,2}:00(?::00(?:\.0{1,9})?)?)?"
ZONE = "(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})"

INTEGER = Form("integer", ColumnType.INTEGER, "0|-?[1-9][0-9]{0,14}", _integer)
DECIMAL = Form(
    "decimal",
    ColumnType.DECIMAL,
    r"-?(?:(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,17})?|\.[0-9]{1,17})(?:[eE][+-]?[0-9]{1,3})?",
    _decimal,
)
DATE_DASHED = Form("date-dashed", ColumnType.DATE, DASHED, _date)
DATE_SLASHED = Form("date-slashed", ColumnType.DATE, SLASHED, _date)
DATE_DOTTED = Form("date-dotted", ColumnType.DATE, DOTTED, _date)
DATE_CHINESE = Form("date-chinese", ColumnType.DATE, CHINESE, _date)
DATETIME_DASHED = Form("datetime-dashed", ColumnType.DATETIME, f"{DASHED}[ T]{CLOCK}", _datetime)
DATETIME_SLASHED = Form("datetime-slashed", ColumnType.DATETIME, f"{SLASHED} {CLOCK}", _datetime)
DATETIME_ZONED = Form("datetime-zoned", ColumnType.DATETIME, f"{DASHED}[ T]{CLOCK} ?{ZONE}", _zoned)
DATE_OR_TIME = Form("date-or-time", ColumnType.DATETIME, f"{DASHED}(?:[ T]{CLOCK})?", _datetime)
"""For workbooks only: a spreadsheet hands midnight over as a bare date."""

LADDERS: tuple[tuple[Form, ...], ...] = (
    (INTEGER, DECIMAL),
    (DATE_DASHED,),
    (DATE_SLASHED,),
    (DATE_DOTTED,),
    (DATE_CHINESE,),
    (DATETIME_DASHED,),
    (DATETIME_SLASHED,),
    (DATETIME_ZONED,),
)
"""Forms a column may be found to have; each ladder goes from narrow to wide, wide holding all of narrow."""

WORKBOOK_LADDERS = ((INTEGER, DECIMAL), (DATE_DASHED, DATE_OR_TIME), *LADDERS[2:5], *LADDERS[6:])

DECLARED: dict[ColumnType, tuple[Form, ...]] = {
    ColumnType.INTEGER: (
        Form("declared-integer", ColumnType.INTEGER, r"[+-]?[0-9]{1,18}(?:\.0+)?", _declared_integer),
    ),
    ColumnType.DECIMAL: (
        Form(
            "declared-decimal",
            ColumnType.DECIMAL,
            r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?",
            _decimal,
        ),
    ),
    ColumnType.BOOLEAN: (Form("declared-boolean", ColumnType.BOOLEAN, BOOLEAN_PATTERN, _boolean),),
    ColumnType.DATE: tuple(
        Form(f"declared-{name}", ColumnType.DATE, pattern + MIDNIGHT, _date)
        for name, pattern in (
            ("dashed", DASHED),
            ("slashed", SLASHED),
            ("chinese", CHINESE),
            ("compact", COMPACT),
            ("dotted", DOTTED),
        )
    ),
    ColumnType.DATETIME: (
        DATE_OR_TIME,
        Form("declared-slashed", ColumnType.DATETIME, f"{SLASHED}(?: {CLOCK})?", _datetime),
        DATETIME_ZONED,
        Form("declared-chinese", ColumnType.DATETIME, f"{CHINESE}(?: ?{CLOCK})?", _datetime),
    ),
}
"""What a declared type accepts; unlike an inferred one it takes several forms in one column."""
