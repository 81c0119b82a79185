"""Expressions by RE2 for engines written in Python: linear time whatever the expression, and DuckDB's meaning of it.

Alone in its module, so that it can be sent to machines which have RE2 but not this product.
"""

from collections.abc import Callable
from typing import Any

import re2

error = re2.error
"""Why RE2 can't read an expression."""


def compiled(regex: str) -> Any:
    """The machine for an expression, as DuckDB builds its own; raises re2.error for what RE2 can't read."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(regex, options)


def searcher(regex: str) -> Callable[[str | None], bool | None]:
    """Tells whether a text holds a match; nothing of nothing."""
    machine: list[Any] = []

    def search(value: str | None) -> bool | None:
        if value is None:
            return None
        if not machine:
            machine.append(compiled(regex))
        return machine[0].search(value) is not None

    return search
