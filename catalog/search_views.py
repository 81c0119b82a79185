"""One commit of the search index as it is asked: its searcher, how far it has come, and what it answered already."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import tantivy

from catalog import search_soundness as soundness
from catalog.search_marks import Mark

MOST_ANSWERS = 256

Answer = TypeVar("Answer")


class Answers:
    """Counts that were worked out on one commit of the index, by the question; the longest unused are forgotten."""

    def __init__(self) -> None:
        self._known: OrderedDict[object, object] = OrderedDict()
        self._lock = threading.Lock()

    def once(self, question: object, work_out: Callable[[], Answer]) -> Answer:
        """The answer to a question, worked out if nobody has asked it of this commit."""
        with self._lock:
            if question in self._known:
                self._known.move_to_end(question)
                return self._known[question]  # type: ignore[return-value]  # what work_out gave for this question
        answer = work_out()
        with self._lock:
            self._known[question] = answer
            while len(self._known) > MOST_ANSWERS:
                self._known.popitem(last=False)
        return answer


@dataclass(frozen=True)
class View:
    """The index as of one commit: a searcher, the mark that belongs to it (none: never filled), what it answered."""

    searcher: tantivy.Searcher
    mark: Mark | None
    stamp: soundness.Stamp | None = None
    files: tuple[tuple[str, int], ...] = ()
    answers: Answers = field(default_factory=Answers)
