"""What the engines of `benchmarks.search` have in common: how they are asked, and what they answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from benchmarks.search_records import Record

PAGE = 20

Ticked = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Answer:
    """How many records there are, the ids of the first page, and each facet's values with counts if asked for.

    `seconds` are those within the index alone, where an engine can tell.
    """

    total: int
    ids: list[str]
    facets: Mapping[str, Sequence[tuple[str, int]]]
    seconds: float | None = None


class Engine(Protocol):
    """Whatever takes records and answers."""

    def build(self, records: Iterable[Record]) -> float:
        """Take the records in; returns the seconds that making the index took."""

    def size(self) -> int:
        """Bytes of the index."""

    def ask(self, text: str, ticked: Ticked, *, counted: bool) -> Answer:
        """The first page of an answer, with or without counts of facets."""

    def close(self) -> None:
        """Let everything go."""
