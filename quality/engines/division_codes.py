"""Division codes of whole columns at once, against the dated table: Arrow arrays in, Arrow booleans out."""

from datetime import date
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from policies import divisions, identifiers

EVER = 0
"""In place of a day (yyyymmdd): whether the code was ever in use."""
_FIRST, _LAST = 0, 99_999_999
FIRST_LIST = 20_021_231
"""The day of the first list of the table: before it only the form of a code can be judged."""
_TIMES = 3
"""A code that went and came back stands as often as this; a test holds it against the table."""

_NEVER = ((0, 0),) * _TIMES

Numbers = npt.NDArray[np.int32]


def in_use(values: pa.Array, days: pa.Array) -> pa.Array:
    """Which codes were in use on which day (yyyymmdd, or EVER); null without a code or without a day.

    The same answers as `divisions.valid_on` value by value.
    """
    codes, on = _plain(values, pa.string()), _plain(days, pa.int32())
    encoded = pc.dictionary_encode(codes)
    words = encoded.dictionary.to_pylist()
    rows = spans()
    found_spans = np.array([rows.get(word, _NEVER) for word in words] or [_NEVER], np.int32)
    formed = np.array([identifiers.valid_division(word) for word in words] or [False], bool)
    places = np.asarray(encoded.indices.fill_null(0))
    moments = np.asarray(on.fill_null(EVER))
    found = _within(found_spans[places], moments)
    early = (moments == EVER) | (moments < FIRST_LIST)
    good = found | (early & ((found_spans[places, 0, 1] > 0) | formed[places]))
    missing = np.asarray(codes.is_null()) | np.asarray(on.is_null())
    return pa.array(good, mask=missing if missing.any() else None)


def _within(spans: Numbers, moments: Numbers) -> npt.NDArray[np.bool_]:
    inside = (moments[:, None] > spans[:, :, 0]) & (moments[:, None] < spans[:, :, 1])
    found: npt.NDArray[np.bool_] = np.any(inside, axis=1)
    return found


@cache
def spans() -> dict[str, tuple[tuple[int, int], ...]]:
    """The spans of each code, both ends excluded, filled up to the same number."""
    found: dict[str, tuple[tuple[int, int], ...]] = {}
    for one in divisions.known():
        span = (_number(one.after) if one.after else _FIRST, _number(one.before) if one.before else _LAST)
        found[one.code] = (*found.get(one.code, ()), span)
    return {code: (*spans, *_NEVER[len(spans) :]) for code, spans in found.items()}


def _number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _plain(values: pa.Array, sort: pa.DataType) -> pa.Array:
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return array if array.type == sort else array.cast(sort)
