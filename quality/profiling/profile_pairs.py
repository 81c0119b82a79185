"""Pairs of columns whose names speak of an order: begin and end, paid and owed."""

from dataclasses import dataclass
from itertools import permutations

from quality.engines.engine_tables import SOURCE, Scan
from quality.rules import patterns

_PAIRS = 12


@dataclass(frozen=True)
class PairProfile:
    """Two columns whose names speak of an order: rows where both have a value, and those where it holds."""

    first: str
    second: str
    both: int
    in_order: int


def pairs(scan: Scan) -> tuple[PairProfile, ...]:
    """Pairs of columns whose names speak of an order."""
    numbers, dates = {"integer", "number"}, {"date", "datetime"}
    found = [
        (first, second)
        for first, second in permutations(scan.columns, 2)
        for sorts in (numbers, dates)
        if {first.sort, second.sort} <= sorts and patterns.in_order(first.name, second.name, dates=sorts is dates)
    ]
    asked = {}
    for first, second in found[:_PAIRS]:
        key = f"{first.alias} {second.alias}"
        asked[key, "both"] = f"count_if({first.alias} IS NOT NULL AND {second.alias} IS NOT NULL)"
        asked[key, "order"] = f"count_if({first.alias} <= {second.alias})"
    (values,) = scan.query(f"SELECT {', '.join(asked.values())} FROM {SOURCE}") if asked else [()]
    counts = dict(zip(asked, values, strict=True))
    return tuple(
        PairProfile(
            first.name,
            second.name,
            counts[f"{first.alias} {second.alias}", "both"],
            counts[f"{first.alias} {second.alias}", "order"],
        )
        for first, second in found[:_PAIRS]
    )
