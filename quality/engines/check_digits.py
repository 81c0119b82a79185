"""Check digits of whole columns at once: Arrow arrays in, Arrow booleans out.

The unified social credit code (GB 32100, modulus 31, remainder 0) and the citizen identity number (GB 11643 by ISO
7064 MOD 11-2, remainder 1) are weighted sums over eighteen ASCII characters; the sum is looked up two characters at
a time, which halves the work; a character without a value poisons the sum. The organisation code (GB 11714, modulus
11, remainder 0), the registration number of fifteen digits (ISO 7064 MOD 11,10) and the bank card (Luhn) are worked
out column of characters by column of characters.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

WIDTH = 18
_POISON = 1_000
"""Above any true sum, and small enough that eighteen of them still fit into sixteen bits."""
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
PROVINCES = (11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46,
              50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83, 91)  # fmt: skip
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


def _pair_tables(alphabets: Sequence[str], weights: Sequence[int], modulus: int) -> list[npt.NDArray[np.int16]]:
    """Nine tables from two characters, read as one little-endian number, to their share of the sum."""
    first, second = np.arange(65536) & 255, np.arange(65536) >> 8
    tables = []
    for at in range(0, WIDTH, 2):
        values = []
        for alphabet, weight in zip(alphabets[at : at + 2], weights[at : at + 2], strict=True):
            share = np.full(256, _POISON, np.int16)
            for value, character in enumerate(alphabet):
                share[[ord(character), ord(character.lower())]] = value * weight % modulus
            values.append(share)
        tables.append(values[0][first] + values[1][second])
    return tables


@dataclass(frozen=True)
class Scheme:
    """A check: which characters may stand at each of the eighteen places, their weights, modulus and remainder.

    A character is worth its place in its alphabet; lower case is worth what upper case is.
    """

    alphabets: tuple[str, ...]
    weights: tuple[int, ...]
    modulus: int
    remainder: int


USCC = Scheme((_USCC,) * WIDTH, (*(pow(3, at, 31) for at in range(17)), 1), 31, 0)
CITIZEN_ID = Scheme(
    ("0123456789",) * 17 + ("0123456789X",), (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, 1), 11, 1
)
_USCC_TABLES = _pair_tables(USCC.alphabets, USCC.weights, USCC.modulus)
_ID_TABLES = _pair_tables(CITIZEN_ID.alphabets, CITIZEN_ID.weights, CITIZEN_ID.modulus)


def uscc(values: pa.Array) -> pa.Array:
    """Which values are unified social credit codes with a right check character; null stays null, case doesn't
    matter."""
    return _apply(values, lambda rows: _sums(rows, _USCC_TABLES, USCC))


def citizen_id(values: pa.Array, not_after: int) -> pa.Array:
    """Which values are citizen identity numbers: province, real date of birth up to `not_after` (yyyymmdd),
    check digit."""
    return _apply(values, lambda rows: _citizens(rows, not_after))


def organisation_code(values: pa.Array) -> pa.Array:
    """Which values are organisation codes, with or without a hyphen before the last character; case doesn't matter."""
    hyphened = _apply(values, lambda rows: (rows[:, 8] == ord("-")) & _organisations(np.delete(rows, 8, axis=1)), 10)
    return pc.or_(_apply(values, _organisations, 9), hyphened)


def registration(values: pa.Array) -> pa.Array:
    """Which values are company registration numbers of fifteen digits with a right last one."""
    return _apply(values, _registrations, 15)


def bank_card(values: pa.Array) -> pa.Array:
    """Which values are bank card numbers: 13 to 19 digits, not all the same, the last one right by Luhn."""
    return _apply(values, _cards, *range(13, 20))


PLAIN: Mapping[str, Callable[[pa.Array], pa.Array]] = {
    "uscc": uscc,
    "organisation_code": organisation_code,
    "registration": registration,
    "bank_card": bank_card,
}
"""The schemes which need nothing but the values; `citizen_id` needs a last day of birth beside."""


def check(scheme: str, values: pa.Array, not_after: int) -> pa.Array:
    """Which values carry a right check digit by one of the schemes."""
    return citizen_id(values, not_after) if scheme == "citizen_id" else PLAIN[scheme](values)


