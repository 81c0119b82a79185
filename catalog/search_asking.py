"""One state of the search index as one actor may know it: what everything that is asked of it goes through."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, TypeVar

import tantivy
from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload, selectinload

from catalog import reading
from catalog import search_queries as queries
from catalog.models import Entry
from catalog.reading import Purpose
from catalog.search_documents import ENTRY
from catalog.search_index import Index, current
from catalog.search_values import Values
from catalog.search_views import View
from catalog.synonyms import Synonyms
from tenancy.actors import Actor
from tenancy.models import TenantAncestor

Answer = TypeVar("Answer")


class Sort(StrEnum):
    """The order of the answer; downloads are those at the entry's last change."""

    RELEVANCE = "relevance"
    UPDATED = "updated"
    SCORE = "score"
    DOWNLOADS = "downloads"
    TITLE = "title"


class Hits(NamedTuple):
    """How many entries something finds, and where the first of them lie in the index, the best first."""

    total: int
    first: tuple[tantivy.DocAddress, ...]

    @property
    def whole(self) -> bool:
        """Whether the first are all there are."""
        return len(self.first) == self.total


NOTHING = Hits(0, ())


@dataclass(frozen=True)
class Asked:
    """One state of the index as one actor may know it, and the session in which he reads."""

    session: Session
    actor: Actor
    now: datetime
    schema: tantivy.Schema
    view: View
    allowed: tantivy.Query
    synonyms: Synonyms
    values: Values
    known_by: Hashable
    """What the actor may know of, by which answers of this state are known again."""

    @property
    def searcher(self) -> tantivy.Searcher:
        """This state of the index."""
        return self.view.searcher

    def matching(self, parts: Iterable[tantivy.Query]) -> tantivy.Query:
        """What the parts ask for, among what the actor may know of."""
        return queries.all_of([self.allowed, *parts])

    def count(self, parts: Iterable[tantivy.Query]) -> int:
        """How many entries there are."""
        return int(self.searcher.search(self.matching(parts), 1).count)  # type: ignore[attr-defined]

    def best(self, parts: Iterable[tantivy.Query], limit: int) -> Hits:
        """How many entries there are, and the best of them."""
        found = self.searcher.search(self.matching(parts), limit)
        return Hits(int(found.count), tuple(address for _, address in found.hits))  # type: ignore[attr-defined]

    def ids(self, addresses: Iterable[tantivy.DocAddress]) -> list[str]:
        """The ids of entries."""
        return [str(self.searcher.doc(one).get_first("id")) for one in addresses]

    def page(self, parts: Iterable[tantivy.Query], order: Sort, first: int, limit: int) -> tuple[int, list[str]]:
        """How many entries there are, and the ids of some in an order, from the first (counted from 0) on."""
        parts = list(parts)
        if first and first >= (total := self.count(parts)):
            # The index would make room for everything before the page, though there is nothing.
            return total, []
        found = self.searcher.search(
            self.matching(parts),
            limit,
            offset=first,
            order_by_field=None if order is Sort.RELEVANCE else f"by_{order.value}",
            order=tantivy.Order.Asc if order is Sort.TITLE else tantivy.Order.Desc,
        )
        return int(found.count), self.ids(address for _, address in found.hits)  # type: ignore[attr-defined]

    def once(self, question: Hashable, work_out: Callable[[], Answer]) -> Answer:
        """The answer to a question, worked out if nobody who may know as much has asked it of this state."""
        return self.view.answers.once((self.known_by, question), work_out)

    def titles(self, parts: Iterable[tantivy.Query], limit: int) -> list[str]:
        """Titles and tags of the best entries, those only that the actor may see now."""
        return self.named(self.page(parts, Sort.RELEVANCE, 0, limit)[1])

    def named(self, ids: Sequence[str]) -> list[str]:
        """Titles and tags of the entries with these ids that the actor may see now."""
        seen = reading.readable(self.actor, Purpose.SEE, self.now)
        rows = self.session.execute(select(Entry.title, Entry.tags).where(Entry.id.in_(ids), seen))
        return [text for row in rows for text in (row.title, *row.tags)]

    def sounding(self, word: str, limit: int) -> tuple[str, ...]:
        """The words of the catalogue that sound just so, the most frequent first."""
        terms = self.searcher.terms_with_prefix("vocabulary", f"{word}=", self.allowed, limit)
        return tuple(term.partition("=")[2] for term, count in terms if count)

    def read(self, ids: Sequence[str]) -> list[Entry]:
        """The entries with these ids that the actor may see now, in this order."""
        seen = reading.readable(self.actor, Purpose.SEE, self.now)
        query = select(Entry).where(Entry.id.in_(ids), seen)
        # Joined to every row, the bodies of a page would take longer than all else; the source is mostly the owner.
        query = query.options(selectinload(Entry.tenant), lazyload(Entry.source_tenant))
        rows = {entry.id: entry for entry in self.session.scalars(query)}
        return [rows[one] for one in ids if one in rows]


def ask(
    index: Index,
    session: Session,
    actor: Actor,
    now: datetime,
    scope: str | None,
    hidden: frozenset[str] = frozenset(),
) -> Asked:
    """The newest state of the index, and what of it the actor may know of."""
    view, behind = current(index, session)
    schema, left_out = index.schema, behind | hidden
    labels: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    if actor.kind == "system":
        needed = [queries.with_value(schema, "kind", [ENTRY])]
    else:
        labels = tuple(sorted(one for one in reading.labels(actor) if not one.startswith("tenant:")))
        # A label that no entry bears would only make every question longer.
        borne = [one for one in labels if view.searcher.doc_freq("labels", one)]
        either = [queries.with_value(schema, "labels", borne)] if borne else []
        if actor.staff_of:
            below = below_of(session, actor.staff_of)
            either.append(queries.with_value(schema, "owner", below))
        needed = [queries.any_of(either)]
    within = below_of(session, [scope]) if scope else None
    if within is not None:
        needed.append(queries.with_value(schema, "owner", within))
    unwanted = queries.with_value(schema, "id", left_out) if left_out else None
    allowed = queries.weightless(queries.all_of(needed, unwanted))
    known_by = (actor.kind == "system", labels, below, within, left_out)
    return Asked(session, actor, now, schema, view, allowed, index.synonyms(session), index.values, known_by)


def below_of(session: Session, tenant_ids: Iterable[str]) -> tuple[str, ...]:
    """These tenants and everyone below them."""
    query = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id.in_(tenant_ids))
    return tuple(sorted(session.scalars(query.distinct())))
