"""Digits as people write them: full-width ones read like narrow ones, and none of them lost in a float."""

from decimal import Context, Decimal

import pyarrow as pa
import pyarrow.compute as pc

from catalog.reading_files import octets

WIDE = {**{chr(0xFEE0 + ord(sign)): sign for sign in "0123456789.-+%,:/Ee"}, "\u2212": "-"}
"""Full-width digits and signs, and the minus sign of typesetting, each with what it stands for in a number."""

MINUS = "\u2212".encode()
WIDE_DIGITS = f"[{chr(0xFF10)}-{chr(0xFF19)}{''.join(sign for sign in WIDE if not sign.isalnum())}]"
MOST_PLACES = 400
EVERY_DIGIT = Context(prec=1200)
EXACT_LENGTH = 16
"""A number of at most so many characters, its point among them, has at most fifteen digits: a float holds them."""


TINY = 1e-290
"""Below it floats have fewer digits, and at last none."""


def narrowed(values: pa.Array) -> tuple[pa.Array, int]:
    """Values with full-width digits and signs made narrow, and in how many of them there were any."""
    if octets.is_ascii(values) or not octets.may_hold(values, *octets.FULL_WIDTH, MINUS):
        return values, 0
    count = pc.sum(pc.match_substring_regex(values, WIDE_DIGITS)).as_py() or 0
    if count:
        for wide, narrow in WIDE.items():
            values = pc.replace_substring(values, wide, narrow)
    return values, count


def floats(values: pa.Array) -> pa.Array:
    """Texts of numbers as floats; beyond the range of floats they are null."""
    bare = pc.replace_substring_regex(values, r"^\+", "") if octets.may_hold(values, b"+") else values
    numbers = bare.cast(pa.float64())
    finite = pc.is_finite(numbers)
    return numbers if pc.all(finite).as_py() else pc.if_else(finite, numbers, pa.scalar(None, pa.float64()))


def exact_floats(values: pa.Array) -> pa.Array:
    """Texts of numbers as floats; null where the float, written out again, would not have the same digits.

    A float64 holds any fifteen digits, and the sixteen or more with which programs write one out. What is longer
    otherwise, or runs out of its range, would be rounded unseen.
    """
    numbers = floats(values)
    doubtful = pc.greater(pc.binary_length(values), EXACT_LENGTH)
    tiny = pc.less(pc.abs(numbers), TINY)
    if pc.any(tiny).as_py():
        doubtful = pc.or_(doubtful, pc.and_(tiny, pc.match_substring_regex(values, "[eE]")))
    if not pc.any(doubtful).as_py():
        return numbers
    doubtful = pc.and_(doubtful, pc.is_valid(numbers))
    doubtful = pc.and_(doubtful, pc.not_equal(numbers.cast(pa.string()), values))
    rounded = [
        row
        for row in pc.indices_nonzero(doubtful).to_pylist()
        if not _holds(numbers[row].as_py(), Decimal(values[row].as_py()))
    ]
    if not rounded:
        return numbers
    lost = pc.is_in(pa.array(range(len(values))), value_set=pa.array(rounded))
    return pc.if_else(lost, pa.scalar(None, pa.float64()), numbers)


def _holds(number: float, written: Decimal) -> bool:
    """Whether a float, written out shortest or with as many places, is what was written."""
    if Decimal(repr(number)) == written:
        return True
    places = written.as_tuple().exponent
    short = isinstance(places, int) and -MOST_PLACES <= places <= 0
    return short and Decimal(number).quantize(written, context=EVERY_DIGIT) == written
