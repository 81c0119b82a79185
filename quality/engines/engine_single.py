"""Checks of one value at a time, for machines of a cluster: they get these functions sent, and have nothing of ours.

So nothing is imported here but what `policies.identifiers` needs, and what a check must know is bound to it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from policies import identifiers

Spans = Mapping[str, tuple[tuple[int, int], ...]]


def checked(scheme: str) -> Callable[[str | None], bool]:
    """Whether one value carries a right check digit."""
    check = {
        "organisation_code": identifiers.valid_organisation_code,
        "registration": identifiers.valid_registration_number,
        "bank_card": identifiers.valid_bank_card,
    }[scheme]
    return lambda text: text is not None and check(text)


def division(spans: Spans, first: int) -> Callable[[str | None, int | None], bool]:
    """Whether one code was in use on a day (yyyymmdd, 0 for ever); before `first` only its form can be judged."""
    formed = identifiers.valid_division

    def check(code: str | None, day: int | None) -> bool:
        if code is None or day is None:
            return False
        known = spans.get(code, ())
        return (day < first and (bool(known) or formed(code))) or any(low < day < high for low, high in known)

    return check


def among(keys: frozenset[Any]) -> Callable[[Any], bool]:
    """Whether one value is among keys."""
    return lambda value: value in keys


def same(said: frozenset[tuple[Any, Any]]) -> Callable[[Any, Any], bool]:
    """Whether what is said of a key is among what was said of it; an unknown key is not judged."""
    keys = frozenset(key for key, _ in said)
    return lambda key, value: key not in keys or (key, value) in said
