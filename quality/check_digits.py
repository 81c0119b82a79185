"""Check digits of whole columns at once: Arrow arrays in, Arrow booleans out.

Every scheme here is a weighted sum over eighteen ASCII characters with a fixed remainder: the unified social
credit code (GB 32100, modulus 31, remainder 0) and the citizen identity number (GB 11643 by ISO 7064 MOD 11-2,
remainder 1). The sum is looked up two characters at a time, which halves the work; a character without a value
poisons the sum.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

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


def _apply(values: pa.Array, check: Callable[[Bytes], Flags]) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if not pa.types.is_string(values.type):
        values = values.cast(pa.string())
    count = len(values)
    if not count:
        return pa.array([], pa.bool_())
    _, offset_buffer, data = values.buffers()
    offsets = np.frombuffer(offset_buffer, np.int32)[values.offset : values.offset + count + 1]
    lengths = np.diff(offsets)
    wide = (lengths == WIDTH) & np.asarray(values.is_valid())
    good = np.zeros(count, bool)
    if wide.any():
        text = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]
        good[wide] = check((text if wide.all() else text[np.repeat(wide, lengths)]).reshape(-1, WIDTH))
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