def _apply(values: pa.Array, check: Callable[[Bytes], Flags], *widths: int) -> pa.Array:
    """Asks a check about the values of the right widths in bytes, all of one width at a time; others are wrong."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if not pa.types.is_string(values.type):
        values = values.cast(pa.string())
    count = len(values)
    if not count:
        return pa.array([], pa.bool_())
    _, offset_buffer, data = values.buffers()
    offsets = np.frombuffer(offset_buffer, np.int32)[values.offset : values.offset + count + 1]
    lengths, valid = np.diff(offsets), np.asarray(values.is_valid())
    good = np.zeros(count, bool)
    for width in widths or (WIDTH,):
        wide = (lengths == width) & valid
        if wide.any():
            text = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]
            good[wide] = check((text if wide.all() else text[np.repeat(wide, lengths)]).reshape(-1, width))
    return pa.array(good, mask=np.asarray(values.is_null()) if values.null_count else None)


def _sums(rows: Bytes, tables: Sequence[npt.NDArray[np.int16]], scheme: Scheme) -> Flags:
    pairs = np.ascontiguousarray(rows).view("<u2")
    total = tables[0][pairs[:, 0]]
    for at, table in enumerate(tables[1:], 1):
        total = total + table[pairs[:, at]]
    good: Flags = (total < _POISON) & (total % scheme.modulus == scheme.remainder)
    return good


def _citizens(rows: Bytes, not_after: int) -> Flags:
    good = _sums(rows, _ID_TABLES, CITIZEN_ID)
    digits = rows[good][:, :14].astype(np.int32) - ord("0")
    province, year = digits[:, 0] * 10 + digits[:, 1], digits[:, 6:10] @ np.array([1000, 100, 10, 1])
    month, day = digits[:, 10] * 10 + digits[:, 11], digits[:, 12] * 10 + digits[:, 13]
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    real_month = (month >= 1) & (month <= 12)
    last = _MONTH_DAYS[np.where(real_month, month, 0)] + (leap & (month == 2))
    born = year * 10_000 + month * 100 + day
    good[good] = (
        np.isin(province, PROVINCES) & real_month & (day >= 1) & (day <= last) & (year >= 1800) & (born <= not_after)
    )
    return good


def _values(alphabet: str) -> npt.NDArray[np.int16]:
    """From a character to its place in an alphabet, whatever its case; what isn't in it poisons a sum."""
    table = np.full(256, _POISON, np.int16)
    for value, character in enumerate(alphabet):
        table[[ord(character), ord(character.lower())]] = value
    return table


_ORGANISATION_VALUES = _values("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LAST_VALUES = _values("0123456789X")
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def _organisations(rows: Bytes) -> Flags:
    last = _LAST_VALUES[rows[:, 8]].astype(np.int32)
    known, total = last < _POISON, last
    for at, weight in enumerate(_ORGANISATION_WEIGHTS):
        value = _ORGANISATION_VALUES[rows[:, at]].astype(np.int32)
        known, total = known & (value < _POISON), total + value * weight
    good: Flags = known & (total % 11 == 0)
    return good


def _digits(rows: Bytes) -> tuple[npt.NDArray[np.int32], Flags]:
    """The digits as numbers, and which rows hold nothing else."""
    digits = rows.astype(np.int32) - ord("0")
    plain: Flags = np.all((digits >= 0) & (digits <= 9), axis=1)
    return digits, plain


def _registrations(rows: Bytes) -> Flags:
    digits, plain = _digits(rows)
    carried = np.full(len(rows), 10, np.int32)
    for at in range(14):
        total = (carried + digits[:, at]) % 10
        carried = np.where(total == 0, 10, total) * 2 % 11
    good: Flags = plain & ((11 - carried) % 10 == digits[:, 14])
    return good


def _cards(rows: Bytes) -> Flags:
    digits, plain = _digits(rows)
    doubled = digits[:, -2::-2] * 2
    total = digits[:, -1::-2].sum(axis=1) + np.where(doubled > 9, doubled - 9, doubled).sum(axis=1)
    good: Flags = plain & (total % 10 == 0) & (digits != digits[:, :1]).any(axis=1)
    return good
