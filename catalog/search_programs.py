"""Search for programs: a condition of fields instead of ticks, any page of the answer, and counts by field.

The guards are those of search by people: labels inside the index, and every hit read again under `readable`.
Count, page and facets come from one commit of the index, so that they never contradict one another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import tantivy
from sqlalchemy.orm import Session

from catalog import search_conditions as conditions
from catalog.models import Entry
from catalog.search import ROUNDS
from catalog.search_asking import Asked, ask
from catalog.search_conditions import Condition
from catalog.search_documents import COUNTED, NUMBERED, ORDERS
from catalog.search_index import Index
from policies.refusals import Invalid
from tenancy.actors import Actor

RELEVANCE = ""
MOST = 1000
"""Entries given at once."""
MOST_VALUES = 60_000


@dataclass(frozen=True)
class Wish:
    """What a program wants of the answer: an order, from which place on (counted from 0) how many, and counts.

    `order` is a name of ORDERS or NUMBERED, or RELEVANCE; `facets` are names of COUNTED.
    """

    order: str = RELEVANCE
    descending: bool = False
    first: int = 0
    limit: int = 10
    facets: Sequence[str] = ()


@dataclass(frozen=True)
class Selected:
    """How many entries there are, those wanted of them, and for each field its values with counts, frequent first."""

    total: int
    entries: list[Entry]
    facets: Mapping[str, list[tuple[str, int]]] = field(default_factory=dict)


def select(
    index: Index,
    session: Session,
    actor: Actor,
    now: datetime,
    wanted: Condition,
    wish: Wish,
    *,
    scope: str | None = None,
) -> Selected:
    """The entries an actor may know of that meet a condition; Invalid for an order or a count there is none of."""
    for name in [*([wish.order] if wish.order else []), *wish.facets]:
        if name not in (*ORDERS, *NUMBERED, *COUNTED):
            raise Invalid("search.unknown-facet", field=name, name=name)
    hidden: frozenset[str] = frozenset()
    for _ in range(ROUNDS):
        asked = ask(index, session, actor, now, scope, hidden)
        found, gone = _answer(asked, wanted, wish)
        if not gone:
            break
        hidden |= gone
    return found


def _answer(asked: Asked, wanted: Condition, wish: Wish) -> tuple[Selected, frozenset[str]]:
    parts = [conditions.compiled(asked.schema, wanted)]
    total = asked.count(parts)
    limit = min(wish.limit, MOST)
    ids = _ids(asked, parts, wish, limit) if limit and wish.first < total else []
    entries = asked.read(ids)
    gone = frozenset(ids) - {entry.id for entry in entries}
    return Selected(total - len(gone), entries, _count(asked, parts, wish.facets) if total else {}), gone


def _ids(asked: Asked, parts: Sequence[tantivy.Query], wish: Wish, limit: int) -> list[str]:
    hits = asked.searcher.search(
        asked.matching(parts),
        limit,
        count=False,
        offset=wish.first,
        order_by_field=wish.order or None,
        order=tantivy.Order.Desc if wish.descending or not wish.order else tantivy.Order.Asc,
    ).hits
    return asked.ids(address for _, address in hits)


def _count(asked: Asked, parts: Sequence[tantivy.Query], names: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    wish = {name: {"terms": {"field": name, "size": MOST_VALUES}} for name in names}
    found: dict[str, list[tuple[str, int]]] = {}
    for name, counted in (asked.searcher.aggregate(asked.matching(parts), wish) if wish else {}).items():
        buckets = ((str(one["key"]), int(one["doc_count"])) for one in counted["buckets"])
        found[name] = sorted(buckets, key=lambda pair: (-pair[1], pair[0]))
    return found
