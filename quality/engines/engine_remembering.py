"""Great Expectations without its repetitions, while a suite is validated.

The library rebuilds and re-validates the same configuration and the same expectation hundreds of times for one
suite, and hashes the same identities tens of thousands of times: two thirds of what a small table costs. All three
depend on nothing but the object asked, and nothing changes an expectation after it was handed in, so each is
answered once and forgotten with the block. Outside of a block the library is as it was.
"""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from quality.engines import engine_gx as gx

_block = threading.local()
_PLAIN = (str, int, float, bool, type(None), dt.date)


@contextmanager
def remembered() -> Iterator[None]:
    """While the block lasts, this thread answers what it has answered before from memory."""
    outer = getattr(_block, "answers", None)
    _block.answers = {}
    try:
        yield
    finally:
        _block.answers = outer


def _once(compute: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Computes something of an object once a block; the object is kept, so that its id stays its own."""

    def answer(of: Any) -> Any:
        answers = getattr(_block, "answers", None)
        if answers is None:
            return compute(of)
        key = (compute, id(of))
        if key not in answers:
            answers[key] = (of, compute(of))
        return answers[key][1]

    return answer


def _identity(compute: Callable[..., Any]) -> Callable[..., Any]:
    """The identity of a mapping of plain values, computed once for equal ones of equal types."""

    def answer(of: dict[str, Any], *arguments: Any, **named: Any) -> Any:
        answers = getattr(_block, "answers", None)
        if answers is None or arguments or named or not all(isinstance(value, _PLAIN) for value in of.values()):
            return compute(of, *arguments, **named)
        key = (compute, *((name, type(value), value) for name, value in of.items()))
        if key not in answers:
            answers[key] = compute(of)
        return answers[key]

    return answer


for _owner, _name, _answer in (
    (gx.Expectation, "configuration", property(_once(vars(gx.Expectation)["configuration"].fget))),
    (gx.ExpectationConfiguration, "to_domain_obj", _once(gx.ExpectationConfiguration.to_domain_obj)),
    (gx.IDDict, "to_id", _identity(gx.IDDict.to_id)),
):
    setattr(_owner, _name, _answer)
