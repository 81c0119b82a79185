"""JSON read piece by piece: every number keeps the digits it is written with, no document has to fit in memory."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from policies.refusals import Invalid

MOST = 16 << 20
"""Characters of one value at most; the list around the values may be of any length."""
PIECE = 1 << 18
SPACE = " \t\r\n"


class Number(str):
    """A number as it is written in the file."""

    __slots__ = ()


class Reader:
    """A JSON decoder that notices what others pass over.

    `doubled` is the first key that an object holds twice, `constants` counts NaN and Infinity, which become null;
    both since the last `forget`.
    """

    def __init__(self) -> None:
        self.doubled: str | None = None
        self.constants = 0
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_int=Number,
            parse_float=Number,
            parse_constant=self._constant,
            strict=False,
        )

    def forget(self) -> None:
        """Begin a new record."""
        self.doubled, self.constants = None, 0

    def decode(self, text: str) -> Any:
        """One value that fills the text; ValueError or RecursionError if it does not."""
        return self._decoder.decode(text)

    def decode_at(self, text: str, at: int) -> tuple[Any, int]:
        """The value that begins at a place, and where it ends."""
        return self._decoder.raw_decode(text, at)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs) and self.doubled is None:
            names = [name for name, _ in pairs]
            self.doubled = next(name for place, name in enumerate(names) if name in names[:place])
        return found

    def _constant(self, _name: str) -> None:
        self.constants += 1


class Scanner:
    """A document of any length, taken from left to right: `next` looks, `take` and `value` go on."""

    def __init__(self, file: TextIO, reader: Reader) -> None:
        self._file, self._reader = file, reader
        self._text, self._at, self._line = "", 0, 1
        self._ended = False

    def next(self) -> str:
        """The next sign that is no space; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._read()

    def take(self, sign: str) -> bool:
        """Step over the next sign if it is this one."""
        if self.next() != sign:
            return False
        self._at += 1
        return True

    def demand(self, sign: str) -> None:
        """Step over the next sign; Invalid if it is another."""
        if not self.take(sign):
            raise self._broken(f"Expecting '{sign}'" if self.next() else "Unexpected end")

    def value(self) -> tuple[Any, str]:
        """The next value and its text."""
        self.next()
        while True:
            try:
                found, end = self._reader.decode_at(self._text, self._at)
            except ValueError as error:
                if self._ended or len(self._text) - self._at > MOST:
                    raise self._broken(getattr(error, "msg", "")) from error
            except RecursionError as error:
                raise Invalid("file.json-too-deep") from error
            else:
                if end < len(self._text) or self._ended:
                    raw, self._at = self._text[self._at : end], end
                    return found, raw
            self._read()

    def items(self) -> Iterator[None]:
        """Stand before each element of the list that begins here, which the caller takes."""
        self.demand("[")
        if self.take("]"):
            return
        while True:
            yield
            if self.take("]"):
                return
            self.demand(",")

    def members(self) -> Iterator[str]:
        """Stand before the value of each member of the object that begins here; give its name."""
        self.demand("{")
        if self.take("}"):
            return
        while True:
            if self.next() != '"':
                raise self._broken("Expecting a name in quotation marks")
            name, _ = self.value()
            self.demand(":")
            yield name
            if self.take("}"):
                return
            self.demand(",")

    def end(self) -> None:
        """Invalid if anything follows."""
        if self.next():
            raise self._broken("Extra data")

    def _read(self) -> None:
        piece = self._file.read(max(PIECE, len(self._text) - self._at))
        self._ended = not piece
        self._line += self._text.count("\n", 0, self._at)
        self._text, self._at = self._text[self._at :] + piece, 0

    def _broken(self, why: str) -> Invalid:
        line = self._line + self._text.count("\n", 0, self._at)
        return Invalid("file.json-broken", why=f"{why} (line {line})")


def written(value: Any) -> str:
    """A value as compact JSON, its numbers as they stood in the file."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Mapping):
        members = (f"{json.dumps(str(name), ensure_ascii=False)}:{written(one)}" for name, one in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(written(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def cell(value: Any) -> str:
    """A value as it would stand in a table: text bare, null empty, lists and objects as JSON."""
    if value is None:
        return ""
    return str(value) if isinstance(value, str) else written(value)
