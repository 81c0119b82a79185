"""What calamine does not tell of an XLS workbook: error cells, and formulas whose value was left to be computed."""

import struct
from collections.abc import Iterator

from catalog.reading_workbooks.cells import ERROR, FORMULA_EMPTY, Flags, address

FORMULA, END_OF_SHEET, BOUND_SHEET, TRUTH_OR_ERROR = 0x0006, 0x000A, 0x0085, 0x0205
EMPTY_TEXT, AN_ERROR = 3, 2
ALWAYS_COMPUTE = 1


def flags(stream: bytes, name: str, first: int) -> Flags:
    """The flagged cells of a sheet from row `first` on; of a stream that is damaged, those up to the damage."""
    found = Flags()
    start = next((offset for sheet, offset in _sheets(stream) if sheet == name), len(stream))
    for kind, place, size in _records(stream, start):
        if kind not in {FORMULA, TRUTH_OR_ERROR} or size < 8:
            continue
        row, column = struct.unpack_from("<HH", stream, place)
        if row + 1 < first:
            continue
        if kind == TRUTH_OR_ERROR:
            if stream[place + 7]:
                found.add(ERROR, address(row + 1, column))
        elif size >= 16 and stream[place + 12 : place + 14] == b"\xff\xff":
            options = stream[place + 14]
            if stream[place + 6] == AN_ERROR:
                found.add(ERROR, address(row + 1, column))
            elif stream[place + 6] == EMPTY_TEXT and options & ALWAYS_COMPUTE:
                found.add(FORMULA_EMPTY, address(row + 1, column))
    return found


def _records(stream: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """(kind, place of the content, its size) from a place on up to the end of that part of the stream."""
    place = start
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, place)
        place += 4
        if place + size > len(stream):
            return
        yield kind, place, size
        if kind == END_OF_SHEET:
            return
        place += size


def _sheets(stream: bytes) -> Iterator[tuple[str, int]]:
    """The sheets and where in the stream they begin."""
    for kind, place, size in _records(stream, 0):
        if kind == BOUND_SHEET and size >= 8:
            (offset,) = struct.unpack_from("<I", stream, place)
            wide = stream[place + 7] & 1
            said = stream[place + 8 : place + 8 + stream[place + 6] * (1 + wide)]
            yield said.decode("utf-16-le" if wide else "latin-1", "replace"), offset
