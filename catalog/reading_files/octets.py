"""What the bytes of a whole column say at once, so that its values need not be asked one by one.

A no is certain, a yes is not: then the values have to be looked at themselves.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

FULL_WIDTH = (b"\xef\xbc", b"\xef\xbd")
"""How full-width letters, digits and signs begin in UTF-8."""


def of(values: pa.Array) -> npt.NDArray[np.uint8]:
    """The bytes of all values of a text column one behind the other, without a copy."""
    if not len(values):
        return np.empty(0, np.uint8)
    _, offsets, content = values.buffers()
    if content is None:
        return np.empty(0, np.uint8)
    width = np.int64 if pa.types.is_large_string(values.type) else np.int32
    places = np.frombuffer(offsets, width)
    return np.frombuffer(content, np.uint8)[places[values.offset] : places[values.offset + len(values)]]


def is_ascii(values: pa.Array) -> bool:
    """Is there nothing but ASCII in the column?"""
    return not bool((of(values) & 0x80).any())


def may_hold(values: pa.Array, *parts: bytes) -> bool:
    """May one of these parts be in any of the values?"""
    content = of(values).tobytes()
    return any(part[:1] in content and part in content for part in parts)  # one byte is sought far faster
