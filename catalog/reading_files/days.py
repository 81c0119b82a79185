"""The written forms of days and moments, and the reading of a whole column of them.

Every pattern is one of RE2 for a whole value. Its groups are y (year), r (year of the Republic, 1912 being the
first), m, d, h, i (minute), s, f (fraction of a second) and z (zone); those it lacks are nought. What is no day
of the calendar becomes null.
"""

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

BEIJING_SECONDS = 8 * 3600
FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The years 1 to 9999, in microseconds from 1970."""
REPUBLIC = 1911
"""Add it to a year of the Republic to get that of the common era."""

YEAR = "(?P<y>[1-9][0-9]{3}|0(?:[1-9][0-9]{2}|0(?:[1-9][0-9]|0[1-9])))"
"""0001 to 9999."""

DASHED = YEAR + "-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})"
SLASHED = YEAR + "/(?P<m>[0-9]{1,2})/(?P<d>[0-9]{1,2})"
DOTTED = YEAR + r"\.(?P<m>[0-9]{1,2})\.(?P<d>[0-9]{1,2})"
MONTH_DAY = "(?P<m>[0-9]{1,2}) ?月 ?(?P<d>[0-9]{1,2}) ?[日号號]"
CHINESE = f"{YEAR} ?年 ?{MONTH_DAY}"
COMPACT = YEAR + "(?P<m>[0-9]{2})(?P<d>[0-9]{2})"
RECENT = "(?P<y>19[0-9]{2}|20[0-9]{2}|2100)(?P<m>[0-9]{2})(?P<d>[0-9]{2})"
"""Eight digits that may be a day; told from a number only by its heading."""

REPUBLICAN = f"(?:中[華华])?民[國国] ?(?P<r>[0-9]{{1,3}}) ?年 ?{MONTH_DAY}"
REPUBLICAN_BARE = f"(?P<r>[0-9]{{2,3}}) ?年 ?{MONTH_DAY}"
REPUBLICAN_SIGNS = "(?P<r>[0-9]{2,3})[-/.](?P<m>[0-9]{1,2})[-/.](?P<d>[0-9]{1,2})"
REPUBLICAN_COMPACT = "(?P<r>[0-9]{2,3})(?P<m>[0-9]{2})(?P<d>[0-9]{2})"
DAY_FIRST = "(?P<d>[0-9]{1,2})[-/.](?P<m>[0-9]{1,2})[-/.](?P<y>(?:19|20)[0-9]{2})"
MONTH_FIRST = "(?P<m>[0-9]{1,2})[-/.](?P<d>[0-9]{1,2})[-/.](?P<y>(?:19|20)[0-9]{2})"

CLOCK = r"(?P<h>[0-9]{1,2}):(?P<i>[0-9]{2})(?::(?P<s>[0-9]{2})(?:\.(?P<f>[0-9]{1,6})0{0,3})?)?"
CLOCK_CHINESE = "(?P<h>[0-9]{1,2}) ?[时時点點](?: ?(?P<i>[0-9]{1,2}) ?分(?: ?(?P<s>[0-9]{1,2}) ?秒)?)?"
CLOCK_COMPACT = "(?P<h>[0-9]{2}):?(?P<i>[0-9]{2})(?::?(?P<s>[0-9]{2}))?"
MIDNIGHT = r"(?:[ T]0{1,2}:00(?::00(?:\.0{1,9})?)?)?"
ZONE = "(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})"


def read_iso_day(values: pa.Array, pattern: str) -> pa.Array:
    """Days in a form that ISO 8601 nearly is."""
    try:
        return values.cast(pa.date32())
    except pa.ArrowInvalid:
        return read_day(values, pattern)


def read_day(values: pa.Array, pattern: str) -> pa.Array:
    """Days in any form; they come as date32."""
    return _moments(_iso(values, pattern)).cast(pa.date32())


def read_iso_moment(values: pa.Array, pattern: str) -> pa.Array:
    """Moments in a form that ISO 8601 nearly is."""
    try:
        return values.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return read_moment(values, pattern)


def read_moment(values: pa.Array, pattern: str) -> pa.Array:
    """Moments in any form; they come as timestamps to the microsecond, without a zone."""
    return _moments(_iso(values, pattern))


def read_zoned(values: pa.Array, pattern: str) -> pa.Array:
    """Moments with a zone, as Beijing wall-clock time."""
    try:
        utc = values.cast(pa.timestamp("us", tz="UTC"))
    except pa.ArrowInvalid:
        zones = pc.struct_field(pc.extract_regex(values, f"^(?:{pattern})$"), "z")
        utc = _moments(pc.binary_join_element_wise(_iso(values, pattern), _offsets(zones), ""), zoned=True)
    return beijing(utc)


def beijing(utc: pa.Array) -> pa.Array:
    """Timestamps with a zone, to the microsecond, as Beijing wall-clock time; null outside the years 1 to 9999."""
    local = pc.add(utc.cast(pa.int64()), BEIJING_SECONDS * 1_000_000)
    known = pc.and_(pc.greater_equal(local, FIRST), pc.less_equal(local, LAST))
    return pc.if_else(known, local, pa.scalar(None, pa.int64())).cast(pa.timestamp("us"))


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

    year = part("y", 4)
    if "r" in names:
        year = pc.add(pc.struct_field(parts, "r").cast(pa.int64()), REPUBLIC).cast(pa.string())
    day = pc.binary_join_element_wise(year, part("m", 2), part("d", 2), "-")
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
