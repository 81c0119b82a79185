"""Division codes (GB/T 2260) by the time at which they were in use: what a code of six digits meant, and when.

The table tells the state of single days (`policies/tables/SOURCES.md`). Between two lists nobody can tell on which
day a code came or went, so within that bracket it is taken for valid; before the first list only the form can be
judged.
"""

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from policies import identifiers
from policies.places import Region

TABLE = Path(__file__).parent / "tables" / "divisions.csv"
LISTS = tuple(
    date.fromisoformat(day)
    for day in (
        "2002-12-31", "2003-06-30", "2003-12-31", "2004-03-31", "2004-09-30", "2004-12-31", "2005-06-30",
        "2005-12-31", "2006-12-31", "2007-12-31", "2008-12-31", "2009-12-31", "2010-10-31", "2011-10-31",
        "2012-10-31", "2013-08-31", "2014-10-31", "2015-09-30", "2016-07-31", "2017-10-31", "2018-10-31",
        "2019-10-31", "2020-06-30", "2021-10-31", "2022-10-31", "2023-06-30",
    )
)  # fmt: skip
"""The days whose state the table tells, oldest first."""


@dataclass(frozen=True)
class Division:
    """A code with its last name; `since` is the first list which has it, `until` the last, None at the ends of the
    table."""

    code: str
    name: str
    since: date | None
    until: date | None

    @property
    def after(self) -> date | None:
        """The last day on which the code was surely not in use yet; None when it was before the first list."""
        return LISTS[LISTS.index(self.since) - 1] if self.since else None

    @property
    def before(self) -> date | None:
        """The first day on which the code was surely not in use any more; None when the newest list has it."""
        return LISTS[LISTS.index(self.until) + 1] if self.until else None

    def in_use(self, day: date) -> bool:
        """Whether the code was, or for all we know may have been, in use on a day."""
        return (self.after is None or day > self.after) and (self.before is None or day < self.before)


@cache
def known() -> tuple[Division, ...]:
    """Every code of the table and the city's own ones, in order of code and time; a code that came back stands
    twice."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        found = [
            Division(row["code"], row["name"], _day(row["since"]), _day(row["until"])) for row in csv.DictReader(file)
        ]
    local = [Division(region.value, region.zh, None, None) for region in Region if not region.national]
    return tuple(sorted([*found, *local], key=lambda one: (one.code, one.since or date.min)))


def valid_on(code: str, day: date | None) -> bool:
    """Whether a division code was in use on a day; with None, whether it ever was (a place of birth keeps its code).

    Of the time before the first list the table says nothing: then any well-formed code of a known province passes.
    """
    found = _by_code().get(code, ())
    if day is None or day < LISTS[0]:
        return bool(found) or identifiers.valid_division(code)
    return any(one.in_use(day) for one in found)


def listed(code: str) -> bool:
    """Whether any list of the table has the code."""
    return code in _by_code()


@cache
def _by_code() -> dict[str, tuple[Division, ...]]:
    found: dict[str, tuple[Division, ...]] = {}
    for one in known():
        found[one.code] = (*found.get(one.code, ()), one)
    return found


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
