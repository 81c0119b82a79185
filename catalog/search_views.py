"""One commit of the search index as it is asked: its searcher, how far it has come, and what it answered already."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import tantivy

from catalog import search_soundness as soundness
from catalog.search_marks import Mark

MOST_HELD = 300_000
"""As many values are held in all answers together, some 40 MB; the facets of a broad question are thousands."""

Answer = TypeVar("Answer")


class Answers:
    """Counts that were worked out on one commit of the index, by the question; the longest unused are forgotten."""

    def __init__(self) -> None:
        self._known: OrderedDict[object, object] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def once(self, question: object, work_out: Callable[[], Answer]) -> Answer:
        """The answer to a question, worked out if nobody has asked it of this commit."""
        with self._lock:
            if question in self._known:
                self._known.move_to_end(question)
                return self._known[question]  # type: ignore[return-value]  # what work_out gave for this question
        answer = work_out()
        with self._lock:
            if question not in self._known:
                self._known[question] = answer
                self._held += _weight(answer)
            while self._held > MOST_HELD:
                self._held -= _weight(self._known.popitem(last=False)[1])
        return answer


def _weight(answer: object) -> int:
    """How many values an answer holds."""
    parts = answer.values() if isinstance(answer, dict) else answer if isinstance(answer, (tuple, list)) else ()
    return 1 + sum(len(one) if isinstance(one, (tuple, list)) else 1 for one in parts)


@dataclass(frozen=True)
class View:
    """The index as of one commit: a searcher, the mark that belongs to it (none: never filled), what it answered."""

    searcher: tantivy.Searcher
    mark: Mark | None
    stamp: soundness.Stamp | None = None
    files: tuple[tuple[str, int], ...] = ()
    answers: Answers = field(default_factory=Answers)
