"""Ways of writing a value that a column may be read by once its steward says so: text in, plain text out.

What comes out is written so that the ordinary forms read it (1234.5, 2026-11-03, 是); a value that a conversion
does not take becomes null, so that its row can be refused. A conversion is named by its code, followed by its
particulars where it has any: "percent", "unit:万元", "serial-date:1904", "yes-no:有/无".
"""

import re
from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from catalog.reading_files import days, forms, numerals
from policies.refusals import Invalid

AMOUNT = r"[+-]?(?:0|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,4}|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?"
"""A number with or without commas between its thousands."""

ANY_NUMBER = r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
NONE_MARKS = r"[-—–/\\*…·]{1,6}|暂?无|空|不详|未知|缺失|未填|无数据|暂缺"
"""What stands for "no value" where an amount is expected."""

CURRENCIES = "￥¥$€£"
EPOCHS = {"1900": -25569, "1904": -24107}
"""Day nought of a spreadsheet's calendar, in days from 1970; with the calendar of 1900 it holds from March on."""

SERIAL = "[2-5][0-9]{4}|60000"
SERIAL_TIME = rf"(?:{SERIAL})(?:\.[0-9]+)?"
DAY_MILLISECONDS = 86_400_000
NARROW = str.maketrans(
    {chr(0xFEE0 + code): chr(code) for code in range(0x21, 0x7F) if chr(code).isalnum() or chr(code) in "-./_"}
)
PARAMS: Mapping[str, tuple[str, ...]] = {
    "unit": ("unit",),
    "serial-date": ("epoch",),
    "serial-datetime": ("epoch",),
    "yes-no": ("yes", "no"),
}
"""The particulars that stand behind the colon of a code, separated by a stroke."""


DEFAULTS = {"epoch": "1900"}


def coded(kind: str, params: Mapping[str, str]) -> str:
    """The code of a conversion with its particulars in it."""
    return ":".join([kind, *(["/".join(params[name] for name in PARAMS[kind])] if kind in PARAMS else [])])


def parsed(code: str, params: Mapping[str, str] | None = None) -> tuple[str, dict[str, str]]:
    """Kind and particulars of a code, which `params` may complete; Invalid if there is no such conversion."""
    kind, _, rest = code.partition(":")
    names = PARAMS.get(kind, ())
    given = dict(zip(names, rest.split("/", max(0, len(names) - 1)), strict=False)) if rest else {}
    found = {name: (params or {}).get(name, given.get(name, DEFAULTS.get(name, ""))) for name in names}
    if kind not in CONVERSIONS or not all(found.values()) or found.get("epoch", "1900") not in EPOCHS:
        raise Invalid("file.conversion-unknown", conversion=code[:100])
    return kind, found


def convert(values: pa.Array, code: str, params: Mapping[str, str] | None = None) -> pa.Array:
    """The values in plain writing; null where there is none, and where a value is not of this kind.

    A mark for "no value" where an amount is expected becomes the empty text.
    """
    kind, found = parsed(code, params)
    if kind == "full-width":
        return _narrow(values, found)
    return CONVERSIONS[kind](forms.trimmed(values), found)


def _matching(values: pa.Array, pattern: str) -> pa.Array:
    fits = pc.match_substring_regex(values, f"^(?:{pattern})$")
    return pc.if_else(fits, values, pa.scalar(None, pa.string()))


def _amount(values: pa.Array, before: str = "", behind: str = "", *, otherwise: str = "") -> pa.Array:
    """Amounts between what stands before and behind them; `otherwise` is what needs neither (RE2 patterns)."""
    parts = pc.extract_regex(values, f"^(?:{before})(?P<a>{AMOUNT})(?:{behind})$")
    amounts = pc.replace_substring_regex(pc.struct_field(parts, "a"), r"^\+|,", "")
    if otherwise:
        amounts = pc.coalesce(amounts, _matching(values, otherwise))
    marks = pc.match_substring_regex(values, f"^(?:{NONE_MARKS})$")
    return pc.if_else(marks, pa.scalar(""), amounts)


