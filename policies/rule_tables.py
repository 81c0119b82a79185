"""A TOML table read key by key: what is missing, of a wrong kind or left over stops the reading, named by
file and key."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from policies.refusals import Invalid

T = TypeVar("T")


class RulebookError(Invalid):
    """The rule files do not make a rulebook; the text names the file and the key."""


class Table:
    """One table of a rule file; `done` refuses every key that nobody took."""

    def __init__(self, file: str, content: object, at: str = "") -> None:
        if not isinstance(content, Mapping):
            raise RulebookError("rules.bad-value", file=file, key=at or "-", expected="table")
        self.file = file
        self._at = at
        self._left: dict[str, Any] = dict(content)

    def name(self, key: str) -> str:
        """The key with the path that leads to it."""
        return f"{self._at}.{key}" if self._at else key

    def refuse(self, key: str, expected: str) -> RulebookError:
        """The error for a value of this table."""
        return RulebookError("rules.bad-value", file=self.file, key=self.name(key), expected=expected)

    def unknown(self, key: str, name: str) -> RulebookError:
        """The error for a value that names something which does not exist."""
        return RulebookError("rules.unknown-reference", file=self.file, key=self.name(key), name=name)

    def done(self) -> None:
        """Nothing may be left over: a misspelt key must not silently mean its default."""
        for key in self._left:
            raise RulebookError("rules.unknown-key", file=self.file, key=self.name(key))

    def _take(self, key: str, default: object) -> Any:
        if key in self._left:
            return self._left.pop(key)
        if default is None:
            raise RulebookError("rules.missing-key", file=self.file, key=self.name(key))
        return default

    def has(self, key: str) -> bool:
        """Whether a key stands there and nobody has taken it."""
        return key in self._left

    def text(self, key: str, default: str | None = None) -> str:
        """A string; it may be empty only when it has a default."""
        value = self._take(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.refuse(key, "text")
        return value

    def code(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        """One of the allowed strings."""
        value = self.text(key, default)
        if value != default and value not in allowed:
            raise self.refuse(key, " | ".join(sorted(allowed)))
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of strings."""
        value = self._take(key, default)
        if not isinstance(value, (list, tuple)) or not all(isinstance(part, str) and part for part in value):
            raise self.refuse(key, "list of texts")
        return tuple(value)

    def codes(self, key: str, allowed: Collection[str], default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of names, each of which has to exist."""
        values = self.texts(key, default)
        for value in values:
            if value not in allowed:
                raise self.unknown(key, value)
        return values

    def flag(self, key: str, default: bool | None = False) -> bool:
        """true or false; without a default the key is needed."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.refuse(key, "true | false")
        return value

    def whole(self, key: str, least: int, default: int | None = None) -> int:
        """A whole number, not below `least`."""
        value = self._take(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.refuse(key, f"whole number >= {least}")
        return value

    def wholes(self, key: str, least: int) -> tuple[int, ...]:
        """A list of rising whole numbers, none below `least`."""
        value = self._take(key, None)
        good = isinstance(value, list) and all(isinstance(n, int) and not isinstance(n, bool) for n in value)
        if not good or value != sorted(set(value)) or (value and value[0] < least):
            raise self.refuse(key, f"rising whole numbers >= {least}")
        return tuple(value)

    def number(self, key: str, default: str | None = None) -> Decimal:
        """An exact number not below 0, written as a string so that no digit is lost."""
        value = self._take(key, default)
        try:
            found = Decimal(value) if isinstance(value, str) else Decimal("NaN")
        except InvalidOperation:
            raise self.refuse(key, "number as text") from None
        if not found.is_finite() or found < 0:
            raise self.refuse(key, "number as text")
        return found

    def day(self, key: str) -> date:
        """A date."""
        value = self._take(key, None)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.refuse(key, "date")
        return value

    def days(self, key: str) -> tuple[date, ...]:
        """A list of dates."""
        value = self._take(key, None)
        if not isinstance(value, list) or not all(isinstance(d, date) and not isinstance(d, datetime) for d in value):
            raise self.refuse(key, "list of dates")
        return tuple(value)

    def rows(self, key: str, default: tuple[tuple[str, ...], ...] | None = None) -> tuple[tuple[str, ...], ...]:
        """A list of lists of strings, none empty."""
        value = self._take(key, default)
        good = isinstance(value, (list, tuple)) and all(isinstance(row, (list, tuple)) and row for row in value)
        if not good or not all(isinstance(part, str) and part for row in value for part in row):
            raise self.refuse(key, "list of lists of texts")
        return tuple(tuple(row) for row in value)

    def values(self, key: str) -> dict[str, Any]:
        """A table of any plain values, empty when it is not there."""
        value = self._take(key, {})
        if not isinstance(value, Mapping):
            raise self.refuse(key, "table")
        return dict(value)

    def table(self, key: str, default: Mapping[str, Any] | None = None) -> "Table":
        """The table below a key."""
        return Table(self.file, self._take(key, default), self.name(key))

    def tables(self, key: str, default: tuple[Any, ...] | None = None) -> tuple["Table", ...]:
        """A list of tables."""
        value = self._take(key, default)
        if not isinstance(value, (list, tuple)):
            raise self.refuse(key, "list of tables")
        return tuple(Table(self.file, part, f"{self.name(key)}[{n}]") for n, part in enumerate(value, start=1))

    def entries(self, pattern: str) -> Iterator[tuple[str, "Table"]]:
        """All keys left as tables of their own; each has to match the pattern."""
        for key in list(self._left):
            if not re.fullmatch(pattern, key):
                raise RulebookError("rules.unknown-key", file=self.file, key=self.name(key))
            yield key, self.table(key)

    def each(self, key: str, pattern: str, read: Callable[[str, "Table"], T]) -> dict[str, T]:
        """What `read` makes of every entry of the table below a key."""
        return {code: read(code, entry) for code, entry in self.table(key).entries(pattern)}
