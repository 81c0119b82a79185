"""A search as its address says it: read from the address, put as a question to the index, written as an address."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import urlencode

from flask import url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from catalog.search import Query, Sort
from open_portal import requests
from open_portal.pages.finder import finder_dates as dates

FACETS = ("tier", "theme", "tenant", "format", "update_cycle", "granularity", "region", "origin")
PER_PAGE = 20
MOST_PAGES = 500
MOST_ROWS = 20_000
"""Entries in the table of one search; the catalogue as a whole has its own file."""
MOST_TICKS = 20
"""Values ticked that one search may have, all facets together; what more an address holds is left out."""
LONGEST_TEXT = 200
LONGEST_VALUE = 200
PLACE = re.compile(r"[0-9]{2,12}")
BOUNDS = ("time_from", "time_to")


@dataclass(frozen=True)
class Asked:
    """A search as the address says it; whatever the address holds, it can be read.

    The bounds of the time are kept as they were typed, so that a date that is none can be shown again.
    """

    text: str = ""
    ticked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sort: Sort = Sort.RELEVANCE
    page: int = 1
    place: str = ""
    time_from: str = ""
    time_to: str = ""
    left_out: int = 0

    @classmethod
    def read(cls, args: MultiDict[str, str]) -> "Asked":
        """Read an address; what means nothing is left out."""
        sort, number, place = args.get("sort", ""), args.get("page", ""), args.get("place", "").strip()
        page = int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else 1
        pairs = [(name, value) for name in FACETS for value in dict.fromkeys(args.getlist(name))]
        pairs = [(name, value) for name, value in pairs if 0 < len(value) <= LONGEST_VALUE]
        ticked: dict[str, tuple[str, ...]] = {}
        for name, value in pairs[:MOST_TICKS]:
            ticked[name] = (*ticked.get(name, ()), value)
        return cls(
            text=args.get("q", "").strip()[:LONGEST_TEXT],
            ticked=ticked,
            sort=Sort(sort) if sort in set(Sort) else Sort.RELEVANCE,
            page=min(max(page, 1), MOST_PAGES),
            place=place if PLACE.fullmatch(place) else "",
            time_from=args.get("time_from", "").strip()[:LONGEST_TEXT],
            time_to=args.get("time_to", "").strip()[:LONGEST_TEXT],
            left_out=max(len(pairs) - MOST_TICKS, 0),
        )

    @property
    def bounds(self) -> tuple[date | None, date | None]:
        """The time asked for, to the day; a bound that can't be read doesn't count, nor do two the wrong way round."""
        first, last = dates.first_day(self.time_from), dates.last_day(self.time_to)
        return (None, None) if first and last and first > last else (first, last)

    @property
    def faults(self) -> dict[str, str]:
        """What is wrong with the bounds of the time, by field; empty if nothing is."""
        first, last = dates.first_day(self.time_from), dates.last_day(self.time_to)
        found = {}
        if self.time_from and first is None:
            found["time_from"] = str(
                _("Enter the beginning as a year, month or day, such as 2020, 2020-03 or 2020-03-15")
            )
        if self.time_to and last is None:
            found["time_to"] = str(_("Enter the end as a year, month or day, such as 2020, 2020-03 or 2020-03-15"))
        if first and last and first > last:
            found["time_to"] = str(_("The end must not lie before the beginning"))
        return found

    @property
    def narrowed(self) -> bool:
        """Whether any filter is set."""
        return bool(self.ticked or self.place or self.time_from or self.time_to)

    @property
    def plain(self) -> bool:
        """Whether this is the catalogue as it stands: no words, no filter, no other order, the first page."""
        return not (self.narrowed or self.text) and self.sort is Sort.RELEVANCE and self.page == 1

    def query(self, *, page: int | None = None, per_page: int = PER_PAGE, scope: str | None = None) -> Query:
        """The question to the index; `scope` is that of the request's face where no other is given."""
        first, last = self.bounds
        return Query(
            self.text,
            self.ticked,
            scope or requests.scope(),
            self.sort,
            page or self.page,
            per_page,
            place=self.place or None,
            time_from=first,
            time_to=last,
        )

    def without(self, name: str, value: str = "") -> "Asked":
        """The same search with one tick, the place or the time taken away."""
        if name == "place":
            return replace(self, place="", page=1)
        if name == "time":
            return replace(self, time_from="", time_to="", page=1)
        left = {**self.ticked, name: tuple(one for one in self.ticked[name] if one != value)}
        return replace(self, ticked={key: values for key, values in left.items() if values}, page=1)

    def unfiltered(self) -> "Asked":
        """The same words in the same order, without any filter."""
        return Asked(self.text, sort=self.sort)

    def with_text(self, text: str) -> "Asked":
        """The same search for other words."""
        return replace(self, text=text, page=1)

    def filters(self) -> list[tuple[str, str]]:
        """The filters as parameters of an address."""
        pairs = [(name, value) for name, values in self.ticked.items() for value in values]
        return pairs + [(name, value) for name in ("place", *BOUNDS) if (value := getattr(self, name))]

    def pairs(self, *, sort: Sort | None = None, page: int = 1) -> list[tuple[str, str]]:
        """Everything as parameters of an address; what is as usual is left out."""
        order = sort or self.sort
        return [
            *([("q", self.text)] if self.text else []),
            *self.filters(),
            *([("sort", order.value)] if order is not Sort.RELEVANCE else []),
            *([("page", str(page))] if page > 1 else []),
        ]

    def href(
        self, *, sort: Sort | None = None, page: int = 1, endpoint: str = "datasets.find", absolute: bool = False
    ) -> str:
        """The address of this search, in another order, at another page or in another form if wanted."""
        return written(url_for(endpoint, _external=absolute), self.pairs(sort=sort, page=page))

    def lasting(self) -> str:
        """The parameters without order and page: what a search is, written in one way."""
        return urlencode(replace(self, sort=Sort.RELEVANCE, page=1).pairs())

    def canonical(self) -> str:
        """The one address under which this search should be known, whatever its order and page."""
        return replace(self, sort=Sort.RELEVANCE).href(absolute=True)


def written(address: str, pairs: Iterable[tuple[str, str]]) -> str:
    """An address with parameters."""
    return address + "?" + urlencode(list(pairs)) if pairs else address