def _thousands(values: pa.Array, _params: Mapping[str, str]) -> pa.Array:
    return _amount(values)


def _percent(values: pa.Array, _params: Mapping[str, str]) -> pa.Array:
    return _amount(values, behind=" ?%", otherwise="0")


def _unit(values: pa.Array, params: Mapping[str, str]) -> pa.Array:
    unit = params["unit"]
    currency = unit[:1] if unit[:1] in CURRENCIES else ""
    before = f"{re.escape(currency)} ?" if currency else ""
    behind = f" ?{re.escape(unit[1:] if currency else unit)}" if unit != currency else ""
    return _amount(values, before, behind, otherwise="0")


def _number(values: pa.Array, _params: Mapping[str, str]) -> pa.Array:
    found = pc.replace_substring_regex(_matching(values, ANY_NUMBER), r"^\+", "")
    floats = numerals.floats(found)
    too_long = pc.and_(pc.is_null(numerals.exact_floats(found)), pc.is_valid(floats))
    whole = pc.match_substring_regex(found, "^-?[0-9]+$")
    written = pc.if_else(pc.and_(too_long, pc.invert(whole)), floats.cast(pa.string()), found)
    written = pc.if_else(pc.is_valid(floats), written, pa.scalar(None, pa.string()))
    return pc.if_else(pc.match_substring_regex(values, f"^(?:{NONE_MARKS})$"), pa.scalar(""), written)


def _serial_date(values: pa.Array, params: Mapping[str, str]) -> pa.Array:
    numbers = pc.add(_matching(values, SERIAL).cast(pa.int32()), EPOCHS[params["epoch"]])
    return numbers.cast(pa.int32()).cast(pa.date32()).cast(pa.string())


def _serial_datetime(values: pa.Array, params: Mapping[str, str]) -> pa.Array:
    numbers = pc.add(_matching(values, SERIAL_TIME).cast(pa.float64()), float(EPOCHS[params["epoch"]]))
    moments = pc.round(pc.multiply(numbers, float(DAY_MILLISECONDS))).cast(pa.int64()).cast(pa.timestamp("ms"))
    return moments.cast(pa.string())


def _days(*patterns: str) -> Callable[[pa.Array, Mapping[str, str]], pa.Array]:
    def read(values: pa.Array, _params: Mapping[str, str]) -> pa.Array:
        found = [days.read_day(_matching(values, pattern), pattern).cast(pa.string()) for pattern in patterns]
        return pc.coalesce(*found)

    return read


def _yes_no(values: pa.Array, params: Mapping[str, str]) -> pa.Array:
    nothing = pa.scalar(None, pa.string())
    no = pc.if_else(pc.equal(values, params["no"]), pa.scalar("否"), nothing)
    return pc.if_else(pc.equal(values, params["yes"]), pa.scalar("是"), no)


def _narrow(values: pa.Array, _params: Mapping[str, str]) -> pa.Array:
    return pa.array([value and value.translate(NARROW) for value in values.to_pylist()], pa.string())


CONVERSIONS: Mapping[str, Callable[[pa.Array, Mapping[str, str]], pa.Array]] = {
    "thousands": _thousands,
    "percent": _percent,
    "unit": _unit,
    "number": _number,
    "serial-date": _serial_date,
    "serial-datetime": _serial_datetime,
    "roc-date": _days(days.REPUBLICAN, days.REPUBLICAN_BARE, days.REPUBLICAN_SIGNS),
    "roc-digits": _days(days.REPUBLICAN_COMPACT),
    "day-first-date": _days(days.DAY_FIRST),
    "month-first-date": _days(days.MONTH_FIRST),
    "yes-no": _yes_no,
    "full-width": _narrow,
}
