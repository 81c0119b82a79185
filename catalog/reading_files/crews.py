"""A few threads for one file: the next batch is made while this one is looked at, and columns are looked at together.

Arrow and NumPy do their work outside of the interpreter's lock, so this is worth it even for few columns.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")
MOST = 4


class Crew:
    """Threads that are gone when the context ends, whatever happens in it."""

    def __init__(self) -> None:
        self._maker = ThreadPoolExecutor(1)
        self._lookers = ThreadPoolExecutor(min(MOST, os.cpu_count() or 1))

    def ahead(self, items: Iterator[Item]) -> Iterator[Item]:
        """The items in their order, each made while the one before it is in use."""
        end = object()
        coming = self._maker.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = self._maker.submit(next, items, end)
            yield item  # type: ignore[misc]

    def each(self, do: Callable[..., Made], *values: Iterable[object]) -> list[Made]:
        """What `do` makes of each of the values, several at a time; the first failure is raised."""
        return list(self._lookers.map(do, *values))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._maker.shutdown(cancel_futures=True)
        self._lookers.shutdown(cancel_futures=True)
